"""Counting while the video runs: the same thresholds as `lib.analysis.reps`, frame by frame.

    counter = Counter("squat", fps=30)
    for xyz, time_s in frames:
        for event in counter.push(xyz, time_s):
            ...

A repetition is told when three quarters of the way back are done and may be taken back until half
a second after it has come to rest. Nothing looks ahead: more frames only add events. Every frame
costs the same but the few in which a repetition is judged; memory is fixed. One that is like those
before is confirmed by that; any other is looked at as the offline counter would (live_judge).
"""

from collections import deque
from dataclasses import replace

import numpy as np

from lib.analysis.exercises import Exercise, load_exercise
from lib.analysis.live_bar import LastRise
from lib.analysis.live_drive import LiveDrive
from lib.analysis.live_judge import Judge
from lib.analysis.live_memory import Memory
from lib.analysis.live_rep import Event, Ledger, LiveRep
from lib.analysis.move import REST_SHARE
from lib.analysis.rejection import NEVER_ABOVE_GATE_DEG
from lib.analysis.reps import NOISE_SIGMAS
from lib.analysis.track import LONG_GAP_S
from lib.errors import UserError
from lib.skeleton import NUM_JOINTS

RECOVERED_SHARE = 0.75
"""A repetition is told when it has come back so far."""
CONFIRM_S = 0.5
"""It is final after so long at rest."""
PACE_S = 0.1
"""Over which the speed is taken to see whether it rests."""
LEAST_FPS = 2.0
"""With fewer frames a second a whole repetition is between two of them."""
SPARE_S = 4.0
"""What is remembered beyond the longest repetition."""
EASE = 0.85
"""Of the offline counter's threshold: the smoothing takes some of a quick movement, and what is
small is looked at."""

__all__ = ["Counter", "Event"]


class Counter:
    """Counts one exercise. Times of a recording with a varying rate are its own; fps sets windows.

    Raises UserError for a name without a file, ValueError for an fps that is no number or too low.
    """

    def __init__(self, exercise: Exercise | str, fps: float) -> None:
        if not (np.isfinite(fps) and fps >= LEAST_FPS):
            raise ValueError(f"fps is {fps}, expected a number from {LEAST_FPS:g} up")
        fps = float(fps)  # of a numpy number, so that events hold plain ones
        self.exercise = load_exercise(exercise) if isinstance(exercise, str) else exercise
        self._fps = fps
        self._drive = LiveDrive(self.exercise.drive, fps)
        seconds = self.exercise.checks.duration_s[1] + SPARE_S
        self._memory = Memory(fps, seconds, self._drive)
        self._pace: deque[float] = deque(maxlen=max(2, round(PACE_S * fps) + 1))
        self._time_s = -np.inf
        self._ledger = Ledger(1 / fps)
        self._judge = Judge(self.exercise, self._memory, self._ledger)
        rule = self.exercise.drive.empty_rise
        self._last_rise = None if rule is None else LastRise(rule, self._memory)
        self._unreached_deg = self.exercise.drive.top_gate_deg + NEVER_ABOVE_GATE_DEG
        self._starts_loaded = self.exercise.drive.starts == "loaded"
        self._restart()

    @property
    def num_reps(self) -> int:
        """Repetitions told and not cancelled."""
        return self._ledger.num_reps

    def _restart(self) -> None:
        """Forget the turning points, as after a gap."""
        self._direction = 0
        self._low, self._high = (np.inf, 0), (-np.inf, 0)
        self._valley: tuple[float, int] | None = None
        self._open: LiveRep | None = None
        self._pace.clear()

    def push(self, xyz: np.ndarray, time_s: float) -> list[Event]:
        """Take one frame (17, 3), NaN = missing, and tell what is new.

        Raises ValueError for another shape, UserError for a time that does not increase
        or is no number.
        """
        xyz = np.asarray(xyz, float)
        if xyz.shape != (NUM_JOINTS, 3):
            raise ValueError(f"xyz has shape {xyz.shape}, expected {(NUM_JOINTS, 3)}")
        time_s = float(time_s)
        if not self._time_s < time_s < np.inf:
            raise UserError(f"frame at {time_s} s came after {self._time_s} s: time must increase")
        is_pause = LONG_GAP_S < time_s - self._time_s < np.inf  # infinite before the first frame
        events = self._pause(time_s) if is_pause else []
        self._time_s = time_s
        was_known = self._drive.deg == self._drive.deg
        self._drive.push(xyz, time_s)
        self._memory.write(xyz, time_s)
        self._forget()
        deg = self._drive.deg
        if deg == deg:
            return events + self._follow(deg, self._memory.num - 1)
        return events + (self._end_of_run() if was_known else [])

    def finish(self) -> list[Event]:
        """Call once after the last frame: what ends with the recording is decided."""
        return self._end_of_run(is_end=True)

    def _pause(self, until_s: float) -> list[Event]:
        """No frames came for so long that they end the run, as unseen ones would."""
        events = self._end_of_run()
        self._drive.forget()
        self._memory.cut(max(self._time_s, until_s - 2 * LONG_GAP_S))
        return events

    def _forget(self) -> None:
        """What a repetition would be judged by may leave the memory, as with somebody who stays
        half-way up: what was told before stays, and nothing is told any more."""
        one = self._open
        if one is None:
            return
        i_needed = self._low[1] if self._starts_loaded else one.i_loaded
        one.is_final = one.is_final or not self._memory.holds(i_needed)

    def _follow(self, deg: float, i: int) -> list[Event]:
        """Turning points, as lib.analysis.zigzag finds them."""
        self._pace.append(deg)
        if deg < self._low[0]:
            self._low = (deg, i)
        if deg > self._high[0]:
            self._high = (deg, i)
        threshold = EASE * max(self._judge.least_deg, NOISE_SIGMAS * self._drive.noise_deg)
        if self._direction >= 0 and self._high[0] - deg >= threshold:
            return self._turned_down(deg, i)
        if self._direction <= 0 and deg - self._low[0] >= threshold:
            return self._turned_up(deg, i)
        if self._direction < 0 and self._open is not None:
            return self._coming_back(self._open, deg, i)
        return []

    def _turned_down(self, deg: float, i: int) -> list[Event]:
        """The loaded position is behind: the drive comes back."""
        top_deg, i_top = self._high
        events = self._returned(i_top) if self._starts_loaded else []
        self._open = None
        # A loaded position that has left the memory was held for longer than any repetition takes.
        is_known = self._valley is not None and self._memory.holds(i_top)
        if self._starts_loaded or is_known:
            gate_deg = self.exercise.drive.top_gate_deg
            base_deg, i_start = self._valley or (gate_deg / 2, i_top)
            i_start = i_top if self._starts_loaded else i_start
            pose = self._memory.pose_at(i_top)
            self._open = LiveRep(i_start, i_top, top_deg, base_deg, pose)
        self._direction, self._low, self._high = -1, (deg, i), (deg, i)
        return events

    def _turned_up(self, deg: float, i: int) -> list[Event]:
        """The unloaded position is behind."""
        one = self._open
        events = [] if one is None or one.is_final else self._settle(one)
        if one is not None and one.told is not None and one.told.reason == "suspect":
            events += self._ledger.tell(one, one.told)  # it does go down again
        self._valley = self._low
        self._direction, self._low, self._high = 1, (deg, i), (deg, i)
        return events

    def _coming_back(self, one: LiveRep, deg: float, i: int) -> list[Event]:
        if one.is_final:
            return self._suspected(one)
        pace = self._pace[0] - deg
        one.fastest = max(one.fastest, pace)
        if deg > self._unreached_deg:
            return []
        is_back = deg <= one.top_deg - RECOVERED_SHARE * (one.top_deg - one.base_deg)
        if is_back and one.told is None and not one.is_refused:
            events = self._judge.tell_early(one, i)
            if events:
                return events
        if pace > max(REST_SHARE * one.fastest, 2 * self._drive.noise_deg):
            one.i_rest = None
            return []
        if one.i_rest is None:
            one.i_rest = i
            rest_s = self._time_s - self._drive.delay_s
            return (
                self._ledger.tell(one, replace(one.told, end_s=rest_s)) if one.is_standing else []
            )
        is_sure = i - one.i_rest >= CONFIRM_S * self._fps and self._low[0] < one.rested_deg
        return self._settle(one, is_resting=True) if is_sure else []

    def _settle(self, one: LiveRep, **where: bool) -> list[Event]:
        lift = self._memory.way(one.i_loaded, self._low[1])
        if self._last_rise is not None:
            self._last_rise.rose(lift)
        return self._judge.settle(one, lift, **where)

    def _returned(self, i_top: int) -> list[Event]:
        """The way down of a lift that began loaded ends at i_top: it belongs to the repetition."""
        one = self._open
        if one is None or not one.is_standing or self._valley is None:
            return []
        if not self._memory.holds(self._valley[1]) or not self._memory.holds(i_top):
            return []
        back = self._memory.way(self._valley[1], i_top)
        if self._last_rise is not None:
            self._last_rise.came_down(back)
        return self._judge.extend(one, back)

    def _suspected(self, one: LiveRep, *, is_end: bool = False) -> list[Event]:
        """A rise that stays up and was one without the load. If it goes down again, it was none."""
        if self._last_rise is None or not one.is_final:
            return []
        now_s = np.inf if is_end else self._time_s - self._drive.delay_s
        is_empty = self._last_rise.is_without_load(now_s)
        return self._ledger.cancel(one, "suspect") if is_empty else []

    def _end_of_run(self, *, is_end: bool = False) -> list[Event]:
        """Nothing is known from here on."""
        one, events = self._open, []
        if one is not None and not one.is_final and self._direction < 0:
            events += self._settle(one, is_last=True)
        elif self._starts_loaded and self._direction > 0:
            events += self._returned(self._high[1])
        if one is not None and is_end and self._direction < 0:
            events += self._suspected(one, is_end=True)
        self._restart()
        return events
