"""What is wrong, in words: one finding a fault, of a repetition and of a set."""

from collections.abc import Collection, Mapping, Sequence

from lib.analysis.exercises import Exercise
from lib.analysis.rules import MetricRule, SetRule
from lib.analysis.severity import P_ALONE, with_strictness

OFF = ("warn", "fault")


def fault_of(exercise: Exercise | None, name: str) -> str:
    """The fault that a metric tells; its own name where no other metric tells the same."""
    rule = exercise.metrics.get(name) if exercise else None
    return rule.fault if rule and rule.fault else name


def one_a_fault(
    exercise: Exercise, severities: Mapping[str, str], preferred: Collection[str] = ()
) -> list[str]:
    """Of metrics that are a warning or a fault one for each fault, in their order: a preferred one,
    else the worse, else the first."""

    def rank(name: str) -> tuple[bool, bool]:
        return name not in preferred, severities[name] != "fault"

    chosen: dict[str, str] = {}
    for name in severities:
        fault = fault_of(exercise, name)
        chosen[fault] = min((chosen.get(fault, name), name), key=rank)
    return [name for name in severities if name in chosen.values()]


def cue_of(rule: MetricRule | SetRule, value: float) -> str:
    """The sentence for the side of the limits' centre that the value is on."""
    below = rule.cue_below if isinstance(rule, MetricRule) else ""
    is_below = below and rule.threshold is not None and value < rule.threshold.centre
    return below if is_below else rule.cue


def limits_in_force(
    exercise: Exercise, strictness: float, length_per_femur: float
) -> dict[str, dict]:
    """Metric -> its `limits` in the schema, of those that have some, in the unit that is reported.

    length_per_femur: how many of the reported unit of length a thigh is.
    """
    rules: dict[str, MetricRule | SetRule] = {**exercise.metrics, **exercise.set_metrics}
    return {
        name: _limits(rule, strictness, length_per_femur if _is_length(rule) else 1.0)
        for name, rule in rules.items()
        if rule.threshold is not None
    }


def _is_length(rule: MetricRule | SetRule) -> bool:
    return rule.unit in ("length", "velocity")


def _limits(rule: MetricRule | SetRule, strictness: float, factor: float) -> dict:
    """[low, high] of what is ok, no warning yet and no fault yet; None: no such limit."""
    assert rule.threshold is not None
    limits = with_strictness(rule.threshold, strictness)

    def within(end: float | None) -> list[float | None] | None:
        if end is None:
            return None
        if limits.both_ways:
            return [factor * (limits.centre - end), factor * (limits.centre + end)]
        return [None, factor * end] if limits.end >= limits.ok else [factor * end, None]

    has_warnings = not (isinstance(rule, MetricRule) and rule.borderline_is_info)
    return {"ok": within(limits.ok), "warn": within(limits.begin if has_warnings else None),
            "fault": within(limits.fault)}  # fmt: skip


def _finding(
    name: str, rule: MetricRule | SetRule, part: Mapping, value: float, limits: Mapping[str, dict]
) -> dict:
    return {"code": name, "severity": part["severity"], "metric": name,
            "unit": part["unit"], "limits": limits[name], "joints": list(rule.joints),
            "text": cue_of(rule, value)}  # fmt: skip


def rep_findings(
    exercise: Exercise,
    metrics: Mapping[str, dict],
    of_set: Collection[str],
    told: Collection[str],
    limits: Mapping[str, dict],
) -> list[dict]:
    """Warnings and faults of one repetition.

    of_set: metrics of which the whole set is a warning or a fault. Others must be surer, for among
    many repetitions and metrics some are off by chance. told: those that tell the set's faults.
    limits: `limits_in_force`.
    """
    off = {
        name: metrics[name]["severity"]
        for name in exercise.metrics
        if metrics[name]["severity"] in OFF
        and (name in of_set or metrics[name]["p_warn"] >= P_ALONE)
    }
    return [
        _finding(name, exercise.metrics[name], metrics[name], metrics[name]["value"], limits)
        | {"frames": [metrics[name]["frame"]]}
        for name in one_a_fault(exercise, off, told)
    ]


def set_findings(
    exercise: Exercise,
    parts: Mapping[str, dict],
    told: Collection[str],
    reps: Sequence[dict],
    limits: Mapping[str, dict],
) -> list[dict]:
    """Warnings and faults of the whole set, worst first, in the form of a rep's findings.

    parts: what `setwise` says of each metric; told: the metrics to be told, one a fault;
    limits: `limits_in_force`.
    """
    found = []
    for name in told:
        rule, part = exercise.metrics.get(name) or exercise.set_metrics[name], parts[name]
        fault, value = fault_of(exercise, name), part.get("judged_mean", part.get("value"))
        seen = [
            (rep["index"], f["frames"]) for rep in reps for f in rep["findings"]
            if fault_of(exercise, f["metric"]) == fault
        ]  # fmt: skip
        found.append(
            _finding(name, rule, part, value, limits)
            | {"frames": [frame for _, frames in seen for frame in frames],
               "reps": [index for index, _ in seen], "value": value, "sigma": part["sigma"]}
        )  # fmt: skip
    return sorted(found, key=lambda f: (f["severity"] != "fault", -len(f["reps"])))
