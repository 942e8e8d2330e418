"""Lifter's axes and view class."""

import numpy as np
import pytest
from moving_body import SHANK, Timing, X, Z, as_pose, lift, noisy, seen_by

from lib.analysis.gravity import find_lifter_frame
from lib.analysis.report import analyse
from lib.analysis.track import prepare
from lib.skeleton import JOINT, MIRROR

VIEWS = (0, 45, 90, 135, 180, -90)


def squats(yaw=0.0, pitch=0.0):
    xyz, _ = lift("squat", [Timing()] * 2, 30, lead_s=2)
    return prepare(as_pose(seen_by(xyz, yaw, pitch)))


@pytest.mark.parametrize(
    ("yaw", "view", "side"),
    [(0, "front", "center"), (45, "front_oblique", "right"), (90, "side", "right"),
     (135, "back_oblique", "right"), (180, "back", "center"), (-90, "side", "left"),
     (-45, "front_oblique", "left")],
)  # fmt: skip
def test_view_and_side(yaw, view, side):
    track = squats(yaw, 5)
    lifter = find_lifter_frame(track)
    assert (lifter.view, lifter.camera_side) == (view, side)
    assert lifter.azimuth_deg == pytest.approx(min(abs(yaw), 180 - abs(yaw)), abs=2)
    assert not lifter.is_swap_suspected
    axes = np.array([lifter.up.vector, lifter.right, lifter.forward])
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-9)


def test_forward_is_where_the_face_looks():
    track = squats(30, 5)
    lifter = find_lifter_frame(track)
    face = np.median(track.xyz[:, JOINT["nose"]] - track.xyz[:, JOINT["neck"]], 0)
    assert face @ lifter.forward > 0.05


def test_r15_exchanged_sides_are_suspected():
    track = squats(0, 5)
    swapped = [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]
    track.xyz[:] = track.xyz[:, swapped]
    assert find_lifter_frame(track).is_swap_suspected


def told(xyz, exercise, **more):
    """Codes of the report's warnings."""
    report = analyse(as_pose(xyz, **more), exercise=exercise, exercise_source="user")
    return {w["code"] for w in report["warnings"]}


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("yaw", VIEWS)
def test_r15_exchanged_sides_of_a_push_up_are_suspected_and_others_are_not(yaw, noise):
    """Up by hands and feet turns over with left and right: it was told as a video upside down."""
    xyz = seen_by(lift("pushup", [Timing()] * 2, 30, lead_s=2)[0], yaw, 8)
    xyz = noisy(xyz, np.random.default_rng(yaw + 90), 30, noise)
    assert not find_lifter_frame(prepare(as_pose(xyz))).is_swap_suspected
    assert find_lifter_frame(prepare(as_pose(xyz[:, MIRROR]))).is_swap_suspected
    if noise <= 1:
        assert not told(xyz, "pushup") & {"left_right_swap_suspected", "camera_tilt"}
        both = {"left_right_swap_suspected", "camera_tilt"}
        assert told(xyz[:, MIRROR], "pushup") & both == {"left_right_swap_suspected"}


def test_a_push_up_upside_down_in_the_picture_has_its_sides_right():
    xyz = seen_by(lift("pushup", [Timing()] * 2, 30)[0], 50) * [-1, -1, 1]
    assert not find_lifter_frame(prepare(as_pose(xyz))).is_swap_suspected
    assert "camera_tilt" in told(xyz, "pushup")


@pytest.mark.parametrize("exercise", ["squat", "pushup", "bench_press"])
def test_sides_are_looked_at_where_up_is_given(exercise):
    """Who lies on the back looks away from `forward`, and has left and right where they belong."""
    xyz = seen_by(lift(exercise, [Timing()] * 2, 30)[0], 50)
    up = {"up": np.array([0.0, -1.0, 0.0]), "up_method": "given", "up_sigma_deg": 1.0}
    assert not find_lifter_frame(prepare(as_pose(xyz, **up))).is_swap_suspected
    exchanged = find_lifter_frame(prepare(as_pose(xyz[:, MIRROR], **up))).is_swap_suspected
    assert exchanged == (exercise != "bench_press")  # bent legs are no plank


def test_a_press_on_straight_legs_has_its_sides_right():
    xyz = lift("bench_press", [Timing()] * 2, 30)[0]
    for side in "lr":
        knee = xyz[:, JOINT[side + "knee"]]
        xyz[:, JOINT[side + "ankle"]] = knee + [0, SHANK, 0]
    assert not find_lifter_frame(prepare(as_pose(seen_by(xyz, 60)))).is_swap_suspected
    exchanged = seen_by(xyz, 60)[:, MIRROR]
    assert find_lifter_frame(prepare(as_pose(exchanged))).is_swap_suspected


def test_arms_out_to_the_sides_say_nothing_of_left_and_right():
    xyz = lift("pushup", [], 30, lead_s=2, tail_s=2)[0]
    for side, sign in (("l", -1), ("r", 1)):
        shoulder = xyz[:, JOINT[side + "shoulder"]]
        xyz[:, JOINT[side + "elbow"]] = shoulder + 0.31 * sign * X
        xyz[:, JOINT[side + "wrist"]] = shoulder + 0.57 * sign * X - 0.05 * Z
    for seed in range(4):
        seen = noisy(seen_by(xyz, 60), np.random.default_rng(seed), 30)
        for pose in (seen, seen[:, MIRROR]):
            assert not find_lifter_frame(prepare(as_pose(pose))).is_swap_suspected


def test_world_frame_has_no_view():
    track = prepare(as_pose(lift("squat", [Timing()], 30)[0], frame="world"))
    assert find_lifter_frame(track).view == "not_applicable"


def test_a_pose_s_own_up_is_used_not_found_again():
    own = np.array([0.1, -0.9, 0.2]) / np.linalg.norm([0.1, -0.9, 0.2])
    xyz, _ = lift("squat", [Timing()], 30)
    pose = as_pose(seen_by(xyz), up=own, up_method="support_plane", up_sigma_deg=4.5)
    up = find_lifter_frame(prepare(pose)).up
    assert up.vector == pytest.approx(own)
    assert (up.method, up.sigma_deg) == ("support_plane", 4.5)


def test_arms_help_to_tell_where_right_is_unless_they_do_different_things():
    xyz, _ = lift("squat", [Timing()], 30)
    xyz[:, [JOINT[n] for n in ("rhip", "rknee", "rankle", "rshoulder")], 1] += 0.06  # a wrong depth

    def off_deg(pose):
        right = find_lifter_frame(prepare(as_pose(pose, frame="world", unit="metre"))).right
        return abs(np.degrees(np.arctan2(right[1], right[0])))

    without = xyz.copy()
    without[:, [JOINT[n] for n in ("lelbow", "relbow", "lwrist", "rwrist")]] = np.nan
    assert 5 < off_deg(without) < 20
    assert off_deg(xyz) < 0.8 * off_deg(without)
    uneven = xyz.copy()
    uneven[:, JOINT["rwrist"], 1] += 1.0
    assert off_deg(uneven) == pytest.approx(off_deg(without), abs=1e-6)


@pytest.mark.parametrize("hidden", "lr")
@pytest.mark.parametrize("exercise", ["squat", "deadlift", "pushup", "bench_press"])
def test_one_side_alone_shows_where_right_is(exercise, hidden):
    """On the back, a face that leans ahead of the hips would point to the head."""
    xyz = lift(exercise, [Timing()] * 2, 30)[0]
    both = find_lifter_frame(prepare(as_pose(xyz, frame="world"))).right
    xyz[:, [i for name, i in JOINT.items() if name[0] == hidden and name != "root"]] = np.nan
    alone = find_lifter_frame(prepare(as_pose(xyz, frame="world"))).right
    assert alone @ both > 0.95
