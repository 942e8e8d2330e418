"""Reading .npz files that somebody may have damaged, without unpickling anything."""

import os
import zipfile
import zlib

import numpy as np

from lib.errors import UserError

# What numpy's and zipfile's readers raise on bytes that are no .npz, found by damaging files.
_DAMAGE = (
    OSError, ValueError, TypeError, AttributeError, LookupError, EOFError, RuntimeError,
    zlib.error, zipfile.BadZipFile,
)  # fmt: skip


def read_npz(path: str | os.PathLike, what: str) -> dict[str, np.ndarray]:
    """The arrays of a file by name; `what` it should be, for messages. Raises UserError."""
    try:
        file = open(path, "rb")  # noqa: SIM115 - closed below; its errors have another text
    except OSError as error:
        raise UserError(f"{path}: cannot read {what} ({error.strerror})") from error
    try:
        with file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except _DAMAGE as error:
        text = f"{path}: not a {what} in .npz form, or damaged; write it with infer_wild.py"
        raise UserError(text) from error
