"""Clips for training: a store's windows become (input, target) pairs, seeded per sample.

An index is the pair (epoch, clip): whatever is drawn for it depends on the seed, the epoch and the
clip alone, never on worker, batch or process (see lib/data/mix.py).
T frames, J = 17 joints, C = (x, y, confidence).
"""

import math
import operator
from collections.abc import Callable, Collection, Iterator
from collections.abc import Sequence as Series
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch

from lib.config import check_range, configclass
from lib.data.augment import AugmentConfig, flip_pair
from lib.data.cut import ClipDataset, check_bodies, clean_input
from lib.data.noise import NoiseConfig
from lib.data.targets import TARGETS, Target
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig, list_windows
from lib.skeleton import NUM_JOINTS


@configclass
class ClipConfig:
    """How a training clip is cut."""

    clip_len: int = 243
    """Frames fed to the network, at `fps`."""
    fps: float = 50.0
    pan: bool = False
    """The crop moves sideways with the person (lib.geometry.fit_crop), as lifting does it then."""

    def __post_init__(self) -> None:
        check_range(self, 1, math.inf, "clip_len")
        check_range(self, 0, math.inf, "fps", is_open=True)


@dataclass(frozen=True)
class Batch:
    """A stack of clips as tensors."""

    x: torch.Tensor
    """(B, T, 17, 3) network input."""
    y: torch.Tensor
    """(B, T, 17, 3) relative to the root, in what lib.data.targets says, 0 where not valid; of 2D
    clips (x, y, 0) in crop units."""
    valid: torch.Tensor
    """(B, T, 17) bool: target known."""
    score: torch.Tensor
    """(B, T, 17) confidence of the target, 1 for 3D."""
    label: torch.Tensor
    """(B,) class index, -1 if none."""
    is_2d: bool = False
    """Whether the clips come without 3D; all of a batch do or none."""
    ray_per_unit: torch.Tensor | None = None
    """(B, 2) of 2D clips whose camera is known, NaN for the others: what makes crop units of `y`
    into x/z and y/z of that camera turned to the crop's middle. None where none is known."""

    def __post_init__(self) -> None:
        shape = self.x.shape
        assert shape == self.y.shape and self.valid.shape == shape[:3], (shape, self.valid.shape)
        assert self.ray_per_unit is None or self.ray_per_unit.shape == (shape[0], 2)

    def _each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> "Batch":
        tensors = {k: change(v) for k, v in vars(self).items() if isinstance(v, torch.Tensor)}
        return replace(self, **tensors)

    def to(self, device: torch.device) -> "Batch":
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> "Batch":
        """Asked for by the loader when it pins."""
        return self._each(torch.Tensor.pin_memory)

    def repeated(self, num: int) -> "Batch":
        """All clips num times, one batch after another."""
        if num == 1:
            return self
        return self._each(lambda tensor: tensor.repeat(num, *[1] * (tensor.ndim - 1)))

    def parts(self, size: int) -> Iterator["Batch"]:
        """The batch in stretches of up to `size` clips."""
        for i in range(0, len(self.x), size):
            rows = slice(i, i + size)
            yield self._each(operator.itemgetter(rows))


class Clip(NamedTuple):
    """One clip of a batch; letters and units as there."""

    x: np.ndarray
    """(T, 17, 3)"""
    y: np.ndarray
    """(T, 17, 3)"""
    valid: np.ndarray
    """(T, 17)"""
    score: np.ndarray
    """(T, 17)"""
    label: int = -1
    is_2d: bool = False
    ray_per_unit: np.ndarray | None = None
    """(2,)"""


def blank(num_frames: int, is_2d: bool = False) -> Clip:
    """A clip that counts for nothing."""
    zeros = np.zeros((num_frames, NUM_JOINTS, 3), np.float32)
    return Clip(zeros, zeros, zeros[..., 0] > 0, zeros[..., 0], is_2d=is_2d)


_ARRAYS = ("x", "y", "valid", "score")


def collate(clips: Collection[Clip]) -> Batch:
    """Stack clips of one kind. Channels stay apart in memory, as the clips have them."""
    stacks: dict[str, np.ndarray] = {}
    labels, scales, is_2d = [], [], False
    for i, clip in enumerate(clips):
        for name in _ARRAYS:
            array = np.moveaxis(getattr(clip, name), 2, 0) if name in "xy" else getattr(clip, name)
            if i == 0:
                stacks[name] = np.empty((len(clips), *array.shape), array.dtype)
            stacks[name][i] = array
        labels.append(clip.label)
        scales.append(clip.ray_per_unit)
        is_2d = clip.is_2d
    x, y, valid, score = (torch.from_numpy(stacks[name]) for name in _ARRAYS)
    label = torch.tensor(labels)
    return Batch(x.movedim(1, -1), y.movedim(1, -1), valid, score, label, is_2d, _stacked(scales))


def _stacked(scales: Series[np.ndarray | None]) -> torch.Tensor | None:
    if all(scale is None for scale in scales):
        return None
    unknown = np.full(2, np.nan, np.float32)
    return torch.from_numpy(np.stack([unknown if scale is None else scale for scale in scales]))


class LiftingClips(ClipDataset):
    """Windows as (2D input, root-relative 3D target)."""

    def __init__(
        self, sources: Series[SourceConfig], clip: ClipConfig, augment: AugmentConfig,
        noise: NoiseConfig | None, camera: RandomCameraConfig, seed: int,
        target: Target = TARGETS["metres"], part: int = 0,
    ) -> None:  # fmt: skip
        """part: another number gives other draws; every data set of a training has its own."""
        windows = list_windows(sources, clip.clip_len, clip.fps)
        check_bodies(windows, augment)
        super().__init__(
            windows, clip.clip_len, clip.fps, augment, noise, camera, (seed, part), clip.pan
        )
        self.target = target

    def padding(self) -> Clip:
        """A clip that counts for nothing."""
        return blank(self.num_frames)

    def __getitem__(self, index: tuple[int, int]) -> Clip:
        epoch, i_clip = index
        rng = self.generator(epoch, i_clip)
        look = self.see(self.windows[i_clip], rng)
        crop = look.crop
        x = self.spoilt(clean_input(look, crop), self.fps, not look.is_detected, rng)
        y = self.target.truth(look, crop)
        valid = np.isfinite(y).all(-1)
        if not valid.all():
            np.copyto(y, 0, where=~valid[..., None])
        if rng.random() < self.augment.flip:
            x, y, valid = flip_pair(x, y, valid)
        return Clip(x, y, valid, valid.astype(np.float32))
