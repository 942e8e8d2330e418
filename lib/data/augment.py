"""What happens to a training clip besides noise. Every function takes its own random generator.

T frames, J = 17 joints, C = (x, y, confidence) in crop units.
"""

import math

import numpy as np
from scipy.spatial.transform import Rotation

from lib.config import check_range, configclass
from lib.geometry import mirror
from lib.skeleton import JOINT, MIRROR, NUM_JOINTS, indices


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
    joint_gap: float = 0.0
    """Chance of each joint to be hidden for a stretch of the clip, of any length up to all of it:
    what stands in front of a person does so for a while."""
    cut_off: float = 0.0
    """Chance that the clip is cut off by the picture's lower edge, at a height between a quarter of
    the way from the hips to the feet and the feet: the crop is around what is above."""
    head_drop: float = 0.0
    """Chance that nose and head are hidden for the clip: sources define them differently."""
    head_jitter_m: float = 0.0
    """Offset of nose and head in the input, constant over the clip, normal."""
    bone_scale_std: float = 0.0
    """Relative change of each bone's length, the same on both sides, constant over the clip."""
    part_scale_std: float = 0.0
    """The same of trunk, head, arms, legs, hips and shoulders, each as a whole: in these people
    and the places that data sets mean by a joint differ more than in one bone beside another."""
    limb_turn_deg: float = 0.0
    """Arms, legs, head and the whole upper body turned about the joint they hang on, constant over
    the clip: three normal angles each, of a spread that is drawn for the clip from 0 up to this.
    Poses that nobody was recorded in."""
    limb_bend_deg: float = 0.0
    """Knees and elbows bent by another angle, constant over the clip, though none beyond straight:
    normal, half of its variance that of both sides, of a spread drawn from 0 up to this."""
    borrowed_arms: float = 0.0
    """Chance that a clip seen by a random camera gets the arms of another clip: legs and arms that
    were never recorded together."""
    borrowed_legs: float = 0.0
    """The same of the legs."""
    time_warp: tuple[float, float] = (1.0, 1.0)
    """Range of the speed at which a clip is played; it drifts between two speeds drawn from it."""

    def __post_init__(self) -> None:
        check_range(
            self, 0, 1, "flip", "limb_mask", "joint_gap", "cut_off", "head_drop", "borrowed_arms",
            "borrowed_legs",
        )  # fmt: skip
        check_range(self, 0, 0.99, "joint_mask", "frame_mask")  # at 1 nothing is seen
        check_range(self, 0, math.inf, "head_jitter_m", "bone_scale_std", "part_scale_std")
        check_range(self, 0, 90, "limb_turn_deg", "limb_bend_deg")
        check_range(self, 0.1, 10, "time_warp")


_LIMBS = [
    indices(f"{side}{middle}", f"{side}{end}")
    for side in "lr"
    for middle, end in (("knee", "ankle"), ("elbow", "wrist"))
]
_HEAD = indices("nose", "head")


_LEAST_LEG = 0.25
"""Share of the legs, from the hips down, that a picture shows at least."""
_UPPER_BODY = ("spine", "neck", "nose", "head", "lshoulder", "rshoulder")
_ARM, _LEG = ("elbow", "wrist"), ("knee", "ankle")


def _span(*names: str) -> slice:
    """Joints that follow each other, as a view that needs no copy."""
    joints = sorted(indices(*names))
    assert joints == list(range(joints[0], joints[-1] + 1))
    return slice(joints[0], joints[-1] + 1)


# What turns about which joint, from the ends of the body inwards.
_TURNED = [
    *((JOINT[f"{side}shoulder"], _span(*(side + name for name in _ARM))) for side in "lr"),
    *((JOINT[f"{side}hip"], _span(*(side + name for name in _LEG))) for side in "lr"),
    (JOINT["neck"], _span("nose", "head")),
    (JOINT["root"], _span(*_UPPER_BODY, *(side + name for side in "lr" for name in _ARM))),
]


def turn_limbs(xyz_m: np.ndarray, most_deg: float, rng: np.random.Generator) -> np.ndarray:
    """(T, 17, 3) with limbs and upper body turned, see `AugmentConfig.limb_turn_deg`.

    Bones keep their lengths, knees and elbows their bend. What hangs on a missing joint is missing.
    """
    spread = np.radians(most_deg) * rng.random()
    turns = Rotation.from_rotvec(spread * rng.normal(size=(len(_TURNED), 3))).as_matrix()
    turned = xyz_m.copy(order="K")
    channels = turned.transpose(2, 0, 1)
    for (pivot, joints), turn in zip(_TURNED, turns.astype(xyz_m.dtype), strict=True):
        centre, limb = channels[..., pivot, None], channels[..., joints]
        away = limb - centre
        np.add((turn @ away.reshape(3, -1)).reshape(away.shape), centre, out=limb)
    return turned


def jitter_head(xyz_m: np.ndarray, std_m: float, rng: np.random.Generator) -> np.ndarray:
    """(T, 17, 3) with nose and head moved by a constant offset each."""
    moved = xyz_m.copy(order="K")
    moved[:, _HEAD] += (std_m * rng.normal(size=(1, len(_HEAD), 3))).astype(xyz_m.dtype)
    return moved


def above_edge(xy_px: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(T, 17) bool: joints that a picture shows whose lower edge cuts off some of the legs.

    xy_px (T, 17, 2), NaN = missing. All where no foot is known to be lower than the hips.
    """
    y = xy_px[..., 1]
    parts = (y[:, indices("lhip", "rhip")], y[:, indices("lankle", "rankle")])
    hips, ankles = (part[np.isfinite(part)] for part in parts)
    top, feet = (np.median(hips), ankles.max()) if len(hips) and len(ankles) else (0, 0)
    edge = top + rng.uniform(_LEAST_LEG, 1.0) * (feet - top)
    return ~(y > edge) if feet > top else np.ones(y.shape, bool)


def warp_times(num_frames: int, speed: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """(T,) times from 0 on, in frames, of a clip played at a drifting speed out of a range."""
    first, last = np.log(rng.uniform(*speed, 2))
    steps = np.exp(np.linspace(first, last, max(num_frames - 1, 0)))
    return np.concatenate([[0.0], np.cumsum(steps)])


def there_and_back(times: np.ndarray, last: int) -> np.ndarray:
    """Times (T,) from 0 on as times between 0 and `last`, where each end is a turn.

    Of a single frame (last = 0) all are 0.
    """
    way = times % max(2 * last, 1)
    return np.clip(way, 0, last) - np.clip(way - last, 0, last)


def at_times(array: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(N, 17, C) at times (T,) in frames, 0 to N - 1, on straight lines between the frames.

    A value is NaN where one of its two frames is; at a whole number there is one.
    """
    left, right = np.floor(times).astype(int), np.ceil(times).astype(int)
    w = (times - left).astype(np.float32)[:, None, None]
    return array[left] * (1 - w) + array[right] * w


def bits16(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Even random numbers 0 to 65535, several times faster than one by one."""
    number = math.prod(shape)
    raw = rng.bit_generator.random_raw(-(-number // 4))  # 64 bits each
    return raw.view(np.uint16)[:number].reshape(shape)


def _chance(share: float, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """True for a share, to a 65536th."""
    return bits16(shape, rng) < round(share * 65536)


def _gaps(num_frames: int, chance: float, rng: np.random.Generator) -> np.ndarray:
    """(T, 17) bool: one stretch of each joint that has one."""
    start, stop = np.sort(rng.integers(num_frames + 1, size=(2, NUM_JOINTS)), axis=0)
    frame = np.arange(num_frames)[:, None]
    return (rng.random(NUM_JOINTS) < chance) & (frame >= start) & (frame < stop)


def hidden_joints(num_frames: int, config: AugmentConfig, rng: np.random.Generator) -> np.ndarray:
    """(T, 17) bool: what the masks hide. Drawn per clip (defect D13)."""
    hidden = np.zeros((num_frames, NUM_JOINTS), bool)
    if config.joint_mask:
        hidden |= _chance(config.joint_mask, hidden.shape, rng)
    if config.frame_mask:
        hidden |= _chance(config.frame_mask, (num_frames, 1), rng)
    if config.joint_gap:
        hidden |= _gaps(num_frames, config.joint_gap, rng)
    if rng.random() < config.limb_mask:
        hidden[:, _LIMBS[rng.integers(len(_LIMBS))]] = True
    if rng.random() < config.head_drop:
        hidden[:, _HEAD] = True
    return hidden


def flip_pair(
    x_TJC: np.ndarray, y_TJ3: np.ndarray, valid_TJ: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mirror input, target and validity together."""
    return mirror(x_TJC), mirror(y_TJ3), valid_TJ[:, MIRROR]


def move_and_scale(
    x_TJC: np.ndarray, scale: tuple[float, float], shift: float, rng: np.random.Generator
) -> np.ndarray:
    """Person moved and sized at random in the picture, drifting linearly over the clip.

    x_TJC (T, 17, 3); the size is 1 / a number from the range scale, shift the largest offset in
    crop units. Joints with confidence 0 stay zero.
    """
    w = np.linspace(0, 1, len(x_TJC), dtype=np.float32)[:, None, None]
    offset = rng.uniform(-shift, shift, (2, 1, 1, 2)).astype(np.float32)
    size = (np.exp(rng.normal(0, 0.05, 2)) / rng.uniform(*scale)).astype(np.float32)
    moved = x_TJC.copy(order="K")
    moved[..., :2] *= (1 - w) * size[0] + w * size[1]
    moved[..., :2] += (1 - w) * offset[0] + w * offset[1]
    np.copyto(moved, 0, where=x_TJC[..., 2:] <= 0)
    return moved
