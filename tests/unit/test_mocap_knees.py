"""Knees made straight: bones and hips stay, nothing goes past straight."""

import numpy as np
import pytest

from lib.data.mocap.knees import (
    MOST_DEG,
    STRAIGHT_DEG,
    knee_bends_deg,
    knee_excess_deg,
    straightened,
)
from lib.geometry import flexion_deg
from lib.skeleton import JOINT


def legs(bends_deg, thigh=0.43, shank=0.40) -> np.ndarray:
    """(T, 17, 3) of somebody whose knees are bent so; forward is y."""
    bend = np.radians(np.asarray(bends_deg, float))
    xyz = np.zeros((len(bend), 17, 3))
    xyz[..., 2] = 1.5
    for side, x in (("l", -0.1), ("r", 0.1)):
        hip = np.tile([x, 0.0, 0.9], (len(bend), 1))
        half = bend / 2
        knee = hip + thigh * np.stack([0 * half, np.sin(half), -np.cos(half)], -1)
        ankle = knee + shank * np.stack([0 * half, -np.sin(half), -np.cos(half)], -1)
        for part, at in (("hip", hip), ("knee", knee), ("ankle", ankle)):
            xyz[:, JOINT[side + part]] = at
    return xyz


def bend_deg(xyz, side="l"):
    return flexion_deg(*(xyz[:, JOINT[side + part]] for part in ("hip", "knee", "ankle")))


def excess_deg(*clips):
    return knee_excess_deg(map(knee_bends_deg, clips))


def length(xyz, a, b):
    return np.linalg.norm(xyz[:, JOINT[a]] - xyz[:, JOINT[b]], axis=-1)


def test_knees_lose_the_excess_and_nothing_else_changes():
    before = legs([12, 40, 90, 130])
    after = straightened(before, 9.0)
    for side in "lr":
        assert bend_deg(after, side) == pytest.approx([3, 31, 81, 121])
        assert length(after, side + "hip", side + "knee") == pytest.approx(0.43)
        assert length(after, side + "knee", side + "ankle") == pytest.approx(0.40)
        line = [x[:, JOINT[side + "ankle"]] - x[:, JOINT[side + "hip"]] for x in (before, after)]
        assert np.cross(*line) == pytest.approx(0.0, abs=1e-12)
    others = [i for name, i in JOINT.items() if "knee" not in name and "ankle" not in name]
    assert (after[:, others] == before[:, others]).all()
    assert (after[:, JOINT["lknee"], 1] > 0).all()  # still ahead of the line hip to ankle


def test_no_knee_goes_past_straight():
    after = straightened(legs([0, 2, 8.9, 9]), 9.0)
    assert bend_deg(after) == pytest.approx(0.0, abs=1e-4)
    assert length(after, "lhip", "lknee") == pytest.approx(0.43)


def test_nothing_to_take_off_changes_nothing_and_a_missing_joint_stays_missing():
    xyz = legs([5, 60])
    assert straightened(xyz, 0.0) == pytest.approx(xyz)
    xyz[1, JOINT["lknee"]] = np.nan
    after = straightened(xyz, 4.0)
    assert np.isnan(after[1, JOINT["lknee"]]).all()
    assert (after[1, JOINT["lankle"]] == xyz[1, JOINT["lankle"]]).all()
    assert np.isfinite(after[0]).all() and bend_deg(after, "r") == pytest.approx([1, 56])


def test_excess_is_that_of_the_straightest_frames_of_all_clips():
    walk, squat = np.linspace(12, 60, 200), np.linspace(30, 110, 200)
    straight = np.percentile(np.concatenate([walk, squat]), 2)
    assert excess_deg(legs(walk), legs(squat)) == pytest.approx(straight - STRAIGHT_DEG)
    assert excess_deg(legs(np.linspace(1, 50, 100))) == 0.0
    assert excess_deg(legs([80.0, 90.0])) == MOST_DEG


def test_no_clips_and_unseen_knees_have_none():
    assert excess_deg() == 0.0
    assert excess_deg(np.full((3, 17, 3), np.nan)) == 0.0
