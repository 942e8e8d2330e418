"""What keeps a detector from seeing: lost frames, hidden joints, plates, a rack, the own body.

Each takes a scene, its detection and a generator, and gives the detection with less in it and which
joints (T, 17) were taken away.
"""

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.lifting_scenes import Scene
from lib.data.noise import half_sides_px
from lib.data.occlusion import guessed, hidden_by_body, hidden_by_plates, hidden_by_rack
from lib.data.views import facing
from lib.pose import Pose2D
from lib.skeleton import NUM_JOINTS, indices


def runs(
    num_frames: int, num_series: int, share: float, run_frames: int, rng: np.random.Generator
) -> np.ndarray:
    """(T, K) bool: about `share` of each series is True, in runs of a length."""
    starts = 1 - (1 - share) ** (1 / run_frames)
    begun = rng.random((num_frames + run_frames, num_series)) < starts
    inside = np.cumsum(begun, 0)
    return (inside[run_frames:] - inside[:-run_frames]) > 0


def without(pose: Pose2D, gone: np.ndarray) -> Pose2D:
    """The pose without some joints (T, 17)."""
    return replace(pose, score=np.where(gone, 0, pose.score))


@dataclass(frozen=True)
class LostFrames:
    """Frames without any detection, in gaps of `gap_s` (0 = single frames)."""

    share: float
    gap_s: float = 0.0

    def __call__(self, scene: Scene, pose: Pose2D, rng: np.random.Generator):
        length = max(round(self.gap_s * pose.fps), 1)
        gone = runs(len(pose.score), 1, self.share, length, rng)
        gone[len(gone) // 2] = False  # nobody at all is another matter
        gone = np.repeat(gone, NUM_JOINTS, 1)
        return without(pose, gone), gone


@dataclass(frozen=True)
class LostJoints:
    """Joints that are missing one by one, half a second at a time."""

    share: float

    def __call__(self, scene: Scene, pose: Pose2D, rng: np.random.Generator):
        gone = runs(*pose.score.shape, self.share, max(round(pose.fps / 2), 1), rng)
        return without(pose, gone), gone


@dataclass(frozen=True)
class Never:
    """Joints that are never seen."""

    joints: tuple[str, ...]

    def __call__(self, scene: Scene, pose: Pose2D, rng: np.random.Generator):
        gone = np.zeros(pose.score.shape, bool)
        gone[:, indices(*self.joints)] = True
        return without(pose, gone), gone


def _guessed(scene: Scene, pose: Pose2D, hidden: np.ndarray, rng: np.random.Generator):
    half_px = half_sides_px(pose.xy_px, pose.score, pose.fps)
    xy_px, score = guessed(pose.xy_px, pose.score, hidden, half_px, pose.fps, rng)
    return replace(pose, xy_px=xy_px, score=score), hidden


def behind_held_plates(scene: Scene, pose: Pose2D, rng: np.random.Generator):
    """A loaded bar in the hands."""
    return _guessed(scene, pose, hidden_by_plates(scene.xyz_cam, "wrist"), rng)


def behind_shouldered_plates(scene: Scene, pose: Pose2D, rng: np.random.Generator):
    """A loaded bar across the shoulders."""
    return _guessed(scene, pose, hidden_by_plates(scene.xyz_cam, "shoulder"), rng)


def behind_rack(scene: Scene, pose: Pose2D, rng: np.random.Generator):
    """Inside a rack of four posts that stands around the body's usual place."""
    ahead = np.nanmean(facing(scene.xyz_world), 0)
    ahead = ahead / np.linalg.norm(ahead)
    return _guessed(
        scene, pose, hidden_by_rack(scene.xyz_cam, scene.xyz_world, ahead, scene.camera), rng
    )


def behind_body(scene: Scene, pose: Pose2D, rng: np.random.Generator):
    """Far limbs behind near ones and the trunk."""
    return _guessed(scene, pose, hidden_by_body(scene.xyz_cam), rng)
