"""Errors of a lifter on people it never saw: made-up athletes and a motion-capture group.

    python benchmarks/lifting_table.py -c checkpoint/lifter_tiny.pt

Needs data/motion3d/fit3d and data/motion3d/mocap (checkpoint/README.md says how they are made).
Prints a table: frame-weighted means, and the spread over sequences in brackets.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.analysis.reps import count_reps
from lib.config import load_config
from lib.data.noise import NoiseConfig
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.errors import command_line
from lib.geometry import flexion_deg
from lib.infer.lift import Lifter
from lib.skeleton import JOINT
from lib.train.evaluation import EvalConfig, evaluation_poses
from lib.train.metrics import lifting_scores

LIFTS = ["squat", "deadlift", "pushup"]
SEED = 7001
"""Of cameras and noise; no training and no choice of recipe used it."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    title: str
    source: SourceConfig
    noise: str | None


def rows(fit3d: str, mocap: str) -> list[Row]:
    """What is measured."""
    athletes = SourceConfig(fit3d, subjects=["s08", "s09"], actions=LIFTS)
    people = SourceConfig(mocap, groups=["opencap_6"])
    return [
        Row("made-up s08 s09, three lifts, perfect 2D", athletes, None),
        Row("made-up s08 s09, three lifts, published noise", athletes, "published"),
        Row("mocap group opencap_6, random views, perfect 2D", people, None),
        Row("mocap group opencap_6, random views, published noise", people, "published"),
        Row("mocap group opencap_6, random views, phone noise", people, "phone"),
    ]


def knee_error_deg(pred: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(T,) mean absolute difference of both knees' flexion, degrees."""
    legs = [[JOINT[f"{side}{part}"] for part in ("hip", "knee", "ankle")] for side in "lr"]
    bent = [[flexion_deg(*(xyz[:, j] for j in leg)) for leg in legs] for xyz in (pred, truth)]
    return np.abs(np.subtract(*bent)).mean(0)


def measure(lifter: Lifter, row: Row) -> dict[str, list[np.ndarray]]:
    """Per-frame errors of each sequence, by metric."""
    root = Path(__file__).resolve().parents[1]
    path = root / "configs" / "noise" / f"{row.noise}.yaml"
    noise = load_config(NoiseConfig, path) if row.noise else None
    config = EvalConfig([row.source], with_noise=noise is not None, seed=SEED)
    found: dict[str, list[np.ndarray]] = {}
    for store, i, pose, truth in evaluation_poses(config, noise, RandomCameraConfig()):
        lifted = lifter.lift(pose)
        pred = lifted.xyz - lifted.xyz[:, [JOINT["root"]]]
        sequence = store.sequences[i]
        if sequence.reps:
            error = count_reps(lifted, sequence.action).num_reps - (len(sequence.reps) - 1)
            found.setdefault("rep_error", []).append(np.array([error]))
        scores = lifting_scores(pred, truth, pose.fps, is_metric=lifter.is_metric)
        scores["knee_deg"] = knee_error_deg(pred, truth)
        for name, values in scores.items():
            found.setdefault(name, []).append(values[np.isfinite(values)])
    return found


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default="checkpoint/lifter_tiny.pt")
    parser.add_argument("--fit3d", default="data/motion3d/fit3d")
    parser.add_argument("--mocap", default="data/motion3d/mocap")
    flags = parser.parse_args(argv)
    lifter = Lifter.from_checkpoint(flags.checkpoint)
    shown = ("p_mpjpe_mm", "mpjpe_mm", "knee_deg")
    print("| on | P-MPJPE mm | MPJPE mm | knee deg | reps exact | sequences | frames |")
    print("|---|---|---|---|---|---|---|")
    for row in rows(flags.fit3d, flags.mocap):
        found = measure(lifter, row)
        cells = " | ".join(_cell(found[name]) if name in found else "-" for name in shown)
        sizes = [len(values) for values in found["p_mpjpe_mm"]]
        reps = np.array(found.get("rep_error", []))
        exact = f"{int((reps == 0).sum())} of {len(reps)}" if len(reps) else ""
        print(f"| {row.title} | {cells} | {exact} | {len(sizes)} | {sum(sizes)} |", flush=True)


def _cell(series: list[np.ndarray]) -> str:
    """Mean over frames, spread over sequences."""
    return f"{np.concatenate(series).mean():.1f} ({np.std([each.mean() for each in series]):.1f})"


if __name__ == "__main__":
    sys.exit(main())
