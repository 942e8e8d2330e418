"""How far a lifted pose is off the lines of sight on which its joints were seen, made up for twice.

A network gives a likely pose and keeps to the picture only roughly, the less so, the stranger the
pose. Keypoints shifted by what it missed are given to it once more (`overstated`): what it answers
is nearer to the picture and, as depth goes with it, nearer to the truth (Tukey's twicing,
Exploratory Data Analysis, 1977; Irani and Peleg's iterative back-projection, 1991). In the end each
joint goes towards its line of sight by itself (`towards_rays`). What a detector has misplaced must
not be made up for, so of a gap a share is believed, the smaller, the surer the network is. Shares
are a Kalman filter's gains, spread^2 / (spread^2 + half^2), how far the answers for a frame are
apart taken for the error of the network; that of what is steady in the second look compares with
the gaps themselves. T frames, J = 17 joints.
"""

from dataclasses import replace

import numpy as np

from lib import signals
from lib.infer.place import Placed, place
from lib.infer.raw import RawLift
from lib.infer.track import is_in_sight, trusted
from lib.pose import Pose2D
from lib.skeleton import BONE_INDEX, JOINT

MOVING_M, STEADY_M = 0.012, 0.025
"""Spread at which half of a gap is believed: of what changes, of what stays the same over a
recording. Detectors have places of their own for hips and shoulders, and those stay. All constants
here were chosen on development data (benchmarks/choose_steps.py)."""
AGAIN = 1.5
"""How many times the believed gap keypoints are shifted by."""
OWN_SPREADS, MOST_AGAIN = 0.4, 0.6
"""Of the recording's usual steady gap this many spreads are taken for the network's, the rest for
the detector's: the second look believes the square of their share, and at most so much."""
FAR_M = 0.15
"""A line of sight as far away is believed half as much: it may be that of something else."""
USUAL_SPREAD_M = 0.02
"""Spread where none is told, as without flip averaging."""


def overstated(raw: RawLift, pose: Pose2D, focal_px: float | None) -> Pose2D:
    """The keypoints that were lifted, each shifted further from where raw has its joint.

    None is shifted out of sight, where it would count as unseen.
    """
    placed = place(raw.xyz, pose, focal_px)
    gap, spread = _gap(placed, pose), _spread_m(raw, pose)
    # Of the median joint: a few may be meant otherwise, as necks and spines are.
    usual = float(signals.median_known(np.linalg.norm(signals.median_known(gap), axis=-1)))
    own = OWN_SPREADS * float(signals.median_known(spread))
    of_steady = MOST_AGAIN if own**2 >= MOST_AGAIN * usual**2 else (own / usual) ** 2
    shift_m = AGAIN * np.nan_to_num(_believed(gap, _gain(spread, MOVING_M), of_steady))
    shifted = replace(pose, xy_px=pose.xy_px + shift_m * placed.focal_px / placed.xyz[..., 2:])
    stays = is_in_sight(pose) & ~is_in_sight(shifted)
    return replace(pose, xy_px=np.where(stays[..., None], pose.xy_px, shifted.xy_px))


def towards_rays(raw: RawLift, pose: Pose2D, focal_px: float | None) -> np.ndarray:
    """(T, 17, 3) root-relative metres, joints moved sideways at the depth they have.

    raw.xyz is placed in front of the camera as `place` does it. That asks little of the
    focal length: one 30 % short moves the joints of a person 0.8 m beside the camera's axis by a
    centimetre. What is not seen for a while moves as before and after, what never is as the joint
    it hangs on.
    """
    gap, spread = _gap(place(raw.xyz, pose, focal_px), pose), _spread_m(raw, pose)
    of_steady = float(_gain(signals.median_known(spread), STEADY_M))
    move = signals.fill_gaps(_believed(gap, _gain(spread, MOVING_M), of_steady))
    for parent, child in BONE_INDEX:
        if np.isnan(move[0, child, 0]):
            move[:, child] = move[:, parent]
    moved = np.concatenate([raw.xyz[..., :2] + np.nan_to_num(move), raw.xyz[..., 2:]], -1)
    return moved - moved[:, [JOINT["root"]]]


def _gap(placed: Placed, pose: Pose2D) -> np.ndarray:
    """(T, 17, 2) metres sideways to the lines of sight; NaN where unseen."""
    ray = (pose.xy_px - np.array(pose.size_px) / 2) / placed.focal_px
    gap = ray * placed.xyz[..., 2:] - placed.xyz[..., :2]
    return np.where(trusted(pose)[..., None], gap, np.nan)


def _believed(gap: np.ndarray, of_moving: np.ndarray, of_steady: float) -> np.ndarray:
    """(T, 17, 2) with shares of what changes in each frame (T,) and of what stays the same."""
    steady = signals.median_known(gap)
    far = np.linalg.norm(gap, axis=-1, keepdims=True) / FAR_M
    return (of_moving[:, None, None] * (gap - steady) + of_steady * steady) / (1 + far**2)


def _spread_m(raw: RawLift, pose: Pose2D) -> np.ndarray:
    """(T,) how far the answers for a frame are apart, mean over the seen joints but the root.

    NaN where none is seen. What the network makes up it is unsure of, and that says nothing of how
    well it keeps to what was seen.
    """
    counts = trusted(pose) & (np.arange(pose.score.shape[1]) != JOINT["root"])
    spread = np.where(np.isnan(raw.flip_spread), USUAL_SPREAD_M, raw.flip_spread)
    num = counts.sum(1)
    return np.where(num > 0, (spread * counts).sum(1) / np.maximum(num, 1), np.nan)


def _gain(spread_m: np.ndarray, half_m: float) -> np.ndarray:
    return spread_m**2 / (spread_m**2 + half_m**2)
