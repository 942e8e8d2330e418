"""The training room behind the figure: rays of a distorted camera, floor, walls, shadows. numpy.

World metres, Z up, floor at z = 0. H, W picture size; planes are (3, H, W) float32.
"""

from dataclasses import dataclass

import numpy as np

from lib.geometry import Camera

ROOM_M = 5.6
"""Half the side of the square room."""
WALL_M = 3.2
PLATFORM_M = (1.25, 1.5)
"""Half sides of the lifting platform along x and y."""
WOOD = (0.66, 0.52, 0.36)
RUBBER = (0.26, 0.27, 0.29)
TILE_LINE = (0.19, 0.20, 0.22)
WALL_LOW, WALL_HIGH = (0.44, 0.49, 0.53), (0.74, 0.76, 0.76)
TO_LIGHT = np.array([0.36, 0.22, 0.9]) / np.linalg.norm([0.36, 0.22, 0.9])
"""Direction of the main lamp in the world."""
SHADOW_STEP_PX = 8
"""Shadows are soft, so they are worked out on every eighth pixel and interpolated."""


def camera_rays(camera: Camera) -> np.ndarray:
    """(3, H, W) float32 unit rays in the camera frame that `geometry.project` sends to each pixel.

    Inverts the distortion by fixed-point iteration (a few thousandths of a pixel for Fit3D's).
    """
    width, height = camera.size_px
    pixels = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).reshape(-1, 2)
    target = (pixels - camera.c) / camera.f
    swapped = np.asarray(camera.p)[::-1]
    k1, k2, k3 = camera.k
    x = target.copy()
    for _ in range(8):
        r2 = (x**2).sum(-1, keepdims=True)
        factor = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3 + (x * swapped).sum(-1, keepdims=True)
        x = (target - r2 * swapped) / factor
    rays = np.concatenate([x, np.ones((len(x), 1))], -1)
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    return np.ascontiguousarray(rays.T.reshape(3, height, width), np.float32)


@dataclass(frozen=True)
class Room:
    """What stays the same in every frame of one camera."""

    camera: Camera
    rays: np.ndarray
    """(3, H, W) unit rays, camera frame."""
    picture: np.ndarray
    """(3, H, W) the empty room, 0 to 255."""
    distance_m: np.ndarray
    """(H, W) along the ray to floor or wall."""
    is_floor: np.ndarray
    """(H, W) bool."""
    floor_xy_m: np.ndarray
    """(2, h, w) where the rays of every SHADOW_STEP_PX-th pixel meet the floor; NaN elsewhere."""


def make_room(camera: Camera, rng: np.random.Generator) -> Room:
    """Draw the empty room as this camera sees it; rng roughens the surfaces a little."""
    rays = camera_rays(camera)
    across, down = np.gradient(rays, axis=2), np.gradient(rays, axis=1)
    offsets = (-0.25, 0.25)
    picture = sum(
        _surfaces(rays + dx * across + dy * down, camera)[0] for dx in offsets for dy in offsets
    )
    picture = picture / len(offsets) ** 2
    _, distance, is_floor, floor_xy = _surfaces(rays, camera)
    grain = rng.normal(0, 0.003, picture.shape[1:])
    coarse = np.where(is_floor, floor_xy, np.nan)[:, ::SHADOW_STEP_PX, ::SHADOW_STEP_PX]
    picture = np.clip(255 * (picture + grain), 0, 255).astype(np.float32)
    return Room(camera, rays, picture, distance, is_floor, coarse)


def _surfaces(rays: np.ndarray, camera: Camera):
    """Colour, distance, floor mask and floor place of the room along rays (3, H, W)."""
    world = np.einsum("ij,ihw->jhw", camera.R.astype(np.float32), rays)
    eye = camera.T.reshape(3, 1, 1).astype(np.float32)
    safe = np.where(np.abs(world) > 1e-6, world, 1e-6)
    far = (np.sign(safe) * ROOM_M - eye)[:2] / safe[:2]
    to_wall = far.min(0)
    to_floor = np.where(safe[2] < 0, -eye[2] / safe[2], np.inf)
    is_floor = to_floor < to_wall
    distance = np.where(is_floor, to_floor, to_wall).astype(np.float32)
    place = eye + distance * world
    is_x_wall = far[0] < far[1]
    along_wall = np.where(is_x_wall, place[1], place[0])
    wall = _wall_colour(along_wall, place[2], is_x_wall)
    colour = np.where(is_floor, _floor_colour(place[0], place[1]), wall)
    return colour.astype(np.float32), distance, is_floor, place[:2]


def _paint(share: np.ndarray, colour) -> np.ndarray:
    return share * np.asarray(colour, np.float32).reshape(3, 1, 1)


def _mix(base: np.ndarray, colour, where: np.ndarray) -> np.ndarray:
    return base * (1 - where) + _paint(where, colour)


def _floor_colour(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rubber tiles of half a metre, a wooden platform in the middle with boards along y."""
    base = _paint(np.ones_like(x), RUBBER)
    for across in (x, y):
        base = _mix(base, TILE_LINE, (np.abs((across + 0.25) % 0.5 - 0.25) < 0.008) * 1.0)
    on_wood = (np.abs(x) < PLATFORM_M[0]) & (np.abs(y) < PLATFORM_M[1])
    board = np.sin(127.1 * np.floor(x / 0.125)) * 0.04
    streak = 0.02 * np.sin(9 * y + 40 * np.sin(x * 61))
    wood = _paint(1 + board + streak, WOOD)
    wood = _mix(wood, (0.42, 0.32, 0.21), ((x % 0.125) < 0.005) * 1.0)
    edge = np.maximum(np.abs(x) - PLATFORM_M[0], np.abs(y) - PLATFORM_M[1])
    base = np.where(on_wood, wood, base)
    base = _mix(base, (0.12, 0.12, 0.13), (np.abs(edge) < 0.03) * 1.0)
    far = np.clip(np.hypot(x, y) / 8 - 0.1, 0, 0.6)
    return base * (1.08 - 0.5 * far)


def _wall_colour(along: np.ndarray, height: np.ndarray, is_x_wall: np.ndarray) -> np.ndarray:
    """Painted in two tones with a skirting board and panel joints."""
    up = np.clip(height / WALL_M, 0, 1)
    base = _paint(1 - 0.12 * (1 - up), WALL_HIGH)
    lower = _paint(0.92 + 0.1 * up, WALL_LOW)
    base = np.where(height < 1.05, lower, base)
    base = _mix(base, (0.30, 0.33, 0.36), (np.abs(height - 1.05) < 0.025) * 1.0)
    base = _mix(base, (0.20, 0.21, 0.23), (height < 0.12) * 1.0)
    joint = np.abs((along + 0.7) % 1.4 - 0.7) < 0.006
    base = base * (1 - 0.14 * (joint & (height > 0.12)))
    return base * np.where(is_x_wall, 1.0, 0.9) * (1 - 0.15 * np.clip(0.4 - height, 0, 1))


def shadow_on_floor(room: Room, ends_m: np.ndarray, reach_m: np.ndarray) -> np.ndarray:
    """(h, w) share of light left on the coarse floor grid.

    ends_m (S, 2, 3) world metres and reach_m (S,) of the solids. Each throws a capsule along the
    lamp's direction, softer and weaker with its height, and a tight one straight down.
    """
    light = np.ones(room.floor_xy_m.shape[1:], np.float32)
    if not len(ends_m):
        return light
    slant = TO_LIGHT[:2] / TO_LIGHT[2]
    cast = ends_m[..., :2] - slant * ends_m[..., 2:]
    centre, spread = cast.mean((0, 1)), float(np.ptp(cast, axis=(0, 1)).max()) + 0.5
    near = np.abs(room.floor_xy_m - centre[:, None, None]).max(0) < spread
    rows, columns = np.nonzero(near)
    if not len(rows):
        return light
    floor = room.floor_xy_m[:, rows, columns].astype(np.float32)
    height = ends_m[..., 2].mean(1)
    lamp = _blot(floor, cast, reach_m, 0.03 + 0.22 * height, 0.5 / (1 + 0.35 * height))
    touch = height < 0.35
    under = _blot(floor, ends_m[touch, :, :2], reach_m[touch], np.full(touch.sum(), 0.09), 0.45)
    light[rows, columns] = (1 - lamp) * (1 - under)
    return light


def _blot(floor, segments, reach, blur, strength) -> np.ndarray:
    """(P,) darkest of soft capsules: floor (2, P), segments (S, 2, 2), others (S,)."""
    if not len(segments):
        return np.zeros(floor.shape[1], np.float32)
    start, axis = segments[:, 0].astype(np.float32), (segments[:, 1] - segments[:, 0])
    axis = axis.astype(np.float32)
    length_sq = np.maximum((axis**2).sum(-1), 1e-9)
    dx, dy = (floor[i] - start[:, i, None] for i in range(2))
    t = np.clip((dx * axis[:, 0, None] + dy * axis[:, 1, None]) / length_sq[:, None], 0, 1)
    gap = np.sqrt((dx - t * axis[:, 0, None]) ** 2 + (dy - t * axis[:, 1, None]) ** 2)
    blur = blur[:, None].astype(np.float32)
    fade = np.clip((gap - 0.8 * reach[:, None] + 0.5 * blur) / (1.5 * blur), 0, 1)
    fade = 1 - fade * fade * (3 - 2 * fade)
    return (fade * np.broadcast_to(strength, len(segments))[:, None]).max(0).astype(np.float32)
