"""Which way is up, the lifter's own axes, and where the camera stands.

Never assumed in silence: every answer carries its method and its uncertainty.
"""

from dataclasses import dataclass

import numpy as np

from lib.analysis.track import Track
from lib.geometry import angle_deg, flexion_deg
from lib.skeleton import JOINT, indices

SIGMA_DEG = {"given": 1.0, "standing_body": 3.0, "camera_y": 8.0}
"""One standard deviation of each method (from a simulation with about 45 mm of joint error)."""
TILT_WARNING_DEG = 25.0
"""A standing body this far off the camera's vertical says that the camera is tilted."""
STRAIGHT_DEG = 25.0
"""A knee bent less is standing, where nothing better is known."""
MIN_STANDING_S = 0.2
FRONT_DEG, SIDE_DEG = 25.0, 65.0
"""View azimuths that end 'front' or 'back' and begin 'side'."""


@dataclass(frozen=True)
class Up:
    """The direction against gravity in the pose's frame."""

    vector: np.ndarray
    """(3,) unit."""
    method: str
    """'given', 'standing_body' or 'camera_y'."""
    is_tilted: bool = False
    """The standing body and the camera's vertical disagree by more than TILT_WARNING_DEG."""

    @property
    def sigma_deg(self) -> float:
        return SIGMA_DEG[self.method]


def _unit(vector: np.ndarray) -> np.ndarray:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector


def _straight_legs(track: Track) -> np.ndarray:
    """(N,) frames in which both known legs are straight."""
    bends = [
        flexion_deg(track.joint(s + "hip"), track.joint(s + "knee"), track.joint(s + "ankle"))
        for s in "lr"
    ]
    return np.fmax(*bends) < STRAIGHT_DEG


def find_up(track: Track, is_standing: np.ndarray | None = None, *, upright: bool = True) -> Up:
    """The best available up vector.

    is_standing (N,) bool: frames at lockout; default those with straight legs. upright: False for
    exercises done lying or in a plank, whose body says nothing about gravity.
    """
    if track.frame == "world":
        return Up(np.array([0.0, 0.0, 1.0]), "given")
    camera_up = np.array([0.0, -1.0, 0.0])
    if not upright or len(track) == 0:
        return Up(camera_up, "camera_y")
    standing = _straight_legs(track) if is_standing is None else is_standing
    ankles = track.xyz[:, indices("lankle", "rankle")].mean(1)
    axis = (track.joint("neck") - ankles)[standing]
    axis = axis[np.isfinite(axis).all(-1)]
    if len(axis) < MIN_STANDING_S * track.fps:
        return Up(camera_up, "camera_y")
    vector = _unit(np.median(axis, 0))
    tilt = float(angle_deg(vector, camera_up))
    if tilt > 90 - TILT_WARNING_DEG:  # a body lying in the picture is not standing
        return Up(camera_up, "camera_y")
    return Up(vector, "standing_body", tilt > TILT_WARNING_DEG)


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
    """The face looks backwards in most frames: left and right may be exchanged."""


_RIGHTWARD = (("rhip", "lhip"), ("rankle", "lankle"), ("rshoulder", "lshoulder"),
              ("rknee", "lknee"))  # fmt: skip


def find_lifter_frame(track: Track, up: Up, is_standing: np.ndarray | None = None) -> LifterFrame:
    """Axes from four left-right pairs over the standing frames (all frames if there are none)."""
    standing = np.ones(len(track), bool) if is_standing is None else is_standing
    if not standing.any():
        standing = np.ones(len(track), bool)
    total = np.zeros(3)
    for name_right, name_left in _RIGHTWARD:
        across = (track.joint(name_right) - track.joint(name_left))[standing]
        across = across[np.isfinite(across).all(-1)]
        total += np.median(across, 0) if len(across) else 0.0
    right = _unit(total - total @ up.vector * up.vector)
    forward = np.cross(up.vector, right)
    if track.frame == "world":
        return LifterFrame(up, right, forward, 0.0, "not_applicable", "unknown", False)
    if not right.any():
        return LifterFrame(up, right, forward, 0.0, "unknown", "unknown", False)
    azimuth = float(np.degrees(np.arctan2(abs(right[2]), abs(right[0]))))
    side = "center" if azimuth < FRONT_DEG else "left" if right[2] > 0 else "right"
    swapped = up.method == "standing_body" and _face_is_behind(track, forward)
    return LifterFrame(up, right, forward, azimuth, _view(azimuth, forward), side, swapped)


def _view(azimuth_deg: float, forward: np.ndarray) -> str:
    if azimuth_deg > SIDE_DEG:
        return "side"
    facing = "front" if forward[2] < 0 else "back"
    return facing if azimuth_deg < FRONT_DEG else f"{facing}_oblique"


def _face_is_behind(track: Track, forward: np.ndarray) -> bool:
    ahead = (track.xyz[:, JOINT["nose"]] - track.xyz[:, JOINT["neck"]]) @ forward
    ahead = ahead[np.isfinite(ahead)]
    return len(ahead) > 0 and float((ahead < 0).mean()) > 0.6
