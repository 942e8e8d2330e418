"""The classification task: which exercise a clip shows."""

import math
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from lib.config import check_range, configclass
from lib.data.action_clips import ActionClipConfig, ActionClips
from lib.data.augment import AugmentConfig
from lib.data.datasets import Batch
from lib.data.mix import Mix, Part
from lib.data.noise import NoiseConfig
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.errors import UserError
from lib.infer.classify import Classifier
from lib.model.action import ActionConfig, ActionNet
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.train.confusion import confusion_picture
from lib.train.evaluation import EvalConfig, evaluation_poses
from lib.train.lifting import check_network
from lib.train.optim import OptimConfig, ParameterGroup
from lib.train.trainer import TrainConfig


@configclass
class ActionRunConfig:
    """Everything of a classification run."""

    model: DSTformerConfig
    head: ActionConfig
    classes: list[str]
    """Exact names of Fit3D actions; their order is the order of the logits."""
    data: ActionClipConfig
    sources: list[SourceConfig]
    eval: EvalConfig
    augment: AugmentConfig = AugmentConfig()
    noise: NoiseConfig | None = None
    camera: RandomCameraConfig = RandomCameraConfig()
    optim: OptimConfig = OptimConfig(lr=1e-3)
    train: TrainConfig = TrainConfig()
    backbone_factor: float = 0.1
    """Learning rate of the backbone over the head's."""
    reset_head: bool = False
    """Start the head anew when -p names a classifier."""
    run: str = "checkpoint/action"

    def __post_init__(self) -> None:
        if self.head.num_classes != len(self.classes):
            raise ValueError(
                f"head.num_classes is {self.head.num_classes}, but classes has {len(self.classes)}"
            )
        check_range(self, 0, math.inf, "backbone_factor")
        check_network(self.model, self.data.num_frames)


class ActionTask:
    """Name the exercise of a clip."""

    kind = "action"
    score_name = "sequence_top1_percent"
    is_lower_better = False

    def __init__(self, config: ActionRunConfig) -> None:
        self.config = config
        self.model = ActionNet(DSTformer(config.model), config.head)
        self.confusion = np.zeros((len(config.classes),) * 2, int)

    @cached_property
    def train_data(self) -> Mix:
        """Read only when there is training to do."""
        config = self.config
        clips = ActionClips(
            config.sources, config.data, config.classes, config.augment, config.noise,
            config.camera, config.train.seed,
        )  # fmt: skip
        if len(clips) < 2:
            raise UserError("classification needs two clips or more to train on")
        return Mix([Part("clips", clips)])

    def groups(self) -> list[ParameterGroup]:
        """The head at the full rate, the backbone at backbone_factor times it."""
        # The lifting head at the backbone's end takes no part.
        idle = {id(p) for p in self.model.backbone.head.parameters()}
        backbone = [p for p in self.model.backbone.parameters() if id(p) not in idle]
        return [
            ParameterGroup("backbone", backbone, self.config.backbone_factor),
            ParameterGroup("head", list(self.model.head.parameters()), 1.0),
        ]

    def counts(self, batch: Batch, epoch: int) -> dict[str, torch.Tensor]:
        """How many clips have a class."""
        return {"cross_entropy": (batch.label >= 0).sum()}

    def losses(
        self, network: torch.nn.Module, batch: Batch, epoch: int, counts: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Cross-entropy of one person's clip."""
        logits = network(batch.x[:, None]).float()
        total = functional.cross_entropy(logits, batch.label, ignore_index=-1, reduction="sum")
        return {"cross_entropy": total / counts["cross_entropy"].clamp(min=1)}

    def evaluate(self) -> dict[str, float]:
        """Share of sequences named right, percent, and mean probability of the true class."""
        config, data = self.config, self.config.data
        classifier = Classifier(
            self.model, config.classes, clip_len=data.clip_len, frame_step=data.frame_step,
            fps=data.fps,
        )  # fmt: skip
        self.confusion[:] = 0
        truth_probability = []
        sequences: Any = evaluation_poses(config.eval, config.noise, config.camera)
        for store, i, pose, _ in sequences:
            action = store.sequences[i].action
            if action not in config.classes:
                continue
            probability = classifier.classify(pose)
            named = max(probability, key=probability.__getitem__)
            self.confusion[config.classes.index(action), config.classes.index(named)] += 1
            truth_probability.append(probability[action])
        if not truth_probability:
            raise UserError("eval: no sequence of the classes; check eval.sources")
        return {
            "sequence_top1_percent": 100 * float(np.trace(self.confusion) / self.confusion.sum()),
            "true_class_probability": float(np.mean(truth_probability)),
        }

    def pictures(self) -> dict[str, np.ndarray]:
        """The last evaluation's confusion matrix."""
        return {"confusion": confusion_picture(self.confusion, self.config.classes)}
