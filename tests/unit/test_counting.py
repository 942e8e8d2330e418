"""The scores of counting, by hand."""

import numpy as np
import pytest

from benchmarks.counting import (
    SUMMARY_HEAD,
    Case,
    case_counts,
    count_scores,
    exact_text,
    f1,
    interval_scores,
    match,
    overlap,
    summary,
    wilson,
)


def rows(*pairs) -> np.ndarray:
    return np.array(pairs, float).reshape(-1, 2)


def test_count_scores_by_hand():
    scores = count_scores([5, 4, 0, 3], [5, 5, 0, 1])
    assert (scores.num, scores.obz, scores.obo) == (4, 0.5, 0.75)
    assert scores.mae_n == pytest.approx((0.2 + 2) / 4)
    assert scores.mae_p1 == pytest.approx((1 / 5.1 + 2 / 1.1) / 4)
    assert scores.rmse == pytest.approx(np.sqrt(5 / 4))


def test_reps_where_there_are_none_are_counted_as_wrong():
    """Divided by one, not by nothing."""
    assert count_scores([3], [0]).mae_n == 3
    assert count_scores([3], [0]).mae_p1 == pytest.approx(30)


def test_no_recordings_have_no_score():
    scores = count_scores([], [])
    assert scores.num == 0 and np.isnan([scores.obz, scores.mae_n, *scores.obz_95]).all()
    assert np.isnan([interval_scores([]).miou, f1([], 0.5), interval_scores([]).error_s(50)]).all()


def test_counts_need_their_truths():
    with pytest.raises(ValueError, match="2 counts for 1"):
        count_scores([1, 2], [1])


@pytest.mark.parametrize(
    ("num_right", "num", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_wilson_interval_as_published(num_right, num, low, high):
    assert wilson(num_right, num) == pytest.approx((low, high), abs=5e-4)


def test_overlap_of_touching_nested_and_empty_intervals():
    iou = overlap(rows((0, 2), (5, 5)), rows((2, 4), (0, 2), (0.5, 1.5), (1, 3), (5, 5)))
    assert iou[0] == pytest.approx([0, 1, 0.5, 1 / 3, 0])
    assert (iou[1] == 0).all()


def test_matching_is_one_to_one_and_best_as_a_whole():
    """The first pair alone would be better served by the other partner."""
    case = Case(rows((0, 10), (8, 18)), rows((7, 17), (1, 11)))
    i_true, i_found, _ = match(case)
    assert list(zip(i_true.tolist(), i_found.tolist(), strict=True)) == [(0, 1), (1, 0)]
    split = Case(rows((0, 10)), rows((0, 5), (5, 10)))
    assert len(match(split)[0]) == 1


def test_a_threshold_keeps_as_many_pairs_as_there_are():
    """Pairs below it must not take the partners of pairs above it."""
    case = Case(rows((0, 10), (10, 20)), rows((5, 15), (10, 20)))
    i_true, i_found, iou = match(case, 0.5)
    assert (i_true.tolist(), i_found.tolist(), iou.tolist()) == ([1], [1], [1.0])


def test_f1_counts_what_is_missed_and_what_is_invented():
    perfect, nothing = Case(rows((0, 1)), rows((0, 1))), Case(rows((0, 1)), rows())
    invented = Case(rows(), rows((0, 1), (1, 2)))
    assert f1([perfect], 0.75) == 1
    assert f1([perfect, nothing], 0.75) == pytest.approx(2 / 3)
    assert f1([perfect, nothing, invented], 0.75) == pytest.approx(2 / 5)
    assert f1([Case(rows((0, 10)), rows((0, 6)))], 0.5) == 1
    assert f1([Case(rows((0, 10)), rows((0, 6)))], 0.75) == 0


def test_missed_reps_pull_the_mean_overlap_down():
    scores = interval_scores([Case(rows((0, 2), (2, 4)), rows((0, 2))), Case(rows((0, 4)), rows())])
    assert scores.miou == pytest.approx(1 / 3)


def test_boundary_errors_of_starts_ends_and_turns():
    truth = np.array([[0, 2, 1.0], [4, 6, np.nan]])
    found = np.array([[4.1, 6.2, 5.0], [0.3, 2.0, 1.4]])
    scores = interval_scores([Case(truth, found)])
    assert scores.error_s(50, 0) == pytest.approx(0.2)
    assert scores.error_s(100, 1) == pytest.approx(0.2)
    assert scores.error_s(50, 2) == pytest.approx(0.4)
    assert scores.error_s(100) == pytest.approx(0.3)
    assert np.isnan(scores.error_s(50, 3))


def test_a_turn_within_the_pause_has_no_error_and_one_outside_is_measured_from_its_edge():
    truth = np.array([[0, 2, 0.5], [4, 6, 4.5], [8, 10, 8.5]])
    found = np.array([[0, 2, 0.4], [4, 6, 5.2], [8, 10, 9.7]])
    errors_s = interval_scores([Case(truth, found, np.array([0, 1.0, 1.0]))]).errors_s
    assert errors_s[:, 2] == pytest.approx([0.1, 0, 0.2])
    with pytest.raises(ValueError):
        Case(truth, found, np.zeros(2))


def test_the_summary_has_a_number_under_each_heading_and_dashes_for_unknown_moments():
    cases = [Case(rows((0, 2), (2, 4)), rows((0, 2), (2.5, 4))), Case(rows((0, 1)), rows())]
    assert exact_text(cases) == "0.5000 (0.0945-0.9055) n=2"
    text = summary(cases)
    assert len(text[33:].split()) == len(SUMMARY_HEAD[33:].split()) - len(["(s)"])
    assert text[33:].split() == [
        "1.0000", "0.5000", "0.583", "0.800", "0.800", "0.250", "0.475", "-", "-", "0.000", "0.000",
    ]  # fmt: skip
    nothing = summary([Case([], [])])
    assert nothing[33:].split()[:5] == ["1.0000", "0.0000", "nan", "0.000", "0.000"]


def test_counts_of_cases_and_intervals_that_are_none():
    assert case_counts([Case(rows((0, 1)), rows()), Case([], [])]).obz == 0.5
    with pytest.raises(ValueError, match="end before they start"):
        Case(rows((1, 0)), rows())
