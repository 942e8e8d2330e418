"""What an evaluation found: by sequence, over everything, by exercise and by joint."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lib.train.metrics import Sums, means_of

MAIN_SCORES = ("mpjpe_mm", "p_mpjpe_mm")
"""Those also averaged over exercises, as papers do, and the first given by exercise."""


@dataclass(frozen=True)
class SequenceScore:
    """Errors of one sequence, ready to be averaged with others."""

    order: tuple[int, int]
    """Number of the source and of the sequence in its store: results merge in this order."""
    action: str
    num_frames: int
    frames: Sums
    """Metric -> sum over frames and their number."""
    joints: Sums
    """Joint -> sum of its errors in mm and their number."""
    protocol: Sums = field(default_factory=dict)
    """As frames, of metrics that are averaged over sequences (Fit3D's challenge)."""
    is_detected: bool = False
    """Its input was a detector's; else projected."""


@dataclass(frozen=True)
class Evaluation:
    """Scores of one lifter. Every process of a distributed run holds the same."""

    sequences: tuple[SequenceScore, ...]
    protocol: dict[str, Any]
    """How it was scored: the resolved config and the like, plain containers."""

    @property
    def actions(self) -> list[str]:
        """Names of the exercises, sorted."""
        return sorted({sequence.action for sequence in self.sequences})

    def overall(self) -> dict[str, float]:
        """Frame-weighted means of every metric; what Fit3D's protocol defines, over sequences."""
        scores = _scores(self.sequences)
        if len(self.actions) > 1:
            scores |= {f"exercise_mean_{name}": v for name, v in self.exercise_mean().items()
                       if name in MAIN_SCORES}  # fmt: skip
        return scores

    def by_exercise(self) -> dict[str, dict[str, float]]:
        """Exercise -> its frame-weighted means."""
        return {
            action: _scores(s for s in self.sequences if s.action == action)
            for action in self.actions
        }

    def exercise_mean(self) -> dict[str, float]:
        """Mean over exercises, each counted once, of every metric that has a value."""
        found = list(self.by_exercise().values())
        names = dict.fromkeys(name for scores in found for name in scores)
        values = {n: [s[n] for s in found if np.isfinite(s.get(n, np.nan))] for n in names}
        return {name: float(np.mean(v)) if v else float("nan") for name, v in values.items()}

    def by_joint(self) -> dict[str, float]:
        """Joint -> mean error in mm; empty where no size is known."""
        return means_of(sequence.joints for sequence in self.sequences)

    def flat(self) -> dict[str, float]:
        """Everything for TensorBoard: the overall scores, and mpjpe_mm/<exercise>."""
        name, found = MAIN_SCORES[0], self.by_exercise()
        per_action = {f"{name}/{a}": scores[name] for a, scores in found.items() if name in scores}
        return self.overall() | (per_action if len(found) > 1 else {})

    def counts(self) -> dict[str, dict[str, int]]:
        """Sequences and frames, by exercise and under 'all'."""
        groups: dict[str, Callable[[SequenceScore], bool]] = {"all": lambda s: True}
        groups |= {a: (lambda s, a=a: s.action == a) for a in self.actions}  # type: ignore[misc]
        chosen = {name: [s for s in self.sequences if of(s)] for name, of in groups.items()}
        return {
            name: {
                "sequences": len(found),
                "frames": sum(s.num_frames for s in found),
                "detected_sequences": sum(s.is_detected for s in found),
            }
            for name, found in chosen.items()
        }

    def as_dict(self) -> dict[str, Any]:
        """Content of scores.json, plain containers; a NaN becomes null there."""
        counts = self.counts()
        return {
            "overall": self.overall(),
            "by_exercise": self.by_exercise(),
            "exercise_mean": self.exercise_mean(),
            "by_joint_mm": self.by_joint(),
            "num_sequences": counts["all"]["sequences"],
            "num_frames": counts["all"]["frames"],
            "counts": counts,
            "protocol": self.protocol,
        }


def _scores(sequences: Iterable[SequenceScore]) -> dict[str, float]:
    found = list(sequences)
    scores = means_of(sequence.frames for sequence in found)
    num_scored = sum(max((n for _, n in s.frames.values()), default=0) for s in found)
    scores["coverage_ratio"] = num_scored / max(sum(s.num_frames for s in found), 1)
    each = [means_of([sequence.protocol]) for sequence in found]
    # A sequence's mean is one value, whatever its length.
    return scores | means_of({n: (v, 1) for n, v in e.items() if np.isfinite(v)} for e in each)
