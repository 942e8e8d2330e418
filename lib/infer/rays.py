"""Joints moved towards the lines of sight on which they were seen.

A network gives a likely pose and keeps to the picture only roughly; where a joint is across the
line of sight, the picture knows better. T frames, J = 17 joints.
"""

import numpy as np

from lib import signals
from lib.infer.place import place
from lib.infer.track import trusted
from lib.pose import Pose2D
from lib.skeleton import JOINT

STRENGTH = 0.7
"""Share of the way to the line of sight. Not all of it, because detectors have places of their own
for hips and shoulders (benchmarks/choose_steps.py)."""
FAR_M = 0.15
"""A line of sight as far away moves a joint by half as much: it may be that of something else."""


def towards_rays(xyz: np.ndarray, pose: Pose2D, focal_px: float | None) -> np.ndarray:
    """(T, 17, 3) root-relative metres, joints moved sideways at the depth they have.

    xyz (T, 17, 3) is placed in front of the camera as `place` does it, which asks little of the
    focal length: a wrong one moves all joints alike. What is not seen moves as its neighbours in
    time do.
    """
    placed = place(xyz, pose, focal_px)
    centre = np.array(pose.size_px) / 2
    gap = (pose.xy_px - centre) / placed.focal_px * placed.xyz[..., 2:]
    gap = np.where(trusted(pose)[..., None], gap - placed.xyz[..., :2], np.nan)
    far = np.linalg.norm(gap, axis=-1, keepdims=True) / FAR_M
    move = np.nan_to_num(signals.fill_gaps(STRENGTH * gap / (1 + far**2)))
    moved = np.concatenate([xyz[..., :2] + move, xyz[..., 2:]], -1)
    return moved - moved[:, [JOINT["root"]]]
