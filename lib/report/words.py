"""What the report page says, from the analysis report alone: nothing is measured here.

The page gets ready sentences and cells; how they look is the page's business.
"""

from collections.abc import Iterator

from lib.analysis.exercises import UNKNOWN, Exercise, exercise_names, load_exercise
from lib.report.labels import (
    DASH,
    KNOWN_BY,
    SCALES,
    UNITS,
    UP_FOUND,
    VIEWS,
    WHY_NOT,
    metric_name,
    number,
    sentence,
)
from lib.report.remarks import RowOf, findings_of, missing_of, rejections_of, warnings_of

KINDS = ("full", "partial", "failed", "suspect")


def page_words(report: dict, row_of: RowOf) -> dict:
    """Everything the page says, as plain containers of strings and rows."""
    exercise = _exercise(report["exercise"]["name"])
    return {
        "title": _title(report),
        "verdict": verdict(report),
        "facts": _facts(report),
        "findings": findings_of(report, exercise, row_of),
        "columns": _columns(report, exercise),
        "sets": [_set(s, i, report, exercise, row_of) for i, s in enumerate(report["sets"])],
        "missing": missing_of(report, exercise),
        "rejected": rejections_of(report, row_of),
        "warnings": warnings_of(report, row_of),
    }


def verdict(report: dict) -> str:
    """The first line: how many, and of what quality."""
    counts = [of_set["count"] for of_set in report["sets"]]
    total = sum(count["total"] for count in counts)
    if not total:
        return "No repetition found"
    of_kind = {kind: sum(count.get(kind, 0) for count in counts) for kind in KINDS}
    parts = ", ".join(f"{num} {kind}" for kind, num in of_kind.items() if num)
    in_sets = f" in {len(counts)} sets" if len(counts) > 1 else ""
    what = f"repetition{'s' if total > 1 else ''}{in_sets}"
    return f"{parts} {what}" if total in of_kind.values() else f"{total} {what}: {parts}"


def _exercise(name: str) -> Exercise | None:
    return load_exercise(name) if name in exercise_names() else None


def _title(report: dict) -> str:
    name = report["exercise"]["name"]
    exercise = _exercise(name)
    if exercise:
        return exercise.title
    return "Exercise not recognised" if name == UNKNOWN else name.replace("_", " ").capitalize()


def _facts(report: dict) -> list[list[str]]:
    exercise, source, frame = report["exercise"], report["source"], report["frame"]
    sure = f" ({exercise['confidence']:.0%} sure)" if "confidence" in exercise else ""
    known = ", " + KNOWN_BY[exercise["source"]] + (sure if exercise["source"] != "user" else "")
    if exercise["name"] == UNKNOWN:
        known = ""
    seconds = source.get("duration_s", source["n_frames"] / source["fps"])
    up = UP_FOUND[frame["up_method"]]
    if "up_sigma_deg" in frame and frame["up_sigma_deg"] > 0:
        up += f", ± {frame['up_sigma_deg']:.0f}°"
    facts = [["Exercise", _title(report) + known]]
    if source.get("path"):
        facts.append(["Source", str(source["path"]).replace("\\", "/").rsplit("/", 1)[-1]])
    facts.append(["Length", f"{seconds:.1f} s, {source['n_frames']} frames, {source['fps']:g} fps"])
    if "valid_frame_ratio" in source:
        facts.append(["Detected", f"{source['valid_frame_ratio']:.0%} of the frames"])
    if frame["view"]["class"] in VIEWS:
        facts.append(["Filmed", VIEWS[frame["view"]["class"]]])
    return [*facts, ["Up direction", up], ["True size", SCALES[report["scale"]["method"]]]]


def _shown_metrics(report: dict) -> Iterator[tuple[str, dict]]:
    """(id, measure) of every rep in order."""
    for of_set in report["sets"]:
        for rep in of_set["reps"]:
            yield from rep.get("metrics", {}).items()


def _columns(report: dict, exercise: Exercise | None) -> list[dict]:
    """One column for each metric that any rep has a value of."""
    units = {i: m["unit"] for i, m in _shown_metrics(report) if m["status"] != "not_measurable"}
    return [
        {"id": i, "name": sentence(metric_name(i, exercise)), "unit": UNITS.get(unit, unit)}
        for i, unit in units.items()
    ]


def _set(of_set: dict, i_set: int, report: dict, exercise: Exercise | None, row_of: RowOf) -> dict:
    columns = [column["id"] for column in _columns(report, exercise)]
    load = of_set.get("load_kg")
    return {
        "title": f"Set {i_set + 1}" + (f", {load:g} kg" if load else ""),
        "reps": [_rep(rep, columns, report["source"]["fps"], row_of) for rep in of_set["reps"]],
    }


def _rep(rep: dict, columns: list[str], fps: float, row_of: RowOf) -> dict:
    start_s = rep.get("start_s", rep["start_frame"] / fps)
    end_s = rep.get("end_s", rep["end_frame"] / fps)
    metrics = rep.get("metrics", {})
    reasons = [reason.replace("_", " ") for reason in rep.get("partial_reasons", [])]
    turn = rep["events"].get("turn_start")
    start, end = row_of(rep["start_frame"]), row_of(rep["end_frame"])
    return {
        "index": rep["index"],
        "rows": [start, max(end, start + 1)],
        "turn_row": start if turn is None else row_of(turn),
        "start": f"{start_s:.1f}",
        "duration": f"{end_s - start_s:.1f}",
        "tempo": _tempo(rep.get("tempo", {})),
        "quality": rep["quality"],
        "reasons": ", ".join(reasons),
        "confidence": f"{rep['confidence']:.0%}",
        "cells": [_cell(metrics.get(metric_id)) for metric_id in columns],
    }


def _tempo(tempo: dict) -> str:
    """Down, pause, up, pause in seconds, as coaches write it: 3.1-0.4-1.2-0.6."""
    phases = ("eccentric_s", "pause_bottom_s", "concentric_s", "pause_top_s")
    times = [tempo.get(phase) for phase in phases]
    if all(time is None for time in times):
        return DASH
    return "-".join("x" if time is None else f"{time:.1f}" for time in times)


def _cell(measure: dict | None) -> dict:
    if measure is None:
        return {"text": DASH, "severity": None, "note": ""}
    reason = measure.get("reason")
    note = f"Not measurable: {WHY_NOT.get(reason, reason)}" if reason else ""
    if measure["status"] == "low_confidence":
        note = "Low confidence"
    return {"text": number(measure), "severity": measure.get("severity"), "note": note}
