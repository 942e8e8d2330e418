"""What the steps around the network change, each and together, and how right its sigma is.

    python benchmarks/post_steps.py -c checkpoint/lifter_swift.pt

Needs data/motion3d/fit3d and data/motion3d/mocap (checkpoint/README.md says how they are made).
Simulated phone detections of people no step was tuned on. Prints tables in Markdown.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.config import load_config
from lib.data.noise import NoiseConfig
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.errors import UserError, command_line
from lib.geometry import MIN_SCORE
from lib.infer.bones import bone_vectors
from lib.infer.evidence import evidence
from lib.infer.lift import Lifter
from lib.infer.raw import Finished, RawLift
from lib.infer.steps import ALL_STEPS, NO_STEPS, Steps, finish
from lib.infer.swaps import LIMBS, repair_swaps
from lib.pose import Pose2D
from lib.skeleton import indices
from lib.train.calibration import Samples
from lib.train.calibration_scores import constant, quality
from lib.train.evaluation import EvalConfig, evaluation_poses
from lib.train.metrics import acceleration_mm_s2, lifting_scores, p_mpjpe_mm

SEED = 7002
"""Of cameras, noise and swaps; no choice was made on it."""
SWAPS_PER_S = 0.15
SWAP_S = (0.02, 0.8)
STEPS = {
    "none": NO_STEPS,
    "second look": replace(NO_STEPS, second_look=True),
    "lines of sight": replace(NO_STEPS, rays=True),
    "bones": replace(NO_STEPS, bones=True),
    "smoothing": replace(NO_STEPS, smooth=True),
    "all but the second look": replace(ALL_STEPS, repair=False, second_look=False),
    "all": replace(ALL_STEPS, repair=False),
}
SHOWN = {
    "p_mpjpe_mm": "P-MPJPE mm",
    "mpjpe_mm": "MPJPE mm",
    "knee_error_deg": "knee deg",
    "elbow_error_deg": "elbow deg",
    "acceleration_mm_s2": "accel. error m/s2",
    "bones_percent": "bone variation %",
}


@dataclass(frozen=True)
class Case:
    """A recording with what is true of it."""

    pose: Pose2D
    perfect: Pose2D
    truth: np.ndarray
    """(T, 17, 3) root-relative metres."""
    raw: RawLift
    again: RawLift
    """After the second look."""


def exchanged(pose: Pose2D, rng: np.random.Generator) -> tuple[Pose2D, dict[str, np.ndarray]]:
    """A copy with limbs exchanged now and then, and by limb pair the frames (T,) in which."""
    xy, score, found = pose.xy_px.copy(), pose.score.copy(), {}
    num = len(xy)
    for name, parts in LIMBS.items():
        is_swapped = np.zeros(num, bool)
        for _ in range(rng.poisson(SWAPS_PER_S * num / pose.fps)):
            length = max(round(np.exp(rng.uniform(*np.log(SWAP_S))) * pose.fps), 1)
            start = rng.integers(0, max(num - length, 1))
            is_swapped[start : start + length] = True
        left, right = (indices(*(side + part for part in parts)) for side in "lr")
        rows = np.flatnonzero(is_swapped)[:, None]
        xy[rows, left + right] = pose.xy_px[rows, right + left]
        score[rows, left + right] = pose.score[rows, right + left]
        found[name] = is_swapped
    return replace(pose, xy_px=xy, score=score), found


def cases(lifter: Lifter, source: SourceConfig, max_frames: int) -> tuple[list[Case], float]:
    """Every recording of a source, lifted without steps but with and without a second look, and the
    seconds that the former took."""
    root = Path(__file__).resolve().parents[1]
    noise = load_config(NoiseConfig, root / "configs/noise/phone.yaml")
    config = EvalConfig([source], max_frames=max_frames, seed=SEED)
    # The camera is drawn before the noise: the same one for both.
    clean = evaluation_poses(replace(config, with_noise=False), None, RandomCameraConfig())
    noisy = evaluation_poses(config, noise, RandomCameraConfig())
    found, took_s = [], 0.0
    for (_, _, pose, truth), (_, _, perfect, _) in zip(noisy, clean, strict=True):
        before = time.perf_counter()
        raw = lifter.raw(pose)
        again = lifter.look_again(raw, pose)
        took_s += time.perf_counter() - before
        found.append(Case(pose, perfect, np.asarray(truth, float), raw, again))
    return found, took_s


def step_rows(found: list[Case]) -> tuple[dict[str, dict[str, float]], float]:
    """Scores after each choice of STEPS, frame-weighted means, and seconds the last one took."""
    rows, took_s = {}, 0.0
    for name, steps in STEPS.items():
        scores: dict[str, list[np.ndarray]] = {}
        before = time.perf_counter()
        raws = [case.again if steps.second_look else case.raw for case in found]
        poses = [finish(raw, c.pose, steps) for raw, c in zip(raws, found, strict=True)]
        took_s = time.perf_counter() - before
        for case, xyz in zip(found, poses, strict=True):
            series = lifting_scores(xyz, case.truth, case.pose.fps)
            length = np.linalg.norm(bone_vectors(xyz), axis=-1)
            spread = 100 * (length.std(0) / length.mean(0)).mean()
            series["bones_percent"] = np.full(len(xyz), spread)
            for key in SHOWN:
                scores.setdefault(key, []).append(series[key][np.isfinite(series[key])])
        rows[name] = {key: float(np.concatenate(values).mean()) for key, values in scores.items()}
    return rows, took_s


def input_jitter_mm_s2(found: list[Case]) -> float:
    """Acceleration error of the 2D input itself, at the body's own size, mm/s^2."""
    series = []
    for case in found:
        px, true_m = case.perfect.xy_px, case.truth[..., :2]
        scale = np.nanstd(true_m, axis=(1, 2)) / np.nanstd(px, axis=(1, 2))
        ok = (case.pose.score > MIN_SCORE)[..., None]
        flat = [np.where(ok, xy, np.nan) * scale[:, None, None] for xy in (case.pose.xy_px, px)]
        error = acceleration_mm_s2(*flat, case.pose.fps)
        series.append(error[np.isfinite(error)])
    return float(np.concatenate(series).mean())


def swap_row(lifter: Lifter, found: list[Case]) -> list[str]:
    """Cells: exchanged frames by limb pair, repaired, wrongly so; P-MPJPE over those frames."""
    counts, errors = np.zeros(4, int), []
    finished = Steps(repair=False)
    for i, case in enumerate(found):
        counts[3] += sum(frames.sum() for frames in repair_swaps(case.pose)[1].values())
        swapped, truth = exchanged(case.pose, np.random.default_rng((SEED, i)))
        repaired, claimed = repair_swaps(swapped)
        for name in LIMBS:
            hit = truth[name] & claimed[name]
            wrong = claimed[name] & ~truth[name]
            counts[:3] += truth[name].sum(), hit.sum(), wrong.sum()
        frames = np.any(list(truth.values()), axis=0)
        if frames.any():
            seen = (case.pose, swapped, repaired)
            raws = [case.again, *(lifter.look_again(lifter.raw(p), p) for p in seen[1:])]
            lifted = [finish(raw, p, finished) for raw, p in zip(raws, seen, strict=True)]
            errors.append([p_mpjpe_mm(xyz[frames], case.truth[frames]) for xyz in lifted])
    columns = zip(*errors, strict=True)
    clean, without, with_repair = (np.nanmean(np.concatenate(column)) for column in columns)
    injected, hit, wrong, false = counts.tolist()
    share = f"{hit} ({100 * hit / max(injected, 1):.0f} %)"
    errors_mm = [f"{value:.1f}" for value in (without, with_repair, clean)]
    return [str(injected), share, str(wrong), str(false), *errors_mm]


def sigma_row(lifter: Lifter, found: list[Case]) -> list[str]:
    """Cells of how well sigma fits the errors; the constants are fitted to these very errors."""
    assert lifter.calibration is not None, "asked for a calibrated lifter only"
    parts = []
    for case in found:
        xyz = finish(case.again, case.pose, ALL_STEPS)
        error = np.linalg.norm(xyz - case.truth, axis=-1)[::5]
        done = Finished(case.pose, np.zeros(len(xyz), bool), case.raw, case.again, xyz)
        known = evidence(done)[::5]
        parts.append(Samples(error, known, np.zeros(len(error), int)))
    samples = Samples.joined(parts)
    scores = quality(lifter.calibration, samples, constant(samples))
    return [f"{value:.2f}" for value in scores.values()]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _step_cells(scores: dict[str, float]) -> list[str]:
    scores = scores | {"acceleration_mm_s2": scores["acceleration_mm_s2"] / 1000}
    return [f"{scores[key]:.2f}" for key in SHOWN]


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default="checkpoint/lifter_swift.pt")
    parser.add_argument("--fit3d", default="data/motion3d/fit3d")
    parser.add_argument("--mocap", default="data/motion3d/mocap")
    parser.add_argument("--max-frames", type=int, default=600, help="first frames of a recording")
    flags = parser.parse_args(argv)
    lifter = Lifter.from_checkpoint(flags.checkpoint)
    if not lifter.is_metric:
        raise UserError(f"{flags.checkpoint}: only lifters in metres have these steps")
    lifts = ["squat", "deadlift", "pushup"]
    sources = {
        "made-up s09": SourceConfig(flags.fit3d, subjects=["s09"], actions=lifts),
        "mocap opencap_6": SourceConfig(flags.mocap, groups=["opencap_6"]),
    }
    heads = ("in 90 % radius, %", "in 5-95 % range, %", "Spearman", "within a joint",
             "log likelihood", "of a constant", "RMS error mm", "RMS sigma mm")  # fmt: skip
    tables: list[list[str]] = [
        [_row("on", "steps", *SHOWN.values()), "|---" * (2 + len(SHOWN)) + "|"],
        [
            _row("on", "exchanged", "repaired", "wrongly", "on clean input", "P-MPJPE left alone",
                 "repaired", "never exchanged"),
            "|---" * 8 + "|",
        ],
        [_row("on", *heads), "|---" * (1 + len(heads)) + "|"],
    ]  # fmt: skip
    for title, source in sources.items():
        found, lift_s = cases(lifter, source, flags.max_frames)
        rows, step_s = step_rows(found)
        tables[0] += [_row(title, name, *_step_cells(scores)) for name, scores in rows.items()]
        jitter = f"{input_jitter_mm_s2(found) / 1000:.2f}"
        tables[0].append(_row(title, "the 2D input itself", "", "", "", "", jitter, ""))
        tables[1].append(_row(title, *swap_row(lifter, found)))
        if lifter.calibration is not None:
            tables[2].append(_row(title, *sigma_row(lifter, found)))
        num = sum(len(case.truth) for case in found)
        print(f"{title}: {len(found)} recordings, {num} frames, lifted in {lift_s:.1f} s; "
              f"3D steps {step_s:.2f} s", flush=True)  # fmt: skip
    if lifter.calibration is None:
        tables[2] = [f"{flags.checkpoint}: not calibrated (tools/calibrate_lifter.py)"]
    print("\n\n".join("\n".join(lines) for lines in tables))


if __name__ == "__main__":
    sys.exit(main())
