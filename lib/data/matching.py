"""Which of a detector's people is the recorded one: the one nearest to the projected truth.

N detections, T frames, J = 17 working joints.
"""

from dataclasses import dataclass

import numpy as np

from lib.pose import Detections

MAX_SHARE = 0.15
"""Of the person's height: detections that are off by more, in the median, are of another video."""
MAX_FRAME_SHARE = 0.5
"""Of the person's height: farther off in one frame is somebody else there."""
MAX_SHIFT = 5
"""Frames by which a file might be late or early, when looking for a better fit."""


@dataclass(frozen=True)
class Fit:
    """How well a file of detections fits the projected truth."""

    error_px: float
    """Median distance from the projection over joints and frames; inf where nothing was near."""
    height_px: float
    """Median over frames of the longer side of the box around the projected joints."""
    shift: int
    """Frames by which the detections would fit better if moved later; 0 if they fit well as is."""

    @property
    def share(self) -> float:
        """The error as a share of the person's height."""
        return self.error_px / self.height_px


def _distances(found: Detections, truth_px: np.ndarray, shift: int = 0) -> np.ndarray:
    """(N, 17) pixels from each detection's joints to the truth of its frame; NaN = missing."""
    frames = found.frame_id + shift
    is_inside = (frames >= 0) & (frames < len(truth_px))
    truth = truth_px[np.clip(frames, 0, len(truth_px) - 1)]
    is_known = is_inside[:, None] & (found.score > 0)
    return np.where(is_known, np.linalg.norm(found.xy_px - truth, axis=-1), np.nan)


def _median(values: np.ndarray) -> np.ndarray:
    """(N,) median over the last axis without NaN; inf where there is nothing else."""
    values = np.sort(np.where(np.isnan(values), np.inf, values), -1)
    num = np.isfinite(values).sum(-1)
    middle = np.stack([np.maximum(num - 1, 0) // 2, num // 2], -1).clip(max=values.shape[-1] - 1)
    return np.where(num > 0, np.take_along_axis(values, middle, -1).mean(-1), np.inf)


def _nearest(frames: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """Row of the detection with the least distance in each frame that has one."""
    rows = np.lexsort((distance, frames))
    rows = rows[np.diff(frames[rows], prepend=-1) != 0]
    return rows[np.isfinite(distance[rows])]


def _height_px(truth_px: np.ndarray) -> float:
    is_known = np.isfinite(truth_px).all(-1, keepdims=True)
    low = np.where(is_known, truth_px, np.inf).min(1)
    high = np.where(is_known, truth_px, -np.inf).max(1)
    sides = (high - low)[is_known.any((1, 2))]
    return float(np.median(sides.max(-1))) if len(sides) else float("nan")


def match(found: Detections, truth_px: np.ndarray) -> tuple[np.ndarray, np.ndarray, Fit]:
    """Take from each frame the person whose joints are nearest to truth_px (T, 17, 2).

    NaN in the truth = missing joint. Detections outside the T frames are left aside. Returns
    pixels (T, 17, 2) and scores (T, 17), 0 where missing, and how well they fit.
    """
    height_px = _height_px(truth_px)
    distances = _distances(found, truth_px)
    of_person = _median(distances)
    rows = _nearest(found.frame_id, of_person)
    near = rows[of_person[rows] <= MAX_FRAME_SHARE * height_px]
    xy_px = np.zeros(truth_px.shape, np.float32)
    score = np.zeros(truth_px.shape[:2], np.float32)
    frames = found.frame_id[near]
    score[frames] = found.score[near]
    xy_px[frames] = np.where(found.score[near, :, None] > 0, found.xy_px[near], 0)
    error_px = float(_median(distances[rows].reshape(1, -1))[0]) if len(rows) else float("inf")
    shift = _best_shift(found, rows, truth_px) if len(rows) else 0
    return xy_px, score, Fit(error_px, height_px, shift)


def _best_shift(found: Detections, rows: np.ndarray, truth_px: np.ndarray) -> int:
    """The shift that fits best, if it is much better than none."""
    shifts = sorted(range(-MAX_SHIFT, MAX_SHIFT + 1), key=abs)
    errors = [_median(_distances(found, truth_px, k)[rows].reshape(1, -1))[0] for k in shifts]
    best = int(np.argmin(errors))
    return shifts[best] if errors[best] < 0.8 * errors[0] else 0
