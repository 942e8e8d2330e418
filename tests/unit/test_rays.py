"""Joints towards the lines of sight on which they were seen."""

from dataclasses import replace

import numpy as np
import pytest
from moving_body import Timing, lift, seen_by

from lib.infer.raw import RawLift
from lib.infer.rays import (
    AGAIN,
    FAR_M,
    MOST_AGAIN,
    MOVING_M,
    OWN_SPREADS,
    STEADY_M,
    USUAL_SPREAD_M,
    overstated,
    towards_rays,
)  # fmt: skip
from lib.infer.track import is_in_sight
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


def raw(xyz, spread_m=STEADY_M):
    """What a network says whose answers are that far apart."""
    spread = np.full(xyz.shape[:2], 0.0) + spread_m
    spread[:, JOINT["root"]] = 0
    return RawLift(xyz, spread, (slice(0, len(xyz)),))


def moved(xyz, pose, focal=FOCAL, spread_m=STEADY_M):
    return towards_rays(raw(xyz, spread_m), pose, focal)


def gain(spread_m, half_m):
    return spread_m**2 / (spread_m**2 + half_m**2)


def across(xyz, truth, joint=WRIST):
    return np.linalg.norm((xyz - truth)[:, joint, :2], axis=-1)


def test_a_pose_on_its_rays_stays():
    truth, pose = scene()
    np.testing.assert_allclose(moved(truth, pose), truth, atol=2e-3)


@pytest.mark.parametrize("focal", [FOCAL, 0.7 * FOCAL, None])
def test_an_error_across_the_line_of_sight_shrinks(focal):
    truth, pose = scene()
    wrong = truth.copy()
    wrong[:, WRIST, 0] += 0.05
    better = moved(wrong, pose, focal)
    left = 1 - 0.5 / (1 + (0.05 / FAR_M) ** 2)  # half of it at a spread of STEADY_M
    assert np.median(across(better, truth)) == pytest.approx(0.05 * left, abs=0.009)
    np.testing.assert_array_equal(better[..., 2], wrong[..., 2])
    assert (better[:, JOINT["root"]] == 0).all()


def test_an_error_that_moves_shrinks_more_than_a_steady_one():
    truth, pose = scene()
    wrong = truth.copy()
    wrong[:, WRIST, 0] += 0.03 * np.sin(np.arange(len(truth)))
    better = moved(wrong, pose)
    left = np.std((better - truth)[:, WRIST, 0]) / np.std((wrong - truth)[:, WRIST, 0])
    assert left == pytest.approx(1 - gain(STEADY_M, MOVING_M), abs=0.06)
    assert left < 0.4


def test_a_sure_network_is_believed_rather_than_the_picture():
    truth, pose = scene()
    wrong = truth.copy()
    wrong[:, WRIST, 0] += 0.05
    left = [np.median(across(moved(wrong, pose, spread_m=s), truth)) for s in (0, 0.01, 0.03, 0.1)]
    assert left[0] == pytest.approx(0.05, abs=1e-3) and left == sorted(left, reverse=True)
    assert left[-1] < 0.012
    unknown, usual = (moved(wrong, pose, spread_m=s) for s in (np.nan, USUAL_SPREAD_M))
    np.testing.assert_allclose(unknown, usual, atol=1e-12)


def test_a_joint_seen_far_away_is_hardly_believed():
    truth, pose = scene()
    pose.xy_px[:, WRIST, 0] += 800  # more than two metres
    way = np.linalg.norm((moved(truth, pose) - truth)[:, WRIST], axis=-1)
    assert way.max() < 0.1


def test_what_is_not_seen_moves_as_its_neighbours_in_time_do():
    truth, pose = scene()
    wrong = truth.copy()
    wrong[:, WRIST, 0] += 0.05
    seen = moved(wrong, pose)
    score = pose.score.copy()
    score[10:30, WRIST] = 0
    hidden = moved(wrong, replace(pose, score=score))
    assert np.linalg.norm((hidden - seen)[:, WRIST], axis=-1).max() < 0.004


def test_what_is_never_seen_moves_as_the_joint_it_hangs_on():
    truth, pose = scene()
    score = pose.score.copy()
    score[:, WRIST] = 0
    wrong = truth.copy()
    wrong[:, [WRIST, JOINT["lelbow"]], 0] += 0.05
    way = moved(wrong, replace(pose, score=score)) - wrong
    np.testing.assert_allclose(way[:, WRIST], way[:, JOINT["lelbow"]], atol=1e-12)
    assert way[:, WRIST, 0].max() < -0.012


@pytest.mark.parametrize("num_frames", [1, 2])
def test_few_frames(num_frames):
    truth, pose = scene()
    few = replace(
        pose, xy_px=pose.xy_px[:num_frames], score=pose.score[:num_frames],
        time_s=pose.time_s[:num_frames],
    )  # fmt: skip
    assert np.isfinite(moved(truth[:num_frames], few)).all()
    np.testing.assert_allclose(shift(truth[:num_frames], few), 0, atol=2)


def shift(xyz, pose, spread_m=STEADY_M):
    """(T, 17, 2) pixels by which the second look shifts the keypoints."""
    return overstated(raw(xyz, spread_m), pose, FOCAL).xy_px - pose.xy_px


def test_the_second_look_oversteps_what_the_first_missed():
    truth, pose = scene()
    wrong = truth.copy()
    sway = 0.03 * np.sin(np.arange(len(truth)))
    wrong[:, WRIST, 0] += sway
    asked = shift(wrong, pose)
    sideways_m = asked[..., 0] * moving_depth() / FOCAL
    share = -np.polyfit(sway, sideways_m[:, WRIST], 1)[0]
    assert share == pytest.approx(AGAIN * gain(STEADY_M, MOVING_M), rel=0.1)
    others = np.arange(17) != WRIST
    assert np.abs(asked[:, others]).max() < 0.3 * np.abs(asked[:, WRIST]).max()


def moving_depth():
    """(T, 17) metres from the camera."""
    return seen_by(lift("squat", [Timing()] * 2)[0], 40)[..., 2]


@pytest.mark.parametrize("spread_m", [0.005, 0.03, 0.2])
def test_a_steady_gap_is_made_up_for_as_far_as_the_network_is_unsure(spread_m):
    """Every joint but the root to be 4 cm off in x, to either side."""
    truth, pose = scene()
    wrong, side = truth.copy(), np.where(np.arange(17) % 2, 1.0, -1.0)
    side[JOINT["root"]] = 0
    wrong[..., 0] += 0.04 * side
    asked_m = shift(wrong, pose, spread_m)[..., 0] * moving_depth() / FOCAL
    believed = np.median(np.abs(asked_m[:, side != 0])) / AGAIN * (1 + (0.04 / FAR_M) ** 2) / 0.04
    expected = min(MOST_AGAIN, (OWN_SPREADS * spread_m / 0.04) ** 2)
    assert believed == pytest.approx(expected, rel=0.2, abs=0.01)


@pytest.mark.parametrize("step", [moved, shift])
def test_how_sure_the_network_is_goes_by_what_it_sees(step):
    """Neither a joint that is never seen nor frames in which nobody is change the rest."""
    truth, pose = scene()
    wrong = truth + np.array([0.03, 0, 0]) * np.sin(np.arange(len(truth)))[:, None, None]
    wrong[:, JOINT["root"]] = 0
    score = pose.score.copy()
    score[:, WRIST] = score[: len(score) // 2 + 5] = 0
    unseen = replace(pose, score=score)
    spread_m = np.full(truth.shape[:2], 0.01)
    sure = step(wrong, unseen, spread_m=spread_m)
    spread_m[score == 0] = 0.2
    np.testing.assert_array_equal(step(wrong, unseen, spread_m=spread_m), sure)


def test_what_is_not_seen_is_not_shifted():
    truth, pose = scene()
    score = pose.score.copy()
    score[10:30, WRIST] = 0
    xy_px = pose.xy_px.copy()
    xy_px[20, JOINT["head"]] = np.nan
    wrong = truth + np.array([0.03, 0, 0]) * np.sin(np.arange(len(truth)))[:, None, None]
    wrong[:, JOINT["root"]] = 0
    asked = shift(wrong, replace(pose, xy_px=xy_px, score=score))
    assert (asked[10:30, WRIST] == 0).all() and np.isnan(asked[20, JOINT["head"]]).all()
    assert (asked[:10, WRIST] != 0).any()


def test_nothing_is_shifted_out_of_sight():
    truth, pose = scene()
    xy_px = pose.xy_px.copy()
    xy_px[:, WRIST, 0] = 1.5 * SIZE[0] - 1 + np.sin(np.arange(len(xy_px)))  # as far out as may be
    low = replace(pose, xy_px=xy_px)
    asked = overstated(raw(truth, 0.2), low, FOCAL)
    np.testing.assert_array_equal(is_in_sight(asked), is_in_sight(low))
    assert (asked.xy_px[:, :, 0] != low.xy_px[:, :, 0]).any()
