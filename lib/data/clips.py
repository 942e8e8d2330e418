"""Cutting sequences into windows: an index table, no copies (defects D19, D20, D23)."""

import numpy as np

from lib.data.store import Store


def window_starts(num_frames: int, length: int, stride: int) -> np.ndarray:
    """First frames of the windows over a sequence: every frame is in at least one.

    Windows start every `stride` frames; one more, aligned to the end, is added where the last
    would leave a tail. A sequence no longer than `length` has the single window [0], which
    longer clips go through there and back. Raises ValueError for an empty sequence or a stride that
    would skip frames.
    """
    if num_frames < 1 or not 1 <= stride <= length:
        raise ValueError(
            f"{num_frames} frames in windows of {length} every {stride}: "
            "need 1 frame or more and 1 <= stride <= length"
        )
    last = max(num_frames - length, 0)
    return np.append(np.arange(0, last, stride), last)


def slice_store(store: Store, length: int, stride: int) -> np.ndarray:
    """(C, 3) int64 rows (sequence, start, stop) for all sequences, in their order."""
    rows = [
        (i_sequence, start, min(start + length, sequence.num_frames))
        for i_sequence, sequence in enumerate(store.sequences)
        for start in window_starts(sequence.num_frames, length, stride)
    ]
    return np.array(rows, np.int64).reshape(-1, 3)
