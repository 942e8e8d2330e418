"""A recording of a mirror image, as selfie cameras make, put right. numpy only.

T frames, J = 17 joints. In a mirror image a left hand looks like a right one, and a detector says
so: the picture is turned about its vertical middle line and the names of the sides are exchanged.
The functions named so are their own inverse.
"""

from dataclasses import replace

import numpy as np

from lib.errors import UserError
from lib.geometry import mirror
from lib.infer.ground import PlateBox, SizeConfig
from lib.pose import Pose2D, Pose3D
from lib.skeleton import MIRROR


def mirrored_2d(pose: Pose2D) -> Pose2D:
    """The keypoints of the mirror image."""
    width = pose.size_px[0]
    return replace(pose, xy_px=_turned(pose.xy_px, width), score=pose.score[:, MIRROR])


def mirrored_3d(pose: Pose3D) -> Pose3D:
    """The motion that looks like this one in a mirror; `xy_px` stays on the picture, renamed.

    Raises UserError for a pose in the world frame, which no mirror has seen.
    """
    if pose.frame != "camera":
        raise UserError(
            f"{pose.source or 'pose'}: in world coordinates, not as a camera sees it; "
            "leave --mirrored away"
        )
    width = pose.size_px[0] or np.nan
    return replace(
        pose, xyz=mirror(pose.xyz), up=pose.up * [-1, 1, 1], sigma=pose.sigma[:, MIRROR],
        score=pose.score[:, MIRROR], is_planted=pose.is_planted[:, MIRROR],
        xy_px=pose.xy_px[:, MIRROR], xyz_image=_turned(pose.xyz_image, width),
        is_mirrored=not pose.is_mirrored,
    )  # fmt: skip


def on_mirror_image(pose: Pose3D) -> Pose3D:
    """A pose lifted from `mirrored_2d` of what a picture shows, its keypoints put back on it."""
    xy_px = pose.xy_px * [-1, 1] + [pose.size_px[0], 0]
    return replace(pose, xy_px=xy_px, is_mirrored=True)


def mirrored_size(size: SizeConfig, width_px: int) -> SizeConfig:
    """A plate's box in the picture of this width, where the mirror image has it."""
    box = size.plate_box
    if box is None:
        return size
    turned = PlateBox(box.frame, width_px - box.x - box.width, box.y, box.width, box.height)
    return replace(size, plate_box=turned)


def _turned(places_px: np.ndarray, width: float) -> np.ndarray:
    turned = mirror(places_px)
    turned[..., 0] += width
    return turned
