"""M05: velocity of the bar, what is lost of it over a set, sticking points."""

import json

import numpy as np
import pytest
from moving_body import Timing, as_pose, deadlift, lift, seen_by

from lib.analysis.report import analyse
from lib.skeleton import JOINT

LEVEL = {"up": np.array([0.0, -1.0, 0.0]), "up_method": "given", "up_sigma_deg": 1.0}


def motion(name, num=2, fps=30.0, hold_s=0.4, **timing):
    return lift(name, [Timing(hold_s=hold_s, **timing)] * num, fps)[0]


def metrics(pose, name):
    report = analyse(pose, exercise=name, exercise_source="user")
    return report["sets"][0]["reps"][-1]["metrics"]


def test_m05_without_scale_there_is_no_metre_per_second():
    text = json.dumps(analyse(as_pose(seen_by(motion("squat", 4), 45)), exercise="squat"))
    assert "m/s" not in text.replace("femur/s", "")
    pose = as_pose(seen_by(motion("squat", 4), 45), **LEVEL)
    lifted = metrics(pose, "squat")
    assert lifted["TV-02b"]["reason"] == "no_scale"


@pytest.mark.parametrize("up_s", [0.8, 1.3, 2.5])
def test_m05_velocity_in_metres_within_a_tenth_of_the_truth(up_s):
    xyz = motion("squat", 3, 60, up_s=up_s)
    height = xyz[:, JOINT["neck"], 2]
    found = metrics(as_pose(seen_by(xyz, 45), 60, unit="metre", **LEVEL), "squat")
    assert found["TV-02"]["unit"] == "m/s"
    assert found["TV-02"]["value"] == pytest.approx(np.ptp(height) / up_s, rel=0.1)
    assert found["TV-03"]["value"] > found["TV-04v"]["value"] > found["TV-02"]["value"]
    assert found["TV-01"]["value"] == pytest.approx(1.2 / up_s, rel=0.1)


@pytest.mark.parametrize("up_s", [0.8, 2.0])
def test_m05_velocity_of_a_bar_that_moves_evenly(up_s):
    """Its ends were taken to be as gentle as those of least jerk: 15 to 20 % too slow."""
    phase = np.linspace(0, 1, 2001)
    height = deadlift(phase)[:, JOINT["lwrist"], 2]
    times = np.arange(round(60 * up_s)) / 60
    pace = np.clip(np.minimum(times, up_s - times) / 0.15, 0, 1)
    done = np.cumsum(pace) / pace.sum()
    down = 1 - done
    risen = np.concatenate([np.zeros(60), *[done, np.ones(30), down, np.zeros(60)] * 3])
    xyz = deadlift(np.interp(risen, (height - height[-1])[::-1] / np.ptp(height), phase[::-1]))
    found = metrics(as_pose(seen_by(xyz, 90), 60, unit="metre", **LEVEL), "deadlift")["TV-02"]
    true = np.ptp(height) / up_s
    assert found["value"] == pytest.approx(true, rel=0.09)
    assert abs(found["value"] - true) < 2 * found["sigma"]


def test_a_set_that_slows_down_loses_velocity():
    slow = [Timing(up_s=up_s) for up_s in (1.0, 1.0, 1.25, 2.0)]
    pose = as_pose(seen_by(lift("squat", slow, 60)[0], 90), 60, unit="metre", **LEVEL)
    one_set = analyse(pose, exercise="squat")["sets"][0]
    losses = [rep["metrics"]["TV-04"]["value"] for rep in one_set["reps"]]
    assert losses == pytest.approx([0, 0, 20, 50], abs=3)
    assert one_set["summary"]["velocity_loss"]["value"] == losses[-1]
    assert one_set["summary"]["velocity_loss"]["band"] == ">40"
    two = as_pose(seen_by(lift("squat", slow[:2], 60)[0], 90), 60, unit="metre", **LEVEL)
    loss = analyse(two, exercise="squat")["sets"][0]["summary"]["velocity_loss"]
    assert (loss["status"], loss["reason"]) == ("not_measurable", "too_few_reps")


def test_sticking_and_the_pass_of_the_knees_are_found():
    clean = analyse(as_pose(seen_by(motion("deadlift"), 90), unit="metre", **LEVEL))
    events = clean["sets"][0]["reps"][0]["events"]
    assert events["con_start"] < events["knee_pass"] < events["lockout"]
    assert events["sticking"] is None
    smooth = lift("squat", [Timing(up_s=2.0)] * 2, 60)[0]
    bottom = int(smooth[:, 0, 2].argmin())
    at = np.arange(len(smooth))
    # Time runs slowly a second after the bottom: the bar sticks half way up.
    pace = 1 - 0.85 * np.exp(-(((at - bottom - 60) / 15) ** 2))
    stuck = smooth[np.searchsorted(np.cumsum(1 / pace), at).clip(max=len(at) - 1)]
    report = analyse(as_pose(seen_by(stuck, 90), 60, unit="metre", **LEVEL), exercise="squat")
    rep = report["sets"][0]["reps"][0]
    assert rep["events"]["con_start"] < rep["events"]["sticking"] < rep["events"]["lockout"]
    assert rep["metrics"]["TV-03b"]["value"] > 0.5
