"""What the repetition counter finds. Frames are 0-based rows of the recording, ends exclusive."""

import itertools
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter

import numpy as np

from lib.analysis.cycles import Cycle
from lib.analysis.drive import DriveSignal
from lib.analysis.track import Track

SHORTEST_S = 0.8
"""A shorter recording holds no rep."""
COUNTED = ("full", "partial")
"""Qualities of reps that count."""


@dataclass(frozen=True)
class Rep:
    """One repetition."""

    index: int
    """1-based over the recording."""
    set_index: int
    """1-based."""
    cycle: Cycle
    """Its moves on the Track's clock."""
    start_frame: int
    end_frame: int
    quality: str
    """full, partial, failed or suspect."""
    partial_reasons: tuple[str, ...]
    confidence: float
    interpolated_ratio: float
    """Share of its samples in which the drive's joints were not seen."""


@dataclass(frozen=True)
class Rejected:
    """A movement that is not a repetition, and why (a reason of report_schema.json)."""

    start_frame: int
    end_frame: int
    reason: str


@dataclass(frozen=True)
class Unseen(Rejected):
    """A stretch in which nothing could be counted; nobody need have moved."""


@dataclass(frozen=True)
class RepCount:
    """The answer of `lib.analysis.reps.count_reps`."""

    exercise: str
    reps: tuple[Rep, ...]
    rejected: tuple[Rejected, ...]
    track: Track
    drive: DriveSignal | None
    """None for an unknown exercise."""
    threshold_deg: float

    @property
    def num_reps(self) -> int:
        """Repetitions done: full and partial, without failed and suspect ones."""
        return sum(rep.quality in COUNTED for rep in self.reps)

    @cached_property
    def sets(self) -> tuple[tuple[Rep, ...], ...]:
        """Reps by set."""
        by_set = itertools.groupby(self.reps, attrgetter("set_index"))
        return tuple(tuple(reps) for _, reps in by_set)

    @cached_property
    def unseen_within_sets(self) -> list[tuple[int, Unseen]]:
        """Set and stretch, of those between two reps of one set."""
        ends, found = [rep.end_frame for rep in self.reps], []
        for unseen in (r for r in self.rejected if isinstance(r, Unseen)):
            i_after = bisect_right(ends, unseen.start_frame)
            if 0 < i_after < len(ends):
                before, after = self.reps[i_after - 1 : i_after + 1]
                if before.set_index == after.set_index and unseen.end_frame <= after.start_frame:
                    found.append((before.set_index, unseen))
        return found

    @cached_property
    def neighbours(self) -> dict[int, list[Rep | None]]:
        """By a rep's index the reps before and after it: None where the set begins or ends, or
        where another movement, which is no repetition, or time unseen lies between."""
        moves = [r for r in self.rejected if r.reason != "amplitude"]
        moves.sort(key=attrgetter("start_frame"))
        starts = [move.start_frame for move in moves]
        latest = list(itertools.accumulate((move.end_frame for move in moves), max))
        found: dict[int, list[Rep | None]] = {rep.index: [None, None] for rep in self.reps}
        for one, other in itertools.pairwise(self.reps):
            num_before = bisect_left(starts, other.start_frame)
            is_parted = num_before > 0 and latest[num_before - 1] > one.end_frame
            if one.set_index == other.set_index and not is_parted:
                found[one.index][1], found[other.index][0] = other, one
        return found


def into_sets(
    reps: Sequence[Rep], time_s: np.ndarray, gap_s: float, walks: Sequence[tuple[int, int]] = ()
) -> list[Rep]:
    """Number reps in time order. A rest longer than gap_s, or a walk (half-open samples) most of
    which lies between two of them, begins a new set. time_s (N,): of the track's samples."""
    numbered: list[Rep] = []
    i_set = 1
    for i_rep, rep in enumerate(reps):
        if i_rep:
            end, start = reps[i_rep - 1].cycle.end, rep.cycle.start
            has_walk = any(min(b, start) - max(a, end) > (b - a) / 2 for a, b in walks)
            i_set += has_walk or time_s[start] - time_s[end] > gap_s
        numbered.append(replace(rep, index=i_rep + 1, set_index=i_set))
    return numbered
