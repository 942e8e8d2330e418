"""The motion store: whole sequences in memory-mapped arrays, described by one manifest.

A folder data/motion3d/<name>/ or data/motion2d/<name>/ holds

    manifest.json       format number, frame, unit, joint names, array shapes, a record a sequence
    xyz_m.npy           (N, 17, 3) float32 metres, all sequences in a row; NaN = missing joint
    xy_px.npy           (N, 17, 2) float32 pixels, projected, only where sequences have a camera
    extra_m.npy         (N, 8, 3) float32 metres, Fit3D's feet and hands, only where recorded
    detected_px.npy     (N, 17, 2) float32 pixels, what a detector or a person saw
    detected_score.npy  (N, 17) float32, 0 = joint missing, 1 = sure; NaN = nothing was detected in
                        the whole sequence
    clips.npy           (C, 3) int64 (sequence, start, stop), frames inside it; slice_clips.py

A 2D store (frame 'image') has detections alone. The folder is for these files: it is written anew
as a whole.

Windows are views of the arrays, never copies on disk (defect D23). T frames of a sequence.
"""

import os
from collections.abc import Collection, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lib.data.arrays import map_array, read_clips
from lib.data.manifest import (
    ARRAY_SHAPES,
    FRAMES,
    MAKERS,
    MANIFEST,
    Sequence,
    read_manifest,
    read_sequences,
    refuse_foreign,
    write_manifest,
)
from lib.data.streams import GrowingArray
from lib.errors import UserError
from lib.files import folder_aside
from lib.geometry import camera_to_world


class Recording(NamedTuple):
    """What `write_store` takes: a sequence (its rows are ignored) and its arrays over T frames."""

    sequence: Sequence
    xyz_m: np.ndarray | None = None
    """(T, 17, 3)"""
    xy_px: np.ndarray | None = None
    """(T, 17, 2)"""
    extra_m: np.ndarray | None = None
    """(T, 8, 3)"""
    detected_px: np.ndarray | None = None
    """(T, 17, 2)"""
    detected_score: np.ndarray | None = None
    """(T, 17)"""


@dataclass(frozen=True)
class Store:
    """An opened store; arrays are read-only memory maps."""

    path: Path
    frame: str
    """'camera' (x right, y down, z forward) or 'world' (Z up): what xyz_m and extra_m are in;
    'image': there is no 3D."""
    sequences: tuple[Sequence, ...]
    xyz_m: np.ndarray | None = None
    """(N, 17, 3)"""
    xy_px: np.ndarray | None = None
    """(N, 17, 2)"""
    extra_m: np.ndarray | None = None
    """(N, 8, 3), joints EXTRA_JOINTS"""
    detected_px: np.ndarray | None = None
    """(N, 17, 2)"""
    detected_score: np.ndarray | None = None
    """(N, 17)"""
    clips: np.ndarray | None = None
    """(C, 3) rows (sequence, start, stop)"""

    def __reduce__(self) -> tuple:
        # A process that loads clips opens the store itself instead of being sent the arrays.
        return open_store, (self.path, self.clips is not None)

    def _rows(self, i_sequence: int) -> slice:
        return slice(self.sequences[i_sequence].start, self.sequences[i_sequence].stop)

    def xyz_of(self, i_sequence: int) -> np.ndarray:
        """(T, 17, 3) metres in the store's frame. Raises UserError in a 2D store."""
        if self.xyz_m is None:
            raise UserError(f"{self.path}: holds 2D alone; this needs a store with 3D")
        return self.xyz_m[self._rows(i_sequence)]

    def xy_of(self, i_sequence: int) -> np.ndarray:
        """(T, 17, 2) pixels. Raises UserError in a store without cameras."""
        if self.xy_px is None:
            raise UserError(f"{self.path}: has no xy_px.npy; this needs a store with cameras")
        return self.xy_px[self._rows(i_sequence)]

    def extra_of(self, i_sequence: int) -> np.ndarray:
        """(T, 8, 3) metres, feet and hands. Raises UserError in a store without them."""
        if self.extra_m is None:
            raise UserError(f"{self.path}: has no extra_m.npy; this needs Fit3D's feet and hands")
        return self.extra_m[self._rows(i_sequence)]

    def has_detections(self, i_sequence: int) -> bool:
        """Whether somebody was detected in the sequence."""
        first, score = self.sequences[i_sequence].start, self.detected_score
        return score is not None and not bool(np.isnan(score[first, 0]))

    def detected_of(self, i_sequence: int) -> tuple[np.ndarray, np.ndarray]:
        """Detected pixels (T, 17, 2) and scores (T, 17). Raises UserError in a store without."""
        if self.detected_px is None or self.detected_score is None:
            raise UserError(f"{self.path}: has no detections; run tools/add_detections.py on it")
        return self.detected_px[self._rows(i_sequence)], self.detected_score[self._rows(i_sequence)]

    def world_of(self, i_sequence: int) -> np.ndarray:
        """(T, 17, 3) metres, Z up, in float64."""
        xyz = np.asarray(self.xyz_of(i_sequence), np.float64)
        camera = self.sequences[i_sequence].camera
        if self.frame == "world":
            return xyz
        assert camera is not None, "open_store lets no camera-frame sequence through without one"
        return camera_to_world(xyz, camera)


def select(
    store: Store,
    *,
    subjects: Collection[str] | None = None,
    actions: Collection[str] | None = None,
    groups: Collection[str] | None = None,
) -> list[int]:
    """Indices of the sequences whose names are exactly among those given; None = any."""
    wanted = {"subject": subjects, "action": actions, "group": groups}
    for key, names in wanted.items():
        if isinstance(names, str):  # `in` would match substrings (defect T20)
            raise TypeError(f"{key}s must be a collection of names, got the string {names!r}")
    return [
        i
        for i, sequence in enumerate(store.sequences)
        if all(n is None or getattr(sequence, key) in n for key, n in wanted.items())
    ]


def open_store(path: str | os.PathLike, with_clips: bool = True) -> Store:
    """Open a store, checking format, shapes and rows. Raises UserError naming the folder.

    with_clips=False leaves clips.npy alone.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    sequences = read_sequences(folder, manifest)
    num_rows = sequences[-1].stop if sequences else 0
    if not num_rows:
        raise UserError(f"{folder}: holds no sequence; {MAKERS}")
    arrays = {
        name: map_array(folder / f"{name}.npy", (num_rows, *shape), np.float32)
        for name, shape in ARRAY_SHAPES.items()
        if name in manifest["arrays"]
    }
    clips = read_clips(folder / "clips.npy", sequences) if with_clips else None
    return Store(folder, manifest["frame"], sequences, clips=clips, **arrays)


def _arrays(recording: Recording) -> dict[str, np.ndarray]:
    values = zip(ARRAY_SHAPES, recording[1:], strict=True)
    return {name: value for name, value in values if value is not None}


def _check_score(where: str, score: np.ndarray, frame: str) -> None:
    if np.isnan(score).all():
        return
    if np.isnan(score).any():
        wanted = "0 = joint missing, NaN throughout = nothing detected"
        raise ValueError(f"{where}: detected_score is NaN in part; {wanted}")
    low, high = score.min(), score.max()
    if frame == "image" and not 0 <= low <= high <= 1:
        wanted = "0 (missing) to 1 (sure) would do"
        raise ValueError(f"{where}: detected_score runs from {low:.3g} to {high:.3g}; {wanted}")


def _check_recording(recording: Recording, names: list[str], frame: str) -> dict[str, np.ndarray]:
    sequence, arrays = recording.sequence, _arrays(recording)
    if list(arrays) != names:
        raise ValueError(f"sequence '{sequence.name}' has {list(arrays)}, the first has {names}")
    num_frames = len(arrays[names[0]])
    for name, array in arrays.items():
        if array.shape != (num_frames, *ARRAY_SHAPES[name]) or num_frames == 0:
            wanted = f"({num_frames or 'frames'}, {str(ARRAY_SHAPES[name])[1:]}"
            text = f"{name} has shape {array.shape}, expected {wanted}"
            raise ValueError(f"sequence '{sequence.name}': {text}")
    if "detected_score" in arrays:
        _check_score(f"sequence '{sequence.name}'", arrays["detected_score"], frame)
    return arrays


def _write_arrays(
    folder: Path, frame: str, recordings: Iterable[Recording]
) -> tuple[list[Sequence], dict]:
    """Stream recordings into the array files. Returns sequences with rows, and shapes by name."""
    sequences: list[Sequence] = []
    writers: dict[str, GrowingArray] = {}
    with ExitStack() as stack:
        for given in recordings:
            recording = Recording(*given)
            if not sequences:
                for name in _arrays(recording):
                    file = stack.enter_context((folder / f"{name}.npy").open("wb"))
                    writers[name] = GrowingArray(file, ARRAY_SHAPES[name])
            start = sequences[-1].stop if sequences else 0
            arrays = _check_recording(recording, list(writers), frame)
            for name, array in arrays.items():
                writers[name].append(array)
            stop = start + len(next(iter(arrays.values())))
            sequences.append(replace(recording[0], start=start, stop=stop))
        for writer in writers.values():
            writer.finish()
    return sequences, {name: (w.num_rows, *w.shape) for name, w in writers.items()}


def write_store(
    path: str | os.PathLike,
    frame: str,
    recordings: Iterable[Recording],
    clips: np.ndarray | None = None,
) -> int:
    """Write a store aside and rename it into place; an interrupted write leaves the old one.

    frame: 'camera', 'world' or 'image'. Recordings are consumed one by one, all with the same
    arrays. clips (C, 3): a table that goes with them. Returns the number of sequences. Raises
    UserError if there is none or one could not be read again, or the folder cannot be written or
    holds other things, ValueError for shapes and scores that do not fit.
    """
    if frame not in FRAMES:
        raise ValueError(f"frame {frame!r}: one of {FRAMES} expected")
    target = Path(path)
    refuse_foreign(target)
    with folder_aside(target, marker=MANIFEST) as aside:
        sequences, shapes = _write_arrays(aside, frame, recordings)
        if not sequences:
            raise UserError(f"{target}: no sequence to write; check the source and the selection")
        write_manifest(aside, frame, sequences, shapes, target)
        if clips is not None:
            np.save(aside / "clips.npy", clips)
    return len(sequences)
