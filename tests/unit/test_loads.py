"""Loads on the bar against the sets that were found."""

import pytest
from moving_body import Timing, as_pose, join, lift, seen_by

from lib.analysis.loads import loads_of_sets
from lib.analysis.report import analyse


@pytest.mark.parametrize(
    ("given", "num_sets", "loads"),
    [((), 2, [None, None]), ((100.0,), 0, []), ((100.0,), 3, [100.0] * 3),
     ((80.0, 90.0), 2, [80.0, 90.0])],
)  # fmt: skip
def test_none_one_for_all_or_one_a_set(given, num_sets, loads):
    assert loads_of_sets(given, num_sets) == (loads, [])


@pytest.mark.parametrize("num_sets", [0, 1, 3])
def test_another_number_is_given_to_no_set_and_says_both_numbers(num_sets):
    loads, (warning,) = loads_of_sets((80.0, 90.0), num_sets)
    assert loads == [None] * num_sets and warning["code"] == "loads_do_not_fit"
    assert "2 loads" in warning["message"] and f"{num_sets} set" in warning["message"]


def test_the_report_has_them():
    one = lift("squat", [Timing()] * 2, 30)[0]
    pause = lift("squat", [], 30, lead_s=8, tail_s=8)[0]
    pose = as_pose(seen_by(join(one, pause, one, fps=30), 90))
    sets = analyse(pose, exercise="squat", loads_kg=(80, 90.5))["sets"]
    assert [one_set["load_kg"] for one_set in sets] == [80, 90.5]
    report = analyse(pose, exercise="squat", loads_kg=(80, 90, 100))
    assert [one_set["load_kg"] for one_set in report["sets"]] == [None, None]
    assert "loads_do_not_fit" in [warning["code"] for warning in report["warnings"]]
