"""Knees that by a source's definition of joints never come straight, made to.

Skeletons fitted to CMU's markers have the knee joint ahead of the line from hip to ankle when the
leg is straight: they stand and walk with 10 to 18 degrees. A lifter that learns from them bends the
straight knees of everybody. T frames.
"""

from collections.abc import Iterable

import numpy as np

from lib.geometry import flexion_deg
from lib.skeleton import JOINT

STRAIGHT_DEG = 3.0
"""Flexion of a knee that its owner calls straight: gait norms have 0 to 5 degrees at heel strike
(Perry & Burnfield, Gait Analysis, 2010)."""
PERCENTILE = 2.0
"""Of a person's frames: who stands, walks or jumps is as straight as they get in this many."""
MOST_DEG = 15.0
"""More than this is a person who always bends the knees, not a definition."""


def _leg(xyz_m: np.ndarray, side: str) -> tuple[np.ndarray, ...]:
    """Hip, knee, ankle, each (T, 3)."""
    return tuple(xyz_m[:, JOINT[side + part]] for part in ("hip", "knee", "ankle"))


def knee_bends_deg(xyz_m: np.ndarray) -> np.ndarray:
    """(N,) flexions of both knees of a clip (T, 17, 3), where they are known."""
    bend = np.concatenate([flexion_deg(*_leg(xyz_m, side)) for side in "lr"])
    return bend[np.isfinite(bend)]


def knee_excess_deg(bends_deg: Iterable[np.ndarray]) -> float:
    """Degrees to take off one person's knees, from the bends of all their clips; 0 if none.

    What their straightest knees have over STRAIGHT_DEG, at most MOST_DEG.
    """
    bend = np.concatenate([np.zeros(0), *bends_deg])
    if len(bend) == 0:
        return 0.0
    return float(np.clip(np.percentile(bend, PERCENTILE) - STRAIGHT_DEG, 0.0, MOST_DEG))


def straightened(xyz_m: np.ndarray, by_deg: float) -> np.ndarray:
    """A copy of (T, 17, 3) with both knees bent by_deg less, never past straight.

    Hips stay, and the direction from hip to ankle and both bones' lengths: the knee goes back and
    the ankle a little away from the hip. Where one of the three is missing the others stay.
    """
    moved = xyz_m.copy()
    for side in "lr":
        hip, knee, ankle = _leg(xyz_m, side)
        thigh, shank = (np.linalg.norm(b - a, axis=-1) for a, b in ((hip, knee), (knee, ankle)))
        bend = np.radians(np.maximum(flexion_deg(hip, knee, ankle) - by_deg, 0.0))
        line = _unit(ankle - hip)
        ahead = (knee - hip) - ((knee - hip) * line).sum(-1, keepdims=True) * line
        # A triangle's angle at the hip from its two sides and the turn between them.
        at_hip = np.arctan2(shank * np.sin(bend), thigh + shank * np.cos(bend))
        down, out = thigh * np.cos(at_hip), thigh * np.sin(at_hip)
        reach = down + shank * np.cos(bend - at_hip)
        places = {"knee": hip + down[:, None] * line + out[:, None] * _unit(ahead),
                  "ankle": hip + reach[:, None] * line}  # fmt: skip
        for part, place in places.items():
            joint = moved[:, JOINT[side + part]]
            joint[np.isfinite(place).all(-1)] = place[np.isfinite(place).all(-1)]
    return moved


def _unit(vector: np.ndarray) -> np.ndarray:
    """Zeros where there is no direction."""
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return vector / np.where(length > 1e-9, length, 1.0)
