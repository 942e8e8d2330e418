"""Up vector, lifter's axes and view class."""

import numpy as np
import pytest
from moving_body import Timing, as_pose, lift, noisy, seen_by

from lib.analysis.gravity import find_lifter_frame, find_up
from lib.analysis.track import prepare
from lib.geometry import angle_deg
from lib.skeleton import JOINT


def squats(yaw=0.0, pitch=0.0, noise=0.0, seed=0):
    xyz, _ = lift("squat", [Timing()] * 2, 30, lead_s=2)
    camera = seen_by(xyz, yaw, pitch)
    if noise:
        camera = noisy(camera, np.random.default_rng(seed), 30, noise)
    return prepare(as_pose(camera))


def true_up(pitch_deg):
    pitch = np.radians(pitch_deg)
    return np.array([0.0, -np.cos(pitch), -np.sin(pitch)])


@pytest.mark.parametrize("pitch", [-5, 0, 10, 20])
@pytest.mark.parametrize("yaw", [0, 90, 180])
def test_m06_standing_body_finds_up_under_a_pitched_camera(yaw, pitch):
    up = find_up(squats(yaw, pitch))
    assert up.method == "standing_body"
    assert float(angle_deg(up.vector, true_up(pitch))) < 4
    assert up.sigma_deg == 3.0
    assert not up.is_tilted


def test_m06_under_noise_within_four_degrees_in_the_median():
    errors = [
        float(angle_deg(find_up(squats(36 * s, 8, 1.0, s)).vector, true_up(8))) for s in range(8)
    ]
    assert np.median(errors) < 4


def test_m06_a_camera_tilted_by_40_degrees_is_told():
    assert find_up(squats(0, 40)).is_tilted


def test_world_frame_is_given():
    xyz, _ = lift("squat", [Timing()], 30)
    up = find_up(prepare(as_pose(xyz, frame="world", unit="metre")))
    assert (up.method, up.vector.tolist()) == ("given", [0, 0, 1])


def test_lying_or_never_standing_falls_back_to_the_camera():
    pushups = prepare(as_pose(seen_by(lift("pushup", [Timing()], 30)[0], 90)))
    assert find_up(pushups).method == "camera_y"
    assert find_up(pushups, upright=False).method == "camera_y"
    seated = prepare(as_pose(seen_by(lift("sit_to_stand", [], 30)[0])))
    assert find_up(seated).method == "camera_y"
    assert find_up(seated).sigma_deg == 8.0
    assert find_up(prepare(as_pose(np.zeros((0, 17, 3))))).method == "camera_y"


@pytest.mark.parametrize(
    ("yaw", "view", "side"),
    [(0, "front", "center"), (45, "front_oblique", "right"), (90, "side", "right"),
     (135, "back_oblique", "right"), (180, "back", "center"), (-90, "side", "left"),
     (-45, "front_oblique", "left")],
)  # fmt: skip
def test_view_and_side(yaw, view, side):
    track = squats(yaw, 5)
    lifter = find_lifter_frame(track, find_up(track))
    assert (lifter.view, lifter.camera_side) == (view, side)
    assert lifter.azimuth_deg == pytest.approx(min(abs(yaw), 180 - abs(yaw)), abs=2)
    assert not lifter.is_swap_suspected
    axes = np.array([lifter.up.vector, lifter.right, lifter.forward])
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-9)


def test_forward_is_where_the_face_looks():
    track = squats(30, 5)
    lifter = find_lifter_frame(track, find_up(track))
    face = np.median(track.xyz[:, JOINT["nose"]] - track.xyz[:, JOINT["neck"]], 0)
    assert face @ lifter.forward > 0.05


def test_r15_exchanged_sides_are_suspected():
    track = squats(0, 5)
    swapped = [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]
    track.xyz[:] = track.xyz[:, swapped]
    assert find_lifter_frame(track, find_up(track)).is_swap_suspected


def test_world_frame_has_no_view():
    track = prepare(as_pose(lift("squat", [Timing()], 30)[0], frame="world"))
    assert find_lifter_frame(track, find_up(track)).view == "not_applicable"
