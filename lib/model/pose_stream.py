"""Tokens of whole poses: a small transformer over time that the joint tokens start from.

A joint token knows one point, so a DSTformer needs long to learn what a body is. A token of all
joints of a few frames knows at once, and there are few of them. What this stream finds is added to
the embedded joints, and its own guess of the 3D pose to the head's.

Letters: B clips, T frames, J joints, K frames a token, L = ceil(T / K) tokens, D features of one,
M streams.
"""

import re

import torch
from torch import Tensor, nn
from torch.nn import functional

from lib.config import configclass
from lib.model.attention import LAYER_NORM_EPS, Attention, Mlp
from lib.model.output import coordinates
from lib.model.recompute import run

HEAD_DIM = 32
MLP_RATIO = 4
# As a DSTformer names them: the first one, so that one stream has the names it has always had, and
# the others.
_STREAM = r"(pose_stream|more_streams\.(\d+))\."
_STREAM_OF = re.compile(_STREAM)
_HEAD = re.compile(rf"head\.|{_STREAM}to_pose\.")
_GUESS = re.compile(rf"{_STREAM}(?!to_tokens\.)")


def gives_output(name: str) -> bool:
    """Whether a DSTformer's parameter is part of what turns features into the output."""
    return bool(_HEAD.match(name))


def gives_guess(name: str) -> bool:
    """Whether a DSTformer's parameter is part of what the pose streams guess the output by."""
    return bool(_GUESS.match(name))


def number_of_stream(name: str) -> int:
    """Which pose stream, 0-based, a DSTformer's parameter is of; 0 for all other parameters."""
    found = _STREAM_OF.match(name)
    return int(found[2]) + 1 if found and found[2] else 0


@configclass
class PoseStreamConfig:
    """Size of the stream."""

    dim: int
    """D, features of a token; a multiple of 32, which is what a head has."""
    depth: int
    frames: int = 3
    """K, frames in a token."""
    count: int = 1
    """M, streams of this size beside each other, which differ in their first weights alone. Each
    learns to be right by itself, and their mean usually is more so (deep ensembles,
    Lakshminarayanan et al. 2017)."""

    def __post_init__(self) -> None:
        if min(self.dim, self.depth, self.frames, self.count) < 1:
            raise ValueError("every size of the pose stream must be at least 1")
        if self.dim % HEAD_DIM:
            raise ValueError(f"pose_stream.dim {self.dim} is no multiple of {HEAD_DIM}")


class _Layer(nn.Module):
    """Pre-norm attention along time and an MLP."""

    def __init__(self, config: PoseStreamConfig) -> None:
        super().__init__()
        dim = config.dim
        self.norm1 = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.attn = Attention(dim, dim // HEAD_DIM)
        self.norm2 = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.mlp = Mlp(dim, MLP_RATIO * dim)

    def forward(self, x_BL1D: Tensor) -> Tensor:
        x_BL1D = x_BL1D + self.attn(self.norm1(x_BL1D))
        return x_BL1D + self.mlp(self.norm2(x_BL1D))


class PoseStream(nn.Module):
    """2D clip -> what to add to each joint's token, and a first guess of its 3D."""

    recompute: bool = False
    """Keep only what goes into each layer, as a DSTformer does of its blocks. Of the run."""

    def __init__(
        self, config: PoseStreamConfig, num_joints: int, ends: tuple[int, int, int], maxlen: int
    ) -> None:
        """ends: channels of the input, of a joint token, and of the output."""
        super().__init__()
        self.config, self.num_joints = config, num_joints
        dim_in, self.dim_token, self.dim_out = ends
        per_token = config.frames * num_joints
        self.embed = nn.Linear(per_token * dim_in, config.dim)
        self.time_embed = nn.Parameter(torch.zeros(1, -(-maxlen // config.frames), 1, config.dim))
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.dim, eps=LAYER_NORM_EPS)
        self.to_tokens = nn.Linear(config.dim, per_token * self.dim_token)
        self.to_pose = nn.Linear(config.dim, per_token * self.dim_out)

    def forward(self, x_BTJC: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, J, dim_in) -> (B, T, J, dim_token) and (B, T, J, dim_out).

        T that is no multiple of K is filled with frames in which nothing is seen.
        """
        x, num_frames = self._poses(x_BTJC), x_BTJC.shape[1]
        return (
            self._per_joint(self.to_tokens(x), self.dim_token)[:, :num_frames],
            self._per_joint(coordinates(self.to_pose, x), self.dim_out)[:, :num_frames],
        )

    def guess(self, x_BTJC: Tensor) -> Tensor:
        """The second of `forward` alone."""
        pose = self._per_joint(coordinates(self.to_pose, self._poses(x_BTJC)), self.dim_out)
        return pose[:, : x_BTJC.shape[1]]

    def _poses(self, x_BTJC: Tensor) -> Tensor:
        """(B, L, D) tokens after the last layer."""
        num_frames, k = x_BTJC.shape[1], self.config.frames
        x = functional.pad(x_BTJC.flatten(2), (0, 0, 0, -num_frames % k))
        x = self.embed(x.unflatten(1, (-1, k)).flatten(2)).unsqueeze(2)
        x = x + self.time_embed[:, : x.shape[1]]
        for layer in self.layers:
            x = run(layer, x, self.recompute)
        return self.norm(x).squeeze(2)

    def _per_joint(self, x_BLN: Tensor, dim: int) -> Tensor:
        """(B, L, K J dim) -> (B, L K, J, dim)."""
        return x_BLN.unflatten(2, (self.config.frames, self.num_joints, dim)).flatten(1, 2)
