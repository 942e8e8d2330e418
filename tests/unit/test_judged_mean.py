"""A set has one mean on its page and among the trends: that of the repetitions it is judged by."""

from statistics import fmean, stdev

import orjson
import pytest
from made_report import made_rep, made_report, made_set, measure

from lib.report.report_files import read_workouts
from lib.report.words import page_words


def report_of(*reps: tuple[str, float]) -> dict:
    """One set of (quality, depth), its depth summed up as the analysis does it."""
    made = [made_rep(i, quality=quality) for i, (quality, _) in enumerate(reps, 1)]
    for rep, (_, depth) in zip(made, reps, strict=True):
        rep["metrics"]["SQ-01"] = measure(depth, "femur", sigma=0.05)
    every = [depth for _, depth in reps]
    full = [depth for quality, depth in reps if quality == "full"]
    of_set = made_set(1, made)
    of_set["summary"]["metrics"]["SQ-01"] = {
        "mean": fmean(every), "sd": stdev(every), "n": len(every), "unit": "femur",
        "judged_mean": fmean(full or every), "sigma": 0.03,
    }  # fmt: skip
    return made_report(1) | {"sets": [of_set]}


def test_headline_foot_of_the_table_and_trends_have_one_mean(tmp_path):
    report = report_of(("full", -0.10), ("partial", -0.30), ("full", -0.12))
    words = page_words(report, int)
    said = "hip joint 11 \u00b1 3 % of the thigh above the knee joint on average"
    assert said in words["lines"][0]
    assert words["sets"][0]["mean"][0] == "\u221211"  # the deviation is that of all three
    (tmp_path / "report.json").write_bytes(orjson.dumps(report))
    depth = read_workouts([tmp_path / "report.json"])[0][0].sets[0].depth
    assert (depth.value, depth.sigma) == (pytest.approx(-0.11), 0.03)


@pytest.mark.parametrize("quality", ["full", "partial"])
def test_the_deviation_stays_where_it_is_of_the_same_repetitions(quality):
    words = page_words(report_of((quality, -0.10), (quality, -0.12)), int)
    assert words["sets"][0]["mean"][0] == "\u221211 (1)"


def test_one_full_repetition_among_partial_ones_is_no_average():
    words = page_words(report_of(("full", -0.10), ("partial", -0.30)), int)
    assert "hip joint 10 \u00b1 3 %" in words["lines"][0] and "average" not in words["lines"][0]
    assert words["sets"][0]["mean"] == []
