"""Whether the last rise of a lift was one with the bar, as `lib.analysis.rise` tells it."""

from lib.analysis.exercises import EmptyRise
from lib.analysis.live_memory import Memory, Way
from lib.analysis.rise import Rise, is_empty

SEEN_S = 0.6
"""A way down is seen so long after it has begun."""
NUM_BEFORE = 3
"""Rises that came down again, with which one that may not is compared."""


class LastRise:
    """Remembers rises that came down again, and judges one that stays up for longer than they."""

    def __init__(self, rule: EmptyRise, memory: Memory) -> None:
        self._rule, self._memory = rule, memory
        self._before: list[Rise] = []
        self._longest_s = 0.0
        self._lift: Way | None = None
        self._is_judged = False

    def rose(self, lift: Way) -> None:
        """A lift has come to its end."""
        self._lift, self._is_judged = lift, False

    def came_down(self, back: Way) -> None:
        """It had a way back, as lifts of a bar have."""
        if self._lift is None:
            return
        self._longest_s = max(self._longest_s, back.start_s - self._lift.end_s)
        if len(self._before) < NUM_BEFORE:
            self._before.append(self._memory.rise(self._lift))
        self._lift = None

    def is_without_load(self, now_s: float) -> bool:
        """Told once of a lift, when it has been up for longer than any before; at the end of the
        recording now_s is infinite."""
        lift = self._lift
        if lift is None or self._is_judged or not self._before:
            return False
        if now_s - lift.end_s <= self._longest_s + SEEN_S:
            return False
        self._is_judged = True
        return is_empty(self._memory.rise(lift), self._before, self._rule)
