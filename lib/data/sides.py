"""Whether a motion's joints are what their order says. T frames, 17 joints."""

import numpy as np

from lib.skeleton import BONES, JOINT

_BONE_M = {"knee": (0.3, 0.6), "ankle": (0.3, 0.6), "elbow": (0.18, 0.42), "wrist": (0.15, 0.4)}
_ANY_BONE_M = (0.02, 0.7)


def order_problem(xyz_m: np.ndarray) -> str:
    """What is wrong with the bones or sides of (T, 17, 3) metres; '' if they are a person's."""
    if not has_lifted(xyz_m):
        return "no frame has the root and another joint"
    xyz_m = np.where(np.isfinite(xyz_m), xyz_m, np.nan)  # numpy warns of inf - inf
    for parent, child in BONES:
        low, high = _BONE_M.get(child[1:], _ANY_BONE_M)
        bone = np.linalg.norm(_joint(xyz_m, child) - _joint(xyz_m, parent), axis=-1)
        length = float(np.median(bone[np.isfinite(bone)])) if np.isfinite(bone).any() else low
        if not low <= length <= high:
            return f"{parent} to {child} measures {length:.3g} m, expected {low} to {high}"
    return side_problem(xyz_m)


def has_lifted(xyz_m: np.ndarray) -> bool:
    """Whether a frame of (T, 17, 3) has what a lifter is taught: the root and another joint."""
    known = np.isfinite(xyz_m).all(-1)
    return bool((known[:, JOINT["root"]] & (known.sum(-1) > 1)).any())


def side_problem(xyz: np.ndarray) -> str:
    """What is wrong with the sides of (T, 17, 3) working-skeleton joints; '' if nothing is.

    In any right-handed frame and unit; frames with NaN are left out. Hips and shoulders must
    point to the same side, and knees must bend forwards: a knee stands in front of the line from
    hip to ankle, which with left and up gives the sign.
    """
    xyz = xyz[np.isfinite(xyz).all((1, 2))]
    if not len(xyz):
        return ""
    hips, shoulders = (_joint(xyz, f"l{part}") - _joint(xyz, f"r{part}")
                       for part in ("hip", "shoulder"))  # fmt: skip
    if np.median((hips * shoulders).sum(-1)) < 0:
        return "legs and arms disagree about the side (is one of them in another joint order?)"
    bends = []
    for side in "lr":
        hip, knee, ankle = (_joint(xyz, side + part) for part in ("hip", "knee", "ankle"))
        forward = knee - (hip + ankle) / 2
        volume = (np.cross(hips, hip - ankle) * forward).sum(-1)
        size = np.linalg.norm(hips, axis=-1) * np.linalg.norm(hip - ankle, axis=-1) ** 2
        # By how far they bend: nearly straight legs, whose sign is noise, count for little.
        bends.append((volume / np.maximum(size, 1e-12)).sum())
    return "the knees bend backwards" if sum(bends) < 0 else ""


def _joint(xyz: np.ndarray, name: str) -> np.ndarray:
    return xyz[:, JOINT[name]]
