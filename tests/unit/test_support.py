"""Planted feet and hands, and the path of a body that rests on them."""

import numpy as np
import pytest
from moving_body import Timing, join, lift, noisy, seen_by
from standing_body import as_camera, standing

from lib.body import leg_length, middle
from lib.skeleton import JOINT, indices
from lib.support import FEET, HANDS, find_stances, hold

FPS = 30
FEET_J, HANDS_J = indices(*FEET), indices(*HANDS)


def up_of(pitch_deg):
    pitch = np.radians(pitch_deg)
    return np.array([0.0, -np.cos(pitch), -np.sin(pitch)])


def drift(num, across=0.03, depth=0.3):
    """What a lifter's place is off by: slow, most along the line of sight."""
    t = np.arange(num) / FPS
    return np.stack([across * np.sin(t), across * np.cos(1.3 * t), depth * np.sin(0.8 * t)], -1)


def held(xyz, up, fps=FPS):
    return xyz + hold(xyz, find_stances(xyz, up, fps), fps)[:, None]


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (90, 20), (45, -10)])
def test_a_squat_goes_down_over_feet_that_stay(yaw, pitch):
    true = seen_by(lift("squat", [Timing()] * 3, FPS, lead_s=2)[0], yaw, pitch)
    up = up_of(pitch)
    moved = held(true + drift(len(true))[:, None], up)
    assert np.ptp(moved[:, FEET_J], axis=0).max() < 0.003
    hips, true_hips = middle(moved, "hip"), middle(true, "hip")
    assert np.ptp(hips @ up) == pytest.approx(np.ptp(true_hips @ up), rel=0.01)
    # As a whole: every pose keeps its shape.
    np.testing.assert_allclose(moved - moved[:, :1], true - true[:, :1], atol=1e-9)


def test_noise_of_the_feet_is_not_handed_on_to_the_body():
    true = seen_by(lift("squat", [Timing()] * 3, FPS, lead_s=2)[0], 45, 5)
    shaky = noisy(true, np.random.default_rng(0), FPS)
    correction = hold(shaky, find_stances(shaky, up_of(5), FPS), FPS)
    jolt = np.abs(np.diff(shaky[:, FEET_J], 2, axis=0)).max()
    assert np.abs(np.diff(correction, 2, axis=0)).max() < 0.1 * jolt


def test_push_ups_rest_on_hands_and_feet():
    true = seen_by(lift("pushup", [Timing()] * 3, FPS)[0], 90, 10)
    stances = find_stances(true + drift(len(true))[:, None], up_of(10), FPS)
    assert stances.is_planted[:, FEET_J + HANDS_J].all() and stances.num == 4
    moved = held(true + drift(len(true))[:, None], up_of(10))
    # This body's hands themselves slide 3 cm under its shoulders.
    assert np.ptp(moved[:, FEET_J + HANDS_J], axis=0).max() < 0.035


def test_hands_that_hang_still_carry_nothing():
    stances = find_stances(as_camera(standing(60)), up_of(0), FPS)
    assert stances.is_planted[:, FEET_J].all() and not stances.is_planted[:, HANDS_J].any()


def jump(height_m=0.4, num=90, at=40):
    t = (np.arange(num) - at) / FPS
    fly = np.sqrt(8 * height_m / 9.81)
    rise = np.where((t > 0) & (t < fly), 9.81 / 2 * t * (fly - t), 0.0)
    return standing(num) + rise[:, None, None] * (0, 0, 1)


def test_a_jump_survives():
    true = as_camera(jump()) + [0, 0, 4]
    stances = find_stances(true, up_of(0), FPS)
    assert not stances.is_planted[44:53].any() and stances.is_planted[:38, FEET_J].all()
    height = -held(true, up_of(0))[:, JOINT["root"], 1]
    assert np.ptp(height) == pytest.approx(0.4, abs=0.03)


def stepping(num_steps=6, step_m=0.5, fps=FPS):
    """Each foot in turn goes one step to the side in 0.4 s and stays for 0.6; the body follows."""
    num = num_steps * fps
    xyz, t = standing(num), np.arange(num) / fps
    for i_step in range(num_steps):
        part = np.clip((t - i_step) / 0.4, 0, 1)
        go = step_m * (1 - np.cos(np.pi * part)) / 2
        side = "lr"[i_step % 2]
        xyz[:, JOINT[side + "ankle"], 0] += go * (1 if i_step in (0, num_steps - 1) else 2)
        body = [j for j in range(17) if j not in FEET_J]
        xyz[:, body, 0] += go[:, None]
    return as_camera(xyz) + [0, 0, 6]


def test_steps_are_stances_of_their_own_and_the_walk_goes_on():
    true = stepping()
    stances = find_stances(true, up_of(0), FPS)
    assert 6 <= stances.num <= 9
    assert 0.5 < stances.is_planted[:, FEET_J].mean() < 0.9
    moved = held(true + drift(len(true))[:, None], up_of(0))
    assert np.ptp(moved[:, 0, 0]) == pytest.approx(np.ptp(true[:, 0, 0]), abs=0.1)
    assert np.ptp(moved[:, 0, 2]) < 0.15  # it did not go away from the camera, the drift did


@pytest.mark.parametrize("away", [0.05, 0.125, 0.25, 0.375])
def test_a_body_that_sways_where_it_has_slid_to_has_one_stance_there(away):
    """Leg lengths; wherever that is, to a hair."""
    leg, t = leg_length(standing(1)), np.arange(600) / FPS
    slid = np.clip(t / 8, 0, 1) * away * leg + 0.004 * np.sin(5 * t)
    true = as_camera(standing(600)) + [0, 0, 4] + slid[:, None, None] * [1, 0, 0]
    stances = find_stances(true, up_of(0), FPS)
    for name in FEET:
        assert stances.number[name].min() >= 0 and len(set(stances.number[name])) <= 4
        assert len(set(stances.number[name][300:])) == 1
    moved = held(true, up_of(0))
    assert np.ptp(moved[300:, FEET_J], axis=0).max() < 0.002


def test_feet_that_are_never_planted_leave_everything_alone():
    true = as_camera(standing(60)) + np.linspace(0, 4, 60)[:, None, None] * (1, 0, 0)
    stances = find_stances(true, up_of(0), FPS)
    assert stances.num == 0 and not hold(true, stances, FPS).any()


def test_gaps_do_not_matter():
    true = seen_by(lift("squat", [Timing()] * 2, FPS, lead_s=2)[0], 90, 10)
    moved = true + drift(len(true))[:, None]
    moved[50:70] = np.nan
    moved[100:110, JOINT["lankle"]] = np.nan
    correction = hold(moved, find_stances(moved, up_of(10), FPS), FPS)
    assert np.isfinite(correction).all()
    known = np.isfinite(moved[:, JOINT["rankle"]]).all(-1)
    assert np.ptp((moved + correction[:, None])[known, JOINT["rankle"]], axis=0).max() < 0.005


@pytest.mark.parametrize("num", [0, 1, 2, 3])
@pytest.mark.parametrize("value", [None, np.nan, 0.0])
def test_nearly_nothing(num, value):
    xyz = as_camera(standing(num)) if value is None else np.full((num, 17, 3), value)
    correction = hold(xyz, find_stances(xyz, up_of(0), FPS), FPS)
    assert correction.shape == (num, 3) and np.isfinite(correction).all()


def test_a_long_recording_takes_no_longer_a_frame():
    parts = [lift("squat", [Timing()], FPS)[0]] * 60
    xyz = seen_by(join(*parts, fps=FPS))
    assert len(xyz) > 7000
    assert np.ptp(held(xyz, up_of(0))[:, FEET_J], axis=0).max() < 0.01
