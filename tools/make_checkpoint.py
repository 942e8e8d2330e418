"""python tools/make_checkpoint.py --data data/raw

From raw folders to the shipped lifter: made-up recordings, motion capture from --data/motion17 (the
form that tools/prepare_mocap.py reads), two trainings, half precision. Steps whose result is there
are left out, a training that was stopped goes on.
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


def steps(data: str) -> list[Step]:
    """Everything, in order."""
    first, second = "checkpoint/pretrain_swift", "checkpoint/pose3d_swift"
    people = "s03 s04 s05 s07 s08 s09 s10 s11"
    return [
        Step("Made-up recordings",
             f"tools/make_fit3d.py --out data/fit3d --subjects {people} --seed 0",
             "data/fit3d/fit3d_info.json"),
        Step("Prepare them", f"tools/prepare_fit3d.py --root data/fit3d --out {FIT3D}",
             f"{FIT3D}/manifest.json"),
        Step("Prepare the motion capture",
             f"tools/prepare_mocap.py --source {data}/motion17 --out {MOCAP}",
             f"{MOCAP}/manifest.json"),
        Step("Windows", f"tools/slice_clips.py --store {FIT3D}", f"{FIT3D}/clips.npy"),
        Step("Windows", f"tools/slice_clips.py --store {MOCAP}", f"{MOCAP}/clips.npy"),
        Step("Pretrain on very short clips",
             "train_pretrain.py --config configs/pretrain/swift.yaml", f"{first}/scores.json",
             first),
        Step("Finetune on longer ones",
             f"train_pose3d.py --config configs/pose3d/swift.yaml -p {first}/best.pt",
             f"{second}/scores.json", second),
        Step("Ship", f"tools/ship_checkpoint.py {second}/best.pt checkpoint/lifter_swift.pt", ""),
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
