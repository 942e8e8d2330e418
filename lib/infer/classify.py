"""Which exercise a track of keypoints shows.

N windows, T frames, J = 17 joints.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from lib.config import build
from lib.data.clips import window_starts
from lib.errors import UserError
from lib.infer.source import config_part, device_of, evaluating, fps_part, frames_part, network_of
from lib.infer.track import segments
from lib.model.action import ActionConfig, ActionNet
from lib.model.checkpoint import Checkpoint, load_checkpoint
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.pose import Pose2D

WINDOWS_PER_BATCH = 16
CONVINCED = 0.5
"""Probability from which an answer counts."""
UNKNOWN = "unknown"
"""A movement that is no known exercise, in the words of the analysis."""
SURELY_NONE = 0.9
"""Certainty of the motion's rules from which a movement is none of the exercises."""


@dataclass(frozen=True)
class ClassifiedWindows:
    """What the network says of a track's windows."""

    start_s: np.ndarray
    """(N,) time of the first frame."""
    stop_s: np.ndarray
    """(N,) time of the last."""
    num_frames: np.ndarray
    """(N,) frames fed; fewer than usual in a short piece."""
    probability: np.ndarray
    """(N, classes)"""

    @property
    def mean(self) -> np.ndarray:
        """(classes,) average over the windows, weighted by their length."""
        return np.average(self.probability, axis=0, weights=self.num_frames)


class Classifier:
    """A trained network together with its classes and the clips it was trained on."""

    def __init__(
        self, model: nn.Module, classes: list[str], *, clip_len: int, frame_step: int, fps: float,
        other: str | None = None, threshold: float = CONVINCED,
    ) -> None:  # fmt: skip
        """model maps (N, 1, T, 17, 3) to logits (N, classes).

        A clip spans clip_len frames at `fps`, of which every frame_step-th is fed. other is the
        class of what is none of the others, None if there is no such; threshold the probability
        from which a window is sure of one of the others.
        """
        self.model, self.classes = model, classes
        self.other, self.threshold = other, threshold
        self.window, self.fps = -(-clip_len // frame_step), fps / frame_step

    @classmethod
    def from_checkpoint(cls, path: str | Path, device: str = "cpu") -> "Classifier":
        """Read an action checkpoint; its config says everything.

        device: as torch names them. Raises UserError for that as well where it is not to be had.
        """
        checkpoint = load_checkpoint(path)
        if checkpoint.kind != "action":
            raise UserError(f"{path}: holds a model for '{checkpoint.kind}'; give an action one")
        backbone = build(DSTformerConfig, config_part(checkpoint, "model", path), str(path))
        head = build(ActionConfig, config_part(checkpoint, "head", path), str(path))
        classes = config_part(checkpoint, "classes", path)
        is_named = isinstance(classes, list) and all(isinstance(name, str) for name in classes)
        if not is_named or len(classes) != head.num_classes:
            raise UserError(
                f"{path}: names {classes!r} for {head.num_classes} classes; train it again"
            )
        model = network_of(lambda: ActionNet(DSTformer(backbone), head), checkpoint, path, device)
        clip = {
            name: frames_part(checkpoint, f"data.{name}", path)
            for name in ("clip_len", "frame_step")
        }
        fps, other = fps_part(checkpoint, path), _of_other(checkpoint, classes, path)
        return cls(model, classes, **clip, fps=fps, **other)

    def classify(self, pose: Pose2D) -> dict[str, float]:
        """Probability of each class, averaged over overlapping windows of the whole track.

        Raises UserError when nobody is seen.
        """
        mean = self.windows(pose).mean
        return dict(zip(self.classes, mean.tolist(), strict=True))

    def windows(self, pose: Pose2D) -> ClassifiedWindows:
        """The answer for each of the overlapping windows of a track.

        Raises UserError when nobody is seen.
        """
        found = []
        with evaluating(self.model):
            for piece in segments(pose, self.fps):
                length = min(self.window, len(piece.time_s))
                starts = np.array(window_starts(len(piece.time_s), length, max(length // 2, 1)))
                clips = [piece.clip(np.arange(start, start + length)) for start in starts]
                answer = self._answer(np.stack(clips))
                times = piece.time_s[starts], piece.time_s[starts + length - 1]
                found.append((*times, np.full(len(clips), length), answer))
        return ClassifiedWindows(*(np.concatenate(column) for column in zip(*found, strict=True)))

    def named(self, probability: np.ndarray) -> np.ndarray:
        """(..., classes) probabilities of windows -> (...) numbers of the classes named.

        The likeliest; with an 'other', an exercise below the threshold is 'other'.
        """
        best = probability.argmax(-1)
        if self.other is None:
            return best
        is_sure = probability.max(-1) >= self.threshold
        return np.where(is_sure, best, self.classes.index(self.other))

    def named_overall(self, windows: ClassifiedWindows) -> int:
        """Number of the class of a whole track.

        The likeliest on average; with an 'other', an exercise has to have half of the probability
        and one window that is sure of it.
        """
        best = int(windows.mean.argmax())
        if self.other is None:
            return best
        is_named = windows.mean[best] >= CONVINCED and self.is_sure(windows, best)
        return best if is_named else self.classes.index(self.other)

    def is_sure(self, windows: ClassifiedWindows, i_class: int) -> bool:
        """Whether some window has the threshold for a class; true without an 'other'."""
        return self.other is None or bool(windows.probability[:, i_class].max() >= self.threshold)

    @torch.inference_mode()
    def _answer(self, x_NTJC: np.ndarray) -> np.ndarray:
        """(N, classes) probabilities."""
        x = torch.from_numpy(x_NTJC).to(device_of(self.model))[:, None]
        logits = [self.model(batch) for batch in x.split(WINDOWS_PER_BATCH)]
        return torch.cat(logits).softmax(-1).cpu().double().numpy()


def _of_other(checkpoint: Checkpoint, classes: list[str], path: str | Path) -> dict[str, Any]:
    """What a checkpoint says of its class 'other'; nothing if it was trained without."""
    if checkpoint.config.get("other") is None:
        return {}
    name, threshold = (
        config_part(checkpoint, f"other.{key}", path) for key in ("name", "threshold")
    )
    if name not in classes:
        raise UserError(f"{path}: other.name {name!r} is none of its classes; train it again")
    if type(threshold) not in (int, float) or not 0 <= threshold <= 1:
        raise UserError(
            f"{path}: its config's other.threshold is {threshold!r}, expected a number from 0 to "
            "1; give a checkpoint written by a train script"
        )
    return {"other": name, "threshold": float(threshold)}


def choose_exercise(
    probability: dict[str, float], known: list[str], looks_like: str, certainty: float,
    *, other: str | None = None, is_sure: bool = True,
) -> tuple[str | None, str, float]:  # fmt: skip
    """Name, source and confidence of the exercise, from the network and from the motion's rules.

    probability: the network's answer; only names in `known` and `other` count, from 0.5 upwards.
    is_sure: whether a single window is sure of the likeliest exercise.
    looks_like, certainty: what the rules make of the lifted motion. They win where the network
    is not convinced, and where they are sure of an exercise that it was never taught or of none:
    a network without 'other' is just as sure there. Against the answer 'other' they win only if
    they are surely right: windows of walking up and resting outvote a short set. (None,
    'heuristic', certainty) leaves the choice to them; other contradictions are the report's to
    warn of.
    """
    rules = None, "heuristic", certainty
    best = max(probability, key=lambda name: probability[name], default="")
    is_untaught = looks_like in known and looks_like not in probability and certainty >= CONVINCED
    if best == other and probability[best] >= CONVINCED:
        is_surely = looks_like in known and certainty >= SURELY_NONE
        return rules if is_untaught or is_surely else (UNKNOWN, "classifier", probability[best])
    is_convinced = best in known and probability[best] >= CONVINCED and is_sure
    is_none = looks_like not in known and certainty >= SURELY_NONE
    return rules if not is_convinced or is_untaught or is_none else (
        best, "classifier", probability[best]
    )  # fmt: skip


def overruled(
    probability: dict[str, float], known: list[str], chosen: str | None, looks_like: str,
    other: str | None = None,
) -> str | None:  # fmt: skip
    """What to tell the user where network and rules contradict each other on there being an
    exercise, or the network names one that is not `known`; None where they do not."""
    best = max(probability, key=lambda name: probability[name], default="")
    if probability.get(best, 0) < CONVINCED or looks_like == best:
        return None
    if best == other:
        return _against_other(chosen, looks_like)
    if chosen is not None:
        return None
    if best not in known:
        return (
            f"The classifier's guess was {best}, for which there is no file in configs/exercises, "
            "so it was not followed."
        )
    return (
        f"The classifier's guess was {best}, but the movement does not look like it, so it was "
        f"not followed; --exercise {best} counts it as one."
    )


def _against_other(chosen: str | None, looks_like: str) -> str | None:
    if looks_like == UNKNOWN:
        return None
    if chosen == UNKNOWN:
        return (
            f"The movement has something of {looks_like}, but the classifier takes it for none of "
            f"the exercises; --exercise {looks_like} counts it as one."
        )
    return None
