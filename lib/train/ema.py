"""Moving average of the weights: smoother than the last step's, often better."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """Exponential moving average of a model's parameters. Buffers are the model's own."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.parameters = dict(model.named_parameters())
        self.values = {name: p.detach().clone() for name, p in self.parameters.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """After a step, 0-based. The decay starts low, so that the first weights are forgotten."""
        decay = min(self.decay, (1 + step) / (10 + step))
        current = [p.detach() for p in self.parameters.values()]
        torch._foreach_lerp_(list(self.values.values()), current, 1 - decay)

    def load(self, values: Mapping[str, Tensor]) -> None:
        """Go on from saved values; one that is absent stays the model's."""
        for name in self.values.keys() & values.keys():
            self.values[name].copy_(values[name])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model has the averaged weights inside the block, its own again after it."""
        own = {name: p.detach().clone() for name, p in self.parameters.items()}
        self._fill(self.values)
        try:
            yield
        finally:
            self._fill(own)

    @torch.no_grad()
    def _fill(self, values: Mapping[str, Tensor]) -> None:
        for name, parameter in self.parameters.items():
            parameter.copy_(values[name])
