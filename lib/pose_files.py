"""Poses read back from what their `save` wrote. T frames, J = 17 working joints."""

import os
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np

from lib.errors import UserError
from lib.files import read_npz
from lib.pose import Pose2D, Pose3D
from lib.skeleton import JOINTS

Pose = TypeVar("Pose", Pose2D, Pose3D)

_TEXTS = ("unit", "frame", "source", "up_method", "scale_method", "checkpoint_sha256", "warnings")


def load_pose3d(path: str | os.PathLike, fps: float | None = None) -> Pose3D:
    """Read pose3d.npz. Raises UserError naming what is missing or does not fit.

    fps: another rate than the file's (slow motion): its stamps are stretched alike.
    """
    stored = _read(Pose3D, path, ("xyz", "unit", "frame", "valid"))
    if fps is None and "fps" not in stored:
        raise UserError(f"{path}: has no fps; give --fps")
    return _build(Pose3D, path, stored if fps is None else _at_rate(stored, fps))


def load_pose2d(path: str | os.PathLike) -> Pose2D:
    """Read what Pose2D.save wrote. Raises UserError naming what is missing or does not fit."""
    return _build(Pose2D, path, _read(Pose2D, path, ("xy_px", "score", "fps", "size_px")))


def _read(record: type[Pose], path: str | os.PathLike, needed: tuple) -> dict[str, np.ndarray]:
    """The record's arrays, numbers where numbers belong, floats as wide as they are computed."""
    names: list[str] = [f.name for f in fields(record)]
    stored = read_npz(path, record.__name__, [*names, "joint_names"])
    missing = [name for name in (*needed, "joint_names") if name not in stored]
    if missing:
        raise UserError(f"{path}: has no {', '.join(missing)}; write it with infer_wild.py")
    if tuple(stored["joint_names"].ravel()) != JOINTS:
        raise UserError(f"{path}: another skeleton; joint_names must be {' '.join(JOINTS)}")
    kept = {name: stored[name] for name in names if name in stored}
    for name, array in kept.items():
        if name not in _TEXTS and array.dtype.kind not in "biuf":
            raise UserError(f"{path}: {name} holds no numbers; write it with infer_wild.py")
    return {k: v.astype(float) if v.dtype.kind == "f" else v for k, v in kept.items()}


def _at_rate(stored: dict[str, np.ndarray], fps: float) -> dict[str, np.ndarray]:
    old, time_s = stored.get("fps"), stored.get("time_s")
    changed = {k: v for k, v in stored.items() if k != "time_s"} | {"fps": np.array(float(fps))}
    old_fps = float(old) if old is not None and old.ndim == 0 else 0.0
    if time_s is not None and 0 < old_fps < np.inf and (np.diff(time_s.ravel()) > 0).all():
        changed["time_s"] = time_s * (old_fps / fps)
    return changed


def _build(record: type[Pose], path: str | os.PathLike, kept: dict[str, np.ndarray]) -> Pose:
    content: dict[str, Any] = dict(kept)
    for name in (f.name for f in fields(record) if f.name in kept and f.type is not np.ndarray):
        if (value := kept[name]).size != (2 if name == "size_px" else 1):
            raise UserError(f"{path}: {name} has shape {value.shape}; write it with infer_wild.py")
        content[name] = value.item() if value.size == 1 else tuple(value.ravel().tolist())
    for name in ("valid", "time_s", "frame_id"):
        if name in kept and not np.isfinite(kept[name]).all():
            raise UserError(f"{path}: {name} has a value that is no finite number")
    try:
        return record(**content)
    except (ValueError, TypeError) as error:
        raise UserError(f"{path}: {error}") from error
