"""A confusion matrix as a picture."""

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


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
