"""Velocity against load: the sets, the line through them, and in words what it may say."""

import html
from collections.abc import Mapping, Sequence

from lib.report.load_velocity import Line, MinimumVelocity, fit_line, heaviest_single
from lib.report.svg import NUM_COLOURS, Chart, Dot, Series, number_axis
from lib.report.trends_charts import absent, figure, legend, places, reach
from lib.report.trends_table import exercise_of
from lib.report.workouts import Group

PAD = 0.05
"""Room beside the lightest and heaviest load, as a part of it."""
LIMITS = (
    "It cannot tell whether every set was lifted as fast as possible, without which it means "
    "nothing; how this lifter differs from those the last velocity was measured in, beyond the "
    "spread given; or the strength of one day, where sets of several days are on the line."
)


def minimum_velocity(exercise_name: str) -> MinimumVelocity | None:
    """As the exercise's file has it."""
    exercise = exercise_of(exercise_name)
    if exercise is None or exercise.path.min_velocity_m_s is None:
        return None
    return MinimumVelocity(exercise.path.min_velocity_m_s, exercise.path.min_velocity_sd_m_s or 0.0)


def load_velocity_chart(group: Group, names: Sequence[str]) -> str:
    """Sets with a load and a velocity in m/s, the line through them and what it may say."""
    title = "Velocity at load"
    rows = [
        (i, row.load_kg, row.fresh_velocity)
        for _, i, row in places(group)
        if row.load_kg is not None and row.fresh_velocity
    ]
    if not rows:
        return absent(title, "No set has both a load (--load-kg) and full reps with a velocity.")
    if any(value.unit != "m/s" for *_, value in rows):
        return absent(
            title,
            "No load-velocity line: the true size is not known, so velocities are not in m/s; "
            "give --height or --plate-box.",
        )
    loads = [load for _, load, _ in rows]
    line = fit_line(loads, [v.value for *_, v in rows], [v.sigma for *_, v in rows])
    used = sorted({i for i, *_ in rows})
    colours = {i: k if len(used) <= NUM_COLOURS else int(i == used[-1]) for k, i in enumerate(used)}
    chart = _line_chart(title, rows, line, names, colours)
    keys = [names[i] for i in used] if len(used) <= NUM_COLOURS else ["earlier", names[used[-1]]]
    words = "".join(f"<p>{html.escape(text)}</p>" for text in _line_words(line, loads, group))
    return figure(title, "m/s, first full reps of each set", chart, legend(keys) + words)


def _line_chart(
    title: str,
    rows: Sequence[tuple],
    line: Line | str,
    names: Sequence[str],
    colours: Mapping[int, int],
) -> str:
    dots = {i: [] for i in sorted({i for i, *_ in rows})}  # type: dict[int, list[Dot]]
    for i, load, value in rows:
        text = f"{names[i]}: {load:g} kg, {value.value:.2f} m/s"
        dots[i].append(Dot(load, value.value, value.sigma, text))
    every = [dot for found in dots.values() for dot in found]
    loads = [dot.x for dot in every]
    around = [(1 - PAD) * min(loads), (1 + PAD) * max(loads)]
    across, up = number_axis(around), number_axis(reach(every), zero=True)
    chart = Chart(title, across, up, "kg")
    if isinstance(line, Line):
        ends = float(line.loads_kg.min()), float(line.loads_kg.max())
        chart.segment("mean", *((load, line.at(load)) for load in ends))
    for i, found in dots.items():
        chart.series(Series("", found, is_joined=False), colours[i])
    return chart.text


def _line_words(line: Line | str, loads: Sequence[float], group: Group) -> list[str]:
    if isinstance(line, str):
        return [f"No load-velocity line: {line}."]
    exercise = group.workouts[0].exercise
    said = [
        f"Line through {len(loads)} sets: {line.at_zero:.2f} m/s less {-1000 * line.slope:.1f} "
        f"mm/s a kilogram, \u00b1 {line.scatter:.2f} m/s about it."
    ]
    minimum = minimum_velocity(exercise)
    if minimum is None:
        return [*said, "For this exercise no velocity of a heaviest single is known.", LIMITS]
    single = heaviest_single(line, minimum)
    if isinstance(single, str):
        return [*said, f"No estimate of a heaviest single: {single}.", LIMITS]
    beyond = single.read_kg / max(loads) - 1
    said.append(
        f"It reaches the velocity of a heaviest single, {minimum.mean:.2f} \u00b1 {minimum.sd:.2f} "
        f"m/s in competitive powerlifters (Helms et al. 2017), between {single.low_kg:.0f} and "
        f"{single.high_kg:.0f} kg (90 %). That is read {beyond:.0%} beyond the heaviest load "
        "lifted."
    )
    return [*said, LIMITS]
