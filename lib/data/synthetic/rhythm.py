"""Time: the phase of each repetition, its boundary marks, and slow natural variation."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


def smooth_step(u) -> np.ndarray:
    """0 to 1 with speed and acceleration 0 at both ends (minimum jerk); held outside [0, 1]."""
    u = np.clip(u, 0.0, 1.0)
    return u**3 * (10 - 15 * u + 6 * u**2)


def bump(u) -> np.ndarray:
    """0 at both ends of [0, 1], 1 in the middle, smooth; 0 outside."""
    u = np.clip(u, 0.0, 1.0)
    return (4 * u * (1 - u)) ** 2


def ramp(num_frames: int, start: float, stop: float) -> np.ndarray:
    """(F,) 0 before frame `start`, 1 from `stop` on, smooth between."""
    return smooth_step((np.arange(num_frames) - start) / max(stop - start, 1e-9))


def drift(rng: np.random.Generator, num_frames: int, fps: float, size, period_s=6.0) -> np.ndarray:
    """Slow wander: 4 sines of random phase with periods from 0.6 to 3 times period_s.

    size: standard deviation, scalar or (...,); returns (..., F).
    """
    size = np.asarray(size, float)
    shape = (*size.shape, 4)
    period = period_s * rng.uniform(0.6, 3.0, shape)
    angle = rng.uniform(0, 2 * np.pi, shape)
    weight = rng.uniform(0.5, 1.0, shape)
    weight *= np.sqrt(2.0 / (weight**2).sum(-1, keepdims=True))
    time_s = np.arange(num_frames) / fps
    waves = np.sin(2 * np.pi * time_s / period[..., None] + angle[..., None])
    return size[..., None] * (weight[..., None] * waves).sum(-2)


def draw_depth(rng: np.random.Generator, depths: Mapping[str, tuple], faults) -> float:
    """Of the bottoms of a set, in the unit of depths: ranges by the fault asked for, "" = none."""
    asked = next((name for name in depths if name in faults), "")
    return rng.uniform(*depths[asked])


_AFTER_S = 0.35
"""Standing up straight after a set."""


@dataclass(frozen=True)
class Tempo:
    """How long an athlete takes over the parts of a repetition, seconds."""

    go_s: float
    """From the start pose to the turn."""
    turn_s: float
    """Held at the turn."""
    back_s: float
    """Back to the start pose."""
    rest_s: float
    """Held in the start pose; belongs to the repetition it follows."""
    spread: float = 0.08
    """Standard deviation of each part from one repetition to the next, as a ratio."""
    depth_spread: float = 0.02
    """The same of how far a repetition goes."""


@dataclass(frozen=True)
class Rhythm:
    """The course of a set, frame by frame (F,)."""

    phase: np.ndarray
    """0 in the start pose, about 1 at the turn."""
    rep: np.ndarray
    """Number of the repetition, -1 before and after."""
    go: np.ndarray
    """How much of the way to the turn lies behind, 0 to 1; 1 during turn and return."""
    back: np.ndarray
    """How much of the way back lies behind, 0 to 1 (in time, not in distance)."""
    marks: tuple[int, ...]
    """Boundaries of the repetitions, one more than there are; none without repetitions."""
    work: tuple[int, int]
    """First frame of the set and the frame after its last."""
    fps: float

    @property
    def num_frames(self) -> int:
        return len(self.phase)

    def in_set(self) -> np.ndarray:
        """(F,) 0 to 1: 1 from the first turn to the end of the last repetition, 0 without any."""
        (start, stop), turned = self.work, np.flatnonzero(self.go >= 1)
        if not self.marks or len(turned) == 0:
            return np.zeros(self.num_frames)
        begun = ramp(self.num_frames, start, int(turned[0]))
        return begun - ramp(self.num_frames, stop, stop + _AFTER_S * self.fps)


def make_rhythm(
    rng: np.random.Generator, tempo: Tempo, num_reps: int, lead_s: float, tail_s: float, fps: float
) -> Rhythm:
    """Repetitions one after the other between a lead-in and a tail. Without any: 2 s of holding."""
    lead, tail = round(lead_s * fps), round(tail_s * fps)
    parts = np.array([tempo.go_s, tempo.turn_s, tempo.back_s, tempo.rest_s])
    spread = np.exp(tempo.spread * np.clip(rng.standard_normal((num_reps, 4)), -2, 2))
    tired = 1 + rng.uniform(0.0, 0.05) * np.arange(num_reps)[:, None] * [0, 0, 1, 0]
    frames = np.maximum(np.rint(parts * spread * tired * fps), [2, 0, 2, 0]).astype(int)
    amount = 1 + tempo.depth_spread * np.clip(rng.standard_normal(num_reps), -2, 2)
    marks = lead + np.concatenate([[0], np.cumsum(frames.sum(1))])
    stop = int(marks[-1]) if num_reps else lead + round(2 * fps)
    num_frames = stop + tail
    phase, go, back = np.zeros(num_frames), np.zeros(num_frames), np.ones(num_frames)
    rep = np.full(num_frames, -1)
    for i_rep, (n_go, n_turn, n_back, _) in enumerate(frames):
        first, last = marks[i_rep], marks[i_rep + 1]
        t = np.arange(last - first)
        rep[first:last] = i_rep
        go[first:last] = np.clip(t / n_go, 0, 1)
        back[first:last] = np.clip((t - n_go - n_turn) / n_back, 0, 1)
        phase[first:last] = amount[i_rep] * (smooth_step(go[first:last])
                                             - smooth_step(back[first:last]))  # fmt: skip
    return Rhythm(phase, rep, go, back, tuple(int(m) for m in marks) if num_reps else (),
                  (lead, stop), fps)  # fmt: skip
