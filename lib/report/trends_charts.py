"""The charts of a group of workouts: a place a workout, a dot a set, deviations as bars."""

import html
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from lib.report.labels import UNITS, metric_name, sentence
from lib.report.svg import NUM_COLOURS, Chart, Dot, Series, key, mark, name_axis, number_axis
from lib.report.trends_table import exercise_of
from lib.report.workouts import Group, SetRow, Value

SPREAD = 0.3
"""Sets of one workout are drawn from this far left to this far right of its place."""
KINDS = ("full", "partial", "failed")


def _hatch(kind: str, lines: str) -> str:
    return (
        f'<pattern id="hatch-{kind}" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><path class="back" d="M0 0h6v6h-6z"/>'
        f'<path class="{kind}" d="{lines}"/></pattern>'
    )


HATCHES = (
    '<svg class="hatches" width="0" height="0" aria-hidden="true"><defs>'
    + _hatch("partial", "M0 0h3v6h-3z")
    + _hatch("failed", "M0 0h6v2h-4v4h-2z")
    + "</defs></svg>"
)
"""Once a page: slanted lines and a lattice, so that kinds are not told by their colour alone."""
FEWEST_REPS = 4.0
"""So high is the chart of them at least: no repetition at all, or halves of one, are no axis."""
NO_LOAD, OTHERS = "load not given", "other loads"


def places(group: Group) -> list[tuple[float, int, SetRow]]:
    """(x, number of the workout, set) of all sets."""
    found = []
    for i, workout in enumerate(group.workouts):
        num = len(workout.sets)
        shifts = np.linspace(-SPREAD, SPREAD, num) if num > 1 else np.zeros(num)
        found += [(i + float(s), i, row) for s, row in zip(shifts, workout.sets, strict=True)]
    return found


def factor_of(unit: str) -> float:
    """Thigh lengths are shown in percent of it."""
    return 100.0 if unit == "femur" else 1.0


def _dots(
    group: Group, names: Sequence[str], value_of: Callable[[SetRow], Value | None]
) -> list[tuple[int, SetRow, Dot]]:
    found = []
    for x, i, row in places(group):
        value = value_of(row)
        if value is not None:
            factor = factor_of(value.unit)
            spread = f" \u00b1 {value.sigma * factor:.3g}" if np.isfinite(value.sigma) else ""
            load = "" if row.load_kg is None else f", {row.load_kg:g} kg"
            text = f"{names[i]}, set {row.index}{load}: {value.value * factor:.3g}{spread}"
            found.append((i, row, Dot(x, value.value * factor, value.sigma * factor, text)))
    return found


def reach(dots: Sequence[Dot]) -> list[float]:
    """Values and the ends of their deviations."""
    spreads = [np.nan_to_num(dot.sigma) for dot in dots]
    return [dot.y + s * sign for dot, s in zip(dots, spreads, strict=True) for sign in (-1, 1)]


def figure(title: str, unit: str, body: str, words: str = "") -> str:
    unit = f" <small>{html.escape(unit)}</small>" if unit else ""
    return f"<figure><h3>{html.escape(title)}{unit}</h3>{body}{words}</figure>"


def absent(title: str, why: str) -> str:
    return figure(title, "", f'<p class="note">{html.escape(why)}</p>')


def _means(chart: Chart, found: Sequence[tuple[int, SetRow, Dot]]) -> None:
    """A line through the workouts' means."""
    by_workout: dict[int, list[float]] = {}
    for i, _, dot in found:
        by_workout.setdefault(i, []).append(dot.y)
    path = [(float(i), float(np.mean(values))) for i, values in by_workout.items()]
    for start, end in pairwise(path):
        chart.segment("mean", start, end)


def _plain(
    group: Group, names: Sequence[str], value_of: Callable[[SetRow], Value | None], title: str,
    why_not: str, *, zero: bool = False, level: str = "",
    about: str = "",
) -> str:  # fmt: skip
    """A dot a set and a line through the workouts' means; level: name of the line at 0."""
    found = _dots(group, names, value_of)
    if not found:
        return absent(title, why_not)
    dots = [dot for _, _, dot in found]
    axis = number_axis(reach(dots), zero=zero or bool(level))
    chart = Chart(title, name_axis(names), axis)
    if level:
        chart.level(0.0)
    _means(chart, found)
    chart.series(Series("", dots, is_joined=False), 0)
    units = {value.unit for _, _, row in places(group) if (value := value_of(row))}
    unit = ", ".join(UNITS.get(unit, unit) for unit in units) + about
    words = f'<p class="note">Dashed: {html.escape(level)}.</p>' if level else ""
    return figure(title, unit, chart.text, words)


def depth_chart(group: Group, names: Sequence[str]) -> str:
    first = group.workouts[0]
    exercise = exercise_of(first.exercise)
    title = sentence(metric_name(first.depth_metric, exercise)) if first.depth_metric else "Depth"
    is_depth = exercise is not None and first.depth_metric in exercise.metrics
    is_depth = is_depth and exercise.metrics[first.depth_metric].measure == "depth"  # type: ignore[union-attr]
    level = "hip joint level with knee joint" if is_depth else ""
    return _plain(group, names, lambda row: row.depth, title, "Not measured.", level=level)


def loss_chart(group: Group, names: Sequence[str]) -> str:
    why = "Not measured: a set needs three full repetitions with a velocity."
    return _plain(
        group, names, lambda row: row.velocity_loss, "Velocity loss in a set", why, zero=True
    )


def consistency_chart(group: Group, names: Sequence[str]) -> str:
    title, why = "Consistency", "Not measured: a set needs two repetitions."
    return _plain(
        group, names, lambda row: row.consistency, title, why, zero=True,
        about=" from the mean repetition, RMS",
    )  # fmt: skip


def velocity_chart(group: Group, names: Sequence[str]) -> str:
    """A line a load."""
    title, found = "Mean concentric velocity", _dots(group, names, lambda row: row.velocity)
    if not found:
        return absent(title, "Not measured.")
    by_load: dict[float | None, list[Dot]] = {}
    for _, row, dot in found:
        by_load.setdefault(row.load_kg, []).append(dot)
    axis = number_axis(reach([dot for _, _, dot in found]))
    chart = Chart(title, name_axis(names), axis)
    lines = _lines(by_load)
    for i, line in enumerate(lines):
        chart.series(line, i)
    unit = next(row.velocity.unit for _, row, _ in found if row.velocity)
    return figure(title, UNITS.get(unit, unit), chart.text, legend([line.name for line in lines]))


def _lines(by_load: Mapping[float | None, list[Dot]]) -> list[Series]:
    """A line a load, lightest first; if there are too many, for those lifted most often."""
    loads = sorted((load for load in by_load if load is not None), key=lambda v: -len(by_load[v]))
    is_crowded = len(by_load) > NUM_COLOURS
    own = sorted(loads[: NUM_COLOURS - 2] if is_crowded else loads)
    lines = [Series(f"{load:g} kg", by_load[load]) for load in own]
    others = [dot for load in loads if load not in own for dot in by_load[load]]
    lines += [Series(OTHERS, others, is_joined=False)] * bool(others)
    unknown = by_load.get(None)
    return lines + ([Series(NO_LOAD, unknown, is_joined=False)] if unknown else [])


def legend(names: Sequence[str]) -> str:
    """What each series is called, beside its mark."""
    keys = "".join(key(mark(0, 0, i), name) for i, name in enumerate(names))
    return f'<ul class="legend">{keys}</ul>'


def reps_chart(group: Group, names: Sequence[str]) -> str:
    totals = [
        [sum(row.counts.get(kind, 0) for row in workout.sets) for kind in KINDS]
        for workout in group.workouts
    ]
    sums = [FEWEST_REPS, *(float(sum(total)) for total in totals)]
    axis = number_axis(sums, zero=True, whole=True)
    chart = Chart("Repetitions", name_axis(names), axis)
    for i, (name, total) in enumerate(zip(names, totals, strict=True)):
        counts = zip(KINDS, total, strict=True)
        parts = [(kind, float(num), f"{name}: {num} {kind}") for kind, num in counts]
        chart.stack(float(i), parts)
    box = 'x="-5" y="-5" width="10" height="10"'
    keys = "".join(key(f'<rect class="{kind}" {box}/>', kind) for kind in KINDS)
    return figure("Repetitions", "", chart.text, f'<ul class="legend">{keys}</ul>')
