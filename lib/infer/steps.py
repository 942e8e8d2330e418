"""The steps between the network's answer and the pose that is shipped, each can be left out.

In order: left and right repaired in 2D (lib.infer.swaps), the network, keypoints shifted by what it
missed and the network again, joints moved towards their lines of sight (both lib.infer.rays), bone
lengths held (lib.infer.bones), smoothing in time (lib.signals.smooth), lengths held again.
T frames.
"""

from dataclasses import dataclass

import numpy as np

from lib import signals
from lib.infer.bones import bone_lengths, hold_lengths, with_lengths
from lib.infer.raw import RawLift
from lib.infer.rays import towards_rays
from lib.infer.swaps import repair_swaps
from lib.infer.track import is_seen
from lib.pose import Pose2D, Pose3D

CUTOFF_HZ = 5.0
"""About half of a motion at this frequency passes, 94 % at half of it. Fast push-ups and jumps keep
their angles (docs/infer.md)."""


@dataclass(frozen=True)
class Steps:
    """Which of them are done."""

    repair: bool = True
    """Left and right exchanged by the detector are put right."""
    second_look: bool = True
    """The network is asked again, with its first answer's distance from the picture made up for."""
    rays: bool = True
    """Joints towards the lines of sight on which they were seen."""
    bones: bool = True
    """One length a bone."""
    smooth: bool = True
    """Zero-phase low pass."""


ALL_STEPS = Steps()
NO_STEPS = Steps(False, False, False, False, False)


def repaired(pose: Pose2D, steps: Steps) -> tuple[Pose2D, np.ndarray]:
    """The 2D track to lift, and the frames (T,) in which limbs were exchanged."""
    if not steps.repair:
        return pose, np.zeros(len(pose.xy_px), bool)
    pose, limbs = repair_swaps(pose)
    return pose, np.any(list(limbs.values()), axis=0)


def finish(raw: RawLift, pose: Pose2D, steps: Steps, focal_px: float | None = None) -> np.ndarray:
    """(T, 17, 3) root-relative pose after the steps in 3D. focal_px None assumes one."""
    xyz = towards_rays(raw, pose, focal_px) if steps.rays else raw.xyz
    length = bone_lengths(xyz, is_seen(pose)) if steps.bones else None
    if length is not None:
        xyz = hold_lengths(xyz, length)
    if steps.smooth:
        xyz = _smoothed(xyz, pose.time_s, raw.runs)
        # The mean of two directions is shorter than either: smoothing has shrunk what turns.
        xyz = xyz if length is None else with_lengths(xyz, length)
    return xyz


def _smoothed(xyz: np.ndarray, time_s: np.ndarray, runs: tuple[slice, ...]) -> np.ndarray:
    """Each stretch on its own; between them straight lines."""
    parts = [signals.smooth(xyz[run], time_s[run], CUTOFF_HZ) for run in runs]
    known_s = np.concatenate([time_s[run] for run in runs])
    return signals.resample(np.concatenate(parts), known_s, time_s)


def notes_of(pose: Pose3D) -> list[str]:
    """What a user should know of the steps that made a pose."""
    notes = []
    if num := int(pose.repaired.sum()):
        notes.append(f"left and right limbs exchanged in {num} frame{'s' * (num != 1)}: put right")
    if np.isfinite(pose.sigma).any() and not pose.sigma_is_calibrated:
        notes.append(
            "sigma is not calibrated: the checkpoint holds no calibration, or an older one "
            "(tools/calibrate_lifter.py fits it), or the second look or the lines of sight are off"
        )
    return notes
