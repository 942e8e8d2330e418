"""Detections handed in by another program: frames that cannot be, joints without a place."""

from dataclasses import replace

import numpy as np
import pytest

from lib.detect.people import find_people
from lib.pose import Detections

FIGURE = np.random.default_rng(5).uniform(-1, 1, (17, 2)) * [40, 120] + [640, 380]


def standing(frame_id, ids=None):
    """One rigid figure in every frame."""
    num = len(frame_id)
    xy, score = np.broadcast_to(FIGURE, (num, 17, 2)), np.full((num, 17), 0.9)
    return Detections(np.asarray(frame_id), xy, score, score, np.ones(num), ids, "a.json")


@pytest.mark.parametrize(
    ("frame_id", "says"),
    [
        ([0, 2, 1], "frame_id decreases after row 1; sort the detections by frame"),
        ([-1, 0, 1], "frame_id begins at -1"),
        ([0.0, 1.0, 2.0], "frame_id is float64, expected whole numbers"),
        ([True, True, True], "frame_id is bool, expected whole numbers"),
    ],
)
def test_frames_that_cannot_be_are_refused(frame_id, says):
    with pytest.raises(ValueError, match=says):
        standing(frame_id)


def test_frames_of_any_width_and_several_people_a_frame_do():
    assert standing([]).frame_id.size == 0
    for kind in ("u1", "u4", ">i2"):
        found = standing(np.array([0, 0, 7], kind))
        assert (found.frame_id - 8).tolist() == [-8, -8, -1]


def test_a_frame_beyond_the_recording_is_told():
    crowd = find_people(standing(np.arange(20)), 30, (1280, 720))
    person, _ = crowd.choose()
    with pytest.raises(ValueError, match=r"a\.json: person 1 is in frame 19, time_s has 19"):
        crowd.pose_of(person, np.arange(19) / 30, 30.0, (1280, 720))


@pytest.mark.parametrize("is_tracked", [True, False])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_joints_without_a_place_cost_those_joints_alone(is_tracked, bad):
    found = standing(np.arange(300), np.ones(300, int) if is_tracked else None)
    is_bad = np.random.default_rng(0).random(found.xy_px.shape) < 0.01
    crowd = find_people(replace(found, xy_px=np.where(is_bad, bad, found.xy_px)), 30, (1280, 720))
    person, warning = crowd.choose()
    assert (person.num_frames, len(crowd.people), warning) == (300, 1, "")
    pose = crowd.pose_of(person, np.arange(300) / 30, 30.0, (1280, 720))
    assert (np.isfinite(pose.xy_px) == ~is_bad).all()
