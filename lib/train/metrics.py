"""Errors of 3D poses, frame by frame. numpy; T frames, J = 17 joints.

Poses are metres in the camera frame, relative to their root unless said otherwise; NaN = joint
not known, left out of its frame. Metres in give millimetres out and the names say so; with
poses of unknown size `lifting_scores` leaves out whatever would need the size. Definitions and
their sources: docs/evaluation.md.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from lib.alignment import procrustes
from lib.analysis.form import limb_angle
from lib.geometry import angle_deg
from lib.skeleton import BONE_INDEX, JOINT, LIMB_JOINTS, indices

PCK_MM = 150.0
"""A joint closer than this counts as found (Mehta et al., MPI-INF-3DHP, 3DV 2017)."""
AUC_MM = np.linspace(0, PCK_MM, 31)
"""Thresholds over which AUC averages, as in the same data set's own script."""
LSP_JOINTS = indices(*LIMB_JOINTS, "neck", "head")
"""The 14 joints that PCK, AUC and Fit3D's protocol are about."""
ANGLES = ("knee", "hip", "elbow")
_MIN_ALIGNED = 4
"""Fewer points than this fit a similarity too well to say anything."""

Sums = dict[str, tuple[float, int]]
"""Metric -> sum over the frames that have a value, and how many those are."""


def joint_errors_mm(pred_m: np.ndarray, truth_m: np.ndarray) -> np.ndarray:
    """(T, J) distances of poses (T, J, 3) in metres. NaN where either is NaN."""
    return 1000 * np.linalg.norm(pred_m - truth_m, axis=-1)


def _mean_of_known(values: np.ndarray) -> np.ndarray:
    """(T,) mean over the finite ones of (T, K); NaN where there is none."""
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(-1)
    return np.where(known.any(-1), total / np.maximum(known.sum(-1), 1), np.nan)


def mpjpe_mm(pred_m: np.ndarray, truth_m: np.ndarray) -> np.ndarray:
    """(T,) mean per-joint position error over the joints known in a frame; NaN if none is."""
    return _mean_of_known(joint_errors_mm(pred_m, truth_m))


def _shared(pred_m: np.ndarray, truth_m: np.ndarray) -> np.ndarray:
    """(T, J) joints known in both poses."""
    return np.isfinite(pred_m).all(-1) & np.isfinite(truth_m).all(-1)


def _filled(pose_m: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Unknown joints moved to the mean of the known ones: there they weigh nothing in a fit."""
    total = np.where(known[..., None], pose_m, 0).sum(-2, keepdims=True)
    mean = total / np.maximum(known.sum(-1), 1)[:, None, None]
    return np.where(known[..., None], pose_m, mean)


def p_mpjpe_mm(pred_m: np.ndarray, truth_m: np.ndarray) -> np.ndarray:
    """(T,) MPJPE after a similarity alignment of each frame over the joints known in it.

    NaN where fewer than 4 joints are.
    """
    known = _shared(pred_m, truth_m)
    aligned = procrustes(_filled(pred_m, known), _filled(truth_m, known))
    error = mpjpe_mm(np.where(known[..., None], aligned, np.nan), truth_m)
    return np.where(known.sum(-1) >= _MIN_ALIGNED, error, np.nan)


def n_mpjpe_mm(pred_m: np.ndarray, truth_m: np.ndarray) -> np.ndarray:
    """(T,) MPJPE after each frame's best scale, sum(truth . pred) / sum(pred^2), uncentred.

    Of root-relative poses. NaN where the prediction has no extent.
    """
    return mpjpe_mm(rescaled(pred_m, truth_m), truth_m)


def rescaled(pred: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(T, J, 3) pred times each frame's best scale about the root; NaN if it has no extent."""
    known = _shared(pred, truth)[..., None]
    product = np.where(known, pred * truth, 0).sum((-1, -2))
    square = np.where(known, pred**2, 0).sum((-1, -2))
    scale = np.where(square > 0, product / np.where(square > 0, square, 1), np.nan)
    return scale[:, None, None] * pred


def mpjve_mm_s(pred_m: np.ndarray, truth_m: np.ndarray, fps: float) -> np.ndarray:
    """(T - 1,) mean per-joint velocity error in millimetres a second."""
    return fps * mpjpe_mm(np.diff(pred_m, axis=0), np.diff(truth_m, axis=0))


def acceleration_mm_s2(pred_m: np.ndarray, truth_m: np.ndarray, fps: float) -> np.ndarray:
    """(T - 2,) mean length of the difference of second differences, mm/s^2; (0,) if T < 3."""
    return fps**2 * mpjpe_mm(np.diff(pred_m, n=2, axis=0), np.diff(truth_m, n=2, axis=0))


def bone_variation_percent(pose: np.ndarray) -> float:
    """How much the bones of a sequence (T, J, 3) change: deviation over mean, mean of all bones.

    NaN for fewer than two frames. A body's own bones do not change; captured ones do by 1 to 3 %.
    """
    if len(pose) < 2:
        return float("nan")
    parents, children = zip(*BONE_INDEX, strict=True)
    length = np.linalg.norm(pose[:, children] - pose[:, parents], axis=-1)
    return float(100 * _mean_of_known(length.std(0) / length.mean(0)))


def shared_acceleration_mm_s2(
    pred_m: np.ndarray, other_m: np.ndarray, truth_m: np.ndarray, fps: float
) -> tuple[np.ndarray, np.ndarray]:
    """`acceleration_mm_s2` of two predictions over the joints and frames that both have."""
    errors = [
        1000 * fps**2 * np.linalg.norm(np.diff(pose - truth_m, n=2, axis=0), axis=-1)
        for pose in (pred_m, other_m)
    ]
    both = np.isfinite(errors).all(0)
    one, other = (_mean_of_known(np.where(both, error, np.nan)) for error in errors)
    return one, other


def pck_percent(error_mm: np.ndarray) -> np.ndarray:
    """(T,) share of the 14 joints closer than 150 mm, percent, of errors (T, J)."""
    error = error_mm[:, LSP_JOINTS]
    return 100 * _mean_of_known(np.where(np.isfinite(error), error < PCK_MM, np.nan))


def auc_percent(error_mm: np.ndarray) -> np.ndarray:
    """(T,) mean of that share over the thresholds 0, 5, ... 150 mm, percent.

    No error is smaller than the threshold 0, so 30/31 = 96.8 is the most.
    """
    error = error_mm[:, LSP_JOINTS]
    above = len(AUC_MM) - np.searchsorted(AUC_MM, error, side="right")
    return 100 * _mean_of_known(np.where(np.isfinite(error), above / len(AUC_MM), np.nan))


def angle_errors_deg(pred: np.ndarray, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Absolute differences of joint angles in degrees, each (T,), whatever the poses' size.

    knee: bend of hip-knee-ankle. hip: between neck->root and hip->knee. elbow: bend of
    shoulder-elbow-wrist. Each is the mean of the sides known. trunk: angle between the predicted
    and the true root->neck; no lean against any vertical is off by more.
    """
    errors = {}
    for part in ANGLES:
        sides = [limb_angle(pred, part, side) - limb_angle(truth, part, side) for side in "lr"]
        errors[f"{part}_error_deg"] = _mean_of_known(np.abs(np.stack(sides, -1)))
    trunks = [pose[:, JOINT["neck"]] - pose[:, JOINT["root"]] for pose in (pred, truth)]
    return errors | {"trunk_error_deg": angle_deg(*trunks)}


def lifting_scores(
    pred: np.ndarray, truth_m: np.ndarray, fps: float, *, is_metric: bool = True
) -> dict[str, np.ndarray]:
    """Per-frame series of every lifting metric, root-relative poses (T, J, 3).

    truth_m is in metres. is_metric=False: the prediction's size is not known, so only what fits
    the size (P-MPJPE, N-MPJPE) or needs none (angles) is given.
    """
    fitted = {"p_mpjpe_mm": p_mpjpe_mm(pred, truth_m), "n_mpjpe_mm": n_mpjpe_mm(pred, truth_m)}
    angles = angle_errors_deg(pred, truth_m)
    if not is_metric:
        return fitted | angles
    error = joint_errors_mm(pred, truth_m)
    return {
        "mpjpe_mm": _mean_of_known(error),
        **fitted,
        "mpjve_mm_s": mpjve_mm_s(pred, truth_m, fps),
        "acceleration_mm_s2": acceleration_mm_s2(pred, truth_m, fps),
        "pck150_percent": pck_percent(error),
        "auc150_percent": auc_percent(error),
        **angles,
    }


def fit3d_scores(pred_m: np.ndarray, truth_m: np.ndarray) -> dict[str, np.ndarray]:
    """Per-frame series of Fit3D's challenge, poses (T, J, 3) in camera metres, not centred.

    MPJPE and PA-MPJPE over 14 joints relative to the pelvis, and how far off the pelvis is.
    """
    root = [JOINT["root"]]
    pred_14, truth_14 = (pose[:, LSP_JOINTS] - pose[:, root] for pose in (pred_m, truth_m))
    return {
        "fit3d14_mpjpe_mm": mpjpe_mm(pred_14, truth_14),
        "fit3d14_pa_mpjpe_mm": p_mpjpe_mm(pred_14, truth_14),
        "fit3d14_root_mm": mpjpe_mm(pred_m[:, root], truth_m[:, root]),
    }


def sums_of(series: Mapping[str, np.ndarray]) -> Sums:
    """What is needed of one sequence to average over frames; only frames without a value are
    left out (defect T1: an error of exactly 0 is a value)."""
    known = {name: values[np.isfinite(values)] for name, values in series.items()}
    return {name: (float(values.sum()), len(values)) for name, values in known.items()}


def means_of(sums: Iterable[Sums]) -> dict[str, float]:
    """Mean over all frames of all sequences, every frame once; NaN where no frame has a value."""
    total: dict[str, tuple[float, int]] = {}
    for each in sums:
        for name, (value, count) in each.items():
            before = total.get(name, (0.0, 0))
            total[name] = before[0] + value, before[1] + count
    return {name: value / count if count else np.nan for name, (value, count) in total.items()}
