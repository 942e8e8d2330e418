"""What the report page draws of a set, taken from the analysis report as it stands.

Each panel holds its data, or `why` it has none. Lengths relative to the thigh are in percent of it.
"""

from lib.analysis.exercises import Exercise
from lib.analysis.paths import SHOWS_FORWARD
from lib.analysis.setwise import LOSS_BANDS
from lib.analysis.severity import with_strictness
from lib.report.labels import (
    UNITS,
    VIEWS,
    WHY_NOT,
    depth_metric,
    metric_name,
    number,
    sentence,
    view_of,
    with_unit,
)
from lib.report.phases import key_frames, pair_of
from lib.report.remarks import RowOf
from lib.report.table import NAMELESS_TEMPO, TEMPO, VELOCITY, VELOCITY_LOSS

SIGNALS = {"knee": "Knee flexion", "hip": "Hip flexion", "trunk": "Trunk lean",
           "elbow": "Elbow flexion", "depth": "Hip joint against knee joint, + below"}  # fmt: skip
TEMPO_DRAWN = ("down", "pause-low", "up", "pause-high")
"""What the page draws a part of a tempo as."""
TEMPO_NAMES = ("down", "pause at the bottom", "up", "pause at the top")
PROXIES = {"wrist_mid": "the middle between the wrists", "neck": "the base of the neck"}
PATH_AXES = {"midfoot_floor": ("midfoot", "forward"), "shoulders": ("shoulders", "to the feet")}
"""Origin of the bar's path -> what its zero is called, and which way its numbers grow."""


def panels_of(of_set: dict, report: dict, exercise: Exercise | None, row_of: RowOf) -> dict:
    """Everything that is drawn of one set."""
    return {
        "velocity": _velocity(of_set, exercise) if _has_velocity(exercise) else None,
        "tempo": _tempo(of_set, exercise),
        "angles": _angles(of_set, exercise),
        "path": _path(of_set, report) if least_velocity(exercise) else None,
        "frames": [key_frames(rep, exercise, row_of) for rep in of_set["reps"]],
        "pair": pair_of(of_set, exercise, row_of),
    }


def depth_band(report: dict, exercise: Exercise | None) -> list[float] | None:
    """Where it is open whether a thigh was parallel, percent of the thigh, hip above knee first."""
    metric_id = depth_metric(exercise)
    limits = exercise.metrics[metric_id].threshold if exercise and metric_id else None
    if limits is None:
        return None
    limits = with_strictness(limits, report.get("generator", {}).get("strictness", 1.0))
    return sorted([100 * limits.ok, 100 * limits.end])


def least_velocity(exercise: Exercise | None) -> float | None:
    """Of the heaviest lift that succeeds, m/s; None for an exercise without a bar."""
    return exercise.path.min_velocity_m_s if exercise else None


def _has_velocity(exercise: Exercise | None) -> bool:
    """Whether the exercise's file asks for velocities; an unknown one may bring them."""
    return exercise is None or VELOCITY in exercise.metrics


def _velocity(of_set: dict, exercise: Exercise | None) -> dict:
    measures = [rep.get("metrics", {}).get(VELOCITY) for rep in of_set["reps"]]
    known = [m for m in measures if m and m["status"] != "not_measurable"]
    if not known:
        return {"why": _why(measures, "This report has no velocities")}
    unit = known[0]["unit"]
    losses = [rep.get("metrics", {}).get(VELOCITY_LOSS) for rep in of_set["reps"]]
    least = least_velocity(exercise)
    total = of_set.get("summary", {}).get("velocity_loss", {})
    return {
        "unit": UNITS.get(unit, unit),
        "name": sentence(metric_name(VELOCITY, exercise)),
        "bars": [_bar(m, rep) for m, rep in zip(measures, of_set["reps"], strict=True)],
        "loss": [_bar(m, rep) for m, rep in zip(losses, of_set["reps"], strict=True)],
        "bands": LOSS_BANDS,
        "least": least if unit == "m/s" else None,
        "leastSd": (exercise.path.min_velocity_sd_m_s or 0.0) if exercise else 0.0,
        "total": f"Of the set: {with_unit(total)}" if total.get("value") is not None else "",
        "lossWhy": "" if any(map(_is_known, losses)) else _why(losses, "It takes three full reps"),
    }


def _is_known(measure: dict | None) -> bool:
    return bool(measure) and measure["status"] != "not_measurable"


def _bar(measure: dict | None, rep: dict) -> dict:
    bar = {"index": rep["index"], "quality": rep["quality"], "value": None, "text": ""}
    if measure is None or not _is_known(measure):
        return bar
    return bar | {"value": measure["value"], "sigma": measure.get("sigma") or 0,
                  "text": number(measure)}  # fmt: skip


def _why(measures: list[dict | None], otherwise: str) -> str:
    reasons = [m["reason"] for m in measures if m and m["status"] == "not_measurable"]
    return sentence(WHY_NOT.get(reasons[0], reasons[0])) + "." if reasons else otherwise + "."


def _tempo(of_set: dict, exercise: Exercise | None) -> dict:
    """Parts in the order they happen: what begins loaded rests there before it goes up."""
    starts_loaded = exercise is not None and exercise.drive.starts == "loaded"
    names = TEMPO_NAMES if exercise else NAMELESS_TEMPO
    parts = list(zip(TEMPO, TEMPO_DRAWN, names, strict=True))
    order = parts[1:] + parts[:1] if starts_loaded else parts
    reps = [
        {
            "index": rep["index"], "quality": rep["quality"],
            "parts": [rep.get("tempo", {}).get(part) for part, *_ in order],
        }
        for rep in of_set["reps"]
    ]  # fmt: skip
    if all(part is None for rep in reps for part in rep["parts"]):
        return {"why": "This report has no tempo."}
    return {"reps": reps, "names": [(drawn, name) for _, drawn, name in order]}


def _angles(of_set: dict, exercise: Exercise | None) -> dict:
    curves = of_set.get("curves", {})
    known = [name for name in SIGNALS if curves.get(name, {}).get("reps")]
    if depth_metric(exercise) is None and "depth" in known:
        known.remove("depth")
    if not known:
        return {"why": "This report has no curves over the repetition."}
    factor = {name: 100 if curves[name]["unit"] == "femur" else 1 for name in known}
    return {
        "charts": [
            {
                "name": f"{SIGNALS[name]}, {UNITS.get(curves[name]['unit'], curves[name]['unit'])}",
                "percent": curves[name]["percent"],
                "reps": [_rounded(curve, factor[name]) for curve in curves[name]["reps"]],
                "mean": _rounded(curves[name].get("mean", []), factor[name]),
                "sd": _rounded(curves[name].get("sd", []), factor[name]),
            }
            for name in known
        ],
        "indices": [rep["index"] for rep in of_set["reps"]],
    }  # fmt: skip


def _rounded(values: list[float | None], factor: float) -> list[float | None]:
    return [None if value is None else round(factor * value, 1) for value in values]


def _path(of_set: dict, report: dict) -> dict:
    path = of_set.get("bar_path")
    if not path or not any(map(_is_traced, path.get("reps", []))):
        return {"why": _why_no_path(view_of(of_set, report))}
    unit = "cm" if path.get("unit") == "m" else UNITS["femur"]
    traces = [
        {
            "index": rep["index"],
            **{axis: _rounded(trace.get(axis, []), 100) for axis in ("forward", "up")},
        }
        for rep, trace in zip(of_set["reps"], path["reps"], strict=False)
    ]
    proxy = PROXIES.get(path.get("proxy"), "")
    zero, ahead = PATH_AXES.get(path.get("origin"), PATH_AXES["midfoot_floor"])
    return {"unit": unit, "reps": traces, "note": f"Followed: {proxy}." if proxy else "",
            "zero": zero, "ahead": ahead}  # fmt: skip


def _is_traced(trace: dict) -> bool:
    """Whether the bar was seen at all."""
    places = zip(trace.get("forward", []), trace.get("up", []), strict=False)
    return any(None not in place for place in places)


def _why_no_path(view: str) -> str:
    if view in SHOWS_FORWARD:
        return "This report has no bar path."
    return f"The bar's path shows from the side; this was filmed {VIEWS[view]}."
