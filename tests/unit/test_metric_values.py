"""Metrics of whole recordings: the same from every side, at any scale; velocity; refusals."""

from dataclasses import replace

import numpy as np
import pytest
from moving_body import HALF_SHOULDERS, THIGH, Timing, as_pose, lift, noisy, seen_by
from scipy.spatial.transform import Rotation

from lib.analysis.exercises import load_exercise
from lib.analysis.metrics import value_at
from lib.analysis.moments import Moments
from lib.analysis.report import analyse, find_lifter, standing_frames
from lib.analysis.reps import count_on
from lib.analysis.scene import make_scene
from lib.analysis.track import prepare
from lib.errors import UserError
from lib.report.labels import WHY_NOT
from lib.skeleton import JOINT, LIMB_JOINTS, MIRROR, indices

LEVEL = {"up": np.array([0.0, -1.0, 0.0]), "up_method": "given", "up_sigma_deg": 1.0}
LIFTS = ("squat", "deadlift", "pushup", "bench_press")
YAWS = (0, 45, 90, 135, 180)


def motion(name, num=2, fps=30.0, hold_s=0.4, **timing):
    return lift(name, [Timing(hold_s=hold_s, **timing)] * num, fps)[0]


def raw_values(pose, name):
    """Of the second repetition, whether or not a view allows them."""
    exercise = load_exercise(name)
    count = count_on(prepare(pose), exercise)
    standing = standing_frames(count, exercise)
    lifter = find_lifter(count, exercise)
    scene = make_scene(pose, count.track, lifter, exercise.path, standing)
    moments = Moments(scene, count.reps[1].cycle)
    return {k: value_at(rule, scene, moments)[0] for k, rule in exercise.metrics.items()}


def metrics(pose, name, **more):
    report = analyse(pose, exercise=name, exercise_source="user", **more)
    return report["sets"][0]["reps"][-1]["metrics"]


def uneven(xyz):
    """A lifter whose sides, hips and hands differ; bones keep their lengths."""
    xyz = xyz.copy()
    turns = [("lhip", ("lknee", "lankle"), (0, 2, 0)), ("rhip", ("rknee", "rankle"), (0, 2, 0)),
             ("lknee", ("lankle",), (2, 3, 0)), ("relbow", ("rwrist",), (3, -2, 0))]  # fmt: skip
    for centre, joints, degrees in turns:
        turn, at = Rotation.from_rotvec(degrees, degrees=True), xyz[:, JOINT[centre]]
        for name in joints:
            xyz[:, JOINT[name]] = at + turn.apply(xyz[:, JOINT[name]] - at)
    return xyz


@pytest.mark.parametrize("name", LIFTS)
def test_m01_every_metric_is_the_same_from_five_sides(name):
    xyz = uneven(motion(name))
    truth = raw_values(as_pose(xyz, frame="world", unit="metre"), name)
    for yaw in YAWS:
        seen = raw_values(as_pose(seen_by(xyz, yaw), unit="metre", **LEVEL), name)
        for metric, rule in load_exercise(name).metrics.items():
            if rule.measure in ("feet_apart", "near_minimum_velocity"):
                continue  # of the picture's plane; a yes or no
            limit = {"deg": 0.5, "percent": 0.5}.get(rule.unit, 0.005)
            assert seen[metric] == pytest.approx(truth[metric], abs=limit, nan_ok=True), metric


@pytest.mark.parametrize("name", LIFTS)
def test_m04_turned_and_scaled_recordings_say_the_same(name):
    xyz = uneven(motion(name))
    turn = Rotation.random(random_state=4)
    straight = raw_values(as_pose(xyz, frame="world", unit="metre"), name)
    turned = as_pose(
        2.5 * turn.apply(xyz.reshape(-1, 3)).reshape(xyz.shape),
        unit="metre", up=turn.apply([0, 0, 1.0]), up_method="given", up_sigma_deg=1.0,
    )  # fmt: skip
    rules = load_exercise(name).metrics
    for metric, value in raw_values(turned, name).items():
        if metric not in ("SQ-16", "TV-02b"):
            limit = 0.02 if rules[metric].unit == "deg" else 0.002
            assert value == pytest.approx(straight[metric], abs=limit, nan_ok=True), metric


def test_m04_mirrored_recordings_exchange_left_and_right():
    xyz = motion("squat")
    phase = np.clip(-xyz[:, 0, 2] + xyz[:, 0, 2].max(), 0, None)[:, None] / 0.4
    rises = np.gradient(xyz[:, 0, 2])[:, None] > 0
    xyz[:, JOINT["lknee"]] += 0.05 * phase * rises * [1, 0, 0]
    here = raw_values(as_pose(xyz, frame="world", unit="metre"), "squat")
    mirror = (xyz * [-1, 1, 1])[:, MIRROR]
    there = raw_values(as_pose(mirror, frame="world", unit="metre"), "squat")
    assert here["SQ-07_left"] > 0.05 > here["SQ-07_right"]
    assert there["SQ-07_right"] == pytest.approx(here["SQ-07_left"], abs=1e-6)
    for metric in ("SQ-08", "SQ-12", "SQ-13"):
        assert there[metric] == pytest.approx(-here[metric], abs=1e-6)
    assert there["SQ-01"] == pytest.approx(here["SQ-01"], abs=1e-6)


def _growing(kind, size):
    name = {"sag": "pushup", "drift": "deadlift", "tilt": "deadlift"}.get(kind, "squat")
    xyz = motion(name)
    low = xyz[:, 0, 2].max() - xyz[:, 0, 2]
    share = (low / low.max())[:, None, None]
    rises = (np.gradient(xyz[:, 0, 2]) > 0)[:, None, None]
    if kind == "shift":
        xyz[:, indices("root", "lhip", "rhip")] += size * share * [1, 0, 0]
    elif kind == "valgus":
        knees = indices("lknee", "rknee")
        xyz[:, knees] += size * share * rises * np.array([[1, 0, 0], [-1, 0, 0]])
    elif kind == "sag":
        xyz[:, indices("root", "lhip", "rhip")] -= size * np.array([0, 0, 1])
    elif kind == "drift":
        xyz[:, indices("lwrist", "rwrist")] += 4 * size * share * (1 - share) * [0, 1, 0]
    else:
        xyz[:, JOINT["rwrist"], 2] += size
    return raw_values(as_pose(xyz, frame="world", unit="metre"), name)


@pytest.mark.parametrize(
    ("kind", "metric"),
    [("shift", "SQ-08"), ("shift", "SQ-08c"), ("valgus", "SQ-07_left"), ("valgus", "SQ-06"),
     ("valgus", "SQ-06d"), ("sag", "PU-03"), ("drift", "DL-07"), ("tilt", "DL-09")],
)  # fmt: skip
def test_m04_a_larger_fault_gives_a_larger_value(kind, metric):
    found = [_growing(kind, size)[metric] for size in (0.0, 0.04, 0.08)]
    sign = -1 if metric.startswith("SQ-06") else 1
    steps = sign * np.diff(found)
    assert (steps > 0.01).all()
    exact = {"SQ-08": 0.08 / THIGH, "DL-09": np.degrees(np.arctan(0.08 / HALF_SHOULDERS / 2))}
    if metric in exact:
        assert found[-1] == pytest.approx(exact[metric], abs=0.5 if metric == "DL-09" else 0.01)


@pytest.mark.parametrize("yaw", YAWS)
def test_m02_a_perfect_deep_squat_has_no_fault_at_the_knees(yaw):
    report = analyse(
        as_pose(seen_by(motion("squat", 3), yaw), unit="metre", **LEVEL), exercise="squat"
    )
    found = {f["metric"] for rep in report["sets"][0]["reps"] for f in rep["findings"]}
    found |= {f["metric"] for f in report["sets"][0]["summary"]["findings"]}
    assert not {m for m in found if m.startswith(("SQ-06", "SQ-07", "SQ-12"))}


def test_views_that_cannot_show_the_knees_say_so():
    side = metrics(as_pose(seen_by(motion("squat"), 90), unit="metre", **LEVEL), "squat")
    for name in ("SQ-06", "SQ-06d", "SQ-07_left", "SQ-08", "SQ-12"):
        assert (side[name]["status"], side[name]["reason"]) == ("not_measurable", "view")
    front = metrics(as_pose(seen_by(motion("squat"), 0), unit="metre", **LEVEL), "squat")
    assert front["SQ-07_left"]["value"] is not None
    assert front["SQ-14"]["reason"] == "view"


def test_the_true_motion_has_no_view():
    pose = as_pose(motion("squat"), frame="world", unit="metre")
    report = analyse(pose, exercise="squat")
    assert report["frame"]["view"]["class"] == "not_applicable"
    found = report["sets"][0]["reps"][0]["metrics"]
    assert {m["reason"] for m in found.values() if m["value"] is None} <= {
        "not_in_skeleton", "too_few_reps",
    }  # fmt: skip
    assert found["SQ-03"]["sigma"] == pytest.approx(0.5)


def test_a_side_that_is_never_seen_has_no_metrics_of_its_own():
    xyz = seen_by(motion("squat", 3), 0)
    xyz[:, [JOINT[name] for name in LIMB_JOINTS if name[0] == "l"]] = np.nan
    found = metrics(as_pose(xyz, unit="metre", **LEVEL), "squat")
    for name in ("SQ-01_left", "SQ-06", "SQ-07_left", "SQ-08", "SQ-16"):
        assert (found[name]["status"], found[name]["reason"]) == ("not_measurable", "missing_joint")
    assert found["SQ-01"]["value"] == pytest.approx(found["SQ-01_right"]["value"])
    assert found["SQ-01"]["status"] == "low_confidence"


def test_exchanged_sides_are_not_measured():
    xyz = motion("squat")[:, MIRROR]
    report = analyse(as_pose(seen_by(xyz, 0), unit="metre"), exercise="squat")
    assert report["frame"]["view"]["left_right_swap_suspected"]
    found = report["sets"][0]["reps"][0]["metrics"]
    for name in ("SQ-07_left", "SQ-08", "SQ-01_right"):
        assert found[name]["reason"] == "left_right_swap_suspected"
    assert found["SQ-03"]["value"] is not None


def test_strictness_moves_the_limits_and_is_checked():
    xyz = motion("pushup", 3, depth=0.84)  # elbows at 84: between ok (90) and fault (75)
    pose = as_pose(xyz, frame="world", unit="metre")
    verdicts = [metrics(pose, "pushup", strictness=s)["PU-01"]["severity"] for s in (0.5, 1, 2)]
    assert verdicts == ["ok", "warn", "fault"]
    for wrong in (0.4, 3, float("nan")):
        with pytest.raises(UserError, match="strictness"):
            analyse(pose, exercise="pushup", strictness=wrong)


def test_variants():
    wide = lift("deadlift", [Timing()] * 2, 30, stance_m=0.7)[0]
    for xyz, expected in ((wide, "sumo"), (motion("deadlift"), "conventional")):
        pose = as_pose(seen_by(xyz, 0), unit="metre", **LEVEL)
        assert analyse(pose, exercise="deadlift")["exercise"]["variant"] == expected
    side = as_pose(seen_by(wide, 90), unit="metre", **LEVEL)
    assert analyse(side, exercise="deadlift")["exercise"]["variant"] == "unknown"


def test_push_ups_on_the_knees_have_no_line_to_the_ankles():
    xyz = motion("pushup")
    for side in "lr":
        knee = xyz[:, JOINT[side + "knee"]]
        xyz[:, JOINT[side + "ankle"]] = knee + [0.0, -0.05, 0.42]
    report = analyse(as_pose(xyz, frame="world", unit="metre"), exercise="pushup")
    assert report["exercise"]["variant"] == "knee_pushup"
    metrics = report["sets"][0]["reps"][0]["metrics"]
    assert [metrics[name]["reason"] for name in ("PU-03", "PU-07a")] == ["variant"] * 2
    assert WHY_NOT["variant"]


def test_the_bar_path_begins_over_the_feet():
    pose = as_pose(seen_by(motion("deadlift", 2), 90), unit="metre", **LEVEL)
    path = analyse(pose, exercise="deadlift")["sets"][0]["bar_path"]
    assert (path["proxy"], path["unit"], len(path["reps"])) == ("wrist_mid", "m", 2)
    first = path["reps"][0]
    assert len(first["t_s"]) == len(first["forward"]) == len(first["up"])
    assert max(first["up"]) - min(first["up"]) == pytest.approx(0.49, abs=0.03)
    assert 0.0 < min(first["up"]) < 0.4
    front = replace(pose, xyz=seen_by(motion("deadlift", 2), 0))
    assert analyse(front, exercise="deadlift")["sets"][0]["bar_path"] is None
    assert analyse(as_pose(motion("pushup"), frame="world"))["sets"][0]["bar_path"] is None


def test_low_confidence_says_why():
    xyz = seen_by(motion("squat", 3), 45)
    pose = as_pose(xyz, unit="metre", **LEVEL)
    assert metrics(pose, "squat")["SQ-01"]["status"] == "measured"
    bottom = int(xyz[:, 0, 1].argmax())
    xyz[bottom - 4 : bottom + 16 : 2, indices("lknee", "rknee")] = np.nan
    rep = analyse(replace(pose, xyz=xyz), exercise="squat")["sets"][0]["reps"]
    doubtful = [r["metrics"]["SQ-01"] for r in rep]
    assert [m["reason"] for m in doubtful].count("interpolated") == 1
    loud = replace(
        pose, xyz=noisy(seen_by(motion("squat", 3), 45), np.random.default_rng(0), 30, 2)
    )
    found = metrics(loud, "squat")
    assert found["SQ-03"]["reason"] == "noise"
    assert found["SQ-03"]["sigma"] > 1.5 * metrics(pose, "squat")["SQ-03"]["sigma"]
