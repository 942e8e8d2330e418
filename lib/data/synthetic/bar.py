"""A straight bar in the hands, wherever the arms take it."""

import numpy as np

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import SIDE_SIGN, Arms, Trunk, reach_m, two_bone
from lib.data.synthetic.posture import soft_min

_STRAIGHT_ARM_DEG = 3.0
"""Elbow flexion that is left where the bar is as far away as it goes."""
_REACH_SOFTNESS_M = 0.002
"""Of the way there: an elbow that snaps straight would jerk."""
_OUTWARD = 0.2
"""Weight of the direction to the side in where elbows point."""


def on_bar(body: Body, trunk: Trunk, arms: Arms, grip_m: float, weight: np.ndarray) -> Arms:
    """The arms with both wrists on a straight bar across the thorax, grip_m apart.

    The bar is where the middle of the free wrists is, drawn in where straight arms end; the hands
    are square to it. weight: (F,) 1 with the bar in the hands, 0 with free arms.
    """
    across = trunk.thorax_rot[..., 1]
    middle = trunk.shoulders.mean(0)
    shoulder_m = ((trunk.shoulders[0] - middle) * across).sum(-1)
    longest = reach_m(body.upper_arm_m, body.forearm_m, _STRAIGHT_ARM_DEG)
    longest = np.sqrt(longest**2 - (grip_m / 2 - shoulder_m) ** 2)
    offset = arms.wrist_m.mean(0) - middle
    offset -= (offset * across).sum(-1, keepdims=True) * across
    wanted = np.linalg.norm(offset, axis=-1)
    length = soft_min(wanted, longest, _REACH_SOFTNESS_M)
    bar = middle + offset * (length / wanted)[:, None]
    share, outward = weight[:, None], SIDE_SIGN[:, None, None] * across
    held = arms.wrist_m + share * (bar + grip_m / 2 * outward - arms.wrist_m)
    # Nearly straight arms have no plane of their own: their elbows point outward.
    pole = arms.elbow_pole + _OUTWARD * share * outward
    elbow, held = two_bone(trunk.shoulders, held, body.upper_arm_m, body.forearm_m, pole)
    hand = held - elbow
    hand = hand - share * (hand * across).sum(-1, keepdims=True) * across
    return Arms(held, pole, arms.thumb_pole, hand)
