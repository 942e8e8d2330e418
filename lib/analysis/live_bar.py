"""Whether the last rise of a lift was one with the bar, as `lib.analysis.rise` tells it."""

import numpy as np

from lib.analysis.live_memory import Memory, Way
from lib.analysis.rise import more_bent_deg


class LastRise:
    """Remembers the rises that came down again, and judges one that may not."""

    def __init__(self, limit_deg: float, memory: Memory) -> None:
        self._limit_deg, self._memory = limit_deg, memory
        self._before: list[np.ndarray] = []
        self._path: np.ndarray | None = None

    def rose(self, lift: Way) -> None:
        """A lift has come to its end."""
        self._path = self._memory.knee_path(lift)

    def came_down(self) -> None:
        """It had a way back, as lifts of a bar have."""
        if self._path is not None:
            self._before.append(self._path)

    @property
    def is_without_load(self) -> bool:
        """The last one is unlike those that came down."""
        if self._path is None or not self._before:
            return False
        return more_bent_deg(self._path, self._before) > self._limit_deg
