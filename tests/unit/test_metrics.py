"""Lifting metrics against hand-made errors and the reference."""

from pathlib import Path

import numpy as np
import pytest

from lib.skeleton import JOINT
from lib.train.metrics import (
    acceleration_mm_s2,
    angle_errors_deg,
    auc_percent,
    bone_variation_percent,
    fit3d_scores,
    joint_errors_mm,
    lifting_scores,
    means_of,
    mpjpe_mm,
    mpjve_mm_s,
    n_mpjpe_mm,
    p_mpjpe_mm,
    pck_percent,
    shared_acceleration_mm_s2,
    sums_of,
)

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "losses_reference.npz")


def means(*series):
    """Means over the frames of several sequences."""
    return means_of(sums_of(each) for each in series)


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
    assert means(lifting_scores(pred, truth, 50))["mpjpe_mm"] == pytest.approx(50)


def test_means_are_over_frames_not_sequences():
    long, short = {"mpjpe_mm": np.full(90, 10.0)}, {"mpjpe_mm": np.full(10, 110.0)}
    assert means(long, short)["mpjpe_mm"] == pytest.approx(20)


def test_missing_joints_and_frames_do_not_count():
    truth = np.random.default_rng(0).normal(size=(4, 17, 3))
    pred = truth + [0.01, 0, 0]
    truth[:, 10] = np.nan
    truth[2] = np.nan
    scores = means(lifting_scores(pred, truth, 50))
    assert scores["mpjpe_mm"] == pytest.approx(10)
    assert np.isnan(mpjpe_mm(pred, truth)[2])


def test_velocity_error_is_per_second():
    truth = np.zeros((11, 17, 3))
    pred = truth + np.arange(11)[:, None, None] * np.array([0.002, 0, 0])
    assert mpjve_mm_s(pred, truth, 50) == pytest.approx(100)
    assert mpjve_mm_s(pred, truth, 25) == pytest.approx(50)


def test_one_frame_has_no_velocity():
    one = np.zeros((1, 17, 3))
    assert np.isnan(means(lifting_scores(one, one, 50))["mpjve_mm_s"])
    assert means() == {}


def body(num_frames: int = 5, seed: int = 0) -> np.ndarray:
    """Root-relative metres, well away from 0."""
    pose = np.random.default_rng(seed).normal(size=(num_frames, 17, 3))
    pose[:, JOINT["root"]] = 0
    return pose


def test_a_wrong_size_costs_mpjpe_alone():
    truth = body()
    assert np.allclose(n_mpjpe_mm(0.5 * truth, truth), 0, atol=1e-9)
    assert np.allclose(p_mpjpe_mm(0.5 * truth, truth), 0, atol=1e-9)
    assert np.allclose(mpjpe_mm(0.5 * truth, truth), mpjpe_mm(np.zeros_like(truth), truth) / 2)


def test_n_mpjpe_by_hand_is_uncentred():
    pred, truth = np.zeros((2, 1, 2, 3))
    pred[0, :, 0], truth[0, :, 0] = (1, 1), (1, 3)
    # Scale (1 + 3) / (1 + 1) = 2: errors 1 and 1 metre. A centred fit would find no scale at all.
    assert n_mpjpe_mm(pred, truth) == pytest.approx([1000])
    assert np.isnan(n_mpjpe_mm(np.zeros_like(pred), truth)[0])


def test_alignment_uses_the_joints_of_each_frame():
    truth = body()
    turned = truth @ np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]) + 0.3
    truth[1, 4:9] = np.nan
    turned[3, JOINT["head"]] = np.nan
    truth[4, 3:] = np.nan
    error = p_mpjpe_mm(turned, truth)
    assert np.allclose(error[:4], 0, atol=1e-9)
    assert np.isnan(error[4])  # three joints always fit


def test_acceleration_error_by_hand():
    truth = np.zeros((6, 17, 3))
    pred = truth.copy()
    pred[..., 0] = 0.0005 * np.arange(6)[:, None] ** 2  # 1 mm a frame and frame
    assert np.allclose(acceleration_mm_s2(pred, truth, 50), 2500)
    assert np.allclose(acceleration_mm_s2(pred, truth, 25), 625)
    assert len(acceleration_mm_s2(pred[:2], truth[:2], 50)) == 0


def test_bones_that_keep_their_length_vary_by_nothing():
    pose = body(4)
    pose[:] = pose[:1]
    assert bone_variation_percent(pose) == pytest.approx(0, abs=1e-9)
    assert bone_variation_percent(pose * [[[1]], [[2]], [[1]], [[2]]]) == pytest.approx(100 / 3)
    pose[:, JOINT["head"]] = np.nan
    assert bone_variation_percent(pose) == pytest.approx(0, abs=1e-9)
    assert np.isnan(bone_variation_percent(pose[:1])) and np.isnan(bone_variation_percent(pose[:0]))


def test_accelerations_are_compared_where_both_have_them():
    truth = body(6)
    pred, other = truth.copy(), truth.copy()
    pred[2, JOINT["lknee"]] += [0, 0, 0.001]
    other[:, JOINT["lknee"]] = np.nan
    one, two = shared_acceleration_mm_s2(pred, other, truth, 50.0)
    assert one == pytest.approx(0, abs=1e-6) and two == pytest.approx(0, abs=1e-6)
    one, two = shared_acceleration_mm_s2(pred, truth, truth, 50.0)
    assert one == pytest.approx(np.array([1, 2, 1, 0]) * 50**2 / 17)
    assert two == pytest.approx(0, abs=1e-6)
    assert [len(each) for each in shared_acceleration_mm_s2(*(truth[:2],) * 3, 50.0)] == [0, 0]


def test_pck_and_auc_by_hand():
    error = np.zeros((3, 17))
    error[0], error[1] = 149.9, 150
    error[2, JOINT["lwrist"]] = 1e4
    # The pelvis, spine and nose are not among the 14.
    error[2, [JOINT["root"], JOINT["spine"], JOINT["nose"]]] = 1e4
    assert pck_percent(error) == pytest.approx([100, 0, 100 * 13 / 14])
    assert auc_percent(error) == pytest.approx([100 / 31, 0, 100 * 30 / 31 * 13 / 14])
    error[2, JOINT["lwrist"]] = np.nan
    assert pck_percent(error)[2] == 100
    assert np.isnan(pck_percent(np.full((1, 17), np.nan))[0])


def _bent(knee_deg: float, side: str) -> np.ndarray:
    pose = np.zeros((1, 17, 3))
    at = {"neck": (0, -0.5, 0), "lhip": (0.1, 0, 0), "rhip": (-0.1, 0, 0)}
    for each in "lr":
        x, bend = at[f"{each}hip"][0], np.radians(knee_deg if each == side else 0)
        at |= {f"{each}knee": (x, 0.4, 0), f"{each}shoulder": (2 * x, -0.5, 0),
               f"{each}ankle": (x, 0.4 + 0.4 * np.cos(bend), 0.4 * np.sin(bend)),
               f"{each}elbow": (2 * x, -0.2, 0), f"{each}wrist": (2 * x, 0, 0)}  # fmt: skip
    for name, place in at.items():
        pose[0, JOINT[name]] = place
    return pose


def test_angle_errors_by_hand():
    errors = angle_errors_deg(_bent(30, "l"), _bent(0, "l"))
    found = {name: value[0] for name, value in errors.items()}
    wanted = {"knee_error_deg": 15, "hip_error_deg": 0, "elbow_error_deg": 0, "trunk_error_deg": 0}
    assert found == pytest.approx(wanted, abs=1e-9)
    truth = _bent(0, "l")
    truth[0, JOINT["rankle"]] = np.nan  # the other side stands alone
    assert angle_errors_deg(_bent(30, "l"), truth)["knee_error_deg"] == pytest.approx([30])
    leaning = _bent(0, "l")
    leaning[0, JOINT["neck"]] = (0, 0, 0.5)
    assert angle_errors_deg(leaning, _bent(0, "l"))["trunk_error_deg"] == pytest.approx([90])


def test_no_millimetres_for_a_size_that_is_not_known():
    truth = body()
    known = set(lifting_scores(truth, truth, 50))
    unknown = set(lifting_scores(3 * truth, truth, 50, is_metric=False))
    sized = {"mpjpe_mm", "mpjve_mm_s", "acceleration_mm_s2", "pck150_percent", "auc150_percent"}
    assert known - unknown == sized
    assert {name for name in unknown if "mm" in name} == {"p_mpjpe_mm", "n_mpjpe_mm"}


def test_fit3d_protocol_by_hand():
    truth = body() + [0, 0, 4]
    moved = truth + [0, 0.03, 0.04]
    scores = {name: values.mean() for name, values in fit3d_scores(moved, truth).items()}
    assert scores["fit3d14_root_mm"] == pytest.approx(50)
    assert scores["fit3d14_mpjpe_mm"] == pytest.approx(0, abs=1e-9)
    moved[:, JOINT["lwrist"]] += [0.14, 0, 0]
    moved[:, [JOINT["nose"], JOINT["spine"]]] += 9  # not among the 14
    assert fit3d_scores(moved, truth)["fit3d14_mpjpe_mm"] == pytest.approx(10)


def test_sums_average_as_one_series_does():
    parts = [joint_errors_mm(body(n, n), body(n, 9)).T[1] for n in (1, 4, 7)]
    together = means_of(sums_of({"e": part}) for part in parts)
    assert together["e"] == pytest.approx(np.concatenate(parts).mean())
    assert np.isnan(means_of([sums_of({"e": np.array([np.nan])})])["e"])
