"""People of other proportions: other bones, the same angles. T frames, J = 17 joints."""

import numpy as np

from lib.skeleton import BONE_INDEX, JOINT, JOINTS, NUM_JOINTS, mirror_name

_LEAST, _MOST = 0.7, 1.4
"""Limits of a drawn factor."""
# Bone -> one number for itself and its mirror, so that both sides scale alike.
_BONE_PAIR = [
    min(JOINT[JOINTS[child]], JOINT[mirror_name(JOINTS[child])]) for _, child in BONE_INDEX
]
_PARTS = (
    ("spine", "neck"), ("nose", "head"), ("hip",), ("knee", "ankle"), ("shoulder",),
    ("elbow", "wrist"),
)  # fmt: skip
"""Bones, by the joint that ends them, which are longer or shorter together."""


def _paths() -> np.ndarray:
    """(17, 17) bool: whether the bone to joint k is on the way from the root to joint j.

    The root stands for itself: it is on every way.
    """
    on_way = np.eye(NUM_JOINTS, dtype=bool)
    for parent, child in BONE_INDEX:
        on_way[child] |= on_way[parent]
    return on_way


_PATHS = _paths()
_TO_BONES = np.eye(NUM_JOINTS)  # joints -> bones, the root staying a place
for _parent, _child in BONE_INDEX:
    _TO_BONES[_child, _parent] = -1
_PAIR_OF_JOINT = np.zeros(NUM_JOINTS, int)
for (_, _child), _pair in zip(BONE_INDEX, _BONE_PAIR, strict=True):
    _PAIR_OF_JOINT[_child] = _pair
_PART_OF_JOINT = np.zeros(NUM_JOINTS, int)  # the root's own factor is never used
for _name, _joint in JOINT.items():
    _PART_OF_JOINT[_joint] = next(
        (i for i, part in enumerate(_PARTS) if _name in part or _name[1:] in part), 0
    )


def scale_bones(
    xyz_m: np.ndarray, std: float, part_std: float, rng: np.random.Generator
) -> np.ndarray:
    """(T, 17, 3) with every bone's length times its own random factor and that of its part, alike
    on both sides."""
    factors = 1 + std * rng.normal(size=NUM_JOINTS)
    if part_std:
        factors *= 1 + part_std * rng.normal(size=len(_PARTS))[_PART_OF_JOINT]
    return stretch_bones(xyz_m, np.clip(factors, _LEAST, _MOST))


def stretch_bones(xyz_m: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """(T, 17, 3) with the length of the bone to joint k times factors[k]; angles do not change.

    A bone and its mirror take the factor of the one that comes first among the joints. Where a
    joint is missing, so is every joint behind it.
    """
    factor = factors[_PAIR_OF_JOINT]
    factor[JOINT["root"]] = 1
    change = (_PATHS * factor @ _TO_BONES).T.astype(xyz_m.dtype)
    known = np.isfinite(xyz_m).all(-1)
    if known.all():
        return np.moveaxis(np.moveaxis(xyz_m, -1, 0) @ change, 0, -1)
    filled = np.where(known[..., None], xyz_m, 0)
    scaled = np.moveaxis(np.moveaxis(filled, -1, 0) @ change, 0, -1)
    lost = ~known @ _PATHS.T
    return np.where(lost[..., None], np.nan, scaled)
