"""A mapping file: which way is up, what a unit is, and how our 17 joints come from a file's points.

One file a marker or bone set, in configs/mocap. T frames, J = 17 joints.
"""

from collections import Counter
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from lib.config import configclass, load_config
from lib.data.mocap.points import Points
from lib.data.mocap.recipes import Recipe
from lib.errors import UserError
from lib.skeleton import JOINT, JOINTS, NUM_JOINTS

FOLDER = Path(__file__).resolve().parents[3] / "configs" / "mocap"
FPS_RANGE = (5.0, 2000.0)
_TO_Z_UP = {
    "x": "+y +z +x", "-x": "+y -z -x", "y": "+x -z +y", "-y": "+x +z -y", "z": "+x +y +z",
    "-z": "+x -y -z",
}  # fmt: skip
"""Which axes of the file become x, y and z; all are rotations."""


@configclass
class Mapping:
    """configs/mocap/<set>.yaml. A key `base: other.yaml` starts from another file."""

    files: tuple[Literal["amc", "bvh", "c3d", "npz", "trc"], ...]
    """Endings of the files it is for."""
    up: Literal["x", "-x", "y", "-y", "z", "-z"]
    """The axis of the file that points up."""
    joints: dict[str, Recipe]
    """Our joint -> how it is made; a joint that is not named is missing. A recipe may use the
    file's points, and `points` and joints named before it."""
    points: dict[str, Recipe] = field(default_factory=dict)
    """Points in between, made before the joints."""
    metres_per_unit: float | None = None
    """Takes the place of the unit in the file; needed where the file has none (BVH)."""
    fps: float | None = None
    """Frames a second where the file does not say (AMC)."""
    skip_frames: int = 0
    """Frames left out at the start, such as a T-pose."""

    def __post_init__(self) -> None:
        if odd := [name for name in self.joints if name not in JOINTS]:
            raise ValueError(f"joints.{odd[0]}: no joint of ours; known: {' '.join(JOINTS)}")
        if both := set(self.points) & set(self.joints):
            raise ValueError(f"points.{min(both)}: is a joint too; give the point another name")
        for name in ("metres_per_unit", "fps"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} must be above 0, not {value:g}")
        if self.skip_frames < 0:
            raise ValueError(f"skip_frames must be at least 0, not {self.skip_frames}")

    @property
    def needs(self) -> tuple[str, ...]:
        """Names that the file must have, in order."""
        made: set[str] = set()
        needed: dict[str, None] = {}
        for name, recipe in (*self.points.items(), *self.joints.items()):
            needed.update((need, None) for need in recipe.needs if need not in made)
            made.add(name)
        return tuple(needed)

    def missing_in(self, points: Points) -> tuple[str, ...]:
        """What the file lacks, or has twice, which is said: which of them is meant is not known."""
        found = Counter(points.names)
        return tuple(
            f"{name} (doubled)" if found[name] else name for name in self.needs if found[name] != 1
        )


@cache
def shipped_mappings() -> dict[str, Mapping]:
    """Mappings in configs/mocap by name."""
    return {path.stem: load_config(Mapping, path) for path in sorted(FOLDER.glob("*.yaml"))}


def choose(points: Points, file_format: str) -> Mapping:
    """The one shipped mapping whose names are all in the file. Raises UserError otherwise."""
    candidates = {n: m for n, m in shipped_mappings().items() if file_format in m.files}
    fitting = [name for name, mapping in candidates.items() if not mapping.missing_in(points)]
    if len(fitting) == 1:
        return candidates[fitting[0]]
    if fitting:
        raise UserError(f"{points.path}: {' and '.join(fitting)} fit; choose one with --mapping")
    lacks = sorted((len(m.missing_in(points)), n) for n, m in candidates.items())
    told = "; ".join(
        f"{name} lacks {_some(candidates[name].missing_in(points))}" for _, name in lacks[:3]
    )
    raise UserError(
        f"{points.path}: no shipped mapping fits its points ({told}); write one, see "
        "docs/own_mocap.md"
    )


def _some(names: tuple[str, ...], most: int = 5) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return " ".join(names[:most]) + rest


def to_joints(points: Points, mapping: Mapping) -> tuple[np.ndarray, float]:
    """(T, 17, 3) metres in a world with Z up, NaN = missing, and frames a second.

    Raises UserError naming the file and what it lacks.
    """
    if missing := mapping.missing_in(points):
        raise UserError(f"{points.path}: the mapping needs {_some(missing)}, each once in the file")
    fps = points.fps or mapping.fps
    metres = mapping.metres_per_unit or points.metres_per_unit
    if fps is None or metres is None:
        key = "fps" if fps is None else "metres_per_unit"
        raise UserError(f"{points.path}: the file does not say it, so the mapping needs {key}")
    if not FPS_RANGE[0] <= fps <= FPS_RANGE[1]:
        raise UserError(f"{points.path}: {fps:g} frames a second, expected {FPS_RANGE}")
    axes = _TO_Z_UP[mapping.up].split()
    sign = np.array([1 if axis[0] == "+" else -1 for axis in axes])
    order = ["xyz".index(axis[1]) for axis in axes]
    xyz_m = points.xyz[mapping.skip_frames :][..., order] * (sign * metres)
    known = {name: xyz_m[:, i] for i, name in enumerate(points.names)}
    joints_m = np.full((len(xyz_m), NUM_JOINTS, 3), np.nan)
    for name, recipe in (*mapping.points.items(), *mapping.joints.items()):
        known[name] = recipe.place(known)
        if name in JOINT:
            joints_m[:, JOINT[name]] = known[name]
    if not np.isfinite(joints_m).all(-1).any():
        raise UserError(f"{points.path}: no joint in any of {len(joints_m)} frames")
    return joints_m, fps
