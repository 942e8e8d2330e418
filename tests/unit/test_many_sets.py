"""What a page and a film of many repetitions cost: not each of them the whole recording again."""

import time

from made_report import made_report

from lib.report import words
from lib.report.video import rep_labels

NUM_ROWS = 200_000


def seconds_of_labels(num_reps: int) -> float:
    """CPU time for as many repetitions, which fill NUM_ROWS rows."""
    each = NUM_ROWS // num_reps
    reps = [
        {"index": i + 1, "start_frame": i * each, "end_frame": (i + 1) * each - 10,
         "quality": "full"}
        for i in range(num_reps)
    ]  # fmt: skip
    start_s = time.process_time()
    labels = rep_labels({"sets": [{"reps": reps}]}, NUM_ROWS)
    seconds = time.process_time() - start_s
    assert len(labels) == NUM_ROWS and labels[-1] == f"{num_reps} / {num_reps}"
    return seconds


def test_labels_of_a_film_cost_by_its_length_and_not_times_its_repetitions():
    few, many = (min(seconds_of_labels(num) for _ in range(3)) for num in (2, 2000))
    assert many < 30 * few  # 1000 times, where each goes to the end of the film


def test_columns_and_counters_are_found_once_for_all_sets(monkeypatch):
    asked = []
    for name in ("columns_of", "counters_of"):
        whole = getattr(words, name)
        monkeypatch.setattr(
            words, name, lambda *given, name=name, whole=whole: asked.append(name) or whole(*given)
        )
    page = words.page_words(made_report(2, 1, 3), int)
    assert sorted(asked) == ["columns_of", "counters_of"]
    counters = [[rep["counter"] for rep in of_set["reps"]] for of_set in page["sets"]]
    assert counters == [["1 / 2", "2 / 2"], ["3 / 3"], ["4 / 6", "5 / 6", "6 / 6"]]
