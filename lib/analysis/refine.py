"""Moving the ends of repetitions so that the repetitions of a set look alike. O(K W^2 J).

K repetitions, W offsets tried at each end, J angles, N samples of a Track. An option: on the
synthetic suite it does not bring the ends nearer to the truth (docs/form_and_reps.md).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lib.analysis.cycles import Cycle
from lib.analysis.form import limb_angles
from lib.analysis.records import Rep, RepCount
from lib.signals import fill_gaps

REACH = 0.2
"""An end moves at most this share of the set's median duration."""
NUM_OFFSETS = 13
"""Tried at each end, evenly spaced."""
NUM_POINTS = 26
LEAST_FULL = 3
"""Of fewer full repetitions no typical one can be told."""
LEAST_GAIN = 0.03
"""Share by which the mean distance to the typical repetition must fall."""
DURATION_COST_DEG = 5.0
"""Cost of a duration that differs from the one before refinement by its whole length (choice)."""


def _curves(angles_NJ: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """(..., NUM_POINTS, J) the angles from start to end (...,), linearly between samples."""
    place = start[..., None] + (end - start)[..., None] * np.linspace(0, 1, NUM_POINTS)
    place = np.clip(place, 0, len(angles_NJ) - 1)
    low = np.minimum(place.astype(int), max(len(angles_NJ) - 2, 0))
    share = (place - low)[..., None]
    high = np.minimum(low + 1, len(angles_NJ) - 1)
    return (1 - share) * angles_NJ[low] + share * angles_NJ[high]


def _distances(angles_NJ: np.ndarray, ends: np.ndarray, offsets: np.ndarray, template: np.ndarray):
    """(W, W) mean absolute difference to the template for each pair of offsets, with its cost."""
    start = ends[0] + offsets[:, None] + 0 * offsets
    end = ends[1] + offsets + 0 * offsets[:, None]
    distance = np.abs(_curves(angles_NJ, start, end) - template).mean((-1, -2))
    length = ends[1] - ends[0]
    cost = DURATION_COST_DEG * np.abs(end - start - length) / length
    return np.where(end - start > 0.5 * length, distance + cost, np.inf)


def _best_offsets(tables: Sequence[np.ndarray], gaps: np.ndarray, offsets: np.ndarray):
    """(K, 2) indices of the offsets with the least sum that keep the repetitions in order.

    gaps (K - 1,): samples between one's end and the next one's start.
    """
    best = tables[0].min(0)  # over starts, for each end
    choices = [tables[0].argmin(0)]
    links: list[np.ndarray] = []
    for table, gap in zip(tables[1:], gaps, strict=True):
        # An end may not pass the next start.
        allowed = offsets[:, None] <= offsets + max(gap, 0.0)
        reach = np.where(allowed, best[:, None], np.inf)
        links.append(reach.argmin(0))
        total = reach.min(0)[:, None] + table
        choices.append(total.argmin(0))
        best = total.min(0)
    i_end = int(best.argmin())
    picked = []
    for i_rep in range(len(tables) - 1, -1, -1):
        i_start = int(choices[i_rep][i_end])
        picked.append((i_start, i_end))
        i_end = int(links[i_rep - 1][i_start]) if i_rep else i_end
    return np.array(picked[::-1])


def refined_ends(angles_NJ: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(K, 2) starts and ends (samples) that make the repetitions of one set most alike.

    angles_NJ: degrees, without NaN. The same ends come back where that gains too little or K is
    below 3.
    """
    ends = np.asarray(ends, float)
    if len(ends) < LEAST_FULL:
        return ends
    template = np.median(_curves(angles_NJ, ends[:, 0], ends[:, 1]), axis=0)
    reach = REACH * float(np.median(ends[:, 1] - ends[:, 0]))
    offsets = np.linspace(-reach, reach, NUM_OFFSETS)
    tables = [_distances(angles_NJ, pair, offsets, template) for pair in ends]
    picked = _best_offsets(tables, ends[1:, 0] - ends[:-1, 1], offsets)
    moved = np.clip(ends + offsets[picked], 0, len(angles_NJ) - 1)
    before, after = (
        np.abs(_curves(angles_NJ, e[:, 0], e[:, 1]) - template).mean() for e in (ends, moved)
    )
    return moved if after < (1 - LEAST_GAIN) * before else ends


def _moved(rep: Rep, count: RepCount, start: int, end: int) -> Rep:
    first, second = rep.cycle.first, rep.cycle.second
    start = min(start, first.end)
    end = max(end, second.start if second else start)
    if second is None:
        cycle = replace(rep.cycle, first=replace(first, start=start, end=end))
    else:
        cycle = Cycle(
            replace(first, start=start), replace(second, end=end),
            rep.cycle.touches_start, rep.cycle.touches_end,
        )  # fmt: skip
    span = count.track.source_span(cycle.start, cycle.end)
    return replace(rep, cycle=cycle, start_frame=span[0], end_frame=span[1])


def refine(count: RepCount) -> RepCount:
    """The same repetitions with ends at which the full ones of each set are most alike."""
    if len(count.track) == 0:
        return count
    angles = np.stack(list(limb_angles(count.track.xyz).values()), -1)
    angles = fill_gaps(angles)[:, np.isfinite(angles).any(0)]
    reps = list(count.reps)
    for one_set in count.sets:
        full = [reps.index(rep) for rep in one_set if rep.quality == "full"]
        ends = np.array([(reps[i].cycle.start, reps[i].cycle.end) for i in full], float)
        if len(full) >= LEAST_FULL and angles.shape[1]:
            for i, (start, end) in zip(full, refined_ends(angles, ends), strict=True):
                reps[i] = _moved(reps[i], count, round(start), round(end))
    return replace(count, reps=tuple(reps))
