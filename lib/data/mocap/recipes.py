"""How a joint is made from markers or bone ends: the config classes and the arithmetic.

T frames. A joint is missing (NaN) in every frame in which something it needs is.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from lib.config import configclass

Known = Mapping[str, np.ndarray]
"""Points by name, each (T, 3) metres, Z up."""


def _unit(vector: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vector, axis=-1, keepdims=True)
    return vector / np.where(length > 1e-9, length, np.nan)


def _distance_m(known: Known, a: str, b: str) -> float:
    """Median over the frames; one size for a recording."""
    lengths = np.linalg.norm(known[a] - known[b], axis=-1)
    lengths = lengths[np.isfinite(lengths)]
    return float(np.median(lengths)) if len(lengths) else float("nan")


@configclass
class HipCentre:
    """Centre of a hip from the markers of the pelvis.

    Harrington et al. 2007 (J Biomech 40:595), the regression on pelvis width W (between the ASIS)
    and depth D (between the middles of ASIS and PSIS): from the middle of the ASIS 0.24 D + 9.9 mm
    back, 0.30 W + 10.9 mm down, 0.33 W + 7.3 mm to the side.
    """

    right_asis: str
    left_asis: str
    mid_psis: str
    """Between the PSIS, or a marker on the sacrum at their height."""
    side: Literal["left", "right"]

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.right_asis, self.left_asis, self.mid_psis)

    def place(self, known: Known) -> np.ndarray:
        """(T, 3) metres."""
        asis = (known[self.right_asis] + known[self.left_asis]) / 2
        psis = known[self.mid_psis]
        width = _distance_m(known, self.right_asis, self.left_asis)
        depth = _distance_m({"a": asis, "p": psis}, "a", "p")
        right = _unit(known[self.right_asis] - known[self.left_asis])
        forward = asis - psis
        forward = _unit(forward - (forward * right).sum(-1, keepdims=True) * right)
        up = np.cross(right, forward)
        side = -1 if self.side == "left" else 1
        return (
            asis
            - (0.24 * depth + 0.0099) * forward
            - (0.30 * width + 0.0109) * up
            + side * (0.33 * width + 0.0073) * right
        )


@configclass
class Moved:
    """A point moved by a share of a length of the same person."""

    point: str
    of: tuple[str, str]
    """The length: median distance of two points over the recording."""
    share: float
    """Of that length."""
    along: tuple[str, str] | None = None
    """Parallel to the line from the first point to the second."""
    across: tuple[str, str, str, str] | None = None
    """Or at right angles to the lines a-b and c-d, to the side of (b - a) x (d - c): with a-b up
    the shank and c-d forward along the foot the person's left; in the other order the right."""

    def __post_init__(self) -> None:
        if (self.along is None) == (self.across is None):
            raise ValueError("give either along or across")

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.point, *self.of, *(self.along or self.across or ()))

    def place(self, known: Known) -> np.ndarray:
        """(T, 3) metres."""
        if self.across:
            a, b, c, d = (known[name] for name in self.across)
            way = np.cross(b - a, d - c)
        else:
            assert self.along is not None, "checked when the config was read"
            way = known[self.along[1]] - known[self.along[0]]
        return known[self.point] + self.share * _distance_m(known, *self.of) * _unit(way)


@configclass
class Recipe:
    """Exactly one of these."""

    mean: dict[str, float] | None = None
    """{point: weight}, weights adding up to 1; a negative one extends a line."""
    hip_centre: HipCentre | None = None
    moved: Moved | None = None

    def __post_init__(self) -> None:
        if sum(way is not None for way in (self.mean, self.hip_centre, self.moved)) != 1:
            raise ValueError("give one of mean, hip_centre, moved")
        if self.mean is not None:
            _check_weights(self.mean)

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the points that it is made from."""
        way = self.hip_centre or self.moved
        return way.needs if way else tuple(self.mean or ())

    def place(self, known: Known) -> np.ndarray:
        """(T, 3) metres."""
        way = self.hip_centre or self.moved
        return way.place(known) if way else _mean(known, self.mean or {})


def _mean(known: Known, weights: dict[str, float]) -> np.ndarray:
    return sum(weight * known[name] for name, weight in weights.items())


def _check_weights(weights: dict[str, float]) -> None:
    if abs(sum(weights.values()) - 1) > 1e-6:
        raise ValueError(f"weights must add up to 1, not {sum(weights.values()):g}")
