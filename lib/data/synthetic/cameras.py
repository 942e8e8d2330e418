"""Four cameras where Fit3D's stand: at azimuths of about +-25 and +-157 degrees, 4.4 m away."""

import numpy as np

from lib.data.fit3d import CAMERAS, SIZE_PX
from lib.geometry import Camera, look_at

# Azimuth of each camera around the athlete, who faces 0. 65906101 is where the real one stands;
# which of the others stands where is not documented.
_AZIMUTH_DEG = dict(zip(CAMERAS, (-25.0, 157.0, -157.0, 28.0), strict=True))
_LOOKED_AT_M = (0.0, 0.0, 0.95)


def fit3d_cameras(rng: np.random.Generator) -> dict[str, Camera]:
    """Draw the four cameras of one subject's recordings, by name."""
    return {name: _camera(rng, azimuth) for name, azimuth in _AZIMUTH_DEG.items()}


def _camera(rng: np.random.Generator, azimuth_deg: float) -> Camera:
    azimuth = np.radians(azimuth_deg + rng.uniform(-2, 2))
    distance = rng.uniform(4.3, 4.5)
    centre = np.array([distance * np.cos(azimuth), distance * np.sin(azimuth),
                       rng.uniform(1.4, 1.6)])  # fmt: skip
    target = np.array(_LOOKED_AT_M) + rng.uniform(-0.04, 0.04, 3)
    # Values of the real camera 65906101 with a little spread.
    return Camera(
        R=look_at(centre, target, rng.uniform(-0.8, 0.8)),
        T=centre,
        f=np.array([1039.0, 1035.0]) + rng.uniform(-6, 6),
        c=np.array([462.0, 450.0]) + rng.uniform(-14, 14, 2),
        k=np.array([-0.145, 0.112, 0.0034]) + rng.uniform(-1, 1, 3) * [0.01, 0.01, 0.002],
        p=np.array([-0.0072, 0.0062]) + rng.uniform(-0.002, 0.002, 2),
        size_px=SIZE_PX,
    )
