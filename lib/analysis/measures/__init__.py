"""Everything that can be measured of one pose. An exercise file names a measure by its key here.

A measure is a pure function of a `Body` and a side ('both', 'left', 'right'): poses (..., 17, 3) in
the lifter's axes in thigh lengths -> (...) degrees, thigh lengths or a ratio; NaN where a joint is.
"""

from lib.analysis.measures.angles import ANGLES
from lib.analysis.measures.body import Body, Measure
from lib.analysis.measures.frontal import FRONTAL
from lib.analysis.measures.places import PLACES

MEASURES: dict[str, Measure] = {**ANGLES, **FRONTAL, **PLACES}
SIDED = frozenset(
    (
        "knee_in",
        "hip_shift",
        "knee_difference",
        "knee_asymmetry",
        "bar_tilt",
        "bar_to_shoulders",
        "pelvis_tilt",
    )
)
"""They exchange sides or change sign if left and right are exchanged."""

VECTORS = {"feet_apart": ("travel",), "hip_and_shoulder_height": ("travel", "share")}
"""Measures of more than one number, and what may be taken of a stretch of them."""

__all__ = ["MEASURES", "SIDED", "VECTORS", "Body", "Measure"]
