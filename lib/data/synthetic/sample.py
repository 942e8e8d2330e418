"""The one recording that comes with the project: a made-up squat as video, detections and truth."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from lib.data.noise import NoiseConfig
from lib.data.synthetic.bodies import make_body
from lib.data.synthetic.detector import detect
from lib.data.synthetic.figure import Look
from lib.data.synthetic.motions import Motion
from lib.data.synthetic.passerby import walk_through
from lib.data.synthetic.render import Actor, render_frames, write_video
from lib.data.synthetic.writer import check_seed, subject_cameras, subject_sequence
from lib.geometry import Camera, world_to_camera
from lib.pose import written_aside
from lib.skeleton import FIT3D25, JOINTS, to_working

PASSER_LOOK = Look(skin=(0.46, 0.31, 0.23), shirt=(0.72, 0.70, 0.66), shorts=(0.22, 0.27, 0.36),
                   shoes=(0.2, 0.2, 0.22), hair=(0.07, 0.06, 0.06))  # fmt: skip
_BEHIND_M, _SIDE_M = 2.1, 3.3
"""Someone passes this far behind the athlete, from this far left of the view to as far right."""


@dataclass(frozen=True)
class Recording:
    """A sequence in front of one camera, with someone walking past behind it."""

    motion: Motion
    camera: Camera
    passer_m: np.ndarray
    """(F, 25, 3) world metres, NaN where out of sight."""


def make_recording(seed: int, subject: str, action: str, camera: str, num_reps: int) -> Recording:
    """The tree's own sequence of that seed and subject, with a passer-by of its own.

    Raises UserError for a seed that the tree refuses.
    """
    check_seed(seed)
    motion = subject_sequence(seed, subject, action, num_reps=num_reps)
    view = subject_cameras(seed, subject)[camera]
    rng = np.random.default_rng([seed, 1])
    away = -view.T[:2] / np.linalg.norm(view.T[:2])
    across = np.array([-away[1], away[0]]) * rng.choice([-1, 1])
    places = [tuple(_BEHIND_M * away + side * _SIDE_M * across) for side in (-1, 1)]
    passer = walk_through(
        make_body(rng), rng, motion.num_frames, start_frame=motion.num_frames // 3,
        start_m=places[0], goal_m=places[1], fps=motion.fps,
    )  # fmt: skip
    return Recording(motion, view, passer)


def write_sample(
    folder: Path, name: str, recording: Recording, noise: NoiseConfig, seed: int, *,
    watch: Callable[[Iterable], Iterable] = iter,
) -> None:  # fmt: skip
    """Write <name>.json, <name>.mp4 and truth.npz. watch wraps the frames, e.g. tqdm."""
    motion, camera = recording.motion, recording.camera
    found = detect(motion.xyz_m, camera, np.random.default_rng([seed, 2]), noise, fps=motion.fps,
                   others=[recording.passer_m])  # fmt: skip
    with written_aside(folder / f"{name}.json") as aside:
        aside.write_bytes(orjson.dumps(found))
    with written_aside(folder / "truth.npz") as aside:
        np.savez_compressed(aside, **truth(recording))
    actors = [
        Actor(motion.xyz_m, Look(), has_barbell=motion.action == "squat"),
        Actor(recording.passer_m, PASSER_LOOK),
    ]
    frames = render_frames(actors, camera, np.random.default_rng([seed, 3]))
    write_video(folder / f"{name}.mp4", watch(frames), motion.fps)


def truth(recording: Recording) -> dict[str, np.ndarray]:
    """Arrays of truth.npz: what a lifter should find.

    xyz_m (F, 17, 3) float32 camera metres, marks (n + 1,) frames where repetitions begin and the
    last one ends, fps, action, joint_names, and the camera (R, T, f, c, k, p, size_px).
    """
    xyz_25 = world_to_camera(recording.motion.xyz_m, recording.camera)
    xyz_17, _ = to_working(xyz_25, np.ones(xyz_25.shape[:2]), FIT3D25)
    camera = {key: np.asarray(value) for key, value in vars(recording.camera).items()}
    return camera | {
        "xyz_m": xyz_17.astype(np.float32), "marks": np.array(recording.motion.marks, np.int64),
        "fps": np.array(recording.motion.fps), "action": np.array(recording.motion.action),
        "joint_names": np.array(JOINTS),
    }  # fmt: skip
