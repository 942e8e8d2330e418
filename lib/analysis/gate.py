"""Which exercise a motion looks like, from scale- and rotation-free features.

Each exercise is looked at where the joint that drives it moves far: one set in minutes of resting
or walking about is still one.
"""

from dataclasses import replace
from functools import cache, cached_property

import numpy as np
from scipy.stats import norm

from lib.analysis.exercises import UNKNOWN, Angle, Range, exercise_names, load_exercise
from lib.analysis.form import (
    ARM_BONES,
    leg_length,
    limb_angle,
    mean_angle,
    mid,
    segment_length,
    trunk_line,
)
from lib.analysis.moving import moving_part
from lib.analysis.track import Track, prepare
from lib.geometry import angle_deg
from lib.pose import Pose3D
from lib.signals import fill_gaps, finite_runs, median_of

SIGMA = {"deg": 8.0, "ratio": 0.08}
"""Uncertainty of a feature, for the confidence (choice)."""
LYING_DEG, LYING_S = 45.0, 5.0
"""A trunk that leans further for so long lies, or is a plank (choice)."""
BENT_OVER, HIPS_UP = 0.75, 0.4
"""Leg lengths: who has the hands nearer to the ankles and the hips higher over them bends over a
bar and does not lie (choice)."""
FACING_S = 10.0
"""People face one way for so long (choice; steps come sooner)."""
SETTLE_S = 2.5
"""Getting down and up again; at most half of it all (choice)."""


def _spread(x: np.ndarray) -> float:
    known = x[np.isfinite(x)]
    return float(np.subtract(*np.percentile(known, [95, 5]))) if len(known) else float("nan")


class Features:
    """What the exercises' `looks_like` may ask for; each a number, NaN if it cannot be known."""

    def __init__(self, track: Track) -> None:
        self._track = track

    @cached_property
    def _hip_deg(self) -> np.ndarray:
        return mean_angle(self._track.xyz, "hip")

    @cached_property
    def _knee_deg(self) -> np.ndarray:
        return mean_angle(self._track.xyz, "knee")

    @cached_property
    def hip_range_deg(self) -> float:
        """95th minus 5th percentile of hip flexion."""
        return _spread(self._hip_deg)

    @cached_property
    def elbow_range_deg(self) -> float:
        """The same of elbow flexion."""
        return _spread(mean_angle(self._track.xyz, "elbow"))

    @cached_property
    def knee_range_deg(self) -> float:
        """The same of knee flexion."""
        return _spread(self._knee_deg)

    @cached_property
    def hip_minus_elbow_range_deg(self) -> float:
        """Whether the hips or the elbows do the work; hips if positive or if no arm is seen."""
        elbow = self.elbow_range_deg
        return self.hip_range_deg - (elbow if np.isfinite(elbow) else 0.0)

    @cached_property
    def feet_spread(self) -> float:
        """How far one foot goes from the other in most frames (middle half), in leg lengths.

        Of each stretch in which both are seen, FACING_S at most, by itself, mean over the frames:
        in the next set, or back in the picture, people may face another way.
        """
        apart = self._track.joint("rankle") - self._track.joint("lankle")
        most = max(1, round(FACING_S * self._track.fps))
        parts = [
            part
            for start, stop in finite_runs(np.isfinite(apart).all(-1))
            for part in np.array_split(apart[start:stop], -(-(stop - start) // most))
        ]
        if not parts:
            return 0.0  # one foot unseen: no objection
        spans = [np.percentile(part, [25, 75], axis=0) for part in parts]
        far = [float(np.linalg.norm(high - low)) for low, high in spans]
        return float(np.average(far, weights=list(map(len, parts)))) / leg_length(self._track)

    @cached_property
    def hand_to_foot_spread(self) -> float:
        """How much the distance of hands and feet changes in most frames, in leg lengths."""
        gap = mid(self._track.xyz, "wrist") - mid(self._track.xyz, "ankle")
        gap = np.linalg.norm(gap, axis=-1)
        gap = gap[np.isfinite(gap)]
        if len(gap) == 0:
            return float("nan")
        return float(np.subtract(*np.percentile(gap, [75, 25]))) / leg_length(self._track)

    @cached_property
    def arm_median_deg(self) -> float:
        """Median angle of the trunk to the line shoulder-wrist: 0 = hanging, 90 = across."""
        return median_of(mean_angle(self._track.xyz, "arm"))

    @cached_property
    def hands_over_shoulders(self) -> float:
        """Median height of the hands over the shoulders, arm lengths: 1 = held up, -1 = hanging."""
        over = mid(self._track.xyz, "wrist") - mid(self._track.xyz, "shoulder")
        arm = 2 * segment_length(self._track, *ARM_BONES) or float("nan")
        return median_of(over @ self._track.up.vector) / arm

    @cached_property
    def knee_agreement(self) -> float:
        """Correlation of the knees: near 1 in a squat, negative in walking; 1 if one is unseen."""
        left, right = (limb_angle(self._track.xyz, "knee", side) for side in "lr")
        known = np.isfinite(left) & np.isfinite(right)
        if known.sum() < 3 or np.ptp(left[known]) == 0 or np.ptp(right[known]) == 0:
            return 1.0
        return float(np.corrcoef(left[known], right[known])[0, 1])

    @cached_property
    def knee_median_deg(self) -> float:
        """Median knee flexion."""
        return median_of(self._knee_deg)

    @cached_property
    def trunk_lean_median_deg(self) -> float:
        """Median angle of the trunk from up: 0 = upright, 90 = lying."""
        return median_of(_lean_deg(self._track))

    @cached_property
    def wrist_along_trunk(self) -> float:
        """Median place of the hands along the trunk: 0 = shoulder height, 1 = hips."""
        shoulder = mid(self._track.xyz, "shoulder")
        trunk = mid(self._track.xyz, "hip") - shoulder
        along = ((mid(self._track.xyz, "wrist") - shoulder) * trunk).sum(-1)
        return median_of(along / np.maximum((trunk**2).sum(-1), 1e-12))

    @cached_property
    def wrist_to_ankle_loaded(self) -> float:
        """Distance of hands and ankles with the hips bent most (upper fifth), in leg lengths."""
        hip = self._hip_deg
        known = np.isfinite(hip)
        if not known.any():
            return float("nan")
        bent = hip >= np.percentile(hip[known], 80)
        gap = mid(self._track.xyz, "wrist") - mid(self._track.xyz, "ankle")
        return median_of(np.linalg.norm(gap, axis=-1)[bent]) / leg_length(self._track)

    @cached_property
    def loaded_at_both_ends(self) -> float:
        """The lesser knee flexion of the two ends between standing (0) and seated (1)."""
        knee = self._knee_deg
        knee = knee[np.isfinite(knee)]
        if len(knee) == 0:
            return float("nan")
        num = max(1, min(len(knee) // 20, round(0.5 * self._track.fps)))
        low, high = np.percentile(knee, [5, 95])
        ends = min(np.median(knee[:num]), np.median(knee[-num:]))
        return float((ends - low) / max(high - low, 1e-9))


def _unit_of(feature: str) -> str:
    return "deg" if feature.endswith("_deg") else "ratio"


def _fit(value: float, want: Range, sigma: float) -> float:
    """Probability that a feature lies in its range; 0.5 on the limit, 0 or 1 if unknown."""
    if not np.isfinite(value):
        return float(want.if_seen)
    return float(norm.cdf(min(value - want.min, want.max - value) / sigma))


def _lean_deg(track: Track) -> np.ndarray:
    """(N,) of the `trunk_line`: 0 = upright, 90 = lying."""
    line = -trunk_line(track.xyz)
    return angle_deg(line, np.broadcast_to(track.up.vector, line.shape))


def _lying_runs(track: Track) -> list[tuple[int, int]]:
    """Half-open runs in which the body lies or is a plank: longer than a hinge or a fall, and no
    slow one over a bar at the feet."""
    lean = fill_gaps(_lean_deg(track))
    ankle, leg = mid(track.xyz, "ankle"), leg_length(track)
    gap = np.linalg.norm(mid(track.xyz, "wrist") - ankle, axis=-1)
    hips = (mid(track.xyz, "hip") - ankle) @ track.up.vector
    is_bent_over = (fill_gaps(gap) < BENT_OVER * leg) & (fill_gaps(hips) > HIPS_UP * leg)
    runs = finite_runs((lean > LYING_DEG) & ~is_bent_over)
    return [(a, b) for a, b in runs if b - a >= LYING_S * track.fps]


def _by_posture(track: Track) -> dict[bool, Track]:
    """What upright exercises look at and what the others do: who walks in to do push-ups, or lies
    down on a bench, is both in one recording."""
    runs = _lying_runs(track)
    if not runs:
        return dict.fromkeys((True, False), track)
    first, last = max(runs, key=lambda run: run[1] - run[0])
    settling = min(round(SETTLE_S * track.fps), (last - first) // 4)
    is_upright = np.ones(len(track), bool)
    for a, b in runs:
        is_upright[a:b] = False
    return {
        True: replace(track, xyz=track.xyz[is_upright]),
        False: replace(track, xyz=track.xyz[first + settling : last - settling]),
    }


def guess_on(track: Track) -> tuple[str, float]:
    """`guess_exercise` on a prepared track."""
    of_posture = _by_posture(track)

    @cache
    def features(upright: bool, angle: Angle) -> Features:
        return Features(moving_part(of_posture[upright], angle))

    scores = {}
    for name in exercise_names():
        exercise = load_exercise(name)
        seen = features(exercise.upright, exercise.drive.angle)
        fits = [
            _fit(getattr(seen, key), want, SIGMA[_unit_of(key)])
            for key, want in exercise.looks_like.items()
        ]
        scores[name] = min(fits) if fits else 0.0
    best = max(scores, key=lambda name: scores[name])
    if not scores[best] > 0.5:
        return UNKNOWN, 1.0 - scores[best]
    others = max((s for name, s in scores.items() if name != best), default=0.0)
    return best, scores[best] * (1 - others)


def guess_exercise(pose: Pose3D) -> tuple[str, float]:
    """Name of the exercise whose conditions all hold, or 'unknown'; and a confidence in [0, 1].

    Anything that is not clearly one of configs/exercises is unknown.
    """
    return guess_on(prepare(pose))
