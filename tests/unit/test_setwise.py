"""What a set says: the verdict on its mean, and how much a metric changes from rep to rep."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import theilslopes

from lib.analysis.exercises import load_exercise
from lib.analysis.setwise import metric_summary, set_measures, theil_sen

PUSHUP, SQUAT = load_exercise("pushup"), load_exercise("squat")
ONE_TREND = replace(PUSHUP, set_metrics={"PU-07": PUSHUP.set_metrics["PU-07"]})
SCENE = SimpleNamespace(track=SimpleNamespace(frame="world"), jitter=1.0)
SEEN_FROM_THE_FRONT = SimpleNamespace(
    noise=1.0, jitter=1.0, is_lifted=False, length_per_femur=1.0, length_unit="femur",
    scale_sigma=0.0, lifter=SimpleNamespace(view="front", up=SimpleNamespace(sigma_deg=3.0)),
)  # fmt: skip


def reps_of(values, qualities=None):
    """As in the schema; None: not measurable."""
    rep = {"threshold_id": None, "unit": "deg", "reason": None}
    return [
        {"quality": quality, "metrics": {"PU-07a": {"value": value, **rep}}}
        for value, quality in zip(values, qualities or ["full"] * len(values), strict=True)
    ]


@pytest.mark.parametrize("num", [2, 5, 12])
def test_a_trend_is_that_of_theil_and_sen(num):
    rng = np.random.default_rng(num)
    places = np.sort(rng.choice(3 * num, num, replace=False))
    values = rng.normal(size=num) + 0.3 * places
    theirs = theilslopes(values, places, alpha=0.90)
    ours = theil_sen(values, places)
    assert ours[0] == pytest.approx(theirs.slope)
    if num >= 5:
        assert ours[1:] == pytest.approx((theirs.low_slope, theirs.high_slope))


@pytest.mark.parametrize(
    ("values", "qualities"),
    [
        ([10 + 2 * i if i % 2 else None for i in range(12)], None),
        ([10, 12, 14, None, None, 20, 22], None),
        ([10, 12, 99, 14, 16, 18], ["full", "full", "failed", "full", "full", "full"]),
        ([10, 12, None, 16, 18, 20], ["full", "full", "partial", "full", "full", "full"]),
    ],
)
def test_repetitions_that_were_not_measured_steepen_no_trend(values, qualities):
    """2 degrees a counted repetition."""
    reps = reps_of(values, qualities)
    summary = metric_summary(SQUAT, SCENE, reps, "PU-07a", 1.0)  # has no limits of it
    assert summary["trend_per_rep"] == pytest.approx(2.0)
    of_set, _ = set_measures(ONE_TREND, SCENE, reps, {}, 1.0)
    assert of_set["PU-07"]["value"] == pytest.approx(2.0)


def judged_reps(values, name):
    """Full repetitions; a value in a list: the limits do not hold for it."""
    return [
        {"quality": "full", "metrics": {name: {
            "value": value[0] if isinstance(value, list) else value, "unit": "ratio",
            "reason": None, "threshold_id": None if isinstance(value, list) else name}}}
        for value in values
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "judged_mean", "severity"),
    [
        ([1.1, [0.5], 1.1, [0.5], 1.1], 1.1, "ok"),
        ([[1.3], 0.7, [1.3], 0.7, [1.3]], 0.7, "fault"),
        ([[0.5], [0.7]], 0.6, "info"),
        ([1.1, 1.2], 1.15, "ok"),
    ],
)
def test_a_set_is_judged_by_the_reps_that_the_limits_hold_for(values, judged_mean, severity):
    """Repetitions in a stance that SQ-06 has no limits for have no part in its verdict."""
    found = metric_summary(SQUAT, SEEN_FROM_THE_FRONT, judged_reps(values, "SQ-06"), "SQ-06", 1.0)
    assert found["judged_mean"] == pytest.approx(judged_mean)
    assert found["severity"] == severity
    assert found["n"] == len(values)  # the mean shown is that of all
