"""What a DSTformer costs: parameters, floating-point operations, memory kept for backward.

Letters: T frames, J joints, C = dim_feat, R = dim_rep, D = depth, M = mlp_ratio.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from lib.model.dstformer import DSTformerConfig
from lib.model.pose_stream import MLP_RATIO

TRAIN_OVER_FORWARD = 3
"""A train step over a forward pass: backward computes two products for each one of forward."""


def count_parameters(model: nn.Module) -> int:
    """Numbers that are learnt."""
    return sum(p.numel() for p in model.parameters())


def forward_flops(config: DSTformerConfig, num_frames: int) -> int:
    """Floating-point operations of one clip's forward pass, 2 for each multiply-add.

    Matrix products alone, over N = T J tokens:

        linears of the blocks   2 N (4 C^2 + 2 C MC) for each of 4 D attentions with their MLP
        attention               4 N J C in space, 4 N T C in time, 2 D of either
        fusion                  2 N 2C a layer (a softmax of two needs one product)
        ends                    2 N (dim_in C + C R + R dim_out)
    """
    dim, joints, depth = config.dim_feat, config.num_joints, config.depth
    hidden = int(dim * config.mlp_ratio)
    linears = 4 * depth * 2 * (4 * dim**2 + 2 * dim * hidden)
    attention = 2 * depth * 4 * (joints + num_frames) * dim
    fusion = depth * 4 * dim if config.att_fuse else 0
    ends = 2 * (config.dim_in * dim + dim * config.dim_rep + config.dim_rep * config.dim_out)
    flops = num_frames * joints * (linears + attention + fusion + ends)
    return flops if config.pose_stream is None else flops + _stream_flops(config, num_frames)


def _stream_flops(config: DSTformerConfig, num_frames: int) -> int:
    """Of L = ceil(T / K) tokens of K poses with D features, for each of the streams:

    layers   2 L (4 D^2 + 2 D 4D) + 4 L^2 D each
    ends     2 L K J D (dim_in + C + dim_out)
    """
    stream = config.pose_stream
    assert stream is not None
    dim, per_token = stream.dim, stream.frames * config.num_joints
    length = -(-num_frames // stream.frames)
    layer = 2 * (4 + 2 * MLP_RATIO) * dim**2 + 4 * length * dim
    ends = 2 * per_token * dim * (config.dim_in + config.dim_feat + config.dim_out)
    return stream.count * length * (stream.depth * layer + ends)


def saved_bytes(model: nn.Module, forward: Callable[[], Tensor]) -> int:
    """Bytes that `forward()` keeps for the backward pass beside the model's own tensors.

    Measured by running it; memory that several operations keep counts once.
    """
    seen = {t.untyped_storage().data_ptr() for t in model.state_dict().values()}
    total = 0

    def keep(tensor: Tensor) -> Tensor:
        nonlocal total
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in seen:
            seen.add(storage.data_ptr())
            total += storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        result = forward()
    del result  # not before: freed memory could come back under a known address
    return total
