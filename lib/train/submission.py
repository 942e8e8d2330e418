"""An answer to Fit3D's challenge, made by the lifter that users run.

The lifted body has the size the network gives it; no test subject's height is known. Its place
follows from that size, the keypoints and the sequence's own camera.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from lib.data.fit3d import FPS, SIZE_PX
from lib.data.fit3d_challenge import ANSWER_JOINTS, BOX_KEY, FRAMES_KEY, JOINTS_KEY, Asked
from lib.errors import UserError
from lib.geometry import Camera, project
from lib.infer.lift import Lifter
from lib.infer.place import freed_of_lens, place
from lib.infer.recording import RecordingConfig, read_recording
from lib.infer.track import is_seen
from lib.pose import Pose2D, written_aside
from lib.skeleton import indices

_IN_FIT3D_ORDER = indices(*ANSWER_JOINTS)
_NUM_DECIMALS = 4
"""A tenth of a millimetre; the whole test set, every frame of it, stays below 100 MB."""


@dataclass(frozen=True)
class Answer:
    """One sequence of an answer and what to know about it."""

    entry: dict[str, Any]
    notes: list[str]


def find_detections(folder: Path, asked: list[Asked]) -> dict[str, Path]:
    """Sequence -> <folder>/<subject>/<action>.json. Raises UserError naming what is missing."""
    paths = {each.name: folder / each.subject / f"{each.action}.json" for each in asked}
    missing = [path for path in paths.values() if not path.is_file()]
    if missing:
        raise UserError(
            f"{missing[0]}: no detections there; {len(missing)} of {len(paths)} sequences lack "
            "theirs: <folder>/<subject>/<action>.json, a detector's JSON for each"
        )
    return paths


def _long_enough(pose: Pose2D, num_frames: int, source: Path, has_video: bool) -> Pose2D:
    """With empty frames at its end, up to the last frame asked for."""
    missing = num_frames - len(pose.xy_px)
    if missing <= 0:
        return pose
    if has_video:
        raise UserError(
            f"{source}: its video has {len(pose.xy_px)} frames, the template asks for frame "
            f"{num_frames - 1}; do they belong together?"
        )
    added = pose.time_s[-1] + np.arange(1, missing + 1) / pose.fps
    grown = {
        name: np.concatenate([values, np.zeros((missing, *values.shape[1:]))])
        for name, values in (("xy_px", pose.xy_px), ("score", pose.score))
    }
    return replace(pose, **grown, time_s=np.concatenate([pose.time_s, added]))


def answer_sequence(
    lifter: Lifter, asked: Asked, camera: Camera, detections: Path, video: Path | None = None,
    *, flip_average: bool = True,
) -> Answer:  # fmt: skip
    """Lift one test sequence. video: its file, to count frames by; None counts from picture 0.

    Raises UserError for files that cannot be read or do not fit the template.
    """
    config = RecordingConfig(
        str(detections), str(video) if video else None, fps=None if video else FPS,
        size_px=None if video else SIZE_PX,
    )  # fmt: skip
    pose, notes = read_recording(config)
    pose = _long_enough(pose, int(asked.frame_id.max()) + 1, detections, video is not None)
    ideal, focal_px = freed_of_lens(pose, camera)
    relative = lifter.lift_relative(ideal, flip_average=flip_average, focal_px=focal_px)
    # The size of the body, and so its distance, stay the lifter's.
    xyz_m = place(relative, ideal, focal_px).xyz[asked.frame_id]
    num_unseen = int((~is_seen(pose)[asked.frame_id]).sum())
    if num_unseen:
        notes.append(f"{asked.name}: {num_unseen} of {len(xyz_m)} frames without a person, guessed")
    return Answer(entry_of(asked, xyz_m, camera), notes)


def entry_of(asked: Asked, xyz_m: np.ndarray, camera: Camera) -> dict[str, Any]:
    """The answer's record of a sequence from camera metres (N, 17, 3), working order."""
    person = {JOINTS_KEY: {JOINTS_KEY: np.round(xyz_m[:, _IN_FIT3D_ORDER], _NUM_DECIMALS)}}
    if asked.with_box:
        xy = project(xyz_m, replace(camera, k=np.zeros(3), p=np.zeros(2)))
        box = np.concatenate([xy.min(1), xy.max(1)], -1)
        person[BOX_KEY] = {BOX_KEY: np.round(box, 1)}
    other = asked.other | {FRAMES_KEY: asked.frame_id}
    return {"persons": [person], "other": other}


def write_answer(path: Path, entries: dict[tuple[str, str], dict[str, Any]]) -> None:
    """{(subject, action): entry} as the challenge's JSON, aside and renamed."""
    content: dict[str, dict[str, Any]] = {}
    for (subject, action), entry in entries.items():
        content.setdefault(subject, {})[action] = entry
    with written_aside(path) as aside:
        aside.write_bytes(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY))
