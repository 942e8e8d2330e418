"""The last seconds of a live recording."""

import math
from dataclasses import dataclass

import numpy as np

from lib.analysis.live_drive import LiveDrive
from lib.analysis.move import Move, make_move
from lib.analysis.rise import Rise, rise_of
from lib.pose import Pose3D
from lib.skeleton import JOINT, NUM_JOINTS

AROUND_S = 0.08
"""A pose is the mean over so long before and after."""
SPEED_S = 0.1
"""Speed is told over so long."""
NO_UP = np.array([0.0, -1.0, 0.0])
"""Counting needs one for jumps only, and takes the picture's."""

NOTHING = np.full((NUM_JOINTS, 3), np.nan)


@dataclass(frozen=True)
class Way:
    """One way of the drive between two turning points, on the recording's clock."""

    move: Move
    """In samples from `i_first` on."""
    i_first: int
    start_s: float
    end_s: float
    seen_share: float
    """Of the samples in which the drive was seen."""


class Memory:
    """Frames side by side in order, so that any stretch of them is a view; the older half is
    dropped when it is full. Samples are numbered from the first frame of the recording."""

    def __init__(self, fps: float, seconds: float, drive: LiveDrive) -> None:
        self._size = math.ceil(seconds * fps)
        self._fps, self._drive = fps, drive
        self._around, self._half = round(AROUND_S * fps), max(1, round(SPEED_S / 2 * fps))
        self._xyz = np.full((2 * self._size, NUM_JOINTS, 3), np.nan)
        self._time_s, self._deg, self._seen = np.full((3, 2 * self._size), np.nan)
        self._first = 0
        """Sample at place 0."""
        self._cut = 0
        """Sample that stands for the last pause: what lies before it is apart."""
        self.num = 0
        """Frames written so far."""

    def write(self, xyz: np.ndarray, time_s: float) -> None:
        """Append one frame (17, 3) and the drive after it."""
        place = self.num - self._first
        if place == 2 * self._size:
            for one in (self._xyz, self._time_s, self._deg, self._seen):
                one[: self._size] = one[self._size :]
            self._first += self._size
            place = self._size
        self._xyz[place] = xyz
        self._time_s[place], self._deg[place] = time_s, self._drive.deg
        self._seen[place] = self._drive.is_seen
        self.num += 1

    def cut(self, time_s: float) -> None:
        """A pause comes here: nothing is told across it. time_s: of the frame left standing for it,
        in which nothing is seen, so that what follows is no beginning of a recording."""
        self._cut = self.num
        self.write(NOTHING, time_s)

    def _span(self, begin: int, end: int) -> slice:
        return slice(max(begin - self._first, 0), max(end - self._first, 0))

    def holds(self, i_sample: int) -> bool:
        """It, and at least the two before it, have not left the memory."""
        return i_sample - 2 >= self._first or self._first == 0

    def time_s(self, i_sample: int) -> float:
        """When what the drive tells at a sample was filmed."""
        return float(self._time_s[max(i_sample - self._first, 0)]) - self._drive.delay_s

    def way(self, i_from: int, i_to: int) -> Way:
        """Between two turning points (samples) of the drive; `holds` the second."""
        # A long rest may have left the memory; what matters is the movement after it.
        span = self._span(min(i_from, i_to - 1), i_to + 1)
        deg = self._deg[span]
        move = make_move(deg, self._speed(deg), self._drive.noise_deg, 0, len(deg) - 1)
        first = self._first + span.start
        start_s, end_s = self.time_s(first + move.start), self.time_s(first + move.end)
        return Way(move, first, start_s, end_s, float(self._seen[span].mean()))

    def _speed(self, deg: np.ndarray) -> np.ndarray:
        """(N,) degrees a sample, over SPEED_S: a joint mistaken for another is fast for a frame."""
        half = min(self._half, (len(deg) - 1) // 2)
        if half == 0:
            return np.full(len(deg), deg[-1] - deg[0])
        speed = np.empty_like(deg)
        speed[half:-half] = (deg[2 * half :] - deg[: -2 * half]) / (2 * half)
        speed[:half], speed[-half:] = speed[half], speed[-half - 1]
        return speed

    def rise(self, lift: Way) -> Rise:
        """What tells whether it had the bar."""
        return rise_of(self._xyz[self._span(lift.i_first, self.num)], lift.move)

    def pose_at(self, i_sample: int) -> np.ndarray:
        """(17, 3) mean pose, relative to its root, when the drive's sample was filmed."""
        middle = max(i_sample - round(self._drive.delay_s * self._fps), self._first + self._around)
        pose = self._xyz[self._span(middle - self._around, middle + self._around + 1)].mean(0)
        return pose - pose[JOINT["root"]]

    def since(self, time_s: float) -> Pose3D:
        """The recording from an instant on, or what is left of it since the last pause."""
        begin = int(np.searchsorted(self._time_s[: self.num - self._first], time_s))
        span = slice(max(begin, self._cut - self._first), self.num - self._first)
        xyz = self._xyz[span]
        return Pose3D(
            xyz=xyz, fps=self._fps, valid=np.ones(len(xyz), bool), time_s=self._time_s[span],
            xyz_image=xyz, unit="relative", frame="camera", up=NO_UP, up_method="camera_y",
        )  # fmt: skip
