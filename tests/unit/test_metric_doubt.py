"""What a metric is worth: pauses, unseen legs, a doubtful yes or no, reasons that are true."""

from types import SimpleNamespace

import numpy as np
import pytest
from moving_body import Timing, as_pose, lift, noisy, seen_by

from lib.analysis.cycles import Cycle
from lib.analysis.exercises import load_exercise
from lib.analysis.measures import MEASURES, joints_of
from lib.analysis.metrics import value_at
from lib.analysis.moments import Moments
from lib.analysis.near_minimum import with_odds
from lib.analysis.report import analyse, find_lifter, standing_frames
from lib.analysis.reps import count_on
from lib.analysis.scene import make_scene
from lib.analysis.severity import not_measurable
from lib.analysis.track import prepare
from lib.report.labels import WHY_NOT
from lib.skeleton import JOINT, indices

LEVEL = {"up": np.array([0.0, -1.0, 0.0]), "up_method": "given", "up_sigma_deg": 1.0}
LEGS = ("lknee", "rknee", "lankle", "rankle")


def motion(name, num=3, fps=30.0, **timing):
    return lift(name, [Timing(**{"hold_s": 0.4, **timing})] * num, fps)[0]


def analysed(xyz, name, **more):
    pose = as_pose(xyz, **{"unit": "metre", **LEVEL})
    return analyse(pose, exercise=name, exercise_source="user", **more)["sets"][0]


@pytest.mark.parametrize("pause_s", [0.2, 1.0, 3.0])
def test_a_pause_on_the_chest_is_as_long_as_tempo_says(pause_s):
    xyz = noisy(seen_by(motion("bench_press", hold_s=pause_s), 90), np.random.default_rng(5), 30)
    for rep in analysed(xyz, "bench_press")["reps"]:
        found = rep["metrics"]["BP-02"]
        assert found["value"] == pytest.approx(rep["tempo"]["pause_bottom_s"], abs=1e-6)
        assert abs(found["value"] - pause_s) < max(0.4, 0.2 * pause_s)
        assert found["sigma"] > 0.15 * pause_s


@pytest.mark.parametrize("name", ["bench_press", "pushup"])
def test_unseen_legs_leave_what_needs_none(name):
    xyz = seen_by(motion(name), 90)
    whole = analysed(xyz, name)["reps"][1]["metrics"]
    xyz[:, [JOINT[joint] for joint in LEGS]] = np.nan
    found = analysed(xyz, name)["reps"][1]["metrics"]
    for metric in ("PU-01", "TV-01", "TV-02", "TV-05"):
        assert found[metric]["value"] == pytest.approx(whole[metric]["value"], rel=0.03), metric
    if name == "pushup":
        assert found["PU-03"]["reason"] == "missing_joint"


def test_lengths_over_a_guessed_thigh_are_less_sure(monkeypatch):
    monkeypatch.setattr("lib.analysis.report.is_known_lift", lambda exercise: True)
    xyz = seen_by(motion("bench_press"), 90)
    seen, guessed = xyz, xyz.copy()
    guessed[:, [JOINT[joint] for joint in LEGS]] = np.nan
    sigmas = []
    for points in (seen, guessed):
        pose = as_pose(points, **LEVEL)
        one = analyse(pose, exercise="bench_press", exercise_source="user")["sets"][0]
        found = one["reps"][1]["metrics"]["TV-05"]
        sigmas.append(found["sigma"] / found["value"])
    assert sigmas[1] == pytest.approx(np.hypot(sigmas[0], 0.10), abs=0.02)


def test_falls_are_never_fewer_than_none():
    pose = as_pose(motion("squat", 2), frame="world", unit="metre")
    exercise = load_exercise("squat")
    count = count_on(prepare(pose), exercise)
    standing = standing_frames(count, exercise)
    lifter = find_lifter(count, exercise)
    scene = make_scene(pose, count.track, lifter, exercise.path, standing)
    whole = count.reps[0].cycle
    assert whole.second is not None
    for cycle in (whole, Cycle(whole.second, None, True, False)):
        moments = Moments(scene, cycle)
        assert value_at(exercise.metrics["SQ-15"], scene, moments)[0] == 0


@pytest.mark.parametrize(
    ("speed", "sigma", "expected"),
    [(0.247, 0.049, "low_confidence"), (0.247, 0.001, "measured"), (0.5, 0.049, "measured")],
)
def test_a_yes_or_no_is_as_sure_as_the_velocity_behind_it(speed, sigma, expected):
    exercise = load_exercise("squat")
    scene = SimpleNamespace(path=exercise.path)
    yes = {"value": 1.0, "sigma": 0.0, "unit": "bool", "status": "measured", "reason": None}
    found = {name: {**yes, "value": None} for name in exercise.metrics}
    found |= {"TV-02b": yes, "TV-02": {**yes, "value": speed, "sigma": sigma}}
    told = with_odds(exercise, scene, found)["TV-02b"]
    assert (told["status"], told["reason"]) == (
        expected, "wide_sigma" if expected == "low_confidence" else None,
    )  # fmt: skip
    assert told["sigma"] == pytest.approx(0.5, abs=0.01) or expected == "measured"
    found["TV-02"] = not_measurable("m/s", "no_up")
    assert with_odds(exercise, scene, found)["TV-02b"]["reason"] == "no_up"


def test_of_a_bar_that_no_height_would_make_measurable_the_height_is_not_asked_for():
    exercise = load_exercise("bench_press")
    scene = SimpleNamespace(path=exercise.path)
    found = {name: not_measurable(rule.unit, "phase_missing")
             for name, rule in exercise.metrics.items()}  # fmt: skip
    found |= {"TV-02b": not_measurable("bool", "no_scale")}
    for reason in ("lifter", "no_up"):
        found["TV-02"] = not_measurable("velocity", reason)
        assert with_odds(exercise, scene, found)["TV-02b"] == not_measurable("bool", reason)
    found["TV-02"] = {"value": 0.5, "sigma": 0.1, "status": "measured", "reason": None}
    assert with_odds(exercise, scene, found)["TV-02b"]["reason"] == "no_scale"


def test_calibrated_3d_has_uncertainty_of_its_own():
    pose = as_pose(motion("squat", 5), frame="world", unit="metre")
    report = analyse(pose, exercise="squat")
    summary = report["sets"][0]["summary"]
    for name in ("TV-04", "TV-06", "SQ-17"):
        assert summary["set_metrics"][name]["sigma"] > 0, name
    way = report["sets"][0]["reps"][0]["metrics"]["TV-05"]
    assert way["sigma"] > report["scale"]["rel_sigma"] * way["value"] > 0
    taller = analyse(pose, exercise="squat", athlete={"height_m": 1.8})
    assert taller["sets"][0]["reps"][0]["metrics"]["TV-05"]["sigma"] > 1.5 * way["sigma"]


def test_a_last_deadlift_without_a_way_down_lacks_a_phase():
    xyz, marks = lift("deadlift", [Timing(hold_s=0.4, rest_s=1.5)] * 4, 30)
    top_s = marks[-1][2]
    xyz = xyz[: round(30 * (top_s - 1.0))]
    reps = analysed(seen_by(xyz, 90), "deadlift")["reps"]
    assert reps[-1]["tempo"]["eccentric_s"] is None
    assert reps[-1]["metrics"]["TV-01"]["reason"] == "phase_missing"
    assert reps[-1]["metrics"]["TV-02"]["value"] is not None


def test_a_partial_repetition_has_no_velocity_loss_and_says_why():
    timings = [Timing(hold_s=0.4)] * 4 + [Timing(hold_s=0.4, depth=0.55)]
    reps = analysed(seen_by(lift("squat", timings, 30)[0], 90), "squat")["reps"]
    assert [rep["quality"] for rep in reps] == ["full"] * 4 + ["partial"]
    lost = reps[-1]["metrics"]["TV-04"]
    assert (lost["value"], lost["reason"]) == (None, "not_judged")
    assert "full repetitions" in WHY_NOT["not_judged"]


def test_what_is_filled_in_is_said_of_information_too():
    timings = [Timing(hold_s=0.4)] * 3
    xyz, marks = lift("squat", timings, 30)
    xyz = seen_by(xyz, 90)
    hidden = round(30 * marks[1][1]) + np.arange(-4, 4)
    xyz[hidden[:, None], [JOINT[name] for name in LEGS]] = np.nan
    reps = analysed(xyz, "squat")["reps"]
    for metric in ("SQ-01", "SQ-01_left", "SQ-02", "SQ-03", "SQ-11"):
        reasons = [rep["metrics"][metric]["reason"] for rep in reps]
        assert [why == "interpolated" for why in reasons] == [False, True, False], metric


@pytest.mark.parametrize("exercise", ["deadlift", "bench_press"])
def test_velocities_of_a_bar_whose_wrist_was_hidden_on_the_way_up_are_not_trusted(exercise):
    xyz, marks = lift(exercise, [Timing(hold_s=0.4)] * 3, 30)
    xyz = seen_by(xyz, 90)
    start, turn, end = (round(30 * mark) for mark in marks[1])
    up = (start, turn) if exercise == "deadlift" else (turn, end)
    hidden = slice(*np.percentile(up, [20, 70]).astype(int))
    xyz[hidden, [JOINT["lwrist"]]] = np.nan
    reps = analysed(xyz, exercise)["reps"]
    for metric in ("TV-02", "TV-03", "TV-03b"):
        reasons = [rep["metrics"][metric]["reason"] for rep in reps]
        assert [why == "interpolated" for why in reasons] == [False, True, False], metric
    assert all(rep["metrics"]["TV-05"]["reason"] != "interpolated" for rep in reps)


@pytest.mark.parametrize(
    ("exercise", "metric", "hidden"),
    [("pushup", "PU-01", "wrist"), ("pushup", "PU-04", "wrist"), ("bench_press", "BP-03", "wrist"),
     ("deadlift", "DL-10", "wrist"), ("deadlift", "DL-05", "ankle"), ("squat", "SQ-10", "ankle")],
)  # fmt: skip
def test_an_angle_is_not_trusted_where_the_end_of_its_limb_was_hidden(exercise, metric, hidden):
    """Of these a finding lights up the joints between alone."""
    xyz = seen_by(motion(exercise, hold_s=0.1), 90)
    clean = [rep["metrics"][metric] for rep in analysed(xyz, exercise)["reps"]]
    assert {found["reason"] for found in clean} <= {None, "wide_sigma"}
    frames = clean[1]["frame"] + np.arange(-4, 4)
    xyz[frames[:, None], indices("l" + hidden, "r" + hidden)] = np.nan
    found = [rep["metrics"][metric]["reason"] for rep in analysed(xyz, exercise)["reps"]]
    assert found == [clean[0]["reason"], "interpolated", clean[2]["reason"]]


def test_a_range_is_not_trusted_where_the_loaded_position_was_hidden_on_one_side():
    xyz, marks = lift("deadlift", [Timing(hold_s=0.4)] * 3, 30)
    xyz = seen_by(xyz, 90)
    second = round(30 * marks[1][0])
    xyz[second - 8 : second + 8, JOINT["lwrist"]] = np.nan
    reasons = [rep["metrics"]["TV-05"]["reason"] for rep in analysed(xyz, "deadlift")["reps"]]
    assert reasons == [None, "interpolated", None]


def test_a_measure_looks_at_its_joints():
    assert set(joints_of("knee", "left")) == {"lhip", "lknee", "lankle"}
    assert set(joints_of("knee", "both")) == {"lhip", "lknee", "lankle", "rhip", "rknee", "rankle"}
    assert set(joints_of("trunk", "both")) == {"root", "neck"}
    bends = {"lhip", "lknee", "lankle", "rhip", "rknee", "rankle", "root", "neck"}
    assert set(joints_of("knee_or_hip", "both")) == bends
    assert set(joints_of("feet_apart", "both")) == {"lankle", "rankle"}
    assert all(joints_of(name, "both") for name in MEASURES)


def test_a_way_whose_end_is_hidden_has_no_range():
    """Plates before the ankles at the bottom: what is left of the way is shorter."""
    timings = [Timing(hold_s=0.4)] * 3
    xyz, marks = lift("squat", timings, 30)
    xyz = seen_by(xyz, 90)
    whole = [rep["metrics"]["TV-05"]["value"] for rep in analysed(xyz, "squat")["reps"]]
    xyz[round(30 * marks[1][1]) + np.arange(-8, 8), JOINT["lankle"]] = np.nan
    one_side = [rep["metrics"]["TV-05"]["value"] for rep in analysed(xyz, "squat")["reps"]]
    assert one_side == pytest.approx(whole, rel=0.03)
    xyz[round(30 * marks[1][1]) + np.arange(-8, 8), JOINT["rankle"]] = np.nan
    found = [rep["metrics"]["TV-05"] for rep in analysed(xyz, "squat")["reps"]]
    assert [way["reason"] for way in found] == [None, "missing_joint", None]
    assert [found[i]["value"] for i in (0, 2)] == pytest.approx([whole[0], whole[2]], rel=0.03)


COMPARED = ("SQ-12", "SQ-12b")


def scored(low, joint="rknee", fps=30.0, when=lambda depth: depth > 0.5):
    """The last of three squats from the front, a joint scored `low` where the hips are so deep."""
    xyz = motion("squat", fps=fps)
    depth = (xyz[:, 0, 2].max() - xyz[:, 0, 2]) / np.ptp(xyz[:, 0, 2])
    score = np.full(xyz.shape[:2], 0.9)
    score[when(depth), JOINT[joint]] = low
    pose = as_pose(seen_by(xyz, 0), fps, unit="metre", score=score, **LEVEL)
    report = analyse(pose, exercise="squat", exercise_source="user")
    return report["sets"][0]["reps"][-1]["metrics"]


@pytest.mark.parametrize("fps", [20.0, 30.0])
@pytest.mark.parametrize("joint", ["lhip", "rknee", "lankle"])
def test_sides_are_compared_where_the_detector_is_sure_of_both(joint, fps):
    """A knee that the network had to guess differs from the other one by its error."""
    for low in (0.3, 0.5):
        found = scored(low, joint, fps)
        for name in COMPARED:
            assert (found[name]["value"], found[name]["reason"]) == (None, "occlusion")
        assert found["SQ-03"]["status"] == found["SQ-01"]["status"] == "measured"
    for sure in (scored(0.6, joint, fps), scored(0.3, joint, fps, lambda depth: depth < 0.3)):
        for name in COMPARED:
            assert sure[name]["value"] == pytest.approx(0, abs=0.5)


def test_sides_are_compared_where_nothing_is_said_of_scores():
    xyz = seen_by(motion("squat"), 0)
    for more in ({}, {"score": np.full(xyz.shape[:2], np.nan)}):
        pose = as_pose(xyz, unit="metre", **more, **LEVEL)
        found = analyse(pose, exercise="squat", exercise_source="user")
        assert found["sets"][0]["reps"][-1]["metrics"]["SQ-12"]["value"] is not None
    true = analyse(as_pose(motion("squat"), frame="world", unit="metre"), exercise="squat")
    assert true["sets"][0]["reps"][-1]["metrics"]["SQ-12"]["value"] is not None
