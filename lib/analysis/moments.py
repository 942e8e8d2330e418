"""When a metric is taken, and what is taken of a stretch of time. Indices: samples of a Track."""

from collections.abc import Callable

import numpy as np

from lib.analysis.cycles import Cycle
from lib.analysis.measures import Body
from lib.analysis.scene import Scene
from lib.analysis.zigzag import turning_points

SUSTAINED_SHARE = 0.05
"""Of the lift's top speed: above it the bar is moving."""
LIFTED_SHARE = 0.10
"""Of its way: higher up, a bar that stands still or sinks has left the floor before."""
RISEN_SHARE = 0.40
NEAR_LOWEST = 0.25
"""Of the range: values no higher above the lowest belong to the way up as well."""

_AT_REST = ("loaded", "lift_off", "lockout")
"""Instants beside which the bar rests: the pose is averaged over that rest."""

Stretch = tuple[int, int]
"""First and last sample; the same for an instant."""


def lift_off(scene: Scene, cycle: Cycle) -> int | None:
    """The bar starts to rise and keeps rising until it is fastest.

    Of its speed over SPEED_WINDOW_S: in that of neighbouring samples noise stops the bar half way.
    """
    lift = cycle.unloading
    if lift is None:
        return None
    span = slice(lift.i_from, lift.i_to + 1)
    speed, height = scene.bar_speed[span], scene.bar_height[span]
    if not np.isfinite(speed).all():
        return lift.start
    i_top = int(speed.argmax())
    is_low = height <= np.nanmin(height) + LIFTED_SHARE * np.ptp(height[np.isfinite(height)])
    still = np.flatnonzero((speed < SUSTAINED_SHARE * speed[i_top])[:i_top] & is_low[:i_top])
    return lift.i_from + (int(still[-1]) + 1 if len(still) else 0)


def knee_pass(scene: Scene, cycle: Cycle) -> int | None:
    """The wrists come past the knees on the way up; None if they begin above or never pass."""
    lift = cycle.unloading
    if lift is None:
        return None
    body = scene.body(lift.i_from, lift.end)
    above = (body.part("wrist") - body.part("knee"))[:, 2]
    if not np.isfinite(above).any() or not above[np.isfinite(above)][0] < 0:
        return None
    passed = np.flatnonzero(above >= 0)
    return lift.i_from + int(passed[0]) if len(passed) else None


def _risen(scene: Scene, cycle: Cycle) -> int | None:
    """The hips have regained RISEN_SHARE of their height."""
    lift = cycle.unloading
    if lift is None:
        return None
    body = scene.body(lift.i_from, lift.end)
    height = (body.part("hip") - body.part("ankle"))[:, 2]
    if not np.isfinite(height).all():
        return None
    risen = height - height[0] >= RISEN_SHARE * (height[-1] - height[0])
    return lift.i_from + int(risen.argmax())


def _lockout(scene: Scene, cycle: Cycle) -> int:
    lift = cycle.unloading
    return lift.end if lift else cycle.end


_INSTANTS: dict[str, Callable[[Scene, Cycle], int | None]] = {
    "loaded": lambda scene, cycle: cycle.i_loaded,
    "lockout": _lockout, "lift_off": lift_off, "knee_pass": knee_pass, "risen_40": _risen,
}  # fmt: skip

_ENDS = {
    "first_rise": ("loaded", "risen_40"), "lift": ("lift_off", "lockout"),
    "first_pull": ("lift_off", "knee_pass"), "second_pull": ("knee_pass", "lockout"),
}  # fmt: skip


class Moments:
    """The moments of one repetition, each found once."""

    def __init__(self, scene: Scene, cycle: Cycle) -> None:
        self._scene, self.cycle = scene, cycle
        self._found: dict[str, Stretch | None] = {}
        self._bodies: dict[str, Body] = {}

    def body(self, name: str) -> Body:
        """Averaged poses of a moment that is there."""
        if name not in self._bodies:
            stretch = self[name]
            assert stretch is not None
            scene = self._scene
            self._bodies[name] = (
                scene.held(stretch[0], is_after=name == "lockout")
                if name in _AT_REST else scene.body(*stretch)
            )  # fmt: skip
        return self._bodies[name]

    def averaged(self, name: str) -> Body:
        """The mean pose of a stretch that is there."""
        stretch = self[name]
        assert stretch is not None
        return self._scene.averaged(*stretch)

    def __getitem__(self, name: str) -> Stretch | None:
        """First and last sample of a moment of `lib.analysis.rules`; None if it is not there."""
        if name not in self._found:
            self._found[name] = self._find(name)
        return self._found[name]

    def _find(self, name: str) -> Stretch | None:
        if name in _INSTANTS:
            i_at = _INSTANTS[name](self._scene, self.cycle)
            return None if i_at is None else (i_at, i_at)
        cycle, lift, way_down = self.cycle, self.cycle.unloading, self.cycle.loading
        if name == "rep":
            return cycle.start, cycle.end
        if name == "descent":
            return (way_down.start, way_down.end) if way_down else None
        if name == "ascent":
            return (lift.i_from, lift.end) if lift else None
        ends = _ENDS[name]
        first, last = (self[end] for end in ends)
        if first is None or last is None or last[0] < first[0]:
            return None
        return first[0], last[0]


def _largest(values: np.ndarray) -> tuple[float, int]:
    at = int(np.nanargmax(np.abs(values)))
    return float(values[at]), at


def _spread(values: np.ndarray, low: float, high: float) -> np.ndarray:
    known = values[np.isfinite(values.reshape(len(values), -1)).all(-1)]
    return np.subtract(*np.percentile(known, [high, low], axis=0))


def _rise(values: np.ndarray) -> tuple[float, int]:
    above = values - np.fmin.accumulate(values)
    at = int(np.nanargmax(above))
    return float(above[at]), at


def _falls(values: np.ndarray, size: float) -> tuple[float, int]:
    known = np.flatnonzero(np.isfinite(values))
    # A way down in two parts is one: what counts begins where the values are first near the lowest.
    near = values[known] <= values[known].min() + NEAR_LOWEST * np.ptp(values[known])
    first = int(near.argmax())
    top = known[int(values[known[: first + 1]].argmax())]
    known = np.unique([top, *known[first:]])
    turns = known[turning_points(values[known], size)]
    peaks = [i for i in range(len(turns) - 2) if values[turns[i]] > values[turns[i + 1]]]
    return float(len(peaks)), int(turns[peaks[-1] + 1]) if peaks else 0


def _share(values: np.ndarray, least: float) -> tuple[float, int]:
    first, second = values[-1] - values[0]
    return (float(first / second) if second > least else float("nan")), len(values) - 1


def take(how: str, values: np.ndarray, size: float) -> tuple[float, int]:
    """One number of a stretch (M, ...) as `rules.MetricRule.take` says, and its place in it."""
    middle = len(values) // 2
    if how == "max":
        return float(np.nanmax(values)), int(np.nanargmax(values))
    if how == "min":
        return float(np.nanmin(values)), int(np.nanargmin(values))
    if how == "largest":
        return _largest(values)
    if how == "drift":
        return float(_spread(values, 5, 95)), middle
    if how == "travel":
        return float(np.linalg.norm(_spread(values, 3, 97))), middle
    if how == "rise":
        return _rise(values)
    return _falls(values, size) if how == "falls" else _share(values, size)
