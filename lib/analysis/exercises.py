"""An exercise is a file, configs/exercises/<name>.yaml: what to watch, when it is a rep, what to
measure. The analysis knows none by name, but for a hint to sit_to_stand beside cut-off squats
(lib.analysis.cautions)."""

import re
from dataclasses import field
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Literal

from lib.analysis.rules import MetricRule, Path, SetRule, VariantRule
from lib.config import check_range, configclass, content_sha256, load_config
from lib.errors import UserError

FOLDER = FilePath(__file__).resolve().parents[2] / "configs" / "exercises"
UNKNOWN = "unknown"
NAME = "^[a-z0-9_]+$"
"""What report_schema.json takes for an exercise's name."""

Angle = Literal["knee", "hip", "elbow", "shoulder"]
Feature = Literal[
    "hip_range_deg", "elbow_range_deg", "knee_range_deg", "hip_minus_elbow_range_deg",
    "feet_spread", "hand_to_foot_spread", "arm_median_deg", "hands_over_shoulders",
    "knee_agreement", "knee_median_deg", "trunk_lean_median_deg", "wrist_along_trunk",
    "wrist_to_ankle_loaded", "loaded_at_both_ends",
]  # fmt: skip
"""What tells exercises apart: `lib.analysis.features.Features`."""


def _check_limits(low: float, high: float) -> None:
    if not low <= high:
        raise ValueError(f"min {low:g} is above max {high:g}: nothing is between them")


@configclass
class Range:
    """Limits of a value; an absent one does not limit."""

    min: float = float("-inf")
    max: float = float("inf")
    if_seen: bool = False
    """Holds where the value cannot be known: its joints are hidden, as hips behind a bench."""

    def __post_init__(self) -> None:
        _check_limits(self.min, self.max)


@configclass
class EmptyRise:
    """Standing up after the last rep, the bar left on the floor; against the rises before
    (lib.analysis.rise)."""

    knees_deg: float
    """Knees bent by this much more at the same bend of the hips, or"""
    hands_nearer: float
    """hands nearer to the hips in the first half by this much, leg lengths."""


@configclass
class Drive:
    """The angle that goes up and down once a rep; large = loaded position (the bottom)."""

    angle: Angle
    starts: Literal["loaded", "unloaded"]
    """Where a rep begins. unloaded: down and up again (squat). loaded: up, then perhaps down
    (deadlift, standing up from a chair); it counts once the unloaded position is reached."""
    min_excursion_deg: float
    """A smaller movement is not a rep."""
    top_gate_deg: float
    """Below it the unloaded position is fully reached; 20 degrees and the noise above it, not at
    all."""
    full_gate_deg: float
    """A rep whose loaded position stays below it is partial."""
    fold_share: float = 0.0
    """Part of the drive, 0 to 1, that is not the angle but how much shorter the limb (knee or
    elbow) is than its bones together, as degrees: noise of the joint between does not touch it."""
    one_way: bool = False
    """The limb bends in one direction, seen from the camera, all through a set (knee or elbow):
    then noise does not bend it when it is straight (lib.analysis.one_way)."""
    empty_rise: EmptyRise | None = None
    """How a last rise that never goes back down is told from a rep; None: it is a rep."""

    def __post_init__(self) -> None:
        check_range(self, 0, float("inf"), "min_excursion_deg", is_open=True)
        check_range(self, 0, 1, "fold_share")
        if self.top_gate_deg > self.full_gate_deg:
            raise ValueError(
                f"top_gate_deg {self.top_gate_deg:g} is above full_gate_deg "
                f"{self.full_gate_deg:g}: the drive is larger in the loaded position"
            )
        for name in ("one_way", "fold_share"):
            if getattr(self, name) and self.angle not in ("knee", "elbow"):
                raise ValueError(f"{name} goes with the knee or the elbow, not the {self.angle}")


@configclass
class Posture:
    """A candidate is a rep only if an angle is in range at the loaded position, at both ends
    (unloaded), or nearly all the time (rep)."""

    angle: Angle | Literal["arm"]
    """arm: between the trunk and the line from shoulder to wrist."""
    at: Literal["loaded", "unloaded", "rep"]
    min: float = float("-inf")
    max: float = float("inf")

    def __post_init__(self) -> None:
        _check_limits(self.min, self.max)


@configclass
class Checks:
    """What tells a rep from other movement with the same drive."""

    duration_s: tuple[float, float] = (0.4, 20.0)
    min_measured_ratio: float = 0.45
    """Share of the candidate's samples in which the drive's joints were seen."""
    min_side_correlation: float | None = None
    """Correlation of left and right drive angle; walking is below it."""
    max_foot_shift: float | None = None
    """How far one foot may move relative to the other, in leg lengths."""
    max_foot_rise: float | None = None
    """How far both feet may leave the floor for a moment, in leg lengths; jumping is above it."""
    max_hand_shift: float | None = None
    """How far one hand may move relative to the other, in leg lengths (hands on a bar do not)."""
    max_trunk_turn_deg: float | None = None
    """How far the trunk may be turned from where it is at the ends, nearly all the time; getting up
    from the floor or a bench is above it. Needs no up."""
    posture: tuple[Posture, ...] = ()

    def __post_init__(self) -> None:
        check_range(self, 0, float("inf"), "duration_s")


@configclass
class NotMeasurable:
    """A metric people ask for that 17 joints cannot give."""

    name: str
    unit: str = "deg"


@configclass
class Exercise:
    """The content of one file."""

    name: str
    title: str
    drive: Drive
    checks: Checks
    upright: bool
    """The body stands at the unloaded position and so shows where up is."""
    looks_like: dict[Feature, Range]
    """Conditions on features of the motion, all of which must hold."""
    metrics: dict[str, MetricRule]
    set_metrics: dict[str, SetRule] = field(default_factory=dict)
    variant: VariantRule | None = None
    path: Path = field(default_factory=Path)
    not_in_skeleton: dict[str, NotMeasurable] = field(default_factory=dict)
    on_hands: bool = False
    """Hands and toes bear the body as a plank, and so show where up is."""
    set_gap_s: float = 12.0
    """A longer rest begins a new set."""

    def __post_init__(self) -> None:
        check_range(self, 0, float("inf"), "set_gap_s")
        for name, rule in self.set_metrics.items():
            if rule.measure != "distance_to_mean" and rule.of not in self.metrics:
                raise ValueError(f"set_metrics.{name}: of '{rule.of}': is none of the metrics")
        ids = [*self.metrics, *self.set_metrics, *self.not_in_skeleton]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: one id for two metrics; give each its own")


def exercise_names() -> list[str]:
    """Names that `load_exercise` knows. Raises UserError for a file that no report could name."""
    paths = sorted(FOLDER.glob("*.yaml"))
    wrong = next((path for path in paths if not re.fullmatch(NAME, path.stem)), None)
    if wrong:
        raise UserError(
            f"{wrong}: an exercise's name is {NAME}, lower-case letters, digits and _; rename the "
            "file, and `name:` in it"
        )
    return [path.stem for path in paths]


@lru_cache
def load_exercise(name: str) -> Exercise:
    """Read configs/exercises/<name>.yaml. Raises UserError naming what would do."""
    if name not in exercise_names():
        raise UserError(f"exercise '{name}': there is none; known: {', '.join(exercise_names())}")
    path = FOLDER / f"{name}.yaml"
    exercise = load_config(Exercise, path)
    if exercise.name != name:
        raise UserError(f"{path}: name is '{exercise.name}', the file says '{name}'")
    return exercise


@lru_cache
def exercise_sha256(name: str) -> str:
    """`content_sha256` of the file, so that a report says which thresholds made it."""
    return content_sha256(FOLDER / f"{name}.yaml")
