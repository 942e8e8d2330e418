"""What the report page says, from the analysis report alone: nothing is measured here.

The page gets ready sentences and cells; how they look is the page's business.
"""

from collections.abc import Sequence

from lib.analysis.exercises import UNKNOWN, Exercise, exercise_names, load_exercise
from lib.report.labels import (
    KNOWN_BY,
    SCALES,
    UP_FOUND,
    VIEWS,
    counters_of,
    depth_metric,
    number,
    sentence,
    view_of,
    with_unit,
)
from lib.report.panels import panels_of
from lib.report.remarks import (
    RowOf,
    findings_of,
    missing_of,
    rejections_of,
    trusted_reps,
    warnings_of,
    was_judged,
)
from lib.report.table import columns_of, judged_summary, mean_cells, table_rep, tempo_heading

KINDS = ("full", "partial", "failed", "suspect")
"""The first two are counted."""
SPREAD = {
    "rom_cv": "range varies by", "tempo_cv": "speed of lifting varies by",
    "consistency_rmsd": "joint angles differ from their mean by",
}  # fmt: skip
NAMELESS_SPREAD = SPREAD | {"tempo_cv": "time of the way back varies by"}
"""The same of an exercise that has no file: which way lifts is not known."""
NOTHING_JUDGED = "Nothing could be judged here; see \u201cWhat could not be measured and why\u201d."
"""With the heading of that part of the page."""


def page_words(report: dict, row_of: RowOf, *, is_lifted: bool = False) -> dict:
    """Everything the page says, as plain containers of strings and rows.

    is_lifted: the report is of a pose lifted from a picture.
    """
    exercise = exercise_of(report)
    findings = findings_of(report, exercise, row_of)
    missing = missing_of(report, exercise, is_lifted)
    columns = columns_of(report, exercise)
    is_judged = any(map(_is_judged, report["sets"]))
    is_known = exercise is not None and any(map(trusted_reps, report["sets"]))
    return {
        "title": _title(report),
        "verdict": verdict(report),
        "lines": _whose(report) + set_lines(report, exercise),
        "facts": _facts(report),
        "findings": findings,
        "noFindings": "" if findings else _no_findings(is_judged, is_known and bool(missing)),
        "hasFindings": bool(findings) or is_judged,
        "columns": columns,
        "tempo": tempo_heading(exercise),
        "sets": _sets(report, [column["id"] for column in columns], exercise, row_of),
        "missing": missing,
        "rejected": rejections_of(report, row_of),
        "warnings": warnings_of(report, row_of),
    }


def _is_judged(of_set: dict) -> bool:
    """Whether a set, or a repetition of it that can be trusted, has a verdict; maybe a good one."""
    of_all = of_set.get("summary", {}).get("set_metrics", {})
    reps = trusted_reps(of_set)
    return bool(reps) and any(map(was_judged, [of_all, *(r.get("metrics", {}) for r in reps)]))


def _no_findings(is_judged: bool, is_lacking: bool) -> str:
    """In place of findings: that all was well is not said of what nobody could see."""
    return "No findings." if is_judged else NOTHING_JUDGED if is_lacking else ""


def verdict(report: dict) -> str:
    """The first line: how many, and of what quality."""
    counts = [of_set["count"] for of_set in report["sets"]]
    total = sum(count["total"] for count in counts)
    done, other = (_kinds_of(counts, kinds) for kinds in (KINDS[:2], KINDS[2:]))
    besides = f"; not counted: {', '.join(other)}" if other else ""
    if not total:
        return ("No complete repetition" if other else "No repetition found") + besides
    what = f"repetition{'s' if total > 1 else ''}"
    what += f" in {len(counts)} sets" if len(counts) > 1 else ""
    return (
        f"{done[0]} {what}" if len(done) == 1 else f"{total} {what}: {', '.join(done)}"
    ) + besides


def _kinds_of(counts: list[dict], kinds: Sequence[str]) -> list[str]:
    numbers = {kind: sum(count.get(kind, 0) for count in counts) for kind in kinds}
    return [f"{num} {kind}" for kind, num in numbers.items() if num]


def _whose(report: dict) -> list[str]:
    """Who lifted and when, as far as somebody said so."""
    athlete = report.get("athlete") or {}
    name, when = athlete.get("name"), athlete.get("recorded_at")
    said = [name] if name else []
    said += [when[:16].replace("T", " ")] if when else []
    return [", ".join(said)] if said else []


def set_lines(report: dict, exercise: Exercise | None) -> list[str]:
    """Under the verdict: each set's count, where there are several, and its mean depth and loss."""
    several = len(report["sets"]) > 1
    lines = []
    for i_set, of_set in enumerate(report["sets"]):
        load, summary = of_set.get("load_kg"), of_set.get("summary", {})
        said = [] if load is None else [f"{load:g} kg"]
        if several:
            said += [f"{of_set['count'].get(k, 0)} {k}" for k in KINDS if of_set["count"].get(k)]
        said += _mean_depth(of_set, exercise) + _loss(summary)
        name = f"Set {i_set + 1}: " if several else ""
        lines += [name + ", ".join(said)] if said else []
    return [sentence(line) for line in lines]


def _mean_depth(of_set: dict, exercise: Exercise | None) -> list[str]:
    of_all = judged_summary(of_set, depth_metric(exercise) or "")
    mean = of_all.get("mean")
    if mean is None:
        return []
    size = {"value": abs(mean), "unit": "femur", "status": "measured", "sigma": of_all.get("sigma")}
    where = "below" if mean >= 0 else "above"
    how = "" if of_all.get("n") == 1 else " on average"
    return [f"hip joint {number(size)} % of the thigh {where} the knee joint{how}"]


def _loss(summary: dict) -> list[str]:
    loss = summary.get("velocity_loss", {})
    return [] if loss.get("value") is None else [f"velocity loss {with_unit(loss)}"]


def exercise_of(report: dict) -> Exercise | None:
    """The file of the report's exercise, if there is one."""
    name = report["exercise"]["name"]
    return load_exercise(name) if name in exercise_names() else None


def _title(report: dict) -> str:
    name = report["exercise"]["name"]
    exercise = exercise_of(report)
    if exercise:
        return exercise.title
    if name == UNKNOWN:
        was_asked = report["exercise"]["source"] == "user"
        return "Exercise not named" if was_asked else "Exercise not recognised"
    return name.replace("_", " ").capitalize()


def _facts(report: dict) -> list[list[str]]:
    exercise, source, frame = report["exercise"], report["source"], report["frame"]
    sure = f" ({exercise['confidence']:.0%} sure)" if "confidence" in exercise else ""
    known = ", " + KNOWN_BY[exercise["source"]] + (sure if exercise["source"] != "user" else "")
    if exercise["name"] == UNKNOWN:
        known = ""
    seconds = source.get("duration_s", source["n_frames"] / source["fps"])
    up = UP_FOUND[frame["up_method"]]
    if frame.get("up_sigma_deg"):
        up += f", ± {frame['up_sigma_deg']:.0f}°"
    facts = [["Exercise", _title(report) + known]]
    if source.get("path"):
        facts.append(["Source", str(source["path"]).replace("\\", "/").rsplit("/", 1)[-1]])
    facts.append(["Length", f"{seconds:.1f} s, {source['n_frames']} frames, {source['fps']:g} fps"])
    if "valid_frame_ratio" in source:
        facts.append(["Detected", f"{source['valid_frame_ratio']:.0%} of the frames"])
    facts += [["Filmed", filmed]] if (filmed := _filmed(report)) else []
    return [*facts, ["Up direction", up], ["True size", SCALES[report["scale"]["method"]]]]


def _filmed(report: dict) -> str:
    """From where, set by set where that differs; empty where there was no camera."""
    views = [view_of(of_set, report) for of_set in report["sets"]]
    if len(set(views)) > 1:
        places = [f"set {i} {VIEWS[view]}" for i, view in enumerate(views, 1)]
        return sentence(", ".join(places))
    return VIEWS.get(views[0] if views else report["frame"]["view"]["class"], "")


def _sets(report: dict, columns: list[str], exercise: Exercise | None, row_of: RowOf) -> list[dict]:
    fps, sets = report["source"]["fps"], []
    for of_set, counters in zip(report["sets"], counters_of(report), strict=True):
        load = of_set.get("load_kg")
        of_reps = [
            table_rep(rep, columns, exercise, fps, row_of) | {"counter": counter}
            for rep, counter in zip(of_set["reps"], counters, strict=True)
        ]
        sets.append({
            "title": f"Set {len(sets) + 1}" + ("" if load is None else f", {load:g} kg"),
            "reps": of_reps,
            "mean": mean_cells(of_set, columns),
            "spread": _spread(of_set.get("summary", {}), exercise),
            **panels_of(of_set, report, exercise, row_of),
        })  # fmt: skip
    return sets


def _spread(summary: dict, exercise: Exercise | None) -> str:
    """How alike the reps of a set were; how the range varies by the set's own number for that, if
    it has one, and not where this is told as a finding."""
    rules = exercise.set_metrics if exercise else {}
    own = summary.get("set_metrics", {})
    told = {finding["metric"]: {} for finding in summary.get("findings", [])}
    for i, measure in (own | told).items():
        if i in rules and rules[i].measure == "variation":
            summary = summary | {"rom_cv": measure}
    said = [
        f"{name} {with_unit(summary[key])}"
        for key, name in (SPREAD if exercise else NAMELESS_SPREAD).items()
        if summary.get(key, {}).get("value") is not None
    ]
    return f"Rep to rep: {', '.join(said)}." if said else ""
