"""Checks that refuse Fit3D files whose sides, unit, rotation or view are not what they should be.

F frames, 25 joints in the order of FIT3D25, world metres. All raise UserError naming the file.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np

from lib.errors import UserError
from lib.geometry import Camera
from lib.skeleton import FIT3D25

STATURE_RANGE_M = (1.3, 2.3)
_STATURE_PER_CHAIN = 1.13
"""Ankle to knee to hip, pelvis to neck and neck to crown are about 0.245 + 0.245 + 0.29 + 0.18 of
stature (Drillis & Contini 1966); here only feet against metres matters, so roughly is enough."""
MIN_IN_PICTURE = 0.5
MIN_DEPTH_M = 0.1
DISTANCE_M = (1.0, 20.0)
"""How far from the camera a pelvis may be; Fit3D's cameras stand about 4.4 m away."""


def _joint(xyz_m: np.ndarray, name: str) -> np.ndarray:
    return xyz_m[:, FIT3D25.joints.index(name)]


def _gap_m(xyz_m: np.ndarray, *chain: str) -> float:
    """Length of a chain of joints: the sum of its bones' medians."""
    return sum(
        float(np.median(np.linalg.norm(_joint(xyz_m, a) - _joint(xyz_m, b), axis=-1)))
        for a, b in pairwise(chain)
    )


def foot_side(xyz_m: np.ndarray) -> float:
    """Median over frames and feet of the normalised product left x up . forward, -1 to 1.

    Left runs from the right hip to the left one, up along the shank, forward from the ankle to
    the foot points. Unlike the trunk, a shank has its toes in front in any pose. Positive where
    left and right are as named.
    """
    left = _joint(xyz_m, "lhip") - _joint(xyz_m, "rhip")
    signs = []
    for side in "lr":
        ankle = _joint(xyz_m, f"{side}ankle")
        up = _joint(xyz_m, f"{side}knee") - ankle
        forward = (_joint(xyz_m, f"{side}heel") + _joint(xyz_m, f"{side}toe")) / 2 - ankle
        volume = (np.cross(left, up) * forward).sum(-1)
        size = np.prod([np.linalg.norm(v, axis=-1) for v in (left, up, forward)], axis=0)
        signs.append(volume / np.maximum(size, 1e-12))
    return float(np.median(signs))


def check_sides(xyz_m: np.ndarray, path: Path) -> None:
    """Left and right are as FIT3D25 names them, in legs, feet and arms (defect D10)."""
    hips = _joint(xyz_m, "lhip") - _joint(xyz_m, "rhip")
    shoulders = _joint(xyz_m, "lshoulder") - _joint(xyz_m, "rshoulder")
    problem = ""
    if foot_side(xyz_m) <= 0:
        problem = "the feet point backwards if joints 1-3 are the left leg"
    elif np.median((hips * shoulders).sum(-1)) <= 0:
        problem = "legs and arms disagree about the side"
    elif any(
        _gap_m(xyz_m, f"{side}ankle", f"{side}toe") > _gap_m(xyz_m, f"{other}ankle", f"{side}toe")
        for side, other in ("lr", "rl")
    ):
        problem = "the foot points lie at the other ankle"
    if problem:
        raise UserError(f"{path}: left and right are not in Fit3D's joint order: {problem}")


def check_metres(xyz_m: np.ndarray, path: Path) -> None:
    """The body is as long as a person's."""
    chain = _gap_m(xyz_m, "lankle", "lknee", "lhip") + _gap_m(xyz_m, "root", "spine", "neck")
    stature = _STATURE_PER_CHAIN * (chain + _gap_m(xyz_m, "neck", "nose", "head"))
    low, high = STATURE_RANGE_M
    if not low <= stature <= high:
        raise UserError(
            f"{path}: a person about {stature:.3g} m tall; coordinates must be metres "
            f"(stature {low} to {high})"
        )


def check_body(xyz_m: np.ndarray, path: Path) -> None:
    """Unit and sides of (F, 25, 3) world joints."""
    check_metres(xyz_m, path)
    check_sides(xyz_m, path)


def check_rotation(rotation: np.ndarray, path: Path) -> None:
    """(3, 3) is a rotation: orthonormal, not a reflection."""
    off = float(np.abs(rotation @ rotation.T - np.eye(3)).max())
    if off > 1e-3 or np.linalg.det(rotation) < 0:
        raise UserError(f"{path}: 'extrinsics.R' is no rotation (off by {off:.2g})")


def check_view(xyz_cam: np.ndarray, xy_px: np.ndarray, camera: Camera, path: Path) -> None:
    """The person stands in front of the camera, not far off, and mostly inside its picture.

    xyz_cam (F, 25, 3) camera metres, xy_px (F, 17, 2).
    """
    is_behind = (xyz_cam[..., 2] < MIN_DEPTH_M).any(-1)
    if is_behind.any():
        raise UserError(
            f"{path}: frame {int(is_behind.argmax())} lies behind this camera; "
            "do camera and joints belong together?"
        )
    away_m = float(np.median(np.linalg.norm(_joint(xyz_cam, "root"), axis=-1)))
    low, high = DISTANCE_M
    if not low <= away_m <= high:
        raise UserError(
            f"{path}: the person stands {away_m:.3g} m from this camera, expected {low:g} to "
            f"{high:g}; is 'extrinsics.T' its place in metres?"
        )
    share = float(((xy_px >= 0) & (xy_px <= camera.size_px)).all(-1).mean())
    if share < MIN_IN_PICTURE:
        raise UserError(
            f"{path}: only {share:.0%} of the joints fall into this camera's picture; "
            "do camera and joints belong together?"
        )
