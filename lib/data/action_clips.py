"""Clips for classification: a store's windows become (2D input, class), seeded per sample.

T frames, J = 17 joints, C = (x, y, confidence).
"""

import math
from collections.abc import Sequence as Series

import numpy as np

from lib.config import check_range, configclass
from lib.data.augment import AugmentConfig, move_and_scale
from lib.data.cut import ClipDataset, clean_input
from lib.data.datasets import Clip, blank
from lib.data.noise import NoiseConfig
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig, list_windows
from lib.errors import UserError
from lib.geometry import mirror


@configclass
class ActionClipConfig:
    """How a clip for classification is cut: of the frames it spans, every n-th is fed."""

    clip_len: int = 243
    """Frames spanned at `fps`."""
    frame_step: int = 3
    fps: float = 50.0
    scale: tuple[float, float] = (1.0, 3.0)
    """The person is shown at 1 / this of the full size (reference: 1 to 3)."""
    shift: float = 0.2
    """Random place, crop units."""

    def __post_init__(self) -> None:
        check_range(self, 1, math.inf, "clip_len", "frame_step")
        check_range(self, 0, math.inf, "fps", "scale", is_open=True)
        check_range(self, 0, math.inf, "shift")

    @property
    def num_frames(self) -> int:
        """Frames fed to the network."""
        return -(-self.clip_len // self.frame_step)


class ActionClips(ClipDataset):
    """Windows as (2D input, class). Sequences of other actions are left out."""

    def __init__(
        self, sources: Series[SourceConfig], clip: ActionClipConfig, classes: Series[str],
        augment: AugmentConfig, noise: NoiseConfig | None, camera: RandomCameraConfig, seed: int,
    ) -> None:  # fmt: skip
        fps = clip.fps / clip.frame_step
        windows = list_windows(sources, clip.num_frames, fps, classes)
        windows = [window for window in windows if window.label >= 0]
        missing = [n for i, n in enumerate(classes) if all(w.label != i for w in windows)]
        if missing:
            raise UserError(f"no clip of {', '.join(missing)} in the data; prepare that action")
        super().__init__(windows, clip.num_frames, fps, augment, noise, camera, (seed,))
        self.clip = clip

    def padding(self) -> Clip:
        """A clip that counts for nothing."""
        return blank(self.num_frames)

    def __getitem__(self, index: tuple[int, int]) -> Clip:
        epoch, i_clip = index
        rng = self.generator(epoch, i_clip)
        window = self.windows[i_clip]
        look = self.see(window, rng)
        x = self.spoilt(clean_input(look), self.fps, not look.is_detected, rng)
        if self.clip.shift or self.clip.scale != (1.0, 1.0):
            x = move_and_scale(x, self.clip.scale, self.clip.shift, rng)
        if rng.random() < self.augment.flip:
            x = mirror(x)
        return blank(self.num_frames)._replace(x=self.filled(x), label=window.label)
