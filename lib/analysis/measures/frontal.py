"""What is seen from the front: widths and sideways places. Both sides must be known."""

import numpy as np

from lib.analysis.measures.body import Body, Measure
from lib.body import middle

_LEAST = 1e-6


def _width(body: Body, part: str) -> np.ndarray:
    return np.abs(body.across(part)[..., 0])


def knee_separation(body: Body, side: str) -> np.ndarray:
    """Distance of the knees over that of the ankles."""
    return _width(body, "knee") / np.maximum(_width(body, "ankle"), _LEAST)


def knee_in(body: Body, side: str) -> np.ndarray:
    """How far a knee is inside its ankle; both: the mean of the two."""
    right = (body.joint("rankle") - body.joint("rknee"))[..., 0]
    left = (body.joint("lknee") - body.joint("lankle"))[..., 0]
    return {"right": right, "left": left, "both": (left + right) / 2}[side]


def hip_shift(body: Body, side: str) -> np.ndarray:
    """Hips to the right of the middle of the ankles."""
    return (middle(body.xyz, "hip") - middle(body.xyz, "ankle"))[..., 0]


def stance(body: Body, side: str) -> np.ndarray:
    """Distance of the ankles in hip widths."""
    return _width(body, "ankle") / np.maximum(_width(body, "hip"), _LEAST)


def hand_width(body: Body, side: str) -> np.ndarray:
    """Distance of the wrists in shoulder widths."""
    wrists, shoulders = (np.linalg.norm(body.across(p), axis=-1) for p in ("wrist", "shoulder"))
    return wrists / np.maximum(shoulders, _LEAST)


def hands_outside_feet(body: Body, side: str) -> np.ndarray:
    """Distance of the wrists minus that of the ankles."""
    return _width(body, "wrist") - _width(body, "ankle")


def feet_apart(body: Body, side: str) -> np.ndarray:
    """(..., 3) from foot to foot along the floor, in leg lengths; of it what a picture shows.

    Across the line of sight only: the lifted depth of a hidden foot wanders by itself.
    """
    apart = body.across("ankle") / body.leg * (1.0, 1.0, 0.0)
    level = np.array([-body.sight[1], body.sight[0], 0.0])
    length = float(np.linalg.norm(level))
    if length < _LEAST:
        return apart
    level /= length
    return (apart @ level)[..., None] * level


FRONTAL: dict[str, Measure] = {
    "knee_separation": knee_separation, "knee_in": knee_in, "hip_shift": hip_shift,
    "stance": stance, "hand_width": hand_width, "hands_outside_feet": hands_outside_feet,
    "feet_apart": feet_apart,
}  # fmt: skip
