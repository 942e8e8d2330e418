"""How bent a lifter sees knees, by view and by how bent they are: what its recipe was chosen by.

    python benchmarks/knees.py -c checkpoint/lifter_swift.pt

People for development, though the shipped lifter has trained on cmu_new2 of cmu_b; needs
data/motion3d/mocap_knees, more_1 and deep_13 (checkpoint/README.md says how they are made): group
cmu_b of the motion capture with its knees straightened, and made-up squats by other bodies, some
deep, from five sides with two kinds of simulated detections; `fitted` is of the kind that the
lifter is trained with. `--trunk 1.14 --hips 1.25` makes these people's trunks longer and hips wider
by that: the held-out groups' are. Prints Markdown; a row for each checkpoint, people, detections
and side.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.lifting_rows import AZIMUTHS_DEG
from benchmarks.lifting_scenes import Condition, Take, TakeSet, look, read_takes
from lib.analysis.form import limb_angle
from lib.data.proportions import stretch_bones
from lib.data.windows import SourceConfig
from lib.errors import command_line
from lib.infer.lift import Lifter
from lib.skeleton import NUM_JOINTS, indices
from lib.train.metrics import lifting_scores

SETS = {
    "cmu_b": TakeSet(SourceConfig("data/motion3d/mocap_knees", groups=["cmu_b"]), 4, 100),
    "made-up squats": TakeSet(
        SourceConfig(
            "data/motion3d/more_1", subjects=["s03", "s10", "s11"], cameras=["60457274"],
            actions=["squat"],
        ),
        1, 300,
    ),
    "made-up deep squats": TakeSet(
        SourceConfig(
            "data/motion3d/deep_13", subjects=["s03", "s10", "s11"], cameras=["60457274"],
            actions=["squat"],
        ),
        1, 300,
    ),
}  # fmt: skip
NOISES = ("published", "fitted")
DEPTHS_DEG = (0, 20, 60, 100, 180)
"""Bounds of the true bend in which the error is told apart."""
ELEVATION_DEG = 5.0


def _bends(xyz: np.ndarray) -> np.ndarray:
    """(T, 2) degrees, left and right."""
    return np.stack([limb_angle(xyz, "knee", side) for side in "lr"], -1)


def stretched(takes: Sequence[Take], trunk: float, hips: float) -> list[Take]:
    """The same motions by people whose trunk is that many times as long, and the hips as wide."""
    factors = np.ones(NUM_JOINTS)
    factors[indices("spine", "neck")], factors[indices("lhip", "rhip")] = trunk, hips
    return [replace(take, xyz_world=stretch_bones(take.xyz_world, factors)) for take in takes]


def seen_from(
    lifter: Lifter, takes: Sequence[Take], noise: str, azimuth_deg: float
) -> dict[str, float]:
    """Mean P-MPJPE, mean absolute error of the knees, and its mean with sign at each depth."""
    distances, errors, truths = [], [], []
    for take in takes:
        condition = Condition("", noise, azimuth_deg, ELEVATION_DEG)
        view = look(replace(take, camera=None), condition)
        xyz, truth = lifter.lift_relative(view.pose), view.scene.truth
        distances.append(lifting_scores(xyz, truth, view.scene.fps)["p_mpjpe_mm"])
        errors.append(_bends(xyz) - _bends(truth))
        truths.append(_bends(truth))
    error, true = np.concatenate(errors), np.concatenate(truths)
    found = {
        "P-MPJPE mm": float(np.nanmean(np.concatenate(distances))),
        "knee deg": float(np.nanmean(np.abs(error))),
    }
    for low, high in pairwise(DEPTHS_DEG):
        there = error[(true >= low) & (true < high)]
        found[f"bias {low}-{high}"] = float(np.nanmean(there)) if there.size else float("nan")
    return found


def rows(
    lifter: Lifter, trunk: float = 1.0, hips: float = 1.0
) -> Iterator[tuple[list[str], dict[str, float]]]:
    """(set, noise, side) and the figures; after the sides, the mean over them."""
    for people, chosen in SETS.items():
        takes = stretched(read_takes(chosen), trunk, hips)
        for noise in NOISES:
            sides = {
                name: seen_from(lifter, takes, noise, deg) for name, deg in AZIMUTHS_DEG.items()
            }
            for name, found in sides.items():
                yield [people, noise, name], found
            mean = {key: float(np.nanmean([each[key] for each in sides.values()])) for key in found}
            yield [people, noise, "mean of the sides"], mean


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", nargs="+", default=["checkpoint/lifter_swift.pt"])
    parser.add_argument("--trunk", type=float, default=1.0, metavar="FACTOR")
    parser.add_argument("--hips", type=float, default=1.0, metavar="FACTOR")
    flags = parser.parse_args(argv)
    for i, path in enumerate(flags.checkpoint):
        lifter = Lifter.from_checkpoint(path)
        for j, (names, found) in enumerate(rows(lifter, flags.trunk, flags.hips)):
            if i == j == 0:
                head = ["weights", "people", "detections", "from", *found]
                print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
            figures = ["" if np.isnan(x) else f"{x:.1f}" for x in found.values()]
            print(f"| {' | '.join([path, *names, *figures])} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
