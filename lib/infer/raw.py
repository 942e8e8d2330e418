"""What the network said of a recording, before the steps after it. T frames, J = 17 joints."""

from dataclasses import dataclass

import numpy as np

from lib.pose import Pose2D


@dataclass(frozen=True)
class RawLift:
    """The lifted pose at the recording's own frames."""

    xyz: np.ndarray
    """(T, 17, 3) root-relative, camera frame, in the network's metres."""
    flip_spread: np.ndarray
    """(T, 17) how far the answers to the input and to its mirror image, of each of the network's
    streams, are from their mean (root mean square); NaN without flip averaging."""
    runs: tuple[slice, ...]
    """Stretches of frames without a long gap; the frames between them are straight lines."""


@dataclass(frozen=True)
class Finished:
    """A recording lifted, the steps done that are wanted."""

    pose: Pose2D
    """What was lifted, sides repaired."""
    repaired: np.ndarray
    """(T,) frames in which they were."""
    first: RawLift
    raw: RawLift
    """What the network said in the end: at its second look, where it had one."""
    xyz: np.ndarray
    """(T, 17, 3) root-relative, camera frame, in the network's metres."""
