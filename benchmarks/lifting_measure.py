"""Lifts what the table shows and scores it. T frames, 17 joints; metres relative to the root."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.lifting_rows import Row
from benchmarks.lifting_scenes import Condition, Take, TakeSet, View, look, read_takes
from lib.analysis.form import limb_angle
from lib.analysis.reps import count_reps
from lib.geometry import MIN_SCORE, unproject
from lib.infer.lift import Lifter
from lib.pose import Pose3D
from lib.skeleton import JOINT
from lib.train.metrics import (
    bone_variation_percent,
    joint_errors_mm,
    lifting_scores,
    shared_acceleration_mm_s2,
)

DEEP_DEG = (80.0, 100.0)
NOMINAL_DEG = 30.0
Scores = dict[str, np.ndarray]
"""Metric -> its values in one sequence, one a frame or fewer."""


@dataclass(frozen=True)
class Seen:
    """One take as it was shown, and what the lifter made of it."""

    take: Take
    view: View
    lifted: Pose3D

    @property
    def pred(self) -> np.ndarray:
        """(T, 17, 3)"""
        return self.lifted.xyz - self.lifted.xyz[:, [JOINT["root"]]]


def lifted_by_truth(view: View) -> np.ndarray:
    """(T, 17, 3) the lifter's input put at the true depths, NaN where it has no joint."""
    pose, xyz_cam = view.pose, view.scene.xyz_cam
    ray = unproject(pose.xy_px, view.scene.camera)
    xyz = np.concatenate([ray, np.ones_like(ray[..., :1])], -1) * xyz_cam[..., 2:]
    xyz[pose.score <= MIN_SCORE] = np.nan
    return xyz - xyz[:, [JOINT["root"]]]


def knee_scores(pred: np.ndarray, truth: np.ndarray) -> Scores:
    """Signed error of both knees' bend in degrees, of all frames and of truly deep ones."""
    true_deg = np.concatenate([limb_angle(truth, "knee", side) for side in "lr"])
    bias = np.concatenate([limb_angle(pred, "knee", side) for side in "lr"]) - true_deg
    deep = {f"knee_bias_{deg:.0f}_deg": bias[true_deg >= deg] for deg in DEEP_DEG}
    return {"knee_bias_deg": bias} | deep


def frames_of(seen: Seen, only: str | None, azimuth_deg: float | None) -> np.ndarray:
    """(T,) frames that count."""
    if only == "lost":
        return seen.view.hidden.all(-1)
    if only == "nominal":
        assert azimuth_deg is not None, "a row of an azimuth has one"
        away = np.radians(seen.view.scene.azimuth_deg - azimuth_deg)
        return np.cos(away) > np.cos(np.radians(NOMINAL_DEG))
    return np.ones(len(seen.pred), bool)


def scores_of(seen: Seen, counted: np.ndarray) -> Scores:
    """Every metric over the counted frames (T,)."""
    pred, fps = seen.pred, seen.view.scene.fps
    truth = np.where(counted[:, None, None], seen.view.scene.truth, np.nan)
    scores = lifting_scores(pred, truth, fps) | knee_scores(pred, truth)
    result, given = shared_acceleration_mm_s2(pred, lifted_by_truth(seen.view), truth, fps)
    scores |= {
        "acceleration_m_s2": result / 1000,
        "input_acceleration_m_s2": given / 1000,
        "bone_percent": np.array([bone_variation_percent(pred[counted])]),
        "true_bone_percent": np.array([bone_variation_percent(seen.view.scene.truth[counted])]),
        "hidden_mm": joint_errors_mm(pred, truth)[seen.view.hidden],
    }
    if seen.take.num_reps is not None:
        is_exact = count_reps(seen.lifted, seen.take.action).num_reps == seen.take.num_reps
        scores["reps_exact_percent"] = np.array([100.0 * is_exact])
    return {name: values[np.isfinite(values)] for name, values in scores.items()}


@dataclass(frozen=True)
class Measured:
    """The cells of a row."""

    section: str
    title: str
    mean: dict[str, float]
    """Of every frame of every sequence."""
    spread: dict[str, float]
    """Standard deviation of the sequences' means."""
    count: dict[str, int]
    """Values behind the mean."""
    frames: int
    sequences: int


def measured(row: Row, series: Iterable[Mapping[str, np.ndarray]]) -> Measured:
    """Sequences' scores as a row's cells; a metric without any value is left out."""
    found: dict[str, list[np.ndarray]] = {}
    each = [scores for scores in series if len(scores["p_mpjpe_mm"])]
    for scores in each:
        for name, values in scores.items():
            if len(values):
                found.setdefault(name, []).append(values)
    return Measured(
        row.section, row.title,
        {name: float(np.concatenate(parts).mean()) for name, parts in found.items()},
        {name: float(np.std([part.mean() for part in parts])) for name, parts in found.items()},
        {name: sum(map(len, parts)) for name, parts in found.items()},
        sum(len(scores["p_mpjpe_mm"]) for scores in each), len(each),
    )  # fmt: skip


@dataclass
class Measurer:
    """Lifts once what several rows share."""

    lifter: Lifter
    sets: dict[str, TakeSet]
    _takes: dict[str, list[Take]] = field(default_factory=dict)
    _lifted: dict[Condition, list[Seen]] = field(default_factory=dict)

    def _seen(self, condition: Condition) -> list[Seen]:
        if condition not in self._lifted:
            if condition.takes not in self._takes:
                self._takes[condition.takes] = read_takes(self.sets[condition.takes])
            self._lifted[condition] = [
                self._lift(take, condition) for take in self._takes[condition.takes]
            ]
        return self._lifted[condition]

    def _lift(self, take: Take, condition: Condition) -> Seen:
        view = look(take, condition)
        return Seen(take, view, self.lifter.lift(view.pose, focal_px=float(view.scene.camera.f[0])))

    def measure(self, row: Row) -> Measured:
        """Scores of a row. Raises UserError for a store that cannot be read."""
        return measured(
            row,
            [
                scores_of(seen, frames_of(seen, row.only, condition.azimuth_deg))
                for condition in row.conditions
                for seen in self._seen(condition)
                if row.groups is None or seen.take.group in row.groups
            ],
        )
