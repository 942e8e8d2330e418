"""Optimiser and learning-rate schedule."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from lib.config import check_range, configclass


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
    return torch.optim.AdamW(named, lr=config.lr, weight_decay=config.weight_decay)


def rate_factor(config: OptimConfig, step: int, steps_per_epoch: int, num_epochs: int) -> float:
    """The schedule's factor at a step, 0-based; cosine ends at 0 after num_epochs."""
    warm = min((step + 1) / config.warmup_steps, 1.0) if config.warmup_steps else 1.0
    if config.schedule == "exponential":
        return warm * config.decay ** (step // steps_per_epoch)
    progress = min(step / (steps_per_epoch * num_epochs), 1.0)
    return warm * 0.5 * (1 + math.cos(math.pi * progress))


def set_rates(optimizer: torch.optim.Optimizer, config: OptimConfig, factor: float) -> None:
    """Write lr * group factor * schedule factor into every group."""
    for group in optimizer.param_groups:
        group["lr"] = config.lr * group["factor"] * factor
