"""Poses brought where others are: a 3D pose onto another, or in front of the camera. numpy only.

T frames, J joints.
"""

import numpy as np


def procrustes(pred: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Similarity-align pred to truth, each (..., J, 3); no reflection. Returns aligned pred.

    Closed form of Umeyama, PAMI 1991.
    """
    pred_mean, truth_mean = pred.mean(-2, keepdims=True), truth.mean(-2, keepdims=True)
    pred_0, truth_0 = pred - pred_mean, truth - truth_mean
    u, s, vt = np.linalg.svd(np.swapaxes(truth_0, -1, -2) @ pred_0)
    sign = np.ones_like(s)
    sign[..., -1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign[..., None, :]) @ vt
    variance = (pred_0**2).sum((-1, -2))
    scale = (s * sign).sum(-1) / np.where(variance > 0, variance, 1.0)
    return scale[..., None, None] * pred_0 @ np.swapaxes(rotation, -1, -2) + truth_mean


def fit_translation(
    xyz_rel: np.ndarray, xy_px: np.ndarray, weight: np.ndarray, focal_px: float, centre_px
) -> np.ndarray:
    """Where a root-relative pose stands in front of the camera.

    xyz_rel (T, J, 3), xy_px (T, J, 2), weight (T, J) >= 0. Least squares over the pinhole
    equations (x - c)/f * (z + t_z) = x + t_x, linear in t; returns (T, 3), NaN for frames with
    fewer than two weighted joints.
    """
    ray = (xy_px - np.asarray(centre_px)) / focal_px
    ray = np.where(weight[..., None] > 0, ray, 0.0)
    known = ray * xyz_rel[..., 2:] - xyz_rel[..., :2]  # = t_xy - ray t_z
    w = weight[..., None]
    # Normal equations of the unknown (t_x, t_y, t_z) per frame.
    normal = np.zeros((*weight.shape[:-1], 3, 3))
    normal[..., 0, 0] = normal[..., 1, 1] = weight.sum(-1)
    cross = -(w * ray).sum(-2)
    normal[..., 0, 2] = normal[..., 2, 0] = cross[..., 0]
    normal[..., 1, 2] = normal[..., 2, 1] = cross[..., 1]
    normal[..., 2, 2] = (w * ray**2).sum((-1, -2))
    right = np.concatenate([(w * known).sum(-2), -(w * ray * known).sum((-1, -2))[..., None]], -1)
    enough = (weight > 0).sum(-1) >= 2
    normal[~enough] = np.eye(3)
    normal += 1e-9 * np.eye(3)
    shift = np.linalg.solve(normal, right[..., None])[..., 0]
    return np.where(enough[..., None], shift, np.nan)
