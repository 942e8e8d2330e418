"""AIFit's segmentation (Fieraru et al., CVPR 2021, section 4), to compare `count_reps` with.

It cuts a recording into contiguous intervals that look alike: a fixed period from the
autocorrelation of the pose (Eq. 1, 2), then boundaries that move freely (Eq. 3, 4). Written after
the description in the first PerfectRep's docs/form-analysis.md; see docs/aifit.md for what that
leaves open. By construction there is no rest, no failed rep and no answer below k_min reps, and
motion that does not repeat may be cut as well.

N samples of a reduced clock (at most MAX_HZ), J joints that were seen at all, K intervals, L poses
compared an interval. Affinity is minus the mean distance of the joints (MPJPE). Time and memory are
bounded: O(N J) for each of at most PERIOD_S * MAX_HZ lags, O(K L J) a step of the refinement.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.signal import find_peaks
from scipy.special import softmax

from lib.analysis.track import Track, prepare
from lib.pose import Pose3D
from lib.signals import fill_gaps

MAX_HZ = 12.5
"""A Track is smoothed at 4 Hz: nothing is lost by comparing no more poses a second."""
PERIOD_S = (0.6, 15.0)
"""Periods looked for (choice)."""
SHAVED = np.arange(8) / 32
"""Shares of the recording shaved off each end: s of Eq. 1."""
RISE = 0.5
"""A local maximum of Eq. 1 comes back up by this share of the whole range (choice): a ripple, or
the way up that resembles the way down, does not."""
AS_GOOD = 0.05
"""Affinities closer than this share of the range are as good as each other (choice)."""
LEVEL = 0.2
"""Averages of Eq. 2 below the best by less than this share of that range can be the maximum: with
a varying tempo the most even k_min repetitions need not be the first (choice)."""
SHORT = 0.1
"""The last period may lack this share: a recording trimmed to its repetitions has no rest behind
the last (choice)."""
NUM_SAMPLES = 8
"""n_S of Eq. 3, L here."""
FARTHEST = 10
"""Intervals further apart than this are not compared in Eq. 4, so that its cost grows with K."""
LEAST_SHARE = 0.5
"""An interval lasts at least this share of the first period."""
MAX_STEPS = 60
STILL = 1e-6
"""Poses closer than this share of the body's size to each other are one pose."""


@dataclass(frozen=True)
class FixedPeriod:
    """The model that refinement starts from, in samples of the reduced clock."""

    period: float
    """tau"""
    num: int
    """K. How it follows is open to reading; here: the whole periods in the part that is not shaved,
    because what s* takes off is set-up; SHORT of one more counts."""
    start: int
    """t_start"""

    @property
    def boundaries(self) -> np.ndarray:
        """(K + 1,)"""
        return self.start + self.period * np.arange(self.num + 1)


def _affinity(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(...,) of poses (..., J, 3)."""
    step = a - b
    return -np.sqrt(np.einsum("...c,...c->...", step, step)).mean(-1)


def _running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """(len - width + 1,) means of `width` neighbours."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return (total[width:] - total[:-width]) / width


def autocorrelation(xyz: np.ndarray, lags: np.ndarray, k_min: int) -> np.ndarray:
    """(SHAVED, lags) R_PP of Eq. 1; NaN where k_min periods do not fit in what is not shaved.

    Somewhat longer lags are there: they show that a maximum before them is one.
    """
    num = len(xyz)
    shaved = (SHAVED * num).astype(int)
    found = np.full((len(shaved), len(lags)), np.nan)
    for i_lag, lag in enumerate(lags):
        total = np.concatenate([[0.0], np.cumsum(_affinity(xyz[:-lag], xyz[lag:]))])
        fits = num - 2 * shaved >= (k_min - 3 * SHORT) * lag
        s = shaved[fits]
        found[fits, i_lag] = (total[num - lag - s] - total[s]) / (num - lag - 2 * s)
    return found


def _first_maximum(curve: np.ndarray, rise: float) -> tuple[float, float] | None:
    """Place (between samples, by a parabola) and height of the first local maximum, or None."""
    curve = curve[np.isfinite(curve)]
    if len(curve) < 3:
        return None
    peaks, _ = find_peaks(curve)
    peaks = peaks[curve[peaks] - np.minimum.accumulate(curve)[peaks] >= rise]
    if len(peaks) == 0:
        return None
    before, at, after = curve[peaks[0] - 1 : peaks[0] + 2]
    bend = before - 2 * at + after
    return float(peaks[0] + (0.5 * (before - after) / bend if bend < 0 else 0.0)), float(at)


def find_period(xyz: np.ndarray, hz: float, k_min: int) -> tuple[float, int, float] | None:
    """Eq. 1: tau, the smallest lag that is a local maximum; s*; the range of R_PP. None if none.

    s* is the least shaved off with which the maximum is as high as with any other.
    """
    longest = min(int(PERIOD_S[1] * hz), int(len(xyz) / (k_min - 3 * SHORT))) + 1
    lags = np.arange(max(2, int(PERIOD_S[0] * hz)), min(longest, len(xyz) - 1) + 1)
    curves = autocorrelation(xyz, lags, k_min)
    if not np.isfinite(curves).any():
        return None
    span = float(np.nanmax(curves) - np.nanmin(curves))
    if span <= STILL * float(np.abs(xyz).max()):
        return None
    shaved = (SHAVED * len(xyz)).astype(int)
    peaks = [(s, _first_maximum(c, RISE * span)) for s, c in zip(shaved, curves, strict=True)]
    found = [(s, *peak) for s, peak in peaks if peak is not None]
    if not found:
        return None
    least = max(height for _, _, height in found) - AS_GOOD * span
    s, place, _ = next(f for f in found if f[2] >= least)
    return float(lags[0] + place), int(s), span


def find_start(xyz: np.ndarray, period: float, num: int, k_min: int, slack: float) -> int:
    """Eq. 2: the smallest local maximum of the average affinity of k_min intervals from there.

    Of starts from which `num` >= k_min intervals fit. Lower maxima than the best less `slack` are
    ripples on the way, and a rise of a tenth of it a sample is level ground: exact copies would
    else be told apart by rounding.
    """
    offsets = np.round(period * np.arange(k_min)).astype(int)
    width = min(int(period), len(xyz) - int(offsets[-1]))
    num_starts = max(1, len(xyz) - int(np.ceil(period * num)))
    stop = num_starts + width - 1
    average = np.zeros(num_starts)
    for first, second in itertools.combinations(offsets, 2):
        pair = _affinity(xyz[first : first + stop], xyz[second : second + stop])
        average += 2 / k_min**2 * _running_mean(pair, width)
    is_peak = np.append(np.diff(average) <= slack / 10, True)
    return int(np.argmax(is_peak & (average >= average.max() - slack)))


def fixed_period(xyz: np.ndarray, hz: float, k_min: int) -> FixedPeriod | None:
    """The start of the refinement; None where k_min alike intervals are not there."""
    found = find_period(xyz, hz, k_min)
    if found is None:
        return None
    period, shaved, span = found
    num = int((len(xyz) - 2 * shaved) / period + SHORT)
    if num < k_min:
        return None
    return FixedPeriod(period, num, find_start(xyz, period, num, k_min, LEVEL * span))


def _sampled(xyz: np.ndarray, boundaries: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Poses (K, L, J, 3) at L fractions of each interval, their slopes, the fractions (L,)."""
    share = (np.arange(NUM_SAMPLES) + 0.5) / NUM_SAMPLES
    place = boundaries[:-1, None] + np.diff(boundaries)[:, None] * share
    left = np.clip(place.astype(int), 0, len(xyz) - 2)
    slope = xyz[left + 1] - xyz[left]
    return xyz[left] + (place - left)[..., None, None] * slope, slope, share


def average_affinity(xyz: np.ndarray, boundaries: np.ndarray) -> tuple[float, np.ndarray]:
    """Eq. 4: mean affinity of intervals (at most FARTHEST apart), and its gradient (K + 1,)."""
    poses, slope, share = _sampled(xyz, boundaries)
    num = len(poses)
    pull, total, num_pairs = np.zeros_like(poses), 0.0, 0
    for apart in range(1, min(num - 1, FARTHEST) + 1):
        step = poses[apart:] - poses[:-apart]
        distance = np.sqrt(np.einsum("...c,...c->...", step, step))[..., None]
        total += float(distance.sum())
        unit = np.divide(step, distance, out=np.zeros_like(step), where=distance > 0)
        pull[apart:] += unit
        pull[:-apart] -= unit
        num_pairs += num - apart
    scale = num_pairs * NUM_SAMPLES * xyz.shape[1]
    moved = np.einsum("kljc,kljc->kl", pull, slope) / scale
    gradient = np.zeros(num + 1)
    gradient[:-1] += moved @ (1 - share)
    gradient[1:] += moved @ share
    return -total / scale, -gradient


def refine(xyz: np.ndarray, boundaries: np.ndarray, least: float) -> np.ndarray:
    """Eq. 4 maximised over real-valued boundaries; intervals of at least `least` samples.

    What lies before, in and after the intervals is a share of the recording (softmax), so order,
    least duration and both ends hold in every step.
    """
    end = len(xyz) - 1.0
    num = len(boundaries) - 1
    fixed = np.concatenate([[0.0], np.full(num, least), [0.0]])
    free = end - fixed.sum()
    if num < 2 or free <= 0:
        return boundaries

    def places(z: np.ndarray) -> np.ndarray:
        return np.cumsum(fixed + free * softmax(z))[:-1]

    def cost(z: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = average_affinity(xyz, places(z))
        by_share = np.append(np.cumsum(gradient[::-1])[::-1], 0.0) * free
        share = softmax(z)
        return -value, -share * (by_share - share @ by_share)

    pieces = np.diff(np.concatenate([[0.0], boundaries, [end]])) - fixed
    start = np.log(np.maximum(pieces, 1e-2))
    best = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": MAX_STEPS})
    return places(best.x)


def segment_on(track: Track, *, k_min: int = 5) -> list[tuple[int, int]]:
    """`segment_aifit` on a prepared track."""
    if k_min < 2:
        raise ValueError(f"k_min is {k_min}: at least two intervals can be alike")
    xyz = fill_gaps(track.xyz)
    xyz = xyz[:, np.isfinite(xyz).all((0, 2))] if len(xyz) else xyz
    step = int(np.ceil(track.fps / MAX_HZ))
    xyz = xyz[::step]
    if len(xyz) < 2 * k_min or xyz.shape[1] == 0:
        return []
    model = fixed_period(xyz, track.fps / step, k_min)
    if model is None:
        return []
    places = refine(xyz, model.boundaries, LEAST_SHARE * model.period) * step
    return list(itertools.pairwise(round(track.to_source(place)) for place in places))


def segment_aifit(pose: Pose3D, *, k_min: int = 5) -> list[tuple[int, int]]:
    """Contiguous (start_frame, end_frame) of the repetitions, ends exclusive; the count follows.

    k_min is the least number of repetitions assumed (5 on Fit3D), not their number. An empty list
    where no period is found k_min times: too short, nothing seen, a pose that never changes.
    Raises UserError for time stamps that do not increase, ValueError for k_min below 2.
    """
    return segment_on(prepare(pose), k_min=k_min)
