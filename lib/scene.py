"""A motion made ready for looking at: gravity up, floor at height 0, the supports in the middle.

T frames, J = 17 joints. Only for the eye: nothing is measured on a scene.
"""

from dataclasses import dataclass

import numpy as np

from lib.body import stature
from lib.pose import Pose3D
from lib.skeleton import JOINT, indices
from lib.support import FEET, HANDS, find_stances, hold
from lib.vertical import up_of

ANKLE_HEIGHT_FEMURS = 0.16
"""Height of the ankle joint over the floor, in thigh lengths (Drillis & Contini 1966)."""
WRIST_HEIGHT_FEMURS = 0.1
"""Of the wrist over a flat hand (choice)."""
FLOOR_PERCENT = 25.0
"""Of the planted joints' heights, which are those of one floor but for the lifter's errors."""
HEIGHT_M = 1.7
"""How tall a body of unknown size is shown: its pose may be in pixels, an array in anything."""
TURN_DEG = 40.0
"""How far the 3D view is turned away from the camera's: enough to see depth, still recognisable."""
OBLIQUE_DEG = 55.0
"""The view turned to, from straight in front: shows depth and trunk, keeps both sides apart."""


@dataclass(frozen=True)
class Scene:
    """A motion to look at. x to the right of the first view, y away from it, z up."""

    xyz: np.ndarray
    """(T, 17, 3) metres, about metres where the true size is not known; floor at z = 0, the
    middle of the supports at x = y = 0."""
    is_seen: np.ndarray
    """(T,) False where the pose was filled without a detection."""
    facing_deg: float
    """Direction the lifter faces: 0 = to the right, -90 = towards the first view's eye."""
    yaw_deg: float
    """Turn that shows the lifter from an oblique angle, for `look`."""


def _upright(xyz: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(..., 3) turned so that z points up, x stays as level and as near to x as it can be."""
    up = up / np.linalg.norm(up)
    right = np.eye(3)[0] if abs(up[0]) < 0.9 else np.eye(3)[2]
    right = right - (right @ up) * up
    right /= np.linalg.norm(right)
    return xyz @ np.stack([right, np.cross(up, right), up]).T


def _median(x: np.ndarray) -> float:
    known = x[np.isfinite(x)]
    return float(np.median(known)) if known.size else 0.0


def _held(pose: Pose3D, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Joints (T, 17, 3) with planted ones held still, and (T, 17) which are planted.

    A pose that brings its up vector was held with it (lib.infer.ground); one of the world frame was
    measured where it is.
    """
    xyz = np.asarray(pose.xyz, float)
    if np.isfinite(pose.up).all():
        return xyz, pose.is_planted
    stances = find_stances(xyz, up, pose.usual_fps, frame=pose.frame)
    if pose.frame == "camera":
        xyz = xyz + hold(xyz, stances, pose.usual_fps)[:, None]
    return xyz, stances.is_planted


def _floor(xyz: np.ndarray, is_planted: np.ndarray) -> np.ndarray:
    """(3,) middle of what the body rests on, at the floor: planted hands, feet, else the ankles."""
    thigh = _median(np.linalg.norm(xyz[:, JOINT["lknee"]] - xyz[:, JOINT["lhip"]], axis=-1))
    below = ANKLE_HEIGHT_FEMURS * thigh
    low = xyz[:, indices(*FEET)]
    for names, height in ((FEET, below), (HANDS, WRIST_HEIGHT_FEMURS * thigh)):
        planted = xyz[:, indices(*names)][is_planted[:, indices(*names)]]
        if np.isfinite(planted).any():
            low, below = planted, height
    rests = xyz[is_planted] if is_planted.any() else low.reshape(-1, 3)
    known = low[..., 2][np.isfinite(low[..., 2])]
    height = float(np.percentile(known, FLOOR_PERCENT)) if len(known) else 0.0
    return np.array([_median(rests[:, 0]), _median(rests[:, 1]), height - below])


def _facing_deg(xyz_TJ3: np.ndarray) -> float:
    """Mean horizontal direction of the chest and pelvis; -90 when it cannot be told."""
    joint = {name: xyz_TJ3[:, JOINT[name], :2] for name in JOINT}
    to_right = joint["rhip"] - joint["lhip"] + joint["rshoulder"] - joint["lshoulder"]
    to_right = to_right[np.isfinite(to_right).all(-1)].sum(0)
    if not np.any(to_right):
        return -90.0
    return float(np.degrees(np.arctan2(to_right[0], -to_right[1])))


def _scale(xyz: np.ndarray, unit: str) -> float:
    """Factor to metres, or to HEIGHT_M if the true size is not known."""
    height = stature(xyz) if unit == "relative" else np.nan
    return HEIGHT_M / height if np.isfinite(height) and height > 0 else 1.0


def make_scene(pose: Pose3D, up=None) -> Scene:
    """Gravity-aligned motion over its floor, with planted feet and hands held still.

    up: (3,) direction in the pose's frame; default the pose's own, or what its motion tells.
    """
    up = up_of(pose).vector if up is None else np.asarray(up, float)
    xyz, is_planted = _held(pose, up)
    xyz = _upright(xyz, up)
    xyz = (xyz - _floor(xyz, is_planted)) * _scale(xyz, pose.unit)
    facing = _facing_deg(xyz)
    yaw = OBLIQUE_DEG - 90 - facing if pose.frame == "world" else _best_turn(facing)
    return Scene(xyz, np.asarray(pose.valid, bool), facing, float(yaw))


def _best_turn(facing_deg: float) -> float:
    """Which way to turn a camera's view to come nearest to an oblique one."""

    def off_oblique(turn: float) -> float:
        from_front = abs((facing_deg + turn + 90 + 180) % 360 - 180)
        return abs(from_front - OBLIQUE_DEG)

    return min((TURN_DEG, -TURN_DEG), key=off_oblique)


def look(xyz: np.ndarray, yaw_deg: float, pitch_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """Parallel projection of (..., 3) scene points: (..., 2) right and up, and (...) depth.

    The scene is turned by yaw about the vertical, then seen from pitch degrees above level.
    Parallel, because perspective would make an upright lifter lean towards the edges.
    """
    yaw, pitch = np.radians((yaw_deg, pitch_deg))
    x = xyz[..., 0] * np.cos(yaw) - xyz[..., 1] * np.sin(yaw)
    y = xyz[..., 0] * np.sin(yaw) + xyz[..., 1] * np.cos(yaw)
    up = xyz[..., 2] * np.cos(pitch) + y * np.sin(pitch)
    return np.stack([x, up], -1), y * np.cos(pitch) - xyz[..., 2] * np.sin(pitch)
