"""From turning points to candidate repetitions.

Indices are samples of a Track. A move is one way of the drive: loading (down, in a squat: towards
the loaded position, u rises) or unloading (up). A bounce is a way up that is undone at once, at the
bottom; a ledge is a rest short of the top.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from lib.analysis.move import EDGE_SHARE, HALF, LEVEL_SHARE, Move, last_below, make_move
from lib.analysis.zigzag import turning_points
from lib.signals import finite_runs

RETURN_SHARE = 0.5
"""A rep that starts loaded ends at lockout if what follows undoes less than this share of it:
steps, not the way back to the bar or the chair (choice)."""
NEAR_SHARE = 0.65
"""A rest this far up may be a ledge: a missed lockout, or knees unlocked before a squat,"""
REST_OF_WAY, LEAST_REST, STICKS_S = 2, 3, 1.5
"""if it lasts so many times as long as the way up to NEAR_SHARE, about as long as all of it, and at
least so many samples; on a way up so many seconds as well: where a lift sticks it goes on
(choices)."""
BOUNCE_SHARE, BOUNCE_SIGMAS = 0.08, 4.0
"""A way up that is undone by as much of its size and of its noise, back to within LEVEL_SHARE of
where it came from, was a bounce (choice: 4 % of the height, told as a downward movement, is 8 % of
most ways)."""


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


def _bounce(u: np.ndarray, noise: float, up: Move, i_begin: int) -> list[int]:
    """Turning points of a bounce at the beginning of a way up, from the first time at the bottom to
    the last; i_begin: where the way down to it begins. Empty if there is none."""
    undone = max(BOUNCE_SHARE * up.excursion_deg, BOUNCE_SIGMAS * noise)
    turns = i_begin + turning_points(u[i_begin : up.i_to + 1], undone)
    low = u[up.i_from] - u[turns] < LEVEL_SHARE * up.excursion_deg
    if low.sum() < 2:
        return []
    bottoms = low.nonzero()[0]
    between = turns[bottoms[0] : bottoms[-1] + 1]
    is_try = (u[up.i_from] - u[between]).max() > HALF * up.excursion_deg  # one of its own
    return [] if is_try else between.tolist()


def _ledge(way: np.ndarray, least: float) -> int | None:
    """Sample of a way up (n,), 0 at its bottom and 1 at its top, or of one down told backwards, at
    which it rests short of the top for `least` samples or more; None if it does not."""
    near = int((way >= NEAR_SHARE).argmax())
    size = int(max(REST_OF_WAY * (near - last_below(way[:near], EDGE_SHARE)), least))
    rest = way[near:]
    if len(rest) < size:
        return None
    high, low = maximum_filter1d(rest, size), minimum_filter1d(rest, size)
    is_rest = (high - low < 2 * EDGE_SHARE) & (high < 1 - EDGE_SHARE)
    is_rest[: size // 2] = is_rest[len(rest) - size // 2 :] = False
    return near + int(is_rest.argmax()) if is_rest.any() else None


def _up_to_ledge(
    u: np.ndarray, speed: np.ndarray, noise: float, i_from: int, i_to: int, fps: float
) -> Move:
    """The move between two turning points. Up it goes to a ledge and is judged there, down it
    begins at one; how far it goes down is told from the top."""
    size, is_loading = abs(u[i_to] - u[i_from]), u[i_to] > u[i_from]
    samples = np.arange(i_from, i_to + 1)[:: -1 if is_loading else 1]
    way = np.abs(u[samples[0]] - u[samples]) / size
    ledge = _ledge(way, LEAST_REST if is_loading else STICKS_S * fps)
    if ledge is None:
        return make_move(u, speed, noise, i_from, i_to)
    if not is_loading:
        return make_move(u, speed, noise, i_from, int(samples[ledge]))
    down = make_move(u, speed, noise, int(samples[ledge]), i_to)
    return replace(down, i_from=i_from, excursion_deg=float(size))


def _around_bounces(
    moves: list[Move], u: np.ndarray, speed: np.ndarray, noise: float
) -> list[Move]:
    """The way down ends where the bottom is first reached, the way up begins where it is last
    left; judged they are at its lowest."""
    for i, up in enumerate(moves):
        if up.is_loading:
            continue
        has_down = i > 0 and moves[i - 1].excursion_deg > HALF * up.excursion_deg
        turns = _bounce(u, noise, up, moves[i - 1].i_from if has_down else up.i_from)
        if not turns:
            continue
        left = make_move(u, speed, noise, *turns[:2]).start
        rest = make_move(u, speed, noise, turns[-1], up.i_to)
        moves[i] = replace(rest, i_from=up.i_from, excursion_deg=up.excursion_deg, i_left=left)
        if has_down:
            down = moves[i - 1]
            end = make_move(u, speed, noise, down.i_from, turns[0]).end
            moves[i - 1] = replace(down, end=end, i_fastest=min(down.i_fastest, end))
    return moves


def _one_after_another(moves: list[Move]) -> list[Move]:
    """Of two moves that would overlap, one ends and the other begins at the turning point."""
    for i in range(len(moves) - 1):
        one, other = moves[i], moves[i + 1]
        if one.end > other.i_left:
            end, left = min(one.end, one.i_to), max(other.i_left, one.i_to)
            start = max(other.start, left)
            moves[i] = replace(one, end=end, i_fastest=min(one.i_fastest, end))
            fastest = max(other.i_fastest, start)
            moves[i + 1] = replace(other, start=start, i_left=left, i_fastest=fastest)
    return moves


def find_moves(
    u: np.ndarray, speed: np.ndarray, noise: float, threshold: float, fps: float
) -> list[list[Move]]:
    """Moves of at least threshold degrees, a list for each run without missing data. u, speed (N,)
    at fps; noise: one standard deviation of it in u."""
    runs = []
    for start, stop in finite_runs(np.isfinite(u)):
        turns = (start + turning_points(u[start:stop], threshold)).tolist()
        pairs = itertools.pairwise(turns)
        moves = [_up_to_ledge(u, speed, noise, *pair, fps) for pair in pairs]
        runs.append(_one_after_another(_around_bounces(moves, u, speed, noise)))
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
