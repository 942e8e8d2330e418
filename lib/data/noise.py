"""Detector noise for perfect 2D: a mixture per joint, correlated in time, and its confidence.

Source of the mixture and the confidence formula: MotionBERT's pretraining noise (after PoseLifter),
figures in configs/noise/published.yaml. Differences: correlation is set in seconds, every draw is
per clip, and a joint that is missing stays missing (defects D12, D14).
"""

import numpy as np

from lib.config import configclass
from lib.errors import UserError
from lib.skeleton import JOINTS


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
    strength: tuple[float, float] = (1.0, 1.0)
    """Range of a factor on all offsets, drawn per clip."""


def _mixture(config: NoiseConfig, num_keys: int, rng: np.random.Generator) -> np.ndarray:
    """(num_keys, 17, 2) offsets."""
    unknown = set(JOINTS) ^ set(config.joints)
    if unknown:
        raise UserError(f"noise: joints must be exactly the 17; check {', '.join(sorted(unknown))}")
    table = np.array([config.joints[name] for name in JOINTS])
    normal = rng.normal(table[:, :2], table[:, 2:4], (num_keys, len(JOINTS), 2))
    half = config.uniform_half_width
    uniform = rng.uniform(-half, half, normal.shape)
    is_normal = rng.random((num_keys, len(JOINTS), 1)) < table[:, 4:]
    return np.where(is_normal, normal, uniform)


def detector_offsets(
    config: NoiseConfig, num_frames: int, fps: float, rng: np.random.Generator
) -> np.ndarray:
    """(T, 17, 2) offsets in crop units."""
    span_s = max(num_frames - 1, 0) / fps
    num_keys = int(np.ceil(span_s / config.correlation_s)) + 2
    keys = _mixture(config, num_keys, rng)
    position = np.arange(num_frames) / fps / config.correlation_s + rng.random()
    left = np.minimum(position.astype(int), num_keys - 2)
    w = (position - left)[:, None, None]
    slow = (1 - w) * keys[left] + w * keys[left + 1]
    slow = slow + rng.normal(0, 1, (1, len(JOINTS), 2)) * config.bias_std
    white = rng.normal(0, 1, slow.shape) * config.white_std
    return rng.uniform(*config.strength) * slow + white


def add_noise(
    x_TJC: np.ndarray, config: NoiseConfig, fps: float, rng: np.random.Generator
) -> np.ndarray:
    """Detector-like copy of network input (T, 17, 3): moved coordinates and a new confidence.

    Joints with confidence 0 are left as they are.
    """
    offset = detector_offsets(config, len(x_TJC), fps, rng)
    length = np.linalg.norm(offset, axis=-1)
    c = config.confidence
    score = c.a / (length + c.a) + c.b * length + rng.normal(c.mean, c.std, length.shape)
    noisy = np.concatenate([x_TJC[..., :2] + offset, np.clip(score, 0.01, 1)[..., None]], -1)
    return np.where(x_TJC[..., 2:] > 0, noisy, x_TJC).astype(np.float32)
