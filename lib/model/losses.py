"""Losses over clips of 3D joints; definitions follow MotionBERT, with masks and time steps added.

Letters: B clips, T frames, J = 17 joints. pred and truth are (B, T, J, 3) in one length unit;
valid (B, T, J) says which joints of truth count, None means all. Truth may be NaN where it does
not count. Each loss is a scalar in the graph of pred, 0 where nothing counts. It is a sum over
what counts divided by how many those are; `count` replaces that divisor, so that parts of a batch
on several processes, or in turn, add up to the loss of the whole (see `count`).

Velocities. MotionBERT takes plain frame differences of 50 Hz clips, so the weights in its
configs mean 'a fiftieth of a second'. Here a difference is divided by `dt`, the clip's frame
interval in those units (see `frame_interval`): 1 gives MotionBERT's value, and clips of any other
rate weigh as if they had been recorded at 50 Hz.
"""

import torch
from torch import Tensor
from torch.nn import functional

from lib.skeleton import BONE_INDEX, BONES

REFERENCE_FPS = 50.0

_PARENTS = [parent for parent, _ in BONE_INDEX]
_CHILDREN = [child for _, child in BONE_INDEX]

_ANGLE_PAIRS = (
    ("rhip", "lhip"), ("rhip", "spine"), ("lhip", "spine"), ("rhip", "rknee"),
    ("rknee", "rankle"), ("lhip", "lknee"), ("lknee", "lankle"), ("spine", "neck"),
    ("neck", "lshoulder"), ("neck", "rshoulder"), ("nose", "rshoulder"),
    ("lshoulder", "rshoulder"), ("neck", "nose"), ("nose", "head"), ("lshoulder", "lelbow"),
    ("lelbow", "lwrist"), ("rshoulder", "relbow"), ("relbow", "rwrist"),
)  # fmt: skip
"""Pairs of limbs that enclose an angle, each limb named by its far joint."""

_LIMB = {child: i for i, (_, child) in enumerate(BONES)}
_FIRST = [_LIMB[a] for a, _ in _ANGLE_PAIRS]
_SECOND = [_LIMB[b] for _, b in _ANGLE_PAIRS]
# Keeps acos off its vertical ends.
_COSINE_MARGIN = 1e-7


def frame_interval(fps: float) -> float:
    """Frame interval in fiftieths of a second, the `dt` of the velocity losses."""
    return REFERENCE_FPS / fps


def _prepare(pred: Tensor, truth: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """pred and truth with zeros where nothing counts, and the mask."""
    if valid is None:
        return pred, truth, torch.ones_like(pred[..., 0], dtype=torch.bool)
    counts = valid.unsqueeze(-1)
    return torch.where(counts, pred, 0), torch.where(counts, truth, 0), valid


def _mean(values: Tensor, counts: Tensor, count: Tensor | None = None) -> Tensor:
    """Sum of the values that count over their number, or over the number given; 0 if none does."""
    divisor = counts.sum() if count is None else count
    return torch.where(counts, values, 0).sum() / divisor.clamp(min=1)


def _rate(x: Tensor, dt: float | Tensor) -> Tensor:
    """Differences along time over dt; a tensor of dt has one entry a clip."""
    if isinstance(dt, Tensor):
        dt = dt.reshape(-1, *[1] * (x.ndim - 1))
    return x.diff(dim=1) / dt


def _both_frames(counts: Tensor) -> Tensor:
    return counts[:, 1:] & counts[:, :-1]


def _limbs(x: Tensor) -> Tensor:
    """(B, T, 17, 3) -> (B, T, 16, 3), parent minus child."""
    return x[:, :, _PARENTS] - x[:, :, _CHILDREN]


def _limb_counts(valid: Tensor) -> Tensor:
    return valid[:, :, _PARENTS] & valid[:, :, _CHILDREN]


def _limbs_in_time(valid: Tensor) -> Tensor:
    """(B, 16) limbs that are seen in two frames or more."""
    return _limb_counts(valid).sum(1) > 1


def _angle_counts(valid: Tensor) -> Tensor:
    counts = _limb_counts(valid)
    return counts[..., _FIRST] & counts[..., _SECOND]


_COUNTED = {
    "position": lambda valid: valid,
    "scale": lambda valid: valid,
    "velocity": _both_frames,
    "limb_variance": _limbs_in_time,
    "limb_length": _limb_counts,
    "angle": _angle_counts,
    "angular_velocity": lambda valid: _both_frames(_angle_counts(valid)),
    "weighted_2d": lambda valid: valid,
    "reprojection": lambda valid: valid,
}


def count(name: str, valid: Tensor) -> Tensor:
    """What the loss of that name divides by, a scalar of the mask alone: valid (B, T, J)."""
    return _COUNTED[name](valid).sum()


def _angles(x: Tensor, counts: Tensor) -> Tensor:
    """Angles between limbs (B, T, 18) in radians; a limb that does not count gets a stand-in."""
    limbs = torch.where(counts.unsqueeze(-1), _limbs(x), 1)
    cosine = functional.cosine_similarity(limbs[:, :, _FIRST], limbs[:, :, _SECOND], dim=-1)
    return cosine.clamp(-1 + _COSINE_MARGIN, 1 - _COSINE_MARGIN).acos()


def position(
    pred: Tensor, truth: Tensor, valid: Tensor | None = None, *, count: Tensor | None = None
) -> Tensor:
    """Mean distance of joints (MPJPE)."""
    pred, truth, valid = _prepare(pred, truth, valid)
    return _mean((pred - truth).norm(dim=-1), valid, count)


def scale(
    pred: Tensor, truth: Tensor, valid: Tensor | None = None, *, count: Tensor | None = None
) -> Tensor:
    """Mean distance after each frame's best scaling about the origin (N-MPJPE)."""
    pred, truth, valid = _prepare(pred, truth, valid)
    size = (pred**2).sum((-1, -2), keepdim=True)
    factor = (pred * truth).sum((-1, -2), keepdim=True) / torch.where(size > 0, size, 1)
    return _mean((factor * pred - truth).norm(dim=-1), valid, count)


def velocity(
    pred: Tensor,
    truth: Tensor,
    valid: Tensor | None = None,
    *,
    dt: float | Tensor = 1.0,
    count: Tensor | None = None,
) -> Tensor:
    """Mean length of the velocities' difference; dt (float or (B,)) in fiftieths of a second.

    Counts a joint where both frames do. 0 for clips of one frame.
    """
    pred, truth, valid = _prepare(pred, truth, valid)
    return _mean(_rate(pred - truth, dt).norm(dim=-1), _both_frames(valid), count)


def limb_variance(
    pred: Tensor, truth: Tensor, valid: Tensor | None = None, *, count: Tensor | None = None
) -> Tensor:
    """Mean over limbs of the predicted length's unbiased variance along the clip.

    truth is not looked at: it is there so that all losses are called alike. Counts limbs that
    are seen in two frames or more.
    """
    pred, _, valid = _prepare(pred, truth, valid)
    counts = _limb_counts(valid)
    lengths = torch.where(counts, _limbs(pred).norm(dim=-1), 0)
    num_frames = counts.sum(1)
    mean = lengths.sum(1, keepdim=True) / num_frames.clamp(min=1).unsqueeze(1)
    squares = torch.where(counts, (lengths - mean) ** 2, 0).sum(1)
    return _mean(squares / (num_frames - 1).clamp(min=1), num_frames > 1, count)


def limb_length(
    pred: Tensor, truth: Tensor, valid: Tensor | None = None, *, count: Tensor | None = None
) -> Tensor:
    """Mean absolute difference of limb lengths."""
    pred, truth, valid = _prepare(pred, truth, valid)
    difference = _limbs(pred).norm(dim=-1) - _limbs(truth).norm(dim=-1)
    return _mean(difference.abs(), _limb_counts(valid), count)


def _angle_difference(pred: Tensor, truth: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Difference of the angles (B, T, 18) and which of them count."""
    counts = _limb_counts(valid)
    return _angles(pred, counts) - _angles(truth, counts), _angle_counts(valid)


def angle(
    pred: Tensor, truth: Tensor, valid: Tensor | None = None, *, count: Tensor | None = None
) -> Tensor:
    """Mean absolute difference of the angles between neighbouring limbs, radians."""
    difference, counts = _angle_difference(*_prepare(pred, truth, valid))
    return _mean(difference.abs(), counts, count)


def angular_velocity(
    pred: Tensor,
    truth: Tensor,
    valid: Tensor | None = None,
    *,
    dt: float | Tensor = 1.0,
    count: Tensor | None = None,
) -> Tensor:
    """Mean absolute difference of those angles' velocities; dt as in `velocity`."""
    difference, counts = _angle_difference(*_prepare(pred, truth, valid))
    return _mean(_rate(difference, dt).abs(), _both_frames(counts), count)


def weighted_2d(
    pred: Tensor,
    truth: Tensor,
    score: Tensor,
    valid: Tensor | None = None,
    *,
    count: Tensor | None = None,
) -> Tensor:
    """Mean over joints of score times the distance in x and y.

    Only the first two coordinates of pred and truth are read; score is (B, T, J).
    """
    pred, truth, valid = _prepare(pred[..., :2], truth[..., :2], valid)
    return _mean(((pred - truth) * score.unsqueeze(-1)).norm(dim=-1), valid, count)
