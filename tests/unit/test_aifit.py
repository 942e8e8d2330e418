"""AIFit's segmentation: what is right about it, and what it cannot do by construction."""

import itertools
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from filmed_lifts import FIVE, NAMES, pose_of
from moving_body import Timing, as_pose, join, lift, seen_by, walk

from lib.analysis.aifit import (
    LEAST_SHARE,
    FixedPeriod,
    average_affinity,
    find_period,
    find_start,
    fixed_period,
    refine,
    segment_aifit,
)


def even(period_s: float) -> Timing:
    return Timing(period_s / 2, 0.0, period_s / 2, 0.0)


def wave(num_samples: int, period: float, lead: int = 0) -> np.ndarray:
    """(N, 2, 3) two joints that swing back and forth with unlike ways, after standing still."""
    phase = 2 * np.pi * np.maximum(np.arange(num_samples) - lead, 0) / period
    xyz = np.zeros((num_samples, 2, 3))
    xyz[:, 0, 2], xyz[:, 1, 0] = 1 - np.cos(phase), np.sin(phase)
    return xyz


@pytest.mark.parametrize("name", NAMES)
def test_five_repetitions_are_found(name):
    pose, marks = pose_of(name, FIVE, noise=1.0)
    segments = segment_aifit(pose)
    assert len(segments) == 5
    middles = np.mean(segments, axis=1) / pose.fps
    # It chooses the phase at which it cuts, the same for all.
    shift = middles - [(start + end) / 2 for start, _, end in marks]
    assert np.abs(shift - np.median(shift)).max() < 0.5


@pytest.mark.parametrize("period_s", [1.0, 1.5, 3.0, 6.0])
def test_RS1_the_period_is_not_the_most_different_lag(period_s):
    pose, _ = pose_of("squat", [even(period_s)] * 6, lead_s=0.5, tail_s=0.5)
    lengths = np.diff(segment_aifit(pose), axis=1) / pose.fps
    assert np.median(lengths) == pytest.approx(period_s, rel=0.07)


def test_RS1_the_smallest_local_maximum_wins_over_higher_ones():
    """Every second swing is a little larger, so that two periods fit better than one."""
    xyz = wave(400, 25.0)
    xyz[:, 0] *= np.where(np.arange(400) // 25 % 2, 1.15, 1.0)[:, None]
    period, _, _ = find_period(xyz, 12.5, 5)
    assert period == pytest.approx(25.0, abs=0.3)


@pytest.mark.parametrize("num", [5, 6, 8, 11, 15])
def test_RS2_the_number_is_found_not_given(num):
    pose, _ = pose_of("deadlift", [even(2.0)] * num, lead_s=0.3, tail_s=0.3)
    assert len(segment_aifit(pose)) == num


@pytest.mark.parametrize("num_frames", [0, 1, 2, 3, 10, 24, 25, 26, 60])
def test_RS4_too_short_for_five_repetitions_is_none(num_frames):
    pose, _ = pose_of("squat", FIVE)
    assert segment_aifit(as_pose(pose.xyz[:num_frames])) == []


@pytest.mark.slow
def test_RS4_ten_minutes_at_60_fps_take_seconds_and_little_memory():
    pose, _ = pose_of("squat", [Timing()] * 199, fps=60)
    assert len(pose.xyz) > 35_900
    tracemalloc.start()
    segments = segment_aifit(pose)
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    assert len(segments) == pytest.approx(199, abs=5)
    assert peak_mb < 200


@pytest.mark.parametrize("fps", [25, 50, 60])
def test_rate_size_place_and_turn_do_not_matter(fps):
    pose, _ = pose_of("pushup", FIVE, fps)
    once = np.array(segment_aifit(pose))
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    moved = as_pose(0.3 * pose.xyz @ turn + [1.0, -2.0, 7.0], fps)
    assert len(once) == 5
    assert np.abs(np.array(segment_aifit(moved)) - once).max() <= 0.1 * fps


def test_intervals_touch_and_stay_inside_the_recording():
    pose, _ = pose_of("squat", [Timing(d, 0.1, u) for d, u in [(1, 1), (2, 1.5), (0.7, 0.8)] * 3])
    segments = segment_aifit(pose)
    assert len(segments) >= 5
    assert segments[0][0] >= 0 and segments[-1][1] <= len(pose.xyz)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(segments))
    assert all(type(mark) is int for segment in segments for mark in segment)


def test_a_recording_trimmed_to_its_repetitions():
    """No rest lies behind the last, so the fifth period is a little short."""
    pose, marks = pose_of("squat", [Timing(1.2, 0.2, 1.2, 0.2)] * 5)
    first, last = round(marks[0][0] * pose.fps), round(marks[-1][-1] * pose.fps)
    assert last - first < 5 * 2.8 * pose.fps
    assert len(segment_aifit(as_pose(pose.xyz[first:last]))) == 5


def test_missing_data():
    pose, _ = pose_of("squat", FIVE)
    clean = segment_aifit(pose)
    xyz = pose.xyz.copy()
    xyz[np.random.default_rng(1).random(xyz.shape[:2]) < 0.1] = np.nan
    xyz[:, 13] = np.nan
    assert len(segment_aifit(replace(pose, xyz=xyz))) == len(clean) == 5
    xyz[100:160] = np.nan
    assert len(segment_aifit(replace(pose, xyz=xyz))) >= 5
    assert segment_aifit(replace(pose, xyz=np.full_like(xyz, np.nan))) == []
    assert segment_aifit(replace(pose, valid=np.zeros(len(xyz), bool))) == []


def test_a_pose_that_never_changes_has_no_period():
    pose, _ = pose_of("squat", FIVE)
    assert segment_aifit(as_pose(np.repeat(pose.xyz[:1], 300, 0))) == []
    assert segment_aifit(as_pose(np.zeros((300, 17, 3)))) == []


def test_fewer_than_k_min_cannot_be_found():
    """RS2's other side: one and two repetitions are out of its scope, whatever it answers."""
    pose, _ = pose_of("squat", [even(2.0)] * 4, lead_s=0.2, tail_s=0.2)
    assert len(segment_aifit(pose)) != 4
    assert len(segment_aifit(pose, k_min=3)) == 4
    with pytest.raises(ValueError, match="k_min is 1"):
        segment_aifit(pose, k_min=1)


def test_what_is_shaved_off_is_set_up():
    xyz, _ = lift("squat", [even(2.5)] * 5, 30)
    xyz = join(walk(4, 30, with_bar=True), xyz, walk(3, 30, with_bar=True), fps=30)
    segments = segment_aifit(as_pose(seen_by(xyz, 35, 5)))
    assert len(segments) == 5
    assert segments[0][0] > 3 * 30


def test_number_of_intervals_is_what_fits_in_the_part_that_is_not_shaved():
    model = fixed_period(wave(400, 25.0), 12.5, 5)
    assert (model.num, model.start) == (16, 0)
    assert model.boundaries[[0, -1]] == pytest.approx([0, 400], abs=1)
    # An eighth at each end is another motion, so the part in the middle is counted.
    xyz, other = wave(400, 25.0), wave(400, 17.0)[..., [1, 2, 0]] + 1
    xyz[:50], xyz[350:] = other[:50], other[350:]
    assert fixed_period(xyz, 12.5, 5).num == 12


def test_start_is_the_first_place_from_which_all_are_alike():
    xyz = wave(200, 20.0, lead=45)
    assert find_start(xyz, 20.0, 5, 5, 0.05) == pytest.approx(45, abs=2)
    # From where eight more would fit, no later.
    assert find_start(xyz, 20.0, 8, 5, 0.05) <= 40
    assert find_start(wave(100, 20.0), 20.0, 5, 5, 0.05) == 0


def test_gradient_is_the_slope():
    xyz = np.random.default_rng(0).normal(size=(60, 5, 3)).cumsum(0)
    boundaries = np.array([3.3, 12.2, 20.9, 33.1, 44.7])
    _, gradient = average_affinity(xyz, boundaries)
    step = 1e-6 * np.eye(5)
    slope = [
        (average_affinity(xyz, boundaries + e)[0] - average_affinity(xyz, boundaries - e)[0]) / 2e-6
        for e in step
    ]
    assert gradient == pytest.approx(slope, rel=1e-4, abs=1e-6)


def test_refinement_follows_the_tempo_and_keeps_order():
    lengths = np.array([20, 26, 17, 23, 21, 28])
    true = np.concatenate([[6.0], 6 + np.cumsum(lengths)])
    phase = 2 * np.pi * np.interp(np.arange(150), true, np.arange(7))
    xyz = np.stack([1 - np.cos(phase), np.sin(phase), np.sin(2 * phase) / 3], -1)[:, None]
    fixed = FixedPeriod(22.5, 6, 6).boundaries
    fine = refine(xyz, fixed, LEAST_SHARE * 22.5)
    assert average_affinity(xyz, fine)[0] > average_affinity(xyz, fixed)[0] / 3
    off = fine - true
    assert np.abs(off - off.mean()).max() < 1.5 < np.abs(fixed - true).max()
    # Towards one pose that never changes there is no end of shrinking but the least length.
    still = np.concatenate([xyz[:60], np.repeat(xyz[60:61], 90, 0)])
    short = np.diff(refine(still, fixed, LEAST_SHARE * 22.5))
    assert (short >= LEAST_SHARE * 22.5 - 1e-6).all()
