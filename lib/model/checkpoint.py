"""Checkpoints that explain themselves. Weights of other origin: lib.model.foreign.

A checkpoint is a torch file of plain containers and tensors: it loads with weights_only=True, on
any device, and its keys never carry DataParallel's `module.` (defects T15, I12).
"""

import hashlib
import pickle
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, TypeGuard

import numpy as np
import torch
from torch import Tensor, nn

from lib.errors import UserError
from lib.files import opened, written_aside
from lib.model.packing import packed, unpacked

FORMAT = 2
READABLE = (1, FORMAT)
"""1 has no weights in bytes."""
KINDS = ("lifting", "action")
_PREFIX = "module."
_MAX_NAMED = 4
_PARTS = {"config": dict, "extra": dict, "step": int, "epoch": int}
"""What of a file's content has which type."""


@dataclass(frozen=True)
class Checkpoint:
    """A model with everything needed to rebuild it and, while training, to go on."""

    kind: str
    """'lifting' (a DSTformer) or 'action' (an ActionNet)."""
    config: dict
    """The resolved config as plain containers."""
    model: dict[str, Tensor]
    """Parameters and buffers by name."""
    step: int = 0
    """Optimiser steps taken."""
    epoch: int = 0
    """Epochs completed."""
    extra: dict = field(default_factory=dict)
    """Optimiser, random states and the like; empty when shipped."""
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; one of {', '.join(KINDS)} would do")

    @property
    def weights(self) -> dict[str, Tensor]:
        """The model as it was scored: averaged weights, where latest.pt has them beside the last
        ones, which only its own run goes on from."""
        return self.model | self.extra.get("ema", {})


def strip_module(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """State dict with DataParallel's `module.` taken off the front of each name."""
    return {name.removeprefix(_PREFIX): value for name, value in state.items()}


_WRITERS = ("inline_container", "PytorchStreamWriter", "basic_ios")
"""One of these names torch's own error for a full disk."""


def save_checkpoint(path: str | Path, ckpt: Checkpoint, is_small: bool = False) -> None:
    """Write aside, then rename. is_small packs float32 weights into bytes and float16.

    Tensors are moved to the CPU. Raises UserError if the folder cannot be written.
    """
    model = {name: value.detach().cpu() for name, value in strip_module(ckpt.model).items()}
    content = {f.name: getattr(ckpt, f.name) for f in fields(ckpt)}
    content["model"] = packed(model) if is_small else model
    content["format"] = FORMAT
    with written_aside(path) as aside:
        try:
            torch.save(content, aside)
        except RuntimeError as error:
            if not any(name in str(error) for name in _WRITERS):
                raise
            raise OSError(f"not all was written ({error})") from error


def _numpy_scalars() -> list:
    """What a numpy number in a file is made of: harmless, and MotionBERT's files hold one."""
    rebuild = np.float64(0).__reduce__()[0]
    names = ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")
    numbers = (np.float16, np.float32, np.float64, np.int32, np.int64, np.bool_)
    return [
        *((rebuild, name) for name in names), np.dtype, *(type(np.dtype(n)) for n in numbers),
    ]  # fmt: skip


# Once for good: torch's own way of doing it for a while is not safe where threads load at once.
torch.serialization.add_safe_globals(_numpy_scalars())
_OLD_MAGIC = torch.serialization.MAGIC_NUMBER.to_bytes(10, "little")


# What torch's readers raise on bytes that are no checkpoint, found by damaging files at random.
_DAMAGE = (
    pickle.UnpicklingError, struct.error, RuntimeError, EOFError, OSError, LookupError, ValueError,
    TypeError, AttributeError, AssertionError, MemoryError, zipfile.BadZipFile,
)  # fmt: skip


def read_content(path: Path) -> object:
    """Whatever a torch file holds: containers, numbers and tensors, never code; on the CPU.

    Raises UserError if it cannot be read, is damaged, or holds objects of any other class.
    """
    file = opened(path, "checkpoint")
    try:
        with file:
            if not _is_torch_file(file):
                raise ValueError("torch.load would refuse it, too, with a warning besides")
            return torch.load(file, map_location="cpu", weights_only=True)
    except _DAMAGE as error:
        raise UserError(
            f"{path}: not a checkpoint, or damaged; give a .pt file written by a train script"
        ) from error


def _is_torch_file(file: IO[bytes]) -> bool:
    """Whether an open file has torch's old form, or its new one without being a program."""
    head = file.read(64)
    is_torch = _OLD_MAGIC in head
    if head.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(file) as archive:
            is_torch = not any(name.endswith("/constants.pkl") for name in archive.namelist())
    file.seek(0)
    return is_torch


def is_state(content: object) -> TypeGuard[dict[str, Tensor]]:
    """A mapping of names to tensors, with one entry at least."""
    return (
        isinstance(content, dict)
        and len(content) > 0
        and all(isinstance(k, str) and isinstance(v, Tensor) for k, v in content.items())
    )


def is_ours(content: object) -> TypeGuard[dict]:
    """Whether a torch file's content is a checkpoint of this project, of whatever format."""
    return isinstance(content, dict) and {"format", "kind"} <= content.keys()


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read what `save_checkpoint` wrote, to the CPU; packed weights come back as float32.

    Raises UserError if the file is missing, damaged, not ours or of another format.
    """
    return checkpoint_of(read_content(Path(path)), path)


def checkpoint_of(content: object, path: str | Path) -> Checkpoint:
    """What `read_content` returned as a checkpoint. Raises UserError as `load_checkpoint`."""
    if not is_ours(content):
        raise UserError(
            f"{path}: not a checkpoint of this project; give one from a train script "
            "(tools/inspect_checkpoint.py says what it is)"
        )
    if type(content["format"]) is not int or content["format"] not in READABLE:
        raise UserError(
            f"{path}: checkpoint format {content['format']!r}, but this version reads "
            f"{' and '.join(map(str, READABLE))}; use the version that wrote it"
        )
    absent = [f.name for f in fields(Checkpoint) if f.name not in content]
    if absent or not is_state(content["model"]):
        raise UserError(f"{path}: checkpoint without {', '.join(absent) or 'weights'}")
    odd = [name for name, kind in _PARTS.items() if not isinstance(content[name], kind)]
    if odd or ("ema" in content["extra"] and not is_state(content["extra"]["ema"])):
        named = ", ".join(odd) or "averaged weights"
        raise UserError(
            f"{path}: not as a train script writes a checkpoint: {named}; copy it again"
        )
    stored = {f.name: content[f.name] for f in fields(Checkpoint)}
    try:
        model = unpacked(strip_module(content["model"]))
        return Checkpoint(**stored | {"model": model})
    except ValueError as error:
        raise UserError(f"{path}: {error}") from error


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(names[:_MAX_NAMED]) + more


def load_weights(model: nn.Module, state: Mapping[str, Tensor], where: str | Path) -> None:
    """Copy a state dict into a model, every name and shape matched; `module.` is stripped.

    Raises UserError, naming `where` and what does not fit or is not finite, before anything is
    copied.
    """
    state = strip_module(state)
    own = model.state_dict()
    shared = [name for name in own if name in state and own[name].shape != state[name].shape]
    problems = {
        "missing": [name for name in own if name not in state],
        "not in the model": [name for name in state if name not in own],
        "of another shape": [
            f"{name} {tuple(state[name].shape)} (the model has {tuple(own[name].shape)})"
            for name in shared
        ],
    }
    if any(problems.values()):
        text = "; ".join(f"{what}: {_some(names)}" for what, names in problems.items() if names)
        raise UserError(f"{where}: weights do not fit the model: {text}")
    lost = [k for k, v in state.items() if v.is_floating_point() and not v.isfinite().all()]
    if lost:
        raise UserError(
            f"{where}: weights that are not all finite numbers: {_some(lost)}; its training "
            "diverged: give a checkpoint from before that"
        )
    model.load_state_dict(dict(state))


def sha256(path: str | Path) -> str:
    """Hex digest of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
