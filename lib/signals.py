"""Filters, gap filling and resampling along the first axis (time). numpy and scipy.

T samples; trailing axes are filtered independently. Missing values are NaN.
"""

import itertools
import math
from functools import lru_cache

import numpy as np
from scipy.linalg import solveh_banded
from scipy.ndimage import median_filter, minimum_filter1d
from scipy.signal import butter, sosfilt, sosfilt_zi

LEAP_MADS = 6.0
ENOUGH_FOR_SPREAD = 3000
"""Samples that tell a spread well; a longer series is thinned for it."""


def _columns(x: np.ndarray) -> np.ndarray:
    """A float copy as (T, everything else); T may be 0."""
    copy = np.array(x, float)
    return copy.reshape(len(copy), math.prod(copy.shape[1:]))


def fill_gaps(x: np.ndarray, max_gap: int | None = None) -> np.ndarray:
    """Linear interpolation over NaN runs of up to max_gap samples (None: any length).

    Ends are held at the nearest value under the same limit. x (T, ...); a series that is NaN
    throughout stays NaN.
    """
    flat = _columns(x)
    is_known = np.isfinite(flat)
    if is_known.all():
        return flat.reshape(np.shape(x))
    t = np.arange(len(flat))
    for i_column in np.flatnonzero(is_known.any(0) & ~is_known.all(0)):
        column, known = flat[:, i_column], is_known[:, i_column]
        gaps = np.flatnonzero(~known)
        column[gaps] = np.interp(gaps, t[known], column[known])
        if max_gap is not None and len(gaps) > max_gap:
            for start, stop in finite_runs(~known):
                if stop - start > max_gap:
                    column[start:stop] = np.nan
    return flat.reshape(np.shape(x))


def resample(x: np.ndarray, time_s: np.ndarray, new_time_s: np.ndarray) -> np.ndarray:
    """Linear interpolation of x (T, ...) to new times, held at the ends; NaN spreads."""
    if len(time_s) == 1:
        return np.repeat(np.asarray(x, float), len(new_time_s), 0)
    right = np.clip(np.searchsorted(time_s, new_time_s), 1, len(time_s) - 1)
    left = right - 1
    w = (new_time_s - time_s[left]) / (time_s[right] - time_s[left])
    w = np.clip(w, 0, 1).reshape(-1, *[1] * (np.ndim(x) - 1))
    # Weights of exactly 0 must not let a NaN neighbour through.
    low, high = np.asarray(x, float)[left], np.asarray(x, float)[right]
    return np.where(w == 0, low, np.where(w == 1, high, (1 - w) * low + w * high))


@lru_cache
def _butterworth(cutoff_hz: float, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Of second order: its section, and its state after a long rest at 1."""
    sos = butter(2, cutoff_hz, fs=fps, output="sos")
    return sos, sosfilt_zi(sos)[..., None]


def _to_and_fro(x: np.ndarray, sos: np.ndarray, rest: np.ndarray, around: int) -> np.ndarray:
    """x (T, C) filtered both ways, its ends carried on by `around` samples turned about them.

    Scipy's sosfiltfilt, which works out the state at rest every time: half of its time here.
    """
    before, after = 2 * x[0] - x[around:0:-1], 2 * x[-1] - x[-2 : -around - 2 : -1]
    x = np.concatenate([before, x, after])
    for _ in range(2):
        x = sosfilt(sos, x, axis=0, zi=rest * x[0])[0][::-1]
    return x[around:-around]


def lowpass(x: np.ndarray, fps: float, cutoff_hz: float) -> np.ndarray:
    """Zero-phase Butterworth of second order, x (T, ...), inside each finite run; runs too short to
    filter pass unchanged."""
    flat = _columns(x)
    if cutoff_hz >= fps / 2:
        return flat.reshape(np.shape(x))
    sos, rest = _butterworth(cutoff_hz, fps)
    around = 3 * (2 * len(sos) + 1)
    finite = np.isfinite(flat)
    if finite.all() and len(flat) > around:
        return _to_and_fro(flat, sos, rest, around).reshape(np.shape(x))
    for i_column in range(flat.shape[1]):
        for start, stop in finite_runs(finite[:, i_column]):
            if stop - start > around:
                part = flat[start:stop, [i_column]]
                flat[start:stop, [i_column]] = _to_and_fro(part, sos, rest, around)
    return flat.reshape(np.shape(x))


def finite_runs(ok: np.ndarray) -> list[tuple[int, int]]:
    """Half-open intervals in which a boolean (T,) is True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(ok, int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def rolling_median(x: np.ndarray, size: int) -> np.ndarray:
    """Median over `size` samples (made odd) around each; ends repeat the edge value. x (T, ...).

    Infinite or missing values are not handled: fill first.
    """
    if len(x) == 0 or size < 2:
        return np.array(x, float)
    # One column after another in one row, ends repeated: scipy's one-dimensional filter is several
    # times faster than its general one, and one call than many.
    around = np.clip(np.arange(-(size // 2), len(x) + size // 2), 0, len(x) - 1)
    columns = _columns(x).T[:, around]
    filtered = median_filter(columns.ravel(), size | 1).reshape(columns.shape)
    return filtered[:, size // 2 :][:, : len(x)].T.reshape(np.shape(x))


def median_known(x: np.ndarray) -> np.ndarray:
    """Median along the first axis without NaN; NaN where there is nothing else. x (T, ...)."""
    num = np.count_nonzero(~np.isnan(x), axis=0, keepdims=True)
    middle = np.concatenate([(num - 1) // 2, num // 2])
    return np.take_along_axis(np.sort(x, axis=0), middle, axis=0).sum(0) / 2


def median_of(x: np.ndarray) -> float:
    """Of what is finite in x (N,); NaN, which no comparison passes, where nothing is."""
    known = x[np.isfinite(x)]
    return float(np.median(known)) if len(known) else float("nan")


def pulse_height(x: np.ndarray, size: int) -> np.ndarray:
    """(N,) how far x (N,) is above both the least of the `size` samples before and of those after.

    0 everywhere for a step or a ramp. x must be finite.
    """
    half = max(1, size // 2)
    before, after = (
        minimum_filter1d(x, 2 * half + 1, mode="nearest", origin=shift) for shift in (half, -half)
    )
    return x - np.maximum(before, after)


def hampel_outliers(x: np.ndarray, size: int, num_mads: float, floor: float) -> np.ndarray:
    """Where x (T, ...) is further from its rolling median than num_mads local MADs and `floor`.

    Returns a boolean array shaped like x; a missing value is not an outlier. Hampel's identifier
    with the usual factor 1.4826 between MAD and standard deviation.
    """
    flat = np.nan_to_num(fill_gaps(x)).reshape(len(x), -1)
    distance = np.abs(flat - rolling_median(flat, size))
    i_time, i_column = np.nonzero(distance > floor)
    if len(i_time) == 0:
        return np.zeros(np.shape(x), bool)
    # The spread is only asked for at the few samples that are far from their neighbours.
    window = np.clip(i_time[:, None] + np.arange(size | 1) - size // 2, 0, len(flat) - 1)
    around = flat[window, i_column[:, None]]
    half = size // 2  # of an odd number of samples the median is the middle one
    off = np.abs(around - np.partition(around, half)[:, half : half + 1])
    spread = np.partition(off, half)[:, half]
    is_outlier = np.zeros(flat.shape, bool)
    is_outlier[i_time, i_column] = distance[i_time, i_column] > num_mads * 1.4826 * spread
    return is_outlier.reshape(np.shape(x)) & np.isfinite(x)


def leaps(x: np.ndarray, longest: int, floor: float) -> np.ndarray:
    """(T, P) where a point of x (T, P, D) has leapt away and, within `longest` samples, leaps back.

    A leap is a step unlike those beside it: off their mean by LEAP_MADS of its usual spread in some
    coordinate, and by `floor` in all. Two are a pair if the second undoes the first and the
    points between lie off the straight way across by about as much. Each point is followed through
    the samples in which it is known, as if there were no others.
    """
    away = np.zeros(x.shape[:2], bool)
    if len(x) < 5:
        return away
    known = np.isfinite(x).all(-1)
    order = np.argsort(~known, axis=0, kind="stable")  # known samples first
    x = np.take_along_axis(np.where(known[..., None], x, np.nan), order[..., None], axis=0)
    step = np.diff(x, axis=0)
    odd = step[1:-1] - (step[:-2] + step[2:]) / 2  # odd[i] belongs to the step into x[i + 2]
    size = np.nan_to_num(np.linalg.norm(odd, axis=-1))
    odd = np.abs(odd)
    spread = 1.4826 * median_known(odd[:: max(1, len(odd) // ENOUGH_FOR_SPREAD)]) + 1e-12
    is_leap = (odd > LEAP_MADS * spread).any(-1) & (size > floor)
    padded = np.zeros((len(size) + 2, x.shape[1]))
    padded[1:-1] = size
    is_leap &= (size >= padded[:-2]) & (size >= padded[2:])
    for i_point in np.flatnonzero(np.count_nonzero(is_leap, axis=0) > 1):
        found = (np.flatnonzero(is_leap[:, i_point]) + 2).tolist()
        for first, second in itertools.pairwise(found):
            if second - first <= longest and _is_undone(x[:, i_point], first, second):
                away[order[first:second, i_point], i_point] = True
    return away


def _is_undone(x: np.ndarray, first: int, second: int) -> bool:
    """Whether x[first:second] lies aside of the line across it by the leap that began it."""
    leap, back = x[first] - x[first - 1], x[second] - x[second - 1]
    share = (np.arange(first, second) - first + 1)[:, None] / (second - first + 1)
    across = x[first - 1] + share * (x[second] - x[first - 1])
    aside = (x[first:second] - across).mean(0)
    tolerance = 0.6 * np.linalg.norm(leap)
    return bool(max(np.linalg.norm(aside - leap), np.linalg.norm(leap + back)) < tolerance)


def smooth(x: np.ndarray, time_s: np.ndarray, cutoff_hz: float) -> np.ndarray:
    """Zero-phase low pass of x (T, ...) at any increasing times, without NaN.

    The curve with the least sum of squared distances and squared second derivatives over time,
    balanced so that the response is 1 / (1 + (f / cutoff_hz)^4) where frames are frequent: a
    Butterworth filter of order 2 run to and fro, but it needs no even frames and bends no ends
    (Whittaker, On a new method of graduation, 1923; Eilers, A perfect smoother, 2003). At `fps`
    frames a second sin(pi f / fps) fps / pi stands for f: at the cut-off 0.52 passes at 10 times
    its rate, 0.57 at 5 times, 0.86 at twice.
    """
    if len(x) < 3:
        return np.array(x, float)
    step = np.diff(time_s)
    share = np.convolve(np.concatenate([step[:1], step, step[-1:]]), [0.5, 0.5], "valid")
    bands = _bending(step, share[1:-1]) / (2 * np.pi * cutoff_hz) ** 4
    bands[-1] += share
    return solveh_banded(bands, share[:, None] * _columns(x)).reshape(np.shape(x))


def _bending(step: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(3, T) upper bands of the matrix whose form is the integral of x''^2; step (T - 1,)."""
    before, after = step[:-1], step[1:]
    total = (before + after) / 2
    # x'' in the middle of three samples is a x[-1] + b x[0] + c x[1].
    a, c = 1 / (before * total), 1 / (after * total)
    b = -a - c
    bands = np.zeros((3, len(step) + 1))
    row = (a, b, c)
    for i in range(3):
        for j in range(i, 3):  # entry (k + i, k + j) of the sum over k of row^T row
            bands[2 + i - j, j : j + len(share)] += share * row[i] * row[j]
    return bands


def window_mean(x: np.ndarray, half: int, least: float) -> np.ndarray:
    """(N, J, 3) means over each sample and `half` on either side; NaN for a joint that is known in
    a smaller share of that than `least`."""
    num, known = len(x), np.isfinite(x).all(-1)
    low = np.maximum(np.arange(num) - half, 0)
    high = np.minimum(np.arange(num) + half + 1, num)

    def window_sum(values: np.ndarray) -> np.ndarray:
        total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, 0)])
        return total[high] - total[low]

    num_known = window_sum(known.astype(float))
    enough = num_known >= least * (high - low)[:, None] - 1e-9
    mean = window_sum(np.where(known[..., None], x, 0.0)) / np.maximum(num_known, 1)[..., None]
    return np.where(enough[..., None], mean, np.nan)
