"""How found repetitions compare with true ones: counts, intervals, moments. Seconds throughout."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import norm

Z_95 = float(norm.ppf(0.975))


@dataclass(frozen=True)
class Found:
    """One repetition that a counter found; turn_s None where it does not say."""

    start_s: float
    end_s: float
    turn_s: float | None = None


@dataclass(frozen=True)
class Score:
    """One recording."""

    num_true: int
    num_found: int
    iou: tuple[float, ...] = ()
    """One for each true repetition; 0: nobody found it."""
    start_s: tuple[float, ...] = ()
    """Distances of the moments of the matched ones."""
    turn_s: tuple[float, ...] = ()
    end_s: tuple[float, ...] = ()

    @property
    def is_exact(self) -> bool:
        return self.num_true == self.num_found


def _overlap(true: np.ndarray, found: np.ndarray) -> np.ndarray:
    """(true, found) intersection over union of intervals (n, 2)."""
    low = np.maximum(true[:, None, 0], found[None, :, 0])
    high = np.minimum(true[:, None, 1], found[None, :, 1])
    both = np.maximum(high - low, 0.0)
    lengths = np.diff(true, axis=1) + np.diff(found, axis=1).T
    return both / np.maximum(lengths - both, 1e-9)


def score(true: Sequence, found: Sequence[Found]) -> Score:
    """Match one to one by the largest sum of overlaps. true: TrueRep that are to be counted."""
    if not true or not found:
        return Score(len(true), len(found), (0.0,) * len(true))
    iou = _overlap(np.array([(r.start_s, r.end_s) for r in true]),
                   np.array([(f.start_s, f.end_s) for f in found]))  # fmt: skip
    best, starts, turns, ends = np.zeros(len(true)), [], [], []
    for i, j in zip(*linear_sum_assignment(-iou), strict=True):
        rep, one = true[i], found[j]
        best[i] = iou[i, j]
        if iou[i, j] > 0:
            starts.append(abs(one.start_s - rep.start_s))
            ends.append(abs(one.end_s - rep.end_s))
        if iou[i, j] > 0 and one.turn_s is not None:
            # Anywhere in a pause is right.
            turns.append(max(rep.turn_start_s - one.turn_s, one.turn_s - rep.turn_end_s, 0.0))
    return Score(len(true), len(found), tuple(best), tuple(starts), tuple(turns), tuple(ends))


def wilson(num: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    if of == 0:
        return 0.0, 1.0
    share, z2 = num / of, Z_95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z_95 / (1 + z2 / of) * np.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))


def exact_rate(scores: Sequence[Score]) -> str:
    """OBZ with n and its interval."""
    num = sum(s.is_exact for s in scores)
    low, high = wilson(num, len(scores))
    return f"{num / max(len(scores), 1):.4f} ({low:.4f}-{high:.4f}) n={len(scores)}"


def f1(scores: Sequence[Score], least_iou: float) -> float:
    """Of intervals that overlap by at least this much."""
    hits = sum(sum(v >= least_iou for v in s.iou) for s in scores)
    return 2 * hits / max(sum(s.num_true + s.num_found for s in scores), 1)


def _middle_and_p95(errors: list[float]) -> str:
    if not errors:
        return "    -     -"
    return "{:5.3f} {:5.3f}".format(*np.percentile(errors, [50, 95]))


def summary(scores: Sequence[Score]) -> str:
    """One line: exact rate, OBO, MAE_n, mIoU, F1s, and median and p95 of start, turn and end."""
    gap = np.array([abs(s.num_found - s.num_true) for s in scores])
    norm_gap = gap / np.maximum([s.num_true for s in scores], 1)
    iou = [v for s in scores for v in s.iou]
    moments = ("start_s", "turn_s", "end_s")
    errors = [[e for s in scores for e in getattr(s, name)] for name in moments]
    miou = np.mean(iou) if iou else float("nan")
    return (
        f"{exact_rate(scores):32s} {(gap <= 1).mean():.4f} {norm_gap.mean():.4f} "
        f"{miou:.3f} {f1(scores, 0.5):.3f} {f1(scores, 0.75):.3f}  "
        + "  ".join(_middle_and_p95(e) for e in errors)
    )


SUMMARY_HEAD = (
    f"{'exact (95 %)':32s} {'OBO':6s} {'MAE_n':6s} mIoU  F1@.5 F1@.75 start p95    turn  p95    "
    "end   p95 (s)"
)
