"""Whether left and right of a motion are what its joint order says. T frames, 17 joints."""

import numpy as np

from lib.skeleton import JOINT


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
