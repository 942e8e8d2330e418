"""Biovision hierarchies (BVH): a tree of joints with offsets and channels, then a row a frame.

A joint's turn is the product of its rotation channels in the order of the file. Position channels
take the place of the offset. An end site is named after its joint: Head_end. T frames.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lib.data.mocap.points import Points, check_finite, numbers, read_lines, rotations
from lib.errors import UserError

MOTION = "MOTION"
CHANNELS = {f"{axis}{kind}": (kind, axis.lower()) for axis in "XYZ"
            for kind in ("position", "rotation")}  # fmt: skip


@dataclass
class Joint:
    """A joint or an end site."""

    name: str
    parent: str
    offset: np.ndarray = field(default_factory=lambda: np.zeros(3))
    channels: tuple[tuple[str, str], ...] = ()
    """('position' or 'rotation', axis) in file order."""
    first_column: int = 0


class _HierarchyReader:
    """The tree, built line by line. Joints come behind their parents."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.joints: dict[str, Joint] = {}
        self.num_columns = 0
        self._open: list[str] = []

    def take(self, line: int, words: list[str]) -> None:
        key = words[0]
        if key in ("ROOT", "JOINT", "End"):
            self._begin(line, key, words)
        elif key == "}" and self._open:
            self._open.pop()
        elif key == "OFFSET" and self._open:
            values = numbers(words[1:], self.path, line, key, 3)
            self.joints[self._open[-1]].offset = np.array(values)
        elif key == "CHANNELS" and self._open:
            names = words[2:]
            if words[1:2] != [str(len(names))] or not set(names) <= set(CHANNELS):
                raise UserError(
                    f"{self.path}: line {line}: CHANNELS takes a count and as many of "
                    f"{' '.join(CHANNELS)}"
                )
            joint = self.joints[self._open[-1]]
            joint.channels = tuple(CHANNELS[name] for name in names)
            joint.first_column = self.num_columns
            self.num_columns += len(names)
        elif key not in ("{", "HIERARCHY"):
            raise UserError(f"{self.path}: line {line}: '{' '.join(words)[:60]}' is unexpected")

    def _begin(self, line: int, key: str, words: list[str]) -> None:
        parent = self._open[-1] if self._open else ""
        name = f"{parent}_end" if key == "End" else " ".join(words[1:])
        if name in self.joints or (key == "ROOT") == bool(parent) or not name:
            raise UserError(
                f"{self.path}: line {line}: '{' '.join(words)}' is unexpected; one ROOT, and "
                "joints with names of their own below it"
            )
        self.joints[name] = Joint(name, parent)
        self._open.append(name)

    def finish(self, line: int) -> None:
        if self._open or not self.joints:
            where = f"before '{self._open[-1]}' is closed" if self._open else "without a ROOT"
            raise UserError(f"{self.path}: line {line}: the hierarchy ends {where}")


def _motion(path: Path, lines: list[str], start: int, width: int) -> tuple[np.ndarray, float]:
    """Rows (T, width) and seconds a frame, from the lines behind MOTION (lines[start - 1])."""
    count = seconds = None
    rows: list[list[float]] = []
    line = start
    for line, text in enumerate(lines[start:], start + 1):
        words = text.split()
        if not words:
            continue
        if words[0] == "Frames:":
            (count,) = numbers(words[1:], path, line, "Frames:", 1)
        elif words[:2] == ["Frame", "Time:"]:
            (seconds,) = numbers(words[2:], path, line, "Frame Time:", 1)
        else:
            try:
                rows.append([float(word) for word in words])
            except ValueError:
                numbers(words, path, line, "a frame", width)
            if len(words) != width:
                numbers(words, path, line, "a frame", width)
    if count is None or seconds is None or seconds <= 0:
        raise UserError(f"{path}: line {start + 1}: 'Frames:' and a 'Frame Time:' above 0 expected")
    if len(rows) != count or not rows:
        raise UserError(
            f"{path}: line {line}: 'Frames:' says {count:g}, there are {len(rows)}; "
            "is the file cut short?"
        )
    values = np.array(rows)
    check_finite(values, path, "a channel")
    return values, seconds


def read_bvh(path: Path) -> Points:
    """Places of all joints and end sites. The unit of a BVH is not in the file.

    Raises UserError naming file and line.
    """
    lines = read_lines(path)
    reader = _HierarchyReader(path)
    for line, text in enumerate(lines, 1):
        words = text.split()
        if words == [MOTION]:
            break
        if words:
            reader.take(line, words)
    else:
        raise UserError(f"{path}: line {len(lines)}: ends without {MOTION}; is the file cut short?")
    reader.finish(line)
    rows, seconds = _motion(path, lines, line, reader.num_columns)
    turns: dict[str, np.ndarray] = {}
    places: dict[str, np.ndarray] = {}
    for name, joint in reader.joints.items():
        values = rows[:, joint.first_column : joint.first_column + len(joint.channels)]
        is_turn = [kind == "rotation" for kind, _ in joint.channels]
        axes = "".join(axis for kind, axis in joint.channels if kind == "rotation")
        offset = np.tile(joint.offset, (len(rows), 1))
        for i, (kind, axis) in enumerate(joint.channels):
            if kind == "position":
                offset[:, "xyz".index(axis)] = values[:, i]
        turn = rotations(values[:, np.array(is_turn, bool)], axes)
        if joint.parent:
            offset = places[joint.parent] + (turns[joint.parent] @ offset[..., None])[..., 0]
            turn = turns[joint.parent] @ turn if axes else turns[joint.parent]
        places[name], turns[name] = offset, turn
    xyz = np.stack(list(places.values()), 1)
    return Points(path, tuple(places), xyz, round(1 / seconds, 3), None)
