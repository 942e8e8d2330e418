"""What the report page says: counts, cells, findings, reasons, warnings."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from made_report import bare_report, made_rep, made_report, made_set, measure, not_measurable
from plain_report import rep, report

from lib.analysis.exercises import load_exercise
from lib.analysis.lift_error import is_known_lift, lift_sigma
from lib.report import labels
from lib.report.html import ASSETS
from lib.report.outcome import summary
from lib.report.words import page_words, verdict


def words_of(content: dict) -> dict:
    return page_words(content, int)


def test_verdict():
    assert verdict(report([])) == "No repetition found"
    assert verdict(report([rep(1)])) == "1 full repetition"
    two_sets = report([rep(1), rep(2, quality="partial")], [rep(1)])
    assert verdict(two_sets) == "3 repetitions in 2 sets: 2 full, 1 partial"


def test_the_terminal_tells_what_was_counted_from_what_was_not():
    kinds = ("full", "full", "partial", "suspect")
    reps = [made_rep(i + 1, quality=kind) for i, kind in enumerate(kinds)]
    content = made_report(1) | {"sets": [made_set(1, reps), made_set(2, [made_rep(5)])]}
    lines = summary(content, Path("report.html")).splitlines()
    assert lines[1:3] == ["set 1: 3 reps (1 partial); not counted: 1 suspect", "set 2: 1 rep"]


def test_the_page_begins_with_whose_set_it_was_and_when_as_far_as_it_was_said():
    about, content = {"name": "Anna", "height_m": 1.7}, report([rep(1)])
    assert words_of(content | {"athlete": about})["lines"][0] == "Anna"
    about |= {"recorded_at": "2026-03-14T18:30:00+01:00"}
    assert words_of(content | {"athlete": about})["lines"][0] == "Anna, 2026-03-14 18:30"
    for unsaid in (None, {"height_m": 1.7, "recorded_at": None}):
        assert words_of(content | {"athlete": unsaid})["lines"] == words_of(content)["lines"]


def test_table_shows_only_what_was_measured():
    words = words_of(report([rep(1)]))
    names = [(column["name"], column["unit"]) for column in words["columns"]]
    depth = ("Depth", "% of thigh, hip against knee, + = below")
    assert names == [depth, ("Knee flexion at the bottom", "°")]
    row = words["sets"][0]["reps"][0]
    assert [cell["text"] for cell in row["cells"]] == ["\u22126 ± 5", "98 ± 3"]
    assert (row["tempo"], row["start"], row["duration"]) == ("1.2-\u2026-0.9-0.0", "0.0", "0.8")
    assert row["rows"] == [0, 25] and row["turn_row"] == 12


def test_missing_metrics_are_grouped_by_the_reason_and_say_which_rep():
    full = rep(1)
    full["metrics"]["SQ-10"] = measure(5.0)
    content = report([full, rep(2)])
    content["frame"]["view"]["class"] = "front"
    missing = words_of(content)["missing"]
    assert [group["why"] for group in missing] == [
        "The 17 joints do not show it",
        "This camera angle does not show it well enough; film from the side",
    ]
    assert missing[0]["names"] == ["Heel lift"]
    assert missing[1]["names"] == ["Knee or hip flexion at lockout (rep 2)"]


def test_several_reps_that_lack_a_number_are_reps():
    full = rep(1)
    full["metrics"]["SQ-10"] = measure(5.0)
    missing = words_of(report([full, rep(2), rep(3)]))["missing"]
    assert missing[-1]["names"] == ["Knee or hip flexion at lockout (reps 2, 3)"]


def with_set_metrics(content: dict, *of_sets: dict) -> dict:
    for of_set, metrics in zip(content["sets"], of_sets, strict=True):
        of_set["summary"] = {"set_metrics": metrics, "rom_cv": measure(2.0, "percent")}
    return content


def test_numbers_of_the_whole_set_can_be_missing_as_well():
    few, lacking = (not_measurable(why, "percent") for why in ("too_few_reps", "lifter"))
    one = rep(1, metrics={"TV-04": lacking})
    content = with_set_metrics(report([one]), {"SQ-17": lacking, "TV-04": lacking})
    (told,) = words_of(content)["missing"]
    assert told["names"] == ["Velocity loss", "Variation of the range of motion"]
    two = report([rep(1, metrics={})], [rep(2, metrics={})])
    content = with_set_metrics(two, {"SQ-17": measure(2.0, "percent")}, {"SQ-17": few})
    (told,) = words_of(content)["missing"]
    assert told["why"] == "It takes more repetitions"
    assert told["names"] == ["Variation of the range of motion (set 2)"]


def test_how_the_range_varies_is_not_said_where_it_could_not_be_measured():
    said = measure(2.0, "percent")
    words = words_of(with_set_metrics(report([rep(1)]), {"SQ-17": said}))
    assert words["sets"][0]["spread"] == "Rep to rep: range varies by 2 ± 3 %."
    lacking = not_measurable("lifter", "percent")
    words = words_of(with_set_metrics(report([rep(1)]), {"SQ-17": lacking}))
    assert words["sets"][0]["spread"] == ""


def test_no_advice_to_film_from_where_it_was_filmed():
    lacking = rep(1)
    lacking["metrics"] = {"SQ-06": not_measurable("view", "ratio")}
    content = report([lacking])
    assert words_of(content)["missing"][0]["why"].endswith("; film from the front")
    content["frame"]["view"]["class"] = "front"
    assert words_of(content)["missing"][0]["why"].endswith("well enough")


def test_where_to_film_from_goes_by_the_view_of_the_set():
    shown = {"SQ-06": ("side", "front"), "SQ-10": ("front", "side")}
    reps = [rep(i, metrics={name: not_measurable("view")}) for i, name in enumerate(shown, 1)]
    content = report(*([one] for one in reps))
    for of_set, (view, _) in zip(content["sets"], shown.values(), strict=True):
        of_set["view"] = {"azimuth_deg": 0, "class": view}
    words = words_of(content)
    assert [group["why"].partition("; film ")[2] for group in words["missing"]] == [
        "from the front", "from the side",
    ]  # fmt: skip
    for i_set, group in enumerate(words["missing"], 1):
        assert f"of set {i_set})" in group["names"][0]
    facts = dict(words["facts"])
    assert facts["Filmed"] == "Set 1 from the side, set 2 from the front"
    for of_set in content["sets"]:  # all of them otherwise than the recording as a whole
        of_set["view"]["class"] = "back"
    assert dict(words_of(content)["facts"])["Filmed"] == "from behind"


@pytest.mark.parametrize(
    ("metric", "seen_from", "asked_from"),
    [("SQ-12", "side", "from behind"), ("SQ-06", "front_oblique", "from behind"),
     ("SQ-14", "front", "from the side"), ("SQ-07_left", "side", "")],
)  # fmt: skip
def test_a_lifted_pose_is_to_be_filmed_from_where_the_lifter_is_exact_enough(
    metric, seen_from, asked_from
):
    lacking = rep(1)
    lacking["metrics"] = {metric: not_measurable("view")}
    content = report([lacking])
    content["frame"]["view"]["class"] = seen_from
    said = page_words(content, int, is_lifted=True)["missing"][0]["why"]
    assert said.partition("; film ")[2] == asked_from
    rule = load_exercise("squat").metrics[metric]
    view = {words: view for view, words in labels.VIEWS.items()}.get(asked_from)
    if view and rule.threshold:
        width = abs(rule.threshold.end - rule.threshold.ok)
        assert np.hypot(rule.sigma[view], lift_sigma(rule, view)) <= width


def test_a_lifter_that_is_not_known_in_an_exercise_is_helped_by_no_view():
    assert not is_known_lift("bench_press")
    lacking = rep(1)
    lacking["metrics"] = {"BP-05": not_measurable("view")}
    content = report([lacking], exercise={"name": "bench_press", "source": "user"})
    content["frame"]["view"]["class"] = "front"
    assert "; film from the side" in words_of(content)["missing"][0]["why"]
    assert "; film" not in page_words(content, int, is_lifted=True)["missing"][0]["why"]


def test_the_side_of_a_number_is_named_once():
    content = made_report(1)
    content["sets"][0]["reps"][0]["metrics"] = {
        i: measure(0.1, "femur") | {"side": "left"} for i in ("SQ-01_left", "SQ-07_left")
    }
    numbers = words_of(content)["sets"][0]["reps"][0]["numbers"]
    names = [number["name"] for number in numbers]
    assert names == ["Depth, left side", "Left knee moves in on the way up"]


def test_a_small_spread_of_a_mean_is_not_nothing():
    content = made_report(3)
    content["sets"][0]["summary"]["metrics"]["SQ-03"] = {
        "mean": 98.4, "sd": 0.3, "n": 3, "unit": "deg",
    }  # fmt: skip
    assert words_of(content)["sets"][0]["mean"][1] == "98 (<1)"


def test_one_repetition_has_no_average():
    content = made_report(1)
    assert content["sets"][0]["summary"]["metrics"]["SQ-01"]["n"] == 1
    (line,) = words_of(content)["lines"]
    assert "above the knee joint" in line and "average" not in line


def test_small_spread_is_not_nothing():
    assert labels.number(measure(87.2, sigma=0.3)) == "87 ± <1"
    assert labels.number(measure(0.51, "m/s", sigma=0.004)) == "0.51 ± <0.01"
    assert labels.number(measure(87.2, sigma=None)) == "87"


def test_findings_are_merged_ordered_and_at_most_three():
    def found(code, severity):
        return {"code": code, "severity": severity, "metric": code, "text": code, "frames": [9]}

    first = rep(1, findings=[found("a", "info"), found("b", "warn"), found("c", "warn")])
    second = rep(2, findings=[found("b", "warn"), found("a", "fault"), found("d", "info")])
    findings = words_of(report([first, second]))["findings"]
    assert [f["text"] for f in findings] == ["a", "b", "c"]
    assert findings[0]["severity"] == "fault" and findings[0]["where"] == "A in rep 2"
    assert [mark["index"] for mark in findings[0]["marks"]] == [1, 2]
    assert findings[0]["row"] == 9


def test_rejected_and_warnings_in_words():
    content = report(
        [], warnings=[{"code": "a", "message": "Camera is tilted."}],
        rejected=[
            {"start_frame": 3, "end_frame": 9, "reason": "posture"},
            {"start_frame": 5, "end_frame": 7, "start_s": 8.25, "end_s": 9.0, "reason": "posture"},
        ],
        exercise={"name": "unknown", "source": "heuristic", "confidence": 0.2},
    )  # fmt: skip
    words = words_of(content)
    why = "s: the posture does not fit the exercise"  # an older report has no times of its own
    assert words["rejected"] == [
        {"row": 3, "text": f"0.1 to 0.3 {why}"}, {"row": 5, "text": f"8.2 to 9.0 {why}"},
    ]  # fmt: skip
    assert words["warnings"] == [{"text": "Camera is tilted.", "row": None}]
    assert words["title"] == "Exercise not recognised"
    assert words["facts"][0] == ["Exercise", "Exercise not recognised"]


def test_of_an_exercise_that_nobody_knows_it_is_said_whether_anybody_asked():
    for source, title in (("user", "Exercise not named"), ("heuristic", "Exercise not recognised")):
        words = words_of(bare_report(2) | {"exercise": {"name": "unknown", "source": source}})
        assert words["title"] == title and not words["hasFindings"]
    assert words_of(report([rep(1)]))["hasFindings"]


def without_verdict(index: int) -> dict:
    """A repetition with numbers, none of which has limits, as a filmed bench press has them."""
    lacking = not_measurable("lifter")
    return rep(index, metrics={"SQ-03": measure(98.4), "SQ-10": lacking}, findings=[])


def test_where_no_number_has_limits_it_is_said_that_nothing_was_judged():
    words = words_of(report([without_verdict(1), without_verdict(2)]))
    heading = re.findall(r"<h2>(What could not.*?)</h2>", (ASSETS / "report.html").read_text())[0]
    assert words["noFindings"] == f"Nothing could be judged here; see \u201c{heading}\u201d."
    assert words["missing"] and not words["hasFindings"]


def test_a_number_of_the_whole_set_is_a_verdict_too():
    content = report([without_verdict(1), without_verdict(2)])
    judged = measure(12.0, "percent", threshold_id="TV-06")
    content["sets"][0]["summary"] = {"set_metrics": {"TV-06": judged}}
    words = words_of(content)
    assert words["noFindings"] == "No findings." and words["hasFindings"]


def test_no_findings_are_told_only_of_the_repetitions_that_were_judged():
    reps = words_of(report([rep(1), without_verdict(2)]))["sets"][0]["reps"]
    assert [one["noFindings"] for one in reps] == ["none", labels.DASH]


def test_several_sets_are_told_apart():
    found = {"code": "a", "severity": "warn", "metric": "a", "text": "a", "frames": [9]}
    second = rep(1, findings=[found])
    second["metrics"]["SQ-10"] = measure(5.0)
    words = words_of(report([rep(1)], [second]))
    assert words["findings"][0]["where"].endswith("in rep 1 of set 2")
    assert words["missing"][0]["names"][0].endswith("(rep 1 of set 1)")
    assert [of_set["title"] for of_set in words["sets"]] == ["Set 1", "Set 2"]


def test_every_code_of_the_schema_has_words():
    schema = json.loads(
        (Path(__file__).parents[2] / "lib" / "analysis" / "report_schema.json").read_text()
    )
    properties = schema["properties"]
    rejected = properties["rejected"]["items"]["properties"]["reason"]["enum"]
    assert set(rejected) == set(labels.WHY_REJECTED)
    frame = properties["frame"]["properties"]
    assert set(frame["up_method"]["enum"]) == set(labels.UP_FOUND)
    assert set(frame["view"]["properties"]["class"]["enum"]) - {"not_applicable"} == set(
        labels.VIEWS
    )
    assert set(properties["scale"]["properties"]["method"]["enum"]) == set(labels.SCALES)
    assert set(properties["exercise"]["properties"]["source"]["enum"]) == set(labels.KNOWN_BY)


def test_the_range_varies_by_the_sets_own_number():
    """The counter's own takes a rep that begins half-way up for a short one."""
    content = with_set_metrics(report([rep(1)]), {"SQ-17": measure(0.3, "percent")})
    content["sets"][0]["summary"]["rom_cv"] = measure(40.0, "percent")
    assert words_of(content)["sets"][0]["spread"] == "Rep to rep: range varies by 0 ± 3 %."
