"""Did a last rise have the bar in its hands?

A bar has to pass the knees, so they straighten before the trunk comes up; with empty hands knees
and hips straighten together, or the hands slide up the thighs while a bar would keep them low. A
rise is therefore compared with those of the reps before, whatever its speed and whatever follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.analysis.exercises import EmptyRise
from lib.analysis.form import mean_angle, mid
from lib.analysis.move import Move

HIP_DEG = np.arange(40.0, 126.0, 5.0)
"""Bends of the hips at which rises are compared: below them all legs are straight."""


@dataclass(frozen=True)
class Rise:
    """What is compared."""

    knees_deg: np.ndarray
    """(L,) bend of the knees as the hips pass HIP_DEG on the way up; NaN where they do not."""
    hands: float
    """Mean distance from the hands to the hips in the first half, leg lengths; NaN if unknown."""


def rise_of(xyz: np.ndarray, lift: Move) -> Rise:
    """Of a lift in poses (N, 17, 3)."""
    rows = xyz[lift.start : lift.end + 1]
    hip, knee = mean_angle(rows, "hip"), mean_angle(rows, "knee")
    known = np.isfinite(hip) & np.isfinite(knee)
    hands = _hands_to_hips(rows[: len(rows) // 2 + 1])
    if not known.any():
        return Rise(np.full(len(HIP_DEG), np.nan), hands)
    passed = np.minimum.accumulate(hip[known])[::-1]
    knees = np.interp(HIP_DEG, passed, knee[known][::-1], left=np.nan, right=np.nan)
    return Rise(knees, hands)


def _hands_to_hips(rows: np.ndarray) -> float:
    hip, knee, ankle, hand = (mid(rows, part) for part in ("hip", "knee", "ankle", "wrist"))
    leg = np.linalg.norm(hip - knee, axis=-1) + np.linalg.norm(knee - ankle, axis=-1)
    away = np.linalg.norm(hand - hip, axis=-1) / np.where(leg > 0, leg, np.nan)
    away = away[np.isfinite(away)]
    return float(away.mean()) if len(away) else float("nan")


def is_empty(rise: Rise, before: Sequence[Rise], rule: EmptyRise) -> bool:
    """Whether the knees are bent more than in the median of the rises before, on the average of the
    bends of the hips that all of them pass, or the hands are nearer to the hips."""
    away = rise.knees_deg - np.median([one.knees_deg for one in before], axis=0)
    away = away[np.isfinite(away)]
    nearer = np.median([one.hands for one in before]) - rise.hands
    is_bent = len(away) > 0 and float(away.mean()) > rule.knees_deg
    return is_bent or bool(nearer > rule.hands_nearer)
