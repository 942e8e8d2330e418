"""Many sets and thousands of repetitions cost no more than their number."""

import time

import numpy as np
import pytest
from moving_body import Timing, as_pose, lift, seen_by
from scipy.stats import theilslopes
from test_setwise import ONE_TREND, SCENE, SQUAT, reps_of

from lib.analysis import scene
from lib.analysis.report import analyse
from lib.analysis.setwise import metric_summary, set_measures, theil_sen


@pytest.mark.parametrize("num", [301, 900])
def test_a_trend_of_very_many_is_told_from_some_of_their_pairs(num):
    places = np.arange(num)
    values = np.random.default_rng(num).normal(size=num) + 1e-3 * places
    theirs = theilslopes(values, places, alpha=0.90)
    few = 0.1 * (theirs.high_slope - theirs.low_slope)
    ours = theil_sen(values, places)
    assert ours[0] == pytest.approx(theirs.slope, abs=few)
    assert ours[1:] == pytest.approx((theirs.low_slope, theirs.high_slope), abs=2 * few)
    assert theil_sen(2.0 * places, places) == (2.0, 2.0, 2.0)


def test_what_is_said_of_a_set_costs_time_linear_in_its_repetitions():
    values = np.random.default_rng(0).normal(size=3000)
    reps = reps_of(values, ["full", "partial"] * 1500)
    start = time.process_time()
    metric_summary(SQUAT, SCENE, reps, "PU-07a", 1.0)
    set_measures(ONE_TREND, SCENE, reps, {}, 1.0)
    assert time.process_time() - start < 0.4


def test_each_set_is_looked_at_once_and_not_the_recording_for_each_set(monkeypatch):
    """How straight the arms come, which the lockout is counted from."""
    samples, window_mean = [], scene.window_mean

    def counting(*given):
        samples.append(len(given[0]))
        return window_mean(*given)

    monkeypatch.setattr(scene, "window_mean", counting)
    looks = []
    for num_sets in (1, 6):
        samples.clear()
        xyz = lift("pushup", [Timing(), Timing(rest_s=14)] * num_sets, 30)[0]
        report = analyse(as_pose(seen_by(xyz, 90)), exercise="pushup")
        assert len(report["sets"]) == num_sets
        looks.append(sum(samples))
    assert looks[1] < 6.5 * looks[0]
