"""A motion made ready for looking at: gravity up, floor at height 0, supports held still.

T frames, J = 17 joints. Only for the eye: nothing is measured on a scene.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.pose import Pose3D
from lib.signals import fill_gaps
from lib.skeleton import JOINT, indices

ANKLE_HEIGHT_FEMURS = 0.16
"""Height of the ankle joint over the floor, in thigh lengths (Drillis & Contini 1966)."""
MAX_SLOPE_DEG = 25.0
"""Between hands and feet: a steeper one is real, they are on different heights then."""
TURN_DEG = 40.0
"""How far the 3D view is turned away from the camera's: enough to see depth, still recognisable."""
OBLIQUE_DEG = 55.0
"""The view turned to, from straight in front: shows depth and trunk, keeps both sides apart."""


@dataclass(frozen=True)
class Scene:
    """A motion to look at. x to the right of the first view, y away from it, z up."""

    xyz: np.ndarray
    """(T, 17, 3) in the pose's unit, floor at z = 0, middle of the supports at x = y = 0."""
    is_seen: np.ndarray
    """(T,) False where the pose was filled without a detection."""
    facing_deg: float
    """Direction the lifter faces: 0 = to the right, -90 = towards the first view's eye."""
    yaw_deg: float
    """Turn that shows the lifter from an oblique angle, for `look`."""


def _upright(xyz: np.ndarray, frame: str, up) -> np.ndarray:
    """(..., 3) turned so that z points up, x stays as level and as near to x as it can be."""
    if up is None:
        up = (0.0, -1.0, 0.0) if frame == "camera" else (0.0, 0.0, 1.0)
    up = np.asarray(up, float) / np.linalg.norm(up)
    right = np.eye(3)[0] if abs(up[0]) < 0.9 else np.eye(3)[2]
    right = right - (right @ up) * up
    right /= np.linalg.norm(right)
    return xyz @ np.stack([right, np.cross(up, right), up]).T


def _mean_of(xyz_TJ3: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """(T, 3) middle of some joints, gaps filled; zeros if none of them was ever there."""
    joints = xyz_TJ3[:, indices(*names)]
    if len(joints):
        joints = fill_gaps(joints)
    there = np.isfinite(joints).all((0, 2))
    return joints[:, there].mean(1) if there.any() else np.zeros((len(joints), 3))


def _median(x: np.ndarray) -> float:
    known = x[np.isfinite(x)]
    return float(np.median(known)) if known.size else 0.0


def _supports(xyz_TJ3: np.ndarray) -> tuple[str, ...]:
    """Joints that rest on the floor: ankles, and wrists too for a body held level on its hands."""
    ankles, neck = _mean_of(xyz_TJ3, ("lankle", "rankle")), xyz_TJ3[:, JOINT["neck"]]
    body = neck - ankles
    wrists = _mean_of(xyz_TJ3, ("lwrist", "rwrist"))
    is_level = _median(np.abs(body[:, 2]) - np.linalg.norm(body[:, :2], axis=-1)) < 0
    is_on_hands = _median(neck[:, 2] - wrists[:, 2]) > 0
    ankle_names = ("lankle", "rankle")
    return (*ankle_names, "lwrist", "rwrist") if is_level and is_on_hands else ankle_names


def _levelled(xyz_TJ3: np.ndarray) -> np.ndarray:
    """Hands and feet on one floor: takes out a camera pitch that a level body does not show."""
    hands, feet = (_mean_of(xyz_TJ3, (f"l{end}", f"r{end}")) for end in ("wrist", "ankle"))
    along = np.median(hands - feet, 0)
    slope = np.degrees(np.arctan2(along[2], np.hypot(*along[:2])))
    if abs(slope) > MAX_SLOPE_DEG:
        return xyz_TJ3
    across = np.array([along[1], -along[0], 0.0])
    up = np.cross(across, along)
    return _upright(xyz_TJ3, "world", up)


def _facing_deg(xyz_TJ3: np.ndarray) -> float:
    """Mean horizontal direction of the chest and pelvis; -90 when it cannot be told."""
    joint = {name: xyz_TJ3[:, JOINT[name], :2] for name in JOINT}
    to_right = joint["rhip"] - joint["lhip"] + joint["rshoulder"] - joint["lshoulder"]
    to_right = to_right[np.isfinite(to_right).all(-1)].sum(0)
    if not np.any(to_right):
        return -90.0
    return float(np.degrees(np.arctan2(to_right[0], -to_right[1])))


def make_scene(pose: Pose3D, up=None) -> Scene:
    """Gravity-aligned motion with its supports held still, so that feet do not skate.

    up: (3,) direction in the pose's frame; default straight up in the picture (camera) or Z
    (world). A lifted pose knows its place only roughly, so the middle of the supports is pinned
    and the lower foot stays on the floor; a pose in the world frame was measured there and is only
    moved as a whole.
    """
    xyz = _upright(np.asarray(pose.xyz, float), pose.frame, up)
    supports = _supports(xyz)
    if pose.frame == "camera" and len(supports) == 4:
        xyz = _levelled(xyz)
    anchor = _mean_of(xyz, supports)
    if pose.frame == "world" and len(anchor):
        anchor = np.broadcast_to(np.median(anchor, 0), anchor.shape)
    elif len(supports) == 2:
        lower = np.fmin(*xyz[:, indices(*supports), 2].T)
        anchor[:, 2] = np.where(np.isfinite(lower), lower, anchor[:, 2])
    xyz = xyz - anchor[:, None]
    thigh = _median(np.linalg.norm(xyz[:, JOINT["lknee"]] - xyz[:, JOINT["lhip"]], axis=-1))
    lowest = min((_median(xyz[:, j, 2]) for j in indices(*supports)), default=0.0)
    xyz[..., 2] -= lowest - ANKLE_HEIGHT_FEMURS * thigh
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
