"""Reading REHAB24-6 (Cernek et al., SISAP 2024, zenodo 13305826) as its page and users describe it.

    <root>/Segmentation.csv                    separated by ';', a row a repetition: video_id,
        repetition_number, exercise_id, first_frame, last_frame, mocap_erroneous, correctness, ...
    <root>/3d_joints/Ex<n>/<video_id>-30fps.npy    (frames, 26, 4): x, y, z, 1; metres, y up

Frame numbers count pictures of the 30 fps data. That they begin at 1 and that last_frame belongs to
the repetition is told by one user (a last_frame equals the number of frames); another counts from
0: a frame's difference. Not confirmed, so checked on the data: the vertical axis, the sides, the
fourth coordinate, the size. The skeleton has no nose: its head joint stands in.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.foreign_axes import turned_up
from lib.errors import UserError
from lib.pose import Pose3D
from lib.skeleton import JOINT, JOINTS

FPS = 30.0
EXERCISES = {6: "squat", 3: "pushup"}
"""exercise_id to this project's; 3 is a push-up with the hands on a table."""
FILE_JOINTS = (
    "Hips", "Spine", "Spine1", "Neck", "Head", "Head_end",
    *(f"{side}{part}" for side in ("Left", "Right")
      for part in ("Shoulder", "Arm", "ForeArm", "Hand", "Hand_end")),
    *(f"{side}{part}" for side in ("Left", "Right")
      for part in ("UpLeg", "Leg", "Foot", "ToeBase", "ToeBase_end")),
)  # fmt: skip
"""Order of the 26 joints (joints_names.txt). 'Shoulder' is the collar bone's inner end."""
_MIDDLE = {"root": "Hips", "spine": "Spine1", "neck": "Neck", "nose": "Head", "head": "Head_end"}
_LIMBS = {
    "shoulder": "Arm", "elbow": "ForeArm", "wrist": "Hand",
    "hip": "UpLeg", "knee": "Leg", "ankle": "Foot",
}  # fmt: skip
_SIDES = {"l": "Left", "r": "Right"}
_NAME = _MIDDLE | {s + p: _SIDES[s] + f for s in _SIDES for p, f in _LIMBS.items()}
WORKING = [FILE_JOINTS.index(_NAME[name]) for name in JOINTS]
HEIGHT_M = (1.0, 2.1)
"""From ankles to neck joint, in the middle: a body in metres lies within."""
COLUMNS = (
    "video_id", "exercise_id", "first_frame", "last_frame", "mocap_erroneous", "correctness",
)  # fmt: skip


@dataclass(frozen=True)
class AnnotatedVideo:
    """The repetitions of one recording, by start."""

    video_id: str
    exercise_id: int
    frames: np.ndarray
    """(n, 2) 0-based start and exclusive end."""
    is_correct: np.ndarray
    """(n,) bool: performed as it should be."""
    is_erroneous: np.ndarray
    """(n,) bool: the motion capture failed there."""


def read_segmentation(path: Path) -> list[AnnotatedVideo]:
    """All recordings. Raises UserError naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot read ({error})") from error
    reader = csv.DictReader(lines, delimiter=";")
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise UserError(f"{path}: has columns {reader.fieldnames}, not {', '.join(missing)}")
    found: dict[tuple[str, int], list[tuple[int, ...]]] = {}
    for row in reader:
        try:
            exercise, first, last, bad, good = (int(row[name]) for name in COLUMNS[1:])
        except (TypeError, ValueError):
            raise UserError(f"{path}:{reader.line_num}: no whole numbers in {row}") from None
        if not 0 <= first < last:
            raise UserError(f"{path}:{reader.line_num}: frames {first} to {last} are no repetition")
        found.setdefault((row["video_id"], exercise), []).append((first, last, good, bad))
    videos = []
    for (video_id, exercise), reps in found.items():
        rows = np.array(sorted(reps))
        frames = np.stack([np.maximum(rows[:, 0] - 1, 0), rows[:, 1]], axis=1)
        videos.append(AnnotatedVideo(video_id, exercise, frames, rows[:, 2] > 0, rows[:, 3] > 0))
    return videos


def read_pose(root: Path, video: AnnotatedVideo) -> Pose3D:
    """World metres, Z up. Raises UserError naming the file and what was found in it."""
    path = root / "3d_joints" / f"Ex{video.exercise_id}" / f"{video.video_id}-30fps.npy"
    try:
        content = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot read ({error})") from error
    if content.ndim != 3 or content.shape[1:] != (len(FILE_JOINTS), 4):
        raise UserError(f"{path}: has shape {content.shape}, expected (frames, 26, 4)")
    last = content[..., 3]
    if not np.allclose(last[np.isfinite(last)], 1.0, atol=1e-3):
        raise UserError(f"{path}: the fourth coordinate is not 1 throughout")
    xyz_m = turned_up(content[:, WORKING, :3].astype(float), str(path))
    ankles = xyz_m[:, [JOINT["lankle"], JOINT["rankle"]], 2].mean(1)
    height_m = float(np.nanmedian(xyz_m[:, JOINT["neck"], 2] - ankles))
    if not HEIGHT_M[0] < height_m < HEIGHT_M[1]:
        raise UserError(f"{path}: the neck is {height_m:.2f} above the ankles; is it in metres?")
    if video.frames[-1, 1] > len(xyz_m):
        raise UserError(
            f"{path}: has {len(xyz_m)} frames, Segmentation.csv goes to {video.frames[-1, 1]}"
        )
    return Pose3D(xyz_m, FPS, "metre", "world", np.ones(len(xyz_m), bool), source=str(path))
