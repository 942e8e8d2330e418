"""When a lifter moves: repetitions as strokes of the phase, with the moments that are the truth."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.lift_suite.body import ramp
from benchmarks.lift_suite.style import Script


@dataclass(frozen=True)
class Plan:
    """One repetition as it is meant."""

    first_s: float = 1.3
    """The way down, or in the deadlift the pull."""
    hold_s: float = 0.2
    """Between the two ways."""
    second_s: float = 1.0
    rest_s: float = 0.6
    depth: float = 1.0
    """Share of the way to the loaded position that it has, or in the deadlift starts from. `film`
    turns it, height of hips, chest or bar, into the phase that `play` takes."""
    left: float = 0.0
    """Phase left where it ends unloaded: a missed lockout."""
    bounce: float = 0.0
    """Share of the depth that it rebounds and sinks again before the way up."""
    fails_at: float | None = None
    """Share of the way up at which a first attempt gives up and goes back; turned into a share of
    the phase like `depth`."""
    is_dropped: bool = False
    """Deadlift: the bar falls from lockout, there is no way back."""
    is_shallow: bool = False
    """Its depth makes it partial; `film` sees to it."""
    dose: float = 1.0
    """Part of the faults' sizes that this repetition has."""
    skew: tuple[float, float] = (1.0, 1.0)
    """Exponents of time in the two ways: below 1 it is fast at first."""


@dataclass(frozen=True)
class TrueRep:
    """One repetition as it was done, in seconds of the recording."""

    start_s: float
    turn_start_s: float
    turn_end_s: float
    """The bottom, or in the deadlift the lockout, is between these two."""
    end_s: float
    quality: str
    """full, partial or failed."""
    set_index: int = 1
    faults: dict[str, float] = field(default_factory=dict)
    """Names and sizes, as given to lift_suite.film, of the faults it has."""

    def later(self, seconds: float) -> "TrueRep":
        """The same, moved in time."""
        times = ("start_s", "turn_start_s", "turn_end_s", "end_s")
        return replace(self, **{name: getattr(self, name) + seconds for name in times})

    @property
    def turn_s(self) -> float:
        return (self.turn_start_s + self.turn_end_s) / 2

    @property
    def pause_s(self) -> float:
        return self.turn_end_s - self.turn_start_s

    @property
    def is_counted(self) -> bool:
        return self.quality in ("full", "partial")


PARTIAL_BELOW = 0.72
"""A shallower repetition than this share of the others is partial (the specification's)."""


class Timeline:
    """Collects strokes; then gives the phase at every frame."""

    def __init__(self, phase: float) -> None:
        self._strokes: list[tuple[float, float, float, float]] = []
        self._doses: list[tuple[float, float, float]] = []
        self.phase, self.now_s = phase, 0.0

    def stay(self, seconds: float) -> None:
        """Hold the phase."""
        self.now_s += seconds

    def go(self, seconds: float, phase: float, skew: float = 1.0) -> None:
        """Move to another phase."""
        self._strokes.append((self.now_s, seconds, phase - self.phase, skew))
        self.phase, self.now_s = phase, self.now_s + seconds

    def spoil(self, start_s: float, amount: float) -> None:
        """Everything from start_s to now has this dose of the faults."""
        self._doses.append((start_s, self.now_s, amount))

    def script(self, first_phase: float, fps: float) -> Script:
        """Sampled from 0 to now."""
        time_s = np.arange(round(self.now_s * fps)) / fps
        phase = np.full(len(time_s), first_phase)
        lifted, dose = np.zeros(len(time_s)), np.zeros(len(time_s))
        for start, seconds, change, skew in self._strokes:
            share = np.clip((time_s - start) / seconds, 0, 1) ** skew
            phase += change * ramp(share)
            inside = (time_s >= start) & (time_s < start + seconds)
            lifted[inside] = ramp(share[inside]) if change < 0 else 0.0
        for start, end, amount in self._doses:
            dose[(time_s >= start) & (time_s <= end)] = amount
        return Script(np.clip(phase, 0, None), lifted, _softened(dose, fps))


def _softened(dose: np.ndarray, fps: float) -> np.ndarray:
    """With edges of a tenth of a second."""
    size = max(1, round(0.1 * fps))
    padded = np.pad(dose, size, mode="edge")
    return np.convolve(padded, np.ones(size) / size, "same")[size : size + len(dose)]


def play(
    plans: Sequence[Plan], lead_s: float, tail_s: float, fps: float, *, starts_loaded: bool
) -> tuple[Script, list[TrueRep]]:
    """Phase at every frame, and the truth."""
    first_phase = plans[0].depth if starts_loaded and plans else float(starts_loaded)
    line, reps, i_set = Timeline(first_phase), [], 1
    line.stay(lead_s)
    for i, plan in enumerate(plans):
        next_depth = plans[i + 1].depth if i + 1 < len(plans) else 1.0
        start = line.now_s
        found = _pull(line, plan, next_depth) if starts_loaded else _squat(line, plan)
        reps += [TrueRep(*times, quality, i_set) for *times, quality in found]
        line.spoil(start, plan.dose)
        line.stay(plan.rest_s)
        i_set += plan.rest_s > SET_GAP_S
    line.stay(tail_s)
    return line.script(first_phase, fps), reps


SET_GAP_S = 12.0


def _quality(plan: Plan) -> str:
    return "partial" if plan.is_shallow or plan.left > 0 else "full"


def _rebound(line: Timeline, plan: Plan, share: float, seconds: float) -> None:
    """Part of the way up and back again."""
    line.go(seconds, plan.depth * (1 - share))
    line.go(0.8 * seconds, plan.depth)


def _squat(line: Timeline, plan: Plan) -> list[tuple]:
    """Down and up; an attempt that stops half way and sinks is one of its own."""
    start = line.now_s
    found = []
    line.go(plan.first_s, plan.depth, plan.skew[0])
    bottom = line.now_s
    line.stay(plan.hold_s)
    if plan.fails_at is not None:
        turn_end = line.now_s
        line.go(0.8 * plan.second_s, plan.depth * (1 - plan.fails_at))
        found.append((start, bottom, turn_end, line.now_s, "failed"))
        line.stay(0.3)
        start = line.now_s
        line.go(0.8 * plan.second_s, plan.depth)
        bottom = line.now_s
        line.stay(0.5)
    if plan.bounce:
        _rebound(line, plan, plan.bounce, 0.4)
    turn_end = line.now_s
    line.go(plan.second_s, plan.left, plan.skew[1])
    return [*found, (start, bottom, turn_end, line.now_s, _quality(plan))]


def _pull(line: Timeline, plan: Plan, next_depth: float) -> list[tuple]:
    """Up and, unless the bar is dropped, down; a failed pull before it is no repetition."""
    if plan.fails_at is not None:
        _rebound(line, plan, plan.fails_at, 0.8 * plan.first_s)
        line.stay(1.5)
    if plan.bounce:
        _rebound(line, plan, plan.bounce, 0.4)
    start = line.now_s
    line.go(plan.first_s, plan.left, plan.skew[0])
    top = line.now_s
    line.stay(plan.hold_s)
    turn_end = line.now_s
    if plan.is_dropped:
        return [(start, top, top, top, _quality(plan))]
    line.go(plan.second_s, next_depth, plan.skew[1])
    return [(start, top, turn_end, line.now_s, _quality(plan))]
