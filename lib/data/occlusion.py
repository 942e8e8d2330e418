"""Which joints something in the room, a barbell's plates or the own body hides from the camera.

Everything is in camera metres (x right, y down, z forward; the camera is the origin). A joint is
hidden if the line from the camera to it meets the thing well before the joint. T frames, J = 17
joints, K points.
"""

from collections.abc import Sequence

import numpy as np

from lib.geometry import Camera, world_to_camera
from lib.signals import resample
from lib.skeleton import JOINT, indices

PLATE_RADIUS_M = 0.225
"""Of a 20 kg bumper plate; 450 mm across is the Olympic size."""
PLATE_FROM_MIDDLE_M = 0.72
"""A men's bar has 1.31 m between its sleeves; the plates sit at their inner ends."""
RACK_HALF_WIDTH_M, RACK_AHEAD_M, RACK_BEHIND_M = 0.6, 0.35, 0.8
RACK_HEIGHT_M, POST_RADIUS_M = 2.3, 0.04
_MIN_GRIP_M = 0.15
_TRUNK = ("root", "spine", "neck", "lhip", "rhip", "lshoulder", "rshoulder")
_LIMBS: tuple[tuple[str, str, float, tuple[str, ...]], ...] = (
    ("root", "neck", 0.13, _TRUNK),
    ("neck", "head", 0.09, ("neck", "nose", "head")),
    *(
        (side + a, side + b, radius, (side + a, side + b))
        for side in "lr"
        for a, b, radius in (
            ("hip", "knee", 0.08), ("knee", "ankle", 0.05), ("shoulder", "elbow", 0.05),
            ("elbow", "wrist", 0.04),
        )
    ),
)  # fmt: skip
"""From, to, radius in metres (rounded from a grown person's girths), joints that it never hides."""
_CLEARANCE_M = 0.08
"""How much nearer than the joint the surface must be: touching limbs do not hide each other."""
_SAMPLE_M = 0.05
_WANDER_S, _LOST_OFFSET, _LOST_SCORE = 0.3, 0.08, (0.4, 0.2)


def behind_points(xyz_cam: np.ndarray, points: np.ndarray, radius_m: float) -> np.ndarray:
    """(T, J) whether a ball around one of the points (T, K, 3) hides a joint (T, J, 3)."""
    ray = xyz_cam[:, :, None]
    length2 = (ray**2).sum(-1)
    share = np.clip((ray * points[:, None]).sum(-1) / length2, 0, 1)
    off_m = np.linalg.norm(points[:, None] - share[..., None] * ray, axis=-1)
    nearer_m = (1 - share) * np.sqrt(length2)
    return ((off_m < radius_m) & (nearer_m > radius_m + _CLEARANCE_M)).any(-1)


def behind_disc(xyz_cam: np.ndarray, centre: np.ndarray, normal: np.ndarray, radius_m: float):
    """(T, J) whether a disc with centre and normal (T, 3) hides a joint (T, J, 3)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (centre * normal).sum(-1)[:, None] / (xyz_cam * normal[:, None]).sum(-1)
        off_m = np.linalg.norm(share[..., None] * xyz_cam - centre[:, None], axis=-1)
        return (share > 0) & (share < 1) & (off_m < radius_m)


def _line(start: np.ndarray, stop: np.ndarray, length_m: float) -> np.ndarray:
    """(T, K, 3) points from start to stop, each (T, 3)."""
    share = np.linspace(0, 1, max(int(np.ceil(length_m / _SAMPLE_M)), 1) + 1)[:, None]
    return start[:, None] * (1 - share) + stop[:, None] * share


def hidden_by_body(xyz_cam: np.ndarray) -> np.ndarray:
    """(T, 17) joints behind the trunk, the head or another limb."""
    hidden = np.zeros(xyz_cam.shape[:2], bool)
    for start, stop, radius_m, spared in _LIMBS:
        a, b = xyz_cam[:, JOINT[start]], xyz_cam[:, JOINT[stop]]
        length_m = np.nanmedian(np.linalg.norm(a - b, axis=-1)) if np.isfinite(a + b).any() else 0
        covered = behind_points(xyz_cam, _line(a, b, length_m), radius_m)
        covered[:, indices(*spared)] = False
        hidden |= covered
    return hidden


def hidden_by_plates(xyz_cam: np.ndarray, on: str) -> np.ndarray:
    """(T, 17) joints behind the two plates of a bar.

    on: 'wrist' = held in the hands, 'shoulder' = across the shoulders; it lies along the line from
    the right to the left one (that of the shoulders where the hands touch).
    """
    left, right = (xyz_cam[:, JOINT[side + on]] for side in "lr")
    across = left - right
    chest = xyz_cam[:, JOINT["lshoulder"]] - xyz_cam[:, JOINT["rshoulder"]]
    is_narrow = np.linalg.norm(across, axis=-1, keepdims=True) < _MIN_GRIP_M
    along = np.where(is_narrow, chest, across)
    along = along / np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-9)
    hidden = np.zeros(xyz_cam.shape[:2], bool)
    for sign in (-1, 1):
        centre = (left + right) / 2 + sign * PLATE_FROM_MIDDLE_M * along
        hidden |= behind_disc(xyz_cam, centre, along, PLATE_RADIUS_M)
    return hidden


def rack_posts_m(xyz_world: np.ndarray, ahead: np.ndarray) -> Sequence[np.ndarray]:
    """Four posts (K, 3) in the world around where (T, 17, 3) stands, facing `ahead` (2,)."""
    place = np.nanmedian(xyz_world[:, JOINT["root"], :2], 0)
    floor_m = float(np.nanmin(xyz_world[..., 2]))
    aside = np.array([-ahead[1], ahead[0]])
    heights = floor_m + np.arange(0, RACK_HEIGHT_M, _SAMPLE_M)
    return [
        np.column_stack(
            [np.tile(place + depth * ahead + width * aside, (len(heights), 1)), heights]
        )
        for depth in (RACK_AHEAD_M, -RACK_BEHIND_M)
        for width in (-RACK_HALF_WIDTH_M, RACK_HALF_WIDTH_M)
    ]


def hidden_by_rack(
    xyz_cam: np.ndarray, xyz_world: np.ndarray, ahead: np.ndarray, camera: Camera
) -> np.ndarray:
    """(T, 17) joints behind the posts of a rack in which the person stands."""
    hidden = np.zeros(xyz_cam.shape[:2], bool)
    for post in rack_posts_m(xyz_world, ahead):
        points = np.broadcast_to(world_to_camera(post, camera), (len(xyz_cam), *post.shape))
        hidden |= behind_points(xyz_cam, points, POST_RADIUS_M)
    return hidden


def guessed(
    xy_px: np.ndarray, score: np.ndarray, hidden: np.ndarray, half_px: np.ndarray,
    fps: float, rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """What a detector gives for hidden joints: a guess that wanders, scored low, often too low.

    xy_px (T, 17, 2), score and hidden (T, 17); half_px (T, 1, 1): half the
    person's box. Returns both anew.
    """
    time_s = np.arange(len(xy_px)) / fps
    keys_s = np.arange(0, len(xy_px) / fps + 2 * _WANDER_S, _WANDER_S)
    draws = rng.normal(size=(len(keys_s), hidden.shape[1], 3))
    wander = resample(draws, keys_s, time_s)
    offset_px = half_px * _LOST_OFFSET * wander[..., :2]
    mean, std = _LOST_SCORE
    lower = np.clip(mean + std * wander[..., 2], 0.05, 1)
    return (
        np.where(hidden[..., None], xy_px + offset_px, xy_px),
        np.where(hidden, score * lower, score),
    )
