"""The 2D-to-3D task, shared by pretraining and finetuning; they differ in their config only."""

import math
from collections.abc import Iterator
from dataclasses import field, fields, replace
from functools import cached_property
from itertools import islice

import numpy as np
import torch

from lib.config import check_range, configclass
from lib.data.augment import AugmentConfig
from lib.data.clips_2d import Clips2D, Source2D
from lib.data.datasets import Batch, ClipConfig, LiftingClips
from lib.data.mix import Mix, Part
from lib.data.noise import NoiseConfig
from lib.data.targets import TARGETS, TargetName
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.draw import compare_picture
from lib.infer.lift import Lifter
from lib.infer.place import freed_of_lens
from lib.infer.track import is_seen
from lib.model import losses
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.model.pose_stream import gives_output
from lib.model.reprojection import reprojection
from lib.skeleton import NUM_JOINTS
from lib.train.evaluation import EvalConfig, evaluation_takes, score_lifter
from lib.train.metrics import rescaled
from lib.train.optim import OptimConfig, ParameterGroup
from lib.train.score_table import Report, joint_picture, report_of
from lib.train.scores import Evaluation
from lib.train.trainer import TrainConfig


def check_network(model: DSTformerConfig, num_frames: int) -> None:
    """The network takes clips of num_frames, 17 joints and 3 channels. Raises ValueError."""
    for name, must in (("num_joints", NUM_JOINTS), ("dim_in", 3), ("dim_out", 3)):
        if getattr(model, name) != must:
            raise ValueError(
                f"model.{name} is {getattr(model, name)}, but training feeds x, y and score of "
                f"{NUM_JOINTS} joints and expects x, y and z: it must be {must}"
            )
    if num_frames > model.maxlen:
        raise ValueError(
            f"clips of {num_frames} frames, but model.maxlen is {model.maxlen}: raise it or "
            "shorten the clips"
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
    reprojection: float = 0.5
    """2D clips alone. Their one term, in crop units: one is about 0.85 m on a standing person, so
    the same error in the picture weighs some 0.6 of what it does in `position`; the truth is a
    detector's."""

    def __post_init__(self) -> None:
        check_range(self, 0, math.inf, *(f.name for f in fields(self)))
        if not any(getattr(self, f.name) for f in fields(self) if f.name != "reprojection"):
            raise ValueError("every weight but that of reprojection is 0: 3D would teach nothing")


@configclass
class LiftingConfig:
    """Everything of a lifting run."""

    model: DSTformerConfig
    data: ClipConfig
    sources: list[SourceConfig]
    eval: EvalConfig
    more_clip_lens: list[int] = field(default_factory=list)
    """Other clip lengths to learn from, a batch of each for every one of data.clip_len."""
    sources_2d: list[Source2D] = field(default_factory=list)
    """Stores of 2D keypoints to learn from as well; [] = none."""
    target: TargetName = "metres"
    """What is predicted: metres, or MotionBERT's image-aligned 2.5D (lib.data.targets)."""
    start_2d_epoch: int = 0
    """Epochs on 3D alone before they come in (reference: 30)."""
    augment: AugmentConfig = AugmentConfig()
    noise: NoiseConfig | None = None
    """Detector noise; absent = perfect 2D."""
    camera: RandomCameraConfig = RandomCameraConfig()
    loss: LossWeights = LossWeights()
    optim: OptimConfig = OptimConfig()
    train: TrainConfig = TrainConfig()
    backbone_factor: float = 1.0
    """Learning rate of the backbone over the head's (finetuning: 0.1)."""
    stream_alone: bool = False
    """Train the pose stream alone; joint tokens are neither computed nor moved."""
    reset_head: bool | None = None
    """Start the head anew when weights are loaded with -p; absent: one for another target."""
    run: str = "checkpoint/lifting"
    """Run folder."""

    def __post_init__(self) -> None:
        check_range(self, 0, math.inf, "backbone_factor", "start_2d_epoch")
        if min(self.more_clip_lens, default=1) < 1:
            raise ValueError("more_clip_lens must be at least 1 each")
        of_2d = [source.clip_len for source in self.sources_2d]
        check_network(self.model, max([self.data.clip_len, *self.more_clip_lens, *of_2d]))
        if self.sources_2d and not self.loss.reprojection:
            raise ValueError(
                "sources_2d teach nothing with loss.reprojection 0: set it or sources_2d=[]"
            )
        if self.sources_2d and self.data.pan:
            raise ValueError("sources_2d come in crops that stand still: set it or data.pan=false")
        if self.sources_2d and self.start_2d_epoch >= self.train.epochs:
            raise ValueError("sources_2d never come in: set start_2d_epoch below train.epochs")
        if self.stream_alone and self.model.pose_stream is None:
            raise ValueError("stream_alone needs a stream: set model.pose_stream or it to false")
        if self.stream_alone and self.backbone_factor != 1:
            raise ValueError("stream_alone has one rate: set backbone_factor=1 or it to false")
        _check_target(self)


def _check_target(config: LiftingConfig) -> None:
    """What only one of the targets can have. Raises ValueError."""
    if TARGETS[config.target].is_metric:
        if config.model.input_skip:
            raise ValueError(
                "model.input_skip adds crop units to metres: set it to false or target=image"
            )
        return
    needy = {"sources_2d": config.sources_2d, "eval.protocols": config.eval.protocols}
    for key, value in needy.items():
        if value:
            raise ValueError(f"{key} needs metres: set {key}=[] or target=metres")


_WITH_TIME = {"velocity", "angular_velocity"}


class LiftingTask:
    """Predict root-relative 3D from 2D."""

    kind = "lifting"
    is_lower_better = True

    def __init__(self, config: LiftingConfig) -> None:
        self.config = config
        self.target = TARGETS[config.target]
        self.score_name = "mpjpe_mm" if self.target.is_metric else "p_mpjpe_mm"
        self.model = DSTformer(config.model)
        self.model.stream_alone = config.stream_alone
        self._scored: Evaluation | None = None

    @cached_property
    def train_data(self) -> Mix:
        """Read only when there is training to do."""
        config = self.config
        parts = [Part("3d", self._clips(config.data.clip_len, 0))]
        for i, clip_len in enumerate(config.more_clip_lens, start=1):
            # 2D data has the numbers from 1 on.
            parts.append(Part(f"3d of {clip_len}", self._clips(clip_len, 1000 * i)))
        for i, source in enumerate(config.sources_2d, start=1):
            clips_2d = Clips2D(source, config.augment, config.noise, config.train.seed, i)
            parts.append(Part(source.store, clips_2d, source.ratio, config.start_2d_epoch))
        return Mix(parts)

    def _clips(self, clip_len: int, part: int) -> LiftingClips:
        c, data = self.config, replace(self.config.data, clip_len=clip_len)
        drawn = (c.augment, c.noise, c.camera, c.train.seed)
        return LiftingClips(c.sources, data, *drawn, self.target, part)

    def groups(self) -> list[ParameterGroup]:
        """The head at the full rate, all else at backbone_factor times it; or the stream alone."""
        if self.config.stream_alone:
            return [ParameterGroup("pose stream", self.model.parameters_of_guess(), 1.0)]
        named, factor = list(self.model.named_parameters()), self.config.backbone_factor
        head = [p for name, p in named if gives_output(name)]
        backbone = [p for name, p in named if not gives_output(name)]
        return [ParameterGroup("backbone", backbone, factor), ParameterGroup("head", head, 1.0)]

    def _weights(self, batch: Batch) -> dict[str, float]:
        """Terms to compute on a batch and their weights."""
        return {
            name: weight
            for name, weight in vars(self.config.loss).items()
            if weight and (name == "reprojection") == batch.is_2d
        }

    def counts(self, batch: Batch, epoch: int) -> dict[str, torch.Tensor]:
        """What each term divides by."""
        return {name: losses.count(name, batch.valid) for name in self._weights(batch)}

    def losses(
        self, network: torch.nn.Module, batch: Batch, epoch: int, counts: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Weighted terms of LossWeights that are not 0 and that the batch has a truth for, the mean
        over the pose streams."""
        pred, weights = network(batch.x).float(), self._weights(batch)
        num_streams = len(pred) // len(batch.x)
        batch, counts = batch.repeated(num_streams), {k: num_streams * v for k, v in counts.items()}
        if batch.is_2d:
            seen = (batch.y, batch.score, batch.valid, batch.ray_per_unit)
            loss = reprojection(pred, *seen, count=counts["reprojection"])
            return {"reprojection": weights["reprojection"] * loss}
        dt = losses.frame_interval(self.config.data.fps)
        terms = {}
        for name, weight in weights.items():
            how = {"count": counts[name]} | ({"dt": dt} if name in _WITH_TIME else {})
            terms[name] = weight * getattr(losses, name)(pred, batch.y, batch.valid, **how)
        return terms

    def lifter(self) -> Lifter:
        """As users run it."""
        d = self.config.data
        return Lifter(self.model, window=d.clip_len, fps=d.fps, target=self.target, pans=d.pan)

    def evaluate(self) -> dict[str, float]:
        """Errors of poses, motion and angles (docs/evaluation.md); every process gets the same."""
        c = self.config
        self._scored = score_lifter(self.lifter(), c.eval, c.noise, c.camera)
        return self._scored.flat()

    def report(self) -> Report:
        """The last evaluation, by exercise and by joint."""
        assert self._scored is not None, "evaluate() comes first"
        return report_of(self._scored)

    def pictures(self) -> dict[str, np.ndarray]:
        """Predicted against true skeletons at the middle of up to three sequences; the last
        evaluation's errors by joint."""
        pictures = {f"pose/{i}": picture for i, picture in enumerate(self._pictures())}
        if self._scored is not None and self.target.is_metric:
            pictures["error_by_joint"] = joint_picture(self._scored)
        return pictures

    def _pictures(self) -> Iterator[np.ndarray]:
        c, flips = self.config, self.config.eval.flip_average
        takes = evaluation_takes(c.eval, c.noise, c.camera)
        for take in islice((take for take in takes if is_seen(take.pose).any()), 3):
            pose, focal_px = freed_of_lens(take.pose, take.camera)  # as it is scored
            pred = self.lifter().lift_relative(pose, flip_average=flips, focal_px=focal_px)
            truth, middle = take.truth, len(pred) // 2
            if not self.target.is_metric:
                pred = rescaled(pred, truth)
            yield compare_picture(pred[middle], truth[middle], take.pose.xy_px[middle])
