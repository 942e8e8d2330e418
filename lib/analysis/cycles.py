"""From turning points to candidate repetitions, with their beginnings and ends.

Indices are samples of a Track. A move is one way of the drive: loading (towards the loaded
position, u rises) or unloading.
"""

import itertools
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from scipy.ndimage import uniform_filter1d

from lib.analysis.zigzag import turning_points
from lib.signals import finite_runs

EDGE_SHARE = 0.04
"""A move begins where this much of it is done, walked back to rest; it ends likewise."""
LEVEL_SHARE = 0.20
"""Samples within this share of an end tell the level there."""
REST_SHARE = 0.06
"""Slower than this share of the move's top speed is rest."""
RETURN_SHARE = 0.5
"""A rep that starts loaded ends at lockout if what follows undoes less than this share of it:
steps, not the way back to the bar or the chair (choice)."""
SMOOTH_SHARE, NOISY_SHARE = 0.30, 0.08
"""Ends are looked for in the mean over this share of the movement's time where noise is that share
of its size or more, and over less where there is less: a mean takes the noise that would hide a
beginning, and makes it early (choice)."""
TENTH, THIRD, HALF = 0.1, 0.3, 0.5
EVEN, GENTLE = 1.0, 1.3
"""Time from the first tenth of a movement to three tenths over that from there to its half: at an
even speed, and with least jerk (Flash and Hogan 1985)."""
BEFORE = (0.45, 0.9)
"""What lies before the tenth, over the time from there to half, of the two (choice): least jerk
takes 0.97, a raised cosine 0.69, an even speed that is reached within 2 to 15 % of the movement's
time 0.28 to 0.47."""
WALKED = (0.6, 0.2)
"""Weight of the beginning that is walked back to, of the two: with least jerk, slow at first, it is
7 % of the time late (choice: least error over five such shapes and noises)."""


@dataclass(frozen=True)
class Move:
    """One way between two turning points."""

    i_from: int
    i_to: int
    start: int
    """First sample of the movement."""
    end: int
    """Last sample of the movement."""
    excursion_deg: float
    peak_speed: float
    """Degrees a sample."""
    i_fastest: int
    is_loading: bool


@dataclass(frozen=True)
class Cycle:
    """A candidate repetition: two moves, or one for a half at the end that already counts."""

    first: Move
    second: Move | None
    touches_start: bool
    """It begins where the data begins: what came before is unknown."""
    touches_end: bool

    @property
    def moves(self) -> tuple[Move, ...]:
        return (self.first,) if self.second is None else (self.first, self.second)

    @property
    def start(self) -> int:
        return self.first.start

    @property
    def end(self) -> int:
        return self.moves[-1].end

    @property
    def loading(self) -> Move | None:
        return next((m for m in self.moves if m.is_loading), None)

    @property
    def unloading(self) -> Move | None:
        return next((m for m in self.moves if not m.is_loading), None)

    @property
    def i_loaded(self) -> int:
        """The loaded position that the repetition is judged by."""
        return self.first.i_to if self.first.is_loading else self.first.i_from


def _share_done(part: np.ndarray) -> np.ndarray:
    """How much of a move is done, 0 to 1 between the usual levels at its ends.

    The turning points themselves are where noise is most extreme: with a rest beside them, a small
    part of the way from there would be in the middle of the rest.
    """
    share = (part - part[0]) / (part[-1] - part[0])
    # Of so few samples a sorted list has its median far sooner than numpy.
    low = median(share[share < LEVEL_SHARE].tolist())
    high = median(share[share > 1 - LEVEL_SHARE].tolist())
    return (share - low) / (high - low)


def _middle(share: np.ndarray) -> int:
    """Samples that the middle eight tenths of a move take."""
    below = (share < TENTH).nonzero()[0]
    last = int(below[-1]) if len(below) else 0
    return int((share[last:] >= 1 - TENTH).argmax())


def _extrapolated(share: np.ndarray) -> tuple[float, float]:
    """Beginning of a move (n,) of which a share is done, told from its first half, and how even its
    speed is, EVEN to GENTLE."""
    below = (share < TENTH).nonzero()[0]
    last = int(below[-1]) if len(below) else 0
    i_half = last + int((share[last:] >= HALF).argmax())
    # Noise makes the last crossing late and the first early; how many are below is neither. Looked
    # at no further back than the move is long: before it anything may have happened.
    first = max(0, last - 2 * (i_half - last))
    part, step = share[first : i_half + 1], (HALF - TENTH) / max(i_half - last, 1)
    # Half a sample to either side of a crossing counts in part, or the answer leaps with the rate.
    tenth, third, half = (
        float(np.clip((level - part) / step + 0.5, 0, 1).sum()) for level in (TENTH, THIRD, HALF)
    )
    pace = min(max((third - tenth) / max(half - third, 1e-9), EVEN), GENTLE)
    return first + tenth - (half - tenth) * float(np.interp(pace, (EVEN, GENTLE), BEFORE)), pace


def _beginning(share: np.ndarray, is_rest: np.ndarray) -> int:
    """Sample at which a move (n,) begins, between two answers: walked back to rest from where
    it has clearly begun, which noise and a slow start end too soon, and extrapolated."""
    onset = int((share < EDGE_SHARE).nonzero()[0][-1])
    rests = is_rest[: onset + 1].nonzero()[0]
    walked = int(rests[-1]) if len(rests) else 0
    told, pace = _extrapolated(share)
    weight = float(np.interp(pace, (EVEN, GENTLE), WALKED))
    return min(max(0, round(weight * walked + (1 - weight) * told)), onset)


def _still(near: np.ndarray, level: float, tolerance: float) -> int:
    """How many of the samples (n,) from the first on stay at a level; missing ones do not."""
    away = ~(np.abs(near - level) <= tolerance)
    return int(away.argmax()) if away.any() else len(near)


def make_move(u: np.ndarray, speed: np.ndarray, noise: float, i_from: int, i_to: int) -> Move:
    """Find where the movement between two turning points begins and ends. u, speed (N,); noise:
    one standard deviation of it in u."""
    size, fast = float(abs(u[i_to] - u[i_from])), np.abs(speed[i_from : i_to + 1])
    # In a rest the turning point is anywhere; the movement may begin before it and end after it.
    reach, edge = i_to - i_from, EDGE_SHARE * size
    first = i_from - _still(u[max(0, i_from - reach) : i_from][::-1], u[i_from], edge)
    last = i_to + _still(u[i_to + 1 : i_to + 1 + reach], u[i_to], edge)
    part = u[first : last + 1]
    smoothing = SMOOTH_SHARE * min(1.0, noise / (NOISY_SHARE * size))
    smooth = uniform_filter1d(
        part, round(smoothing * _middle(_share_done(part))) | 1, mode="nearest"
    )
    pace = np.abs(np.gradient(smooth))
    share = _share_done(smooth)
    is_rest = pace < REST_SHARE * pace.max()
    begin = _beginning(share, is_rest)
    onset = int((share < EDGE_SHARE).nonzero()[0][-1])  # what was done before it was undone
    finish = len(part) - 1 - _beginning(1 - share[onset:][::-1], is_rest[onset:][::-1])
    return Move(
        i_from, i_to, first + begin, first + finish, size, float(fast.max()),
        i_from + int(fast.argmax()), bool(u[i_to] > u[i_from]),
    )  # fmt: skip


def _one_after_another(moves: list[Move]) -> list[Move]:
    """Of two moves that would overlap, one ends and the other begins at the turning point."""
    for i in range(len(moves) - 1):
        one, other = moves[i], moves[i + 1]
        if one.end > other.start:
            end, start = min(one.end, one.i_to), max(other.start, one.i_to)
            moves[i], moves[i + 1] = replace(one, end=end), replace(other, start=start)
    return moves


def find_moves(
    u: np.ndarray, speed: np.ndarray, noise: float, threshold: float
) -> list[list[Move]]:
    """Moves of at least threshold degrees, a list for each run without missing data."""
    runs = []
    for start, stop in finite_runs(np.isfinite(u)):
        turns = (start + turning_points(u[start:stop], threshold)).tolist()
        pairs = itertools.pairwise(turns)
        runs.append(_one_after_another([make_move(u, speed, noise, a, b) for a, b in pairs]))
    return [run for run in runs if run]


def pair_moves(run: list[Move], *, starts_loaded: bool) -> tuple[list[Cycle], list[Move]]:
    """Candidates of one run, and moves at its ends that make no candidate.

    A rep that starts unloaded needs both its moves. One that starts loaded is complete at the end
    of the first; the way back belongs to it when there is one.
    """
    cycles, orphans = [], []
    i_move = 0
    while i_move < len(run):
        move = run[i_move]
        second = run[i_move + 1] if i_move + 1 < len(run) else None
        if move.is_loading == starts_loaded or (second is None and not starts_loaded):
            orphans.append(move)
            i_move += 1
        else:
            last = i_move + (1 if second is None else 2)
            is_return = (
                second is not None and second.excursion_deg >= RETURN_SHARE * move.excursion_deg
            )
            way_back = second if is_return or not starts_loaded else None
            cycles.append(Cycle(move, way_back, i_move == 0, last >= len(run)))
            i_move += 2
    return cycles, orphans
