"""The load-velocity line of one lifter and lift: least squares, and how far it may be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MIN_LOADS = 3
MIN_LOAD_RATIO = 1.25
"""Heaviest over lightest load: a line through loads nearly alike has any slope (choice)."""
Z_90 = 1.645
"""Standard deviations on either side that hold 90 %."""
MIN_HEAVIEST_SHARE = 0.8
"""Heaviest load lifted over the estimate: a line is not read far beyond what was seen (choice)."""
WIDEST_SHARE = 0.25
"""An estimate with a half-width above this part of it says nothing (choice)."""


@dataclass(frozen=True)
class MinimumVelocity:
    """Mean concentric velocity, m/s, of a single with all one can lift, over lifters."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Line:
    """velocity = at_zero + slope * load, and its scatter."""

    at_zero: float
    """m/s at no load."""
    slope: float
    """m/s a kilogram, below 0."""
    scatter: float
    """m/s: the larger of the residuals' standard deviation and the measurements' own."""
    loads_kg: np.ndarray

    def at(self, load_kg: float) -> float:
        """m/s."""
        return self.at_zero + self.slope * load_kg

    def sigma_at(self, load_kg: float) -> float:
        """m/s, one standard deviation of the line itself."""
        away = self.loads_kg - self.loads_kg.mean()
        share = 1 / len(away) + (load_kg - self.loads_kg.mean()) ** 2 / (away**2).sum()
        return float(self.scatter * np.sqrt(share))


@dataclass(frozen=True)
class Single:
    """Interval of the heaviest load that could be lifted once; 90 %."""

    low_kg: float
    high_kg: float
    read_kg: float
    """Where the line was read: the middle, before what was lifted already is cut off."""


def fit_line(
    loads_kg: Sequence[float], velocities_m_s: Sequence[float], sigmas_m_s: Sequence[float]
) -> Line | str:
    """The line through sets, or in a clause why there is none. sigmas: NaN = unknown."""
    loads, speeds = np.asarray(loads_kg, float), np.asarray(velocities_m_s, float)
    num = len(np.unique(loads))
    if num < MIN_LOADS:
        return f"it needs {MIN_LOADS} different loads with a velocity in m/s, there are {num}"
    if loads.min() <= 0 or loads.max() < MIN_LOAD_RATIO * loads.min():
        return (
            f"it needs loads further apart: the heaviest at least {MIN_LOAD_RATIO:g} times "
            f"the lightest, these are {loads.min():g} to {loads.max():g} kg"
        )
    slope, at_zero = np.polyfit(loads, speeds, 1)
    if slope >= 0:
        return "the heavier sets were not slower, so there is no line to go by"
    left = speeds - (at_zero + slope * loads)
    known = np.asarray(sigmas_m_s, float)
    known = known[np.isfinite(known)]
    own = float(np.sqrt((known**2).mean())) if len(known) else 0.0
    residual = float(np.sqrt((left**2).sum() / (len(loads) - 2)))
    return Line(float(at_zero), float(slope), max(residual, own), loads)


def heaviest_single(line: Line, minimum: MinimumVelocity) -> Single | str:
    """Where the line reaches the velocity of a heaviest single, or why that cannot be said.

    The interval holds the spread of that velocity among lifters and the line's own.
    """
    middle = (minimum.mean - line.at_zero) / line.slope
    if middle < line.loads_kg.max():
        return (
            f"the line reaches {minimum.mean:g} m/s at {middle:.0f} kg, below what was lifted: "
            "these velocities are not those of full effort, or not exact enough"
        )
    wanted = MIN_HEAVIEST_SHARE * middle
    if line.loads_kg.max() < wanted:
        return (
            f"the line would have to be read at {middle:.0f} kg; a set of {np.ceil(wanted):.0f} kg "
            f"would do for that, the heaviest was of {line.loads_kg.max():g} kg"
        )
    sigma = np.hypot(minimum.sd, line.sigma_at(middle)) / -line.slope
    half = Z_90 * float(sigma)
    if half > WIDEST_SHARE * middle:
        return f"the interval would be {2 * half:.0f} kg wide: too wide to say anything"
    return Single(max(middle - half, float(line.loads_kg.max())), middle + half, float(middle))
