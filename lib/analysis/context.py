"""What the checks of a recording's candidates look at. N samples of a Track."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.ndimage import maximum_filter1d

from lib.analysis.drive import DriveSignal
from lib.analysis.exercises import Exercise
from lib.analysis.form import ARM_BONES, leg_length, mean_angle, segment_length, trunk_line
from lib.analysis.track import SHORT_GAP_S, Track
from lib.analysis.walking import in_turn, walks
from lib.signals import fill_gaps, pulse_height, rolling_median

LEVEL_S = 0.15
SHIFT_WINDOW_S, SHIFT_PERCENT = 0.4, (10, 90)
"""Feet and hands: a running median, then the range without the ends, so that a keypoint that is
elsewhere for a moment moves no foot."""
FLIGHT_S = 0.8
"""Feet in the air for longer than twice this are no jump; a jump's flight begins or ends within
half of it from the bent legs."""
LEG_TO_ARM = 1.48
"""Hip to ankle over shoulder to wrist (Winter: 0.491 and 0.332 of the height)."""


@dataclass(frozen=True)
class Context:
    """What the checks look at, computed once per recording."""

    exercise: Exercise
    track: Track
    drive: DriveSignal
    foot_shift: np.ndarray
    """(N, 2) right minus left foot, in leg lengths, in the picture or floor plane."""
    hand_shift: np.ndarray
    """(N, 2) the same of the hands."""
    foot_rise: np.ndarray
    """(N,) how far both feet are above where they were just before and just after, in leg lengths:
    a jump. What moves the whole body once, as a seam between lifted clips does, is none."""

    def level_deg(self, i_turn: int) -> float:
        """Drive about a turning point, which itself is where noise is most extreme."""
        half = max(1, round(LEVEL_S * self.track.fps))
        around = self.drive.u_deg[max(0, i_turn - half) : i_turn + half + 1]
        return float(np.nanmean(around))

    @cached_property
    def is_near_seen(self) -> np.ndarray:
        """(N,) the drive's joints were seen, or the gap is short enough to measure across."""
        return maximum_filter1d(self.drive.is_seen, max(1, round(SHORT_GAP_S * self.track.fps)))

    @cached_property
    def bend_deg(self) -> np.ndarray:
        """(N,) the drive's angle itself; NaN where it was not seen."""
        bend_deg = mean_angle(self.track.xyz, self.exercise.drive.angle)
        return np.where(self.is_near_seen, bend_deg, np.nan)

    @cached_property
    def trunk(self) -> np.ndarray:
        """(N, 3) see `trunk_line`."""
        return trunk_line(self.track.xyz)

    @cached_property
    def legs_in_turn(self) -> np.ndarray:
        """(N,) see lib.analysis.walking."""
        return in_turn(self.track)

    @cached_property
    def walks(self) -> list[tuple[int, int]]:
        """Half-open runs of samples in which the person walks."""
        return walks(self.legs_in_turn, self.track.fps)


def _shift(track: Track, part: str, leg: float) -> np.ndarray:
    # In the picture's plane only: the lifted depth of a hidden foot wanders by itself.
    apart = (track.joint("r" + part) - track.joint("l" + part))[:, :2] / leg
    bridged = np.nan_to_num(fill_gaps(apart))
    return rolling_median(bridged, round(SHIFT_WINDOW_S * track.fps))


def _rise(track: Track, leg: float) -> np.ndarray:
    height = fill_gaps(track.foot_height)
    if not np.isfinite(height).all() or not leg > 0:
        return np.zeros(len(track))
    return pulse_height(height, round(FLIGHT_S * track.fps)) / leg


def make_context(
    exercise: Exercise, track: Track, drive: DriveSignal, leg: float | None = None
) -> Context:
    """Signals for `why_not`. leg: the leg's length in the track's unit, if it is known already."""
    leg = leg_length(track) if leg is None else leg
    none = np.zeros((len(track), 2))
    wants_feet = exercise.checks.max_foot_shift is not None and np.isfinite(leg)
    if not np.isfinite(leg):  # behind a bench or a rack
        leg = 2 * LEG_TO_ARM * segment_length(track, *ARM_BONES)
    wants_hands = exercise.checks.max_hand_shift is not None and np.isfinite(leg)
    feet = _shift(track, "ankle", leg) if wants_feet else none
    hands = _shift(track, "wrist", leg) if wants_hands else none
    return Context(exercise, track, drive, feet, hands, _rise(track, leg))
