"""Files as MotionBERT and the first PerfectRep write them, with small random weights."""

from pathlib import Path

import numpy as np
import torch

from lib.model.action import ActionConfig, ActionNet
from lib.model.dstformer import DSTformer, DSTformerConfig

SIZES = {
    "dim_feat": 16, "dim_rep": 24, "depth": 2, "num_heads": 8, "mlp_ratio": 1.5, "maxlen": 12,
}  # fmt: skip
HEAD = {"num_classes": 3, "hidden_dim": 8}


def beside(model: torch.nn.Module, score: str) -> dict:
    """What their scripts save beside the weights; the score is a numpy number."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=0.01)
    return {
        "epoch": 7, "lr": 0.00047, "optimizer": optimizer.state_dict(),
        score: np.mean([37.5, 37.7]),
    }  # fmt: skip


def prefixed(state: dict) -> dict:
    """As DataParallel names them."""
    return {f"module.{name}": value for name, value in state.items()}


def save_lifter(path: Path, **changes) -> dict:
    """A best_epoch.bin of train.py; returns the bare weights."""
    model = DSTformer(DSTformerConfig(**SIZES | changes))
    state = model.state_dict()
    torch.save(beside(model, "min_loss") | {"model_pos": prefixed(state)}, path)
    return state


def save_classifier(path: Path, **changes) -> dict:
    """A best_epoch.bin of train_action.py; returns the bare weights."""
    model = ActionNet(DSTformer(DSTformerConfig(**SIZES)), ActionConfig(**HEAD | changes))
    state = model.state_dict()
    torch.save(beside(model, "best_acc") | {"model": prefixed(state)}, path)
    return state
