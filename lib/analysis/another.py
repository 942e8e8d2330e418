"""Sets of another exercise than the one that is counted: a report is of one."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lib.analysis.exercises import UNKNOWN, load_exercise
from lib.analysis.gate import guess_on
from lib.analysis.moving import AROUND_S
from lib.analysis.records import COUNTED, RepCount
from lib.analysis.reps import count_on
from lib.analysis.track import Track
from lib.signals import finite_runs

LEAST_S = 5.0
"""A stretch without a counted rep that is looked at is this long at least;"""
LEAST_REPS = 3
"""it, or a set, has so many repetitions of the other exercise"""
LEAST_CERTAINTY = 0.6
"""and looks like it with this confidence (choices: who sets up, walks or rests does not)."""
_OF_SAMPLES = (
    "xyz", "raw", "is_seen", "is_measured", "time_s", "source_frame", "foot_height", "score",
)  # fmt: skip


class Another(NamedTuple):
    """Another exercise in the recording."""

    exercise: str
    num_reps: int
    """In the whole recording."""
    start_frame: int
    end_frame: int
    """Exclusive; of the first set or stretch with it, from its first repetition to its last."""


def _part(track: Track, within: slice) -> Track:
    return replace(track, **{name: getattr(track, name)[within] for name in _OF_SAMPLES})


def _parts(count: RepCount) -> Iterator[slice]:
    """Samples of each set; and stretches before, between and after them in which somebody is seen,
    where they are long."""
    track, sets = count.track, count.sets
    is_seen = np.isfinite(track.xyz).any((1, 2))
    around = round(AROUND_S * track.fps)
    edges = [0, *(i for s in sets for i in (s[0].cycle.start, s[-1].cycle.end + 1)), len(track)]
    for i_edge, (start, stop) in enumerate(pairwise(edges)):
        if i_edge % 2:
            yield slice(max(0, start - around), stop + around)
            continue
        for first, last in finite_runs(is_seen[start:stop]):
            if last - first >= LEAST_S * track.fps:
                yield slice(start + first, start + last)


def _is_alike(name: str, other: str) -> bool:
    """Whether only a whole recording tells two exercises apart, by how it begins and ends."""
    return all("loaded_at_both_ends" in load_exercise(n).looks_like for n in (name, other))


def _in_part(part: Track, counted: str) -> Another | None:
    name, certainty = guess_on(part)
    if name in (UNKNOWN, counted) or certainty < LEAST_CERTAINTY:
        return None
    if counted != UNKNOWN and _is_alike(name, counted):
        return None
    reps = [rep for rep in count_on(part, load_exercise(name)).reps if rep.quality in COUNTED]
    if len(reps) < LEAST_REPS:
        return None
    return Another(name, len(reps), reps[0].start_frame, reps[-1].end_frame)


def others_in(count: RepCount) -> list[Another]:
    """What else was done in the recording than the exercise that is counted, each exercise once.

    Of an unknown exercise there have to be two others: one may be what the recording is of.
    """
    found: dict[str, Another] = {}
    for within in _parts(count):
        part = _in_part(_part(count.track, within), count.exercise)
        if part is None or any(
            name != part.exercise and _is_alike(name, part.exercise) for name in found
        ):
            continue
        first = found.get(part.exercise)
        total = part.num_reps + (first.num_reps if first else 0)
        found[part.exercise] = (first or part)._replace(num_reps=total)
    is_one = count.exercise == UNKNOWN and len(found) < 2
    return [] if is_one else list(found.values())
