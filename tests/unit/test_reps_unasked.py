"""What is told beside the counts of the synthetic lifts: guesses, nameless counts, flags."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.lift_suite import film, film_of
from benchmarks.lift_suite.rhythm import Plan
from benchmarks.reps_unasked import (
    NOTHING,
    Unasked,
    flag_lines,
    gate_lines,
    nameless_line,
    quality_pairs,
    unasked,
)
from lib.analysis.reps import count_reps


def seen(guess: str, num: int = 0, *pairs) -> Unasked:
    return Unasked(guess, num, pairs)


def test_partial_and_failed_reps_of_a_film_are_paired_with_those_found():
    plans = [Plan(), Plan(depth=0.4), Plan(), Plan(fails_at=0.5), Plan()]
    one = film("pushup", plans, np.random.default_rng(5), 60)
    told = unasked(one)
    assert told.guess == "pushup" and told.num_nameless == 5
    assert told.pairs == tuple(
        (q, q) for q in ("full", "partial", "full", "failed", "full", "full")
    )


def test_what_has_no_partner_is_paired_with_nothing():
    one = film("squat", [Plan(), Plan()], np.random.default_rng(0), 45)
    count = count_reps(one.pose, "squat")
    none, first = (SimpleNamespace(reps=count.reps[:num]) for num in (0, 1))
    assert quality_pairs(one, none) == (("full", NOTHING),) * 2
    assert quality_pairs(one, first) == (("full", "full"), ("full", NOTHING))
    idle = film_of("dev", "squat", "still", 0, 30)
    assert quality_pairs(idle, none) == () and quality_pairs(idle, first) == ((NOTHING, "full"),)


def test_a_lift_that_no_one_named_is_counted_as_what_it_is_taken_for():
    idle = film_of("dev", "squat", "flailing", 0, 30)
    told = unasked(idle)
    assert told.num_nameless == count_reps(idle.pose, told.guess).num_reps


def test_guesses_are_counted_by_lift_and_those_without_a_lift_apart():
    told = {
        ("squat", "one"): [seen("squat"), seen("deadlift")],
        ("squat", "five"): [seen("squat"), seen("squat")],
        ("squat", "still"): [seen("unknown"), seen("squat")],
        ("pushup", "still"): [seen("unknown")],
    }
    head, squat, still, share = gate_lines(told, ["still"])
    columns = head.removeprefix("lift, taken for").split()
    assert dict(zip(columns, map(int, squat.split()[1:]), strict=True)) == {
        "bench_press": 0, "deadlift": 1, "pushup": 0, "sit_to_stand": 0, "squat": 3, "unknown": 0,
    }  # fmt: skip
    assert still.split() == ["none:", "still", "0", "0", "0", "0", "1", "2"]
    assert "0.7500" in share and "n=4" in share and share.endswith("not: one 1")


def test_the_gate_table_of_idle_recordings_alone_has_no_share():
    *_, share = gate_lines({("squat", "still"): [seen("unknown")]}, ["still"])
    assert "nan" in share and "n=0" in share and share.endswith("not: none")


def test_false_reps_of_random_movement_are_told_by_what_it_was_taken_for():
    line = nameless_line([seen("unknown"), seen("squat", 3), seen("unknown", 1), seen("unknown")])
    assert "4 false in 4, 1.000 each; none in 0.5000" in line
    assert "taken for unknown 3, squat 1; false by that: unknown 1, squat 3" in line
    assert "0 false in 1, 0.000 each" in nameless_line([seen("unknown")])


@pytest.mark.parametrize(
    ("pairs", "numbers"),
    [
        ([("partial", "partial"), ("partial", "full"), ("full", "partial")],
         ["2", "2", "0.500", "0.500"]),
        ([("partial", NOTHING), ("full", "full")], ["1", "0", "-", "0.000"]),
        ([(NOTHING, "partial")], ["0", "1", "0.000", "-"]),
        ([("failed", "failed")], ["0", "0", "-", "-"]),
    ],
)  # fmt: skip
def test_precision_and_recall_of_the_partial_flag(pairs, numbers):
    lines = flag_lines({("squat", "partials"): [seen("squat", 0, *pairs)]})
    for line, title in zip(lines[1:], ("partials", "squat, these cases"), strict=False):
        assert line.removeprefix(title).split()[:4] == numbers


def test_flags_outside_their_cases_are_in_the_last_line_alone():
    told = {
        ("squat", "partials"): [seen("squat", 0, ("failed", "failed"))],
        ("squat", "five"): [seen("squat", 0, ("full", "failed"))],
    }
    *_, these, every = flag_lines(told)
    assert these.split()[-4:] == ["1", "1", "1.000", "1.000"]
    assert every.split()[-4:] == ["1", "2", "0.500", "1.000"]
