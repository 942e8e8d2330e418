"""Locks on files and folders, which end with the process that holds them."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_held = set[int]()
"""Open handles of this process's locks."""


def _let_go() -> None:
    """In a forked process, a loader say: it would hold them for as long as it outlives this one."""
    while _held:
        os.close(_held.pop())


if sys.platform != "win32":
    import fcntl

    os.register_at_fork(after_in_child=_let_go)


@contextmanager
def claimed(path: Path) -> Iterator[bool | None]:
    """Hold a lock on a file or folder, which ends with the process however that ends.

    Yields whether it was to be had: False where another has it, None where there are no locks.
    """
    if sys.platform == "win32":
        yield None
        return
    handle, is_mine = os.open(path, os.O_RDONLY), None
    _held.add(handle)
    try:
        with suppress(OSError):  # a file system without locks
            is_mine = _is_locked(handle)
        yield is_mine
    finally:
        if handle in _held:
            _held.remove(handle)
            os.close(handle)


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
