"""Keypoints far outside the picture, which no detector can have seen."""

import re

import numpy as np
import pytest
from torch import nn

from lib.analysis.track import prepare
from lib.errors import UserError
from lib.infer.lift import Lifter
from lib.infer.steps import NO_STEPS
from lib.infer.track import segments, trusted
from lib.pose import Pose2D

SIZE = (1280, 720)


def standing(num_frames=60):
    figure = np.random.default_rng(5).uniform(-1, 1, (17, 2)) * [60, 200] + [640, 380]
    xy = np.repeat(figure[None], num_frames, 0)
    return Pose2D(xy, np.full(xy.shape[:2], 0.9), 30.0, SIZE, source="a.json")


@pytest.mark.parametrize("where", [(2000, 300), (-700, 300), (600, 1100), (600, -400), (9e5, 9e5)])
def test_a_joint_far_outside_the_picture_is_as_good_as_missing(where):
    far, missing = standing(), standing()
    far.xy_px[30, 3], missing.score[30, 3] = where, 0
    assert np.argwhere(~trusted(far)).tolist() == [[30, 3]]
    (one,), (other,) = segments(far, 50.0), segments(missing, 50.0)
    assert (one.xy_px == other.xy_px).all() and (one.score == other.score).all()


@pytest.mark.parametrize("where", [(1300, 300), (-600, 300), (1900, 1070), (600, -350)])
def test_a_joint_just_outside_may_be_right(where):
    pose = standing()
    pose.xy_px[30, 3] = where
    assert trusted(pose).all()


def test_somebody_wholly_outside_is_nobody_and_the_picture_is_named():
    pose = standing()
    pose.xy_px[:, :, 0] += 2000
    with pytest.raises(UserError, match=re.escape("in or near the picture of 1280x720 px")):
        segments(pose, 50.0)


def test_what_was_not_seen_is_not_seen_after_lifting_either():
    pose = standing()
    pose.xy_px[30, 3] = (2000, 300)
    pose.score[31, 3] = 0.2
    lifted = Lifter(nn.Identity(), window=27, fps=30.0, steps=NO_STEPS).lift(pose)
    assert np.argwhere(~prepare(lifted).is_seen).tolist() == [[30, 3], [31, 3]]
    assert lifted.score[30:33, 3].tolist() == [0, 0.2, 0.9]
    assert (lifted.xy_px == pose.xy_px).all()  # drawn where the detector had it
