"""Files of motion capture, of whatever format, as sequences of our 17 joints.

T frames. Nothing is judged here (see checks.py); a file that cannot be read is told, and the next
one read.
"""

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lib.data.manifest import Sequence
from lib.data.mocap.amass import read_amass
from lib.data.mocap.amc import read_amc
from lib.data.mocap.bvh import read_bvh
from lib.data.mocap.c3d import read_c3d
from lib.data.mocap.mapping import Mapping, choose, to_joints
from lib.data.mocap.motion17 import INDEX, read_motion17
from lib.data.mocap.points import Points
from lib.data.mocap.trc import read_trc
from lib.errors import UserError

READERS: dict[str, Callable[[Path], Points]] = {
    "amc": read_amc, "bvh": read_bvh, "c3d": read_c3d, "trc": read_trc
}  # fmt: skip
AMASS = "npz"
"""The one format whose reader needs more than the file."""
MOTION17 = "motion17"
FORMATS = (MOTION17, *READERS, AMASS)


@dataclass(frozen=True)
class Selection:
    """What a person says about the files; None or '' leaves it to them."""

    mapping: Mapping | None = None
    file_format: str = ""
    subject: str = ""
    group: str = ""
    action: str = ""
    terms: str = ""
    body_models: Path | None = None
    """Folder of AMASS's body models."""

    @property
    def wanted(self) -> tuple[str, ...]:
        """Endings of the files to read."""
        if self.file_format:
            return (self.file_format,)
        return self.mapping.files if self.mapping else (*READERS, AMASS)

    def read(self, path: Path, file_format: str) -> Points:
        """What a file of a format holds. Raises UserError naming the file."""
        if file_format == AMASS:
            return read_amass(path, self.body_models)
        return READERS[file_format](path)

    def apply(self, sequence: Sequence) -> Sequence:
        """The sequence with what was said."""
        given = {key: getattr(self, key) for key in ("subject", "group", "action", "terms")}
        return replace(sequence, **{key: value for key, value in given.items() if value})


@dataclass(frozen=True)
class Take:
    """A recording, or why there is none."""

    sequence: Sequence
    xyz_m: np.ndarray | None = None
    """(T, 17, 3) world metres, Z up, NaN = missing."""
    problem: str = ""


def _format_of(path: Path) -> str:
    return path.suffix[1:].lower()


def source_format(source: Path, file_format: str = "") -> str:
    """What a source is: 'motion17', a reader's name, or '' for a folder of several."""
    if file_format:
        return file_format
    if (source / INDEX).is_file():
        return MOTION17
    return "" if source.is_dir() else _format_of(source)


def find_files(source: Path, wanted: Collection[str]) -> list[Path]:
    """The file, or all below a folder with a wanted ending, sorted.

    Links to folders are not entered: they may go round in a ring, or give one recording twice.
    Raises UserError if there is none.
    """
    if not source.exists():
        raise UserError(f"{source}: no such file or folder")
    if source.is_file():
        return [source]
    files = sorted(path for path in source.rglob("*") if _format_of(path) in wanted)
    if not files:
        raise UserError(
            f"{source}: --source takes a folder with {INDEX} or files ending in {' '.join(wanted)}"
        )
    return files


def _read_file(path: Path, selection: Selection) -> tuple[np.ndarray, float]:
    """(T, 17, 3) world metres and frames a second."""
    file_format = selection.file_format or _format_of(path)
    if file_format not in selection.wanted:
        wanted = " or ".join(selection.wanted)
        raise UserError(f"{path}: expected an ending {wanted}; say what it is with --format")
    points = selection.read(path, file_format)
    return to_joints(points, selection.mapping or choose(points, file_format))


def read_takes(source: Path, selection: Selection) -> Iterator[Take]:
    """Every sequence of a source, one at a time. Subject and group default to the folder's name.

    Raises UserError for a source without files and for a damaged motion17 folder.
    """
    if source_format(source, selection.file_format) == MOTION17:
        for sequence, xyz_m in read_motion17(source):
            yield Take(selection.apply(sequence), xyz_m)
        return
    names: set[str] = set()
    for path in find_files(source, selection.wanted):
        inside = path.relative_to(source) if source.is_dir() else Path(path.name)
        name = inside.with_suffix("").as_posix()
        name = inside.as_posix() if name in names else name
        names.add(name)
        folder = Path(os.path.abspath(path)).parent.name  # the link's own, not its target's
        sequence = selection.apply(
            Sequence(name, subject=folder, action=path.stem, group=folder, start=0, stop=0, fps=0.0)
        )
        try:
            xyz_m, fps = _read_file(path, selection)
        except UserError as error:
            yield Take(sequence, problem=str(error).removeprefix(f"{path}: "))
        else:
            yield Take(replace(sequence, fps=fps), xyz_m)
