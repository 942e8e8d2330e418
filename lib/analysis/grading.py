"""How good a repetition is, and how sure its detection."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtr

from lib.analysis.cycles import Cycle
from lib.analysis.records import Rep
from lib.analysis.rejection import (
    Context,
    is_failed,
    lockout_level,
    side_correlation,
    span_of,
    unreached_deg,
)  # fmt: skip
from lib.analysis.rise import knee_path, off_path_deg

SHALLOW_SHARE = 0.72
"""A rep that loads less than this share of its set's median is partial."""
UNKNOWN_AGREEMENT = 0.8
"""Stands for the agreement of the sides where only one is seen."""
LEAST_NOISE_DEG, CORRELATION_SIGMA, SHIFT_SIGMA = 2.0, 0.2, 0.05
"""How uncertain what is held against a limit is: degrees, correlation, leg lengths (choice)."""
LIKENESS_DEG = 60.0
"""Mean distance to the set's median repetition at which confidence falls to 1 / e (choice)."""


def _beyond(margin: float, sigma: float) -> float:
    """Probability that a value this far inside a limit is inside; 0.5 on it, 1 if unknown."""
    return float(ndtr(margin / sigma)) if np.isfinite(margin) else 1.0


def _margins(context: Context, cycle: Cycle, threshold_deg: float) -> float:
    """Product over the limits that decided: excursion, lockout, sides together, feet and hands."""
    noise_deg = max(context.drive.noise_deg, LEAST_NOISE_DEG)
    excursion = min(move.excursion_deg for move in cycle.moves)
    checks, start, end = context.exercise.checks, cycle.start, cycle.end
    odds = _beyond(excursion - threshold_deg, np.sqrt(2) * noise_deg)
    odds *= _beyond(unreached_deg(context) - lockout_level(context, cycle), noise_deg)
    if checks.min_side_correlation is not None:
        agreement = side_correlation(context.drive, start, end) - checks.min_side_correlation
        odds *= _beyond(agreement, CORRELATION_SIGMA)
    for limit, shift in (
        (checks.max_foot_shift, context.foot_shift), (checks.max_hand_shift, context.hand_shift)
    ):  # fmt: skip
        if limit is not None:
            odds *= _beyond(limit - span_of(shift, start, cycle.first.end), SHIFT_SIGMA)
    return odds


def confidence(context: Context, cycle: Cycle, threshold_deg: float) -> float:
    """In [0, 1]: clear of noise, joints seen, sides alike, and clear of every limit that decided.

    `grade` takes likeness to the rest of the set into account. threshold_deg: the least reversal.
    """
    excursion = min(move.excursion_deg for move in cycle.moves)
    clarity = 1 - np.exp(-excursion / (8 * max(context.drive.noise_deg, 1.0)))
    seen = float(context.drive.is_seen[cycle.start : cycle.end + 1].mean())
    correlation = side_correlation(context.drive, cycle.start, cycle.end)
    agreement = (1 + correlation) / 2 if np.isfinite(correlation) else UNKNOWN_AGREEMENT
    odds = _margins(context, cycle, threshold_deg)
    return float(np.clip(clarity * seen * agreement * odds, 0, 1))


def _likeness(context: Context, reps: Sequence[Rep]) -> np.ndarray:
    """(R,) how like the set's median repetition each is: exp(-mean distance / LIKENESS_DEG).

    A set of one or two has none to be like: 1.
    """
    if len(reps) < 3:
        return np.ones(len(reps))
    u = context.drive.u_deg
    place = np.linspace([r.cycle.start for r in reps], [r.cycle.end for r in reps], 101, axis=1)
    curves = np.interp(place, np.arange(len(u)), np.nan_to_num(u))
    away = np.abs(curves - np.median(curves, axis=0)).mean(1)
    return np.exp(-away / LIKENESS_DEG)


def _loaded_deg(context: Context, rep: Rep) -> float:
    return float(context.drive.u_deg[rep.cycle.i_loaded])


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
    """See Drive.off_path_deg: standing up after the last rep, the bar left on the floor."""
    limit_deg, last = context.exercise.drive.off_path_deg, reps[i_rep]
    lifts = [rep.cycle.first for rep in reps[:i_rep] if rep.cycle.second is not None]
    is_last_rise = i_rep == len(reps) - 1 and last.cycle.second is None
    if limit_deg is None or not is_last_rise or not lifts:
        return False
    *before, path = (knee_path(context.track.xyz, lift) for lift in (*lifts, last.cycle.first))
    return off_path_deg(path, before) > limit_deg


def _grade_set(context: Context, reps: list[Rep]) -> list[Rep]:
    median_deg = float(np.median([_loaded_deg(context, rep) for rep in reps]))
    likeness = _likeness(context, reps)
    graded = []
    for i_rep, rep in enumerate(reps):
        reasons = _partial_reasons(context, rep, median_deg)
        quality = "partial" if reasons else "full"
        quality = "suspect" if _is_suspect(context, reps, i_rep) else quality
        quality = "failed" if is_failed(context, rep.cycle) else quality
        sure = rep.confidence * float(likeness[i_rep])
        rep = replace(rep, quality=quality, partial_reasons=reasons, confidence=sure)
        graded.append(rep)
    return graded


def grade(context: Context, reps: list[Rep]) -> list[Rep]:
    """Fill in quality and reasons, and what the set says about confidence, set by set."""
    graded = []
    for i_set in dict.fromkeys(rep.set_index for rep in reps):
        graded += _grade_set(context, [rep for rep in reps if rep.set_index == i_set])
    return graded
