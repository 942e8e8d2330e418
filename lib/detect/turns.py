"""People whose ids come and go: tracks that lie in the holes of another one.

Rows are those of the detections, in the order of their frames. Hours of a flickering id make
thousands of tracks, so of a long one only what is around another is looked at.
"""

from collections.abc import Callable

import numpy as np

Follows = Callable[[np.ndarray, np.ndarray], bool]
"""Whether detections `first` can all be who was seen before as `last`, pair by pair."""


def take_turns(rows_of: dict[int, np.ndarray], follows: Follows) -> dict[int, int]:
    """Tracks that begin in a hole of an earlier one and take turns with it -> the earlier one.

    rows_of: ascending rows of each track.
    """
    tracks = sorted(rows_of, key=lambda track: rows_of[track][0])
    merged: dict[int, int] = {}
    for i, track in enumerate(tracks):
        if track in merged:
            continue
        parts, end = [rows_of[track]], rows_of[track][-1]
        for j in range(i + 1, len(tracks)):
            rows = rows_of[tracks[j]]
            if rows[0] > end:
                break
            if tracks[j] in merged:
                continue
            parts = _reaching(parts, rows[0])
            if _fits_in(rows, parts, follows):
                merged[tracks[j]] = track
                parts.append(rows)
                end = max(end, rows[-1])
    return merged


def _reaching(parts: list[np.ndarray], row: int) -> list[np.ndarray]:
    """Parts that end after a row, and of the others the one that comes nearest to it."""
    over = [part for part in parts if part[-1] < row]
    return [part for part in parts if part[-1] > row] + sorted(over, key=lambda p: p[-1])[-1:]


def _around(parts: list[np.ndarray], first: int, last: int) -> np.ndarray:
    """Rows of the parts from one row to another, and one more of each part before and after."""
    places = [np.searchsorted(part, (first, last)) for part in parts]
    near = [part[max(a - 1, 0) : b + 1] for part, (a, b) in zip(parts, places, strict=True)]
    return np.concatenate(near)


def _fits_in(rows: np.ndarray, parts: list[np.ndarray], follows: Follows) -> bool:
    """Whether one follows the other wherever the parts turn into the rows or back."""
    near = _around(parts, rows[0], rows[0])
    if not follows(near[near < rows[0]].max(), rows[0]):
        return False
    both = np.concatenate([_around(parts, rows[0], rows[-1]), rows])
    order = np.argsort(both, kind="stable")
    turns = np.flatnonzero(np.diff(order >= len(both) - len(rows)))
    both = both[order]
    return follows(both[turns], both[turns + 1])
