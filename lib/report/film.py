"""A small copy of the source video that a web page can carry inside itself."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lib.data.video import upright_size_px
from lib.pose import Pose3D
from lib.report.footage import even, mp4_writer, rows_of, ticks_of

MAX_SIDE_PX = 640
MAX_BYTES = 10_000_000
MIN_BITS_PER_S = 150_000
"""Below it a picture of this size is mud; such a film is better linked than carried."""


@dataclass(frozen=True)
class Film:
    """An MP4 in memory."""

    content: bytes
    size_px: tuple[int, int]
    points_px: np.ndarray
    """(T, 17, 2) the pose's keypoints in the copy's pixels."""


def small_copy(pose: Pose3D, video: Path) -> Film | None:
    """The frames of the pose's rows, upright, at the rows' times. None if it would be too large,
    and of no frames.

    Raises UserError for an unreadable video.
    """
    width, height = upright_size_px(video)
    shrink = min(1.0, MAX_SIDE_PX / max(width, height))
    size = (even(width * shrink), even(height * shrink))
    ticks = ticks_of(pose)
    bits_per_s = MAX_BYTES * 8 * 0.85 / max(len(ticks) / pose.fps, 0.1)
    if not len(ticks) or bits_per_s < MIN_BITS_PER_S:
        return None
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy.mp4")
        options = _options(pose.fps, bits_per_s)
        grey = np.full((size[1], size[0], 4), 70, np.uint8)
        with mp4_writer(copy, size, pose.fps, **options) as write:
            for picture, tick in zip(rows_of(video, len(ticks), size), ticks, strict=True):
                write(grey if picture is None else picture, tick)
        content = copy.read_bytes()
    if len(content) > MAX_BYTES:
        return None
    return Film(content, size, pose.xy_px * (np.array(size) / (width, height)))


def _options(fps: float, bits_per_s: float) -> dict[str, str]:
    """Short groups of pictures, so that stepping backwards does not have to decode much."""
    limit_k = max(1, round(bits_per_s / 1000))
    return {"crf": "27", "preset": "veryfast", "maxrate": f"{limit_k}k",
            "bufsize": f"{2 * limit_k}k", "g": str(max(1, round(fps / 2)))}  # fmt: skip
