"""Measures of a whole repetition in time: velocity of the bar, tempo, range of motion.

Velocities and lengths are in thigh lengths; each function returns its number and the sample it
belongs to, NaN where it cannot be told.
"""

from collections.abc import Callable

import numpy as np
from scipy.signal import savgol_filter

from lib.analysis.cycles import Cycle, Move
from lib.analysis.form import limb_angle
from lib.analysis.moments import Moments
from lib.analysis.scene import Scene
from lib.analysis.zigzag import turning_points

SPEED_WINDOW_S = 0.30
"""Of the Savitzky-Golay derivative."""
STICKING_SHARE = 0.20
"""A slower part counts if the speed falls and rises again by this share of its top."""
NEAR_MINIMUM_M_S = 0.02
STILL_PER_S, STILL_SHARE = 0.02, 0.10
"""A bar slower than this, thigh lengths a second, or this share of its top speed, stands still."""
DONE_SHARE = 0.90

Answer = tuple[float, int]


def _lift_height(scene: Scene, lift: Move) -> np.ndarray:
    return scene.bar_height[lift.start : lift.end + 1]


def mean_velocity(scene: Scene, cycle: Cycle) -> Answer:
    """Of the bar upwards, from the start of the way up to lockout."""
    lift = cycle.unloading
    if lift is None or lift.end <= lift.start:
        return float("nan"), cycle.start
    height = _lift_height(scene, lift)
    return float(height[-1] - height[0]) * scene.track.fps / (lift.end - lift.start), lift.i_fastest


def loss_velocity(scene: Scene, cycle: Cycle) -> Answer:
    """Of the middle 80 % of the bar's way up: free of when exactly it starts and stops."""
    lift = cycle.unloading
    if lift is None or lift.end - lift.start < 3:
        return float("nan"), cycle.start
    height = np.maximum.accumulate(_lift_height(scene, lift))
    way = float(height[-1] - height[0])
    if not way > 0:
        return float("nan"), lift.i_fastest
    first, last = np.interp(height[0] + way * np.array([0.1, 0.9]), height, np.arange(len(height)))
    return 0.8 * way * scene.track.fps / max(last - first, 1.0), lift.i_fastest


def bar_speed(scene: Scene, cycle: Cycle) -> np.ndarray:
    """(M,) of the samples of the way up, thigh lengths a second; empty if it cannot be told."""
    lift = cycle.unloading
    height = np.zeros(0) if lift is None else _lift_height(scene, lift)
    size = round(SPEED_WINDOW_S * scene.track.fps) | 1
    if len(height) < size or not np.isfinite(height).all():
        return np.zeros(0)
    return savgol_filter(height, size, 2, deriv=1, delta=1 / scene.track.fps, mode="interp")


def peak_velocity(scene: Scene, cycle: Cycle) -> Answer:
    """Of the bar upwards."""
    speed = bar_speed(scene, cycle)
    if len(speed) == 0 or cycle.unloading is None:
        return float("nan"), cycle.start
    return float(speed.max()), cycle.unloading.start + int(speed.argmax())


def sticking(scene: Scene, cycle: Cycle) -> tuple[float, int | None]:
    """How much the bar slows down between two faster parts, over the first of them; and where.

    0 and None where it does not.
    """
    speed = bar_speed(scene, cycle)
    if len(speed) == 0 or cycle.unloading is None:
        return float("nan"), None
    turns = turning_points(speed, STICKING_SHARE * float(speed.max()))
    best, i_best = 0.0, None
    for before, low, after in zip(turns, turns[1:], turns[2:], strict=False):
        if speed[low] < min(speed[before], speed[after]):
            depth = float((speed[before] - speed[low]) / speed[before])
            best, i_best = max((best, i_best), (depth, int(low)), key=lambda pair: pair[0])
    return best, None if i_best is None else cycle.unloading.start + i_best


def _sticking_depth(scene: Scene, cycle: Cycle) -> Answer:
    depth, i_at = sticking(scene, cycle)
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
    if lift is None or way_down is None or lift.end <= lift.start:
        return float("nan"), cycle.start
    return (way_down.end - way_down.start) / (lift.end - lift.start), cycle.i_loaded


def pause_at_turn(scene: Scene, cycle: Cycle) -> Answer:
    """Seconds that the bar stands still around the loaded position."""
    height = scene.bar_height[cycle.start : cycle.end + 1]
    at = cycle.i_loaded - cycle.start
    if len(height) < 3 or not np.isfinite(height).all():
        return float("nan"), cycle.i_loaded
    speed = np.abs(np.gradient(height)) * scene.track.fps
    moving = speed > max(STILL_PER_S, STILL_SHARE * float(speed.max()))
    before, after = np.flatnonzero(moving[:at]), np.flatnonzero(moving[at:])
    first = int(before[-1]) + 1 if len(before) else 0
    last = at + int(after[0]) - 1 if len(after) else len(moving) - 1
    return max(last - first, 0) / scene.track.fps, cycle.i_loaded


def lockout_lag(scene: Scene, cycle: Cycle) -> Answer:
    """Seconds between one elbow and the other having done 90 % of their way up."""
    lift = cycle.unloading
    if lift is None or lift.end <= lift.start:
        return float("nan"), cycle.start
    poses = scene.track.xyz[lift.i_from : lift.end + 1]
    done = []
    for side in "lr":
        elbow = limb_angle(poses, "elbow", side)
        if not np.isfinite(elbow).all() or elbow[0] <= elbow[-1]:
            return float("nan"), lift.end
        done.append(int((elbow <= elbow[0] - DONE_SHARE * (elbow[0] - elbow[-1])).argmax()))
    return abs(done[1] - done[0]) / scene.track.fps, lift.i_from + max(done)


def range_of_motion(scene: Scene, cycle: Cycle) -> Answer:
    """Vertical way of the exercise's point over what stands still."""
    body = scene.body(cycle.start, cycle.end)
    height = (body.part(scene.path.point) - body.part(scene.path.over))[:, 2]
    height = height[np.isfinite(height)]
    return (float(np.ptp(height)) if len(height) else float("nan")), cycle.i_loaded


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
