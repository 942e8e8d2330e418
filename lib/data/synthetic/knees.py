"""Knees pushed out over the toes, as trained lifters do in a stance wider than the hips."""

import numpy as np

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import SIDE_SIGN, Feet, Trunk, apply, unit

_MOST_OUT_DEG = 38.0


def knees_over_toes(body: Body, trunk: Trunk, feet: Feet) -> np.ndarray:
    """(S, F) degrees to turn the knees by, so that they lie above the line of the foot.

    A leg whose foot stands wider than its hip has its middle inside that line; the knee can make
    up for it only as far as it is bent, hence the soft limit.
    """
    ankle = feet.ankles(body)
    line = trunk.hips - ankle
    bulge = np.sqrt(np.maximum(body.shank_m**2 - (line**2).sum(-1) / 4, 1e-4))
    outward = unit(apply(feet.rotations(), [0.0, 1.0, 0]) * SIDE_SIGN[:, None, None])
    inside = -(line / 2 * outward).sum(-1)
    return SIDE_SIGN[:, None] * _MOST_OUT_DEG * np.tanh(inside / bulge * 57.3 / _MOST_OUT_DEG)
