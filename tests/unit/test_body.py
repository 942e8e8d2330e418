"""Height and balance of a body from its joints."""

import numpy as np
import pytest
from moving_body import SHANK, THIGH, Timing, lift, noisy
from standing_body import standing

from lib.body import MASS_SHARE, centre_of_mass, leg_length, stature
from lib.data.synthetic.writer import subject_body, subject_sequence
from lib.skeleton import FIT3D25, JOINT, indices, to_working


@pytest.mark.parametrize(("subject", "action"), [("s03", "squat"), ("s08", "pushup")])
def test_stature_of_made_up_athletes(subject, action):
    motion = subject_sequence(5, subject, action, num_reps=1)
    xyz, _ = to_working(motion.xyz_m, np.ones(motion.xyz_m.shape[:2]), FIT3D25)
    assert stature(xyz) == pytest.approx(subject_body(5, subject).stature_m, rel=0.05)


def test_stature_grows_with_the_body_and_needs_neither_head_nor_standing():
    xyz = lift("squat", [Timing()], 30)[0]
    whole = stature(xyz)
    assert stature(1.3 * xyz) == pytest.approx(1.3 * whole)
    bent = np.repeat(xyz[[60]], 5, 0)
    bent[:, indices("head", "nose", "lwrist")] = np.nan
    assert stature(bent) == pytest.approx(whole, rel=1e-6)


def test_stature_survives_gaps_outliers_and_a_missing_side():
    xyz = lift("squat", [Timing()], 30)[0]
    whole = stature(xyz)
    rough = noisy(xyz, np.random.default_rng(0), 30)
    rough[::7] += 50 * np.random.default_rng(1).normal(size=rough[::7].shape)
    rough[10:30] = np.nan
    rough[:, indices("lknee", "lankle")] = np.nan
    assert stature(rough) == pytest.approx(whole, rel=0.06)
    rough[:, JOINT["neck"]] = np.nan
    assert stature(rough) == pytest.approx(whole, rel=0.08)
    rough[:, JOINT["rankle"]] = np.nan
    assert np.isnan(stature(rough))


@pytest.mark.parametrize("num", [0, 1])
def test_nothing_known(num):
    nothing = np.full((num, 17, 3), np.nan)
    assert np.isnan(stature(nothing)) and np.isnan(leg_length(nothing))
    assert np.isnan(centre_of_mass(nothing)).all()


def test_leg_length():
    assert leg_length(lift("squat", [Timing()], 30)[0]) == pytest.approx(SHANK + THIGH, abs=0.01)


def test_the_centre_of_mass_is_near_the_navel_and_bears_missing_hands():
    assert MASS_SHARE.sum() == pytest.approx(1.0, abs=0.01)
    centre = centre_of_mass(standing(1))[0]
    assert centre[0] == pytest.approx(0, abs=1e-9) and 0.9 < centre[2] < 1.1
    handless = standing(1)
    handless[:, indices("lwrist", "rwrist", "nose")] = np.nan
    assert np.linalg.norm(centre_of_mass(handless)[0] - centre) < 0.06
    legless = standing(1)
    legless[:, indices("lhip", "rhip", "lknee", "rknee")] = np.nan
    assert np.isnan(centre_of_mass(legless)).all()
