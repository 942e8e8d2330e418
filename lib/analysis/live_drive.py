"""The drive angle of one frame after another: no look-ahead, the same cost for every frame.

Plain floats: for three joints a frame they are several times faster than arrays of numpy.
"""

import math
from collections import deque

import numpy as np

from lib.analysis.drive import FOLD_ALIKE_DEG, MEDIAN_S
from lib.analysis.exercises import Angle, Drive
from lib.analysis.form import ANGLE_JOINTS, MOST_APART_DEG
from lib.analysis.track import BONE_MADS, BONE_TOLERANCE, LONG_GAP_S
from lib.skeleton import JOINT

EMA_S = 0.08
"""Time constant of the smoothing."""
NOISE_S = 0.15
"""Keypoint errors persist for about so long; see lib.analysis.drive."""
MEMORY_S = 2.0
"""Over which noise and bone lengths are followed."""
MEAN_TO_SIGMA = 1.25
"""Standard deviation of normal noise per mean absolute deviation."""
FOLD_PER_SHARE_DEG = FOLD_ALIKE_DEG / (1 - math.cos(math.radians(FOLD_ALIKE_DEG / 2)))
BONE_SIGMAS = BONE_MADS * MEAN_TO_SIGMA
NAN = float("nan")

Point = list[float]


def _bend(a: Point, b: Point, c: Point, d: Point) -> tuple[float, float, float]:
    """Degrees between b - a and d - c, and both lengths; NaN where a coordinate is."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = d[0] - c[0], d[1] - c[1], d[2] - c[2]
    x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    bend = math.atan2(math.sqrt(x * x + y * y + z * z), ux * vx + uy * vy + uz * vz)
    return (
        math.degrees(bend),
        math.sqrt(ux * ux + uy * uy + uz * uz),
        math.sqrt(vx * vx + vy * vy + vz * vz),
    )


def _joints_of(angle: Angle, side: str) -> tuple[int, int, int, int]:
    """The two directions of an angle (see lib.analysis.form), each from one joint to another."""
    near, middle, *far = (JOINT[side + name] for name in ANGLE_JOINTS[angle])
    if far:
        return near, middle, middle, far[0]
    return JOINT["neck"], JOINT["root"], near, middle


class _Steady:
    """Running mean and mean deviation of a length that should not change."""

    def __init__(self, num_memory: float) -> None:
        self._memory, self._num, self.mean, self._spread = num_memory, 1.0, 0.0, 0.0

    def is_off(self, value: float) -> bool:
        """The value is far from what it was; it is then learnt from as if it were at the limit."""
        if self._num == 1.0:
            self.mean = value
        off = value - self.mean
        size = off if off > 0 else -off
        limit, wide = BONE_TOLERANCE * self.mean, BONE_SIGMAS * self._spread
        limit = wide if wide > limit else limit
        is_off = size > limit
        if is_off:
            off, size = (limit if off > 0 else -limit), limit
        self.mean += off / self._num
        self._spread += (size - self._spread) / self._num
        if self._num < self._memory:
            self._num += 1.0
        return is_off


class _Side:
    """One side's angle: bones that change their length out, then a median, then an EMA."""

    def __init__(self, rule: Drive, joints: list[int], fps: float) -> None:
        self._joints = joints
        self._fold_share = rule.fold_share
        self._bones = _Steady(MEMORY_S * fps), _Steady(MEMORY_S * fps)
        self._recent: deque[float] = deque(maxlen=round(MEDIAN_S * fps) | 1)
        self.deg = self.raw_deg = NAN
        """Smoothed, and as it came; the last ones known."""
        self.is_seen = False

    def push(self, xyz: list[Point], weight: float) -> None:
        """One frame, rows as its joints count them; weight: the EMA's share for the new value."""
        a, b, c, d = self._joints
        deg, first, second = _bend(xyz[a], xyz[b], xyz[c], xyz[d])
        # A bone without a length is of nobody; the first would be what all others are held against.
        is_known = deg == deg and min(first, second) > 0
        self.is_seen = is_known and not (
            self._bones[0].is_off(first) | self._bones[1].is_off(second)
        )
        if not self.is_seen:
            return
        if self._fold_share:
            whole = self._bones[0].mean + self._bones[1].mean
            fold = FOLD_PER_SHARE_DEG * (1 - math.dist(xyz[a], xyz[d]) / whole) if whole else 0.0
            deg += self._fold_share * (fold - deg)
        self.raw_deg, recent = deg, self._recent
        recent.append(deg)
        middle = sorted(recent)[len(recent) // 2]
        self.deg = middle if self.deg != self.deg else self.deg + weight * (middle - self.deg)

    def forget(self) -> None:
        self._recent.clear()
        self.deg = NAN


class LiveDrive:
    """Both sides made one, as lib.analysis.drive does for a whole recording."""

    def __init__(self, rule: Drive, fps: float) -> None:
        joints = np.array([_joints_of(rule.angle, side) for side in "lr"])
        first = int(joints.min())
        # Only these rows are made lists.
        self._rows = slice(first, int(joints.max()) + 1)
        left, right = (joints - first).tolist()
        self._sides = _Side(rule, left, fps), _Side(rule, right, fps)
        self._memory = MEMORY_S * fps
        self._time_s, self._unseen_s, self._offset = NAN, 0.0, 0.0
        self._last_deg, self._last_step, self._jerk = 0.0, 0.0, 0.0
        self._pattern, self._num_alike, self._num_jerks = 0, 0, 0
        keep = math.exp(-1 / (fps * NOISE_S))
        # Noise that fades with NOISE_S: its second difference, and what the EMA leaves of it.
        left = math.sqrt(NOISE_S / (NOISE_S + EMA_S))
        self._per_jerk = MEAN_TO_SIGMA * left / math.sqrt(6 - 8 * keep + 2 * keep**2)
        self.delay_s = EMA_S + (round(MEDIAN_S * fps) // 2) / fps
        """The angle is that of so long ago."""
        self.deg = NAN
        """NaN until it is known, and again after it was not for LONG_GAP_S."""
        self.is_seen = False

    @property
    def noise_deg(self) -> float:
        """One standard deviation of the noise in deg."""
        return self._per_jerk * self._jerk

    def push(self, xyz: np.ndarray, time_s: float) -> None:
        """One frame (17, 3)."""
        left, right = self._sides
        step_s = time_s - self._time_s if self._time_s == self._time_s else 0.0
        self._time_s = time_s
        weight = 1 - math.exp(-(step_s + self._unseen_s) / EMA_S)
        points = xyz[self._rows].tolist()
        left.push(points, weight)
        right.push(points, weight)
        self.is_seen = left.is_seen or right.is_seen
        self._unseen_s = 0.0 if self.is_seen else self._unseen_s + step_s
        if self._unseen_s > LONG_GAP_S:
            self.forget()
        if self.is_seen:
            self.deg = self._joined(left, right)
            if left.is_seen and right.is_seen:
                self._learn_noise((left.raw_deg + right.raw_deg) / 2, 3)
            elif left.is_seen:
                self._learn_noise(left.raw_deg, 1)
            else:
                self._learn_noise(right.raw_deg, 2)

    def forget(self) -> None:
        """The angles before say nothing any more; lengths and noise stay."""
        for side in self._sides:
            side.forget()
        self.deg, self.is_seen = NAN, False

    def _joined(self, left: _Side, right: _Side) -> float:
        if left.is_seen and right.is_seen:
            offset = self._offset + (left.deg - right.deg - self._offset) / self._memory
            self._offset = min(max(offset, -MOST_APART_DEG), MOST_APART_DEG)
            return (left.deg + right.deg) / 2
        # Where one side is missing the other stands in, as in lib.analysis.form.both_sides.
        return left.deg - self._offset / 2 if left.is_seen else right.deg + self._offset / 2

    def _learn_noise(self, raw_deg: float, pattern: int) -> None:
        """Follow the mean size of the second difference, which movement hardly enters."""
        if pattern != self._pattern:
            self._pattern, self._num_alike = pattern, 0
        step, self._last_deg = raw_deg - self._last_deg, raw_deg
        jerk, self._last_step = abs(step - self._last_step), step
        self._num_alike += 1
        if self._num_alike <= 2:
            return
        if self._num_jerks < self._memory:
            self._num_jerks += 1
        if self._num_jerks > 10 and jerk > 3 * self._jerk:
            jerk = 3 * self._jerk  # a burst is no noise
        self._jerk += (jerk - self._jerk) / self._num_jerks
