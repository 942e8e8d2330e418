"""Small networks with random weights, saved as real checkpoints."""

from pathlib import Path

import torch

from lib.model.action import ActionConfig, ActionNet
from lib.model.checkpoint import Checkpoint, save_checkpoint
from lib.model.dstformer import DSTformer, DSTformerConfig

MODEL = {"dim_feat": 16, "dim_rep": 16, "depth": 1, "num_heads": 2, "maxlen": 27}
HEAD = {"num_classes": 3, "hidden_dim": 8}
CLASSES = ["squat", "deadlift", "pushup"]


def save_lifter(path: Path, seed: int = 0, **changes) -> Path:
    """A lifter of 27 frames at 50 fps; changes replace parts of its config."""
    torch.manual_seed(seed)
    config = {"model": MODEL, "data": {"clip_len": 27, "fps": 50.0}} | changes
    model = DSTformer(DSTformerConfig(**MODEL))
    save_checkpoint(path, Checkpoint("lifting", config, model.state_dict()))
    return path


def save_classifier(path: Path, seed: int = 0, **changes) -> Path:
    """A classifier that sees 27 frames out of 81 at 50 fps."""
    torch.manual_seed(seed)
    data = {"clip_len": 81, "frame_step": 3, "fps": 50.0}
    config = {"model": MODEL, "head": HEAD, "classes": CLASSES, "data": data} | changes
    model = ActionNet(DSTformer(DSTformerConfig(**MODEL)), ActionConfig(**HEAD))
    save_checkpoint(path, Checkpoint("action", config, model.state_dict()))
    return path
