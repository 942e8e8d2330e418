"""Somebody who gets up between two sets with bent arms, as with a phone in both hands."""

import numpy as np
import pytest
from moving_body import (
    Timing,
    X,
    as_pose,
    deadlift,
    join,
    lift,
    noisy,
    seen_by,
    sit_to_stand,
    squat,
)

from lib.analysis.reps import count_reps
from lib.analysis.streaming import Counter
from lib.skeleton import JOINT

FPS = 30


def from_the_floor(standing_s: float) -> list[np.ndarray]:
    """Up over a crouch, standing, and down again."""
    stand, crouch = squat(np.zeros(round(standing_s * FPS))), deadlift(np.ones(2 * FPS))
    hands = stand[:, JOINT["root"]] + [0, 0.3, 0.3]
    for side, aside in (("l", -0.05), ("r", 0.05)):
        stand[:, JOINT[side + "elbow"]] = stand[:, JOINT[side + "shoulder"]] - [0, 0, 0.3]
        stand[:, JOINT[side + "wrist"]] = hands + aside * X
    return [crouch, stand, crouch]


def on_the_bench(sitting_s: float) -> list[np.ndarray]:
    """Sitting up, hands before the chest."""
    return [sit_to_stand(np.ones(round(sitting_s * FPS)))]


def counts(name: str, rest: list[np.ndarray], yaw: float, seed: int) -> tuple[int, int]:
    """Offline and live, of two sets of five with the rest between them."""
    of_set = lift(name, [Timing(1.0, 0.1, 1.0, 0.4)] * 5, FPS)[0]
    xyz = seen_by(join(of_set, *rest, of_set, fps=FPS, fade_s=0.8), yaw, 5)
    pose = as_pose(noisy(xyz, np.random.default_rng(seed), FPS, 0.7), FPS)
    counter = Counter(name, FPS)
    for xyz_frame, time_s in zip(pose.xyz, pose.time_s, strict=True):
        counter.push(xyz_frame, time_s)
    counter.finish()
    return count_reps(pose, name).num_reps, counter.num_reps


@pytest.mark.parametrize("standing_s", [6.0, 10.0])
@pytest.mark.parametrize("yaw", [30, 90])
def test_getting_up_from_the_floor_is_no_pushup(standing_s, yaw):
    assert counts("pushup", from_the_floor(standing_s), yaw, 0) == (10, 10)


@pytest.mark.parametrize(("sitting_s", "yaw"), [(4.0, 90), (8.0, 30), (8.0, 90)])
def test_sitting_up_on_the_bench_is_no_press(sitting_s, yaw):
    assert counts("bench_press", on_the_bench(sitting_s), yaw, 0) == (10, 10)
