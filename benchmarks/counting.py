"""The scores of repetition counting, the same for every benchmark: counts, overlap, boundaries.

An interval is a row (start, end) in seconds; a third column is its turn, NaN = unknown, and more
are further instants. n repetitions of the truth, m found. Counts are judged by

    OBZ     share counted exactly               OBO     share counted within one
    MAE_n   mean |found - true| / max(true, 1)  MAE_p1  mean |found - true| / (true + 0.1)
    RMSE    root mean square of found - true

MAE_n is RepNet's; MAE_p1 is that of TransRAC's code, only for comparing with it. Intervals are
matched one to one by their overlap in time (intersection over union, Hungarian method).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import norm

Z95 = float(norm.ppf(0.975))
"""Standard deviations that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Case:
    """One recording."""

    truth_s: np.ndarray
    """(n, 2 or more)"""
    found_s: np.ndarray
    """(m, 2 or more)"""
    pause_s: np.ndarray | float = 0.0
    """(n,) how long the truth stays at its turn: a turn found anywhere within is right."""

    def __post_init__(self) -> None:
        for name in ("truth_s", "found_s"):
            rows = np.asarray(getattr(self, name), float)
            rows = rows.reshape(0, 2) if rows.size == 0 else rows
            if rows.ndim != 2 or rows.shape[1] < 2 or not (rows[:, 1] >= rows[:, 0]).all():
                raise ValueError(
                    f"{name} has shape {rows.shape} or rows that end before they start"
                )
            object.__setattr__(self, name, rows)
        pause_s = np.broadcast_to(np.asarray(self.pause_s, float), len(self.truth_s))
        object.__setattr__(self, "pause_s", pause_s)

    @property
    def num_true(self) -> int:
        return len(self.truth_s)

    @property
    def num_found(self) -> int:
        return len(self.found_s)

    @property
    def is_exact(self) -> bool:
        """Counted right."""
        return self.num_true == self.num_found


@dataclass(frozen=True)
class CountScores:
    """How well repetitions were counted in `num` recordings."""

    num: int
    obz: float
    obz_95: tuple[float, float]
    """Wilson's 95 % interval of obz."""
    obo: float
    mae_n: float
    mae_p1: float
    rmse: float


@dataclass(frozen=True)
class IntervalScores:
    """How well intervals were found, over all repetitions of all recordings."""

    miou: float
    """Mean overlap of the true repetitions with their partners, 0 where there is none."""
    f1_50: float
    f1_75: float
    errors_s: np.ndarray
    """(pairs, columns) |found - true| of matched pairs: start, end and what else both bring."""

    def error_s(self, percent: float, column: int | None = None) -> float:
        """A percentile of one column's error; None = starts and ends together. NaN if none."""
        columns = slice(2) if column is None else slice(column, column + 1)
        errors = self.errors_s[:, columns]
        errors = errors[np.isfinite(errors)]
        return float(np.percentile(errors, percent)) if len(errors) else float("nan")


def wilson(num_right: int, num: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (NaN, NaN) of nothing."""
    if num == 0:
        return float("nan"), float("nan")
    share, z2 = num_right / num, Z95**2
    middle = (share + z2 / (2 * num)) / (1 + z2 / num)
    half = Z95 / (1 + z2 / num) * np.sqrt(share * (1 - share) / num + z2 / (4 * num**2))
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def count_scores(found: Sequence[int], truth: Sequence[int]) -> CountScores:
    """Scores of counts, one a recording. NaN where there is no recording."""
    if len(found) != len(truth):
        raise ValueError(f"{len(found)} counts for {len(truth)} recordings")
    if len(truth) == 0:
        nan = float("nan")
        return CountScores(0, nan, (nan, nan), nan, nan, nan, nan)
    true = np.asarray(truth, float)
    off = np.abs(np.asarray(found, float) - true)
    return CountScores(
        num=len(true),
        obz=float((off == 0).mean()),
        obz_95=wilson(int((off == 0).sum()), len(true)),
        obo=float((off <= 1).mean()),
        mae_n=float((off / np.maximum(true, 1)).mean()),
        mae_p1=float((off / (true + 0.1)).mean()),
        rmse=float(np.sqrt((off**2).mean())),
    )


def overlap(truth_s: np.ndarray, found_s: np.ndarray) -> np.ndarray:
    """(n, m) intersection over union in time; 0 where both are empty."""
    start = np.maximum(truth_s[:, None, 0], found_s[None, :, 0])
    end = np.minimum(truth_s[:, None, 1], found_s[None, :, 1])
    both = np.clip(end - start, 0, None)
    lengths = truth_s[:, 1] - truth_s[:, 0], found_s[:, 1] - found_s[:, 0]
    either = lengths[0][:, None] + lengths[1][None] - both
    return np.where(either > 0, both / np.where(either > 0, either, 1), 0.0)


def match(case: Case, least_iou: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Partners, one to one: rows of the truth, rows found, their overlap.

    The sum of overlaps is the largest there is; pairs below least_iou, or apart, are none.
    """
    iou = overlap(case.truth_s, case.found_s)
    iou = np.where(iou >= least_iou, iou, 0.0)
    i_true, i_found = linear_sum_assignment(iou, maximize=True)
    is_pair = iou[i_true, i_found] > 0
    i_true, i_found = i_true[is_pair], i_found[is_pair]
    return i_true, i_found, iou[i_true, i_found]


def f1(cases: Sequence[Case], least_iou: float) -> float:
    """2 hits / (true + found), a hit overlapping by least_iou. NaN where neither has any."""
    hits = sum(len(match(case, least_iou)[0]) for case in cases)
    num = sum(case.num_true + case.num_found for case in cases)
    return 2 * hits / num if num else float("nan")


def interval_scores(cases: Sequence[Case]) -> IntervalScores:
    """Scores of intervals over all repetitions; NaN where there are none."""
    errors, total, num_true = [], 0.0, 0
    for case in cases:
        i_true, i_found, iou = match(case)
        total += float(iou.sum())
        num_true += case.num_true
        columns = min(case.truth_s.shape[1], case.found_s.shape[1])
        late_s = case.found_s[i_found, :columns] - case.truth_s[i_true, :columns]
        late_s[:, 2:3] -= np.clip(late_s[:, 2:3], 0, case.pause_s[i_true, None])
        errors.append(np.abs(late_s))
    width = min((rows.shape[1] for rows in errors if len(rows)), default=2)
    together = [rows[:, :width] for rows in errors if len(rows)]
    return IntervalScores(
        miou=total / num_true if num_true else float("nan"),
        f1_50=f1(cases, 0.5),
        f1_75=f1(cases, 0.75),
        errors_s=np.concatenate(together) if together else np.zeros((0, width)),
    )


def case_counts(cases: Sequence[Case]) -> CountScores:
    """`count_scores` of the number of intervals."""
    return count_scores([c.num_found for c in cases], [c.num_true for c in cases])


def exact_text(cases: Sequence[Case]) -> str:
    """OBZ with its interval and n."""
    counts = case_counts(cases)
    low, high = counts.obz_95
    return f"{counts.obz:.4f} ({low:.4f}-{high:.4f}) n={counts.num}"


SUMMARY_HEAD = (
    f"{'exact (95 %)':32s} {'OBO':6s} {'MAE_n':6s} mIoU  F1@.5 F1@.75 start p95    turn  p95    "
    "end   p95 (s)"
)


def summary(cases: Sequence[Case]) -> str:
    """One line under SUMMARY_HEAD: counts, overlap, and median and p95 of start, turn and end.

    F1 is 0 where there is no repetition to find and none was found.
    """
    counts, scores = case_counts(cases), interval_scores(cases)
    f1_50, f1_75 = np.nan_to_num([scores.f1_50, scores.f1_75])
    moments = []
    for column in (0, 2, 1):
        middle, p95 = (scores.error_s(percent, column) for percent in (50, 95))
        moments.append("    -     -" if np.isnan(middle) else f"{middle:5.3f} {p95:5.3f}")
    return (
        f"{exact_text(cases):32s} {counts.obo:.4f} {counts.mae_n:.4f} "
        f"{scores.miou:.3f} {f1_50:.3f} {f1_75:.3f}  " + "  ".join(moments)
    )
