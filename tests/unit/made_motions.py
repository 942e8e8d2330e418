"""Made-up sequences, each made once, and what to measure on their 25 joints. F frames."""

from functools import cache

import numpy as np

from lib.data.synthetic.bodies import make_body
from lib.data.synthetic.motions import Motion, make_sequence
from lib.geometry import angle_deg, flexion_deg
from lib.skeleton import FIT3D25


@cache
def made(action: str, seed: int, faults: tuple = (), num_reps: int | None = None) -> Motion:
    rng = np.random.default_rng([7, seed])
    return make_sequence(make_body(seed), action, rng, faults=faults, num_reps=num_reps)


def joint(xyz_m: np.ndarray, name: str) -> np.ndarray:
    return xyz_m[:, FIT3D25.joints.index(name)]


def middle(xyz_m: np.ndarray, part: str) -> np.ndarray:
    return (joint(xyz_m, "l" + part) + joint(xyz_m, "r" + part)) / 2


def in_set(motion: Motion) -> np.ndarray:
    return motion.xyz_m[motion.marks[0] : motion.marks[-1]]


def bend(xyz_m: np.ndarray, side: str, *parts: str) -> np.ndarray:
    return flexion_deg(*(joint(xyz_m, side + part) for part in parts))


def knee_deg(xyz_m: np.ndarray, side: str = "l") -> np.ndarray:
    return bend(xyz_m, side, "hip", "knee", "ankle")


def lean_deg(xyz_m: np.ndarray) -> np.ndarray:
    return angle_deg(middle(xyz_m, "shoulder") - middle(xyz_m, "hip"), np.array([0, 0, 1.0]))
