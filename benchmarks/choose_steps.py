"""What the constants of the steps around the network were chosen by: development data alone.

    python benchmarks/choose_steps.py -c checkpoint/lifter_swift.pt

Needs data/motion3d/mocap and data/motion3d/more_1 (checkpoint/README.md says how they are made).
Group cmu_b of the motion capture and made-up lifts by other bodies, from random cameras, with two
kinds of simulated detections. What is shipped comes first. Prints Markdown.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.lifting_scenes import Condition, Take, TakeSet, View, look, read_takes
from lib.data.windows import SourceConfig
from lib.errors import command_line
from lib.infer import bones, rays
from lib.infer.lift import Lifter
from lib.infer.raw import RawLift
from lib.infer.steps import ALL_STEPS, finish, repaired
from lib.pose import Pose2D
from lib.train.metrics import lifting_scores

SETS = {
    "cmu_b": TakeSet(SourceConfig("data/motion3d/mocap", groups=["cmu_b"]), 2, 300),
    "made-up lifts": TakeSet(
        SourceConfig(
            "data/motion3d/more_1", subjects=["s03", "s10", "s11"], cameras=["60457274"],
            actions=["squat", "deadlift", "pushup"],
        ),
        1, 300,
    ),
}  # fmt: skip
NOISES = ("published", "fitted")
METRICS = ("p_mpjpe_mm", "mpjpe_mm", "knee_error_deg")
DEPTH_GIVES = (1.0, 4.0, 9.0)
SHARES = ((0.0, 0.0), (0.3, 0.3), (0.5, 0.5), (0.7, 0.7), (1.0, 1.0), (0.3, 0.8), (0.7, 1.0))
"""Of the way to the line of sight: of what stays and of what moves."""
SINE_POWERS = (0, 4, 8)
Case = tuple[View, Pose2D, RawLift]


@contextmanager
def _constants(shares: tuple[float, float], give: float, power: float) -> Iterator[None]:
    with (
        mock.patch.object(rays, "STEADY", shares[0]),
        mock.patch.object(rays, "MOVING", shares[1]),
        mock.patch.object(bones, "_GIVE", np.array([1.0, 1.0, give])),
        mock.patch.object(bones, "_SINE_POWER", power),
    ):
        yield


def choices() -> Iterator[tuple[tuple[float, float], float, float]]:
    """(shares, give, power): what is shipped, then one varied at a time."""
    shipped = ((rays.STEADY, rays.MOVING), float(bones._GIVE[2]), bones._SINE_POWER)
    yield shipped
    for i, values in enumerate((SHARES, DEPTH_GIVES, SINE_POWERS)):
        for value in values:
            if value != shipped[i]:
                yield (*shipped[:i], value, *shipped[i + 1 :])  # type: ignore


def cases(lifter: Lifter, takes: Sequence[Take], noise: str) -> list[Case]:
    """Every take lifted, before the steps in 3D."""
    found = []
    for take in takes:
        view = look(replace(take, camera=None), Condition("", noise))
        pose, _ = repaired(view.pose, ALL_STEPS)
        found.append((view, pose, lifter.raw(pose)))
    return found


def scores(found: Sequence[Case]) -> list[float]:
    """Means over all frames of METRICS after the steps, the focal length assumed as for users."""
    series: dict[str, list[np.ndarray]] = {name: [] for name in METRICS}
    for view, pose, raw in found:
        xyz = finish(raw, pose, ALL_STEPS)
        each = lifting_scores(xyz, view.scene.truth, view.scene.fps)
        for name in METRICS:
            series[name].append(each[name][np.isfinite(each[name])])
    return [float(np.concatenate(values).mean()) for values in series.values()]


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Lift once, print a row for each choice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default="checkpoint/lifter_swift.pt")
    lifter = Lifter.from_checkpoint(parser.parse_args(argv).checkpoint)
    columns = [f"{name}, {noise}" for name in SETS for noise in NOISES]
    lifted = [cases(lifter, read_takes(SETS[name]), noise) for name in SETS for noise in NOISES]
    head = ["towards rays, steady and moving", "give in depth", "power of the sine", *columns]
    print(f"P-MPJPE mm / MPJPE mm / knee deg\n\n| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for choice in choices():
        with _constants(*choice):
            cells = [" / ".join(f"{value:.1f}" for value in scores(found)) for found in lifted]
        shares, *others = choice
        settings = [f"{shares[0]:g}, {shares[1]:g}", *(f"{value:g}" for value in others)]
        print(f"| {' | '.join([*settings, *cells])} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
