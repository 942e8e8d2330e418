"""How much of a fault a lifter draws."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmarks.faults_drawn import LIFTS, cell, told_by, values_of
from benchmarks.form import CASES
from benchmarks.metric_noise import film_set, true_pose
from lib.analysis.exercises import load_exercise


def test_what_is_drawn_at_half_its_size_has_half_the_slope():
    true = np.linspace(0, 10, 50)
    assert cell(true, 5 + 0.5 * true).startswith("0.50 / 2.9 / ")
    noise = np.tile([1.0, -1.0], 25)  # nearly upright to the line
    slope, error, told = cell(true, true + noise).split(" / ")
    assert (slope, error) == ("0.99", "1") and float(told) == pytest.approx(np.std(true), rel=0.02)


@pytest.mark.parametrize("true", [[], [1.0, 2.0], [3.0] * 9, [1.0, 2.0, *[float("nan")] * 2]])
def test_without_a_spread_there_is_nothing_to_tell(true):
    assert cell(true, true) == ""


@pytest.mark.parametrize("lift", LIFTS)
def test_every_fault_has_a_metric(lift):
    metrics = told_by(lift)
    faults = [ids for of, _, ids in CASES.values() if of == lift and ids and "SQ-15" not in ids]
    assert all(any(m.startswith(i) for m in metrics for i in ids) for ids in faults)


def test_the_true_motion_against_itself_and_against_half_its_size():
    """Lengths are in thigh lengths and angles are angles: size does not matter."""
    one = film_set("dev", "deadlift", "side", 0, CASES["hips shoot 15 deg"][1])
    true = true_pose(one)
    half = replace(true, xyz=true.xyz / 2, unit="relative")
    reference, same, small = values_of(true, [true, half], load_exercise("deadlift"))
    assert len(reference["DL-03"]) == 5 and set(reference) == set(told_by("deadlift"))
    for name, values in reference.items():
        np.testing.assert_array_equal(same[name], values)
        np.testing.assert_allclose(small[name], values, rtol=1e-6, atol=1e-6)
