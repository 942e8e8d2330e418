"""Small things both networks need: their checkpoint's config, their device, their mode."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lib.errors import UserError
from lib.model.checkpoint import Checkpoint


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


def device_of(model: nn.Module) -> torch.device:
    """Where a model computes; the CPU if it has no parameters."""
    return next((p.device for p in model.parameters()), torch.device("cpu"))


def best_device() -> str:
    """'cuda' or 'mps' where there is one, else 'cpu'."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """The model without dropout and batch statistics, and afterwards as it was."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
