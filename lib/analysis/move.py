"""One way of the drive, between two turning points: where it begins and ends.

Indices are samples of a Track.
"""

from dataclasses import dataclass
from statistics import median

import numpy as np
from scipy.ndimage import uniform_filter1d

EDGE_SHARE = 0.04
"""A move begins where this much of it is done, walked back to rest; it ends likewise."""
LEVEL_SHARE = 0.20
"""Samples within this share of an end tell the level there."""
REST_SHARE = 0.06
"""Slower than this share of the move's top speed is rest."""
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
    """First sample of the movement; after a bounce of the one that follows."""
    end: int
    """Last sample of the movement."""
    excursion_deg: float
    peak_speed: float
    """Degrees a sample."""
    i_fastest: int
    is_loading: bool
    i_left: int
    """Where it leaves for the first time: before a bounce, else its start."""


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


def last_below(share: np.ndarray, level: float) -> int:
    """Last sample below a level; the first, where none is."""
    below = (share < level).nonzero()[0]
    return int(below[-1]) if len(below) else 0


def _middle(share: np.ndarray) -> int:
    """Samples that the middle eight tenths of a move take."""
    last = last_below(share, TENTH)
    return int((share[last:] >= 1 - TENTH).argmax())


def _extrapolated(share: np.ndarray) -> tuple[float, float]:
    """Beginning of a move (n,) of which a share is done, told from its first half, and how even its
    speed is, EVEN to GENTLE."""
    last = last_below(share, TENTH)
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
    onset = last_below(share, EDGE_SHARE)
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
    size = float(abs(u[i_to] - u[i_from]))
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
    onset = last_below(share, EDGE_SHARE)  # what was done before it was undone
    finish = len(part) - 1 - _beginning(1 - share[onset:][::-1], is_rest[onset:][::-1])
    start, end = first + begin, first + finish
    fast = np.abs(speed[start : max(start, end) + 1])  # a rest may have faster ones
    return Move(
        i_from, i_to, start, end, size, float(fast.max()), start + int(fast.argmax()),
        bool(u[i_to] > u[i_from]), start,
    )  # fmt: skip
