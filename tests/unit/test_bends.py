"""Knees and elbows that are bent otherwise than they were recorded."""

import numpy as np
import pytest
from tiny_stores import bone_lengths, swaying

from lib.analysis.form import limb_angle
from lib.data.bends import bend_limbs
from lib.skeleton import JOINT, JOINTS, indices

_HINGES = [(joint, side) for joint in ("knee", "elbow") for side in "lr"]


def standing(knee_deg: float = 0.0) -> np.ndarray:
    """(1, 17, 3) somebody who faces +x with hanging arms, legs bent at the knees."""
    places = {
        "root": (0, 0, 1), "rhip": (0, -0.1, 1), "lhip": (0, 0.1, 1), "spine": (0, 0, 1.25),
        "neck": (0, 0, 1.5), "nose": (0.1, 0, 1.6), "head": (0, 0, 1.7),
        "lshoulder": (0, 0.2, 1.5), "rshoulder": (0, -0.2, 1.5),
    }  # fmt: skip
    away = 0.5 * np.array([-np.sin(np.radians(knee_deg)), 0, -np.cos(np.radians(knee_deg))])
    for side, y in (("l", 1), ("r", -1)):
        places[f"{side}knee"] = (0, 0.1 * y, 0.5)
        places[f"{side}ankle"] = tuple(np.add((0, 0.1 * y, 0.5), away))
        places[f"{side}elbow"], places[f"{side}wrist"] = (0, 0.2 * y, 1.2), (0, 0.2 * y, 0.9)
    return np.array([[places[name] for name in JOINTS]], float)


def test_bones_keep_their_lengths_and_only_ankles_and_wrists_move():
    body = swaying(5, np.random.default_rng(0))
    bent = bend_limbs(body, 40.0, np.random.default_rng(1))
    np.testing.assert_allclose(bone_lengths(bent), bone_lengths(body))
    ends = indices("lankle", "rankle", "lwrist", "rwrist")
    others = sorted(set(range(17)) - set(ends))
    assert np.array_equal(bent[:, others], body[:, others])
    assert (np.linalg.norm(bent - body, axis=-1)[:, ends] > 1e-3).all()


def test_a_bend_changes_by_one_angle_over_a_clip_and_none_goes_beyond_straight():
    body = np.concatenate([standing(knee) for knee in (30, 60, 90, 120)])
    changes = []
    for seed in range(200):
        bent = bend_limbs(body, 20.0, np.random.default_rng(seed))
        was, now = (limb_angle(x, "knee", "l") for x in (body, bent))
        change = now - was
        changes.append(change[2])
        not_clipped = (now > 1) & (now < 149)
        np.testing.assert_allclose(change[not_clipped], change[2], atol=0.5)
        assert (now > -1e-6).all() and (now < 150.1).all()
    # Spreads from none to 20 degrees: the root mean square of the angles is 20 / sqrt(3).
    assert np.sqrt(np.mean(np.square(changes))) == pytest.approx(11.5, rel=0.2)
    assert np.mean(changes) == pytest.approx(0, abs=2.5)


def test_straight_knees_bend_backwards_and_straight_elbows_forwards():
    body = standing()
    heel, hand = [], []
    for seed in range(50):
        bent = bend_limbs(body, 60.0, np.random.default_rng(seed))
        heel.append(bent[0, indices("lankle", "rankle")] - body[0, indices("lankle", "rankle")])
        hand.append(bent[0, indices("lwrist", "rwrist")] - body[0, indices("lwrist", "rwrist")])
    heel, hand = np.concatenate(heel), np.concatenate(hand)
    assert heel[:, 0].max() < 1e-9 and heel[:, 0].min() < -0.2
    assert hand[:, 0].min() > -1e-9 and hand[:, 0].max() > 0.1
    np.testing.assert_allclose([heel[:, 1], hand[:, 1]], 0, atol=1e-9)
    # Half are asked to go beyond straight, and stay.
    assert 0.3 < (heel[:, 0] > -1e-9).mean() < 0.7


def test_both_sides_share_half_of_the_variance():
    body = np.concatenate([standing(90)])
    both = [
        [limb_angle(bend_limbs(body, 20.0, np.random.default_rng(seed)), "knee", side)[0]
         for side in "lr"]
        for seed in range(400)
    ]  # fmt: skip
    assert np.corrcoef(np.transpose(both))[0, 1] == pytest.approx(0.5, abs=0.15)


def test_a_limb_that_was_bent_further_than_the_most_is_not_straightened_to_it():
    body = standing(165.0)
    angles = [
        limb_angle(bend_limbs(body, 10.0, np.random.default_rng(seed)), "knee", "l")[0]
        for seed in range(40)
    ]
    assert max(angles) == pytest.approx(165.0)  # asked to bend further, it stays
    assert np.mean(np.array(angles) > 164.9) == pytest.approx(0.5, abs=0.25)
    assert np.mean(np.array(angles) > 150.0) > 0.8


def test_none_are_bent_by_nothing():
    body = swaying(3, np.random.default_rng(0))
    np.testing.assert_allclose(bend_limbs(body, 0.0, np.random.default_rng(1)), body, atol=1e-12)


def test_without_its_trunk_a_limb_is_bent_as_in_the_frames_beside():
    body = np.repeat(standing(60.0), 3, axis=0)
    body[1, JOINT["neck"]] = np.nan
    bent = bend_limbs(body, 20.0, np.random.default_rng(3))
    for side in "lr":
        ankle = bent[:, JOINT[f"{side}ankle"]]
        assert np.linalg.norm(ankle[0] - body[0, JOINT[f"{side}ankle"]]) > 0.02
        np.testing.assert_allclose(ankle[1], ankle[0], atol=0.005)


@pytest.mark.parametrize(("joint", "side"), _HINGES)
def test_missing_joints_cost_their_limb_alone(joint, side):
    body = swaying(3, np.random.default_rng(0))
    body[1, JOINT[side + joint]] = np.nan
    lost = np.isnan(bend_limbs(body, 20.0, np.random.default_rng(1))).any(-1)
    end = {"knee": "ankle", "elbow": "wrist"}[joint]
    assert set(np.flatnonzero(lost[1])) == set(indices(side + joint, side + end))
    assert not lost[[0, 2]].any()


def test_a_limb_of_no_length_stays():
    body = standing()
    body[0, JOINT["lankle"]] = body[0, JOINT["lknee"]]
    bent = bend_limbs(body, 40.0, np.random.default_rng(1))
    assert np.array_equal(bent[0, JOINT["lankle"]], body[0, JOINT["lankle"]])
    assert np.isfinite(bent).all()
