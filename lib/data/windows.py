"""Which windows of which stores a training or an evaluation uses."""

import math
from collections.abc import Sequence as Series
from dataclasses import dataclass
from typing import Any

import numpy as np

from lib.config import check_range, configclass
from lib.data.names import refuse_absent
from lib.data.splits import Side, load_split, split_sequences
from lib.data.store import Store, open_store, select
from lib.errors import UserError

MAX_RATE_ERROR = 0.02
"""How far off a config's frame rate every n-th frame of a store may be, as a share."""
_FIELD_OF = {
    "subjects": "subject", "actions": "action", "groups": "group", "without_groups": "group",
    "cameras": "camera_name",
}  # fmt: skip


@configclass
class SourceConfig:
    """One store and which of its sequences to use."""

    store: str
    """Folder such as data/motion3d/fit3d."""
    split: str | None = None
    """Split file such as configs/splits/perfectrep.yaml, seen from the working directory."""
    side: Side = "train"
    """Which side of the split, without which it does nothing; the other keys narrow it further."""
    subjects: list[str] | None = None
    actions: list[str] | None = None
    groups: list[str] | None = None
    cameras: list[str] | None = None
    without_groups: list[str] | None = None
    random_camera: float = 0.0
    """Chance of a random camera instead of the stored view; world-frame stores always get one."""
    detected: float = 0.0
    """Chance that a clip seen by its own camera shows what a detector saw there, where that is
    somebody in half of the frames or more; else the projected joints."""
    repeat: int = 1
    """How often an epoch visits each window."""

    def __post_init__(self) -> None:
        check_range(self, 0, 1, "random_camera", "detected")
        check_range(self, 1, math.inf, "repeat")
        if self.side != "train" and self.split is None:
            raise ValueError(f"side: {self.side} of no split; name one with `split`")


@dataclass(frozen=True)
class Window:
    """A stretch of one sequence to draw clips from."""

    store: Store
    i_sequence: int
    start: int
    stop: int
    step: int
    """Every how many frames one is fed."""
    random_camera: float
    detected: float
    label: int


_ROW = np.dtype([
    ("store", np.int16), ("i_sequence", np.int32), ("start", np.int32), ("stop", np.int32),
    ("step", np.int16), ("random_camera", np.float32), ("detected", np.float32),
    ("label", np.int16),
])  # fmt: skip


@dataclass(frozen=True)
class Windows:
    """Many windows as one table: 26 bytes each, whatever the number of loader processes."""

    rows: np.ndarray
    """(W,) of the fields of a Window, `store` being a place in `stores`."""
    stores: tuple[Store, ...]
    """Last: while a loader that is sent this opens them, no other is started, unless what follows
    is little."""

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: int) -> Window:
        i_store, *others = self.rows[i].item()
        return Window(self.stores[i_store], *others)

    def where(self, kept: np.ndarray) -> "Windows":
        """Those of a mask (W,)."""
        return Windows(self.rows[kept], self.stores)

    @staticmethod
    def joined(parts: Series["Windows"]) -> "Windows":
        """All of several tables, in order."""
        rows, stores = [], []
        for part in parts:
            rows.append(part.rows.copy())
            rows[-1]["store"] += len(stores)
            stores += part.stores
        return Windows(np.concatenate(rows), tuple(stores))


def check_names(store: Store, source: Any) -> None:
    """The store has every name of a source's lists: subjects, actions, groups, cameras.

    A split is for any store and may name more; these are for this one, and a misspelt name would
    be passed over beside others. Raises UserError naming the nearest.
    """
    for key, name_of in _FIELD_OF.items():
        there = {getattr(sequence, name_of) for sequence in store.sequences}
        refuse_absent(str(store.path), key, getattr(source, key, None) or (), there)


def choose(store: Store, source: SourceConfig) -> list[int]:
    """Sequences of a store that a source names, in the store's order.

    Raises UserError if there are none, for a name that the store lacks, or for a split that cannot
    be read or does not fit.
    """
    check_names(store, source)
    chosen = select(store, subjects=source.subjects, actions=source.actions, groups=source.groups)
    if source.split is not None:
        side = set(split_sequences(store, load_split(source.split), source.side))
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


def _check_rate(store: Store, i: int, fps: float) -> None:
    sequence = store.sequences[i]
    step = frame_step(sequence.fps, fps)
    if abs(sequence.fps / step - fps) > MAX_RATE_ERROR * fps:
        raise UserError(
            f"{store.path}: '{sequence.name}' has {sequence.fps:g} frames a second, of which "
            f"no every n-th makes {fps:g}; nearest is {sequence.fps / step:g}: change data.fps, "
            f"or resample (prepare_mocap.py --fps {fps:g})"
        )


def table(
    store: Store, chosen: Series[int], num_frames: int, fps: float | None, repeat: int = 1
) -> Windows:
    """The windows of some sequences of a store, for clips of num_frames at `fps`.

    fps None: every frame, whatever the rate. Raises UserError for a store without clips, too
    short windows or a frame rate that is no part of the store's.
    """
    if store.clips is None:
        raise UserError(f"{store.path}: no clips.npy; run tools/slice_clips.py --store on it")
    steps = np.zeros(len(store.sequences), int)
    every = np.ones(len(store.sequences), int)
    for i in chosen:
        if fps is not None:
            _check_rate(store, i, fps)
        steps[i] = 1 if fps is None else frame_step(store.sequences[i].fps, fps)
        # A weight of 1/n keeps every n-th window of a sequence, from the first on.
        every[i] = max(round(1 / store.sequences[i].weight), 1)
    _check_lengths(store, chosen, (num_frames - 1) * steps + 1)
    clips = np.tile(store.clips, (repeat, 1))
    kept = (steps[clips[:, 0]] > 0) & (_place_in_own(clips[:, 0]) % every[clips[:, 0]] == 0)
    rows = np.zeros(int(kept.sum()), _ROW)
    rows["i_sequence"], rows["start"], rows["stop"] = clips[kept].T
    rows["step"] = steps[rows["i_sequence"]]
    rows["label"] = -1
    return Windows(rows, (store,))


def _place_in_own(i_sequence: np.ndarray) -> np.ndarray:
    """(C,) how many rows before each are of its sequence."""
    order = np.argsort(i_sequence, kind="stable")
    ordered, place = i_sequence[order], np.empty(len(order), int)
    place[order] = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    return place


def _check_lengths(store: Store, chosen: Series[int], needed: np.ndarray) -> None:
    """`needed` (S,) frames can be cut from the windows of the chosen sequences."""
    assert store.clips is not None
    longest = np.zeros(len(store.sequences), int)
    np.maximum.at(longest, store.clips[:, 0], store.clips[:, 2] - store.clips[:, 1])
    for i in chosen:
        if longest[i] < min(needed[i], store.sequences[i].num_frames):
            raise UserError(
                f"{store.path}: windows of {longest[i]} frames, the config needs {needed[i]}; run "
                f"tools/slice_clips.py --store {store.path} --length {needed[i]} "
                f"--stride {max(needed[i] // 3, 1)}"
            )


def list_windows(
    sources: Series[SourceConfig], num_frames: int, fps: float, classes: Series[str] = ()
) -> Windows:
    """All windows of all sources. `num_frames` at `fps` must fit into the store's windows.

    Raises UserError as `table` does, for a store without 3D, or if nothing is selected.
    """
    if not sources:
        raise UserError("sources is empty: name a store to train on")
    parts = []
    for source in sources:
        store = open_store(source.store)
        if store.xyz_m is None:
            raise UserError(f"{source.store}: holds 2D alone; name it under sources_2d instead")
        chosen = choose(store, source)
        if source.detected and not any(map(store.has_detections, chosen)):
            raise UserError(
                f"{source.store}: detected is {source.detected:g}, but no sequence has keypoints "
                "of a detector; add them with tools/add_detections.py, or leave detected out"
            )
        part = table(store, chosen, num_frames, fps, source.repeat)
        labels = [classes.index(s.action) if s.action in classes else -1 for s in store.sequences]
        part.rows["label"] = np.array(labels)[part.rows["i_sequence"]]
        part.rows["random_camera"] = 1.0 if store.frame == "world" else source.random_camera
        part.rows["detected"] = source.detected
        parts.append(part)
    return Windows.joined(parts)
