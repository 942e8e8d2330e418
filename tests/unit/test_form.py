"""Joint angles and metrics against poses whose angles are known in closed form."""

from pathlib import Path

import numpy as np
import pytest
from moving_body import LIFTS, Timing, as_pose, lift, noisy, seen_by, squat

from lib.analysis.form import both_sides, depth_line, joint_angles
from lib.analysis.lift_error import load_lift_error
from lib.analysis.report import analyse
from lib.config import content_sha256
from lib.skeleton import JOINT, MIRROR, indices


def still(name, phase, num=60):
    return LIFTS[name](np.full(num, float(phase)))


@pytest.mark.parametrize("yaw", [0, 45, 90, 135, 180])
def test_angles_of_a_squat_are_those_it_was_made_with(yaw):
    for phase in (0.0, 0.4, 1.0):
        angles = joint_angles(as_pose(seen_by(still("squat", phase), yaw)))
        assert angles["knee_l"] == pytest.approx(110 * phase, abs=0.5)
        assert angles["knee_r"] == pytest.approx(110 * phase, abs=0.5)


def test_trunk_lean_in_the_world_frame_needs_no_guess():
    pose = as_pose(still("squat", 1.0), frame="world", unit="metre")
    angles = joint_angles(pose)
    assert angles["trunk"] == pytest.approx(40.0, abs=0.1)
    # thigh 71.5 degrees behind the vertical, trunk 40 before it
    assert angles["hip_l"] == pytest.approx(40 + 110 * 0.65, abs=0.1)


@pytest.mark.parametrize("bend", [10, 45, 90])
def test_elbows_of_a_pushup(bend):
    angles = joint_angles(as_pose(seen_by(LIFTS["pushup"](np.full(60, bend / 100)))))
    assert angles["elbow_l"] == pytest.approx(bend, abs=0.5)


def test_angles_keep_to_the_frames_and_survive_gaps():
    xyz = seen_by(lift("squat", [Timing()], 30)[0])
    xyz[20:60, JOINT["lankle"]] = np.nan
    xyz[40, JOINT["rankle"]] = np.nan
    angles = joint_angles(as_pose(xyz))
    assert all(len(a) == len(xyz) for a in angles.values())
    assert np.isfinite(angles["knee_r"]).all()
    assert np.isfinite(angles["knee_l"][20:60]).all()  # bridged: 1.33 s
    xyz[:, indices("lwrist")] = np.nan
    assert np.isnan(joint_angles(as_pose(xyz))["elbow_l"]).all()


@pytest.mark.parametrize(("hip_m", "depth"), [(0.9, -1.0), (0.5, 0.0), (0.42, 0.2)])
def test_depth_line_counts_hips_below_knees_in_thigh_lengths(hip_m, depth):
    xyz = still("squat", 0.0, 30)
    across = np.sqrt(0.4**2 - (hip_m - 0.5) ** 2)  # a thigh of 0.4 m, knees at a height of 0.5
    for side, place in (("l", 0.1), ("r", -0.1)):
        xyz[:, JOINT[side + "hip"]] = (0.0, place, hip_m)
        xyz[:, JOINT[side + "knee"]] = (across, place, 0.5)
    pose = as_pose(xyz, frame="world", unit="metre")
    assert depth_line(pose, (0, 0, 1)) == pytest.approx(np.full(30, depth), abs=1e-3)


def test_depth_line_agrees_with_the_metric_and_keeps_to_the_frames():
    xyz = seen_by(lift("squat", [Timing()] * 2, 30)[0], 45)
    pose = as_pose(xyz)
    report = analyse(pose, exercise="squat")
    line = depth_line(pose, report["frame"]["up"])
    assert len(line) == len(xyz)
    metric = report["sets"][0]["reps"][0]["metrics"]["SQ-01"]
    assert line[metric["frame"]] == pytest.approx(metric["value"], abs=0.02)


@pytest.mark.parametrize("num", [0, 1, 2])
def test_depth_line_of_nearly_nothing(num):
    assert len(depth_line(as_pose(still("squat", 0.5, num)))) == num


@pytest.mark.parametrize("num", [0, 1, 2])
def test_angles_of_nearly_nothing(num):
    angles = joint_angles(as_pose(still("squat", 0.5, num)))
    assert set(angles) == {"knee_l", "knee_r", "hip_l", "hip_r", "elbow_l", "elbow_r",
                           "shoulder_l", "shoulder_r", "trunk"}  # fmt: skip
    assert all(len(a) == num for a in angles.values())


def test_mirrored_input_exchanges_the_sides():
    xyz = lift("squat", [Timing()], 30)[0]
    xyz[:, JOINT["lankle"], 1] -= 0.1
    mirrored = (xyz * [-1, 1, 1])[:, MIRROR]
    angles = joint_angles(as_pose(seen_by(xyz)))
    other = joint_angles(as_pose(seen_by(mirrored)))
    assert np.abs(angles["knee_l"] - angles["knee_r"]).max() > 3
    assert other["knee_l"] == pytest.approx(angles["knee_r"], abs=1e-6)


def test_one_side_stands_in_without_a_step():
    left = np.linspace(0, 90, 100)
    right = left + 8
    left[50:] = np.nan
    both = both_sides(left, right)
    assert np.abs(np.diff(both)).max() < 1.0
    assert np.isnan(both_sides(np.full(3, np.nan), np.full(3, np.nan))).all()


def test_one_side_stands_in_for_no_posture_of_the_other_elsewhere():
    """A phone in one hand before the set, in which that arm is hidden."""
    left, right = np.full(100, 95.0), np.full(100, 5.0)
    left[50:] = np.nan
    right[50:] = np.linspace(0, 90, 50)
    assert both_sides(left, right)[50:] == pytest.approx(right[50:], abs=7.6)
    assert both_sides(right, left)[50:] == pytest.approx(right[50:], abs=7.6)


def metrics_of(xyz, exercise, fps=30.0, **pose):
    report = analyse(as_pose(xyz, fps, **pose), exercise=exercise, exercise_source="user")
    return [rep["metrics"] for one_set in report["sets"] for rep in one_set["reps"]]


@pytest.mark.parametrize("yaw", [0, 45, 90, 135, 180])
@pytest.mark.parametrize("depth", [0.8, 1.0])
def test_m01_squat_metrics_in_five_views(yaw, depth):
    xyz, _ = lift("squat", [Timing(hold_s=0.6, depth=depth)] * 2, 30)
    knee = 110 * depth
    level = {"up": np.array([0.0, -1.0, 0.0]), "up_method": "given", "up_sigma_deg": 1.0}
    for metrics in metrics_of(seen_by(xyz, yaw), "squat", **level):
        assert metrics["SQ-03"]["value"] == pytest.approx(knee, abs=0.5)
        thigh_off_vertical = np.radians(knee * 0.65)
        assert metrics["SQ-01"]["value"] == pytest.approx(-np.cos(thigh_off_vertical), abs=0.005)
        assert metrics["SQ-05a"]["value"] == pytest.approx(40 * depth, abs=0.6)
        assert metrics["SQ-10"]["value"] == pytest.approx(0, abs=1.0)
        assert metrics["lumbar_flexion"]["status"] == "not_measurable"
        assert metrics["lumbar_flexion"]["reason"] == "not_in_skeleton"


def test_m01_the_same_in_the_world_frame_at_any_scale():
    xyz, _ = lift("squat", [Timing(hold_s=0.6)], 30)
    for scale in (0.3, 3.0):
        (metrics,) = metrics_of(scale * xyz, "squat", frame="world")
        assert metrics["SQ-03"]["value"] == pytest.approx(110, abs=0.5)
        assert metrics["SQ-01"]["value"] == pytest.approx(-np.cos(np.radians(71.5)), abs=0.005)
        assert metrics["TV-05"]["unit"] == "femur"


def test_m04_more_depth_gives_larger_values():
    depths = []
    for depth in (0.7, 0.85, 1.0):
        xyz, _ = lift("squat", [Timing(depth=depth)], 30)
        depths.append(metrics_of(seen_by(xyz, 60), "squat")[0]["SQ-01"]["value"])
    assert depths == sorted(depths)
    assert depths[-1] - depths[0] > 0.2


def test_pushup_depth_is_judged():
    xyz, _ = lift("pushup", [Timing(hold_s=0.5), Timing(hold_s=0.5, depth=0.6)], 30)
    deep, shallow = metrics_of(seen_by(xyz, 90), "pushup", unit="metre")
    assert deep["PU-01"]["value"] == pytest.approx(100, abs=1)
    assert (deep["PU-01"]["severity"], shallow["PU-01"]["severity"]) == ("ok", "fault")


def test_a_joint_missing_at_the_bottom_is_not_measured():
    xyz, marks = lift("squat", [Timing()] * 3, 30)
    xyz = seen_by(xyz, 45)
    at = round(marks[1][1] * 30)
    xyz[at - 15 : at + 15, indices("lankle", "rankle")] = np.nan
    first, second, _ = metrics_of(xyz, "squat")
    assert first["SQ-03"]["status"] == "measured"
    assert second["SQ-03"]["value"] is None
    assert second["SQ-03"]["reason"] == "missing_joint"


def test_averaging_positions_keeps_the_lockout_free_of_noise_bias():
    xyz, _ = lift("squat", [Timing(rest_s=1.0)] * 4, 30)
    camera = noisy(seen_by(xyz, 90), np.random.default_rng(3), 30, 1.0)
    assert all(m["SQ-10"]["severity"] in ("ok", "warn") for m in metrics_of(camera, "squat"))


def test_m05_a_lifted_pose_in_metres_says_how_exact_they_are():
    xyz = seen_by(lift("squat", [Timing()], 30)[0])
    size = {"scale_method": "plate", "m_per_unit": 0.9, "scale_sigma": 0.1, "height_m": 1.8}
    lifted = as_pose(xyz, unit="metre", checkpoint_sha256="ab", **size)
    report = analyse(lifted, exercise="squat")
    assert report["scale"] == {
        "metric": True,
        "method": "plate",
        "m_per_unit": 0.9,
        "rel_sigma": 0.1,
    }
    assert report["athlete"] == {"height_m": 1.8}
    rom = report["sets"][0]["reps"][0]["metrics"]["TV-05"]
    exact = analyse(as_pose(xyz, unit="metre"), exercise="squat")
    exact_rom = exact["sets"][0]["reps"][0]["metrics"]["TV-05"]
    assert rom["unit"] == "m" and rom["value"] == exact_rom["value"]
    # The scale's share, and the lifter's 0.05 thigh lengths, in metres.
    assert rom["sigma"] > np.hypot(0.1 * rom["value"], 0.05 * 0.43) > exact_rom["sigma"]


def test_uncertainties_of_another_lifter_are_told():
    xyz = seen_by(lift("squat", [Timing()], 30)[0])
    own = load_lift_error().lifter_sha256
    for sha256, is_told in ((own, False), ("ab", True), ("", False)):
        found = analyse(as_pose(xyz, checkpoint_sha256=sha256), exercise="squat")["warnings"]
        assert any(w["code"] == "lifter_error_unknown" for w in found) == is_told


@pytest.mark.parametrize(
    ("fields", "has_weights", "has_table"),
    [({"checkpoint_sha256": "ab"}, True, True), ({}, False, True),
     ({"unit": "metre"}, False, False), ({"unit": "metre", "frame": "world"}, False, False)],
)  # fmt: skip
def test_a_report_names_the_weights_and_the_error_table_that_judged_it(
    fields, has_weights, has_table
):
    made = analyse(as_pose(still("squat", 0), **fields))["generator"]
    assert made["checkpoint_sha256"] == ("ab" if has_weights else None)
    table = content_sha256(Path(__file__).parents[2] / "configs" / "lift_error.yaml")
    assert made["lift_error_sha256"] == (table if has_table else None)


def test_m05_no_scale_no_metres():
    xyz = seen_by(lift("squat", [Timing()], 30)[0])
    relative = analyse(as_pose(xyz), exercise="squat")
    assert relative["scale"] == {"metric": False, "method": "none", "m_per_unit": None,
                                 "rel_sigma": None}  # fmt: skip
    assert relative["units"]["length"] == "femur"
    metric = analyse(as_pose(xyz, unit="metre"), exercise="squat", athlete={"height_m": 1.8})
    assert metric["scale"]["method"] == "user_height"
    rom = metric["sets"][0]["reps"][0]["metrics"]["TV-05"]
    height = squat(np.array([0.0, 1.0]))[:, 0, 2]
    assert (rom["unit"], rom["value"]) == ("m", pytest.approx(height[0] - height[1], abs=0.005))
