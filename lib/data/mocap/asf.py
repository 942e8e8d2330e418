"""Acclaim skeletons (ASF), as the CMU database keeps them; their motion is read by amc.py.

A bone starts where its parent ends and runs along `direction` (in the root's axes at rest) for
`length`. `axis` gives its own axes: for an order XYZ turned about x first, then y, then z.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lib.data.mocap.points import numbers, read_lines
from lib.errors import UserError

INCH_M = 0.0254
ROTATIONS, TRANSLATIONS = ("rx", "ry", "rz"), ("tx", "ty", "tz")
ROOT = "root"


@dataclass
class Bone:
    """One bone, or the root (no length). `dof` in file order, lower case."""

    name: str
    line: int
    direction: np.ndarray = field(default_factory=lambda: np.zeros(3))
    length: float = 0.0
    axis: np.ndarray = field(default_factory=lambda: np.zeros(3))
    """Angles of its own axes."""
    order: str = "xyz"
    dof: tuple[str, ...] = ()
    parent: str = ""


@dataclass(frozen=True)
class Skeleton:
    """An ASF file. Bones by name, each behind its parent, the root first."""

    path: Path
    bones: dict[str, Bone]
    position: np.ndarray
    """(3,) of the root, added to its motion."""
    metres_per_unit: float
    degrees_per_unit: float


class _AsfReader:
    """Collects the sections of one file; every line is told with its number."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = Bone(ROOT, 0, dof=())
        self.bones: dict[str, Bone] = {}
        self.position = np.zeros(3)
        self.units = {"length": 1.0, "angle": "deg"}
        self.children: list[tuple[int, list[str]]] = []
        self._bone: Bone | None = None

    def error(self, line: int, text: str) -> UserError:
        return UserError(f"{self.path}: line {line}: {text}")

    def take(self, section: str, line: int, words: list[str]) -> None:
        if section == "units":
            self._take_unit(line, words)
        elif section == "root":
            self._take_frame(self.root, line, words)
        elif section == "bonedata":
            self._take_bone(line, words)
        elif section == "hierarchy" and words[0] not in ("begin", "end"):
            self.children.append((line, words))

    def _take_unit(self, line: int, words: list[str]) -> None:
        if words[0] == "length":
            (self.units["length"],) = numbers(words[1:], self.path, line, "length", 1)
        elif words[0] == "angle":
            self.units["angle"] = words[-1][:3].lower()

    def _take_frame(self, bone: Bone, line: int, words: list[str]) -> None:
        """A line that the root and a bone may have."""
        key, rest = words[0], words[1:]
        if key in ("order", "dof"):
            bone.dof = tuple(word.lower() for word in rest)
            allowed = ROTATIONS + TRANSLATIONS if bone is self.root else ROTATIONS
            if odd := set(bone.dof) - set(allowed):
                raise self.error(line, f"'{min(odd)}' of '{bone.name}' is not read, only {allowed}")
        elif key == "axis" and bone is self.root:
            bone.order = self._order(line, rest)
        elif key == "axis":
            bone.axis = np.array(numbers(rest[:3], self.path, line, key, 3))
            bone.order = self._order(line, rest[3:] or ["xyz"])
        elif key in ("position", "orientation"):
            values = np.array(numbers(rest, self.path, line, key, 3))
            if key == "position":
                self.position = values
            else:
                bone.axis = values

    def _order(self, line: int, words: list[str]) -> str:
        order = "".join(words).lower()
        if sorted(order) != ["x", "y", "z"]:
            raise self.error(line, f"an axis order such as XYZ expected, found '{order}'")
        return order

    def _take_bone(self, line: int, words: list[str]) -> None:
        key, rest = words[0], words[1:]
        if key == "begin":
            self._bone = Bone("", line)
        elif self._bone is None:
            raise self.error(line, f"'{key}' outside of a bone; 'begin' expected")
        elif key == "end":
            if not self._bone.name or self._bone.name in self.bones:
                raise self.error(line, f"bone '{self._bone.name}' has no name of its own")
            self.bones[self._bone.name] = self._bone
            self._bone = None
        elif key == "name":
            self._bone.name = " ".join(rest)
        elif key == "direction":
            self._bone.direction = np.array(numbers(rest, self.path, line, key, 3))
        elif key == "length":
            (self._bone.length,) = numbers(rest, self.path, line, key, 1)
        else:
            self._take_frame(self._bone, line, words)

    def skeleton(self) -> Skeleton:
        """Bones in the order of the hierarchy. Raises UserError for one without its parent."""
        ordered = {ROOT: self.root}
        for line, (parent, *children) in self.children:
            for child in children:
                if parent not in ordered or child not in self.bones or child in ordered:
                    raise self.error(line, f"'{parent} {child}': not a bone under a known one")
                self.bones[child].parent = parent
                ordered[child] = self.bones[child]
        if not self.children or not self.root.dof:
            missing = ":hierarchy" if not self.children else "order under :root"
            raise UserError(f"{self.path}: has no {missing}; is the file cut short?")
        if self.units["length"] <= 0:
            raise UserError(f"{self.path}: unit length must be positive")
        degrees = 1.0 if self.units["angle"] == "deg" else float(np.degrees(1.0))
        metres = INCH_M / self.units["length"]
        return Skeleton(self.path, ordered, self.position, metres, degrees)


def read_asf(path: Path) -> Skeleton:
    """Read a skeleton. Raises UserError naming file and line."""
    reader = _AsfReader(path)
    section = ""
    for line, text in enumerate(read_lines(path), 1):
        words = text.split("#")[0].split()
        if words and words[0].startswith(":"):
            section = words[0][1:].lower()
        elif words:
            reader.take(section, line, words)
    return reader.skeleton()
