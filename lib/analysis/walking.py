"""Where in a recording somebody walks: knees and hips bend in turn. N samples of a Track."""

import numpy as np
from scipy.ndimage import uniform_filter1d

from lib.analysis.form import limb_angle
from lib.analysis.track import Track
from lib.signals import finite_runs

WINDOW_S = 1.6
"""About one and a half strides."""
IN_TURN_DEG, IN_TURN_SHARE = 11.0, 0.62
"""Left and right legs differ by at least this (one standard deviation of half the difference, knee
and hip together) and by this share of what they move together. Both from simulation: walking is
above 11 degrees and 0.63, the middle of a squat or deadlift below 9 and 0.32."""
SHORTEST_S = 1.5
"""A walk lasts longer; in less, noise looks like one."""


def _spread(x: np.ndarray, size: int) -> np.ndarray:
    """(N,) standard deviation over a window."""
    mean = uniform_filter1d(x, size)
    return np.sqrt(np.maximum(uniform_filter1d(x * x, size) - mean * mean, 0.0))


def in_turn(track: Track) -> np.ndarray:
    """(N,) legs move in turn rather than together; False where a leg is unknown."""
    size = max(3, round(WINDOW_S * track.fps))
    apart = together = np.zeros(len(track))
    known = np.ones(len(track), bool)
    for part in ("knee", "hip"):
        left, right = (limb_angle(track.xyz, part, side) for side in "lr")
        known &= np.isfinite(left) & np.isfinite(right)
        left, right = np.nan_to_num(left), np.nan_to_num(right)
        apart = np.hypot(apart, _spread((left - right) / 2, size))
        together = np.hypot(together, _spread((left + right) / 2, size))
    return known & (apart > IN_TURN_DEG) & (apart > IN_TURN_SHARE * together)


def walks(is_in_turn: np.ndarray, fps: float) -> list[tuple[int, int]]:
    """Half-open runs of samples that are long enough to be a walk."""
    return [(a, b) for a, b in finite_runs(is_in_turn) if b - a >= SHORTEST_S * fps]
