"""Knees and elbows that bend further, or less, than in the recording: arms that stay bent in a
deadlift, a lockout that is missed, one knee behind the other. T frames."""

import numpy as np

from lib.data.arms import trunk_axes
from lib.skeleton import JOINT

# Upper end, hinge and lower end; the sign of the axis to the left that a straight one bends about:
# heels go backwards, hands forwards.
_LIMBS = [("hip", "knee", "ankle", 1.0), ("shoulder", "elbow", "wrist", -1.0)]
_HINGES = [
    (JOINT[side + upper], JOINT[side + hinge], JOINT[side + lower], sign)
    for upper, hinge, lower, sign in _LIMBS
    for side in "lr"
]
_UPPER, _HINGE, _LOWER = ([hinge[i] for hinge in _HINGES] for i in range(3))
_SIGN = np.array([hinge[3] for hinge in _HINGES])[:, None]
_MOST_RAD = np.radians(150.0)
"""No hinge is bent beyond this, unless it was."""
_ACROSS = 0.1
"""Weight of the trunk's axis beside a hinge's own, whose length is the sine of the bend: a limb
within some degrees of straight has no plane of its own."""
_NO_AXIS = 0.03
"""Length of an axis at which it turns by 0.7 of what was asked; without an axis nothing turns."""


def bend_limbs(xyz_m: np.ndarray, most_deg: float, rng: np.random.Generator) -> np.ndarray:
    """(T, 17, 3) with knees and elbows bent by other angles, see `AugmentConfig.limb_bend_deg`.

    Bones keep their lengths; none is straightened beyond straight. Ankles and wrists alone move.
    What hangs on a missing joint is missing; without its trunk a limb turns about its own axis.
    """
    spread = np.radians(most_deg) * rng.random()
    pair, own = rng.normal(size=(2, 1)), rng.normal(size=(2, 2))
    more = spread * ((pair + own) / np.sqrt(2)).reshape(-1)  # variance shared by both sides: half
    thigh = xyz_m[:, _HINGE] - xyz_m[:, _UPPER]
    shin = xyz_m[:, _LOWER] - xyz_m[:, _HINGE]
    with np.errstate(invalid="ignore", divide="ignore"):
        along, below = _unit(thigh), _unit(shin)
        across = trunk_axes(xyz_m)[:, None, 0] * _SIGN
        across = np.nan_to_num(across - _dot(across, along) * along)
        axis = np.cross(along, below) + _ACROSS * across
        length = np.sqrt(_dot(axis, axis))
        bend = np.arccos(np.clip(_dot(along, below), -1, 1))[..., 0]
        wanted = np.clip(bend + more, 0, np.maximum(bend, _MOST_RAD))
        turn = ((wanted - bend)[..., None]) * length / np.hypot(length, _NO_AXIS)
        turned = _rotate(shin, axis / length, turn)
    # Bones of no length, and limbs straight along the trunk's axis, have nothing to turn about.
    stays = np.isfinite(thigh) & np.isfinite(shin) & ~np.isfinite(turned)
    bent = xyz_m.copy(order="K")
    bent[:, _LOWER] = xyz_m[:, _HINGE] + np.where(stays, shin, turned)
    return bent


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(-1, keepdims=True)


def _unit(x: np.ndarray) -> np.ndarray:
    return x / np.sqrt(_dot(x, x))


def _rotate(x: np.ndarray, axis: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Vectors turned about unit axes (Rodrigues' formula)."""
    cos, sin = np.cos(angle), np.sin(angle)
    return x * cos + np.cross(axis, x) * sin + axis * _dot(axis, x) * (1 - cos)
