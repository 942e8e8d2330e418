"""Which way is up, told from a body in front of a camera that stands still. numpy only.

Three clues, each a roll and a pitch of the camera with an uncertainty, combined by inverse
variance: the picture's own vertical, the body that stands and keeps its balance over its feet, and
the plane that hands and feet rest on. T frames, J = 17 joints; camera axes x right, y down, z
forward.
"""

from dataclasses import dataclass

import numpy as np

from lib.body import centre_of_mass, leg_length, middle
from lib.geometry import angle_deg, flexion_deg
from lib.pose import Pose3D
from lib.skeleton import JOINT

PICTURE_DEG = (7.0, 14.0)
"""Roll and pitch of a camera that a person put up: one standard deviation (choice)."""
STANDING_DEG = (2.0, 4.0)
"""Roll and pitch error of a standing body's axis: people lean, and a lifter's depth is poor."""
SUPPORT_DEG = (3.0, 5.0)
"""The same of the plane through hands and feet."""
OUTLIER = 1.0
"""A picture's vertical further off than this many deviations is believed less: a tilted camera."""
TILT_WARNING_DEG = 25.0
"""A body this far off the camera's vertical says that the camera is tilted."""
FARTHEST_DEG = 55.0
"""No camera is tilted more; what says so is a body that lies or leans."""
STRAIGHTEST_PERCENT, STRAIGHT_DEG, BENT_DEG = 20.0, 12.0, 35.0
"""Standing: knees and hips bent less than STRAIGHT_DEG, or among the straightest and less than
BENT_DEG."""
MIN_S = 0.2
ENOUGH_FRAMES = 6000
"""Of a longer recording every second, third ... frame is looked at."""
LEAN_DEG = 2.0
"""How far in front of the ankles a standing body's neck and centre of mass are: the line of gravity
passes 4 to 5 cm before the ankle (Winter); 1 to 4 degrees in motion capture of people who stand."""
BALANCE_DEG = 12.0
"""A centre of mass this far off the standing body's axis is not carried by the feet: seated."""
OVER_BAR_DEG = 100.0
"""Who bends the hips further may hold a bar, whose weight the body's own balance does not show
(true poses of made-up deadlifts: 1.4 degrees off without this, 0.8 with it)."""
ARMS_ACROSS_DEG, PLANK_KNEE_DEG, PLANK_HIP_DEG = (45.0, 135.0), 40.0, 50.0
ANKLES_OVER_WRISTS = 0.14
"""On the toes the ankle joints are higher over the floor than the wrists on flat hands, by this
part of the leg's length (choice: 12 cm, a foot that stands on its ball)."""
GIVEN_DEG = 1.0
"""Of an up that does not say how sure it is."""
METHODS = ("given", "imu", "standing_body", "support_plane", "bar_path", "camera_y")


@dataclass(frozen=True)
class Up:
    """The direction against gravity in the pose's frame."""

    vector: np.ndarray
    """(3,) unit."""
    method: str
    """'given', 'standing_body', 'support_plane' or 'camera_y': the clue that counted most."""
    sigma_deg: float
    """One standard deviation in any vertical plane."""

    @property
    def is_tilted(self) -> bool:
        """The camera is tilted by more than TILT_WARNING_DEG."""
        if self.method == "given":
            return False
        return float(angle_deg(self.vector, np.array([0.0, -1.0, 0.0]))) > TILT_WARNING_DEG


@dataclass(frozen=True)
class _Clue:
    method: str
    angles_deg: np.ndarray
    """(2,) roll and pitch."""
    sigma_deg: np.ndarray
    """(2,)"""


def up_of(pose: Pose3D) -> Up:
    """The up vector that a pose brings along ('given' where it does not say how it was found), else
    the one found in its valid frames."""
    length = float(np.linalg.norm(pose.up))
    if np.isfinite(length) and length > 0:
        method = pose.up_method if pose.up_method in METHODS else "given"
        sigma_deg = pose.up_sigma_deg if np.isfinite(pose.up_sigma_deg) else GIVEN_DEG
        return Up(np.asarray(pose.up, float) / length, method, sigma_deg)
    seen = np.where(np.asarray(pose.valid, bool)[:, None, None], pose.xyz, np.nan)
    return find_up(seen, pose.usual_fps, pose.frame)


def find_up(xyz: np.ndarray, fps: float, frame: str = "camera") -> Up:
    """The up vector of a motion (T, 17, 3), NaN = unknown, at any scale and place.

    frame: 'camera', or 'world', in which Z is up.
    """
    if frame == "world":
        return Up(np.array([0.0, 0.0, 1.0]), "given", GIVEN_DEG)
    step = 1 + len(xyz) // ENOUGH_FRAMES
    xyz, fps = xyz[::step], fps / step
    picture = _Clue("camera_y", np.zeros(2), np.array(PICTURE_DEG))
    directions = {"standing_body": standing_axis(xyz, fps), "support_plane": plank_axis(xyz, fps)}
    sigmas = {"standing_body": STANDING_DEG, "support_plane": SUPPORT_DEG}
    clues = [
        _Clue(method, _angles(vector), np.array(sigmas[method]))
        for method, vector in directions.items()
        if vector is not None and _off_picture_deg(vector) < FARTHEST_DEG
    ]
    # A plank and a body that stands with its arms out look alike; only one fits the picture.
    clues.sort(key=lambda clue: float((clue.angles_deg / picture.sigma_deg) @ clue.angles_deg))
    return _combined(picture, clues[:1])


def _combined(picture: _Clue, clues: list[_Clue]) -> Up:
    if not clues:
        return Up(_vector(picture.angles_deg), picture.method, float(_rms(picture.sigma_deg)))
    body = clues[0]
    doubt = np.maximum(np.abs(body.angles_deg - picture.angles_deg) / OUTLIER, picture.sigma_deg)
    weights = np.stack([body.sigma_deg**-2.0, doubt**-2.0])
    angles = (weights * [body.angles_deg, picture.angles_deg]).sum(0) / weights.sum(0)
    return Up(_vector(angles), body.method, float(_rms(weights.sum(0) ** -0.5)))


def _rms(values: np.ndarray) -> np.ndarray:
    return np.sqrt((values**2).mean())


def _angles(up: np.ndarray) -> np.ndarray:
    """(2,) roll and pitch in degrees of the camera that sees this up vector."""
    return np.degrees([np.arcsin(np.clip(up[0], -1, 1)), np.arctan2(-up[2], -up[1])])


def _vector(angles_deg: np.ndarray) -> np.ndarray:
    """Inverse of `_angles`."""
    roll, pitch = np.radians(angles_deg)
    return np.array([np.sin(roll), -np.cos(roll) * np.cos(pitch), -np.cos(roll) * np.sin(pitch)])


def _off_picture_deg(up: np.ndarray) -> float:
    return float(angle_deg(up, np.array([0.0, -1.0, 0.0])))


def _bends(xyz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T,) degrees of the more bent knee and hip; one side stands in where the other is unknown."""
    side = {s: [xyz[:, JOINT[s + part]] for part in ("hip", "knee", "ankle")] for s in "lr"}
    trunk = xyz[:, JOINT["root"]] - xyz[:, JOINT["neck"]]
    knees = np.fmax(*(flexion_deg(*side[s]) for s in "lr"))
    hips = np.fmax(*(angle_deg(trunk, side[s][1] - side[s][0]) for s in "lr"))
    return knees, hips


def _median_direction(vectors: np.ndarray, fps: float) -> np.ndarray | None:
    """(3,) unit median of known vectors (N, 3); None if they are too few or cancel out."""
    known = vectors[np.isfinite(vectors).all(-1)]
    if len(known) < max(MIN_S * fps, 1):
        return None
    length = np.linalg.norm(known, axis=-1, keepdims=True)
    typical = np.median(known / np.where(length > 0, length, 1.0), 0)
    size = float(np.linalg.norm(typical))
    return typical / size if size > 0.5 else None


def standing_axis(xyz: np.ndarray, fps: float) -> np.ndarray | None:
    """The standing body's axis and its balance over the feet, less the usual lean.

    The axis is ankles to neck while knees and hips are straight; the balance, ankles to centre of
    mass in these and all other frames in which the feet carry it and no bar is lifted. (3,) unit,
    of a motion (T, 17, 3) with NaN = unknown; None if nobody is ever straight. A body that lies has
    one too.
    """
    knees, hips = _bends(xyz)
    bend = np.maximum(knees, hips)
    known = bend[np.isfinite(bend)]
    if not len(known):
        return None
    limit = min(max(float(np.percentile(known, STRAIGHTEST_PERCENT)), STRAIGHT_DEG), BENT_DEG)
    feet = middle(xyz, "ankle")
    axis = _median_direction((xyz[:, JOINT["neck"]] - feet)[bend <= limit], fps)
    if axis is None:
        return None
    load = centre_of_mass(xyz) - feet
    is_carried = (angle_deg(load, axis) < BALANCE_DEG) & ~(hips >= OVER_BAR_DEG)
    balance = _median_direction(load[is_carried], fps)
    right = _median_direction(_rightward(xyz[bend <= limit]), fps)
    both = _unit(axis if balance is None else axis + balance)
    return both if right is None else _unit(both - np.radians(LEAN_DEG) * np.cross(both, right))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _rightward(xyz: np.ndarray) -> np.ndarray:
    """(T, 3) from the body's left to its right, four pairs of joints pooled."""
    pairs = ("hip", "shoulder", "ankle", "knee")
    return sum(xyz[:, JOINT["r" + part]] - xyz[:, JOINT["l" + part]] for part in pairs)


def sides_off_level_deg(xyz: np.ndarray, up: np.ndarray) -> float:
    """How steep the line from the body's left to its right is against up (3,): 0 to 90.

    The median of a motion (T, 17, 3) with NaN = unknown; NaN if it never is known.
    """
    off = np.abs(90.0 - angle_deg(_rightward(xyz), up))
    off = off[np.isfinite(off)]
    return float(np.median(off)) if len(off) else float("nan")


def is_plank(xyz: np.ndarray) -> np.ndarray:
    """(T,) the body is straight and its arms are across it, in a motion (T, 17, 3)."""
    knees, hips = _bends(xyz)
    trunk = xyz[:, JOINT["root"]] - xyz[:, JOINT["neck"]]
    arms = angle_deg(middle(xyz, "wrist") - middle(xyz, "shoulder"), trunk)
    is_across = (arms > ARMS_ACROSS_DEG[0]) & (arms < ARMS_ACROSS_DEG[1])
    return (knees < PLANK_KNEE_DEG) & (hips < PLANK_HIP_DEG) & is_across


def plank_axis(xyz: np.ndarray, fps: float) -> np.ndarray | None:
    """Across the plane that hands and toes rest on, while the body is a plank over its arms.

    (3,) unit, of a motion (T, 17, 3) with NaN = unknown; None if it never is. With left and right
    exchanged it points the other way.
    """
    plank = xyz[is_plank(xyz)]
    along = middle(plank, "wrist") - middle(plank, "ankle")
    right, ahead = (_median_direction(v, fps) for v in (_rightward(plank), along))
    if right is None or ahead is None:
        return None
    up = _unit(np.cross(right, ahead))
    slope = ANKLES_OVER_WRISTS * leg_length(plank) / np.nanmedian(np.linalg.norm(along, axis=-1))
    return _unit(up - slope * ahead)
