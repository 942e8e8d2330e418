"""Cameras, the one normalisation of 2D input, mirroring and angles. numpy only.

Frames: world = metres, Z up. Camera = metres, x right, y down, z forward. Pixels = origin top
left, x right, y down. T frames, J joints.
"""

import math
from dataclasses import dataclass

import numpy as np

from lib.skeleton import MIRROR


@dataclass(frozen=True)
class Camera:
    """A calibrated camera. X_cam = (X_world - T) R^T (IMAR convention)."""

    R: np.ndarray
    """(3, 3) rotation, world to camera."""
    T: np.ndarray
    """(3,) camera centre in the world, metres."""
    f: np.ndarray
    """(2,) focal length, pixels."""
    c: np.ndarray
    """(2,) principal point, pixels."""
    k: np.ndarray
    """(3,) radial distortion; zeros for an ideal camera."""
    p: np.ndarray
    """(2,) tangential distortion in file order; zeros for an ideal camera."""
    size_px: tuple[int, int]
    """Picture width and height."""


def world_to_camera(xyz_world: np.ndarray, camera: Camera) -> np.ndarray:
    """(..., 3) world metres to camera metres."""
    return (xyz_world - camera.T) @ camera.R.T


def camera_to_world(xyz_cam: np.ndarray, camera: Camera) -> np.ndarray:
    """Inverse of `world_to_camera`."""
    return xyz_cam @ camera.R + camera.T


def look_at(centre_m: np.ndarray, target_m: np.ndarray, roll_deg: float = 0.0) -> np.ndarray:
    """Rotation (3, 3) from a Z-up world to a camera that looks at target_m."""
    x, y, z = (target_m - centre_m).tolist()  # single numbers: arrays of three cost more
    length, level = math.hypot(x, y, z), math.hypot(x, y) or math.nan
    u, v = y / level, -x / level  # to the right: across the upright
    x, y, z = x / length, y / length, z / length
    right, down = (u, v, 0.0), (-z * v, z * u, x * v - y * u)
    cos, sin = math.cos(math.radians(roll_deg)), math.sin(math.radians(roll_deg))
    return np.array([
        [cos * a + sin * b for a, b in zip(right, down, strict=True)],
        [cos * b - sin * a for a, b in zip(right, down, strict=True)],
        (x, y, z),
    ])  # fmt: skip


def project(xyz_cam: np.ndarray, camera: Camera) -> np.ndarray:
    """(..., 3) camera metres to (..., 2) pixels, with Fit3D's distortion.

    Follows the official tool (imar_vision_datasets_tools): the two tangential coefficients swap
    places first, and nothing is clipped (defect D9). Points with z <= 0 give NaN.
    """
    z = np.where(xyz_cam[..., 2:] > 0, xyz_cam[..., 2:], np.nan)
    x = xyz_cam[..., :2] / z
    if not camera.k.any() and not camera.p.any():
        x *= camera.f.astype(x.dtype)
        x += camera.c.astype(x.dtype)
        return x
    r2 = (x**2).sum(-1, keepdims=True)
    k1, k2, k3 = camera.k
    radial = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3
    swapped = np.asarray(camera.p)[::-1]
    tangential = (x * swapped).sum(-1, keepdims=True)
    return (x * (tangential + radial) + r2 * swapped) * camera.f + camera.c


def unproject(xy_px: np.ndarray, camera: Camera) -> np.ndarray:
    """Inverse of `project` up to depth: (..., 2) pixels to (..., 2) x/z and y/z.

    Solved by repeating x = (distorted - tangential part) / (radial part), which settles inside
    the picture of any common lens; a point far outside it may come out as NaN.
    """
    distorted = (xy_px - camera.c) / camera.f
    if not camera.k.any() and not camera.p.any():
        return distorted
    k1, k2, k3 = camera.k
    swapped = np.asarray(camera.p)[::-1]
    x = distorted
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(_UNPROJECT_STEPS):
            r2 = (x**2).sum(-1, keepdims=True)
            scale = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3 + (x * swapped).sum(-1, keepdims=True)
            x = (distorted - r2 * swapped) / scale
    return np.where(np.isfinite(x), x, np.nan)


_UNPROJECT_STEPS = 40


def sight_axes(ray: np.ndarray) -> np.ndarray:
    """(..., 3, 3) R of lines of sight (..., 2), each x/z and y/z: X_cam = R X_sight.

    X_sight is in the axes of the same camera turned the shortest way to look along the line.
    """
    z = 1 / np.sqrt(1 + (ray**2).sum(-1))
    x, y = ray[..., 0] * z, ray[..., 1] * z
    share = 1 / (1 + z)
    rows = [1 - share * x * x, -share * x * y, x, -share * x * y, 1 - share * y * y, y, -x, -y, z]
    return np.stack(rows, -1).reshape(*z.shape, 3, 3)


@dataclass(frozen=True)
class Crop:
    """The square that maps to [-1, 1] in both axes; points outside it stay outside, unclipped."""

    centre_px: np.ndarray
    """(2,), or (T, 1, 2) where it moves with the person from frame to frame."""
    half_px: float
    """Half its side."""

    def normalise(self, xy_px: np.ndarray) -> np.ndarray:
        """(..., 2) pixels to crop units."""
        return (xy_px - self.centre_px) / self.half_px

    def denormalise(self, xy: np.ndarray) -> np.ndarray:
        """Inverse of `normalise`."""
        return xy * self.half_px + self.centre_px


MIN_SCORE = 0.2
"""Keypoints scored lower are treated as missing, in training and in the wild alike."""
MIN_JOINTS = 6
"""A frame with fewer trusted joints counts as not detected. Two legs with their root are seven."""


def fit_crop(
    xy_px: np.ndarray,
    score: np.ndarray,
    min_score: float = MIN_SCORE,
    quantile: float = 0.05,
    pans: bool = False,
) -> Crop:
    """The square around a person over a clip. xy_px (T, J, 2), score (T, J).

    Each frame's box of trusted joints is taken, then the `quantile` of the frames' left and top
    edges and 1 - quantile of their right and bottom ones, so neither a low-scored joint nor a few
    wild frames shrink the person (defect D3). quantile=0, min_score=0 is MotionBERT's box.
    Without any trusted joint: the unit square around the origin.

    pans: the square moves sideways at a steady speed, that of the boxes' middles, so that a person
    who crosses the picture fills it like one who stands. Up and down it never moves: how low a
    lifter goes stays visible.
    """
    ok = (score > min_score) & np.isfinite(xy_px).all(-1)
    has = ok.any(-1)
    if not has.any():
        return Crop(np.zeros(2), 1.0)
    # Frames last in memory: joints are then compared many frames at a time.
    xy = np.ascontiguousarray(xy_px.T)
    if ok.all():
        lows, highs = xy.min(1), xy.max(1)
    else:
        lows = np.where(ok.T, xy, np.inf).min(1)[:, has]
        highs = np.where(ok.T, xy, -np.inf).max(1)[:, has]
    aside = _aside(lows[0] + highs[0], np.flatnonzero(has), len(has)) / 2 if pans else None
    if aside is not None:
        lows[0] -= aside[has]
        highs[0] -= aside[has]
    low, high = _quantile(lows, quantile), _quantile(highs, 1 - quantile)
    half = max(float((high - low).max()) / 2, 1e-6)
    centre = (low + high) / 2
    if aside is not None:
        centre = centre + np.stack([aside, np.zeros_like(aside)], -1)[:, None]
    return Crop(centre, half)


def _aside(x: np.ndarray, frames: np.ndarray, num_frames: int) -> np.ndarray:
    """(num_frames,) on a straight line through what x does at `frames`, 0 in their middle.

    Its slope is that from the median of the first half to the median of the second, so a few wild
    frames do not turn it. Of an even number of samples the upper of the two in the middle is taken.
    """
    half = len(x) // 2
    if not half:
        return np.zeros(num_frames, x.dtype)
    first, second = np.sort([x[:half], x[-half:]])[:, half // 2]
    speed = (second - first) / (frames[-half:] - frames[:half])[half // 2]
    return (speed * (np.arange(num_frames) - frames.mean())).astype(x.dtype)


def _quantile(values: np.ndarray, share: float) -> np.ndarray:
    """np.quantile along the last axis, at a part of its price."""
    ordered = np.sort(values)
    last = ordered.shape[-1] - 1
    below = int(share * last)
    low, high = ordered[..., below], ordered[..., min(below + 1, last)]
    return low + (share * last - below) * (high - low)


def network_input(
    xy_px: np.ndarray, score: np.ndarray, crop: Crop, min_score: float = MIN_SCORE
) -> np.ndarray:
    """(T, J, 2) pixels and (T, J) scores to the networks' (T, J, 3) float32 input.

    The single path for training, evaluation and the wild: crop units plus the score clamped to
    [0, 1]; a missing joint (score <= min_score or not finite) is all zeros.
    """
    ok = (score > min_score) & np.isfinite(xy_px).all(-1)
    # Laid out in memory like the pixels: training keeps channels apart, which is faster.
    x = np.empty_like(xy_px, np.float32, subok=False, shape=(*score.shape, 3))
    x[..., :2] = crop.normalise(xy_px)
    x[..., 2] = np.clip(score, 0, 1)
    if not ok.all():
        np.copyto(x, 0, where=~ok[..., None])
    return x


def mirror(pose):
    """Negate the first coordinate and exchange sides. (..., 17, C) array or tensor; a copy."""
    flipped = pose[..., MIRROR, :]
    flipped[..., 0] = -flipped[..., 0]
    return flipped


def flexion_deg(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Bend at b of the chain a-b-c in degrees: 0 = straight, 180 = folded. Inputs (..., 3)."""
    u, v = b - a, c - b
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(u, v), axis=-1), (u * v).sum(-1)))


def angle_deg(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Angle between vectors (..., 3) in degrees, 0 to 180."""
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(u, v), axis=-1), (u * v).sum(-1)))
