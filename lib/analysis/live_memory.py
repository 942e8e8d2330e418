"""The last seconds of a live recording, and how a candidate repetition in them is judged."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d

from lib.analysis.cycles import Cycle, make_move
from lib.analysis.drive import DriveSignal
from lib.analysis.exercises import Exercise
from lib.analysis.form import leg_length
from lib.analysis.live_drive import LiveDrive
from lib.analysis.rejection import is_failed, make_context, why_not
from lib.analysis.rise import knee_path
from lib.analysis.track import LEAP_FLOOR, LEAP_S, Track, foot_height
from lib.signals import fill_gaps, leaps
from lib.skeleton import JOINT, LIMB_JOINTS, NUM_JOINTS, indices
from lib.vertical import Up

MARGIN_S = 0.5
"""Looked at before a candidate, for the running medians."""
SMOOTH_S = 0.15
"""Joints are averaged over so long for the posture."""
BY_JOINTS = ("feet_moved", "hands_not_on_bar", "posture", "antiphase_legs")
NO_UP = Up(np.array([0.0, -1.0, 0.0]), "camera_y", 90.0)
"""Counting needs one for jumps only, and takes the picture's."""


@dataclass(frozen=True)
class Judgement:
    """A candidate's moments on the recording's clock, and why it is no repetition (None: it is)."""

    reason: str | None
    start_s: float
    turn_s: float
    end_s: float
    knee_path: np.ndarray
    """(L,) of the way to the unloaded position, see lib.analysis.rise."""


class Memory:
    """A ring of frames. Samples are numbered from the first frame of the recording."""

    def __init__(self, fps: float, seconds: float) -> None:
        self._size = math.ceil(seconds * fps)
        self._margin = round(MARGIN_S * fps)
        self._fps = fps
        self._xyz = np.full((self._size, NUM_JOINTS, 3), np.nan)
        self._rows = np.full((self._size, 5), np.nan)  # time_s, u, left, right (deg), is_seen
        self.num = 0
        """Frames written so far."""
        self._leg, self._i_leg = float("nan"), 0

    def write(self, xyz: np.ndarray, time_s: float, drive: LiveDrive) -> None:
        """Append one frame (17, 3) and the drive after it."""
        i = self.num % self._size
        self._xyz[i] = xyz
        self._rows[i] = (time_s, drive.deg, drive.left_deg, drive.right_deg, drive.is_seen)
        self.num += 1

    def judge(
        self, exercise: Exercise | None, turns: Sequence[int], *, is_first: bool, is_last: bool
    ) -> Judgement:
        """Judge the candidate between two or three turning points (samples).

        exercise: None finds its moments and asks nothing. is_first, is_last: it is the first of a
        run of known data, or ends with it.
        """
        begin = max(turns[0] - self._margin, self.num - self._size + 1, 0)
        end = min(self.num, turns[-1] + self._margin)
        places = np.arange(begin, end) % self._size
        time_s, u, left, right, seen = self._rows[places].T
        # A long rest may have left the memory; what matters is the movement after it.
        local = [max(turn - begin, min(turn, 1)) for turn in turns]
        speed = np.gradient(u)
        moves = [make_move(u, speed, a, b) for a, b in itertools.pairwise(local)]
        cycle = Cycle(moves[0], moves[1] if len(moves) > 1 else None, is_first, is_last)
        reason, xyz = None, self._xyz[places]
        if exercise is not None:
            drive = DriveSignal(u, left, right, seen > 0, 0.0)
            reason = self._reason(exercise, cycle, xyz, drive, time_s)
        lift = cycle.unloading or cycle.first
        return Judgement(
            reason, float(time_s[cycle.start]), float(time_s[local[1]]), float(time_s[cycle.end]),
            knee_path(xyz, lift),
        )  # fmt: skip

    def _reason(
        self, exercise: Exercise, cycle: Cycle, xyz: np.ndarray, drive: DriveSignal, time_s
    ) -> str | None:
        reason = self._why_not(exercise, cycle, xyz, drive, time_s)
        if reason in BY_JOINTS:
            # A joint mistaken for something else for a moment looks like a foot that moves.
            size = self._leg * LEAP_FLOOR
            for i_joint in indices(*LIMB_JOINTS):
                xyz[leaps(xyz[:, i_joint], round(LEAP_S * self._fps), size), i_joint] = np.nan
            reason = self._why_not(exercise, cycle, fill_gaps(xyz), drive, time_s)
        return reason

    def _why_not(
        self, exercise: Exercise, cycle: Cycle, xyz: np.ndarray, drive: DriveSignal, time_s
    ) -> str | None:
        is_known = np.isfinite(xyz).all(-1)
        if is_known.all():
            xyz = uniform_filter1d(xyz, round(SMOOTH_S * self._fps) | 1, axis=0)
        frames = np.arange(len(xyz), dtype=float)
        root = xyz[:, [JOINT["root"]]]
        track = Track(
            xyz, xyz, is_known, is_known, time_s, self._fps, frames, len(xyz), "camera", NO_UP,
            foot_height(xyz - root, root[:, 0], NO_UP.vector),
        )  # fmt: skip
        context = make_context(exercise, track, drive, self._leg_of(track))
        reason = why_not(context, cycle)
        return "never_locked_out" if reason is None and is_failed(context, cycle) else reason

    def _leg_of(self, track: Track) -> float:
        """The leg's length, taken anew when what it was taken from is forgotten."""
        if not np.isfinite(self._leg) or self.num - self._i_leg > self._size:
            self._leg, self._i_leg = leg_length(track), self.num
        return self._leg
