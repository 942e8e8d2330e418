"""Clips of 2D keypoints alone: what a person or a detector saw is input and truth.

T frames, J = 17 joints.
"""

import math
from pathlib import Path

import numpy as np

from lib.config import check_range, configclass
from lib.data.augment import AugmentConfig, flip_pair
from lib.data.cut import ClipDataset, detected, draw_cut
from lib.data.datasets import Clip, blank
from lib.data.manifest import MANIFEST
from lib.data.noise import NoiseConfig
from lib.data.store import Store, open_store
from lib.data.views import RandomCameraConfig, planar
from lib.data.windows import Windows, check_names, table
from lib.errors import UserError
from lib.geometry import (
    MIN_SCORE,
    Camera,
    Crop,
    fit_crop,
    network_input,
    sight_axes,
    unproject,
)
from lib.skeleton import MIRROR, NUM_JOINTS

_ROWS_AT_ONCE = 1 << 18


@configclass
class Source2D:
    """A store with 2D keypoints that pretraining learns from besides the 3D."""

    store: str
    """Folder such as data/motion2d/posetrack; a 3D store with a detector's keypoints does too."""
    clip_len: int = 30
    """Frames of a clip."""
    ratio: float = 0.25
    """Batches of it for every batch of the 3D sources, at least one an epoch; 0 = none."""
    min_seen: float = 0.5
    """Windows that show a smaller share of their joints are left out (defect D21)."""
    fps: float | None = None
    """Every n-th frame, to come to this rate; absent = every frame."""
    noise: bool = False
    """Simulated noise on the input: for keypoints marked by people, which have none."""
    groups: list[str] | None = None
    without_groups: list[str] | None = None

    def __post_init__(self) -> None:
        check_range(self, 1, math.inf, "clip_len")
        check_range(self, 0, math.inf, "ratio")
        check_range(self, 0, 1, "min_seen")
        if self.fps is not None:
            check_range(self, 0, math.inf, "fps", is_open=True)


def _share_seen(store: Store, windows: Windows) -> np.ndarray:
    """(W,) share of joints with a score above MIN_SCORE over all frames of each window."""
    assert store.detected_score is not None
    num_rows = len(store.detected_score)
    total = np.zeros(num_rows + 1, np.int64)
    for first in range(0, num_rows, _ROWS_AT_ONCE):
        rows = slice(first, min(first + _ROWS_AT_ONCE, num_rows))
        total[first + 1 : rows.stop + 1] = (store.detected_score[rows] > MIN_SCORE).sum(-1)
    np.cumsum(total, out=total)
    starts = np.array([sequence.start for sequence in store.sequences])
    first, stop = (
        starts[windows.rows["i_sequence"]] + windows.rows[end] for end in ("start", "stop")
    )
    return (total[stop] - total[first]) / ((stop - first) * NUM_JOINTS)


def choose_2d(source: Source2D) -> tuple[Store, list[int]]:
    """The store of a source and which of its sequences it names.

    Raises UserError for a store that is not there or has no such sequence with 2D, and for a group
    that it lacks.
    """
    if not (Path(source.store) / MANIFEST).exists():
        raise UserError(
            f"{source.store}: no 2D store there; make it with tools/prepare_posetrack.py or "
            "tools/prepare_instavariety.py, or go on without it: sources_2d=[]"
        )
    store = open_store(source.store)
    check_names(store, source)
    chosen = [
        i
        for i, sequence in enumerate(store.sequences)
        if store.has_detections(i)
        and (source.groups is None or sequence.group in source.groups)
        and sequence.group not in (source.without_groups or ())
    ]
    if not chosen and not any(map(store.has_detections, range(len(store.sequences)))):
        raise UserError(
            f"{source.store}: no sequence has 2D keypoints of a detector; "
            "tools/add_detections.py adds them to a store with cameras"
        )
    if not chosen:
        raise UserError(f"{source.store}: no sequence with 2D keypoints has these groups")
    return store, chosen


def list_windows_2d(source: Source2D) -> Windows:
    """All windows of a source that show enough of a person (defect D11: not the first ones alone).

    Raises UserError as `choose_2d` does, and for a store without clips or windows to use.
    """
    store, chosen = choose_2d(source)
    windows = table(store, chosen, source.clip_len, source.fps)
    windows = windows.where(_share_seen(store, windows) >= source.min_seen)
    if not len(windows):
        raise UserError(
            f"{source.store}: no window shows {source.min_seen:.0%} of its joints; lower min_seen"
        )
    return windows


def _turned(xy_px: np.ndarray, camera: Camera, crop: Crop) -> np.ndarray:
    """Pixels (T, 17, 2) as the camera would give them without distortion, turned to look at the
    crop's middle, which stays where it is."""
    ray = unproject(xy_px, camera)
    axes = sight_axes(unproject(crop.centre_px, camera))
    seen = np.concatenate([ray, np.ones_like(ray[..., :1])], -1) @ axes
    in_front = np.where(seen[..., 2:] > 0, seen[..., 2:], np.nan)
    return planar(seen[..., :2] / in_front * camera.f + crop.centre_px)


class Clips2D(ClipDataset):
    """Windows as (2D input, the same 2D without masks and noise)."""

    def __init__(
        self, source: Source2D, augment: AugmentConfig, noise: NoiseConfig | None, seed: int,
        part: int,
    ) -> None:  # fmt: skip
        """part: number of the source in the mix, 1 or more; its clips are drawn by themselves."""
        super().__init__(
            list_windows_2d(source), source.clip_len, math.nan, augment,
            noise if source.noise else None, RandomCameraConfig(), (seed, part),
        )  # fmt: skip

    def padding(self) -> Clip:
        """A clip that counts for nothing."""
        return blank(self.num_frames, is_2d=True)

    def __getitem__(self, index: tuple[int, int]) -> Clip:
        epoch, i_clip = index
        rng, window = self.generator(epoch, i_clip), self.windows[i_clip]
        cut = draw_cut(window, self.num_frames, self.augment.time_warp, rng)
        px, score = detected(window.store, window.i_sequence, cut)
        crop, sequence = fit_crop(px, score), window.store.sequences[window.i_sequence]
        clean = network_input(px, score, crop)
        x = self.spoilt(clean, sequence.fps / window.step, True, rng)
        y, camera, ray_per_unit = clean, sequence.camera, None
        is_flipped = rng.random() < self.augment.flip
        if camera is not None:
            y = network_input(_turned(px, camera, crop), score, crop)
            ray_per_unit = (crop.half_px / camera.f).astype(np.float32)
        score, valid = y[..., 2].copy(), y[..., 2] > 0
        y[..., 2] = 0
        if is_flipped:
            x, y, valid = flip_pair(x, y, valid)
            score = score[:, MIRROR]
        return Clip(x, y, valid, score, is_2d=True, ray_per_unit=ray_per_unit)
