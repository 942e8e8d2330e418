"""Which exercise a track of keypoints shows.

N windows, T frames, J = 17 joints.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from lib.config import build
from lib.data.clips import window_starts
from lib.errors import UserError
from lib.infer.source import config_part, device_of, evaluating
from lib.infer.track import segments
from lib.model.action import ActionConfig, ActionNet
from lib.model.checkpoint import load_checkpoint, load_weights
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.pose import Pose2D

WINDOWS_PER_BATCH = 16
CONVINCED = 0.5
"""Probability from which an answer counts."""
SURELY_NONE = 0.9
"""Certainty of the motion's rules from which a movement is none of the exercises."""


class Classifier:
    """A trained network together with its classes and the clips it was trained on."""

    def __init__(
        self, model: nn.Module, classes: list[str], *, clip_len: int, frame_step: int, fps: float
    ) -> None:
        """model maps (N, 1, T, 17, 3) to logits (N, classes).

        A clip spans clip_len frames at `fps`, of which every frame_step-th is fed.
        """
        self.model, self.classes = model, classes
        self.window, self.fps = -(-clip_len // frame_step), fps / frame_step

    @classmethod
    def from_checkpoint(cls, path: str | Path, device: str = "cpu") -> "Classifier":
        """Read an action checkpoint; its config says everything. Raises UserError."""
        checkpoint = load_checkpoint(path, device)
        if checkpoint.kind != "action":
            raise UserError(f"{path}: holds a model for '{checkpoint.kind}'; give an action one")
        backbone = build(DSTformerConfig, config_part(checkpoint, "model", path), str(path))
        head = build(ActionConfig, config_part(checkpoint, "head", path), str(path))
        classes = config_part(checkpoint, "classes", path)
        if not isinstance(classes, list) or len(classes) != head.num_classes:
            raise UserError(
                f"{path}: names {classes} for {head.num_classes} classes; train it again"
            )
        model = ActionNet(DSTformer(backbone), head)
        load_weights(model, checkpoint.model, path)
        clip = {
            name: config_part(checkpoint, f"data.{name}", path)
            for name in ("clip_len", "frame_step", "fps")
        }
        return cls(model.to(device).eval(), classes, **clip)

    def classify(self, pose: Pose2D) -> dict[str, float]:
        """Probability of each class, averaged over overlapping windows of the whole track.

        Raises UserError when nobody is seen.
        """
        probabilities, weights = [], []
        with evaluating(self.model):
            for piece in segments(pose, self.fps):
                length = min(self.window, len(piece.time_s))
                starts = window_starts(len(piece.time_s), length, max(length // 2, 1))
                clips = [piece.clip(np.arange(start, start + length)) for start in starts]
                probabilities.append(self._answer(np.stack(clips)))
                weights.append(np.full(len(clips), float(length)))
        mean = np.average(np.concatenate(probabilities), axis=0, weights=np.concatenate(weights))
        return dict(zip(self.classes, mean.tolist(), strict=True))

    @torch.inference_mode()
    def _answer(self, x_NTJC: np.ndarray) -> np.ndarray:
        """(N, classes) probabilities."""
        x = torch.from_numpy(x_NTJC).to(device_of(self.model))[:, None]
        logits = [self.model(batch) for batch in x.split(WINDOWS_PER_BATCH)]
        return torch.cat(logits).softmax(-1).cpu().double().numpy()


def choose_exercise(
    probability: dict[str, float], known: list[str], looks_like: str, certainty: float
) -> tuple[str | None, str, float]:
    """Name, source and confidence of the exercise, from the network and from the motion's rules.

    probability: the network's answer; only names in `known` count, from 0.5 upwards.
    looks_like, certainty: what the rules make of the lifted motion. They win where the network
    is not convinced, and where they are sure of an exercise that it was never taught or of none:
    the network has no class for the rest of the world and is just as sure there. (None,
    'heuristic', certainty) leaves the choice to them; other contradictions are the report's to
    warn of.
    """
    best = max(probability, key=lambda name: probability[name], default="")
    is_convinced = best in known and probability[best] >= CONVINCED
    is_untaught = looks_like in known and looks_like not in probability and certainty >= CONVINCED
    is_none = looks_like not in known and certainty >= SURELY_NONE
    if not is_convinced or is_untaught or is_none:
        return None, "heuristic", certainty
    return best, "classifier", probability[best]


def overruled(probability: dict[str, float], chosen: str | None, looks_like: str) -> str | None:
    """What to tell the user where the rules made nothing of what the network named; else None."""
    best = max(probability, key=lambda name: probability[name], default="")
    if chosen is not None or looks_like == best or probability.get(best, 0) < CONVINCED:
        return None
    return (
        f"The classifier's guess was {best}, but the movement does not look like it, so it was "
        f"not followed; --exercise {best} counts it as one."
    )
