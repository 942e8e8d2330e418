"""How far predicted 3D, seen by the best camera there is, lies from 2D keypoints.

Letters: B clips, T frames, J joints. pred (B, T, J, 3) metres, any origin; truth (B, T, J, 2+) in
crop units; score (B, T, J) >= 0, the keypoints' confidence; valid (B, T, J) says which count.

Where no camera is known, each frame is placed by its own weak-perspective fit: the scale s > 0 and
shift t that make the sum of score * |s pred_xy + t - truth|^2 smallest. Where one is known, each
frame is placed in front of it as lib.alignment.fit_translation does. Both are closed forms in the
graph of pred. A frame that says nothing about them (no joint, one joint, all in one point) has
finite gradients.
"""

import torch
from torch import Tensor

from lib.model.losses import weighted_2d

MIN_SPREAD_M = 0.01
"""A prediction closer together than this is not blown up further."""
MIN_SPREAD_RAY = 1e-3
MIN_CORRELATION = 0.1
"""A prediction that fits worse than this is placed as if it fitted this well: a fit of 0 or less
would shrink it to a point, or turn it round, and tell it nothing."""
MIN_DEPTH_M = 0.1


def _centred(values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Values (..., J, C) less their weighted mean (..., 1, C), and that mean."""
    total = weight.sum(-2, keepdim=True)
    mean = (weight * values).sum(-2, keepdim=True) / torch.where(total > 0, total, 1)
    return values - mean, mean


def _square(values: Tensor, weight: Tensor, least: float) -> Tensor:
    """Weighted mean of |values|^2 over joints (..., 1, 1), at least `least` squared."""
    total = weight.sum(-2, keepdim=True)
    sums = (weight * values**2).sum((-1, -2), keepdim=True)
    return (sums / torch.where(total > 0, total, 1)).clamp(min=least**2)


def _product(a: Tensor, b: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean of the scalar products over joints (..., 1, 1)."""
    total = weight.sum(-2, keepdim=True)
    sums = (weight * a * b).sum((-1, -2), keepdim=True)
    return sums / torch.where(total > 0, total, 1)


def weak_perspective(pred: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """pred (..., J, 3) in the units of truth (..., J, 2), by each frame's best scale and shift.

    weight (..., J) >= 0, 0 where a joint does not count; truth must be finite throughout.
    """
    w = weight.unsqueeze(-1)
    xy, _ = _centred(pred[..., :2], w)
    seen, middle = _centred(truth, w)
    size, seen_size = _square(xy, w, MIN_SPREAD_M), _square(seen, w, 0.0)
    # Of scale-free sizes: the floor must not depend on how large the prediction is.
    least = MIN_CORRELATION * seen_size.sqrt() / size.sqrt()
    scale = torch.maximum(_product(xy, seen, w) / size, least)
    return scale * xy + middle


def perspective(pred: Tensor, ray: Tensor, weight: Tensor) -> Tensor:
    """pred (..., J, 3) metres as x/z and y/z (..., J, 2), placed by each frame's best translation.

    ray (..., J, 2): the keypoints' x/z and y/z. weight as in `weak_perspective`.
    """
    w = weight.unsqueeze(-1)
    xy, z = pred[..., :2], pred[..., 2:]
    spread, mean_ray = _centred(ray, w)
    known, mean_known = _centred(ray * z - xy, w)  # = t_xy - ray t_z
    size = _square(spread, w, MIN_SPREAD_RAY)
    flat, _ = _centred(xy, w)
    least = MIN_CORRELATION * _square(flat, w, MIN_SPREAD_M).sqrt() / size.sqrt()
    t_z = torch.maximum(-_product(spread, known, w) / size, least)
    t_xy = mean_known + mean_ray * t_z
    return (xy + t_xy) / (z + t_z).clamp(min=MIN_DEPTH_M)


def reprojection(
    pred: Tensor,
    truth: Tensor,
    score: Tensor,
    valid: Tensor,
    ray_per_unit: Tensor | None = None,
    *,
    count: Tensor | None = None,
) -> Tensor:
    """Mean over joints that count of score times the distance in the picture, crop units.

    ray_per_unit (B, 2): what makes crop units into x/z and y/z, for clips whose camera is known;
    NaN, or None for all, where it is not. count as in lib.model.losses.
    """
    weight = torch.where(valid, score, 0)
    xy = torch.where(valid.unsqueeze(-1), truth[..., :2], 0)
    placed = weak_perspective(pred, xy, weight)
    if ray_per_unit is not None:
        has_camera = torch.isfinite(ray_per_unit).all(-1)[:, None, None, None]
        scale = torch.where(has_camera, ray_per_unit[:, None, None], 1)
        seen = perspective(pred, xy * scale, weight) / scale
        placed = torch.where(has_camera, seen, placed)
    return weighted_2d(placed, xy, score, valid, count=count)
