"""Overlapping windows over a sequence of any length, and their blend into one answer.

B windows, T frames, L window length, J joints.
"""

from collections.abc import Callable

import numpy as np

from lib.data.clips import window_starts

FRAMES_PER_BATCH = 1944
"""Frames fed to the model at once, 8 windows of 243: the full model stays below 1 GB."""
_FLOOR = 1e-3


def blend_weights(length: int) -> np.ndarray:
    """(L,) Hann window that never reaches 0: a window's ends know only one side of their motion."""
    return np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2 + _FLOOR


def blend(
    num_frames: int, window: int, answer: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Cover num_frames by windows, answer each and average the answers where they overlap.

    `answer` maps frame numbers (B, L) to arrays (B, L, ...); L = min(window, num_frames). Windows
    start every L // 2 frames, the last one ends with the sequence. Returns the blend
    (num_frames, ...) and, of the same shape, the standard deviation of the windows' answers, each
    counted alike; NaN in frames that only one window covers.
    """
    length = min(window, num_frames)
    starts = window_starts(num_frames, length, max(length // 2, 1))
    weight_L = blend_weights(length)
    total, weight, count = _Sums(num_frames), np.zeros(num_frames), np.zeros(num_frames)
    per_batch = max(FRAMES_PER_BATCH // length, 1)
    for first in range(0, len(starts), per_batch):
        frames_BL = starts[first : first + per_batch, None] + np.arange(length)
        for frames_L, answer_L in zip(frames_BL, answer(frames_BL), strict=True):
            total.add(frames_L, answer_L, weight_L)
            weight[frames_L] += weight_L
            count[frames_L] += 1
    return total.mean(weight), total.deviation(count)


class _Sums:
    """Running sums over windows, from which their weighted mean and plain deviation follow."""

    def __init__(self, num_frames: int) -> None:
        self._num_frames = num_frames
        self._sums: np.ndarray | None = None

    def add(self, frames_L: np.ndarray, answer_L: np.ndarray, weight_L: np.ndarray) -> None:
        if self._sums is None:
            self._sums = np.zeros((3, self._num_frames, *answer_L.shape[1:]))
        self._sums[0, frames_L] += _column(weight_L, answer_L) * answer_L
        self._sums[1, frames_L] += answer_L
        self._sums[2, frames_L] += answer_L**2

    def mean(self, weight: np.ndarray) -> np.ndarray:
        assert self._sums is not None, "a sequence has at least one frame"
        return self._sums[0] / _column(weight, self._sums[0])

    def deviation(self, count: np.ndarray) -> np.ndarray:
        assert self._sums is not None, "a sequence has at least one frame"
        num = _column(count, self._sums[0])
        variance = self._sums[2] / num - (self._sums[1] / num) ** 2
        return np.where(num > 1, np.sqrt(np.maximum(variance, 0)), np.nan)


def _column(x: np.ndarray, like: np.ndarray) -> np.ndarray:
    return x.reshape(-1, *[1] * (like.ndim - 1))
