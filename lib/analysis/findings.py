"""What is wrong, in words: one finding a fault, of a repetition and of a set."""

from collections.abc import Collection, Mapping, Sequence

from lib.analysis.exercises import Exercise
from lib.analysis.rules import MetricRule, SetRule
from lib.analysis.severity import P_ALONE

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


def _finding(name: str, rule: MetricRule | SetRule, part: Mapping, value: float) -> dict:
    return {"code": name, "severity": part["severity"], "metric": name,
            "joints": list(rule.joints), "text": cue_of(rule, value)}  # fmt: skip


def rep_findings(
    exercise: Exercise,
    metrics: Mapping[str, dict],
    of_set: Collection[str],
    told: Collection[str],
) -> list[dict]:
    """Warnings and faults of one repetition.

    of_set: metrics of which the whole set is a warning or a fault. Others must be surer, for among
    many repetitions and metrics some are off by chance. told: those that tell the set's faults.
    """
    off = {
        name: metrics[name]["severity"]
        for name in exercise.metrics
        if metrics[name]["severity"] in OFF
        and (name in of_set or metrics[name]["p_warn"] >= P_ALONE)
    }
    return [
        _finding(name, exercise.metrics[name], metrics[name], metrics[name]["value"])
        | {"frames": [metrics[name]["frame"]]}
        for name in one_a_fault(exercise, off, told)
    ]


def set_findings(
    exercise: Exercise, parts: Mapping[str, dict], told: Collection[str], reps: Sequence[dict]
) -> list[dict]:
    """Warnings and faults of the whole set, worst first, in the form of a rep's findings.

    parts: what `setwise` says of each metric; told: the metrics to be told, one a fault.
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
            _finding(name, rule, part, value)
            | {"frames": [frame for _, frames in seen for frame in frames],
               "reps": [index for index, _ in seen], "value": value, "sigma": part["sigma"],
               "unit": part["unit"]}
        )  # fmt: skip
    return sorted(found, key=lambda f: (f["severity"] != "fault", -len(f["reps"])))
