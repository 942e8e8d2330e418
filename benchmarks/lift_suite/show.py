"""Stick figures of the synthetic lifts, from the side and from the front.

python benchmarks/lift_suite/show.py lifts.png [--shifted] [--case walk_in_out]
"""

import argparse
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.lift_suite import film_of
from benchmarks.lift_suite.lifts import LIFTS
from lib.skeleton import BONE_INDEX, JOINTS

NUM = 8


def draw(ax, xyz_m: np.ndarray, across: int) -> None:
    """One figure; across: the axis that points right, 0 = seen from behind, 1 = from the side."""
    for a, b in BONE_INDEX:
        colour = "tab:red" if JOINTS[b][0] == "r" else "tab:blue" if JOINTS[b][0] == "l" else "k"
        ax.plot(xyz_m[[a, b], across], xyz_m[[a, b], 2], color=colour, lw=1.2)
    ax.axhline(0, color="grey", lw=0.5)
    ax.set_aspect("equal")
    ax.axis("off")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("picture")
    parser.add_argument("--shifted", action="store_true")
    parser.add_argument("--case", default="one")
    parser.add_argument("--draw", type=int, default=0)
    asked = parser.parse_args(argv)
    stream = "shifted_dev" if asked.shifted else "dev"
    figure, axes = plt.subplots(2 * len(LIFTS), NUM, figsize=(2 * NUM, 4 * len(LIFTS)))
    for row, lift in enumerate(LIFTS):
        one = film_of(stream, lift, asked.case, 45, 30, asked.draw)
        frames = np.linspace(0, len(one.xyz_m) - 1, NUM).astype(int)
        if asked.case == "one":
            start, end = one.reps[0].start_s, one.reps[0].end_s
            frames = (np.linspace(start, end, NUM) * 30).astype(int).clip(0, len(one.xyz_m) - 1)
        for column, i_frame in enumerate(frames):
            for k, across in enumerate((1, 0)):
                draw(axes[2 * row + k, column], one.xyz_m[i_frame], across)
        axes[2 * row, 0].set_title(lift)
    figure.savefig(asked.picture, dpi=60, bbox_inches="tight")


if __name__ == "__main__":
    main()
