"""Detector noise: sizes, correlation in seconds, and what stays untouched."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fit_noise import correlation, read_residuals, simulated, spread_ratios
from lib.config import build, load_config, to_dict
from lib.data.noise import NoiseConfig, add_noise, detector_offsets
from lib.errors import UserError
from lib.skeleton import JOINT

CONFIG = load_config(NoiseConfig, Path(__file__).parents[2] / "configs/noise/published.yaml")


def _clip(num_frames=200):
    x = np.zeros((num_frames, 17, 3), np.float32)
    x[..., 2] = 1
    return x


def test_D12_invalid_joint_never_becomes_confident():
    x = _clip()
    x[:, JOINT["lwrist"]] = 0
    noisy = add_noise(x, CONFIG, 50, np.random.default_rng(0))
    assert (noisy[:, JOINT["lwrist"]] == 0).all()
    assert (noisy[:, JOINT["rwrist"], 2] > 0).all()


def test_confidence_falls_with_the_error():
    offsets = [add_noise(_clip(500), CONFIG, 50, np.random.default_rng(i)) for i in range(20)]
    noisy = np.concatenate(offsets)
    error = np.linalg.norm(noisy[..., :2], axis=-1).ravel()
    score = noisy[..., 2].ravel()
    near, far = score[error < 0.005].mean(), score[error > 0.02].mean()
    assert near > far + 0.2
    assert score.max() <= 1


def test_D14_noise_is_drawn_per_clip_and_set_in_seconds():
    one = detector_offsets(CONFIG, 250, 50, np.random.default_rng(0))
    two = detector_offsets(CONFIG, 250, 50, np.random.default_rng(1))
    assert np.abs(one - two).max() > 0.01

    def correlation(fps, lag_s):
        x = detector_offsets(CONFIG, int(40 * fps), fps, np.random.default_rng(2))
        lag = round(lag_s * fps)
        a, b = x[:-lag].reshape(-1, 34), x[lag:].reshape(-1, 34)
        return np.mean([np.corrcoef(a[:, j], b[:, j])[0, 1] for j in range(34)])

    assert correlation(50, 0.04) == pytest.approx(correlation(100, 0.04), abs=0.08)
    assert correlation(50, 0.04) > 0.6
    assert abs(correlation(50, 0.6)) < 0.2


def test_spread_is_the_published_one():
    x = detector_offsets(replace(CONFIG, white_std=0.0), 20000, 50, np.random.default_rng(0))
    mean, std, weight = (CONFIG.joints["rankle"][i] for i in (0, 2, 4))
    assert x[:, JOINT["rankle"], 0].mean() == pytest.approx(weight * mean, abs=4e-4)
    # Straight lines between independent key frames keep 2/3 of their variance.
    mixture = weight * (std**2 + mean**2) + (1 - weight) * 0.03**2 / 3 - (weight * mean) ** 2
    assert x[:, JOINT["rankle"], 0].std() == pytest.approx((2 / 3 * mixture) ** 0.5, rel=0.1)


def test_bias_stays_for_the_clip():
    config = replace(CONFIG, bias_std=0.05, white_std=0.0)
    x = detector_offsets(config, 500, 50, np.random.default_rng(0))
    assert x.mean(0).std() > 3 * (x - x.mean(0)).std()


def test_bias_of_a_joint_is_drawn_for_each_clip_with_its_spread():
    config = replace(CONFIG, bias={"lknee": (0.1, 0.02)}, white_std=0.0)
    draws = np.stack(
        [detector_offsets(config, 50, 50, np.random.default_rng(i)).mean(0) for i in range(300)]
    )
    without = detector_offsets(replace(config, bias={}), 20000, 50, np.random.default_rng(0))
    spread = draws[:, JOINT["lknee"]].std(0)
    assert spread == pytest.approx([0.1, 0.02], rel=0.15)
    assert draws[:, JOINT["rknee"]].std(0).max() < without[:, JOINT["rknee"]].std(0).max() < 0.01


def test_a_third_detector_is_refused():
    two = replace(CONFIG, other=CONFIG, other_share=0.5)
    with pytest.raises(ValueError, match=r"other\.other"):
        replace(CONFIG, other=two, other_share=0.5)


def test_a_share_of_no_other_detector_is_refused():
    with pytest.raises(ValueError, match="other_share"):
        replace(CONFIG, other_share=0.5)


@pytest.mark.parametrize(("share", "loud"), [(0.0, 0), (0.3, 60), (1.0, 200)])
def test_a_share_of_the_clips_is_seen_by_the_other_detector(share, loud):
    other = replace(CONFIG, bias_std=10.0)
    config = replace(CONFIG, other=other, other_share=share)
    clips = [add_noise(_clip(3), config, 50, np.random.default_rng(i)) for i in range(200)]
    assert sum(np.abs(clip[..., :2]).max() > 1 for clip in clips) == pytest.approx(loud, abs=20)


def test_noise_to_train_with_knows_the_fitted_spread_but_not_its_means():
    noise = Path(__file__).parents[2] / "configs/noise"
    fitted = load_config(NoiseConfig, noise / "fitted.yaml")
    detectors = load_config(NoiseConfig, noise / "detectors.yaml")
    spread = detectors.other
    assert 0 < detectors.other_share < 1 and detectors.strength == (0.5, 3.0)
    assert (spread.correlation_s, spread.white_std) == (fitted.correlation_s, fitted.white_std)
    for joint, (mean_x, mean_y, *rest) in fitted.joints.items():
        assert spread.joints[joint] == (0.0, 0.0, *rest)
        bias_x, bias_y = fitted.bias[joint]
        size = (np.hypot(bias_x, mean_x), np.hypot(bias_y, mean_y))
        assert spread.bias[joint] == pytest.approx(size, abs=1e-4), joint


@pytest.mark.parametrize("bias", [{"knee": (0.1, 0.1)}, {"lknee": (0.1, -0.1)}])
def test_wrong_bias_is_refused(bias):
    with pytest.raises(ValueError, match=f"bias.{next(iter(bias))}"):
        replace(CONFIG, bias=bias)


@pytest.mark.data
def test_fitted_noise_spreads_like_real_detections(data_folder):
    real = read_residuals(data_folder / "opencap_sts")
    fitted = load_config(NoiseConfig, Path(__file__).parents[2] / "configs/noise/fitted.yaml")
    ratios = spread_ratios(fitted, real)
    for name, ratio in ratios.items():
        measured = ratio[np.isfinite(ratio)]
        assert len(measured) == 2 * 15, name  # all but nose and head
        assert measured == pytest.approx(1, abs=0.2), name
    published = spread_ratios(CONFIG, real)["wander"]
    assert np.nanmedian(published) < 0.6
    lag = correlation(real.offset, real.fps) - np.mean(
        [correlation(clip.offset, clip.fps) for clip in simulated(fitted, real, 20)], 0
    )
    assert np.abs(lag).max() < 0.2


@pytest.mark.parametrize("num_frames", [1, 2, 27])
def test_short_clips(num_frames):
    assert detector_offsets(CONFIG, num_frames, 50, np.random.default_rng(0)).shape == (
        num_frames, 17, 2,
    )  # fmt: skip


def test_missing_joint_in_the_table_is_named():
    given = to_dict(CONFIG)
    del given["joints"]["nose"]
    with pytest.raises(UserError, match="a.yaml: .*check nose"):
        build(NoiseConfig, given, "a.yaml")
