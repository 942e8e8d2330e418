"""Left/right repair: exchanged limbs are put right, limbs that cross are left alone."""

from dataclasses import replace

import numpy as np
import pytest
from moving_body import Timing, lift, seen_by, walk

from lib.infer.swaps import LIMBS, repair_swaps
from lib.pose import Pose2D
from lib.skeleton import MIRROR, indices

SIZE = (1280, 720)


def filmed(xyz, yaw_deg, fps=30.0, noise_px=1.0, seed=0, **view):
    """2D of a made-up body (T, 17, 3), with a little noise."""
    cam = seen_by(xyz, yaw_deg, **view)
    xy = cam[..., :2] / cam[..., 2:] * 1000 + [640, 360]
    xy += np.random.default_rng(seed).normal(0, noise_px, xy.shape)
    return Pose2D(xy, np.full(xy.shape[:2], 0.9), fps, SIZE)


def squatting(yaw_deg=20, fps=30.0, **more):
    return filmed(lift("squat", [Timing()] * 3, fps)[0], yaw_deg, fps, **more)


def exchange(pose, frames, limb="legs"):
    """The pose with a limb pair exchanged in some frames."""
    left, right = (indices(*(side + part for part in LIMBS[limb])) for side in "lr")
    xy, score = pose.xy_px.copy(), pose.score.copy()
    rows = np.asarray(frames)[:, None]
    xy[rows, left + right] = pose.xy_px[rows, right + left]
    score[rows, left + right] = pose.score[rows, right + left]
    return replace(pose, xy_px=xy, score=score)


@pytest.mark.parametrize("limb", list(LIMBS))
@pytest.mark.parametrize(
    "frames", [[40], range(40, 42), range(30, 60), range(0, 9), range(130, 150)]
)
def test_an_exchanged_stretch_is_put_right(limb, frames):
    pose = squatting()
    repaired, found = repair_swaps(exchange(pose, list(frames), limb))
    assert np.flatnonzero(found[limb]).tolist() == list(frames)
    np.testing.assert_array_equal(repaired.xy_px, pose.xy_px)
    np.testing.assert_array_equal(repaired.score, pose.score)
    (other,) = set(LIMBS) - {limb}
    assert not found[other].any()


def test_the_whole_body_exchanged_for_a_while_is_put_right():
    pose = squatting()
    swapped = exchange(exchange(pose, range(50, 70), "legs"), range(50, 70), "arms")
    np.testing.assert_array_equal(repair_swaps(swapped)[0].xy_px, pose.xy_px)


@pytest.mark.parametrize("fps", [15, 30, 60, 120])
@pytest.mark.parametrize("yaw_deg", [0, 45, 90, 180])
def test_legs_that_really_cross_are_left_alone(yaw_deg, fps):
    pose = filmed(walk(6, fps), yaw_deg, fps, distance_m=8)
    repaired, found = repair_swaps(pose)
    assert not any(frames.any() for frames in found.values())
    np.testing.assert_array_equal(repaired.xy_px, pose.xy_px)


def test_a_walk_seen_from_the_side_is_repaired_where_the_legs_are_apart():
    pose = filmed(walk(6, 30), 90, distance_m=8)
    apart = np.abs(pose.xy_px[:, indices("lankle")] - pose.xy_px[:, indices("rankle")]).sum((1, 2))
    start = int(np.argmax(apart))
    swapped = exchange(pose, range(start, start + 3))
    np.testing.assert_array_equal(repair_swaps(swapped)[0].xy_px, pose.xy_px)


def test_missing_keypoints_and_gaps_hide_no_swap():
    pose = squatting()
    score = pose.score.copy()
    score[np.random.default_rng(1).random(score.shape) < 0.2] = 0
    score[70:74] = 0
    pose = replace(pose, score=score)
    repaired, found = repair_swaps(exchange(pose, range(60, 80)))
    assert found["legs"][61:79].all() and not found["legs"][82:].any()
    np.testing.assert_array_equal(repaired.xy_px[61:79], pose.xy_px[61:79])


def test_nothing_is_claimed_across_a_long_gap():
    pose = squatting()
    score = pose.score.copy()
    score[60:90] = 0
    pose = exchange(replace(pose, score=score), range(90, len(score)))
    assert not repair_swaps(pose)[1]["legs"].any()


def test_a_recording_mirrored_throughout_is_left_as_it_is():
    pose = squatting()
    mirrored = replace(pose, xy_px=pose.xy_px[:, MIRROR], score=pose.score[:, MIRROR])
    assert not any(frames.any() for frames in repair_swaps(mirrored)[1].values())


@pytest.mark.parametrize("num_frames", [0, 1, 2, 3, 4])
def test_short_recordings(num_frames):
    pose = squatting()
    short = Pose2D(pose.xy_px[:num_frames], pose.score[:num_frames], 30.0, SIZE)
    repaired, found = repair_swaps(short)
    assert repaired.xy_px.shape == (num_frames, 17, 2) and not found["legs"].any()


def test_nan_where_nothing_is_known_spreads_nowhere():
    pose = squatting()
    xy, score = pose.xy_px.copy(), pose.score.copy()
    xy[20:25], score[20:25] = np.nan, 0
    pose = replace(pose, xy_px=xy, score=score)
    repaired, found = repair_swaps(exchange(pose, range(60, 70)))
    assert np.flatnonzero(found["legs"]).tolist() == list(range(60, 70))
    assert np.isfinite(repaired.xy_px[30:]).all()
