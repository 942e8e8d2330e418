"""The baselines beside the counter in the table of synthetic lifts."""

import numpy as np

from benchmarks import reps
from benchmarks.counting import Case, interval_scores


def test_aifit_and_the_constant_answer_the_same_recording():
    cell = reps.Cell("dev", "squat", "five", 45, 30, 0)
    cases = reps.run(cell, ("constant 5", "AIFit"))
    assert [case.num_true for case in cases.values()] == [5, 5]
    assert all(case.is_exact for case in cases.values())
    assert interval_scores([cases["AIFit"]]).miou > 0
    assert list(reps.run(cell)) == ["ours", "live", "constant 5"]


def test_the_constant_is_wrong_where_there_are_not_five():
    cases = reps.run(reps.Cell("dev", "squat", "two", 45, 30, 0), ("constant 5", "AIFit"))
    assert cases["constant 5"].num_found == 5
    assert not cases["AIFit"].is_exact


def made_case(num_true: int, *lengths_s: float) -> Case:
    """True ones last a second, one every two seconds; a found one of each length on each."""
    start = 2.0 * np.arange(max(num_true, len(lengths_s)))[:, None]
    found = start[: len(lengths_s)] + np.array([(0, length) for length in lengths_s]).reshape(-1, 2)
    return Case(start[:num_true] + (0, 1), found)


def test_side_by_side_by_hand(capsys):
    cells = [reps.Cell("dev", "squat", "two", yaw, 30, 0) for yaw in (0, 45)]
    cells.append(reps.Cell("dev", "squat", "flailing", 0, 30, 0))
    found = [
        {"ours": made_case(2, 1.0, 0.5), "AIFit": made_case(2, 0.2, 0.2, 1, 1, 1)},
        {"ours": made_case(2, 0.9), "AIFit": made_case(2, 0, 0.4, 1)},
        {"ours": made_case(0), "AIFit": made_case(0, *[1.0] * 7)},
    ]
    reps._print_beside(found, cells, ["two"])
    two, wild = capsys.readouterr().out.splitlines()[2:]
    assert two.split() == ["two", "0.500", "1.000", "0.600", "0.000", "0.500", "0.200", "n=2"]
    assert wild.split() == ["flailing", "1.000", "1.000", "-", "0.000", "0.000", "-", "n=1"]
