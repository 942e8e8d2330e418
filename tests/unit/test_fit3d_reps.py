"""Counting against rep_ann.json, on a made-up folder in Fit3D's format."""

import json

import numpy as np
import pytest
from filmed_lifts import FIVE, pose_of

from benchmarks import counters, fit3d_reps
from lib.analysis.exercises import exercise_names
from lib.analysis.reps import count_reps
from lib.data.synthetic.writer import write_fit3d_tree


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("fit3d")
    write_fit3d_tree(root / "x", ("s03",), ("squat", "pushup"), 3, num_reps=5)
    return root / "x"


def values(lines: list[str], action: str, method: str) -> dict[str, float]:
    cells = next(row.split() for row in lines if row.split()[:2] == [action, method])
    names = ("n", "reps", "exact", "95", "obo", "mae_n", "miou", "f1", "p50_s", "p95_s")
    return {k: float(v) for k, v in zip(names, cells[2:], strict=True) if k != "95"}


def test_table_of_a_made_up_folder(tree, capsys):
    assert fit3d_reps.main([str(tree)]) == 0
    printed = capsys.readouterr().out
    assert "no results on Fit3D" in printed.splitlines()[0]
    lines = printed.splitlines()[1:]
    ours, flat = values(lines, "all", "told"), values(lines, "all", "constant-5")
    assert (ours["n"], ours["reps"], ours["exact"]) == (2, 10, 1.0)
    # Five equal parts of everything count all exactly and cut badly.
    assert flat["exact"] == 1 and flat["miou"] < ours["miou"] > 0.8
    assert ours["p50_s"] < 0.3
    assert {row.split()[1] for row in lines[1:]} >= {"told", "recognised", "aifit", "constant-5"}


def test_the_constant_is_printed_beside_any_method(tree, capsys):
    assert fit3d_reps.main([str(tree), "--method", "aifit", "--actions", "squat"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert values(lines, "squat", "constant-5")["exact"] == 1
    assert values(lines, "squat", "aifit")["n"] == 1
    assert not any(" told " in row for row in lines)


def test_marks_move_the_score(tree, tmp_path, capsys):
    """The truth comes from the file: with other marks there, the count is wrong."""
    path = tree / "train/s03/rep_ann.json"
    marks = json.loads(path.read_text())
    try:
        path.write_text(json.dumps({"squat": marks["squat"][:-2]}))
        assert fit3d_reps.main([str(tree), "--method", "told"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert values(lines, "all", "told")["exact"] == 0
        assert values(lines, "all", "told")["n"] == 1
        path.write_text("{}")
        assert fit3d_reps.main([str(tree)]) == 0
        assert "no sequence" in capsys.readouterr().out
    finally:
        path.write_text(json.dumps(marks))


def test_without_data_it_says_so_and_is_no_failure(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("PERFECTREP_FIT3D", raising=False)
    assert fit3d_reps.main([]) == 0
    assert "nothing was measured" in capsys.readouterr().out
    assert fit3d_reps.main([str(tmp_path)]) == 2
    assert "no Fit3D there" in capsys.readouterr().err


def test_RS6_the_exercise_is_chosen_once_and_without_the_truth(monkeypatch):
    """Not the class, of all, whose count is nearest to the annotation."""
    asked = []

    def watched(pose, exercise):
        asked.append(exercise)
        return count_reps(pose, exercise)

    monkeypatch.setattr(counters, "count_reps", watched)
    pose, _ = pose_of("squat", FIVE)
    assert len(counters.recognised(pose)) == 5
    assert asked == ["squat"]
    # Half of the marks gone: an oracle would change its mind.
    answer = fit3d_reps.METHODS["recognised"](pose, "pushup")
    assert np.array_equal(answer, counters.recognised(pose))


def test_told_names_that_no_file_describes_are_unknown(monkeypatch):
    asked = []
    monkeypatch.setattr(counters, "cycles", lambda count: count)
    monkeypatch.setattr(counters, "count_reps", lambda pose, exercise: asked.append(exercise))
    for action in (*exercise_names(), "diamond_pushup", "warmup_1"):
        counters.told(None, action)
    assert asked == [*exercise_names(), "unknown", "unknown"]


def test_cycles_are_cut_set_by_set():
    """A rest between sets belongs to no repetition."""
    timings = [*FIVE[:2], FIVE[2].__class__(rest_s=20), *FIVE[3:]]
    pose, _ = pose_of("squat", timings)
    cut = counters.cycles(count_reps(pose, "squat"))
    gaps = cut[1:, 0] - cut[:-1, 1]
    assert len(cut) == 5 and sorted(gaps)[:3] == [0, 0, 0]
    assert sorted(gaps)[3] > 15 * pose.fps
    assert len(counters.active_intervals(count_reps(pose, "squat"))) == 5
