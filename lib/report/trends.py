"""One page of trends over several workouts: static SVG, no script, nothing from the network."""

import base64
import hashlib
import html
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lib.files import opened, written_aside
from lib.report.labels import DASH, counted, with_unit
from lib.report.trends_charts import (
    HATCHES,
    KINDS,
    consistency_chart,
    depth_chart,
    loss_chart,
    reps_chart,
    velocity_chart,
)
from lib.report.trends_line import load_velocity_chart
from lib.report.trends_table import exercise_of, findings_words, title_of
from lib.report.workouts import Group, Value, Workout

STYLE = Path(__file__).parent / "assets" / "trends.css"
TITLE = "<title>Workouts compared</title>"
HEAD_BYTES = 2000
"""The title is in them."""
LEGEND = (
    "A mark is a set, its bar one standard deviation either way; a grey line goes through the "
    "means of the workouts."
)
CHARTS = (
    depth_chart,
    velocity_chart,
    loss_chart,
    consistency_chart,
    reps_chart,
    load_velocity_chart,
)


def write_trends(groups: Sequence[Group], notes: Sequence[str], out: str | os.PathLike) -> None:
    """The page of groups from `groups_of`; notes: on reports left out. Raises UserError."""
    page = trends_page(groups, notes)
    with written_aside(out) as aside:
        aside.write_text(page, encoding="utf-8")


def is_trends_page(path: Path) -> bool:
    """Whether a file is a page that `write_trends` wrote. Raises UserError."""
    with opened(path, "page") as file:
        return TITLE.encode() in file.read(HEAD_BYTES)


def trends_page(groups: Sequence[Group], notes: Sequence[str]) -> str:
    """The page's text."""
    style = STYLE.read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    num = sum(len(group.workouts) for group in groups)
    about = [LEGEND, *notes]
    if len(groups) > 1:
        about.insert(1, f"{len(groups)} groups: only reports of the same athlete, exercise, camera "
                        "view and unit are compared with each other.")  # fmt: skip
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        f"style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark">{TITLE}'
        f"<style>{style}</style></head><body>{HATCHES}"
        f"<h1>{counted(num, 'workout')} compared</h1>"
        f"{_notes(about)}{''.join(_section(group) for group in groups)}</body></html>\n"
    )


def _notes(notes: Sequence[str]) -> str:
    return "".join(f'<p class="note">{html.escape(note)}</p>' for note in notes)


def _section(group: Group) -> str:
    names = workout_names(group.workouts)
    charts = "".join(chart(group, names) for chart in CHARTS)
    return (
        f"<section><h2>{html.escape(title_of(group.workouts[0]))}</h2>{_notes(group.notes)}"
        f'<div class="charts">{charts}</div>'
        f"{_table(group, names)}</section>"
    )


def workout_names(workouts: Sequence[Workout]) -> list[str]:
    """A short name each: its day, and which of that day, where all are dated, else its place in the
    order."""
    days = [w.when for w in workouts if w.when]
    if len(days) < len(workouts):
        return [f"#{i}" for i in range(1, len(workouts) + 1)]
    has_years = len({day.year for day in days}) > 1
    names = [f"{d.day} {d:%b}" + (f" {d:%y}" if has_years else "") for d in days]
    return [
        f"{name} #{names[: i + 1].count(name)}" if names.count(name) > 1 else name
        for i, name in enumerate(names)
    ]


def _table(group: Group, names: Sequence[str]) -> str:
    heads = ("Workout", "Set", "Load", "Full", "Partial", "Failed", "Depth", "Velocity", "Loss",
             "Consistency", "Findings")  # fmt: skip
    head = "".join(f"<th>{name}</th>" for name in heads)
    pairs = zip(names, group.workouts, strict=True)
    body = "".join(_rows(name, workout) for name, workout in pairs)
    head = f"<thead><tr>{head}</tr></thead>"
    return f'<div class="table"><table>{head}<tbody>{body}</tbody></table></div>'


def _rows(name: str, workout: Workout) -> str:
    """A row a set."""
    exercise = exercise_of(workout.exercise)
    first = f"<td>{html.escape(name)} <small>{html.escape(_short(workout.path))}</small></td>"
    if not workout.sets:
        return f'<tr>{first}<td colspan="10">no repetition</td></tr>'
    rows = ""
    for row in workout.sets:
        load = "" if row.load_kg is None else f"{row.load_kg:g} kg"
        counts = [str(row.counts.get(kind, 0)) for kind in KINDS]
        values = [row.depth, row.velocity, row.velocity_loss, row.consistency]
        cells = [str(row.index), load, *counts, *map(_shown, values)]
        found = findings_words(row, exercise)
        said = "<br>".join(f'<span class="{s}">{html.escape(text)}</span>' for s, text in found)
        rows += f"<tr>{first}{''.join(f'<td>{cell}</td>' for cell in cells)}<td>{said}</td></tr>"
    return rows


def _short(path: str) -> str:
    """The last folder and file of a path."""
    return "/".join(Path(path).parts[-2:])


def _shown(value: Value | None) -> str:
    if value is None:
        return DASH
    sigma = value.sigma if np.isfinite(value.sigma) else None
    measure = {"status": "measured", "value": value.value, "sigma": sigma, "unit": value.unit}
    return html.escape(with_unit(measure))
