"""What is said to be wrong: one finding a fault, and in which direction."""

import pytest
from made_report import made_rep, made_set

from lib.analysis.exercises import load_exercise
from lib.analysis.findings import (
    cue_of,
    fault_of,
    limits_in_force,
    one_a_fault,
    rep_findings,
    set_findings,
)
from lib.analysis.rules import MetricRule, Threshold
from lib.report.labels import limits_text
from lib.report.remarks import findings_of

SQUAT = load_exercise("squat")
LIMITS = limits_in_force(SQUAT, 1.0, 1.0)
OK = {"severity": "ok", "p_warn": 0.1, "value": 0.0, "frame": 3, "sigma": 0.01, "unit": "femur"}


def off(severity="warn", value=0.1, p_warn=0.99):
    return OK | {"severity": severity, "value": value, "p_warn": p_warn}


def test_metrics_of_one_fault_are_one_finding():
    assert fault_of(SQUAT, "SQ-08") == fault_of(SQUAT, "SQ-08c") != fault_of(SQUAT, "SQ-09")
    assert fault_of(SQUAT, "SQ-09") == fault_of(None, "SQ-09") == "SQ-09"
    assert one_a_fault(SQUAT, {}) == []
    assert one_a_fault(SQUAT, {"SQ-08": "warn", "SQ-08c": "warn"}) == ["SQ-08"]
    worse = {"SQ-08": "warn", "SQ-08c": "fault", "SQ-09": "warn"}
    assert one_a_fault(SQUAT, worse) == ["SQ-08c", "SQ-09"]
    assert one_a_fault(SQUAT, worse, preferred=["SQ-08"]) == ["SQ-08", "SQ-09"]


def test_a_repetition_says_the_fault_as_its_set_does():
    metrics = dict.fromkeys(SQUAT.metrics, OK) | {"SQ-08": off("fault"), "SQ-08c": off("warn")}
    alone = rep_findings(SQUAT, metrics, of_set=[], told=[], limits=LIMITS)
    assert [f["code"] for f in alone] == ["SQ-08"]
    (told,) = rep_findings(
        SQUAT, metrics, of_set=["SQ-08", "SQ-08c"], told=["SQ-08c"], limits=LIMITS
    )
    assert (told["code"], told["frames"], told["severity"]) == ("SQ-08c", [3], "warn")
    unsure = metrics | {"SQ-08": off(p_warn=0.8), "SQ-08c": OK}
    assert rep_findings(SQUAT, unsure, of_set=[], told=[], limits=LIMITS) == []
    assert rep_findings(SQUAT, unsure, of_set=["SQ-08"], told=["SQ-08"], limits=LIMITS)


def test_a_set_counts_the_reps_that_show_the_fault_by_any_metric():
    unseen = OK | {"value": None, "frame": None}  # in the reps that tell the fault by SQ-08c
    reps = [
        {"index": i, "metrics": {"SQ-08": OK if metric == "SQ-08" else unseen},
         "findings": [{"metric": metric, "frames": [10 * i]}]}
        for i, metric in enumerate(("SQ-08", "SQ-08c", "SQ-09"))
    ]  # fmt: skip
    parts = {"SQ-08": off("warn", -0.09)}
    (found,) = set_findings(SQUAT, parts, ["SQ-08"], reps, LIMITS)
    assert found["reps"] == [0, 1] and found["value"] == -0.09
    assert found["frames"] == [0, 10]
    assert found["unit"] == "femur" and found["limits"] == LIMITS["SQ-08"]
    assert "left" in found["text"]


@pytest.mark.parametrize("name", ["squat", "deadlift", "pushup", "bench_press"])
def test_limits_on_both_sides_have_a_sentence_for_each(name):
    for rule in load_exercise(name).metrics.values():
        if rule.threshold and rule.threshold.both_ways:
            centre = rule.threshold.centre
            above, below = cue_of(rule, centre + 1), cue_of(rule, centre - 1)
            assert above != below and above.endswith(".") and below.endswith(".")
    sag = load_exercise("pushup").metrics["PU-03"]
    assert "sag" in cue_of(sag, 12.0) and "up" in cue_of(sag, -12.0)


def test_a_sentence_below_goes_with_two_sides():
    two, one = (Threshold(ok=1, fault=2, source="x", both_ways=b) for b in (True, False))
    for limits, below in ((one, "Low."), (None, "Low."), (two, "")):
        with pytest.raises(ValueError, match="cue_below goes with"):
            MetricRule(name="x", measure="knee", unit="deg", threshold=limits, cue="High.",
                       cue_below=below)  # fmt: skip


def test_one_fault_takes_one_of_the_pages_three_places():
    def found(code, severity="warn"):
        return {"code": code, "severity": severity, "metric": code, "text": code, "joints": []}

    reps = [made_rep(1, findings=[found("SQ-08"), found("SQ-09"), found("SQ-06")]),
            made_rep(2, findings=[found("SQ-08c", "fault"), found("SQ-05b")])]  # fmt: skip
    said = findings_of({"sets": [made_set(1, reps)]}, SQUAT, int)
    assert len(said) == 3
    shift = next(f for f in said if f["text"].startswith("SQ-08"))
    assert [mark["index"] for mark in shift["marks"]] == [1, 2]
    assert shift["severity"] == "fault" and said.index(shift) == 0


@pytest.mark.parametrize(
    ("name", "metric", "strictness", "limits"),
    [
        ("squat", "SQ-09", 1.0, {"ok": [None, 5], "warn": [None, 5], "fault": [None, 12]}),
        ("squat", "SQ-09", 2.0, {"ok": [None, 2.5], "warn": [None, 2.5], "fault": [None, 6]}),
        ("squat", "SQ-06", 1.0, {"ok": [1, None], "warn": [1, None], "fault": [0.85, None]}),
        ("squat", "SQ-01", 1.0, {"ok": [0.05, None], "warn": None, "fault": [-0.25, None]}),
        ("squat", "SQ-17", 0.5, {"ok": [None, 10], "warn": [None, 10], "fault": [None, 20]}),
        ("deadlift", "DL-01", 1.0, {"ok": [0.2, 0.65], "warn": [0.1, 0.75], "fault": None}),
        ("pushup", "PU-03", 1.0, {"ok": [-10, 10], "warn": [-10, 10], "fault": [-20, 20]}),
    ],
)
def test_the_limits_of_a_finding_are_those_in_force(name, metric, strictness, limits):
    found = limits_in_force(load_exercise(name), strictness, 0.4)[metric]
    assert found.keys() == limits.keys()
    for ours, wanted in zip(found.values(), limits.values(), strict=True):
        assert ours == (wanted and [end if end is None else pytest.approx(end) for end in wanted])


def test_limits_of_lengths_are_in_the_unit_that_is_reported():
    pull = load_exercise("deadlift")
    lengths = [n for n, rule in pull.metrics.items() if rule.threshold and rule.unit == "length"]
    in_thighs, in_metres = (limits_in_force(pull, 1.0, factor) for factor in (1.0, 0.4))
    changed = {name for name in in_thighs if in_thighs[name] != in_metres[name]}
    assert changed == set(lengths) and lengths
    for name in lengths:
        assert in_metres[name]["fault"][1] == pytest.approx(0.4 * in_thighs[name]["fault"][1])


@pytest.mark.parametrize(
    ("ok", "warn", "fault", "unit", "text"),
    [
        ([None, 5], [None, 5], [None, 12], "deg", "ok up to 5°, fault from 12°"),
        ([None, 10 / 3], None, [None, 12.5], "deg", "ok up to 3.3°, fault from 12.5°"),
        ([1, None], [1, None], [0.85, None], "ratio", "ok down to 1, fault from 0.85"),
        ([0.05, None], None, [-0.25, None], "femur", "ok down to 5, fault from −25 % of thigh"),
        ([-0.07, 0.07], [-0.07, 0.07], [-0.12, 0.12], "femur",
         "ok up to ±7, fault from ±12 % of thigh"),
        ([0.2, 0.65], [0.1, 0.75], None, "ratio",
         "ok from 0.2 to 0.65, warning below 0.1 or above 0.75"),
        ([-8, 12], [-8, 12], [-18, 22], "deg", "ok from −8° to 12°, fault below −18° or above 22°"),
        ([None, 0], [None, 0.5], [None, 1.5], "count",
         "ok up to 0, warning from 0.5, fault from 1.5"),
        ([None, 0.048], [None, 0.048], [None, 0.08], "m", "ok up to 0.048, fault from 0.08 m"),
        ([None, 5], [None, 5], [None, 10], "percent", "ok up to 5, fault from 10 %"),
        ([None, 1], [None, 1], None, "deg/rep", "ok up to 1°, warning from 1° per rep"),
    ],
)  # fmt: skip
def test_limits_in_words(ok, warn, fault, unit, text):
    assert limits_text({"ok": ok, "warn": warn, "fault": fault}, unit) == text


def test_the_page_has_the_limits_beside_the_value():
    found = {"code": "SQ-09", "severity": "warn", "metric": "SQ-09", "text": "Up.", "joints": [],
             "frames": [9]}  # fmt: skip
    limits = {"unit": "deg", "limits": LIMITS["SQ-09"]}
    of_set = {"reps": [1], "value": 9.0, "sigma": 2.0}
    report = {"sets": [made_set(1, [made_rep(1, findings=[found | limits])])]}
    (said,) = findings_of(report, SQUAT, int)
    assert said["where"].endswith(" in rep 1 (ok up to 5°, fault from 12°)")
    report["sets"][0]["summary"]["findings"] = [found | limits | of_set]
    (said,) = findings_of(report, SQUAT, int)
    assert said["where"].endswith(": 9 ± 2° on average (ok up to 5°, fault from 12°)")
    alone = report["sets"][0]["reps"][0]["metrics"]
    alone["SQ-09"] = {"value": 9.0, "unit": "deg", "status": "measured", "sigma": 2.0}
    (said,) = findings_of(report, SQUAT, int)
    assert said["where"].endswith(": 9 ± 2° (ok up to 5°, fault from 12°)")
    del alone["SQ-09"]
    report["sets"][0]["summary"]["findings"] = [found | of_set | {"unit": "deg"}]
    (said,) = findings_of(report, SQUAT, int)  # an older report
    assert said["where"].endswith("on average")
