"""The one angle that a repetition moves up and down. N samples of a Track."""

from dataclasses import dataclass

import numpy as np

from lib.analysis.form import both_sides, limb_angle, mean_angle
from lib.analysis.track import Track
from lib.signals import rolling_median
from lib.skeleton import indices

MEDIAN_S = 0.1
NOISE_BELOW_CUTOFF = 2.25
"""Noise left in the smoothed signal per noise taken out of it, for keypoint errors that persist
for about 0.15 s: sqrt(b / (1 - b)), b = 2/pi atan(2 pi 4 Hz 0.15 s)."""

_JOINTS = {
    "knee": ("hip", "knee", "ankle"),
    "hip": ("hip", "knee"),
    "elbow": ("shoulder", "elbow", "wrist"),
    "shoulder": ("shoulder", "elbow"),
}
_TRUNK = {"hip": ("root", "neck"), "shoulder": ("root", "neck")}


@dataclass(frozen=True)
class DriveSignal:
    """Degrees over time; large = loaded position."""

    u_deg: np.ndarray
    """(N,) mean of the sides; NaN where neither is known."""
    left_deg: np.ndarray
    right_deg: np.ndarray
    is_seen: np.ndarray
    """(N,) the joints of one whole side were observed."""
    noise_deg: float
    """One standard deviation of the noise in u_deg."""

    @property
    def speed(self) -> np.ndarray:
        """(N,) change of u_deg a sample."""
        return np.gradient(self.u_deg) if len(self.u_deg) > 1 else np.zeros(len(self.u_deg))


def _noise_deg(track: Track, angle: str, u_deg: np.ndarray) -> float:
    rough = mean_angle(track.raw, angle) - u_deg
    rough = rough[np.isfinite(rough)]
    if len(rough) < track.fps:
        return 0.0
    return float(NOISE_BELOW_CUTOFF * 1.4826 * np.median(np.abs(rough - np.median(rough))))


def drive_signal(track: Track, angle: str) -> DriveSignal:
    """The named angle of both sides as one smooth signal."""
    left, right = (limb_angle(track.xyz, angle, side) for side in "lr")
    u_deg = both_sides(left, right)
    seen = [
        track.is_seen[:, indices(*(s + j for j in _JOINTS[angle]), *_TRUNK.get(angle, ()))].all(1)
        for s in "lr"
    ]
    noise_deg = _noise_deg(track, angle, u_deg)
    known = np.isfinite(u_deg)
    if known.any():
        bridged = np.interp(np.arange(len(u_deg)), np.flatnonzero(known), u_deg[known])
        smooth = rolling_median(bridged, round(MEDIAN_S * track.fps))
        u_deg = np.where(known, smooth, np.nan)
    return DriveSignal(u_deg, left, right, seen[0] | seen[1], noise_deg)
