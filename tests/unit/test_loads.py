"""Loads on the bar against the sets that were found."""

from argparse import ArgumentParser

import pytest
from moving_body import Timing, as_pose, join, lift, seen_by

from lib.analysis.loads import loads_of_sets
from lib.analysis.report import analyse
from lib.report.session import add_session_flags, session_of


def flags(load_kg):
    parser = ArgumentParser()
    add_session_flags(parser)
    return parser.parse_args(["--load-kg", load_kg])


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


def test_of_loads_that_do_not_fit_it_is_said_how_they_were_read():
    _, (warning,) = loads_of_sets((80.0, 90.5, 100.0), 1)
    assert "3 loads (80, 90.5 and 100 kg) were given for 1 set" in warning["message"]


@pytest.mark.parametrize("num_sets", [1, 2])
def test_a_decimal_comma_is_asked_about(num_sets):
    _, warnings = loads_of_sets(session_of(flags("102,5")).loads_kg, num_sets)
    (text,) = [w["message"] for w in warnings if w["code"] == "decimal_comma"]
    asked = "if a decimal comma was meant, write 102.5."
    assert text == f"The loads were read as 102 and 5 kg; {asked}"
    assert len(warnings) == (1 if num_sets == 2 else 2)


@pytest.mark.parametrize(
    ("given", "is_asked"),
    [("102,5,105", True), ("100,102,5", True), ("100,0", True), ("102.5,5", False),
     ("20,60,100", False), ("100,80,60", False), ("0,20,60", False), ("80,20", False)],
)  # fmt: skip
def test_lighter_and_lighter_or_from_an_empty_bar_upwards_is_no_decimal_comma(given, is_asked):
    loads = session_of(flags(given)).loads_kg
    codes = [warning["code"] for warning in loads_of_sets(loads, len(loads))[1]]
    assert codes == ["decimal_comma"] * is_asked


def test_the_report_has_them():
    one = lift("squat", [Timing()] * 2, 30)[0]
    pause = lift("squat", [], 30, lead_s=8, tail_s=8)[0]
    pose = as_pose(seen_by(join(one, pause, one, fps=30), 90))
    sets = analyse(pose, exercise="squat", loads_kg=(80, 90.5))["sets"]
    assert [one_set["load_kg"] for one_set in sets] == [80, 90.5]
    report = analyse(pose, exercise="squat", loads_kg=(80, 90, 100))
    assert [one_set["load_kg"] for one_set in report["sets"]] == [None, None]
    assert "loads_do_not_fit" in [warning["code"] for warning in report["warnings"]]


def test_no_load_at_all_is_a_load():
    """An empty-handed set, as the flag allows it."""
    pose = as_pose(seen_by(lift("squat", [Timing()] * 3, 30)[0], 40))
    report = analyse(pose, exercise="squat", loads_kg=session_of(flags("0")).loads_kg)
    assert [one["load_kg"] for one in report["sets"]] == [0.0]
