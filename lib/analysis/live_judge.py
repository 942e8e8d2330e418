"""Whether a candidate of the live counter is a repetition.

One like the repetition before is taken for granted, which costs little. Any other is looked at: the
offline counter's own word is asked on the last seconds. `Judge` keeps what was counted so far.
"""

from collections import deque
from dataclasses import replace
from statistics import median

import numpy as np

from lib.analysis.exercises import Exercise
from lib.analysis.live_look import Found, look
from lib.analysis.live_memory import Memory, Way
from lib.analysis.live_rep import Event, Ledger, LiveRep
from lib.analysis.live_usual import Shape, are_alike, is_like
from lib.analysis.reps import least_of

NUM_AMPLITUDES = 3
"""Repetitions whose median amplitude raises the threshold; the first has none before it."""
BEFORE_S = 1.5
"""A candidate is looked at from so long before it,"""
MISSED_S = 4.0
"""or from the end of the last repetition, if no longer ago than this: one that was overlooked may
lie between."""
OVERLAP = 0.25
"""One that begins before the last has ended by more than this share of it is the same again."""
FURTHER = 0.1
"""What rested on its way is looked at again where it has gone on by this share of the way."""


class Judge:
    """Decides on candidates one after another and tells what changes."""

    def __init__(self, exercise: Exercise, memory: Memory, ledger: Ledger) -> None:
        self._exercise, self._memory, self._ledger = exercise, memory, ledger
        self._starts_loaded = exercise.drive.starts == "loaded"
        self._usual: Shape | None = None
        self._end_s = -np.inf
        self._amplitudes: deque[float] = deque(maxlen=NUM_AMPLITUDES)
        self.least_deg = exercise.drive.min_excursion_deg
        """A smaller reversal is none."""

    def _way_in(self, one: LiveRep) -> Way:
        one.way_in = one.way_in or self._memory.way(one.i_start, one.i_loaded)
        return one.way_in

    def tell_early(self, one: LiveRep, i: int) -> list[Event]:
        """Most of the way back is done at sample i: a repetition, unless it looks like none."""
        way = self._memory.way(one.i_loaded, i) if self._starts_loaded else self._way_in(one)
        now_s = self._memory.time_s(i)
        turn_s = now_s if self._starts_loaded else self._memory.time_s(one.i_loaded)
        event = Event("rep", 0, way.start_s, turn_s, now_s)
        usual = self._usual
        if usual is None or not are_alike(one.loaded_pose, usual.loaded_pose):
            found = self._look(way.start_s)
            one.seen_pose = self._memory.pose_at(i)
            one.is_refused = not found or found[-1].reason is not None
        return [] if one.is_refused else self._ledger.tell(one, event)

    def _look(self, start_s: float, *, is_last: bool = False) -> list[Found]:
        """What the offline counter finds since the last repetition."""
        begin_s = min(max(self._end_s, start_s - MISSED_S), start_s)
        pose = self._memory.since(begin_s - BEFORE_S)
        usual_deg = max(self._amplitudes, default=0.0)
        found = look(pose, self._exercise, self.least_deg, usual_deg, is_last=is_last)
        return [one for one in found if one.start_s + OVERLAP * one.seconds > self._end_s]

    def settle(
        self, one: LiveRep, lift: Way, *, is_resting: bool = False, is_last: bool = False
    ) -> list[Event]:
        """The last word on a repetition that has come back; or not yet, if it rests on its way.

        is_resting: it has not turned round. is_last: nothing is known after it.
        """
        one.is_final = True
        first = lift if self._starts_loaded else self._way_in(one)
        i_to = lift.i_first + lift.move.i_to
        pose, seen_share = self._memory.pose_at(i_to), min(first.seen_share, lift.seen_share)
        shape = Shape(
            one.loaded_pose, pose, first.move.excursion_deg, lift.end_s - first.start_s,
            lift.move.peak_speed, seen_share,
        )  # fmt: skip
        if one.is_standing and self._is_clear(one, shape):
            turn_s = self._memory.time_s(i_to if self._starts_loaded else one.i_loaded)
            event = Event("rep", 0, first.start_s, turn_s, lift.end_s)
            return self._confirm(one, event, lift.move.excursion_deg, shape)
        found = self._look(first.start_s, is_last=is_last)
        counted = [each for each in found if each.reason is None]
        if counted:
            return self._confirm_found(one, counted, shape)
        reasons = [each.reason for each in found if each.reason and each.end_s > first.start_s]
        reason = reasons[-1] if reasons else "amplitude"
        if is_resting and reason == "never_locked_out":
            one.is_final, one.is_refused, one.i_rest = False, True, None
            one.rested_deg = one.top_deg - (1 + FURTHER) * lift.move.excursion_deg
        return self._ledger.cancel(one, reason)

    def _is_clear(self, one: LiveRep, shape: Shape) -> bool:
        """It needs no look: it was looked at when told and has only come to rest since, or it is
        like the one before. All that follow are held against the first: it is looked at twice."""
        if self._usual is None:
            return False
        if one.seen_pose is not None:
            return are_alike(shape.unloaded_pose, one.seen_pose)
        return is_like(shape, self._usual)

    def _confirm_found(self, one: LiveRep, counted: list[Found], shape: Shape) -> list[Event]:
        """The last is the one asked about; those before it had been overlooked."""
        events = []
        for each in counted:
            event = Event("rep", 0, each.start_s, each.turn_s, each.end_s)
            is_asked = each is counted[-1]
            rep = one if is_asked else replace(one, told=None)
            events += self._confirm(rep, event, each.excursion_deg, shape if is_asked else None)
        return events

    def _confirm(
        self, one: LiveRep, event: Event, amplitude_deg: float, shape: Shape | None
    ) -> list[Event]:
        self._end_s = event.end_s
        self._usual = shape or self._usual
        self._amplitudes.append(amplitude_deg)
        least = self._exercise.drive.min_excursion_deg
        self.least_deg = least_of(least, median(self._amplitudes))
        return self._ledger.tell(one, event)

    def extend(self, one: LiveRep, back: Way) -> list[Event]:
        """A repetition that started loaded has its way back, too."""
        if one.told is None:
            return []
        self._end_s = back.end_s
        turn_s = self._memory.time_s(back.i_first)
        return self._ledger.tell(one, replace(one.told, turn_s=turn_s, end_s=back.end_s))
