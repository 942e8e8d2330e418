"""Left and right repaired where a detector exchanged them: by how limbs can move.

A detector that takes one leg for the other makes both jump into each other's place at once and,
some frames later, back. For the legs and for the arms a path through two states, as detected or
exchanged, is found that needs the least acceleration; a frame is exchanged only where the best
path without it is clearly worse. T frames, J = 17 joints, U usable frames, K = 3 joints a limb.
"""

from dataclasses import replace

import numpy as np

from lib import signals
from lib.infer.track import MAX_GAP_S, trusted
from lib.pose import Pose2D
from lib.skeleton import indices

LIMBS = {"legs": ("hip", "knee", "ankle"), "arms": ("shoulder", "elbow", "wrist")}
_SWITCH = 1.0
"""Cost of a change between the states. A jump of a limb into the other's place costs up to 6."""
_SWAPPED_PER_S = 0.5
"""Cost of a second in the exchanged state: a detector is right more often than not, so of two
stretches with one jump between them the much shorter one is taken for the wrong one."""
_AT_END = 0.75
"""Cost of beginning or ending a recording in it, for the same reason."""
_MARGIN = 0.6
"""How much worse the best path that leaves a frame as detected must be."""
_NOISE = 3.0
"""An acceleration this many times the recording's median one costs half of what any jump does."""
_LEAST_NOISE = 0.01
"""That median is taken to be at least this part of the body's size in the picture."""


def repair_swaps(pose: Pose2D) -> tuple[Pose2D, dict[str, np.ndarray]]:
    """The pose with exchanged limbs put right, and by limb pair the frames (T,) that were."""
    repaired, xy, score = {}, pose.xy_px.copy(), pose.score.copy()
    for name, parts in LIMBS.items():
        left, right = (indices(*(side + part for part in parts)) for side in "lr")
        found = is_swapped(pose, left, right)
        repaired[name] = found
        rows, both = np.flatnonzero(found)[:, None], left + right
        xy[rows, both] = pose.xy_px[rows, right + left]
        score[rows, both] = pose.score[rows, right + left]
    return replace(pose, xy_px=xy, score=score), repaired


def is_swapped(pose: Pose2D, left: list[int], right: list[int]) -> np.ndarray:
    """(T,) frames in which the joints `left` and `right`, K each, are each other."""
    ok = trusted(pose)
    known_TK = ok[:, left] & ok[:, right]
    usable = np.flatnonzero(known_TK.any(-1))
    found = np.zeros(len(ok), bool)
    if len(usable) < 3:
        return found
    size = _size(pose, ok)[usable]
    xy_SUKC = (
        np.stack([pose.xy_px[usable][:, side] for side in (left, right)]) / size[:, None, None]
    )
    cost = _bend_costs(xy_SUKC, known_TK[usable], pose.time_s[usable])
    margin = _margin(cost, pose.time_s[usable])
    # A frame between two usable ones is exchanged where both are.
    swapped = margin > _MARGIN
    after = np.searchsorted(usable, np.arange(len(ok)))
    before = np.searchsorted(usable, np.arange(len(ok)), side="right") - 1
    inside = (after < len(usable)) & (before >= 0)
    found[inside] = swapped[after[inside]] & swapped[before[inside]]
    return found


def _size(pose: Pose2D, ok: np.ndarray) -> np.ndarray:
    """(T,) the body's size in pixels: spread of its trusted joints, steady over a second."""
    xy = np.where(ok[..., None], pose.xy_px, np.nan)
    has = ok.sum(-1) >= 2
    spread = np.full(len(xy), np.nan)
    spread[has] = 2 * np.sqrt(np.nanvar(xy[has], axis=1).sum(-1))
    filled = signals.fill_gaps(spread)
    return np.maximum(signals.rolling_median(np.nan_to_num(filled), round(pose.usual_fps)), 1e-6)


def _bend_costs(xy_SUKC: np.ndarray, known_UK: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """(U, 2, 2) cost of each frame after the two before it: [does the state change between those
    two, does it after them], 0 (nothing known) to K.

    Of each joint the last two frames in which it was known are taken for those two.
    """
    num, num_kinds = known_UK.shape
    i_2 = np.repeat(np.arange(num)[:, None], num_kinds, 1)
    i_1 = _last_known(known_UK)
    i_0 = np.take_along_axis(i_1, i_1, 0)
    known = known_UK & (i_0 >= 0) & (i_1 >= 0)
    first, second = (time_s[b] - time_s[a] for a, b in ((i_0, i_1), (i_1, i_2)))
    known &= (first <= MAX_GAP_S) & (second <= MAX_GAP_S)
    ratio = (second / np.where(known, first, 1))[..., None]
    kinds = np.arange(num_kinds)
    x0, x1, x2 = (xy_SUKC[:, i, kinds] for i in (i_0, i_1, i_2))
    bend = np.empty((2, 2, num, num_kinds))
    for a in (0, 1):
        for b in (0, 1):  # the sides count from those of the last frame
            y1, y0 = x1[:: 1 - 2 * b], x0[:: 1 - 2 * (a ^ b)]
            bend[a, b] = ((x2 - y1 - ratio * (y1 - y0)) ** 2).sum(-1).mean(0)
    usual = np.sqrt(np.array([
        np.median(column[ok]) if ok.any() else 0.0
        for column, ok in zip(bend[0, 0].T, known.T, strict=True)
    ]))  # fmt: skip
    wait = np.maximum(second / np.median(np.diff(time_s)), 1)
    limit = (_NOISE * np.maximum(usual, _LEAST_NOISE) * wait) ** 2
    return np.moveaxis(np.where(known, bend / (bend + limit), 0.0).sum(-1), -1, 0)


def _last_known(known_UK: np.ndarray) -> np.ndarray:
    """(U, K) the last frame before each in which a joint is known; -1: none."""
    frames = np.where(known_UK, np.arange(len(known_UK))[:, None], -1)
    latest = np.maximum.accumulate(frames, axis=0)
    return np.concatenate([np.full((1, known_UK.shape[1]), -1), latest[:-1]])


def _margin(cost: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """(U,) by how much the best path with a frame as detected costs more than the best one with
    it exchanged. Viterbi's paths to and fro, by prefix products in the (min, +) algebra."""
    gap = np.diff(time_s, prepend=time_s[0])
    alone = np.minimum(gap, MAX_GAP_S) * _SWAPPED_PER_S  # cost of being exchanged in a frame
    p, q, r = np.ogrid[:2, :2, :2]
    step = cost[2:, p ^ q, q ^ r] + _SWITCH * (q ^ r) + alone[2:, None, None, None] * r
    step[-1] += _AT_END * r[..., :]
    link = np.full((len(step), 2, 2, 2, 2), np.inf)  # from (p, q) to (q', r)
    for state in (0, 1):
        link[:, :, state, state, :] = step[:, :, state, :]
    link = link.reshape(-1, 4, 4)
    start = (_AT_END * p + _SWITCH * (p ^ q) + alone[1] * q)[..., 0].ravel()
    ahead = (start[:, None] + _prefixes(link)).min(-2)  # best cost of arriving in a pair of states
    ahead = np.concatenate([start[None], ahead])
    rest = _prefixes(link[::-1].swapaxes(-1, -2)).min(-2)[::-1]  # of going on from it
    total = ahead + np.concatenate([rest, np.zeros((1, 4))])
    pairs = total.reshape(-1, 2, 2)
    of_first = pairs[0].min(-1)
    best = np.concatenate([of_first[None], pairs.min(-2)])
    return best[:, 0] - best[:, 1]


def _prefixes(matrices: np.ndarray) -> np.ndarray:
    """(U, 4, 4) products of the first 1, 2, ... matrices, in log2(U) rounds (Hillis and Steele)."""
    product, shift = matrices.copy(), 1
    while shift < len(product):
        left, right = product[:-shift], product[shift:]
        product[shift:] = (left[..., :, :, None] + right[..., None, :, :]).min(-2)
        shift *= 2
    return product
