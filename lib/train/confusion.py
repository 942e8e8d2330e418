"""Which class was named for which: counts of clips and sequences, scores, a picture."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lib.data import manifest
from lib.data.action_clips import shows_reps
from lib.infer.classify import Classifier
from lib.pose import Pose2D
from lib.train import parallel


class Tally:
    """What a classifier names, against the truth.

    A sequence is named as a whole. Of a sequence with rep marks only the
    windows count as clips that lie mostly between them.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        shape = (len(classifier.classes),) * 2
        self.clips, self.sequences = np.zeros(shape, int), np.zeros(shape, int)
        """(truth, named) counts."""
        self._truth_probability: list[float] = []

    def add(self, name: str, pose: Pose2D, sequence: manifest.Sequence) -> None:
        """Classify a sequence of the class `name`. Raises UserError when nobody is seen."""
        truth = self.classifier.classes.index(name)
        windows = self.classifier.windows(pose)
        first, last = (
            np.searchsorted(pose.time_s, time - 0.5 / pose.fps)
            for time in (windows.start_s, windows.stop_s)
        )
        shown = shows_reps(sequence, first, last + 1)
        named = self.classifier.named(windows.probability[shown])
        np.add.at(self.clips[truth], named, 1)
        self.sequences[truth, self.classifier.named_overall(windows)] += 1
        self._truth_probability.append(float(windows.mean[truth]))

    def join(self) -> None:
        """Count what all processes of a distributed run have counted; every process calls it."""
        counts = torch.from_numpy(np.stack([self.clips, self.sequences]))
        self.clips, self.sequences = parallel.add_up(counts).numpy()
        self._truth_probability = parallel.gathered(self._truth_probability)

    def scores(self) -> dict[str, float]:
        """Percentages by clip and by sequence: named right, recall of each class and their mean,
        and false lifts: what is 'other' and was called an exercise. Mean probability of the truth.

        Classes without a sequence are left out, and so are clips where none shows a repetition.
        """
        found = {}
        for kind, counts in (("clip", self.clips), ("sequence", self.sequences)):
            recalls = _recalls(counts, self.classifier.classes)
            if not recalls:
                continue
            found[f"{kind}_top1_percent"] = 100 * float(np.trace(counts) / counts.sum())
            found[f"{kind}_mean_recall_percent"] = float(np.mean(list(recalls.values())))
            found |= {f"{kind}_recall_{name}_percent": value for name, value in recalls.items()}
            if self.classifier.other in recalls:
                key = "false_lift_percent" if kind == "clip" else "false_lift_sequences_percent"
                found[key] = 100 - recalls[self.classifier.other]
        # Rounded once, so that it is the same in whatever order the processes have them.
        mean = math.fsum(self._truth_probability) / len(self._truth_probability)
        return found | {"true_class_probability": mean}


def _recalls(counts: np.ndarray, classes: Sequence[str]) -> dict[str, float]:
    return {
        name: 100 * float(row[i] / row.sum())
        for i, (name, row) in enumerate(zip(classes, counts, strict=True))
        if row.any()
    }


def confusion_picture(counts: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """(H, W, 3) uint8 of counts (truth, named) with one row and column a class."""
    side = 1.8 + 0.8 * len(names)
    figure = Figure(figsize=(side, side), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    share = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for i, j in np.ndindex(counts.shape):
        axes.text(j, i, str(counts[i, j]), ha="center", va="center",
                  color="white" if share[i, j] > 0.5 else "black")  # fmt: skip
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("named")
    axes.set_ylabel("truth")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
