"""Which exercise a recording shows that has more in it than its sets."""

import numpy as np
import pytest
from moving_body import Timing, as_pose, join, lift, ramp, seen_by, squat, walk

from lib.analysis.gate import guess_exercise
from lib.infer.classify import CONVINCED

FPS = 30


def a_set(name: str, num_reps: int = 4) -> np.ndarray:
    return lift(name, [Timing()] * num_reps, FPS)[0]


def sitting_down() -> np.ndarray:
    """Hands before the shoulders, as in a squat."""
    return squat(ramp(np.linspace(0, 1, 2 * FPS)))


def guess(*parts: np.ndarray) -> tuple[str, float]:
    return guess_exercise(as_pose(seen_by(join(*parts, fps=FPS, fade_s=1.0), 45), FPS))


@pytest.mark.parametrize("seconds", [4, 8])
def test_who_walks_to_the_bench_and_sits_down_before_lying_does_bench_presses(seconds):
    down, up = sitting_down(), sitting_down()[::-1]
    name, certainty = guess(walk(seconds, FPS, with_bar=True), down, a_set("bench_press"), up)
    assert name == "bench_press" and certainty > CONVINCED


@pytest.mark.parametrize(("num_sets", "num_reps"), [(3, 5), (8, 3), (12, 5)])
def test_sets_with_sitting_between_them_are_bench_presses(num_sets, num_reps):
    down, up = sitting_down(), sitting_down()[::-1]
    rest = down[:1].repeat(4 * FPS, axis=0)
    sets = [rest, down, a_set("bench_press", num_reps), up] * num_sets
    name, certainty = guess(*sets, rest)
    assert name == "bench_press" and certainty > CONVINCED


def test_one_heavy_press_is_not_outvoted_by_what_comes_before_it():
    down, up = sitting_down(), sitting_down()[::-1]
    assert guess(*[down, up] * 3, down, a_set("bench_press", 2), up)[0] == "bench_press"


def test_who_sits_down_on_the_bench_between_sets_of_squats_squats():
    name, certainty = guess(
        a_set("squat"),
        sitting_down(),
        a_set("bench_press", 0),
        sitting_down()[::-1],
        a_set("squat"),
    )
    assert name == "squat" and certainty > CONVINCED


@pytest.mark.parametrize(
    ("num_squats", "num_pushups", "num_sets"), [(2, 3, 5), (2, 2, 5), (1, 3, 6)]
)
def test_squats_between_pushups_leave_the_rules_unsure(num_squats, num_pushups, num_sets):
    """Who gets down on the hands bends the knees less often than that."""
    sets = [a_set("squat", num_squats), a_set("pushup", num_pushups)] * num_sets
    assert guess(*sets)[1] < 0.8


def test_kneeling_down_to_pushups_is_no_squat():
    down = sitting_down()
    name, certainty = guess(walk(4, FPS, with_bar=True), down, a_set("pushup", 8), down[::-1])
    assert name == "pushup" and certainty > CONVINCED


def test_of_as_many_squats_as_bench_presses_neither_is_sure():
    assert guess(a_set("squat"), sitting_down(), a_set("bench_press"))[1] < CONVINCED
