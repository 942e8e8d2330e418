"""Joints moved towards the lines of sight on which they were seen.

A network gives a likely pose and keeps to the picture only roughly; where a joint is across the
line of sight, the picture knows better. T frames, J = 17 joints.
"""

import numpy as np

from lib import signals
from lib.infer.place import place
from lib.infer.track import trusted
from lib.pose import Pose2D
from lib.skeleton import BONE_INDEX, JOINT

STEADY, MOVING = 0.5, 0.8
"""Shares of the way to the line of sight: of what stays the same over a recording, and of what
changes. Detectors have places of their own for hips and shoulders, and those stay
(benchmarks/choose_steps.py)."""
FAR_M = 0.15
"""A line of sight as far away moves a joint by half as much: it may be that of something else."""


def towards_rays(xyz: np.ndarray, pose: Pose2D, focal_px: float | None) -> np.ndarray:
    """(T, 17, 3) root-relative metres, joints moved sideways at the depth they have.

    xyz (T, 17, 3) is placed in front of the camera as `place` does it. That asks little of the
    focal length: one 30 % short moves the joints of a person 0.8 m beside the camera's axis by a
    centimetre. What is not seen for a while moves as before and after, what never is as the joint
    it hangs on.
    """
    placed = place(xyz, pose, focal_px)
    centre = np.array(pose.size_px) / 2
    gap = (pose.xy_px - centre) / placed.focal_px * placed.xyz[..., 2:]
    gap = np.where(trusted(pose)[..., None], gap - placed.xyz[..., :2], np.nan)
    usual = signals.median_known(gap)
    far = np.linalg.norm(gap, axis=-1, keepdims=True) / FAR_M
    move = signals.fill_gaps((MOVING * gap - (MOVING - STEADY) * usual) / (1 + far**2))
    for parent, child in BONE_INDEX:
        if np.isnan(move[0, child, 0]):
            move[:, child] = move[:, parent]
    move = np.nan_to_num(move)
    moved = np.concatenate([xyz[..., :2] + move, xyz[..., 2:]], -1)
    return moved - moved[:, [JOINT["root"]]]
