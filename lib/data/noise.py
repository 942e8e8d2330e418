"""Detector noise for perfect 2D: a mixture per joint, correlated in time, and its confidence.

Source of the mixture and the confidence formula: MotionBERT's pretraining noise (after PoseLifter),
figures in configs/noise/published.yaml. Differences: correlation is set in seconds, every draw is
per clip, and a joint that is missing stays missing (defects D12, D14).

T frames, J = 17 joints. Results are planar: channels apart in memory (lib/data/views.py).
"""

import math
from dataclasses import field
from functools import lru_cache

import numpy as np
from scipy.ndimage import maximum_filter1d
from scipy.special import ndtri

from lib.config import check_range, configclass
from lib.data.augment import bits16
from lib.geometry import MIN_SCORE, fit_crop, network_input
from lib.pose import Pose2D
from lib.skeleton import JOINT, JOINTS, NUM_JOINTS


@configclass
class ConfidenceModel:
    """c = a / (d + a) + b d + e, e ~ N(mean, std), clipped to [0, 1]; d = offset length."""

    a: float
    b: float
    mean: float
    std: float


@configclass
class NoiseConfig:
    """Detector noise in crop units."""

    joints: dict[str, tuple[float, float, float, float, float]]
    """Joint -> mean x, mean y, std x, std y, weight of the normal part."""
    confidence: ConfidenceModel
    uniform_half_width: float = 0.03
    white_std: float = 0.002
    correlation_s: float = 0.18
    """Offsets are drawn at key frames this far apart and interpolated between them."""
    bias_std: float = 0.0
    """Standard deviation of an offset that stays for the whole clip, per joint."""
    bias: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Joint -> standard deviation in x and in y of such an offset, besides bias_std."""
    strength: tuple[float, float] = (1.0, 1.0)
    """Range of a factor on all offsets but the white noise, drawn per clip."""
    other: "NoiseConfig | None" = None
    """Another detector, which a share of the clips, `other_share`, gets instead."""
    other_share: float = 0.0

    def __post_init__(self) -> None:
        check_range(self, 0, math.inf, "uniform_half_width", "white_std", "bias_std", "strength")
        check_range(self, 0, math.inf, "correlation_s", is_open=True)
        check_range(self, 0, 1, "other_share")
        if unknown := set(JOINTS) ^ set(self.joints):
            raise ValueError(f"joints must be exactly the 17; check {', '.join(sorted(unknown))}")
        for name, (*_, std_x, std_y, weight) in self.joints.items():
            if min(std_x, std_y) < 0 or not 0 <= weight <= 1:
                raise ValueError(f"joints.{name}: standard deviations from 0 up, weight 0 to 1")
        for name, stds in self.bias.items():
            if name not in JOINT or min(stds) < 0:
                raise ValueError(
                    f"bias.{name}: one of the 17 joints, standard deviations from 0 up"
                )
        if self.other is not None and self.other.other is not None:
            raise ValueError("other.other: one other noise is all there is; leave it out")
        if self.other_share and self.other is None:
            raise ValueError("other_share: there is no other noise")


_NUM_QUANTILES = 1 << 16
_QUANTILES = ndtri((np.arange(_NUM_QUANTILES) + 0.5) / _NUM_QUANTILES).astype(np.float32)


def bell(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Standard normal numbers, float32, up to 4.3: looked up, at a fifth of numpy's price."""
    return _QUANTILES.take(bits16(shape, rng))


@lru_cache(maxsize=8)
def _table(rows: tuple[tuple[str, tuple[float, ...]], ...]) -> np.ndarray:
    """(5, 17) float32: mean x, mean y, std x, std y, weight of each joint."""
    joints = dict(rows)
    return np.array([joints[name] for name in JOINTS], np.float32).T


@lru_cache(maxsize=8)
def _bias_table(rows: tuple[tuple[str, tuple[float, float]], ...]) -> np.ndarray:
    """(2, 1, 17) float32: standard deviation in x and y of each joint, 0 where none is given."""
    stds = dict(rows)
    return np.array([stds.get(name, (0.0, 0.0)) for name in JOINTS], np.float32).T[:, None]


def _mixture(config: NoiseConfig, num_keys: int, rng: np.random.Generator) -> np.ndarray:
    """(2, num_keys, 17) offsets."""
    table = _table(tuple(config.joints.items()))[:, None]
    shape = (2, num_keys, NUM_JOINTS)
    normal = table[:2] + table[2:4] * bell(shape, rng)
    half = config.uniform_half_width
    uniform = half * (2 * rng.random(shape, np.float32) - 1)
    is_normal = bits16(shape[1:], rng) < table[4] * 65536
    return np.where(is_normal, normal, uniform)


def _offsets(
    config: NoiseConfig, num_frames: int, fps: float, rng: np.random.Generator
) -> np.ndarray:
    """(2, T, 17) float32 offsets in crop units."""
    span_s = max(num_frames - 1, 0) / fps
    num_keys = int(np.ceil(span_s / config.correlation_s)) + 2
    keys = _mixture(config, num_keys, rng)
    position = np.arange(num_frames) / fps / config.correlation_s + rng.random()
    left = np.minimum(position.astype(int), num_keys - 2)
    w = (position - left).astype(np.float32)[:, None]
    offset = np.diff(keys, axis=1).take(left, axis=1)
    offset *= w
    offset += keys.take(left, axis=1)
    if config.bias_std:
        offset += config.bias_std * bell((2, 1, NUM_JOINTS), rng)
    if config.bias:
        offset += _bias_table(tuple(config.bias.items())) * bell((2, 1, NUM_JOINTS), rng)
    offset *= rng.uniform(*config.strength)
    if config.white_std:
        white = bell(offset.shape, rng)
        white *= config.white_std
        offset += white
    return offset


def detector_offsets(
    config: NoiseConfig, num_frames: int, fps: float, rng: np.random.Generator
) -> np.ndarray:
    """(T, 17, 2) float32 offsets in crop units, of one detector: `other` is not asked."""
    return _offsets(config, num_frames, fps, rng).transpose(1, 2, 0)


def _confidence(model: ConfidenceModel, length: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Confidence of offsets of these lengths, in [0, 1]."""
    score = bell(length.shape, rng)
    score *= model.std
    score += model.mean
    score += model.a / (length + model.a)
    score += model.b * length
    return np.clip(score, 0, 1, out=score)


def add_noise(
    x_TJC: np.ndarray, config: NoiseConfig, fps: float, rng: np.random.Generator
) -> np.ndarray:
    """Detector-like copy of network input (T, 17, 3): moved coordinates and a lower confidence.

    The confidence is that of the offset times the old one. Joints with confidence 0 are left as
    they are; one whose confidence falls to MIN_SCORE or below is missing, as in the wild.
    """
    if config.other is not None and rng.random() < config.other_share:
        config = config.other
    offset = _offsets(config, len(x_TJC), fps, rng)
    x, y = offset
    noisy = np.empty((3, *x.shape), np.float32)
    noisy[2] = _confidence(config.confidence, np.sqrt(x * x + y * y), rng)
    noisy[2] *= x_TJC[..., 2]
    noisy[:2] = x_TJC[..., :2].transpose(2, 0, 1)
    noisy[:2] += offset
    noisy *= noisy[2] > MIN_SCORE
    return noisy.transpose(1, 2, 0)


_NEAR_S = 1.5


def half_sides_px(xy_px: np.ndarray, score: np.ndarray, fps: float) -> np.ndarray:
    """(T, 1, 1) half the side of the square around a person within 1.5 s of each frame.

    Of the frames' own boxes, so it does not grow with the way that somebody goes meanwhile.
    xy_px (T, J, 2), score (T, J). 0 where no joint is trusted so near.
    """
    ok = ((score > MIN_SCORE) & np.isfinite(xy_px).all(-1))[..., None]
    sides = np.where(ok, xy_px, -np.inf).max(1) - np.where(ok, xy_px, np.inf).min(1)
    half = np.maximum(sides.max(-1), 0) / 2
    span = 2 * round(_NEAR_S * fps) + 1
    return maximum_filter1d(half, span, mode="nearest")[:, None, None]


def as_detections(
    xy_px: np.ndarray, fps: float, size_px: tuple[int, int], noise: NoiseConfig | None,
    rng: np.random.Generator, source: str = "",
) -> Pose2D:  # fmt: skip
    """Perfect pixels (T, 17, 2), NaN = missing, as a detector would have given them.

    Errors are a share of the person, as they are in a clip of training: somebody who walks through
    the picture has those of somebody who stands.
    """
    score = np.isfinite(xy_px).all(-1).astype(float)
    xy_px = np.nan_to_num(xy_px)
    if noise is not None:
        clean = network_input(xy_px, score, fit_crop(xy_px, score))
        noisy = add_noise(clean, noise, fps, rng).astype(float)
        xy_px = xy_px + half_sides_px(xy_px, score, fps) * (noisy - clean)[..., :2]
        score = noisy[..., 2]
    return Pose2D(xy_px, score, fps, size_px, source=source)
