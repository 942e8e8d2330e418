"""What happens to a training clip besides noise. Every function takes its own random generator.

T frames, J = 17 joints, C = (x, y, confidence) in crop units.
"""

import math

import numpy as np

from lib.config import check_range, configclass
from lib.geometry import mirror
from lib.skeleton import BONE_INDEX, JOINT, JOINTS, NUM_JOINTS, indices, mirror_name


@configclass
class AugmentConfig:
    """Probabilities and sizes; 0 switches a part off. Joint and frame masks are independent."""

    flip: float = 0.5
    joint_mask: float = 0.0
    """Share of single joints of single frames hidden (reference: 0.05)."""
    frame_mask: float = 0.0
    """Share of whole frames hidden (reference: 0.1)."""
    limb_mask: float = 0.0
    """Chance that one limb (arm or leg, without its first joint) is hidden for the clip."""
    head_drop: float = 0.0
    """Chance that nose and head are hidden for the clip: sources define them differently."""
    head_jitter_m: float = 0.0
    """Offset of nose and head in the input, constant over the clip, normal."""
    bone_scale_std: float = 0.0
    """Relative change of each bone's length, the same on both sides, constant over the clip."""

    def __post_init__(self) -> None:
        check_range(self, 0, 1, "flip", "joint_mask", "frame_mask", "limb_mask", "head_drop")
        check_range(self, 0, math.inf, "head_jitter_m", "bone_scale_std")


_LIMBS = [
    indices(f"{side}{middle}", f"{side}{end}")
    for side in "lr"
    for middle, end in (("knee", "ankle"), ("elbow", "wrist"))
]
_HEAD = indices("nose", "head")
# Bone -> one number for itself and its mirror, so that both sides scale alike.
_BONE_PAIR = [
    min(JOINT[JOINTS[child]], JOINT[mirror_name(JOINTS[child])]) for _, child in BONE_INDEX
]


def scale_bones(xyz_m: np.ndarray, std: float, rng: np.random.Generator) -> np.ndarray:
    """(T, 17, 3) with every bone's length times its own factor; joint angles do not change."""
    factor = np.clip(1 + std * rng.normal(size=NUM_JOINTS), 0.7, 1.4)
    scaled = xyz_m.copy()
    for (parent, child), pair in zip(BONE_INDEX, _BONE_PAIR, strict=True):
        scaled[:, child] = scaled[:, parent] + (xyz_m[:, child] - xyz_m[:, parent]) * factor[pair]
    return scaled


def jitter_head(xyz_m: np.ndarray, std_m: float, rng: np.random.Generator) -> np.ndarray:
    """(T, 17, 3) with nose and head moved by a constant offset each."""
    moved = xyz_m.copy()
    moved[:, _HEAD] += std_m * rng.normal(size=(1, len(_HEAD), 3))
    return moved


def hidden_joints(num_frames: int, config: AugmentConfig, rng: np.random.Generator) -> np.ndarray:
    """(T, 17) bool: what the masks hide. Drawn per clip (defect D13)."""
    hidden = rng.random((num_frames, NUM_JOINTS)) < config.joint_mask
    hidden |= rng.random((num_frames, 1)) < config.frame_mask
    if rng.random() < config.limb_mask:
        hidden[:, _LIMBS[rng.integers(len(_LIMBS))]] = True
    if rng.random() < config.head_drop:
        hidden[:, _HEAD] = True
    return hidden


def flip_pair(
    x_TJC: np.ndarray, y_TJ3: np.ndarray, valid_TJ: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mirror input, target and validity together."""
    return mirror(x_TJC), mirror(y_TJ3), mirror(valid_TJ[..., None].astype(np.int8))[..., 0] != 0


def move_and_scale(
    x_TJC: np.ndarray, scale: tuple[float, float], shift: float, rng: np.random.Generator
) -> np.ndarray:
    """Person moved and sized at random in the picture, drifting linearly over the clip.

    x_TJC (T, 17, 3); the size is 1 / a number from the range scale, shift the largest offset in
    crop units. Joints with confidence 0 stay zero.
    """
    w = np.linspace(0, 1, len(x_TJC))[:, None, None]
    offset = rng.uniform(-shift, shift, (2, 1, 1, 2))
    size = np.exp(rng.normal(0, 0.05, 2)) / rng.uniform(*scale)
    moved = x_TJC.copy()
    moved[..., :2] = x_TJC[..., :2] * ((1 - w) * size[0] + w * size[1])
    moved[..., :2] += (1 - w) * offset[0] + w * offset[1]
    return np.where(x_TJC[..., 2:] > 0, moved, 0).astype(np.float32)
