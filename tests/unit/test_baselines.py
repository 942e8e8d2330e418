"""The baselines beside the counter in the table of synthetic lifts."""

from benchmarks import reps
from benchmarks.reps_score import Score


def test_aifit_and_the_constant_answer_the_same_recording():
    cell = reps.Cell("dev", "squat", "five", 45, 30, 0)
    scores = reps.run(cell, ("constant 5", "AIFit"))
    assert [score.num_true for score in scores.values()] == [5, 5]
    assert all(score.is_exact for score in scores.values())
    assert sum(scores["AIFit"].iou) > 0
    assert list(reps.run(cell)) == ["ours", "live", "constant 5"]


def test_the_constant_is_wrong_where_there_are_not_five():
    scores = reps.run(reps.Cell("dev", "squat", "two", 45, 30, 0), ("constant 5", "AIFit"))
    assert scores["constant 5"].num_found == 5
    assert not scores["AIFit"].is_exact


def test_side_by_side_by_hand(capsys):
    cells = [reps.Cell("dev", "squat", "two", yaw, 30, 0) for yaw in (0, 45)]
    cells.append(reps.Cell("dev", "squat", "flailing", 0, 30, 0))
    found = [
        {"ours": Score(2, 2, (1.0, 0.5)), "AIFit": Score(2, 5, (0.2, 0.2))},
        {"ours": Score(2, 1, (0.9, 0.0)), "AIFit": Score(2, 3, (0.0, 0.4))},
        {"ours": Score(0, 0), "AIFit": Score(0, 7)},
    ]
    reps._print_beside(found, cells, ["two"])
    two, wild = capsys.readouterr().out.splitlines()[2:]
    assert two.split() == ["two", "0.500", "1.000", "0.600", "0.000", "0.500", "0.200", "n=2"]
    assert wild.split() == ["flailing", "1.000", "1.000", "-", "0.000", "0.000", "-", "n=1"]
