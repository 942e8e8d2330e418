"""Returns that stop part of the way: what was counted as one repetition may be two.

Repetitions are parted where the drive reverses far enough (`lib.analysis.reps`). Of two pulls
between which the bar goes down by less, the counter makes one, and cannot know better. Where a
repetition starts unloaded, the same is a rebound from the bottom, which is a fault of one.
"""

import numpy as np

from lib.analysis.drive import DriveSignal
from lib.analysis.exercises import Exercise
from lib.analysis.records import COUNTED, Rep, RepCount
from lib.analysis.reps import CLEAR_SIGMAS
from lib.analysis.zigzag import turning_points

LEAST_SHARE = 0.5
"""Of the least reversal that counts (sim: noise at lockout makes at most 0.35)."""
NEAR_LOCKOUT = 0.25
"""Of the repetition's range: it comes from the lockout and reaches it again; what sinks half-way
is one that sticks."""
SEEN_SHARE = 0.5
"""Of the samples between."""


def half_returns(count: RepCount, exercise: Exercise) -> list[tuple[Rep, tuple[int, int]]]:
    """Counted repetitions that start loaded, go part of the way back and come again; and the
    frames, end exclusive, from lockout to lockout."""
    drive = count.drive
    if drive is None or exercise.drive.starts != "loaded":
        return []
    least_deg = max(LEAST_SHARE * count.threshold_deg, CLEAR_SIGMAS * drive.noise_deg)
    found = []
    for rep in count.reps:
        ends = _comes_again(drive, rep.cycle.start, rep.cycle.end, least_deg)
        if ends and rep.quality in COUNTED:
            found.append((rep, count.track.source_span(*ends)))
    return found


def _comes_again(
    drive: DriveSignal, start: int, end: int, least_deg: float
) -> tuple[int, int] | None:
    """First and last sample of [start, end] at lockout between which the drive goes back by
    least_deg; None if it does not."""
    u = drive.u_deg[start : end + 1]
    turns = turning_points(u, least_deg)
    near = u.min() + NEAR_LOCKOUT * np.ptp(u)
    places = [
        (int(a), int(b)) for a, back, b in zip(turns, turns[1:], turns[2:], strict=False)
        if max(u[a], u[b]) <= min(near, u[back])
        and drive.is_seen[start + a : start + b + 1].mean() > SEEN_SHARE
    ]  # fmt: skip
    return (start + places[0][0], start + places[-1][1]) if places else None
