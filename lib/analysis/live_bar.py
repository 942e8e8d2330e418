"""Whether the last rise of a lift was one with the bar, as `lib.analysis.rise` tells it."""

from lib.analysis.exercises import EmptyRise
from lib.analysis.live_memory import Memory, Way
from lib.analysis.rise import Rise, is_empty


class LastRise:
    """Remembers the rises that came down again, and judges one that may not."""

    def __init__(self, rule: EmptyRise, memory: Memory) -> None:
        self._rule, self._memory = rule, memory
        self._before: list[Rise] = []
        self._last: Rise | None = None

    def rose(self, lift: Way) -> None:
        """A lift has come to its end."""
        self._last = self._memory.rise(lift)

    def came_down(self) -> None:
        """It had a way back, as lifts of a bar have."""
        if self._last is not None:
            self._before.append(self._last)

    @property
    def is_without_load(self) -> bool:
        """The last one is unlike those that came down."""
        if self._last is None or not self._before:
            return False
        return is_empty(self._last, self._before, self._rule)
