"""report.json (valid under report_schema.json beside this file) and reps.csv."""

import csv
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lib.analysis.cautions import find_warnings
from lib.analysis.exercises import UNKNOWN, Exercise, exercise_sha256, load_exercise
from lib.analysis.form import mean_angle, trunk_lean_deg
from lib.analysis.gravity import LifterFrame, find_lifter_frame
from lib.analysis.metrics import Scene, findings, make_scene, measure_rep
from lib.analysis.records import Rep, RepCount
from lib.analysis.reps import count_on, guess_on
from lib.analysis.summary import angle_curves, summarise
from lib.analysis.tempo import cycle_cuts, events_of, tempo_of
from lib.analysis.track import Track, prepare
from lib.analysis.unknown import count_unknown
from lib.pose import Pose3D, written_aside

VERSION = "1.0.0"
SCHEMA_FILE = Path(__file__).with_name("report_schema.json")
STANDING_PERCENT = 20.0
"""Frames whose drive is in this lowest share and under the top gate are at lockout."""
CURVES = ("knee", "hip", "elbow")


def _clean(value):
    """Plain JSON values: numpy unpacked, anything not finite null."""
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_clean(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 5) if np.isfinite(value) else None
    return value


def _standing(count: RepCount, exercise: Exercise | None) -> np.ndarray | None:
    """(N,) frames at the unloaded position; None where that says nothing."""
    if exercise is None or not exercise.upright or count.drive is None:
        return None
    u = count.drive.u_deg
    known = u[np.isfinite(u)]
    if len(known) == 0:
        return None
    return u <= min(np.percentile(known, STANDING_PERCENT), exercise.drive.top_gate_deg)


def _count(track: Track, exercise: Exercise | None) -> RepCount:
    return count_unknown(track) if exercise is None else count_on(track, exercise)


def find_lifter(count: RepCount, exercise: Exercise | None) -> LifterFrame:
    """The lifter's axes, from the frames at lockout where the exercise has them upright."""
    return find_lifter_frame(count.track, _standing(count, exercise))


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
        "view": {
            "azimuth_deg": lifter.azimuth_deg, "class": lifter.view,
            "camera_side": lifter.camera_side,
            "left_right_swap_suspected": lifter.is_swap_suspected,
        },
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


def _athlete_of(pose: Pose3D) -> dict | None:
    return {"height_m": float(pose.height_m)} if np.isfinite(pose.height_m) else None


def _units_part(is_metric: bool) -> dict:
    length = "m" if is_metric else "femur"
    return {"time": "s", "angle": "deg", "length": length, "velocity": f"{length}/s",
            "frame": "0-based source frame index, end exclusive"}  # fmt: skip


def _rep_part(
    count: RepCount, exercise: Exercise | None, scene: Scene, rep: Rep, cut: tuple
) -> dict:
    metrics = measure_rep(exercise, scene, rep.cycle) if exercise else {}
    clock = count.track.time_s
    return {
        "index": rep.index, "start_frame": rep.start_frame, "end_frame": rep.end_frame,
        "start_s": clock[rep.cycle.start], "end_s": clock[rep.cycle.end],
        "cycle": {"start_frame": cut[0], "end_frame": cut[1]},
        "events": events_of(count, rep), "tempo": tempo_of(count, rep),
        "quality": rep.quality, "partial_reasons": list(rep.partial_reasons),
        "confidence": rep.confidence, "interpolated_ratio": rep.interpolated_ratio,
        "metrics": metrics, "findings": findings(exercise, metrics) if exercise else [],
    }  # fmt: skip


def _signals(track: Track, lifter: LifterFrame) -> dict[str, np.ndarray]:
    trunk = trunk_lean_deg(track.xyz, lifter.up.vector)
    return {part: mean_angle(track.xyz, part) for part in CURVES} | {"trunk": trunk}


def _counts(reps: tuple[Rep, ...]) -> dict:
    kinds = [rep.quality for rep in reps]
    each = {kind: kinds.count(kind) for kind in ("full", "partial", "failed", "suspect")}
    return each | {"total": each["full"] + each["partial"]}


def _set_part(
    count: RepCount, exercise: Exercise | None, scene: Scene, reps: tuple[Rep, ...]
) -> dict:
    cuts = cycle_cuts(reps)
    parts = [
        _rep_part(count, exercise, scene, rep, cut) for rep, cut in zip(reps, cuts, strict=True)
    ]
    curves = angle_curves(_signals(count.track, scene.lifter), [rep.cycle for rep in reps])
    ranges = [rep.cycle.first.excursion_deg for rep in reps if rep.quality in ("full", "partial")]
    return {
        "index": reps[0].set_index, "load_kg": None, "count": _counts(reps), "reps": parts,
        "summary": summarise(parts, curves, ranges), "curves": curves, "bar_path": None,
    }  # fmt: skip


def analyse(
    pose: Pose3D,
    *,
    exercise: str | None = None,
    exercise_source: str = "heuristic",
    exercise_confidence: float = 1.0,
    source: str = "",
    athlete: dict | None = None,
    cautions: Sequence[dict] = (),
) -> dict:
    """Count, measure and describe one recording; the content of report.json.

    exercise: a name in configs/exercises, 'unknown', or None to guess from the motion.
    exercise_source: 'user', 'classifier' or 'heuristic' (always so for None). cautions: warnings
    (code, message) of the steps before. A set's count.total is its full and partial reps. Raises
    UserError for a name that is none and for time stamps that do not increase.
    """
    track = prepare(pose)
    guess, certainty = guess_on(track)
    if exercise is None:
        exercise, exercise_source, exercise_confidence = guess, "heuristic", certainty
    rules = None if exercise == UNKNOWN else load_exercise(exercise)
    count = _count(track, rules)
    scene = make_scene(pose, track, find_lifter(count, rules))
    sets = [_set_part(count, rules, scene, s) for s in count.sets]
    report = {
        "schema_version": VERSION,
        "generator": {"name": "PerfectRep", "version": VERSION,
                      "config_sha256": exercise_sha256(exercise) if rules else ""},
        "units": _units_part(scene.is_metric),
        "source": _source_part(pose, source),
        "exercise": {"name": exercise, "variant": None, "source": exercise_source,
                     "confidence": min(max(exercise_confidence, 0.0), 1.0)},
        "frame": _frame_part(scene.lifter),
        "scale": _scale_part(pose, athlete),
        "sets": sets,
        "rejected": [vars(r) for r in count.rejected],
        "warnings": [*cautions, *find_warnings(pose, count, scene.lifter, exercise,
                                               exercise_source, guess, certainty)],
        "athlete": athlete or _athlete_of(pose),
    }  # fmt: skip
    return _clean(report)


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


def write_report(report: dict, folder: str | os.PathLike) -> tuple[Path, Path]:
    """Write report.json and reps.csv (one row a rep, units in the header) into folder.

    Returns the two paths. Raises UserError if the folder cannot be written.
    """
    json_file, csv_file = Path(folder) / "report.json", Path(folder) / "reps.csv"
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
