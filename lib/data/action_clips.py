"""Clips for classification: a store's windows become (2D input, class), seeded per sample.

T frames, J = 17 joints, C = (x, y, confidence).
"""

import math
from collections.abc import Sequence as Series
from dataclasses import field
from functools import lru_cache
from pathlib import Path

import numpy as np

from lib.config import check_range, configclass
from lib.data.arms import with_arms_of
from lib.data.augment import AugmentConfig, move_and_scale
from lib.data.cut import ClipDataset, Look, check_bodies, clean_input, draw_cut
from lib.data.datasets import Clip, blank
from lib.data.fit3d import ACTIONS
from lib.data.manifest import Sequence
from lib.data.names import refuse_absent
from lib.data.noise import NoiseConfig
from lib.data.store import Store
from lib.data.synthetic.motions import EXTRA_ACTIONS
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig, Window, Windows, list_windows
from lib.errors import UserError
from lib.geometry import mirror

MIN_SHARE_OF_REPS = 0.5
"""A window of a sequence with rep marks counts as its exercise from this share between them."""


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


@configclass
class OtherConfig:
    """The class of everything that is no exercise of the list, so that it is not called one."""

    name: str = "other"
    """Its name among `classes`."""
    actions: list[str] = field(default_factory=list)
    """Exact names that are 'other' in the run's own sources; what is not listed is left out."""
    sources: list[SourceConfig] = field(default_factory=list)
    """Stores that are 'other' throughout, in training and wherever else they are named."""
    lifts: dict[str, str] = field(default_factory=dict)
    """Labels in `sources` that are one of the classes after all."""
    left_out: list[str] = field(default_factory=list)
    """Labels in `sources` that are neither: recordings of many things."""
    borrowed_arms: dict[str, float] = field(default_factory=dict)
    """Class -> chance that its clip gets the arms of a clip of 'other': for what is done with any
    arms, so that these do not give it away."""
    share: float = 0.5
    """Part of an epoch's clips; there may be many times more, drawn anew every epoch."""
    threshold: float = 0.5
    """Probability from which a window counts as sure of an exercise; 'other' below."""

    def __post_init__(self) -> None:
        check_range(self, 0, 0.99, "share")
        check_range(self, 0, 1, "threshold")
        if any(not 0 <= chance <= 1 for chance in self.borrowed_arms.values()):
            raise ValueError(f"borrowed_arms must be chances from 0 to 1, not {self.borrowed_arms}")


def class_of(
    action: str, store: str | Path, classes: Series[str], other: OtherConfig | None
) -> str | None:
    """Class of a sequence by its exact action (defect T20) and its store; None = left out.

    A store is one of `other.sources` by whatever path it is named.
    """
    if other and Path(store).resolve() in {Path(each.store).resolve() for each in other.sources}:
        return None if action in other.left_out else other.lifts.get(action, other.name)
    if other is not None and action in other.actions:
        return other.name
    return action if action in classes else None


def _check_labels(other: OtherConfig, own: Series[Store], others: Series[Store]) -> None:
    """Some sequence of other's stores has each label of `lifts` and `left_out`.

    A misspelt one would leave what it means under 'other', real squats for one. `actions` are those
    of the run's own stores; there an exercise of Fit3D's or of its made-up kind may be absent.
    Raises UserError naming the nearest.
    """
    known = {sequence.action for store in own for sequence in store.sequences}
    known = known.union(ACTIONS, EXTRA_ACTIONS)
    refuse_absent("sources", "other.actions", other.actions, known)
    there = {sequence.action for store in others for sequence in store.sequences}
    where = ", ".join(str(store.path) for store in others) or "other.sources"
    for key, names in (("lifts", other.lifts), ("left_out", other.left_out)):
        refuse_absent(where, f"other.{key}", names, there)


def shows_reps(sequence: Sequence, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
    """Whether frames start to stop (N,) lie mostly between the sequence's rep marks, if any."""
    if not sequence.reps:
        return np.ones(len(start), bool)
    inside = np.minimum(stop, sequence.reps[-1]) - np.maximum(start, sequence.reps[0])
    return inside >= MIN_SHARE_OF_REPS * (stop - start)


def _labelled(windows: Windows, classes: Series[str], other: OtherConfig | None) -> Windows:
    """Windows of the classes with their labels. Raises UserError for a class without any."""
    rows = windows.rows.copy()
    rows["label"] = -1
    keys, which = np.unique(rows[["store", "i_sequence"]], return_inverse=True)
    order = np.argsort(which, kind="stable")
    all_own = np.split(order, np.searchsorted(which[order], np.arange(1, len(keys))))
    for (i_store, i_sequence), own in zip(keys.tolist(), all_own, strict=False):
        store = windows.stores[i_store]
        sequence = store.sequences[i_sequence]
        name = class_of(sequence.action, store.path, classes, other)
        if name is not None:
            own = own[shows_reps(sequence, rows["start"][own], rows["stop"][own])]
            rows["label"][own] = classes.index(name)
    missing = [name for i, name in enumerate(classes) if i not in rows["label"]]
    if missing:
        raise UserError(f"no clip of {', '.join(missing)} in the data; prepare that action")
    return Windows(rows[rows["label"] >= 0], windows.stores)


@lru_cache(maxsize=4)
def _order(num: int, seed: int, i_round: int) -> np.ndarray:
    return np.random.default_rng((seed, i_round, num)).permutation(num)


class ActionClips(ClipDataset):
    """Windows as (2D input, class). Sequences of no class are left out.

    An epoch has all windows of the exercises and as many of 'other' as its share asks for, taken
    in turn from a shuffled list of them all. Raises UserError as `list_windows` does, for a class
    without clips, and for a label in `other` that its stores lack.
    """

    def __init__(
        self, sources: Series[SourceConfig], clip: ActionClipConfig, classes: Series[str],
        augment: AugmentConfig, noise: NoiseConfig | None, camera: RandomCameraConfig, seed: int,
        other: OtherConfig | None = None,
    ) -> None:  # fmt: skip
        fps = clip.fps / clip.frame_step
        listed = [*sources, *(other.sources if other else ())]
        windows = list_windows(listed, clip.num_frames, fps)
        if other:
            _check_labels(other, windows.stores[: len(sources)], windows.stores[len(sources) :])
        check_bodies(windows, augment)
        windows = _labelled(windows, classes, other)
        label = classes.index(other.name) if other else -1
        self.others = windows.where(windows.rows["label"] == label)
        lifts = windows.where(windows.rows["label"] != label)
        super().__init__(lifts, clip.num_frames, fps, augment, noise, camera, (seed,))
        share = other.share if other else 0.0
        self.num_others = round(share / (1 - share) * len(lifts)) if len(self.others) else 0
        arms = other.borrowed_arms if other else {}
        self.arms = {classes.index(name): chance for name, chance in arms.items()}
        self.clip, self.seed = clip, seed

    def __len__(self) -> int:
        return len(self.windows) + self.num_others

    def window(self, epoch: int, i_clip: int) -> Window:
        """What a clip of an epoch is cut from."""
        if i_clip < len(self.windows):
            return self.windows[i_clip]
        turn = epoch * self.num_others + i_clip - len(self.windows)
        i_round, place = divmod(turn, len(self.others))
        return self.others[_order(len(self.others), self.seed, i_round)[place]]

    def _look(self, window: Window, rng: np.random.Generator) -> Look:
        # With others' arms it is seen by a random camera.
        chance = self.arms.get(window.label, 0.0)
        if not chance or rng.random() >= chance:
            return super()._look(window, rng)
        donor = self.others[int(rng.integers(len(self.others)))]
        bodies = [
            draw_cut(w, self.num_frames, self.augment.time_warp, rng).of(
                w.store.xyz_of(w.i_sequence)
            )
            for w in (window, donor)
        ]
        return self._seen_anew(window.store, window.i_sequence, with_arms_of(*bodies), rng)

    def padding(self) -> Clip:
        """A clip that counts for nothing."""
        return blank(self.num_frames)

    def __getitem__(self, index: tuple[int, int]) -> Clip:
        epoch, i_clip = index
        rng = self.generator(epoch, i_clip)
        window = self.window(epoch, i_clip)
        look = self.see(window, rng)
        x = self.spoilt(clean_input(look, look.crop), self.fps, not look.is_detected, rng)
        if self.clip.shift or self.clip.scale != (1.0, 1.0):
            x = move_and_scale(x, self.clip.scale, self.clip.shift, rng)
        if rng.random() < self.augment.flip:
            x = mirror(x)
        return blank(self.num_frames)._replace(x=x, label=window.label)
