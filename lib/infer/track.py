"""A detected track made ready for the networks: short gaps filled, split at long ones, resampled.

T frames, J = 17 joints.
"""

from dataclasses import dataclass

import numpy as np

from lib import signals
from lib.errors import UserError
from lib.geometry import MIN_JOINTS, MIN_SCORE, Crop, fit_crop, network_input
from lib.pose import Pose2D

MAX_GAP_S = 0.25
"""Gaps up to this long are filled in 2D by straight lines; longer ones split the track."""
RARE_STEPS, RARE_MAX_S = 1.5, 1.0
"""Where somebody is seen in few frames throughout, this many of the usual steps between two such
frames are no long gap either, up to a limit."""
HARDLY_EVER = 0.1
"""Share of the frames with a person in which a joint is seen: below it is missing throughout."""
FARTHEST_OUTSIDE = 0.5
"""A keypoint further outside the picture than this share of its width or height was not seen."""
_FILLED_SCORE = 0.5
"""A filled keypoint keeps this part of its neighbours' score."""


@dataclass(frozen=True)
class Segment:
    """A stretch without long gaps, at the networks' frame rate."""

    time_s: np.ndarray
    """(T,) evenly spaced."""
    xy_px: np.ndarray
    """(T, 17, 2)"""
    score: np.ndarray
    """(T, 17), 0 = missing."""
    frames: slice
    """The recording's frames that it covers, at the recording's own rate."""

    def crop(self, frames: np.ndarray, pans: bool = False) -> Crop:
        """The crop of some of its frames; pans: it moves with the person."""
        return fit_crop(self.xy_px[frames], self.score[frames], pans=pans)

    def clip(self, frames: np.ndarray, pans: bool = False) -> np.ndarray:
        """Some of its frames as network input (len(frames), 17, 3), in a crop of their own."""
        return network_input(self.xy_px[frames], self.score[frames], self.crop(frames, pans))


def is_seen(pose: Pose2D) -> np.ndarray:
    """(T,) frames with enough trusted joints to say anything about the body."""
    return (trusted(pose).sum(-1)) >= MIN_JOINTS


def is_in_sight(pose: Pose2D) -> np.ndarray:
    """(T, 17) keypoints that lie in the picture or near it; no detector can have seen others."""
    off = np.abs(pose.xy_px / np.array(pose.size_px) - 0.5)
    return (off <= 0.5 + FARTHEST_OUTSIDE).all(-1)  # False for NaN


def trusted(pose: Pose2D) -> np.ndarray:
    """(T, 17) keypoints scored above MIN_SCORE that are `is_in_sight`.

    One wild joint would widen the crop, and so move the whole body for as long as a window.
    """
    return (pose.score > MIN_SCORE) & is_in_sight(pose)


def usual_step_s(pose: Pose2D) -> float:
    """Median time between frames that follow each other with somebody seen; 0 with one or none."""
    steps = np.diff(pose.time_s[is_seen(pose)])
    return float(np.median(steps)) if len(steps) else 0.0


def _longest_step_s(pose: Pose2D) -> float:
    """Frames with somebody seen that are further apart are those of two tracks."""
    return max(MAX_GAP_S, min(RARE_STEPS * usual_step_s(pose), RARE_MAX_S))


def fill_short_gaps(pose: Pose2D) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints (T, 17, 2) and scores (T, 17) with short gaps filled, NaN elsewhere."""
    known = trusted(pose)
    fps = pose.usual_fps
    # Between the known frames beside it a gap of n frames takes n + 1 steps; half a step of slack.
    longest_s = max((round(MAX_GAP_S * fps) + 1.5) / fps, _longest_step_s(pose))
    is_long = _around_s(known, pose.time_s, 1 / fps) > longest_s
    xy = signals.fill_gaps(np.where(known[..., None], pose.xy_px, np.nan))
    score = signals.fill_gaps(np.where(known, pose.score, np.nan))
    xy[is_long], score[is_long] = np.nan, np.nan
    lowered = np.maximum(_FILLED_SCORE * score, MIN_SCORE + 0.01)
    return xy, np.where(known, np.clip(score, 0, 1), lowered)


def _around_s(known: np.ndarray, time_s: np.ndarray, step_s: float) -> np.ndarray:
    """(T, 17) time between the known frames before and after each, 0 in these: the frames a step
    beyond both ends count as known."""
    times = np.broadcast_to(time_s[:, None], known.shape)
    start, end = time_s[0] - step_s, time_s[-1] + step_s
    before = np.maximum.accumulate(np.where(known, times, start), axis=0)
    after = np.minimum.accumulate(np.where(known, times, end)[::-1], axis=0)[::-1]
    return after - before


def segments(pose: Pose2D, fps: float) -> list[Segment]:
    """Cut a track at long gaps and resample each piece to `fps` by its time stamps.

    Raises UserError when no frame shows enough of a person.
    """
    seen = is_seen(pose)
    if not seen.any():
        width, height = pose.size_px
        raise UserError(
            f"{pose.source or 'keypoints'}: no frame has {MIN_JOINTS} keypoints scored above "
            f"{MIN_SCORE} in or near the picture of {width}x{height} px; give detections of a "
            "person, or another --focus"
        )
    xy, score = fill_short_gaps(pose)
    longest_s = _longest_step_s(pose)
    filled = np.isfinite(score).sum(-1) >= MIN_JOINTS
    pieces = []
    for start, stop in signals.finite_runs(filled):
        jumps = np.flatnonzero(np.diff(pose.time_s[start:stop]) > longest_s) + 1
        for part in np.split(np.arange(start, stop), jumps):
            if seen[part].any():
                frames = slice(int(part[0]), int(part[-1]) + 1)
                pieces.append(_at_rate(pose.time_s[part], xy[part], score[part], frames, fps))
    return pieces


def _at_rate(
    time_s: np.ndarray, xy: np.ndarray, score: np.ndarray, frames: slice, fps: float
) -> Segment:
    grid_s = time_grid(time_s, fps)
    if len(grid_s) == len(time_s) and np.array_equal(grid_s, time_s):
        return Segment(time_s, xy, np.nan_to_num(score), frames)
    return Segment(
        grid_s,
        signals.resample(xy, time_s, grid_s),
        np.nan_to_num(signals.resample(score, time_s, grid_s)),
        frames,
    )


def time_grid(time_s: np.ndarray, fps: float) -> np.ndarray:
    """Evenly spaced times at nearly `fps` from the first to the last of time_s.

    Frames already spaced like that (within 2 %) are returned as they are.
    """
    if (np.abs(np.diff(time_s) * fps - 1) < 0.02).all():
        return time_s
    num_steps = max(round((time_s[-1] - time_s[0]) * fps), 1)
    return np.linspace(time_s[0], time_s[-1], num_steps + 1)
