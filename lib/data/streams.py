"""Writing arrays of unknown length and whole folders without ever leaving half of one behind."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lib.errors import UserError
from lib.files import filling, placing


class GrowingArray:
    """A .npy file that grows: rows are appended, the header is set right at the end."""

    def __init__(self, file: BinaryIO, shape: tuple[int, ...]) -> None:
        self.file, self.shape, self.num_rows = file, shape, 0
        self._write_header()

    def _write_header(self) -> None:
        # numpy pads the header so that the first axis may grow without moving the content.
        header = {"descr": "<f4", "fortran_order": False, "shape": (self.num_rows, *self.shape)}
        np.lib.format.write_array_header_1_0(self.file, header)

    def append(self, rows: np.ndarray) -> None:
        self.file.write(np.ascontiguousarray(rows, "<f4").tobytes())
        self.num_rows += len(rows)

    def finish(self) -> None:
        self.file.seek(0)
        self._write_header()


@contextmanager
def folder_aside(target: Path, marker: str) -> Iterator[Path]:
    """Yield a temporary sibling folder, put in the place of `target` if the block succeeds.

    An old folder is replaced only if it holds the file `marker`, so that a wrong path deletes
    nothing. What a link points to is replaced, not the link: it may be on another disk. Raises
    UserError where that fails or the folder cannot be written; an error of another file that the
    block reads goes through.
    """
    if target.is_symlink():
        target = Path(os.path.realpath(target))
    is_other = target.exists() and not (target / marker).exists()
    if is_other and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{target}: exists and holds other things; choose a new or empty folder")
    with placing(target, "folder"):
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".part-{target.name}-"))
    old = aside.with_name(aside.name.replace(".part-", ".old-", 1))
    try:
        with filling(target):
            yield aside
        with placing(target, "folder"):
            aside.chmod(0o755)
            if target.exists():
                target.rename(old)
            aside.rename(target)
    finally:
        if old.exists() and not target.exists():
            old.rename(target)
        for leftover in (aside, old):
            shutil.rmtree(leftover, ignore_errors=True)
