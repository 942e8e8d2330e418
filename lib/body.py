"""What is known of every body: where its mass is, and how its segments make up its height.

Ratios of length and mass: Winter, Biomechanics and Motor Control of Human Movement (lengths after
Drillis & Contini 1966, masses after Dempster). T frames, J = 17 joints. numpy only.
"""

import numpy as np

from lib.skeleton import JOINT, NUM_JOINTS

SHANK, THIGH, TRUNK = 0.246, 0.245, 0.288
"""Ankle to knee, knee to hip, and hips to the neck's base at shoulder level, in statures."""
UPPER_ARM = 0.186
"""Shoulder to elbow, in statures."""
ANKLE_HEIGHT, NECK_TO_CROWN = 0.039, 0.182
"""Floor to ankle joint and neck's base to crown: with the three above they make 1."""

# (mass share of one side, upper end, lower end, place of its centre from the upper end)
_SEGMENTS = (
    (0.1000, "hip", "knee", 0.433), (0.0465, "knee", "ankle", 0.433),
    (0.0145, "ankle", "ankle", 0.0), (0.0280, "shoulder", "elbow", 0.436),
    (0.0160, "elbow", "wrist", 0.430), (0.0060, "wrist", "wrist", 0.0),
    (0.2485, "shoulder", "hip", 0.5), (0.0405, "neck", "nose", 1.0),
)  # fmt: skip
_LEAST_MASS = 0.7


def _mass_shares() -> np.ndarray:
    """(17,) share of the body's mass that each joint stands for."""
    share = np.zeros(NUM_JOINTS)
    for mass, upper, lower, place in _SEGMENTS:
        for side in "lr":
            for name, part in ((upper, 1 - place), (lower, place)):
                share[JOINT.get(side + name, JOINT.get(name))] += mass * part
    return share


MASS_SHARE = _mass_shares()


def centre_of_mass(xyz: np.ndarray) -> np.ndarray:
    """(..., 3) of poses (..., 17, 3); NaN where joints of too much of the mass are unknown."""
    known = np.isfinite(xyz).all(-1)
    share = np.where(known, MASS_SHARE, 0.0)
    total = share.sum(-1, keepdims=True)
    centre = (share[..., None] * np.where(known[..., None], xyz, 0.0)).sum(-2)
    return np.where(total >= _LEAST_MASS, centre / np.maximum(total, _LEAST_MASS), np.nan)


def middle(xyz: np.ndarray, part: str) -> np.ndarray:
    """(..., 3) between the left and the right `part`, which must both be known."""
    return (xyz[..., JOINT["l" + part], :] + xyz[..., JOINT["r" + part], :]) / 2


def _length(xyz: np.ndarray, *bones: tuple[str, str]) -> np.ndarray:
    """(T,) mean of the bones known in each frame, NaN where none is."""
    each = [np.linalg.norm(xyz[:, JOINT[a]] - xyz[:, JOINT[b]], axis=-1) for a, b in bones]
    num = np.count_nonzero(~np.isnan(each), axis=0)
    unknown = np.full(len(xyz), np.nan)  # nanmean would warn of these
    return np.divide(np.nansum(each, axis=0), num, out=unknown, where=num > 0)


def leg_length(xyz: np.ndarray) -> float:
    """Median of thigh plus shank over the frames of (T, 17, 3); NaN if unknown."""
    thigh, shank = (
        _length(xyz, *((s + a, s + b) for s in "lr"))
        for a, b in (("hip", "knee"), ("knee", "ankle"))
    )
    legs = thigh + shank
    known = legs[np.isfinite(legs)]
    return float(np.median(known)) if len(known) else float("nan")


def stature(xyz: np.ndarray) -> float:
    """Standing height of the body in a motion (T, 17, 3), in its unit; NaN if it cannot be told.

    Shank, thigh and trunk (hips to neck), each the median over all frames, over their share of the
    height; the ankles' height and everything above the neck are the rest of it. No joint of the
    head is needed, and the knees may be bent: it is a sum of lengths.
    """
    parts = (
        (SHANK, _length(xyz, ("lknee", "lankle"), ("rknee", "rankle"))),
        (THIGH, _length(xyz, ("lhip", "lknee"), ("rhip", "rknee"))),
        (TRUNK, np.linalg.norm(middle(xyz, "hip") - xyz[:, JOINT["neck"]], axis=-1)),
    )
    length = share = 0.0
    for part, lengths in parts:
        known = lengths[np.isfinite(lengths)]
        if len(known):
            length, share = length + float(np.median(known)), share + part
    return length / share if share >= SHANK + THIGH else float("nan")
