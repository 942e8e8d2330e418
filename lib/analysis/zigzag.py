"""Turning points of a signal: a peak or valley counts once the signal has reversed far enough."""

import numpy as np


def _local_extremes(u: np.ndarray) -> np.ndarray:
    """Indices of both ends and of every change of direction; the only places to turn."""
    step = np.diff(u)
    moving = np.flatnonzero(step != 0)
    turns = moving[1:][np.sign(step[moving[1:]]) != np.sign(step[moving[:-1]])]
    return np.unique(np.concatenate([[0], turns, [len(u) - 1]]))


def turning_points(u: np.ndarray, threshold: float) -> np.ndarray:
    """Indices of alternating peaks and valleys of u (N,) with reversals of at least threshold.

    A Schmitt trigger in one pass: the running extreme is kept when the signal has come back from
    it by the threshold. The first and last entries are the running extremes at the two ends.
    Empty if the signal never moves that far. u must be finite.
    """
    if len(u) < 2 or float(np.ptp(u)) < threshold:
        return np.zeros(0, int)
    places = _local_extremes(u)
    kept: list[int] = []
    low = high = places[0]
    direction = 0
    for i in places.tolist():
        value = u[i]
        low = i if value < u[low] else low
        high = i if value > u[high] else high
        if direction >= 0 and u[high] - value >= threshold:
            kept.append(high)
            direction, low, high = -1, i, i
        elif direction <= 0 and value - u[low] >= threshold:
            kept.append(low)
            direction, low, high = 1, i, i
    kept.append(low if direction < 0 else high)
    return np.array(kept, int)
