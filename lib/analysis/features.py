"""Scale- and rotation-free features of a motion, by which exercises are told apart."""

from functools import cached_property

import numpy as np

from lib.analysis.form import (
    ARM_BONES,
    leg_length,
    limb_angle,
    mean_angle,
    mid,
    segment_length,
    trunk_line,
)
from lib.analysis.track import Track
from lib.geometry import angle_deg
from lib.signals import finite_runs, median_of

FACING_S = 10.0
"""People face one way for so long (choice; steps come sooner)."""


def lean_deg(track: Track) -> np.ndarray:
    """(N,) of the `trunk_line`: 0 = upright, 90 = lying."""
    line = -trunk_line(track.xyz)
    return angle_deg(line, np.broadcast_to(track.up.vector, line.shape))


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
        return median_of(lean_deg(self._track))

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
