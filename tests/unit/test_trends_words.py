"""What the page of trends says of sets: findings, groups, lines."""

import re

import orjson
import pytest
from made_report import bare_report, made_report

from lib.analysis.exercises import load_exercise
from lib.report.load_velocity import fit_line
from lib.report.report_files import read_workouts
from lib.report.trends import STYLE, _shown, trends_page
from lib.report.trends_charts import depth_chart
from lib.report.trends_line import _line_words
from lib.report.trends_table import findings_words
from lib.report.workouts import Group, Value, groups_of

SQUAT = load_exercise("squat")


def workouts_of(folder, *reports):
    paths = []
    for i, report in enumerate(reports):
        paths.append(folder / f"{i}.json")
        paths[-1].write_bytes(orjson.dumps(report))
    return read_workouts(paths)[0]


def of_set(code, severity):
    return {"code": code, "severity": severity, "metric": code, "joints": [], "text": "",
            "frames": [], "reps": [], "value": 7.0, "sigma": 1.0, "unit": "percent"}  # fmt: skip


def test_findings_of_a_whole_set_are_told_and_not_twice(tmp_path):
    report = made_report(3)
    report["sets"][0]["summary"]["findings"] = [of_set("SQ-17", "fault"), of_set("SQ-10", "warn")]
    (row,) = workouts_of(tmp_path, report)[0].sets
    assert findings_words(row, SQUAT) == [
        ("fault", "fault: variation of the range of motion of the set"),
        ("warn", f"warn: {SQUAT.metrics['SQ-10'].name} in 3 of 3 reps"),
    ]


def test_one_repetition_is_one_rep(tmp_path):
    (row,) = workouts_of(tmp_path, made_report(1))[0].sets
    assert findings_words(row, SQUAT)[0][1].endswith(" in 1 of 1 rep")


@pytest.mark.parametrize(
    ("loads", "speeds"),
    [([80, 80], [0.7, 0.6]), ([100, 105, 110], [0.5, 0.5, 0.4]), ([60, 80, 100], [0.5, 0.5, 0.6])],
)
def test_why_there_is_no_line_is_a_sentence(loads, speeds):
    line = fit_line(loads, speeds, [0.03] * len(loads))
    (said,) = _line_words(line, loads, Group((), ()))
    subject = said.removeprefix("No load-velocity line: ").split()
    assert said.endswith(".") and subject[:2] in (["it", "needs"], ["the", "heavier"]), said


def test_unknown_exercises_are_not_taken_for_one(tmp_path):
    reports = [bare_report(2), bare_report(3), made_report(2), made_report(3)]
    groups = groups_of(workouts_of(tmp_path, *reports))
    assert [len(group.workouts) for group in groups] == [2, 1, 1]
    for group in groups[1:]:
        assert group.notes[0].startswith("Nobody knows which exercise this was")


def test_the_name_of_the_level_line_stands_below_the_chart_where_no_dot_lies_on_it(tmp_path):
    group = groups_of(workouts_of(tmp_path, made_report(3)))[0]
    drawing, _, below = depth_chart(group, ["#1"]).partition("</svg>")
    assert 'class="level"' in drawing and "level with" not in drawing
    assert "Dashed: hip joint level with knee joint." in below


def test_what_is_partial_or_failed_is_hatched_and_says_so(tmp_path):
    report = made_report(3)
    report["sets"][0]["reps"][1]["quality"] = "partial"
    report["sets"][0]["count"] |= {"full": 2, "partial": 1}
    page = trends_page(groups_of(workouts_of(tmp_path, report)), [])
    for kind in ("partial", "failed"):
        assert f"rect.{kind} {{ fill: url(#hatch-{kind});" in STYLE.read_text(encoding="utf-8")
        assert page.count(f'<pattern id="hatch-{kind}"') == 1
        assert re.search(f'<li><svg class="key".*?<rect class="{kind}".*?</svg>{kind}</li>', page)
    assert "<title>#1: 2 full</title>" in page and "<title>#1: 1 partial</title>" in page


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Value(98.4, 0.3, "deg"), "98 \u00b1 &lt;1\u00b0"),
        (Value(-0.031, 0.004, "femur"), "\u22123 \u00b1 &lt;1 % of thigh"),
        (Value(0.512, 0.04, "m/s"), "0.51 \u00b1 0.04 m/s"),
        (Value(0.512, 0.0, "m/s"), "0.51 m/s"),
        (Value(12.0, float("nan"), "percent"), "12 %"),
        (None, "\u2013"),
    ],
)
def test_a_small_spread_in_the_table_is_not_nothing(value, text):
    assert _shown(value) == text


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (None, None, None),
        (("a", "b"), ("a", "b"), None),
        (("a", "b"), ("c", "b"), "different 3D networks (checkpoints): numbers"),
        ((None, "b"), (None, "c"), "different error tables: numbers"),
        (("a", "b"), None, "networks (checkpoints) and error tables, or do not all say from which"),
    ],
)
def test_workouts_by_other_networks_or_error_tables_stay_together_and_it_is_said(
    tmp_path, first, second, said
):
    """None: an older report, which names neither."""
    reports = made_report(2), made_report(3)
    for report, hashes in zip(reports, (first, second), strict=True):
        keys = ("checkpoint_sha256", "lift_error_sha256")
        report["generator"] |= dict(zip(keys, hashes or (), strict=False))
    (group,) = groups_of(workouts_of(tmp_path, *reports))
    told = [note for note in group.notes if note.startswith("These reports come from different")]
    assert len(told) == (said is not None) and all(said in note for note in told)
    assert all(note in trends_page([group], []) for note in told)
