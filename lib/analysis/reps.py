"""Counting repetitions: turning points of one joint angle, checked one by one. O(T).

No count is given beforehand, reps need not touch, and none, one or two are answers like others.
Frames are 0-based rows of the recording, ends exclusive; i_... are samples of the Track.
"""

import numpy as np

from lib.analysis.context import Context, make_context
from lib.analysis.cycles import Cycle, find_moves, pair_moves
from lib.analysis.drive import DriveSignal, drive_signal
from lib.analysis.exercises import UNKNOWN, Exercise, load_exercise
from lib.analysis.gate import guess_exercise, guess_on
from lib.analysis.grading import confidence, grade
from lib.analysis.move import Move
from lib.analysis.records import SHORTEST_S, Rejected, Rep, RepCount, Unseen, into_sets
from lib.analysis.rejection import why_not
from lib.analysis.track import Track, prepare
from lib.analysis.unknown import count_unknown
from lib.analysis.zigzag import turning_points
from lib.pose import Pose3D
from lib.signals import finite_runs

__all__ = [
    "Rejected", "Rep", "RepCount", "count_on", "count_reps", "guess_exercise", "guess_on",
]  # fmt: skip

AMPLITUDE_SHARE = 0.35
"""A rep moves at least this share of the recording's robust amplitude,"""
ENOUGH_DEG = 35.0
"""but so much is always enough: who marches before a deep squat stands up in between (choice; it
changes none of 1,440 made-up recordings)."""
NOISE_SIGMAS = 4.7
"""and at least this many standard deviations of the drive's noise, where that is all one knows."""
HALF_SHARE, CLEAR_SIGMAS = 0.50, 6.0
"""One of half of it must be clear of the noise: errors that persist for 0.15 s
span about five standard deviations in ten seconds of holding still, and six in a minute. Where the
amplitude itself is less than CLEAR_SIGMAS of them, all is noise."""
TOLD_SHARE = 0.6
"""A movement above this share of the least excursion is told as rejected: amplitude."""


def reversal_threshold(drive: DriveSignal, least_deg: float) -> float:
    """Degrees that the drive must reverse by to turn: least, amplitude share and noise together."""
    u = drive.u_deg[np.isfinite(drive.u_deg)]
    least_deg = max(least_deg, NOISE_SIGMAS * drive.noise_deg)
    turns = turning_points(u, least_deg)
    if len(turns) == 0:
        return least_deg
    first_is_peak = u[turns[0]] > u[turns[1]]
    peaks = np.sort(u[turns[0 if first_is_peak else 1 :: 2]])
    amplitude = np.median(peaks[len(peaks) // 2 :]) - np.percentile(u, 10)
    return threshold_of(drive, least_deg, float(amplitude))


def threshold_of(drive: DriveSignal, least_deg: float, amplitude_deg: float) -> float:
    """`reversal_threshold` where the amplitude of a repetition is known."""
    clear_deg = CLEAR_SIGMAS * drive.noise_deg
    if amplitude_deg < clear_deg:
        return max(least_deg, clear_deg)
    noise_deg = max(NOISE_SIGMAS * drive.noise_deg, min(clear_deg, HALF_SHARE * amplitude_deg))
    return max(least_of(least_deg, amplitude_deg), noise_deg)


def least_of(least_deg: float, amplitude_deg: float) -> float:
    """Degrees that a repetition moves at least where others move amplitude_deg; live, too."""
    return max(least_deg, min(AMPLITUDE_SHARE * amplitude_deg, ENOUGH_DEG))


def _make_rep(context: Context, cycle: Cycle, threshold_deg: float) -> Rep:
    start, end = context.track.source_span(cycle.start, cycle.end)
    unseen = 1 - float(context.drive.is_seen[cycle.start : cycle.end + 1].mean())
    sure = confidence(context, cycle, threshold_deg)
    return Rep(0, 0, cycle, start, end, "full", (), sure, unseen)


def _reject(track: Track, part: Cycle | Move, reason: str) -> Rejected:
    return Rejected(*track.source_span(part.start, part.end), reason)


def _nothing(
    track: Track, exercise: str, reason: str, drive: DriveSignal | None = None
) -> RepCount:
    whole = Rejected(0, track.num_source_frames, reason)
    return RepCount(exercise, (), (whole,), track, drive, float("nan"))


def _too_small(context: Context, threshold: float, taken: list[tuple[int, int]]) -> list[Rejected]:
    """Movements below the threshold but not far, outside the spans already spoken for."""
    drive, track = context.drive, context.track
    is_taken, told = np.zeros(len(track), bool), []
    for start, end in taken:
        is_taken[start : end + 1] = True
    least = TOLD_SHARE * threshold
    for run in find_moves(drive.u_deg, drive.speed, drive.noise_deg, least, context.track.fps):
        cycles, _ = pair_moves(run, starts_loaded=context.exercise.drive.starts == "loaded")
        for cycle in cycles:
            if not is_taken[cycle.start : cycle.end + 1].any():
                told.append(_reject(track, cycle, "amplitude"))
    return told


def _unseen(track: Track, drive: DriveSignal) -> list[Rejected]:
    """Stretches in which nothing could be counted."""
    return [
        Unseen(*track.source_span(start, stop - 1), "missing_data")
        for start, stop in finite_runs(~np.isfinite(drive.u_deg))
    ]


def count_on(track: Track, exercise: Exercise) -> RepCount:
    """`count_reps` on a prepared track."""
    if len(track) == 0 or not np.isfinite(track.xyz).any():
        return _nothing(track, exercise.name, "missing_data")
    if len(track) / track.fps < SHORTEST_S:
        return _nothing(track, exercise.name, "duration")
    drive = drive_signal(track, exercise.drive)
    if not np.isfinite(drive.u_deg).any():
        return _nothing(track, exercise.name, "missing_data", drive)
    context = make_context(exercise, track, drive)
    threshold = reversal_threshold(drive, exercise.drive.min_excursion_deg)
    reps, rejected, taken = [], [], []
    for run in find_moves(drive.u_deg, drive.speed, drive.noise_deg, threshold, track.fps):
        starts_loaded = exercise.drive.starts == "loaded"
        cycles, orphans = pair_moves(run, starts_loaded=starts_loaded)
        taken += [(c.start, c.end) for c in cycles] + [(m.start, m.end) for m in orphans]
        # The way down to a bar on the floor or onto a chair is no half of a rep.
        lost = [] if starts_loaded else orphans
        rejected += [_reject(track, m, _half_reason(context, m)) for m in lost]
        for cycle in cycles:
            reason = why_not(context, cycle)
            if reason:
                is_timed = reason == "duration" and starts_loaded
                rejected.append(_reject(track, cycle.first if is_timed else cycle, reason))
            else:
                reps.append(_make_rep(context, cycle, threshold))
    rejected += _too_small(context, threshold, taken) + _unseen(track, drive)
    if not reps and not rejected:
        return _nothing(track, exercise.name, "no_excursion", drive)
    graded = grade(context, into_sets(reps, track.time_s, exercise.set_gap_s, context.walks))
    rejected.sort(key=lambda r: r.start_frame)
    return RepCount(exercise.name, tuple(graded), tuple(rejected), track, drive, threshold)


def _half_reason(context: Context, move: Move) -> str:
    """Why half a rep stands alone: it is a step, or the recording, or a run of known data, ends
    where the other half would be."""
    drive = context.drive
    if context.legs_in_turn[move.start : move.end + 1].mean() > 0.5:
        return "antiphase_legs"
    beyond = drive.u_deg[move.i_to :] if move.is_loading else drive.u_deg[: move.i_from]
    return "edge_of_video" if np.isfinite(beyond).all() else "missing_data"


def count_reps(pose: Pose3D, exercise: Exercise | str) -> RepCount:
    """Find the repetitions of a known exercise (a name in configs/exercises, or its record).

    'unknown' counts what repeats and looks alike (`count_unknown`). Raises UserError for a name
    that is neither and for time stamps that do not increase.
    """
    track = prepare(pose)
    if exercise == UNKNOWN:
        return count_unknown(track)
    return count_on(track, load_exercise(exercise) if isinstance(exercise, str) else exercise)
