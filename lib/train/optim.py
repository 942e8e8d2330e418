"""Optimiser and learning-rate schedule."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from lib.config import check_range, configclass
from lib.errors import UserError
from lib.model.attention import hidden_matrices
from lib.train.muon import Muon


@configclass
class OptimConfig:
    """AdamW, Muon beside it if wanted, and their schedule."""

    lr: float = 5e-4
    """AdamW's rate in groups with factor 1."""
    muon_lr: float = 0.0
    """Muon's, of the matrices of attentions and MLPs, which it then moves: their momentum's step
    with all singular values about 1 (Jordan et al. 2024; of q, k and v each for itself), its size
    matched to AdamW's (Liu et al. 2025). 0 = AdamW for all."""
    weight_decay: float = 0.01
    schedule: Literal["exponential", "cosine"] = "exponential"
    decay: float = 0.99
    """Exponential: factor an epoch (reference: 0.99)."""
    warmup_steps: int = 0
    """Linear rise from 0."""
    grad_clip: float = 1.0
    """Largest gradient norm; 0 = no clipping."""

    def __post_init__(self) -> None:
        check_range(self, 0, math.inf, "lr", "muon_lr", "weight_decay", "warmup_steps", "grad_clip")
        check_range(self, 0, 1, "decay", is_open=True)


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that share a learning rate of `factor` times the configured one."""

    name: str
    parameters: Sequence[torch.nn.Parameter]
    factor: float


class Together(torch.optim.Optimizer):
    """Several optimisers, each with groups of its own, as one."""

    def __init__(self, parts: Sequence[torch.optim.Optimizer]) -> None:
        self.parts = tuple(parts)
        super().__init__([group for part in parts for group in part.param_groups], {})
        self._share()

    def _share(self) -> None:
        """Parts read and write the groups and the state that are saved."""
        first = 0
        for part in self.parts:
            stop = first + len(part.param_groups)
            part.param_groups, part.state = self.param_groups[first:stop], self.state
            first = stop

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._share()

    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """A step of each."""
        for part in self.parts:
            part.step()


def make_optimizer(
    groups: Sequence[ParameterGroup], config: OptimConfig, model: torch.nn.Module
) -> torch.optim.Optimizer:
    """AdamW over named groups; with a muon_lr, Muon over the hidden matrices of the model in them.

    Raises UserError for a muon_lr that moves nothing.
    """
    inner = hidden_matrices(model) if config.muon_lr else {}

    def groups_of(rate: float, is_inner: bool) -> list[dict[str, Any]]:
        ending = " matrices" if is_inner else ""
        chosen = [[p for p in g.parameters if (p in inner) == is_inner] for g in groups]
        return [
            {
                "params": params,
                "name": g.name + ending,
                "lr": rate * g.factor,
                "rate": rate * g.factor,
            }
            for g, params in zip(groups, chosen, strict=True)
            if params and g.factor > 0
        ]

    # One kernel for all weights, and no look at a step counter on the way.
    is_fused = all(p.device.type in ("cpu", "cuda") for g in groups for p in g.parameters)
    others, moved = groups_of(config.lr, False), groups_of(config.muon_lr, True)
    decay = config.weight_decay
    if config.muon_lr and not moved:
        raise UserError("optim.muon_lr moves nothing in what is trained here: set it to 0")
    adamw = torch.optim.AdamW(others, lr=config.lr, weight_decay=decay, fused=is_fused or None)
    if not moved:
        return adamw
    muon = Muon(moved, inner, lr=config.muon_lr, weight_decay=decay)
    return Together([muon, adamw])


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


def set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Write every group's own rate times the schedule's factor into it."""
    for group in optimizer.param_groups:
        group["lr"] = group["rate"] * factor
