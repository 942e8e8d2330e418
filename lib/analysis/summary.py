"""What a set of repetitions says as a whole: joint-angle curves over a rep, means, spread."""

from collections.abc import Mapping, Sequence

import numpy as np

from lib.analysis.cycles import Cycle
from lib.analysis.exercises import Exercise
from lib.analysis.findings import (
    OFF,
    limits_in_force,
    one_a_fault,
    rep_findings,
    set_findings,
)
from lib.analysis.records import COUNTED
from lib.analysis.scene import Scene
from lib.analysis.setwise import (
    counted_places,
    distances_to_mean,
    metric_summary,
    set_measures,
    variation_percent,
)
from lib.analysis.severity import not_measurable

PERCENT = np.arange(101.0)


def _curve(signal: np.ndarray, cycle: Cycle) -> np.ndarray:
    at = cycle.start + PERCENT / 100 * (cycle.end - cycle.start)
    within = np.arange(cycle.start, cycle.end + 1)
    return np.interp(at, within, signal[within])


def rep_curves(
    signals: Mapping[str, tuple[str, np.ndarray]], cycles: Sequence[Cycle], counted: Sequence[int]
) -> dict:
    """The schema's `curves`: each signal (unit, (N,)) over 0..100 % of every rep; mean and SD of
    the counted ones (places in cycles)."""
    curves = {}
    for name, (unit, signal) in signals.items():
        reps = np.array([_curve(signal, cycle) for cycle in cycles])
        usual = reps[list(counted)]
        curves[name] = {
            "unit": unit, "percent": PERCENT, "reps": reps, "mean": usual.mean(0),
            "sd": usual.std(0, ddof=1) if len(usual) > 1 else np.full(len(PERCENT), np.nan),
        }  # fmt: skip
    return curves


def _plain(value: float, unit: str, num: int) -> dict:
    """A number of `num` repetitions, at least two; NaN where what they were made of is missing."""
    if not np.isfinite(value):
        return not_measurable(unit, "too_few_reps" if num < 2 else "missing_joint")
    return {"value": value, "unit": unit, "status": "measured", "reason": None}


def _spreads(reps: Sequence[dict], curves: Mapping[str, dict], range_deg: np.ndarray) -> dict:
    """How alike the reps are. range_deg: of the counted ones; NaN where the drive is no angle."""
    done = [rep for rep in reps if rep["quality"] in COUNTED]
    lift_s = np.array([t for rep in done if (t := rep["tempo"]["concentric_s"])])
    away = distances_to_mean(curves, len(reps))[counted_places(reps)]
    found = {
        "tempo_cv": _plain(variation_percent(lift_s), "percent", len(lift_s)),
        "consistency_rmsd": _plain(float(away.mean()), "deg", len(away)),
    }
    if np.isfinite(range_deg).any():
        found["rom_cv"] = _plain(variation_percent(range_deg), "percent", len(range_deg))
    return found


def best_rep(reps: Sequence[dict]) -> int | None:
    """Index of the full rep with the fewest faults, then warnings, then the longest way (TV-05, if
    the exercise has it). One that the recording's first frame cuts into is taken only where there
    is no other.
    """

    def rank(rep: dict) -> tuple:
        found = [finding["severity"] for finding in rep["findings"]]
        way = rep["metrics"].get("TV-05", {}).get("value") or 0.0
        return rep["start_frame"] > 0, -found.count("fault"), -found.count("warn"), way

    best = max((rep for rep in reps if rep["quality"] == "full"), key=rank, default=None)
    return best["index"] if best else None


def summarise(
    exercise: Exercise,
    scene: Scene,
    reps: Sequence[dict],
    curves: Mapping[str, dict],
    drive_range_deg: Sequence[float],
    strictness: float = 1.0,
) -> dict:
    """The schema's `summary` from the set's reps, which are as in the schema.

    Set metrics that each rep has too (velocity loss) are added to the reps' metrics, and what is to
    be said of each rep to its findings.
    """
    of_set, of_rep = set_measures(exercise, scene, reps, curves, strictness)
    for name, each in of_rep.items():
        reason = of_set[name]["reason"] if of_set[name]["value"] is None else "not_judged"
        none = not_measurable(exercise.set_metrics[name].unit, reason)
        for i_rep, rep in enumerate(reps):
            rep["metrics"][name] = each.get(i_rep, none)
    names = reps[0]["metrics"] if reps else {}
    summaries = {n: metric_summary(exercise, scene, reps, n, strictness) for n in names}
    judged = {**summaries, **of_set}
    off = {n: part["severity"] for n, part in judged.items() if part.get("severity") in OFF}
    told = one_a_fault(exercise, off)
    limits = limits_in_force(exercise, strictness, scene.length_per_femur)
    for rep in reps:
        rep["findings"] = rep_findings(exercise, rep["metrics"], off, told, limits)
    loss = [m for n, m in of_set.items() if exercise.set_metrics[n].measure == "velocity_loss"]
    return {
        "best_rep": best_rep(reps),
        **({"velocity_loss": loss[0]} if loss else {}),
        **_spreads(reps, curves, np.array(drive_range_deg)),
        "metrics": summaries,
        "set_metrics": of_set,
        "findings": set_findings(exercise, judged, told, reps, limits),
    }
