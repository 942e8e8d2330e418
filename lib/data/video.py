"""Reading video: what it really holds, and its frames, upright, one at a time.

Containers lie about their length and phones record at a variable rate and sideways, so the file is
decoded once and its own time stamps and rotation are kept.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np

from lib.errors import UserError

_CAPTURE_FPS = "com.android.capture.fps"
"""Apple's phones write no such thing: theirs keep the recorded rate until a clip is exported."""
LEAST_MISSING, LEAST_MISSING_SHARE = 5, 0.02
"""Frames, and the share of all, that a file lacks if it is cut off."""


@dataclass(frozen=True)
class VideoInfo:
    """What decoding a whole video showed."""

    path: Path
    fps: float
    """Mean rate over the recording; NaN where the file does not say."""
    size_px: tuple[int, int]
    """Width and height of the upright picture."""
    time_s: np.ndarray
    """(T,) seconds from the first frame, strictly increasing; T = frames that decode."""
    is_damaged: bool
    """Decoding stopped at damaged content, or the file is cut off; the frames before are used."""
    capture_fps: float = float("nan")
    """The rate that a phone says it recorded at, more than `fps` in slow motion; NaN if unsaid."""

    @property
    def num_frames(self) -> int:
        return len(self.time_s)


class _Decoder:
    """Iterates over the decodable frames of the first video stream."""

    def __init__(self, path: str | Path) -> None:
        self.path, self.is_damaged, self.rate = Path(path), False, 0.0
        self.capture_fps = float("nan")

    def __iter__(self) -> Iterator[av.VideoFrame]:
        num_frames = 0
        try:
            # Absolute: FFmpeg takes what stands before a colon in a bare name for a protocol.
            with av.open(str(self.path.absolute())) as container:
                if not container.streams.video:
                    raise UserError(f"{self.path}: has no picture track; give a video file")
                stream = container.streams.video[0]
                stream.thread_type = "AUTO"
                self.rate = float(stream.average_rate or 0)
                with suppress(ValueError):
                    self.capture_fps = float(container.metadata.get(_CAPTURE_FPS, "nan"))
                for frame in container.decode(stream):
                    num_frames += 1
                    yield frame
                    last_s = frame.time
                self.is_damaged = num_frames > 0 and _is_cut_off(stream, num_frames, last_s)
        except (av.FFmpegError, OSError) as error:
            if num_frames == 0:
                raise UserError(
                    f"{self.path}: cannot read video ({error.strerror or error}); "
                    "give a file that a player can play"
                ) from error
            self.is_damaged = True
        if num_frames == 0:
            raise UserError(f"{self.path}: holds no frame that decodes; give another video")


def _is_cut_off(stream: av.VideoStream, num_frames: int, last_s: float | None) -> bool:
    """Whether the file lacks what it states to hold: FFmpeg stops there without an error.

    Only where both its frames and its time lack: frames that phones trim away stay in the index,
    and a last frame may be shown for long.
    """
    rate, base = stream.average_rate, stream.time_base
    if last_s is None or not (rate and base and stream.duration):
        return False
    end_s = float(((stream.start_time or 0) + stream.duration) * base)
    num_missing = min(stream.frames - num_frames, (end_s - last_s) * float(rate) - 1)
    return num_missing >= max(LEAST_MISSING, LEAST_MISSING_SHARE * stream.frames)


def probe_video(path: str | Path) -> VideoInfo:
    """Decode the whole file. Raises UserError where nothing decodes."""
    decoder = _Decoder(path)
    times: list[float | None] = []
    size = (0, 0)
    for frame in decoder:
        times.append(frame.time)
        if len(times) == 1:
            size = _upright_size(frame)
    fps, time_s = _timing(times, decoder.rate)
    return VideoInfo(decoder.path, fps, size, time_s, decoder.is_damaged, decoder.capture_fps)


def rgba_frames(path: str | Path, size_px: tuple[int, int]) -> Iterator[np.ndarray]:
    """Upright (H, W, 4) uint8 frames scaled to a width and height. Raises UserError."""
    for frame in _Decoder(path):
        turns = _quarter_turns(frame)
        width, height = size_px if turns % 2 == 0 else size_px[::-1]
        small = frame.reformat(width=width, height=height, format="rgba", interpolation="AREA")
        yield np.rot90(small.to_ndarray(), turns)


def upright_size_px(path: str | Path) -> tuple[int, int]:
    """Width and height of the upright picture, from the first frame alone. Raises UserError."""
    return next(_upright_size(frame) for frame in _Decoder(path))


def with_fps(info: VideoInfo, fps: float | None, flag: str = "--fps") -> VideoInfo:
    """The same video at the mean rate `fps`, its uneven stamps stretched alike; None keeps its own.

    Cures slow-motion clips, which play below the rate they were recorded at. Raises UserError
    if neither the file nor `fps` gives a rate above 0.
    """
    if fps is not None and not (np.isfinite(fps) and fps > 0):
        raise UserError(f"{flag} {fps:g}: give the frames a second the camera recorded, above 0")
    if fps is None:
        if not (np.isfinite(info.fps) and info.fps > 0):
            raise UserError(f"{info.path}: says no frame rate; give it with {flag}")
        return info
    if not np.isfinite(info.fps):
        time_s = np.arange(info.num_frames) / fps
    else:
        time_s = info.time_s * (info.fps / fps)
    return replace(info, fps=float(fps), time_s=time_s)


def _timing(times: list[float | None], rate: float) -> tuple[float, np.ndarray]:
    """Mean rate and (T,) stamps; without usable stamps, the stream's rate; NaN without either."""
    num_frames = len(times)
    if num_frames > 1 and None not in times:
        time_s = np.array(times, float)
        time_s -= time_s[0]
        if (np.diff(time_s) > 0).all():
            return float((num_frames - 1) / time_s[-1]), time_s
    fps = rate if rate > 0 else float("nan")
    return fps, np.arange(num_frames) / (fps if rate > 0 else 1.0)


def _quarter_turns(frame: av.VideoFrame) -> int:
    """Anticlockwise quarter turns that bring a frame upright."""
    return round(frame.rotation / 90) % 4


def _upright_size(frame: av.VideoFrame) -> tuple[int, int]:
    size = (frame.width, frame.height)
    return size if _quarter_turns(frame) % 2 == 0 else size[::-1]
