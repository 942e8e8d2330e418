"""What the report page draws of a set, and that it says why where there is nothing to draw."""

import json
from pathlib import Path

import jsonschema
import pytest
from made_report import (
    bare_report,
    made_pose,
    made_rep,
    made_report,
    made_set,
    measure,
    not_measurable,
)

from lib.analysis.exercises import load_exercise
from lib.report.html import page_of
from lib.report.labels import depth_metric
from lib.report.panels import depth_band, panels_of
from lib.report.phases import key_frames, worst_rep
from lib.report.table import tempo_text
from lib.report.words import page_words, verdict

SCHEMA = Path(__file__).parents[2] / "lib" / "analysis" / "report_schema.json"
SQUAT = load_exercise("squat")


def panels(reps: list[dict], **changed) -> dict:
    report = made_report(1)
    return panels_of(made_set(1, reps, **changed), report, SQUAT, int)


@pytest.mark.parametrize("sets", [(), (0,), (1,), (20,), (8,) * 6])
def test_made_report_is_one_and_makes_a_page(sets):
    report = made_report(*sets)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    words = page_words(report, int)
    assert [len(of_set["frames"]) for of_set in words["sets"]] == list(sets)
    page = page_of(report, made_pose(sum(sets)), {}, None, {"kind": "none", "size": [1, 1]})
    assert page.count('"index"') >= sum(sets)


def test_least_report_makes_a_page():
    report = bare_report(2)
    jsonschema.validate(report, json.loads(SCHEMA.read_text()))
    of_set = page_words(report, int)["sets"][0]
    assert all(of_set[name]["why"] for name in ("velocity", "tempo", "angles", "pair"))


def test_unknown_exercise_has_no_depth_and_says_what_is_missing():
    name = {"name": "unknown", "source": "heuristic", "confidence": 0.1}
    report = made_report(2, exercise=name)
    page = page_of(report, made_pose(2), {}, None, {"kind": "none", "size": [1, 1]})
    words = page_words(report, int)
    assert '"depth":null' in page
    assert words["sets"][0]["velocity"]["least"] is None
    assert {name: part["why"] for part in words["missing"] for name in part["names"]} == {
        "SQ-06": "This camera angle does not show it well enough",
        "Lumbar flexion": "The 17 joints do not show it",
    }


def test_of_an_unknown_exercise_nothing_is_called_down_up_or_lockout():
    """A curl begins with the way up, a squat with the way down: nobody knows which it was."""
    reps = [made_rep(1, findings=[]), made_rep(2, findings=[], confidence=0.3)]
    of_set = made_set(1, reps)
    of_set["summary"]["tempo_cv"] = measure(12.0, "percent", sigma=None)
    report = made_report(0, exercise={"name": "unknown", "source": "heuristic"})
    words = page_words(report | {"sets": [of_set]}, int)
    told = words["sets"][0]
    assert words["tempo"] == "out-held-back-rest, s"
    assert [name for _, name in told["tempo"]["names"]] == ["out", "held", "back", "rest"]
    assert told["tempo"]["reps"][0]["parts"] == [0.44, 0.12, 0.43, 0.2]
    assert [moment["name"] for moment in told["frames"][0]] == ["start", "turn", "end"]
    steps = [step["name"] for step in told["pair"]["steps"]]
    assert steps == ["start", "half-way to turn", "turn", "half-way to end", "end"]
    assert "time of the way back varies by 12 %" in told["spread"]
    squat = page_words(made_report(2), int)
    assert squat["tempo"] == "down-pause-up-pause, s"


def test_depth_band_comes_from_the_exercise():
    limits = SQUAT.metrics["SQ-01"].threshold
    assert depth_metric(SQUAT) == "SQ-01"
    assert depth_band(made_report(1), SQUAT) == [100 * limits.fault, 100 * limits.ok]
    strict = depth_band(made_report(1, generator={"strictness": 2.0}), SQUAT)
    assert limits.centre - 0.01 * strict[0] == pytest.approx((limits.centre - limits.fault) / 2)
    assert depth_metric(load_exercise("pushup")) is None and depth_band({}, None) is None


def test_velocity_bars_and_the_loss_of_each_rep():
    velocity = panels([made_rep(1), made_rep(2, quality="partial")])["velocity"]
    assert [bar["text"] for bar in velocity["bars"]] == ["0.58 \u00b1 0.05", "0.54 \u00b1 0.05"]
    assert [bar["quality"] for bar in velocity["bars"]] == ["full", "partial"]
    assert velocity["loss"][1]["value"] == pytest.approx(6.9, abs=0.1)
    assert (velocity["least"], velocity["leastSd"]) == (0.23, 0.05)
    assert velocity["bands"] == (10, 20, 30, 40)
    assert velocity["total"] == "Of the set: 14 \u00b1 5 %"


def test_absent_velocity_says_why():
    rep = made_rep(1)
    rep["metrics"]["TV-02"] = not_measurable("no_scale", "m/s")
    assert "height" in panels([rep])["velocity"]["why"]
    rep["metrics"] = {}
    assert panels([rep])["velocity"]["why"] == "This report has no velocities."
    rep["metrics"] = {"TV-02": measure(1.1, "femur/s")}
    velocity = panels([rep])["velocity"]
    assert velocity["least"] is None and velocity["lossWhy"] == "It takes three full reps."


def test_exercise_without_velocities_or_bar_has_no_such_panels():
    drawn = panels_of(
        made_set(1, [made_rep(1)]), made_report(1), load_exercise("sit_to_stand"), int
    )
    assert drawn["velocity"] is None and drawn["path"] is None


def test_absent_panels_say_why():
    bare = panels([made_rep(1, tempo={})], curves={}, bar_path=None, summary={})
    assert all(bare[name]["why"] for name in ("tempo", "angles", "path", "pair"))
    report = made_report(1)
    report["frame"]["view"]["class"] = "front"
    report["sets"][0]["bar_path"] = None
    path = panels_of(report["sets"][0], report, SQUAT, int)["path"]
    assert path["why"] == "The bar's path shows from the side; this was filmed from the front."


@pytest.mark.parametrize(
    ("view", "why"),
    [("front", "The bar's path shows from the side; this was filmed from the front."),
     ("side", "This report has no bar path."), ("back_oblique", "This report has no bar path.")],
)  # fmt: skip
@pytest.mark.parametrize("of_all", ["front", "side"])
def test_why_there_is_no_bar_path_goes_by_the_view_of_the_set(view, why, of_all):
    report = made_report(1)
    report["frame"]["view"]["class"] = of_all
    report["sets"][0] |= {"bar_path": None, "view": {"azimuth_deg": 9, "class": view}}
    path = panels_of(report["sets"][0], report, SQUAT, int)["path"]
    assert path["why"] == why


@pytest.mark.parametrize("lacking", ["up", "forward"])
def test_a_bar_that_was_never_seen_is_no_path(lacking):
    whole = made_set(1, [made_rep(1)])["bar_path"]
    trace = whole["reps"][0] | {lacking: [None] * 30}
    report = made_report(2)
    unseen = {"bar_path": whole | {"reps": [trace] * 2}}
    path = panels_of(report["sets"][0] | unseen, report, SQUAT, int)["path"]
    assert path == {"why": "This report has no bar path."}
    seen = panels([made_rep(1), made_rep(2)], bar_path=whole | {"reps": [trace, whole["reps"][0]]})
    assert len(seen["path"]["reps"]) == 2


def test_bar_path_in_centimetres_or_percent_of_the_thigh():
    path = panels([made_rep(1)])["path"]
    assert path["unit"] == "cm" and path["reps"][0]["up"][0] == pytest.approx(140.0)
    relative = made_set(1, [made_rep(1)])["bar_path"] | {"unit": "femur"}
    assert panels([made_rep(1)], bar_path=relative)["path"]["unit"] == "% of thigh"
    assert (path["zero"], path["ahead"]) == ("midfoot", "forward")
    lying = made_set(1, [made_rep(1)])["bar_path"] | {"origin": "shoulders"}
    assert panels([made_rep(1)], bar_path=lying)["path"]["zero"] == "shoulders"


@pytest.mark.parametrize(
    ("parts", "text"),
    [((3.12, 0.4, 1.2, 0.6), "3.1-0.4-1.2-0.6"), ((1.1, 0.3, 1.1, None), "1.1-0.3-1.1"),
     ((None, 0.3, 1.1, None), "\u2026-0.3-1.1"), ((None,) * 4, "\u2013")],
)  # fmt: skip
def test_tempo_text(parts, text):
    names = ("eccentric_s", "pause_bottom_s", "concentric_s", "pause_top_s")
    assert tempo_text(dict(zip(names, parts, strict=True))) == text
    assert tempo_text({}) == "\u2013"


def test_key_frames_are_in_order_inside_the_rep_and_apart():
    rep = made_rep(1)
    start = rep["start_frame"]
    assert [(f["name"], f["row"] - start) for f in key_frames(rep, SQUAT, int)] == [
        ("start", 0), ("bottom", 14), ("sticking point", 23), ("lockout", 29),
    ]  # fmt: skip
    pull = {"turn_end": start, "knee_pass": start + 8, "sticking": start + 9, "lockout": start + 15}
    moments = [frame["name"] for frame in key_frames(made_rep(1, events=pull), SQUAT, int)]
    assert moments == ["start", "bar at the knees", "lockout"]
    assert [f["name"] for f in key_frames(made_rep(1, events={}), SQUAT, int)] == ["start"]


def test_worst_rep_has_the_most_severe_findings_then_the_least_confidence():
    fault = {"code": "a", "severity": "fault", "metric": "a"}
    clean, doubtful = made_rep(1, findings=[]), made_rep(2, findings=[], confidence=0.2)
    assert worst_rep([clean, doubtful]) is doubtful
    warned, faulty = made_rep(3), made_rep(4, findings=[fault], confidence=0.99)
    assert worst_rep([doubtful, warned]) is warned
    assert worst_rep([warned, faulty, doubtful]) is faulty


def test_what_may_be_no_repetition_makes_no_finding_and_is_not_the_worst():
    fault = {"code": "a", "severity": "fault", "metric": "a", "text": "a", "frames": [9]}
    reps = [made_rep(1), made_rep(2), made_rep(3, quality="suspect", findings=[fault])]
    report = made_report(1) | {"sets": [made_set(1, reps)]}
    words = page_words(report, int)
    assert [finding["text"] for finding in words["findings"]] == [reps[0]["findings"][0]["text"]]
    assert words["sets"][0]["pair"]["other"] == 2
    assert words["sets"][0]["reps"][2]["findings"][0]["text"] == "A"


def test_best_and_worst_are_shown_at_the_same_phases():
    pair = panels([made_rep(1), made_rep(2, confidence=0.3)])["pair"]
    assert (pair["best"], pair["other"]) == (1, 2)
    names = [step["name"] for step in pair["steps"]]
    assert names == ["start", "half-way to bottom", "bottom", "half-way to lockout", "lockout"]
    apart = {step["rows"][1] - step["rows"][0] for step in pair["steps"]}
    assert apart == {36}
    assert "why" in panels([made_rep(1)])["pair"]
    assert "why" in panels([made_rep(1, quality="partial"), made_rep(2, quality="partial")])["pair"]


def test_table_has_few_columns_and_all_numbers_below():
    words = page_words(made_report(3), int)
    names = [column["id"] for column in words["columns"]]
    assert names == ["SQ-01", "SQ-03", "SQ-04", "SQ-05a", "SQ-10", "TV-02", "TV-04"]
    assert [c["is_late"] for c in words["columns"]] == [False] * 5 + [True] * 2
    rep = words["sets"][0]["reps"][0]
    assert rep["cells"][4]["severity"] == "warn"
    numbers = {number["name"]: number for number in rep["numbers"]}
    assert len(numbers) == 8
    assert (
        numbers["Depth, hip joint against knee joint (+ = below)"]["text"]
        == "\u22125 \u00b1 5 % of thigh"
    )
    assert "Butt wink" not in numbers  # what no skeleton shows is told once
    assert any("Butt wink" in group["names"] for group in words["missing"])
    assert words["sets"][0]["mean"][0] == "\u22124 (2)"


def test_a_loss_since_the_fastest_so_far_has_no_mean():
    report = made_report(3)
    report["sets"][0]["summary"]["metrics"] |= {
        "TV-02": {"mean": 0.54, "sd": 0.03, "n": 3, "unit": "m/s"},
        "TV-04": {"mean": 7.0, "sd": 5.0, "n": 3, "unit": "percent"},
    }
    assert page_words(report, int)["sets"][0]["mean"][-2:] == ["0.54 (0.03)", ""]


def test_a_clean_set_has_no_worst_rep_and_says_that_nothing_was_found():
    reps = [made_rep(1, findings=[]), made_rep(2, findings=[], confidence=0.5)]
    report = made_report(1) | {"sets": [made_set(1, reps)]}
    words = page_words(report, int)
    assert words["noFindings"] == "No findings."
    pair = words["sets"][0]["pair"]
    assert (pair["title"], pair["other"]) == ("Least surely seen against best repetition", 2)
    assert "no findings" in pair["rule"]
    words = page_words(made_report(2), int)
    assert words["noFindings"] == "" and words["sets"][0]["pair"]["otherName"] == "worst"
    assert page_words(made_report(), int)["noFindings"] == ""
    suspect = made_set(1, [made_rep(1, quality="suspect", findings=[])])
    assert page_words(made_report(1) | {"sets": [suspect]}, int)["noFindings"] == ""


@pytest.mark.parametrize(
    ("name", "order", "parts"),
    [("squat", ["down", "pause-low", "up", "pause-high"], [0.44, 0.12, 0.43, 0.2]),
     # the rest on the floor is the one before a pull
     ("deadlift", ["pause-low", "up", "pause-high", "down"], [0.12, 0.43, 0.2, 0.44]),
     ("sit_to_stand", ["pause-low", "up", "pause-high", "down"], [0.12, 0.43, 0.2, 0.44])],
)  # fmt: skip
def test_tempo_bars_begin_with_what_comes_first(name, order, parts):
    tempo = panels_of(made_set(1, [made_rep(1)]), made_report(1), load_exercise(name), int)["tempo"]
    assert [drawn for drawn, _ in tempo["names"]] == order
    assert tempo["reps"][0]["parts"] == parts


def test_push_ups_have_no_bar():
    names = [rule.name for rule in load_exercise("pushup").metrics.values()]
    assert not any(" bar" in name for name in names)


def test_finding_of_the_whole_set_comes_before_one_of_a_rep_and_keeps_its_joints():
    report = made_report(3)
    of_set = report["sets"][0]
    of_set["summary"]["findings"] = [
        {"code": "SQ-01", "severity": "warn", "metric": "SQ-01", "joints": ["lhip", "nonsense"],
         "text": "Deeper.", "value": -0.3, "sigma": 0.05, "unit": "femur", "frames": [], "reps": []}
    ]  # fmt: skip
    first, second = page_words(report, int)["findings"]
    assert first["text"] == "Deeper." and first["marks"] == []
    assert first["where"].endswith(": \u221230 \u00b1 5 % of thigh on average")
    assert first["joints"] == [4] and second["joints"] == [2, 5]
    assert second["row"] == of_set["reps"][0]["findings"][0]["frames"][0]


def test_a_variation_is_no_mean_and_stands_there_once():
    report = made_report(3)
    of_set = report["sets"][0]
    assert "range varies by 2 %" in page_words(report, int)["sets"][0]["spread"]
    of_set["summary"]["tempo_cv"] = measure(12.0, "percent", sigma=None)
    of_set["summary"]["findings"] = [
        {"code": "SQ-17", "severity": "warn", "metric": "SQ-17", "joints": [], "text": "",
         "value": 6.0, "sigma": 1.0, "unit": "percent", "frames": [], "reps": []}
    ]  # fmt: skip
    words = page_words(report, int)
    assert words["findings"][0]["where"] == "Variation of the range of motion: 6 \u00b1 1 %"
    assert words["sets"][0]["spread"] == "Rep to rep: speed of lifting varies by 12 %."


@pytest.mark.parametrize(
    ("kinds", "text"),
    [(("failed",), "No complete repetition; not counted: 1 failed"),
     (("full", "failed"), "1 full repetition; not counted: 1 failed"),
     (("full", "partial", "partial"), "3 repetitions: 1 full, 2 partial")],
)  # fmt: skip
def test_verdict_names_every_kind(kinds, text):
    reps = [made_rep(i + 1, quality=kind) for i, kind in enumerate(kinds)]
    assert verdict(made_report(1) | {"sets": [made_set(1, reps)]}) == text


def test_lines_under_the_verdict_tell_sets_apart():
    lines = page_words(made_report(2, 1), int)["lines"]
    assert lines[0].startswith(
        "Set 1: 100 kg, 2 full, hip joint 4 \u00b1 3 % of the thigh above the knee joint on average"
    )
    assert lines[1].endswith("velocity loss 14 \u00b1 5 %")
    of_set = made_set(1, [made_rep(1)])
    del of_set["summary"]["metrics"]["SQ-01"]["sigma"]
    line = page_words(made_report(1) | {"sets": [of_set]}, int)["lines"][0]
    assert "hip joint 4 % of the thigh above" in line
    bare = made_report(2)
    bare["sets"][0] |= {"summary": {}, "load_kg": None}
    assert page_words(bare, int)["lines"] == []


def test_a_load_of_nothing_is_a_load():
    report = made_report(1, 1)
    for of_set, load in zip(report["sets"], (0.0, None), strict=True):
        of_set["load_kg"] = load
    words = page_words(report, int)
    assert words["lines"][0].startswith("Set 1: 0 kg, 1 full")
    assert words["lines"][1].startswith("Set 2: 1 full")
    assert [of_set["title"] for of_set in words["sets"]] == ["Set 1, 0 kg", "Set 2"]


def test_depth_line_of_the_page_is_in_centimetres_only_with_a_true_size():
    pose, entry = made_pose(1), {"kind": "none", "size": [1, 1]}
    report = made_report(1)
    assert '"thighCm":42' in page_of(report, pose, {}, None, entry)
    report["scale"] = {"metric": False, "method": "none"}
    assert '"thighCm":null' in page_of(report, pose, {}, None, entry)
