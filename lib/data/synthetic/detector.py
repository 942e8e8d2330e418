"""What a 2D detector would have written about a made-up sequence: an AlphaPose result list.

F frames, K = 26 Halpe keypoints. Pixels: origin top left, x right, y down.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lib.data.noise import ConfidenceModel, NoiseConfig, detector_offsets
from lib.data.synthetic.figure import face_m, stature_m
from lib.geometry import Camera, project, world_to_camera
from lib.skeleton import FIT3D25, HALPE26, JOINT

_SPREAD_LIKE = {
    "leye": "nose", "reye": "nose", "lear": "nose", "rear": "nose", "hip": "root",
    "lbigtoe": "lankle", "lsmalltoe": "lankle", "lheel": "lankle",
    "rbigtoe": "rankle", "rsmalltoe": "rankle", "rheel": "rankle",
}  # fmt: skip
"""Halpe keypoints outside the working skeleton -> the joint whose error figures they take."""


@dataclass(frozen=True)
class Habits:
    """How a detector fails, besides being a little off everywhere."""

    misses_per_s: float = 0.05
    """Rate at which a limb's end (wrist, ankle, foot) is lost; other keypoints a third of it."""
    miss_s: tuple[float, float] = (0.06, 0.3)
    miss_score: tuple[float, float] = (0.03, 0.3)
    miss_offset: tuple[float, float] = (0.08, 0.3)
    """How far off a lost keypoint is put, in half box sides."""
    dropped_share: float = 0.02
    """Share of frames without any detection, apart from the burst."""
    burst_s: float = 0.16
    """One run of frames without any detection; 0 for none."""


def detect(
    xyz_world: np.ndarray, camera: Camera, rng: np.random.Generator, noise: NoiseConfig, *,
    fps: float = 50.0, strength: float = 1.0, habits: Habits = Habits(),
    others: Sequence[np.ndarray] = (),
) -> list[dict]:  # fmt: skip
    """AlphaPose's list for a person and the others around. xyz_world (F, 25, 3) metres.

    strength scales the error of `noise`; 0 gives exact places, misses apart, with scores near 1.
    others: (F, 25, 3) each, NaN where absent; their ids count on from 2. Someone who stands behind
    a nearer person is scored lower and now and then not found. The same rng state gives the same
    list.
    """
    people = [xyz_world, *others]
    is_kept = _kept_frames(len(xyz_world), fps, habits, rng)
    seen = [_keypoints(person, camera, noise, fps, strength, habits, rng) for person in people]
    boxes = [_boxes(true) for true, _, _ in seen]
    order = np.argsort([_median_depth(person, camera) for person in people])
    records: list[dict] = []
    for rank, i_person in enumerate(order):
        true, xy, score = seen[i_person]
        hidden = np.zeros(len(true))
        for i_nearer in order[:rank]:
            hidden = np.maximum(hidden, _covered(boxes[i_person], boxes[i_nearer]))
        score = score * (1 - 0.45 * hidden[:, None])
        score[~is_kept | (rng.random(len(true)) < 0.6 * hidden)] = 0
        score[_share_in_picture(true, camera) < 0.6] = 0
        records += alphapose_records(xy, score, idx=int(i_person) + 1)
    return sorted(records, key=lambda r: (int(r["image_id"].split(".")[0]), -r["score"]))


def alphapose_records(
    xy_px: np.ndarray, score: np.ndarray, *, idx: int = 1, first_image: int = 0
) -> list[dict]:
    """One record a frame of one person. xy_px (T, K, 2), score (T, K).

    Frames whose scores are all 0 or NaN, or whose coordinates are, have no record. A keypoint
    without a finite place is written at the box's corner with score 0. The person's score is
    AlphaPose's: mean keypoint score + detection score + 1.25 x best keypoint score.
    """
    ok = np.isfinite(xy_px).all(-1) & np.isfinite(score) & (np.nan_to_num(score) > 0)
    records = []
    for i_frame in np.flatnonzero(ok.any(-1)):
        found = ok[i_frame]
        points, scores = xy_px[i_frame], np.where(found, score[i_frame], 0.0)
        low, high = points[found].min(0), points[found].max(0)
        margin = 0.1 * (high - low).max()
        points = np.where(found[:, None], points, low)
        rows = np.concatenate([np.round(points, 1), np.round(scores, 3)[:, None]], -1)
        person = scores.mean() + min(1.0, scores.max() + 0.02) + 1.25 * scores.max()
        records.append({
            "image_id": f"{first_image + i_frame}.jpg", "category_id": 1,
            "keypoints": rows.ravel().tolist(), "score": round(float(person), 4),
            "box": np.round([*(low - margin), *(high - low + 2 * margin)], 1).tolist(), "idx": idx,
        })  # fmt: skip
    return records


def halpe_points(xyz_25: np.ndarray) -> np.ndarray:
    """(F, 26, 3) Halpe keypoints of Fit3D-25 joints (F, 25, 3), in the same frame."""
    joints = {name: xyz_25[:, i] for i, name in enumerate(FIT3D25.joints)}
    present = np.isfinite(xyz_25).all((1, 2))
    scale = stature_m(xyz_25[present][0]) / 1.75 if present.any() else 1.0
    points = face_m(joints, scale) | joints | {"hip": joints["root"]}
    for side in "lr":
        toe, heel, ankle = (joints[f"{side}{name}"] for name in ("toe", "heel", "ankle"))
        along, up = toe - heel, ankle - heel
        inward = np.cross(along, up) * (1 if side == "l" else -1)
        inward = inward / np.maximum(np.linalg.norm(inward, axis=-1, keepdims=True), 1e-9)
        points[f"{side}bigtoe"] = toe + 0.022 * scale * inward
        points[f"{side}smalltoe"] = toe - 0.12 * along - 0.042 * scale * inward
        points[f"{side}heel"] = heel
    return np.stack([points[name] for name in HALPE26.joints], 1)


def _keypoints(xyz_world, camera, noise, fps, strength, habits, rng):
    """True and detected places (F, 26, 2) px and scores (F, 26); NaN and 0 in absent frames."""
    true = project(world_to_camera(halpe_points(xyz_world), camera), camera)
    absent = ~np.isfinite(true).all((1, 2))
    half = _half_side_px(true)
    offset = strength * _halpe_offsets(noise, len(true), fps, rng)
    offset, lost = _with_misses(offset, fps, habits, rng)
    score = _scores(offset, noise.confidence, fps, rng)
    score = np.where(lost, rng.uniform(*habits.miss_score, (1, score.shape[1])), score)
    score[absent] = 0
    return true, true + offset * half, score


def _half_side_px(xy_px: np.ndarray) -> float:
    """Half the larger side of the person's box, the unit of the noise; median over frames."""
    present = np.isfinite(xy_px).all((1, 2))
    if not present.any():
        return 1.0
    return float(np.median(np.ptp(xy_px[present], axis=1).max(-1)) / 2)


def _halpe_offsets(noise: NoiseConfig, num_frames: int, fps: float, rng) -> np.ndarray:
    """(F, 26, 2) in half box sides; each keypoint has draws of its own."""
    sources = [name if name in JOINT else _SPREAD_LIKE[name] for name in HALPE26.joints]
    draws: list[np.ndarray] = []
    columns = []
    for i, name in enumerate(sources):
        uses_before = sources[:i].count(name)
        while len(draws) <= uses_before:
            draws.append(detector_offsets(noise, num_frames, fps, rng))
        columns.append(draws[uses_before][:, JOINT[name]])
    return np.stack(columns, 1)


def _with_misses(offset: np.ndarray, fps: float, habits: Habits, rng):
    """Offsets with keypoints put elsewhere for a while, and (F, 26) where that is."""
    lost = np.zeros(offset.shape[:2], bool)
    for i_point, name in enumerate(HALPE26.joints):
        is_end = name[1:] in ("wrist", "ankle", "bigtoe", "smalltoe", "heel")
        rate = habits.misses_per_s * (1 if is_end else 1 / 3)
        for _ in range(rng.poisson(rate * len(offset) / fps)):
            start = int(rng.integers(len(offset)))
            stop = start + max(1, round(rng.uniform(*habits.miss_s) * fps))
            angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(*habits.miss_offset)
            offset[start:stop, i_point] = far * np.array([np.cos(angle), np.sin(angle)])
            lost[start:stop, i_point] = True
    return offset, lost


def _scores(offset: np.ndarray, model: ConfidenceModel, fps: float, rng) -> np.ndarray:
    """(F, K) confidence that falls with the error; its own wander is slow, not white."""
    length = np.linalg.norm(offset, axis=-1)
    keep = np.exp(-1 / (0.2 * fps))
    wander = rng.normal(0, 1, length.shape)
    for i_frame in range(1, len(wander)):
        wander[i_frame] = keep * wander[i_frame - 1] + np.sqrt(1 - keep**2) * wander[i_frame]
    # Half the published spread: there it also holds differences between people and pictures.
    error = model.mean + 0.5 * model.std * wander
    return np.clip(model.a / (length + model.a) + model.b * length + error, 0.05, 1.0)


def _kept_frames(num_frames: int, fps: float, habits: Habits, rng) -> np.ndarray:
    """(F,) bool: frames with any detection."""
    kept = rng.random(num_frames) >= habits.dropped_share
    burst = round(habits.burst_s * fps)
    if 0 < burst < num_frames / 4:
        start = int(rng.integers(num_frames - burst))
        kept[start : start + burst] = False
    return kept


def _boxes(xy_px: np.ndarray) -> np.ndarray:
    """(F, 2, 2) lowest and highest x, y; NaN in absent frames."""
    return np.stack([xy_px.min(1), xy_px.max(1)], 1) if len(xy_px) else np.zeros((0, 2, 2))


def _covered(box: np.ndarray, by: np.ndarray) -> np.ndarray:
    """(F,) share of box that lies inside the box `by`; 0 where either is absent."""
    shared = np.minimum(box[:, 1], by[:, 1]) - np.maximum(box[:, 0], by[:, 0])
    share = np.maximum(shared, 0).prod(-1) / np.maximum((box[:, 1] - box[:, 0]).prod(-1), 1e-9)
    return np.nan_to_num(share)


def _share_in_picture(xy_px: np.ndarray, camera: Camera) -> np.ndarray:
    """(F,) share of keypoints inside the picture."""
    return ((xy_px >= 0) & (xy_px < camera.size_px)).all(-1).mean(-1)


def _median_depth(xyz_world: np.ndarray, camera: Camera) -> float:
    depth = world_to_camera(xyz_world, camera)[..., 2]
    return float(np.nanmedian(depth)) if np.isfinite(depth).any() else np.inf
