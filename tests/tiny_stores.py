"""Small motion stores for tests of training: bodies that sway, seen from a few sides."""

from pathlib import Path

import numpy as np

from lib.data.clips import slice_store
from lib.data.store import Recording, Sequence, open_store, write_store
from lib.data.views import RandomCameraConfig, draw_camera
from lib.geometry import project, world_to_camera
from lib.skeleton import BONE_INDEX, JOINTS

# A standing body, metres, Z up, looking along -y.
STANDING = {
    "root": (0, 0, 0.95), "rhip": (-0.1, 0, 0.93), "rknee": (-0.11, -0.02, 0.5),
    "rankle": (-0.12, 0, 0.08), "lhip": (0.1, 0, 0.93), "lknee": (0.11, -0.02, 0.5),
    "lankle": (0.12, 0, 0.08), "spine": (0, 0.01, 1.2), "neck": (0, 0, 1.45),
    "nose": (0, -0.1, 1.58), "head": (0, 0, 1.7), "lshoulder": (0.18, 0, 1.42),
    "lelbow": (0.22, 0, 1.12), "lwrist": (0.22, -0.05, 0.88), "rshoulder": (-0.18, 0, 1.42),
    "relbow": (-0.22, 0, 1.12), "rwrist": (-0.22, -0.05, 0.88),
}  # fmt: skip


def bone_lengths(xyz: np.ndarray) -> np.ndarray:
    """(T, 16) of poses (T, 17, 3)."""
    parents, children = np.transpose(BONE_INDEX)
    return np.linalg.norm(xyz[:, children] - xyz[:, parents], axis=-1)


def swaying(num_frames: int, rng: np.random.Generator) -> np.ndarray:
    """(T, 17, 3) world metres."""
    body = np.array([STANDING[name] for name in JOINTS])
    phase = np.arange(num_frames)[:, None, None] / 25 + rng.uniform(0, 6, (1, len(JOINTS), 3))
    return body + 0.03 * np.sin(phase)


def world_store(folder: Path, lengths=(60, 40), length: int = 30) -> Path:
    """A mocap-like store; the last sequence has no head markers."""
    rng = np.random.default_rng(0)

    def recordings():
        for i, num_frames in enumerate(lengths):
            xyz = swaying(num_frames, rng)
            if i == len(lengths) - 1:
                xyz[:, JOINTS.index("head")] = np.nan
            yield Sequence(f"walk{i}", f"p{i}", "walk", f"g{i}", 0, 0, 50.0), xyz, None, None

    write_store(folder, "world", recordings())
    return _with_clips(folder, length)


def camera_store(folder: Path, actions=("squat", "deadlift", "pushup"), length: int = 30) -> Path:
    """A Fit3D-like store: each action by s03 and s09, from one camera."""
    rng = np.random.default_rng(1)

    def recordings():
        for subject in ("s03", "s09"):
            for action in actions:
                world = swaying(60, rng)
                camera = draw_camera(world, RandomCameraConfig(), rng)
                xyz = world_to_camera(world, camera)
                sequence = Sequence(
                    f"{subject}_{action}", subject, action, subject, 0, 0, 50.0, camera, "60457274"
                )
                yield sequence, xyz, project(xyz, camera), None

    write_store(folder, "camera", recordings())
    return _with_clips(folder, length)


def image_store(folder: Path, length: int = 30) -> Path:
    """A store of 2D detections: two tracks in one video, one joint never seen."""
    rng = np.random.default_rng(2)

    def recordings():
        for i in range(2):
            world = swaying(50, rng)
            camera = draw_camera(world, RandomCameraConfig(), rng)
            px = project(world_to_camera(world, camera), camera).astype(np.float32)
            score = rng.uniform(0.3, 1, px.shape[:2]).astype(np.float32)
            px[:, JOINTS.index("head")] = score[:, JOINTS.index("head")] = 0
            sequence = Sequence(f"video/{i}", str(i), "", "video", 0, 0, 50.0)
            yield Recording(sequence, detected_px=px, detected_score=score)

    write_store(folder, "image", recordings())
    return _with_clips(folder, length)


def _with_clips(folder: Path, length: int) -> Path:
    np.save(folder / "clips.npy", slice_store(open_store(folder), length, length // 2))
    return folder


def track_store(folder: Path, lengths=(40, 25), length: int = 10, fps: float = 25.0) -> Path:
    """A PoseTrack-like store; the last sequence is hidden for its first 15 frames."""
    rng = np.random.default_rng(2)

    def recordings():
        for i, num_frames in enumerate(lengths):
            world = swaying(num_frames, rng)
            camera = draw_camera(world, RandomCameraConfig(), rng)
            px = project(world_to_camera(world, camera), camera)
            score = rng.uniform(0.5, 1, px.shape[:2])
            score[:, JOINTS.index("lwrist")] = 0
            if i == len(lengths) - 1:
                score[:15] = 0
            px[score == 0] = 0
            sequence = Sequence(f"v{i}/1", "1", "", f"v{i}", 0, 0, fps)
            yield Recording(sequence, detected_px=px, detected_score=score)

    write_store(folder, "image", recordings())
    return _with_clips(folder, length)
