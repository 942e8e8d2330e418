"""What a confirmed repetition looked like, so that the next one like it need not be judged anew."""

from dataclasses import dataclass

import numpy as np

from lib.skeleton import JOINT

MOST_RANGE, MOST_TIME, MOST_SPEED = 1.35, 2.0, 2.0
"""Alike in range and in duration: within these factors, as long as two is none; no faster than
this: a jump is (choice)."""
ALIKE_TRUNKS = 0.4
"""Alike in pose: no joint further away, in lengths of the trunk (choice: two thirds of a step that
counts as one, so that feet that moved are looked at)."""
KNOWN_SHARE = 0.6
"""Of the joints, at least so many known."""
SEEN_SHARE = 0.8
"""Of its samples, at least so many seen."""


@dataclass(frozen=True)
class Shape:
    """A repetition as it is compared."""

    loaded_pose: np.ndarray
    """(17, 3) relative to the root, NaN = missing."""
    unloaded_pose: np.ndarray
    excursion_deg: float
    seconds: float
    speed: float
    """Fastest on the way to the unloaded position, degrees a sample."""
    seen_share: float


def _is_near(ratio: float, most: float) -> bool:
    return 1 / most < ratio < most


def are_alike(pose: np.ndarray, other: np.ndarray) -> bool:
    """Two poses (17, 3), relative to the root."""
    away = pose - other
    square = np.einsum("jc,jc->j", away, away)
    trunk = other[JOINT["neck"]]
    limit = ALIKE_TRUNKS**2 * float(trunk @ trunk)
    # A joint that either lacks is NaN, which is never within the limit.
    num_near = int(np.count_nonzero(square < limit))
    num_far = int(np.count_nonzero(square >= limit))
    return num_far == 0 and num_near >= KNOWN_SHARE * len(square)


def is_like(shape: Shape, usual: Shape) -> bool:
    """Alike in both poses, range, duration and speed."""
    return (
        shape.seen_share >= SEEN_SHARE
        and _is_near(shape.excursion_deg / usual.excursion_deg, MOST_RANGE)
        and _is_near(shape.seconds / usual.seconds, MOST_TIME)
        and shape.speed < MOST_SPEED * usual.speed
        and are_alike(shape.loaded_pose, usual.loaded_pose)
        and are_alike(shape.unloaded_pose, usual.unloaded_pose)
    )
