"""What a whole set says: the mean of each metric judged, velocity loss, spread and trend.

Judged are the full repetitions; where there is none, the partial ones. A metric has two means:
`judged_mean` is of these; `mean`, `sd`, `min`, `max` and the trend are of full and partial ones.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lib.analysis.exercises import Exercise
from lib.analysis.metrics import WIDE_SHARE, reported, sigma_parts
from lib.analysis.records import COUNTED
from lib.analysis.rules import FIT, SetRule
from lib.analysis.scene import Scene
from lib.analysis.severity import INFO, judge, not_measurable, severity_of, with_strictness

MIN_REPS_FOR_TREND = 5
MOST_PAIRS = 300 * 299 // 2
"""Of repetitions that a trend is told from: all of 300. Of more every second, third ... distance
between two is looked at, which costs hardly any precision."""
Z_90 = 1.645
LOSS_BANDS = (10, 20, 30, 40)
"""Where training advice changes: less than 10, to 20, 30, 40 and more percent of velocity lost."""
OF_EACH_REP = ("velocity_loss", "distance_to_mean")


def counted_places(reps: Sequence[dict]) -> list[int]:
    """Of the full and partial reps; all, where there are none."""
    done = [i for i, rep in enumerate(reps) if rep["quality"] in COUNTED]
    return done or list(range(len(reps)))


def judged_reps(reps: Sequence[dict]) -> list[dict]:
    """The reps whose mean is judged."""
    full = [rep for rep in reps if rep["quality"] == "full"]
    return full or [rep for rep in reps if rep["quality"] == "partial"]


def measured(reps: Sequence[dict], name: str) -> list[tuple[int, float]]:
    """(place in reps, value) of the reps that have the metric."""
    found = [(i, rep["metrics"].get(name, {}).get("value")) for i, rep in enumerate(reps)]
    return [(i, float(value)) for i, value in found if value is not None]


def theil_sen(values: np.ndarray, places: np.ndarray) -> tuple[float, float, float]:
    """Slope a place and its 90 % interval (Sen 1968): median of the slopes of all pairs (TV-07), of
    MOST_PAIRS in a longer row.

    values and places: (M,) each, places rising.
    """
    num, num_pairs = len(values), len(values) * (len(values) - 1) // 2
    apart = math.ceil(num_pairs / MOST_PAIRS)
    slopes = np.sort(np.concatenate([
        (values[k:] - values[:-k]) / (places[k:] - places[:-k]) for k in range(apart, num, apart)
    ]))  # fmt: skip
    half = Z_90 * np.sqrt(num * (num - 1) * (2 * num + 5) / 18) / 2 * (len(slopes) / num_pairs)
    low = max(round(len(slopes) / 2 - half) - 1, 0)
    high = min(round(len(slopes) / 2 + half), len(slopes) - 1)
    return float(np.median(slopes)), float(slopes[low]), float(slopes[high])


def _trend(values: np.ndarray, places: np.ndarray) -> dict:
    found: tuple = (None, None, None)
    if len(values) >= MIN_REPS_FOR_TREND:
        found = theil_sen(values, places)
    return dict(zip(("trend_per_rep", "trend_low", "trend_high"), found, strict=True))


def metric_summary(
    exercise: Exercise, scene: Scene, reps: Sequence[dict], name: str, strictness: float
) -> dict:
    """The schema's summary of one metric; where it has limits, the mean is judged as well: that of
    the repetitions they hold for."""
    unit = reps[0]["metrics"][name]["unit"]
    counted = [reps[i] for i in counted_places(reps)]
    has_it = measured(counted, name)
    places, values = np.array([i for i, _ in has_it]), np.array([value for _, value in has_it])
    num = len(values)
    found = {
        "mean": values.mean() if num else None, "sd": values.std(ddof=1) if num > 1 else None,
        "min": values.min() if num else None, "max": values.max() if num else None,
        **_trend(values, places), "n": num, "unit": unit,
    }  # fmt: skip
    rule, judged = exercise.metrics.get(name), judged_reps(reps)
    limited = [rep for rep in judged if rep["metrics"].get(name, {}).get("threshold_id")]
    judged = limited or judged  # limits may hold for some repetitions alone
    own = measured(judged, name)
    if rule is None or not own:
        return found
    limits = with_strictness(rule.threshold, strictness) if rule.threshold and limited else None
    factor = scene.length_per_femur if rule.unit in ("length", "velocity") else 1.0
    mean = float(np.mean([value for _, value in own])) / factor
    steady, changing = sigma_parts(rule, scene)
    plain = float(np.hypot(steady, changing / np.sqrt(len(own))))
    if rule.unit == "bool":  # as unsure as its reps: what makes one doubtful stays over the set
        plain = float(np.mean([judged[i]["metrics"][name]["sigma"] for i, _ in own]))
    verdict = judge(rule, limits, mean, float(np.hypot(plain, rule.sigma_relative * mean)))
    return found | {"judged_mean": reported(rule, scene, mean, plain)[0],
                    "sigma": reported(rule, scene, mean, plain)[1],
                    "severity": verdict.severity, "p_fault": verdict.p_fault}  # fmt: skip


def variation_percent(values: np.ndarray) -> float:
    """Standard deviation over mean; NaN for fewer than two values."""
    if len(values) < 2 or values.mean() == 0:
        return float("nan")
    return float(100 * values.std(ddof=1) / abs(values.mean()))


def velocity_loss_percent(values: np.ndarray) -> np.ndarray:
    """(M,) how far each is below the fastest so far."""
    fastest = np.maximum.accumulate(values)
    return 100 * (fastest - values) / fastest


def loss_band(percent: float) -> str:
    """'<10', '10-20', ... '>40' percent."""
    marks = [str(mark) for mark in LOSS_BANDS]
    i_band = int(np.searchsorted(LOSS_BANDS, percent, side="right"))
    if i_band == 0:
        return f"<{marks[0]}"
    return f">{marks[-1]}" if i_band == len(marks) else f"{marks[i_band - 1]}-{marks[i_band]}"


def distances_to_mean(curves: Mapping[str, dict], num: int) -> np.ndarray:
    """(num,) degrees: RMS distance of each rep's angle curves to the set's mean curves; NaN where
    that is the mean of one rep, which has no spread, and of a rep that lacks one of them."""
    # Known where all counted reps are; of the others nothing is asked.
    told = [c for c in curves.values() if c["unit"] == "deg" and np.isfinite(c["sd"]).all()]
    if not told:
        return np.full(num, np.nan)
    return np.sqrt(np.mean([((c["reps"] - c["mean"]) ** 2).mean(1) for c in told], 0))


def _measure(name: str, rule: SetRule, value: float, num: int, strictness: float) -> dict:
    """The schema's `measure` of a set's number from `num` reps."""
    if num < rule.min_reps:
        return not_measurable(rule.unit, "too_few_reps")
    if not np.isfinite(value):
        return not_measurable(rule.unit, "missing_joint")
    limits = with_strictness(rule.threshold, strictness) if rule.threshold else None
    # The file's are those of five repetitions; a loss is between two, however many there are.
    sigma = rule.sigma * (1.0 if rule.measure == "velocity_loss" else float(np.sqrt(5 / num)))
    usual = rule.threshold  # what can be measured does not depend on strictness
    width = abs(usual.end - usual.ok) if usual else float("inf")
    if sigma > width:
        return not_measurable(rule.unit, "noise")
    verdict = severity_of(value, sigma, limits) if limits else INFO
    is_wide = sigma > WIDE_SHARE * width
    return {"value": value, "unit": rule.unit, "sigma": sigma,
            "status": "low_confidence" if is_wide else "measured",
            "reason": "wide_sigma" if is_wide else None, "severity": verdict.severity,
            "p_fault": verdict.p_fault, "frame": None, "side": None,
            "threshold_id": name if limits else None}  # fmt: skip


def _loss_sigma(scene: Scene, exercise: Exercise, rule: SetRule, reps: Sequence[dict]) -> float:
    """Percent: two velocities, each with its own error, against the fastest."""
    of = exercise.metrics[rule.of]
    factor = scene.length_per_femur
    fastest = max((value / factor for _, value in measured(judged_reps(reps), rule.of)), default=0)
    changing = np.hypot(sigma_parts(of, scene)[1], of.fit)
    return float(100 * np.sqrt(2) * changing / fastest) if fastest > 0 else 0.0


def _values_of(
    rule: SetRule, reps: Sequence[dict], curves: Mapping[str, dict]
) -> tuple[list[int], np.ndarray, float]:
    """Places in reps of the numbers that count, these numbers, and what the set makes of them."""
    if rule.measure == "distance_to_mean":
        each = distances_to_mean(curves, len(reps))
        return list(range(len(reps))), each, float(np.mean(each[counted_places(reps)]))
    judged = judged_reps(reps)
    if rule.measure == "velocity_loss":  # shorter ways are slower ones
        judged = [rep for rep in judged if rep["quality"] == "full"]
    chosen = set(map(id, judged))
    places = [i for i, rep in enumerate(reps) if id(rep) in chosen]
    own = measured(judged, rule.of)
    at, values = [places[i] for i, _ in own], np.array([v for _, v in own])
    if rule.measure == "variation":
        return at, values, variation_percent(values)
    if len(values) < rule.min_reps:
        return at, values, float("nan")
    if rule.measure == "trend":
        return at, values, theil_sen(values, np.searchsorted(counted_places(reps), at))[0]
    loss = velocity_loss_percent(values)
    return at, loss, float(loss[-1])


def _above_floor(values: np.ndarray | float, floor: float):
    return np.sqrt(np.maximum(np.square(values) - floor**2, 0.0)) if floor else values


def _why_of_reps(rule: SetRule, judged: Sequence[dict]) -> str | None:
    """Why no rep has the metric that a set's number is made of, though there are enough reps."""
    if not rule.of or len(judged) < rule.min_reps:
        return None
    reasons = {rep["metrics"].get(rule.of, {}).get("reason") for rep in judged}
    return next(iter(reasons)) if len(reasons) == 1 and not measured(judged, rule.of) else None


def set_measures(
    exercise: Exercise,
    scene: Scene,
    reps: Sequence[dict],
    curves: Mapping[str, dict],
    strictness: float,
) -> tuple[dict[str, dict], dict[str, dict[int, dict]]]:
    """The exercise's set metrics; and those of them that each rep has too, by place in reps."""
    of_set, of_rep = {}, {}
    for name, rule in exercise.set_metrics.items():
        if rule.measure == "velocity_loss":
            rule = replace(rule, sigma=_loss_sigma(scene, exercise, rule, reps))
        elif scene.track.frame == "camera":
            rule = replace(rule, sigma=rule.sigma * scene.noise)
        else:
            rule = replace(rule, sigma=FIT[rule.unit.removesuffix("/rep")])
        at, each, value = _values_of(rule, reps, curves)
        each, value = (_above_floor(x, rule.floor * scene.jitter) for x in (each, value))
        num = len(set(at) & set(counted_places(reps)))
        of_set[name] = _measure(name, rule, float(value), num, strictness)
        lacking = _why_of_reps(rule, judged_reps(reps))
        if lacking and of_set[name]["reason"] == "too_few_reps":
            of_set[name]["reason"] = lacking
        if rule.measure == "velocity_loss" and of_set[name]["value"] is not None:
            of_set[name]["band"] = loss_band(float(value))
        if rule.measure in OF_EACH_REP:
            of_rep[name] = {
                i: _measure(name, rule, float(v), num, strictness)
                for i, v in zip(at, each, strict=True)
            }
    return of_set, of_rep
