"""Writes made-up recordings as a Fit3D tree (the format `lib.data.fit3d` reads).

    <root>/fit3d_info.json, template.json
    <root>/train/<subject>/joints3d_25/<action>.json
    <root>/train/<subject>/camera_parameters/<camera>/<action>.json
    <root>/train/<subject>/rep_ann.json
    <root>/test/<subject>/camera_parameters/<action>.json      one view, no truth

What a sequence holds depends on the seed, its subject and its action alone, never on what else is
made. fit3d_info.json has one key of its own, `synthetic`, so that no one takes it for Fit3D.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import orjson

from lib.data.fit3d import CAMERAS, TEST_SUBJECTS, TRAIN_SUBJECTS
from lib.data.synthetic.bodies import Body, make_body
from lib.data.synthetic.cameras import fit3d_cameras
from lib.data.synthetic.motions import FAULTS, Motion, check_faults, check_names, make_sequence
from lib.errors import UserError
from lib.files import folder_aside
from lib.geometry import Camera

_INFO = "fit3d_info.json"
GENERATION = 2
"""Raised when the same seed comes to make other motion; a tree says which made it."""
_TEMPLATE_STRIDE = 25
"""Every how many frames a submission is asked for; the whole test set must stay under 100 MB."""
_NUM_DECIMALS = 7


@dataclass(frozen=True)
class _Plan:
    """What to write."""

    subjects: tuple[str, ...]
    """Out of TRAIN_SUBJECTS and TEST_SUBJECTS; the latter come without truth."""
    actions: tuple[str, ...]
    seed: int = 0
    num_reps: int | None = None
    """Repetitions of each sequence; None: 5 to 7, as drawn."""
    faults: tuple[str, ...] = ()
    """Shown in every sequence whose action can show them; each by one action at least."""

    def __post_init__(self) -> None:
        for what, given in (("subjects", self.subjects), ("actions", self.actions)):
            if not given:
                raise UserError(f"no {what} named: nothing would be made")
        for subject in self.subjects:
            if subject not in TRAIN_SUBJECTS + TEST_SUBJECTS:
                known = ", ".join(TRAIN_SUBJECTS + TEST_SUBJECTS)
                raise UserError(f"subject {subject!r} is none of Fit3D's; choose from {known}")
        for action in self.actions:
            check_names(action)
        check_faults(self.faults)
        for fault in self.faults:
            if not set(FAULTS[fault]) & set(self.actions):
                fitting = ", ".join(FAULTS[fault])
                raise UserError(f"fault {fault!r} fits no action asked for; it fits {fitting}")
        check_seed(self.seed)
        if self.num_reps is not None and self.num_reps < 0:
            raise UserError(f"reps {self.num_reps}: 0 or more would do")


def check_seed(seed: int) -> None:
    """Raise UserError for a seed below 0, or too large for the whole numbers of a JSON file."""
    if not 0 <= seed < 2**64:
        raise UserError(f"seed {seed}: 0 or more, below 2^64, would do")


def _rng(seed: int, *names: str) -> np.random.Generator:
    return np.random.default_rng([seed, *(crc32(name.encode()) for name in names)])


def subject_body(seed: int, subject: str) -> Body:
    """The athlete behind a subject's name."""
    return make_body(_rng(seed, subject))


def subject_cameras(seed: int, subject: str) -> dict[str, Camera]:
    """The four cameras of a subject's recordings."""
    return fit3d_cameras(_rng(seed, subject, "cameras"))


def subject_sequence(
    seed: int, subject: str, action: str, *, faults: Sequence[str] = (), num_reps: int | None = None
) -> Motion:
    """The motion of one sequence of the tree."""
    rng = _rng(seed, subject, action)
    return make_sequence(subject_body(seed, subject), action, rng, faults=faults, num_reps=num_reps)


def write_fit3d_tree(
    root: Path, subjects: Iterable[str], actions: Iterable[str], seed: int = 0, *,
    num_reps: int | None = None, faults: Iterable[str] = (),
    watch: Callable[[list], Iterable] = iter,
) -> list[tuple[str, str]]:  # fmt: skip
    """Write the tree aside and put it in the place of an earlier made-up one, if any.

    watch wraps the list of (subject, action), e.g. tqdm. Returns that list. Raises UserError on
    names or numbers that do not fit, where something not made here lies at root and where it
    cannot be written.
    """
    root = Path(root)
    plan = _Plan(tuple(subjects), tuple(actions), seed, num_reps, tuple(faults))
    _refuse_foreign(root)
    tasks = [(subject, action) for subject in plan.subjects for action in plan.actions]
    with folder_aside(root, marker=_INFO) as aside:
        _write(aside, plan, watch(tasks))
    return tasks


def _refuse_foreign(root: Path) -> None:
    """A folder with anything but a made-up tree is left alone: it may be the real data set."""
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return
    try:
        is_ours = "synthetic" in orjson.loads((root / _INFO).read_bytes())
    except (OSError, orjson.JSONDecodeError):
        is_ours = False
    if not is_ours:
        raise UserError(f"{root}: holds something that was not made here; choose another --out")


def _write(root: Path, plan: _Plan, tasks: Iterable[tuple[str, str]]) -> None:
    marks: dict[str, dict[str, list[int]]] = {}
    template: dict[str, dict[str, Any]] = {}
    for subject, action in tasks:
        faults = [fault for fault in plan.faults if action in FAULTS[fault]]
        motion = subject_sequence(plan.seed, subject, action, faults=faults, num_reps=plan.num_reps)
        cameras = subject_cameras(plan.seed, subject)
        if subject in TEST_SUBJECTS:
            name = CAMERAS[int(_rng(plan.seed, subject, action, "view").integers(len(CAMERAS)))]
            folder = root / "test" / subject / "camera_parameters"
            _write_json(folder / f"{action}.json", camera_record(cameras[name]))
            template.setdefault(subject, {})[action] = submission_entry(motion.num_frames)
            continue
        _write_train(root / "train" / subject, motion, cameras)
        if motion.marks:
            marks.setdefault(subject, {})[action] = list(motion.marks)
    for subject in (s for s in plan.subjects if s in TRAIN_SUBJECTS):
        _write_json(root / "train" / subject / "rep_ann.json", marks.get(subject, {}))
    _write_json(root / "template.json", template)
    _write_json(root / _INFO, _info(plan))


def _write_train(folder: Path, motion: Motion, cameras: dict[str, Camera]) -> None:
    joints = np.round(motion.xyz_m, _NUM_DECIMALS)
    _write_json(folder / "joints3d_25" / f"{motion.action}.json", {"joints3d_25": joints})
    for name, camera in cameras.items():
        path = folder / "camera_parameters" / name / f"{motion.action}.json"
        _write_json(path, camera_record(camera))


def camera_record(camera: Camera) -> dict[str, Any]:
    """A camera as its file holds it: T, f, c, k and p are rows."""
    plain = {"f": camera.f[None], "c": camera.c[None]}
    return {
        "extrinsics": {"R": camera.R, "T": camera.T[None]},
        "intrinsics_w_distortion": plain | {"k": camera.k[None], "p": camera.p[None]},
        "intrinsics_wo_distortion": plain,
    }


def submission_entry(num_frames: int) -> dict[str, Any]:
    """One sequence of the challenge's submission, its numbers still to be filled in."""
    frames = np.arange(0, num_frames, _TEMPLATE_STRIDE)
    person = {
        "joints3d": {"joints3d": np.zeros((len(frames), 25, 3))},
        "bbox": {"bbox": np.zeros((len(frames), 4))},
    }
    return {"persons": [person], "other": {"video_fr_ids": frames}}


def _info(plan: _Plan) -> dict[str, Any]:
    return {
        "all_camera_names": list(CAMERAS),
        "train_subj_names": [s for s in plan.subjects if s in TRAIN_SUBJECTS],
        "test_subj_names": [s for s in plan.subjects if s in TEST_SUBJECTS],
        "subj_to_act": {subject: list(plan.actions) for subject in plan.subjects},
        "synthetic": {
            "generation": GENERATION,
            "seed": plan.seed,
            "num_reps": plan.num_reps,
            "faults": list(plan.faults),
        },
    }


def _write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY))
