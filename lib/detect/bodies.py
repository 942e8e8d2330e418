"""Detections as bodies: which joints count, where and how large they are, how far apart.

N detections, J = 17 joints.
"""

import numpy as np

from lib.geometry import MIN_SCORE
from lib.pose import Detections

MAX_SIZE_RATIO = 1.5
# Farthest the joints may move, in body sizes: between neighbouring frames, more for each second
# unseen, and in all.
_REACH, _REACH_PER_S, _FARTHEST = 0.3, 0.7, 0.8
_MIN_COMMON = 4


class Bodies:
    """Trusted joints, box and size of every detection, for comparing any two of them."""

    def __init__(self, detections: Detections) -> None:
        self.ok = _is_trusted(detections)
        self.xy = np.where(self.ok[..., None], detections.xy_px, 0.0)
        self.boxes = boxes_of(detections)
        self.size = sizes_of(self.boxes)
        self.is_somebody = np.isfinite(self.size)

    def distance(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(...) mean move of the joints that detections a and b share, in body sizes.

        a, b: broadcast against each other. A joint counts at most one body size, so a single wild
        one cannot tear a track. Where fewer than four are shared, the corners of the boxes stand
        in.
        """
        size = ((self.size[a] + self.size[b]) / 2)[..., None]
        common = self.ok[a] & self.ok[b]
        num_common = common.sum(-1)
        joints = _capped(self.xy[a] - self.xy[b], size) * common
        corners = self.boxes[a] - self.boxes[b]
        return np.where(
            num_common >= _MIN_COMMON,
            joints.sum(-1) / np.maximum(num_common, 1),
            _capped(corners.reshape(*corners.shape[:-1], 2, 2), size).mean(-1),
        )

    def fits(self, last: np.ndarray, first: np.ndarray, gap_s: np.ndarray) -> np.ndarray:
        """(...) whether detections `first` can be who was seen gap_s before as `last`."""
        ratio = self.size[last] / self.size[first]
        is_alike = (ratio > 1 / MAX_SIZE_RATIO) & (ratio < MAX_SIZE_RATIO)
        return is_alike & (self.distance(last, first) <= reach(gap_s))


def _capped(move: np.ndarray, size: np.ndarray) -> np.ndarray:
    return np.minimum(np.sqrt((move**2).sum(-1)) / size, 1.0)


def _is_trusted(detections: Detections) -> np.ndarray:
    """(N, 17) joints to go by: well scored, and somewhere."""
    return (detections.score > MIN_SCORE) & np.isfinite(detections.xy_px).all(-1)


def boxes_of(detections: Detections) -> np.ndarray:
    """(N, 4) left, top, right, bottom around the trusted joints; NaN without any."""
    ok = _is_trusted(detections)[..., None]
    low = np.where(ok, detections.xy_px, np.inf).min(1)
    high = np.where(ok, detections.xy_px, -np.inf).max(1)
    return np.where(ok.any(1), np.concatenate([low, high], 1), np.nan)


def sizes_of(boxes: np.ndarray) -> np.ndarray:
    """(N,) body size in pixels: the root of the box's area; sides count at least 1."""
    return np.sqrt(np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0).prod(1))


def reach(gap_s: np.ndarray) -> np.ndarray:
    """How far, in body sizes, somebody unseen for gap_s may have moved."""
    return np.minimum(_REACH + _REACH_PER_S * gap_s, _FARTHEST)
