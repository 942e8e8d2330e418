"""AlphaPose result files, as they are found in the wild.

Default form: a list of {image_id, keypoints: 3 K numbers, score, [idx], ...}. Forms `cmu` and
`open`: a dict keyed by image name with `bodies`[{joints}] or `people`[{pose_keypoints_2d}].

N detections, K keypoints of the file's layout.
"""

import json
import reprlib
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from lib.errors import UserError
from lib.files import why
from lib.skeleton import COCO17, COCO18, HALPE26

EXPECTED = (
    "AlphaPose's result would do: a list of {image_id, keypoints, score}, "
    "or its cmu / open form keyed by image"
)
MAX_ID = 2**31
LARGEST = 1e6
"""No picture has a place so many pixels away, no detector such a score."""
_NAMES = {layout.num_joints: layout.joints for layout in (COCO17, COCO18, HALPE26)}
_DICT_FORMS = (("bodies", "joints"), ("people", "pose_keypoints_2d"))


@dataclass(frozen=True)
class Records:
    """Detections as the file has them."""

    image_ids: list[Any]
    """N image names or numbers."""
    pictures: list[Any]
    """The same of every picture in the file; only the dict forms name those without people."""
    keypoints: np.ndarray
    """(N, K, 3) x and y in pixels, score."""
    person_score: np.ndarray
    """(N,)"""
    person_id: np.ndarray | None
    """(N,) int64; None when any detection lacks one."""


def read_records(path: str | Path) -> Records:
    """Read any of AlphaPose's forms. Raises UserError naming file, detection and remedy."""
    content = _parse(Path(path))
    entries = _entries(content, path)
    if not entries:
        raise UserError(f"{path}: holds no detections; run the detector on a video with a person")
    keypoints = _keypoints(entries, path)
    scores = [_person_score(entry, i, path) for i, entry in enumerate(entries)]
    person_score = np.array(
        [k[:, 2].mean() if s is None else s for s, k in zip(scores, keypoints, strict=True)]
    )
    ids = [_person_id(entry, i, path) for i, entry in enumerate(entries)]
    known = None if None in ids else np.array(ids, np.int64)
    images = [entry["image_id"] for entry in entries]
    pictures = list(content) if isinstance(content, dict) else images
    return Records(images, pictures, keypoints, person_score, known)


def _parse(path: Path) -> Any:
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot read detections ({why(error)})") from error
    if not raw.strip():
        raise UserError(f"{path}: is empty; {EXPECTED}")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as strict:
        try:  # Python's reader also takes NaN, which is then found with its place
            return json.loads(raw, parse_int=_whole)
        except (ValueError, RecursionError):
            raise UserError(
                f"{path}: not whole JSON (line {strict.lineno}, column {strict.colno}: "
                f"{strict.msg}); run the detector again or copy the file again"
            ) from strict


def _whole(text: str) -> float:
    """A whole number; one of more digits than any count is infinite beyond 1e308, as with a dot."""
    return int(text) if len(text) < 20 else float(text)


def _entries(content: Any, path: str | Path) -> list[dict]:
    """The detections as dicts with image_id and keypoints, whatever the form."""
    if isinstance(content, dict):
        return _from_dict_form(content, path)
    if not isinstance(content, list):
        raise UserError(f"{path}: holds a {type(content).__name__}; {EXPECTED}")
    for i, entry in enumerate(content):
        if not isinstance(entry, dict) or not {"image_id", "keypoints"} <= entry.keys():
            raise UserError(f"{path}: detection {i} has no image_id and keypoints; {EXPECTED}")
    return content


def _from_dict_form(content: dict, path: str | Path) -> list[dict]:
    entries = []
    for image, picture in content.items():
        people_key, points_key = next(
            (form for form in _DICT_FORMS if isinstance(picture, dict) and form[0] in picture),
            (None, None),
        )
        people = picture[people_key] if people_key else None
        if not isinstance(people, list):
            raise UserError(f"{path}: '{image}' has neither bodies nor people; {EXPECTED}")
        for person in people:
            if not isinstance(person, dict) or points_key not in person:
                raise UserError(f"{path}: a person in '{image}' has no {points_key}; {EXPECTED}")
            extra = {key: person[key] for key in ("score", "idx") if key in person}
            entries.append({"image_id": image, "keypoints": person[points_key], **extra})
    return entries


def _where(entry: dict, i: int, path: str | Path) -> str:
    return f"{path}: detection {i} (image {entry['image_id']})"


def _named(number: int, total: int) -> str:
    """'keypoint 2 (reye)'; of a layout with more than the body, the number alone."""
    names = _NAMES.get(total)
    return f"keypoint {number} ({names[number]})" if names else f"keypoint {number}"


def _keypoints(entries: list[dict], path: str | Path) -> np.ndarray:
    """(N, K, 3), after making sure that all have one length and are numbers below LARGEST."""
    found = [_unnested(entry["keypoints"]) for entry in entries]
    length = len(found[0]) if isinstance(found[0], list) else 0
    for i, (entry, points) in enumerate(zip(entries, found, strict=True)):
        if not isinstance(points, list) or len(points) == 0 or len(points) % 3:
            raise UserError(f"{_where(entry, i, path)}: keypoints must be x, y, score in turn")
        if len(points) != length:
            raise UserError(
                f"{_where(entry, i, path)} has {len(points) // 3} keypoints, the first one "
                f"{length // 3}; give the result of one detector"
            )
    flat = numbers_in(found)
    is_good = np.abs(flat) < LARGEST
    if not is_good.all():
        i, place = np.argwhere(~is_good)[0]
        raise UserError(
            f"{_where(entries[i], i, path)}: {_named(place // 3, length // 3)} holds "
            f"{reprlib.repr(found[i][place])}, not a number below {LARGEST:g}; leave that "
            "detection out"
        )
    return flat.reshape(len(entries), -1, 3)


def _unnested(points: Any) -> Any:
    """Triples of x, y, score one after another."""
    if not isinstance(points, list):
        return points
    is_nested = all(isinstance(triple, list) and len(triple) == 3 for triple in points)
    return list(chain.from_iterable(points)) if is_nested else points


def numbers_in(rows: list[list]) -> np.ndarray:
    """(N, L) of N lists of one length, NaN for what is no number: numpy itself takes '1' and True
    for such."""
    if set(map(type, chain.from_iterable(rows))) <= {int, float}:
        return np.array(rows, float)
    return np.array([[x if _is_number(x) else np.nan for x in row] for row in rows], float)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _person_score(entry: dict, i: int, path: str | Path) -> float | None:
    score = entry.get("score")
    score = score[0] if isinstance(score, list) and len(score) == 1 else score
    if score is None:
        return None
    if not _is_number(score) or not abs(score) < LARGEST:
        raise UserError(f"{_where(entry, i, path)}: score is {score!r}, expected a number")
    return float(score)


def _person_id(entry: dict, i: int, path: str | Path) -> int | None:
    """AlphaPose writes idx as a number, [number] or [[number]]; a negative one means none."""
    value: Any = entry.get("idx")
    while isinstance(value, list) and value:
        value = value[0]
    if value is None or value == []:
        return None
    if not _is_number(value) or not abs(value) < MAX_ID or value != int(value):
        raise UserError(f"{_where(entry, i, path)}: idx is {entry['idx']!r}, expected a number")
    return int(value) if value >= 0 else None
