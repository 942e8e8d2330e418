"""From the gym to what a lifter network hands over: a view, its errors and its missing joints.

Camera axes x right, y down, z away from the camera, metres. T frames, J = 17 joints.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from lib.skeleton import JOINT, LIMB_JOINTS, MIRROR, NUM_JOINTS, indices

NOISE_M, BIAS_M, NOISE_S = (0.012, 0.012, 0.035), (0.010, 0.010, 0.030), 0.15
"""One standard deviation of the errors that wander and of those that stay, and how long the former
last: the specification's, about 45 mm a joint."""
SEAM_FRAMES, SEAM_M = 243, 0.15


@dataclass(frozen=True)
class Camera:
    """Where it stands."""

    yaw_deg: float
    """0: before the lifter, 90: at his right, -90: at his left, 180: behind."""
    pitch_deg: float
    """Looking down."""
    roll_deg: float
    distance_m: float

    @property
    def R_world_to_cam(self) -> np.ndarray:
        """(3, 3), rows are the camera's axes in the gym."""
        yaw, pitch, roll = np.radians([self.yaw_deg, self.pitch_deg, self.roll_deg])
        level = np.array([-np.sin(yaw), -np.cos(yaw), 0.0])
        right = np.cross([0.0, 0.0, -1.0], level)
        away = np.cos(pitch) * level - np.sin(pitch) * np.array([0.0, 0.0, 1.0])
        down = np.cross(away, right)
        return np.stack([np.cos(roll) * right + np.sin(roll) * down,
                         np.cos(roll) * down - np.sin(roll) * right, away])  # fmt: skip

    def sees(self, xyz_m: np.ndarray) -> np.ndarray:
        """(T, 17, 3) of the gym in camera axes."""
        centre = xyz_m[:, JOINT["root"]].mean(0)
        return (xyz_m - centre) @ self.R_world_to_cam.T + [0.0, 0.0, self.distance_m]


@dataclass(frozen=True)
class Flaws:
    """What is wrong with the lifted pose."""

    noise: float = 1.0
    """Times NOISE_M and BIAS_M."""
    bursts_per_min: float = 0.0
    """A limb's joint that is elsewhere by some decimetres for 0.1 to 0.4 s."""
    has_seams: bool = False
    """The depth of the whole body jumps every SEAM_FRAMES frames."""
    missing_share: float = 0.0
    """Joints missing at random."""
    gap_s: float = 0.0
    """No joint at all for this long, somewhere."""
    never_seen: Sequence[str] = ()
    """Joints missing throughout."""
    hidden_loaded: Sequence[str] = ()
    """Joints missing in the loaded position, behind plates or a rack."""
    is_swapped: bool = False
    """Left and right labels exchanged."""


def spoil(
    xyz: np.ndarray, phase: np.ndarray, fps: float, flaws: Flaws, rng: np.random.Generator
) -> np.ndarray:
    """(T, 17, 3) in camera axes with the flaws; NaN = missing. phase (T,), 1 = loaded."""
    seen = xyz + flaws.noise * _errors(len(xyz), fps, rng)
    if flaws.bursts_per_min:
        seen = _with_bursts(seen, fps, flaws.bursts_per_min, rng)
    if flaws.has_seams:
        jump = rng.normal(0, SEAM_M, len(seen) // SEAM_FRAMES + 1)
        seen[..., 2] += np.repeat(jump, SEAM_FRAMES)[: len(seen), None]
    seen[rng.random(seen.shape[:2]) < flaws.missing_share] = np.nan
    if flaws.gap_s and len(seen):
        at = rng.integers(0, max(1, len(seen) - round(flaws.gap_s * fps)))
        seen[at : at + round(flaws.gap_s * fps)] = np.nan
    seen[:, indices(*flaws.never_seen)] = np.nan
    seen[np.ix_(phase > 0.88, indices(*flaws.hidden_loaded))] = np.nan
    return seen[:, MIRROR] if flaws.is_swapped else seen


def _errors(num_frames: int, fps: float, rng: np.random.Generator) -> np.ndarray:
    keep = np.exp(-1 / (fps * NOISE_S))
    fresh = rng.standard_normal((num_frames, NUM_JOINTS, 3))
    fresh[1:] *= np.sqrt(1 - keep**2)
    wander = lfilter([1.0], [1.0, -keep], fresh, axis=0)
    return wander * NOISE_M + rng.standard_normal((NUM_JOINTS, 3)) * BIAS_M


def _with_bursts(xyz: np.ndarray, fps: float, per_min: float, rng: np.random.Generator):
    seen = xyz.copy()
    for _ in range(rng.poisson(per_min * len(xyz) / fps / 60)):
        at = int(rng.integers(len(xyz)))
        joint = JOINT[str(rng.choice(LIMB_JOINTS))]
        seen[at : at + max(1, round(rng.uniform(0.1, 0.4) * fps)), joint] += rng.normal(0, 0.15, 3)
    return seen
