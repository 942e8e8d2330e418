"""The load-velocity line: what it finds, and when it refuses."""

import re

import numpy as np
import pytest

from lib.report.load_velocity import Line, MinimumVelocity, Single, fit_line, heaviest_single

SQUAT = MinimumVelocity(0.23, 0.05)


def line_of(loads, one_rm=150.0, noise=0.0, seed=0):
    """Velocities that fall from 1.3 m/s at no load to 0.23 m/s at the heaviest single."""
    loads = np.asarray(loads, float)
    speeds = 1.3 - (1.3 - 0.23) * loads / one_rm
    speeds = speeds + noise * np.random.default_rng(seed).normal(size=len(loads))
    return fit_line(loads, speeds, np.full(len(loads), max(noise, 0.01)))


def test_the_line_and_the_heaviest_single_of_known_numbers():
    line = line_of([60, 80, 100, 120, 135])
    assert isinstance(line, Line)
    assert line.at_zero == pytest.approx(1.3) and line.slope == pytest.approx(-1.07 / 150)
    single = heaviest_single(line, SQUAT)
    assert isinstance(single, Single) and single.low_kg <= 150 <= single.high_kg
    # The spread of the velocity alone: 1.645 x 0.05 m/s over the slope.
    assert single.high_kg - 150 >= 1.645 * 0.05 * 150 / 1.07 - 1e-6
    assert single.low_kg >= 135


def test_the_interval_holds_the_truth_about_nine_times_in_ten():
    rng = np.random.default_rng(7)
    hits = []
    for seed in range(300):
        own = rng.normal(SQUAT.mean, SQUAT.sd)  # this lifter's last velocity
        loads = np.array([90.0, 110.0, 125.0, 135.0])
        speeds = 1.3 - (1.3 - own) * loads / 150 + 0.03 * rng.normal(size=4)
        line = fit_line(loads, speeds, np.full(4, 0.03))
        single = heaviest_single(line, SQUAT) if isinstance(line, Line) else "none"
        if isinstance(single, Single):
            hits.append(single.low_kg <= 150 <= single.high_kg)
        assert seed >= 0
    assert len(hits) > 200 and 0.8 < np.mean(hits) <= 1.0


def test_scatter_is_at_least_the_measurements_own():
    loads = [60, 80, 100]
    exact = fit_line(loads, [1.0, 0.8, 0.6], [0.05] * 3)
    assert exact.scatter == pytest.approx(0.05)
    unknown = fit_line(loads, [1.0, 0.8, 0.6], [float("nan")] * 3)
    assert unknown.scatter == pytest.approx(0, abs=1e-9)
    assert exact.sigma_at(150) > exact.sigma_at(80)


@pytest.mark.parametrize(
    ("loads", "speeds", "why"),
    [
        ([], [], "there are 0"), ([100], [0.5], "there are 1"),
        ([80, 80, 100, 100], [0.7, 0.7, 0.5, 0.5], "there are 2"),
        ([100, 105, 110], [0.5, 0.48, 0.45], "further apart"),
        ([60, 80, 100], [0.5, 0.5, 0.6], "not slower"),
        ([0, 80, 100], [1, 0.6, 0.5], "further apart"),
    ],
)  # fmt: skip
def test_no_line_and_why(loads, speeds, why):
    said = fit_line(loads, speeds, [0.03] * len(loads))
    assert isinstance(said, str) and why in said


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (Line(1.3, -1.07 / 150, 0.02, np.array([40.0, 60, 80])), "80 kg"),
        (Line(0.9, -0.005, 0.02, np.array([100.0, 130, 160])), "below what was lifted"),
        (Line(1.3, -1.07 / 150, 0.5, np.array([100.0, 120, 140])), "too wide"),
        (Line(0.5, -0.0015, 0.01, np.array([120.0, 150, 170])), "too wide"),
    ],
)
def test_no_heaviest_single_and_why(line, why):
    said = heaviest_single(line, SQUAT)
    assert isinstance(said, str) and why in said, said


def test_a_load_that_would_do_is_never_one_that_was_lifted():
    for heaviest in (119, 119.5, 119.95, 120, 120.5):  # 120 kg are 80 % of 150
        said = heaviest_single(Line(1.3, -1.07 / 150, 0.02, np.array([60, 90, heaviest])), SQUAT)
        if isinstance(said, str):
            wanted, lifted = re.findall(r"([\d.]+) kg", said)[1:]
            assert float(wanted) > float(lifted) == heaviest, said
        else:
            assert heaviest >= 119.99
