"""Where on the body a source puts its joints: skeletons agree least about those of the trunk.

In units of the leg, sources of motion capture have the neck 0.45 to 0.69 above the root, the spine
at a quarter to three fifths of that, the shoulders from 0.10 below to 0.06 above the neck.
T frames, P = 4 landmarks, K = 6 joints.
"""

import numpy as np

from lib.data.arms import trunk_axes
from lib.skeleton import indices

_JOINTS = indices("spine", "neck", "lshoulder", "rshoulder", "lhip", "rhip")
_LANDMARK = [0, 1, 2, 2, 3, 3]
"""Of each joint: both sides share one."""
_SIZES_P3 = np.array([(0, 1, 2), (0, 0.5, 1.5), (1, 0.5, 1), (0.5, 0.5, 0.5)])
"""How much of the spread each moves sideways, forwards and up the trunk."""
_SIDES_K3 = np.array([(1, 1, 1), (1, 1, 1), (1, 1, 1), (-1, 1, 1), (1, 1, 1), (-1, 1, 1)])


def shift_landmarks(xyz_m: np.ndarray, most_m: float, rng: np.random.Generator) -> np.ndarray:
    """(T, 17, 3) with spine, neck, shoulders and hips elsewhere on the same trunk.

    Normal offsets along the trunk's axes, constant over the clip, mirrored from side to side, of a
    spread that is drawn for the clip from 0 up to most_m. Everything else stays where it is, in
    frames whose trunk is not known all of it.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        axes = trunk_axes(xyz_m)
    axes[~np.isfinite(axes)] = 0
    offset_P3 = most_m * rng.random() * _SIZES_P3 * rng.normal(size=_SIZES_P3.shape)
    moved = xyz_m.copy(order="K")
    moved[:, _JOINTS] += ((offset_P3[_LANDMARK] * _SIDES_K3) @ axes).astype(xyz_m.dtype)
    return moved
