"""python tools/make_checkpoint.py --data data/raw

From raw folders to the shipped weights: made-up recordings and motion capture, one store a core;
trainings; weights made small. --data has motion17, in the form tools/prepare_mocap.py reads. Steps
whose result is there are left out; made-up recordings that are not the recipe's are refused. A
training that was stopped goes on. `--recipe swift` is for two CPU cores; `gpu`, for one GPU, gives
the shipped lifter, with three pose streams for one (checkpoint/README.md).
"""

import argparse
import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from threading import Event

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lib.data.fit3d import TRAIN_SUBJECTS
from lib.data.synthetic.motions import ACTIONS
from lib.data.synthetic.origin import People
from lib.errors import UserError, command_line
from lib.train.loader import count_cores
from tools.demo import run_step

FIT3D, MOCAP = "data/motion3d/fit3d", "data/motion3d/mocap"
LIFTER, CLASSIFIER = "checkpoint/lifter_swift.pt", "checkpoint/action_swift.pt"
NUM_MADE_UP = 10
"""Stores of made-up people, seeds 0 to 9: one with every action, others with other bodies."""
DEEP = tuple(range(10, 20))
"""Seeds of more, who go lower in squats and push-ups than those; benchmarks keep 13."""
LIFTS = ("squat", "deadlift", "pushup", "sit_to_stand", "sit")
THRESHOLD = 0.9
"""Chosen on the development group of motion capture (checkpoint/README.md)."""


@dataclass(frozen=True)
class Step:
    """One command and the file that is there when it has come to its end."""

    title: str
    command: str
    """As in a shell: a path of somebody else's is quoted."""
    result: str
    run: str | None = None
    """Run folder of a training."""
    people: People | None = None
    """Who must be in the result."""

    def next_command(self) -> str:
        """The command, or how a training goes on that was stopped."""
        if self.run is None or not (ROOT / self.run / "latest.pt").exists():
            return self.command
        return f"{self.command.split(' -p ')[0]} --resume"


def _people(number: int) -> People:
    if number in DEEP:
        return People(number, ("squat", "pushup"), ("deep",))
    return People(number, LIFTS if number else ACTIONS)


def _made_up(number: int) -> list[Step]:
    """A store of made-up people; number is the seed and, from 1 on, part of its name."""
    people, kind = _people(number), "deep" if number in DEEP else "more"
    raw, store = f"data/fit3d_{number}", f"data/motion3d/{kind}_{number}"
    who = f"--subjects {' '.join(TRAIN_SUBJECTS)} --seed {number}"
    if number == 0:
        raw, store = "data/fit3d", FIT3D
    else:
        who += f" --actions {' '.join(people.actions)}"
    if people.faults:
        who += f" --faults {' '.join(people.faults)}"
    return [
        Step("Made-up recordings",
             f"tools/make_fit3d.py --out {raw} {who}", f"{raw}/fit3d_info.json", people=people),
        Step("Prepare them", f"tools/prepare_fit3d.py --root {raw} --out {store}",
             f"{store}/manifest.json", people=people),
        Step("Windows", f"tools/slice_clips.py --store {store}", f"{store}/clips.npy"),
    ]  # fmt: skip


def _mocap(data: str, store: str, flag: str = "") -> list[Step]:
    """A store of the motion capture."""
    source = shlex.quote(f"{data}/motion17")
    return [
        Step("Prepare the motion capture",
             f"tools/prepare_mocap.py --source {source} --out {store}{flag}",
             f"{store}/manifest.json"),
        Step("Windows", f"tools/slice_clips.py --store {store}", f"{store}/clips.npy"),
    ]  # fmt: skip


@dataclass(frozen=True)
class Stage:
    """One training: a script, its config and the run folder that the config names."""

    title: str
    script: str
    config: str
    run: str

    def after(self, weights: str | None) -> Step:
        """The step, from the best weights of another run or from nothing."""
        flags = f" -p {weights}/best.pt" if weights else ""
        return Step(
            self.title, f"{self.script} --config {self.config}{flags}", f"{self.run}/scores.json",
            self.run,
        )  # fmt: skip


def _stage(title: str, kind: str, name: str) -> Stage:
    run = f"checkpoint/{kind}_{name}"
    return Stage(title, f"train_{kind}.py", f"configs/{kind}/{name}.yaml", run)


RECIPES = {
    "swift": [
        _stage("Pretrain pose tokens on very short clips", "pretrain", "swift"),
        _stage("Finetune them on longer ones", "pose3d", "swift"),
        _stage("Finetune them on the lifts", "pose3d", "swift_lifts"),
        _stage("Finetune the whole network on a real detector's errors", "pose3d", "swift_last"),
        _stage("Classifier", "action", "swift"),
    ],
    "gpu": [
        _stage("Pretrain pose tokens", "pretrain", "swift_gpu"),
        _stage("Finetune the whole network", "pose3d", "swift_gpu"),
        _stage("Classifier", "action", "swift_gpu"),
    ],
}
"""Name -> what is trained, each stage from the one before; the last one is the classifier."""


def _trained(stages: Sequence[Stage]) -> list[Step]:
    before = [None, *(stage.run for stage in stages)]
    return [stage.after(run) for stage, run in zip(stages, before, strict=False)]


def stores(data: str) -> list[list[Step]]:
    """What makes each store, in order; no store needs another."""
    made_up = [_made_up(number) for number in (*range(NUM_MADE_UP), *DEEP)]
    knees = _mocap(data, f"{MOCAP}_knees", " --straight-knees")
    return [*made_up, _mocap(data, MOCAP), knees]


def trainings(recipe: str) -> list[Step]:
    """Both networks from the stores, in order."""
    stages = _trained(RECIPES[recipe])
    lifter, classifier = (step.run for step in stages[-2:])
    return [
        *stages[:-1],
        Step("Ship", f"tools/ship_checkpoint.py {lifter}/best.pt {LIFTER}", ""),
        Step("Uncertainty", f"tools/calibrate_lifter.py {LIFTER}", ""),
        stages[-1],
        Step("Ship", f"tools/ship_checkpoint.py {classifier}/best.pt {CLASSIFIER} "
             f"--threshold {THRESHOLD}", ""),
    ]  # fmt: skip


def steps(data: str, recipe: str = "swift") -> list[Step]:
    """Everything, in order."""
    return [*chain.from_iterable(stores(data)), *trainings(recipe)]


def _run(some: Iterable[tuple[int, Step]], total: int, is_stopped: Event) -> None:
    """Steps in order with their numbers, those whose result is there left out."""
    for number, step in some:
        if is_stopped.is_set():
            return
        if step.result and (ROOT / step.result).exists():
            print(f"[{number}/{total}] {step.title}: {step.result} is there")
        else:
            run_step(number, total, step.title, step.next_command())


def _side_by_side(rows: Sequence[Sequence[tuple[int, Step]]], total: int) -> None:
    """Each row in order, as many rows at a time as there are cores. Raises what the first one
    raises that fails: steps that have begun come to their end, no other begins."""
    is_stopped = Event()
    with ThreadPoolExecutor(count_cores()) as pool:
        try:
            for done in as_completed([pool.submit(_run, row, total, is_stopped) for row in rows]):
                done.result()
        except BaseException:
            is_stopped.set()
            raise


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--data", required=True, help="folder that holds motion17")
    parser.add_argument("--recipe", choices=RECIPES, default="swift")
    flags = parser.parse_args(argv)
    if not (Path(flags.data) / "motion17").is_dir():
        raise UserError(f"--data {flags.data}: has no folder motion17 (docs/own_mocap.md)")
    data = Path(flags.data).resolve().as_posix()
    todo = steps(data, flags.recipe)
    for step in todo:
        if step.people:
            step.people.check(ROOT / step.result)
    # On few cores a training's threads that spin while they wait take them from its loader.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    numbered = iter(enumerate(todo, 1))
    _side_by_side([list(islice(numbered, len(store))) for store in stores(data)], len(todo))
    _run(numbered, len(todo), Event())


if __name__ == "__main__":
    sys.exit(main())
