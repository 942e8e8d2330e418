"""Which exercise a motion looks like, from its features.

Each exercise is looked at where the joint that drives it moves far: one set in minutes of resting
or walking about is still one.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy.stats import norm

from lib.analysis.exercises import UNKNOWN, Angle, Range, exercise_names, load_exercise
from lib.analysis.features import Features, lean_deg
from lib.analysis.form import leg_length, mid
from lib.analysis.moving import moving_part
from lib.analysis.track import Track, prepare
from lib.pose import Pose3D
from lib.signals import fill_gaps, finite_runs

SIGMA = {"deg": 8.0, "ratio": 0.08}
"""Uncertainty of a feature, for the confidence (choice)."""
FITS = 0.5
"""Above it all conditions of an exercise hold."""
LYING_DEG, LYING_S = 45.0, 5.0
"""A trunk that leans further for so long lies, or is a plank (choice)."""
BENT_OVER, HIPS_UP = 0.75, 0.4
"""Leg lengths: who has the hands nearer to the ankles and the hips higher over them bends over a
bar and does not lie (choice)."""
DOWN_AND_UP = 2
"""So many movements of a joint are sitting down on a bench and rising from it."""
SETTLE_S = 2.5
"""Getting down and up again; at most half of it all (choice)."""


def _unit_of(feature: str) -> str:
    return "deg" if feature.endswith("_deg") else "ratio"


def _fit(value: float, want: Range, sigma: float) -> float:
    """Probability that a feature lies in its range; 0.5 on the limit, 0 or 1 if unknown."""
    if not np.isfinite(value):
        return float(want.if_seen)
    return float(norm.cdf(min(value - want.min, want.max - value) / sigma))


def _lying_runs(track: Track) -> list[tuple[int, int]]:
    """Half-open runs in which the body lies or is a plank: longer than a hinge or a fall, and no
    slow one over a bar at the feet."""
    lean = fill_gaps(lean_deg(track))
    ankle, leg = mid(track.xyz, "ankle"), leg_length(track)
    gap = np.linalg.norm(mid(track.xyz, "wrist") - ankle, axis=-1)
    hips = (mid(track.xyz, "hip") - ankle) @ track.up.vector
    is_bent_over = (fill_gaps(gap) < BENT_OVER * leg) & (fill_gaps(hips) > HIPS_UP * leg)
    runs = finite_runs((lean > LYING_DEG) & ~is_bent_over)
    return [(a, b) for a, b in runs if b - a >= LYING_S * track.fps]


@dataclass(frozen=True)
class _Postures:
    """A recording by posture: who walks in to do push-ups, or lies down on a bench, is both."""

    seen: dict[bool, Track]
    """What upright exercises look at, and what the others do: the longest time down."""
    all_lying: Track
    times: int
    """Somebody lies down so often."""


def _by_posture(track: Track) -> _Postures:
    runs = _lying_runs(track)
    if not runs:
        return _Postures(dict.fromkeys((True, False), track), track, 0)
    first, last = max(runs, key=lambda run: run[1] - run[0])
    settling = min(round(SETTLE_S * track.fps), (last - first) // 4)
    is_upright = np.ones(len(track), bool)
    for a, b in runs:
        is_upright[a:b] = False
    seen = {
        True: replace(track, xyz=track.xyz[is_upright]),
        False: replace(track, xyz=track.xyz[first + settling : last - settling]),
    }
    return _Postures(seen, replace(track, xyz=track.xyz[~is_upright]), len(runs))


def _scores(postures: _Postures) -> dict[str, float]:
    """Exercise -> how well its worst condition fits what is seen."""

    @cache
    def features(upright: bool, angle: Angle) -> Features:
        return Features(moving_part(postures.seen[upright], angle)[0])

    scores = {}
    for name in exercise_names():
        exercise = load_exercise(name)
        seen = features(exercise.upright, exercise.drive.angle)
        fits = [
            _fit(getattr(seen, key), want, SIGMA[_unit_of(key)])
            for key, want in exercise.looks_like.items()
        ]
        scores[name] = min(fits) if fits else 0.0
    return scores


def _without_getting_down(scores: dict[str, float], postures: _Postures) -> dict[str, float]:
    """Scores where an exercise fits that is done lying or on the hands: getting down and up again
    bends knees, too. Upright movements besides count by their number over that of the others."""
    kinds = {name: load_exercise(name) for name in scores}
    best = {kinds[name].upright: name for name in sorted(scores, key=scores.__getitem__)}
    if not postures.times or len(best) < 2 or scores[best[False]] <= FITS:
        return scores
    lying, upright = best[False], best[True]
    num_lying = moving_part(postures.all_lying, kinds[lying].drive.angle)[1]
    left = moving_part(postures.seen[True], kinds[upright].drive.angle)[1]
    if not kinds[lying].on_hands:
        left = max(0, left - DOWN_AND_UP * postures.times)
    weight = min(1.0, left / max(num_lying, 1))
    return {name: s * (weight if kinds[name].upright else 1.0) for name, s in scores.items()}


def guess_on(track: Track) -> tuple[str, float]:
    """`guess_exercise` on a prepared track."""
    postures = _by_posture(track)
    scores = _without_getting_down(_scores(postures), postures)
    best = max(scores, key=lambda name: scores[name])
    if not scores[best] > FITS:
        return UNKNOWN, 1.0 - scores[best]
    others = max((s for name, s in scores.items() if name != best), default=0.0)
    return best, scores[best] * (1 - others)


def guess_exercise(pose: Pose3D) -> tuple[str, float]:
    """Name of the exercise whose conditions all hold, or 'unknown'; and a confidence in [0, 1].

    Anything that is not clearly one of configs/exercises is unknown.
    """
    return guess_on(prepare(pose))
