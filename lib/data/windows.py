"""Which windows of which stores a training or an evaluation uses."""

import math
from collections.abc import Sequence as Series
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lib.config import check_range, configclass
from lib.data.splits import load_split, split_sequences
from lib.data.store import Store, open_store, select
from lib.errors import UserError

MAX_RATE_ERROR = 0.02
"""How far off a config's frame rate every n-th frame of a store may be, as a share."""


@configclass
class SourceConfig:
    """One store and which of its sequences to use."""

    store: str
    """Folder such as data/motion3d/fit3d."""
    split: str | None = None
    """Split file such as configs/splits/perfectrep.yaml, seen from the working directory."""
    side: Literal["train", "test"] = "train"
    """Which side of the split; the other keys narrow it further."""
    subjects: list[str] | None = None
    actions: list[str] | None = None
    groups: list[str] | None = None
    cameras: list[str] | None = None
    without_groups: list[str] | None = None
    random_camera: float = 0.0
    """Chance of a random camera instead of the stored view; world-frame stores always get one."""
    repeat: int = 1
    """How often an epoch visits each window."""

    def __post_init__(self) -> None:
        check_range(self, 0, 1, "random_camera")
        check_range(self, 1, math.inf, "repeat")


@dataclass(frozen=True)
class Window:
    """A stretch of one sequence to draw clips from."""

    store: Store
    i_sequence: int
    start: int
    stop: int
    random_camera: float
    label: int


def choose(store: Store, source: SourceConfig) -> list[int]:
    """Sequences of a store that a source names, in the store's order.

    Raises UserError if there are none, or for a split that cannot be read or does not fit.
    """
    chosen = select(store, subjects=source.subjects, actions=source.actions, groups=source.groups)
    if source.split is not None:
        train, test = split_sequences(store, load_split(source.split))
        side = set(train if source.side == "train" else test)
        chosen = [i for i in chosen if i in side]
    left_out, cameras = set(source.without_groups or ()), source.cameras
    chosen = [
        i
        for i in chosen
        if store.sequences[i].group not in left_out
        and (cameras is None or store.sequences[i].camera_name in cameras)
    ]
    if not chosen:
        of_split = f" on the {source.side} side of {source.split}" if source.split else ""
        raise UserError(
            f"{source.store}: no sequence has these subjects, actions, groups, cameras{of_split}"
        )
    return chosen


def frame_step(fps_store: float, fps: float) -> int:
    """Every how many frames of a store make `fps`, nearly."""
    return max(round(fps_store / fps), 1)


def _check_windows(store: Store, chosen: set[int], num_frames: int, fps: float) -> None:
    """`num_frames` at `fps` can be cut from the windows of the chosen sequences."""
    assert store.clips is not None
    longest = np.zeros(len(store.sequences), int)
    np.maximum.at(longest, store.clips[:, 0], store.clips[:, 2] - store.clips[:, 1])
    for i in sorted(chosen):
        sequence = store.sequences[i]
        step = frame_step(sequence.fps, fps)
        if abs(sequence.fps / step - fps) > MAX_RATE_ERROR * fps:
            raise UserError(
                f"{store.path}: '{sequence.name}' has {sequence.fps:g} frames a second, of which "
                f"no every n-th makes {fps:g}; nearest is {sequence.fps / step:g}: change data.fps"
            )
        needed = (num_frames - 1) * step + 1
        if longest[i] < min(needed, sequence.num_frames):
            raise UserError(
                f"{store.path}: windows of {longest[i]} frames, the config needs {needed}; run "
                f"tools/slice_clips.py --length {needed}"
            )


def list_windows(
    sources: Series[SourceConfig], num_frames: int, fps: float, classes: Series[str] = ()
) -> list[Window]:
    """All windows of all sources. `num_frames` at `fps` must fit into the store's windows.

    Raises UserError for a store without clips, too short windows, a frame rate that is no part of
    the store's, or nothing selected.
    """
    windows = []
    for source in sources:
        store = open_store(source.store)
        if store.clips is None:
            raise UserError(f"{source.store}: no clips.npy; run tools/slice_clips.py --store on it")
        chosen = set(choose(store, source))
        _check_windows(store, chosen, num_frames, fps)
        chance = 1.0 if store.frame == "world" else source.random_camera
        for i_clip, (i_sequence, start, stop) in enumerate(store.clips.tolist() * source.repeat):
            sequence = store.sequences[i_sequence]
            # A weight of 1/n keeps every n-th window.
            if i_sequence not in chosen or i_clip % max(round(1 / sequence.weight), 1):
                continue
            action = sequence.action
            label = classes.index(action) if action in classes else -1
            windows.append(Window(store, i_sequence, start, stop, chance, label))
    return windows
