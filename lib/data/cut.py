"""What every data set of clips shares: cut a window, see it through a camera, spoil the input.

T frames, J = 17 joints. Arrays of T frames are planar float32 (lib/data/views.py).
"""

from typing import NamedTuple

import numpy as np
from torch.utils.data import Dataset

from lib.data.arms import with_arms_of, with_legs_of
from lib.data.augment import (
    AugmentConfig,
    above_edge,
    at_times,
    hidden_joints,
    jitter_head,
    there_and_back,
    turn_limbs,
    warp_times,
)
from lib.data.bends import bend_limbs
from lib.data.noise import NoiseConfig, add_noise
from lib.data.proportions import scale_bones
from lib.data.store import Store
from lib.data.views import RandomCameraConfig, draw_camera, planar, to_camera, to_world
from lib.data.windows import Window, Windows
from lib.errors import UserError
from lib.geometry import (
    MIN_JOINTS,
    MIN_SCORE,
    Camera,
    Crop,
    fit_crop,
    network_input,
    project,
)


class Cut(NamedTuple):
    """Frames of a sequence that make a clip."""

    rows: slice
    times: np.ndarray | None
    """(T,) places between the rows, for a clip at another speed or longer than its sequence."""

    def of(self, array: np.ndarray) -> np.ndarray:
        """The clip (T, J, C) out of a sequence's array; NaN where a value is missing."""
        rows = planar(array[self.rows])
        return rows if self.times is None else at_times(rows, self.times)


def draw_cut(
    window: Window, num_frames: int, speed: tuple[float, float], rng: np.random.Generator
) -> Cut:
    """Frames for a clip that starts somewhere in the window.

    A clip at a higher speed may reach into the sequence beyond its window. One that is longer than
    its sequence goes there and back: by an empty end a network would tell short recordings, and by
    them what is in a clip.
    """
    num_rows, step = window.store.sequences[window.i_sequence].num_frames, window.step
    times, span = None, num_frames - 1
    most = (num_rows - 1) // step
    if speed != (1.0, 1.0) and span:
        times = warp_times(num_frames, speed, rng)
        if span <= most:
            times *= min(1.0, most / times[-1])
    elif span > most:
        times = np.arange(num_frames)
    if times is not None:
        times = there_and_back(times, most)
        span = int(np.ceil(times.max()))
    length = span * step + 1
    ends = sorted((window.start, window.stop - length))
    low, high = (max(min(end, num_rows - length), 0) for end in ends)
    start = low + (int(rng.integers(high - low + 1)) if high > low else 0)
    return Cut(slice(start, start + length, step), times)


class Look(NamedTuple):
    """A clip as one camera saw it."""

    xyz_m: np.ndarray
    """(T, 17, 3) camera metres, NaN = missing."""
    xy_px: np.ndarray
    """(T, 17, 2) pixels."""
    score: np.ndarray
    """(T, 17), 0 = missing."""
    is_detected: bool
    """By a real detector: there is nothing to simulate."""
    camera: Camera
    pans: bool = False
    """Whether its crop moves with the person."""

    @property
    def crop(self) -> Crop:
        """The square around the person, by this clip alone."""
        return fit_crop(self.xy_px, self.score, pans=self.pans)

    @property
    def true_px(self) -> np.ndarray:
        """(T, 17, 2) pixels of xyz_m, without a detector's errors or a moved head."""
        return project(self.xyz_m, self.camera)


def detected(store: Store, i_sequence: int, cut: Cut) -> tuple[np.ndarray, np.ndarray]:
    """A clip's detected pixels (T, 17, 2) and scores (T, 17), NaN and 0 where missing."""
    px, score = store.detected_of(i_sequence)
    if cut.times is None:
        return planar(px[cut.rows]), np.array(score[cut.rows])
    scored = np.concatenate([px[cut.rows], score[cut.rows][..., None]], -1)
    # Nothing lies between a joint that was seen and one that was not.
    both = at_times(planar(np.where(scored[..., 2:] > 0, scored, np.nan)), cut.times)
    return both[..., :2], np.nan_to_num(both[..., 2])


_LEAST_SEEN = 0.5
"""Share of a clip's frames in which somebody is to be detected. Lifting splits a recording at gaps,
so it never asks for a body that is hardly seen, and the crop of a joint or two has no size."""


def _shows_somebody(xy_px: np.ndarray, score: np.ndarray) -> bool:
    """Whether a clip's detected pixels (T, 17, 2) and scores (T, 17) are of a person."""
    trusted = (score > MIN_SCORE) & np.isfinite(xy_px).all(-1)
    return bool((trusted.sum(-1) >= MIN_JOINTS).mean() >= _LEAST_SEEN)


_BODIES = (
    "bone_scale_std", "part_scale_std", "limb_turn_deg", "limb_bend_deg", "head_jitter_m",
    "borrowed_arms", "borrowed_legs",
)  # fmt: skip
"""Of AugmentConfig: what makes other bodies, which no recorded picture shows."""


def check_bodies(windows: Windows, augment: AugmentConfig) -> None:
    """Other bodies, if asked for, can be seen by somebody. Raises UserError."""
    asked = [name for name in _BODIES if getattr(augment, name)]
    if asked and len(windows) and not windows.rows["random_camera"].any():
        raise UserError(
            f"augment.{asked[0]} changes nobody: every clip is seen by a camera of its own, whose "
            "picture shows its person; give a source random_camera, or set it to 0"
        )


class ClipDataset(Dataset):
    """Clips of windows, indexed by (epoch, clip) or by a task's own reading of it."""

    def __init__(
        self, windows: Windows, num_frames: int, fps: float, augment: AugmentConfig,
        noise: NoiseConfig | None, camera: RandomCameraConfig, key: tuple[int, ...],
        pans: bool = False,
    ) -> None:  # fmt: skip
        """key: what all that is drawn depends on besides (epoch, clip): the seed, then the part.
        pans: crops move with the person."""
        self.windows, self.num_frames, self.fps = windows, num_frames, fps
        self.augment, self.noise, self.camera, self.key = augment, noise, camera, key
        self.pans = pans

    def __len__(self) -> int:
        return len(self.windows)

    def generator(self, epoch: int, i_clip: int) -> np.random.Generator:
        """The randomness of one clip in one epoch."""
        return np.random.default_rng((*self.key, epoch, i_clip))

    def see(self, window: Window, rng: np.random.Generator) -> Look:
        """A clip of the window, as its own camera saw it or a random one."""
        look = self._look(window, rng)
        chance = self.augment.cut_off
        if look.is_detected or not chance or rng.random() >= chance:
            return look
        return look._replace(score=look.score * above_edge(look.xy_px, rng))

    def _look(self, window: Window, rng: np.random.Generator) -> Look:
        store, i = window.store, window.i_sequence
        cut = draw_cut(window, self.num_frames, self.augment.time_warp, rng)
        xyz_m = cut.of(store.xyz_of(i))
        is_own_view = rng.random() >= window.random_camera and store.xy_px is not None
        if not is_own_view:
            return self._seen_anew(store, i, xyz_m, rng)
        camera = store.sequences[i].camera
        assert camera is not None, "only sequences with a camera have projected pixels"
        if window.detected and rng.random() < window.detected and store.has_detections(i):
            px, score = detected(store, i, cut)
            if _shows_somebody(px, score):
                return Look(xyz_m, px, score, True, camera, self.pans)
        return self._seen_perfectly(xyz_m, cut.of(store.xy_of(i)), camera)

    def _seen_anew(
        self, store: Store, i_sequence: int, xyz_m: np.ndarray, rng: np.random.Generator
    ) -> Look:
        stored, augment = store.sequences[i_sequence].camera, self.augment
        world = xyz_m if store.frame == "world" else to_world(xyz_m, stored)
        if augment.borrowed_arms and rng.random() < augment.borrowed_arms:
            world = with_arms_of(world, self._donor(rng))
        if augment.borrowed_legs and rng.random() < augment.borrowed_legs:
            world = with_legs_of(world, self._donor(rng))
        if augment.limb_turn_deg:
            world = turn_limbs(world, augment.limb_turn_deg, rng)
        if augment.limb_bend_deg:
            world = bend_limbs(world, augment.limb_bend_deg, rng)
        if augment.bone_scale_std or augment.part_scale_std:
            world = scale_bones(world, augment.bone_scale_std, augment.part_scale_std, rng)
        camera = draw_camera(world, self.camera, self._of_view(store, i_sequence, rng))
        xyz_m = to_camera(world, camera)
        shown = jitter_head(xyz_m, augment.head_jitter_m, rng) if augment.head_jitter_m else xyz_m
        return self._seen_perfectly(xyz_m, project(shown, camera), camera)

    def _seen_perfectly(self, xyz_m: np.ndarray, xy_px: np.ndarray, camera: Camera) -> Look:
        score = np.isfinite(xy_px).all(-1).astype(np.float32)
        return Look(xyz_m, xy_px, score, False, camera, self.pans)

    def _donor(self, rng: np.random.Generator) -> np.ndarray:
        """(T, 17, 3) metres of any clip."""
        window = self.windows[int(rng.integers(len(self.windows)))]
        cut = draw_cut(window, self.num_frames, self.augment.time_warp, rng)
        return cut.of(window.store.xyz_of(window.i_sequence))

    def _of_view(
        self, store: Store, i_sequence: int, rng: np.random.Generator
    ) -> np.random.Generator:
        """What a camera is drawn from: the clip's chance, or that of one of the fixed views.

        Those are a sequence's in whichever part of a training and under whichever source it comes.
        """
        if not self.camera.views:
            return rng
        view = int(rng.integers(self.camera.views))
        paths = [each.path for each in self.windows.stores]
        return np.random.default_rng((self.key[0], paths.index(store.path), i_sequence, view))

    def spoilt(
        self, clean: np.ndarray, fps: float, is_noisy: bool, rng: np.random.Generator
    ) -> np.ndarray:
        """Network input (T, 17, 3) with simulated noise, where wanted, less what is hidden."""
        if is_noisy and self.noise is not None:
            x = add_noise(clean, self.noise, fps, rng)
        else:
            x = clean.copy(order="K")
        x *= ~hidden_joints(len(x), self.augment, rng)[..., None]
        return x


def clean_input(look: Look, crop: Crop) -> np.ndarray:
    """Network input (T, 17, 3) of a clip."""
    return network_input(look.xy_px, look.score, crop)
