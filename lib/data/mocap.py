"""Reading motion capture in the 'motion17' form, and judging whether its bones can be a person's.

A motion17 folder holds xyz_m.npy (N, 17, 3), metres, world frame, Z up, NaN = missing joint, and
sequences.json: {"unit": "metre", "up": "+z", "joints": [17 names], "sequences": [{"name", "start",
"stop", "fps", "subject", "group", "labels", "terms"}, ...]}. T frames, J = 17 joints.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from lib.data.store import Sequence
from lib.errors import UserError
from lib.skeleton import JOINT, JOINTS, NUM_JOINTS

LIMB_BONES = tuple(
    (f"{side}{upper}", f"{side}{lower}")
    for upper, lower in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"),
                         ("elbow", "wrist"))
    for side in "lr"
)  # fmt: skip
"""Left and right of each limb bone in turn, proximal joint first."""

# Thigh and shank are about 0.245 and upper arm and forearm 0.19 and 0.15 of stature (Drillis &
# Contini 1966); the range covers statures of 1.3 to 2.2 m with room for marker placement.
LENGTH_RANGE_M = {"hip": (0.25, 0.65), "knee": (0.25, 0.65), "shoulder": (0.17, 0.5),
                  "elbow": (0.13, 0.45)}  # fmt: skip
MAX_SPREAD = 0.2
"""Of a bone's length over a sequence (5th to 95th percentile, over the median): skin and marker
movement reach 0.16 in deep squats."""
MAX_SIDE_RATIO = 1.2
"""Of the longer to the shorter side's median; markers placed unevenly reach 1.13."""
GLITCH = 0.25
"""A bone this far off its median length in one frame has its outer joint taken out there."""
ODD_WEIGHT = 0.25
"""Weight of sequences whose proportions are a retargeted figure's, not a person's."""
THIGH_TO_SHANK = (0.85, 1.18)
SHOULDERS_TO_THIGH = (0.65, 1.15)
"""Distance of the shoulder joints over the thigh; about 0.85 in people."""


@dataclass(frozen=True)
class Judgement:
    """What the check said about one sequence."""

    name: str
    reason: str
    """Why it was skipped; empty if it was kept."""
    weight: float = 1.0
    num_glitches: int = 0
    """Joints of single frames that were taken out."""


def _length_m(xyz_m: np.ndarray, a: str, b: str) -> np.ndarray:
    return np.linalg.norm(xyz_m[:, JOINT[a]] - xyz_m[:, JOINT[b]], axis=-1)


def _median(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else float("nan")


def implausible(xyz_m: np.ndarray) -> str:
    """Why limbs of (T, 17, 3) metres cannot be one person's; '' if they can or are missing."""
    medians = {}
    for bone in LIMB_BONES:
        lengths = _length_m(xyz_m, *bone)
        lengths = lengths[np.isfinite(lengths)]
        if not len(lengths):
            continue
        name = "-".join(bone)
        low, high = LENGTH_RANGE_M[bone[0][1:]]
        median = medians[bone[0]] = _median(lengths)
        if not low <= median <= high:
            return f"{name} is {median:.3f} m long, expected {low} to {high}"
        spread = float(np.subtract(*np.percentile(lengths, [95, 5]))) / median
        if spread > MAX_SPREAD:
            return f"{name} changes its length by {spread:.0%}, at most {MAX_SPREAD:.0%} expected"
    for part in LENGTH_RANGE_M:
        sides = [medians[side + part] for side in "lr" if side + part in medians]
        if sides and max(sides) / min(sides) > MAX_SIDE_RATIO:
            return f"bones below l{part} and r{part} differ by {max(sides) / min(sides) - 1:.0%}"
    return ""


def proportion_weight(xyz_m: np.ndarray) -> float:
    """1 for human proportions (or unknown ones), ODD_WEIGHT for a retargeted figure's."""
    thigh = _median(_length_m(xyz_m, "lhip", "lknee"))
    shank = _median(_length_m(xyz_m, "lknee", "lankle"))
    shoulders = _median(_length_m(xyz_m, "lshoulder", "rshoulder"))
    checks = ((thigh / shank, THIGH_TO_SHANK), (shoulders / thigh, SHOULDERS_TO_THIGH))
    is_odd = any(value < low or value > high for value, (low, high) in checks)
    return ODD_WEIGHT if is_odd else 1.0


def without_glitches(xyz_m: np.ndarray) -> np.ndarray:
    """A copy with NaN for the outer joint of a limb bone that jumps off its median length."""
    clean = np.array(xyz_m)
    for inner, outer in LIMB_BONES:
        lengths = _length_m(xyz_m, inner, outer)
        is_off = np.abs(lengths / _median(lengths) - 1) > GLITCH
        clean[is_off, JOINT[outer]] = np.nan
    return clean


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
    if sorted(index.get("joints", ())) != sorted(JOINTS):
        raise UserError(f"{path}: 'joints' must be these 17 names: {' '.join(JOINTS)}")
    return index


def _sequence(record: dict[str, Any], path: Path) -> Sequence:
    try:
        labels = record["labels"]
        return Sequence(
            name=record["name"], subject=record["subject"], group=record["group"],
            action=labels[0] if labels else record["name"],
            start=int(record["start"]), stop=int(record["stop"]), fps=float(record["fps"]),
            terms=record["terms"],
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        name = record.get("name", "?") if isinstance(record, dict) else "?"
        raise UserError(f"{path}: sequence '{name}': missing or wrong {error}") from error


def read_motion17(folder: Path) -> Iterator[tuple[Sequence, np.ndarray]]:
    """Yield each sequence (rows are those of the source) with its (T, 17, 3) world metres.

    Joints are matched by name. Raises UserError naming file and sequence.
    """
    path = Path(folder) / "sequences.json"
    index = _read_index(path)
    array_path = path.with_name("xyz_m.npy")
    try:
        xyz_m = np.load(array_path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{array_path}: cannot read the array ({error})") from error
    if xyz_m.ndim != 3 or xyz_m.shape[1:] != (NUM_JOINTS, 3):
        raise UserError(f"{array_path}: has shape {xyz_m.shape}, expected (frames, 17, 3)")
    order = [index["joints"].index(name) for name in JOINTS]
    for record in index.get("sequences", ()):
        sequence = _sequence(record, path)
        if not (0 <= sequence.start < sequence.stop <= len(xyz_m) and sequence.fps > 0):
            raise UserError(
                f"{path}: sequence '{sequence.name}': rows {sequence.start} to {sequence.stop} at "
                f"{sequence.fps} fps; {array_path.name} has {len(xyz_m)} rows"
            )
        yield sequence, np.array(xyz_m[sequence.start : sequence.stop, order], np.float64)


def judge(sequence: Sequence, xyz_m: np.ndarray) -> tuple[Judgement, np.ndarray]:
    """Check one sequence. Returns the judgement and its joints without glitches."""
    clean = without_glitches(xyz_m)
    num_glitches = int((np.isnan(clean).any(-1) & ~np.isnan(xyz_m).any(-1)).sum())
    weight = proportion_weight(xyz_m)
    return Judgement(sequence.name, implausible(xyz_m), weight, num_glitches), clean
