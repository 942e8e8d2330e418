"""Sets with time in which nobody, or not enough of a body, is seen."""

import numpy as np
import pytest
from filmed_lifts import FIVE
from moving_body import LIFTS, Timing, as_pose, lift, ramp, seen_by, walk

from lib.analysis.report import analyse
from lib.analysis.reps import count_reps, guess_exercise
from lib.analysis.tempo import tempo_of
from lib.skeleton import indices

THREE = [Timing()] * 3


def nobody(seconds: float) -> np.ndarray:
    return np.full((round(30 * seconds), 17, 3), np.nan)


def codes(report: dict) -> list[str]:
    return [warning["code"] for warning in report["warnings"]]


@pytest.mark.parametrize("away_s", [20.0, 25.0, 120.0])
@pytest.mark.parametrize("when", ["after", "before", "between"])
def test_an_unknown_exercise_is_counted_however_long_nobody_is_there(away_s, when):
    xyz = seen_by(lift("squat", FIVE, 30)[0], 40)
    parts = {"after": [xyz, nobody(away_s)], "before": [nobody(away_s), xyz],
             "between": [xyz, nobody(away_s), xyz]}[when]  # fmt: skip
    report = analyse(as_pose(np.concatenate(parts)), exercise="unknown")
    assert [len(part["reps"]) for part in report["sets"]] == [5] * (1 + (when == "between"))


@pytest.mark.parametrize("yaws", [(90, 0), (90, 180), (0, 90)])
def test_who_comes_back_and_faces_another_way_still_squats(yaws):
    one, other = (seen_by(lift("squat", THREE, 30)[0], yaw) for yaw in yaws)
    pose = as_pose(np.concatenate([one, nobody(18), other]))
    assert guess_exercise(pose)[0] == "squat"
    assert [len(part["reps"]) for part in analyse(pose)["sets"]] == [3, 3]


def test_who_walks_about_does_not_squat_for_going_out_of_the_picture():
    steps = seen_by(walk(12, 30), 40)
    assert guess_exercise(as_pose(np.concatenate([steps, nobody(18), steps])))[0] != "squat"


def test_time_unseen_within_a_set_is_no_pause_and_is_told():
    """The third of five squats, and where it begins and ends, in a hole of four seconds."""
    xyz, marks = lift("squat", FIVE, 30)
    xyz = seen_by(xyz, 40)
    first, last = round(30 * marks[2][0]) - 5, round(30 * marks[2][2]) + 5
    xyz[first:last] = np.nan
    count = count_reps(as_pose(xyz), "squat")
    assert [rep.set_index for rep in count.reps] == [1] * 4
    pauses = [tempo_of(count, rep)["pause_top_s"] for rep in count.reps]
    assert [pause is None for pause in pauses] == [False, True, False, True]
    report = analyse(as_pose(xyz), exercise="squat")
    (warned,) = [w for w in report["warnings"] if w["code"] == "unseen_within_set"]
    assert warned["frames"] == [first, last]
    told = warned["message"]
    seconds = (last - first - 1) / 30
    assert told.startswith(f"Nothing could be counted for {seconds:.1f} s within set 1, in frames ")
    assert f"{first} to {last - 1}" in told


def test_time_unseen_between_sets_and_around_them_is_not_told():
    xyz = seen_by(lift("squat", THREE, 30)[0], 40)
    parts = [nobody(4), xyz, nobody(60), xyz, nobody(4)]
    report = analyse(as_pose(np.concatenate(parts)), exercise="squat")
    assert len(report["sets"]) == 2 and "unseen_within_set" not in codes(report)


def test_a_step_with_which_the_recording_begins_is_no_half_rep():
    """The left leg alone comes down from where it is at the bottom of a squat."""
    squats, marks = lift("squat", THREE, 30)
    up = squats[round(30 * marks[0][1]) : round(30 * marks[0][2])]
    legs = indices("lhip", "lknee", "lankle"), indices("rhip", "rknee", "rankle")
    step = np.repeat(squats[:1], len(up), 0)
    step[:, legs[0]] = step[:, :1] + up[:, legs[0]] - up[:, :1]
    for first, codes_of_it in ((step, set()), (up, {"edge_of_video"})):
        report = analyse(as_pose(seen_by(np.concatenate([first, squats]), 40)), exercise="squat")
        assert set(codes(report)) & {"edge_of_video"} == codes_of_it
        assert [len(part["reps"]) for part in report["sets"]] == [3]


def test_another_exercise_is_no_turned_video():
    xyz = seen_by(lift("squat", FIVE, 30)[0], 40)
    report = analyse(as_pose(xyz), exercise="pushup", exercise_source="user")
    assert "exercise_mismatch" in codes(report) and "camera_tilt" not in codes(report)
    assert "Looked for pushup, but" in report["warnings"][0]["message"]


@pytest.mark.parametrize(("slower", "is_told"), [(1, False), (4, False), (12, True)])
def test_slow_motion_is_guessed_where_nothing_was_counted(slower, is_told):
    xyz = seen_by(lift("squat", THREE, 30 * slower)[0], 40)
    report = analyse(as_pose(xyz), exercise="squat")
    assert ("too_slow" in codes(report)) == is_told
    assert bool(report["sets"]) != is_told


def test_a_movement_too_quick_to_be_one_is_no_slow_motion():
    """However late the way back comes: of a lift that starts loaded the way up alone is timed."""
    time_s = np.arange(40 * 60) / 60
    phase = 1 - ramp((time_s - 2) / 0.12) + ramp((time_s - 30) / 2.0)
    report = analyse(as_pose(seen_by(LIFTS["deadlift"](phase), 45, 5), 60), exercise="deadlift")
    (rejected,) = report["rejected"]
    assert rejected["reason"] == "duration" and rejected["end_s"] < 3
    assert "too_slow" not in codes(report)
