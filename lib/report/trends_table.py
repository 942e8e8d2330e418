"""The sets of several workouts as rows: for the CSV file and for the page's table."""

import csv
import os
from collections.abc import Sequence

import numpy as np

from lib.analysis.exercises import Exercise, exercise_names, load_exercise
from lib.analysis.records import COUNTED
from lib.files import written_aside
from lib.report.labels import VIEWS, counted, metric_name, sentence
from lib.report.workouts import Group, SetRow, Value, Workout

COLUMNS = (
    "group", "athlete", "exercise", "view", "recorded_at", "report", "set", "load [kg]",
    "reps full", "reps partial", "reps failed", "reps suspect", "depth metric", "depth",
    "depth sigma", "depth unit", "velocity", "velocity sigma", "velocity of first full reps",
    "velocity unit", "velocity loss [percent]", "velocity loss sigma", "consistency [deg]",
    "findings",
)  # fmt: skip


def exercise_of(name: str) -> Exercise | None:
    """Its file, where there is one."""
    return load_exercise(name) if name in exercise_names() else None


def title_of(workout: Workout) -> str:
    """What a group is called."""
    exercise = exercise_of(workout.exercise)
    name = exercise.title if exercise else sentence(workout.exercise.replace("_", " "))
    view = VIEWS.get(workout.view, "no camera" if workout.view == "not_applicable" else "")
    unit = "metres" if workout.unit == "m" else f"{workout.unit} lengths".replace("femur", "thigh")
    return " \u00b7 ".join(
        [name, workout.athlete or "athlete not named", view or "view unknown", unit]
    )


def write_table(groups: Sequence[Group], path: str | os.PathLike) -> None:
    """CSV, a row a set; a report without sets has a row of its own. Raises UserError."""
    rows = [
        _row(i_group, workout, row)
        for i_group, group in enumerate(groups, 1)
        for workout in group.workouts
        for row in (workout.sets or (None,))
    ]
    with written_aside(path) as aside, aside.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows([[_cell(value) for value in row] for row in rows])


def findings_words(row: SetRow, exercise: Exercise | None) -> list[tuple[str, str]]:
    """(severity, 'depth in 3 of 5 reps' or 'depth of the set'), worst first."""
    order = ("fault", "warn", "info")
    total = sum(row.counts.get(kind, 0) for kind in (*COUNTED, "failed"))
    found = [(severity, total, code, "of the set") for code, severity in row.set_findings.items()]
    found += [
        (severity, num, code, f"in {num} of {counted(total, 'rep')}")
        for code, (severity, num) in row.findings.items()
    ]
    found.sort(key=lambda item: (order.index(item[0]), -item[1]))
    return [
        (severity, f"{severity}: {metric_name(code, exercise)} {where}")
        for severity, _, code, where in found
    ]


def _row(i_group: int, workout: Workout, row: SetRow | None) -> list:
    when = workout.when.isoformat() if workout.when else None
    head = [i_group, workout.athlete, workout.exercise, workout.view, when, workout.path]
    if row is None:
        return [*head, None, None, 0, 0, 0, 0] + [None] * (len(COLUMNS) - 12)
    counts = [row.counts.get(kind, 0) for kind in ("full", "partial", "failed", "suspect")]
    speed, fresh = row.velocity, row.fresh_velocity
    words = findings_words(row, exercise_of(workout.exercise))
    return [
        *head, row.index, row.load_kg, *counts, workout.depth_metric, *_parts(row.depth),
        *_parts(speed)[:2], fresh.value if fresh else None, speed.unit if speed else None,
        *_parts(row.velocity_loss)[:2], row.consistency.value if row.consistency else None,
        "; ".join(text for _, text in words),
    ]  # fmt: skip


def _parts(value: Value | None) -> list:
    return [None, None, None] if value is None else [value.value, value.sigma, value.unit]


def _cell(value) -> str:
    """Text that a spreadsheet takes for text, numbers without more digits than they have."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.5g}"
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
