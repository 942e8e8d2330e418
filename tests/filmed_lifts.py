"""Filmed repetitions with known moments, shared by the tests of the rep counter."""

import numpy as np
from moving_body import LIFTS, Timing, as_pose, lift, noisy, seen_by

NAMES = sorted(LIFTS)
FIVE = [Timing(1.2, 0.2, 1.0, 0.5), Timing(1.4), Timing(), Timing(0.9), Timing(1.1, 0.4, 1.3)]


def pose_of(name, timings, fps=30.0, yaw=40.0, noise=0.0, seed=0, lead_s=1.5, tail_s=1.5):
    """Pose3D of a lift before a camera, and (start_s, turn_s, end_s) of each repetition."""
    xyz, marks = lift(name, timings, fps, lead_s, tail_s)
    xyz = seen_by(xyz, yaw, 6.0)
    xyz = noisy(xyz, np.random.default_rng(seed), fps, noise) if noise else xyz
    return as_pose(xyz, fps), marks


def reasons(count):
    """Reasons of rejection."""
    return {r.reason for r in count.rejected}


def frames_of(count):
    """(reps, 2) first frame and end."""
    return np.array([(rep.start_frame, rep.end_frame) for rep in count.reps])
