"""A lifted pose put on the ground: its true size where something tells it, up, feet held still.

numpy only. T frames, J = 17 joints.
"""

from dataclasses import dataclass, replace

import numpy as np

from lib.body import middle, stature
from lib.errors import UserError
from lib.geometry import MIN_SCORE
from lib.infer.track import HARDLY_EVER
from lib.pose import HEIGHT_RANGE_M, Pose3D
from lib.skeleton import JOINT, MIRROR, indices
from lib.support import find_stances, hold
from lib.vertical import up_of

PLATE_RANGE_M = (0.1, 0.6)
HEIGHT_SIGMA = 0.04
"""People's proportions, and what the lifter makes of them (measured: benchmarks/gravity.py)."""
PLATE_SIGMA = 0.09
"""Mostly the distance of the hands, which follows from the apparent size of the whole body, and a
focal length that is only assumed (measured there too)."""
PLATE_M = 0.45
"""Diameter of a full-size plate (IPF, IWF)."""
BAR_END_M = 0.68
"""From the bar's middle to the plates: the shafts of full-size bars are 1.31 m between sleeves."""
TELLING = 1 / 3
"""A box that is nearer to one end of the bar than to the other by less than this part of its width
does not tell them apart (bars lifted 6 degrees askew, simulated: the nearer plate right in 99 %,
the farther in 93 % 10 to 25 degrees beside the line of sight; with a whole width 100 and 25)."""
AROUND_S = 0.1
"""The hands are taken from this long before to this long after the box's frame."""


@dataclass(frozen=True)
class PlateBox:
    """A plate in one picture."""

    frame: float
    """0-based frame number, a whole one."""
    x: float
    """Left edge, pixels."""
    y: float
    """Top edge."""
    width: float
    height: float

    @property
    def is_one(self) -> bool:
        """Its numbers make a box in a picture."""
        numbers = (self.frame, self.x, self.y, self.width, self.height)
        is_whole = all(np.isfinite(numbers)) and self.frame >= 0 and self.frame % 1 == 0
        return bool(is_whole and self.width > 0 and self.height > 0)


@dataclass(frozen=True)
class SizeConfig:
    """What tells the true size; at most one of the two."""

    height_m: float | None = None
    """Standing height of the person."""
    plate_box: PlateBox | None = None
    plate_m: float | None = None
    """Diameter of the plate in the box; None: PLATE_M."""

    def __post_init__(self) -> None:
        if self.height_m is not None and self.plate_box is not None:
            raise UserError("--height and --plate-box both give the true size; give one of them")
        if self.plate_m is not None and self.plate_box is None:
            raise UserError("--plate-diameter: says nothing without --plate-box FRAME X Y W H")
        _check("--height", self.height_m, HEIGHT_RANGE_M)
        _check("--plate-diameter", self.plate_m, PLATE_RANGE_M)
        if self.plate_box is not None and not self.plate_box.is_one:
            raise UserError(
                "--plate-box: FRAME is a whole number from 0, X Y W H are pixels, W and H above 0"
            )


def _check(flag: str, value_m: float | None, limits_m: tuple[float, float]) -> None:
    if value_m is not None and not limits_m[0] <= value_m <= limits_m[1]:
        low, high = limits_m
        raise UserError(f"{flag} {value_m:g}: give metres from {low} to {high}")


def grounded(pose: Pose3D, size: SizeConfig, size_px: tuple[int, int]) -> Pose3D:
    """The pose (frame 'camera', with its place) in metres if `size` says how large it is, with up,
    and moved as a whole so that planted feet and hands stay; xyz_image is left as it was.

    size_px: the picture's width and height. Raises UserError where the size cannot be told.
    """
    pose = scaled(pose, size, size_px)
    seen = _seen(pose)
    up = up_of(replace(pose, xyz=_for_up(pose)))
    stances = find_stances(seen, up.vector, pose.usual_fps)
    moved = pose.xyz + hold(seen, stances, pose.usual_fps)[:, None]
    return replace(
        pose, xyz=moved, is_planted=stances.is_planted, up=up.vector, up_method=up.method,
        up_sigma_deg=up.sigma_deg,
    )  # fmt: skip


def resized(pose: Pose3D, size: SizeConfig) -> Pose3D:
    """A pose from a file in metres by `size`; metres by another size are undone first.

    Raises UserError where the size cannot be told, and for metres that were measured.
    """
    if size == SizeConfig():
        return pose
    name = pose.source or "pose"
    if pose.unit == "metre" and pose.scale_method == "none":
        raise UserError(f"{name}: is in measured metres; leave --height and --plate-box away")
    if pose.unit == "metre" and not 0 < pose.m_per_unit < np.inf:
        raise UserError(
            f"{name}: m_per_unit is {pose.m_per_unit:g}, so its metres cannot be undone; give a "
            "pose3d.npz of infer_wild.py, or leave --height and --plate-box away"
        )
    if size.plate_box is not None and not (np.isfinite(pose.focal_px) and pose.size_px[0]):
        raise UserError(
            f"{name}: says nothing of its picture and lens, which --plate-box needs; give a "
            "pose3d.npz of infer_wild.py, or --height"
        )
    if pose.unit == "metre":
        own = 1 / pose.m_per_unit
        pose = replace(pose, xyz=own * pose.xyz, sigma=own * pose.sigma, unit="relative")
    return scaled(pose, size, pose.size_px)


def size_notes(pose: Pose3D) -> list[str]:
    """What a person should know of where the metres come from; nothing without metres."""
    if pose.unit != "metre":
        return []
    return [
        f"size from {'--height' if pose.scale_method == 'user_height' else 'the plate'}: a person "
        f"{_stature(pose):.2f} m tall, {pose.m_per_unit:.2f} times the lifter's size"
    ]


def scaled(pose: Pose3D, size: SizeConfig, size_px: tuple[int, int]) -> Pose3D:
    """The pose in metres, or as it is where nothing tells its size. Raises UserError."""
    if size.height_m is not None:
        factor, method, sigma = size.height_m / _stature(pose), "user_height", HEIGHT_SIGMA
    elif size.plate_box is not None:
        factor = _by_plate(pose, size.plate_box, size.plate_m or PLATE_M, size_px)
        method, sigma = "plate", PLATE_SIGMA
    else:
        return pose
    return replace(
        pose, xyz=factor * pose.xyz, sigma=factor * pose.sigma, unit="metre", scale_method=method,
        m_per_unit=factor, scale_sigma=sigma, height_m=size.height_m or float("nan"),
    )  # fmt: skip


def _seen(pose: Pose3D) -> np.ndarray:
    """(T, 17, 3) without frames nobody was seen in and joints that hardly ever were: a lifter
    answers for these as well."""
    is_known = np.asarray(pose.valid, bool)[:, None] & _known(pose)
    return np.where(is_known[..., None], pose.xyz, np.nan)


def _for_up(pose: Pose3D) -> np.ndarray:
    """(T, 17, 3) without parts of which neither side is known. From one leg a lifter makes up the
    other well enough, and what lies between both sides from their joints."""
    known = _known(pose)
    sides = np.array(MIRROR)
    is_told = known | known[sides] | (sides == np.arange(len(sides)))
    return np.where(is_told[:, None], pose.xyz, np.nan)


def _known(pose: Pose3D) -> np.ndarray:
    """(17,) joints that are seen in more than a few of the frames somebody is seen in."""
    scores = pose.score[np.asarray(pose.valid, bool)]
    return np.count_nonzero(scores > MIN_SCORE, axis=0) >= max(HARDLY_EVER * len(scores), 1)


def _stature(pose: Pose3D) -> float:
    height = stature(_seen(pose))
    if not height > 0:
        raise UserError(
            f"{pose.source or 'pose'}: too little of legs and trunk is seen to tell how large the "
            "person is; leave --height and --plate-box away"
        )
    return height


def _by_plate(pose: Pose3D, box: PlateBox, plate_m: float, size_px: tuple[int, int]) -> float:
    """Metres per unit: the plate's distance by its size in the picture, over that of the hands.

    A disc's picture is as wide as the disc at its widest, however it is turned. The bar's middle is
    between the hands; the plate hangs at the end of the bar that the box is nearest to, and at the
    nearer end where the box does not tell the two apart, as seen along the bar.
    """
    hands, along = _bar(pose, box, size_px)
    wide_px = max(box.width, box.height)
    distance_m = pose.focal_px * plate_m / wide_px
    ends_m = np.array([[-1.0], [1.0]]) * BAR_END_M * along
    factors = (distance_m - ends_m[:, 2]) / hands[2]
    plates_m = factors[:, None] * hands + ends_m
    centre_px = np.array([box.x + box.width / 2, box.y + box.height / 2]) - np.array(size_px) / 2
    away_px = np.linalg.norm(plates_m[:, :2] / distance_m * pose.focal_px - centre_px, axis=-1)
    is_told = np.ptp(away_px) > TELLING * wide_px
    factor = float(factors[np.argmin(away_px if is_told else ends_m[:, 2])])
    tall_m = factor * _stature(pose)
    if not HEIGHT_RANGE_M[0] <= tall_m <= HEIGHT_RANGE_M[1]:
        raise UserError(
            f"--plate-box: makes the person {tall_m:.2f} m tall; check the box and --plate-diameter"
        )
    return factor


def _bar(pose: Pose3D, box: PlateBox, size_px: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """(3,) place between the hands and (3,) unit direction of the bar, around the box's frame."""
    if box.frame > (last := int(pose.frame_id[-1])):
        raise UserError(f"--plate-box: frame {box.frame:g}; the last one is {last}")
    width, height = size_px
    if box.x < 0 or box.y < 0 or box.x + box.width > width or box.y + box.height > height:
        raise UserError(
            f"--plate-box: not inside the picture of {width} x {height} px "
            "(--size gives another, without a video)"
        )
    near = np.abs(pose.time_s - np.interp(box.frame, pose.frame_id, pose.time_s)) <= AROUND_S
    around, wrists = _seen(pose)[near], indices("lwrist", "rwrist")
    around[:, wrists] = pose.xyz[near][:, wrists]  # seen here is enough, however rarely elsewhere
    pairs = [around[:, JOINT["r" + p]] - around[:, JOINT["l" + p]] for p in ("wrist", "shoulder")]
    frames = np.concatenate([middle(around, "wrist"), pairs[0] + pairs[1]], -1)
    is_held = (pose.score[near][:, wrists] > MIN_SCORE).all(-1)
    frames = frames[np.isfinite(frames).all(-1) & is_held]
    if not len(frames):
        raise UserError(f"--plate-box: both hands are not seen around frame {box.frame:g}")
    hands, along = np.split(np.median(frames, 0), 2)
    return hands, along / max(float(np.linalg.norm(along)), 1e-9)
