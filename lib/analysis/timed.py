"""Measures of a whole repetition in time: velocity of the bar, tempo, range of motion.

Velocities and lengths are in thigh lengths; each function returns its number and the sample it
belongs to; NaN where it cannot be told, without a sample where the repetition lacks the phase.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from lib.analysis.cycles import Cycle
from lib.analysis.form import limb_angle
from lib.analysis.moments import Moments, Stretch
from lib.analysis.move import EVEN, GENTLE, Move
from lib.analysis.scene import HALF_WINDOW_S, Scene
from lib.analysis.zigzag import turning_points
from lib.skeleton import JOINT

STICKING_SHARE = 0.20
"""A slower part counts if the speed falls and rises again by this share of its top."""
STICKING_NOISE = 0.5
"""and, thigh lengths a second, by this at the reference noise."""
NEAR_MINIMUM_M_S = 0.02
END_SHARES, LEAST_SPEED = (0.18, 0.25), 0.05
"""How long the outer tenth of a way takes, ways over the speed at its inner end: 0.13 to 0.19 where
an even speed is reached within 6 to 15 % of the time, 0.26 with least jerk."""
DONE_SHARE = 0.90
_SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)

Answer = tuple[float, int | None]
Joints = tuple[str, ...]


@dataclass(frozen=True)
class _Rise:
    """The bar's way up, thigh lengths and seconds."""

    way: float
    middle_s: float
    """For the middle 80 % of the way."""
    total_s: float
    """From rest to rest."""


def _rise(scene: Scene, lift: Move | None) -> _Rise | None:
    """The way up between where it is 10 and 90 % done, and from rest to rest.

    The ends are not searched for where the bar is slow, for there noise decides: 10 % of the way at
    speed v is taken to last END_SHARES way / v, by how even the speed is from there to the half.
    """
    if lift is None or lift.end - lift.start < 3:
        return None
    fps, half = scene.track.fps, max(1, round(HALF_WINDOW_S * scene.track.fps))
    first, last = max(lift.i_from, lift.start - half), min(lift.i_to, lift.end + half)
    height = scene.bar_height[first : last + 1]
    if len(height) < 5 or not np.isfinite(height).all():
        return None
    low, high = (float(height[part].mean()) for part in (slice(half), slice(-half, None)))
    done = np.maximum.accumulate((height - low) / (high - low)) if high > low else height[:0]
    if len(done) == 0 or not done[0] < 0.1 or not done[-1] > 0.9:
        return None
    at = [int((done >= share).argmax()) for share in _SHARES]
    when = [i - (done[i] - share) / max(done[i] - done[i - 1], 1e-9)
            for i, share in zip(at, _SHARES, strict=True)]  # fmt: skip
    speed = np.gradient(uniform_filter1d(height, 2 * half + 1)) * fps
    first_s, second_s, third_s, last_s = np.maximum(np.diff(when), 1e-9).tolist()
    shares = np.interp([first_s / second_s, last_s / third_s], (EVEN, GENTLE), END_SHARES)
    ends = zip(shares.tolist(), (at[0], at[-1]), strict=True)
    ends_s = sum(share * (high - low) / max(float(speed[i]), LEAST_SPEED) for share, i in ends)
    middle_s = max(when[-1] - when[0], 1.0) / fps
    return _Rise(high - low, middle_s, middle_s + min(ends_s, middle_s))


def mean_velocity(scene: Scene, cycle: Cycle) -> Answer:
    """Of the bar upwards, from the start of the way up to lockout."""
    lift = cycle.unloading
    rise = _rise(scene, lift)
    if lift is None or rise is None:
        return float("nan"), lift and lift.start
    return rise.way / rise.total_s, lift.i_fastest


def loss_velocity(scene: Scene, cycle: Cycle) -> Answer:
    """Of the middle 80 % of the bar's way up: free of when exactly it starts and stops."""
    lift = cycle.unloading
    rise = _rise(scene, lift)
    if lift is None or rise is None:
        return float("nan"), lift and lift.start
    return 0.8 * rise.way / rise.middle_s, lift.i_fastest


def _lift_speed(scene: Scene, cycle: Cycle) -> np.ndarray:
    """(M,) of the samples of the way up, thigh lengths a second; empty if it cannot be told."""
    lift = cycle.unloading
    speed = np.zeros(0) if lift is None else scene.bar_speed[lift.start : lift.end + 1]
    return speed if np.isfinite(speed).all() else speed[:0]


def peak_velocity(scene: Scene, cycle: Cycle) -> Answer:
    """Of the bar upwards."""
    lift, speed = cycle.unloading, _lift_speed(scene, cycle)
    if lift is None or len(speed) == 0:
        return float("nan"), lift and lift.start
    return float(speed.max()), lift.start + int(speed.argmax())


def sticking(scene: Scene, cycle: Cycle) -> tuple[float, int | None]:
    """How much the bar slows down between two faster parts, over the first of them; and where.

    0 and None where it does not.
    """
    speed = _lift_speed(scene, cycle)
    if len(speed) == 0 or cycle.unloading is None:
        return float("nan"), None
    least = max(STICKING_SHARE * float(speed.max()), STICKING_NOISE * scene.jitter)
    turns = turning_points(speed, least)
    best, i_best = 0.0, None
    for before, low, after in zip(turns, turns[1:], turns[2:], strict=False):
        if speed[low] < min(speed[before], speed[after]):
            depth = float((speed[before] - speed[low]) / speed[before])
            best, i_best = max((best, i_best), (depth, int(low)), key=lambda pair: pair[0])
    return best, None if i_best is None else cycle.unloading.start + i_best


def _sticking_depth(scene: Scene, cycle: Cycle) -> Answer:
    depth, i_at = sticking(scene, cycle)
    if cycle.unloading is None:
        return depth, None
    return depth, cycle.i_loaded if i_at is None else i_at


def near_minimum_velocity(scene: Scene, cycle: Cycle) -> Answer:
    """1 if the bar was hardly faster than with all that one can lift, else 0; metres only."""
    velocity, i_at = mean_velocity(scene, cycle)
    least = scene.path.min_velocity_m_s
    if least is None or not scene.is_metric or not np.isfinite(velocity):
        return float("nan"), i_at
    return float(velocity * scene.femur <= least + NEAR_MINIMUM_M_S), i_at


def tempo_ratio(scene: Scene, cycle: Cycle) -> Answer:
    """Seconds down over seconds up."""
    lift, way_down = cycle.unloading, cycle.loading
    if lift is None or way_down is None:
        return float("nan"), None
    if lift.end <= lift.start:
        return float("nan"), cycle.start
    return (way_down.end - way_down.start) / (lift.end - lift.start), cycle.i_loaded


def pause_at_turn(scene: Scene, cycle: Cycle) -> Answer:
    """Seconds between the way down and the way up, as tempo has them.

    Not where the bar is slow: one noisy sample would cut a pause short.
    """
    way_down, lift = cycle.first, cycle.second
    if lift is None or not way_down.is_loading:
        return float("nan"), None
    return max(lift.i_left - way_down.end, 0) / scene.track.fps, cycle.i_loaded


def lockout_lag(scene: Scene, cycle: Cycle) -> Answer:
    """Seconds between one elbow and the other having done 90 % of their way up."""
    lift = cycle.unloading
    if lift is None:
        return float("nan"), None
    if lift.end <= lift.start:
        return float("nan"), lift.start
    poses = scene.track.xyz[lift.i_from : lift.end + 1]
    done = []
    for side in "lr":
        elbow = limb_angle(poses, "elbow", side)
        if not np.isfinite(elbow).all() or elbow[0] <= elbow[-1]:
            return float("nan"), lift.end
        done.append(int((elbow <= elbow[0] - DONE_SHARE * (elbow[0] - elbow[-1])).argmax()))
    return abs(done[1] - done[0]) / scene.track.fps, lift.i_from + max(done)


def range_of_motion(scene: Scene, cycle: Cycle) -> Answer:
    """Vertical way of the exercise's point over what stands still; NaN where the loaded or the
    unloaded position was not seen."""
    body = scene.body(cycle.start, cycle.end)
    height = (body.part(scene.path.point) - body.part(scene.path.over))[:, 2]
    turns = np.array([(m.i_from, m.i_to)[:: 1 if m.is_loading else -1] for m in cycle.moves])
    is_seen = np.isfinite(height[np.clip(turns, cycle.start, cycle.end) - cycle.start])
    if not is_seen.any(0).all():  # what is left of the way is shorter
        return float("nan"), cycle.i_loaded
    return float(np.nanmax(height) - np.nanmin(height)), cycle.i_loaded


def looked_at(measure: str, scene: Scene, cycle: Cycle, i_at: int) -> tuple[Stretch, Joints]:
    """First and last sample that a measure of TIMED hangs on, and its joints; no joints for tempo,
    which comes from the repetition's moves. i_at: the sample it belongs to."""
    path, lift = scene.path, cycle.unloading
    if measure in ("tempo_ratio", "pause_at_turn") or lift is None:
        return (i_at, i_at), ()
    if measure == "range_of_motion":  # what was hidden half-way does not matter
        return (min(i_at, lift.start), max(i_at, lift.start)), _both_sides(path.point, path.over)
    return (lift.start, lift.end), _both_sides(path.bar, path.over)


def _both_sides(*parts: str) -> Joints:
    return tuple(
        name for part in parts for name in ((part,) if part in JOINT else ("l" + part, "r" + part))
    )


TIMED: dict[str, Callable[[Scene, Cycle], Answer]] = {
    "range_of_motion": range_of_motion, "mean_velocity": mean_velocity,
    "loss_velocity": loss_velocity, "peak_velocity": peak_velocity,
    "sticking_depth": _sticking_depth, "near_minimum_velocity": near_minimum_velocity,
    "tempo_ratio": tempo_ratio, "pause_at_turn": pause_at_turn, "lockout_lag": lockout_lag,
}  # fmt: skip
"""Every `rules.Timed`."""


def knee_pass_and_sticking(scene: Scene, cycle: Cycle) -> tuple[int | None, int | None]:
    """Samples of the two events of `lib.analysis.tempo` that need the bar."""
    passed = Moments(scene, cycle)["knee_pass"] if scene.path.bar == "wrist" else None
    return (None if passed is None else passed[0]), sticking(scene, cycle)[1]
