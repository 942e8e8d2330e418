"""A loaded barbell in a figure's hands. Metres, in the frame of the joints."""

import numpy as np

from lib.data.synthetic.figure import grip_m, unit
from lib.data.synthetic.shapes import Plate, RoundedCone, Solid
from lib.skeleton import FIT3D25

PLATE_RADIUS_M = 0.225
GRIP_M = 1.31
"""Length of an Olympic bar between its sleeves."""
SLEEVE_M = 0.415
BAR_COLOUR = (0.62, 0.63, 0.66)
PLATE_RINGS = (
    (0.13, (0.60, 0.61, 0.64)), (0.24, (0.16, 0.16, 0.18)), (0.30, (0.72, 0.72, 0.74)),
    (0.86, (0.64, 0.10, 0.11)), (0.95, (0.75, 0.17, 0.16)), (1.0, (0.42, 0.06, 0.07)),
)  # fmt: skip


def barbell_solids(xyz_25: np.ndarray, plate_m: float = 0.065) -> list[Solid]:
    """A 20 kg bar in the hands of (25, 3) joints, with a 450 mm plate, plate_m thick, a side."""
    joints = dict(zip(FIT3D25.joints, xyz_25, strict=True))
    left, right = (grip_m(joints, side) for side in "lr")
    middle_m, direction = (left + right) / 2, unit(left - right)
    steel = np.array(BAR_COLOUR, np.float32)

    def rod(start: float, end: float, radius: float) -> RoundedCone:
        ends = np.stack([middle_m + start * direction, middle_m + end * direction])
        return RoundedCone(ends, (radius, radius), steel)

    solids: list[Solid] = [rod(-GRIP_M / 2, GRIP_M / 2, 0.014)]
    for sign in (1, -1):
        inner = sign * GRIP_M / 2
        solids += [rod(inner, inner + sign * SLEEVE_M, 0.025), rod(inner, inner, 0.036)]
        faces = [inner + sign * shift for shift in (0.02, 0.02 + plate_m)]
        ends = np.stack([middle_m + shift * direction for shift in faces])
        solids.append(Plate(ends, PLATE_RADIUS_M, PLATE_RINGS))
    return solids
