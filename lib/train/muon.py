"""Muon (Jordan et al. 2024): the momentum of a matrix, its singular values drawn to 1, is the step.

Letters: B matrices of one shape, M rows, N columns.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from lib.train.precision import fastest

_SAFETY = 1.01
"""Room for rounding: a singular value that comes out above the bound would grow from there on."""
_ROUNDS = tuple(
    (a / _SAFETY, b / _SAFETY**3, c / _SAFETY**5)
    for a, b, c in (
        (8.28721201814563, -23.595886519098837, 17.300387312530933),
        (4.107059111542203, -2.9478499167379106, 0.5448431082926601),
        (3.9486908534822946, -2.908902115962949, 0.5518191394370137),
        (3.3184196573706015, -2.488488024314874, 0.51004894012372),
        (2.300652019954817, -1.6689039845747493, 0.4188073119525673),
    )
)
"""a, b, c of a s + b s^3 + c s^5 round by round, the best for singular values s from 0.001 to 1."""


def orthogonalize(x_BMN: Tensor, dtype: torch.dtype = torch.bfloat16) -> Tensor:
    """About U V^T of each U S V^T, by products of matrices alone: (B, M, N) -> (B, M, N) of dtype.

    The Polar Express of Amsel et al. 2025 (arXiv 2505.16932), five rounds: a singular value of a
    thousandth of the Frobenius norm or more comes out between 0.8 and 1.15, a smaller one below,
    in proportion. A matrix of zeros stays one.
    """
    if x_BMN.shape[1] > x_BMN.shape[2]:
        # The products are of the shorter side's size.
        return orthogonalize(x_BMN.mT, dtype).mT
    norm = torch.linalg.matrix_norm(x_BMN, keepdim=True)
    x_BMN = (x_BMN / (norm * _SAFETY + 1e-7)).to(dtype)
    for a, b, c in _ROUNDS:
        square = x_BMN @ x_BMN.mT
        factor = torch.baddbmm(square, square, square, beta=b, alpha=c)
        x_BMN = torch.baddbmm(x_BMN, factor, x_BMN, beta=a)
    return x_BMN


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised, with decoupled weight decay, for parameters of (M, N).

    The size of a step, by root mean square, is 0.2 lr, about AdamW's at that rate (Liu et al.
    2025, arXiv 2502.16982).
    """

    def __init__(
        self,
        params: list[dict[str, Any]],
        stacked: Mapping[Tensor, int],
        *,
        lr: float,
        weight_decay: float,
        momentum: float = 0.95,
    ) -> None:
        """stacked: how many matrices of equal shape lie in a parameter, one below the other.

        Each is orthogonalised for itself. A parameter that is not in it is one matrix.
        """
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum})
        for group in self.param_groups:
            group["stacked"] = [stacked.get(p, 1) for p in group["params"]]
            pairs = zip(group["params"], group["stacked"], strict=True)
            assert all(p.ndim == 2 and len(p) % num == 0 for p, num in pairs)

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move what has a gradient."""
        for group in self.param_groups:
            pairs = zip(group["params"], group["stacked"], strict=True)
            moved = {p: num for p, num in pairs if p.grad is not None}
            if moved:
                self._move(moved, **{k: group[k] for k in ("lr", "weight_decay", "momentum")})

    def _move(
        self, moved: dict[Tensor, int], lr: float, weight_decay: float, momentum: float
    ) -> None:
        params, grads = list(moved), [p.grad for p in moved]
        means = [self._mean(p) for p in params]
        torch._foreach_lerp_(means, grads, 1 - momentum)
        steps = torch._foreach_lerp(grads, means, momentum)
        torch._foreach_mul_(params, 1 - lr * weight_decay)
        # All matrices of a shape at once: on a GPU the launches of small products take the time.
        alike = defaultdict(list)
        for (p, num), step in zip(moved.items(), steps, strict=True):
            for target, matrix in zip(p.chunk(num), step.chunk(num), strict=True):
                alike[matrix.shape].append((target, matrix))
        for shape, members in alike.items():
            targets, matrices = zip(*members, strict=True)
            stack = torch.stack(matrices)
            dtype = torch.bfloat16 if fastest(stack.device) == "bf16" else torch.float32
            turned = orthogonalize(stack, dtype).to(stack.dtype)
            size = 0.2 * lr * math.sqrt(max(shape))
            torch._foreach_add_(targets, turned.unbind(), alpha=-size)

    def _mean(self, p: Tensor) -> Tensor:
        """The running mean of its gradients."""
        state = self.state[p]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(p)
        return state["momentum_buffer"]
