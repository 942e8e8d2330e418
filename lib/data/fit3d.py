"""Reading Fit3D as it lies on disk (Fieraru et al., AIFit, CVPR 2021).

    <root>/fit3d_info.json (or info.json)
    <root>/train/<subject>/joints3d_25/<action>.json       world metres, Z up, 50 fps
    <root>/train/<subject>/camera_parameters/<camera>/<action>.json
    <root>/train/<subject>/rep_ann.json                    rep boundaries, not for every action

F frames of a recording, K = 25 joints of the file (FIT3D25), J = 17 working joints. Everything is
looked up by its name, never by its place in the file; names are compared whole (defects D9, T20).
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from lib.data.fit3d_checks import check_body, check_rotation, check_view
from lib.data.json_files import field, numbers, read_json
from lib.data.store import Recording, Sequence
from lib.errors import UserError
from lib.geometry import Camera, project, world_to_camera
from lib.skeleton import FIT3D25, JOINTS, NUM_JOINTS

ACTIONS = (
    "band_pull_apart", "barbell_dead_row", "barbell_row", "barbell_shrug", "burpees",
    "clean_and_press", "deadlift", "diamond_pushup", "drag_curl", "dumbbell_biceps_curls",
    "dumbbell_curl_trifecta", "dumbbell_hammer_curls", "dumbbell_high_pulls",
    "dumbbell_overhead_shoulder_press", "dumbbell_reverse_lunge", "dumbbell_scaptions",
    "man_maker", "mule_kick", "neutral_overhead_shoulder_press", "one_arm_row",
    "overhead_extension_thruster", "overhead_trap_raises", "pushup", "side_lateral_raise",
    "squat", "standing_ab_twists", "w_raise", "walk_the_box",
    *(f"warmup_{i}" for i in range(1, 20)),
)  # fmt: skip
"""All 47 exercises."""
TRAIN_SUBJECTS = ("s03", "s04", "s05", "s07", "s08", "s09", "s10", "s11")
TEST_SUBJECTS = ("s02", "s12", "s13")
"""Their 3D truth is withheld by the authors."""
CAMERAS = ("50591643", "58860488", "60457274", "65906101")
FPS = 50.0
SIZE_PX = (900, 900)
TERMS = "Fit3D, IMAR: research use on request, https://fit3d.imar.ro"
MADE_UP_TERMS = "made up by tools/make_fit3d.py in Fit3D's format; no recording of a person"

JOINTS_KEY = "joints3d_25"
_WORKING = [FIT3D25.joints.index(name) for name in JOINTS]
_MARK_SLACK = int(FPS)
"""Videos, on which reps were marked, may run on after the joints: this many frames at most."""


@dataclass(frozen=True)
class Take:
    """The files of one exercise of one subject."""

    subject: str
    action: str
    joints_path: Path
    camera_paths: dict[str, Path]
    """Camera name -> file, those that exist."""
    terms: str = TERMS


def read_joints(path: Path) -> np.ndarray:
    """(F, 25, 3) world metres, Z up, in the file's joint order. Raises UserError."""
    content = field(read_json(path), path, JOINTS_KEY)
    try:
        xyz_m = np.array(content, np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(f"{path}: '{JOINTS_KEY}' is no regular array of numbers") from error
    if xyz_m.ndim != 3 or xyz_m.shape[1:] != (FIT3D25.num_joints, 3) or not len(xyz_m):
        raise UserError(f"{path}: '{JOINTS_KEY}' has shape {xyz_m.shape}, expected (frames, 25, 3)")
    is_bad = ~np.isfinite(xyz_m).all((1, 2))
    if is_bad.any():
        raise UserError(f"{path}: frame {int(is_bad.argmax())} has a missing coordinate")
    return xyz_m


def read_camera(path: Path) -> Camera:
    """Camera with its distortion. Raises UserError naming file and key."""
    content = read_json(path)
    with_distortion = "intrinsics_w_distortion"
    rotation = numbers(content, path, ("extrinsics", "R"), 9).reshape(3, 3)
    check_rotation(rotation, path)
    focal = numbers(content, path, (with_distortion, "f"), 2)
    if (focal <= 0).any():
        raise UserError(f"{path}: '{with_distortion}.f' must be above 0, it is {focal.tolist()}")
    return Camera(
        R=rotation,
        T=numbers(content, path, ("extrinsics", "T"), 3),
        f=focal,
        c=numbers(content, path, (with_distortion, "c"), 2),
        k=numbers(content, path, (with_distortion, "k"), 3),
        p=numbers(content, path, (with_distortion, "p"), 2),
        size_px=SIZE_PX,
    )


def _is_whole(mark: Any) -> bool:
    return type(mark) is int or (type(mark) is float and mark.is_integer())


def read_reps(path: Path, action: str, num_frames: int) -> tuple[int, ...]:
    """Rep boundaries of an exercise: n + 1 increasing frames for n reps; () if it has none.

    No file and no key for the action mean no reps. Marks a moment behind the last frame, where
    the video runs on, are moved to the end, as one. Raises UserError naming file and action.
    """
    if not path.exists():
        return ()
    content = read_json(path)
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected {{action: [frames]}}")
    marks = content.get(action, [])
    if not isinstance(marks, list) or not all(_is_whole(mark) for mark in marks):
        raise UserError(f"{path}: '{action}' must be a list of frame numbers")
    marks = [int(mark) for mark in marks]
    if any(mark < 0 or mark > num_frames + _MARK_SLACK for mark in marks):
        raise UserError(f"{path}: '{action}' has marks outside its {num_frames} frames: {marks}")
    if any(after <= before for before, after in pairwise(marks)):
        raise UserError(f"{path}: '{action}' has marks that do not increase: {marks}")
    # What lies wholly behind the last frame ends where it begins: no repetition.
    marks = list(dict.fromkeys(min(mark, num_frames) for mark in marks))
    return tuple(marks) if len(marks) > 1 else ()


def _names(content: Any, path: Path, *keys: str) -> list[str]:
    names = field(content, path, *keys)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{path}: '{'.'.join(keys)}' must be a list of names")
    return names


def _in_folders(root: Path) -> dict[str, list[str]]:
    folders = sorted(root.glob(f"train/*/{JOINTS_KEY}"))
    return {f.parent.name: sorted(file.stem for file in f.glob("*.json")) for f in folders}


def _listed(root: Path) -> tuple[dict[str, list[str]], str]:
    """Subject -> actions and the terms, as the info file says; without one, as the folders are."""
    for name in ("fit3d_info.json", "info.json"):
        path = root / name
        if path.exists():
            content = read_json(path)
            subjects = _names(content, path, "train_subj_names")
            if not subjects:
                raise UserError(f"{path}: lists no training subject, and only they have 3D truth")
            terms = MADE_UP_TERMS if "synthetic" in content else TERMS
            if "subj_to_act" not in content:
                there = _in_folders(root)
                return {name: there.get(name, []) for name in subjects}, terms
            return {name: _names(content, path, "subj_to_act", name) for name in subjects}, terms
    return _in_folders(root), TERMS


def _chosen(wanted: Collection[str] | None, known: Collection[str], what: str) -> list[str]:
    """`wanted` (None = all), each exactly one of `known`. Raises UserError for others."""
    if wanted is None:
        return list(known)
    for name in wanted:
        if name in TEST_SUBJECTS and name not in known:
            raise UserError(f"{what} '{name}': its 3D truth is not published, so it has no store")
        if name not in known:
            raise UserError(f"no {what} '{name}'; known: {', '.join(known)}")
    return list(dict.fromkeys(wanted))


def find_takes(
    root: Path,
    *,
    subjects: Collection[str] | None = None,
    actions: Collection[str] | None = None,
    cameras: Collection[str] | None = None,
) -> tuple[list[Take], list[Path]]:
    """The recordings under a Fit3D root, and the joint or camera files listed but not there.

    None = all. Raises UserError for a root that is none or has no training subject, and for
    unknown names.
    """
    listed, terms = _listed(root)
    if not listed:
        raise UserError(
            f"{root}: no Fit3D there (no fit3d_info.json and no train/<subject>/{JOINTS_KEY}); "
            "see data/README.md"
        )
    known_actions = sorted({action for names in listed.values() for action in names})
    actions = _chosen(actions, known_actions, "action")
    cameras = _chosen(cameras, _cameras_in(root), "camera")
    takes, missing = [], []
    for subject in _chosen(subjects, list(listed), "subject"):
        folder = root / "train" / subject
        for action in (name for name in actions if name in listed[subject]):
            take = _take(folder, action, cameras)
            wanted = [take.joints_path, *take.camera_paths.values()]
            missing += [path for path in wanted if not path.is_file()]
            there = {name: path for name, path in take.camera_paths.items() if path.is_file()}
            if take.joints_path.is_file() and there:
                takes.append(replace(take, camera_paths=there, terms=terms))
    return takes, missing


def _cameras_in(root: Path) -> Collection[str]:
    """Those that any subject has: a part of a download may lack one of another subject."""
    folders = root.glob("train/*/camera_parameters/*")
    return sorted({path.name for path in folders if path.is_dir()}) or CAMERAS


def _take(folder: Path, action: str, cameras: list[str]) -> Take:
    paths = {c: folder / "camera_parameters" / c / f"{action}.json" for c in cameras}
    return Take(folder.name, action, folder / JOINTS_KEY / f"{action}.json", paths)


def _reps_of(take: Take, num_frames: int, without_reps: list[str] | None) -> tuple[int, ...]:
    try:
        return read_reps(take.joints_path.parents[1] / "rep_ann.json", take.action, num_frames)
    except UserError as error:
        if without_reps is None:
            raise
        without_reps.append(str(error))
        return ()


def read_take(take: Take, without_reps: list[str] | None = None) -> Iterator[Recording]:
    """One recording a camera: camera-frame metres, projected pixels, feet and hands.

    Raises UserError naming the file if sides, size, rotation or view are not right; also for rep
    marks, unless there is a list `without_reps`: it gets the reason, the take goes without reps.
    """
    xyz_world = read_joints(take.joints_path)
    check_body(xyz_world, take.joints_path)
    reps = _reps_of(take, len(xyz_world), without_reps)
    for name, path in take.camera_paths.items():
        camera = read_camera(path)
        xyz_cam = world_to_camera(xyz_world, camera)
        xy_px = project(xyz_cam[:, _WORKING], camera)
        check_view(xyz_cam, xy_px, camera, path)
        sequence = Sequence(
            name=f"{take.subject}/{take.action}/{name}", subject=take.subject, action=take.action,
            group=take.subject, start=0, stop=len(xyz_world), fps=FPS, camera=camera,
            camera_name=name, reps=reps, terms=take.terms,
        )  # fmt: skip
        yield Recording(sequence, xyz_cam[:, _WORKING], xy_px, xyz_cam[:, NUM_JOINTS:])
