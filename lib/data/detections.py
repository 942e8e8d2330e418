"""Detector files to the working skeleton, each detection at its frame of the recording.

N detections, K keypoints of the file's layout, T frames of the video.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lib.data.alphapose import read_records
from lib.errors import UserError
from lib.pose import Detections
from lib.skeleton import COCO17, COCO18, HALPE26, Layout, to_working

_WHOLE_BODY = {133: COCO17, 136: HALPE26}
"""Whole-body layouts that begin with one of ours; hands and face are left aside."""
LEAST_PX = 1.5
"""A file whose keypoints are all nearer to the corner has no pixels."""
_BY_COUNT = {lay.num_joints: lay for lay in (COCO17, COCO18, HALPE26)} | _WHOLE_BODY


def read_detections(path: str | Path) -> Detections:
    """Read an AlphaPose JSON as it is without its video, by pictures counted from 0.

    Raises UserError naming the place.
    """
    records = read_records(path)
    layout = layout_of(records.keypoints.shape[1], path)
    points = records.keypoints[:, : layout.num_joints]
    xy, raw = to_working(points[..., :2], points[..., 2], layout)
    _check_pixels(xy[raw > 0], path)
    named = picture_numbers(records.pictures, path)
    numbers = picture_numbers(records.image_ids, path)
    order = np.argsort(numbers, kind="stable")
    ids = None if _is_untracked(records.person_id, numbers) else records.person_id
    return Detections(
        frame_id=numbers[order],
        xy_px=xy[order],
        score=np.clip(raw, 0, 1)[order],
        score_raw=raw[order],
        person_score=records.person_score[order],
        person_id=None if ids is None else ids[order],
        source=str(path),
        layout=layout.name,
        named=(int(named.min()), int(named.max())),
    )


def _check_pixels(xy_px: np.ndarray, path: str | Path) -> None:
    """Shares of the picture's size are told by their size."""
    reach = float(np.abs(xy_px).max(initial=0.0))
    if 0 < reach <= LEAST_PX:
        raise UserError(
            f"{path}: keypoints reach to {reach:.3g} at most; expected pixels, not shares of the "
            "picture's width and height"
        )


def in_video(
    found: Detections, num_frames: int, video: str = "", *, is_damaged: bool = False
) -> Detections:
    """The same at the frames of their video, which decodes to num_frames.

    Whether the file counts pictures from 0 or 1 is decided by `first_number`. is_damaged: the video
    had more frames once; pictures of those are left out. Raises UserError for pictures that it does
    not have, or has lost to the last.
    """
    numbers = found.frame_id if found.named is None else np.array(found.named)
    first = first_number(numbers, num_frames)
    if is_damaged and numbers.max() - first >= num_frames:
        found = _before_damage(found, num_frames, video)
        numbers = found.frame_id
    _check_range(numbers, first, num_frames, found.source, video)
    return replace(found, frame_id=found.frame_id - first, first_number=first)


def _before_damage(found: Detections, num_frames: int, video: str) -> Detections:
    numbers = found.frame_id
    kept = numbers < num_frames
    if not kept.any():
        raise UserError(
            f"{found.source}: its pictures {numbers.min()} to {numbers.max()} are all beyond the "
            f"damage of {video or 'the video'}, of which {num_frames} frames decode; give a whole "
            "copy of the video"
        )
    return replace(
        found,
        frame_id=numbers[kept],
        xy_px=found.xy_px[kept],
        score=found.score[kept],
        score_raw=found.score_raw[kept],
        person_score=found.person_score[kept],
        person_id=None if found.person_id is None else found.person_id[kept],
    )


def _is_untracked(ids: np.ndarray | None, numbers: np.ndarray) -> bool:
    """Run without a tracker, AlphaPose gives everybody in a picture the idx 0."""
    return ids is not None and not ids.any() and len(np.unique(numbers)) < len(numbers)


def layout_of(num_keypoints: int, path: str | Path) -> Layout:
    """The layout with that many keypoints. Raises UserError."""
    if num_keypoints not in _BY_COUNT:
        known = ", ".join(f"{lay.name}" for lay in (COCO17, COCO18, HALPE26))
        raise UserError(
            f"{path}: has {num_keypoints} keypoints a person; "
            f"{known}, COCO-WholeBody-133 and Halpe-136 would do"
        )
    return _BY_COUNT[num_keypoints]


def picture_numbers(image_ids: list[Any], path: str | Path) -> np.ndarray:
    """(N,) picture numbers: an integer itself, or the last digits of a name before its ending.

    '9.jpg' is 9, 'out0000001.png' is 1, 'cam2/frame_000123.png' is 123. Raises UserError for a
    name without digits and for two names with the same number.
    """
    number_of = {image: _number(image, path) for image in dict.fromkeys(map(_plain, image_ids))}
    name_of: dict[int, int | str] = {}
    for image, number in number_of.items():
        if name_of.setdefault(number, image) != image:
            raise UserError(
                f"{path}: images '{name_of[number]}' and '{image}' would both be picture "
                f"{number}; give the result of one video"
            )
    return np.array([number_of[_plain(image)] for image in image_ids], np.int64)


def _plain(image: Any) -> int | str:
    """An image name, or a number as int. Anything else becomes text that `_number` refuses."""
    if isinstance(image, float) and image.is_integer():
        return int(image)
    is_plain = isinstance(image, str | int) and not isinstance(image, bool)
    return image if is_plain else _Odd(repr(image))


class _Odd(str):
    """What stands where an image name should: digits in it mean nothing."""


def _number(image: int | str, path: str | Path) -> int:
    if isinstance(image, int):
        number = image
    else:
        digits = [] if isinstance(image, _Odd) else re.findall(r"\d+", Path(image).stem)
        number = int(digits[-1]) if digits and len(digits[-1].lstrip("0")) <= 10 else -1
    if not 0 <= number < 2**31:
        raise UserError(f"{path}: image '{image}' has no picture number; '12.jpg' or 12 would do")
    return number


def first_number(numbers: np.ndarray, num_frames: int) -> int:
    """What the file calls the first frame: 1 if it names picture T and no picture 0, else 0.

    numbers: of the pictures that it names, with or without people; least and greatest will do.
    T = num_frames, what the video decodes to: only a count from 1 can reach it. AlphaPose itself
    counts from 0, so without proof a count from 0 is taken; a file that is then wrong is so by one
    frame.
    """
    return int(numbers.min() >= 1 and numbers.max() == num_frames)


def _check_range(
    numbers: np.ndarray, first: int, num_frames: int, path: str | Path, video: str
) -> None:
    if numbers.max() - first < num_frames:
        return
    has = f"{video or 'the video'} decodes to {num_frames} frames"
    if numbers.min() - first >= num_frames:
        raise UserError(
            f"{path}: its pictures {numbers.min()} to {numbers.max()} share none with the "
            f"video, {has}; give the video the detector saw"
        )
    raise UserError(
        f"{path}: names picture {numbers.max()}, but {has} (counted from 0, or from 1 if picture "
        f"{num_frames} is the last); give the video the detector saw"
    )
