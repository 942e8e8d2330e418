"""report.json files read as workouts, one row a set. Nothing is measured here."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from lib.analysis.exercises import exercise_names, load_exercise
from lib.analysis.report import VERSION
from lib.analysis.setwise import judged_reps
from lib.errors import UserError
from lib.report.remarks import trusted_reps
from lib.report.table import VELOCITY
from lib.report.workouts import SetRow, Value, Workout

NUM_FRESH = 3
"""First full reps of a set that stand for its load: little fatigue yet, and unlike the fastest rep
not the one that the noise favours."""
SEVERITIES = ("fault", "warn", "info")


def find_reports(places: Iterable[Path]) -> list[Path]:
    """Files as given; of a folder its report.json, or those of the folders in it, by name."""
    found: list[Path] = []
    for place in places:
        if not place.is_dir():
            found.append(place)
            continue
        inside = [place / "report.json", *sorted(place.glob("*/report.json"))]
        inside = [path for path in inside if path.is_file()]
        if not inside:
            raise UserError(f"{place}: no report.json in it or in the folders in it")
        found += inside
    return found


def read_workouts(paths: Sequence[Path]) -> tuple[list[Workout], list[str]]:
    """The reports, each once, and notes on those left out. Raises UserError naming the file."""
    workouts, notes, seen = [], [], {}
    for path in paths:
        content = _read(path)
        same = seen.setdefault(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), path)
        if same is not path:
            notes.append(f"{_spelt(path)}: the same report as {_spelt(same)}, used once")
            continue
        try:
            workouts.append(_workout(content, path))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            lacks = f" ({type(error).__name__}: {error})" if str(error) else ""
            raise UserError(f"{path}: is damaged{lacks}; make the report again") from error
    return workouts, notes


def _spelt(path: Path) -> str:
    """Its name as a page can hold it, bytes that are no UTF-8 spelt out."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def _read(path: Path) -> dict:
    try:
        content = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot read ({error.strerror})") from error
    except orjson.JSONDecodeError as error:
        raise UserError(
            f"{path}: empty, cut off or no JSON ({error}); give a report.json"
        ) from error
    if not isinstance(content, dict) or "schema_version" not in content or "sets" not in content:
        raise UserError(f"{path}: no report; give a report.json of infer_wild.py or analyze.py")
    if content["schema_version"] != VERSION:
        raise UserError(
            f"{path}: is of schema version {content['schema_version']!r}, known is '{VERSION}'; "
            "make the report again"
        )
    return content


def _workout(report: dict, path: Path) -> Workout:
    athlete, name = report.get("athlete") or {}, _text(report["exercise"]["name"])
    depth = _depth_metric(name)
    when, made = athlete.get("recorded_at"), report.get("generator") or {}
    return Workout(
        path=_spelt(path), athlete=_text(athlete.get("name") or ""), exercise=name,
        view=_text(report["frame"]["view"]["class"]), unit=_text(report["units"]["length"]),
        when=_aware(when) if when else None, depth_metric=depth,
        rules=f"{made.get('config_sha256')} {made.get('strictness')}",
        network=str(made.get("checkpoint_sha256") or ""),
        error_table=str(made.get("lift_error_sha256") or ""),
        sets=tuple(_set_row(part, depth) for part in report["sets"]),
    )  # fmt: skip


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError(f"recorded_at {text} has no time zone")
    return moment


def _depth_metric(name: str) -> str:
    """What tells how deep: the exercise's depth, else its driving angle at the loaded position."""
    if name not in exercise_names():
        return ""
    exercise = load_exercise(name)
    loaded = {k: r.measure for k, r in exercise.metrics.items() if r.at == "loaded"}
    wanted = ("depth", exercise.drive.angle)
    return next((k for w in wanted for k, measure in loaded.items() if measure == w), "")


def _set_row(part: dict, depth: str) -> SetRow:
    reps, summary = part["reps"], part.get("summary", {})
    full, judged = [rep for rep in reps if rep["quality"] == "full"], judged_reps(reps)
    sigmas = {k: m.get("sigma") for k, m in summary.get("metrics", {}).items()}
    load, findings = part.get("load_kg"), _findings(trusted_reps(part))
    return SetRow(
        index=int(part["index"]), load_kg=None if load is None else _number(load),
        counts={kind: int(num) for kind, num in part["count"].items()},
        depth=_mean(judged, depth, sigmas.get(depth)),
        velocity=_mean(judged, VELOCITY, sigmas.get(VELOCITY)),
        fresh_velocity=_mean(full[:NUM_FRESH], VELOCITY, None),
        velocity_loss=_of_set(summary.get("velocity_loss")),
        consistency=_of_set(summary.get("consistency_rmsd")),
        findings=findings,
        set_findings={k: s for k, (s, _) in _findings([summary]).items() if k not in findings},
    )  # fmt: skip


def _mean(reps: Sequence[dict], metric: str, sigma: float | None) -> Value | None:
    """Of the reps that have it. Without a set's own sigma, that of its reps: their errors are
    mostly the same in all of them."""
    found = [m for rep in reps if (m := rep.get("metrics", {}).get(metric)) and _has_value(m)]
    if not found:
        return None
    units = {_text(m["unit"]) for m in found}
    if len(units) > 1:
        raise ValueError(f"{metric} has several units: {', '.join(sorted(units))}")
    own = [_number(m["sigma"]) for m in found if m.get("sigma") is not None]
    spread = _number(sigma) if sigma is not None else _rms(own)
    value = float(np.mean([_number(m["value"]) for m in found]))
    return Value(value, spread, units.pop())


def _of_set(measure: dict | None) -> Value | None:
    if not measure or not _has_value(measure):
        return None
    sigma = measure.get("sigma")
    spread = float("nan") if sigma is None else _number(sigma)
    return Value(_number(measure["value"]), spread, _text(measure["unit"]))


def _has_value(measure: dict) -> bool:
    return measure["status"] != "not_measurable" and measure["value"] is not None


def _rms(values: Sequence[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values else float("nan")


def _findings(reps: Sequence[dict]) -> dict[str, tuple[str, int]]:
    """Code -> worst severity and in how many, of reps or of the one summary of a set."""
    counted: Counter[str] = Counter()
    worst: dict[str, str] = {}
    for rep in reps:
        for code, severity in {(f["code"], f["severity"]) for f in rep.get("findings", [])}:
            counted[_text(code)] += 1
            worst[code] = min(worst.get(code, "info"), severity, key=SEVERITIES.index)
    return {code: (worst[code], num) for code, num in counted.items()}


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value
