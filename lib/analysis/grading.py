"""How good a repetition is, and how sure its detection."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lib.analysis.cycles import Cycle
from lib.analysis.records import Rep
from lib.analysis.rejection import Context, is_failed, lockout_level, side_correlation

SHALLOW_SHARE = 0.72
"""A rep that loads less than this share of its set's median is partial."""
MIN_REPS_TO_SUSPECT = 3
UNKNOWN_AGREEMENT = 0.8
"""Stands for the agreement of the sides where only one is seen."""


def confidence(context: Context, cycle: Cycle) -> float:
    """In [0, 1]: product of signal to noise, share seen, agreement of the sides."""
    excursion = min(move.excursion_deg for move in cycle.moves)
    clarity = 1 - np.exp(-excursion / (8 * max(context.drive.noise_deg, 1.0)))
    seen = float(context.drive.is_seen[cycle.start : cycle.end + 1].mean())
    correlation = side_correlation(context.drive, cycle.start, cycle.end)
    agreement = (1 + correlation) / 2 if np.isfinite(correlation) else UNKNOWN_AGREEMENT
    return float(np.clip(clarity * seen * agreement, 0, 1))


def _loaded_deg(context: Context, rep: Rep) -> float:
    return float(context.drive.u_deg[rep.cycle.i_loaded])


def _lift_speed(rep: Rep) -> float:
    lift = rep.cycle.unloading
    return lift.peak_speed if lift else 0.0


def _partial_reasons(context: Context, rep: Rep, median_deg: float) -> tuple[str, ...]:
    gates = context.exercise.drive
    reasons = []
    if _loaded_deg(context, rep) < gates.full_gate_deg:
        reasons.append("depth_below_full")
    if _loaded_deg(context, rep) < SHALLOW_SHARE * median_deg:
        reasons.append("depth_below_set")
    if lockout_level(context, rep.cycle) > gates.top_gate_deg:
        reasons.append("lockout_missing")
    return tuple(reasons)


def _is_suspect(context: Context, reps: Sequence[Rep], i_rep: int) -> bool:
    """A last lift that never goes back down and is much faster than the others: without the bar."""
    ratio = context.exercise.drive.suspect_speed_ratio
    is_last_half = i_rep == len(reps) - 1 and reps[i_rep].cycle.second is None
    if ratio is None or len(reps) < MIN_REPS_TO_SUSPECT or not is_last_half:
        return False
    others = [_lift_speed(rep) for i, rep in enumerate(reps) if i != i_rep]
    return _lift_speed(reps[i_rep]) > ratio * float(np.median(others))


def _grade_set(context: Context, reps: list[Rep]) -> list[Rep]:
    median_deg = float(np.median([_loaded_deg(context, rep) for rep in reps]))
    graded = []
    for i_rep, rep in enumerate(reps):
        reasons = _partial_reasons(context, rep, median_deg)
        quality = "partial" if reasons else "full"
        quality = "suspect" if _is_suspect(context, reps, i_rep) else quality
        quality = "failed" if is_failed(context, rep.cycle) else quality
        graded.append(replace(rep, quality=quality, partial_reasons=reasons))
    return graded


def grade(context: Context, reps: list[Rep]) -> list[Rep]:
    """Fill in quality and reasons, set by set."""
    graded = []
    for i_set in dict.fromkeys(rep.set_index for rep in reps):
        graded += _grade_set(context, [rep for rep in reps if rep.set_index == i_set])
    return graded
