"""Clips for training: a store's windows become (input, target) pairs, seeded per sample.

An index is the pair (epoch, clip): whatever is drawn for it depends on the seed, the epoch and the
clip alone, never on worker, batch or process (see lib/data/mix.py).
T frames, J = 17 joints, C = (x, y, confidence).
"""

import math
from collections.abc import Iterator
from collections.abc import Sequence as Series
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch.utils.data import Dataset

from lib.config import check_range, configclass
from lib.data.augment import (
    AugmentConfig,
    flip_pair,
    hidden_joints,
    jitter_head,
    scale_bones,
)
from lib.data.noise import NoiseConfig, add_noise
from lib.data.views import RandomCameraConfig, draw_camera
from lib.data.windows import SourceConfig, Window, frame_step, list_windows
from lib.geometry import camera_to_world, fit_crop, network_input, project, world_to_camera
from lib.skeleton import JOINT, NUM_JOINTS


@configclass
class ClipConfig:
    """How a training clip is cut."""

    clip_len: int = 243
    """Frames fed to the network, at `fps`."""
    fps: float = 50.0

    def __post_init__(self) -> None:
        check_range(self, 1, math.inf, "clip_len")
        check_range(self, 0, math.inf, "fps", is_open=True)


@dataclass(frozen=True)
class Batch:
    """A stack of clips as tensors."""

    x: torch.Tensor
    """(B, T, 17, 3) network input."""
    y: torch.Tensor
    """(B, T, 17, 3) root-relative camera metres, 0 where not valid; of 2D clips (x, y, 0) in crop
    units."""
    valid: torch.Tensor
    """(B, T, 17) bool: target known."""
    score: torch.Tensor
    """(B, T, 17) confidence of the target, 1 for 3D."""
    label: torch.Tensor
    """(B,) class index, -1 if none."""
    is_2d: bool = False
    """Whether the clips come without 3D; all of a batch do or none."""

    def __post_init__(self) -> None:
        shape = self.x.shape
        assert shape == self.y.shape and self.valid.shape == shape[:3], (shape, self.valid.shape)

    def to(self, device: torch.device) -> "Batch":
        move = {
            name: getattr(self, name).to(device, non_blocking=True)
            for name in ("x", "y", "valid", "score", "label")
        }
        return replace(self, **move)

    def parts(self, size: int) -> Iterator["Batch"]:
        """The batch in stretches of up to `size` clips."""
        for i in range(0, len(self.x), size):
            rows = slice(i, i + size)
            yield Batch(
                self.x[rows], self.y[rows], self.valid[rows], self.score[rows], self.label[rows],
                self.is_2d,
            )  # fmt: skip


Clip = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int, bool]
"""x (T, 17, 3), y (T, 17, 3), valid (T, 17), score (T, 17), label, is_2d."""


def collate(clips: Series[Clip]) -> Batch:
    """Stack clips of one kind."""
    *arrays, label, is_2d = zip(*clips, strict=True)
    x, y, valid, score = (torch.from_numpy(np.stack(array)) for array in arrays)
    return Batch(x, y, valid, score, torch.tensor(label), is_2d[0])


class ClipDataset(Dataset):
    """Shared by both tasks: cut a window, see it through a camera, normalise."""

    def __init__(self, windows: list[Window], seed: int, num_frames: int, fps: float) -> None:
        self.windows, self.seed = windows, seed
        self.num_frames, self.fps = num_frames, fps

    def __len__(self) -> int:
        return len(self.windows)

    def padding(self) -> Clip:
        """A clip that counts for nothing."""
        zeros = np.zeros((self.num_frames, NUM_JOINTS, 3), np.float32)
        return zeros, zeros, zeros[..., 0] > 0, zeros[..., 0], -1, False

    def _cut(self, window: Window, rng: np.random.Generator) -> tuple[slice, int]:
        """A random sub-window as a slice of the sequence, and its number of frames."""
        step = frame_step(window.store.sequences[window.i_sequence].fps, self.fps)
        length = window.stop - window.start
        slack = length - ((self.num_frames - 1) * step + 1)
        start = window.start + (int(rng.integers(slack + 1)) if slack > 0 else 0)
        stop = min(start + (self.num_frames - 1) * step + 1, window.stop)
        return slice(start, stop, step), len(range(start, stop, step))

    def _see(
        self, window: Window, cut: slice, augment: AugmentConfig, camera: RandomCameraConfig,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """Camera metres (T, 17, 3) of the target and pixels (T, 17, 2) of the input."""
        store, i = window.store, window.i_sequence
        if rng.random() >= window.random_camera and store.xy_px is not None:
            return np.asarray(store.xyz_of(i)[cut], float), np.asarray(store.xy_of(i)[cut], float)
        xyz_m = np.asarray(store.xyz_of(i)[cut], float)
        stored = store.sequences[i].camera
        world = xyz_m if stored is None else camera_to_world(xyz_m, stored)
        if augment.bone_scale_std:
            world = scale_bones(world, augment.bone_scale_std, rng)
        drawn = draw_camera(world, camera, rng)
        shown = jitter_head(world, augment.head_jitter_m, rng) if augment.head_jitter_m else world
        return world_to_camera(world, drawn), project(world_to_camera(shown, drawn), drawn)

    def _pad(self, array: np.ndarray) -> np.ndarray:
        """Zeros after the end of a sequence shorter than a clip."""
        missing = self.num_frames - len(array)
        return np.pad(array, [(0, missing)] + [(0, 0)] * (array.ndim - 1))


def clean_input(xy_px: np.ndarray) -> np.ndarray:
    """Network input of perfect 2D: confidence 1 where a joint is known."""
    score = np.isfinite(xy_px).all(-1).astype(float)
    return network_input(xy_px, score, fit_crop(xy_px, score))


class LiftingClips(ClipDataset):
    """Windows as (2D input, root-relative 3D target)."""

    def __init__(
        self, sources: Series[SourceConfig], clip: ClipConfig, augment: AugmentConfig,
        noise: NoiseConfig | None, camera: RandomCameraConfig, seed: int,
    ) -> None:  # fmt: skip
        super().__init__(
            list_windows(sources, clip.clip_len, clip.fps), seed, clip.clip_len, clip.fps
        )
        self.augment, self.noise, self.camera = augment, noise, camera

    def __getitem__(self, index: tuple[int, int]) -> Clip:
        epoch, i_clip = index
        rng = np.random.default_rng((self.seed, epoch, i_clip))
        window = self.windows[i_clip]
        cut, _ = self._cut(window, rng)
        xyz_m, xy_px = self._see(window, cut, self.augment, self.camera, rng)
        x = clean_input(xy_px)
        if self.noise is not None:
            x = add_noise(x, self.noise, self.fps, rng)
        x = np.where(hidden_joints(len(x), self.augment, rng)[..., None], 0, x)
        y = xyz_m - xyz_m[:, [JOINT["root"]]]
        valid = np.isfinite(y).all(-1)
        y = np.where(valid[..., None], y, 0)
        if rng.random() < self.augment.flip:
            x, y, valid = flip_pair(x, y, valid)
        valid = self._pad(valid)
        return (
            self._pad(x.astype(np.float32)), self._pad(y.astype(np.float32)), valid,
            valid.astype(np.float32), -1, False,
        )  # fmt: skip
