"""Depths of joints made to fit the lengths of their bones.

One camera shows where in the picture a joint is better than how far away it is, and a bone keeps
its length: how much shorter it looks tells how much it leans towards the camera.
"""

import numpy as np

from lib.skeleton import JOINT

NOISE_RATIO = 3.0
"""Of the depth's error to that in the picture, as in the noise that the exercise files' sigmas are
for."""
_BONES = (("root", "neck"),
          *((s + a, s + b) for s in "lr" for a, b in
            (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"),
             ("hip", "shoulder"))))  # fmt: skip
"""The sides of the trunk are nearly one."""


def with_rigid_bones(xyz: np.ndarray) -> np.ndarray:
    """(N, 17, 3) poses in camera axes with other depths (z); the same unit, NaN stays NaN.

    One step of the extended Kalman filter a bone: what is observed is its median length over the
    poses; both ends move by half. A bone across the line of sight, whose length does not tell its
    direction, stays as it is.
    """
    moved = xyz.copy()
    for ends in _BONES:
        near, far = (JOINT[name] for name in ends)
        bone = moved[:, far] - moved[:, near]
        size = np.linalg.norm(bone, axis=-1)
        if not (size > 0).any():
            continue
        slope = bone[:, 2] / np.maximum(size, 1e-9)
        gain = NOISE_RATIO**2 * slope / (1 + NOISE_RATIO**2 * slope**2)
        change = np.nan_to_num(gain * (np.nanmedian(size) - size)) / 2
        moved[:, far, 2] += change
        moved[:, near, 2] -= change
    return moved
