"""Pictures: which way is up, what stays still, what is drawn where."""

import numpy as np
import pytest

from lib.draw import COLOURS, Surface, compare_picture, look, make_scene
from lib.pose import Pose3D
from lib.skeleton import JOINT, NUM_JOINTS, indices

# A standing body, world metres: x to the lifter's left, y behind, z up; it faces -y.
STANDING = {
    "root": (0, 0, 0.95), "rhip": (-0.12, 0, 0.95), "rknee": (-0.13, -0.02, 0.5),
    "rankle": (-0.14, 0, 0.08), "lhip": (0.12, 0, 0.95), "lknee": (0.13, -0.02, 0.5),
    "lankle": (0.14, 0, 0.08), "spine": (0, 0, 1.2), "neck": (0, 0, 1.45),
    "nose": (0, -0.1, 1.6), "head": (0, 0, 1.72), "lshoulder": (0.18, 0, 1.42),
    "lelbow": (0.22, 0, 1.12), "lwrist": (0.24, -0.02, 0.86), "rshoulder": (-0.18, 0, 1.42),
    "relbow": (-0.22, 0, 1.12), "rwrist": (-0.24, -0.02, 0.86),
}  # fmt: skip


def standing(num_frames: int = 1) -> np.ndarray:
    pose = np.zeros((NUM_JOINTS, 3))
    for name, xyz in STANDING.items():
        pose[JOINT[name]] = xyz
    return np.repeat(pose[None], num_frames, 0)


def as_camera(xyz_world: np.ndarray) -> np.ndarray:
    """Seen from -y: x right, y down, z away."""
    return np.stack([xyz_world[..., 0], -xyz_world[..., 2], xyz_world[..., 1]], -1)


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


def test_given_up_takes_the_camera_tilt_out():
    tilt = np.radians(20)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    tilted = as_camera(standing()) @ turn.T
    leaning = make_scene(pose_of(tilted, "camera"))
    upright = make_scene(pose_of(tilted, "camera"), up=turn @ (0, -1, 0))

    def lean(scene):
        trunk = scene.xyz[0, JOINT["neck"]] - scene.xyz[0, JOINT["root"]]
        return np.degrees(np.arctan2(np.linalg.norm(trunk[:2]), trunk[2]))

    assert lean(leaning) == pytest.approx(20, abs=1e-6)
    assert lean(upright) == pytest.approx(0, abs=1e-6)


def test_lifted_feet_do_not_skate_but_measured_ones_may():
    drift = np.linspace(0, 1, 20)[:, None, None] * (1, 0.2, 0.5)
    lifted = make_scene(pose_of(as_camera(standing(20)) + drift, "camera"))
    measured = make_scene(pose_of(standing(20) + drift, "world"))
    assert np.ptp(lifted.xyz[:, JOINT["lankle"]], axis=0).max() < 1e-9
    assert np.ptp(measured.xyz[:, JOINT["lankle"], 0]) == pytest.approx(1)


def test_lifting_one_foot_does_not_sink_the_other():
    stepping = standing(10)
    stepping[5:, JOINT["rankle"], 2] += 0.3
    scene = make_scene(pose_of(as_camera(stepping), "camera"))
    assert np.ptp(scene.xyz[:, JOINT["lankle"], 2]) < 1e-9
    assert scene.xyz[9, JOINT["rankle"], 2] > 0.3


def test_push_up_is_held_by_hands_and_feet():
    lying = standing(4)[..., [0, 2, 1]] * (1, -1, 1)  # head towards -y
    lying[..., 2] += 0.3
    for name in ("lwrist", "rwrist", "lankle", "rankle"):
        lying[:, JOINT[name], 2] = 0.05
    lying[2:, JOINT["neck"], 2] -= 0.1
    shaken = as_camera(lying + np.arange(4)[:, None, None] * 0.1)
    scene = make_scene(pose_of(shaken, "camera"))
    held = scene.xyz[:, indices("lwrist", "rwrist", "lankle", "rankle")]
    assert np.ptp(held, axis=0).max() < 1e-9
    assert np.allclose(held.mean(1)[:, :2], 0)


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


def _share_of(rgba: np.ndarray, colour: str) -> float:
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return float((np.abs(rgba[..., :3].astype(int) - rgb).max(-1) < 12).mean())


def test_skeleton_has_both_sides_and_pales_when_not_seen():
    surface = Surface(200, 240)
    xy, depth = look(standing()[0], 30, 0)
    at = xy * (110, -110) + (100, 220)
    surface.fill("#ffffff")
    surface.skeleton(at, depth)
    seen = surface.rgba.copy()
    assert _share_of(seen, COLOURS["left"]) > 0.005 < _share_of(seen, COLOURS["right"])
    surface.fill(np.full((240, 200, 3), 255, np.uint8))
    surface.skeleton(at, depth, paleness=0.6)
    assert _share_of(surface.rgba, COLOURS["left"]) == 0
    assert (surface.rgba[..., :3] < 250).any()


def test_near_bones_cover_far_ones():
    surface = Surface(100, 100)
    at = np.full((NUM_JOINTS, 2), np.nan)
    at[indices("lelbow", "relbow")] = (10, 50)
    at[indices("lwrist", "rwrist")] = (90, 50)
    for near, side in ((JOINT["lwrist"], "left"), (JOINT["rwrist"], "right")):
        depth = np.zeros(NUM_JOINTS)
        depth[near] = -1
        surface.fill("#ffffff")
        surface.skeleton(at, depth)
        assert _share_of(surface.rgba[50:51, 45:55], COLOURS[side]) == 1


def test_text_and_nothing_to_draw():
    surface = Surface(120, 40)
    surface.fill("#ffffff")
    surface.skeleton(np.full((NUM_JOINTS, 2), np.nan))
    assert (surface.rgba == 255).all()
    surface.text(4, 4, "Rep 1")
    assert (surface.rgba[:25, :80, 0] < 100).any() and (surface.rgba[30:] == 255).all()


def test_compare_picture_shows_prediction_and_truth():
    truth = as_camera(standing()[0])
    same = compare_picture(truth, truth, truth[:, :2])
    assert same.dtype == np.uint8 and same.ndim == 3 and same.shape[2] == 3
    off = compare_picture(truth + 0.1, truth, truth[:, :2])
    assert off.shape == same.shape and (off != same).any()
    assert _share_of(off, COLOURS["left"]) > 0 and _share_of(off, "#000000") > 0


def test_compare_picture_with_missing_joints():
    truth = as_camera(standing()[0])
    truth[JOINT["head"]] = np.nan
    assert compare_picture(np.full((17, 3), np.nan), truth, np.zeros((17, 2))).shape[2] == 3
