"""People in motion before random tilted cameras, for `benchmarks/gravity.py`.

Made-up athletes that no store holds, and recordings of motion17's group opencap_6; T frames.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lib.analysis.exercises import load_exercise
from lib.analysis.reps import count_on
from lib.analysis.track import prepare
from lib.body import middle, stature
from lib.config import load_config
from lib.data.mocap.motion17 import read_motion17
from lib.data.noise import NoiseConfig, as_detections
from lib.data.synthetic.writer import subject_body, subject_sequence
from lib.data.views import RandomCameraConfig, draw_camera
from lib.geometry import Camera, project, world_to_camera
from lib.infer.bones import bone_vectors, with_lengths
from lib.infer.ground import BAR_END_M, PLATE_M, PlateBox
from lib.infer.place import place
from lib.pose import Pose2D, Pose3D
from lib.skeleton import FIT3D25, JOINT, to_working

ROOT = Path(__file__).resolve().parents[1]
SEED = 8101
"""Of athletes, cameras and noise; nothing was chosen or trained with it."""
CAMERAS = RandomCameraConfig(elevation_deg=(-10, 30), roll_std_deg=7.0, focal_px=(850, 1250))
KINDS = {"squats": "squat", "STS": "sit_to_stand", "walking": None}
"""Part of a motion17 name -> how its repetitions are found; None: it has none."""


@dataclass(frozen=True)
class Take:
    """One motion. Z is up."""

    kind: str
    world_m: np.ndarray
    fps: float
    reps: list[tuple[int, int]]
    height_m: float


@dataclass(frozen=True)
class View:
    """A take as one camera sees it."""

    take: Take
    camera: Camera
    xyz_cam: np.ndarray
    """(T, 17, 3) the truth."""
    seen: Pose2D


def made_up(actions: Sequence[str]) -> Iterator[Take]:
    """Lifts of athletes that no store holds."""
    for subject in ("s08", "s09", "s10", "s11"):
        for action in actions:
            motion = subject_sequence(SEED, subject, action, num_reps=4)
            world, _ = to_working(motion.xyz_m, np.ones(motion.xyz_m.shape[:2]), FIT3D25)
            reps = list(zip(motion.marks, motion.marks[1:], strict=False))
            yield Take(action, world, motion.fps, reps, subject_body(SEED, subject).stature_m)


def recorded(folder: Path) -> Iterator[Take]:
    """Motion capture of people whose height is told by their joints alone."""
    for sequence, world in read_motion17(folder):
        kind = next((k for k in KINDS if k in sequence.name), None)
        if sequence.group != "opencap_6" or kind is None:
            continue
        reps = []
        if KINDS[kind]:
            pose = Pose3D(world, sequence.fps, "metre", "world", np.ones(len(world), bool))
            found = count_on(prepare(pose), load_exercise(KINDS[kind])).reps
            reps = [(rep.start_frame, rep.end_frame) for rep in found]
        yield Take(kind, world, sequence.fps, reps, stature(world))


def with_stiff_bones(take: Take) -> Take:
    """The same take with each bone at its median length, every bone's direction and the middle of
    the ankles as they were.

    opencap_6's joints come from markers on the skin: thighs are 4 to 12 % shorter with bent
    knees than standing, so the hips go further down than legs of one length can take them.
    """
    known = np.nan_to_num(take.world_m)
    stiff = with_lengths(known, np.median(np.linalg.norm(bone_vectors(known), axis=-1), 0))
    stiff = np.where(np.isfinite(take.world_m), stiff, np.nan)
    stiff += (middle(take.world_m, "ankle") - middle(stiff, "ankle"))[:, None]
    return replace(take, kind=f"{take.kind}, stiff", world_m=stiff, height_m=stature(stiff))


def views(takes: Sequence[Take], num_views: int) -> Iterator[View]:
    """Every take from num_views cameras."""
    noise = load_config(NoiseConfig, ROOT / "configs/noise/phone.yaml")
    for i_take, take in enumerate(takes):
        for i_view in range(num_views):
            rng = np.random.default_rng((SEED, i_take, i_view))
            camera = draw_camera(take.world_m, CAMERAS, rng)
            xyz_cam = world_to_camera(take.world_m, camera)
            xy_px = project(xyz_cam, camera)
            seen = as_detections(xy_px, take.fps, camera.size_px, noise, rng, take.kind)
            yield View(take, camera, xyz_cam, seen)


def placed_truth(view: View) -> Pose3D:
    """True poses where their keypoints put them."""
    relative = view.xyz_cam - view.xyz_cam[:, [JOINT["root"]]]
    at = place(np.nan_to_num(relative), view.seen, None)
    xyz = np.where(np.isfinite(relative), at.xyz, np.nan)
    return Pose3D(
        xyz, view.take.fps, "relative", "camera", np.ones(len(xyz), bool), focal_px=at.focal_px
    )


def plate_box(view: View) -> PlateBox | None:
    """The box around the nearer plate of a bar in the hands; None where it leaves the picture.

    In the middle of the take's first repetition, to the pixel.
    """
    i_frame = sum(view.take.reps[0]) // 2
    joints = view.xyz_cam[i_frame]
    along = joints[JOINT["rwrist"]] - joints[JOINT["lwrist"]]
    along = along / np.linalg.norm(along) * (-1 if along[2] > 0 else 1)
    across = np.linalg.svd(along[None])[2][1:]
    turn = np.linspace(0, 2 * np.pi, 73)[:, None]
    disc = np.cos(turn) * across[0] + np.sin(turn) * across[1]
    plate = middle(joints, "wrist") + BAR_END_M * along + PLATE_M / 2 * disc
    xy_px = np.round(project(plate, view.camera))
    low, high = xy_px.min(0), xy_px.max(0)
    if not ((low >= 0).all() and (high <= view.camera.size_px).all()):
        return None
    return PlateBox(i_frame, *low, *(high - low))
