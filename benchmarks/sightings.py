"""People as a phone would have detected them: motion17 and held-out made-up athletes.

For `benchmarks/false_lifts.py`. Windows are those the classifier is trained on: 243 frames at
50 fps, one every 81; a shorter recording is one.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from lib.data.action_clips import shows_reps
from lib.data.clips import window_starts
from lib.data.noise import NoiseConfig, as_detections
from lib.data.store import open_store
from lib.data.views import RandomCameraConfig, draw_camera
from lib.geometry import project, world_to_camera
from lib.pose import Pose2D

LENGTH, STRIDE = 243, 81
SEED = 8001
"""Of cameras and noise; no training used it."""
ATHLETES = ("s08", "s09")


def recordings(folder: Path) -> Iterator[tuple[dict, np.ndarray]]:
    """Records of sequences.json and their world metres (T, 17, 3)."""
    index = json.loads((folder / "sequences.json").read_text())
    xyz_m = np.load(folder / "xyz_m.npy", mmap_mode="r")
    for entry in index["sequences"]:
        yield entry, np.array(xyz_m[entry["start"] : entry["stop"]], float)


def seen(xyz_m: np.ndarray, fps: float, noise: NoiseConfig, seed: tuple[int, ...]) -> Pose2D:
    """A recording as a phone would have detected it from a random side."""
    rng = np.random.default_rng(seed)
    camera = draw_camera(xyz_m, RandomCameraConfig(), rng)
    xy_px = project(world_to_camera(xyz_m, camera), camera)
    return as_detections(xy_px, fps, camera.size_px, noise, rng)


def cut(pose: Pose2D, start: int, stop: int) -> Pose2D:
    """Frames start to stop as a recording of their own."""
    return replace(
        pose, xy_px=pose.xy_px[start:stop], score=pose.score[start:stop],
        time_s=pose.time_s[start:stop],
    )  # fmt: skip


def windows(num_frames: int) -> list[tuple[int, int]]:
    """First and behind the last frame of each window."""
    length = min(LENGTH, num_frames)
    return [
        (int(s), int(s) + length) for s in window_starts(num_frames, length, min(STRIDE, length))
    ]


Sighting = tuple[Pose2D, list[tuple[int, int]]]


def made_up(path: str, action: str, noise: NoiseConfig, views: int) -> Iterator[Sighting]:
    """Held-out athletes from the stored cameras and random ones, and the windows between marks."""
    store = open_store(path)
    for i, sequence in enumerate(store.sequences):
        if sequence.subject not in ATHLETES or sequence.action != action:
            continue
        assert sequence.camera is not None
        rng = np.random.default_rng((SEED, i))
        stored = np.array(store.xy_of(i), float)
        poses = [as_detections(stored, sequence.fps, sequence.camera.size_px, noise, rng)]
        if sequence.camera_name == "60457274":  # once for the four of it
            world = store.world_of(i)
            poses += [seen(world, sequence.fps, noise, (SEED, i, v)) for v in range(views)]
        spans = windows(sequence.num_frames)
        spans = [w for w in spans if shows_reps(sequence, *(np.array([v]) for v in w))[0]]
        yield from ((pose, spans) for pose in poses)
