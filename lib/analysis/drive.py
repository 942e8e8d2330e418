"""The one angle that a repetition moves up and down. N samples of a Track."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline

from lib.analysis.exercises import Drive
from lib.analysis.form import ANGLE_JOINTS, both_sides, limb_angle, segment_length
from lib.analysis.one_way import one_way_deg
from lib.analysis.track import Track
from lib.signals import finite_runs, rolling_median
from lib.skeleton import indices

MEDIAN_S = 0.15
NOISE_BELOW_CUTOFF = 2.25
"""Noise left in the smoothed signal per noise taken out of it, for keypoint errors that persist
for about 0.15 s: sqrt(b / (1 - b)), b = 2/pi atan(2 pi 4 Hz 0.15 s)."""

SLOPE_S = 0.2
"""Pace at either side of a gap is that of so long (choice)."""
FOLD_ALIKE_DEG = 100.0
"""Bend at which the fold of a limb is counted as as many degrees."""


@dataclass(frozen=True)
class DriveSignal:
    """Degrees over time; large = loaded position."""

    u_deg: np.ndarray
    """(N,) mean of the sides; NaN where neither is known."""
    left_deg: np.ndarray
    right_deg: np.ndarray
    is_seen: np.ndarray
    """(N,) the joints of one whole side were observed."""
    noise_deg: float
    """One standard deviation of the noise in u_deg."""

    @property
    def speed(self) -> np.ndarray:
        """(N,) change of u_deg a sample."""
        return np.gradient(self.u_deg) if len(self.u_deg) > 1 else np.zeros(len(self.u_deg))


def _folds(track: Track, xyz: np.ndarray, angle: str) -> list[np.ndarray]:
    """(N,) for left and right: how much shorter the limb is than its bones, as degrees."""
    near, middle, far = ANGLE_JOINTS[angle]
    bones = [(s + a, s + b) for s in "lr" for a, b in ((near, middle), (middle, far))]
    whole = 2 * segment_length(track, *bones) or float("nan")
    alike = FOLD_ALIKE_DEG / (1 - np.cos(np.radians(FOLD_ALIKE_DEG / 2)))
    ends = [xyz[:, indices(s + near, s + far)] for s in "lr"]
    return [alike * (1 - np.linalg.norm(e[:, 1] - e[:, 0], axis=-1) / whole) for e in ends]


def _bend(track: Track, xyz: np.ndarray, rule: Drive, side: str) -> np.ndarray:
    """(2N,) the angle itself, of poses (2N, 17, 3)."""
    plain = limb_angle(xyz, rule.angle, side)
    if not rule.one_way:
        return plain
    limb = xyz[:, indices(*(side + joint for joint in ANGLE_JOINTS[rule.angle]))]
    one_way = np.concatenate(one_way_deg(limb[: len(track)], limb[len(track) :], track.fps))
    return np.where(np.isfinite(one_way), one_way, plain)


def _of_sides(track: Track, rule: Drive) -> list[np.ndarray]:
    """(2N,) drive of the left and the right side, smoothed and then as it came."""
    xyz = np.concatenate([track.xyz, track.raw])
    bends = [_bend(track, xyz, rule, side) for side in "lr"]
    if rule.fold_share == 0:
        return bends
    share = rule.fold_share
    folds = _folds(track, xyz, rule.angle)
    return [(1 - share) * b + share * f for b, f in zip(bends, folds, strict=True)]


def _noise_deg(rough_deg: np.ndarray, fps: float) -> float:
    """Of the smoothed drive, told by what was taken out of it (N,)."""
    rough = rough_deg[np.isfinite(rough_deg)]
    if len(rough) < fps:
        return 0.0
    return float(NOISE_BELOW_CUTOFF * 1.4826 * np.median(np.abs(rough - np.median(rough))))


def _carried_on(u_deg: np.ndarray, is_measured: np.ndarray, fps: float) -> np.ndarray:
    """(N,) with the gaps that are too long to measure across bridged by a cubic: a movement goes on
    as it went and comes back as it comes, so that a turn inside the gap is not cut off."""
    u_deg, around = u_deg.copy(), round(SLOPE_S * fps)
    for start, stop in finite_runs(~is_measured & np.isfinite(u_deg)):
        before, after = u_deg[max(0, start - around) : start], u_deg[stop : stop + around]
        ends = np.concatenate([before, after])
        if len(before) < around or len(after) < around or not np.isfinite(ends).all():
            continue
        knots = [start - 1, stop]
        slopes = [np.polyfit(np.arange(around), part, 1)[0] for part in (before, after)]
        bridge = CubicHermiteSpline(knots, u_deg[knots], slopes)
        u_deg[start:stop] = bridge(np.arange(start, stop))
    return u_deg


def drive_signal(track: Track, rule: Drive) -> DriveSignal:
    """The drive of both sides as one smooth signal."""
    sides = _of_sides(track, rule)
    (left, raw_left), (right, raw_right) = (np.split(side, 2) for side in sides)
    u_deg = both_sides(left, right)
    joints = ANGLE_JOINTS[rule.angle]
    trunk = ("root", "neck") if len(joints) == 2 else ()
    parts = [indices(*(s + joint for joint in joints), *trunk) for s in "lr"]
    seen = [track.is_seen[:, part].all(1) for part in parts]
    is_measured = np.any([track.is_measured[:, part].all(1) for part in parts], axis=0)
    noise_deg = _noise_deg(both_sides(raw_left, raw_right) - u_deg, track.fps)
    known = np.isfinite(u_deg)
    if known.any():
        bridged = np.interp(np.arange(len(u_deg)), np.flatnonzero(known), u_deg[known])
        smooth = rolling_median(bridged, round(MEDIAN_S * track.fps))
        u_deg = _carried_on(np.where(known, smooth, np.nan), is_measured, track.fps)
    return DriveSignal(u_deg, left, right, seen[0] | seen[1], noise_deg)
