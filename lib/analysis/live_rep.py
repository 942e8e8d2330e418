"""What the live counter says about a repetition, and what it has said so far."""

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from lib.analysis.live_memory import Way


@dataclass(frozen=True)
class Event:
    """What is new. Times are on the recording's clock, in seconds."""

    kind: Literal["rep", "amend", "cancel"]
    """rep: one more, or one that was taken back after all; amend: its times are better known;
    cancel: it was none."""
    index: int
    """1-based number of the repetition; a cancelled one keeps its own."""
    start_s: float
    turn_s: float
    """At the far end: the loaded position, or the lockout where a repetition starts loaded."""
    end_s: float
    reason: str | None = None
    """Of a cancel: a reason of report_schema.json, or `suspect` (see EmptyRise)."""


@dataclass
class LiveRep:
    """A repetition that is coming back, or the last one."""

    i_start: int
    """Sample of the turning point where it began,"""
    i_loaded: int
    """and of the loaded position; the same where it starts loaded."""
    top_deg: float
    """The loaded position."""
    base_deg: float
    """The unloaded one, as far as it is known."""
    loaded_pose: np.ndarray
    """(17, 3) relative to the root."""
    way_in: Way | None = None
    """To the loaded position."""
    seen_pose: np.ndarray | None = None
    """(17, 3) when it was looked at to be told."""
    told: Event | None = None
    """The last event."""
    is_refused: bool = False
    is_final: bool = False
    i_rest: int | None = None
    """Since when it rests."""
    rested_deg: float = math.inf
    """It has rested before, and is to come further than this."""
    fastest: float = 0.0
    """Degrees on the way back, over the time that the pace is taken."""

    @property
    def is_standing(self) -> bool:
        """It was told and not cancelled."""
        return self.told is not None and self.told.kind != "cancel"


class Ledger:
    """Numbers repetitions and tells what changes."""

    def __init__(self, least_shift_s: float) -> None:
        self._least_shift_s = least_shift_s
        self._num_told = 0
        self.num_reps = 0
        """Told and not cancelled."""

    def tell(self, rep: LiveRep, event: Event) -> list[Event]:
        """A repetition, or its better times where they differ enough."""
        before = rep.told
        if before is None or before.kind == "cancel":
            self._num_told += before is None
            self.num_reps += 1
            index = self._num_told if before is None else before.index
            rep.told = replace(event, kind="rep", index=index, reason=None)
            return [rep.told]
        shift_s = max(abs(event.start_s - before.start_s), abs(event.end_s - before.end_s))
        if shift_s <= self._least_shift_s:
            return []
        rep.told = replace(event, kind="amend", index=before.index)
        return [rep.told]

    def cancel(self, rep: LiveRep, reason: str) -> list[Event]:
        """Take it back, if it was told."""
        if rep.told is None or rep.told.kind == "cancel":
            return []
        self.num_reps -= 1
        rep.told = replace(rep.told, kind="cancel", reason=reason)
        return [rep.told]
