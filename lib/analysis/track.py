"""A pose made ready for analysis: one clock, outliers out, gaps filled and marked, smoothed.

N samples of the uniform clock, T frames of the recording, J = 17 joints.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lib.body import stature
from lib.errors import UserError
from lib.geometry import MIN_SCORE
from lib.pose import Pose3D
from lib.signals import (
    fill_gaps,
    hampel_outliers,
    leaps,
    lowpass,
    median_known,
    resample,
)
from lib.skeleton import BONE_INDEX, JOINT, JOINTS, LIMB_JOINTS, indices
from lib.vertical import Up, up_of

FPS_RANGE = (25.0, 60.0)
"""Below it reps are under-sampled, above it nothing is gained."""
SHORT_GAP_S = 0.30
"""A gap up to this long may be measured across."""
LONG_GAP_S = 1.5
"""A gap up to this long may be counted across; a longer one ends the run."""
LONGEST_HOLE_S = 5.0
"""A longer hole in the time stamps gets no more samples than this: longer than any window that is
looked through, so that nothing reaches across it."""
MOST_FRAMES_A_STEP = 10.0
"""Time steps of more frames than this throughout are no seconds."""
CUTOFF_HZ = 4.0
"""Zero-phase Butterworth for angles and counting."""
HAMPEL_WINDOW_S, HAMPEL_MADS, HAMPEL_FLOOR = 0.25, 4.0, 0.05
"""Outlier window, limit in local MADs, and the least distance that counts, in trunk lengths."""
LEAP_S, LEAP_FLOOR = 0.5, 0.12
"""A joint that leaps away and back within this time, by at least this many trunk lengths, was
mistaken for something else meanwhile."""
BONE_TOLERANCE, BONE_MADS = 0.35, 4.0
"""A limb this far (relative, and in MADs) off its median length has lost its far joint."""
LIMBS = [(a, b) for a, b in BONE_INDEX if {JOINTS[a], JOINTS[b]} <= set(LIMB_JOINTS)]


@dataclass(frozen=True)
class Track:
    """A pose on a uniform clock. Coordinates are relative to the root, so translation is gone."""

    xyz: np.ndarray
    """(N, 17, 3) in the pose's frame and unit, smoothed; NaN = unknown or a gap too long."""
    raw: np.ndarray
    """(N, 17, 3) the same before smoothing."""
    is_seen: np.ndarray
    """(N, 17) False where the joint was missing or an outlier."""
    is_measured: np.ndarray
    """(N, 17) False where the joint was missing for longer than SHORT_GAP_S: do not measure."""
    time_s: np.ndarray
    """(N,) seconds of the recording, uniform but in holes longer than LONGEST_HOLE_S, whose few
    samples lie further apart: take times from here, not from numbers of samples."""
    fps: float
    source_frame: np.ndarray
    """(N,) float, row of the recording at this instant."""
    num_source_frames: int
    frame: str
    """'camera' or 'world', as in Pose3D."""
    up: Up
    """Against gravity in that frame: the pose's own where it brings one."""
    foot_height: np.ndarray
    """(N,) of the lower ankle along up, from where it is most of the time, in the pose's unit;
    NaN in a pose relative to its root, which does not tell it."""
    score: np.ndarray
    """(N, 17) the detector's, 0 to 1; 1 where a pose brings none."""

    @cached_property
    def stature(self) -> float:
        """Of the body in the pose's unit; NaN if it cannot be told."""
        return stature(self.xyz)

    def __len__(self) -> int:
        return len(self.xyz)

    def joint(self, name: str) -> np.ndarray:
        """(N, 3) of one joint."""
        return self.xyz[:, JOINT[name]]

    def to_source(self, i_sample: float) -> float:
        """Source frame (float) at a sample (float)."""
        first = min(max(int(i_sample), 0), len(self) - 1)
        pair = self.source_frame[first : first + 2]
        return float(np.interp(i_sample - first, np.arange(len(pair)), pair))

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """First source frame and exclusive end of the samples start to end, both included."""
        first, last = (int(np.floor(self.to_source(i) + 1e-6)) for i in (start, end))
        return first, min(last + 1, self.num_source_frames)


def _check_times(time_s: np.ndarray, fps: float, where: str) -> None:
    known = np.where(np.isfinite(time_s), time_s, np.nan)
    if not (ahead := np.diff(known, append=np.inf) > 0).all():
        i_bad = int(ahead.argmin())
        raise UserError(
            f"{where}: time_s does not increase after frame {i_bad} ({time_s[i_bad]} s); "
            "sort the frames or give the frame rate instead"
        )
    step = float(np.median(np.diff(time_s))) if len(time_s) > 10 else 0.0
    if step * fps > MOST_FRAMES_A_STEP:
        raise UserError(
            f"{where}: time_s goes in steps of {step:g} at {fps:g} fps; give it in seconds, or the "
            "rate that these poses have"
        )


def _without_holes(time_s: np.ndarray) -> np.ndarray:
    """(T,) times with every hole as long as LONGEST_HOLE_S at most."""
    too_long = np.maximum(np.diff(time_s, prepend=time_s[0]) - LONGEST_HOLE_S, 0)
    return time_s - np.cumsum(too_long) if too_long.any() else time_s


def _clock(time_s: np.ndarray, fps: float) -> tuple[np.ndarray, float]:
    rate = float(np.clip(fps, *FPS_RANGE))
    uniform = time_s[0] + np.arange(len(time_s)) / fps
    if rate == fps and np.abs(time_s - uniform).max() < 0.1 / fps:
        return time_s, rate
    num = int(np.floor((time_s[-1] - time_s[0]) * rate + 1e-6)) + 1
    return time_s[0] + np.arange(num) / rate, rate


def _hole(time_s: np.ndarray, clock_s: np.ndarray) -> np.ndarray:
    """Samples of the clock that lie inside a jump of the time stamps (a hole in the recording)."""
    step = np.diff(time_s)
    if len(step) == 0:
        return np.zeros(len(clock_s), bool)
    i_step = np.clip(np.searchsorted(time_s, clock_s, side="right") - 1, 0, len(step) - 1)
    return (step[i_step] > SHORT_GAP_S) & (clock_s > time_s[i_step])


def _anchor(xyz: np.ndarray) -> np.ndarray:
    """(N, 3) a point of the trunk present in most frames, its gaps bridged."""
    candidates = [xyz[:, JOINT["root"]], xyz[:, indices("lhip", "rhip")].mean(1)]
    candidates += [xyz[:, JOINT[name]] for name in ("neck", "spine")]
    present = [np.isfinite(c).all(-1).mean() for c in candidates]
    best = next((c for c, p in zip(candidates, present, strict=True) if p > 0.5), None)
    best = candidates[int(np.argmax(present))] if best is None else best
    return np.nan_to_num(fill_gaps(best))


def _without_outliers(xyz: np.ndarray, fps: float) -> np.ndarray:
    if not np.isfinite(xyz).any():
        return xyz
    trunk = np.linalg.norm(xyz[:, JOINT["neck"]] - xyz[:, JOINT["root"]], axis=-1)
    size = float(median_known(trunk)) if np.isfinite(trunk).any() else float(np.nanstd(xyz))
    # First, and among known frames only: their sharp edges show them, of which the other test, or a
    # bridged frame, would take one.
    xyz, limbs = xyz.copy(), np.array(indices(*LIMB_JOINTS))
    i_time, i_limb = np.nonzero(leaps(xyz[:, limbs], round(LEAP_S * fps), LEAP_FLOOR * size))
    xyz[i_time, limbs[i_limb]] = np.nan
    window = max(3, round(HAMPEL_WINDOW_S * fps))
    wild = hampel_outliers(xyz, window, HAMPEL_MADS, HAMPEL_FLOOR * size).any(-1)
    xyz[wild] = np.nan
    for bones in (LIMBS[::2], LIMBS[1::2]):  # those at the trunk first
        near, far = np.transpose(bones)
        length = np.linalg.norm(xyz[:, far] - xyz[:, near], axis=-1)
        middle = median_known(length)
        off = np.abs(length - middle)
        limit = np.maximum(BONE_TOLERANCE * middle, BONE_MADS * 1.4826 * median_known(off))
        i_time, i_bone = np.nonzero(off > limit)
        xyz[i_time, far[i_bone]] = np.nan
    return xyz


def _filled(xyz: np.ndarray, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Gaps bridged as far as counting allows; and (N, 17) where measuring is allowed."""
    short = fill_gaps(xyz, round(SHORT_GAP_S * fps))
    if np.isfinite(short).all():
        return short, np.ones(xyz.shape[:2], bool)
    return fill_gaps(short, round(LONG_GAP_S * fps)), np.isfinite(short).all(-1)


def foot_height(xyz: np.ndarray, anchor: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(N,) Track.foot_height of poses (N, 17, 3) relative to an anchor (N, 3); up (3,) unit."""
    lower = np.fmin(*(xyz[:, JOINT[name]] @ up for name in ("lankle", "rankle")))
    height = lower + anchor @ up
    known = np.isfinite(height)
    if not known.any() or np.ptp(anchor, axis=0).max() < 1e-6 * np.nanstd(xyz):
        return np.full(len(xyz), np.nan)
    return height - np.median(height[known])


def prepare(pose: Pose3D) -> Track:
    """Clean a pose for analysis. Raises UserError if its time stamps do not increase, are no
    numbers or no seconds."""
    _check_times(np.asarray(pose.time_s, float), pose.fps, pose.source or "pose")
    return track_of(pose)


def track_of(pose: Pose3D) -> Track:
    """`prepare` for times that are known to be right."""
    time_s = np.asarray(pose.time_s, float)
    xyz = np.where(np.asarray(pose.valid, bool)[:, None, None], np.asarray(pose.xyz, float), np.nan)
    up = up_of(pose)
    if len(xyz) == 0:
        none, empty = np.zeros((0, 17), bool), np.zeros(0)
        return Track(xyz, xyz, none, none, empty, pose.fps, empty, 0, pose.frame, up, empty,
                     xyz[..., 0])  # fmt: skip
    score = np.nan_to_num(np.asarray(pose.score, float), nan=1.0)
    # A joint that was lifted though the detector hardly saw it is the network's invention.
    is_known = np.isfinite(xyz).all(-1) & (score > MIN_SCORE)
    xyz = np.where(is_known[..., None], xyz, np.nan)
    anchor = _anchor(xyz)
    xyz = xyz - anchor[:, None]
    short_s = _without_holes(time_s)
    clock_s, fps = _clock(short_s, pose.fps)
    if clock_s is not short_s:
        xyz, anchor = resample(xyz, short_s, clock_s), resample(anchor, short_s, clock_s)
        xyz[_hole(short_s, clock_s)] = np.nan
        score = resample(score, short_s, clock_s)
    cleaned = _without_outliers(xyz, fps)
    is_seen = np.isfinite(cleaned).all(-1)
    raw, is_measured = _filled(cleaned, fps)
    source = np.interp(clock_s, short_s, np.arange(len(time_s)))
    true_s = clock_s if short_s is time_s else np.interp(clock_s, short_s, time_s)
    smooth = lowpass(raw, fps, CUTOFF_HZ)
    height = foot_height(smooth, lowpass(anchor, fps, CUTOFF_HZ), up.vector)
    return Track(
        smooth, raw, is_seen, is_measured, true_s, fps, source, len(time_s), pose.frame, up,
        height, score,
    )  # fmt: skip
