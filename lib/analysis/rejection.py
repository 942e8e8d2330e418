"""Why a candidate is not a repetition. Reasons are the names of report_schema.json."""

import numpy as np

from lib.analysis.context import FLIGHT_S, SHIFT_PERCENT, Context
from lib.analysis.cycles import Cycle
from lib.analysis.drive import DriveSignal
from lib.analysis.exercises import Posture
from lib.analysis.form import mean_angle
from lib.geometry import angle_deg
from lib.signals import median_known

NEVER_ABOVE_GATE_DEG = 20.0
"""This far above the top gate the unloaded position was not reached at all."""
FAILED_SHARE = 0.57
"""A way up that stops short of this share and goes back down was a failed attempt."""
POSTURE_WINDOW_S = 0.2
MOST_OUT_SHARE = 0.2
"""A posture kept throughout may be lost for this share of the time, by noise; a trunk may be turned
for as long."""
MOST_IN_TURN_SHARE = 0.6
"""A candidate in which the legs move in turn for longer is made of steps."""


def _leaves_floor(context: Context, cycle: Cycle, limit: float) -> bool:
    margin = round(FLIGHT_S / 2 * context.track.fps)
    start, end = max(0, cycle.start - margin), cycle.end + margin + 1
    return bool((context.foot_rise[start:end] > limit).any())


def side_correlation(drive: DriveSignal, start: int, end: int) -> float:
    """Correlation of the left and right drive angle in [start, end]; NaN if one is mostly unknown:
    a few frames at an end say nothing of how the sides move."""
    left, right = drive.left_deg[start : end + 1], drive.right_deg[start : end + 1]
    known = np.isfinite(left) & np.isfinite(right)
    if (
        known.sum() < max(3, len(known) / 2)
        or np.ptp(left[known]) == 0
        or np.ptp(right[known]) == 0
    ):
        return float("nan")
    return float(np.corrcoef(left[known], right[known])[0, 1])


def _unloaded_ends(cycle: Cycle) -> list[int]:
    """At the ends of the movements, not at the turning points: those may be after getting up."""
    ends = [cycle.loading.start] if cycle.loading else []
    return [*ends, cycle.unloading.end] if cycle.unloading else ends


def _around(context: Context, i_at: int) -> slice:
    """Samples by which the posture at one is told."""
    half = max(1, round(POSTURE_WINDOW_S * context.track.fps))
    return slice(max(0, i_at - half), i_at + half + 1)


def _turns_trunk(context: Context, cycle: Cycle) -> bool:
    """The trunk is too long too far from where it is at one of the ends: somebody gets up."""
    limit_deg = context.exercise.checks.max_trunk_turn_deg
    if limit_deg is None:
        return False
    trunk = context.trunk
    for i_end in _unloaded_ends(cycle):
        end = median_known(trunk[_around(context, i_end)])
        turn = angle_deg(trunk[cycle.start : cycle.end + 1], end)
        turn = turn[np.isfinite(turn)]
        if len(turn) and float((turn > limit_deg).mean()) > MOST_OUT_SHARE:
            return True
    return False


def _wrong_posture(context: Context, rule: Posture, cycle: Cycle) -> bool:
    if rule.at == "rep":
        angle = mean_angle(context.track.xyz[cycle.start : cycle.end + 1], rule.angle)
        angle = angle[np.isfinite(angle)]
        out = (angle < rule.min) | (angle > rule.max)
        return len(angle) > 0 and float(out.mean()) > MOST_OUT_SHARE
    for i_at in [cycle.i_loaded] if rule.at == "loaded" else _unloaded_ends(cycle):
        window = mean_angle(context.track.xyz[_around(context, i_at)], rule.angle)
        window = window[np.isfinite(window)]
        if len(window) and not rule.min <= float(np.median(window)) <= rule.max:
            return True
    return False


def lockout_level(context: Context, cycle: Cycle) -> float:
    """Drive angle at the unloaded end of the candidate."""
    unloading = cycle.unloading
    return float(context.drive.u_deg[unloading.i_to]) if unloading else float("nan")


def is_failed(context: Context, cycle: Cycle) -> bool:
    """The way up stopped short and went back down."""
    unloading, loading = cycle.unloading, cycle.loading
    starts_loaded = context.exercise.drive.starts == "loaded"
    if starts_loaded or unloading is None or loading is None or cycle.touches_end:
        return False
    top, loaded, end = (
        context.level_deg(i) for i in (loading.i_from, loading.i_to, unloading.i_to)
    )
    return loaded - end < FAILED_SHARE * (loaded - top)


def unreached_deg(context: Context) -> float:
    """Above it, by more than the noise, the unloaded position was not reached at all."""
    gate_deg = context.exercise.drive.top_gate_deg + NEVER_ABOVE_GATE_DEG
    return gate_deg + context.drive.noise_deg


def span_of(x: np.ndarray, start: int, end: int) -> float:
    """How far x (N, 2) goes within [start, end], in its wider direction."""
    low, high = np.percentile(x[start : end + 1], SHIFT_PERCENT, axis=0)
    return float((high - low).max())


def _cut_off(context: Context, i_beyond: int) -> str | None:
    """Why nothing is known of the sample beyond an end; None where something is."""
    if not 0 <= i_beyond < len(context.track):
        return "edge_of_video"
    return None if np.isfinite(context.drive.u_deg[i_beyond]) else "missing_data"


def _why_not_complete(context: Context, cycle: Cycle) -> str | None:
    if lockout_level(context, cycle) > unreached_deg(context) and not is_failed(context, cycle):
        cut = _cut_off(context, cycle.moves[-1].i_to + 1) if cycle.touches_end else None
        return cut or "never_locked_out"
    drive, level = context.exercise.drive, float(context.drive.u_deg[cycle.first.i_from])
    starts_loaded = drive.starts == "loaded"
    is_late = level < drive.full_gate_deg if starts_loaded else level > unreached_deg(context)
    return _cut_off(context, cycle.first.i_from - 1) if is_late else None


def _is_steps(context: Context, start: int, end: int) -> bool:
    """The legs move in turn while the drive is in its upper half."""
    u = context.drive.u_deg[start : end + 1]
    upper = u > (u.min() + u.max()) / 2
    return bool(context.legs_in_turn[start : end + 1][upper].mean() > MOST_IN_TURN_SHARE)


def judged_end(context: Context, cycle: Cycle) -> int:
    """Last sample in which sides, feet and hands count: the way back of a rep that starts loaded
    may come much later."""
    starts_loaded = context.exercise.drive.starts == "loaded"
    return cycle.first.end if starts_loaded else cycle.end


def why_not(context: Context, cycle: Cycle) -> str | None:
    """The reason to reject a candidate, or None: it is a repetition."""
    checks = context.exercise.checks
    start, end = cycle.start, judged_end(context, cycle)
    seconds = (end - start + 1) / context.track.fps
    if not checks.duration_s[0] <= seconds <= checks.duration_s[1]:
        return "duration"
    if context.is_near_seen[start : cycle.end + 1].mean() < checks.min_measured_ratio:
        return "missing_data"
    incomplete = _why_not_complete(context, cycle)
    if incomplete:
        return incomplete
    correlation, least = side_correlation(context.drive, start, end), checks.min_side_correlation
    if least is not None and (correlation < least or _is_steps(context, start, end)):
        return "antiphase_legs"
    if (checks.max_foot_shift or np.inf) < span_of(context.foot_shift, start, end):
        return "feet_moved"
    if checks.max_foot_rise and _leaves_floor(context, cycle, checks.max_foot_rise):
        return "feet_moved"
    if (checks.max_hand_shift or np.inf) < span_of(context.hand_shift, start, end):
        return "hands_not_on_bar"
    is_wrong = any(_wrong_posture(context, rule, cycle) for rule in checks.posture)
    return "posture" if is_wrong or _turns_trunk(context, cycle) else None
