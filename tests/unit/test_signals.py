"""Gap filling, resampling and filtering along time."""

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from lib.signals import (
    fill_gaps,
    finite_runs,
    leaps,
    lowpass,
    median_known,
    pulse_height,
    resample,
    rolling_median,
    smooth,
)

NAN = np.nan


def test_gaps_are_bridged_by_straight_lines_and_ends_held():
    x = np.array([NAN, 1, NAN, NAN, 4, NAN])
    np.testing.assert_allclose(fill_gaps(x), [1, 1, 2, 3, 4, 4])
    assert np.isnan(x[0])  # the input is left alone


def test_gaps_longer_than_the_limit_stay():
    x = np.array([NAN, 1, NAN, 3, NAN, NAN, 6, NAN, NAN, NAN])
    filled = fill_gaps(x, max_gap=2)
    np.testing.assert_allclose(filled, [1, 1, 2, 3, 4, 5, 6, NAN, NAN, NAN])
    np.testing.assert_allclose(fill_gaps(x, max_gap=0), x)


def test_each_column_is_filled_on_its_own():
    x = np.stack([[0, NAN, 2], [NAN, NAN, NAN], [1, 1, 1]], -1).reshape(3, 3, 1)
    filled = fill_gaps(x)
    assert filled.shape == (3, 3, 1)
    np.testing.assert_allclose(filled[:, :, 0], [[0, NAN, 1], [1, NAN, 1], [2, NAN, 1]])


@pytest.mark.parametrize("x", [np.zeros(0), np.zeros((0, 3)), np.array([NAN]), np.array([2.0])])
def test_nothing_to_fill(x):
    np.testing.assert_array_equal(fill_gaps(x), x)


def test_resampling_to_the_same_times_changes_nothing():
    time_s = np.array([0, 0.1, 0.35, 0.4])
    x = np.random.default_rng(0).normal(size=(4, 2, 3))
    np.testing.assert_array_equal(resample(x, time_s, time_s), x)


def test_resampling_is_linear_and_holds_the_ends():
    x = resample(np.array([0.0, 10.0, 0.0]), np.array([1.0, 2.0, 4.0]), np.array([0, 1.5, 3, 9]))
    np.testing.assert_allclose(x, [0, 5, 5, 0])


def test_resampling_back_restores_a_straight_motion():
    at_30, at_50 = np.arange(31) / 30, np.arange(51) / 50
    x = np.stack([at_30, 2 - 3 * at_30], -1)
    back = resample(resample(x, at_30, at_50), at_50, at_30)
    np.testing.assert_allclose(back, x, atol=1e-12)


def test_a_missing_sample_spreads_only_between_its_neighbours():
    x = resample(np.array([0, NAN, 2, 3]), np.arange(4.0), np.arange(0, 3.1, 0.5))
    np.testing.assert_array_equal(np.isnan(x), [False, True, True, True, False, False, False])


def test_one_sample_is_held():
    np.testing.assert_array_equal(resample([[1, 2]], np.zeros(1), np.arange(3)), [[1, 2]] * 3)


def test_lowpass_keeps_the_slow_in_phase_and_drops_the_fast():
    time_s = np.arange(300) / 50
    slow, fast = np.sin(2 * np.pi * 0.5 * time_s), np.sin(2 * np.pi * 15 * time_s)
    filtered = lowpass(slow + fast, fps=50, cutoff_hz=4)
    middle = slice(25, -25)
    assert np.abs(filtered - slow)[middle].max() < 0.01


def test_lowpass_keeps_a_constant_and_every_column_apart():
    x = np.zeros((60, 2, 2)) + [[1, 2], [3, 4]]
    np.testing.assert_allclose(lowpass(x, 30, 5), x)


def test_lowpass_filters_runs_apart_and_keeps_gaps():
    rng = np.random.default_rng(0)
    x = np.stack([rng.normal(size=90), rng.normal(size=90)], -1)
    gappy = x.copy()
    gappy[30:35, 0] = NAN
    filtered = lowpass(gappy, 50, 5)
    assert np.isnan(filtered[30:35, 0]).all()
    np.testing.assert_allclose(filtered[:30, 0], lowpass(x[:30, 0], 50, 5))
    np.testing.assert_allclose(filtered[35:, 0], lowpass(x[35:, 0], 50, 5))
    np.testing.assert_allclose(filtered[:, 1], lowpass(x[:, 1], 50, 5))


@pytest.mark.parametrize("num", range(0, 14))
def test_any_length_passes_and_short_ones_unchanged(num):
    x = np.random.default_rng(0).normal(size=num)
    filtered = lowpass(x, 50, 5)
    assert filtered.shape == (num,)
    if num < 10:
        np.testing.assert_array_equal(filtered, x)


def test_cutoff_beyond_the_signal_changes_nothing():
    x = np.random.default_rng(0).normal(size=50)
    np.testing.assert_array_equal(lowpass(x, fps=10, cutoff_hz=5), x)


@pytest.mark.parametrize(
    ("ok", "runs"),
    [([], []), ([0, 0], []), ([1], [(0, 1)]), ([0, 1, 1, 0, 1], [(1, 3), (4, 5)])],
)
def test_finite_runs_are_half_open(ok, runs):
    assert finite_runs(np.array(ok, bool)) == runs


def waves(frequency_hz, time_s):
    return np.sin(2 * np.pi * frequency_hz * time_s)


@pytest.mark.parametrize("fps", [10.0, 25.0, 30.0, 50.0, 240.0])
def test_smoothing_passes_by_frequency_and_at_low_rates_more(fps):
    time_s = np.arange(round(8 * fps)) / fps
    middle = slice(round(2 * fps), round(6 * fps))
    for frequency_hz in (0.5, 2.5, 4.0, 5.0):
        wave = waves(frequency_hz, time_s + 0.03)
        smoothed = smooth(wave, time_s, 5.0)
        seen_hz = np.sin(np.pi * frequency_hz / fps) * fps / np.pi
        share = 1 / (1 + (seen_hz / 5.0) ** 4)
        np.testing.assert_allclose(smoothed[middle], share * wave[middle], atol=1e-3)


def test_smoothing_delays_nothing_and_bends_no_line():
    time_s = np.cumsum(np.random.default_rng(0).uniform(0.01, 0.05, 200))
    line = np.stack([3 - 2 * time_s, 5 * time_s], -1)
    np.testing.assert_allclose(smooth(line, time_s, 3.0), line, atol=1e-9)
    wave = np.exp(-((time_s - time_s[100]) ** 2) / 0.1)
    assert abs(np.argmax(smooth(wave, time_s, 5.0)) - 100) <= 1


def test_smoothing_at_uneven_times_follows_the_motion():
    time_s = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.05, 300))
    wave = waves(1.0, time_s)
    assert np.abs(smooth(wave, time_s, 6.0) - wave)[10:-10].max() < 0.01


@pytest.mark.parametrize("num", [0, 1, 2, 3])
def test_smoothing_few_samples(num):
    x = np.arange(num * 2.0).reshape(num, 2)
    np.testing.assert_allclose(smooth(x, np.arange(num) / 30, 5.0), x, atol=1e-9)


def test_a_pulse_has_height_and_a_step_or_ramp_has_none():
    x = np.zeros(100)
    x[40:50] = 1.0
    pulse = pulse_height(x, 24)
    assert (pulse[40:50] == 1).all() and (pulse[:40] == 0).all() and (pulse[50:] == 0).all()
    assert (pulse_height(np.repeat([0.0, 1.0], 50), 24) == 0).all()
    assert (pulse_height(np.linspace(0, 1, 100), 24) == 0).all()
    longer = np.zeros(100)
    longer[20:80] = 1.0
    assert pulse_height(longer, 24)[45] == 0  # too long for a flight
    assert pulse_height(np.array([3.0]), 24).tolist() == [0.0]


@pytest.mark.parametrize("num", [9, 10, 11, 200])
def test_the_filter_is_scipys_from_the_shortest_run_on(num):
    x = np.random.default_rng(3).normal(size=(num, 2)).cumsum(0) + 5
    sos = butter(2, 4, fs=30, output="sos")
    expected = sosfiltfilt(sos, x, axis=0) if num > 9 else x
    np.testing.assert_allclose(lowpass(x, 30, 4), expected, rtol=0, atol=1e-12)
    gappy = np.concatenate([x, np.full((1, 2), NAN), x])
    np.testing.assert_allclose(lowpass(gappy, 30, 4)[-num:], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [2, 5, 8, 41])
def test_a_rolling_median_keeps_columns_apart_and_repeats_the_ends(size):
    x = np.random.default_rng(1).normal(size=(20, 2, 3)) + [0, 100, 200]
    half = size // 2
    padded = np.concatenate([x[:1].repeat(half, 0), x, x[-1:].repeat(half, 0)])
    expected = [np.median(padded[i : i + 2 * half + 1], axis=0) for i in range(len(x))]
    np.testing.assert_array_equal(rolling_median(x, size), expected)


def test_a_median_leaves_out_what_is_missing():
    x = np.array([[3, NAN, NAN, 4], [1, 5, NAN, 1], [2, 1, NAN, 2], [NAN, NAN, NAN, 9]])
    np.testing.assert_array_equal(median_known(x), [2, 3, NAN, 3])
    assert median_known(np.array([NAN, 7.0])) == 7


def test_each_point_leaps_by_itself_over_what_is_missing():
    """Four points at random within a millimetre; two leap aside for five samples, one of which is
    missing, and one leaps but not back."""
    x = np.random.default_rng(2).normal(scale=1e-3, size=(60, 4, 3))
    x[20:25, 1] += [0.3, 0, 0]
    x[40:45, 2] += [0, 0.3, 0]
    x[[22, 50, 51, 52], 1] = NAN
    x[30:, 3] += [0.3, 0, 0]
    away = np.zeros((60, 4), bool)
    away[[20, 21, 23, 24], 1] = away[40:45, 2] = True
    np.testing.assert_array_equal(leaps(x, 15, 0.1), away)
    assert not leaps(x, 3, 0.1).any()
    assert leaps(x[:4], 15, 0.1).shape == (4, 4)
    assert not leaps(np.full((9, 2, 3), NAN), 15, 0.1).any()
