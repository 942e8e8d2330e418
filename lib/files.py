"""Files written as a whole or not at all, and .npz files read without trust."""

import errno
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from lib.errors import UserError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def placing(target: Path, what: str) -> Iterator[None]:
    """Around what makes or renames something at target: any OSError is one line, with a remedy."""
    try:
        yield
    except OSError as error:
        text = f"{target}: cannot write there ({error.strerror}); choose another {what}"
        raise UserError(text) from error


@contextmanager
def filling(target: Path) -> Iterator[None]:
    """Around what is written for target: a full disk is one line, other errors go through."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL and "written" not in str(error):  # numpy gives no number
            raise
        why = error.strerror or "the disk is full"
        text = f"{target}: cannot write all of it ({why}); make room, or choose another folder"
        raise UserError(text) from error


@contextmanager
def written_aside(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path`; renamed onto it if the block ends without an error.

    Raises UserError where it cannot be written, or not as a whole.
    """
    target = Path(path)
    with placing(target, "folder"):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-", suffix=target.suffix)
    os.close(handle)
    aside = Path(name)
    try:
        with filling(target):
            yield aside
        aside.chmod(0o644)
        with placing(target, "name"):  # a folder of that name, say
            aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


# What numpy's and zipfile's readers raise on bytes that are no .npz, found by damaging files.
_DAMAGE = (
    OSError, ValueError, TypeError, AttributeError, LookupError, EOFError, RuntimeError,
    MemoryError, zlib.error, zipfile.BadZipFile,
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


def read_npy(path: str | os.PathLike, what: str) -> np.ndarray:
    """The array of a .npy file without pickles; `what` it should be. Raises UserError."""
    try:
        file = open(path, "rb")  # noqa: SIM115 - closed below; its errors have another text
    except OSError as error:
        raise UserError(f"{path}: cannot read {what} ({error.strerror})") from error
    try:
        with file:
            array = np.load(file, allow_pickle=False)
            return array[...]
    except _DAMAGE as error:
        text = f"{path}: no {what}: not a plain array in .npy form, pickled, or damaged"
        raise UserError(f"{text}; save it with numpy.save") from error


def check_writable(folder: str | os.PathLike, flag: str) -> Path:
    """Make the folder and make sure it can be written, before any work. Raises UserError."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise UserError(
            f"{path}: cannot write there ({error.strerror}); give another {flag}"
        ) from error
    return path
