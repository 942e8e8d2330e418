"""Marker files (C3D), read by ezc3d, which is not among the required packages.

T frames, K markers.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lib.data.mocap.points import Points, metres_of
from lib.errors import UserError

try:
    import ezc3d
except ImportError:
    ezc3d = None


def read_c3d(path: Path) -> Points:
    """Markers by name, what stands before a colon taken off. Raises UserError naming the file.

    A marker whose residual is negative, or that lies at the origin, was not seen.
    """
    if ezc3d is None:
        raise UserError(f"{path}: reading C3D needs one more package: pip install ezc3d")
    try:
        content = ezc3d.c3d(str(path))
        parameters = content["parameters"]["POINT"]
        xyz = np.asarray(content["data"]["points"][:3], float).transpose(2, 1, 0)
        residuals = np.asarray(content["data"]["meta_points"]["residuals"])[0].T
        labels = [str(label) for key in _lists(parameters) for label in parameters[key]["value"]]
        unit = str(parameters["UNITS"]["value"][0])
        fps = float(parameters["RATE"]["value"][0])
    except (OSError, RuntimeError, ValueError, KeyError, IndexError) as error:
        raise UserError(f"{path}: cannot read this C3D ({' '.join(str(error).split())})") from error
    names = [label.rpartition(":")[2].strip() for label in labels]
    num_markers = xyz.shape[1]
    if len(names) > num_markers:
        raise UserError(f"{path}: {len(names)} labels, {num_markers} markers; export it again")
    names += [""] * (num_markers - len(names))
    metres = metres_of(unit, f"{path}")
    is_missing = (residuals < 0) | ~np.isfinite(xyz).all(-1) | (xyz == 0).all(-1)
    return Points(path, tuple(names), np.where(is_missing[..., None], np.nan, xyz), fps, metres)


def _lists(parameters: Mapping) -> list[str]:
    """Keys of the labels: a list holds 255 at most, LABELS2, LABELS3, ... go on."""
    return ["LABELS", *(key for i in range(2, 256) if (key := f"LABELS{i}") in parameters)]
