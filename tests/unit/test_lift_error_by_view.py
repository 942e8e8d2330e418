"""The lifter's share of every sigma: by view, and where no view was measured."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.lift_suite import film_of
from benchmarks.metric_errors import LEAST_TAKES, VIEWS, as_yaml
from lib.analysis.exercises import load_exercise
from lib.analysis.lift_error import ALL_VIEWS, LiftError, lift_sigma, load_lift_error
from lib.analysis.report import analyse
from lib.config import load_config

SHIFT = load_exercise("squat").metrics["SQ-08"]


def only(monkeypatch, by_view):
    rms = {SHIFT.measure: {SHIFT.moment: by_view}}
    content = replace(load_lift_error(), rms=rms)
    monkeypatch.setattr("lib.analysis.lift_error.load_lift_error", lambda: content)


def test_the_view_decides_and_all_views_stand_in(monkeypatch):
    only(monkeypatch, {ALL_VIEWS: 0.1, "front": 0.02})
    assert lift_sigma(SHIFT, "front") == 0.02
    assert lift_sigma(SHIFT, "side") == lift_sigma(SHIFT, "unknown") == 0.1
    only(monkeypatch, {})
    assert lift_sigma(SHIFT, "front") == float("inf")


def test_of_an_exercise_without_measured_errors_only_counts_and_times_are_told():
    pose = film_of("dev", "bench_press", "two", 90, 30).pose
    told = {}
    for unit in ("relative", "metre"):  # lifted, and from a calibrated camera
        report = analyse(replace(pose, unit=unit), exercise="bench_press", exercise_source="user")
        (one,) = report["sets"]
        assert len(one["reps"]) == 2 and one["reps"][0]["tempo"]["eccentric_s"] > 0
        told[unit] = one["reps"][0]["metrics"]["BP-03"]
    assert told["metre"]["value"] is not None
    assert (told["relative"]["value"], told["relative"]["reason"]) == (None, "lifter")


def test_no_other_view_is_to_blame_where_the_lifter_is_exact_enough_in_none():
    pose = film_of("dev", "squat", "two", 90, 30).pose
    reason_of = {}
    for unit in ("relative", "metre"):  # lifted, and from a calibrated camera
        report = analyse(replace(pose, unit=unit), exercise="squat", exercise_source="user")
        metrics = report["sets"][0]["reps"][0]["metrics"]
        reason_of[unit] = {name: metrics[name]["reason"] for name in ("SQ-07_left", "SQ-12")}
    assert reason_of["metre"] == {"SQ-07_left": "view", "SQ-12": "view"}
    assert reason_of["relative"] == {"SQ-07_left": "lifter", "SQ-12": "view"}


def test_shipped_numbers_are_errors_of_known_views():
    for moments in load_lift_error().rms.values():
        for by_view in moments.values():
            assert ALL_VIEWS in by_view and set(by_view) <= {ALL_VIEWS, *VIEWS}
            assert all(0 <= value < 90 for value in by_view.values())


def test_what_is_written_is_read_again_and_few_recordings_are_no_view(tmp_path):
    key = (SHIFT.measure, SHIFT.moment)
    few, enough = [np.array([0.3, -0.1])] * (LEAST_TAKES - 1), [np.array([0.02])] * LEAST_TAKES
    found = {
        key: {"side": few, "front": enough, ALL_VIEWS: few + enough},
        ("unseen", "rep"): {ALL_VIEWS: []},
    }
    path = tmp_path / "lift_error.yaml"
    path.write_text(as_yaml(found, "a command", "0" * 64, 7))
    content = load_config(LiftError, path)
    by_view = content.rms[SHIFT.measure][SHIFT.moment]
    assert by_view["front"] == 0.02 and "side" not in by_view
    square = np.mean([0.3**2, 0.1**2] * 3 + [0.02**2] * 4)
    assert by_view[ALL_VIEWS] == pytest.approx(np.sqrt(square), abs=1e-3)
    assert "unseen" not in content.rms and content.command == "a command"
    assert "7 recordings" in path.read_text()
