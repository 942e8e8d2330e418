"""The offline counter's own word on the last seconds of a live recording.

It costs as much as hundreds of frames of the live counter, so it is asked only about a candidate
that is unlike the repetitions it has already confirmed.
"""

from dataclasses import dataclass, replace

import numpy as np

from lib.analysis.context import Context, make_context
from lib.analysis.cycles import Cycle, find_moves, pair_moves
from lib.analysis.drive import DriveSignal, drive_signal
from lib.analysis.exercises import Exercise
from lib.analysis.rejection import is_failed, why_not
from lib.analysis.reps import CLEAR_SIGMAS, reversal_threshold, threshold_of
from lib.analysis.track import track_of
from lib.pose import Pose3D


@dataclass(frozen=True)
class Found:
    """A candidate of the offline counter, on the recording's clock."""

    reason: str | None
    """Why it is no repetition; None: it is."""
    start_s: float
    turn_s: float
    end_s: float
    lift_end_s: float
    """End of the part that makes it count."""
    excursion_deg: float

    @property
    def seconds(self) -> float:
        """Of that part."""
        return self.lift_end_s - self.start_s


def _found(context: Context, cycle: Cycle, *, is_last: bool) -> Found:
    if not is_last:  # more is to come: what stopped short has stopped
        cycle = replace(cycle, touches_end=False)
    reason = why_not(context, cycle)
    if reason is None and is_failed(context, cycle):
        reason = "never_locked_out"
    loaded = context.exercise.drive.starts == "loaded"
    places = (cycle.start, cycle.first.i_to, cycle.end, cycle.first.end if loaded else cycle.end)
    start_s, turn_s, end_s, lift_end_s = (float(context.track.time_s[i]) for i in places)
    return Found(reason, start_s, turn_s, end_s, lift_end_s, cycle.first.excursion_deg)


def _threshold(drive: DriveSignal, least_deg: float, usual_deg: float) -> float:
    """As offline; what repetitions are usually like is known from before this stretch."""
    if usual_deg < CLEAR_SIGMAS * drive.noise_deg:
        return reversal_threshold(drive, least_deg)
    return threshold_of(drive, least_deg, usual_deg)


def look(
    pose: Pose3D, exercise: Exercise, least_deg: float, usual_deg: float, *, is_last: bool
) -> list[Found]:
    """Candidates of a stretch (T frames) in their order.

    least_deg: the least reversal. usual_deg: amplitude of the repetitions before; 0: none.
    is_last: the known data end with the stretch.
    """
    track = track_of(pose)
    drive = drive_signal(track, exercise.drive)
    if not np.isfinite(drive.u_deg).any():
        return []
    context = make_context(exercise, track, drive)
    found = []
    threshold = _threshold(drive, least_deg, usual_deg)
    for run in find_moves(drive.u_deg, drive.speed, drive.noise_deg, threshold, track.fps):
        cycles, _ = pair_moves(run, starts_loaded=exercise.drive.starts == "loaded")
        found += [_found(context, cycle, is_last=is_last) for cycle in cycles]
    return found
