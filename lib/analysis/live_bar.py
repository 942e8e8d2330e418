"""Whether the last rise of a lift was one with the bar; see lib.analysis.exercises.WithoutLoad."""

from statistics import median

import numpy as np

from lib.analysis.exercises import WithoutLoad
from lib.analysis.live_look import walks_s
from lib.analysis.live_memory import Memory, Way
from lib.skeleton import JOINT

BEFORE_S = 1.5
"""A walk is looked for from so long before the end of the rise."""
WALK_SEEN_S = 2.3
"""A walk is one after 1.5 s, and that is seen half a window later (lib.analysis.walking)."""
LEG_TRUNKS = 1.7
"""Hip to ankle over root to neck (Winter: 0.491 and 0.288 of the height)."""


class LastRise:
    """Remembers the rises that came down again, and judges one that does not."""

    def __init__(self, rule: WithoutLoad, memory: Memory) -> None:
        self._rule, self._memory = rule, memory
        self._pauses_s: list[float] = []
        self._speeds: list[float] = []
        self._hands: list[float] = []
        self._lift: Way | None = None
        self._nearer = 0.0
        self._hand = np.nan
        self._checks_s: list[float] = []

    def rose(self, lift: Way, loaded_pose: np.ndarray) -> None:
        """A lift has come to its end; loaded_pose (17, 3) relative to the root."""
        self._lift, self._hand = lift, self._memory.hands_to_hips(lift)
        if not self._pauses_s:
            return
        leg = LEG_TRUNKS * float(np.linalg.norm(loaded_pose[JOINT["neck"]]))
        self._nearer = (median(self._hands) - self._hand) / leg
        longest_s = self._longest_s
        once_seen = longest_s + WALK_SEEN_S, self._rule.walks_after_s + WALK_SEEN_S
        self._checks_s = sorted((0.0, longest_s, *once_seen))

    def came_down(self, back: Way) -> None:
        """It had a way back, as lifts of a bar have."""
        if self._lift is not None:
            self._pauses_s.append(back.start_s - self._lift.end_s)
            self._speeds.append(self._lift.move.peak_speed)
            self._hands.append(self._hand)

    @property
    def _longest_s(self) -> float:
        return max(self._pauses_s) + self._rule.stays_up_s

    def is_without_load(self, now_s: float, *, is_end: bool = False) -> bool | None:
        """The answer where there is a new one. It may be taken back: who walks stays no longer."""
        if self._lift is None or not self._checks_s:
            return None
        upright_s = now_s - self._lift.end_s
        if upright_s < self._checks_s[0] and not is_end:
            return None
        at_once = self._checks_s.pop(0) == 0.0
        if self._nearer > self._rule.hands_nearer:
            self._checks_s = []
            return True
        if is_end and self._lift.move.peak_speed > self._rule.speed_ratio * median(self._speeds):
            return True
        if at_once and not is_end:
            return None
        walk_s = self._until_walk_s(self._lift.end_s)
        return walk_s < self._rule.walks_after_s or min(upright_s, walk_s) > self._longest_s

    def _until_walk_s(self, end_s: float) -> float:
        """Seconds from the end of a lift to the first walk that goes on after it; inf: none."""
        later = [
            max(a - end_s, 0.0)
            for a, b in walks_s(self._memory.since(end_s - BEFORE_S))
            if b > end_s
        ]
        return min(later, default=np.inf)
