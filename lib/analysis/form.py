"""Joint angles. All are in degrees, free of scale and translation; only `trunk` needs gravity.

    knee_l, knee_r           bend of hip-knee-ankle, 0 = straight
    hip_l, hip_r             between neck->root and hip->knee, 0 = thigh in line with the trunk
    elbow_l, elbow_r         bend of shoulder-elbow-wrist, 0 = straight
    shoulder_l, shoulder_r   between neck->root and shoulder->elbow, 0 = arm along the trunk
    trunk                    between root->neck and up, 0 = upright, 90 = horizontal

The bend of a-b-c is atan2(|u x v|, u . v) with u = b - a, v = c - b: exact near 0, where an
arc cosine is not. N samples of a Track, T frames of a recording.
"""

from collections.abc import Sequence

import numpy as np

from lib.analysis.track import Track, prepare
from lib.geometry import angle_deg, flexion_deg
from lib.pose import Pose3D
from lib.signals import resample
from lib.skeleton import JOINT, indices

SIDED = ("knee", "hip", "elbow", "shoulder")
ARM_BONES = [(s + a, s + b) for s in "lr" for a, b in (("shoulder", "elbow"), ("elbow", "wrist"))]
MOST_APART_DEG = 15.0
"""Left and right differ by less throughout, through errors of the joints, in nine of ten made-up
recordings; by more where the body is held so, which need not last."""
ANGLE_JOINTS: dict[str, tuple[str, ...]] = {
    "knee": ("hip", "knee", "ankle"),
    "elbow": ("shoulder", "elbow", "wrist"),
    "hip": ("hip", "knee"),
    "shoulder": ("shoulder", "elbow"),
    "arm": ("shoulder", "wrist"),
}
"""Of one side: three make a bend, two a direction whose angle is from the trunk."""


def limb_angle(xyz: np.ndarray, part: str, side: str) -> np.ndarray:
    """One angle that needs no gravity, of xyz (..., 17, 3); side 'l' or 'r'.

    part out of SIDED, or 'arm': as 'shoulder', but to the wrist, for arms that are straight, and
    from the `trunk_line`.
    """

    at = [xyz[..., JOINT[side + name], :] for name in ANGLE_JOINTS[part]]
    if len(at) == 3:
        return flexion_deg(*at)
    down = xyz[..., JOINT["root"], :] - xyz[..., JOINT["neck"], :]
    return angle_deg(trunk_line(xyz) if part == "arm" else down, at[1] - at[0])


def limb_angles(xyz: np.ndarray) -> dict[str, np.ndarray]:
    """All of them, of xyz (..., 17, 3); each (...), NaN where a joint is."""
    return {f"{part}_{side}": limb_angle(xyz, part, side) for part in SIDED for side in "lr"}


def trunk_line(xyz: np.ndarray) -> np.ndarray:
    """(..., 3) from the neck to the hips, of xyz (..., 17, 3); to the knees where no hips are seen
    at all, as behind a bench."""
    line = xyz[..., JOINT["root"], :] - xyz[..., JOINT["neck"], :]
    return line if np.isfinite(line).any() else mid(xyz, "knee") - xyz[..., JOINT["neck"], :]


def trunk_lean_deg(xyz: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Angle of root->neck from the up vector (3,), of xyz (..., 17, 3)."""
    trunk = xyz[..., JOINT["neck"], :] - xyz[..., JOINT["root"], :]
    return angle_deg(trunk, np.broadcast_to(up, trunk.shape))


def both_sides(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Mean of two (N,) angles; where one side is missing the other stands in, without a step
    unless they are MOST_APART_DEG apart."""
    offset = left - right
    known = np.isfinite(offset)
    apart = np.median(offset[known]) if known.any() else 0.0
    half = np.clip(apart, -MOST_APART_DEG, MOST_APART_DEG) / 2
    alone = np.where(np.isfinite(left), left - half, right + half)
    return np.where(known, (left + right) / 2, alone)


def mean_angle(xyz: np.ndarray, part: str) -> np.ndarray:
    """(N,) the two sides of a `limb_angle` made one, of xyz (N, 17, 3)."""
    return both_sides(limb_angle(xyz, part, "l"), limb_angle(xyz, part, "r"))


def segment_length(track: Track, *bones: tuple[str, str]) -> float:
    """Median length over the recording, mean of the bones present, in the pose's unit; or NaN."""
    lengths = []
    for a, b in bones:
        length = np.linalg.norm(track.joint(a) - track.joint(b), axis=-1)
        known = np.isfinite(length)
        if known.any():
            lengths.append(np.median(length[known]))
    return float(np.mean(lengths)) if lengths else float("nan")


def femur_length(track: Track) -> float:
    """The default unit of length."""
    return segment_length(track, ("rhip", "rknee"), ("lhip", "lknee"))


def leg_length(track: Track) -> float:
    """Thigh plus shank; NaN if unknown or nothing."""
    shank = segment_length(track, ("rknee", "rankle"), ("lknee", "lankle"))
    return femur_length(track) + shank or float("nan")


def angles_of_track(track: Track, up: np.ndarray) -> dict[str, np.ndarray]:
    """Every angle of the list above on the track's clock, each (N,)."""
    return limb_angles(track.xyz) | {"trunk": trunk_lean_deg(track.xyz, up)}


def joint_angles(pose: Pose3D, track: Track | None = None) -> dict[str, np.ndarray]:
    """Every angle of the list above at the recording's own frames, each (T,) degrees.

    track: the pose prepared, if it is already. Smoothed as the rep counter sees them (4 Hz); NaN
    where a joint was missing for longer than 1.5 s. Raises UserError if the time stamps do not
    increase.
    """
    track = prepare(pose) if track is None else track
    angles = angles_of_track(track, track.up.vector)
    if len(track) == 0:
        return angles
    return {name: resample(a, track.time_s, pose.time_s) for name, a in angles.items()}


def depth_line(
    pose: Pose3D, up: Sequence[float] | None = None, track: Track | None = None
) -> np.ndarray:
    """(T,) hip joints below the knee joints at every frame, thigh lengths; 0 = level (SQ-01).

    up: (3,) in the pose's frame, default what the pose itself tells. track: the pose prepared, if
    it is already. Smoothed and with gaps as `joint_angles`. Raises UserError if the time stamps do
    not increase.
    """
    track = prepare(pose) if track is None else track
    if len(track) == 0:
        return np.full(len(pose.xyz), np.nan)
    upward = track.up.vector if up is None else np.asarray(up, float)
    thigh = femur_length(track) or np.nan  # 0 where all joints are in one place
    below = (mid(track.xyz, "knee") - mid(track.xyz, "hip")) @ upward / thigh
    return resample(below, track.time_s, pose.time_s)


def mid(xyz: np.ndarray, part: str) -> np.ndarray:
    """(..., 3) midpoint of the left and right `part` ('hip', 'knee', ...) of xyz (..., 17, 3).

    One side stands in for the other where that is missing.
    """
    left, right = (xyz[..., i, :] for i in indices("l" + part, "r" + part))
    both = (left + right) / 2
    return np.where(np.isfinite(both), both, np.where(np.isfinite(left), left, right))
