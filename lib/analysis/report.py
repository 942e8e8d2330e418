"""report.json (valid under report_schema.json beside this file) and reps.csv."""

import csv
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path as FilePath

import numpy as np

from lib.analysis.cautions import find_warnings
from lib.analysis.exercises import UNKNOWN, Exercise, exercise_sha256, load_exercise
from lib.analysis.gravity import LifterFrame, find_lifter_frame
from lib.analysis.lift_error import is_known_lift, lift_error_sha256
from lib.analysis.loads import check_loads, loads_of_sets
from lib.analysis.records import RepCount
from lib.analysis.reps import count_on, guess_on
from lib.analysis.scene import make_scene
from lib.analysis.sets import (
    Setting,
    scenes_of_sets,
    set_part,
    signals_of,
    standing_frames,
    view_part,
)  # fmt: skip
from lib.analysis.severity import STRICTNESS
from lib.analysis.track import prepare
from lib.analysis.unknown import NAMELESS, count_unknown
from lib.analysis.variants import find_variant
from lib.errors import UserError
from lib.pose import Pose3D, written_aside

VERSION = "1.0.0"
SCHEMA_FILE = FilePath(__file__).with_name("report_schema.json")
SOURCES = ("user", "classifier", "heuristic")
"""Who named the exercise."""


def _clean(value):
    """Plain JSON values: numpy unpacked, anything not finite null, odd bytes of names spelt out."""
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        known = np.where(np.isfinite(value), np.round(value, 5), None)
        return known.tolist()
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_clean(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, float):
        return round(value, 5) if np.isfinite(value) else None
    return value


def find_lifter(count: RepCount, exercise: Exercise) -> LifterFrame:
    """The lifter's axes, from the frames at lockout where the exercise has them upright."""
    return find_lifter_frame(count.track, standing_frames(count, exercise))


def _source_part(pose: Pose3D, source: str) -> dict:
    duration = float(pose.time_s[-1] - pose.time_s[0]) + 1 / pose.fps if len(pose.xyz) else 0.0
    step = np.diff(pose.time_s)
    is_vfr = len(step) > 1 and bool(np.ptp(step) > 0.5 * np.median(step))
    return {
        "path": source or pose.source or None, "n_frames": len(pose.xyz), "fps": float(pose.fps),
        "duration_s": duration, "skeleton": "h36m17", "vfr": is_vfr,
        "valid_frame_ratio": float(np.mean(pose.valid)) if len(pose.xyz) else 0.0,
    }  # fmt: skip


def _frame_part(lifter: LifterFrame) -> dict:
    return {
        "up": lifter.up.vector, "up_sigma_deg": lifter.up.sigma_deg, "up_method": lifter.up.method,
        "ml": lifter.right, "fw": lifter.forward,
        "view": view_part(lifter),
    }  # fmt: skip


def _scale_part(pose: Pose3D, athlete: dict | None) -> dict:
    if pose.unit != "metre":
        return {"metric": False, "method": "none", "m_per_unit": None, "rel_sigma": None}
    if pose.scale_method != "none":
        return {"metric": True, "method": pose.scale_method, "m_per_unit": pose.m_per_unit,
                "rel_sigma": pose.scale_sigma}  # fmt: skip
    has_height = bool(athlete and athlete.get("height_m"))
    method, rel_sigma = ("user_height", 0.04) if has_height else ("calibrated_camera", 0.015)
    return {"metric": True, "method": method, "m_per_unit": 1.0, "rel_sigma": rel_sigma}


def _rejected_part(pose: Pose3D, count: RepCount) -> list[dict]:
    """Times are those of the first and the last frame, as of repetitions."""
    clock_s = pose.time_s if len(pose.xyz) else np.zeros(1)
    return [
        vars(r) | {"start_s": clock_s[r.start_frame], "end_s": clock_s[max(r.end_frame - 1, 0)]}
        for r in count.rejected
    ]


def _athlete_of(pose: Pose3D) -> dict | None:
    return {"height_m": float(pose.height_m)} if np.isfinite(pose.height_m) else None


def _units_part(is_metric: bool) -> dict:
    length = "m" if is_metric else "femur"
    return {"time": "s", "angle": "deg", "length": length, "velocity": f"{length}/s",
            "frame": "0-based source frame index, end exclusive"}  # fmt: skip


def _setting(
    pose: Pose3D, count: RepCount, exercise: Exercise, strictness: float, athlete: dict | None
) -> Setting:
    """What all sets share."""
    lifter = find_lifter(count, exercise)
    scene = make_scene(pose, count.track, lifter, exercise.path, standing_frames(count, exercise))
    scene = replace(scene, is_known_lift=is_known_lift(exercise.name))
    if scene.is_metric:
        sigma = _scale_part(pose, athlete)["rel_sigma"]
        scene = replace(scene, scale_sigma=float(np.nan_to_num(sigma)))
    variant = find_variant(exercise, scene, [rep.cycle for rep in count.reps])
    return Setting(count, exercise, scene, signals_of(scene, exercise), strictness, variant)


def _check(
    strictness: float, loads_kg: Sequence[float], exercise_source: str, confidence: float
) -> None:
    """What a caller gave can be in a report. Raises UserError."""
    if not STRICTNESS[0] <= strictness <= STRICTNESS[1]:
        raise UserError(
            f"strictness {strictness}: must be in {STRICTNESS[0]:g} to {STRICTNESS[1]:g}"
        )
    check_loads(loads_kg)
    if exercise_source not in SOURCES:
        raise UserError(f"exercise_source {exercise_source!r}: must be one of {', '.join(SOURCES)}")
    if np.isnan(confidence):
        raise UserError("exercise_confidence nan: must be in 0 to 1")


def _sets_part(setting: Setting, loads_kg: Sequence[float]) -> tuple[list[dict], list[dict]]:
    """The sets, and warnings about their loads."""
    loads, about_loads = loads_of_sets(loads_kg, len(setting.count.sets))
    of_sets = zip(scenes_of_sets(setting), setting.count.sets, loads, strict=True)
    return [set_part(setting, s, reps) | {"load_kg": kg} for s, reps, kg in of_sets], about_loads


def _generator_part(pose: Pose3D, name: str, strictness: float) -> dict:
    """What made the report: limits, the weights that lifted the pose, the table of their errors."""
    return {
        "name": "PerfectRep", "version": VERSION, "strictness": strictness,
        "config_sha256": "" if name == UNKNOWN else exercise_sha256(name),
        "checkpoint_sha256": pose.checkpoint_sha256 or None,
        "lift_error_sha256": lift_error_sha256() if pose.is_lifted else None,
    }  # fmt: skip


def _about_parts(
    pose: Pose3D, setting: Setting, named: dict, source: str, athlete: dict | None
) -> dict:
    """Everything but the sets and the warnings."""
    name = named["name"]
    return {
        "schema_version": VERSION,
        "generator": _generator_part(pose, name, setting.strictness),
        "units": _units_part(setting.scene.is_metric),
        "source": _source_part(pose, source),
        "exercise": named | {"variant": setting.variant},
        "frame": _frame_part(setting.scene.lifter),
        "scale": _scale_part(pose, athlete),
        "rejected": _rejected_part(pose, setting.count),
        "athlete": athlete or _athlete_of(pose),
    }  # fmt: skip


def analyse(
    pose: Pose3D,
    *,
    exercise: str | None = None,
    exercise_source: str = "heuristic",
    exercise_confidence: float = 1.0,
    source: str = "",
    athlete: dict | None = None,
    loads_kg: Sequence[float] = (),
    cautions: Sequence[dict] = (),
    strictness: float = 1.0,
) -> dict:
    """Count, measure and describe one recording; the content of report.json.

    exercise: a name in configs/exercises, 'unknown', or None to guess from the motion.
    exercise_source: 'user', 'classifier' or 'heuristic' (always so for None). athlete: the
    schema's; None takes the height that the pose brings. loads_kg: one for all sets or one a set;
    another number is a warning. cautions: warnings (code, message) of the steps before. strictness:
    in STRICTNESS; 2 halves how far the limits are from a perfect value, 0.5 doubles it. A set's
    count.total is its full and partial reps. Raises UserError for what of these can be in no
    report, and for time stamps that do not increase.
    """
    _check(strictness, loads_kg, exercise_source, exercise_confidence)
    track = prepare(pose)
    guess, certainty = guess_on(track)
    if exercise is None:
        exercise, exercise_source, exercise_confidence = guess, "heuristic", certainty
    named = {"name": exercise, "source": exercise_source,
             "confidence": min(max(exercise_confidence, 0.0), 1.0)}  # fmt: skip
    rules = NAMELESS if exercise == UNKNOWN else load_exercise(exercise)
    count = count_unknown(track) if exercise == UNKNOWN else count_on(track, rules)
    setting = _setting(pose, count, rules, strictness, athlete)
    sets, about_loads = _sets_part(setting, loads_kg)
    warnings = find_warnings(
        pose, count, setting.scene.lifter, exercise, exercise_source, guess, certainty
    )
    about = _about_parts(pose, setting, named, source, athlete)
    return _clean(about | {"sets": sets, "warnings": [*cautions, *about_loads, *warnings]})


def _csv_rows(report: dict) -> list[dict]:
    rows = []
    for one_set in report["sets"]:
        for rep in one_set["reps"]:
            row = {"set": one_set["index"], "rep": rep["index"], "quality": rep["quality"],
                   "start [frame]": rep["start_frame"], "end [frame]": rep["end_frame"],
                   "start [s]": rep["start_s"], "end [s]": rep["end_s"]}  # fmt: skip
            row |= {f"{k.removesuffix('_s')} [s]": v for k, v in rep["tempo"].items()}
            row["confidence [ratio]"] = rep["confidence"]
            measured = {k: m for k, m in rep["metrics"].items() if m["reason"] != "not_in_skeleton"}
            row |= {f"{name} [{m['unit']}]": m["value"] for name, m in measured.items()}
            rows.append(row)
    return rows


_EMPTY_HEADER = ["set", "rep", "quality", "start [frame]", "end [frame]", "start [s]", "end [s]"]


def write_report(report: dict, folder: str | os.PathLike) -> tuple[FilePath, FilePath]:
    """Write report.json and reps.csv (one row a rep, units in the header) into folder.

    Returns the two paths. Raises UserError if the folder cannot be written.
    """
    json_file, csv_file = FilePath(folder) / "report.json", FilePath(folder) / "reps.csv"
    text = json.dumps(report, indent=1, allow_nan=False, ensure_ascii=False)
    with written_aside(json_file) as aside:
        aside.write_text(text + "\n", encoding="utf-8")
    rows = _csv_rows(report)
    header = list(rows[0]) if rows else _EMPTY_HEADER
    with written_aside(csv_file) as aside, aside.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, header, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return json_file, csv_file
