"""Where a root-relative pose stands in front of the camera, and what it looks like from there.

T frames, J = 17 joints.
"""

from dataclasses import dataclass, replace

import numpy as np

from lib import signals
from lib.alignment import fit_translation
from lib.errors import UserError
from lib.geometry import Camera, unproject
from lib.infer.track import trusted
from lib.pose import Pose2D
from lib.skeleton import JOINT

ASSUMED_FOCAL = 0.9
"""Focal length in longer picture sides, when none is given: a phone's main camera is near it."""
FOCAL_RANGE = (0.2, 20.0)
"""Of any lens that films people, in longer picture sides: action cameras have 0.3."""
FULL_FRAME_MM = 36.0
"""Longer side of the film that phones' focal lengths in millimetres are told for."""
DEPTH_CUTOFF_HZ = 1.0
"""Depth comes from the apparent size alone and is by far the noisiest; people do not jump in it."""
SIDE_CUTOFF_HZ = 6.0
_NEAREST = 0.3
"""No joint comes closer to the camera than this (metres or relative units)."""


@dataclass(frozen=True)
class Placed:
    """A pose in the camera frame."""

    xyz: np.ndarray
    """(T, 17, 3)"""
    xyz_image: np.ndarray
    """(T, 17, 3) projected x and y, and depth relative to the root, all in pixels."""
    focal_px: float


def check_focal(focal_px: float | None, size_px: tuple[int, int]) -> None:
    """Raises UserError for what is no focal length in pixels of this picture, as millimetres."""
    longer = max(size_px)
    low, high = (share * longer for share in FOCAL_RANGE)
    if focal_px is not None and not low <= focal_px <= high:
        raise UserError(
            f"focal length {focal_px:g} (--focal): no lens has that in a picture of {longer} px; "
            f"give pixels, {longer / FULL_FRAME_MM:.3g} for each millimetre of the 35 mm equivalent"
        )


def ideal_camera(size_px: tuple[int, int], focal_px: float | None) -> Camera:
    """A camera in its own frame, its axis in the middle of the picture; a focal length of None is
    assumed. Raises ValueError for what is none."""
    focal = ASSUMED_FOCAL * max(size_px) if focal_px is None else float(focal_px)
    if not 0 < focal < np.inf:
        raise ValueError(f"focal_px is {focal_px}, expected pixels above 0, or None to assume it")
    centre = np.array(size_px) / 2
    zeros = np.zeros(3)
    return Camera(np.eye(3), zeros, np.full(2, focal), centre, zeros, zeros[:2], size_px)


def place(xyz_rel: np.ndarray, pose: Pose2D, focal_px: float | None) -> Placed:
    """Add the root's position, found by fitting the pose to its keypoints; smooth in time.

    xyz_rel (T, 17, 3). Frames without keypoints take the straight line between their neighbours.
    """
    camera = ideal_camera(pose.size_px, focal_px)
    focal, centre = float(camera.f[0]), camera.c
    ok = trusted(pose)
    weight = np.where(ok, np.clip(pose.score, 0, 1), 0.0)
    xy = np.where(ok[..., None], pose.xy_px, 0.0)
    fps = pose.usual_fps
    depth = _smooth_depth(fit_translation(xyz_rel, xy, weight, focal, centre)[:, 2], fps)
    depth = np.maximum(depth, _NEAREST - xyz_rel[..., 2].min(-1))
    root = np.concatenate(
        [_side(xyz_rel, (xy - centre) / focal, weight, depth, fps), depth[:, None]], -1
    )
    xyz = xyz_rel + root[:, None]
    return Placed(xyz, image_of(xyz, focal, centre), focal)


def freed_of_lens(pose: Pose2D, camera: Camera) -> tuple[Pose2D, float]:
    """What an ideal camera in the place of a calibrated one would have seen, and its focal length.

    Without the lens's distortion, the axis in the middle of the picture, as `place` expects it.
    """
    focal = float(np.mean(camera.f))
    ideal = unproject(np.nan_to_num(pose.xy_px), camera) * focal + np.array(pose.size_px) / 2
    return replace(pose, xy_px=ideal), focal


def image_of(xyz: np.ndarray, focal_px: float, centre_px: np.ndarray) -> np.ndarray:
    """(T, 17, 3): pinhole x, y in pixels; depth behind the root scaled by focal / root depth."""
    root_depth = xyz[:, JOINT["root"], None, 2:]
    depth = (xyz[..., 2:] - root_depth) * focal_px / root_depth
    return np.concatenate([xyz[..., :2] / xyz[..., 2:] * focal_px + centre_px, depth], -1)


def _smooth_depth(depth: np.ndarray, fps: float) -> np.ndarray:
    """(T,) depth without NaN or jumps: median over a second, then a low pass."""
    filled = signals.fill_gaps(depth)
    half = min(int(fps / 2), (len(filled) - 1) // 2)
    steady = signals.rolling_median(filled, 2 * half + 1)
    return signals.lowpass(steady, fps, DEPTH_CUTOFF_HZ)


def _side(
    xyz_rel: np.ndarray, ray: np.ndarray, weight: np.ndarray, depth: np.ndarray, fps: float
) -> np.ndarray:
    """(T, 2) root x and y that fit the rays best at a known depth."""
    seen = ray * (xyz_rel[..., 2:] + depth[:, None, None]) - xyz_rel[..., :2]
    total = weight.sum(-1)
    mean = (weight[..., None] * seen).sum(-2) / np.where(total > 0, total, 1.0)[:, None]
    mean = np.where(total[:, None] > 0, mean, np.nan)
    return signals.lowpass(signals.fill_gaps(mean), fps, SIDE_CUTOFF_HZ)
