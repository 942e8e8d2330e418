"""What is a gap in a track: by the time it lasts and by how often somebody is seen at all."""

import numpy as np
import pytest

from lib.infer.track import fill_short_gaps, segments
from lib.pose import Pose2D


def sways(time_s, missing=()):
    """Keypoints that go to and fro; nothing is seen in the frames missing."""
    time_s = np.asarray(time_s, float)
    figure = np.random.default_rng(5).uniform(-1, 1, (17, 2)) * [60, 200] + [640, 380]
    xy = figure + 50 * np.sin(time_s)[:, None, None]
    score = np.full(xy.shape[:2], 0.9)
    score[list(missing)] = 0
    fps = (len(time_s) - 1) / (time_s[-1] - time_s[0])
    return Pose2D(np.where(score[..., None] > 0, xy, 0.0), score, fps, (1280, 720), time_s=time_s)


@pytest.mark.parametrize("fps", [2, 3, 4, 10])
def test_few_frames_a_second_are_one_track(fps):
    (piece,) = segments(sways(np.arange(60) / fps), 25.0)
    assert piece.frames == slice(0, 60)


@pytest.mark.parametrize("every", [5, 14, 30])
def test_detections_of_every_so_many_frames_are_one_track(every):
    time_s = np.arange(600) / 50
    missing = np.flatnonzero(np.arange(600) % every)
    pose = sways(time_s, missing)
    (piece,) = segments(pose, 25.0)
    last = 599 // every * every
    assert piece.frames.start == 0 and piece.frames.stop >= last + 1
    xy = fill_short_gaps(pose)[0]
    truth = sways(time_s).xy_px
    np.testing.assert_allclose(xy[:last], truth[:last], atol=3)


@pytest.mark.parametrize(("num_missing", "num_pieces"), [(12, 1), (13, 2), (100, 2)])
def test_a_gap_among_frequent_frames_is_long_beyond_a_quarter_second(num_missing, num_pieces):
    pose = sways(np.arange(600) / 50, range(200, 200 + num_missing))
    assert len(segments(pose, 25.0)) == num_pieces


def test_a_gap_among_rare_frames_and_frames_that_are_too_rare_are_long():
    assert len(segments(sways(np.arange(60) / 3, range(20, 30)), 25.0)) == 2
    assert len(segments(sways(np.arange(5) * 3.0), 25.0)) == 5
