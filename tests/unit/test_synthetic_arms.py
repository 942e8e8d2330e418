"""Arms of made-up people: elbows outside the trunk, and none that snaps, wherever the hands go."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from made_motions import bend, joint, made, middle

from lib.data.synthetic import chair
from lib.data.synthetic.bodies import make_body
from lib.data.synthetic.chain import unit
from lib.data.synthetic.motions import make_sequence
from lib.data.synthetic.passerby import walk_through

PLACES = ("crossed", "thighs", "hanging", "forward", "clasped", "hips")
TRUNK_HALF_WIDTH, TRUNK_HALF_DEPTH = 0.082, 0.058
"""Ratios of stature, as the drawn figure's."""


def fastest_elbow_deg(xyz_m: np.ndarray) -> float:
    """The most an elbow bends or straightens in a frame."""
    bends = [bend(xyz_m, side, "shoulder", "elbow", "wrist") for side in "lr"]
    return float(np.abs(np.diff(bends)).max())


def in_thorax_m(xyz_m: np.ndarray, name: str) -> np.ndarray:
    """(F, 3) a joint to the left of the trunk's line from spine to neck, in front of it and up."""
    up = unit(joint(xyz_m, "neck") - joint(xyz_m, "spine"))
    forward = unit(np.cross(joint(xyz_m, "lshoulder") - joint(xyz_m, "rshoulder"), up))
    place = joint(xyz_m, name) - joint(xyz_m, "spine")
    return np.stack([(place * axis).sum(-1) for axis in (np.cross(up, forward), forward, up)], -1)


def with_hands(monkeypatch, hands, seed: int) -> np.ndarray:
    """(F, 25, 3) of someone who sits and stands with the hands on the seat, on the way and up."""
    draw = chair.draw_style
    with monkeypatch.context() as patch:
        patch.setattr(
            chair, "draw_style", lambda *given, **named: replace(draw(*given, **named), hands=hands)
        )
        rng = np.random.default_rng([3, seed])
        return make_sequence(make_body(seed), "sit_to_stand", rng, num_reps=1).xyz_m


def test_crossed_arms_lie_before_the_chest_with_the_elbows_beside_it(monkeypatch):
    for seed in range(24):
        xyz_m = with_hands(monkeypatch, ("crossed",) * 3, seed) / make_body(seed).stature_m
        left, forward, _ = in_thorax_m(xyz_m, "lwrist").T
        assert left.max() < 0 < in_thorax_m(xyz_m, "rwrist")[:, 0].min(), "not crossed"
        assert 0.06 < forward.min() < forward.max() < 0.12
        for side, sign in (("l", 1), ("r", -1)):
            assert (sign * in_thorax_m(xyz_m, side + "elbow")[:, 0]).min() > 0.06, seed


@pytest.mark.parametrize("on_way", PLACES)
def test_elbows_stay_out_of_the_trunk(monkeypatch, on_way):
    for seed, place in product(range(4), PLACES):
        xyz_m = with_hands(monkeypatch, (place, on_way, place), seed) / make_body(seed).stature_m
        for side in "lr":
            left, forward, up = in_thorax_m(xyz_m, side + "elbow").T
            beside = (up > -0.1) & (up < 0.15)
            outside = np.hypot(left / TRUNK_HALF_WIDTH, forward / TRUNK_HALF_DEPTH)
            assert outside[beside].min(initial=9) > 1, (seed, place)


@pytest.mark.parametrize("on_way", PLACES)
def test_no_elbow_snaps_between_places_of_the_hands(monkeypatch, on_way):
    for seed, place in product(range(4), PLACES):
        xyz_m = with_hands(monkeypatch, (place, on_way, place), seed)
        assert fastest_elbow_deg(xyz_m) < 12, (seed, place)  # 600 degrees a second


@pytest.mark.parametrize(
    ("action", "most_deg"), [("deadlift", 10), ("walk_the_box", 4), ("sit", 10)]
)
def test_no_elbow_snaps_as_the_hands_slide_along_the_thighs_or_swing(action, most_deg):
    for seed in range(16):
        assert fastest_elbow_deg(made(action, seed, num_reps=1).xyz_m) < most_deg, seed


def test_arms_of_who_walks_by_swing_without_snapping():
    for seed in range(8):
        xyz_m = walk_through(
            make_body(seed), np.random.default_rng(seed), 250, start_frame=0,
            start_m=(-3.0, 0.0), goal_m=(3.0, 0.0),
        )  # fmt: skip
        xyz_m = xyz_m[~np.isnan(xyz_m[:, 0, 0])]
        assert fastest_elbow_deg(xyz_m) < 6
        swing = (joint(xyz_m, "lwrist") - middle(xyz_m, "shoulder"))[:, 0]
        assert 0.2 < np.ptp(swing) < 0.7
