"""Motion of an Acclaim skeleton (AMC): a frame number, then a line a bone with its angles.

The angles M of a bone turn it in its own axes C: with R its parent's turn, its own is R C M C^-1.
Like the axes, M turns about x first in an order XYZ. T frames.
"""

from pathlib import Path

import numpy as np

from lib.data.mocap.asf import ROOT, ROTATIONS, TRANSLATIONS, Bone, Skeleton, read_asf
from lib.data.mocap.points import Points, check_finite, numbers, read_lines, rotations
from lib.errors import UserError


def find_asf(path: Path) -> Path:
    """The skeleton of a motion: 02_01.asf, 02.asf, or the only .asf beside 02_01.amc."""
    stems = (path.stem, path.stem.split("_")[0])
    for candidate in (path.with_name(f"{stem}{end}") for stem in stems for end in (".asf", ".ASF")):
        if candidate.is_file():
            return candidate
    found = sorted(p for p in path.parent.glob("*") if p.suffix.lower() == ".asf")
    if len(found) != 1:
        raise UserError(
            f"{path}: needs its skeleton beside it as {stems[0]}.asf or {stems[-1]}.asf; "
            f"{len(found)} other .asf files there"
        )
    return found[0]


class _Frames:
    """Lines of a motion, frame by frame, checked against the skeleton."""

    def __init__(self, path: Path, skeleton: Skeleton) -> None:
        self.path, self.asf_name = path, skeleton.path.name
        self.counts = {bone.name: len(bone.dof) for bone in skeleton.bones.values() if bone.dof}
        self.values: dict[str, list[list[float]]] = {name: [] for name in self.counts}
        self.num_frames = 0
        self._num_lines = len(self.counts)
        self._last = -1

    def finish(self, line: int) -> None:
        """The last frame has all its lines."""
        if self._num_lines != len(self.counts):
            missing = next(n for n, rows in self.values.items() if len(rows) < self.num_frames)
            raise UserError(
                f"{self.path}: line {line}: frame {self.num_frames} ends without '{missing}'; "
                "is the file cut short?"
            )

    def begin(self, line: int, number: int) -> None:
        """A frame's number."""
        self.finish(line)
        if self.num_frames and number != self._last + 1:
            raise UserError(f"{self.path}: line {line}: frame {number} follows {self._last}")
        self.num_frames += 1
        self._num_lines, self._last = 0, number

    def take(self, line: int, words: list[str]) -> None:
        """A bone's line."""
        rows = self.values.get(words[0])
        if rows is None or len(rows) != self.num_frames - 1:
            raise UserError(
                f"{self.path}: line {line}: '{words[0]}' is unexpected; a frame has one line for "
                f"each moving bone of {self.asf_name}"
            )
        try:
            row = [float(word) for word in words[1:]]
        except ValueError:
            row = []
        if len(row) != self.counts[words[0]]:
            numbers(words[1:], self.path, line, f"'{words[0]}'", self.counts[words[0]])
        rows.append(row)
        self._num_lines += 1


def _read_values(path: Path, skeleton: Skeleton) -> tuple[dict[str, np.ndarray], float]:
    """Angles and translations of each moving bone (T, dof), and degrees in an angle's unit."""
    frames = _Frames(path, skeleton)
    degrees, line = skeleton.degrees_per_unit, 0
    for line, text in enumerate(read_lines(path), 1):
        words = text.split()
        if not words or words[0][0] in "#:":
            if words and words[0].upper() in (":DEGREES", ":RADIANS"):
                degrees = 1.0 if words[0].upper() == ":DEGREES" else float(np.degrees(1.0))
        elif len(words) == 1 and words[0].isdigit():
            frames.begin(line, int(words[0]))
        else:
            frames.take(line, words)
    frames.finish(line)
    if not frames.num_frames:
        raise UserError(f"{path}: holds no frame; expected frame numbers and lines of bones")
    values = {name: np.array(rows) for name, rows in frames.values.items()}
    for name, rows in values.items():
        check_finite(rows, path, f"'{name}'")
    return values, degrees


def _turn(bone: Bone, values: np.ndarray, degrees_asf: float, degrees_amc: float) -> np.ndarray:
    """(T, 3, 3) C M C^-1 of a bone from its values (T, dof)."""
    order = bone.order[::-1]
    own_axes = rotations(bone.axis[::-1] * degrees_asf, order)
    angles = np.zeros((len(values), 3))
    for i, key in enumerate(bone.dof):
        if key in ROTATIONS:
            angles[:, order.index(key[1])] = values[:, i] * degrees_amc
    return own_axes @ rotations(angles, order) @ own_axes.T


def read_amc(path: Path, asf_path: Path | None = None) -> Points:
    """Ends of all bones, named after them, and 'root'. asf_path: None finds it beside the file.

    The frame rate is not in the file (CMU recorded at 120). Raises UserError naming file and line.
    """
    skeleton = read_asf(asf_path or find_asf(path))
    values, degrees = _read_values(path, skeleton)
    num_frames = len(values[ROOT])
    turns: dict[str, np.ndarray] = {}
    ends: dict[str, np.ndarray] = {}
    for name, bone in skeleton.bones.items():
        turn = _turn(
            bone, values.get(name, np.zeros((num_frames, 0))), skeleton.degrees_per_unit, degrees
        )
        if name == ROOT:
            turns[name] = turn
            ends[name] = np.tile(skeleton.position, (num_frames, 1))
            for i, key in enumerate(bone.dof):
                if key in TRANSLATIONS:
                    ends[name][:, TRANSLATIONS.index(key)] += values[name][:, i]
        else:
            turns[name] = turns[bone.parent] @ turn if bone.dof else turns[bone.parent]
            ends[name] = ends[bone.parent] + turns[name] @ (bone.direction * bone.length)
    xyz = np.stack(list(ends.values()), 1)
    return Points(path, tuple(ends), xyz, None, skeleton.metres_per_unit)
