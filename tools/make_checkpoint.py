"""python tools/make_checkpoint.py --data data/raw

From raw folders to the shipped weights: made-up recordings, motion capture from --data/motion17
(the form that tools/prepare_mocap.py reads), four trainings, half precision. Steps whose result is
there are left out, a training that was stopped goes on.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lib.errors import UserError, command_line
from tools.demo import run_step

FIT3D, MOCAP = "data/motion3d/fit3d", "data/motion3d/mocap"
LIFTER, CLASSIFIER = "checkpoint/lifter_swift.pt", "checkpoint/action_swift.pt"
THRESHOLD = 0.9
"""Chosen on the development group of motion capture (checkpoint/README.md)."""


@dataclass(frozen=True)
class Step:
    """One command and the file that is there when it has come to its end."""

    title: str
    command: str
    result: str
    run: str | None = None
    """Run folder of a training."""

    def next_command(self) -> str:
        """The command, or how a training goes on that was stopped."""
        if self.run is None or not (ROOT / self.run / "latest.pt").exists():
            return self.command
        return f"{self.command.split(' -p ')[0]} --resume"


def _made_up(number: int, actions: str) -> list[Step]:
    """A store of made-up people; number is the seed and, from 1 on, part of its name."""
    raw, store = (f"data/fit3d_{number}", f"data/motion3d/more_{number}")
    if number == 0:
        raw, store = "data/fit3d", FIT3D
    people = "s03 s04 s05 s07 s08 s09 s10 s11"
    return [
        Step("Made-up recordings",
             f"tools/make_fit3d.py --out {raw} --subjects {people} --seed {number}{actions}",
             f"{raw}/fit3d_info.json"),
        Step("Prepare them", f"tools/prepare_fit3d.py --root {raw} --out {store}",
             f"{store}/manifest.json"),
        Step("Windows", f"tools/slice_clips.py --store {store}", f"{store}/clips.npy"),
    ]  # fmt: skip


def steps(data: str) -> list[Step]:
    """Everything, in order."""
    first, action = "checkpoint/pretrain_swift", "checkpoint/action_swift"
    second, third = "checkpoint/pose3d_swift", "checkpoint/pose3d_swift_lifts"
    lifts = " --actions squat deadlift pushup sit_to_stand sit"
    return [
        *_made_up(0, ""), *_made_up(1, lifts), *_made_up(2, lifts),
        Step("Prepare the motion capture",
             f"tools/prepare_mocap.py --source {data}/motion17 --out {MOCAP}",
             f"{MOCAP}/manifest.json"),
        Step("Windows", f"tools/slice_clips.py --store {MOCAP}", f"{MOCAP}/clips.npy"),
        Step("Pretrain on very short clips",
             "train_pretrain.py --config configs/pretrain/swift.yaml", f"{first}/scores.json",
             first),
        Step("Finetune on longer ones",
             f"train_pose3d.py --config configs/pose3d/swift.yaml -p {first}/best.pt",
             f"{second}/scores.json", second),
        Step("Finetune on the lifts",
             f"train_pose3d.py --config configs/pose3d/swift_lifts.yaml -p {second}/best.pt",
             f"{third}/scores.json", third),
        Step("Classifier",
             f"train_action.py --config configs/action/swift.yaml -p {first}/best.pt",
             f"{action}/scores.json", action),
        Step("Ship", f"tools/ship_checkpoint.py {third}/best.pt {LIFTER}", ""),
        Step("Uncertainty", f"tools/calibrate_lifter.py {LIFTER}", ""),
        Step("Ship",
             f"tools/ship_checkpoint.py {action}/best.pt {CLASSIFIER} --threshold {THRESHOLD}", ""),
    ]  # fmt: skip


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[2])
    parser.add_argument("--data", required=True, help="folder that holds motion17")
    flags = parser.parse_args(argv)
    if not (Path(flags.data) / "motion17").is_dir():
        raise UserError(f"--data {flags.data}: has no folder motion17 (docs/own_mocap.md)")
    todo = steps(Path(flags.data).resolve().as_posix())
    for number, step in enumerate(todo, 1):
        if step.result and (ROOT / step.result).exists():
            print(f"[{number}/{len(todo)}] {step.title}: {step.result} is there")
        else:
            run_step(number, len(todo), step.title, step.next_command())


if __name__ == "__main__":
    sys.exit(main())
