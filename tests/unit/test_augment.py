"""Masks, flips, bone scaling and views of training clips."""

import numpy as np
import pytest
from tiny_stores import bone_lengths, swaying

from lib.analysis.form import limb_angle
from lib.data.augment import (
    AugmentConfig,
    flip_pair,
    hidden_joints,
    jitter_head,
    move_and_scale,
    turn_limbs,
)
from lib.data.proportions import scale_bones
from lib.data.views import RandomCameraConfig, draw_camera
from lib.geometry import angle_deg, project, world_to_camera
from lib.skeleton import BONE_INDEX, JOINT, JOINTS, indices


def test_D15_masks_are_independent_switches():
    rng = np.random.default_rng(0)
    only_joints = hidden_joints(2000, AugmentConfig(joint_mask=0.05), rng)
    only_frames = hidden_joints(2000, AugmentConfig(frame_mask=0.1), rng)
    assert only_joints.mean() == pytest.approx(0.05, abs=0.01)
    assert not only_joints.all(-1).any()
    assert only_frames.all(-1).mean() == pytest.approx(0.1, abs=0.03)
    assert (only_frames.all(-1) == only_frames.any(-1)).all()
    assert not hidden_joints(100, AugmentConfig(), rng).any()


def test_limb_and_head_are_hidden_for_the_whole_clip():
    hidden = hidden_joints(50, AugmentConfig(limb_mask=1, head_drop=1), np.random.default_rng(0))
    assert (hidden.all(0) == hidden.any(0)).all()
    assert hidden[0].sum() == 4 and hidden[0, JOINT["head"]]


@pytest.mark.parametrize("num_frames", [1, 2, 81])
def test_a_gap_is_one_stretch_of_a_joint(num_frames):
    lengths = []
    for seed in range(100):
        hidden = hidden_joints(
            num_frames, AugmentConfig(joint_gap=0.5), np.random.default_rng(seed)
        )
        edges = np.diff(hidden.astype(int), axis=0, prepend=0, append=0)
        assert (np.abs(edges).sum(0) <= 2).all()
        lengths.append(hidden.sum(0))
    assert 0 < np.mean(np.array(lengths) > 0) <= 0.55
    assert np.max(lengths) >= 0.8 * num_frames


def test_flip_twice_is_the_clip_itself():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 5, 17, 3)).astype(np.float32)
    valid = rng.random((5, 17)) < 0.5
    once = flip_pair(x, y, valid)
    assert np.array_equal(once[0][:, JOINT["lknee"], 0], -x[:, JOINT["rknee"], 0])
    assert np.array_equal(once[2][:, JOINT["lwrist"]], valid[:, JOINT["rwrist"]])
    for was, now in zip((x, y, valid), flip_pair(*once), strict=True):
        assert np.array_equal(was, now)


def test_bone_scaling_keeps_directions_and_symmetry():
    body = swaying(4, np.random.default_rng(0))
    scaled = scale_bones(body, 0.1, 0.0, np.random.default_rng(1))
    ratio = {}
    for parent, child in BONE_INDEX:
        was, now = body[:, child] - body[:, parent], scaled[:, child] - scaled[:, parent]
        assert angle_deg(was, now).max() < 1e-5
        ratio[child] = np.linalg.norm(now, axis=-1) / np.linalg.norm(was, axis=-1)
        assert np.ptp(ratio[child]) < 1e-9
    assert ratio[JOINT["lknee"]][0] == pytest.approx(ratio[JOINT["rknee"]][0])
    assert np.std([r[0] for r in ratio.values()]) > 0.02


def test_bones_of_a_part_are_scaled_alike():
    body = swaying(2, np.random.default_rng(0))
    scaled = scale_bones(body, 0.0, 0.1, np.random.default_rng(1))
    ratio = {}
    for parent, child in BONE_INDEX:
        was, now = (np.linalg.norm(x[0, child] - x[0, parent]) for x in (body, scaled))
        ratio[JOINTS[child]] = now / was
    parts = (
        ("spine", "neck"), ("nose", "head"), ("lhip", "rhip"),
        ("lknee", "lankle", "rknee", "rankle"), ("lshoulder", "rshoulder"),
        ("lelbow", "lwrist", "relbow", "rwrist"),
    )  # fmt: skip
    for part in parts:
        assert np.ptp([ratio.pop(name) for name in part]) < 1e-9
    assert not ratio


def test_turned_limbs_keep_bones_and_the_bend_of_knees_and_elbows():
    body = swaying(4, np.random.default_rng(0))
    turned = turn_limbs(body, 30.0, np.random.default_rng(1))
    np.testing.assert_allclose(bone_lengths(turned), bone_lengths(body))
    for side in "lr":
        for joint in ("knee", "elbow"):
            was, now = (limb_angle(x, joint, side) for x in (body, turned))
            np.testing.assert_allclose(now, was)
    still = ["root", "lhip", "rhip"]
    assert np.array_equal(turned[:, indices(*still)], body[:, indices(*still)])
    others = [j for name, j in JOINT.items() if name not in still]
    assert (np.linalg.norm(turned - body, axis=-1)[:, others] > 1e-3).all()


def test_turns_are_drawn_from_none_to_the_most():
    body = swaying(1, np.random.default_rng(0))
    thigh = body[0, JOINT["lknee"]] - body[0, JOINT["lhip"]]
    angles = []
    for seed in range(300):
        turned = turn_limbs(body, 20.0, np.random.default_rng(seed))[0]
        angles.append(angle_deg(turned[JOINT["lknee"]] - turned[JOINT["lhip"]], thigh))
    # Two of three normal angles tilt a bone: Rayleigh of mean 1.25 spreads, half of 20 on average.
    assert np.mean(angles) == pytest.approx(1.2533 * 10, abs=1.5)
    assert np.min(angles) < 1 and np.max(angles) > 30
    np.testing.assert_allclose(turn_limbs(body, 0.0, np.random.default_rng(0)), body, atol=1e-12)


def test_what_hangs_on_a_missing_joint_is_missing_after_a_turn():
    body = swaying(2, np.random.default_rng(0))
    body[:, JOINT["lhip"]] = np.nan
    lost = np.isnan(turn_limbs(body, 20.0, np.random.default_rng(1))).all((0, 2))
    assert set(np.flatnonzero(lost)) == set(indices("lhip", "lknee", "lankle"))


def test_head_jitter_moves_the_head_alone():
    body = swaying(4, np.random.default_rng(0))
    moved = jitter_head(body, 0.05, np.random.default_rng(1)) - body
    others = [j for name, j in JOINT.items() if name not in ("nose", "head")]
    assert (moved[:, others] == 0).all() and np.ptp(moved, axis=0).max() < 1e-12
    assert np.abs(moved[:, JOINT["head"]]).max() > 0


def test_move_and_scale_leaves_missing_joints_missing():
    x = np.ones((10, 17, 3), np.float32)
    x[:, 3] = 0
    moved = move_and_scale(x, (1.0, 3.0), 0.2, np.random.default_rng(0))
    assert (moved[:, 3] == 0).all() and (moved[..., 2] == x[..., 2]).all()
    assert np.abs(moved[:, 4, :2] - 1).max() > 0.05


def test_random_cameras_see_the_body_upright_from_all_sides():
    rng = np.random.default_rng(0)
    body = swaying(20, rng)
    sides = []
    for _ in range(200):
        camera = draw_camera(body, RandomCameraConfig(), rng)
        assert np.allclose(camera.R @ camera.R.T, np.eye(3)) and np.linalg.det(camera.R) > 0
        xyz = world_to_camera(body, camera)
        assert (xyz[..., 2] > 1).all() and np.isfinite(project(xyz, camera)).all()
        # y points down: the head is above the ankles in the picture.
        assert (xyz[:, JOINT["head"], 1] < xyz[:, JOINT["rankle"], 1]).all()
        sides.append(np.arctan2(*(camera.T - body.mean((0, 1)))[:2]))
    assert np.histogram(sides, bins=8, range=(-np.pi, np.pi))[0].min() > 5
