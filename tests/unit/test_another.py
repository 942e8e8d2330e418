"""Sets of another exercise in the recording are told."""

import numpy as np
import pytest
from moving_body import LIFTS, Timing, as_pose, empty_rise, lift, seen_by

from lib.analysis.another import LEAST_REPS
from lib.analysis.report import analyse


def a_set(name: str, num_reps: int = 5, yaw: float = 40.0) -> np.ndarray:
    return seen_by(lift(name, [Timing()] * num_reps, 30)[0], yaw)


def nobody(seconds: float = 30.0) -> np.ndarray:
    return np.full((round(30 * seconds), 17, 3), np.nan)


def told(parts: list[np.ndarray], exercise: str | None) -> list[dict]:
    report = analyse(as_pose(np.concatenate(parts)), exercise=exercise)
    return [w for w in report["warnings"] if w["code"] == "another_exercise"]


@pytest.mark.parametrize(("one", "other"), [("squat", "pushup"), ("bench_press", "deadlift")])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_set_beside_those_that_are_counted_is_told(one, other, is_first):
    sets = [a_set(one), a_set(one), a_set(other)]
    parts = [sets[0], nobody(), sets[1], nobody(), sets[2]]
    (warned,) = told(parts[::-1] if is_first else parts, one)
    start, end = warned["frames"]
    first = 0 if is_first else sum(map(len, parts[:-1]))
    assert first <= start < end <= first + len(sets[2])
    assert warned["message"] == (
        f"5 repetitions look like {other}, the first of them in frames {start} to {end - 1}: "
        "a report is of one exercise, so cut the video."
    )


def test_a_set_that_is_counted_though_it_looks_like_another_exercise_is_told():
    parts = [a_set("squat", 8), nobody(), a_set("squat", 8), nobody(), a_set("deadlift", 3)]
    report = analyse(as_pose(np.concatenate(parts)), exercise="squat")
    assert len(report["sets"]) == 3
    (warned,) = told(parts, "squat")
    assert warned["frames"][0] > sum(map(len, parts[:4]))


def test_of_an_unknown_mixture_each_set_is_told():
    parts = [a_set("squat", 8), nobody(), a_set("deadlift", 8)]
    assert [w["message"].split(" look like ")[1].split(",")[0] for w in told(parts, "unknown")] == [
        "squat", "deadlift",
    ]  # fmt: skip


@pytest.mark.parametrize("num_reps", [LEAST_REPS - 1, LEAST_REPS])
def test_a_movement_or_two_are_no_set(num_reps):
    parts = [a_set("squat"), nobody(), a_set("pushup", num_reps)]
    assert bool(told(parts, "squat")) == (num_reps == LEAST_REPS)


@pytest.mark.parametrize("name", LIFTS)
def test_sets_of_one_exercise_are_no_other(name):
    assert not told(
        [a_set(name), nobody(), a_set(name, yaw=200.0), nobody(10), a_set(name, 1)], name
    )


def test_a_recording_of_one_exercise_left_unknown_has_no_other():
    assert not told([a_set("squat"), nobody(), a_set("squat")], "unknown")


def test_sets_of_one_other_exercise_are_told_together():
    """With frames that hold none of what is counted."""
    parts = [a_set("pushup", 4), nobody(), a_set("squat"), nobody(), a_set("pushup", 3)]
    (warned,) = told(parts, "squat")
    assert warned["message"].startswith("7 repetitions look like pushup")
    assert 0 <= warned["frames"][0] < warned["frames"][1] <= len(parts[0])


def test_of_two_that_only_a_whole_recording_tells_apart_one_is_told():
    parts = [a_set("sit_to_stand"), nobody(), a_set("squat")]
    assert not told(parts, "unknown")


def test_standing_up_that_ends_standing_is_no_squat():
    """How a recording begins and ends is not how each of its sets does."""
    rising, last = a_set("sit_to_stand"), a_set("sit_to_stand", 1)
    top = round(len(last) / 2)
    parts = [np.concatenate([rising, last[:top]]), nobody(), np.concatenate([last[top:], rising])]
    report = analyse(as_pose(np.concatenate(parts)), exercise="sit_to_stand")
    assert sum(len(one["reps"]) for one in report["sets"]) >= 10
    assert not told(parts, "sit_to_stand")


def test_movements_that_do_not_count_make_no_set():
    """Two deadlifts, and somebody who rises with empty hands."""
    parts = [a_set("squat"), nobody(), a_set("deadlift", 2), seen_by(empty_rise(60), 40.0)]
    assert not told(parts, "squat")


def test_a_wrong_exercise_is_told_once():
    report = analyse(as_pose(a_set("squat")), exercise="pushup", exercise_source="user")
    codes = [w["code"] for w in report["warnings"]]
    assert "exercise_mismatch" in codes and "another_exercise" not in codes
