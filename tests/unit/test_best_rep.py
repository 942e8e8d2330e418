"""The best repetition of a set, and that the page says by which rule it is the best."""

import pytest

from lib.analysis.summary import best_rep
from lib.report.phases import BEST_RULE


def rep(index: int, *severities: str, way: float = 0.5, start: int = 90) -> dict:
    return {"index": index, "quality": "full", "start_frame": start,
            "metrics": {"TV-05": {"value": way}},
            "findings": [{"severity": severity} for severity in severities]}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "best", "other"),
    [
        ("the fewest faults", rep(1, "warn", "warn", way=0.4), rep(2, "fault", way=0.9)),
        ("then the fewest warnings", rep(1, "warn", way=0.4), rep(2, "warn", "warn", way=0.9)),
        ("then the longest way", rep(1, "warn", way=0.6), rep(2, "warn")),
        ("begins within only where there is no other", rep(1, "fault"), rep(2, way=0.9, start=0)),
    ],
)
def test_the_page_names_every_step_of_the_rule(words, best, other):
    assert best_rep([other, best]) == best_rep([best, other]) == 1 and best_rep([other]) == 2
    assert words in BEST_RULE
