"""Files and folders written as a whole or not at all, and .npz files read without trust."""

import errno
import glob
import os
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lib.errors import UserError
from lib.locks import claimed

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_UMASK = os.umask(0o077)
os.umask(_UMASK)  # it is told by setting it alone
_RANDOM = "?" * 8
"""What tempfile puts into a name."""
_CLAIMED_WITHIN_S = 60.0
"""Between its making and its lock, a file is nobody's: one as new as that is left alone."""


def why(error: Exception) -> str:
    """What the system says of a file; of a name with a null byte it is never asked."""
    return getattr(error, "strerror", None) or str(error)


def opened(path: str | os.PathLike, what: str) -> BinaryIO:
    """A file to read bytes from, for the caller to close; `what` it should be. Raises UserError."""
    try:
        return open(path, "rb")
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot read {what} ({why(error)})") from error


@contextmanager
def placing(target: Path, what: str) -> Iterator[None]:
    """Around what makes or renames something at target: an error is one line, with a remedy."""
    try:
        yield
    except (OSError, ValueError) as error:
        text = f"{target}: cannot write there ({why(error)}); choose another {what}"
        raise UserError(text) from error


@contextmanager
def filling(target: Path) -> Iterator[None]:
    """Around what is written for target: a full disk is one line, other errors go through."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL and "written" not in str(error):  # numpy gives no number
            raise
        said = error.strerror or "the disk is full"
        text = f"{target}: cannot write all of it ({said}); make room, or choose another folder"
        raise UserError(text) from error


def clear_leftovers(folder: Path, pattern: str, within_s: float = _CLAIMED_WITHIN_S) -> None:
    """Remove what killed processes left aside; whoever is at work has it claimed, or will have it
    within_s of making it."""
    for path in folder.glob(pattern):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime < within_s:
                continue
            with claimed(path) as is_mine:
                if is_mine:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def written_aside(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path`; renamed onto it if the block ends without an error.

    Raises UserError where it cannot be written, or not as a whole.
    """
    target = Path(path)
    if target.is_symlink():  # what it leads to is written, as by any program
        target = target.resolve()
    with placing(target, "folder"):
        target.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(target.parent, f".part-{_RANDOM}{glob.escape(target.suffix)}")
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-", suffix=target.suffix)
    os.close(handle)
    aside = Path(name)
    try:
        with claimed(aside):
            with filling(target):
                yield aside
            aside.chmod(0o666 & ~_UMASK)
            with placing(target, "name"):  # a folder of that name, say
                aside.replace(target)
    finally:
        aside.unlink(missing_ok=True)


def _put_back(target: Path) -> None:
    """What a process killed while it replaced `target` had taken out of its place."""
    for old in target.parent.glob(f".old-{glob.escape(target.name)}-{_RANDOM}"):
        new = old.with_name(old.name.replace(".old-", ".part-", 1))
        with claimed(new) if new.exists() else nullcontext(True) as is_nobodys:
            if is_nobodys and not target.exists():
                old.rename(target)
            elif is_nobodys:
                shutil.rmtree(old, ignore_errors=True)


@contextmanager
def folder_aside(target: Path, marker: str) -> Iterator[Path]:
    """Yield a temporary sibling folder, put in the place of `target` if the block succeeds.

    An old folder is replaced only if it holds the file `marker`, so that a wrong path deletes
    nothing; all else in it goes too, and is the caller's to look for. What a link points to is
    replaced, not the link: it may be on another disk. Raises UserError where that fails or the
    folder cannot be written; an error of another file that the block reads goes through.
    """
    if target.is_symlink():
        target = Path(os.path.realpath(target))
    with placing(target, "folder"):
        _put_back(target)
    is_other = target.exists() and not (target / marker).exists()
    if is_other and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{target}: exists and holds other things; choose a new or empty folder")
    with placing(target, "folder"):
        target.parent.mkdir(parents=True, exist_ok=True)
        clear_leftovers(target.parent, f".part-{glob.escape(target.name)}-{_RANDOM}")
        aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".part-{target.name}-"))
    old = aside.with_name(aside.name.replace(".part-", ".old-", 1))
    try:
        with claimed(aside):
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


# What numpy's and zipfile's readers raise on bytes that are no .npz, found by damaging files.
ARRAY_DAMAGE = (
    OSError, ValueError, TypeError, AttributeError, LookupError, EOFError, RuntimeError,
    MemoryError, zlib.error, zipfile.BadZipFile,
)  # fmt: skip


LARGEST_NPZ = 2**31
"""Bytes of unpacked arrays: a pose of more than eight hours at 50 frames a second."""


def read_npz(path: str | os.PathLike, what: str, names: Collection[str]) -> dict[str, np.ndarray]:
    """Those of the named arrays that a file has; of the others nothing is unpacked.

    what: the file should be, for messages. Raises UserError, also above LARGEST_NPZ.
    """
    file = opened(path, what)
    try:
        with file, np.load(file, allow_pickle=False) as archive:
            size = sum(
                member.file_size for member in archive.zip.infolist()
                if member.filename.removesuffix(".npy") in names
            )  # fmt: skip
            if size <= LARGEST_NPZ:
                return {name: archive[name][...] for name in names if name in archive.files}
    except ARRAY_DAMAGE as error:
        text = f"{path}: not a {what} in .npz form, or damaged; write it with infer_wild.py"
        raise UserError(text) from error
    raise UserError(
        f"{path}: would take {size / 1e9:.1f} GB of memory, {LARGEST_NPZ / 1e9:.1f} would do for a "
        f"{what}; cut the recording"
    )


def read_npy(path: str | os.PathLike, what: str) -> np.ndarray:
    """The array of a .npy file without pickles; `what` it should be. Raises UserError."""
    file = opened(path, what)
    try:
        with file:
            array = np.load(file, allow_pickle=False)
            return array[...]
    except ARRAY_DAMAGE as error:
        text = f"{path}: no {what}: not a plain array in .npy form, pickled, or damaged"
        raise UserError(f"{text}; save it with numpy.save") from error


def check_readable(path: str | os.PathLike) -> None:
    """Make sure that a file can be opened, before any work. Raises UserError."""
    try:
        with open(path, "rb"):
            pass
    except (OSError, ValueError) as error:
        text = f"{path}: cannot read ({why(error)}); give a file that is there"
        raise UserError(text) from error


def check_writable(folder: str | os.PathLike, flag: str) -> Path:
    """Make the folder and make sure it can be written, before any work. Raises UserError."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: cannot write there ({why(error)}); give another {flag}"
        ) from error
    return path


def check_target(path: str | os.PathLike, flag: str) -> Path:
    """Make sure that a file can be written there, before any work. Raises UserError."""
    target = Path(path)
    check_writable(target.parent, flag)
    if target.is_dir():
        raise UserError(f"{target}: is a folder; give {flag} a file in it")
    return target
