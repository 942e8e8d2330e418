"""Up, vertical travel, planted feet and size of lifted people, against the truth.

    PERFECTREP_DATA=<folder> python benchmarks/gravity.py -c checkpoint/lifter_swift.pt

Made-up athletes that no training saw, and squats, stand-ups and walks of motion17 (its group
opencap_6, which the shipped lifter never saw), each from random tilted cameras whose focal length
is not told, with phone-like noise. "stiff": the same people with bones of one length, which the
markers on their skin do not give them (`with_stiff_bones`). Each row once from true poses, placed
by their noisy keypoints, and once lifted. "before" is what was used without `lib.infer.ground`: the
straight-legged body's axis or the picture's vertical, and the place that keypoints alone give.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.tilted_takes import (
    Take,
    View,
    made_up,
    placed_truth,
    plate_box,
    recorded,
    views,
    with_stiff_bones,
)
from lib.body import middle
from lib.errors import UserError, command_line
from lib.geometry import angle_deg, flexion_deg
from lib.infer.ground import SizeConfig, grounded, scaled
from lib.infer.lift import Lifter
from lib.pose import Pose3D
from lib.signals import finite_runs
from lib.skeleton import JOINT, indices
from lib.support import FEET

ROOT = JOINT["root"]
STILL_M_S, STILL_S = 0.15, 0.3


@dataclass(frozen=True)
class Scores:
    """Of one pose; degrees, shares and millimetres."""

    up_deg: tuple[float, float]
    """Before and after."""
    own_up_deg: float
    """After, in the pose's own orientation: without the lean that the lifter gives all of it."""
    sigma_deg: float
    travel: np.ndarray
    """(reps, 2) relative error of the hips' vertical travel, before and after."""
    drift_mm: np.ndarray
    """(stances, 2) how far a truly planted foot goes, before and after."""
    way: float
    """The root's way from first to last frame over the true one."""
    size: float
    """Relative error of the height told by the joints, had nothing been given."""
    plate: float
    """Relative difference of the sizes by plate and by height; NaN without a plate."""


def old_up(xyz: np.ndarray) -> np.ndarray:
    """Ankles to neck while both legs are straight, else the picture's vertical."""
    bends = [
        flexion_deg(*(xyz[:, JOINT[side + part]] for part in ("hip", "knee", "ankle")))
        for side in "lr"
    ]
    axis = (xyz[:, JOINT["neck"]] - middle(xyz, "ankle"))[np.fmax(*bends) < 25]
    axis = axis[np.isfinite(axis).all(-1)]
    picture, body = np.array([0.0, -1.0, 0.0]), np.median(axis, 0) if len(axis) >= 10 else None
    if body is None or angle_deg(body, picture) > 65:
        return picture
    return body / np.linalg.norm(body)


def stances(world: np.ndarray, fps: float) -> Iterator[tuple[int, slice]]:
    """Joint and frames of every true stance of a foot."""
    for foot in indices(*FEET):
        speed = np.linalg.norm(np.gradient(world[:, foot], axis=0), axis=-1) * fps
        for start, stop in finite_runs(speed < STILL_M_S):
            if stop - start >= STILL_S * fps:
                yield foot, slice(start, stop)


def _turn(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(3, 3) rotation that fits root-relative source poses to target poses best (Kabsch)."""
    a, b = ((p - p[:, [ROOT]]).reshape(-1, 3) for p in (source, target))
    known = np.isfinite(a + b).all(-1)
    u, _, vt = np.linalg.svd(b[known].T @ a[known])
    return u @ np.diag([1, 1, np.linalg.det(u @ vt)]) @ vt


def score(view: View, pose: Pose3D) -> Scores:
    """Before: pose in metres as it is placed. After: grounded."""
    take, true_cam, picture = view.take, view.xyz_cam, view.camera.size_px
    size = SizeConfig(height_m=take.height_m)
    before, after = scaled(pose, size, picture), grounded(pose, size, picture)
    true_up, first_up = view.camera.R[:, 2], old_up(before.xyz)
    own = float(angle_deg(after.up, _turn(true_cam, after.xyz) @ true_up))
    true_hips = middle(true_cam, "hip") @ true_up
    over_feet = (middle(before.xyz, "hip") - middle(before.xyz, "ankle")) @ first_up
    hips = middle(after.xyz, "hip") @ after.up
    spans = [
        [np.nanmax(h[a : b + 1]) - np.nanmin(h[a : b + 1]) for h in (true_hips, over_feet, hips)]
        for a, b in take.reps
    ]
    travel = np.array(spans).reshape(-1, 3)
    drifts = [
        [_drift_mm(p.xyz[frames, foot]) for p in (before, after)]
        for foot, frames in stances(take.world_m, take.fps)
    ]
    way, true_way = (np.linalg.norm(xyz[-1, ROOT] - xyz[0, ROOT]) for xyz in (after.xyz, true_cam))
    return Scores(
        (float(angle_deg(first_up, true_up)), float(angle_deg(after.up, true_up))), own,
        after.up_sigma_deg, travel[:, 1:] / travel[:, :1] - 1, np.array(drifts).reshape(-1, 2),
        float(way / true_way), 1 / after.m_per_unit - 1, _plate_error(view, pose, after.m_per_unit),
    )  # fmt: skip


def _plate_error(view: View, pose: Pose3D, by_height: float) -> float:
    """Relative difference of the sizes by plate and by height; NaN without a plate."""
    box = plate_box(view) if view.take.kind in ("squat", "deadlift") else None
    if box is None:
        return float("nan")
    return scaled(pose, SizeConfig(plate_box=box), view.camera.size_px).m_per_unit / by_height - 1


def _drift_mm(path: np.ndarray) -> float:
    low, high = np.percentile(path, [5, 95], axis=0)
    return 1000 * float(np.linalg.norm(high - low))


def measure(lifter: Lifter, takes: Sequence[Take], num_views: int) -> dict[str, list[Scores]]:
    """Scores of true and of lifted poses."""
    found: dict[str, list[Scores]] = {"true pose": [], "lifted": []}
    for view in views(takes, num_views):
        found["true pose"].append(score(view, placed_truth(view)))
        found["lifted"].append(score(view, lifter.lift(view.seen)))
    return found


def _angles(degrees: Sequence[float]) -> str:
    within = 100 * np.mean(np.array(degrees) <= 5)
    return f"{np.median(degrees):.1f} / {np.percentile(degrees, 90):.1f} / {within:.0f} %"


def _errors(relative: np.ndarray) -> str:
    if not len(relative):
        return ""
    percent = 100 * relative
    within = 100 * np.mean(np.abs(percent) <= 10)
    return f"{np.median(np.abs(percent)):.1f} ({np.median(percent):+.1f}) / {within:.0f} %"


def _rms_percent(relative: Sequence[float]) -> str:
    known = np.array(relative)[np.isfinite(relative)]
    return f"{100 * np.sqrt(np.mean(known**2)):.1f}" if len(known) else ""


def _row(kind: str, name: str, scores: Sequence[Scores]) -> str:
    travel = np.concatenate([s.travel for s in scores])
    drift = np.concatenate([s.drift_mm for s in scores])
    cells = [
        kind, name, str(len(scores)), *(_angles([s.up_deg[i] for s in scores]) for i in (0, 1)),
        _angles([s.own_up_deg for s in scores]),
        f"{np.mean([s.sigma_deg for s in scores]):.1f}",
        *(_errors(travel[:, i]) for i in (0, 1)),
        *(f"{np.median(drift[:, i]):.0f} / {np.percentile(drift[:, i], 90):.0f}" for i in (0, 1)),
        f"{np.median([s.way for s in scores]):.2f}" if kind == "walking" else "",
        _rms_percent([s.size for s in scores]), _rms_percent([s.plate for s in scores]),
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


_HEADER = (
    "motion", "pose", "clips", "up before: median / 90 % / within 5 deg", "up after",
    "after, in the pose's own orientation", "sigma told",
    "hip travel before: error % (bias) / within 10 %", "hip travel after",
    "planted foot before: mm, median / 90 %", "planted foot after", "way",
    "size by height: RMS %", "by plate",
)  # fmt: skip


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default="checkpoint/lifter_swift.pt")
    parser.add_argument("--views", type=int, default=4, help="random views of each motion")
    flags = parser.parse_args(argv)
    root = os.environ.get("PERFECTREP_DATA")
    if not root:
        raise UserError("set PERFECTREP_DATA to the folder that holds motion17")
    lifter = Lifter.from_checkpoint(flags.checkpoint)
    people = list(recorded(Path(root) / "motion17"))
    stiff = [with_stiff_bones(take) for take in people if take.reps]
    takes = [*made_up(("squat", "deadlift", "pushup")), *people, *stiff]
    print("| " + " | ".join(_HEADER) + " |\n" + "|---" * len(_HEADER) + "|")
    for kind in dict.fromkeys(take.kind for take in takes):
        found = measure(lifter, [take for take in takes if take.kind == kind], flags.views)
        for name, scores in found.items():
            print(_row(kind, name, scores), flush=True)


if __name__ == "__main__":
    sys.exit(main())
