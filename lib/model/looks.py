"""What a file looks like from its first bytes. Pickles are listed, never executed."""

import pickletools
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lib.errors import UserError
from lib.files import ARRAY_DAMAGE

_HEAD_BYTES = 1024
_BLANK = "nothing but blanks: a broken download"
_MOST_PICKLES = 5
"""An old torch file is a row of pickles: magic number, version, system, content, names."""

_MAGIC = (
    (b"\x89HDF\r\n\x1a\n", "HDF5 file (Keras or MATLAB), not a torch checkpoint"),
    (b"\x93NUMPY", "numpy array, not a torch checkpoint"),
    (b"\x1f\x8b", "gzip archive: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "7z archive: unpack it first"),
    (b"Rar!", "RAR archive: unpack it first"),
    (b"\x89PNG", "PNG picture"),
    (b"\xff\xd8\xff", "JPEG picture"),
    (b"%PDF", "PDF document"),
)
_TAR_AT, _TAR = 257, b"ustar"
_SAFE_CLASSES = re.compile(r"torch(\.storage|\._utils)?\.[\w.]*|collections\.OrderedDict")


@dataclass(frozen=True)
class Looks:
    """A first impression."""

    text: str
    is_maybe_torch: bool = False
    """Worth reading as a torch file; then the text is for when that fails."""
    classes: tuple[str, ...] = ()
    """What its pickles ask for beside torch's own, as module.name."""


def _classes_in(stream: IO[bytes]) -> Iterator[str]:
    """module.name of everything that the next pickle in a stream would import."""
    strings: list[str] = []
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name in ("GLOBAL", "INST"):
            yield str(argument).replace(" ", ".")
        elif opcode.name == "STACK_GLOBAL":
            yield ".".join(strings[-2:])
        elif isinstance(argument, str):
            strings.append(argument)


def _strange_classes(stream: IO[bytes], most: int) -> tuple[str, ...]:
    """Classes beside torch's own in up to `most` pickles; a damaged rest is left out."""
    found: dict[str, None] = {}
    try:
        for _ in range(most):
            found |= dict.fromkeys(_classes_in(stream))
    except (ValueError, IndexError, KeyError, OverflowError, EOFError, MemoryError):
        pass  # the rest is no pickle: what was listed so far is the answer
    return tuple(name for name in found if not _SAFE_CLASSES.fullmatch(name))


def _zip_looks(path: Path) -> Looks:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            pickles = [name for name in names if name.rsplit("/", 1)[-1] == "data.pkl"]
            if not pickles:
                return Looks(_zip_text(names))
            if any("/code/" in name for name in names):
                return Looks("TorchScript archive: a program, not weights; save a state dict")
            with archive.open(pickles[0]) as stream:
                classes = _strange_classes(stream, 1)
    except ARRAY_DAMAGE:
        return Looks("start of a torch file or zip archive, broken off: download it again")
    return Looks(_torch_text(classes), True, classes)


def _zip_text(names: list[str]) -> str:
    if names and all(name.endswith(".npy") for name in names):
        return f"numpy archive (.npz) of {', '.join(names[:4])}, not a torch checkpoint"
    inside = ", ".join(names[:4]) or "nothing"
    return f"zip archive of {inside}: unpack it and give a file in it"


def _torch_text(classes: tuple[str, ...]) -> str:
    if classes:
        return "torch file with objects beside weights: not loaded, because that could run code"
    return "damaged torch file: download it again"


def _pickle_looks(path: Path) -> Looks:
    with path.open("rb") as stream:
        classes = _strange_classes(stream, _MOST_PICKLES)
    if classes:
        return Looks("pickle with objects in it: not loaded, because that could run code", True,
                     classes)  # fmt: skip
    return Looks("pickle of plain values, or an old torch file, damaged", True)


def _text_looks(head: bytes) -> str | None:
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if not text:  # a byte order mark alone
        return _BLANK
    if text.startswith("version https://git-lfs"):
        size = re.search(r"^size (\d+)", text, re.M)
        what = f" of {int(size[1]):,} bytes" if size else ""
        return f"Git LFS pointer in place of a file{what}: run `git lfs pull`"
    if re.match(r"<!doctype html|<html|<head|<\?xml", text, re.I):
        return "web page in place of a file: the link needs a login or a click first"
    if text.startswith(("{", "[")) and b"\0" not in head:
        return "JSON text, not a checkpoint"
    if b"\0" not in head and "\ufffd" not in text[:-4]:
        return f"text file, not a checkpoint; begins with {text.splitlines()[0][:40]!r}"
    return None


def looks_of(path: Path) -> Looks:
    """First impression of a file. Raises UserError if it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise UserError(f"{path}: cannot read file ({error.strerror})") from error
    if not head.strip(b"\0 \r\n\t"):
        return Looks("empty file" if not head else _BLANK)
    if head.startswith(b"PK"):
        return _zip_looks(path)
    for magic, text in _MAGIC:
        if head.startswith(magic):
            return Looks(text)
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        return Looks("tar archive: unpack it first")
    if head[8:9] == b"{" and b'"dtype"' in head:
        return Looks("safetensors file: not read here; save it as a torch file")
    if head[:1] == b"\x80":
        return _pickle_looks(path)
    return Looks(_text_looks(head) or "unknown bytes, not a checkpoint")
