"""Number formats of the forward and backward pass. Weights, the coordinates that a lifter gives
(lib/model/output.py) and losses are always float32."""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from lib.errors import UserError

PrecisionName = Literal["float32", "bf16", "fp16", "auto"]
_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
LEAST_SCALE = 1e-3
"""Of the loss in fp16: 26 halvings of the first one, so that no step is possible any more."""


class _Autocast(nn.Module):
    """Runs what it wraps in half precision and gives float32."""

    def __init__(self, inner: nn.Module, kind: str, dtype: torch.dtype) -> None:
        super().__init__()
        self.inner, self.kind, self.dtype = inner, kind, dtype

    def forward(self, *inputs: Any) -> Tensor:
        with torch.autocast(self.kind, dtype=self.dtype):
            output = self.inner(*inputs)
        return output.float()


def _check(name: PrecisionName, device: torch.device) -> None:
    """A UserError where a linear layer cannot run in this format."""
    refusal = f"train.precision={name}: {device} cannot do that; use float32"
    if name == "bf16" and device.type == "cuda" and not torch.cuda.is_bf16_supported(False):
        raise UserError(f"{refusal} or fp16")
    try:
        with torch.autocast(device.type, dtype=_DTYPES[name]):
            layer = nn.Linear(2, 2, device=device)
            is_half = layer(torch.ones(1, 2, device=device)).dtype == _DTYPES[name]
    except RuntimeError as error:
        raise UserError(refusal) from error
    if not is_half:
        raise UserError(refusal)


def fastest(device: torch.device) -> PrecisionName:
    """bf16 where the device multiplies in it, float32 elsewhere.

    A CPU without such instructions converts forth and back, at half the speed
    (benchmarks/results/train_speed_h200_2026-11-27.md). Of other CPUs than x86 nothing is known.
    """
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(False) else "float32"
    able = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return "bf16" if able.get("avx512_bf16") or able.get("amx_bf16") else "float32"


class Precision:
    """A number format on a device; `auto` is the fastest without a scale of the loss.

    fp16 scales the loss, so that small gradients survive.
    """

    def __init__(self, name: PrecisionName, device: torch.device) -> None:
        name = fastest(device) if name == "auto" else name
        self.name, self.device = name, device
        if name != "float32":
            # Its own random numbers stay out of the run's.
            with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
                _check(name, device)
        self.scaler = torch.amp.GradScaler(device.type, enabled=name == "fp16")

    @property
    def may_overflow(self) -> bool:
        """Whether a gradient that is not finite is part of the game: its step is skipped."""
        return self.name == "fp16"

    def wrap(self, network: nn.Module) -> nn.Module:
        """The network in this format; its output is float32."""
        if self.name == "float32":
            return network
        return _Autocast(network, self.device.type, _DTYPES[self.name])

    def backward(self, loss: Tensor) -> None:
        self.scaler.scale(loss).backward()

    def unscale(self, optimizer: torch.optim.Optimizer) -> None:
        """Gradients as they are without the scale."""
        self.scaler.unscale_(optimizer)

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        self.scaler.step(optimizer)
        self.scaler.update()

    def check(self, step: int) -> None:
        """fp16 skips steps that overflow and halves its scale. Raises UserError if all do."""
        if self.scaler.is_enabled() and self.scaler.get_scale() < LEAST_SCALE:
            raise UserError(
                f"step {step}: gradients overflow fp16 at any scale; use train.precision=bf16 or "
                "float32, or lower the rates in optim"
            )

    def state_dict(self) -> dict[str, Any]:
        """Empty unless fp16."""
        return self.scaler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state; that of another format is left alone."""
        if state and self.scaler.is_enabled():
            self.scaler.load_state_dict(state)
