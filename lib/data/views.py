"""Random cameras around world-space motion.

World: metres, Z up. Camera: metres, x right, y down, z forward.
"""

import math

import numpy as np

from lib.config import check_range, configclass
from lib.geometry import Camera, look_at


@configclass
class RandomCameraConfig:
    """Ranges are uniform unless said otherwise; angles in degrees."""

    distance_m: tuple[float, float] = (2.5, 6.5)
    elevation_deg: tuple[float, float] = (-12.0, 30.0)
    """Angle of the camera above the horizontal plane through the body's centre."""
    roll_std_deg: float = 3.0
    """Normal."""
    aim_std_deg: float = 4.0
    """Normal; how far off the picture's centre the body is, each way."""

    def __post_init__(self) -> None:
        check_range(self, 0, math.inf, "distance_m", is_open=True)
        check_range(self, -90, 90, "elevation_deg")
        check_range(self, 0, math.inf, "roll_std_deg")
        check_range(self, 0, 45, "aim_std_deg")


def draw_camera(
    xyz_world: np.ndarray, config: RandomCameraConfig, rng: np.random.Generator
) -> Camera:
    """An ideal camera that sees the clip (T, J, 3) from a random side."""
    centre = np.nanmean(xyz_world.reshape(-1, 3), axis=0)
    azimuth = rng.uniform(0, 2 * np.pi)
    elevation = np.radians(rng.uniform(*config.elevation_deg))
    # Far enough that a body that travels never comes near the picture plane.
    spread = np.nanmax(np.linalg.norm(xyz_world - centre, axis=-1))
    distance = max(rng.uniform(*config.distance_m), 1.5 * spread + 0.5)
    flat = np.cos(elevation)
    towards = np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)])
    position = centre + distance * towards
    off_axis = distance * np.tan(np.radians(config.aim_std_deg)) * rng.normal(size=3)
    rotation = look_at(position, centre + off_axis, config.roll_std_deg * rng.normal())
    return Camera(
        rotation, position, np.full(2, 1000.0), np.full(2, 500.0), np.zeros(3), np.zeros(2),
        (1000, 1000),
    )  # fmt: skip
