"""Metrics of real squats in motion capture: ordinary ones, and some done unevenly on purpose."""

import pytest

from benchmarks.reps_motion17 import in_world, recordings
from lib.analysis.report import analyse

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def found(data_folder):
    wanted = ("opencap6_squats1", "opencap6_squatsAsym1")
    return {
        r.name: analyse(in_world(r, 0.0), exercise="squat", exercise_source="user")["sets"][0]
        for r in recordings(data_folder / "motion17")
        if r.name in wanted
    }


def test_squats_that_lean_to_one_side_are_told_from_straight_ones(found):
    codes = {
        name: {f["code"] for f in one_set["summary"]["findings"]} for name, one_set in found.items()
    }
    uneven = {"SQ-08", "SQ-12"}
    assert not codes["opencap6_squats1"] & uneven
    assert codes["opencap6_squatsAsym1"] >= uneven


def test_numbers_are_those_of_people(found):
    for one_set in found.values():
        for rep in one_set["reps"]:
            value = {name: m["value"] for name, m in rep["metrics"].items()}
            assert 70 < value["SQ-03"] < 120
            assert 0.3 < value["TV-02"] < value["TV-03"] < 1.3
            assert abs(value["SQ-10"]) < 6
            assert value["SQ-15"] == 0
