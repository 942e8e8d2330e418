"""The frames that belong to a pose's rows, and frames into an MP4 that every browser plays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain, islice, repeat
from pathlib import Path

import av
import numpy as np

from lib.data.video import rgba_frames
from lib.pose import Pose3D, written_aside

TICKS_PER_S = 90_000


def rows_of(video: Path, num_rows: int, size_px: tuple[int, int]) -> Iterator[np.ndarray | None]:
    """For each row of a pose its frame's upright (H, W, 4) uint8 picture.

    None past the last frame that can be decoded. Frames are counted as they are decoded: what a
    container claims about them is often wrong. Raises UserError.
    """
    return islice(chain(rgba_frames(video, size_px), repeat(None)), num_rows)


def even(size: float) -> int:
    """The nearest even whole number from 2: H.264's common pixel layout takes no odd sizes."""
    return max(2, 2 * round(size / 2))


def ticks_of(pose: Pose3D) -> np.ndarray:
    """(T,) presentation times for `mp4_writer`; evenly spaced if the pose's do not increase."""
    ticks = np.round((pose.time_s - pose.time_s[:1]) * TICKS_PER_S).astype(int)
    if np.all(np.diff(ticks) > 0):
        return ticks
    return np.round(np.arange(len(ticks)) * TICKS_PER_S / pose.fps).astype(int)


@contextmanager
def mp4_writer(
    path: Path, size_px: tuple[int, int], fps: float, **x264: str
) -> Iterator[Callable[[np.ndarray, int], None]]:
    """Yield `write(picture (H, W, 4) uint8, tick)`; the file appears when the block ends well.

    x264: codec options such as crf, maxrate, preset.
    """
    with written_aside(path) as aside:
        options = {"movflags": "+faststart"}
        # Absolute: FFmpeg takes what stands before a colon in a path for a protocol.
        with av.open(str(aside.absolute()), "w", format="mp4", options=options) as container:
            rate = Fraction(fps).limit_denominator(1001)
            stream = container.add_stream("libx264", rate=rate, options=x264)
            stream.width, stream.height = size_px
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, TICKS_PER_S)

            def write(picture: np.ndarray, tick: int) -> None:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgba")
                frame.pts, frame.time_base = int(tick), Fraction(1, TICKS_PER_S)
                container.mux(stream.encode(frame))

            yield write
            container.mux(stream.encode(None))
