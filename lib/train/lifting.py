"""The 2D-to-3D task, shared by pretraining and finetuning; they differ in their config only."""

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import torch

from lib.config import check_range, configclass
from lib.data.augment import AugmentConfig
from lib.data.datasets import Batch, ClipConfig, LiftingClips
from lib.data.mix import Mix, Part
from lib.data.noise import NoiseConfig
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.draw import compare_picture
from lib.infer.lift import Lifter
from lib.model import losses
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.train.evaluation import EvalConfig, evaluate_lifter, evaluation_poses
from lib.train.optim import OptimConfig, ParameterGroup
from lib.train.trainer import TrainConfig


def check_network(model: DSTformerConfig, num_frames: int) -> None:
    """The network takes clips of num_frames with 3 channels and gives 3. Raises ValueError."""
    for name in ("dim_in", "dim_out"):
        if getattr(model, name) != 3:
            raise ValueError(
                f"model.{name} is {getattr(model, name)}, but training feeds x, y and score and "
                "expects x, y and z: it must be 3"
            )
    if num_frames > model.maxlen:
        raise ValueError(
            f"clips of {num_frames} frames, but model.maxlen is {model.maxlen}: raise it or "
            "shorten data.clip_len"
        )


@configclass
class LossWeights:
    """Weights of the loss terms; a term with weight 0 is not computed."""

    position: float = 1.0
    scale: float = 0.5
    velocity: float = 20.0
    limb_variance: float = 0.0
    limb_length: float = 0.0
    angle: float = 0.0
    angular_velocity: float = 0.0


@configclass
class LiftingConfig:
    """Everything of a lifting run."""

    model: DSTformerConfig
    data: ClipConfig
    sources: list[SourceConfig]
    eval: EvalConfig
    augment: AugmentConfig = AugmentConfig()
    noise: NoiseConfig | None = None
    """Detector noise; absent = perfect 2D."""
    camera: RandomCameraConfig = RandomCameraConfig()
    loss: LossWeights = LossWeights()
    optim: OptimConfig = OptimConfig()
    train: TrainConfig = TrainConfig()
    backbone_factor: float = 1.0
    """Learning rate of the backbone over the head's (finetuning: 0.1)."""
    reset_head: bool | None = None
    """Start the head anew when weights are loaded with -p; absent: MotionBERT's only."""
    run: str = "checkpoint/lifting"
    """Run folder."""

    def __post_init__(self) -> None:
        check_range(self, 0, math.inf, "backbone_factor")
        check_network(self.model, self.data.clip_len)


_WITH_TIME = {"velocity", "angular_velocity"}


class LiftingTask:
    """Predict root-relative camera metres from 2D."""

    kind = "lifting"
    score_name = "mpjpe_mm"
    is_lower_better = True

    def __init__(self, config: LiftingConfig) -> None:
        self.config = config
        self.model = DSTformer(config.model)

    @cached_property
    def train_data(self) -> Mix:
        """Read only when there is training to do."""
        config = self.config
        clips = LiftingClips(
            config.sources, config.data, config.augment, config.noise, config.camera,
            config.train.seed,
        )  # fmt: skip
        return Mix([Part("3d", clips)])

    def groups(self) -> list[ParameterGroup]:
        """The head at the full rate, all else at backbone_factor times it."""
        head = list(self.model.head.parameters())
        ids = {id(p) for p in head}
        backbone = [p for p in self.model.parameters() if id(p) not in ids]
        return [
            ParameterGroup("backbone", backbone, self.config.backbone_factor),
            ParameterGroup("head", head, 1.0),
        ]

    def _weights(self) -> dict[str, float]:
        """Terms to compute and their weights."""
        return {name: weight for name, weight in vars(self.config.loss).items() if weight}

    def counts(self, batch: Batch, epoch: int) -> dict[str, torch.Tensor]:
        """What each term divides by."""
        return {name: losses.count(name, batch.valid) for name in self._weights()}

    def losses(
        self, network: torch.nn.Module, batch: Batch, epoch: int, counts: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Weighted terms of LossWeights that are not 0."""
        pred = network(batch.x).float()
        dt = losses.frame_interval(self.config.data.fps)
        terms = {}
        for name, weight in self._weights().items():
            extra = {"dt": dt} if name in _WITH_TIME else {}
            loss = getattr(losses, name)
            terms[name] = weight * loss(pred, batch.y, batch.valid, count=counts[name], **extra)
        return terms

    def lifter(self) -> Lifter:
        """The current weights as the lifter that users run."""
        data = self.config.data
        return Lifter(self.model, window=data.clip_len, fps=data.fps)

    def evaluate(self) -> dict[str, float]:
        """MPJPE, P-MPJPE (mm), velocity error (mm/s), coverage."""
        return evaluate_lifter(
            self.lifter(), self.config.eval, self.config.noise, self.config.camera
        )

    def pictures(self) -> dict[str, np.ndarray]:
        """Predicted against true skeletons at the middle of up to three sequences."""
        return {f"pose/{i}": picture for i, picture in enumerate(self._pictures())}

    def _pictures(self) -> Iterator[np.ndarray]:
        config = self.config.eval
        poses: Any = evaluation_poses(config, self.config.noise, self.config.camera)
        for _, (_, _, pose, truth) in zip(range(3), poses, strict=False):
            pred = self.lifter().lift_relative(pose, flip_average=config.flip_average)
            middle = len(truth) // 2
            yield compare_picture(pred[middle], truth[middle], pose.xy_px[middle])
