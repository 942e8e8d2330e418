"""Errors of 3D poses. numpy; T frames, J joints.

Inputs in metres give outputs in millimetres; the names say so. Nothing here is called with
poses of unknown scale.
"""

import numpy as np

from lib.geometry import procrustes


def joint_errors_mm(pred_m: np.ndarray, truth_m: np.ndarray) -> np.ndarray:
    """(T, J) distances of poses (T, J, 3) in metres. NaN where either is NaN."""
    return 1000 * np.linalg.norm(pred_m - truth_m, axis=-1)


def mpjpe_mm(pred_m: np.ndarray, truth_m: np.ndarray) -> np.ndarray:
    """(T,) mean per-joint position error over the joints known in a frame; NaN if none is."""
    error = joint_errors_mm(pred_m, truth_m)
    known = np.isfinite(error)
    total = np.where(known, error, 0).sum(-1)
    return np.where(known.any(-1), total / np.maximum(known.sum(-1), 1), np.nan)


def p_mpjpe_mm(pred_m: np.ndarray, truth_m: np.ndarray) -> np.ndarray:
    """(T,) MPJPE after a similarity alignment of each frame, over joints known in all frames.

    NaN throughout if fewer than 4 joints are.
    """
    joints = np.isfinite(truth_m).all((0, 2)) & np.isfinite(pred_m).all((0, 2))
    if joints.sum() < 4:
        return np.full(len(pred_m), np.nan)
    pred_m, truth_m = pred_m[:, joints], truth_m[:, joints]
    return joint_errors_mm(procrustes(pred_m, truth_m), truth_m).mean(-1)


def mpjve_mm_s(pred_m: np.ndarray, truth_m: np.ndarray, fps: float) -> np.ndarray:
    """(T - 1,) mean per-joint velocity error in millimetres a second."""
    return fps * mpjpe_mm(np.diff(pred_m, axis=0), np.diff(truth_m, axis=0))


def lifting_scores(pred_m: np.ndarray, truth_m: np.ndarray, fps: float) -> dict[str, np.ndarray]:
    """Per-frame series of every lifting metric, root-relative poses in metres (T, J, 3)."""
    return {
        "mpjpe_mm": mpjpe_mm(pred_m, truth_m),
        "p_mpjpe_mm": p_mpjpe_mm(pred_m, truth_m),
        "mpjve_mm_s": mpjve_mm_s(pred_m, truth_m, fps),
    }


def frame_weighted(series: list[dict[str, np.ndarray]]) -> dict[str, float]:
    """Mean over all frames of all sequences; only frames without a value are left out (T1)."""
    means = {}
    for name in series[0] if series else ():
        values = np.concatenate([scores[name] for scores in series])
        values = values[np.isfinite(values)]
        means[name] = float(values.mean()) if len(values) else float("nan")
    return means
