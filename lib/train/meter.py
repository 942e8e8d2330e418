"""Loss terms of the steps since the last look: kept on the device, so that no step waits."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from lib.errors import UserError
from lib.train import parallel

NORM = "grad/norm"
TOTAL = "loss/total"
RISEN = 1.1
"""Times the lowest loss, from where on it has risen; epochs of a stable training differ by 4 %."""


class Meter:
    """Collects terms, checks them, and gives their means over an interval."""

    def __init__(self, may_overflow: bool) -> None:
        self.may_overflow = may_overflow
        self.pending: list[tuple[int, dict[str, Tensor], Tensor]] = []
        self.sums: dict[str, list[float]] = {}
        """Name -> sum and number of steps since the last means."""
        self.totals: list[float] = []
        """Of the steps of this epoch that this process has taken."""
        self.lowest = (math.inf, 0)
        """Least mean of an epoch since the start or the resume, and which."""
        self.num_taught: Tensor | float = 0.0
        """What the losses of this epoch were divided by: of how much there was a truth."""

    def add(self, step: int, terms: dict[str, Tensor], norm: Tensor) -> None:
        """This process's share of the terms of a step, and the norm of the whole gradient."""
        self.pending.append((step, terms, norm))

    def look(self) -> None:
        """Bring what is pending to the host; all processes together, the only wait for a device.

        Raises UserError naming the first step whose loss or gradient is not finite.
        """
        if not self.pending:
            return
        shares = torch.stack([v for _, terms, _ in self.pending for v in terms.values()])
        norms = torch.stack([norm for *_, norm in self.pending]).tolist()
        values = iter(parallel.add_up(shares.cpu()).tolist())
        pending, self.pending = self.pending, []
        for (step, names, _), norm in zip(pending, norms, strict=True):
            terms = {name: next(values) for name in names}
            self._check(step, terms, norm)
            self._count({f"loss/{name}": value for name, value in terms.items()})
            self.totals.append(math.fsum(terms.values()))
            self._count({TOTAL: self.totals[-1]})
            self._count({NORM: norm} if math.isfinite(norm) else {})

    def _check(self, step: int, terms: Mapping[str, float], norm: float) -> None:
        shown = ", ".join(f"{name} {value:g}" for name, value in terms.items())
        if not all(math.isfinite(value) for value in terms.values()):
            raise UserError(f"step {step}: loss is not finite ({shown}); lower the rates in optim")
        if not math.isfinite(norm) and not self.may_overflow:
            raise UserError(
                f"step {step}: gradient is not finite, though the loss is ({shown}); "
                "lower the rates in optim"
            )

    def _count(self, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            total, number = self.sums.get(name, [0.0, 0])
            self.sums[name] = [total + value, number + 1]

    def means(self) -> dict[str, float]:
        """Mean of each over the steps that had it, since the last call."""
        self.look()
        found = {name: total / number for name, (total, number) in self.sums.items()}
        self.sums = {}
        return found

    def epoch_loss(self, epoch: int) -> str:
        """Mean total of the epoch that ends here in words, '' where all of it was before a resume.

        Where it was well below that in an epoch before, this is said: steps may be too long.
        """
        self.look()
        totals, self.totals = self.totals, []
        if not totals:
            return ""
        loss = math.fsum(totals) / len(totals)
        self.lowest = min(self.lowest, (loss, epoch))
        risen = loss > RISEN * self.lowest[0]
        return (
            f"loss {loss:.4g}" + f" (lowest {self.lowest[0]:.4g}, epoch {self.lowest[1]})" * risen
        )

    def check_taught(self, epoch: int) -> None:
        """Something was to be learnt in the epoch that ends here. Raises UserError."""
        if not self.num_taught:
            raise UserError(
                f"epoch {epoch}: no clip had anything to learn from: truth is missing (NaN) in all "
                "of them, or loss has no term for them; look at the sources and at loss"
            )
        self.num_taught = 0.0
