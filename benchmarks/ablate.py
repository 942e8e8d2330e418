"""What each part of the lifter's recipe is worth: short trainings that differ in one thing.

    OMP_NUM_THREADS=1 python benchmarks/ablate.py --seeds 0 1 2 --lanes 2

Needs data/motion3d/fit3d and data/motion3d/mocap (checkpoint/README.md says how they are made).
Each row is configs/pretrain/ablation.yaml with the changes named, scored on people left out for
choosing recipes: group cmu_b of the motion capture and the lifts of the made-up athlete s11.
Finished rows are kept under --out and not run again.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import orjson

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lib.errors import UserError, command_line

CONFIG = "configs/pretrain/ablation.yaml"
FIT3D, MOCAP = "data/motion3d/fit3d", "data/motion3d/mocap"
_TRAIN = "subjects: [s03, s04, s05, s07, s10], cameras: ['60457274'], random_camera: 1.0"
_GROUPS = "groups: [cmu_a, cmu_dance, deepmimic]"
ALIKE = "out/mocap_alike"
"""Made from MOCAP by benchmarks/alike.py."""
_LONGER = ["data.clip_len=27", "train.batch_size=21", "train.epochs=3"]
_PUBLISHED = ["noise.bias_std=0", "noise.strength=[1, 1]"]
_MASKS_ALONE = (
    "augment={joint_mask: 0.05, frame_mask: 0.1, limb_mask: 0, joint_gap: 0, head_drop: 0, "
    "head_jitter_m: 0, bone_scale_std: 0, limb_turn_deg: 0, borrowed_arms: 0}"
)
_NO_VARIETY = ["augment.limb_turn_deg=0", "augment.borrowed_arms=0"]
_REFERENCE = [
    "camera.views=4", "loss.velocity=20", "loss.scale=0.5", "train.ema=0",
    "optim.schedule=exponential", "optim.decay=0.99", "optim.warmup_steps=0",
    *_PUBLISHED, _MASKS_ALONE,
]  # fmt: skip
ROWS: dict[str, list[str]] = {
    "base": [],
    "no turned limbs": ["augment.limb_turn_deg=0"],
    "limbs turned up to 10 degrees": ["augment.limb_turn_deg=10"],
    "limbs turned up to 40 degrees": ["augment.limb_turn_deg=40"],
    "own arms": ["augment.borrowed_arms=0"],
    "own arms, no turned limbs": _NO_VARIETY,
    "no bone scaling": ["augment.bone_scale_std=0"],
    "bone scaling 0.15": ["augment.bone_scale_std=0.15"],
    "parts scaled by 0.1, bones by 0.04": ["augment.part_scale_std=0.1",
                                           "augment.bone_scale_std=0.04"],
    "bones alike over the sources": [
        f"sources=[{{store: {FIT3D}, {_TRAIN}}}, {{store: {ALIKE}, {_GROUPS}, repeat: 4}}]",
    ],
    "four fixed views a sequence": ["camera.views=4"],
    "no detector noise": ["noise=null"],
    "published noise": _PUBLISHED,
    "no masks": ["augment.joint_mask=0", "augment.frame_mask=0", "augment.limb_mask=0",
                 "augment.joint_gap=0"],
    "masks of MotionBERT (5 %, 10 %)": ["augment.joint_mask=0.05", "augment.frame_mask=0.1"],
    "head neither dropped nor jittered": ["augment.head_drop=0", "augment.head_jitter_m=0"],
    "time warp": ["augment.time_warp=[0.75, 1.35]"],
    "motion capture alone": [f"sources=[{{store: {MOCAP}, {_GROUPS}, repeat: 7}}]"],
    "generated alone": [f"sources=[{{store: {FIT3D}, {_TRAIN}, repeat: 2}}]"],
    "velocity weight 0.5": ["loss.velocity=0.5"],
    "velocity weight 20 and scale 0.5 (MotionBERT)": ["loss.velocity=20", "loss.scale=0.5"],
    "joint tokens beside pose tokens": ["stream_alone=false"],
    "joint tokens alone": ["stream_alone=false", "model.pose_stream=null"],
    "image target": ["target=image"],
    "image target with input skip": ["target=image", "model.input_skip=true"],
    "no averaged weights": ["train.ema=0"],
    "exponential schedule": ["optim.schedule=exponential", "optim.decay=0.99"],
    "rate 3e-3": ["optim.lr=3.0e-3"],
    "Muon": ["optim.muon_lr=3.0e-3"],
    "12.5 frames a second": ["data.fps=12.5"],
    "27 frames": _LONGER,
    "81 frames": ["data.clip_len=81", "train.batch_size=7", "train.epochs=1"],
    "9 and 27 frames mixed": ["data.clip_len=27", "more_clip_lens=[9]", "train.batch_size=32",
                              "train.epochs=2"],
    "9 frames, then 27": ["train.epochs=4"],
    "three times the steps": ["train.epochs=24"],
    "three times the steps, own arms, no turned limbs": [*_NO_VARIETY, "train.epochs=24"],
    "MotionBERT's recipe": _REFERENCE,
    "MotionBERT's recipe, positions alone": [*_REFERENCE, "loss.velocity=0", "loss.scale=0"],
    "MotionBERT's recipe, three times the steps": [*_REFERENCE, "train.epochs=24"],
}  # fmt: skip
"""Row -> changes to the config. Unless they say otherwise, all see about as many frames in as many
steps."""
THEN = {"9 frames, then 27": [*_LONGER, "train.epochs=2", "optim.lr=5.0e-4"]}
"""Row -> changes to the config for a second stage that starts from the row's weights."""
COLUMNS = {
    "mocap": ("p_mpjpe_mm", "mpjpe_mm", "knee_error_deg"),
    "squat": ("p_mpjpe_mm", "mpjpe_mm", "knee_error_deg"),
}
"""Exercise -> metrics shown of it."""


def run(flags: list[str]) -> None:
    """train_pretrain.py in a process of its own. Raises UserError."""
    command = [sys.executable, "train_pretrain.py", "--config", CONFIG, *flags]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f"{' '.join(flags)}: {done.stderr.strip()[-400:]}")


def train(name: str, seed: int, out: Path) -> dict:
    """Scores of a row by exercise, trained unless it is there; and the minutes that took."""
    folder = out / f"{name.replace(' ', '_').replace('/', '_')}-{seed}"
    done = folder / "minutes.json"
    if not done.exists():
        started = time.monotonic()
        shutil.rmtree(folder, ignore_errors=True)  # minutes of a row that was stopped mean nothing
        run(["-c", str(folder), f"train.seed={seed}", *ROWS[name]])
        if name in THEN:
            first = (folder / "best.pt").rename(out / f"{folder.name}-first.pt")
            shutil.rmtree(folder)
            run(["-c", str(folder), f"train.seed={seed}", "-p", str(first), *THEN[name]])
        run(["-e", str(folder / "best.pt")])  # all on the same input, whatever they were taught
        done.write_bytes(orjson.dumps((time.monotonic() - started) / 60))
    scores = orjson.loads((folder / "best_scores.json").read_bytes())
    return scores["by_exercise"] | {"minutes": orjson.loads(done.read_bytes())}


def line(name: str, runs: Sequence[dict]) -> str:
    """A row of the table: means over seeds, their spread in brackets where there are several."""
    cells = []
    for action, metrics in COLUMNS.items():
        for metric in metrics:
            values = [run[action][metric] for run in runs if metric in run[action]]
            if not values:  # a size that the target does not know
                cells.append("-")
                continue
            spread = f" ({np.std(values, ddof=1):.1f})" if len(values) > 1 else ""
            cells.append(f"{np.mean(values):.1f}{spread}")
    minutes = np.mean([run["minutes"] for run in runs])
    return f"| {name} | {' | '.join(cells)} | {len(runs)} | {minutes:.1f} |"


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", default=list(ROWS), help="all if not given")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--lanes", type=int, default=1, help="trainings at a time")
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "ablate")
    flags = parser.parse_args(argv)
    unknown = set(flags.rows) - set(ROWS)
    if unknown:
        raise UserError(f"--rows {', '.join(unknown)}: there are {'; '.join(ROWS)}")
    print("| | mocap P-MPJPE mm | MPJPE mm | knee deg | squat P-MPJPE mm | MPJPE mm | knee deg "
          "| seeds | minutes |\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    with ThreadPoolExecutor(flags.lanes) as lanes:
        jobs = {
            name: [lanes.submit(train, name, seed, flags.out) for seed in flags.seeds]
            for name in flags.rows
        }
        for name, runs in jobs.items():
            print(line(name, [run.result() for run in runs]), flush=True)


if __name__ == "__main__":
    sys.exit(main())
