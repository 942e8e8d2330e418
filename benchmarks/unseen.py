"""How a lifter does on people it never saw: what a recipe of training is to be chosen by.

    python benchmarks/unseen.py -c checkpoint/pretrain_swift/best.pt

Group cmu_b of the motion capture, from four random views a recording, with two kinds of simulated
detections; says something of weights that were not trained on it alone. Needs
data/motion3d/mocap_knees (checkpoint/README.md says how it is made). Prints Markdown, a row for
each checkpoint: P-MPJPE of all recordings, of those in which the person stays and moves, and the
knees. Scores with the noise of training hide much of what tells recipes apart
(benchmarks/results/unseen_epyc_2026-11-26.md).
"""

import argparse
import sys
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.lifting_scenes import Condition, Take, TakeSet, View, look, read_takes
from lib.data.proportions import scale_bones
from lib.data.windows import SourceConfig
from lib.errors import command_line
from lib.infer.lift import Lifter
from lib.skeleton import JOINT
from lib.train.metrics import lifting_scores

PEOPLE = TakeSet(SourceConfig("data/motion3d/mocap_knees", groups=["cmu_b"]), max_frames=120)
NOISES = ("published", "fitted")
NUM_VIEWS = 4
_SEED = 9401
"""Of proportions."""
STAYS = 0.5
"""The root's way across the picture, in heights of the person, up to which one stays."""
COLUMNS = ("P-MPJPE mm", "stays", "moves", "knee deg")


def _stays(view: View) -> bool:
    x, y = np.moveaxis(view.pose.xy_px, -1, 0)
    return bool(np.ptp(x[:, JOINT["root"]]) < STAYS * np.ptp(y, axis=1).mean())


def of_other_proportions(take: Take, part_std: float) -> Take:
    """The same motion by somebody else; who that is depends on the take's name alone."""
    rng = np.random.default_rng((_SEED, zlib.crc32(take.name.encode())))
    return replace(take, xyz_world=scale_bones(take.xyz_world, 0.0, part_std, rng))


def measured(
    lifter: Lifter, takes: Sequence[Take], noise: str, part_std: float
) -> dict[str, float]:
    """The columns, means over recordings and views; every view is of other proportions."""
    found = []
    for take in takes:
        for i in range(NUM_VIEWS):
            seen = of_other_proportions(replace(take, name=f"{take.name} {i}"), part_std)
            view = look(seen, Condition("", noise))
            xyz = lifter.lift_relative(view.pose)
            scores = lifting_scores(xyz, view.scene.truth, view.scene.fps)
            means = [np.nanmean(scores[name]) for name in ("p_mpjpe_mm", "knee_error_deg")]
            found.append((*means, _stays(view)))
    mm, deg, stays = np.array(found).T
    is_still = stays.astype(bool)
    values = (mm.mean(), mm[is_still].mean(), mm[~is_still].mean(), deg.mean())
    return dict(zip(COLUMNS, map(float, values), strict=True))


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", nargs="+", required=True)
    parser.add_argument("--subjects", nargs="+", help="of the group, whom the weights never saw")
    parser.add_argument("--part-scale", type=float, default=0.0, metavar="STD",
                        help="people of other proportions (augment.part_scale_std)")  # fmt: skip
    flags = parser.parse_args(argv)
    takes = read_takes(replace(PEOPLE, source=replace(PEOPLE.source, subjects=flags.subjects)))
    head = ["weights", *(f"{noise}: {name}" for noise in NOISES for name in COLUMNS)]
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for path in flags.checkpoint:
        lifter = Lifter.from_checkpoint(path)
        found = [measured(lifter, takes, noise, flags.part_scale) for noise in NOISES]
        row = [value for figures in found for value in figures.values()]
        print(f"| {' | '.join([path, *(f'{value:.1f}' for value in row)])} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
