"""Multi-head self-attention along any axis, the two-layer network that follows it, and the fusion.

Letters: N sequences, L tokens of one, G groups, C features, H heads, E = C / H features a head.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

LAYER_NORM_EPS = 1e-6
MANY_TOKENS = 64
"""Above as many, float32 attention on a CPU is faster in PyTorch's fused kernel."""


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(E)) v of (..., L, E) each.

    PyTorch's fused kernel has no rival on a GPU. On a CPU it is slow where there are few tokens and
    in half precision, backwards above all (benchmarks/attention_speed.py): written out
    there. The scores that are then kept are small in either case.
    """
    if q.device.type != "cpu" or (q.dtype == torch.float32 and q.shape[-2] > MANY_TOKENS):
        return functional.scaled_dot_product_attention(q, k, v)
    score = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
    return score.softmax(dim=-1) @ v


class Attention(nn.Module):
    """Multi-head self-attention along one axis, whatever the tokens are."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x_NLGC: Tensor) -> Tensor:
        """Attend along L: N sequences of L tokens, in G groups that never see each other.

        (N, L, G, C) -> (N, L, G, C). Groups take the place of heads, so that a layout whose
        tokens are not neighbours in memory (frames of a joint) needs no copy. For the same reason
        q, k and v are three products rather than slices of one.
        """
        num, length, groups, dim = x_NLGC.shape
        as_heads = (num, length, groups * self.num_heads, dim // self.num_heads)
        q, k, v = (
            functional.linear(x_NLGC, weight, bias).view(as_heads).transpose(1, 2)
            for weight, bias in zip(self.qkv.weight.chunk(3), self.qkv.bias.chunk(3), strict=True)
        )
        mixed = attend(q, k, v)
        return self.proj(mixed.transpose(1, 2).reshape(x_NLGC.shape))


class Mlp(nn.Module):
    """Two linear layers with GELU between."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., C)."""
        return self.fc2(functional.gelu(self.fc1(x)))


def fuse(gate: nn.Linear, st: Tensor, ts: Tensor) -> Tensor:
    """Weigh two streams (..., C) token by token with softmax(gate([st, ts])).

    A softmax of two is the logistic function of their difference, so one output is computed.
    """
    over_st, over_ts = (gate.weight[0] - gate.weight[1]).chunk(2)
    score = st @ over_st + ts @ over_ts + (gate.bias[0] - gate.bias[1])
    # Under autocast the score is half precision, the streams are not.
    return torch.lerp(ts, st, score.sigmoid().unsqueeze(-1).to(st.dtype))


def hidden_matrices(model: nn.Module) -> dict[Tensor, int]:
    """The weights between features of attentions and MLPs: what Muon is made for.

    Each with how many matrices it is, one below the other: q, k and v are kept as one.
    """
    inner = [module for module in model.modules() if isinstance(module, Attention | Mlp)]
    matrices = {p: 1 for module in inner for p in module.parameters() if p.ndim == 2}
    stacked = {module.qkv.weight: 3 for module in inner if isinstance(module, Attention)}
    return matrices | stacked
