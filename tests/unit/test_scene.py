"""What the eye is shown: which way is up, what stays still, from where it is seen."""

from dataclasses import replace

import numpy as np
import pytest
from standing_body import as_camera, standing

from lib.pose import Pose3D
from lib.scene import look, make_scene
from lib.skeleton import JOINT, NUM_JOINTS, indices


def pose_of(xyz: np.ndarray, frame: str) -> Pose3D:
    return Pose3D(xyz, 30.0, "metre", frame, np.ones(len(xyz), bool))


@pytest.mark.parametrize("frame", ["camera", "world"])
def test_scene_stands_on_the_floor_in_both_frames(frame):
    xyz = standing(3)
    scene = make_scene(pose_of(as_camera(xyz) + 3.0 if frame == "camera" else xyz + 3.0, frame))
    body = scene.xyz[1] - scene.xyz[1, JOINT["root"]]
    assert np.allclose(body, xyz[0] - xyz[0, JOINT["root"]])
    ankles = scene.xyz[:, indices("lankle", "rankle")]
    assert np.allclose(ankles.mean(1)[:, :2], 0)
    assert 0.04 < ankles[..., 2].min() < 0.1


def test_facing_is_towards_the_viewer_and_view_is_oblique():
    scene = make_scene(pose_of(as_camera(standing()), "camera"))
    assert scene.facing_deg == pytest.approx(-90)
    assert abs(scene.yaw_deg) == 40
    world = make_scene(pose_of(standing(), "world"))
    assert world.yaw_deg == pytest.approx(55)


@pytest.mark.parametrize(
    ("from_front_deg", "seen_from_deg"), [(45, 85), (-45, -85), (90, 50), (-100, -60), (150, 110)]
)
def test_view_is_turned_from_the_camera_towards_oblique(from_front_deg, seen_from_deg):
    turn = np.radians(from_front_deg)
    x, y = standing()[..., 0], standing()[..., 1]
    turned = standing()
    turned[..., 0] = np.cos(turn) * x - np.sin(turn) * y
    turned[..., 1] = np.sin(turn) * x + np.cos(turn) * y
    scene = make_scene(pose_of(as_camera(turned), "camera"))
    seen = (scene.facing_deg + scene.yaw_deg + 90 + 180) % 360 - 180
    assert seen == pytest.approx(seen_from_deg)


def test_world_pose_facing_away_is_turned_to_the_viewer():
    away = standing() * (-1, -1, 1)
    scene = make_scene(pose_of(away, "world"))
    xy, depth = look(scene.xyz[0], scene.yaw_deg, 0)
    assert depth[JOINT["nose"]] < depth[JOINT["neck"]]
    assert xy[JOINT["lshoulder"], 0] > xy[JOINT["rshoulder"], 0]


@pytest.mark.parametrize("given", [True, False])
def test_up_takes_the_camera_tilt_out(given):
    tilt = np.radians(20)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    tilted = as_camera(standing(10)) @ turn.T
    scene = make_scene(pose_of(tilted, "camera"), up=turn @ (0, -1, 0) if given else None)
    trunk = scene.xyz[0, JOINT["neck"]] - scene.xyz[0, JOINT["root"]]
    lean = np.degrees(np.arctan2(np.linalg.norm(trunk[:2]), trunk[2]))
    assert lean < (1e-6 if given else 4)


def test_a_pose_that_brings_up_was_held_before():
    drift = np.linspace(0, 0.1, 60)[:, None, None] * (1, 0.2, 3)
    pose = replace(pose_of(as_camera(standing(60)) + drift, "camera"), up=np.array([0.0, -1, 0]))
    assert np.ptp(make_scene(pose).xyz[:, JOINT["lankle"], 0]) == pytest.approx(0.1)


def test_lifted_feet_do_not_skate_but_measured_ones_may():
    drift = np.linspace(0, 0.1, 60)[:, None, None] * (1, 0.2, 3)
    lifted = make_scene(pose_of(as_camera(standing(60)) + drift, "camera"))
    measured = make_scene(pose_of(standing(60) + drift, "world"))
    assert np.ptp(lifted.xyz[:, JOINT["lankle"]], axis=0).max() < 0.003
    assert np.ptp(measured.xyz[:, JOINT["lankle"], 0]) == pytest.approx(0.1)


def test_lifting_one_foot_does_not_sink_the_other():
    stepping = standing(10)
    stepping[5:, JOINT["rankle"], 2] += 0.3
    scene = make_scene(pose_of(as_camera(stepping), "camera"))
    assert np.ptp(scene.xyz[:, JOINT["lankle"], 2]) < 1e-9
    assert scene.xyz[9, JOINT["rankle"], 2] > 0.3


def on_hands(num_frames):
    lying = standing(num_frames)[..., [0, 2, 1]] * (1, -1, 1)  # head towards -y
    lying[..., 2] += 0.17 - 0.3 * (lying[..., 1] + 0.1)
    for name, across, z in (("wrist", 0.24, 0.05), ("ankle", 0.12, 0.17)):
        for side, sign in (("l", 1), ("r", -1)):
            y = -1.4 if name == "wrist" else -0.1
            lying[:, JOINT[side + name]] = (sign * across, y, z)
    return lying


def test_push_up_is_held_by_hands_and_feet():
    shaken = as_camera(on_hands(40) + np.linspace(0, 0.1, 40)[:, None, None])
    scene = make_scene(pose_of(shaken, "camera"))
    held = scene.xyz[:, indices("lwrist", "rwrist", "lankle", "rankle")]
    assert np.ptp(held, axis=0).max() < 0.003
    assert np.abs(np.median(held, (0, 1))[:2]).max() < 0.7


@pytest.mark.parametrize("num_frames", [0, 1, 5])
def test_missing_joints_and_frames_do_not_break_a_scene(num_frames):
    xyz = as_camera(standing(num_frames))
    xyz[:, JOINT["head"]] = np.nan
    xyz[2:4] = np.nan
    scene = make_scene(pose_of(xyz, "camera"))
    assert scene.xyz.shape == (num_frames, NUM_JOINTS, 3)
    assert np.isfinite(scene.xyz[:2, JOINT["root"]]).all()


def test_one_ankle_never_seen():
    xyz = standing(3)
    xyz[:, JOINT["rankle"]] = np.nan
    scene = make_scene(pose_of(as_camera(xyz + 2), "camera"))
    assert scene.xyz[0, JOINT["lankle"], 2] == pytest.approx(0.16 * 0.45, abs=0.01)


def test_nothing_known_at_all():
    scene = make_scene(pose_of(np.full((3, NUM_JOINTS, 3), np.nan), "camera"))
    assert np.isfinite([scene.facing_deg, scene.yaw_deg]).all()


def test_look_keeps_lengths_and_puts_up_up():
    points = np.random.default_rng(0).normal(size=(50, 3))
    xy, depth = look(points, 33, 12)
    assert np.allclose((xy**2).sum(-1) + depth**2, (points**2).sum(-1))
    up, _ = look(np.array([0, 0, 1.0]), 70, 12)
    assert up[0] == pytest.approx(0) and up[1] > 0.9


@pytest.mark.parametrize("pitch_deg", [-8, 0, 20, 35])
def test_push_up_lies_level_under_a_pitched_camera(pitch_deg):
    pitch = np.radians(pitch_deg)
    turn = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    scene = make_scene(pose_of(as_camera(on_hands(20)) @ turn.T, "camera"))
    joints = scene.xyz[0]
    wrists, ankles = (joints[indices(f"l{p}", f"r{p}")].mean(0) for p in ("wrist", "ankle"))
    assert ankles[2] - wrists[2] == pytest.approx(0.12, abs=0.08)


@pytest.mark.parametrize("frame", ["camera", "world"])
def test_a_body_of_unknown_size_is_shown_as_tall_as_people_are(frame):
    xyz = standing(3)
    pose = pose_of(as_camera(xyz) + 3.0 if frame == "camera" else xyz, frame)
    sizes = [
        make_scene(replace(pose, xyz=pose.xyz * factor, unit="relative")).xyz
        for factor in (1.0, 0.01, 300.0)
    ]
    assert np.allclose(sizes[0], sizes[1]) and np.allclose(sizes[0], sizes[2])
    assert 1.4 < sizes[0][..., 2].max() < 1.9
    assert np.isfinite(make_scene(replace(pose, xyz=0 * xyz, unit="relative")).xyz).all()
