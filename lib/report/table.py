"""The per-rep table: a few columns for everybody, all numbers of a rep for who unfolds it."""

from collections.abc import Iterable

from lib.analysis.exercises import Exercise
from lib.analysis.setwise import judged_reps, measured
from lib.report.labels import (
    DASH,
    UNITS,
    WHY_NOT,
    depth_metric,
    metric_name,
    number,
    plain_number,
    sentence,
    short_name,
    spread,
    with_unit,
)
from lib.report.remarks import RowOf, finding_name, joints_of, was_judged

NUM_COLUMNS = 5
"""Measured movement metrics that get a column."""
FIRST_MEASURES = ("depth", "knee", "hip", "elbow", "trunk")
"""They come first, then what has limits, each in the order of the exercise's file."""
VELOCITY, VELOCITY_LOSS = "TV-02", "TV-04"
FOR_THE_SET = "TV-"
"""Metrics of velocity and of the set: of these only VELOCITY and VELOCITY_LOSS get a column."""
AGAINST_KNEE = "% of thigh, hip against knee, + = below"
UNKNOWN_PART = "\u2026"
TEMPO = ("eccentric_s", "pause_bottom_s", "concentric_s", "pause_top_s")
NAMELESS_TEMPO = ("out", "held", "back", "rest")
"""The same of an exercise that has no file: whether out is down or up is not known."""


def columns_of(report: dict, exercise: Exercise | None) -> list[dict]:
    """The columns between quality and tempo, and those after it (`is_late`)."""
    units: dict[str, str] = {}
    for of_set in report["sets"]:
        for rep in of_set["reps"]:
            for metric_id, measure in rep.get("metrics", {}).items():
                if measure["status"] != "not_measurable":
                    units.setdefault(metric_id, measure["unit"])
    movement = _ordered([i for i in units if not i.startswith(FOR_THE_SET)], exercise)
    late = [i for i in (VELOCITY, VELOCITY_LOSS) if i in units]
    return [
        {
            "id": i, "name": short_name(i, exercise), "is_late": i in late,
            "title": sentence(metric_name(i, exercise)),
            "unit": AGAINST_KNEE if i == depth_metric(exercise) else UNITS.get(units[i], units[i]),
        }
        for i in [*movement, *late]
    ]  # fmt: skip


def _ordered(metric_ids: list[str], exercise: Exercise | None) -> list[str]:
    """The most telling ones, in the file's order; no sides, no differences."""
    rules = exercise.metrics if exercise else {}
    known = {i: rules[i] for i in metric_ids if i in rules and rules[i].side == "both"}
    plain = [i for i, rule in known.items() if rule.measure in FIRST_MEASURES and not rule.minus]
    judged = [i for i, rule in known.items() if rule.threshold is not None]
    rest = [i for i in metric_ids if i in known or i not in rules]
    chosen = list(dict.fromkeys([*plain, *judged, *rest]))[:NUM_COLUMNS]
    return [i for i in metric_ids if i in chosen]


def table_rep(
    rep: dict, columns: list[str], exercise: Exercise | None, fps: float, row_of: RowOf
) -> dict:
    """One row of the table and what unfolds below it."""
    start_s = rep.get("start_s", rep["start_frame"] / fps)
    end_s = rep.get("end_s", rep["end_frame"] / fps)
    metrics = rep.get("metrics", {})
    turn = rep["events"].get("turn_start")
    start, end = row_of(rep["start_frame"]), row_of(rep["end_frame"])
    return {
        "index": rep["index"],
        "rows": [start, max(end, start + 1)],
        "turn_row": start if turn is None else row_of(turn),
        "start": f"{start_s:.1f}",
        "duration": f"{end_s - start_s:.1f}",
        "tempo": tempo_text(rep.get("tempo", {})),
        "quality": rep["quality"],
        "reasons": ", ".join(reason.replace("_", " ") for reason in rep.get("partial_reasons", [])),
        "confidence": f"{rep['confidence']:.0%}",
        "cells": [_cell(metrics.get(metric_id)) for metric_id in columns],
        "findings": [_remark(f, rep, exercise, row_of) for f in rep.get("findings", [])],
        "noFindings": "none" if was_judged(metrics) else DASH,
        "numbers": [
            _number(i, m, exercise, row_of) for i, m in metrics.items()
            if m.get("reason") != "not_in_skeleton"  # the page tells of these once
        ],
    }  # fmt: skip


def mean_cells(of_set: dict, columns: list[str]) -> list[str]:
    """Mean and standard deviation over the set, a text a column; empty for fewer than two reps.

    A loss since the fastest rep so far grows through a set: its mean says nothing.
    """
    known = [judged_summary(of_set, metric_id) for metric_id in columns]
    if not any(of.get("n", 0) > 1 for of in known):
        return []
    pairs = zip(columns, known, strict=True)
    return ["" if metric_id == VELOCITY_LOSS else _mean_cell(of) for metric_id, of in pairs]


def judged_summary(of_set: dict, metric_id: str) -> dict:
    """A metric over a set: mean, number and deviation of the reps judged, else the report's own.

    The report's deviation is of full and partial reps; it is left out where the mean is of fewer.
    """
    of = of_set.get("summary", {}).get("metrics", {}).get(metric_id, {})
    if of.get("judged_mean") is None:
        return of
    num = len(measured(judged_reps(of_set["reps"]), metric_id))
    sd = of.get("sd") if num == of.get("n") else None
    return of | {"mean": of["judged_mean"], "n": num, "sd": sd}


def _mean_cell(of: dict) -> str:
    if of.get("mean") is None:
        return DASH
    mean = plain_number(of["mean"], of["unit"])
    return mean if of.get("sd") is None else f"{mean} ({spread(of['sd'], of['unit'])})"


def tempo_heading(exercise: Exercise | None) -> str:
    """What the parts of `tempo_text` are, and their unit."""
    names = ("down", "pause", "up", "pause") if exercise else NAMELESS_TEMPO
    return f"{'-'.join(names)}, s"


def tempo_text(tempo: dict) -> str:
    """Down, pause, up, pause in seconds, as coaches write it: 3.1-0.4-1.2-0.6.

    A pause that the end of the set cuts off is left out; a part unknown elsewhere is an ellipsis.
    """
    parts = [None if tempo.get(p) is None else f"{tempo[p]:.1f}" for p in TEMPO]
    while parts and parts[-1] is None:
        parts.pop()
    return "-".join(part or UNKNOWN_PART for part in parts) or DASH


def _cell(measure: dict | None) -> dict:
    if measure is None:
        return {"text": DASH, "severity": None, "note": ""}
    return {"text": number(measure), "severity": measure.get("severity"), "note": _note(measure)}


def _note(measure: dict) -> str:
    reason = measure.get("reason")
    if measure["status"] == "low_confidence":
        return "Low confidence" + (f": {WHY_NOT[reason]}" if reason in WHY_NOT else "")
    return f"Not measurable: {WHY_NOT.get(reason, reason)}" if reason else ""


def _number(metric_id: str, measure: dict, exercise: Exercise | None, row_of: RowOf) -> dict:
    frame = measure.get("frame")
    is_missing = measure["status"] == "not_measurable"
    return {
        "name": sentence(_with_side(metric_name(metric_id, exercise), measure.get("side"))),
        "text": DASH if is_missing else with_unit(measure),
        "severity": measure.get("severity"),
        "note": _note(measure),
        "row": None if is_missing or frame is None else row_of(frame),
    }


def _with_side(name: str, side: str | None) -> str:
    """A name from the exercise's file has its side already; an id in its place may lack it."""
    is_missing = side in ("left", "right") and side not in name
    return f"{name}, {side}" if is_missing else name


def _remark(finding: dict, rep: dict, exercise: Exercise | None, row_of: RowOf) -> dict:
    return {
        "text": short_name(finding["metric"], exercise),
        "title": sentence(finding_name(finding, exercise)),
        "severity": finding["severity"],
        "row": row_of(_first(finding.get("frames") or [], rep["start_frame"])),
        "joints": joints_of([finding]),
    }


def _first(frames: Iterable[int], otherwise: int) -> int:
    return next(iter(frames), otherwise)
