"""Poses of other data sets turned to Z up, their assumptions checked on the data. T frames."""

import numpy as np

from lib.errors import UserError
from lib.skeleton import JOINT, indices

UPRIGHT = 0.8
"""People stand most of the time: the median direction from feet to neck has this much of one axis
(a cosine)."""
MIRRORED = -0.2
"""Knees that bend backwards by this share of all bending say that left and right are exchanged."""


def turned_up(xyz: np.ndarray, source: str) -> np.ndarray:
    """(T, 17, 3) with the axis that people stand along as +Z; a rotation, no mirror image.

    Raises UserError naming `source` if no axis is vertical or if left and right are exchanged.
    """
    height = xyz[:, JOINT["neck"]] - xyz[:, indices("lankle", "rankle")].mean(1)
    length = np.linalg.norm(height, axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        direction = height / length
    known = np.isfinite(direction).all(1)
    if not known.any():
        raise UserError(f"{source}: no frame has a neck above two ankles; is it a body's pose?")
    middle = np.median(direction[known], axis=0)
    axis = int(np.abs(middle).argmax())
    if abs(middle[axis]) < UPRIGHT:
        raise UserError(
            f"{source}: no axis is vertical, the way from feet to neck is {np.round(middle, 2)} in "
            "the middle; expected people who stand most of the time and one axis that points up"
        )
    unit = np.eye(3)
    up = np.sign(middle[axis]) * unit[axis]
    x = unit[(axis + 1) % 3]
    turned = xyz @ np.stack([x, np.cross(up, x), up]).T
    _check_sides(turned, source)
    return turned


def _check_sides(xyz: np.ndarray, source: str) -> None:
    """Knees bend forwards, and left x up is forward. xyz (T, 17, 3) Z up."""
    left = xyz[:, JOINT["lhip"]] - xyz[:, JOINT["rhip"]]
    forward = np.cross(left, [0, 0, 1.0])
    forward /= np.maximum(np.linalg.norm(forward, axis=-1, keepdims=True), 1e-9)
    hips, knees, ankles = (
        xyz[:, indices(f"l{part}", f"r{part}")].mean(1) for part in ("hip", "knee", "ankle")
    )
    bend = ((knees - (hips + ankles) / 2) * forward).sum(-1)
    bend = bend[np.isfinite(bend)]
    if bend.sum() < MIRRORED * np.abs(bend).sum():
        raise UserError(f"{source}: the knees bend backwards, so left and right are exchanged")
