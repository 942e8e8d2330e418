"""Frames out of a video, upright, and frames into an MP4 that every browser plays."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from lib.errors import UserError
from lib.pose import Pose3D, written_aside

_TICKS_PER_S = 90_000


@dataclass(frozen=True)
class Footage:
    """A readable video and how it is to be held."""

    path: Path
    size_px: tuple[int, int]
    """Width and height of the upright picture, in the pixels keypoints are given in."""
    quarter_turns: int
    """Counter-clockwise quarter turns that bring a decoded frame upright."""

    def rows(
        self, frame_id: Sequence[int], size_px: tuple[int, int]
    ) -> Iterator[np.ndarray | None]:
        """For each frame number (0-based, ascending) its upright (H, W, 4) uint8 picture.

        Yields None once the numbers run past the last frame that can be decoded. Frames are
        counted as they are decoded: what a container claims about them is often wrong.
        """
        wanted = iter(frame_id)
        next_id = next(wanted, None)
        width, height = size_px[::-1] if self.quarter_turns % 2 else size_px
        for i_frame, frame in enumerate(_decoded(self.path)):
            if next_id is None:
                return
            if i_frame < next_id:
                continue
            picture = frame.reformat(width=width, height=height, format="rgba").to_ndarray()
            picture = np.rot90(picture, self.quarter_turns)
            while next_id is not None and next_id <= i_frame:
                yield picture
                next_id = next(wanted, None)
        while next_id is not None:
            yield None
            next_id = next(wanted, None)


def open_footage(path: Path) -> Footage:
    """Look at a video's first frame. Raises UserError if there is none."""
    first = next(_decoded(path), None)
    if first is None:
        raise UserError(f"{path}: no picture can be decoded; save the video as MP4 (H.264) again")
    turns = round(first.rotation / 90) % 4
    size = (first.height, first.width) if turns % 2 else (first.width, first.height)
    return Footage(Path(path), size, turns)


def _decoded(path: Path) -> Iterator[av.VideoFrame]:
    """Decoded frames; a file that breaks off ends there, one that never starts is a UserError."""
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise UserError(f"{path}: cannot be read as a video ({error.strerror})") from error
    with container:
        if not container.streams.video:
            raise UserError(f"{path}: has no video track; give the video file itself")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        try:
            yield from container.decode(stream)
        except av.FFmpegError:
            return


def even(size: float) -> int:
    """The nearest even whole number from 2: H.264's common pixel layout takes no odd sizes."""
    return max(2, 2 * round(size / 2))


def ticks_of(pose: Pose3D) -> np.ndarray:
    """(T,) presentation times for `mp4_writer`; evenly spaced if the pose's do not increase."""
    ticks = np.round((pose.time_s - pose.time_s[:1]) * _TICKS_PER_S).astype(int)
    if np.all(np.diff(ticks) > 0):
        return ticks
    return np.round(np.arange(len(ticks)) * _TICKS_PER_S / pose.fps).astype(int)


@contextmanager
def mp4_writer(
    path: Path, size_px: tuple[int, int], fps: float, **x264: str
) -> Iterator[Callable[[np.ndarray, int], None]]:
    """Yield `write(picture (H, W, 4) uint8, tick)`; the file appears when the block ends well.

    x264: codec options such as crf, maxrate, preset.
    """
    with written_aside(path) as aside:
        options = {"movflags": "+faststart"}
        with av.open(str(aside), "w", format="mp4", options=options) as container:
            rate = Fraction(fps).limit_denominator(1001)
            stream = container.add_stream("libx264", rate=rate, options=x264)
            stream.width, stream.height = size_px
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, _TICKS_PER_S)

            def write(picture: np.ndarray, tick: int) -> None:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgba")
                frame.pts, frame.time_base = int(tick), Fraction(1, _TICKS_PER_S)
                container.mux(stream.encode(frame))

            yield write
            container.mux(stream.encode(None))
