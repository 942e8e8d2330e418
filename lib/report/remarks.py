"""What the report page remarks on: findings, what could not be measured, what was not counted."""

from collections.abc import Callable, Iterable, Mapping

from lib.analysis.exercises import Exercise
from lib.report.labels import VIEWS, WHY_NOT, WHY_REJECTED, metric_name, sentence, with_unit

RANK = {"fault": 0, "warn": 1, "info": 2}
MAX_FINDINGS = 3

RowOf = Callable[[float], int]
"""Source frame -> row of the pose."""


def findings_of(report: dict, exercise: Exercise | None, row_of: RowOf) -> list[dict]:
    """At most three sentences a set, worst first."""
    return [
        finding
        for i_set, of_set in enumerate(report["sets"])
        for finding in _findings(of_set, _set_name(i_set, report), exercise, row_of)
    ]


def _findings(of_set: dict, of_which: str, exercise: Exercise | None, row_of: RowOf) -> list[dict]:
    """Faults before warnings, frequent before rare; a code once, with all its reps."""
    by_code: dict[str, list[tuple[dict, dict]]] = {}
    for rep in of_set["reps"]:
        for finding in rep.get("findings", []):
            by_code.setdefault(finding["code"], []).append((rep, finding))
    for seen in by_code.values():
        seen.sort(key=lambda item: RANK[item[1]["severity"]])
    ordered = sorted(by_code.values(), key=lambda seen: (RANK[seen[0][1]["severity"]], -len(seen)))
    return [_finding(seen, of_which, exercise, row_of) for seen in ordered[:MAX_FINDINGS]]


def _finding(
    seen: list[tuple[dict, dict]], of_which: str, exercise: Exercise | None, row_of: RowOf
) -> dict:
    """The worst rep in words, the others by number."""
    (rep, worst), others = seen[0], sorted(other["index"] for other, _ in seen[1:])
    name = metric_name(worst["metric"], exercise)
    measure = rep.get("metrics", {}).get(worst["metric"])
    value = f": {with_unit(measure)}" if measure else ""
    also = f"; also in rep {_list_of(others)}" if others else ""
    return {
        "severity": worst["severity"],
        "text": worst.get("text") or f"{sentence(name)}.",
        "where": f"{sentence(name)}{value} in rep {rep['index']}{also}{of_which}",
        "row": row_of((worst.get("frames") or [rep["start_frame"]])[0]),
    }


def _set_name(i_set: int, report: dict) -> str:
    """Which set, where there are several."""
    return f" of set {i_set + 1}" if len(report["sets"]) > 1 else ""


def missing_of(report: dict, exercise: Exercise | None) -> list[dict]:
    """Each metric that some rep lacks, with the reason and, if only some lack it, which."""
    lacking: dict[tuple[str, str], list[str]] = {}
    num_reps = 0
    for i_set, of_set in enumerate(report["sets"]):
        for rep in of_set["reps"]:
            num_reps += 1
            which = f"{rep['index']}{_set_name(i_set, report)}"
            for metric_id, measure in rep.get("metrics", {}).items():
                if measure["status"] == "not_measurable":
                    lacking.setdefault((metric_id, measure["reason"]), []).append(which)
    missing = []
    for (metric_id, reason), reps in lacking.items():
        why = WHY_NOT.get(reason, reason.replace("_", " "))
        if reason == "view" and exercise and metric_id in exercise.metrics:
            why += _better_view(exercise.metrics[metric_id].sigma)
        only = "" if len(reps) == num_reps else f" (rep {_list_of(reps)})"
        name = sentence(metric_name(metric_id, exercise))
        missing.append({"name": name + only, "why": why})
    return missing


def _better_view(sigma_of_view: Mapping[str, float]) -> str:
    """Advice: the view that shows a metric best."""
    if not sigma_of_view:
        return ""
    return f"; film {VIEWS[min(sigma_of_view, key=sigma_of_view.__getitem__)]}"


def rejections_of(report: dict, row_of: RowOf) -> list[dict]:
    """Movements that were not counted, and why."""
    fps = report["source"]["fps"]
    return [
        {
            "row": row_of(rejected["start_frame"]),
            "text": f"{rejected['start_frame'] / fps:.1f} to {rejected['end_frame'] / fps:.1f} s: "
            + WHY_REJECTED[rejected["reason"]],
        }
        for rejected in report.get("rejected", [])
    ]


def warnings_of(report: dict, row_of: RowOf) -> list[dict]:
    """The report's own warnings, with a row to go to where they have one."""
    return [
        {"text": w["message"], "row": row_of(w["frames"][0]) if w.get("frames") else None}
        for w in report["warnings"]
    ]


def _list_of(numbers: Iterable[int | str]) -> str:
    return ", ".join(str(n) for n in numbers)
