"""The up vector of a filmed body."""

import numpy as np
import pytest
from moving_body import Timing, as_pose, lift, noisy, seen_by, walk

from lib.analysis.report import analyse
from lib.data.synthetic.writer import subject_sequence
from lib.geometry import angle_deg
from lib.skeleton import FIT3D25, indices, to_working
from lib.vertical import find_up, plank_axis, sides_off_level_deg, standing_axis, up_of

FPS = 30


def rolled(xyz_cam, roll_deg):
    """The camera turned about its line of sight, clockwise; works on the up vector too."""
    cos, sin = np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))
    return xyz_cam @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]).T


def true_up(pitch_deg, roll_deg=0.0):
    pitch = np.radians(pitch_deg)
    return rolled(np.array([0.0, -np.cos(pitch), -np.sin(pitch)]), roll_deg)


def moving(name="squat", **shape):
    return lift(name, [Timing()] * 2, FPS, lead_s=2, **shape)[0]


def off_deg(up, pitch, roll=0.0):
    return float(angle_deg(up.vector, true_up(pitch, roll)))


@pytest.mark.parametrize("name", ["squat", "deadlift"])
@pytest.mark.parametrize("roll", [-15, 0, 15])
@pytest.mark.parametrize("pitch", [-10, 0, 15, 30])
@pytest.mark.parametrize("yaw", [0, 50, 90, 180])
def test_m06_standing_body_finds_up_under_a_tilted_camera(name, yaw, pitch, roll):
    up = find_up(rolled(seen_by(moving(name), yaw, pitch), roll), FPS)
    assert up.method == "standing_body"
    assert off_deg(up, pitch, roll) < 5
    assert 1 < up.sigma_deg < 6
    assert up.is_tilted == (float(angle_deg(up.vector, np.array([0.0, -1, 0]))) > 25)


@pytest.mark.parametrize("roll", [-15, 0, 15])
@pytest.mark.parametrize("pitch", [-5, 10, 30])
@pytest.mark.parametrize("yaw", [0, 60, 90])
def test_push_ups_find_up_by_hands_and_feet(yaw, pitch, roll):
    up = find_up(rolled(seen_by(moving("pushup"), yaw, pitch), roll), FPS)
    assert up.method == "support_plane"
    assert off_deg(up, pitch, roll) < 7  # this body's ankles lie at the floor, not over its toes


def test_m06_under_noise_within_five_degrees_in_the_median():
    errors = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        xyz = noisy(seen_by(moving(), 36 * seed, 8), rng, FPS)
        errors.append(off_deg(find_up(xyz, FPS), 8))
    assert np.median(errors) < 5


def test_m06_a_camera_tilted_by_40_degrees_is_told():
    assert find_up(seen_by(moving(), 0, 40), FPS).is_tilted


@pytest.mark.parametrize(
    ("name", "said"),
    [("squat", "The standing body is"), ("pushup", "The floor under hands and feet is")],
)
def test_a_tilted_camera_is_told_by_what_shows_it(name, said):
    """It was the standing body in push-ups too."""
    pose = as_pose(seen_by(moving(name), 30, 40), FPS)
    warnings = analyse(pose, exercise=name, exercise_source="user")["warnings"]
    (told,) = [w["message"] for w in warnings if w["code"] == "camera_tilt"]
    assert told.startswith(f"{said} more than 25 degrees off ")


def test_a_tilt_that_the_pose_itself_tells_is_told_as_such():
    pose = as_pose(seen_by(moving(), 30, 40), FPS, up=true_up(40), up_method="imu")
    warnings = analyse(pose, exercise="squat", exercise_source="user")["warnings"]
    (told,) = [w["message"] for w in warnings if w["code"] == "camera_tilt"]
    assert told.startswith("Up is more than 25 degrees off the picture's vertical: ")


@pytest.mark.parametrize(
    ("name", "roll", "is_told"),
    [
        ("squat", 90, True),
        ("squat", 180, True),
        ("deadlift", -60, True),
        ("sit_to_stand", 270, True),
        ("squat", 0, False),
        ("deadlift", 15, False),
        ("sit_to_stand", 0, False),
        ("pushup", 90, True),
        ("pushup", 180, True),
        ("pushup", 0, False),
        ("pushup", -20, False),
        ("bench_press", 0, False),
    ],
)
def test_a_video_on_its_side_is_told_by_who_should_stand_or_rest_on_hands(name, roll, is_told):
    pose = as_pose(rolled(seen_by(moving(name), 50), roll), FPS)
    warnings = analyse(pose, exercise=name, exercise_source="user")["warnings"]
    told = [w["message"] for w in warnings if w["code"] == "camera_tilt"]
    assert len(told) == is_told and all("on its side" in text for text in told)


@pytest.mark.parametrize("yaw", [0, 180])
@pytest.mark.parametrize(("roll", "is_told"), [(90, True), (-90, True), (0, False), (-20, False)])
def test_a_push_up_on_its_side_is_told_where_the_lifted_body_is_no_plank(yaw, roll, is_told):
    """So it is from behind; left and right are where the picture has them."""
    xyz = moving("pushup")
    xyz[:, indices("lankle", "rankle"), 2] += 0.8
    xyz = rolled(seen_by(xyz, yaw), roll)
    assert plank_axis(xyz, FPS) is None
    warnings = analyse(as_pose(xyz, FPS), exercise="pushup", exercise_source="user")["warnings"]
    told = [w["message"] for w in warnings if w["code"] == "camera_tilt"]
    assert len(told) == is_told and all("on its side" in text for text in told)


@pytest.mark.parametrize("pitch", [0, 30])
@pytest.mark.parametrize("yaw", [0, 45, 90, 135, 180])
def test_left_and_right_of_an_upright_push_up_are_level_under_noise(yaw, pitch):
    xyz = noisy(seen_by(moving("pushup"), yaw, pitch), np.random.default_rng(yaw + pitch), FPS)
    assert sides_off_level_deg(xyz, np.array([0.0, -1.0, 0.0])) < 40


def test_scale_and_place_do_not_matter():
    xyz = seen_by(moving(), 40, 12)
    np.testing.assert_allclose(
        find_up(0.3 * xyz + [5, 1, 9], FPS).vector, find_up(xyz, FPS).vector, atol=1e-9
    )


def test_world_frame_is_given():
    up = find_up(moving(), FPS, "world")
    assert (up.method, up.vector.tolist(), up.is_tilted) == ("given", [0, 0, 1], False)


@pytest.mark.parametrize("name", ["bench_press", "sit_to_stand"])
def test_lying_or_seated_throughout_falls_back_to_the_picture(name):
    xyz = lift(name, [Timing()] if name == "bench_press" else [], FPS)[0]
    up = find_up(seen_by(xyz, 90), FPS)
    assert (up.method, up.vector.tolist()) == ("camera_y", [0, -1, 0])
    assert up.sigma_deg > 8


def test_arms_held_out_while_standing_are_no_push_up():
    xyz = moving()
    xyz[:, indices("lelbow", "relbow")] = xyz[:, indices("lshoulder", "rshoulder")] + [0, 0.31, 0]
    xyz[:, indices("lwrist", "rwrist")] = xyz[:, indices("lelbow", "relbow")] + [0, 0.26, 0]
    up = find_up(seen_by(xyz, 90, 20), FPS)
    assert up.method == "standing_body" and off_deg(up, 20) < 5


def test_who_rises_from_a_chair_is_measured_standing():
    up = find_up(seen_by(lift("sit_to_stand", [Timing()] * 2, FPS)[0], 60, 15), FPS)
    assert up.method == "standing_body" and off_deg(up, 15) < 7


def test_walking_tells_up_too():
    assert off_deg(find_up(seen_by(walk(4, FPS), 90, 10, 6), FPS), 10) < 6


def test_gaps_a_missing_head_and_one_leg_do_not_matter_much():
    xyz = seen_by(moving(), 45, 15)
    xyz[20:60] = np.nan
    xyz[:, indices("head", "nose")] = np.nan
    xyz[::3, indices("lknee", "lankle")] = np.nan
    assert off_deg(find_up(xyz, FPS), 15) < 5


@pytest.mark.parametrize("num", [0, 1, 3])
def test_too_little_to_go_by(num):
    known = find_up(seen_by(moving(), 0, 10)[:num], FPS)
    assert known.method == "camera_y" and np.isfinite(known.vector).all()
    unknown = find_up(np.full((num, 17, 3), np.nan), FPS)
    assert unknown.method == "camera_y"
    assert find_up(np.zeros((num, 17, 3)), FPS).method == "camera_y"


def test_invalid_frames_of_a_pose_do_not_count():
    xyz = seen_by(moving(), 0, 10)
    wrong = xyz.copy()
    wrong[::2] = wrong[::2, :, [1, 0, 2]]
    pose = as_pose(wrong, FPS, valid=np.arange(len(xyz)) % 2 == 1)
    assert off_deg(up_of(pose), 10) < 5


def test_the_weight_of_a_bar_does_not_tilt_up():
    """Who bends over a bar is balanced with it, and behind the feet without."""
    off = []
    for subject in ("s03", "s08", "s09", "s11"):
        motion = subject_sequence(5, subject, "deadlift", num_reps=4)
        world, _ = to_working(motion.xyz_m, np.ones(motion.xyz_m.shape[:2]), FIT3D25)
        off.append(angle_deg(standing_axis(world, motion.fps), np.array([0.0, 0.0, 1.0])))
    assert np.mean(off) < 1.0, off
