"""From a detector's JSON and, if there is one, its video to one person's Pose2D."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lib.data.detections import in_video, read_detections
from lib.data.motion import MAX_FPS
from lib.data.video import VideoInfo, probe_video, with_fps
from lib.detect.people import Person, find_people
from lib.errors import UserError
from lib.geometry import MIN_SCORE
from lib.infer.track import HARDLY_EVER, MAX_GAP_S, is_seen, trusted, usual_step_s
from lib.pose import Detections, Pose2D
from lib.skeleton import indices

MAX_HOURS = 3.0
"""A recording without a video that would be longer is a mistake in its pictures' numbers."""

WILD = 1.5
"""Keypoints this many times as far as all but the last hundredth do not make a picture larger."""
OUTSIDE, CORNER = 1.1, 0.5
"""Keypoints (all but the last twentieth) beyond the one share of a picture's width or height, or
within the other of both, are those of a picture of another size."""

SLOW_MOTION = 1.5
"""A clip recorded at more than this many times the rate it plays at is slow motion."""

LONG_ENOUGH = 2 / 3
"""Pictures that end before this share of a video may be every second or third one of it."""

PARTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")


@dataclass(frozen=True)
class RecordingConfig:
    """Which recording, and what its files do not say."""

    json_path: str
    video_path: str | None = None
    focus: int | None = None
    """Person id; None takes the largest, most central, longest seen one."""
    fps: float | None = None
    """Frames a second the camera recorded; needed without a video."""
    size_px: tuple[int, int] | None = None
    """Picture width and height, for a JSON without a video."""


def read_recording(config: RecordingConfig) -> tuple[Pose2D, list[str]]:
    """The chosen person over every frame, and notes on what was decided. Raises UserError."""
    if config.fps is not None:  # a wrong one shows before the video is decoded
        _check_fps(config.video_path or config.json_path, config.fps)
    if config.size_px is not None and min(config.size_px) < 1:
        width, height = config.size_px
        raise UserError(f"--size {width}x{height}: give the picture's width and height in pixels")
    if config.video_path is None:
        return _without_video(config)
    if config.size_px is not None:
        raise UserError(f"--size: {config.video_path} says its own size; leave --size out")
    found = read_detections(config.json_path)  # a bad file shows before the video is decoded
    info = with_fps(probe_video(config.video_path), config.fps)
    _check_fps(config.video_path, info.fps)
    if config.fps is not None:  # a video may be longer by its own stamps
        _check_hours(config.video_path, info.num_frames, info.fps)
    detections = in_video(
        found, info.num_frames, str(config.video_path), is_damaged=info.is_damaged
    )
    notes = [_about_damage(info)] if info.is_damaged else []
    notes += [_about_slow_motion(info)] if _is_slow_motion(info) else []
    last = int(detections.frame_id.max())
    is_short = last + 1 < LONG_ENOUGH * info.num_frames
    notes += [_about_end(detections, info, last)] if is_short else []
    pose, more = _choose(config, detections, info.time_s, info.fps, info.size_px)
    return pose, notes + more


def _without_video(config: RecordingConfig) -> tuple[Pose2D, list[str]]:
    fps = config.fps
    if fps is None:
        raise UserError(
            f"{config.json_path}: without a video its frame rate is unknown; give --fps"
        )
    detections = read_detections(config.json_path)
    _check_length(detections, fps)
    _check_hours(config.json_path, int(detections.frame_id.max()) + 1, fps)
    size_px = config.size_px or picture_size(detections)
    notes = []
    if config.size_px is None:
        width, height = size_px
        notes.append(
            f"warning: picture size {width}x{height} taken from where keypoints are; "
            "--size corrects it"
        )
    time_s = np.arange(detections.frame_id.max() + 1) / fps
    pose, more = _choose(config, detections, time_s, fps, size_px)
    return pose, notes + more


def _check_length(detections: Detections, fps: float) -> None:
    """Numbers that are dates or times would make a recording of days."""
    frames = detections.frame_id
    if frames.max() < MAX_HOURS * 3600 * fps:
        return
    raise UserError(
        f"{detections.source}: pictures {frames.min()} to {frames.max()}, counted from 0, would "
        f"last {frames.max() / fps / 3600:.0f} hours at {fps:g} fps; give the right --fps, the "
        "video with -v, or name the pictures by their number in it"
    )


def _check_fps(source: str, fps: float) -> None:
    """A rate that a camera has."""
    if not (math.isfinite(fps) and fps > 0):
        raise UserError(f"--fps {fps:g}: give the frames a second the camera recorded, above 0")
    if fps > MAX_FPS:
        raise UserError(
            f"{source}: {fps:g} fps; frame rates up to {MAX_FPS:g} do; give the right one with "
            "--fps"
        )


def _check_hours(source: str, num_frames: int, fps: float) -> None:
    """A given rate does not stretch a recording beyond MAX_HOURS."""
    hours = num_frames / fps / 3600
    if hours > MAX_HOURS:
        raise UserError(
            f"{source}: {num_frames} frames at {fps:g} fps would last {hours:.0f} hours; give the "
            "right rate with --fps"
        )


def picture_size(detections: Detections) -> tuple[int, int]:
    """A picture that holds every keypoint but wild ones, for a JSON without its video."""
    xy = detections.xy_px[detections.score > MIN_SCORE]
    if len(xy) == 0:
        raise UserError(
            f"{detections.source}: no keypoint has a score above {MIN_SCORE}; detect again"
        )
    is_wild = xy > WILD * np.quantile(xy, 0.99, axis=0)
    width, height = np.maximum(np.ceil(np.where(is_wild, 0, xy).max(0)), 2).astype(int).tolist()
    return width, height


def _choose(
    config: RecordingConfig,
    detections: Detections,
    time_s: np.ndarray,
    fps: float,
    size_px: tuple[int, int],
) -> tuple[Pose2D, list[str]]:
    crowd = find_people(detections, fps, size_px)
    person, warning = crowd.choose(config.focus)
    pose = crowd.pose_of(person, time_s, fps, size_px)
    other_size = _about_size(detections, size_px)
    if other_size and not is_seen(pose).any():
        raise UserError(other_size)
    notes = [_about_person(detections, person, len(crowd.people), pose)]
    warnings = (other_size, warning, _about_unseen(pose), _about_rare(pose))
    return pose, notes + [f"warning: {text}" for text in warnings if text]


def _about_person(detections: Detections, person: Person, num_people: int, pose: Pose2D) -> str:
    also = f" ({person.also})" if person.joined else ""
    return (
        f"{Path(detections.source).name}: {detections.layout}, pictures counted from "
        f"{detections.first_number}; person {person.id}{also} of {num_people}, "
        f"seen in {int(is_seen(pose).sum())} of {len(pose.time_s)} frames at {pose.fps:.4g} fps"
    )


def _about_size(detections: Detections, size_px: tuple[int, int]) -> str:
    """A warning, empty if none, where keypoints were found in a picture of another size.

    Nothing else would tell: every one of them would just be elsewhere.
    """
    reach = np.quantile(detections.xy_px[detections.score > MIN_SCORE], 0.95, axis=0)
    if not (
        (reach > OUTSIDE * np.array(size_px)).any() or (reach < CORNER * np.array(size_px)).all()
    ):
        return ""
    return (
        f"{detections.source}: keypoints reach to {reach[0]:.0f}, {reach[1]:.0f} in a picture of "
        f"{size_px[0]}x{size_px[1]} px, as if found at another size; give the video (or --size) "
        "that the detector saw"
    )


def _about_unseen(pose: Pose2D) -> str:
    """A warning, empty if none, where a part of both sides is missing throughout.

    The network makes it up and takes the rest for something else: the sample's other joints are
    4 cm off as it is, 15 without ankles, 26 without knees as well.
    """
    seen = trusted(pose)[is_seen(pose)]
    rows = {part: seen[:, indices("l" + part, "r" + part)].any(-1) for part in PARTS}
    parts = [part for part, row in rows.items() if row.sum() < HARDLY_EVER * len(seen)]
    if not parts:
        return ""
    return (
        f"{pose.source}: {', '.join(part + 's' for part in parts)} are hardly ever seen, and "
        "without them the rest is much less certain; keep the whole body in the picture"
    )


def _about_rare(pose: Pose2D) -> str:
    """A warning, empty if none, where straight lines between frames are most of the motion."""
    step_s = usual_step_s(pose)
    if step_s <= MAX_GAP_S:
        return ""
    return (
        f"{pose.source}: somebody is seen only every {step_s:.2g} s, and what happens between is "
        "lost; detect in more frames of the video"
    )


def _about_damage(info: VideoInfo) -> str:
    return (
        f"warning: {info.path}: damaged or cut off after frame {info.num_frames - 1}; "
        "only what comes before is used"
    )


def _is_slow_motion(info: VideoInfo) -> bool:
    return SLOW_MOTION * info.fps < info.capture_fps <= MAX_FPS


def _about_slow_motion(info: VideoInfo) -> str:
    recorded = f"{info.capture_fps:.4g}"
    return (
        f"warning: {info.path}: recorded at {recorded} frames a second, plays at {info.fps:.4g}: "
        f"if it shows slow motion, times and speeds are right only with --fps {recorded}"
    )


def _about_end(detections: Detections, info: VideoInfo, last: int) -> str:
    """Nothing else would tell: a whole set would seem to be done in part of its time."""
    return (
        f"warning: {detections.source}: nobody after picture {last} of {info.num_frames} in "
        f"{info.path}: if the detector saw only every second one or so, all times are wrong; give "
        "it the video itself"
    )
