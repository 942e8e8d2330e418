"""PoseTrack18 annotations: people labelled and tracked by hand in videos.

A file holds one video, or several: `images` [{id, frame_id, file_name, vid_id}], `annotations`
[{image_id, track_id, keypoints: 17 x (x, y, visibility)}] and `categories` with keypoint names.

A annotations, K = 17 keypoints of the file.
"""

import reprlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from lib.data.alphapose import LARGEST, numbers_in
from lib.data.json_files import read_json
from lib.data.pieces import Quality, recordings_of
from lib.data.store import Recording, Sequence
from lib.errors import UserError
from lib.skeleton import POSETRACK17, to_working

EXPECTED = "PoseTrack18's annotation files (images, annotations, categories) would do"
TERMS = "PoseTrack18: as given by the data set"
_Places = dict[Any, tuple[int, int]]
Video = tuple[str, str]
"""The whole folder of a video's pictures and its vid_id: each alone may be another's too."""
_LENGTH = 3 * POSETRACK17.num_joints


@dataclass(frozen=True)
class _Labels:
    """Usable annotations, ordered by video, track and frame, one for each of these."""

    video: np.ndarray
    """(A,) position in `videos`."""
    track: np.ndarray
    """(A,) track ids."""
    number: np.ndarray
    """(A,) frame numbers."""
    xy_px: np.ndarray
    """(A, 17, 2) working joints."""
    score: np.ndarray
    """(A, 17) 1 = labelled, 0 = not."""
    videos: list[str]


def read_posetrack(
    path: Path, fps: float, quality: Quality, tally: Counter[str],
    names: dict[Video, str] | None = None,
) -> Iterator[Recording]:  # fmt: skip
    """Yield the sequences of one annotation file; what is left out is counted in `tally`.

    names: of the videos of files before it, to which its own are added. fps: of the videos. Frame
    numbers are those of `frame_id`; where people are labelled only every fourth frame, a
    quality.step of 4 makes sequences of these. Raises UserError naming file and annotation.
    """
    labels = _labels(path, tally, {} if names is None else names)
    keys = np.stack([labels.video, labels.track])
    starts = np.flatnonzero((np.diff(keys, prepend=-1) != 0).any(0))
    for rows in np.split(np.arange(len(labels.number)), starts[1:]) if len(starts) else []:
        video, track = labels.videos[labels.video[rows[0]]], f"{labels.track[rows[0]]}"
        sequence = Sequence(f"{video}/{track}", track, "", video, 0, 0, fps, terms=TERMS)
        yield from recordings_of(
            sequence, labels.number[rows], labels.xy_px[rows], labels.score[rows], quality, tally
        )


def _list(content: Any, key: str, path: Path) -> list[dict]:
    found = content.get(key) if isinstance(content, dict) else None
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        what = f"no list '{key}'" if isinstance(content, dict) else "a list, detections perhaps"
        raise UserError(f"{path}: has {what}; {EXPECTED}")
    return found


def _labels(path: Path, tally: Counter[str], names: dict[Video, str]) -> _Labels:
    content = read_json(path)
    by_id, by_frame, videos = _places(_list(content, "images", path), path)
    order = _keypoint_order(_list(content, "categories", path), path)
    annotations = _list(content, "annotations", path)
    called = {entry["image_id"] for entry in annotations if _is_id(entry.get("image_id"))}
    place_of = by_frame if called.isdisjoint(by_id) else by_id
    usable = [
        (i, entry, place)
        for i, entry in enumerate(annotations)
        if (place := _place(entry, place_of, tally))
    ]
    tally["images without people"] += len(set(by_id.values())) - len({p for _, _, p in usable})
    points = _points([entry for _, entry, _ in usable], [i for i, _, _ in usable], path)[:, order]
    xy, flag = points[..., :2], points[..., 2]
    # A keypoint at the origin was never placed, whatever its flag says (defect D12).
    is_labelled = (flag > 0) & (xy != 0).any(-1)
    xy, score = to_working(xy, is_labelled.astype(float), POSETRACK17)
    places = np.array([place for _, _, place in usable], np.int64).reshape(-1, 2)
    tracks = np.array([entry["track_id"] for _, entry, _ in usable], np.int64)
    # The fullest of several annotations of one person in one frame is kept.
    keys = np.stack([places[:, 0], tracks, places[:, 1]])
    rows = np.lexsort((-score.sum(-1), *keys[::-1]))
    is_first = (np.diff(keys[:, rows], prepend=-1) != 0).any(0)
    tally["annotations of a person already in the frame"] += int((~is_first).sum())
    rows = rows[is_first]
    _add_names(videos, names)
    return _Labels(
        places[rows, 0], tracks[rows], places[rows, 1], xy[rows], score[rows],
        [names[video] for video in videos],
    )  # fmt: skip


def _add_names(videos: list[Video], names: dict[Video, str]) -> None:
    """The last folder as a name, or as much more of folder and vid_id as no other video has."""
    used = set(names.values())
    ways = [
        [PurePosixPath(folder).name or vid_id for folder, vid_id in videos],
        [folder or vid_id for folder, vid_id in videos],
        [f"{folder}/{vid_id}".strip("/") for folder, vid_id in videos],
    ]
    used |= {name for way in ways[:2] for name, number in Counter(way).items() if number > 1}
    for video, *found in zip(videos, *ways, strict=True):
        names.setdefault(video, next((name for name in found if name not in used), found[-1]))


def _places(images: list[dict], path: Path) -> tuple[_Places, _Places, list[Video]]:
    """(Position of its video, frame number) by an image's id and by its frame_id; the videos."""
    by_id: _Places = {}
    by_frame: _Places = {}
    positions: dict[Video, int] = {}
    for i, image in enumerate(images):
        number = image.get("frame_id", image.get("id"))
        if not _is_id(number) or not _is_id(image.get("id", number)):
            raise UserError(f"{path}: image {i} has no number as 'frame_id' and 'id'; {EXPECTED}")
        folder = PurePosixPath(str(image.get("file_name", ""))).parent
        vid_id = image.get("vid_id") or ("" if folder.name else path.stem)
        video = (str(folder) if folder.name else "", str(vid_id))
        place = (positions.setdefault(video, len(positions)), number)
        if by_id.setdefault(image.get("id", number), place) != place:
            raise UserError(f"{path}: two images have the id {image['id']}; {EXPECTED}")
        by_frame.setdefault(number, place)
    return by_id, by_frame, list(positions)


def _is_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62


def _place(entry: dict, place_of: _Places, tally: Counter[str]) -> tuple[int, int] | None:
    """Where an annotation belongs; None, and counted, if it is of no use."""
    image = entry.get("image_id")
    points = entry.get("keypoints")
    problems = {
        "crowds or ignored people": entry.get("iscrowd") or entry.get("ignore"),
        "annotations without keypoints": not points or points == [0] * _LENGTH,
        "annotations without a track": not _is_id(entry.get("track_id")),
        "annotations of images that are not listed": not _is_id(image) or image not in place_of,
    }
    reason = next((text for text, is_true in problems.items() if is_true), None)
    if reason is None:
        return place_of[image]
    tally[reason] += 1
    return None


def _keypoint_order(categories: list[dict], path: Path) -> list[int]:
    """For each keypoint of POSETRACK17 its position in the file, matched by name."""
    names = categories[0].get("keypoints") if categories else None
    if not names:
        return list(range(POSETRACK17.num_joints))
    names = names if isinstance(names, list) else [names]
    short = [_short(str(name)) for name in names]
    if sorted(short) != sorted(POSETRACK17.joints):
        odd = next((str(n) for n, s in zip(names, short, strict=True)
                    if s not in POSETRACK17.joints), f"{len(names)} names")  # fmt: skip
        raise UserError(
            f"{path}: categories[0].keypoints has '{odd}', not PoseTrack18's 17 names; {EXPECTED}"
        )
    return [short.index(name) for name in POSETRACK17.joints]


def _short(name: str) -> str:
    """'left_hip' -> 'lhip', 'head_top' -> 'headtop'."""
    side, _, rest = name.partition("_")
    return ({"left": "l", "right": "r"}.get(side, side) + rest).replace("_", "")


def _points(entries: list[dict], places: list[int], path: Path) -> np.ndarray:
    """(A, K, 3) x, y, visibility, all below LARGEST in size; places: of the entries in the file.

    Raises UserError naming file and annotation.
    """
    for i, entry in zip(places, entries, strict=True):
        points = entry["keypoints"]
        if not isinstance(points, list) or len(points) != _LENGTH:
            has = f"{len(points)} numbers" if isinstance(points, list) else "no list"
            raise UserError(f"{path}: annotation {i} has {has} in keypoints, expected {_LENGTH}")
    flat = numbers_in([entry["keypoints"] for entry in entries]).reshape(len(entries), _LENGTH)
    is_good = np.abs(flat) < LARGEST
    if not is_good.all():
        row, place = np.argwhere(~is_good)[0]
        raise UserError(
            f"{path}: annotation {places[row]}: keypoint {place // 3} holds "
            f"{reprlib.repr(entries[row]['keypoints'][place])}, not a number below "
            f"{LARGEST:g}; leave that annotation out"
        )
    return flat.reshape(-1, POSETRACK17.num_joints, 3)
