"""How much of a fault does a lifter draw? Metrics of lifted sets over those of the true motion.

    python benchmarks/faults_drawn.py --noise published --moving-mm 16

The sets of `benchmarks/form_lifted.py` on the development stream, with faults and without, seen by
a phone and lifted; every metric that tells one of the faults, at the true motion's repetitions.
Slope: of the line through the lifted over the true values of all cases and views of a lift, 1 where
differences are drawn as large as they are. Error: root mean square, in the metric's unit (lengths
in thigh lengths). Told: the slope times the spread of the true values, over the spread around the
line. --moving-mm compares other values of lib.infer.rays.MOVING_M, which was chosen by this and by
`benchmarks/choose_steps.py`. Prints Markdown.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.form import CASES, is_one_of
from benchmarks.form_lifted import lifted
from benchmarks.lift_suite import Film
from benchmarks.metric_noise import VIEWS, film_set, scene_of, true_pose
from lib.analysis.exercises import Exercise, load_exercise
from lib.analysis.metrics import value_at
from lib.analysis.moments import Moments
from lib.analysis.reps import count_on
from lib.analysis.track import prepare
from lib.config import load_config
from lib.data.noise import NoiseConfig
from lib.errors import command_line
from lib.infer import rays
from lib.infer.lift import Lifter
from lib.pose import Pose3D

LIFTS = ("squat", "deadlift", "pushup")
"""Bench presses have no metrics when they are lifted."""
YES_OR_NO = ("SQ-15",)
"""A double bounce is there or is not."""
Values = dict[str, list[float]]
"""Metric -> its value in each repetition."""


def told_by(lift: str) -> list[str]:
    """The metrics of a lift that tell one of the faults."""
    ids = {i for of, _, each in CASES.values() if of == lift for i in each}
    return [n for n in load_exercise(lift).metrics if is_one_of(n, ids) and n not in YES_OR_NO]


def values_of(true: Pose3D, seen: Sequence[Pose3D], exercise: Exercise) -> list[Values]:
    """Of the true motion and of what was seen of it, at the true repetitions."""
    counts = [count_on(prepare(pose), exercise) for pose in (true, *seen)]
    scenes = [scene_of(p, c, exercise) for p, c in zip((true, *seen), counts, strict=True)]
    found: list[Values] = [defaultdict(list) for _ in scenes]
    for rep in counts[0].reps:
        for scene, values in zip(scenes, found, strict=True):
            moments = Moments(scene, rep.cycle)
            for name in told_by(exercise.name):
                rule = replace(exercise.metrics[name], bias={}, floor={})
                values[name].append(value_at(rule, scene, moments)[0])
    return found


def cell(true: Sequence[float], seen: Sequence[float]) -> str:
    """Slope / error / told."""
    pair = np.array([true, seen], float)
    true_k, seen_k = pair[:, np.isfinite(pair).all(0)]
    if len(true_k) < 3 or not np.ptp(true_k):
        return ""
    slope, start = np.polyfit(true_k, seen_k, 1)
    around = max(float(np.std(seen_k - slope * true_k - start)), 1e-9)
    error = float(np.sqrt(np.mean((seen_k - true_k) ** 2)))
    return f"{slope:.2f} / {error:.3g} / {slope * np.std(true_k) / around:.2f}"


def films(lift: str, num: int) -> Iterator[Film]:
    """All cases of a lift from all views."""
    for of, faults, _ in CASES.values():
        for view in VIEWS if of == lift else ():
            for i_draw in range(num):
                yield film_set("shifted_dev", lift, view, i_draw, faults)


def seen_with(lifter: Lifter, noise: NoiseConfig, one: Film, moving_m: float) -> Pose3D:
    """A film lifted with another constant."""
    with mock.patch.object(rays, "MOVING_M", moving_m):
        return lifted(lifter, noise, one)


def rows(
    lifter: Lifter, noise: NoiseConfig, lift: str, num: int, moving_m: Sequence[float]
) -> list[list[str]]:
    """A row a metric: its name, the number of repetitions, a cell for each of moving_m."""
    exercise = load_exercise(lift)
    found: list[Values] = [defaultdict(list) for _ in (None, *moving_m)]
    for one in films(lift, num):
        seen = [seen_with(lifter, noise, one, value) for value in moving_m]
        for whole, new in zip(found, values_of(true_pose(one), seen, exercise), strict=True):
            for name, values in new.items():
                whole[name] += values
    true, *others = found
    return [
        [lift, name, str(len(values)), *(cell(values, other[name]) for other in others)]
        for name, values in true.items()
    ]


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Film, lift, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default=str(ROOT / "checkpoint/lifter_swift.pt"))
    parser.add_argument("--noise", default="published", help="file in configs/noise")
    parser.add_argument("--sets", type=int, default=1, help="of each case and view")
    parser.add_argument("--lift", choices=LIFTS, action="append")
    parser.add_argument("--moving-mm", type=float, action="append", default=[])
    flags = parser.parse_args(argv)
    noise = load_config(NoiseConfig, ROOT / f"configs/noise/{flags.noise}.yaml")
    lifter = Lifter.from_checkpoint(flags.checkpoint)
    moving_m = [rays.MOVING_M, *(value / 1000 for value in flags.moving_mm)]
    shipped, *others = (f"{1000 * value:g} mm" for value in moving_m)
    head = ["lift", "metric", "repetitions", f"{shipped} (shipped)", *others]
    print(f"slope / error / told\n\n| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for lift in flags.lift or LIFTS:
        for row in rows(lifter, noise, lift, flags.sets, moving_m):
            print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
