"""Scores a lifter on whole sequences, through the same `infer.lift` that users run."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from lib.config import check_range, configclass, to_dict
from lib.data.noise import NoiseConfig, as_detections
from lib.data.proportions import scale_bones
from lib.data.store import Store, open_store
from lib.data.views import RandomCameraConfig, draw_camera
from lib.data.windows import SourceConfig, choose
from lib.errors import UserError
from lib.geometry import Camera, project, world_to_camera
from lib.infer.place import freed_of_lens, place
from lib.infer.track import is_seen
from lib.pose import Pose2D
from lib.skeleton import JOINT, JOINTS
from lib.train import parallel
from lib.train.metrics import fit3d_scores, joint_errors_mm, lifting_scores, sums_of
from lib.train.scores import Evaluation, SequenceScore


class RelativeLifter(Protocol):
    """What is scored: `lib.infer.lift.Lifter`, or anything with these."""

    @property
    def is_metric(self) -> bool:
        """Whether it gives metres; else only what needs no size is scored."""
        ...

    def lift_relative(
        self, pose: Pose2D, *, flip_average: bool, focal_px: float | None
    ) -> np.ndarray:
        """(T, 17, 3) root-relative pose in the camera frame, of a pose of T frames."""
        ...


@configclass
class EvalConfig:
    """What a lifter is scored on."""

    sources: list[SourceConfig]
    max_sequences: int = 0
    """Evenly spaced sequences per source; 0 = all."""
    max_frames: int = 0
    """First frames of each sequence; 0 = all."""
    with_detections: bool = True
    """A detector's keypoints as input where the store has them, instead of projected ones."""
    with_noise: bool = True
    """Simulated detections instead of perfect 2D, where there are no real."""
    noise: NoiseConfig | None = None
    """Their noise; absent: that of the training. Where that one is strong it hides what else tells
    two trainings apart (benchmarks/results/unseen_epyc_2026-11-26.md)."""
    part_scale_std: float = 0.0
    """People get other proportions, one set a sequence, where the store has no camera of its own
    (`AugmentConfig.part_scale_std`): a group of a data set may share its bones with another."""
    flip_average: bool = True
    protocols: tuple[Literal["fit3d14"], ...] = ()
    """Further scores: fit3d14 = Fit3D's challenge, 14 joints and the place of the pelvis."""
    seed: int = 1000

    def __post_init__(self) -> None:
        check_range(self, 0, math.inf, "max_sequences", "max_frames", "part_scale_std", "seed")
        if self.noise is not None and not self.with_noise:
            raise ValueError("with_noise is false, so noise does nothing: leave one of them out")
        for name, default in (("repeat", 1), ("random_camera", 0.0), ("detected", 0.0)):
            if any(getattr(source, name) != default for source in self.sources):
                raise ValueError(f"{name} of a source is for training; scoring takes each as it is")

    def noise_used(self, of_training: NoiseConfig | None) -> NoiseConfig | None:
        """What projected keypoints are spoilt by, if at all."""
        return (self.noise or of_training) if self.with_noise else None


@dataclass(frozen=True)
class Take:
    """One sequence as it is scored."""

    xyz_cam: np.ndarray
    """(T, 17, 3) true camera metres."""
    pose: Pose2D
    camera: Camera
    is_detected: bool

    @property
    def truth(self) -> np.ndarray:
        """(T, 17, 3) relative to the root."""
        return self.xyz_cam - self.xyz_cam[:, [JOINT["root"]]]


def _spaced(chosen: list[int], most: int) -> list[int]:
    if not most or most >= len(chosen):
        return chosen
    return [chosen[i] for i in np.linspace(0, len(chosen) - 1, most).astype(int)]


def _own_view(store: Store, i: int) -> Camera | None:
    """The camera that a sequence is scored through, if it is the recording's own."""
    return store.sequences[i].camera if store.xy_px is not None else None


def _seen(
    store: Store, i: int, config: EvalConfig, camera: RandomCameraConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, Camera]:
    """Camera metres (T, 17, 3), pixels (T, 17, 2) and the camera of a sequence."""
    rows, own = slice(0, config.max_frames or None), _own_view(store, i)
    if own is not None:
        xyz_cam = np.array(store.xyz_of(i)[rows], float)
        return xyz_cam, np.array(store.xy_of(i)[rows], float), own
    world = store.world_of(i)[rows]
    if config.part_scale_std:
        world = scale_bones(world, 0.0, config.part_scale_std, rng)
    drawn = draw_camera(world, camera, rng)
    xyz_cam = world_to_camera(world, drawn)
    return xyz_cam, project(xyz_cam, drawn), drawn


def _take(
    store: Store, i: int, config: EvalConfig, noise: NoiseConfig | None, camera: RandomCameraConfig
) -> Take:
    """What is drawn depends on the seed and the sequence alone, not on who else is scored."""
    rng, sequence = np.random.default_rng((config.seed, i)), store.sequences[i]
    xyz_cam, xy_px, view = _seen(store, i, config, camera, rng)
    source = f"{store.path}: {sequence.name}"
    is_detected = config.with_detections and view is sequence.camera and store.has_detections(i)
    if is_detected:
        px, score = (np.array(values[: len(xyz_cam)], float) for values in store.detected_of(i))
        pose = Pose2D(px, score, sequence.fps, view.size_px, source=source)
    else:
        used = config.noise_used(noise)
        pose = as_detections(xy_px, sequence.fps, view.size_px, used, rng, source)
    return Take(xyz_cam, pose, view, is_detected)


def _listed(config: EvalConfig) -> list[tuple[int, Store, int]]:
    """Number of the source, store and index of every sequence to score."""
    if not config.sources:
        raise UserError("eval.sources is empty: name a store to score on")
    stores = [open_store(source.store) for source in config.sources]
    for store in stores:
        if store.xyz_m is None:
            raise UserError(f"{store.path}: holds 2D alone; eval.sources needs stores with 3D")
    found = [
        (number, store, i)
        for number, (store, source) in enumerate(zip(stores, config.sources, strict=True))
        for i in _spaced(choose(store, source), config.max_sequences)
    ]
    if config.part_scale_std and all(_own_view(store, i) for _, store, i in found):
        raise UserError(
            "eval.part_scale_std changes nobody: every sequence has a camera of its own, whose "
            "picture shows its person; take it out or name a store without cameras"
        )
    return found


_MOST_EXERCISES = 50
"""Labels of a world-frame store. One that has more is motion capture with a label for nearly every
trial, by which scores would say nothing."""


def _exercises(store: Store, source: SourceConfig) -> list[str]:
    """Under which name each sequence of a source's store is scored."""
    actions, is_mocap = [sequence.action for sequence in store.sequences], store.frame == "world"
    if is_mocap and source.actions is None and len(set(actions)) > _MOST_EXERCISES:
        return ["mocap"] * len(actions)
    return [action or ("mocap" if is_mocap else "other") for action in actions]


def check_sources(config: EvalConfig) -> None:
    """There are sequences to score. Raises UserError as an evaluation would."""
    _listed(config)


def evaluation_poses(
    config: EvalConfig, noise: NoiseConfig | None, camera: RandomCameraConfig,
    share: slice = slice(None),
) -> Iterator[tuple[Store, int, Pose2D, np.ndarray]]:  # fmt: skip
    """Every sequence to score, or a share of them: store, index, 2D input, true root-relative
    metres (T, 17, 3)."""
    for _, store, i in _listed(config)[share]:
        take = _take(store, i, config, noise, camera)
        yield store, i, take.pose, take.truth


def evaluation_takes(
    config: EvalConfig, noise: NoiseConfig | None, camera: RandomCameraConfig
) -> Iterator[Take]:
    """Every sequence to score, with the camera that scores know."""
    return (_take(store, i, config, noise, camera) for _, store, i in _listed(config))


def score_lifter(
    lifter: RelativeLifter, config: EvalConfig, noise: NoiseConfig | None,
    camera: RandomCameraConfig,
) -> Evaluation:  # fmt: skip
    """Lift and score every sequence; the processes of a distributed run share the work.

    All processes must call it; the result is the same in each and for any number of them.
    Sequences in which nobody is seen are not lifted: none of their frames is covered.
    Raises UserError for sources that cannot be read or hold no 3D.
    """
    listed = _listed(config)
    stores = {number: store for number, store, _ in listed}
    names = {n: _exercises(store, config.sources[n]) for n, store in stores.items()}
    mine = [
        _scored(lifter, (n, i), names[n][i], _take(store, i, config, noise, camera), config)
        for n, store, i in listed[parallel.rank() :: parallel.world_size()]
    ]
    scored = sorted(parallel.gathered(mine), key=lambda score: score.order)
    used = config.noise_used(noise)
    about = {
        "eval": to_dict(config),
        "noise": to_dict(used) if used is not None else None,
        "camera": to_dict(camera),
        "window_frames": getattr(lifter, "window", None),
        "fps": getattr(lifter, "fps", None),
    }
    return Evaluation(tuple(scored), about)


def _scored(
    lifter: RelativeLifter, order: tuple[int, int], action: str, take: Take, config: EvalConfig
) -> SequenceScore:
    # The camera is known: as for the challenge's answers (lib.train.submission).
    ideal, focal_px = freed_of_lens(take.pose, take.camera)
    if is_seen(ideal).any():
        pred = lifter.lift_relative(ideal, flip_average=config.flip_average, focal_px=focal_px)
    else:  # nothing to lift: no frame is covered
        pred = np.full_like(take.truth, np.nan)
    joints = {}
    if lifter.is_metric:
        joints = dict(zip(JOINTS, joint_errors_mm(pred, take.truth).T, strict=True))
    scores = lifting_scores(pred, take.truth, take.pose.fps, is_metric=lifter.is_metric)
    protocol = {}
    if "fit3d14" in config.protocols:
        placed = place(pred, ideal, focal_px)
        protocol = sums_of(fit3d_scores(placed.xyz, take.xyz_cam))
    return SequenceScore(
        order=order,
        action=action,
        num_frames=len(pred),
        frames=sums_of(scores),
        joints=sums_of(joints),
        protocol=protocol,
        is_detected=take.is_detected,
    )
