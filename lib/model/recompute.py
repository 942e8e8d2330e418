"""Activations computed again in the backward pass instead of kept."""

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def run(block: nn.Module, x: Tensor, is_recomputed: bool) -> Tensor:
    """block(x); if recomputed, only x is kept. Nothing in the block may be random."""
    if is_recomputed and torch.is_grad_enabled():
        return checkpoint(block, x, use_reentrant=False, preserve_rng_state=False)
    return block(x)
