"""A body that stands still with known joints, for the tests of pictures."""

import numpy as np

from lib.skeleton import JOINT, NUM_JOINTS

# A standing body, world metres: x to the lifter's left, y behind, z up; it faces -y.
STANDING = {
    "root": (0, 0, 0.95), "rhip": (-0.12, 0, 0.95), "rknee": (-0.13, -0.02, 0.5),
    "rankle": (-0.14, 0, 0.08), "lhip": (0.12, 0, 0.95), "lknee": (0.13, -0.02, 0.5),
    "lankle": (0.14, 0, 0.08), "spine": (0, 0, 1.2), "neck": (0, 0, 1.45),
    "nose": (0, -0.1, 1.6), "head": (0, 0, 1.72), "lshoulder": (0.18, 0, 1.42),
    "lelbow": (0.22, 0, 1.12), "lwrist": (0.24, -0.02, 0.86), "rshoulder": (-0.18, 0, 1.42),
    "relbow": (-0.22, 0, 1.12), "rwrist": (-0.24, -0.02, 0.86),
}  # fmt: skip


def standing(num_frames: int = 1) -> np.ndarray:
    pose = np.zeros((NUM_JOINTS, 3))
    for name, xyz in STANDING.items():
        pose[JOINT[name]] = xyz
    return np.repeat(pose[None], num_frames, 0)


def as_camera(xyz_world: np.ndarray) -> np.ndarray:
    """Seen from -y: x right, y down, z away."""
    return np.stack([xyz_world[..., 0], -xyz_world[..., 2], xyz_world[..., 1]], -1)
