"""A return that stops part of the way is told: what was counted as one may be two."""

import json

import jsonschema
import numpy as np
import pytest
from moving_body import LIFTS, Timing, as_pose, lift, noisy, phase_of, seen_by

from lib.analysis.exercises import load_exercise
from lib.analysis.half_returns import half_returns
from lib.analysis.report import SCHEMA_FILE, analyse
from lib.analysis.reps import count_reps

FPS = 30


def pulls(returned, name="deadlift", num=4):
    """Repetitions of which the second goes back by a share of the way alone; and their marks."""
    timings = [Timing()] * num
    timings[1] = Timing(rest_s=0.0, lockout=1 - returned)
    return lift(name, timings, FPS)


def told(xyz, name):
    """Codes of the report's warnings, with their frames."""
    report = analyse(as_pose(xyz, FPS), exercise=name, exercise_source="user")
    jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text())).validate(report)
    return [w for w in report["warnings"] if w["code"] == "incomplete_return"]


@pytest.mark.parametrize("yaw", [0, 90, 135])
@pytest.mark.parametrize(("returned", "noise"), [(0.20, 0.0), (0.30, 0.0), (0.25, 0.5)])
def test_pulls_that_touch_and_go_are_told_where_the_bar_was_hardly_lowered(returned, noise, yaw):
    xyz, marks = pulls(returned)
    xyz = noisy(seen_by(xyz, yaw, 6), np.random.default_rng(yaw), FPS, noise)
    assert count_reps(as_pose(xyz, FPS), "deadlift").num_reps == 3
    (warning,) = told(xyz, "deadlift")
    assert warning["message"].startswith("Rep 2 goes part of the way back")
    start, end = warning["frames"]
    assert start == pytest.approx(marks[1][1] * FPS, abs=15)
    assert end == pytest.approx(marks[2][1] * FPS, abs=15)


@pytest.mark.parametrize("returned", [0.05, 0.6])
def test_a_sway_at_the_top_and_a_pull_that_counts_are_not_told(returned):
    xyz, _ = pulls(returned)
    count = count_reps(as_pose(seen_by(xyz, 60, 6), FPS), "deadlift")
    assert count.num_reps == (3 if returned < 0.35 else 4)
    assert not told(seen_by(xyz, 60, 6), "deadlift")


@pytest.mark.parametrize("noise", [1.0, 2.0])
@pytest.mark.parametrize("name", sorted(LIFTS))
def test_clean_lifts_are_not_told(name, noise):
    exercise = load_exercise(name)
    for yaw in (0, 90):
        xyz = seen_by(lift(name, [Timing(hold_s=0.6)] * 3, FPS)[0], yaw, 6)
        xyz = noisy(xyz, np.random.default_rng(yaw), FPS, noise)
        assert not half_returns(count_reps(as_pose(xyz, FPS), name), exercise)


STICKS = [Timing(lockout=0.5, rest_s=0.6), Timing(down_s=0.3, hold_s=0.0, depth=0.5), Timing()]
SINKS = [Timing(lockout=0.5, rest_s=0.0), Timing(down_s=0.4, hold_s=0.0, depth=0.65), Timing()]
BOUNCES = [Timing(lockout=0.8, rest_s=0.0), Timing(), Timing()]


@pytest.mark.parametrize("timings", [STICKS, SINKS, BOUNCES])
@pytest.mark.parametrize("name", ["squat", "pushup", "bench_press"])
def test_sticking_sinking_and_rebounds_from_the_bottom_are_not_told(name, timings):
    for yaw in (0, 60):
        xyz = noisy(seen_by(lift(name, timings, FPS)[0], yaw, 6), np.random.default_rng(yaw), FPS)
        count = count_reps(as_pose(xyz, FPS), name)
        assert not half_returns(count, load_exercise(name))


@pytest.mark.parametrize("timings", [STICKS, SINKS])
def test_a_pull_that_sticks_or_sinks_half_way_is_not_told(timings):
    for yaw in (0, 60, 120):
        xyz = seen_by(LIFTS["deadlift"](phase_of(timings, FPS)[0]), yaw, 6)
        xyz = noisy(xyz, np.random.default_rng(yaw), FPS)
        count = count_reps(as_pose(xyz, FPS), "deadlift")
        assert count.reps and not half_returns(count, load_exercise("deadlift"))


def test_a_dip_that_nobody_saw_is_not_told():
    xyz, marks = pulls(0.25)
    low = round(marks[1][2] * FPS)
    xyz[low - 12 : low + 12] = np.nan
    assert not told(seen_by(xyz, 60, 6), "deadlift")


def test_an_unknown_exercise_has_no_angle_to_go_by():
    pose = as_pose(seen_by(pulls(0.25)[0], 60, 6), FPS)
    assert not half_returns(count_reps(pose, "unknown"), load_exercise("deadlift"))
