"""What is said to be wrong: one finding a fault, and in which direction."""

import pytest
from made_report import made_rep, made_set

from lib.analysis.exercises import load_exercise
from lib.analysis.findings import cue_of, fault_of, one_a_fault, rep_findings, set_findings
from lib.analysis.rules import MetricRule, Threshold
from lib.report.remarks import findings_of

SQUAT = load_exercise("squat")
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
    alone = rep_findings(SQUAT, metrics, of_set=[], told=[])
    assert [f["code"] for f in alone] == ["SQ-08"]
    (told,) = rep_findings(SQUAT, metrics, of_set=["SQ-08", "SQ-08c"], told=["SQ-08c"])
    assert (told["code"], told["frames"], told["severity"]) == ("SQ-08c", [3], "warn")
    unsure = metrics | {"SQ-08": off(p_warn=0.8), "SQ-08c": OK}
    assert rep_findings(SQUAT, unsure, of_set=[], told=[]) == []
    assert rep_findings(SQUAT, unsure, of_set=["SQ-08"], told=["SQ-08"])


def test_a_set_counts_the_reps_that_show_the_fault_by_any_metric():
    unseen = OK | {"value": None, "frame": None}  # in the reps that tell the fault by SQ-08c
    reps = [
        {"index": i, "metrics": {"SQ-08": OK if metric == "SQ-08" else unseen},
         "findings": [{"metric": metric, "frames": [10 * i]}]}
        for i, metric in enumerate(("SQ-08", "SQ-08c", "SQ-09"))
    ]  # fmt: skip
    parts = {"SQ-08": off("warn", -0.09)}
    (found,) = set_findings(SQUAT, parts, ["SQ-08"], reps)
    assert found["reps"] == [0, 1] and found["value"] == -0.09
    assert found["frames"] == [0, 10]
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
