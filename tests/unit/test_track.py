"""Cleaning before analysis: clock, outliers, gaps."""

import numpy as np
import pytest
from filmed_lifts import frames_of
from moving_body import Timing, as_pose, lift, seen_by

from lib.analysis.form import joint_angles
from lib.analysis.report import analyse
from lib.analysis.reps import count_reps
from lib.analysis.track import prepare
from lib.analysis.zigzag import turning_points
from lib.errors import UserError
from lib.signals import hampel_outliers, rolling_median
from lib.skeleton import JOINT


def squats(fps=30):
    return seen_by(lift("squat", [Timing()] * 3, fps)[0], 50)


def test_a_wild_joint_is_taken_out_and_the_rest_kept():
    xyz = squats()
    clean = prepare(as_pose(xyz)).xyz
    xyz[70:73, JOINT["lknee"]] += [0.5, 0.3, 0]
    track = prepare(as_pose(xyz))
    assert not track.is_seen[70:73, JOINT["lknee"]].any()
    assert np.argwhere(~track.is_seen)[:, 1].tolist() == [JOINT["lknee"]] * 3
    assert track.is_measured.all()
    assert np.abs(track.xyz - clean).max() < 0.02


def test_clean_fast_motion_has_no_outliers():
    xyz = seen_by(lift("squat", [Timing(0.45, 0, 0.45, 0)] * 6, 60)[0])
    assert prepare(as_pose(xyz, 60)).is_seen.all()


def test_gaps_are_bridged_by_length():
    xyz = squats()
    joint = JOINT["rwrist"]
    xyz[20:25, joint] = xyz[60:90, joint] = xyz[100:160, joint] = np.nan
    track = prepare(as_pose(xyz))
    assert np.isfinite(track.xyz[20:25, joint]).all()
    assert track.is_measured[20:25, joint].all()
    assert np.isfinite(track.xyz[60:90, joint]).all()
    assert not track.is_measured[60:90, joint].any()
    assert np.isnan(track.xyz[100:160, joint]).all()


@pytest.mark.parametrize(("fps", "expected"), [(10, 25), (25, 25), (50, 50), (60, 60), (200, 60)])
def test_clock_stays_between_25_and_60(fps, expected):
    track = prepare(as_pose(squats(fps), fps))
    assert track.fps == expected
    assert np.diff(track.time_s) == pytest.approx(1 / expected)
    assert track.to_source(len(track) - 1) == pytest.approx(len(squats(fps)) - 1, abs=fps / 25)


def test_a_hole_in_the_time_stamps_is_a_gap():
    xyz = squats()
    kept = np.r_[0:60, 120 : len(xyz)]
    track = prepare(as_pose(xyz[kept], time_s=kept / 30))
    assert len(track) == len(xyz)
    assert np.isnan(track.xyz[80:100]).all()


def test_rolling_median_and_hampel():
    x = np.array([0, 0, 9, 0, 0, 0, 5, 5, 5, 5.0])
    assert rolling_median(x, 3).tolist() == [0, 0, 0, 0, 0, 0, 5, 5, 5, 5]
    assert rolling_median(np.zeros((0, 2)), 3).shape == (0, 2)
    assert np.flatnonzero(hampel_outliers(x, 5, 4.0, 1.0)).tolist() == [2]
    assert not hampel_outliers(np.full(9, np.nan), 5, 4.0, 1.0).any()


def test_turning_points():
    u = np.array([0, 5, 3, 10, 4, 6, 0, 0, 8, 7.0])
    assert turning_points(u, 6.0).tolist() == [0, 3, 7, 8]
    assert turning_points(u, 4.5).tolist() == [0, 3, 7, 8]
    assert turning_points(u, 20.0).tolist() == []
    assert turning_points(np.zeros(0), 1.0).tolist() == []
    assert turning_points(np.array([0.0, 9.0]), 5.0).tolist() == [0, 1]
    assert turning_points(np.array([9.0, 0.0]), 5.0).tolist() == [0, 1]


def test_joints_the_detector_hardly_saw_are_unknown():
    xyz = squats()
    score = np.ones(xyz.shape[:2])
    score[40:60, JOINT["lknee"]] = 0.2
    score[100:103] = 0.0
    score[:, JOINT["rwrist"]] = np.nan  # not told: no reason to doubt it
    track = prepare(as_pose(xyz, score=score))
    assert not track.is_seen[40:60, JOINT["lknee"]].any()
    assert not track.is_measured[40:60, JOINT["lknee"]].any()
    assert track.is_seen[100:103].sum() == 3
    assert track.is_measured[100:103].all()
    assert track.is_seen[:, JOINT["rwrist"]].all()


@pytest.mark.parametrize("hole_s", [40.0, 36000.0, 1e9])
def test_a_long_pause_costs_no_samples_and_times_stay_true(hole_s):
    """In the middle of the second of three squats."""
    xyz = squats()
    at = len(xyz) // 2
    time_s = np.arange(len(xyz)) / 30 + 7.0
    later_s = np.where(np.arange(len(xyz)) < at, 0.0, 1.0)
    pose, short = (as_pose(xyz, time_s=time_s + later_s * s) for s in (hole_s, 4.0))
    track = prepare(pose)
    assert len(track) < len(xyz) + 200
    from_frames_s = np.interp(track.source_frame, np.arange(len(xyz)), pose.time_s)
    assert track.time_s == pytest.approx(from_frames_s, abs=1e-3)
    assert (np.diff(track.time_s) > 0).all()
    count, other = count_reps(pose, "squat"), count_reps(short, "squat")
    assert frames_of(count) == pytest.approx(frames_of(other), abs=1)
    others = joint_angles(short)
    for name, angle in joint_angles(pose).items():
        assert np.count_nonzero(np.isnan(angle)) <= 4
        assert np.nanmax(np.abs(angle - others[name])) < 1.0


@pytest.mark.parametrize(("hole_s", "num_sets"), [(8.0, 1), (11000.0, 2)])
def test_frames_that_are_not_there_are_no_pause(hole_s, num_sets):
    xyz, marks = lift("squat", [Timing(rest_s=2.0)] * 2, 30)
    time_s = np.arange(len(xyz)) / 30
    rest_s = marks[1][0] - marks[0][2]
    time_s[round((marks[0][2] + rest_s / 2) * 30) :] += hole_s
    sets = analyse(as_pose(seen_by(xyz, 50), time_s=time_s), exercise="squat")["sets"]
    assert len(sets) == num_sets
    assert sets[0]["reps"][0]["tempo"]["pause_top_s"] is None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: np.where(t == t[-1], np.inf, t), "time_s does not increase after frame"),
        (lambda t: np.where(t == t[5], np.nan, t), "time_s does not increase after frame 4"),
        (lambda t: t[::-1], "time_s does not increase after frame 0"),
        (lambda t: 1000 * t, "time_s goes in steps of 33.3333 at 30 fps; give it in seconds"),
    ],
)
def test_times_that_cannot_be_are_refused(change, says):
    xyz = squats()
    with pytest.raises(UserError, match=says):
        prepare(as_pose(xyz, time_s=change(np.arange(len(xyz)) / 30)))
