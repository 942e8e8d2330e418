"""What the report page remarks on: findings, what could not be measured, what was not counted."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from lib.analysis.exercises import Exercise
from lib.analysis.findings import fault_of
from lib.analysis.lift_error import is_known_lift, telling_views
from lib.analysis.setwise import judged_reps, measured
from lib.report.labels import (
    DASH,
    VIEWS,
    WHY_NOT,
    WHY_REJECTED,
    limits_text,
    metric_name,
    sentence,
    view_of,
    with_unit,
)
from lib.skeleton import JOINT

RANK = {"fault": 0, "warn": 1, "info": 2}
MAX_FINDINGS = 3
TRUSTED = ("full", "partial", "failed")
HANDY_VIEWS = ("side", "front", "back", "front_oblique", "back_oblique")
ABOUT_AS_GOOD = 1.3
"""Times the least spread: a view with no more is advised if it is handier."""

RowOf = Callable[[float], int]
"""Source frame -> row of the pose."""


def findings_of(report: dict, exercise: Exercise | None, row_of: RowOf) -> list[dict]:
    """At most three sentences a set; faults before warnings, then set by set."""
    found = [
        _finding(of_set, code, set_name(i_set, report), exercise, row_of)
        for i_set, of_set in enumerate(report["sets"])
        for code in _worst_codes(of_set, exercise)
    ]
    return sorted(found, key=lambda finding: RANK[finding["severity"]])


def trusted_reps(of_set: dict) -> list[dict]:
    """Without what is perhaps no repetition at all: its numbers say nothing about the lift."""
    return [rep for rep in of_set["reps"] if rep["quality"] in TRUSTED]


def was_judged(metrics: Mapping[str, dict]) -> bool:
    """Whether any of these measures, of a repetition or a set, has limits and could be told."""
    return any(
        m.get("threshold_id") is not None and m["status"] != "not_measurable"
        for m in metrics.values()
    )


def _of_set(of_set: dict, code: str) -> dict | None:
    """The finding on the set's mean, where the report has one."""
    found = of_set.get("summary", {}).get("findings", [])
    return next((finding for finding in found if finding["code"] == code), None)


def _of_reps(of_set: dict, code: str, exercise: Exercise | None) -> list[tuple[dict, dict]]:
    """(rep, finding) of every rep that this or another metric saw the fault in, the worst first;
    of those alike the metric's own."""
    fault = fault_of(exercise, code)
    seen = [
        (rep, f)
        for rep in trusted_reps(of_set)
        for f in rep.get("findings", [])
        if fault_of(exercise, f["code"]) == fault
    ]
    return sorted(seen, key=lambda item: (RANK[item[1]["severity"]], item[1]["code"] != code))


def _worst_codes(of_set: dict, exercise: Exercise | None) -> list[str]:
    """One a fault: those of the whole set before those of some reps, faults before warnings,
    frequent first."""

    def rank(code: str) -> tuple:
        whole, seen = _of_set(of_set, code), _of_reps(of_set, code, exercise)
        severity = whole["severity"] if whole else seen[0][1]["severity"]
        return RANK[severity], whole is None, -len(seen)

    of_all = of_set.get("summary", {}).get("findings", [])
    of_some = [finding for rep in trusted_reps(of_set) for finding in rep.get("findings", [])]
    codes: dict[str, str] = {}
    for finding in [*of_all, *of_some]:
        codes.setdefault(fault_of(exercise, finding["code"]), finding["code"])
    return sorted(codes.values(), key=rank)[:MAX_FINDINGS]


def _finding(
    of_set: dict, code: str, of_which: str, exercise: Exercise | None, row_of: RowOf
) -> dict:
    """One sentence, the numbers behind it, and a mark for each rep it was seen in."""
    seen, whole = _of_reps(of_set, code, exercise), _of_set(of_set, code)
    first = whole or seen[0][1]
    name = sentence(finding_name(first, exercise))
    marks = [
        {"index": rep["index"], "row": row_of((f.get("frames") or [rep["start_frame"]])[0])}
        for rep, f in seen
    ]
    start = row_of(of_set["reps"][0]["start_frame"]) if of_set["reps"] else 0
    return {
        "severity": first["severity"],
        "text": first.get("text") or f"{name}.",
        "where": name
        + (_mean_of(of_set, whole, exercise) if whole else _worst_of(seen[0]))
        + of_which
        + _limits_of(first),
        "marks": sorted(marks, key=lambda mark: mark["index"]),
        "row": marks[0]["row"] if marks else start,
        "joints": joints_of([first, *(f for _, f in seen)]),
    }


def _mean_of(of_set: dict, whole: dict, exercise: Exercise | None) -> str:
    """What the set has: of a metric of each rep its mean, else one number of the whole set."""
    if whole.get("value") is None:
        return ""
    is_one = exercise is not None and whole["metric"] in exercise.set_metrics
    is_one |= len(measured(judged_reps(of_set["reps"]), whole["metric"])) == 1
    measure = {"status": "measured", **whole}
    return f": {with_unit(measure)}" + ("" if is_one else " on average")


def _worst_of(seen: tuple[dict, dict]) -> str:
    rep, finding = seen
    measure = rep.get("metrics", {}).get(finding["metric"])
    value = with_unit(measure) if measure else DASH
    return ("" if value.startswith(DASH) else f": {value}") + f" in rep {rep['index']}"


def _limits_of(finding: dict) -> str:
    """Where it would be well, and where a fault; older reports do not say."""
    limits = finding.get("limits")
    return f" ({limits_text(limits, finding['unit'])})" if limits else ""


def finding_name(finding: dict, exercise: Exercise | None) -> str:
    """What a finding is about."""
    return metric_name(finding["metric"], exercise)


def joints_of(findings: Iterable[dict]) -> list[int]:
    """Numbers of the joints that the findings name, for the page to light up."""
    names = {name for finding in findings for name in finding.get("joints", [])}
    return sorted(JOINT[name] for name in names if name in JOINT)


def set_name(i_set: int, report: dict) -> str:
    """Which set, where there are several."""
    return f" of set {i_set + 1}" if len(report["sets"]) > 1 else ""


def missing_of(report: dict, exercise: Exercise | None, is_lifted: bool) -> list[dict]:
    """Reasons, each with what could not be measured for it and in which reps or sets if not in all.

    is_lifted: the report is of a pose lifted from a picture.
    """
    lacking: dict[tuple[str, str], dict[tuple[str, str], list[str]]] = {}
    sets = report["sets"]
    of_reps = {i for of_set in sets for rep in of_set["reps"] for i in rep.get("metrics", {})}
    for i_set, of_set in enumerate(sets):
        view = view_of(of_set, report)
        for metric_id, reason, kind, which in _unmeasured(i_set, report, of_reps):
            advice = _advice(metric_id, exercise, view, is_lifted) if reason == "view" else ""
            named = lacking.setdefault((reason, advice), {})
            named.setdefault((metric_id, kind), []).append(which)
    num = {"rep": sum(len(of_set["reps"]) for of_set in sets), "set": len(sets)}
    return [
        {
            "why": sentence(WHY_NOT.get(reason, reason.replace("_", " "))) + advice,
            "names": [
                sentence(metric_name(i, exercise))
                + ("" if len(which) == num[kind] else f" ({_named(kind, which)})")
                for (i, kind), which in metrics.items()
            ],
        }
        for (reason, advice), metrics in lacking.items()
    ]


def _named(kind: str, which: list[str]) -> str:
    return f"{kind}{'' if len(which) == 1 else 's'} {', '.join(which)}"


def _unmeasured(
    i_set: int, report: dict, of_reps: Collection[str]
) -> Iterator[tuple[str, str, str, str]]:
    """Of a set: metric, reason, 'rep' or 'set', and which one; of its own numbers those that no
    repetition has, whose are of_reps."""
    of_set = report["sets"][i_set]
    for rep in of_set["reps"]:
        which = f"{rep['index']}{set_name(i_set, report)}"
        for metric_id, measure in rep.get("metrics", {}).items():
            if measure["status"] == "not_measurable":
                yield metric_id, measure["reason"], "rep", which
    for metric_id, measure in of_set.get("summary", {}).get("set_metrics", {}).items():
        if measure["status"] == "not_measurable" and metric_id not in of_reps:
            yield metric_id, measure["reason"], "set", f"{i_set + 1}"


def _advice(metric_id: str, exercise: Exercise | None, view: str, is_lifted: bool) -> str:
    """Where to stand with the camera: a view from which a metric can be told at all."""
    rule = exercise.metrics.get(metric_id) if exercise else None
    if exercise is None or rule is None:
        return ""
    return _better_view(telling_views(rule, is_lifted, is_known_lift(exercise.name)), view)


def _better_view(sigma_of_view: Mapping[str, float], view: str) -> str:
    """The handiest of the views that are about as good as the best, unless that is this one."""
    if not sigma_of_view:
        return ""
    enough = ABOUT_AS_GOOD * min(sigma_of_view.values())
    good = [v for v in HANDY_VIEWS if v in sigma_of_view and sigma_of_view[v] <= enough]
    return "" if view in good else f"; film {VIEWS[good[0]]}"


def rejections_of(report: dict, row_of: RowOf) -> list[dict]:
    """Movements that were not counted, and why."""
    fps = report["source"]["fps"]
    return [
        {
            "row": row_of(rejected["start_frame"]),
            "text": f"{_seconds(rejected, 'start', fps):.1f} to "
            f"{_seconds(rejected, 'end', fps):.1f} s: " + WHY_REJECTED[rejected["reason"]],
        }
        for rejected in report.get("rejected", [])
    ]


def _seconds(rejected: dict, end: str, fps: float) -> float:
    """When it starts or ends; older reports name the frame alone."""
    return rejected.get(f"{end}_s", rejected[f"{end}_frame"] / fps)


def warnings_of(report: dict, row_of: RowOf) -> list[dict]:
    """The report's own warnings, with a row to go to where they have one."""
    return [
        {"text": w["message"], "row": row_of(w["frames"][0]) if w.get("frames") else None}
        for w in report["warnings"]
    ]
