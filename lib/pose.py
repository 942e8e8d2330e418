"""The records that travel through the pipeline; they check their own shapes.

T frames, J = 17 working joints. Arrays cover every frame of the recording, detected or not.
"""

import os
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from lib.files import written_aside
from lib.skeleton import JOINTS, NUM_JOINTS

UNITS, FRAMES = ("metre", "relative"), ("camera", "world")
HEIGHT_RANGE_M = (0.9, 2.5)
"""Standing heights of people."""
UNEVEN = 0.1
"""A mean frame rate this much off the usual one comes of a pause or of a change of rate."""
SIZED_METHODS = ("user_height", "user_segment", "plate")
"""How a relative pose gets its size."""
SCALE_METHODS = ("none", *SIZED_METHODS, "calibrated_camera")


def _check(name: str, array: np.ndarray, shape: tuple[int | None, ...]) -> None:
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} is a {type(array).__name__}, expected an array of shape {shape}")
    if array.ndim != len(shape) or any(
        w not in (None, g) for g, w in zip(array.shape, shape, strict=True)
    ):
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")


def _check_fps(fps: float) -> None:
    if fps is None or isinstance(fps, str) or not (np.isfinite(fps) and fps > 0):
        raise ValueError(f"fps is {fps}, expected a number above 0 (--fps gives another)")


def _check_times(time_s: np.ndarray, fps: float) -> None:
    known = np.where(np.isfinite(time_s), time_s, np.nan)
    if not (ahead := np.diff(known, append=np.inf) > 0).all():
        raise ValueError(f"time_s does not increase after frame {ahead.argmin()}")
    # A pause is one long step; long steps throughout are milliseconds or frames.
    step = float(np.median(np.diff(time_s))) if len(time_s) > 10 else 0.0
    if step * fps > 10:
        raise ValueError(f"time_s goes in steps of {step:g} at {fps:g} fps; give it in seconds")


def _usual_fps(record: "Pose2D | Pose3D") -> float:
    """Frames a second by the median step, or the mean rate where that is as good as the same."""
    step = float(np.median(np.diff(record.time_s))) if len(record.time_s) > 1 else 0.0
    if not step > 0 or abs(1 / (step * record.fps) - 1) <= UNEVEN:
        return record.fps
    return round(1 / step, 6)


def _arrays(record: "Pose2D | Pose3D") -> dict[str, Any]:
    return {f.name: np.asarray(getattr(record, f.name)) for f in fields(record)}


@dataclass(frozen=True)
class Pose2D:
    """One person's keypoints over a whole video, in pixels."""

    xy_px: np.ndarray
    """(T, 17, 2); where score is 0 the value means nothing."""
    score: np.ndarray
    """(T, 17) in [0, 1]; 0 = not detected."""
    fps: float
    size_px: tuple[int, int]
    """Picture width and height."""
    time_s: np.ndarray = field(default=None)  # type: ignore[assignment]
    """(T,) finite seconds, increasing; default frame / fps."""
    source: str = ""
    """File it came from, for messages."""

    def __post_init__(self) -> None:
        _check_fps(self.fps)
        num_frames = len(self.xy_px)
        if self.time_s is None:
            object.__setattr__(self, "time_s", np.arange(num_frames) / self.fps)
        _check("xy_px", self.xy_px, (None, NUM_JOINTS, 2))
        _check("score", self.score, (num_frames, NUM_JOINTS))
        _check("time_s", self.time_s, (num_frames,))
        _check_times(self.time_s, self.fps)
        if not all(side >= 1 for side in self.size_px):  # NaN is none either
            raise ValueError(f"size_px is {self.size_px}, expected the picture's width and height")

    @property
    def usual_fps(self) -> float:
        """Frames a second of most of the frames: a pause does not count, which the mean does."""
        return _usual_fps(self)

    def save(self, path: str | os.PathLike) -> None:
        """Write a .npz (no pickles) aside and rename it, whatever its name ends in."""
        with written_aside(path) as aside, aside.open("wb") as file:  # to a name it adds .npz
            np.savez_compressed(file, **_arrays(self), joint_names=JOINTS, format=1)


@dataclass(frozen=True)
class Detections:
    """Everybody a detector found in a recording, one row a person and picture."""

    frame_id: np.ndarray
    """(N,) 0-based frame number, whole and not decreasing; kept as int64."""
    xy_px: np.ndarray
    """(N, 17, 2); where score is 0 the value means nothing."""
    score: np.ndarray
    """(N, 17) in [0, 1]; 0 = not detected."""
    score_raw: np.ndarray
    """(N, 17) as the file has it, which may exceed 1."""
    person_score: np.ndarray
    """(N,) the detector's trust in the person, as the file has it."""
    person_id: np.ndarray | None
    """(N,) the detector's own person numbers; None where it tracked nobody."""
    source: str = ""
    """File it came from, for messages."""
    layout: str = ""
    """Name of the keypoint layout it was written in."""
    first_number: int = 0
    """What the file calls the first frame of the recording: 0 or 1."""
    named: tuple[int, int] | None = None
    """Least and greatest picture number in the file, where it names pictures without people too."""

    def __post_init__(self) -> None:
        num = len(self.frame_id)
        _check("xy_px", self.xy_px, (num, NUM_JOINTS, 2))
        for name in ("score", "score_raw"):
            _check(name, getattr(self, name), (num, NUM_JOINTS))
        for name in ("frame_id", "person_score", "person_id"):
            if getattr(self, name) is not None:
                _check(name, getattr(self, name), (num,))
        if num and self.frame_id.dtype.kind not in "iu":
            raise ValueError(f"frame_id is {self.frame_id.dtype}, expected whole numbers")
        frames = self.frame_id.astype(np.int64)
        if num and frames[0] < 0:
            raise ValueError(f"frame_id begins at {frames[0]}, expected frames counted from 0")
        if (back := np.diff(frames) < 0).any():
            raise ValueError(
                f"frame_id decreases after row {back.argmax()}; sort the detections by frame"
            )
        object.__setattr__(self, "frame_id", frames)


@dataclass(frozen=True)
class Pose3D:
    """One person's 3D motion over a whole video; the content of pose3d.npz."""

    xyz: np.ndarray
    """(T, 17, 3) in `frame`; a lifted pose includes the estimated root position."""
    fps: float
    unit: str
    """'metre' only where scale is known, else 'relative' (about a metre, true size unknown)."""
    frame: str
    """'camera' (x right, y down, z forward) or 'world' (Z up)."""
    valid: np.ndarray
    """(T,) bool: False where the frame had no detection and was filled."""
    time_s: np.ndarray = field(default=None)  # type: ignore[assignment]
    """(T,) seconds."""
    frame_id: np.ndarray = field(default=None)  # type: ignore[assignment]
    """(T,) 0-based frame number in the source video."""
    sigma: np.ndarray = field(default=None)  # type: ignore[assignment]
    """(T, 17) root mean square error of a joint relative to the root, in `unit`; NaN = unknown."""
    sigma_is_calibrated: bool = False
    """Else it only says how far two answers of the network are apart."""
    xy_px: np.ndarray = field(default=None)  # type: ignore[assignment]
    """(T, 17, 2) the 2D keypoints lifted, NaN where missing."""
    score: np.ndarray = field(default=None)  # type: ignore[assignment]
    """(T, 17) their scores; 0 where nothing can have been seen."""
    repaired: np.ndarray = field(default=None)  # type: ignore[assignment]
    """(T,) bool: the detector had left and right limbs exchanged, which was put right."""
    xyz_image: np.ndarray = field(default=None)  # type: ignore[assignment]
    """(T, 17, 3) px: the pose projected to x, y and its depth behind the root; NaN if unknown."""
    focal_px: float = float("nan")
    """Focal length used to place the root; NaN if none was."""
    focal_is_assumed: bool = True
    up: np.ndarray = field(default=None)  # type: ignore[assignment]
    """(3,) unit, against gravity in `frame`; NaN where it was not estimated."""
    up_method: str = ""
    up_sigma_deg: float = float("nan")
    """One standard deviation in any vertical plane. Methods: `lib.vertical.Up`."""
    is_planted: np.ndarray = field(default=None)  # type: ignore[assignment]
    """(T, 17) joints that rest on the floor and were held still."""
    scale_method: str = "none"
    """What the metres come from: 'user_height', 'plate' or 'none'."""
    m_per_unit: float = float("nan")
    """Factor from the lifter's own size."""
    scale_sigma: float = float("nan")
    """Its standard deviation, relative to it."""
    height_m: float = float("nan")
    """The person's standing height, where it was given."""
    size_px: tuple[int, int] = (0, 0)
    """Width and height of the picture that `xy_px` is in; 0, 0 = unknown."""
    is_mirrored: bool = False
    """The picture is a mirror image: `xy_px` is on it, all else and the names are as in truth."""
    warnings: np.ndarray = field(default=None)  # type: ignore[assignment]
    """(K,) sentences on how the keypoints were read, for the report."""
    checkpoint_sha256: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        num_frames = len(self.xyz)
        fill = {
            "time_s": lambda: np.arange(num_frames) / self.fps,
            "frame_id": lambda: np.arange(num_frames),
            "sigma": lambda: np.full((num_frames, NUM_JOINTS), np.nan),
            "xy_px": lambda: np.full((num_frames, NUM_JOINTS, 2), np.nan),
            "xyz_image": lambda: np.full((num_frames, NUM_JOINTS, 3), np.nan),
            "up": lambda: np.full(3, np.nan),
            "is_planted": lambda: np.zeros((num_frames, NUM_JOINTS), bool),
            "repaired": lambda: np.zeros(num_frames, bool),
            "score": lambda: np.repeat(self.valid[:, None], NUM_JOINTS, 1).astype(float),
            "warnings": lambda: np.zeros(0, str),
        }
        _check_fps(self.fps)
        for name, make in fill.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, make())
        for names, shape in (
            ("xyz xyz_image", (num_frames, NUM_JOINTS, 3)), ("xy_px", (num_frames, NUM_JOINTS, 2)),
            ("valid time_s frame_id repaired", (num_frames,)), ("warnings", (None,)),
            ("sigma score is_planted", (num_frames, NUM_JOINTS)), ("up", (3,)),
        ):  # fmt: skip
            for name in names.split():
                _check(name, getattr(self, name), shape)
        for name, known in (("unit", UNITS), ("frame", FRAMES), ("scale_method", SCALE_METHODS)):
            if (value := getattr(self, name)) not in known:
                raise ValueError(f"{name} {value!r}: {' or '.join(known)} do")
        low, high = HEIGHT_RANGE_M
        if not (np.isnan(self.height_m) or low <= self.height_m <= high):
            raise ValueError(f"height_m is {self.height_m:g}, expected {low:g} to {high:g}")

    @property
    def is_lifted(self) -> bool:
        """A relative pose is a lifted one, one that got its size from the user, and one that names
        its lifter."""
        was_relative = self.unit != "metre" or self.scale_method in SIZED_METHODS
        return was_relative or bool(self.checkpoint_sha256)

    @property
    def usual_fps(self) -> float:
        """As Pose2D's."""
        return _usual_fps(self)

    def save(self, path: str | os.PathLike) -> None:
        """Write a self-describing .npz (no pickles) as Pose2D.save does."""
        with written_aside(path) as aside, aside.open("wb") as file:  # to a name it adds .npz
            np.savez_compressed(
                file, **_arrays(self), joint_names=np.array(JOINTS),
                axes=np.array("x right, y down, z forward" if self.frame == "camera" else "z up"),
                format=np.array(1),
            )  # fmt: skip
