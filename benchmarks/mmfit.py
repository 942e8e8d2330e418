"""Reading MM-Fit (Stroemback et al., IMWUT 2020, doi 10.1145/3432701) as its users describe it.

    <root>/w00/w00_pose_3d.npy   (3, frames, 18): x, y, z; column 0 is the frame number, columns
                                 1 to 17 are Human3.6M's joints in this project's order
    <root>/w00/w00_labels.csv    no header: start_frame, end_frame, repetitions, activity
    ... w20

Confirmed by four independent readers in public: shapes, order, columns, activities. Not confirmed,
so checked or left open: which axis is up (found on the data), the unit (taken as none), 30 pictures
a second (the camera's), whether end_frame belongs to the set (taken as yes: no count depends on
it).
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.foreign_axes import turned_up
from lib.errors import UserError
from lib.pose import Pose3D
from lib.skeleton import NUM_JOINTS

FPS = 30.0
EXERCISES = {"squats": "squat", "pushups": "pushup"}
"""Activities that this project describes."""
ACTIVITIES = (
    *EXERCISES, "lunges", "bicep_curls", "situps", "tricep_extensions", "dumbbell_rows",
    "jumping_jacks", "dumbbell_shoulder_press", "lateral_shoulder_raises",
)  # fmt: skip
MARGIN = 30
"""Frames kept before and after a set, as far as no other set lies there."""
SHORTEST = 150
"""Frames of a pause that is looked at."""


@dataclass(frozen=True)
class LabelledSet:
    """A row of labels.csv."""

    start: int
    """First frame number."""
    end: int
    """Exclusive."""
    num_reps: int
    activity: str


@dataclass(frozen=True)
class Workout:
    """One folder."""

    name: str
    frame_id: np.ndarray
    """(N,) increasing."""
    xyz: np.ndarray
    """(N, 17, 3) Z up, unit unknown."""
    sets: tuple[LabelledSet, ...]
    """By start."""

    def between(self, start: int, end: int) -> Pose3D:
        """The frames numbered start to end, end exclusive."""
        first, stop = np.searchsorted(self.frame_id, [start, end])
        ids = self.frame_id[first:stop]
        return Pose3D(
            self.xyz[first:stop], FPS, "relative", "world", np.ones(len(ids), bool),
            time_s=(ids - start) / FPS, frame_id=ids, source=self.name,
        )  # fmt: skip

    def set_pose(self, i_set: int) -> Pose3D:
        """A labelled set with a second around it."""
        this = self.sets[i_set]
        before = self.sets[i_set - 1].end if i_set else 0
        after = self.sets[i_set + 1].start if i_set + 1 < len(self.sets) else this.end + MARGIN
        start = max(this.start - MARGIN, min(before, this.start), 0)
        return self.between(start, min(this.end + MARGIN, max(after, this.end)))

    def pauses(self) -> list[Pose3D]:
        """What lies before, between and after the sets: non_activity."""
        starts = [int(self.frame_id[0]), *(s.end for s in self.sets)]
        ends = [*(s.start for s in self.sets), int(self.frame_id[-1]) + 1]
        spans = [(a, b) for a, b in zip(starts, ends, strict=True) if b - a >= SHORTEST]
        poses = [self.between(a, b) for a, b in spans]
        return [pose for pose in poses if len(pose.xyz) >= SHORTEST]


def read_labels(path: Path) -> tuple[LabelledSet, ...]:
    """Rows of labels.csv by start. Raises UserError naming file and line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot read ({error})") from error
    sets = []
    for i_line, cells in enumerate(csv.reader(lines), 1):
        if not cells:
            continue
        try:
            start, end, num = (int(cell) for cell in cells[:3])
            (activity,) = (cell.strip() for cell in cells[3:])
        except ValueError:
            raise UserError(
                f"{path}:{i_line}: expected start_frame,end_frame,repetitions,activity, got {cells}"
            ) from None
        if end <= start or num < 0 or activity not in ACTIVITIES:
            raise UserError(f"{path}:{i_line}: {cells} is no set of {', '.join(ACTIVITIES)}")
        sets.append(LabelledSet(start, end + 1, num, activity))
    return tuple(sorted(sets, key=lambda s: s.start))


def read_workout(folder: Path) -> Workout:
    """One workout. Raises UserError naming the file and what was found in it."""
    path = folder / f"{folder.name}_pose_3d.npy"
    try:
        content = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot read ({error})") from error
    if content.ndim != 3 or content.shape[::2] != (3, NUM_JOINTS + 1) or not content.shape[1]:
        raise UserError(
            f"{path}: has shape {content.shape}, expected (3, frames, {NUM_JOINTS + 1})"
        )
    number = content[0, :, 0]
    if not (np.isfinite(number).all() and (number == np.round(number)).all()):
        raise UserError(f"{path}: column 0 holds {number[:3]}..., expected frame numbers")
    if not (np.diff(number) > 0).all():
        raise UserError(f"{path}: frame numbers in column 0 do not increase")
    xyz = np.moveaxis(content[:, :, 1:], 0, -1).astype(float)
    labels = read_labels(folder / f"{folder.name}_labels.csv")
    return Workout(folder.name, number.astype(int), turned_up(xyz, str(path)), labels)


def find_workouts(root: Path) -> list[Path]:
    """Folders w00, w01, ... with a 3D pose. Raises UserError where there is none."""
    found = sorted(path.parent for path in root.glob("w*/w*_pose_3d.npy"))
    if not found:
        raise UserError(f"{root}: no MM-Fit there (no w*/w*_pose_3d.npy)")
    return found
