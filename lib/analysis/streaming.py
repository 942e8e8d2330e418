"""Counting while the video runs: the same thresholds as `lib.analysis.reps`, frame by frame.

    counter = Counter("squat", fps=30)
    for xyz, time_s in frames:
        for event in counter.push(xyz, time_s):
            ...

A repetition is told when three quarters of the way back are done and may be taken back until half
a second after it has come to rest. Nothing looks ahead: more frames only add events. Every frame
costs the same but the few in which a repetition is judged; memory is fixed.
"""

from collections import deque
from dataclasses import replace
from statistics import median

import numpy as np

from lib.analysis.cycles import REST_SHARE
from lib.analysis.exercises import Exercise, load_exercise
from lib.analysis.live_drive import LiveDrive
from lib.analysis.live_memory import Judgement, Memory
from lib.analysis.live_rep import Event, Ledger, LiveRep
from lib.analysis.rejection import NEVER_ABOVE_GATE_DEG
from lib.analysis.reps import AMPLITUDE_SHARE, CLEAR_SIGMAS, NOISE_SIGMAS
from lib.analysis.rise import more_bent_deg
from lib.errors import UserError
from lib.skeleton import NUM_JOINTS

RECOVERED_SHARE = 0.75
"""A repetition is told when it has come back so far."""
CONFIRM_S = 0.5
"""It is final after so long at rest."""
PACE_S = 0.1
"""Over which the speed is taken to see whether it rests."""
NUM_AMPLITUDES = 3
"""Repetitions whose median amplitude raises the threshold; the first has none before it."""
SPARE_S = 4.0
"""What is remembered beyond the longest repetition."""


__all__ = ["Counter", "Event"]


class Counter:
    """Counts one exercise. Times of a recording with a varying rate are its own; fps sets windows.

    Raises UserError for a name without a file, ValueError for an fps that is no number above 0.
    """

    def __init__(self, exercise: Exercise | str, fps: float) -> None:
        if not (np.isfinite(fps) and fps > 0):
            raise ValueError(f"fps is {fps}, expected a number above 0")
        self.exercise = load_exercise(exercise) if isinstance(exercise, str) else exercise
        self._fps = fps
        checks = replace(self.exercise.checks, posture=())
        self._once_told = replace(self.exercise, checks=checks)
        self._drive = LiveDrive(self.exercise.drive, fps)
        self._memory = Memory(fps, self.exercise.checks.duration_s[1] + SPARE_S)
        self._pace: deque[float] = deque(maxlen=max(2, round(PACE_S * fps) + 1))
        self._time_s = -np.inf
        self._ledger = Ledger(1 / fps)
        self._amplitudes: deque[float] = deque(maxlen=NUM_AMPLITUDES)
        self._least_deg = self.exercise.drive.min_excursion_deg
        self._paths: list[np.ndarray] = []
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
        self._valley: tuple[float, int, bool] | None = None
        self._open: LiveRep | None = None
        self._pace.clear()

    def push(self, xyz: np.ndarray, time_s: float) -> list[Event]:
        """Take one frame (17, 3), NaN = missing, and tell what is new.

        Raises ValueError for another shape, UserError for a time that does not increase.
        """
        xyz = np.asarray(xyz, float)
        if xyz.shape != (NUM_JOINTS, 3):
            raise ValueError(f"xyz has shape {xyz.shape}, expected {(NUM_JOINTS, 3)}")
        if not time_s > self._time_s:
            raise UserError(f"frame at {time_s} s came after {self._time_s} s: time must increase")
        self._time_s = time_s
        was_known = self._drive.deg == self._drive.deg
        self._drive.push(xyz.tolist(), time_s)
        self._memory.write(xyz, time_s, self._drive)
        deg = self._drive.deg
        if deg == deg:
            return self._follow(deg, self._memory.num - 1)
        return self._end_of_run() if was_known else []

    def finish(self) -> list[Event]:
        """Call once after the last frame: what ends with the recording is decided."""
        return self._end_of_run(is_end=True)

    def _follow(self, deg: float, i: int) -> list[Event]:
        """Turning points, as lib.analysis.zigzag finds them."""
        self._pace.append(deg)
        if deg < self._low[0]:
            self._low = (deg, i)
        if deg > self._high[0]:
            self._high = (deg, i)
        threshold = max(self._least_deg, NOISE_SIGMAS * self._drive.noise_deg)
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
        if self._starts_loaded:
            gate_deg = self.exercise.drive.top_gate_deg
            base_deg = gate_deg / 2 if self._valley is None else self._valley[0]
            self._open = LiveRep([i_top], top_deg, base_deg, self._direction == 0)
        elif self._valley is not None:
            base_deg, i_valley, is_first = self._valley
            self._open = LiveRep([i_valley, i_top], top_deg, base_deg, is_first)
        self._direction, self._low, self._high = -1, (deg, i), (deg, i)
        return events

    def _turned_up(self, deg: float, i: int) -> list[Event]:
        """The unloaded position is behind."""
        one = self._open
        events = [] if one is None or one.is_final else self._settle(one, self._low[1])
        if one is not None and one.told is not None and one.told.reason == "suspect":
            events += self._ledger.tell(one, one.told)  # it does go down again
        self._valley = (*self._low, self._direction == 0)
        self._direction, self._low, self._high = 1, (deg, i), (deg, i)
        return events

    def _coming_back(self, one: LiveRep, deg: float, i: int) -> list[Event]:
        if one.is_final:
            return self._suspect_if_empty(one)
        pace = self._pace[0] - deg
        one.fastest = max(one.fastest, pace)
        if deg > self._unreached_deg:
            return []
        is_back = deg <= one.top_deg - RECOVERED_SHARE * (one.top_deg - one.base_deg)
        if is_back and one.told is None and not one.is_refused:
            judged = self._judge(one, [i])
            one.is_refused = judged.reason is not None
            if not one.is_refused:
                return self._ledger.tell(one, self._moments(judged))
        if pace > max(REST_SHARE * one.fastest, 2 * self._drive.noise_deg):
            one.i_rest = None
            return []
        if one.i_rest is None:
            one.i_rest = i
            rest_s = self._time_s - self._drive.delay_s
            return (
                self._ledger.tell(one, replace(one.told, end_s=rest_s)) if one.is_standing else []
            )
        is_sure = i - one.i_rest >= CONFIRM_S * self._fps
        return self._settle(one, self._low[1]) if is_sure else []

    def _judge(
        self, one: LiveRep, then: list[int], rules: Exercise | None = None, *, is_last: bool = False
    ) -> Judgement:
        turns = [*one.turns, *then]
        rules = rules or self.exercise
        return self._memory.judge(rules, turns, is_first=one.is_first, is_last=is_last)

    def _moments(self, judged: Judgement) -> Event:
        late = self._drive.delay_s
        times = (judged.start_s, judged.turn_s, judged.end_s)
        return Event("rep", 0, *(t - late for t in times))

    def _settle(self, one: LiveRep, i_to: int, *, is_last: bool = False) -> list[Event]:
        """The last word on a repetition that came back to sample i_to."""
        one.is_final = True
        # What was right a moment ago is not asked again: near a limit it would be left to noise.
        rules = self._once_told if one.is_standing else self.exercise
        judged = one.judged = self._judge(one, [i_to], rules, is_last=is_last)
        amplitude = one.top_deg - self._low[0]
        is_noise = max(amplitude, *self._amplitudes, 0) < CLEAR_SIGMAS * self._drive.noise_deg
        reason = "amplitude" if is_noise else judged.reason
        if reason is not None:
            return self._ledger.cancel(one, reason)
        self._amplitudes.append(amplitude)
        least = self.exercise.drive.min_excursion_deg
        self._least_deg = max(least, AMPLITUDE_SHARE * median(self._amplitudes))
        return self._ledger.tell(one, self._moments(judged))

    def _returned(self, i_top: int) -> list[Event]:
        """The way down of a lift that began loaded ends at i_top: it belongs to the repetition."""
        one = self._open
        if one is None or not one.is_standing or self._valley is None:
            return []
        turns = [*one.turns, self._valley[1], i_top]
        judged = self._memory.judge(None, turns, is_first=one.is_first, is_last=False)
        self._paths.append(judged.knee_path)
        return self._ledger.tell(one, self._moments(judged))

    def _suspect_if_empty(self, one: LiveRep) -> list[Event]:
        """See Drive.empty_rise_deg: standing up after the last repetition."""
        limit_deg, judged = self.exercise.drive.empty_rise_deg, one.judged
        if limit_deg is None or judged is None or not self._paths:
            return []
        is_empty = more_bent_deg(judged.knee_path, self._paths) > limit_deg
        return self._ledger.cancel(one, "suspect") if is_empty else []

    def _end_of_run(self, *, is_end: bool = False) -> list[Event]:
        """Nothing is known from here on."""
        one, events = self._open, []
        if one is not None and not one.is_final and self._direction < 0:
            events += self._settle(one, self._low[1], is_last=True)
        elif self._starts_loaded and self._direction > 0:
            events += self._returned(self._high[1])
        if one is not None and is_end and self._direction < 0:
            events += self._suspect_if_empty(one)
        self._restart()
        return events
