"""InstaVariety: people in short videos, found by a detector, in the two forms that are around.

Pair: `motion_all.npy` (N, 17, 3), working joints as x, y, confidence, and `id_all.npy` (N,), a
clip id each frame. Its coordinates are a box's, about -1 to 1, a box a clip; nothing tells frames
that are missing, so a clip is taken as whole.
Tracks: `<action>/<video>/<clip>/*.json`, a file a frame, {"R Hip": {x, y, logits}, ...}.
Neither has spine and head.

T frames of a clip, J = 17 working joints.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from lib.data.alphapose import LARGEST, numbers_in
from lib.data.detections import picture_numbers
from lib.data.json_files import read_json
from lib.data.pieces import Quality, clamped, recordings_of
from lib.data.store import Recording, Sequence
from lib.errors import UserError
from lib.skeleton import JOINTS, LIMB_JOINTS, NUM_JOINTS, indices

MOTION, IDS = "motion_all.npy", "id_all.npy"
TERMS = "InstaVariety: as given by the data set"
ABSENT = ("spine", "head")
PX_PER_UNIT = 500.0
"""Pixels for one unit of a pair in box coordinates, so that its people are of a usual size."""
MAX_BOX = 2.0
"""Coordinates of a pair in box coordinates reach from -2 to 2, seen from the first root."""
_NUM_KNOWN = NUM_JOINTS - len(ABSENT)
_BLOCK = 5_000


def key_of(joint: str) -> str:
    """Name in the track files: 'rhip' -> 'R Hip', 'root' -> 'Hip'."""
    if joint == "root":
        return "Hip"
    is_sided = joint in LIMB_JOINTS
    return f"{joint[0].upper()} {joint[1:].title()}" if is_sided else joint.title()


KEYS = tuple("" if joint in ABSENT else key_of(joint) for joint in JOINTS)
"""Key of each working joint in the track files; '' for those that are not in them."""


def _map(path: Path, dtypes: str) -> np.ndarray:
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: cannot read ({error}); {MOTION} (frames, 17, 3) and {IDS} (frames,) of "
            "numbers would do"
        ) from error
    if array.dtype.kind not in dtypes:
        raise UserError(f"{path}: holds {array.dtype}, numbers would do")
    return array


def _open_pair(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    motion, ids = _map(folder / MOTION, "f"), _map(folder / IDS, "iufU")
    if motion.ndim != 3 or motion.shape[1:] != (NUM_JOINTS, 3) or not len(motion):
        raise UserError(f"{folder / MOTION}: has shape {motion.shape}, expected (frames, 17, 3)")
    if ids.reshape(-1).shape != (len(motion),):
        raise UserError(f"{folder / IDS}: has shape {ids.shape}, {MOTION} {len(motion)} frames")
    return motion, ids.reshape(-1)


def _scale(motion: np.ndarray) -> float:
    """PX_PER_UNIT for box coordinates, 1 for pixels."""
    blocks = range(0, len(motion), _BLOCK)
    is_px = any((np.abs(motion[i : i + _BLOCK, :, :2]) > MAX_BOX).any() for i in blocks)
    return 1.0 if is_px else PX_PER_UNIT


def pair_clips(folder: Path) -> np.ndarray:
    """(C, 2) first row and row behind the last of each run of one id. Raises UserError."""
    _, ids = _open_pair(folder)
    starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1]))
    return np.stack([starts, np.append(starts[1:], len(ids))], 1)


def read_pair(
    folder: Path, clips: np.ndarray, fps: float, quality: Quality, tally: Counter[str]
) -> Iterator[Iterator[Recording]]:
    """For each of the clips (see `pair_clips`) its sequences; one clip is in memory at a time.

    An id that comes back later is another clip of it: what lies between is not known.
    """
    motion, ids = _open_pair(folder)
    scale = _scale(motion)
    times: Counter[str] = Counter()
    for start, stop in clips.tolist():
        label = _label(ids[start])
        times[label] += 1
        name = label if times[label] == 1 else f"{label}/again{times[label] - 1}"
        sequence = Sequence(name, label, "", label, 0, 0, fps, terms=TERMS)
        frames = np.array(motion[start:stop], np.float64)
        yield _clip(sequence, np.arange(stop - start), frames, quality, tally, scale)


def _label(value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{float(value):.0f}"


def _clip(
    sequence: Sequence, numbers: np.ndarray, frames: np.ndarray, quality: Quality,
    tally: Counter[str], scale: float = 1.0,
) -> Iterator[Recording]:  # fmt: skip
    """Sequences of one clip; frames (T, 17, 3) x, y, confidence."""
    score = clamped(frames[..., 2], tally)
    score[:, indices(*ABSENT)] = 0
    score = np.where((np.abs(frames[..., :2]) < LARGEST).all(-1), score, 0.0)
    return recordings_of(
        sequence, numbers, scale * frames[..., :2], score, quality, tally, _NUM_KNOWN
    )


def read_clip(
    folder: Path, files: list[str], fps: float, quality: Quality, tally: Counter[str]
) -> Iterator[Recording]:
    """Sequences of one clip of tracks, files: its JSON files, numbered by their names.

    Video and action are the two folders above. Raises UserError naming file and joint.
    """
    numbers = picture_numbers(list(files), folder)
    rows = np.argsort(numbers)
    values = np.stack([_frame(folder / files[i]) for i in rows])
    video, action = folder.parent.name, folder.parent.parent.name
    sequence = Sequence(
        f"{action}/{video}/{folder.name}", folder.name, action, f"{action}/{video}", 0, 0, fps,
        terms=TERMS,
    )  # fmt: skip
    return _clip(sequence, numbers[rows], values, quality, tally)


def _frame(path: Path) -> np.ndarray:
    """(17, 3) x, y, logits; 0 where a joint is not in the file."""
    content = read_json(path)
    if not isinstance(content, dict) or not content.keys() & (set(KEYS) - {""}):
        if isinstance(content, dict) and "people" in content:
            raise UserError(
                f"{path}: OpenPose's, but not called <name>_<12 digits>_keypoints.json as the "
                "frames of a video are; run it with --video, or rename the files in their order"
            )
        raise UserError(f"{path}: has none of the joints {', '.join(filter(None, KEYS))}")
    points = np.zeros((len(KEYS), 3))
    for i, key in enumerate(KEYS):
        if key in content:
            try:
                points[i] = numbers_in([[content[key][name] for name in ("x", "y", "logits")]])
            except (KeyError, TypeError) as error:
                raise UserError(f"{path}: '{key}' lacks x, y or logits; leave it out") from error
            if np.isnan(points[i]).any():
                raise UserError(f"{path}: x, y or logits of '{key}' is no number; leave it out")
    return points
