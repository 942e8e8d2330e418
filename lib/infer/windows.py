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


def blend(num_frames: int, window: int, answer: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Cover num_frames >= 1 by windows, answer each and average the answers where they overlap.

    `answer` maps frame numbers (B, L) to arrays (B, L, ...); L = min(window, num_frames). Windows
    start every L // 2 frames, the last one ends with the sequence. Returns (num_frames, ...).
    """
    length = min(window, num_frames)
    starts = window_starts(num_frames, length, max(length // 2, 1))
    weight_L = blend_weights(length)
    total: np.ndarray | None = None
    weight = np.zeros(num_frames)
    per_batch = max(FRAMES_PER_BATCH // length, 1)
    for first in range(0, len(starts), per_batch):
        frames_BL = starts[first : first + per_batch, None] + np.arange(length)
        answers = answer(frames_BL)
        if total is None:
            total = np.zeros((num_frames, *answers.shape[2:]))
        for frames_L, answer_L in zip(frames_BL, answers, strict=True):
            total[frames_L] += _column(weight_L, answer_L) * answer_L
            weight[frames_L] += weight_L
    assert total is not None, "a sequence has at least one frame"
    return total / _column(weight, total)


def _column(x: np.ndarray, like: np.ndarray) -> np.ndarray:
    return x.reshape(-1, *[1] * (like.ndim - 1))
