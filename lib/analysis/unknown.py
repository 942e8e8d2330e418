"""Counting the repetitions of an exercise that no file describes.

The drive is the first principal component of the pose, in trunk lengths. It is counted only where
the motion repeats (lib.analysis.periodicity) and at least two repetitions look alike; else nothing
is, for the reason `not_periodic`. Walking repeats too: where a foot goes forward or up past the
other nothing is looked at, and a repetition in which the knees bend in turn is refused.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from lib.analysis.cycles import Cycle, find_moves, pair_moves
from lib.analysis.drive import DriveSignal, drive_signal
from lib.analysis.exercises import UNKNOWN, Checks, Drive, Exercise
from lib.analysis.form import leg_length
from lib.analysis.periodicity import SEEN_SHARE, anchored, periodicity
from lib.analysis.records import SHORTEST_S, Rejected, Rep, RepCount, into_sets
from lib.analysis.rejection import side_correlation
from lib.analysis.track import Track
from lib.analysis.walking import in_turn, walks
from lib.signals import fill_gaps, finite_runs, lowpass, rolling_median
from lib.skeleton import LIMB_JOINTS, indices

MIN_PERIODICITY = 0.35
"""Less than this is no exercise."""
MIN_ALIKE = 2
"""Fewer repetitions that look alike are none,"""
ALIKE_SHARE = 0.7
"""and fewer than this share of all candidates are chance (choice)."""
MIN_SIMILARITY = 0.5
"""Of a repetition to the one most like all others; 1: the same, 0: unrelated (choice)."""
TYPICAL_SIMILARITY = 0.7
"""The same of their median (choice)."""
MOTION_SHARE = 0.5
"""Repetitions hold at least this share of the drive's squared speed: most of what moves."""
PERIOD_SHARE = 0.7
"""Repetitions that follow sooner than this share of the period are parts of one."""
RANGE_SHARE = 0.35
"""A repetition moves this share of the drive's range (5th to 95th percentile),"""
LARGEST_SHARE = 0.25
"""and this of all of it: in a long rest the range is that of the noise (choice)."""
NUM_COMPONENTS = 3
"""Of the pose, that are compared: the rest is mostly noise."""
MAX_FOOT_SHIFT = 0.35
"""How far a foot may go forward or up past the other, in leg lengths (choice)."""
STEP_S = 1.2
"""Time in which a foot that goes so far makes a step."""
KNEE_RANGE_DEG = 20.0
KNEE_SIGMAS = 8.0
"""Knees that bend less than either make no steps; standard deviations of the two sides' mean."""
TURN_HZ = 0.3
"""Where the body faces is followed up to this frequency."""
SHIFT_WINDOW_S = 0.4
SET_GAP_S = 12.0
NUM_POINTS, MOST_TYPICAL = 101, 300
CHECKS = Checks()
NAMELESS = Exercise(
    UNKNOWN, "Unknown exercise", Drive("knee", "unloaded", KNEE_RANGE_DEG, 0.0, 0.0), CHECKS,
    False, {}, {},
)  # fmt: skip
"""Stands for the file that there is none of: nothing is measured; the knees tell whether it is legs
that move, and how noisy they are."""


@dataclass(frozen=True)
class Signals:
    """What is looked at, computed once. N samples, K components."""

    track: Track
    x_NK: np.ndarray
    """Pose about its mean, most variance first, in trunk lengths; NaN where unknown or stepping."""
    cue: float
    """Periodicity in [0, 1]."""
    period_s: float
    is_stepping: np.ndarray
    """(N,)"""
    knees: DriveSignal
    is_seen: np.ndarray
    """(N,) share of joints that were observed, of those that mostly are."""


def _main_components(pose_ND: np.ndarray) -> np.ndarray:
    """(N, K) in the axes of most variance, each skewed upwards: the rarer position is the high."""
    known = np.isfinite(pose_ND).all(1)
    if not known.any():
        return np.full((len(pose_ND), NUM_COMPONENTS), np.nan)
    centred = pose_ND - pose_ND[known].mean(0)
    _, directions = np.linalg.eigh(centred[known].T @ centred[known])
    x = centred @ directions[:, ::-1][:, :NUM_COMPONENTS]
    return x * np.where((x[known] ** 3).sum(0) < 0, -1.0, 1.0)


def _foot_shift(track: Track) -> np.ndarray:
    """Steps move a foot forward or up past the other; jumping jacks only to the sides."""
    pairs = (track.joint("r" + part) - track.joint("l" + part) for part in ("hip", "shoulder"))
    sideways = np.nan_to_num(fill_gaps(sum(pairs)))
    # The hips are narrow: a little noise turns their line far, and people turn slowly.
    forward = np.cross(track.up.vector, lowpass(sideways, track.fps, TURN_HZ))
    forward /= np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-9)
    apart = (track.joint("rankle") - track.joint("lankle")) / leg_length(track)
    shift = np.stack([(apart * forward).sum(-1), apart @ track.up.vector], -1)
    bridged = np.nan_to_num(fill_gaps(shift))
    return rolling_median(bridged, round(SHIFT_WINDOW_S * track.fps))


def _is_stepping(track: Track) -> np.ndarray:
    size = round(STEP_S * track.fps) | 1
    shift = _foot_shift(track)
    travel = maximum_filter1d(shift, size, axis=0) - minimum_filter1d(shift, size, axis=0)
    # A step is as long as the window that sees it.
    return maximum_filter1d(travel.max(1) > MAX_FOOT_SHIFT, size)


def _signals(track: Track) -> Signals | None:
    """None where no pose is known."""
    stepping = _is_stepping(track)
    pose = np.where(stepping[:, None], np.nan, anchored(track))
    if pose.shape[1] == 0 or not np.isfinite(track.xyz).any():
        return None
    seen = track.is_seen[:, indices(*LIMB_JOINTS)]
    seen = seen[:, seen.mean(0) >= min(SEEN_SHARE, seen.mean(0).max())].mean(1)
    return Signals(
        track, _main_components(pose), *periodicity(track, stepping), stepping,
        drive_signal(track, NAMELESS.drive), seen,
    )  # fmt: skip


def _bends_in_turn(knees: DriveSignal, start: int, end: int) -> bool:
    """The knees bend by more than their noise, but not together."""
    bent = [x[start : end + 1] for x in (knees.left_deg, knees.right_deg)]
    known = np.isfinite(bent).all(0)
    least_deg = max(KNEE_RANGE_DEG, KNEE_SIGMAS * knees.noise_deg)
    if known.sum() < 3 or min(np.ptp(x[known]) for x in bent) < least_deg:
        return False
    return side_correlation(knees, start, end) < 0


def _why_not(signals: Signals, cycle: Cycle) -> str | None:
    span = slice(cycle.start, cycle.end + 1)
    seconds = (cycle.end - cycle.start + 1) / signals.track.fps
    if not CHECKS.duration_s[0] <= seconds <= CHECKS.duration_s[1]:
        return "duration"
    if signals.is_seen[span].mean() < CHECKS.min_measured_ratio:
        return "missing_data"
    return "antiphase_legs" if _bends_in_turn(signals.knees, cycle.start, cycle.end) else None


def _similarities(x_NK: np.ndarray, cycles: list[Cycle]) -> np.ndarray:
    """(C,) how like the most typical candidate each is: 1 - squared distance / sum of squares.

    Of more than MOST_TYPICAL the typical one is looked for among so many, evenly chosen.
    """
    places = np.linspace([c.start for c in cycles], [c.end for c in cycles], NUM_POINTS, axis=1)
    samples = np.arange(len(x_NK))
    flat = np.concatenate([np.interp(places, samples, c) for c in x_NK.T], 1)
    power = (flat**2).sum(1)
    some = np.unique(np.linspace(0, len(cycles) - 1, MOST_TYPICAL).round().astype(int))
    both = power[some, None] + power
    similarity = 2 * flat[some] @ flat.T / np.where(both > 0, both, 1.0)
    return similarity[np.argmax(np.median(similarity, axis=1))]


def _repeat(signals: Signals, speed: np.ndarray, cycles: list[Cycle]) -> np.ndarray:
    """(C,) which candidates are repetitions of one another; none if they are not what moves."""
    similarity = _similarities(signals.x_NK, cycles)
    alike = similarity >= MIN_SIMILARITY
    none = np.zeros(len(cycles), bool)
    num_least = max(MIN_ALIKE, ALIKE_SHARE * len(cycles))
    if alike.sum() < num_least or np.median(np.sort(similarity[alike])[:-1]) < TYPICAL_SIMILARITY:
        return none
    inside = np.zeros(len(speed), bool)
    for i_cycle in np.flatnonzero(alike):
        inside[cycles[i_cycle].start : cycles[i_cycle].end + 1] = True
    power = np.nan_to_num(speed) ** 2
    starts = np.array([cycles[i].start for i in np.flatnonzero(alike)])
    is_part = np.median(np.diff(starts)) < PERIOD_SHARE * signals.period_s * signals.track.fps
    return none if is_part or power[inside].sum() < MOTION_SHARE * power.sum() else alike


def _candidates(signals: Signals, sign: int) -> list[tuple[Cycle, str | None]]:
    """Cycles of sign times the drive, and why each is no repetition."""
    u = sign * signals.x_NK[:, 0]
    least, low, high, most = np.nanpercentile(u, [0, 5, 95, 100])
    threshold = float(max(RANGE_SHARE * (high - low), LARGEST_SHARE * (most - least)))
    if not threshold > 0:
        return []
    speed = np.gradient(u)
    runs = find_moves(u, speed, np.inf, threshold, signals.track.fps)
    cycles = [c for run in runs for c in pair_moves(run, starts_loaded=False)[0]]
    reasons = [_why_not(signals, cycle) for cycle in cycles]
    passed = [i for i, reason in enumerate(reasons) if reason is None]
    if passed:
        repeat = _repeat(signals, speed, [cycles[i] for i in passed])
        for i in np.array(passed)[~repeat]:
            reasons[i] = "not_periodic"
    return list(zip(cycles, reasons, strict=True))


def _num_reps(candidates: list[tuple[Cycle, str | None]]) -> int:
    return sum(reason is None for _, reason in candidates)


def _without_degrees(cycle: Cycle) -> Cycle:
    """The drive is no angle, so that its excursion and speed are none that others may use."""
    plain = partial(replace, excursion_deg=float("nan"), peak_speed=float("nan"))
    return replace(cycle, first=plain(cycle.first), second=plain(cycle.second))


def _make_rep(signals: Signals, cycle: Cycle) -> Rep:
    start, end = signals.track.source_span(cycle.start, cycle.end)
    seen = float(signals.is_seen[cycle.start : cycle.end + 1].mean())
    return Rep(0, 0, _without_degrees(cycle), start, end, "full", (), signals.cue * seen, 1 - seen)


def count_unknown(track: Track) -> RepCount:
    """Repetitions of whatever repeats; 0 with `not_periodic` where nothing does.

    All are full: what a whole one is cannot be known. Positions only; `drive` is None.
    """

    def answer(reps: list[Rep], rejected: list[Rejected]) -> RepCount:
        between = walks(in_turn(track), track.fps) if reps else []
        numbered = into_sets(reps, track.time_s, SET_GAP_S, between)
        told = sorted(rejected, key=lambda r: r.start_frame)
        return RepCount(UNKNOWN, tuple(numbered), tuple(told), track, None, float("nan"))

    def reject(start: int, end: int, reason: str) -> Rejected:
        return Rejected(*track.source_span(start, end), reason)

    signals = _signals(track) if len(track) else None
    if signals is None:
        return answer([], [Rejected(0, track.num_source_frames, "missing_data")])
    if len(track) / track.fps < SHORTEST_S:
        return answer([], [reject(0, len(track) - 1, "duration")])
    steps = [reject(a, b - 1, "feet_moved") for a, b in finite_runs(signals.is_stepping)]
    if signals.cue <= MIN_PERIODICITY:
        is_all = bool(signals.is_stepping.all())
        whole = [] if is_all else [reject(0, len(track) - 1, "not_periodic")]
        return answer([], steps + whole)
    # A rest at both ends shows which end of the drive is the unloaded one: it completes one more.
    best = max((_candidates(signals, sign) for sign in (1, -1)), key=_num_reps)
    reps = [_make_rep(signals, cycle) for cycle, reason in best if reason is None]
    others = [reject(cycle.start, cycle.end, reason) for cycle, reason in best if reason]
    return answer(reps, steps + others)
