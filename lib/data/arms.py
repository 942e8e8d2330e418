"""Limbs of one clip on the body of another: a squat is one whatever the arms do.

T frames. Either body in any right-handed frame of metres, Z up or a camera's.
"""

from itertools import pairwise

import numpy as np

from lib.skeleton import JOINT

# numpy.cross and norm take several times as long for as few vectors as a clip has.
_YZX, _ZXY = [1, 2, 0], [2, 0, 1]


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt((x * x).sum(-1, keepdims=True))


def trunk_axes(xyz_m: np.ndarray, at: str = "shoulder") -> np.ndarray:
    """(T, 17, 3) -> (T, 3, 3), unit rows: to the left shoulder (or hip), forwards, up the spine."""
    up = _unit(xyz_m[:, JOINT["neck"]] - xyz_m[:, JOINT["root"]])
    across = xyz_m[:, JOINT[f"l{at}"]] - xyz_m[:, JOINT[f"r{at}"]]
    across = _unit(across - (across * up).sum(-1, keepdims=True) * up)
    ahead = across[:, _YZX] * up[:, _ZXY] - across[:, _ZXY] * up[:, _YZX]
    return np.stack([across, ahead, up], axis=1)


def with_arms_of(xyz_m: np.ndarray, donor_m: np.ndarray) -> np.ndarray:
    """(T, 17, 3) with the elbows and wrists turned to the trunk as the donor's (T, 17, 3) are.

    Bones keep their own lengths. What the donor lacks is NaN.
    """
    return _with_limbs_of(xyz_m, donor_m, ("shoulder", "elbow", "wrist"))


def with_legs_of(xyz_m: np.ndarray, donor_m: np.ndarray) -> np.ndarray:
    """The same of knees and ankles: two (T, 17, 3) to one."""
    return _with_limbs_of(xyz_m, donor_m, ("hip", "knee", "ankle"))


def _with_limbs_of(xyz_m: np.ndarray, donor_m: np.ndarray, limb: tuple[str, ...]) -> np.ndarray:
    """limb: its joints from the trunk outwards, without their side."""
    with np.errstate(invalid="ignore", divide="ignore"):
        axes = (trunk_axes(body, limb[0]) for body in (xyz_m, donor_m))
        turn = np.einsum("tki,tkj->tij", *axes)
        mixed = xyz_m.copy()
        for upper, lower in [
            (JOINT[side + upper], JOINT[side + lower])
            for side in "lr"
            for upper, lower in pairwise(limb)
        ]:
            towards = np.einsum("tij,tj->ti", turn, _unit(donor_m[:, lower] - donor_m[:, upper]))
            length = np.linalg.norm(xyz_m[:, lower] - xyz_m[:, upper], axis=-1, keepdims=True)
            mixed[:, lower] = mixed[:, upper] + length * towards
    return mixed
