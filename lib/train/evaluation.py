"""Scores a lifter on whole sequences, through the same `infer.lift` that users run."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from lib.config import check_range, configclass
from lib.data.noise import NoiseConfig, add_noise
from lib.data.store import Store, open_store
from lib.data.views import RandomCameraConfig, draw_camera
from lib.data.windows import SourceConfig, choose
from lib.geometry import fit_crop, network_input, project, world_to_camera
from lib.infer.lift import Lifter
from lib.pose import Pose2D
from lib.skeleton import JOINT
from lib.train.metrics import frame_weighted, lifting_scores


@configclass
class EvalConfig:
    """What a lifter is scored on."""

    sources: list[SourceConfig]
    max_sequences: int = 0
    """Evenly spaced sequences per source; 0 = all."""
    max_frames: int = 0
    """First frames of each sequence; 0 = all."""
    with_noise: bool = True
    """Simulated detections (the config's noise) instead of perfect 2D."""
    flip_average: bool = True
    seed: int = 1000

    def __post_init__(self) -> None:
        check_range(self, 0, math.inf, "max_sequences", "max_frames", "seed")


def _spaced(chosen: list[int], most: int) -> list[int]:
    if not most or most >= len(chosen):
        return chosen
    return [chosen[i] for i in np.linspace(0, len(chosen) - 1, most).astype(int)]


def _seen(
    store: Store, i: int, most: int, camera: RandomCameraConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Camera metres (T, 17, 3), pixels (T, 17, 2) and picture size of a sequence."""
    rows = slice(0, most or None)
    stored = store.sequences[i].camera
    if stored is not None and store.xy_px is not None:
        return np.array(store.xyz_of(i)[rows], float), np.array(store.xy_of(i)[rows], float), (
            stored.size_px
        )  # fmt: skip
    world = store.world_of(i)[rows]
    drawn = draw_camera(world, camera, rng)
    xyz_cam = world_to_camera(world, drawn)
    return xyz_cam, project(xyz_cam, drawn), drawn.size_px


def as_detections(
    xy_px: np.ndarray, fps: float, size_px: tuple[int, int], noise: NoiseConfig | None,
    rng: np.random.Generator, source: str = "",
) -> Pose2D:  # fmt: skip
    """Perfect pixels (T, 17, 2), NaN = missing, as a detector would have given them."""
    score = np.isfinite(xy_px).all(-1).astype(float)
    xy_px = np.nan_to_num(xy_px)
    if noise is not None:
        crop = fit_crop(xy_px, score)
        noisy = add_noise(network_input(xy_px, score, crop), noise, fps, rng)
        xy_px, score = crop.denormalise(noisy[..., :2].astype(float)), noisy[..., 2].astype(float)
    return Pose2D(xy_px, score, fps, size_px, source=source)


def evaluation_poses(
    config: EvalConfig, noise: NoiseConfig | None, camera: RandomCameraConfig
) -> Iterator[tuple[Store, int, Pose2D, np.ndarray]]:
    """Every sequence to score: store, index, 2D input, true root-relative metres (T, 17, 3)."""
    for source in config.sources:
        store = open_store(source.store)
        for i in _spaced(choose(store, source), config.max_sequences):
            rng = np.random.default_rng((config.seed, i))
            xyz_m, xy_px, size_px = _seen(store, i, config.max_frames, camera, rng)
            sequence = store.sequences[i]
            pose = as_detections(
                xy_px, sequence.fps, size_px, noise if config.with_noise else None, rng,
                f"{source.store}: {sequence.name}",
            )  # fmt: skip
            yield store, i, pose, xyz_m - xyz_m[:, [JOINT["root"]]]


def evaluate_lifter(
    lifter: Lifter, config: EvalConfig, noise: NoiseConfig | None, camera: RandomCameraConfig
) -> dict[str, float]:
    """Frame-weighted scores over all sequences, and MPJPE by action when there are several."""
    series: list[dict[str, np.ndarray]] = []
    actions: list[str] = []
    for store, i, pose, truth in evaluation_poses(config, noise, camera):
        pred = lifter.lift_relative(pose, flip_average=config.flip_average)
        series.append(lifting_scores(pred, truth, pose.fps))
        actions.append(store.sequences[i].action if store.frame == "camera" else "mocap")
    scores = frame_weighted(series)
    scores["coverage_ratio"] = float(
        np.concatenate([np.isfinite(s["mpjpe_mm"]) for s in series]).mean()
    )
    return scores | _by_action(series, actions)


def _by_action(series: Sequence[dict], actions: Sequence[str]) -> dict[str, float]:
    names = sorted(set(actions))
    if len(names) < 2:
        return {}
    pairs = list(zip(series, actions, strict=True))
    return {
        f"mpjpe_mm/{name}": frame_weighted([s for s, action in pairs if action == name])["mpjpe_mm"]
        for name in names
    }
