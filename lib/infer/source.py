"""Small things both networks need: their checkpoint's config, their device, their mode."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lib.data.motion import MAX_FPS
from lib.errors import UserError
from lib.model.checkpoint import Checkpoint, load_weights


def config_part(checkpoint: Checkpoint, dotted: str, path: str | Path) -> Any:
    """What a checkpoint's config has under a dotted key. Raises UserError if it has not."""
    found: Any = checkpoint.config
    for key in dotted.split("."):
        if not isinstance(found, dict) or key not in found:
            raise UserError(
                f"{path}: its config has no {dotted}; give a checkpoint written by a train script"
            )
        found = found[key]
    return found


def fps_part(checkpoint: Checkpoint, path: str | Path) -> float:
    """The frame rate that a model was trained at. Raises UserError if there is none."""
    found = config_part(checkpoint, "data.fps", path)
    if type(found) not in (int, float) or not 0 < found <= MAX_FPS:
        raise UserError(
            f"{path}: its config's data.fps is {found!r}, expected a number above 0 and up to "
            f"{MAX_FPS:g}; give a checkpoint written by a train script"
        )
    return found


def frames_part(checkpoint: Checkpoint, dotted: str, path: str | Path) -> int:
    """A number of frames in a checkpoint's config. Raises UserError if it is none."""
    found = config_part(checkpoint, dotted, path)
    if type(found) is not int or found < 1:
        raise UserError(
            f"{path}: its config's {dotted} is {found!r}, expected a whole number above 0; give a "
            "checkpoint written by a train script"
        )
    return found


def device_of(model: nn.Module) -> torch.device:
    """Where a model computes; the CPU if it has no parameters."""
    return next((p.device for p in model.parameters()), torch.device("cpu"))


def network_of(
    make: Callable[[], nn.Module], checkpoint: Checkpoint, path: str | Path, device: str
) -> nn.Module:
    """The float32 network that make() gives, with a checkpoint's weights, in evaluation mode.

    No first weights are drawn: torch's random numbers go on as if there were no such network, and
    its default type and device do not matter. Raises UserError for weights that do not fit and for
    a device that is not to be had.
    """
    with torch.device("meta"):
        model = make()
    model = model.float().to_empty(device="cpu")
    load_weights(model, checkpoint.weights, path)
    return _on_device(model, device).eval()


def _on_device(model: nn.Module, device: str) -> nn.Module:
    try:
        torch.zeros(1, device=device).cpu()  # from 'meta', say, nothing comes back
        return model.to(device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0]
        raise UserError(
            f"device '{device}' is not to be had here; 'cpu' would do ({why})"
        ) from error


def best_device() -> str:
    """'cuda' or 'mps' where there is one, else 'cpu'."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


_LOCK = threading.Lock()
_WERE_TRAINING: dict[nn.Module, tuple[int, list[nn.Module]]] = {}
"""Model in use -> by how many threads, and which of its modules were in training mode."""


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """The model without dropout and batch statistics, and afterwards each module as it was.

    Threads may share it: the last to leave puts it back.
    """
    with _LOCK:
        num, modules = _WERE_TRAINING.get(model, (0, []))
        if num == 0:
            modules = [module for module in model.modules() if module.training]
            model.eval()
        _WERE_TRAINING[model] = num + 1, modules
    try:
        yield
    finally:
        with _LOCK:
            num, modules = _WERE_TRAINING.pop(model)
            if num > 1:
                _WERE_TRAINING[model] = num - 1, modules
            else:
                for module in modules:
                    module.training = True
