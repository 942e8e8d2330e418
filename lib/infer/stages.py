"""Steps that meet in files: each is skipped while its files are there and its needs unchanged."""

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lib.errors import UserError
from lib.files import check_writable
from lib.model.checkpoint import sha256
from lib.pose import written_aside

MANIFEST = ".stages.json"
_CODE = Path(__file__).resolve().parents[1]
SETTLED_NS = 3_000_000_000
"""A file changed as lately as that may change again within its time stamp: FAT counts in 2 s."""
_DIGESTS: dict[tuple[str, int, int, int], str] = {}
"""Path, inode, size and time of the last change -> digest."""


@dataclass(frozen=True)
class Stage:
    """One step: what it makes, and of what."""

    name: str
    outputs: Sequence[str]
    """Names of files in the output folder."""
    needs: Sequence[str | Path | None]
    """Files; None = one that is not there this time."""
    options: dict[str, Any] = field(default_factory=dict)
    """All else that the outputs depend on, as JSON takes it."""


class Stages:
    """The steps of one output folder. Their keys are kept in MANIFEST beside the files."""

    def __init__(self, folder: str | Path, *, redo: bool = False) -> None:
        """Make the folder and make sure it can be written, before any work. Raises UserError."""
        self.folder, self.redo = check_writable(folder, "--out_path"), redo
        self._done = self._read()

    def path(self, name: str) -> Path:
        """A file of this folder."""
        return self.folder / name

    def run(self, stage: Stage, make: Callable[[], list[str]]) -> list[str]:
        """Call make() unless it was done with the same needs, options and code, and left the
        outputs as they are: one that broke off half-way may have written some of them since.

        make writes the outputs, each aside, and returns notes for the user. Returns the notes,
        also those of an earlier run.
        """
        key = _key(stage)  # before make: of needs that change meanwhile the outputs are not made
        if not self.redo and self._is_made(stage, key):
            return self._done[stage.name].get("notes", [])
        notes = make()
        made = [_hash_of(self.path(output)) for output in stage.outputs]
        self._done[stage.name] = {"key": key, "made": made, "notes": notes}
        with written_aside(self.path(MANIFEST)) as aside:
            aside.write_text(json.dumps(self._done, indent=1), encoding="utf-8")
        return notes

    def is_made(self, stage: Stage) -> bool:
        """Whether the outputs are what `run` would make of the needs."""
        return self._is_made(stage, _key(stage))

    def _is_made(self, stage: Stage, key: str) -> bool:
        done, paths = self._done.get(stage.name, {}), [self.path(name) for name in stage.outputs]
        if done.get("key") != key or not all(p.is_file() for p in paths):
            return False
        return done.get("made") == [_hash_of(path) for path in paths]

    def _read(self) -> dict[str, dict]:
        try:
            content = json.loads(self.path(MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # nothing done yet, or not to be trusted: everything is done again
        if not isinstance(content, dict):
            return {}
        return {name: done for name, done in content.items() if isinstance(done, dict)}


def _key(stage: Stage) -> str:
    files = [_hash_of(path) for path in stage.needs if path is not None]
    parts = [stage.name, code_version(), *files, stage.options]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _hash_of(path: str | Path) -> str:
    """A file's digest, read once in a process as long as the file is left as it is."""
    try:
        seen = os.stat(path)
        mark = (os.fspath(path), seen.st_ino, seen.st_size, seen.st_mtime_ns)
        if mark in _DIGESTS:
            return _DIGESTS[mark]
        is_settled = time.time_ns() - seen.st_mtime_ns > SETTLED_NS
        digest = sha256(path)
    except OSError as error:
        text = f"{path}: cannot read ({error.strerror}); give a file that is there"
        raise UserError(text) from error
    if is_settled:
        _DIGESTS[mark] = digest
    return digest


@cache
def code_version() -> str:
    """Hash of everything under lib/, so that files of another version are made again."""
    digest = hashlib.sha256()
    for path in sorted(_CODE.rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(os.fsencode(path.relative_to(_CODE)) + path.read_bytes())
    return digest.hexdigest()
