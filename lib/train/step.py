"""One optimiser step: micro-batches, precision, gradients of all processes, clipping."""

from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lib.data.datasets import Batch
from lib.errors import UserError
from lib.train import parallel
from lib.train.optim import part_size
from lib.train.precision import Precision
from lib.train.task import Task


def set_recompute(model: nn.Module) -> None:
    """Keep less for the backward pass and compute it again. Raises UserError if it cannot."""
    able = [module for module in model.modules() if hasattr(module, "recompute")]
    if not able:
        raise UserError("train.recompute: this model cannot; leave it false")
    for module in able:
        module.recompute = True  # type: ignore[assignment]


class Stepper:
    """Moves a task's model by one batch at a time. Its weights must be those to start from."""

    def __init__(
        self, task: Task, optimizer: torch.optim.Optimizer, precision: Precision, *,
        accumulate: int, grad_clip: float, is_compiled: bool,
    ) -> None:  # fmt: skip
        self.task, self.optimizer, self.precision = task, optimizer, precision
        self.accumulate, self.grad_clip = accumulate, grad_clip
        self.shared = parallel.share_gradients(task.model, precision.device)
        # Wrapped, not changed: names in a checkpoint and evaluation are the plain model's.
        self.network = precision.wrap(torch.compile(self.shared) if is_compiled else self.shared)
        self.moved = [p for group in optimizer.param_groups for p in group["params"]]
        norms = [m for m in task.model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        self.least = 2 if norms else 1

    def step(
        self, batch: Batch, epoch: int, counts: dict[str, Tensor]
    ) -> tuple[dict[str, Tensor], Tensor]:
        """This process's share of the loss terms, and the norm of the whole gradient."""
        size = part_size(len(batch.x), self.accumulate, self.least)
        parts = list(batch.parts(size))
        self.optimizer.zero_grad(set_to_none=True)
        terms: dict[str, Tensor] = {}
        for i, part in enumerate(parts):
            for name, value in self._backward(part, epoch, counts, i == len(parts) - 1).items():
                terms[name] = terms[name] + value if name in terms else value
        self.precision.unscale(self.optimizer)
        grads = [p.grad for p in self.moved if p.grad is not None]
        norm = nn.utils.get_total_norm(grads)
        if self.grad_clip:
            nn.utils.clip_grads_with_norm_(self.moved, self.grad_clip, norm)
        self.precision.step(self.optimizer)
        return terms, norm

    def _backward(
        self, part: Batch, epoch: int, counts: dict[str, Tensor], is_last: bool
    ) -> dict[str, Tensor]:
        """Add the gradient of a part; the last one exchanges the sum with the other processes."""
        waits = not is_last and isinstance(self.shared, DistributedDataParallel)
        with self.shared.no_sync() if waits else nullcontext():  # type: ignore[operator]
            terms = self.task.losses(self.network, part, epoch, counts)
            assert terms, "a config without weights is refused"
            # Processes' gradients are averaged, but their shares of the loss add up.
            loss = torch.stack(list(terms.values())).sum() * parallel.world_size()
            self.precision.backward(loss)
        return {name: value.detach() for name, value in terms.items()}
