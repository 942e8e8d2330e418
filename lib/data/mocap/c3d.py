"""Marker files (C3D), read by ezc3d, which is not among the required packages.

T frames, K markers.
"""

from pathlib import Path

import numpy as np

from lib.data.mocap.points import Points
from lib.data.mocap.trc import METRES
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
        labels = [str(label) for label in parameters["LABELS"]["value"]]
        unit = str(parameters["UNITS"]["value"][0]).strip().lower()
        fps = float(parameters["RATE"]["value"][0])
    except (OSError, RuntimeError, ValueError, KeyError, IndexError) as error:
        raise UserError(f"{path}: cannot read this C3D ({' '.join(str(error).split())})") from error
    names = tuple(label.rpartition(":")[2].strip() for label in labels)
    if len(names) != xyz.shape[1] or len(set(names)) != len(names):
        raise UserError(f"{path}: {len(set(names))} different labels, {xyz.shape[1]} markers")
    if unit not in METRES:
        raise UserError(f"{path}: unit '{unit}' is unknown; one of {' '.join(METRES)}")
    is_missing = (residuals < 0) | ~np.isfinite(xyz).all(-1) | (xyz == 0).all(-1)
    return Points(path, names, np.where(is_missing[..., None], np.nan, xyz), fps, METRES[unit])
