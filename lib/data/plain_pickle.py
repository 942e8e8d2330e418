"""Pickles from strangers: only what holds numbers and text is read, nothing is ever called.

A pickle may name any function and have it run while it is loaded. Here the names it may use are
those that numpy writes for arrays, scalars and types; lists, dicts, strings and numbers need none.
"""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from lib.errors import UserError

_ARRAY, _SCALAR = np.zeros(1).__reduce__()[0], np.float64(0).__reduce__()[0]
_BUFFER = np.zeros(1).__reduce_ex__(5)[0]  # type: ignore[operator]


def _latin1(text: str, encoding: str) -> bytes:
    """How pickles of protocol 2 spell bytes."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in encoding {encoding!r}")
    return text.encode("latin1")


_ADMITTED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _latin1,
} | {
    (f"numpy.{core}.{module}", name): function
    for core in ("core", "_core")
    for module, name, function in (
        ("multiarray", "_reconstruct", _ARRAY),
        ("multiarray", "scalar", _SCALAR),
        ("numeric", "_frombuffer", _BUFFER),
    )
}

# What pickle and numpy raise on bytes that are no pickle.
_DAMAGE = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError,
    ImportError, MemoryError, OverflowError,
)  # fmt: skip


class _RefusedError(Exception):
    """A name that is not admitted."""


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ADMITTED:
            raise _RefusedError(f"{module}.{name}")
        return _ADMITTED[module, name]

    def persistent_load(self, pid: Any) -> Any:
        raise _RefusedError(f"a persistent object {pid!r}")


def read_plain_pickle(path: str | Path) -> Any:
    """Arrays, numbers, strings, lists and dicts of a pickle file.

    Raises UserError if the file cannot be read, is damaged, or holds anything else, which is
    named and not run.
    """
    try:
        with open(path, "rb") as file:
            return _PlainUnpickler(file).load()
    except OSError as error:
        raise UserError(f"{path}: cannot read ({error.strerror})") from error
    except _RefusedError as refused:
        raise UserError(
            f"{path}: holds {refused}, which is neither an array nor a number, text, list or "
            "dict; nothing of it was run. Fetch the file from its authors"
        ) from refused
    except _DAMAGE as error:
        raise UserError(f"{path}: no pickle, or damaged ({error}); fetch it again") from error
