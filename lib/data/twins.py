"""The same motion under two names: equal joint-angle curves, whatever the skeleton or the clock.

Angles do not change when a take is moved, turned, scaled, put on another skeleton or shifted in
time, so a trial that two collections hold keeps its curves. A window of 2 s (of 1 s in shorter
takes) is compared with every window of the other side, at several speeds and mirrored.

T frames, A = 8 angles (4 a side), W samples of a window.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from lib.geometry import flexion_deg
from lib.skeleton import JOINT

_CHAINS = (
    ("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"), ("shoulder", "hip", "knee"),
    ("hip", "shoulder", "elbow"),
)  # fmt: skip
_SAMPLE_S = 0.1
_SPEEDS = (1.0, 5 / 6, 6 / 5, 0.5, 2.0)
"""Clocks that take 100 for 120 frames a second, or every second frame for all, and back."""


class _Window(NamedTuple):
    """Length, and the distance below which curves are equal, as a share of their own size."""

    window_s: float
    share: float


_LONG, _SHORT = _Window(2.0, 0.2), _Window(1.0, 0.1)
"""In motion17 the same trial on two skeletons is 0.07 to 0.14 apart over 2 s, different people's
nearest pair (arms lowered from a T-pose) 0.23."""
_MOVING_DEG, _NUM_MOVING = 5.0, 4
"""A window tells something if this many of its angles have this standard deviation."""
_BANK_STEP_S, _QUERY_STEP_S = 0.04, 0.3
_BANK_S = 3600.0
"""Recordings kept as windows at a time: 67 kB a second, whatever the size of the store."""
_NUM_AXES = 16
_MIRRORED = [1, 0, 3, 2, 5, 4, 7, 6]


@dataclass(frozen=True)
class Twin:
    """A stretch of one take that another take has too."""

    first: int
    second: int
    """Numbers of the takes, on different sides."""
    first_s: float
    second_s: float
    """Where the stretch begins in either."""
    speed: float
    """How much faster the first goes."""
    distance: float
    """Root mean square of the difference over that of the curve about its mean."""


def angle_curves(xyz_m: np.ndarray) -> np.ndarray:
    """(T, 8) degrees of poses (T, 17, 3): knee, elbow, hip, shoulder, left before right."""
    return np.stack(
        [
            flexion_deg(*(xyz_m[:, JOINT[side + part]] for part in chain))
            for chain in _CHAINS
            for side in "lr"
        ],
        -1,
    )


@dataclass(frozen=True)
class _Bank:
    """Windows of some takes: N rows."""

    take: np.ndarray
    start_s: np.ndarray
    curves: np.ndarray
    """(N, W * A) degrees about each angle's mean."""


def _windows(
    curves: Sequence[np.ndarray], fps: Sequence[float], takes: Sequence[int], window_s: float,
    step_s: float, speed: float = 1.0,
) -> _Bank:  # fmt: skip
    offsets_s = speed * np.arange(0, window_s + 1e-9, _SAMPLE_S)
    width = len(offsets_s) * len(_MIRRORED)
    parts = [(np.zeros(0, int), np.zeros(0), np.zeros((0, width)))]
    for i in takes:
        last = len(curves[i]) - 1
        start_s = np.arange(0, last / fps[i] - offsets_s[-1] + 1e-9, step_s)
        position = (start_s[:, None] + offsets_s) * fps[i]
        left = np.minimum(position.astype(int), max(last - 1, 0))
        share = (position - left)[..., None]
        found = curves[i][left] * (1 - share) + curves[i][np.minimum(left + 1, last)] * share
        found -= found.mean(1, keepdims=True)
        moving = (found.std(1) > _MOVING_DEG).sum(-1) >= _NUM_MOVING
        ok = moving & np.isfinite(found).all((1, 2))
        flat = found.reshape(len(found), width)[ok]
        parts.append((np.full(ok.sum(), i), start_s[ok], flat))
    return _Bank(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _nearest(query: _Bank, bank: _Bank, share: float) -> list[tuple[int, int, float]]:
    """(row of the query, row of the bank, distance) of all pairs nearer than `share`."""
    if not len(query.take) or not len(bank.take):
        return []
    # By shape alone and few axes first: neither loses a pair, since curves that are that near are
    # as near in direction (within 2 %), and a projection only shortens distances.
    size = np.linalg.norm(query.curves, axis=1)
    asked = query.curves / size[:, None]
    known = bank.curves / np.linalg.norm(bank.curves, axis=1, keepdims=True)
    _, _, axes = np.linalg.svd(known[:: max(len(known) // 2000, 1)], False)
    axes = axes[:_NUM_AXES].T
    near = cKDTree(known @ axes).query_ball_point(asked @ axes, 1.02 * share)
    pairs = []
    for i, rows in enumerate(near):
        if rows:
            away = np.linalg.norm(bank.curves[rows] - query.curves[i], axis=1) / size[i]
            pairs += [(i, k, float(d)) for k, d in zip(rows, away, strict=True) if d < share]
    return pairs


def _parts(takes: Sequence[int], seconds: Sequence[float]) -> Iterator[list[int]]:
    """The takes in parts of up to _BANK_S, or of one longer take."""
    part: list[int] = []
    total_s = 0.0
    for i in takes:
        if part and total_s + seconds[i] > _BANK_S:
            yield part
            part, total_s = [], 0.0
        part.append(i)
        total_s += seconds[i]
    yield part


def _comparisons(
    seconds: Sequence[float], sides: Sequence[str]
) -> Iterator[tuple[float, float, list[int], list[int]]]:
    """Length of the window, distance, takes of a side and part of those of others to compare."""
    is_short = np.array(seconds) <= _LONG.window_s
    for side in sorted(set(sides) - {""})[1:]:
        mine = [i for i, of in enumerate(sides) if of == side]
        others = [i for i, of in enumerate(sides) if of and of < side]
        for window, asked, known in (
            (_LONG, mine, others),
            (_SHORT, [i for i in mine if is_short[i]], others),
            (_SHORT, [i for i in mine if not is_short[i]], [i for i in others if is_short[i]]),
        ):
            for part in _parts(known, seconds):
                yield *window, asked, part


def find_twins(
    poses_m: Sequence[np.ndarray], fps: Sequence[float], sides: Sequence[str]
) -> list[Twin]:
    """Motions that takes of different sides share, nearest first; one line a pair of takes.

    poses_m: (T, 17, 3) each, any frame and unit. sides: what must not share; a take whose side is
    '' is left out. Takes shorter than 1 s, and stretches in which nothing moves, are not compared.
    """
    curves = [angle_curves(np.asarray(pose, float)) for pose in poses_m]
    mirrored = [each[:, _MIRRORED] for each in curves]
    best: dict[tuple[int, int], Twin] = {}
    seconds = [len(c) / f for c, f in zip(curves, fps, strict=True)]
    for window_s, share, mine, others in _comparisons(seconds, sides):
        bank = _windows(curves, fps, others, window_s, _BANK_STEP_S)
        for speed, form in product(_SPEEDS, (curves, mirrored)):
            query = _windows(form, fps, mine, window_s, _QUERY_STEP_S, speed)
            for i, k, away in _nearest(query, bank, share):
                a, b = int(query.take[i]), int(bank.take[k])
                if (a, b) not in best or away < best[a, b].distance:
                    start_s = float(query.start_s[i]), float(bank.start_s[k])
                    best[a, b] = Twin(a, b, *start_s, speed, away)
    return sorted(best.values(), key=lambda twin: twin.distance)
