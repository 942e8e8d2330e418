"""Who is who: the detections of a recording joined into people.

N detections, J = 17 joints, A tracks alive, D detections of one frame, P tracks.
"""

import numpy as np
from scipy.optimize import linear_sum_assignment

from lib.detect.bodies import Bodies, reach
from lib.detect.exchanges import undo_exchanges
from lib.detect.turns import take_turns
from lib.pose import Detections

MAX_LOST_S = 1.0
"""A person unseen for longer starts a new track, which may be joined afterwards."""
MAX_JOIN_S = 5.0
"""Tracks are joined over an absence of up to this long if they fit in place and size."""
MAX_OVERLAP_S = 0.5
"""A person found twice for up to this long, before the older track ends, is joined as well."""
NOBODY = -1
"""Label of a detection that belongs to no track."""
_IMPOSSIBLE = 1e6


def rows_by_label(labels: np.ndarray) -> dict[int, np.ndarray]:
    """For each label its rows, ascending both; without NOBODY."""
    order = np.argsort(labels, kind="stable")
    found, starts = np.unique(labels[order], return_index=True)
    groups = np.split(order, starts[1:])
    return {n: rows for n, rows in zip(found.tolist(), groups, strict=False) if n != NOBODY}


def label_people(detections: Detections, fps: float) -> tuple[np.ndarray, dict[int, int]]:
    """(N,) label of each detection, NOBODY for leftovers, and which label continues which.

    The detector's own ids are kept where it gives them, one detection an id and frame, and put
    right where two people exchange theirs; else people are followed by their keypoints. Tracks that
    continue each other or take turns share the earlier one's label; the dict maps each taken-over
    label to the one it now has.
    """
    bodies = Bodies(detections)
    if detections.person_id is None:
        labels = _follow(detections.frame_id, bodies, fps)
    else:
        labels = np.where(bodies.is_somebody, detections.person_id, NOBODY)
        labels = _one_a_frame(labels, detections, bodies)
        labels = undo_exchanges(labels, detections.frame_id, bodies, fps, MAX_LOST_S)
    labels, became = _join(labels, detections.frame_id, bodies, fps)
    labels = _one_a_frame(labels, detections, bodies)
    labels, merged = _take_turns(labels, detections.frame_id, bodies, fps)
    return labels, {old: merged.get(new, new) for old, new in became.items()} | merged


def _follow(frame_id: np.ndarray, bodies: Bodies, fps: float) -> np.ndarray:
    """Labels 1, 2, ... by the best match of each frame's people with the tracks alive."""
    labels = np.full(len(frame_id), NOBODY)
    rows = np.flatnonzero(bodies.is_somebody)
    starts = np.flatnonzero(np.diff(frame_id[rows], prepend=-1))
    alive = np.empty(0, int)  # the latest detection of each track
    num_labels = 0
    for now in np.split(rows, starts[1:]) if len(rows) else []:
        gap_s = (frame_id[now[0]] - frame_id[alive]) / fps
        alive, gap_s = alive[gap_s <= MAX_LOST_S], gap_s[gap_s <= MAX_LOST_S]
        i_alive, i_now = _match(bodies.distance(alive[:, None], now), reach(gap_s)[:, None])
        labels[now[i_now]] = labels[alive[i_alive]]
        new = now[labels[now] == NOBODY]
        labels[new] = num_labels + 1 + np.arange(len(new))
        num_labels += len(new)
        alive = np.concatenate([np.delete(alive, i_alive), now])
    return labels


def _match(distance: np.ndarray, limit: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of least total distance, each within its limit."""
    cost = np.where(distance <= limit, distance, _IMPOSSIBLE)
    i, j = linear_sum_assignment(cost)
    possible = cost[i, j] < _IMPOSSIBLE
    return i[possible], j[possible]


def _one_a_frame(labels: np.ndarray, detections: Detections, bodies: Bodies) -> np.ndarray:
    """Of several detections with one label in a frame, the one nearest to the last keeps it."""
    labels = labels.copy()
    for label, rows in rows_by_label(labels).items():
        starts = np.flatnonzero(np.diff(detections.frame_id[rows]) > 0) + 1
        if len(starts) + 1 == len(rows):
            continue
        last = rows[:0]
        for rivals in np.split(rows, starts):
            if len(rivals) > 1:
                labels[rivals] = NOBODY
                rivals = rivals[_best(rivals, last, detections, bodies)]
                labels[rivals] = label
            last = rivals
    return labels


def _best(
    rivals: np.ndarray, last: np.ndarray, detections: Detections, bodies: Bodies
) -> np.ndarray:
    """Place of the rival nearest to the last detection; at the start, of the best scored."""
    if len(last) == 0:
        return detections.person_score[rivals].argmax(keepdims=True)
    return bodies.distance(last, rivals).argmin(keepdims=True)


def _join(
    labels: np.ndarray, frame_id: np.ndarray, bodies: Bodies, fps: float
) -> tuple[np.ndarray, dict[int, int]]:
    """Join tracks where one ends and, soon after, another starts in its place and size."""
    rows = rows_by_label(labels)
    tracks = np.array(list(rows), int)
    first, last = (np.array([each[end] for each in rows.values()], int) for end in (0, -1))
    gap_s, before, after = _successions(first, last, frame_id, bodies, fps)
    is_taken = np.zeros((2, len(tracks)), bool)
    became = {int(track): int(track) for track in tracks}
    for k in np.lexsort((after, before, gap_s)):
        i, j = before[k], after[k]
        if is_taken[0, i] or is_taken[1, j]:
            continue
        is_taken[0, i] = is_taken[1, j] = True
        became[int(tracks[j])] = int(tracks[i])
    for track in tracks[np.argsort(frame_id[first], kind="stable")].tolist():
        became[track] = became[became[track]]  # earlier tracks have found their own first
    changed = {old: new for old, new in became.items() if old != new}
    result = labels.copy()
    for old, new in changed.items():
        result[rows[old]] = new
    return result, changed


def _successions(
    first: np.ndarray, last: np.ndarray, frame_id: np.ndarray, bodies: Bodies, fps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seconds between two tracks, the earlier and the later one, for all that could be joined.

    first, last: (P,) rows of the tracks' ends. Tracks of other times are not looked at: there may
    be as many as detections.
    """
    starts, ends = frame_id[first], frame_id[last]
    order = np.argsort(starts, kind="stable")
    low = np.searchsorted(starts[order], ends - MAX_OVERLAP_S * fps - 1)
    high = np.searchsorted(starts[order], ends + MAX_JOIN_S * fps + 1)
    found = [np.zeros((3, 0))]
    for i in range(len(first)):
        after = order[low[i] : high[i]]
        gap_s = (starts[after] - ends[i]) / fps
        is_later = (starts[after] > starts[i]) & (ends[after] > ends[i])
        is_near = (gap_s >= -MAX_OVERLAP_S) & (gap_s <= MAX_JOIN_S)
        after, gap_s = after[is_later & is_near], np.abs(gap_s[is_later & is_near])
        is_one = bodies.fits(last[i], first[after], gap_s)
        found.append(np.stack([gap_s, np.full(len(after), i), after])[:, is_one])
    gap_s, before, after = np.concatenate(found, 1)
    return gap_s, before.astype(int), after.astype(int)


def _take_turns(
    labels: np.ndarray, frame_id: np.ndarray, bodies: Bodies, fps: float
) -> tuple[np.ndarray, dict[int, int]]:
    """Give a track that begins in a hole of an earlier one its label: a person whose id came back.

    They are never in a picture together, and fit in place and size wherever one follows the other.
    """

    def follows(last: np.ndarray, first: np.ndarray) -> bool:
        gap_s = (frame_id[first] - frame_id[last]) / fps
        is_soon = (gap_s > 0) & (gap_s <= MAX_JOIN_S)
        return bool((is_soon & bodies.fits(last, first, gap_s)).all())

    rows_of = rows_by_label(labels)
    merged = take_turns(rows_of, follows)
    labels = labels.copy()
    for old, new in merged.items():
        labels[rows_of[old]] = new
    return labels, merged
