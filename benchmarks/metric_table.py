"""The table of all metrics in docs/form_and_reps.md, as the exercise files have them.

    python benchmarks/metric_table.py

One row a metric: what it is, ok / warn / fault with their source, and the views that
can show it with the noise for which the files give their sigmas. A test compares the page with it.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.analysis.exercises import exercise_names, load_exercise
from lib.analysis.rules import MetricRule, Threshold, View
from lib.errors import command_line

HEADER = ("id", "exercise", "what", "unit", "ok / warn / fault", "source", "views")


def _limits(threshold: Threshold | None) -> str:
    if threshold is None:
        return ""
    numbers = (threshold.ok, threshold.begin, threshold.fault)
    text = " / ".join("-" if n is None else f"{n:g}" for n in numbers)
    return f"{threshold.centre:g} ± {text}" if threshold.both_ways else text


def _views(rule: MetricRule) -> str:
    limits = rule.threshold
    width = abs(limits.end - limits.ok) if limits else float("inf")
    seen = [v for v in get_args(View) if v in rule.sigma and rule.sigma[v] <= (width or 1e9)]
    if len(seen) == len(get_args(View)):
        return "all"
    return ", ".join(v.replace("_", " ") for v in seen) or "calibrated 3D only"


def rows() -> Iterator[str]:
    """The table; exercises that have the same metric share a row."""
    yield "| " + " | ".join(HEADER) + " |"
    yield "|---" * len(HEADER) + "|"
    shared: dict[tuple[str, ...], list[str]] = {}
    for exercise in exercise_names():
        content = load_exercise(exercise)
        for name, rule in (content.metrics | content.set_metrics).items():
            source = rule.threshold.source if rule.threshold else ""
            views = _views(rule) if isinstance(rule, MetricRule) else "set"
            cells = (f"`{name}`", rule.name, rule.unit, _limits(rule.threshold), source, views)
            shared.setdefault(cells, []).append(exercise)
    for cells, names in sorted(shared.items()):
        yield f"| {cells[0]} | {', '.join(names)} | " + " | ".join(cells[1:]) + " |"


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Print it."""
    print("\n".join(rows()))


if __name__ == "__main__":
    sys.exit(main())
