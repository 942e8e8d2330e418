"""Poses in the lifter's own axes. numpy only."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lib.skeleton import JOINT

_PREFIX = {"left": "l", "right": "r"}


@dataclass(frozen=True)
class Body:
    """What a measure looks at."""

    xyz: np.ndarray
    """(..., 17, 3) x to the lifter's right, y forward, z up; thigh lengths; NaN = unknown."""
    sight: np.ndarray
    """(3,) unit line of sight in the same axes; zeros without a camera."""
    upper_arm: float
    """Median length."""
    leg: float
    """Thigh plus shank."""

    def joint(self, name: str) -> np.ndarray:
        """(..., 3)"""
        return self.xyz[..., JOINT[name], :]

    def part(self, name: str, side: str = "both") -> np.ndarray:
        """(..., 3) 'hip', 'knee', ... of a side; between both. Where one is not seen the other
        stands in, as far beside the middle as it usually is, so that this takes no step."""
        if side != "both":
            return self.joint(_PREFIX[side] + name)
        left, right = self.joint("l" + name), self.joint("r" + name)
        half = np.zeros(left.shape[-1])
        known = np.isfinite(left - right).all(-1)
        if left.ndim > 1 and known.any():
            half = np.median((left - right)[known], 0) / 2
        alone = np.where(np.isfinite(left), left - half, right + half)
        return np.where(known[..., None], (left + right) / 2, alone)

    def across(self, name: str) -> np.ndarray:
        """(..., 3) from the left to the right one."""
        return self.joint("r" + name) - self.joint("l" + name)


Measure = Callable[[Body, str], np.ndarray]
_MIRRORED = np.array([-1.0, 1.0, 1.0])


def limb(body: Body, side: str, *parts: str) -> np.ndarray:
    """(P, ..., 3) joints of one side; parts without sides ('root', 'neck') are their own.

    'both': the mean of the right limb and the left one's mirror image, or of the one that is known
    whole. Errors of two limbs cancel before an angle is taken, which near 0 has no sign to cancel
    by. Only differences of the places mean anything.
    """

    def of_side(prefix: str) -> np.ndarray:
        return np.stack([body.joint(p if p in JOINT else prefix + p) for p in parts])

    if side != "both":
        return of_side(_PREFIX[side])
    left, right = of_side("l") * _MIRRORED, of_side("r")
    known = [np.isfinite(x).all((0, -1))[..., None] for x in (left, right)]
    mean = np.where(known[0], (left + right) / 2, right)
    return np.where(known[1], mean, left)
