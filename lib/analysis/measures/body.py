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
        """(..., 3) 'hip', 'knee', ... of a side; between both, or the one that is seen."""
        if side != "both":
            return self.joint(_PREFIX[side] + name)
        left, right = self.joint("l" + name), self.joint("r" + name)
        middle = (left + right) / 2
        alone = np.where(np.isfinite(left), left, right)
        return np.where(np.isfinite(middle), middle, alone)

    def across(self, name: str) -> np.ndarray:
        """(..., 3) from the left to the right one."""
        return self.joint("r" + name) - self.joint("l" + name)


Measure = Callable[[Body, str], np.ndarray]


def mean_of_sides(of_side: Measure, body: Body, side: str) -> np.ndarray:
    """of_side(body, side) of one side, or the mean of both, or of the one that is known."""
    if side != "both":
        return of_side(body, side)
    left, right = of_side(body, "left"), of_side(body, "right")
    mean = (left + right) / 2
    return np.where(np.isfinite(mean), mean, np.where(np.isfinite(left), left, right))
