"""Arms of one clip on the body of another: a squat is one whatever the arms do.

T frames. Either body in any right-handed frame of metres, Z up or a camera's.
"""

import numpy as np

from lib.skeleton import JOINT

_BONES = [
    (JOINT[f"{side}{upper}"], JOINT[f"{side}{lower}"])
    for side in "lr"
    for upper, lower in (("shoulder", "elbow"), ("elbow", "wrist"))
]


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def trunk_axes(xyz_m: np.ndarray) -> np.ndarray:
    """(T, 17, 3) -> (T, 3, 3), unit rows: to the left shoulder, forwards, up the spine."""
    up = _unit(xyz_m[:, JOINT["neck"]] - xyz_m[:, JOINT["root"]])
    across = xyz_m[:, JOINT["lshoulder"]] - xyz_m[:, JOINT["rshoulder"]]
    across = _unit(across - (across * up).sum(-1, keepdims=True) * up)
    return np.stack([across, np.cross(across, up), up], axis=1)


def with_arms_of(xyz_m: np.ndarray, donor_m: np.ndarray) -> np.ndarray:
    """(T, 17, 3) with the elbows and wrists turned to the trunk as the donor's (S, 17, 3) are.

    Bones keep their own lengths. A shorter donor holds its last pose; what it lacks is NaN.
    """
    donor_m = donor_m[np.minimum(np.arange(len(xyz_m)), len(donor_m) - 1)]
    with np.errstate(invalid="ignore", divide="ignore"):
        turn = np.einsum("tki,tkj->tij", trunk_axes(xyz_m), trunk_axes(donor_m))
        mixed = xyz_m.copy()
        for upper, lower in _BONES:
            towards = np.einsum("tij,tj->ti", turn, _unit(donor_m[:, lower] - donor_m[:, upper]))
            length = np.linalg.norm(xyz_m[:, lower] - xyz_m[:, upper], axis=-1, keepdims=True)
            mixed[:, lower] = mixed[:, upper] + length * towards
    return mixed
