"""A recording as metrics see it: averaged positions in the lifter's axes and in thigh lengths.

N samples of a Track. Positions are averaged over 0.2 s before any angle is taken: an unsigned angle
near 0 is biased upwards by noise if it is averaged after.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.signal import savgol_filter

from lib.analysis.form import femur_length, leg_length, segment_length
from lib.analysis.gravity import LifterFrame
from lib.analysis.measures import MEASURES, Body
from lib.analysis.rigid import with_rigid_bones
from lib.analysis.rules import STRAIGHT_DEG, Path
from lib.analysis.track import Track
from lib.body import THIGH, TRUNK, UPPER_ARM
from lib.pose import Pose3D
from lib.signals import lowpass, window_mean
from lib.skeleton import LIMB_JOINTS, indices

HALF_WINDOW_S = 0.10
MIN_MEASURED_SHARE = 0.70
VELOCITY_HZ, SPEED_WINDOW_S = 6.0, 0.30
HELD_S, HELD = 0.5, 0.03
"""The loaded position, the lift-off and the lockout are averaged for up to this long while the bar
is within this, thigh lengths."""
NOISE_REFERENCE = 0.0125
"""Thigh lengths: what smoothing takes out of a limb joint's coordinates at the noise for which the
exercise files give their sigmas (median absolute deviation; `benchmarks/metric_noise.py`)."""
MAX_NOISE = 4.0
GUESSED_THIGH_SIGMA = 0.10
"""Relative, of a thigh length told from the trunk or the arms (choice)."""


@dataclass(frozen=True)
class Scene:
    """What every metric of a recording, or of a set of it, shares."""

    track: Track
    lifter: LifterFrame
    path: Path
    is_metric: bool
    is_lifted: bool
    scale_sigma: float
    """Of the unit of lengths that is reported, relative."""
    femur: float
    """In the pose's unit; the usual one for the trunk or the arms where no thigh is seen."""
    upper_arm: float
    """Thigh lengths."""
    leg: float
    """Thigh plus shank, thigh lengths."""
    jitter: float
    """Over that for which the exercise files give their sigmas, at most MAX_NOISE."""
    mean_xyz: np.ndarray
    """(N, 17, 3) positions averaged over the window, in the pose's frame and unit; NaN for a joint
    seen in less than MIN_MEASURED_SHARE of it."""
    rigid_xyz: np.ndarray
    """(N, 17, 3) the same, a camera's with rigid bones: made so before the mean is taken, which
    shortens what turns. Not for limbs that are straight and across the line of sight: their length
    does not tell their direction."""
    is_standing: np.ndarray
    """(N,) samples at the unloaded position of an upright exercise."""
    bar_height: np.ndarray
    """(N,) of the bar over what stands still, thigh lengths, 6 Hz."""
    bar_speed: np.ndarray
    """(N,) its change a second, Savitzky-Golay."""

    straightest_deg: dict[str, float] = field(default_factory=dict)
    """By measure of STRAIGHT_DEG: the straightest that is shown, `straightest` of this recording.

    It has the joints' steady errors, and is how straight this body comes."""
    is_known_lift: bool = True
    """Whether a lifter's error in this exercise is known."""

    @property
    def noise(self) -> float:
        """Factor of every sigma, never below 1.

        A quiet signal is no proof of a right one: smoothing takes out jitter, not bias.
        """
        return max(self.jitter, 1.0)

    @property
    def up(self) -> np.ndarray:
        return self.lifter.up.vector

    @property
    def length_unit(self) -> str:
        return "m" if self.is_metric else "femur"

    @property
    def length_per_femur(self) -> float:
        """Factor from thigh lengths to the unit of lengths that is reported."""
        return self.femur if self.is_metric else 1.0

    @cached_property
    def axes(self) -> np.ndarray:
        """(3, 3) rows right, forward, up."""
        return np.stack([self.lifter.right, self.lifter.forward, self.up])

    def body(self, first: int, last: int) -> Body:
        """Averaged poses of the samples first..last in the lifter's axes."""
        return self._body(self.rigid_xyz[first : last + 1])

    def held(self, i_at: int, is_after: bool) -> Body:
        """(1, 17, 3) the pose at a sample, averaged over the time that the bar stays there.

        is_after: the lockout, straight, and only from the sample on, where it came to rest.
        """
        reach = round(HELD_S * self.track.fps)
        before, after = (0, reach) if is_after else (reach // 2, reach // 2)
        first = max(i_at - before, 0)
        height = self.bar_height[first : i_at + after + 1]
        is_there = np.abs(height - self.bar_height[i_at]) < HELD
        gone = np.flatnonzero(~is_there) + first
        start = max(gone[gone < i_at], default=first - 1) + 1
        stop = min(gone[gone >= i_at], default=first + len(height))
        start, stop = (start, stop) if stop - start > 1 else (i_at, i_at + 1)
        return self._mean_body((self.mean_xyz if is_after else self.rigid_xyz)[start:stop])

    def averaged(self, first: int, last: int) -> Body:
        """(1, 17, 3) the mean pose of the samples first..last."""
        return self._mean_body(self.rigid_xyz[first : last + 1])

    def _mean_body(self, poses: np.ndarray) -> Body:
        known = np.isfinite(poses).all(-1)[..., None]
        total = np.where(known, poses, 0.0).sum(0) / np.maximum(known.sum(0), 1)
        return self._body(np.where(known.mean(0) >= MIN_MEASURED_SHARE, total, np.nan)[None])

    def _body(self, xyz: np.ndarray) -> Body:
        turned = xyz @ self.axes.T / self.femur
        sight = self.axes[:, 2] if self.track.frame == "camera" else np.zeros(3)
        return Body(turned, sight, self.upper_arm, self.leg)

    def straightest(self, within: slice) -> dict[str, float]:
        """By measure of STRAIGHT_DEG: the straightest that some samples show for HELD_S, at most
        the value there. In these axes: of both sides one is mirrored."""
        body, found = self._body(_held(self.mean_xyz[within], self.track.fps)), {}
        for name, most in STRAIGHT_DEG.items():
            bend = MEASURES[name](body, "both")
            found[name] = min(float(np.nanmin(bend, initial=most)), most)
        return found

    @cached_property
    def standing(self) -> Body:
        """(1, 17, 3) the median standing pose; NaN where the body never stands."""
        poses = self.mean_xyz[self.is_standing]
        known = np.isfinite(poses).all(-1)
        middle = np.full((1, *poses.shape[1:]), np.nan)
        for i_joint in np.flatnonzero(known.any(0)):
            middle[0, i_joint] = np.median(poses[known[:, i_joint], i_joint], 0)
        return self._body(middle)


def _bar_height(track: Track, up: np.ndarray, path: Path, femur: float) -> np.ndarray:
    raw = np.where(track.is_measured[..., None], track.raw, np.nan) @ up
    body = Body(raw[..., None], np.zeros(3), 1.0, 1.0)
    bar = body.joint("neck") if path.bar == "neck" else body.part(path.bar)
    return lowpass((bar - body.part(path.over))[:, 0] / femur, track.fps, VELOCITY_HZ)


def _speed(height: np.ndarray, fps: float) -> np.ndarray:
    size = round(SPEED_WINDOW_S * fps) | 1
    if len(height) < size:
        return np.full(len(height), np.nan)
    return savgol_filter(height, size, 2, deriv=1, delta=1 / fps, mode="nearest")


def _averaged(track: Track, xyz: np.ndarray) -> np.ndarray:
    """(N, 17, 3) of the track's positions or of corrected ones."""
    half = max(1, round(HALF_WINDOW_S * track.fps))
    return window_mean(
        np.where(track.is_measured[..., None], xyz, np.nan), half, MIN_MEASURED_SHARE
    )


def _held(mean_xyz: np.ndarray, fps: float) -> np.ndarray:
    """(M, 17, 3) positions averaged over HELD_S, a sample every HALF_WINDOW_S; NaN for a joint that
    was not known all the time."""
    half = round(HELD_S / HALF_WINDOW_S / 2)
    held = window_mean(mean_xyz[:: max(1, round(HALF_WINDOW_S * fps))], half, 1.0)
    return held[half:-half] if len(held) > 2 * half else held


def _thigh(track: Track, arm: float) -> tuple[float, float]:
    """Length in the pose's unit and its relative sigma: as seen, else that of the usual body with
    such a trunk or arm. NaN where none is known or the body is a point."""
    trunk = segment_length(track, ("root", "neck")) * THIGH / TRUNK
    guessed = next((x for x in (trunk, arm * THIGH / UPPER_ARM) if x > 0), float("nan"))
    seen = femur_length(track)
    return (seen, 0.0) if seen > 0 else (guessed, GUESSED_THIGH_SIGMA)


def _jitter(track: Track, femur: float) -> float:
    rough = (track.raw - track.xyz)[:, indices(*LIMB_JOINTS)]
    rough = np.abs(rough[np.isfinite(rough)])
    if len(rough) == 0 or track.frame == "world":
        return 0.0
    return min(float(np.median(rough)) / femur / NOISE_REFERENCE, MAX_NOISE)


def make_scene(
    pose: Pose3D, track: Track, lifter: LifterFrame, path: Path, is_standing: np.ndarray | None
) -> Scene:
    """Gather them."""
    mean_xyz = _averaged(track, track.xyz)
    is_metric = pose.unit == "metre"
    arm = segment_length(track, ("rshoulder", "relbow"), ("lshoulder", "lelbow"))
    femur, femur_sigma = _thigh(track, arm)
    height = _bar_height(track, lifter.up.vector, path, femur)
    scene = Scene(
        track, lifter, path, is_metric, pose.is_lifted,
        float(np.nan_to_num(pose.scale_sigma)) if is_metric else femur_sigma,
        femur, arm / femur, leg_length(track) / femur, _jitter(track, femur), mean_xyz,
        _averaged(track, with_rigid_bones(track.xyz)) if track.frame == "camera" else mean_xyz,
        np.zeros(len(track), bool) if is_standing is None else is_standing,
        height, _speed(height, track.fps),
    )  # fmt: skip
    return replace(scene, straightest_deg=scene.straightest(slice(None)))


def _about(scene: Scene, first: int, last: int) -> slice:
    """The samples first..last; of an instant those around it."""
    half = max(1, round(HALF_WINDOW_S * scene.track.fps)) if first == last else 0
    return slice(max(0, first - half), last + half + 1)


def seen_share(scene: Scene, first: int, last: int, joints: tuple[str, ...]) -> float:
    """Share of the samples first..last in which the joints were observed, not bridged."""
    return float(scene.track.is_seen[_about(scene, first, last), indices(*joints)].mean())


def least_score(scene: Scene, first: int, last: int, joints: tuple[str, ...]) -> float:
    """Mean score in the samples first..last of the joint that the detector was least sure of."""
    return float(scene.track.score[_about(scene, first, last), indices(*joints)].mean(0).min())
