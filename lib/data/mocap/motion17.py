"""Reading motion capture in the 'motion17' form: 17 joints already, in metres.

A motion17 folder holds xyz_m.npy (N, 17, 3), metres, world frame, Z up, NaN = missing joint, and
sequences.json: {"unit": "metre", "up": "+z", "joints": [17 names], "sequences": [{"name", "start",
"stop", "fps", "subject", "group", "labels", "terms"}, ...]}. T frames, J = 17 joints.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from lib.data.manifest import Sequence
from lib.errors import UserError
from lib.files import ARRAY_DAMAGE
from lib.skeleton import JOINTS, NUM_JOINTS

INDEX = "sequences.json"


def _read_index(path: Path) -> dict[str, Any]:
    try:
        index = orjson.loads(path.read_bytes())
    except OSError as error:
        raise UserError(
            f"{path}: cannot read ({error.strerror}); --source takes a folder with "
            "xyz_m.npy and sequences.json"
        ) from error
    except orjson.JSONDecodeError as error:
        raise UserError(f"{path}: damaged JSON ({error})") from error
    for key, wanted in (("unit", "metre"), ("up", "+z")):
        if not isinstance(index, dict) or index.get(key) != wanted:
            raise UserError(f"{path}: '{key}' must be '{wanted}'; convert the data first")
    joints = index.get("joints")
    if not isinstance(joints, list) or sorted(map(str, joints)) != sorted(JOINTS):
        raise UserError(f"{path}: 'joints' must be these 17 names: {' '.join(JOINTS)}")
    if not isinstance(index.get("sequences"), list):
        raise UserError(f"{path}: 'sequences' must be a list of records")
    return index


_KINDS: dict[str, Any] = {
    **dict.fromkeys(("name", "subject", "group", "terms"), str),
    **dict.fromkeys(("start", "stop"), int), "fps": (int, float), "labels": list,
}  # fmt: skip


def _sequence(record: Any, path: Path) -> Sequence:
    try:
        labels = record["labels"]
        for key, kind in _KINDS.items():
            if not isinstance(record[key], kind):
                raise TypeError(f"{key} {record[key]!r}")
        if not all(isinstance(label, str) for label in labels):
            raise TypeError(f"labels {labels!r}")
    except (KeyError, TypeError) as error:
        name = record.get("name", "?") if isinstance(record, dict) else "?"
        raise UserError(f"{path}: sequence '{name}': missing or wrong {error}") from error
    return Sequence(
        name=record["name"], subject=record["subject"], group=record["group"],
        action=labels[0] if labels else record["name"], start=record["start"],
        stop=record["stop"], fps=float(record["fps"]), terms=record["terms"],
    )  # fmt: skip


def read_motion17(folder: Path) -> Iterator[tuple[Sequence, np.ndarray]]:
    """Yield each sequence (rows are those of the source) with its (T, 17, 3) world metres.

    Joints are matched by name. Raises UserError naming file and sequence.
    """
    path = Path(folder) / INDEX
    index = _read_index(path)
    array_path = path.with_name("xyz_m.npy")
    try:
        # Unlike np.load, it takes an archive for no array.
        xyz_m = np.lib.format.open_memmap(array_path, mode="r")
    except ARRAY_DAMAGE as error:
        raise UserError(f"{array_path}: cannot read the array ({error})") from error
    if xyz_m.ndim != 3 or xyz_m.shape[1:] != (NUM_JOINTS, 3):
        raise UserError(f"{array_path}: has shape {xyz_m.shape}, expected (frames, 17, 3)")
    if xyz_m.dtype.kind not in "fiu":
        raise UserError(f"{array_path}: holds {xyz_m.dtype}, expected numbers in metres")
    order = [index["joints"].index(name) for name in JOINTS]
    for record in index["sequences"]:
        sequence = _sequence(record, path)
        if not (0 <= sequence.start < sequence.stop <= len(xyz_m) and sequence.fps > 0):
            raise UserError(
                f"{path}: sequence '{sequence.name}': rows {sequence.start} to {sequence.stop} at "
                f"{sequence.fps} fps; {array_path.name} has {len(xyz_m)} rows"
            )
        yield sequence, np.array(xyz_m[sequence.start : sequence.stop, order], np.float64)
