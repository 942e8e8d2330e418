"""Count and cut the repetitions of Fit3D's annotated sequences; constant 5 is printed beside.

    python benchmarks/fit3d_reps.py <folder with train/>        (or PERFECTREP_FIT3D=<folder>)
    python benchmarks/fit3d_reps.py data/fit3d --method aifit --actions squat deadlift

Truth: rep_ann.json, frames that bound contiguous repetitions. Pose: the published 3D joints in the
world frame, so neither a lifter nor a camera has a part in it. Nearly all sequences have five
repetitions, so counts alone prove little (docs/aifit.md): look at overlap and boundaries.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.counters import aifit, constant, recognised, told
from benchmarks.counting import Case, case_counts, interval_scores
from lib.analysis.exercises import exercise_names
from lib.data.fit3d import FPS, MADE_UP_TERMS, find_takes, read_joints, read_reps
from lib.errors import command_line
from lib.pose import Pose3D
from lib.skeleton import FIT3D25, JOINTS

WORKING = [FIT3D25.joints.index(name) for name in JOINTS]
USUAL = 5
"""Repetitions in nearly every sequence of Fit3D."""
METHODS: dict[str, Callable[[Pose3D, str], np.ndarray]] = {
    "told": told,
    "recognised": lambda pose, _: recognised(pose),
    "aifit": lambda pose, _: aifit(pose),
    "constant-5": lambda pose, _: constant(pose, USUAL),
}
"""(pose, action) to cycles. Only `told` looks at the action's name."""
ABSENT = (
    "Fit3D is not here, so nothing was measured: it is given out on request "
    "(https://fit3d.imar.ro). Name its folder, or set PERFECTREP_FIT3D."
)
HEADER = (
    f"{'action':34s} {'method':11s} {'n':>4s} {'reps':>5s} {'exact':>6s} {'95 %':>11s} {'OBO':>5s} "
    f"{'MAE_n':>6s} {'mIoU':>5s} {'F1@.5':>5s} {'p50 s':>6s} {'p95 s':>6s}"
)


def annotated(
    root: Path, actions: Sequence[str] | None, subjects: Sequence[str] | None
) -> Iterator[tuple[str, Pose3D, np.ndarray, bool]]:
    """Yields (action, pose, true cycles (n, 2) in frames, whether it is made up)."""
    takes, _ = find_takes(root, actions=actions, subjects=subjects)
    for take in tqdm(takes, desc="sequences", unit="", disable=None):
        xyz_m = read_joints(take.joints_path)
        marks = read_reps(take.joints_path.parents[1] / "rep_ann.json", take.action, len(xyz_m))
        if marks:
            valid = np.ones(len(xyz_m), bool)
            pose = Pose3D(
                xyz_m[:, WORKING], FPS, "metre", "world", valid, source=str(take.joints_path)
            )
            truth = np.stack([marks[:-1], marks[1:]], axis=1)
            yield take.action, pose, truth, take.terms == MADE_UP_TERMS


def line(action: str, method: str, cases: Sequence[Case]) -> str:
    """One row of the table."""
    counts, scores = case_counts(cases), interval_scores(cases)
    low, high = counts.obz_95
    return (
        f"{action:34s} {method:11s} {counts.num:4d} {sum(len(c.truth_s) for c in cases):5d} "
        f"{counts.obz:6.3f} {low:5.3f}-{high:5.3f} {counts.obo:5.3f} {counts.mae_n:6.3f} "
        f"{scores.miou:5.3f} {scores.f1_50:5.3f} "
        f"{scores.error_s(50):6.3f} {scores.error_s(95):6.3f}"
    )


def table(found: dict[str, dict[str, list[Case]]]) -> list[str]:
    """action -> method -> cases, to lines: each action, the described ones, all."""
    described = [action for action in found if action in exercise_names()]
    groups = {action: [action] for action in sorted(found)}
    groups |= {"exercises with a file": described} if described else {}
    groups |= {"all": list(found)}
    lines = [HEADER]
    for name, members in groups.items():
        for method in next(iter(found.values())):
            cases = [case for action in members for case in found[action][method]]
            lines.append(line(name, method, cases))
    return lines


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, nargs="?", default=os.environ.get("PERFECTREP_FIT3D"))
    parser.add_argument("--method", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--actions", nargs="+", help="default all that are annotated")
    parser.add_argument("--subjects", nargs="+", help="default all of train/")
    flags = parser.parse_args(argv)
    if flags.root is None:
        print(ABSENT)
        return
    methods = list(dict.fromkeys([*flags.method, "constant-5"]))
    found: dict[str, dict[str, list[Case]]] = {}
    is_made_up = False
    for action, pose, truth, made_up in annotated(Path(flags.root), flags.actions, flags.subjects):
        is_made_up |= made_up
        for method in methods:
            case = Case(truth / FPS, METHODS[method](pose, action) / FPS)
            found.setdefault(action, {}).setdefault(method, []).append(case)
    if not found:
        print(f"{flags.root}: no sequence with an entry in rep_ann.json")
        return
    if is_made_up:
        print(f"{flags.root}: made up by tools/make_fit3d.py; these are no results on Fit3D")
    print("\n".join(table(found)))


if __name__ == "__main__":
    sys.exit(main())
