"""manifest.json of a motion store: what its arrays hold, one record a sequence."""

from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from lib.errors import UserError
from lib.geometry import Camera
from lib.pose import FRAMES as POSE_FRAMES
from lib.skeleton import FIT3D25, JOINTS, NUM_JOINTS

MANIFEST = "manifest.json"
FORMAT = 1
EXTRA_JOINTS = FIT3D25.joints[NUM_JOINTS:]
"""Names of the feet and hand points in extra_m.npy."""
FRAMES = (*POSE_FRAMES, "image")
"""What the coordinates of a store are in; 'image' = a 2D store, pixels alone."""
UNITS = {"camera": "metre", "world": "metre", "image": "pixel"}
ARRAY_SHAPES = {
    "xyz_m": (NUM_JOINTS, 3),
    "xy_px": (NUM_JOINTS, 2),
    "extra_m": (len(EXTRA_JOINTS), 3),
    "detected_px": (NUM_JOINTS, 2),
    "detected_score": (NUM_JOINTS,),
}
"""Arrays of a store and the shape of one frame."""
_OWN = {MANIFEST, "clips.npy", ".DS_Store", *(f"{name}.npy" for name in ARRAY_SHAPES)}
"""With what macOS leaves in every folder that is looked at."""
_STOPPED = ".part-*.npy"
"""What a stopped tools/slice_clips.py leaves."""
MAKERS = "make it with tools/prepare_fit3d.py or another tools/prepare_*.py"


@dataclass(frozen=True)
class Sequence:
    """One recording of one person from one camera (or from none, in a world-frame store)."""

    name: str
    subject: str
    action: str
    group: str
    """What a split must keep together."""
    start: int
    """First row in the arrays; filled in by `write_store`."""
    stop: int
    """Row behind the last."""
    fps: float
    camera: Camera | None = None
    camera_name: str = ""
    reps: tuple[int, ...] = ()
    """Frames inside the sequence that bound consecutive reps: n + 1 marks for n reps, or none."""
    terms: str = ""
    """Licence or terms of the recording."""
    weight: float = 1.0
    """1 = all its windows are trained on, 1/n = every n-th, from the first on."""

    @property
    def num_frames(self) -> int:
        return self.stop - self.start


_KINDS = {
    **dict.fromkeys(("name", "subject", "action", "group", "camera_name", "terms"), str),
    **dict.fromkeys(("start", "stop"), int),
    **dict.fromkeys(("fps", "weight"), (int, float)),
}


_CAMERA_SHAPES = {
    "R": (3, 3), "T": (3,), "f": (2,), "c": (2,), "k": (3,), "p": (2,), "size_px": (2,),
}  # fmt: skip


def _camera(record: dict[str, Any]) -> Camera:
    arrays = {key: np.array(value, np.float64) for key, value in record.items()}
    for key, array in arrays.items():
        wanted = _CAMERA_SHAPES[key]
        if array.shape != wanted:
            raise ValueError(f"camera's {key} has shape {array.shape}, {wanted} would do")
        if not np.isfinite(array).all():
            raise ValueError(f"camera's {key} is {record[key]}")
    del arrays["size_px"]
    return Camera(**arrays, size_px=tuple(record["size_px"]))


def _reps(marks: Any, num_frames: int) -> tuple[int, ...]:
    # The last may lie behind the last frame, as the end of a range does.
    inside = all(type(mark) is int and 0 <= mark <= num_frames for mark in marks)
    if not inside or any(after <= before for before, after in pairwise(marks)):
        raise ValueError(f"reps is {marks!r}, frames that increase up to {num_frames} would do")
    return tuple(marks)


def _decode(record: dict[str, Any]) -> Sequence:
    fields = dict(record)
    for key in fields.keys() & _KINDS:
        if not isinstance(fields[key], _KINDS[key]):
            raise TypeError(f"{key} is {fields[key]!r}")
    fields["reps"] = _reps(fields["reps"], fields["stop"] - fields["start"])
    if fields["camera"] is not None:
        fields["camera"] = _camera(dict(fields["camera"]))
    return Sequence(**fields)


def _check_arrays(where: str, frame: str, arrays: Any, remedy: str) -> None:
    needed = ("detected_px", "detected_score") if frame == "image" else ("xyz_m",)
    absent = [name for name in needed if not isinstance(arrays, dict) or name not in arrays]
    if absent:
        raise UserError(f"{where}: a store in frame '{frame}' needs {', '.join(absent)}; {remedy}")


def read_manifest(folder: Path) -> dict[str, Any]:
    """Manifest of a store, its format, frame, unit and skeleton checked. Raises UserError."""
    path = folder / MANIFEST
    try:
        manifest = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"{folder}: no motion store there ({error.strerror}); {MAKERS}") from error
    except orjson.JSONDecodeError as error:
        raise UserError(f"{path}: damaged ({error}); {MAKERS}") from error
    found = manifest.get("format") if isinstance(manifest, dict) else None
    if found != FORMAT:
        raise UserError(f"{path}: format {found}, this version reads {FORMAT}; {MAKERS}")
    frame = manifest.get("frame")
    if frame not in FRAMES or manifest.get("unit") != UNITS[frame]:
        raise UserError(
            f"{path}: 'frame' must be one of {FRAMES} and 'unit' metre (image: pixel); {MAKERS}"
        )
    _check_arrays(str(path), frame, manifest.get("arrays"), MAKERS)
    if manifest.get("joints") != list(JOINTS):
        raise UserError(f"{path}: another skeleton; 'joints' must be {' '.join(JOINTS)}")
    return manifest


def read_sequences(folder: Path, manifest: dict[str, Any]) -> tuple[Sequence, ...]:
    """The sequences of a manifest, checked to follow each other row by row. Raises UserError."""
    return _sequences(str(folder / MANIFEST), manifest, MAKERS)


def _decoded(where: str, records: Any, remedy: str) -> tuple[Sequence, ...]:
    record, sequences = None, []
    try:
        for record in records:
            sequences.append(_decode(record))
    except (KeyError, TypeError, ValueError) as error:
        name = f" of '{record['name']}'" if isinstance(record, dict) and "name" in record else ""
        text = f"{where}: damaged sequence record{name} ({error}); {remedy}"
        raise UserError(text) from error
    return tuple(sequences)


def _sequences(where: str, manifest: dict[str, Any], remedy: str) -> tuple[Sequence, ...]:
    sequences = _decoded(where, manifest.get("sequences"), remedy)
    next_row = 0
    for sequence in sequences:
        if sequence.start != next_row or sequence.stop <= sequence.start or not sequence.fps > 0:
            raise UserError(
                f"{where}: sequence '{sequence.name}' has rows {sequence.start} to "
                f"{sequence.stop} at {sequence.fps} fps, expected rows from {next_row}; {remedy}"
            )
        if not 0 < sequence.weight <= 1:
            raise UserError(
                f"{where}: sequence '{sequence.name}' has weight {sequence.weight:g}, above 0 and "
                "up to 1 would do; a source leaves it out by name and sees it again by 'repeat'"
            )
        if manifest["frame"] == "camera" and sequence.camera is None:
            raise UserError(f"{where}: sequence '{sequence.name}' has no camera; {remedy}")
        next_row = sequence.stop
    return sequences


def refuse_foreign(folder: Path) -> None:
    """A store is written over only if nothing else is in its folder, which goes as a whole.

    Raises UserError naming the first thing that is not a store's. A folder without a manifest is
    left to `folder_aside`, which takes an empty one alone.
    """
    path = folder / MANIFEST
    if not path.exists():
        return
    try:
        manifest = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        manifest = None
    if not isinstance(manifest, dict) or not {"format", "frame"} <= manifest.keys():
        raise UserError(f"{path}: is no store's; choose a new or empty folder")
    for entry in sorted(folder.iterdir()):
        if entry.name not in _OWN and not entry.match(_STOPPED):
            raise UserError(
                f"{entry}: is no part of the store, which is written anew; move it elsewhere, or "
                "choose a new or empty folder"
            )


def write_manifest(
    folder: Path, frame: str, sequences: list[Sequence], shapes: dict[str, tuple[int, ...]],
    target: Path,
) -> None:  # fmt: skip
    """Write the manifest; shapes are those of the arrays, by name.

    Raises UserError, for the store `target`, of what could not be read again.
    """
    manifest = {
        "format": FORMAT, "frame": frame, "unit": UNITS[frame], "joints": JOINTS,
        "extra_joints": EXTRA_JOINTS if "extra_m" in shapes else (), "arrays": shapes,
        "sequences": [asdict(sequence) for sequence in sequences],
    }  # fmt: skip
    options = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_INDENT_2
    # orjson itself takes only arrays whose rows lie one after the other.
    content = orjson.dumps(manifest, default=np.ndarray.tolist, option=options)
    where, remedy = f"{target}: not written", "correct what is to be stored"
    _check_arrays(where, frame, shapes, remedy)
    _sequences(where, orjson.loads(content), remedy)
    (folder / MANIFEST).write_bytes(content)
