"""The reference design, plainly restated: what this project's speed is measured against.

Written from the formulas of the paper (Zhu et al., ICCV 2023) and of the golden files, without
any care for speed: attention with its scores materialised and an explicit softmax, one qkv product
that is then split, both fusion weights by softmax, float32, a file a clip, all seven losses in
every step, and each loss fetched by `.item()`. It is held to the golden files at 1e-9.

Letters: B clips, T frames, J joints, C features, H heads, E = C / H.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from lib.model.dstformer import DSTformerConfig
from lib.skeleton import BONE_INDEX

_EPS = 1e-6
_PARENT = [parent for parent, _ in BONE_INDEX]
_CHILD = [child for _, child in BONE_INDEX]
_ANGLES = (
    (0, 3), (0, 6), (3, 6), (0, 1), (1, 2), (3, 4), (4, 5), (6, 7), (7, 10), (7, 13), (8, 13),
    (10, 13), (7, 8), (8, 9), (10, 11), (11, 12), (13, 14), (14, 15),
)  # fmt: skip
"""Pairs of limbs, as places in the list of bones."""
WEIGHTS = {
    "position": 1.0, "scale": 0.5, "velocity": 20.0, "limb_variance": 0.0, "limb_length": 0.0,
    "angle": 0.0, "angular_velocity": 0.0,
}  # fmt: skip


class Attention(nn.Module):
    """softmax(q k^T / sqrt(E)) v along the last axis but one of (B, ..., L, C)."""

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, G, L, C) -> (B, G, L, C), each of the G groups on its own."""
        b, g, length, dim = x.shape
        split = self.qkv(x).reshape(b, g, length, 3, self.num_heads, dim // self.num_heads)
        q, k, v = split.permute(3, 0, 1, 4, 2, 5)
        score = q @ k.transpose(-2, -1) * (dim // self.num_heads) ** -0.5
        mixed = score.softmax(dim=-1) @ v
        return self.proj(mixed.transpose(2, 3).reshape(b, g, length, dim))


class Mlp(nn.Module):
    """Linear, GELU, Linear."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., C)."""
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    """Spatial then temporal attention, or the other way round, each with its MLP."""

    def __init__(self, dim: int, num_heads: int, hidden: int, is_spatial_first: bool) -> None:
        super().__init__()
        self.order = "st" if is_spatial_first else "ts"
        for axis in "st":
            setattr(self, f"norm1_{axis}", nn.LayerNorm(dim, eps=_EPS))
            setattr(self, f"norm2_{axis}", nn.LayerNorm(dim, eps=_EPS))
            setattr(self, f"attn_{axis}", Attention(dim, num_heads))
            setattr(self, f"mlp_{axis}", Mlp(dim, hidden))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, J, C) -> (B, T, J, C)."""
        for axis in self.order:
            norm1, norm2 = getattr(self, f"norm1_{axis}"), getattr(self, f"norm2_{axis}")
            attend, mlp = getattr(self, f"attn_{axis}"), getattr(self, f"mlp_{axis}")
            normed = norm1(x)
            if axis == "t":
                mixed = attend(normed.transpose(1, 2)).transpose(1, 2)
            else:
                mixed = attend(normed)
            x = x + mixed
            x = x + mlp(norm2(x))
        return x


class ReferenceDSTformer(nn.Module):
    """The whole network; parameters are named as in `lib.model.dstformer.DSTformer`."""

    def __init__(self, config: DSTformerConfig) -> None:
        super().__init__()
        dim, depth = config.dim_feat, config.depth
        sizes = (dim, config.num_heads, int(dim * config.mlp_ratio))
        self.joints_embed = nn.Linear(config.dim_in, dim)
        self.pos_embed = nn.Parameter(torch.zeros(1, config.num_joints, dim))
        self.temp_embed = nn.Parameter(torch.zeros(1, config.maxlen, 1, dim))
        self.blocks_st = nn.ModuleList(Block(*sizes, True) for _ in range(depth))
        self.blocks_ts = nn.ModuleList(Block(*sizes, False) for _ in range(depth))
        self.ts_attn = nn.ModuleList(nn.Linear(2 * dim, 2) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, eps=_EPS)
        self.pre_logits = nn.ModuleDict({"fc": nn.Linear(dim, config.dim_rep)})
        self.head = nn.Linear(config.dim_rep, config.dim_out)

    def get_representation(self, x: Tensor) -> Tensor:
        """(B, T, J, dim_in) -> (B, T, J, dim_rep)."""
        x = self.joints_embed(x) + self.pos_embed + self.temp_embed[:, : x.shape[1]]
        for st_block, ts_block, gate in zip(
            self.blocks_st, self.blocks_ts, self.ts_attn, strict=True
        ):
            st, ts = st_block(x), ts_block(x)
            share = gate(torch.cat([st, ts], dim=-1)).softmax(dim=-1)
            x = st * share[..., :1] + ts * share[..., 1:]
        return torch.tanh(self.pre_logits["fc"](self.norm(x)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, J, dim_in) -> (B, T, J, dim_out)."""
        return self.head(self.get_representation(x))


def _limbs(x: Tensor) -> Tensor:
    return x[:, :, _PARENT] - x[:, :, _CHILD]


def _lengths(x: Tensor) -> Tensor:
    return torch.norm(_limbs(x), dim=-1)


def _angles(x: Tensor) -> Tensor:
    limbs = _limbs(x)
    first, second = zip(*_ANGLES, strict=True)
    cosine = torch.cosine_similarity(limbs[:, :, list(first)], limbs[:, :, list(second)], dim=-1)
    return torch.acos(cosine.clamp(-1 + 1e-7, 1 - 1e-7))


def all_losses(pred: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """The seven losses of (B, T, 17, 3), unweighted, every joint counted."""
    factor = (truth * pred).sum((2, 3), keepdim=True) / (pred**2).sum((2, 3), keepdim=True)
    speed, true_speed = pred[:, 1:] - pred[:, :-1], truth[:, 1:] - truth[:, :-1]
    turn, true_turn = _angles(pred), _angles(truth)
    swing = (turn[:, 1:] - turn[:, :-1]) - (true_turn[:, 1:] - true_turn[:, :-1])
    return {
        "position": torch.norm(pred - truth, dim=-1).mean(),
        "scale": torch.norm(factor * pred - truth, dim=-1).mean(),
        "velocity": torch.norm(speed - true_speed, dim=-1).mean(),
        "limb_variance": _lengths(pred).var(dim=1).mean(),
        "limb_length": (_lengths(pred) - _lengths(truth)).abs().mean(),
        "angle": (turn - true_turn).abs().mean(),
        "angular_velocity": swing.abs().mean(),
    }


def write_clips(folder: Path, x: np.ndarray, y: np.ndarray) -> list[Path]:
    """One npy file a clip of x and y (N, T, 17, 3)."""
    paths = [folder / f"{i:08d}.npy" for i in range(len(x))]
    for path, *pair in zip(paths, x, y, strict=True):
        np.save(path, np.stack(pair))
    return paths


def train_step(
    model: nn.Module, optimizer: torch.optim.Optimizer, paths: list[Path]
) -> dict[str, float]:
    """One step on a batch read from clip files; returns every loss as a number."""
    device = next(model.parameters()).device
    batch = torch.from_numpy(np.stack([np.load(path) for path in paths])).to(device)
    losses = all_losses(model(batch[:, 0]), batch[:, 1])
    total = sum(WEIGHTS[name] * loss for name, loss in losses.items())
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
    return {name: loss.item() for name, loss in losses.items()}
