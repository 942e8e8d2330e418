"""What a number means: ok, warn or fault, by probability."""

from dataclasses import dataclass, replace

from scipy.special import ndtr

from lib.analysis.rules import MetricRule, Threshold

P_FAULT, P_WARN = 0.80, 0.70
P_ALONE = 0.97
"""Of a warning in a repetition whose set is no warning, to be a finding."""
STRICTNESS = (0.5, 2.0)
"""How critical the coach may be: 2 halves the distance of the limits from a perfect value."""


def not_measurable(unit: str, reason: str) -> dict:
    """The schema's `measure` without a value."""
    return {"value": None, "unit": unit, "sigma": None, "status": "not_measurable",
            "reason": reason, "severity": None, "p_fault": None, "frame": None, "side": None,
            "threshold_id": None}  # fmt: skip


def width_of(limits: Threshold) -> float:
    """The way from ok to fault: with an uncertainty wider than this a verdict would be a guess."""
    return abs(limits.end - limits.ok) or abs(limits.ok)


def with_strictness(threshold: Threshold, strictness: float) -> Threshold:
    """Limits 1/strictness as far from the centre, with their calibration added."""
    centre = 0.0 if threshold.both_ways else threshold.centre

    def moved(limit: float | None) -> float | None:
        return None if limit is None else centre + (limit - centre) / strictness + threshold.shift

    ok = moved(threshold.ok)
    assert ok is not None
    return replace(
        threshold, ok=ok, warn=moved(threshold.warn), fault=moved(threshold.fault), shift=0.0,
        centre=threshold.centre if threshold.both_ways else centre + threshold.shift,
    )  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What a value is."""

    severity: str
    """ok, warn, fault or info."""
    p_warn: float | None = None
    """Probability that it is beyond where warnings begin; None without limits."""
    p_fault: float | None = None


INFO = Verdict("info")


def severity_of(value: float, sigma: float, threshold: Threshold) -> Verdict:
    """ok, warn or fault. The limits' order gives the direction."""
    value = abs(value - threshold.centre) if threshold.both_ways else value
    sign = 1.0 if threshold.end >= threshold.ok else -1.0
    sigma = max(sigma, 1e-9)
    p_warn = float(ndtr(sign * (value - threshold.begin) / sigma))
    if threshold.fault is None:
        return Verdict("warn" if p_warn >= P_WARN else "ok", p_warn)
    p_fault = float(ndtr(sign * (value - threshold.fault) / sigma))
    if p_fault >= P_FAULT:
        return Verdict("fault", p_warn, p_fault)
    return Verdict("warn" if p_warn >= P_WARN else "ok", p_warn, p_fault)


def judge(rule: MetricRule, limits: Threshold | None, value: float, sigma: float) -> Verdict:
    """The verdict under an exercise file's rule; without limits it is information."""
    if limits is None:
        return INFO
    verdict = severity_of(value, sigma, limits)
    if rule.borderline_is_info and verdict.severity == "warn":
        return replace(verdict, severity="info")
    return verdict
