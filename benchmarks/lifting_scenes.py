"""What the table of lifting errors shows a lifter: a motion, a camera, a detector, a disturbance.

T frames, 17 joints. All draws depend on SEED and the sequence's name alone, so the rows of a table
see the same people from the same places.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from lib.config import load_config
from lib.data.noise import NoiseConfig, as_detections
from lib.data.store import Store, open_store
from lib.data.views import RandomCameraConfig, draw_camera, facing, turned_to_x
from lib.data.windows import SourceConfig, choose
from lib.geometry import Camera, camera_to_world, project, world_to_camera
from lib.pose import Pose2D
from lib.signals import resample
from lib.skeleton import JOINT

SEED = 7001
"""Of cameras, noise and disturbances; no training and no choice of recipe used it."""
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class TakeSet:
    """Sequences of a store, cut to their middle."""

    source: SourceConfig
    every: int = 1
    """Every how many of them."""
    max_frames: int = 0
    """0 = all."""


@dataclass(frozen=True)
class Take:
    """One stretch of one sequence."""

    name: str
    group: str
    action: str
    fps: float
    xyz_world: np.ndarray
    """(T, 17, 3), Z up."""
    camera: Camera | None
    """The store's own, where it has one."""
    num_reps: int | None
    """Of a whole sequence whose repetitions are marked."""


def _take(store: Store, i: int, max_frames: int) -> Take:
    sequence = store.sequences[i]
    xyz_m = np.array(store.xyz_of(i), float)
    start = max(len(xyz_m) - max_frames, 0) // 2 if max_frames else 0
    is_whole = not max_frames or len(xyz_m) <= max_frames
    xyz_m = xyz_m[start : start + max_frames] if max_frames else xyz_m
    if store.frame == "camera":
        assert sequence.camera is not None, "a camera-frame store has cameras"
        xyz_m = camera_to_world(xyz_m, sequence.camera)
    return Take(
        f"{sequence.name} {sequence.camera_name}".strip(), sequence.group, sequence.action,
        sequence.fps, xyz_m, sequence.camera if store.frame == "camera" else None,
        len(sequence.reps) - 1 if sequence.reps and is_whole else None,
    )  # fmt: skip


def read_takes(chosen: TakeSet) -> list[Take]:
    """The takes of a set. Raises UserError for a store that is not there or has none of them."""
    store = open_store(chosen.source.store)
    return [
        _take(store, i, chosen.max_frames) for i in choose(store, chosen.source)[:: chosen.every]
    ]


@dataclass(frozen=True)
class Scene:
    """A take seen by a camera."""

    take: Take
    xyz_world: np.ndarray
    xyz_cam: np.ndarray
    """(T, 17, 3) each."""
    camera: Camera
    fps: float

    @property
    def truth(self) -> np.ndarray:
        """(T, 17, 3) camera metres relative to the root."""
        return self.xyz_cam - self.xyz_cam[:, [JOINT["root"]]]

    @property
    def azimuth_deg(self) -> np.ndarray:
        """(T,) of the camera, counted from where the chest points in each frame."""
        ahead = facing(self.xyz_world)
        there = self.camera.T[:2] - self.xyz_world[:, JOINT["root"], :2]
        turn = np.arctan2(there[:, 1], there[:, 0]) - np.arctan2(ahead[:, 1], ahead[:, 0])
        return np.degrees(np.angle(np.exp(1j * turn)))


Disturbance = Callable[[Scene, Pose2D, np.random.Generator], tuple[Pose2D, np.ndarray]]
"""Spoils a detection; also says which joints (T, 17) it took away."""


@dataclass(frozen=True)
class Condition:
    """How the takes of a set are seen. Hashable: rows that share one share its lifts."""

    takes: str
    """Name of the set."""
    noise: str | None = None
    """File in configs/noise; None = perfect 2D."""
    azimuth_deg: float | None = None
    """None: from anywhere."""
    elevation_deg: float | None = None
    fps: float | None = None
    """None: the recording's."""
    disturbance: Disturbance | None = None


@dataclass(frozen=True)
class View:
    """What the lifter gets and what is true."""

    scene: Scene
    pose: Pose2D
    hidden: np.ndarray
    """(T, 17) taken away by the disturbance."""


@lru_cache(maxsize=8)
def noise_of(name: str | None) -> NoiseConfig | None:
    """configs/noise/<name>.yaml; None for perfect 2D."""
    return load_config(NoiseConfig, ROOT / "configs/noise" / f"{name}.yaml") if name else None


def _camera(world: np.ndarray, condition: Condition, rng: np.random.Generator) -> Camera:
    ranges = RandomCameraConfig()
    if condition.azimuth_deg is not None:
        ranges = replace(ranges, azimuth_deg=(condition.azimuth_deg,) * 2)
    if condition.elevation_deg is not None:
        ranges = replace(ranges, elevation_deg=(condition.elevation_deg,) * 2)
    return draw_camera(world, ranges, rng)


def _scene(take: Take, condition: Condition, rng: np.random.Generator) -> Scene:
    world, camera, fps = take.xyz_world, take.camera, take.fps
    if camera is None:
        world = turned_to_x(world)
        camera = _camera(world, condition, rng)
    if condition.fps:
        time_s, fps = np.arange(len(world)) / take.fps, condition.fps
        world = resample(world, time_s, np.arange(0, time_s[-1] + 1e-9, 1 / fps))
    return Scene(take, world, world_to_camera(world, camera), camera, fps)


def look(take: Take, condition: Condition) -> View:
    """See a take under a condition."""
    name = zlib.crc32(take.name.encode())
    of_view, of_noise, of_rest = (np.random.default_rng((SEED, name, k)) for k in range(3))
    scene = _scene(take, condition, of_view)
    pose = as_detections(
        project(scene.xyz_cam, scene.camera), scene.fps, scene.camera.size_px,
        noise_of(condition.noise), of_noise, take.name,
    )  # fmt: skip
    hidden = np.zeros(pose.score.shape, bool)
    if condition.disturbance is not None:
        pose, hidden = condition.disturbance(scene, pose, of_rest)
    return View(scene, pose, hidden)
