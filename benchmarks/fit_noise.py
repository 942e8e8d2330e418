"""Detector noise with the spread of real detections: configs/noise/fitted.yaml.

    PERFECTREP_DATA=<folder> python benchmarks/fit_noise.py --write configs/noise/fitted.yaml

Residuals are detected minus true joints of the phone video in opencap_sts, in crop units: a
constant part, one that wanders and a white one. Prints them beside those of simulated clips.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.opencap_sts import read_trial
from lib.data.noise import ConfidenceModel, NoiseConfig, add_noise
from lib.errors import UserError, command_line
from lib.geometry import fit_crop
from lib.pose import written_aside
from lib.skeleton import BLAZEPOSE33, JOINT, JOINTS, NUM_JOINTS, indices, mirror_name, to_working

ROOT = Path(__file__).resolve().parents[1]
_MADE_OF = {
    "root": ("lhip", "rhip"), "neck": ("lshoulder", "rshoulder"),
    "spine": ("lhip", "rhip", "lshoulder", "rshoulder"),
}  # fmt: skip
"""As the detector's own root, neck and spine are made."""
_SPREAD_LIKE = {"nose": ("lshoulder", "rshoulder"), "head": ("lshoulder", "rshoulder")}
"""Joints without truth in the trial -> the ones whose figures they take."""
_LAGS_S = np.arange(1, 31) / 60
_LENGTHS = (0, 0.02, 0.04, 0.06, 0.1, 0.3)
HEAD = """\
# Spread of the real detections of one phone video (MediaPipe, five stand-ups seen obliquely), from
# benchmarks/fit_noise.py, against motion capture: per joint a constant offset drawn for each clip
# (`bias`, besides the mean y of `joints`), a part that wanders with correlation_s, white noise.
# For evaluation; its spread without its means is what lifters are trained with (spread.yaml).
# One trial: a constant offset is one draw, so left and right share its size, and x has no mean; the
# camera was fitted to the same detections, which makes it smaller than it is. Nose and head have no
# truth there and take the shoulders' figures; root, neck and spine are means of hips and shoulders.
# The right arm was the far one. Joints: mean x, mean y, std x, std y at the key frames, weight.
"""


@dataclass(frozen=True)
class Residuals:
    """T frames of the 17 joints; NaN where there is no truth."""

    offset: np.ndarray
    """(T, 17, 2) crop units."""
    score: np.ndarray
    """(T, 17)"""
    fps: float

    @property
    def bias(self) -> np.ndarray:
        """(17, 2) mean over the trial."""
        return self.offset.mean(0)

    @property
    def wander(self) -> np.ndarray:
        """(17, 2) standard deviation about it."""
        return self.offset.std(0)


def read_residuals(folder: Path) -> Residuals:
    """Detected minus projected true joints of opencap_sts."""
    trial = read_trial(folder)
    ok = trial.valid & np.isfinite(trial.xyz_m).all((1, 2)) & np.isfinite(trial.points).all((1, 2))
    with np.load(folder / "mediapipe2d_mocap3d.npz", allow_pickle=False) as archive:
        matrix, time_s = archive["K"], archive["t_video_s"]
    true_px = (trial.xyz_m / trial.xyz_m[..., 2:]) @ matrix.T
    xy_px, score = to_working(trial.points[..., :2], trial.points[..., 3], BLAZEPOSE33)
    offset = np.full_like(xy_px, np.nan)
    offset[:, indices(*trial.joints)] = xy_px[:, indices(*trial.joints)] - true_px[..., :2]
    for name, parts in _MADE_OF.items():
        offset[:, JOINT[name]] = offset[:, indices(*parts)].mean(1)
    offset /= fit_crop(xy_px, score).half_px
    return Residuals(offset[ok], score[ok], 1 / float(np.median(np.diff(time_s))))


def correlation(offset: np.ndarray, fps: float) -> np.ndarray:
    """Mean autocorrelation over joints and axes at _LAGS_S, of (T, J, 2)."""
    away = offset - offset.mean(0)
    power = (away**2).mean(0)
    lags = np.round(_LAGS_S * fps).astype(int)
    return np.array([np.nanmean((away[k:] * away[:-k]).mean(0) / power) for k in lags])


def interpolated_correlation(lag: np.ndarray) -> np.ndarray:
    """Autocorrelation of independent key values joined by lines, lag in key spacings.

    Of a random phase: the triangle folded with itself, a cubic B-spline.
    """
    inner = 1 - 1.5 * lag**2 + 0.75 * lag**3
    return np.where(lag < 1, inner, np.where(lag < 2, (2 - lag) ** 3 / 4, 0))


def fit_spacing_s(found: np.ndarray) -> float:
    """Key spacing that explains a correlation at _LAGS_S, whatever share of it is white."""

    def model(lag_s: np.ndarray, spacing_s: float, white: float) -> np.ndarray:
        return (1 - white) * interpolated_correlation(lag_s / spacing_s)

    (spacing_s, _), _ = curve_fit(model, _LAGS_S, found, (0.2, 0.1), bounds=(0.02, (2, 0.9)))
    return float(spacing_s)


def binned(length: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean length and mean score in the bins of _LENGTHS."""
    inside = [(length >= low) & (length < high) for low, high in pairwise(_LENGTHS)]
    means = np.array([[length[each].mean(), score[each].mean()] for each in inside])
    return means[:, 0], means[:, 1]


def fit_confidence(residuals: Residuals) -> ConfidenceModel:
    """The published form through the bins' means: far offsets are rare and would not count else."""
    known = np.isfinite(residuals.offset).all((0, 2))
    length = np.linalg.norm(residuals.offset[:, known], axis=-1).ravel()
    score = residuals.score[:, known].ravel()

    def model(d: np.ndarray, a: float, b: float) -> np.ndarray:
        return a / (d + a) + b * d

    (a, b), _ = curve_fit(model, *binned(length, score), (0.1, 0.0), bounds=((1e-3, -5), (10, 5)))
    error = score - model(length, a, b)
    return ConfidenceModel(*(round(float(v), 4) for v in (a, b, 0.0, error.std())))


def sources(name: str) -> tuple[str, ...]:
    """Measured joints whose figures a joint takes."""
    return _SPREAD_LIKE.get(name, (name,))


def paired_bias(residuals: Residuals, name: str, spacing_s: float) -> tuple[float, float, float]:
    """Mean y, std x, std y of a joint's constant offset: those of both sides taken together."""
    sides = indices(*sorted({side for of in sources(name) for side in (of, mirror_name(of))}))
    x, y = residuals.bias[sides].T
    # What wanders does not average out over the trial; 1.5 spacings are the correlation's area.
    seconds = len(residuals.offset) / residuals.fps
    left_x, left_y = (residuals.wander[sides] ** 2).mean(0) * 1.5 * spacing_s / seconds
    std_x = np.sqrt(max((x**2).mean() - left_x, 0))
    return float(y.mean()), float(std_x), float(np.sqrt(max(y.var() - left_y, 0)))


def fit(residuals: Residuals) -> NoiseConfig:
    """The noise that spreads like the residuals."""
    spacing_s = fit_spacing_s(correlation(residuals.offset, residuals.fps))
    # From one frame to the next nearly nothing but white noise changes.
    white = float(np.nanmedian(np.diff(residuals.offset, axis=0).std(0)) / np.sqrt(2))
    joints, bias = {}, {}
    for name in JOINTS:
        wander = residuals.wander[indices(*sources(name))].mean(0)
        # Between two keys the variance falls to a half, over all phases to two thirds.
        keys = np.sqrt(1.5 * np.maximum(wander**2 - white**2, 0))
        mean_y, std_x, std_y = paired_bias(residuals, name, spacing_s)
        joints[name] = (0.0, *(round(float(v), 4) for v in (mean_y, *keys)), 1.0)
        bias[name] = round(std_x, 4), round(std_y, 4)
    return NoiseConfig(
        joints, fit_confidence(residuals), uniform_half_width=0.0, white_std=round(white, 4),
        correlation_s=round(spacing_s, 3), bias=bias,
    )  # fmt: skip


def simulated(
    config: NoiseConfig, like: Residuals, num_clips: int = 200, seed: int = 0
) -> list[Residuals]:
    """Clips of the trial's length of a body that stands still, seen by the simulated detector."""
    rng = np.random.default_rng(seed)
    still = np.zeros((len(like.offset), NUM_JOINTS, 3), np.float32)
    still[..., 2] = 1
    clips = [add_noise(still, config, like.fps, rng) for _ in range(num_clips)]
    return [Residuals(clip[..., :2], clip[..., 2], like.fps) for clip in clips]


def spread_ratios(config: NoiseConfig, real: Residuals) -> dict[str, np.ndarray]:
    """Simulated over measured, NaN where nothing was: 'wander' and 'bias', each (17, 2).

    wander: standard deviation over a clip, joint by joint. bias: root mean square of the constant
    part, measured over both sides of a joint.
    """
    clips = simulated(config, real)
    wander = np.sqrt(np.mean([clip.wander**2 for clip in clips], 0)) / real.wander
    constant = np.sqrt(np.mean([clip.bias**2 for clip in clips], 0))
    pairs = np.stack([real.bias, real.bias[indices(*map(mirror_name, JOINTS))]])
    return {"wander": wander, "bias": constant / np.sqrt((pairs**2).mean(0))}


def write(config: NoiseConfig, path: Path) -> None:
    """As YAML, the way the other noise files look."""
    c = config.confidence
    lines = [
        f"uniform_half_width: {config.uniform_half_width}", f"white_std: {config.white_std}",
        f"correlation_s: {config.correlation_s}",
        f"confidence: {{a: {c.a}, b: {c.b}, mean: {c.mean}, std: {c.std}}}", "joints:",
        *(f"  {name}: {list(row)}" for name, row in config.joints.items()), "bias:",
        *(f"  {name}: {list(row)}" for name, row in config.bias.items()),
    ]  # fmt: skip
    with written_aside(path) as aside:
        aside.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


def report(config: NoiseConfig, real: Residuals) -> None:
    """Measured and simulated, joint by joint."""
    ratios = spread_ratios(config, real)
    print(
        "1000ths of half a box: bias x, y; wander x, y; simulated/measured: wander x, y, bias x, y"
    )
    for i, name in enumerate(JOINTS):
        figures = np.round(1000 * np.r_[real.bias[i], real.wander[i]])
        both = np.r_[ratios["wander"][i], ratios["bias"][i]]
        cells = [f"{v:7.0f}" for v in figures] + ["   "] + [f"{v:7.2f}" for v in both]
        print(f"{name:12}" + "".join(cells))
    clips = simulated(config, real, 20)
    print("lag s, correlation measured, simulated:")
    for k in (0, 1, 5, 11, 17, 29):
        now = np.mean([correlation(clip.offset, clip.fps)[k] for clip in clips])
        print(f"  {_LAGS_S[k]:.2f} {correlation(real.offset, real.fps)[k]:.2f} {now:.2f}")
    print("mean offset of a bin, mean score measured; the same simulated:")
    made = [np.concatenate([getattr(clip, key) for clip in clips]) for key in ("offset", "score")]
    of_real = binned(np.linalg.norm(real.offset, axis=-1), real.score)
    of_made = binned(np.linalg.norm(made[0], axis=-1), made[1])
    for row in zip(*of_real, *of_made, strict=True):
        print("  {:.3f} {:.2f}   {:.3f} {:.2f}".format(*row))


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Fit, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="YAML file to write; without it only print")
    flags = parser.parse_args(argv)
    root = os.environ.get("PERFECTREP_DATA")
    if not root:
        raise UserError("set PERFECTREP_DATA to the folder that holds opencap_sts")
    real = read_residuals(Path(root) / "opencap_sts")
    config = fit(real)
    report(config, real)
    if flags.write:
        write(config, flags.write)


if __name__ == "__main__":
    sys.exit(main())
