"""What a lifter is taught to give, and what its answers then are: an object for each target.

T frames, J = 17 joints.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from lib.data.cut import Look
from lib.errors import UserError
from lib.geometry import Camera, Crop, sight_axes, unproject
from lib.skeleton import JOINT

TargetName = Literal["metres", "image"]
_ROOT = [JOINT["root"]]
_MIN_SPREAD_M = 0.01
"""Known joints closer together than this, seen from the camera, show no size."""


class Target(Protocol):
    """One kind of lifting target."""

    is_metric: bool
    """Whether its unit is the metre."""

    def truth(self, look: Look, crop: Crop) -> np.ndarray:
        """(T, 17, 3) relative to the root, what a network is to give of this crop; NaN = not
        known."""
        ...

    def in_camera(self, answer: np.ndarray, crop: Crop, camera: Camera) -> np.ndarray:
        """(..., T, 17, 3) a network's answers to a crop, in axes and a unit that all crops of the
        camera share."""
        ...


class Metres:
    """Metres relative to the root, in the axes of the camera turned to look at the crop's middle.

    A crop does not tell where in the picture it was, and a body beside the camera's axis is seen
    from a side: in the camera's own axes nobody could know how it stands.
    """

    is_metric = True

    def truth(self, look: Look, crop: Crop) -> np.ndarray:
        """(T, 17, 3) metres."""
        xyz_m = look.xyz_m - look.xyz_m[:, _ROOT]
        axes = np.broadcast_to(_axes(crop, look.camera).astype(xyz_m.dtype), (len(xyz_m), 3, 3))
        # The layout in memory as well: channels apart.
        return np.einsum("tji,jtk->itk", axes, xyz_m.transpose(2, 0, 1)).transpose(1, 2, 0)

    def in_camera(self, answer: np.ndarray, crop: Crop, camera: Camera) -> np.ndarray:
        """Turned into the camera's own axes."""
        return answer @ np.swapaxes(_axes(crop, camera), -1, -2)


def _axes(crop: Crop, camera: Camera) -> np.ndarray:
    """(T, 3, 3) `sight_axes` of the crop's middle; T = 1 where it stands still."""
    return sight_axes(unproject(crop.centre_px.reshape(-1, 2), camera))


class Image:
    """MotionBERT's 2.5D (Zhu et al., ICCV 2023): the pose as the picture has it, and its depth.

    x, y are the true projection, z is metres times the frame's `pixels_per_metre`, all relative to
    the root and in half sides of the crop. MotionBERT takes focal length over the root's depth as
    that scale, which is the same for a camera far away.
    """

    is_metric = False

    def truth(self, look: Look, crop: Crop) -> np.ndarray:
        """(T, 17, 3) crop units; NaN also in frames with fewer than two joints known."""
        xy_px = look.true_px
        image = np.empty_like(look.xyz_m)  # the layout in memory as well
        image[..., :2] = xy_px
        image[..., 2] = look.xyz_m[..., 2] * pixels_per_metre(look.xyz_m, xy_px)[:, None]
        return (image - image[:, _ROOT]) / np.float32(crop.half_px)

    def in_camera(self, answer: np.ndarray, crop: Crop, camera: Camera) -> np.ndarray:
        """In pixels."""
        return crop.half_px * answer


TARGETS: dict[TargetName, Target] = {"metres": Metres(), "image": Image()}


def pixels_per_metre(xyz_m: np.ndarray, xy_px: np.ndarray) -> np.ndarray:
    """(T,) scale s of each frame's weak-perspective camera, NaN where two joints are not known.

    xyz_m (T, J, 3) camera metres X, xy_px (T, J, 2) their projection u. The s of the least
    sum |s X_xy + t - u|^2 over the joints known in both: with means taken off,
    sum(X_xy . u) / sum |X_xy|^2.
    """
    known = (np.isfinite(xyz_m).all(-1) & np.isfinite(xy_px).all(-1))[..., None]
    num = np.maximum(known.sum(1, keepdims=True), 1)
    flat, seen = (np.where(known, values, 0) for values in (xyz_m[..., :2], xy_px))
    flat, seen = (np.where(known, v - v.sum(1, keepdims=True) / num, 0) for v in (flat, seen))
    square = (flat**2).sum((1, 2))
    has_size = square > _MIN_SPREAD_M**2
    return np.where(has_size, (flat * seen).sum((1, 2)) / np.where(has_size, square, 1), np.nan)


def target_name(config: Mapping[str, Any], path: str | Path) -> TargetName:
    """The target that a checkpoint's config names; those from before there were two are metres.

    Raises UserError, naming path, if it is none.
    """
    name = config.get("target", "metres")
    if name not in TARGETS:
        raise UserError(f"{path}: its target is '{name}'; {' or '.join(TARGETS)} would do")
    return name
