"""What differs between trainings, as the loop sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from lib.data.datasets import Batch
from lib.data.mix import Mix
from lib.train.optim import ParameterGroup

if TYPE_CHECKING:
    from lib.train.score_table import Report


class Task(Protocol):
    """One kind of training."""

    kind: str
    """Checkpoint kind."""
    model: torch.nn.Module
    train_data: Mix
    score_name: str
    """Metric that decides what is best."""
    is_lower_better: bool

    def groups(self) -> list[ParameterGroup]:
        """What is trained; the rest of the model is frozen."""
        ...

    def counts(self, batch: Batch, epoch: int) -> dict[str, torch.Tensor]:
        """What each loss term of this process's clips divides by, of the masks alone."""
        ...

    def losses(
        self, network: torch.nn.Module, batch: Batch, epoch: int, counts: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Weighted scalar loss terms; terms with weight 0 are absent.

        Sums over `counts`: of parts of a batch, with the counts of the whole, they add up to the
        terms of the whole. network is the model, or what wraps it.
        """
        ...

    def evaluate(self) -> dict[str, float]:
        """{metric_unit: value} on the evaluation data; every process gets the same."""
        ...

    def report(self) -> Report:
        """The last evaluation as text and as content of scores.json."""
        ...

    def pictures(self) -> dict[str, np.ndarray]:
        """{name: (H, W, 3) uint8} for TensorBoard; asked of one process alone."""
        ...


def evaluate(task: Task, device: torch.device) -> dict[str, float]:
    """The task's scores, in evaluation mode."""
    task.model.to(device).eval()
    with torch.inference_mode():
        return task.evaluate()
