"""What is a gap in a track: by the time it lasts and by how often somebody is seen at all."""

import numpy as np
import pytest
from moving_body import Timing, as_pose, lift, seen_by

from lib.infer.ground import SizeConfig, grounded
from lib.infer.place import place
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


SLOWER = np.concatenate([np.arange(500) / 50, 10 + np.arange(100) / 10])


@pytest.mark.parametrize(("num_missing", "num_pieces"), [(1, 1), (2, 2), (7, 2)])
def test_a_gap_lasts_as_long_as_its_stamps_say(num_missing, num_pieces):
    """Not as many frames as a quarter second has on the average."""
    pose = sways(SLOWER, range(550, 550 + num_missing))
    assert len(segments(pose, 25.0)) == num_pieces


@pytest.mark.parametrize(("num_missing", "num_pieces"), [(5, 2), (12, 2), (13, 3)])
def test_a_pause_elsewhere_makes_no_gap_longer(num_missing, num_pieces):
    time_s = np.arange(600) / 50 + np.where(np.arange(600) >= 300, 40, 0)
    pose = sways(time_s, range(100, 100 + num_missing))
    assert len(segments(pose, 25.0)) == num_pieces


@pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 50.0, 60.0, 240.0])
def test_at_even_rates_gaps_are_counted_in_frames(fps):
    """The same as ever, also at both ends, whatever the stamps are rounded to."""
    most = round(0.25 * fps)
    for at in (0, 150, 400 - most):
        pose = sways(np.arange(400) / fps, range(at, at + most))
        assert np.isfinite(fill_short_gaps(pose)[0]).all()
        at = min(at, 399 - most)
        pose = sways(np.round(np.arange(400) / fps, 3), range(at, at + most + 1))
        assert not np.isfinite(fill_short_gaps(pose)[0][at : at + most + 1]).any()


@pytest.mark.parametrize(
    ("time_s", "expected"),
    [
        (np.arange(100) / 30, 30.0),
        (np.arange(100) / 30 + 1e-3 * (np.arange(100) % 3 == 1), 30.0),
        (np.arange(100) / 30 + np.where(np.arange(100) > 50, 60, 0), 30.0),
        (SLOWER, 50.0),
        (np.array([0.0, 0.5]), 2.0),
    ],
)
def test_the_usual_rate_is_that_of_most_frames(time_s, expected):
    pose = sways(time_s)
    assert pose.usual_fps == pytest.approx(expected, rel=0.02)
    if abs(pose.fps / expected - 1) < 0.05:
        assert pose.usual_fps == pose.fps


def test_a_pause_plants_no_walking_foot_and_moves_nobody():
    walk = seen_by(lift("squat", [Timing()], 50)[0][:200], 40)
    walk = walk + np.linspace(0, 4, 200)[:, None, None] * [1, 0, 0] - [2, 0, 0]
    pause = np.where(np.arange(200) >= 100, 60, 0)
    even, paused = (np.arange(200) / 50 + p for p in (0, pause))
    rate = 199 / paused[-1]
    xyz = [
        grounded(as_pose(walk, fps, time_s=t), SizeConfig(), (1280, 720))
        for fps, t in ((50.0, even), (rate, paused))
    ]
    assert not xyz[0].is_planted.any() and not xyz[1].is_planted.any()
    px = walk[..., :2] / walk[..., 2:] * 1000 + [640, 360]
    rel = walk - walk[:, :1]
    placed = [
        place(rel, Pose2D(px, np.ones(px.shape[:2]), fps, (1280, 720), time_s=t), 1000.0).xyz
        for fps, t in ((50.0, even), (rate, paused))
    ]
    np.testing.assert_allclose(placed[1], placed[0], atol=1e-9)
