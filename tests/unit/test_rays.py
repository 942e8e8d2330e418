"""Joints towards the lines of sight on which they were seen."""

from dataclasses import replace

import numpy as np
import pytest
from moving_body import Timing, lift, seen_by

from lib.infer.rays import FAR_M, MOVING, STEADY, towards_rays
from lib.pose import Pose2D
from lib.skeleton import JOINT

FOCAL, SIZE = 1000.0, (1080, 1920)
WRIST = JOINT["lwrist"]


def scene():
    """A true root-relative pose (T, 17, 3) and its perfect detection."""
    xyz = seen_by(lift("squat", [Timing()] * 2)[0], 40)
    px = xyz[..., :2] / xyz[..., 2:] * FOCAL + np.array(SIZE) / 2
    ones = np.ones(px.shape[:2])
    pose = Pose2D(px, ones, 30.0, SIZE, time_s=np.arange(len(px)) / 30.0, source="made up")
    return xyz - xyz[:, [JOINT["root"]]], pose


def across(xyz, truth, joint=WRIST):
    return np.linalg.norm((xyz - truth)[:, joint, :2], axis=-1)


def test_a_pose_on_its_rays_stays():
    truth, pose = scene()
    np.testing.assert_allclose(towards_rays(truth, pose, FOCAL), truth, atol=2e-3)


@pytest.mark.parametrize("focal", [FOCAL, 0.7 * FOCAL, None])
def test_an_error_across_the_line_of_sight_shrinks(focal):
    truth, pose = scene()
    wrong = truth.copy()
    wrong[:, WRIST, 0] += 0.05
    better = towards_rays(wrong, pose, focal)
    left = 1 - STEADY / (1 + (0.05 / FAR_M) ** 2)
    assert np.median(across(better, truth)) == pytest.approx(0.05 * left, abs=0.009)
    np.testing.assert_array_equal(better[..., 2], wrong[..., 2])
    assert (better[:, JOINT["root"]] == 0).all()


def test_an_error_that_moves_shrinks_more_than_a_steady_one():
    truth, pose = scene()
    wrong = truth.copy()
    wrong[:, WRIST, 0] += 0.03 * np.sin(np.arange(len(truth)))
    better = towards_rays(wrong, pose, FOCAL)
    left = np.std((better - truth)[:, WRIST, 0]) / np.std((wrong - truth)[:, WRIST, 0])
    assert left == pytest.approx(1 - MOVING, abs=0.06)
    assert left < 1 - STEADY - 0.1


def test_a_joint_seen_far_away_is_hardly_believed():
    truth, pose = scene()
    pose.xy_px[:, WRIST, 0] += 800  # more than two metres
    moved = np.linalg.norm((towards_rays(truth, pose, FOCAL) - truth)[:, WRIST], axis=-1)
    assert moved.max() < 0.1


def test_what_is_not_seen_moves_as_its_neighbours_in_time_do():
    truth, pose = scene()
    wrong = truth.copy()
    wrong[:, WRIST, 0] += 0.05
    seen = towards_rays(wrong, pose, FOCAL)
    score = pose.score.copy()
    score[10:30, WRIST] = 0
    hidden = towards_rays(wrong, replace(pose, score=score), FOCAL)
    assert np.linalg.norm((hidden - seen)[:, WRIST], axis=-1).max() < 0.004


def test_what_is_never_seen_moves_as_the_joint_it_hangs_on():
    truth, pose = scene()
    score = pose.score.copy()
    score[:, WRIST] = 0
    wrong = truth.copy()
    wrong[:, [WRIST, JOINT["lelbow"]], 0] += 0.05
    moved = towards_rays(wrong, replace(pose, score=score), FOCAL) - wrong
    np.testing.assert_allclose(moved[:, WRIST], moved[:, JOINT["lelbow"]], atol=1e-12)
    assert moved[:, WRIST, 0].max() < -0.012


@pytest.mark.parametrize("num_frames", [1, 2])
def test_few_frames(num_frames):
    truth, pose = scene()
    few = replace(
        pose, xy_px=pose.xy_px[:num_frames], score=pose.score[:num_frames],
        time_s=pose.time_s[:num_frames],
    )  # fmt: skip
    assert np.isfinite(towards_rays(truth[:num_frames], few, FOCAL)).all()
