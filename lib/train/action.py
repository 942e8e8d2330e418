"""The classification task: which exercise a clip shows."""

import math
from functools import cached_property

import numpy as np
import torch
from torch.nn import functional

from lib.config import check_range, configclass
from lib.data.action_clips import ActionClipConfig, ActionClips, OtherConfig, class_of
from lib.data.augment import AugmentConfig
from lib.data.datasets import Batch
from lib.data.mix import Mix, Part
from lib.data.noise import NoiseConfig
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.errors import UserError
from lib.infer.classify import CONVINCED, Classifier
from lib.infer.track import is_seen
from lib.model.action import ActionConfig, ActionNet
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.model.pose_stream import gives_output
from lib.train.confusion import Tally, confusion_picture
from lib.train.evaluation import EvalConfig, evaluation_poses
from lib.train.lifting import check_network
from lib.train.optim import OptimConfig, ParameterGroup
from lib.train.parallel import gather_rows, rank, world_size
from lib.train.score_table import Report, score_lines
from lib.train.trainer import TrainConfig


@configclass
class ActionRunConfig:
    """Everything of a classification run."""

    model: DSTformerConfig
    head: ActionConfig
    classes: list[str]
    """Exact names of Fit3D actions, and that of `other`; their order is that of the logits."""
    data: ActionClipConfig
    sources: list[SourceConfig]
    eval: EvalConfig
    other: OtherConfig | None = None
    """What is no exercise of the list; None = every clip is one of them."""
    augment: AugmentConfig = AugmentConfig()
    noise: NoiseConfig | None = None
    camera: RandomCameraConfig = RandomCameraConfig()
    optim: OptimConfig = OptimConfig(lr=1e-3)
    train: TrainConfig = TrainConfig()
    backbone_factor: float = 0.1
    """Learning rate of the backbone over the head's; 0 = the backbone is frozen."""
    reset_head: bool = False
    """Start the head anew when -p names a classifier."""
    run: str = "checkpoint/action"

    def __post_init__(self) -> None:
        if self.head.num_classes != len(self.classes):
            raise ValueError(
                f"head.num_classes is {self.head.num_classes}, but classes has {len(self.classes)}"
            )
        twice = sorted({name for name in self.classes if self.classes.count(name) > 1})
        if twice:
            raise ValueError(f"classes names {', '.join(twice)} twice")
        if self.train.batch_size < 2:
            raise ValueError("train.batch_size is 1, batch norm needs clips to compare: at least 2")
        if self.eval.protocols:
            raise ValueError("eval.protocols are scores of lifters: leave it out")
        if not self.eval.flip_average:
            raise ValueError(
                "eval.flip_average is for lifters, no classifier does it: leave it out"
            )
        if self.augment.borrowed_arms or self.augment.borrowed_legs:
            raise ValueError(
                "augment.borrowed_arms and borrowed_legs would show a lift under the label of what "
                "borrows its limbs: leave them out; other.borrowed_arms is for classifiers"
            )
        _check_other(self.other, self.classes)
        check_range(self, 0, math.inf, "backbone_factor")
        check_network(self.model, self.data.num_frames)
        if self.model.input_skip:
            raise ValueError("model.input_skip does nothing to a classifier: set it to false")


def _check_other(other: OtherConfig | None, classes: list[str]) -> None:
    if other is None:
        return
    if other.name not in classes:
        raise ValueError(f"other.name is '{other.name}', which is not one of classes")
    twice = sorted(set(other.actions) & set(classes))
    if twice:
        raise ValueError(f"other.actions lists {', '.join(twice)}, also in classes")
    for key, names in (("lifts", other.lifts.values()), ("borrowed_arms", other.borrowed_arms)):
        strange = sorted(set(names) - set(classes))
        if strange:
            raise ValueError(f"other.{key} names {', '.join(strange)}, not in classes")


class _FrozenBackbone(ActionNet):
    """Only the head learns: the backbone gets no gradients and stays in evaluation mode."""

    def __init__(self, backbone: DSTformer, config: ActionConfig) -> None:
        super().__init__(backbone, config)
        self.backbone.requires_grad_(False)

    def train(self, mode: bool = True) -> "_FrozenBackbone":
        super().train(mode)
        self.backbone.eval()
        return self


class ActionTask:
    """Name the exercise of a clip."""

    kind = "action"
    score_name = "sequence_mean_recall_percent"
    is_lower_better = False

    def __init__(self, config: ActionRunConfig) -> None:
        self.config = config
        network = ActionNet if config.backbone_factor else _FrozenBackbone
        self.model = network(DSTformer(config.model), config.head)
        self.model.gather = gather_rows
        self.confusion: dict[str, np.ndarray] = {}
        self._scores: dict[str, float] = {}

    @cached_property
    def train_data(self) -> Mix:
        """Read only when there is training to do."""
        config = self.config
        clips = ActionClips(
            config.sources, config.data, config.classes, config.augment, config.noise,
            config.camera, config.train.seed, config.other,
        )  # fmt: skip
        if len(clips) < 2:
            raise UserError("classification needs two clips or more to train on")
        # Batch norm cannot train on a single clip (defect T17).
        return Mix([Part("clips", clips)], least=2)

    def groups(self) -> list[ParameterGroup]:
        """The head at the full rate, the backbone at backbone_factor times it."""
        head = ParameterGroup("head", list(self.model.head.parameters()), 1.0)
        if not self.config.backbone_factor:
            return [head]
        # What gives the lifter's output takes no part.
        named = self.model.backbone.named_parameters()
        backbone = [p for name, p in named if not gives_output(name)]
        return [ParameterGroup("backbone", backbone, self.config.backbone_factor), head]

    def counts(self, batch: Batch, epoch: int) -> dict[str, torch.Tensor]:
        """How many clips have a class."""
        return {"cross_entropy": (batch.label >= 0).sum()}

    def losses(
        self, network: torch.nn.Module, batch: Batch, epoch: int, counts: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Cross-entropy of one person's clip."""
        is_clip = batch.label >= 0
        logits = network(batch.x[:, None], is_clip).float()
        label = gather_rows(batch.label, is_clip)
        total = functional.cross_entropy(logits, label, ignore_index=-1, reduction="sum")
        # Every process has the whole batch's loss, and owes its share.
        return {"cross_entropy": total / counts["cross_entropy"].clamp(min=1) / world_size()}

    def evaluate(self) -> dict[str, float]:
        """`Tally.scores` over the config's evaluation data; the processes share the work.

        Raises UserError if it has no class.
        """
        config, data, other = self.config, self.config.data, self.config.other
        classifier = Classifier(
            self.model, config.classes, clip_len=data.clip_len, frame_step=data.frame_step,
            fps=data.fps, other=other and other.name,
            threshold=other.threshold if other else CONVINCED,
        )  # fmt: skip
        tally = Tally(classifier)
        share = slice(rank(), None, world_size())
        for store, i, pose, _ in evaluation_poses(config.eval, config.noise, config.camera, share):
            sequence = store.sequences[i]
            name = class_of(sequence.action, store.path, config.classes, other)
            # Where nobody is seen there is nothing to name, in the wild as here.
            if name is not None and is_seen(pose).any():
                tally.add(name, pose, sequence)
        tally.join()
        if not tally.sequences.any():
            raise UserError("eval: no sequence of the classes; check eval.sources")
        self.confusion = {"clips": tally.clips, "sequences": tally.sequences}
        self._scores = tally.scores()
        return self._scores

    def report(self) -> Report:
        """The last evaluation."""
        return Report(score_lines(self._scores), {"overall": self._scores})

    def pictures(self) -> dict[str, np.ndarray]:
        """The last evaluation's confusion matrices, of clips and of sequences."""
        return {
            f"confusion/{kind}": confusion_picture(counts, self.config.classes)
            for kind, counts in self.confusion.items()
        }
