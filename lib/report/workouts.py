"""Workouts that may be compared, and only those: of one athlete, exercise, camera view and unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lib.analysis.exercises import UNKNOWN


@dataclass(frozen=True)
class Value:
    """A number of a set with one standard deviation (NaN = unknown) and its unit."""

    value: float
    sigma: float
    unit: str


@dataclass(frozen=True)
class SetRow:
    """What one set says."""

    index: int
    load_kg: float | None
    counts: Mapping[str, int]
    depth: Value | None
    velocity: Value | None
    """Mean of its full reps (partial ones where there is none)."""
    fresh_velocity: Value | None
    """Mean of its first full reps, which stand for its load."""
    velocity_loss: Value | None
    consistency: Value | None
    findings: Mapping[str, tuple[str, int]]
    """Code -> worst severity, number of reps."""
    set_findings: Mapping[str, str]
    """Code -> severity, of what only the whole set shows."""


@dataclass(frozen=True)
class Workout:
    """One report."""

    path: str
    athlete: str
    """'' where the report names nobody."""
    exercise: str
    view: str
    unit: str
    """Of length: 'm' or 'femur'."""
    when: datetime | None
    depth_metric: str
    """Id of the metric that stands for depth; '' where the exercise has none."""
    rules: str
    """Which limits judged it."""
    network: str
    """Hash of the weights that made its 3D; '' where the report says none."""
    error_table: str
    """Hash of the table of that 3D's errors; '' where the report says none."""
    sets: tuple[SetRow, ...]

    @property
    def group(self) -> tuple[str, ...]:
        """What two workouts must have in common to be compared; those of unknown exercises may be
        of any two."""
        alone = (self.path,) if self.exercise == UNKNOWN else ()
        return self.athlete, self.exercise, self.view, self.unit, *alone


@dataclass(frozen=True)
class Group:
    """Workouts in order, and what a reader should know of them."""

    workouts: tuple[Workout, ...]
    notes: tuple[str, ...]


def groups_of(workouts: Sequence[Workout]) -> list[Group]:
    """Comparable workouts together, the largest group first; by date, else as they were given."""
    members: dict[tuple, list[Workout]] = {}
    for workout in workouts:
        members.setdefault(workout.group, []).append(workout)
    return [_group(found) for found in sorted(members.values(), key=len, reverse=True)]


def _group(workouts: list[Workout]) -> Group:
    notes = []
    undated = [w for w in workouts if w.when is None]
    if workouts[0].exercise == UNKNOWN:
        notes.append("Nobody knows which exercise this was, so it is compared with nothing.")
    elif len(workouts) == 1:
        notes.append("One workout: no trend yet.")
    elif undated:
        notes.append(
            f"{len(undated)} of {len(workouts)} reports do not say when they were recorded "
            "(--recorded-at), so they are in the order in which they were given."
        )
    else:
        workouts = sorted(workouts, key=lambda w: w.when.timestamp() if w.when else 0.0)
    folders = len({Path(w.path).parent for w in workouts})
    if not workouts[0].athlete and folders > 1:
        notes.append(
            f"These reports from {folders} folders name no athlete (--athlete): they are taken for "
            "one person's."
        )
    if len({w.rules for w in workouts}) > 1:
        notes.append("Limits of the exercise changed between reports: findings may differ by that.")
    return Group(tuple(workouts), (*notes, *_about_origin(workouts)))


def _about_origin(workouts: Sequence[Workout]) -> list[str]:
    """A sentence where their 3D and its errors are not known to be from one source."""
    used = {"3D networks (checkpoints)": {w.network for w in workouts},
            "error tables": {w.error_table for w in workouts}}  # fmt: skip
    several = {name: hashes for name, hashes in used.items() if len(hashes) > 1}
    if not several:
        return []
    is_unsaid = any("" in hashes for hashes in several.values())
    unsaid = ", or do not all say from which" if is_unsaid else ""
    return [
        f"These reports come from different {' and '.join(several)}{unsaid}: numbers and findings "
        "may differ by that."
    ]
