"""Confidence is lower for what is noisy, unseen, unlike the rest or near a limit."""

import numpy as np
import pytest
from filmed_lifts import FIVE, NAMES, pose_of
from moving_body import Timing, as_pose, lift, ramp, seen_by

from lib.analysis.reps import count_reps
from lib.skeleton import JOINT, indices


def confidences(pose, name="squat"):
    return [rep.confidence for rep in count_reps(pose, name).reps]


def test_between_0_and_1_and_lower_under_noise():
    for name in NAMES:
        clean, noisy = (confidences(pose_of(name, FIVE, noise=n)[0], name) for n in (0.0, 1.0))
        assert all(0 <= value <= 1 for value in clean + noisy)
        assert np.mean(noisy) < np.mean(clean)
        assert min(clean) > 0.7


def test_lower_near_the_least_movement():
    values = confidences(pose_of("squat", [Timing(), Timing(), Timing(depth=0.38)])[0])
    assert values[2] < 0.7 * min(values[:2])


def test_lower_near_a_missed_lockout():
    locked, not_quite = (
        confidences(pose_of("squat", [Timing(), Timing(lockout=left), Timing()], noise=0.5)[0])
        for left in (0.0, 0.5)
    )
    assert not_quite[1] < 0.97 * locked[1]


def test_lower_where_joints_were_not_seen():
    pose, marks = pose_of("squat", FIVE)
    at = round(marks[2][0] * 30) + 10
    xyz = pose.xyz.copy()
    xyz[at : at + 30, indices("lknee", "rknee")] = np.nan
    values = confidences(as_pose(xyz))
    assert values[2] < 0.8 * min(values[:2])


def test_lower_for_the_one_unlike_the_others():
    """The same depth, but held at the bottom for three times as long."""
    alike = confidences(pose_of("squat", [Timing()] * 4)[0])
    odd = confidences(pose_of("squat", [Timing(), Timing(), Timing(hold_s=4.0), Timing()])[0])
    assert odd[2] < 0.9 * alike[2]
    assert odd[0] > 0.95 * alike[0]


@pytest.mark.parametrize("when", ["down", "up"])
def test_a_foot_that_slides_nearly_too_far_is_doubted_on_either_way(when):
    xyz, marks = lift("squat", [Timing(rest_s=1.5)] * 3, 30)
    start, bottom, end = marks[1]
    first, last = (start, bottom) if when == "down" else (bottom, end)
    slide = 0.17 * ramp((np.arange(len(xyz)) / 30 - first - 0.1) / (last - first - 0.2))
    xyz[:, JOINT["rankle"], 0] += slide
    before, of_it, after = confidences(as_pose(seen_by(xyz, 0)))
    assert of_it < 0.7 < 0.9 < min(before, after)
