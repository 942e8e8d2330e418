"""The signed bend of limbs that bend one way throughout."""

import numpy as np
import pytest

from lib.analysis.exercises import Drive
from lib.analysis.one_way import one_way_deg
from lib.geometry import flexion_deg

FPS = 30.0
NOISE = np.array([0.01, 0.01, 0.04])


def limb(bend_deg, aside=(1.0, 0.0, 0.0), bones=(0.3, 0.25)):
    """(N, 3, 3): near joint at the origin, far one straight below it, the middle one aside."""
    bend, aside = np.radians(bend_deg), np.broadcast_to(aside, (len(bend_deg), 3))
    first, second = bones
    length = np.sqrt(first**2 + second**2 + 2 * first * second * np.cos(bend))
    height = first * second * np.sin(bend) / length
    along = np.sqrt(np.maximum(first**2 - height**2, 0))
    down = np.array([0.0, 1.0, 0.0])
    middle = along[:, None] * down + height[:, None] * aside
    return np.stack([np.zeros_like(middle), middle, length[:, None] * down], 1)


def sets(seconds=20.0):
    """Degrees of bend, from straight to 90 and back every 2.5 s."""
    return 45 - 45 * np.cos(2 * np.pi * np.arange(round(seconds * FPS)) / FPS / 2.5)


@pytest.mark.parametrize("bones", [(0.3, 0.25), (0.25, 0.3), (0.3, 0.3)])
def test_without_noise_it_is_the_angle(bones):
    bend = sets()
    for found in one_way_deg(*[limb(bend, bones=bones)] * 2, FPS):
        assert found == pytest.approx(bend, abs=1e-6)


def test_noise_bends_no_straight_arm():
    rng, bend = np.random.default_rng(0), sets(60)
    aside = np.array([0.8, 0.0, 0.6])
    raw = limb(bend, aside) + rng.normal(0, 1, (len(bend), 3, 3)) * NOISE
    found = one_way_deg(limb(bend, aside), raw, FPS)[1]
    straight, bent = bend < 5, bend > 85
    assert abs(np.mean(found[straight] - bend[straight])) < 2
    assert np.mean(flexion_deg(*raw[straight].swapaxes(0, 1))) > 10
    assert abs(np.mean(found[bent] - bend[bent])) < 4


def test_who_turns_round_between_two_sets_bends_as_before():
    rest = np.zeros(round(40 * FPS))
    bend = np.concatenate([sets(), rest, sets()])
    aside = np.ones((len(bend), 1)) * [1.0, 0.0, 0.0]
    aside[len(bend) // 2 :] *= -1
    found = one_way_deg(*[limb(bend, aside)] * 2, FPS)[0]
    known = np.isfinite(found)
    assert known[bend > 45].all()
    assert found[known] == pytest.approx(bend[known], abs=1e-6)


@pytest.mark.parametrize("turned_deg", [60, 90, 180])
def test_a_rest_with_bent_arms_lends_no_set_its_direction(turned_deg):
    """The most bent frames are all of the rest, alike among themselves; the set bends otherwise."""
    rest, turned = np.full(round(15 * FPS), 110.0), np.radians(turned_deg)
    bend = np.concatenate([sets(), rest])
    aside = np.ones((len(bend), 1)) * [1.0, 0.0, 0.0]
    aside[len(sets()) :] = [np.cos(turned), 0.0, np.sin(turned)]
    raw = limb(bend, aside) + np.random.default_rng(0).normal(0, 1e-3, (len(bend), 3, 3))
    found = one_way_deg(raw, raw, FPS)[0]
    assert np.isnan(found[: len(sets())][sets() > 80]).all()
    assert found[len(sets()) + 60 :] == pytest.approx(110.0, abs=3.0)


def test_a_limb_that_bends_this_way_and_that_has_no_way():
    bend = sets()
    aside = np.ones((len(bend), 1)) * [1.0, 0.0, 0.0]
    aside[(np.arange(len(bend)) / FPS) % 5 < 2.5] *= -1
    assert np.isnan(one_way_deg(*[limb(bend, aside)] * 2, FPS)[0]).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_set_without_a_bent_frame_around_has_no_way(seed):
    """Only the first one is among the most bent; what is far from it is not told by rounding."""
    deep, rest, shallow = np.full(round(180 * FPS), 90.0), np.zeros(round(45 * FPS)), sets() * 2 / 3
    raw = limb(np.concatenate([deep, rest, shallow]))
    raw += np.random.default_rng(seed).normal(0, 1e-3, raw.shape)
    found = one_way_deg(raw, raw, FPS)[0]
    assert np.isfinite(found[: len(deep)]).all() and np.isnan(found[-len(shallow) :]).all()


@pytest.mark.parametrize("gap_s", [1, 70])
def test_a_gap_is_time_as_well(gap_s):
    """Who comes back turned round after a minute out of the picture bends another way."""
    gap = np.full(round(gap_s * FPS), np.nan)
    bend = np.concatenate([sets(), gap, sets(5)])
    aside = np.ones((len(bend), 1)) * [1.0, 0.0, 0.0]
    aside[-len(sets(5)) :] *= -1
    found = one_way_deg(*[limb(bend, aside)] * 2, FPS)[0][-len(sets(5)) :]
    assert np.isnan(found).all() if gap_s < 60 else found == pytest.approx(sets(5), abs=1e-6)


@pytest.mark.parametrize("num", [0, 1, 2])
@pytest.mark.filterwarnings("error")
def test_nothing_to_tell_it_from(num):
    for part in (np.zeros((num, 3, 3)), np.full((num, 3, 3), np.nan), limb(np.zeros(num))):
        for found in one_way_deg(part, part, FPS):
            assert found.shape == (num,) and np.isnan(found).all()


def test_missing_frames_stay_missing_and_change_no_others():
    bend = sets()
    whole = limb(bend)
    part = whole.copy()
    part[100:110, 1] = np.nan
    found = one_way_deg(part, part, FPS)[0]
    assert np.isnan(found[100:110]).all()
    rest = np.r_[0:100, 110 : len(bend)]
    assert found[rest] == pytest.approx(bend[rest], abs=1e-6)


def test_only_a_limb_of_two_bones_has_a_way():
    with pytest.raises(ValueError, match="one_way goes with the knee or the elbow, not the hip"):
        Drive("hip", "loaded", 40, 35, 60, one_way=True)
