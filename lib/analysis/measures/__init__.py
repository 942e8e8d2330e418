"""Everything that can be measured of one pose. An exercise file names a measure by its key here.

A measure is a pure function of a `Body` and a side ('both', 'left', 'right'): poses (..., 17, 3) in
the lifter's axes in thigh lengths -> (...) degrees, thigh lengths or a ratio; NaN where a joint is.
"""

from functools import lru_cache

import numpy as np

from lib.analysis.measures.angles import ANGLES
from lib.analysis.measures.body import Body, Measure
from lib.analysis.measures.frontal import FRONTAL
from lib.analysis.measures.places import PLACES
from lib.skeleton import JOINTS

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
NUM_TRIED = 16
"""Poses in which joints are moved: the larger of two angles hangs on one of them in each."""


@lru_cache
def joints_of(measure: str, side: str) -> tuple[str, ...]:
    """The joints that a measure looks at: it changes as one of them is moved, in some pose."""
    poses = np.random.default_rng(0).normal(size=(NUM_TRIED, len(JOINTS), 3))
    moved = poses + np.eye(len(JOINTS))[:, None, :, None] * (0.1, 0.2, 0.3)
    body = Body(np.concatenate([poses[None], moved]), np.zeros(3), 1.0, 2.0)
    values = MEASURES[measure](body, side).reshape(1 + len(JOINTS), -1)
    changes = (values[1:] != values[0]).any(-1)
    return tuple(name for name, is_one in zip(JOINTS, changes, strict=True) if is_one)


__all__ = ["MEASURES", "SIDED", "VECTORS", "Body", "Measure", "joints_of"]
