"""What a set of repetitions says as a whole: joint-angle curves over a rep, means, spread."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import theilslopes

from lib.analysis.cycles import Cycle

PERCENT = np.arange(101.0)
MIN_REPS_FOR_TREND = 5


def _curve(signal: np.ndarray, cycle: Cycle) -> np.ndarray:
    at = cycle.start + PERCENT / 100 * (cycle.end - cycle.start)
    return np.interp(at, np.arange(len(signal)), signal)


def angle_curves(signals: Mapping[str, np.ndarray], cycles: Sequence[Cycle]) -> dict:
    """The schema's `curves`: each signal (N,) over 0..100 % of every rep, their mean and SD."""
    curves = {}
    for name, signal in signals.items():
        reps = np.array([_curve(signal, cycle) for cycle in cycles])
        curves[name] = {
            "unit": "deg", "percent": PERCENT, "reps": reps, "mean": reps.mean(0),
            "sd": reps.std(0, ddof=1) if len(reps) > 1 else np.full(len(PERCENT), np.nan),
        }  # fmt: skip
    return curves


def _measure(value: float, unit: str) -> dict:
    if not np.isfinite(value):
        return {"value": None, "unit": unit, "status": "not_measurable", "reason": "phase_missing"}
    return {"value": value, "unit": unit, "status": "measured", "reason": None}


def _variation_percent(values: Sequence[float]) -> float:
    """Standard deviation over mean; NaN for fewer than two values."""
    known = np.array([v for v in values if np.isfinite(v)])
    if len(known) < 2 or known.mean() == 0:
        return float("nan")
    return float(100 * known.std(ddof=1) / abs(known.mean()))


def consistency_rmsd_deg(curves: Mapping[str, dict]) -> float:
    """Mean over signals of the RMS distance of the reps' curves to their mean."""
    spreads = []
    for curve in curves.values():
        away = curve["reps"] - curve["mean"]
        if len(away) > 1 and np.isfinite(away).all():
            spreads.append(np.sqrt((away**2).mean()))
    return float(np.mean(spreads)) if spreads else float("nan")


def _metric_summary(measures: Sequence[dict]) -> dict:
    values = np.array([m["value"] for m in measures if m["value"] is not None])
    num = len(values)
    trend = theilslopes(values).slope if num >= MIN_REPS_FOR_TREND else float("nan")
    return {
        "mean": values.mean() if num else None, "sd": values.std(ddof=1) if num > 1 else None,
        "min": values.min() if num else None, "max": values.max() if num else None,
        "trend_per_rep": trend, "n": num, "unit": measures[0]["unit"],
    }  # fmt: skip


def summarise(
    reps: Sequence[dict], curves: Mapping[str, dict], drive_range_deg: Sequence[float]
) -> dict:
    """The schema's `summary` from the set's reps, which are as in the schema."""
    done = [rep for rep in reps if rep["quality"] in ("full", "partial")]
    full = [rep for rep in done if rep["quality"] == "full"]
    lift_s = [rep["tempo"]["concentric_s"] or float("nan") for rep in done]
    names = reps[0]["metrics"] if reps else {}
    best = max(full, key=lambda rep: rep["confidence"], default=None)
    return {
        "best_rep": best["index"] if best else None,
        "rom_cv": _measure(_variation_percent(drive_range_deg), "percent"),
        "tempo_cv": _measure(_variation_percent(lift_s), "percent"),
        "consistency_rmsd": _measure(consistency_rmsd_deg(curves), "deg"),
        "metrics": {n: _metric_summary([rep["metrics"][n] for rep in reps]) for n in names},
    }
