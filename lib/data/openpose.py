"""OpenPose's output: a folder of `<name>_<12 digits>_keypoints.json`, one file a frame.

Each holds `people` [{pose_keypoints_2d: 25 x (x, y, confidence) of BODY_25, or 18 x of COCO}].

N detections, K keypoints of the layout.
"""

import re
import reprlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from lib.data.alphapose import LARGEST, numbers_in
from lib.data.json_files import read_json
from lib.data.pieces import Quality, clamped, recordings_of
from lib.data.store import Recording, Sequence
from lib.errors import UserError
from lib.pose import Detections
from lib.skeleton import BODY25, COCO18, Layout, to_working

FILE_NAME = re.compile(r"(?P<name>.+)_(?P<number>\d{12})_keypoints\.json")
LAYOUTS = {layout.num_joints: layout for layout in (BODY25, COCO18)}
_POINTS, _ID = "pose_keypoints_2d", "person_id"
_MIN_PIXELS = 2.0
"""A recording whose coordinates all stay below was written with a normalising keypoint scale."""


def recordings_in(names: Iterable[str]) -> dict[str, dict[int, str]]:
    """File names -> for each recording its frame numbers and their files; others are left aside."""
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for match in filter(None, map(FILE_NAME.fullmatch, sorted(names))):
        found[match["name"]][int(match["number"])] = match[0]
    return dict(found)


def read_openpose(folder: Path, files: dict[int, str], tally: Counter[str]) -> Detections:
    """Everybody found in one recording, by the frame numbers of the file names.

    files: as `recordings_in` gives them. Raises UserError naming the file and the person, for
    other layouts than BODY_25 and COCO and for numbers that no picture has or that are not pixels.
    """
    name = folder / next(iter(files.values())).rsplit("_", 2)[0]
    found = [
        (number, i, person)
        for number, file in sorted(files.items())
        for i, person in enumerate(_people(folder / file))
    ]
    if not found:
        raise UserError(f"{name}: nobody in any of its {len(files)} frames")
    names = [f"{folder / files[number]}: person {i}" for number, i, _ in found]
    people = [person for _, _, person in found]
    layout, keypoints = _keypoints(people, names)
    if np.abs(keypoints[..., :2]).max() < _MIN_PIXELS:
        raise UserError(f"{name}: coordinates are not pixels; run OpenPose with keypoint_scale 0")
    xy_px, raw = to_working(keypoints[..., :2], keypoints[..., 2], layout)
    ids = [_person_id(person) for person in people]
    return Detections(
        frame_id=np.array([number for number, _, _ in found], np.int64),
        xy_px=xy_px,
        score=clamped(raw, tally),
        score_raw=raw,
        person_score=keypoints[..., 2].mean(-1),
        person_id=None if None in ids else np.array(ids, np.int64),
        source=str(folder),
        layout=layout.name,
    )


def tracks_of(
    name: str, detections: Detections, labels: np.ndarray, fps: float, quality: Quality,
    tally: Counter[str],
) -> Iterator[Recording]:  # fmt: skip
    """Sequences of each person of a recording; labels (N,) say who is who, negative = nobody.

    name: of the recording, which a split keeps together.
    """
    tally["detections of nobody in particular"] += int((labels < 0).sum())
    for label in np.unique(labels[labels >= 0]).tolist():
        rows = np.flatnonzero(labels == label)
        sequence = Sequence(f"{name}/{label}", f"{label}", "", name, 0, 0, fps)
        yield from recordings_of(
            sequence, detections.frame_id[rows], detections.xy_px[rows], detections.score[rows],
            quality, tally,
        )  # fmt: skip


def _people(path: Path) -> list[dict]:
    """Everybody in a frame, without face and hands: of a whole recording they fill the memory."""
    content = read_json(path)
    people = content.get("people") if isinstance(content, dict) else None
    if not isinstance(people, list):
        raise UserError(f"{path}: has no list 'people'; OpenPose's --write_json output would do")
    return [
        {key: person.get(key) for key in (_POINTS, _ID)} if isinstance(person, dict) else {}
        for person in people
    ]


def _keypoints(people: list[dict], names: list[str]) -> tuple[Layout, np.ndarray]:
    """Layout and (N, K, 3) x, y, confidence, all of one length and below LARGEST in size.

    names: for messages.
    """
    found = [person.get(_POINTS) for person in people]
    lengths = [len(points) if isinstance(points, list) else 0 for points in found]
    for length, name in zip(lengths, names, strict=True):
        if length not in {3 * num for num in LAYOUTS}:
            raise UserError(f"{name} has no {_POINTS}: 25 (BODY_25) or 18 (COCO) x, y, confidence")
        if length != lengths[0]:
            raise UserError(
                f"{name} has {length // 3} keypoints, people before {lengths[0] // 3}; give the "
                "output of one model"
            )
    layout = LAYOUTS[lengths[0] // 3]
    flat = numbers_in(found)
    is_good = np.abs(flat) < LARGEST
    if not is_good.all():
        i, place = np.argwhere(~is_good)[0]
        raise UserError(
            f"{names[i]}: keypoint {place // 3} holds {reprlib.repr(found[i][place])}, not a "
            f"number below {LARGEST:g}; leave that person out"
        )
    return layout, flat.reshape(len(flat), layout.num_joints, 3)


def _person_id(person: dict) -> int | None:
    """`person_id` is [-1] where OpenPose did not track; older versions write none."""
    value = person.get(_ID)
    value = value[0] if isinstance(value, list) and value else value
    return value if type(value) is int and value >= 0 else None
