"""The periodicity cue: equal to its definition, the right period, no period where there is none."""

import time

import numpy as np
import pytest
from filmed_lifts import FIVE, NAMES, pose_of
from moving_body import Timing, as_pose, lift, seen_by, walk

from lib.analysis.periodicity import anchored, lag_distance, periodicity, periodicity_of
from lib.analysis.track import prepare


def direct(x, max_lag):
    """The definition, pair by pair."""
    known = np.isfinite(x).all(1)
    mean, random, pairs = [], [], []
    for lag in range(max_lag + 1):
        first, second = x[: len(x) - lag], x[lag:]
        both = known[: len(x) - lag] & known[lag:]
        mean.append((((first - second) ** 2).sum(1))[both].mean() if both.any() else np.nan)
        a, b = first[known[: len(x) - lag]], second[known[lag:]]
        random.append(((a[:, None] - b[None]) ** 2).sum(-1).mean() if both.any() else np.nan)
        pairs.append(both.sum())
    return np.array(mean), np.array(random), np.array(pairs)


@pytest.mark.parametrize("num", [1, 2, 7, 120])
@pytest.mark.parametrize("missing", [0.0, 0.2, 1.0])
def test_lag_distance_equals_the_direct_sum(num, missing):
    rng = np.random.default_rng(num)
    x = 100 + rng.normal(size=(num, 5)).cumsum(0)
    x[rng.random(num) < missing, 2] = np.nan
    for got, truth in zip(lag_distance(x, num // 2), direct(x, num // 2), strict=True):
        np.testing.assert_allclose(got, truth, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("period_s", [0.9, 2.0, 4.5])
def test_the_period_is_one_repetition_not_half_or_two(name, period_s):
    timing = Timing(period_s / 2, 0.0, period_s / 2, 0.0)
    pose, _ = pose_of(name, [timing] * 6, noise=0.7)
    cue, found_s = periodicity(prepare(pose))
    assert found_s == pytest.approx(period_s, rel=0.05)
    assert cue > 0.4


def test_two_halves_that_look_alike_are_not_the_period():
    """A signal at twice the frequency with a weaker true period, as steps left and right are."""
    t = np.arange(600) / 30
    x = np.stack([np.cos(2 * np.pi * t), 0.6 * np.cos(np.pi * t)], -1)
    cue, period_s = periodicity_of(x, 30.0)
    assert period_s == pytest.approx(2.0, abs=0.05)
    assert cue > 0.95


def test_two_repetitions_have_a_period_and_one_has_none():
    cue, period_s = periodicity(prepare(pose_of("squat", [Timing()] * 2)[0]))
    assert period_s == pytest.approx(3.0, rel=0.1) and cue > 0.5
    assert periodicity(prepare(pose_of("squat", [Timing()])[0]))[0] < 0.2


def test_what_does_not_repeat_has_no_period():
    rng = np.random.default_rng(0)
    drift = np.linspace(0, 1, 900)[:, None] * rng.normal(size=6)
    assert periodicity_of(drift, 30.0)[0] == 0
    wander = rng.normal(size=(900, 6)).cumsum(0)
    assert periodicity_of(wander, 30.0)[0] < 0.5
    assert periodicity_of(rng.normal(size=(900, 6)), 30.0)[0] < 0.35
    assert periodicity_of(np.zeros((900, 6)), 30.0)[0] == 0


EMPTY, ONE, STILL = (np.zeros((num, 17, 3)) for num in (0, 1, 300))


@pytest.mark.parametrize("xyz", [EMPTY, ONE, STILL, np.nan * STILL])
def test_nothing_to_see_has_no_period(xyz):
    cue, period_s = periodicity(prepare(as_pose(xyz)))
    assert cue == 0 and np.isnan(period_s)


def test_gaps_seams_scale_and_turning_change_little():
    pose, _ = pose_of("squat", FIVE * 2, noise=0.5)
    cue, period_s = periodicity(prepare(pose))
    holes = pose.xyz.copy()
    holes[200:290] = np.nan
    holes[:, 3] = np.nan
    seams = pose.xyz + (np.arange(len(pose.xyz)) // 243)[:, None, None] * [0, 0, 0.15]
    for xyz in (holes, seams, 3 * pose.xyz, pose.xyz[..., [2, 0, 1]]):
        other_cue, other_s = periodicity(prepare(as_pose(xyz)))
        assert other_s == pytest.approx(period_s, rel=0.05)
        assert other_cue == pytest.approx(cue, abs=0.1)


def test_walking_repeats_every_stride():
    cue, period_s = periodicity(prepare(as_pose(seen_by(walk(12, 30), 45))))
    assert period_s == pytest.approx(1 / 0.9, rel=0.05) and cue > 0.9


def test_ten_minutes_at_60_fps():
    xyz = seen_by(lift("squat", [Timing()] * 5, 60)[0])
    track = prepare(as_pose(np.resize(xyz, (36_000, 17, 3)), 60))
    start = time.process_time()
    periodicity(track)
    assert time.process_time() - start < 1.0


def test_anchored_is_free_of_where_the_body_is():
    xyz = seen_by(lift("squat", [Timing()] * 2)[0])
    walked = xyz + np.linspace(0, 5, len(xyz))[:, None, None]
    np.testing.assert_allclose(
        anchored(prepare(as_pose(walked))), anchored(prepare(as_pose(xyz))), atol=0.02
    )
