"""Ids that two people exchange: each track leaps to where the other one was.

N detections, L leaps.
"""

import numpy as np

from lib.detect.bodies import Bodies, reach

MOST_LEAPS = 0.2
"""Ids that leap in a larger share of their steps are ranks, say: an answer in another picture
means nothing then, and looking for it takes long (choice)."""
_PART = 100_000
"""So many detections are compared at a time, for the memory it takes."""


def undo_exchanges(
    labels: np.ndarray, frame_id: np.ndarray, bodies: Bodies, fps: float, longest_s: float
) -> np.ndarray:
    """(N,) labels; where two people exchanged them, each goes on with the one they had.

    labels: (N,) at most one detection a label and frame, -1 = nobody. longest_s: a leap over a
    longer absence may be right, and one that no other leap answers within this time is left.
    """
    order = np.argsort(labels, kind="stable")
    before, after = order[:-1], order[1:]
    is_pair = (labels[before] == labels[after]) & (labels[after] != -1)
    before, after = before[is_pair], after[is_pair]
    came_from = np.arange(len(labels))
    came_from[after] = before
    gap_s = (frame_id[after] - frame_id[before]) / fps
    parts = [slice(i, i + _PART) for i in range(0, len(after), _PART)]
    moves = [bodies.distance(before[part], after[part]) for part in parts]
    is_far = (np.concatenate([gap_s[:0], *moves]) > reach(gap_s)) & (gap_s <= longest_s)
    leaps = np.sort(after[is_far])  # rows are in the order of frames
    is_rare = len(leaps) <= MOST_LEAPS * len(after)
    for within_s in (0.0, longest_s)[: 1 + is_rare]:  # most answers come in the same picture
        leaps = _exchange(came_from, leaps, frame_id, bodies, fps, within_s)
    result = labels.tolist()
    for row in np.flatnonzero(labels != -1).tolist():  # whom it came from is an earlier row
        result[row] = result[came_from[row]]
    return np.array(result, labels.dtype)


def _exchange(
    came_from: np.ndarray, leaps: np.ndarray, frame_id: np.ndarray, bodies: Bodies, fps: float,
    within_s: float,
) -> np.ndarray:  # fmt: skip
    """Turn about where two leaps came from, if each lands where the other began; the other leaps.

    leaps: (L,) detections at which they land, in the order of time; of two, not further apart than
    within_s. came_from: (N,) the detection before each, changed in place.
    """
    lands, is_left = frame_id[leaps], np.ones(len(leaps), bool)
    high = np.searchsorted(lands, lands + within_s * fps, side="right")
    for i in range(len(leaps)):
        if not is_left[i]:
            continue
        others = i + 1 + np.flatnonzero(is_left[i + 1 : high[i]])
        one, other = leaps[i], leaps[others]
        there_s = (lands[others] - frame_id[came_from[one]]) / fps
        back_s = (lands[i] - frame_id[came_from[other]]) / fps
        is_answer = (there_s > 0) & (back_s > 0)
        is_answer &= bodies.fits(came_from[one], other, there_s)
        is_answer &= bodies.fits(came_from[other], one, back_s)
        if is_answer.any():
            j = others[is_answer.argmax()]
            is_left[[i, j]] = False
            came_from[leaps[[i, j]]] = came_from[leaps[[j, i]]]
    return leaps[is_left]
