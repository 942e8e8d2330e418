"""The test side of Fit3D: what its challenge asks for, and whether an answer has that form.

    <root>/template.json
    <root>/test/<subject>/camera_parameters/<action>.json      one view of each sequence
    <root>/test/<subject>/videos/<action>.mp4

An answer is {subject: {action: {"persons": [{"joints3d": {"joints3d": (N, 17 | 25, 3)}, "bbox":
{"bbox": (N, 4)}}], "other": {"video_fr_ids": [N]}}}}: camera metres, Fit3D's joint order, the left
leg first. After `validate_pred_format` of the authors' tools (imar_vision_datasets_tools on
GitHub). No real template was at hand; whatever differs ends in an error that names it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lib.data.fit3d import read_camera
from lib.data.fit3d_checks import DISTANCE_M, check_metres
from lib.data.json_files import read_json
from lib.data.sides import side_problem
from lib.errors import UserError
from lib.geometry import Camera
from lib.skeleton import FIT3D25, JOINTS, NUM_JOINTS

JOINTS_KEY, BOX_KEY, FRAMES_KEY = "joints3d", "bbox", "video_fr_ids"
ANSWER_JOINTS = FIT3D25.joints[:NUM_JOINTS]
"""The joints of an answer, in order."""
MAX_BYTES = 100 * 1024 * 1024
NUM_JOINTS_ALLOWED = (NUM_JOINTS, FIT3D25.num_joints)
_TO_WORKING = [ANSWER_JOINTS.index(name) for name in JOINTS]


@dataclass(frozen=True)
class Asked:
    """One sequence that the challenge asks for."""

    subject: str
    action: str
    frame_id: np.ndarray
    """(N,) 0-based frames of its video."""
    with_box: bool
    """Whether the template has boxes to fill in."""
    other: dict[str, Any]
    """The template's 'other', to be handed back as it is."""

    @property
    def name(self) -> str:
        return f"{self.subject}/{self.action}"


def _entries(content: Any, path: Path) -> dict[str, dict[str, Any]]:
    if not isinstance(content, dict) or not content:
        raise UserError(f"{path}: expected {{subject: {{action: ...}}}}")
    for subject, actions in content.items():
        if not isinstance(actions, dict):
            raise UserError(f"{path}: '{subject}' must hold {{action: ...}}")
    return content


def read_template(path: Path) -> list[Asked]:
    """Every sequence of template.json. Raises UserError naming file, sequence and key."""
    return [
        _asked(subject, action, entry, path)
        for subject, actions in _entries(read_json(path), path).items()
        for action, entry in actions.items()
    ]


def _asked(subject: str, action: str, entry: Any, path: Path) -> Asked:
    where = f"{path}: '{subject}.{action}"
    entry = entry if isinstance(entry, dict) else {}
    other, persons = entry.get("other"), entry.get("persons")
    if not isinstance(other, dict) or FRAMES_KEY not in other:
        raise UserError(f"{where}' has no 'other.{FRAMES_KEY}'")
    frames = _numbers(other[FRAMES_KEY])
    if frames is None or frames.ndim != 1 or not len(frames) or (frames != frames.round()).any():
        raise UserError(f"{where}.other.{FRAMES_KEY}' must be a list of frame numbers")
    if frames.min() < 0 or (np.diff(frames) <= 0).any():
        raise UserError(f"{where}.other.{FRAMES_KEY}' must increase from 0 or later")
    if not isinstance(persons, list) or len(persons) != 1 or not isinstance(persons[0], dict):
        raise UserError(f"{where}.persons' must hold one person")
    joints = persons[0].get(JOINTS_KEY)
    if not isinstance(joints, dict) or list(joints) != [JOINTS_KEY]:
        found = list(joints) if isinstance(joints, dict) else "nothing"
        raise UserError(
            f"{where}.persons.0.{JOINTS_KEY}' must hold '{JOINTS_KEY}' alone, it has {found}"
        )
    return Asked(subject, action, frames.astype(int), BOX_KEY in persons[0], other)


def _numbers(content: Any) -> np.ndarray | None:
    """As float array; None if it is not a regular one of numbers."""
    try:
        return np.array(content, np.float64)
    except (TypeError, ValueError):
        return None


def read_test_camera(root: Path, asked: Asked) -> Camera:
    """The camera that filmed a test sequence. Raises UserError if there is none or several."""
    folder = root / "test" / asked.subject / "camera_parameters"
    path = folder / f"{asked.action}.json"
    if path.is_file():
        return read_camera(path)
    nested = sorted(folder.glob(f"*/{asked.action}.json"))
    if len(nested) != 1:
        found = f"{len(nested)} cameras have one" if nested else "nor has a camera below it"
        raise UserError(f"{path}: no such camera file ({found}); unpack Fit3D's test side")
    return read_camera(nested[0])


def check_answer(path: Path, template: Path) -> list[str]:
    """Everything that is wrong with an answer's file, one text each; empty = accepted.

    Raises UserError if either file cannot be read as JSON of {subject: {action: ...}}.
    """
    asked = {(each.subject, each.action): each for each in read_template(template)}
    answer = _entries(read_json(path), path)
    problems = []
    size = path.stat().st_size
    if size > MAX_BYTES:
        problems.append(f"{size / 2**20:.0f} MB; at most {MAX_BYTES / 2**20:.0f} are taken")
    given = {(s, a): entry for s, actions in answer.items() for a, entry in actions.items()}
    problems += [f"{s}/{a}: asked for, not given" for s, a in asked if (s, a) not in given]
    problems += [f"{s}/{a}: given, not asked for" for s, a in given if (s, a) not in asked]
    empty = [s for s, actions in answer.items() if not actions]
    problems += [f"{s}: has no action" for s in empty]
    for key, each in asked.items():
        if key in given:
            problems += [f"{each.name}: {text}" for text in _entry_problems(given[key], each)]
    return problems


def _entry_problems(entry: Any, asked: Asked) -> list[str]:
    entry = entry if isinstance(entry, dict) else {}
    problems = []
    other = entry.get("other")
    frames = _numbers(other.get(FRAMES_KEY)) if isinstance(other, dict) else None
    if frames is None or not np.array_equal(frames, asked.frame_id):
        problems.append(f"other.{FRAMES_KEY} are not the template's")
    extra = sorted(set(entry) - {"persons", "other"})
    if extra:
        problems.append(f"has {', '.join(extra)}, which the template has not")
    persons = entry.get("persons")
    if not isinstance(persons, list) or len(persons) != 1 or not isinstance(persons[0], dict):
        return [*problems, "persons must hold one person"]
    unknown = sorted(set(persons[0]) - {JOINTS_KEY, *([BOX_KEY] if asked.with_box else [])})
    if unknown:
        problems.append(f"persons.0 has {', '.join(unknown)}, which the template has not")
    problems += _joint_problems(persons[0].get(JOINTS_KEY), len(asked.frame_id))
    if BOX_KEY in persons[0]:
        problems += _box_problems(persons[0][BOX_KEY], len(asked.frame_id))
    return problems


def _inner(content: Any, key: str) -> np.ndarray | str:
    """The array under {key: array}, or what is wrong with it."""
    place = f"persons.0.{key}"
    if not isinstance(content, dict) or list(content) != [key]:
        return f"{place} must hold '{key}' alone"
    array = _numbers(content[key])
    return f"{place}.{key} is no regular array of numbers" if array is None else array


def _joint_problems(content: Any, num_frames: int) -> list[str]:
    xyz = _inner(content, JOINTS_KEY)
    if isinstance(xyz, str):
        return [xyz]
    is_right = xyz.ndim == 3 and xyz.shape[1] in NUM_JOINTS_ALLOWED
    if not is_right or xyz.shape != (num_frames, xyz.shape[1], 3):
        return [f"joints3d has shape {xyz.shape}, expected ({num_frames}, 17 or 25, 3)"]
    is_bad = ~np.isfinite(xyz).all((1, 2))
    if is_bad.any():
        return [f"joints3d: row {int(is_bad.argmax())} has a value that is not finite"]
    return _body_problems(xyz)


def _body_problems(xyz: np.ndarray) -> list[str]:
    """What no person in front of a camera looks like."""
    problems = []
    if (xyz[..., 2] <= 0).any():
        row = int((xyz[..., 2] <= 0).any(-1).argmax())
        problems.append(f"joints3d: row {row} lies behind the camera (z <= 0)")
    low, high = DISTANCE_M
    distance = float(np.median(np.linalg.norm(xyz[:, ANSWER_JOINTS.index("root")], axis=-1)))
    if not low <= distance <= high:
        problems.append(
            f"joints3d: the pelvis is {distance:.3g} from the camera, expected {low:g} to "
            f"{high:g} (metres, in the camera's frame)"
        )
    try:
        check_metres(xyz, Path("joints3d"))
    except UserError as error:
        problems.append(str(error))
    sides = side_problem(xyz[:, _TO_WORKING])
    return problems + ([f"joints3d: {sides}; Fit3D lists the left leg first"] if sides else [])


def _box_problems(content: Any, num_frames: int) -> list[str]:
    box = _inner(content, BOX_KEY)
    if isinstance(box, str):
        return [box]
    if box.shape != (num_frames, 4) or not np.isfinite(box).all():
        return [f"bbox has shape {box.shape}, expected ({num_frames}, 4) finite numbers"]
    return [] if (box[:, 2:] > box[:, :2]).all() else ["bbox: a box without area (x1 y1 x2 y2)"]
