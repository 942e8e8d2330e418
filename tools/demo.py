"""python tools/demo.py

The whole path in a few minutes on two CPU cores, everything under out/demo: made-up recordings in
Fit3D's format, three trainings, then a video lifted, counted and reported with the shipped weights.
"""

import argparse
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import orjson

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from lib.errors import UserError, command_line

OUT = "out/demo"
STEPS = (
    ("Recordings in Fit3D's format",
     f"tools/make_fit3d.py --out {OUT}/fit3d --subjects s03 s04 s05 s09 "
     "--actions squat deadlift pushup"),
    ("Raw recordings to 3D, 2D and rep marks",
     f"tools/prepare_fit3d.py --root {OUT}/fit3d --out {OUT}/motion3d"),
    ("Windows of 243 frames", f"tools/slice_clips.py --store {OUT}/motion3d"),
    ("Pretrain a lifter", "train_pretrain.py --config configs/pretrain/demo.yaml"),
    ("Finetune it", f"train_pose3d.py --config configs/pose3d/demo.yaml -p {OUT}/pretrain/best.pt"),
    ("Train a classifier",
     f"train_action.py --config configs/action/demo.yaml -p {OUT}/pretrain/best.pt"),
    ("The lifter just trained, on the held-out athlete s09",
     f"train_pose3d.py --config configs/pose3d/demo.yaml -e {OUT}/pose3d/best.pt"),
    ("The shipped lifter, on the same",
     "train_pose3d.py --config configs/pose3d/demo.yaml -e checkpoint/lifter_swift.pt"),
    ("A video: lift, count, report",
     f"infer_wild.py -j data/sample/squat.json -v data/sample/squat.mp4 -o {OUT}/squat"),
)  # fmt: skip


def run_step(number: int, total: int, title: str, command: str) -> None:
    """Show and run one command. Raises UserError if it fails."""
    print(f"\n[{number}/{total}] {title}\n    python {command}", flush=True)
    started = time.perf_counter()
    done = subprocess.run([sys.executable, *shlex.split(command)], cwd=ROOT, check=False)
    if done.returncode:
        raise UserError(f"step {number} failed: python {command}")
    print(f"[{number}/{total}] {time.perf_counter() - started:.0f} s", flush=True)


def check_report(folder: Path, truth_path: Path) -> str:
    """Compare the report with the sample's truth. Raises UserError if count or exercise differ."""
    report = orjson.loads((folder / "report.json").read_bytes())
    with np.load(truth_path, allow_pickle=False) as truth:
        num_reps, action = len(truth["marks"]) - 1, str(truth["action"])
    counted = sum(one["count"]["total"] for one in report["sets"])
    named = report["exercise"]["name"]
    if (counted, named) != (num_reps, action):
        raise UserError(f"{folder}: {counted} reps of {named}, but it is {num_reps} of {action}")
    return f"{counted} of {num_reps} reps counted, exercise {named}: both right."


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Run every step, then check the report."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    shutil.rmtree(ROOT / OUT, ignore_errors=True)
    for number, (title, command) in enumerate(STEPS, 1):
        run_step(number, len(STEPS), title, command)
    print("\n" + check_report(ROOT / OUT / "squat", ROOT / "data" / "sample" / "truth.npz"))
    print(f"Curves: tensorboard --logdir {OUT}\nOpen {OUT}/squat/report.html")


if __name__ == "__main__":
    sys.exit(main())
