"""report.json is valid under its schema in every case, and says what it could not know."""

import csv
import json

import jsonschema
import numpy as np
import pytest
from moving_body import (
    LIFTS,
    Timing,
    as_pose,
    empty_rise,
    join,
    lift,
    noisy,
    seen_by,
    walk,
)

from lib.analysis.exercises import load_exercise
from lib.analysis.report import SCHEMA_FILE, SOURCES, analyse, write_report
from lib.errors import UserError

SCHEMA = json.loads(SCHEMA_FILE.read_text())


def check(report):
    text = json.dumps(report, allow_nan=False)  # raises on NaN
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(text))
    return report


def pose_of(name, num=3, yaw=60, noise=0.0, **pose):
    xyz = seen_by(lift(name, [Timing()] * num, 30)[0], yaw, 5)
    xyz = noisy(xyz, np.random.default_rng(0), 30, noise) if noise else xyz
    return as_pose(xyz, **pose)


@pytest.mark.parametrize("name", sorted(LIFTS))
@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_j01_valid_for_every_exercise(name, noise):
    report = check(analyse(pose_of(name, noise=noise), source="clip.mp4"))
    assert report["exercise"]["name"] == name
    assert report["exercise"]["source"] == "heuristic"
    (one_set,) = report["sets"]
    assert one_set["count"]["total"] == 3
    stands = {"depth"} if load_exercise(name).upright else set()
    assert set(one_set["curves"]) == {"knee", "hip", "elbow", "trunk"} | stands
    assert len(one_set["curves"]["knee"]["mean"]) == 101
    assert report["source"]["path"] == "clip.mp4"


@pytest.mark.parametrize(
    "xyz",
    [np.zeros((0, 17, 3)), np.zeros((1, 17, 3)), np.full((90, 17, 3), np.nan),
     np.zeros((90, 17, 3)), walk(6, 30)],
)  # fmt: skip
@pytest.mark.parametrize("exercise", [None, "squat", "pushup", "unknown"])
def test_j01_valid_without_reps(xyz, exercise):
    report = check(analyse(as_pose(xyz), exercise=exercise, exercise_source="user"))
    assert report["sets"] == []
    codes = [warning["code"] for warning in report["warnings"]]
    assert ("exercise_unknown" in codes) == (exercise in (None, "unknown"))
    assert ("no_frames" in codes) == (len(xyz) == 0)
    assert exercise in (None, "unknown") or report["rejected"]


def test_j01_valid_with_gaps_and_a_missing_side():
    pose = pose_of("squat", 4)
    pose.xyz[:, [4, 5, 6, 11, 12, 13]] = np.nan
    pose.xyz[100:220] = np.nan
    pose.valid[40:50] = False
    report = check(analyse(pose, exercise="squat"))
    assert report["source"]["valid_frame_ratio"] < 1
    assert {r["reason"] for r in report["rejected"]} == {"missing_data"}


def test_events_tempo_and_cycle_of_a_known_rep():
    timing = Timing(down_s=1.5, hold_s=3.0, up_s=1.0, rest_s=1.0)
    xyz, marks = lift("squat", [timing, timing], 30)
    report = check(analyse(as_pose(seen_by(xyz, 90)), exercise="squat"))
    first, second = report["sets"][0]["reps"]
    tempo = first["tempo"]
    assert tempo["pause_bottom_s"] == pytest.approx(3.0, abs=0.3)
    assert tempo["eccentric_s"] == pytest.approx(1.5, abs=0.25)
    assert tempo["concentric_s"] == pytest.approx(1.0, abs=0.25)
    assert tempo["pause_top_s"] == pytest.approx(1.0, abs=0.3)
    assert second["tempo"]["pause_top_s"] is None
    events = [first["events"][k] for k in ("ecc_start", "turn_start", "turn_end", "v_peak",
                                           "lockout")]  # fmt: skip
    assert events == sorted(events)
    assert events[0] / 30 == pytest.approx(marks[0][0], abs=0.15)
    assert first["cycle"]["end_frame"] == second["cycle"]["start_frame"]


def test_tempo_is_as_unsure_as_its_boundaries():
    timing = Timing(down_s=1.5, hold_s=0.5, up_s=1.0, rest_s=1.0)
    xyz = seen_by(lift("squat", [timing] * 2, 30)[0], 90)
    quiet, loud = (
        analyse(as_pose(x), exercise="squat")["sets"][0]["reps"]
        for x in (xyz, noisy(xyz, np.random.default_rng(0), 30, 1.5))
    )
    for part in ("eccentric", "pause_bottom", "concentric", "pause_top"):
        key = f"{part}_sigma_s"
        assert 0.01 < quiet[0]["tempo"][key] < loud[0]["tempo"][key] < 0.6, part
    last = loud[1]["tempo"]
    assert last["pause_top_s"] is None and last["pause_top_sigma_s"] is None
    away = abs(loud[0]["tempo"]["eccentric_s"] - 1.5) / loud[0]["tempo"]["eccentric_sigma_s"]
    assert away < 3


def test_a_pull_is_concentric_first():
    report = check(analyse(pose_of("deadlift", 2), exercise="deadlift"))
    events = report["sets"][0]["reps"][0]["events"]
    assert events["con_start"] < events["lockout"] < events["ecc_start"]
    assert report["sets"][0]["reps"][1]["tempo"]["pause_bottom_s"] is not None


def test_the_users_word_wins_and_is_questioned():
    report = check(analyse(pose_of("deadlift"), exercise="squat", exercise_source="user",
                           exercise_confidence=1.0))  # fmt: skip
    assert report["exercise"]["name"] == "squat"
    assert "exercise_mismatch" in [warning["code"] for warning in report["warnings"]]


def test_stand_ups_told_apart():
    pose = pose_of("sit_to_stand", 5)
    assert check(analyse(pose))["sets"][0]["count"]["total"] == 5
    as_squat = check(analyse(pose, exercise="squat", exercise_source="user"))
    (edge,) = [w for w in as_squat["warnings"] if w["code"] == "edge_of_video"]
    assert "sit_to_stand" in edge["message"]


@pytest.mark.parametrize(
    ("is_whole", "text"), [(True, "1 half rep cut by the"), (False, "2 half reps cut by the")]
)
def test_half_reps_that_the_video_cuts_off(is_whole, text):
    xyz, marks = lift("squat", [Timing()] * 4, 30)
    first, last = round(marks[0][1] * 30), len(xyz) if is_whole else round(marks[3][1] * 30)
    report = check(analyse(as_pose(seen_by(xyz[first:last])), exercise="squat"))
    (edge,) = [w for w in report["warnings"] if w["code"] == "edge_of_video"]
    verb = "is" if is_whole else "are"
    assert edge["message"].startswith(f"{text} start or end of the video {verb} not counted.")


@pytest.mark.parametrize(("every", "is_told"), [(15, True), (6, False)])
def test_two_frames_a_second_are_said_to_be_too_few(every, is_told):
    xyz = pose_of("squat").xyz[::every]
    report = check(analyse(as_pose(xyz, 30 / every), exercise="squat"))
    texts = {w["code"]: w["message"] for w in report["warnings"]}
    assert ("too_few_frames" in texts) == is_told == (not report["sets"])
    assert not is_told or texts["too_few_frames"].startswith("2.0 frames a second")


def test_walk_out_is_rejected_with_reasons():
    xyz = join(walk(4, 30), lift("deadlift", [Timing()] * 2, 30)[0], walk(3, 30), fps=30)
    report = check(analyse(as_pose(seen_by(xyz, 45)), exercise="deadlift"))
    assert report["sets"][0]["count"]["total"] == 2
    assert report["rejected"]


def test_what_is_rejected_has_its_times_by_the_recordings_own_clock():
    """A phone that takes a third of the frames after four seconds, as in the dark."""
    xyz = join(walk(4, 30), lift("deadlift", [Timing()] * 2, 30)[0], walk(3, 30), fps=30)
    kept = np.r_[0:120, 120 : len(xyz) : 3]
    time_s = kept / 30
    pose = as_pose(seen_by(xyz, 45)[kept], (len(kept) - 1) / time_s[-1], time_s=time_s)
    report = check(analyse(pose, exercise="deadlift"))
    assert report["source"]["vfr"] and report["rejected"]
    for part in report["rejected"]:
        assert part["start_s"] == pytest.approx(time_s[part["start_frame"]], abs=1e-4)
        assert part["end_s"] == pytest.approx(time_s[part["end_frame"] - 1], abs=1e-4)


def test_unknown_name_is_the_users_mistake():
    with pytest.raises(UserError, match="known: bench_press, deadlift, pushup"):
        analyse(pose_of("squat"), exercise="sqaut")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"loads_kg": (80, -1)}, "loads_kg"), ({"loads_kg": (-20.0,)}, "loads_kg"),
        ({"loads_kg": (np.nan,)}, "loads_kg"), ({"loads_kg": (np.inf,)}, "loads_kg"),
        ({"loads_kg": 80}, "loads_kg 80: must list"), ({"loads_kg": "80"}, "loads_kg '80'"),
        ({"loads_kg": [None]}, "loads_kg"), ({"loads_kg": [True]}, "loads_kg"),
        ({"exercise_source": "guess"}, "exercise_source 'guess': must be one of user, classifier"),
        ({"exercise_confidence": np.nan}, "exercise_confidence nan: must be in 0 to 1"),
        ({"strictness": np.nan}, "strictness nan: must be in"),
    ],
    ids=str,
)  # fmt: skip
def test_what_no_report_can_hold_is_refused_in_one_line(given, text):
    with pytest.raises(UserError, match=text) as caught:
        analyse(pose_of("squat"), exercise="squat", **given)
    assert "\n" not in str(caught.value)


def test_sources_are_the_schemas():
    assert list(SOURCES) == SCHEMA["properties"]["exercise"]["properties"]["source"]["enum"]


def test_files_written(tmp_path):
    report = analyse(pose_of("squat", unit="metre"), exercise="squat", athlete={"name": "A"})
    json_file, csv_file = write_report(report, tmp_path / "out")
    assert json.loads(json_file.read_text()) == report
    rows = list(csv.DictReader(csv_file.open()))
    assert [row["rep"] for row in rows] == ["1", "2", "3"]
    assert float(rows[0]["SQ-03 [deg]"]) == pytest.approx(110, abs=2)
    assert {"eccentric [s]", "TV-05 [m]", "SQ-01 [femur]", "start [frame]"} <= set(rows[0])
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["report.json", "reps.csv"]


def test_files_without_reps_have_a_header(tmp_path):
    _, csv_file = write_report(analyse(as_pose(np.zeros((0, 17, 3)))), tmp_path)
    assert csv_file.read_text().startswith("set,rep,quality,start [frame]")


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write there"):
        write_report(analyse(pose_of("squat")), tmp_path / "file")


def test_what_may_be_no_repetition_is_in_no_mean():
    pulls, _ = lift("deadlift", [Timing()] * 3, 30, tail_s=0.5)
    away = empty_rise(36)
    pose = as_pose(seen_by(np.concatenate([pulls, away, np.repeat(away[-1:], 60, 0)])))
    (one_set,) = analyse(pose, exercise="deadlift")["sets"]
    assert [rep["quality"] for rep in one_set["reps"]] == ["full"] * 3 + ["suspect"]
    knee = one_set["curves"]["knee"]
    assert len(knee["reps"]) == 4
    assert knee["mean"] == pytest.approx(np.mean(knee["reps"][:3], axis=0), abs=1e-4)
    assert one_set["summary"]["metrics"]["DL-02"]["n"] == 3
    tempo = [rep["tempo"]["concentric_s"] for rep in one_set["reps"]]
    assert one_set["summary"]["metrics"]["TV-01"]["n"] == 3 and tempo[3] is not None


def test_a_loss_of_velocity_that_no_rep_has_says_why():
    """Three reps are enough; the pose is lifted and its velocities are not known well enough."""
    report = analyse(pose_of("squat", 4, yaw=90), exercise="squat")
    (one_set,) = report["sets"]
    reasons = {rep["metrics"]["TV-04v"]["reason"] for rep in one_set["reps"]}
    loss = one_set["summary"]["velocity_loss"]
    assert loss["reason"] in (reasons if None not in reasons else {None, "wide_sigma"})
    two = analyse(pose_of("squat", 2, yaw=90), exercise="squat")["sets"][0]["summary"]
    assert two["velocity_loss"]["reason"] == "too_few_reps"


def test_a_number_that_there_is_none_of_is_not_said_to_lack_repetitions():
    stand_ups = analyse(pose_of("sit_to_stand", 5), exercise="sit_to_stand")
    nameless = analyse(pose_of("squat", 5), exercise="unknown")
    first, second = (check(r)["sets"][0]["summary"] for r in (stand_ups, nameless))
    assert "velocity_loss" not in first | second and "rom_cv" not in second
    assert first["rom_cv"]["value"] is not None
    alone = analyse(pose_of("squat", 1), exercise="squat")["sets"][0]["summary"]
    assert {alone[k]["reason"] for k in ("rom_cv", "consistency_rmsd")} == {"too_few_reps"}


def test_a_source_whose_name_is_no_unicode_is_spelt_out(tmp_path):
    report = analyse(pose_of("squat"), source="f\udcfcr.mp4")
    write_report(check(report), tmp_path)
    assert json.loads((tmp_path / "report.json").read_text())["source"]["path"] == "f\\udcfcr.mp4"


def test_one_repetition_is_no_mean_to_be_consistent_with():
    """One full and one failed: the full one is the mean itself."""
    failed = Timing(lockout=0.62, rest_s=0.5, up_s=0.8)
    xyz, _ = lift("squat", [Timing(), failed, Timing(lockout=1.0, up_s=0.1)], 30)
    (one_set,) = analyse(as_pose(seen_by(xyz, 90)), exercise="squat")["sets"]
    assert [rep["quality"] for rep in one_set["reps"]] == ["full", "failed"]
    summary = one_set["summary"]
    for found in (summary["set_metrics"]["TV-06"], summary["consistency_rmsd"]):
        assert (found["value"], found["reason"]) == (None, "too_few_reps")
    assert {rep["metrics"]["TV-06"]["value"] for rep in one_set["reps"]} == {None}
