"""Ends of repetitions moved so that the repetitions look alike."""

import numpy as np
import pytest
from filmed_lifts import FIVE, frames_of, pose_of
from moving_body import Timing

from lib.analysis.refine import LEAST_FULL, REACH, refine, refined_ends
from lib.analysis.reps import count_reps


def waves(starts, length=60, num=600):
    """(N, 2) the same two curves at each start, flat between."""
    angles = np.zeros((num, 2))
    for start in starts:
        t = np.linspace(0, 1, length)
        angles[start : start + length] = 90 * np.stack([np.sin(np.pi * t) ** 2, t * (1 - t)], -1)
    return angles


def test_a_wrong_end_is_moved_to_where_the_others_have_it():
    starts = np.array([50, 150, 250, 350, 450])
    ends = np.stack([starts, starts + 59], 1).astype(float)
    wrong = ends.copy()
    wrong[2] += [8, 0]
    wrong[4] += [0, -9]
    fixed = refined_ends(waves(starts), wrong)
    assert np.abs(fixed - ends).max() <= 3
    assert np.abs(fixed - ends).sum() < 0.5 * np.abs(wrong - ends).sum()


def test_what_is_alike_already_stays_and_so_do_fewer_than_three():
    starts = np.array([50, 150, 250])
    ends = np.stack([starts, starts + 59], 1).astype(float)
    assert (refined_ends(waves(starts), ends) == ends).all()
    for num in range(LEAST_FULL):
        wrong = ends[:num] + [7, 0]
        assert (refined_ends(waves(starts), wrong) == wrong).all()


def test_repetitions_stay_in_order_and_within_reach():
    rng = np.random.default_rng(0)
    for _ in range(5):
        angles = rng.normal(size=(700, 3)).cumsum(0)
        ends = np.array([[100, 199], [200, 299], [300, 399], [400, 499.0]])
        moved = refined_ends(angles, ends)
        assert np.abs(moved - ends).max() <= REACH * 99 + 1e-9
        assert (np.diff(moved.ravel()) >= 0).all()


@pytest.mark.parametrize("name", ["squat", "deadlift", "bench_press"])
def test_refine_keeps_the_count_and_the_marks(name):
    pose, marks = pose_of(name, FIVE, noise=0.7)
    count = count_reps(pose, name)
    better = refine(count)
    assert [rep.quality for rep in better.reps] == [rep.quality for rep in count.reps]
    starts, ends = frames_of(better).T / 30
    assert starts == pytest.approx([start for start, _, _ in marks], abs=0.4)
    assert ends == pytest.approx([end for _, _, end in marks], abs=0.45)
    assert (starts < ends).all() and (starts[1:] >= ends[:-1] - 0.05).all()


def test_refine_of_nothing():
    pose, _ = pose_of("squat", [])
    assert refine(count_reps(pose, "squat")).reps == ()
    two = count_reps(pose_of("squat", [Timing()] * 2)[0], "squat")
    assert refine(two).reps == two.reps
