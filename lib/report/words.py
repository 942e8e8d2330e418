"""What the report page says, from the analysis report alone: nothing is measured here.

The page gets ready sentences and cells; how they look is the page's business.
"""

from collections.abc import Callable, Iterable, Mapping

from lib.analysis.exercises import Exercise, exercise_names, load_exercise
from lib.report.labels import KNOWN_BY, SCALES, UNITS, UP_FOUND, VIEWS, WHY_NOT, WHY_REJECTED

KINDS = ("full", "partial", "failed", "suspect")
RANK = {"fault": 0, "warn": 1, "info": 2}
MAX_FINDINGS = 3
DASH, MINUS = "\u2013", "\u2212"

RowOf = Callable[[float], int]
"""Source frame -> row of the pose."""


def page_words(report: dict, row_of: RowOf) -> dict:
    """Everything the page says, as plain containers of strings and rows."""
    exercise = _exercise(report["exercise"]["name"])
    return {
        "title": _title(report),
        "verdict": verdict(report),
        "facts": _facts(report),
        "findings": [f for s in report["sets"] for f in _findings(s, exercise, row_of)],
        "columns": _columns(report, exercise),
        "sets": [_set(s, i, report, exercise, row_of) for i, s in enumerate(report["sets"])],
        "missing": _missing(report, exercise),
        "rejected": [_rejected(r, row_of) for r in report.get("rejected", [])],
        "warnings": [_warning(w, row_of) for w in report["warnings"]],
    }


def verdict(report: dict) -> str:
    """The first line: how many, and of what quality."""
    counts = [of_set["count"] for of_set in report["sets"]]
    total = sum(count["total"] for count in counts)
    if not total:
        return "No repetition found"
    of_kind = {kind: sum(count.get(kind, 0) for count in counts) for kind in KINDS}
    parts = ", ".join(f"{number} {kind}" for kind, number in of_kind.items() if number)
    in_sets = f" in {len(counts)} sets" if len(counts) > 1 else ""
    return f"{total} repetition{'s' if total > 1 else ''}{in_sets}: {parts}"


def _exercise(name: str) -> Exercise | None:
    return load_exercise(name) if name in exercise_names() else None


def _title(report: dict) -> str:
    name = report["exercise"]["name"]
    exercise = _exercise(name)
    if exercise:
        return exercise.title
    return "Exercise not recognised" if name == "unknown" else name.replace("_", " ").capitalize()


def _facts(report: dict) -> list[list[str]]:
    exercise, source, frame = report["exercise"], report["source"], report["frame"]
    sure = f" ({exercise['confidence']:.0%} sure)" if "confidence" in exercise else ""
    known = KNOWN_BY[exercise["source"]] + (sure if exercise["source"] != "user" else "")
    seconds = source.get("duration_s", source["n_frames"] / source["fps"])
    up = UP_FOUND[frame["up_method"]]
    if "up_sigma_deg" in frame and frame["up_sigma_deg"] > 0:
        up += f", ± {frame['up_sigma_deg']:.0f}°"
    facts = [["Exercise", f"{_title(report)}, {known}"]]
    if source.get("path"):
        facts.append(["Source", str(source["path"]).replace("\\", "/").rsplit("/", 1)[-1]])
    facts.append(["Length", f"{seconds:.1f} s, {source['n_frames']} frames, {source['fps']:g} fps"])
    if "valid_frame_ratio" in source:
        facts.append(["Detected", f"{source['valid_frame_ratio']:.0%} of the frames"])
    if frame["view"]["class"] in VIEWS:
        facts.append(["Filmed", VIEWS[frame["view"]["class"]]])
    return [*facts, ["Up direction", up], ["True size", SCALES[report["scale"]["method"]]]]


def number(measure: dict) -> str:
    """A measured value with its spread; lengths relative to the thigh in percent of it."""
    if measure["status"] == "not_measurable" or measure["value"] is None:
        return DASH
    if measure["unit"] == "bool":
        return "yes" if measure["value"] else "no"
    factor = 100 if measure["unit"] == "femur" else 1
    digits = 0 if measure["unit"] in ("deg", "femur", "percent", "count") else 2
    text = f"{round(measure['value'] * factor, digits) + 0.0:.{digits}f}".replace("-", MINUS)
    sigma = measure.get("sigma")
    return text + (f" ± {sigma * factor:.{digits}f}" if sigma else "")


def _shown_metrics(report: dict) -> Iterable[tuple[str, dict]]:
    """(id, measure) of every rep in order."""
    for of_set in report["sets"]:
        for rep in of_set["reps"]:
            yield from rep.get("metrics", {}).items()


def _metric_name(metric_id: str, exercise: Exercise | None) -> str:
    known = {**exercise.metrics, **exercise.not_in_skeleton} if exercise else {}
    return known[metric_id].name if metric_id in known else metric_id.replace("_", " ")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _columns(report: dict, exercise: Exercise | None) -> list[dict]:
    """One column for each metric that any rep has a value of."""
    units = {i: m["unit"] for i, m in _shown_metrics(report) if m["status"] != "not_measurable"}
    return [
        {"id": i, "name": _sentence(_metric_name(i, exercise)), "unit": UNITS.get(unit, unit)}
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


def _findings(of_set: dict, exercise: Exercise | None, row_of: RowOf) -> list[dict]:
    """At most three sentences a set: faults before warnings, frequent before rare."""
    by_code: dict[str, list[tuple[dict, dict]]] = {}
    for rep in of_set["reps"]:
        for finding in rep.get("findings", []):
            by_code.setdefault(finding["code"], []).append((rep, finding))
    for seen in by_code.values():
        seen.sort(key=lambda item: RANK[item[1]["severity"]])
    ordered = sorted(by_code.values(), key=lambda seen: (RANK[seen[0][1]["severity"]], -len(seen)))
    return [_finding(seen, exercise, row_of) for seen in ordered[:MAX_FINDINGS]]


def _finding(seen: list[tuple[dict, dict]], exercise: Exercise | None, row_of: RowOf) -> dict:
    """The worst rep in words, the others by number."""
    (rep, worst), others = seen[0], sorted(other["index"] for other, _ in seen[1:])
    name = _metric_name(worst["metric"], exercise)
    measure = rep.get("metrics", {}).get(worst["metric"])
    value = f": {_with_unit(measure)}" if measure else ""
    also = f"; also in rep {_list_of(others)}" if others else ""
    return {
        "severity": worst["severity"],
        "text": worst.get("text") or f"{_sentence(name)}.",
        "where": f"{_sentence(name)}{value} in rep {rep['index']}{also}",
        "row": row_of((worst.get("frames") or [rep["start_frame"]])[0]),
    }


def _with_unit(measure: dict) -> str:
    unit = UNITS.get(measure["unit"], measure["unit"])
    return f"{number(measure)}{'' if unit == '°' else ' '}{unit}".rstrip()


def _list_of(numbers: Iterable[int]) -> str:
    return ", ".join(str(n) for n in numbers)


def _missing(report: dict, exercise: Exercise | None) -> list[dict]:
    """Each metric that some rep lacks, with the reason and, if only some lack it, which."""
    lacking: dict[tuple[str, str], list[int]] = {}
    num_reps = 0
    for of_set in report["sets"]:
        for rep in of_set["reps"]:
            num_reps += 1
            for metric_id, measure in rep.get("metrics", {}).items():
                if measure["status"] == "not_measurable":
                    lacking.setdefault((metric_id, measure["reason"]), []).append(rep["index"])
    missing = []
    for (metric_id, reason), reps in lacking.items():
        why = WHY_NOT.get(reason, reason.replace("_", " "))
        if reason == "view" and exercise and metric_id in exercise.metrics:
            why += _better_view(exercise.metrics[metric_id].sigma)
        only = "" if len(reps) == num_reps else f" (rep {_list_of(reps)})"
        name = _sentence(_metric_name(metric_id, exercise))
        missing.append({"name": name + only, "why": why})
    return missing


def _better_view(sigma_of_view: Mapping[str, float]) -> str:
    """Advice: the view that shows a metric best."""
    if not sigma_of_view:
        return ""
    return f"; film {VIEWS[min(sigma_of_view, key=sigma_of_view.__getitem__)]}"


def _rejected(rejected: dict, row_of: RowOf) -> dict:
    return {"row": row_of(rejected["start_frame"]), "text": WHY_REJECTED[rejected["reason"]]}


def _warning(warning: dict, row_of: RowOf) -> dict:
    frames = warning.get("frames")
    return {"text": warning["message"], "row": row_of(frames[0]) if frames else None}
