"""Human3.6M as MotionBERT distributes it: one pickle of detections and poses of every frame.

    {'train' | 'test': {'joint_2d': (N, 17, 2) px, 'confidence': (N, 17), 'joint3d_image':
    (N, 17, 3), 'joints_2.5d_image': (N, 17, 3), '2.5d_factor': (N,), 'camera_name': [N],
    'action': [N], 'source': [N]}}

joint3d_image has x and y projected without distortion and depth behind the root in the same
pixels; times 2.5d_factor, the millimetres of a pixel at the root's depth, it is
joints_2.5d_image. The training side comes without either of the last two, so without a size.

N frames of a side, T of a sequence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lib.data.sides import order_problem
from lib.data.store import Recording, Sequence
from lib.errors import UserError
from lib.geometry import Camera
from lib.skeleton import JOINT, NUM_JOINTS

SIDES = ("train", "test")
SUBJECTS = ("S1", "S5", "S6", "S7", "S8", "S9", "S11")
FPS = 50.0
WRONG_TRUTH = ("s_09_act_05_subact_02", "s_09_act_10_subact_02", "s_09_act_13_subact_01")
"""Takes whose truth does not fit the video; left out, as MotionBERT and others do."""
TERMS = "Human3.6M, http://vision.imar.ro/human3.6m: its licence, academic use"
Truth = Literal["camera", "2.5d"]

# Focal length, principal point and picture size; S. Ionescu et al.'s calibration as published
# with VideoPose3D (Pavllo et al., CVPR 2019), rounded to hundredths of a pixel.
CAMERAS = {
    "54138969": ((1145.05, 1143.78), (512.54, 515.45), (1000, 1002)),
    "55011271": ((1149.68, 1147.59), (508.85, 508.06), (1000, 1000)),
    "58860488": ((1149.14, 1148.80), (519.82, 501.40), (1000, 1000)),
    "60457274": ((1145.51, 1144.77), (514.97, 501.88), (1000, 1002)),
}
_ACTIONS = (
    "Directions", "Discussion", "Eating", "Greeting", "Phoning", "Posing", "Purchases", "Sitting",
    "SittingDown", "Smoking", "Photo", "Waiting", "Walking", "WalkDog", "WalkTogether",
)  # fmt: skip
_FIRST_ACTION = 2
_SOURCE = re.compile(r"s_(\d+)_act_(\d+)_subact_(\d+)_ca_(\d+)")
_ROOT_DEPTH_M = (1.5, 9.0)
_LEVEL = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
"""The file has no rotations; the cameras stood about level, so y is taken as down."""
_FACTOR_TOLERANCE = 2e-3
_CHECK_STRIDE = 25
"""Bodies are looked at twice a second."""


@dataclass(frozen=True)
class Side:
    """One side of the pickle, its arrays checked."""

    name: str
    image: np.ndarray
    """(N, 17, 3) px"""
    factor_mm: np.ndarray | None
    """(N,) millimetres of a pixel at the root's depth; None = no size is known."""
    detected_px: np.ndarray
    score: np.ndarray
    camera_name: np.ndarray
    source: np.ndarray
    action: np.ndarray


def read_side(content: Any, name: str, path: str) -> Side | None:
    """'train' or 'test' of the unpickled file; None if it is not there. Raises UserError."""
    if not isinstance(content, dict) or not set(SIDES) & set(content):
        raise UserError(f"{path}: expected {{'train': ..., 'test': ...}} as MotionBERT's file has")
    if name not in content:
        return None
    side, where = content[name], f"{path}: '{name}'"
    image = _needed(side, "joint3d_image", (NUM_JOINTS, 3), None, where)
    num = len(image)
    score = _array(side, "confidence", (NUM_JOINTS,), num, where)
    relief = _array(side, "joints_2.5d_image", (NUM_JOINTS, 3), num, where)
    factor = _checked_factor(image, relief, _array(side, "2.5d_factor", (), num, where), where)
    source = _texts(side, "source", num, where)
    if factor is not None:
        few = slice(None, None, _CHECK_STRIDE)
        problem = order_problem(factor[few, None, None] * _relative(image[few]) / 1000)
        if problem:
            raise UserError(f"{where}: {problem}; joints must be in Human3.6M's order")
    return Side(
        name=name,
        image=image,
        factor_mm=factor,
        detected_px=_needed(side, "joint_2d", (NUM_JOINTS, 2), num, where),
        score=np.ones((num, NUM_JOINTS)) if score is None else np.clip(score, 0, 1),
        camera_name=_texts(side, "camera_name", num, where),
        source=source,
        action=_texts(side, "action", num, where) if "action" in side else _actions(source, where),
    )


def _array(side: Any, key: str, shape: tuple, num: int | None, where: str) -> np.ndarray | None:
    """(N, *shape) finite numbers under a key, None without that key. Raises UserError."""
    if not isinstance(side, dict) or key not in side:
        return None
    try:
        array = np.asarray(side[key], np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"{where}.{key} is no regular array of numbers") from error
    if array.ndim == len(shape) + 2 and array.shape[-1] == 1:
        array = array[..., 0]  # MotionBERT's reader takes scores of either form
    expected = (num or max(len(np.atleast_1d(array)), 1), *shape)
    if array.shape != expected:
        raise UserError(f"{where}.{key} has shape {array.shape}, expected {expected}")
    if not np.isfinite(array).all():
        raise UserError(f"{where}.{key} has values that are not finite")
    return array


def _needed(side: Any, key: str, shape: tuple[int, ...], num: int | None, where: str) -> np.ndarray:
    array = _array(side, key, shape, num, where)
    if array is None:
        raise UserError(f"{where} has no '{key}'")
    return array


def _texts(side: Any, key: str, num: int, where: str) -> np.ndarray:
    values = side.get(key) if isinstance(side, dict) else None
    if not isinstance(values, list | np.ndarray) or len(values) != num:
        raise UserError(f"{where}.{key} must list {num} names, one a frame")
    return np.array([str(value) for value in values])


def _actions(source: np.ndarray, where: str) -> np.ndarray:
    """(N,) names from the numbers in the sources."""
    names = {}
    for each in np.unique(source):
        number = int(_parsed(str(each), where)[2]) - _FIRST_ACTION
        if not 0 <= number < len(_ACTIONS):
            raise UserError(f"{where}.source '{each}' has an unknown action number")
        names[each] = _ACTIONS[number]
    return np.array([names[each] for each in source])


def _parsed(source: str, where: str) -> re.Match[str]:
    match = _SOURCE.fullmatch(source)
    if match is None:
        raise UserError(f"{where}.source '{source}' is not like s_09_act_02_subact_01_ca_01")
    return match


def _relative(pose: np.ndarray) -> np.ndarray:
    return pose - pose[:, [JOINT["root"]]]


def _checked_factor(
    image: np.ndarray, relief_mm: np.ndarray | None, factor: np.ndarray | None, where: str
) -> np.ndarray | None:
    """The factor as given, or as the ratio of the two poses (defect T23); they must agree."""
    if relief_mm is None:
        return factor
    pixels, mm = _relative(image), _relative(relief_mm)
    ratio = (pixels * mm).sum((1, 2)) / np.maximum((pixels**2).sum((1, 2)), 1e-12)
    used = ratio if factor is None else factor
    off = np.abs(mm - used[:, None, None] * pixels).max((1, 2))
    is_wrong = off > _FACTOR_TOLERANCE * np.abs(mm).max((1, 2))
    if is_wrong.any():
        frame = int(is_wrong.argmax())
        raise UserError(
            f"{where} frame {frame}: joints_2.5d_image is not joint3d_image x 2.5d_factor "
            f"(off by {off[frame]:.3g} mm); which file is this?"
        )
    return used


def camera_of(name: str, where: str) -> Camera:
    """A Human3.6M camera without distortion, taken as level. Raises UserError for others."""
    if name not in CAMERAS:
        raise UserError(f"{where}: unknown camera '{name}'; known: {', '.join(CAMERAS)}")
    focal, centre, size_px = CAMERAS[name]
    return Camera(_LEVEL, np.zeros(3), np.array(focal), np.array(centre), np.zeros(3),
                  np.zeros(2), size_px)  # fmt: skip


def metres(image: np.ndarray, factor: np.ndarray, camera: Camera, truth: Truth) -> np.ndarray:
    """(T, 17, 3) camera metres of joint3d_image (T, 17, 3) and its factor (T,).

    'camera': the pose itself, each joint seen back through the lens from its own depth. '2.5d':
    pixels times the factor, placed at the same root; what MotionBERT's table is scored on.
    """
    focal, root = camera.f[0], [JOINT["root"]]
    depth_mm = factor[:, None] * (focal + image[..., 2] - image[:, root, 2])
    ray = (image[..., :2] - camera.c) / camera.f
    xyz_m = np.concatenate([ray * depth_mm[..., None], depth_mm[..., None]], -1) / 1000
    if truth == "camera":
        return xyz_m
    return xyz_m[:, root] + factor[:, None, None] * _relative(image) / 1000


def recordings(side: Side, truth: Truth, path: str, left_out: list[str]) -> Iterator[Recording]:
    """A recording a video and camera; names of those with wrong truth are added to left_out.

    Raises UserError for a side without a size, and sources or cameras that are not Human3.6M's.
    """
    where = f"{path}: '{side.name}'"
    if side.factor_mm is None:
        raise UserError(f"{where} has neither '2.5d_factor' nor 'joints_2.5d_image', so no size")
    cuts = np.flatnonzero(side.source[1:] != side.source[:-1]) + 1
    seen: dict[str, int] = {}
    for rows in np.split(np.arange(len(side.source)), cuts):
        source = str(side.source[rows[0]])
        match = _parsed(source, where)
        seen[source] = seen.get(source, 0) + 1
        if source.startswith(WRONG_TRUTH):
            left_out.append(source)
            continue
        names = np.unique(side.camera_name[rows])
        if len(names) > 1:
            raise UserError(f"{where}: '{source}' is from several cameras: {', '.join(names)}")
        camera = camera_of(str(names[0]), where)
        xyz_m = metres(side.image[rows], side.factor_mm[rows], camera, truth)
        _check_depth(xyz_m, f"{where}: '{source}'")
        subject = f"S{int(match[1])}"
        sequence = Sequence(
            name=source if seen[source] == 1 else f"{source}/{seen[source]}", subject=subject,
            action=str(side.action[rows[0]]), group=subject, start=0, stop=len(rows), fps=FPS,
            camera=camera, camera_name=str(names[0]), terms=f"{TERMS}; truth: {truth}",
        )  # fmt: skip
        yield Recording(
            sequence, xyz_m, side.image[rows, :, :2], None, side.detected_px[rows],
            side.score[rows],
        )  # fmt: skip


def _check_depth(xyz_m: np.ndarray, where: str) -> None:
    depth = float(np.median(xyz_m[:, JOINT["root"], 2]))
    low, high = _ROOT_DEPTH_M
    if not low <= depth <= high:
        raise UserError(
            f"{where}: 2.5d_factor puts the person {depth:.3g} m away, expected {low} to {high}"
        )
