"""Depths that fit the lengths of bones."""

import numpy as np
from moving_body import Timing, lift, noisy, seen_by

from lib.analysis.rigid import with_rigid_bones
from lib.skeleton import JOINT, LIMB_JOINTS

SQUAT = seen_by(lift("squat", [Timing()] * 2, 30)[0], 0)


def test_rigid_bodies_stay_as_they_are():
    assert np.allclose(with_rigid_bones(SQUAT), SQUAT, atol=1e-9)


def test_only_depths_change_and_come_nearer_to_the_truth():
    rng = np.random.default_rng(0)
    seen = SQUAT + rng.normal(0, 1, (1, 17, 3)) * (0.01, 0.01, 0.03)
    seen = seen + rng.normal(0, 1, SQUAT.shape) * (0.005, 0.005, 0.015)
    moved = with_rigid_bones(seen)
    assert np.array_equal(moved[..., :2], seen[..., :2])
    low = SQUAT[:, 0, 1] > np.percentile(SQUAT[:, 0, 1], 80)  # thighs towards the camera
    limbs = [JOINT[name] for name in LIMB_JOINTS if name.endswith(("knee", "ankle", "hip"))]
    thigh = np.subtract(*(SQUAT[low][:, JOINT[name], 2] for name in ("rknee", "rhip")))
    errors = [
        np.abs(np.subtract(*(x[low][:, JOINT[n], 2] for n in ("rknee", "rhip"))) - thigh).mean()
        for x in (moved, seen)
    ]
    assert errors[0] < 0.8 * errors[1]
    assert np.abs((moved - SQUAT)[low][:, limbs, 2]).mean() < 0.03


def test_unknown_joints_and_points_stay_so():
    seen = noisy(SQUAT, np.random.default_rng(1), 30)
    seen[:, JOINT["lankle"]] = np.nan
    seen[3] = np.nan
    moved = with_rigid_bones(seen)
    assert np.array_equal(np.isnan(moved), np.isnan(seen))
    assert np.array_equal(with_rigid_bones(np.zeros((2, 17, 3))), np.zeros((2, 17, 3)))
    assert with_rigid_bones(np.zeros((0, 17, 3))).shape == (0, 17, 3)
