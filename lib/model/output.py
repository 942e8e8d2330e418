"""The layers that give coordinates, in float32 whatever the rest of a network runs in.

A coordinate of 0.8 m has steps of 4 mm in bfloat16: a body that moves by a millimetre a frame would
stand still in three frames of four and jump in the fourth, and no weights could mend its velocity.
"""

import torch
from torch import Tensor, nn


def coordinates(layer: nn.Linear, x: Tensor) -> Tensor:
    """(..., R) -> (..., dim_out) as exact as the layer's weights, under autocast as well."""
    with torch.autocast(x.device.type, enabled=False):
        return layer(x.to(layer.weight.dtype))
