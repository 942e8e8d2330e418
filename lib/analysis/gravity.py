"""The lifter's own axes, and where the camera stands. Which way is up: `lib.vertical`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.analysis.form import mid
from lib.analysis.track import Track
from lib.geometry import angle_deg
from lib.skeleton import JOINT
from lib.vertical import ENOUGH_FRAMES, Up, is_plank, plank_axis

FRONT_DEG, SIDE_DEG = 25.0, 65.0
"""View azimuths that end 'front' or 'back' and begin 'side'."""


def _unit(vector: np.ndarray) -> np.ndarray:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector


@dataclass(frozen=True)
class LifterFrame:
    """The lifter's axes and the camera's place relative to them."""

    up: Up
    right: np.ndarray
    """(3,) unit, towards the lifter's right; zeros if unknown."""
    forward: np.ndarray
    """(3,) unit, up x right."""
    azimuth_deg: float
    """0 = frontal plane parallel to the picture, 90 = seen from the side."""
    view: str
    """front, front_oblique, side, back_oblique, back, unknown, or not_applicable without camera."""
    camera_side: str
    """Side of the lifter turned to the camera: left, right, center, unknown."""
    is_swap_suspected: bool
    """The face looks backwards in most frames, or the arms of a plank reach backwards: left and
    right may be exchanged."""


_RIGHTWARD = (("rhip", "lhip"), ("rankle", "lankle"), ("rshoulder", "lshoulder"),
              ("rknee", "lknee"))  # fmt: skip
_ARMS = (("relbow", "lelbow"), ("rwrist", "lwrist"))
ARMS_AGREE_DEG = 20.0
"""Arms are widest apart and tell the direction best where they do the same; they are taken to if
they point no further from the body's than this: five standard deviations of noise (choice)."""
GIVEN = ("given", "imu")
"""An up that the body did not tell: whether it stands is to be seen."""
LEAST_REACH = 0.5
"""Trunk lengths from the shoulders to the hands of a plank; arms out to the sides reach nowhere."""


def find_lifter_frame(track: Track, is_standing: np.ndarray | None = None) -> LifterFrame:
    """Axes from left-right pairs over the standing frames (all frames if there are none): hips,
    shoulders, knees and ankles, and the arms where they agree."""
    up, xyz = track.up, track.xyz
    if is_standing is not None and is_standing.any():
        xyz = xyz[is_standing]
    total, arms = (_level(_across(xyz, pairs), up) for pairs in (_RIGHTWARD, _ARMS))
    if angle_deg(total, arms) < ARMS_AGREE_DEG:
        total = total + arms
    right = _unit(total if total.any() else _rightward_of_one_side(xyz, up))
    forward = np.cross(up.vector, right)
    if track.frame == "world":
        return LifterFrame(up, right, forward, 0.0, "not_applicable", "unknown", False)
    if not right.any():
        return LifterFrame(up, right, forward, 0.0, "unknown", "unknown", False)
    azimuth = float(np.degrees(np.arctan2(abs(right[2]), abs(right[0]))))
    side = "center" if azimuth < FRONT_DEG else "left" if right[2] > 0 else "right"
    swapped = _are_sides_exchanged(xyz, up, forward, track.fps)
    return LifterFrame(up, right, forward, azimuth, _view(azimuth, forward), side, swapped)


def _between(xyz: np.ndarray, start: str, end: str) -> np.ndarray:
    """(3,) median direction from a joint to another."""
    return _median(xyz[:, JOINT[end]] - xyz[:, JOINT[start]])


def _across(xyz: np.ndarray, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """(3,) sum of the pairs' median directions from left to right."""
    return np.sum([_between(xyz, left, right) for right, left in pairs], axis=0)


def _level(vector: np.ndarray, up: Up) -> np.ndarray:
    return vector - vector @ up.vector * up.vector


def _rightward_of_one_side(xyz: np.ndarray, up: Up) -> np.ndarray:
    """(3,) level, to the right, from what is seen if one side is not.

    Who is upright leans face and trunk ahead; who lies, on the back or over the hands, reaches with
    the arms to where the chest points.
    """
    trunk = _between(xyz, "root", "neck")
    if abs(trunk @ up.vector) > np.linalg.norm(trunk) / 2:
        return np.cross(_level(_between(xyz, "root", "nose"), up), up.vector)
    reach = _median(mid(xyz, "wrist") - mid(xyz, "shoulder"))
    return _level(np.cross(reach, trunk), up)


def _median(vectors: np.ndarray) -> np.ndarray:
    """(3,) of the known ones of (N, 3); zeros if none is."""
    known = vectors[np.isfinite(vectors).all(-1)]
    return np.median(known, 0) if len(known) else np.zeros(3)


def _view(azimuth_deg: float, forward: np.ndarray) -> str:
    if azimuth_deg > SIDE_DEG:
        return "side"
    facing = "front" if forward[2] < 0 else "back"
    return facing if azimuth_deg < FRONT_DEG else f"{facing}_oblique"


def _are_sides_exchanged(xyz: np.ndarray, up: Up, forward: np.ndarray, fps: float) -> bool:
    """By the face of who is upright, else by the arms of a plank. Who lies on the back looks away
    from `forward`, and up told by hands and feet turns over with left and right."""
    trunk = _between(xyz, "root", "neck")
    is_upright = bool(trunk @ up.vector > np.linalg.norm(trunk) / 2)
    if is_upright and up.method in ("standing_body", *GIVEN):
        return _face_is_behind(xyz, forward)
    return _arms_are_behind(xyz, fps)


def _arms_are_behind(xyz: np.ndarray, fps: float) -> bool:
    """A plank's arms reach to where its left and right put the back, wherever up is."""
    step = 1 + len(xyz) // ENOUGH_FRAMES
    rows = xyz[::step]
    back = plank_axis(rows, fps / step)
    if back is None:
        return False
    rows = rows[is_plank(rows)]
    reach = _median(mid(rows, "wrist") - mid(rows, "shoulder"))
    trunk = np.linalg.norm(rows[:, JOINT["neck"]] - rows[:, JOINT["root"]], axis=-1)
    return bool(reach @ back > LEAST_REACH * np.nanmedian(trunk))


def _face_is_behind(xyz: np.ndarray, forward: np.ndarray) -> bool:
    ahead = (xyz[:, JOINT["nose"]] - xyz[:, JOINT["neck"]]) @ forward
    ahead = ahead[np.isfinite(ahead)]
    return len(ahead) > 0 and float((ahead < 0).mean()) > 0.6
