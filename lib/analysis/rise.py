"""Did a last rise have the bar in its hands?

A bar has to pass the knees, so they straighten before the trunk comes up; with empty hands knees
and hips straighten together. A rise is therefore compared with those of the reps before at the same
bend of the hips, whatever its speed and whatever follows.
"""

from collections.abc import Sequence

import numpy as np

from lib.analysis.cycles import Move
from lib.analysis.form import mean_angle

HIP_DEG = np.arange(40.0, 126.0, 5.0)
"""Bends of the hips at which rises are compared: below them all legs are straight."""


def knee_path(xyz: np.ndarray, lift: Move) -> np.ndarray:
    """(L,) bend of the knees, degrees, as the hips pass HIP_DEG on the way up; NaN where they do
    not. xyz (N, 17, 3)."""
    rows = xyz[lift.start : lift.end + 1]
    hip, knee = mean_angle(rows, "hip"), mean_angle(rows, "knee")
    known = np.isfinite(hip) & np.isfinite(knee)
    if not known.any():
        return np.full(len(HIP_DEG), np.nan)
    passed = np.minimum.accumulate(hip[known])[::-1]
    return np.interp(HIP_DEG, passed, knee[known][::-1], left=np.nan, right=np.nan)


def more_bent_deg(path: np.ndarray, before: Sequence[np.ndarray]) -> float:
    """How much more the knees are bent than in the median of the rises before, mean over the bends
    of the hips that all of them pass; 0 where there is none."""
    away = path - np.median(before, axis=0)
    known = np.isfinite(away)
    return float(away[known].mean()) if known.any() else 0.0
