"""How well a motion repeats, and after how long: autocorrelation of the pose. O(D N log N).

N samples of a Track, D coordinates of joints relative to an anchor, in trunk lengths. The measure
is the mean squared distance of poses a lag apart, against that of poses paired at random.
"""

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import find_peaks

from lib.analysis.form import mid, segment_length
from lib.analysis.track import Track
from lib.skeleton import LIMB_JOINTS, indices

LAGS_S = (0.6, 15.0)
"""Periods that are looked for."""
RATE_HZ = 12.5
"""Poses are smoothed to 4 Hz, so a faster clock tells no more."""
NEARLY_BEST = 0.85
"""The smallest period whose cue is this share of the best one is the period, not its multiple."""
DIP = 0.1
"""Between a pose and its return the cue falls at least this far: what moves slowly does not
repeat."""
SEEN_SHARE = 0.5
"""A joint unknown in more samples than this, of those in which any is known, is left out."""


def anchored(track: Track) -> np.ndarray:
    """(N, D) limb joints relative to the anchor from which the body moves least, in trunk lengths.

    Anchors are the middle of the hips, of the ankles (standing) and of the wrists (hanging,
    planks). Where the body is in the room is not used: a lifted depth jumps. D is 0 where nothing
    can be said; a sample is NaN where any joint that is mostly known is unknown.
    """
    size = segment_length(track, ("neck", "root"))
    limbs = track.xyz[:, indices(*LIMB_JOINTS)]
    known = np.isfinite(limbs).all(-1)
    somebody = known.any(1)
    if not somebody.any() or not size > 0:
        return np.zeros((len(track), 0))
    usable = known[somebody].mean(0) > SEEN_SHARE
    limbs = limbs[:, usable] / size
    views = []
    for part in ("hip", "ankle", "wrist"):
        anchor = mid(track.xyz, part)[:, None] / size
        if np.isfinite(anchor[somebody]).all(-1).mean() > SEEN_SHARE:
            views.append((limbs - anchor).reshape(len(limbs), -1))
    if not views:
        return np.zeros((len(track), 0))
    return min(views, key=lambda view: float(np.nanvar(view, axis=0).sum()))


def lag_distance(x_ND: np.ndarray, max_lag: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean |x[t] - x[t + lag]|^2 for lags 0..max_lag, what random pairs would give, and the number
    of pairs.

    Each (max_lag + 1,); the first two are NaN without a pair. A row with a NaN is left out.
    Random pairs take one pose of the first N - lag samples and one of the last N - lag.
    The sum of products comes from one FFT a coordinate, the rest from running sums.
    """
    known = np.isfinite(x_ND).all(1)
    centre = x_ND[known].mean(0) if known.any() else 0.0
    x = np.where(known[:, None], x_ND - centre, 0.0)  # about the mean: sums stay small and exact
    num = len(x)
    energy, weight = (x**2).sum(1), known.astype(float)
    length = next_fast_len(num + max_lag, real=True)

    def correlate(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        product = np.conj(rfft(a, length, axis=0)) * rfft(b, length, axis=0)
        return irfft(product.reshape(len(product), -1).sum(1), length)[: max_lag + 1]

    pairs = np.round(correlate(weight, weight))
    apart = correlate(energy, weight) + correlate(weight, energy) - 2 * correlate(x, x)
    lag = np.arange(max_lag + 1)

    def running(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums over the first and over the last N - lag samples."""
        total = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, 0)])
        return total[num - lag], total[num] - total[lag]

    (n1, n2), (e1, e2), (s1, s2) = running(weight), running(energy), running(x)
    with np.errstate(divide="ignore", invalid="ignore"):
        random = e1 / n1 + e2 / n2 - 2 * (s1 * s2).sum(1) / (n1 * n2)
        mean = np.maximum(apart, 0) / pairs
    return np.where(pairs > 0, mean, np.nan), np.where(pairs > 0, random, np.nan), pairs


def _peak_place(cue: np.ndarray, i: int) -> float:
    """Place of a maximum between samples, by the parabola through its neighbours."""
    left, middle, right = cue[i - 1 : i + 2]
    bend = left - 2 * middle + right
    return i + (0.5 * (left - right) / bend if bend < 0 else 0.0)


def periodicity_of(x_ND: np.ndarray, fps: float) -> tuple[float, float]:
    """`periodicity` of any signal of N samples at fps."""
    every = max(1, int(fps / RATE_HZ))
    x, rate = x_ND[::every], fps / every
    last = min(int(LAGS_S[1] * rate) + 1, len(x) // 2)
    if x.shape[1] == 0 or last < LAGS_S[0] * rate:
        return 0.0, float("nan")
    mean, random, pairs = lag_distance(x, last)
    # At least one whole period must have another to be compared with.
    is_told = (pairs >= np.arange(last + 1)) & (random > 1e-12)
    cue = np.where(is_told, 1 - mean / np.where(is_told, random, 1.0), -1.0)
    # The last lag may be a return too: it is a peak unless the cue still climbs there.
    peaks, _ = find_peaks(np.append(cue, cue[-1] - 1e-9), prominence=DIP)
    peaks = peaks[(peaks >= LAGS_S[0] * rate) & (peaks < last) & (cue[peaks] > 0)]
    if len(peaks) == 0:
        return 0.0, float("nan")
    i_period = int(peaks[cue[peaks] >= NEARLY_BEST * cue[peaks].max()][0])
    return float(min(cue[i_period], 1.0)), _peak_place(cue, i_period) / rate


def periodicity(track: Track, ignored: np.ndarray | None = None) -> tuple[float, float]:
    """How well the motion repeats, in [0, 1], and its period in seconds (0 and NaN: it does not).

    The cue is 1 minus the mean squared distance of poses one period apart over that of random
    poses. The period is the smallest that is about as good as the best, from 0.6 to 15 s, and at
    most half the recording: one repetition has no period. ignored: (N,) samples to leave out.
    """
    x = anchored(track)
    return periodicity_of(
        x if ignored is None else np.where(ignored[:, None], np.nan, x), track.fps
    )
