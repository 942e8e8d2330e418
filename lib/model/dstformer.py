"""DSTformer: two streams of spatial and temporal attention over 17 joints (Zhu et al., ICCV 2023).

Parameter names are MotionBERT's, so its published weights load with every key matched.

Letters: B clips, T frames, J joints, C features (dim_feat), H heads, E = C / H features a head,
M pose streams.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from lib.config import check_range, configclass
from lib.errors import UserError
from lib.model.attention import LAYER_NORM_EPS, Attention, Mlp, fuse
from lib.model.output import coordinates
from lib.model.pose_stream import PoseStream, PoseStreamConfig, gives_guess
from lib.model.recompute import run
from lib.skeleton import JOINT, NUM_JOINTS

INIT_STD = 0.02
_ROOT = JOINT["root"]


@configclass
class DSTformerConfig:
    """Size of the backbone; the reference sizes are the full, lite, small and tiny configs."""

    dim_feat: int
    """C, features of a token inside the network; a multiple of num_heads."""
    dim_rep: int
    """Features of a joint's representation, the head's input."""
    depth: int
    """Layers; each has one block in either stream."""
    num_heads: int = 8
    mlp_ratio: float = 2.0
    """Hidden features of the MLPs over dim_feat."""
    dim_in: int = 3
    """Channels of the input: x, y in crop units and score."""
    dim_out: int = 3
    num_joints: int = NUM_JOINTS
    maxlen: int = 243
    """Longest clip in frames; shorter ones use the first temporal codes."""
    att_fuse: bool = True
    """Weigh the streams by learnt attention; False takes their mean."""
    pose_stream: PoseStreamConfig | None = None
    """Tokens of whole poses that the joint tokens start from; None = MotionBERT's DSTformer."""
    pos_embed_std: float = INIT_STD
    """Initial spread of the joint codes; small codes make joints hard to tell apart at first."""
    input_skip: bool = False
    """The output's x and y are the input's relative to the root, plus what the network adds."""

    def __post_init__(self) -> None:
        sizes = (self.dim_feat, self.dim_rep, self.depth, self.num_heads, self.dim_in, self.dim_out)
        if min(*sizes, self.num_joints, self.maxlen) < 1 or self.mlp_ratio <= 0:
            raise ValueError("every size of the model must be at least 1")
        check_range(self, 0, float("inf"), "pos_embed_std", is_open=True)
        if self.dim_feat % self.num_heads:
            raise ValueError(
                f"dim_feat {self.dim_feat} does not divide into num_heads {self.num_heads}"
            )
        if self.input_skip and (self.dim_in < 3 or self.dim_out < 2):
            raise ValueError("input_skip needs x, y and score in dim_in and x and y in dim_out")


def relative_xy(x_BTJC: Tensor, dim_out: int) -> Tensor:
    """The input's x and y relative to the root's, then zeros: (B, T, J, dim_in) -> (.., dim_out).

    0 where the joint or the root is not seen (score 0).
    """
    root = x_BTJC[:, :, _ROOT : _ROOT + 1]
    is_seen = (x_BTJC[..., 2:3] > 0) & (root[..., 2:3] > 0)
    xy = torch.where(is_seen, x_BTJC[..., :2] - root[..., :2], 0)
    return functional.pad(xy, (0, dim_out - 2))


class Block(nn.Module):
    """Pre-norm spatial (among the joints of a frame) and temporal (along a joint) attention."""

    def __init__(self, dim: int, num_heads: int, mlp_hidden: int) -> None:
        super().__init__()
        self.norm1_s = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.norm1_t = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.attn_s = Attention(dim, num_heads)
        self.attn_t = Attention(dim, num_heads)
        self.norm2_s = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.norm2_t = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.mlp_s = Mlp(dim, mlp_hidden)
        self.mlp_t = Mlp(dim, mlp_hidden)

    def spatial(self, x_BTJC: Tensor) -> Tensor:
        """One residual round of attention among the joints of each frame."""
        frames = x_BTJC.flatten(0, 1).unsqueeze(2)
        frames = frames + self.attn_s(self.norm1_s(frames))
        frames = frames + self.mlp_s(self.norm2_s(frames))
        return frames.view(x_BTJC.shape)

    def temporal(self, x_BTJC: Tensor) -> Tensor:
        """One residual round of attention along the frames of each joint."""
        x_BTJC = x_BTJC + self.attn_t(self.norm1_t(x_BTJC))
        return x_BTJC + self.mlp_t(self.norm2_t(x_BTJC))


class SpatialFirst(Block):
    """A block of the spatio-temporal stream."""

    def forward(self, x_BTJC: Tensor) -> Tensor:
        """(B, T, J, C) -> (B, T, J, C)."""
        return self.temporal(self.spatial(x_BTJC))


class TemporalFirst(Block):
    """A block of the temporo-spatial stream."""

    def forward(self, x_BTJC: Tensor) -> Tensor:
        """(B, T, J, C) -> (B, T, J, C)."""
        return self.spatial(self.temporal(x_BTJC))


class Representation(nn.Module):
    """MotionBERT's motion representation layer."""

    def __init__(self, dim: int, dim_rep: int) -> None:
        super().__init__()
        self.fc = nn.Linear(dim, dim_rep)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) -> (..., dim_rep), each in (-1, 1)."""
        return self.fc(x).tanh()


class DSTformer(nn.Module):
    """Maps 2D keypoints of a clip to a representation of each joint, and that to 3D.

    Of several pose streams the mean counts, but in training mode, where each is to be right by
    itself, outputs have M B rows: the B clips by the first stream, by the second and so on.
    """

    recompute: bool = False
    """Keep only what goes into each block and compute the block again in the backward pass:
    same gradients for far less memory and about a third more time. Of the run, not of the model."""
    stream_alone: bool = False
    """Leave the joint tokens out: the output is the pose stream's guess. As good as the whole while
    the head is still zero, which with a pose stream it is at first. Of the run as well."""

    def __init__(self, config: DSTformerConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim_feat
        sizes = (dim, config.num_heads, int(dim * config.mlp_ratio))
        self.joints_embed = nn.Linear(config.dim_in, dim)
        self.pos_embed = nn.Parameter(torch.zeros(1, config.num_joints, dim))
        self.temp_embed = nn.Parameter(torch.zeros(1, config.maxlen, 1, dim))
        if config.pose_stream is not None:
            dims = (config.dim_in, dim, config.dim_out)
            made = (config.pose_stream, config.num_joints, dims, config.maxlen)
            self.pose_stream = PoseStream(*made)
            # Apart from the first, so that one stream has the names it has always had.
            others = range(1, config.pose_stream.count)
            self.more_streams = nn.ModuleList(PoseStream(*made) for _ in others)
        self.blocks_st = nn.ModuleList(SpatialFirst(*sizes) for _ in range(config.depth))
        self.blocks_ts = nn.ModuleList(TemporalFirst(*sizes) for _ in range(config.depth))
        if config.att_fuse:
            self.ts_attn = nn.ModuleList(nn.Linear(2 * dim, 2) for _ in range(config.depth))
        self.norm = nn.LayerNorm(dim, eps=LAYER_NORM_EPS)
        self.pre_logits = Representation(dim, config.dim_rep)
        self.head = nn.Linear(config.dim_rep, config.dim_out)
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=INIT_STD)
                nn.init.zeros_(module.bias)
        nn.init.trunc_normal_(self.temp_embed, std=INIT_STD)
        std = self.config.pos_embed_std
        nn.init.trunc_normal_(self.pos_embed, std=std, a=-2 * std, b=2 * std)
        if self.config.pose_stream is not None:  # the joint tokens add to its guess what they learn
            nn.init.zeros_(self.head.weight)
        if self.config.att_fuse:
            for gate in self.ts_attn:  # equal shares at the start
                nn.init.zeros_(gate.weight)
                nn.init.constant_(gate.bias, 0.5)

    def _check_input(self, x: Tensor) -> None:
        joints, channels = self.config.num_joints, self.config.dim_in
        if x.ndim != 4 or x.shape[2:] != (joints, channels):
            raise ValueError(
                f"input has shape {tuple(x.shape)}, expected (clips, frames, {joints}, {channels})"
            )
        if x.shape[1] > self.config.maxlen:
            raise UserError(
                f"clip of {x.shape[1]} frames, but the model takes up to maxlen = "
                f"{self.config.maxlen}; cut it into windows or train with a larger maxlen"
            )

    def get_representation(self, x_BTJC: Tensor) -> Tensor:
        """(B, T, J, dim_in) with T <= maxlen -> (B, T, J, dim_rep). Raises ValueError."""
        return self._represent(x_BTJC)[0]

    @property
    def streams(self) -> list[PoseStream]:
        """All pose streams; [] for MotionBERT's DSTformer."""
        return [] if self.config.pose_stream is None else [self.pose_stream, *self.more_streams]

    def _represent(self, x_BTJC: Tensor) -> tuple[Tensor, Tensor | None]:
        """(B, T, J, dim_rep), and if there are pose streams their guesses of the output
        (M, B, T, J, dim_out)."""
        self._check_input(x_BTJC)
        codes = self.pos_embed + self.temp_embed[:, : x_BTJC.shape[1]]
        x, guess = self.joints_embed(x_BTJC) + codes, None
        if self.config.pose_stream is not None:
            tokens, guesses = zip(*(stream(x_BTJC) for stream in self.streams), strict=True)
            x, guess = x + torch.stack(tokens).mean(0), torch.stack(guesses)
        for i_layer in range(self.config.depth):
            st, ts = (run(s[i_layer], x, self.recompute) for s in (self.blocks_st, self.blocks_ts))
            x = fuse(self.ts_attn[i_layer], st, ts) if self.config.att_fuse else (st + ts) / 2
        return self.pre_logits(self.norm(x)), guess

    def parameters_of_guess(self) -> list[nn.Parameter]:
        """What `stream_alone` moves."""
        return [p for name, p in self.named_parameters() if gives_guess(name)]

    def forward(self, x_BTJC: Tensor) -> Tensor:
        """(B, T, J, dim_in) with T <= maxlen -> (B, T, J, dim_out), in training mode
        (M B, T, J, dim_out). Raises ValueError."""
        output_MBTJC = self.answers(x_BTJC)
        return output_MBTJC.flatten(0, 1) if self.training else output_MBTJC.mean(0)

    def answers(self, x_BTJC: Tensor) -> Tensor:
        """(M, B, T, J, dim_out), the output by each pose stream, of which none is as one. Raises
        ValueError."""
        if self.stream_alone:
            self._check_input(x_BTJC)
            output = torch.stack([stream.guess(x_BTJC) for stream in self.streams])
        else:
            rep, guess = self._represent(x_BTJC)
            output = coordinates(self.head, rep).unsqueeze(0)
            output = output if guess is None else output + guess
        if self.config.input_skip:
            output = output + relative_xy(x_BTJC, self.config.dim_out)
        return output
