"""Optimiser and learning-rate schedule."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from lib.config import check_range, configclass
from lib.errors import UserError


@configclass
class OptimConfig:
    """AdamW and its schedule."""

    lr: float = 5e-4
    """Rate of the groups with factor 1."""
    weight_decay: float = 0.01
    schedule: Literal["exponential", "cosine"] = "exponential"
    decay: float = 0.99
    """Exponential: factor an epoch (reference: 0.99)."""
    warmup_steps: int = 0
    """Linear rise from 0."""
    grad_clip: float = 1.0
    """Largest gradient norm; 0 = no clipping."""

    def __post_init__(self) -> None:
        check_range(self, 0, math.inf, "lr", "weight_decay", "warmup_steps", "grad_clip")
        check_range(self, 0, 1, "decay", is_open=True)


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that share a learning rate of `factor` times the configured one."""

    name: str
    parameters: Sequence[torch.nn.Parameter]
    factor: float


def make_optimizer(groups: Sequence[ParameterGroup], config: OptimConfig) -> torch.optim.AdamW:
    """AdamW over named groups."""
    named = [
        {
            "params": list(g.parameters),
            "lr": config.lr * g.factor,
            "name": g.name,
            "factor": g.factor,
        }
        for g in groups
        if g.factor > 0
    ]
    # One kernel for all weights, and no look at a step counter on the way.
    is_fused = all(p.device.type in ("cpu", "cuda") for g in groups for p in g.parameters)
    return torch.optim.AdamW(
        named, lr=config.lr, weight_decay=config.weight_decay, fused=is_fused or None
    )


def freeze_others(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Only what the optimiser moves needs a gradient, and is waited for by other processes."""
    moved = {id(p) for group in optimizer.param_groups for p in group["params"]}
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in moved)


def restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any], where: str) -> None:
    """Moments and step counts of a checkpoint; rates and decay stay those of the config.

    Raises UserError if it has other parameter groups.
    """
    own = [dict(group) for group in optimizer.param_groups]
    shapes = [[(g["name"], len(g["params"])) for g in gs] for gs in (own, state["param_groups"])]
    if shapes[0] != shapes[1]:
        names = [", ".join(f"{name} ({n} tensors)" for name, n in shape) for shape in shapes]
        raise UserError(
            f"{where}: its optimiser moves {names[1]}, the config's {names[0]}; resume with the "
            "config of the run, or start another with -p"
        )
    optimizer.load_state_dict(state)
    for group, before in zip(optimizer.param_groups, own, strict=True):
        group.update({k: v for k, v in before.items() if k != "params"})


def part_size(num_clips: int, accumulate: int, least: int) -> int:
    """Clips of a micro-batch so that there are up to `accumulate`, none smaller than `least`.

    At 2, the least for batch norm, fewer parts are made rather than one of a single clip.
    """
    size = max(-(-num_clips // accumulate), least)
    while size < num_clips and 0 < num_clips % size < least:
        size += 1
    return size


def rate_factor(config: OptimConfig, step: int, epoch: int, num_steps: int) -> float:
    """The schedule's factor at a step and its epoch, both 0-based.

    Cosine ends at 0 after num_steps. A warm-up longer than the run never reaches the full rate.
    """
    warm = min((step + 1) / config.warmup_steps, 1.0) if config.warmup_steps else 1.0
    if config.schedule == "exponential":
        return warm * config.decay**epoch
    progress = min(step / num_steps, 1.0)
    return warm * 0.5 * (1 + math.cos(math.pi * progress))


def set_rates(optimizer: torch.optim.Optimizer, config: OptimConfig, factor: float) -> None:
    """Write lr * group factor * schedule factor into every group."""
    for group in optimizer.param_groups:
        group["lr"] = config.lr * group["factor"] * factor
