"""Random cameras around world-space motion.

World: metres, Z up. Camera: metres, x right, y down, z forward.
"""

import math
from dataclasses import dataclass

import numpy as np

from lib.config import check_range, configclass
from lib.geometry import Camera, look_at


@configclass
class RandomCameraConfig:
    """Ranges are uniform unless said otherwise; angles in degrees."""

    distance_m: tuple[float, float] = (2.5, 6.5)
    elevation_deg: tuple[float, float] = (-12.0, 30.0)
    """Angle of the camera above the horizontal plane through the body's centre."""
    height_m: tuple[float, float] | None = None
    """Height of the camera over the clip's lowest point, instead of an elevation."""
    roll_std_deg: float = 3.0
    """Normal."""
    views: int = 0
    """Directions from which a sequence is ever seen in training, as if so many cameras had been set
    up around it; 0 = another one for every clip."""
    aim_std_deg: float = 4.0
    """Normal; how far off the picture's centre the body is, each way, through a lens of 1000 px; a
    longer one sees as many pixels under a smaller angle."""
    focal_px: tuple[float, float] = (1000.0, 1000.0)
    """Focal length for a picture of 1000 x 1000. Input is cropped to the person, so a lens changes
    it through the aim alone: perspective comes from the distance."""

    def __post_init__(self) -> None:
        check_range(self, 0, math.inf, "distance_m", "focal_px", is_open=True)
        if self.height_m is not None:
            check_range(self, 0, math.inf, "height_m")
        check_range(self, -90, 90, "elevation_deg")
        check_range(self, 0, math.inf, "roll_std_deg", "views")
        check_range(self, 0, 45, "aim_std_deg")


_SIDE_PX = 1000


@dataclass(frozen=True)
class _Extent:
    """Where the known joints of a clip are."""

    centre: np.ndarray
    """(3,)"""
    lowest: float
    spread: float
    """Distance of the farthest joint from the centre."""


def _extent(xyz_world: np.ndarray) -> _Extent:
    centre = xyz_world.mean((0, 1))
    if np.isfinite(centre).all():
        away = xyz_world - centre
        away *= away
        spread = away.sum(-1).max()
        return _Extent(centre, xyz_world[..., 2].min(), float(spread) ** 0.5)
    known = xyz_world[np.isfinite(xyz_world).all(-1)]
    return _extent(known[None] if len(known) else np.zeros((1, 1, 3)))


def draw_camera(
    xyz_world: np.ndarray, config: RandomCameraConfig, rng: np.random.Generator
) -> Camera:
    """An ideal camera that sees the clip (T, J, 3) from a random side."""
    body = _extent(xyz_world)
    azimuth = rng.uniform(0, 2 * np.pi)
    elevation = math.radians(rng.uniform(*config.elevation_deg))
    # Far enough that a body that travels never comes near the picture plane.
    distance = max(rng.uniform(*config.distance_m), 1.5 * body.spread + 0.5)
    if config.height_m is not None:
        above_m = body.lowest + rng.uniform(*config.height_m) - body.centre[2]
        elevation = math.asin(max(-_STEEPEST, min(above_m / distance, _STEEPEST)))
    flat = math.cos(elevation)
    towards = np.array([flat * math.cos(azimuth), flat * math.sin(azimuth), math.sin(elevation)])
    position = body.centre + distance * towards
    offset, roll_deg = rng.normal(size=3), config.roll_std_deg * rng.normal()
    low, high = config.focal_px
    focal_px = rng.uniform(low, high) if low < high else low
    aside_px = _AIM_LENS_PX * math.tan(math.radians(config.aim_std_deg))
    rotation = look_at(position, body.centre + distance * aside_px / focal_px * offset, roll_deg)
    return Camera(
        rotation, position, np.array([focal_px] * 2), np.array([_SIDE_PX / 2] * 2), np.zeros(3),
        np.zeros(2), (_SIDE_PX, _SIDE_PX),
    )  # fmt: skip


_AIM_LENS_PX = 1000.0
_STEEPEST = 0.98
"""Sine of the steepest angle from which a camera of a given height looks."""


def planar(array: np.ndarray) -> np.ndarray:
    """(T, J, C) float32 with the channels apart in memory.

    What goes through the channels one by one is several times faster on it; it is written and
    read like any other array of its shape.
    """
    return np.ascontiguousarray(array.transpose(2, 0, 1), np.float32).transpose(1, 2, 0)


def _moved(xyz: np.ndarray, rotation: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Planar (T, J, 3), each point p as rotation p + shift."""
    columns = xyz.transpose(2, 0, 1)
    moved = rotation.astype(np.float32) @ columns.reshape(3, -1)
    moved += shift.astype(np.float32)[:, None]
    return moved.reshape(columns.shape).transpose(1, 2, 0)


def to_camera(xyz_world: np.ndarray, camera: Camera) -> np.ndarray:
    """`lib.geometry.world_to_camera` of a planar clip (T, J, 3), in float32."""
    return _moved(xyz_world, camera.R, -camera.R @ camera.T)


def to_world(xyz_cam: np.ndarray, camera: Camera) -> np.ndarray:
    """`lib.geometry.camera_to_world` of a planar clip (T, J, 3), in float32."""
    return _moved(xyz_cam, camera.R.T, camera.T)
