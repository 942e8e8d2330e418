"""How good a repetition is, and how sure its detection."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import ndtr

from lib.analysis.context import LEVEL_S, Context
from lib.analysis.cycles import Cycle
from lib.analysis.records import Rep
from lib.analysis.rejection import (
    is_failed,
    judged_end,
    lockout_level,
    side_correlation,
    span_of,
    unreached_deg,
)  # fmt: skip
from lib.analysis.rise import is_empty, rise_of
from lib.signals import median_of

SHALLOW_SHARE = 0.72
"""A rep less deep than this share of its set's median is partial."""
SHORT_OF_USUAL_DEG = 20.0
"""One that stops this far short of where the others of its set end misses the lockout."""
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
    checks, start, end = context.exercise.checks, cycle.start, judged_end(context, cycle)
    odds = _beyond(excursion - threshold_deg, np.sqrt(2) * noise_deg)
    odds *= _beyond(unreached_deg(context) - lockout_level(context, cycle), noise_deg)
    if checks.min_side_correlation is not None:
        agreement = side_correlation(context.drive, start, end) - checks.min_side_correlation
        odds *= _beyond(agreement, CORRELATION_SIGMA)
    for limit, shift in (
        (checks.max_foot_shift, context.foot_shift), (checks.max_hand_shift, context.hand_shift)
    ):  # fmt: skip
        if limit is not None:
            odds *= _beyond(limit - span_of(shift, start, end), SHIFT_SIGMA)
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
    first, last = reps[0].cycle.start, reps[-1].cycle.end
    within = np.arange(first, last + 1)
    place = np.linspace([r.cycle.start for r in reps], [r.cycle.end for r in reps], 101, axis=1)
    curves = np.interp(place, within, np.nan_to_num(context.drive.u_deg[within]))
    away = np.abs(curves - np.median(curves, axis=0)).mean(1)
    return np.exp(-away / LIKENESS_DEG)


def _depths(context: Context, reps: Sequence[Rep]) -> np.ndarray:
    """(R,) how much the limb is shortened in the loaded position, in its length: the height of the
    hips, the chest or the bar goes with it rather than with the angle. NaN if it was not seen."""
    half = max(1, round(LEVEL_S * context.track.fps))
    middle = [rep.cycle.i_loaded for rep in reps]
    at_bottom = [_mean(context.bend_deg[max(0, i - half) : i + half + 1]) for i in middle]
    return 1 - np.cos(np.radians(at_bottom) / 2)


def _mean(x: np.ndarray) -> float:
    """Of what is known and, in its middle, was seen; else NaN."""
    known = x[np.isfinite(x)]
    return float(known.mean()) if len(known) and np.isfinite(x[len(x) // 2]) else float("nan")


def _top_deg(context: Context, rep: Rep) -> float:
    """Drive where it ends unloaded; NaN if that was not seen."""
    lift = rep.cycle.unloading
    if lift is None or not context.is_near_seen[lift.i_to]:
        return float("nan")
    return context.level_deg(lift.i_to)


def _all_reasons(context: Context, reps: Sequence[Rep]) -> list[tuple[str, ...]]:
    """Why each repetition of a set is partial; empty: it is not."""
    gates, depth = context.exercise.drive, _depths(context, reps)
    loaded_deg = np.array([context.drive.u_deg[rep.cycle.i_loaded] for rep in reps])
    top_deg = np.array([_top_deg(context, rep) for rep in reps])
    usual_deg = median_of(top_deg) + SHORT_OF_USUAL_DEG
    tests = {
        "depth_below_full": np.isfinite(depth) & (loaded_deg < gates.full_gate_deg),
        "depth_below_set": depth < SHALLOW_SHARE * median_of(depth),
        "lockout_missing": (top_deg > gates.top_gate_deg) | (top_deg > usual_deg),
    }
    return [tuple(name for name, is_so in tests.items() if is_so[i]) for i in range(len(reps))]


def _is_suspect(context: Context, reps: Sequence[Rep], i_rep: int) -> bool:
    """See EmptyRise: standing up after the last rep, the bar left on the floor."""
    rule, last = context.exercise.drive.empty_rise, reps[i_rep]
    lifts = [rep.cycle.first for rep in reps[:i_rep] if rep.cycle.second is not None]
    is_last_rise = i_rep == len(reps) - 1 and last.cycle.second is None
    if rule is None or not is_last_rise or not lifts:
        return False
    *before, rise = (rise_of(context.track.xyz, lift) for lift in (*lifts, last.cycle.first))
    return is_empty(rise, before, rule)


def _grade_set(context: Context, reps: list[Rep]) -> list[Rep]:
    all_reasons = _all_reasons(context, reps)
    likeness = _likeness(context, reps)
    graded = []
    for i_rep, (rep, reasons) in enumerate(zip(reps, all_reasons, strict=True)):
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
