"""What the constants of the steps around the network were chosen by: development data alone.

    python benchmarks/choose_steps.py -c checkpoint/lifter_swift.pt

Needs data/motion3d/mocap_knees and data/motion3d/more_1 (checkpoint/README.md says how they are
made). The people of cmu_b whom no weights were trained on, a dancer and acrobatics, and made-up
lifts by other bodies, from random cameras, with three kinds of simulated detections. What is
shipped comes first, then one constant varied at a time. Prints Markdown.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from unittest import mock

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.lifting_scenes import Condition, Take, TakeSet, View, look, read_takes
from lib.data.windows import SourceConfig
from lib.errors import UserError, command_line
from lib.infer import bones, rays
from lib.infer.lift import Lifter
from lib.infer.raw import RawLift
from lib.infer.steps import ALL_STEPS, finish, repaired
from lib.pose import Pose2D
from lib.train.metrics import lifting_scores

_MOCAP = "data/motion3d/mocap_knees"
SETS = {
    "dancer": TakeSet(SourceConfig(_MOCAP, groups=["cmu_b"], subjects=["cmu_94(indian)"]), 1, 300),
    "acrobatics": TakeSet(SourceConfig(_MOCAP, groups=["cmu_b"], subjects=["cmu_new3"]), 1, 300),
    "made-up lifts": TakeSet(
        SourceConfig(
            "data/motion3d/more_1", subjects=["s03", "s10", "s11"], cameras=["60457274"],
            actions=["squat", "deadlift", "pushup"],
        ),
        1, 300,
    ),
}  # fmt: skip
NOISES = ("published", "fitted", "phone")
METRICS = ("p_mpjpe_mm", "mpjpe_mm", "knee_error_deg")
VARIED = {
    "half belief, moving, mm": (
        (rays, ("MOVING_M",), 1000),
        ((1e-3,), (8,), (10,), (16,), (20,), (30,)),
    ),
    "half belief, steady, mm": ((rays, ("STEADY_M",), 1000), ((15,), (20,), (35,), (50,))),
    "second look: own spreads, most": (
        (rays, ("OWN_SPREADS", "MOST_AGAIN"), 1),
        ((0, 0.6), (0.3, 0.6), (0.6, 0.6), (0.4, 0.4), (0.4, 0.8), (1, 1)),
    ),
    "again": ((rays, ("AGAIN",), 1), ((0,), (1,), (2,))),
    "far, m": ((rays, ("FAR_M",), 1), ((0.08,), (0.3,))),
    "give in depth": ((bones, ("_GIVE",), 1), ((1,), (4,), (16,))),
    "power of the sine": ((bones, ("_SINE_POWER",), 1), ((0,), (8,))),
}
"""Constant -> where it is, its names and the unit it is told in; the values tried."""
Case = tuple[View, Pose2D, RawLift]


@contextmanager
def _constants(module: ModuleType, values: dict[str, float]) -> Iterator[None]:
    with ExitStack() as stack:
        for name, value in values.items():
            new = np.array([1.0, 1.0, value]) if name == "_GIVE" else value
            stack.enter_context(mock.patch.object(module, name, new))
        yield


def choices() -> Iterator[tuple[str, str, ModuleType, dict[str, float]]]:
    """What varies, to what, and how to get it; what is shipped first."""
    yield "shipped", "", rays, {}
    for title, ((module, names, unit), tried) in VARIED.items():
        for values in tried:
            new = {name: value / unit for name, value in zip(names, values, strict=True)}
            yield title, ", ".join(f"{value:g}" for value in values), module, new


def cases(lifter: Lifter, takes: Sequence[Take], noise: str) -> list[Case]:
    """Every take lifted, before the steps in 3D and before the second look."""
    found = []
    for take in takes:
        view = look(replace(take, camera=None), Condition("", noise))
        pose, _ = repaired(view.pose, ALL_STEPS)
        found.append((view, pose, lifter.raw(pose)))
    return found


def scores(lifter: Lifter, found: Sequence[Case]) -> list[float]:
    """Means over all frames of METRICS after the steps, the focal length assumed as for users."""
    series: dict[str, list[np.ndarray]] = {name: [] for name in METRICS}
    for view, pose, first in found:
        raw = lifter.look_again(first, pose) if rays.AGAIN else first
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
    if not lifter.is_metric:
        raise UserError("-c: only lifters in metres have these steps")
    columns = [f"{name}, {noise}" for name in SETS for noise in NOISES]
    lifted = [cases(lifter, read_takes(SETS[name]), noise) for name in SETS for noise in NOISES]
    head = ["constant", "value", *columns]
    print(f"P-MPJPE mm / MPJPE mm / knee deg\n\n| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for title, value, module, new in choices():
        with _constants(module, new):
            cells = [
                " / ".join(f"{score:.1f}" for score in scores(lifter, found)) for found in lifted
            ]
        print(f"| {' | '.join([title, value, *cells])} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
