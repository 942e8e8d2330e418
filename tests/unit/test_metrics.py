"""Lifting metrics against hand-made errors and the reference."""

from pathlib import Path

import numpy as np
import pytest

from lib.train.metrics import frame_weighted, lifting_scores, mpjpe_mm, mpjve_mm_s, p_mpjpe_mm

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "losses_reference.npz")


def test_golden_mpjpe_and_p_mpjpe():
    pred, gt = GOLDEN["pred"][0], GOLDEN["gt"][0]
    assert np.allclose(mpjpe_mm(pred, gt), 1000 * GOLDEN["mpjpe"], rtol=0, atol=1e-6)
    assert np.allclose(p_mpjpe_mm(pred, gt), 1000 * GOLDEN["p_mpjpe"], rtol=0, atol=1e-6)


def test_D8_fifty_millimetres_read_fifty():
    truth = np.random.default_rng(0).normal(size=(6, 17, 3))
    assert mpjpe_mm(truth + [0.03, 0.04, 0], truth) == pytest.approx(50)
    assert p_mpjpe_mm(truth + [0.03, 0.04, 0], truth) == pytest.approx(0, abs=1e-9)


def test_T1_a_frame_without_error_counts():
    truth = np.zeros((2, 17, 3))
    pred = truth.copy()
    pred[1] += [0.1, 0, 0]
    assert frame_weighted([lifting_scores(pred, truth, 50)])["mpjpe_mm"] == pytest.approx(50)


def test_means_are_over_frames_not_sequences():
    long, short = {"mpjpe_mm": np.full(90, 10.0)}, {"mpjpe_mm": np.full(10, 110.0)}
    assert frame_weighted([long, short])["mpjpe_mm"] == pytest.approx(20)


def test_missing_joints_and_frames_do_not_count():
    truth = np.random.default_rng(0).normal(size=(4, 17, 3))
    pred = truth + [0.01, 0, 0]
    truth[:, 10] = np.nan
    truth[2] = np.nan
    scores = frame_weighted([lifting_scores(pred, truth, 50)])
    assert scores["mpjpe_mm"] == pytest.approx(10)
    assert np.isnan(mpjpe_mm(pred, truth)[2])


def test_velocity_error_is_per_second():
    truth = np.zeros((11, 17, 3))
    pred = truth + np.arange(11)[:, None, None] * np.array([0.002, 0, 0])
    assert mpjve_mm_s(pred, truth, 50) == pytest.approx(100)
    assert mpjve_mm_s(pred, truth, 25) == pytest.approx(50)


def test_one_frame_has_no_velocity():
    one = np.zeros((1, 17, 3))
    assert np.isnan(frame_weighted([lifting_scores(one, one, 50)])["mpjve_mm_s"])
    assert frame_weighted([]) == {}
