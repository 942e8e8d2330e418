"""The exam of the form analysis: what it counts, and what it prints."""

from collections import Counter

import numpy as np
import pytest

from benchmarks.form import CASES, Cell, clean_rows, confusion_rows, main, recall_rows, tell, watch
from benchmarks.metric_noise import figures
from benchmarks.tempo_noise import gather
from lib.analysis.exercises import load_exercise


def test_every_fault_is_told_by_judged_metrics():
    for lift, _, ids in CASES.values():
        judged = {n for n, r in load_exercise(lift).metrics.items() if r.threshold}
        for name in ids:
            assert any(metric.startswith(name) for metric in judged), name


@pytest.mark.parametrize(
    ("case", "view", "found"),
    [("shallow squat 60 %", "side", 1), ("double bounce 20 %", "front", 1),
     ("bar tilt 12 deg", "front", 1), ("clean squat", "side", 0), ("clean deadlift", "back", 0)],
)  # fmt: skip
def test_faults_are_found_and_clean_sets_left_alone(case, view, found):
    cell = watch(case, view, 1, "dev")
    assert (cell.sets, cell.found, cell.false_alarms) == (1, found, 0)


def test_a_view_that_cannot_show_a_fault_does_not_count_against_it():
    cell = watch("knee valgus 5 cm", "side", 1, "dev")
    assert (cell.closed, cell.present, cell.found) == (1, 0, 0)


def test_the_tables():
    clean = Cell(sets=4, false_alarms=1, wrong=Counter({"SQ-09": 1}), fired=Counter({"SQ-09": 1}))
    shallow = Cell(sets=4, present=4, found=3, fired=Counter({"SQ-01": 3}))
    table = {("clean squat", "side"): clean, ("shallow squat 60 %", "side"): shallow}
    assert list(recall_rows(table))[2].endswith("| 4 | 0.00 | 4 | 3 | 0.75 | 1.00 (3) |")
    assert "| 0.25 | SQ-09 1 |" in list(clean_rows(table))[2]
    rows = list(confusion_rows(table))
    assert rows[0].startswith("| squat: injected | sets | SQ-01 |") and "| 1 (1) |" in rows[2]


@pytest.mark.parametrize(("mean", "severity", "beyond"), [
    (0.069, "ok", set()), (0.072, "ok", {"SQ-08"}), (-0.072, "ok", {"SQ-08"}),
    (0.15, "fault", {"SQ-08"}), (0.15, "info", set()), (None, None, set()),
])  # fmt: skip
def test_a_true_value_past_its_limit_is_a_fault_however_unsure(mean, severity, beyond):
    """A finding of it is no false alarm; whether it counts as there is another question."""
    metrics = {"SQ-08": {"judged_mean": mean, "severity": severity}, "SQ-02": {"value": 3.0}}
    one = {
        "summary": {"metrics": metrics, "set_metrics": {}},
        "reps": [{"findings": [], "metrics": {}}],
    }
    told = tell({"sets": [one]}, load_exercise("squat"))
    assert told.beyond == beyond and told.fired == ({"SQ-08"} if severity == "fault" else set())


def test_figures_of_known_errors():
    steady = [np.full(5, 2.0), np.full(5, -2.0)]
    sigma, mean, share, gain, num = figures(steady, [np.ones(5)] * 2)
    assert (sigma, mean, share, gain, num) == pytest.approx((2, 0, 0, 1, 2))
    rng = np.random.default_rng(0)
    changing = [rng.normal(size=5) for _ in range(400)]
    assert figures(changing, changing)[2] == pytest.approx(1, abs=0.05)
    assert np.isnan(figures([np.ones(5)], [np.ones(5)])[0])


def test_an_unknown_stream_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--stream", "other"])
    assert "shifted_dev" in capsys.readouterr().err


def test_tempo_is_about_as_unsure_as_it_says():
    assert gather("squat", 0, "opened") == {}
    found = gather("deadlift", 1, "opened")
    assert set(found) == {"eccentric", "pause_bottom", "concentric", "pause_top"}
    errors, sigmas = np.concatenate(list(found.values())).T
    assert 0.2 < np.sqrt(np.mean((errors / sigmas) ** 2)) < 2
