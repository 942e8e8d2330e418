"""Sitting down and standing up: a seat behind the feet, an upright rest, a lean before it ends."""

import numpy as np
import pytest
from made_motions import in_set, knee_deg, lean_deg, made, middle


def forward_m(xyz_m: np.ndarray, place_m: np.ndarray) -> np.ndarray:
    """How far a place (F, 3) is in front of the ankles, seen along the feet."""
    forward = middle(xyz_m, "toe") - middle(xyz_m, "heel")
    forward[:, 2] = 0
    forward /= np.linalg.norm(forward, axis=-1, keepdims=True)
    return ((place_m - middle(xyz_m, "ankle")) * forward).sum(-1)


def hips_behind_m(xyz_m: np.ndarray) -> np.ndarray:
    return -forward_m(xyz_m, middle(xyz_m, "hip"))


def mass_m(xyz_m: np.ndarray) -> np.ndarray:
    """Centre of mass (F, 3) by Winter's shares of trunk with head and arms, thighs, shanks."""
    shoulder, hip, knee, ankle = (
        middle(xyz_m, part) for part in ("shoulder", "hip", "knee", "ankle")
    )
    upper = hip + 0.62 * (shoulder - hip)
    return 0.68 * upper + 0.20 * (hip + knee) / 2 + 0.12 * (knee + ankle) / 2


def trunk_line(xyz_m: np.ndarray) -> np.ndarray:
    line = middle(xyz_m, "shoulder") - middle(xyz_m, "hip")
    return line / np.linalg.norm(line, axis=-1, keepdims=True)


def is_seated(xyz_m: np.ndarray) -> np.ndarray:
    """Frames within 5 mm of the seat; its height is that of the lowest hips."""
    height = middle(xyz_m, "hip")[:, 2]
    return height < height.min() + 0.005


def test_who_sits_rests_upright_on_one_seat_behind_the_feet():
    heights_m = []
    for seed in range(24):
        motion = made("sit_to_stand", seed, num_reps=2)
        is_down = is_seated(motion.xyz_m)
        seated = motion.xyz_m[is_down]
        heights_m.append(middle(seated, "hip")[:, 2].min())
        assert hips_behind_m(seated).min() > 0.2
        assert np.ptp(hips_behind_m(seated)) < 0.02, "slides on the seat"
        lean = lean_deg(seated)
        assert lean.min() < 20
        assert lean.max() < 60
        in_reps = in_set(motion)
        standing = in_reps[[middle(in_reps, "hip")[:, 2].argmax()]]
        assert min(knee_deg(standing, side)[0] for side in "lr") < 12
        starts = np.count_nonzero(np.diff(is_down.astype(int)) == 1) + is_down[0]
        assert starts == (3 if is_down[0] else 2)
    assert 0.40 < min(heights_m) < 0.46 and 0.58 < max(heights_m) < 0.66, "stools and high chairs"


def test_trunk_leans_before_the_seat_is_left():
    for seed in range(24):
        xyz_m = made("sit_to_stand", seed, num_reps=2).xyz_m
        is_down = is_seated(xyz_m)
        (leaving,) = np.nonzero(is_down[:-1] & ~is_down[1:])
        assert len(leaving) == 2
        assert ((lean_deg(xyz_m)[leaving] > 22) & (lean_deg(xyz_m)[leaving] < 58)).all(), seed


def test_who_just_sits_does_so_longer_the_more_is_asked_for():
    for seed in range(8):
        for num_reps in (1, 3):
            motion = made("sit", seed, num_reps=num_reps)
            assert is_seated(motion.xyz_m).sum() > (1 + 3.5 * (num_reps - 1)) * motion.fps
    assert not is_seated(made("sit", 0, num_reps=1).xyz_m).all()


@pytest.mark.parametrize("action", ["sit_to_stand", "sit"])
def test_trunk_swings_as_fast_as_people_do(action):
    for seed in range(80):
        motion = made(action, seed, num_reps=2)
        assert np.isfinite(motion.xyz_m).all(), seed
        line = trunk_line(motion.xyz_m)
        speed = np.linalg.norm(np.diff(line, axis=0), axis=-1) * motion.fps
        change = np.linalg.norm(np.diff(line, 2, axis=0), axis=-1) * motion.fps**2
        assert np.degrees(speed.max()) < 165, seed
        assert np.degrees(change.max()) < 1300, seed


def test_trunk_straightens_as_the_hips_rise_with_the_mass_over_the_feet():
    for seed in range(40):
        xyz_m = in_set(made("sit_to_stand", seed, num_reps=2))
        height, lean = middle(xyz_m, "hip")[:, 2], lean_deg(xyz_m)
        risen = (height - height.min()) / np.ptp(height)
        for low, high in ((0.2, 0.5), (0.5, 0.8), (0.2, 0.8)):
            lower, higher = (lean[np.abs(risen - at) < 0.05] for at in (low, high))
            assert lower.min() > higher.max() - 1, seed
        mass_x = forward_m(xyz_m, mass_m(xyz_m))
        assert mass_x[risen < 0.02].max() > -0.18, seed
        assert mass_x[risen > 0.5].min() > -0.06 and mass_x[risen > 0.5].max() < 0.1, seed
