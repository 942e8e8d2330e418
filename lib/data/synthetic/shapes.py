"""Solids that a ray can hit in closed form: rounded cone, ellipsoid, disc. numpy, float32.

Everything is in camera metres with the eye at the origin. Letters: P pixels of a patch (flat).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

NEAREST_M = 0.2
"""Solids closer to the eye than this are not drawn."""


@dataclass(frozen=True)
class Hit:
    """Where the rays of a patch meet a solid; only the P pixels with coverage are kept."""

    pixel: np.ndarray
    """(P,) indices into the flattened patch."""
    coverage: np.ndarray
    """(P,) in (0, 1]; smooths the outline over one pixel."""
    distance_m: np.ndarray
    """(P,) along the unit ray."""
    normal: np.ndarray
    """(3, P) unit vectors."""
    facing: np.ndarray
    """(P,) cosine between the normal and the way back to the eye."""
    colour: np.ndarray
    """(3, P) or (3, 1) in [0, 1]."""


class Solid(Protocol):
    """What the renderer needs of a shape."""

    @property
    def ends_m(self) -> np.ndarray: ...  # (2, 3): the spheres of reach_m around them hold the solid

    @property
    def reach_m(self) -> float: ...

    def hit(self, rays: np.ndarray, focal_px: float) -> Hit: ...


@dataclass(frozen=True)
class RoundedCone:
    """Two spheres and the cone that touches both; with equal radii a capsule."""

    ends_m: np.ndarray
    """(2, 3); equal ends make a sphere."""
    radii_m: tuple[float, float]
    colour: np.ndarray
    """(3,) in [0, 1]."""
    squash: np.ndarray | None = None
    """(3, 3) symmetric map after which the solid is round; None = it is round already."""

    @property
    def reach_m(self) -> float:
        return max(self.radii_m)

    def hit(self, rays: np.ndarray, focal_px: float) -> Hit:
        """Meet unit rays (3, P)."""
        ends = self.ends_m.astype(np.float32)
        eye_rays, stretch = rays, None
        if self.squash is not None:
            ends, rays = ends @ self.squash, _map(self.squash, rays)
            stretch = np.sqrt(_dot(rays, rays))
            rays, focal_px = rays / stretch, focal_px / stretch
        along = _map(ends, rays)
        coverage, nearest = _outline(ends, self.radii_m, along, focal_px)
        pixel = np.flatnonzero(coverage > 0)
        distance, position = _surface(ends, self.radii_m, along.take(pixel, 1), nearest[pixel])
        axis = ends[1] - ends[0]
        normal = distance * rays.take(pixel, 1) - ends[0][:, None] - axis[:, None] * position
        if stretch is not None:
            distance, normal = distance / stretch[pixel], _map(self.squash, normal)
        normal /= np.sqrt(_dot(normal, normal))
        facing = -_dot(normal, eye_rays.take(pixel, 1))
        return Hit(pixel, coverage[pixel], distance, normal, facing, self.colour[:, None])


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _map(rows: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """rows (N, 3) @ vectors (3, P) without BLAS, whose threads cost more than they save here."""
    return np.stack([_dot(row, vectors) for row in rows])


def _between_0_and_1(x: np.ndarray) -> np.ndarray:
    return np.minimum(np.maximum(x, 0), 1)


def _outline(ends, radii, along, focal_px):
    """Coverage of each ray and the place on the axis (0 to 1) of the sphere it passes closest to.

    A ray d misses the sphere at c(t) by |c|^2 - (c.d)^2 - r^2, quadratic in t, so the sphere that
    decides the outline has a closed form.
    """
    axis, slope = ends[1] - ends[0], radii[1] - radii[0]
    step = along[1] - along[0]
    linear = ends[0] @ axis - along[0] * step - radii[0] * slope
    square = axis @ axis - slope**2 - step**2
    has_inside = square > 1e-9
    inside = _between_0_and_1(-linear / np.where(has_inside, square, 1))
    t = np.where(has_inside, inside, 2 * linear + square < 0).astype(np.float32)
    depth = along[0] + t * step
    centre_sq = ends[0] @ ends[0] + t * (2 * (ends[0] @ axis) + t * (axis @ axis))
    miss = np.sqrt(np.maximum(centre_sq - depth**2, 0)) - (radii[0] + t * slope)
    return _between_0_and_1(0.5 - miss * focal_px / np.maximum(depth, NEAREST_M)), t


def _surface(ends, radii, along, nearest):
    """Distance along each ray to the surface and the place on the axis whose sphere it touches.

    The quadratics of Inigo Quilez's rounded-cone intersector with the eye at the origin. Negative
    discriminants count as 0, so a ray grazing just outside gets the tangent point.
    """
    axis, slope = ends[1] - ends[0], radii[0] - radii[1]
    step = along[1] - along[0]
    length_sq = max(axis @ axis - slope**2, 0.0)
    offset = -(ends[0] @ axis) - slope * radii[0]
    k2 = length_sq - step**2
    k1 = -length_sq * along[0] - step * offset
    k0 = length_sq * (ends[0] @ ends[0] - radii[0] ** 2) - offset**2
    is_side = k2 > 1e-7
    distance = (-np.sqrt(np.maximum(k1**2 - k0 * k2, 0)) - k1) / np.where(is_side, k2, 1)
    position = (offset + distance * step) / max(length_sq, 1e-9)
    is_side &= (position > 0) & (position < 1)
    height_sq = along**2 + (np.square(radii) - (ends**2).sum(1))[:, None].astype(np.float32)
    caps = along - np.sqrt(np.maximum(height_sq, 0))
    is_hit = height_sq > 0
    at_end = np.where(is_hit[0] & is_hit[1], caps[1] < caps[0], nearest > 0.5)
    at_end = np.where(is_hit[0] ^ is_hit[1], is_hit[1], at_end)
    distance = np.where(is_side, distance, np.where(at_end, caps[1], caps[0]))
    return distance, np.where(is_side, position, at_end).astype(np.float32)


def axes_squash(axes: np.ndarray, factors: tuple[float, float, float]) -> np.ndarray:
    """Map for `RoundedCone.squash`: along row i of axes (3, 3) the solid is factors[i] as thick."""
    return ((axes.T / np.asarray(factors)) @ axes).astype(np.float32)


@dataclass(frozen=True)
class Plate:
    """A weight plate: a short cylinder with a rim, a face and a hub in colours of their own."""

    ends_m: np.ndarray
    """(2, 3) centres of its two faces."""
    radius_m: float
    rings: tuple[tuple[float, tuple[float, float, float]], ...]
    """(outer radius as a share of radius_m, colour), from the hub outwards; the last is the rim."""

    @property
    def reach_m(self) -> float:
        return self.radius_m

    def hit(self, rays: np.ndarray, focal_px: float) -> Hit:
        """Meet unit rays (3, P). A ray is inside between the later entry and the earlier exit."""
        centre = self.ends_m.mean(0).astype(np.float32)
        axis = (self.ends_m[1] - self.ends_m[0]).astype(np.float32)
        half = np.linalg.norm(axis) / 2
        axis = axis / (2 * half)
        d_axis, d_centre = _dot(axis, rays), _dot(centre, rays)
        c_axis = axis @ centre
        safe = np.where(np.abs(d_axis) > 1e-5, d_axis, 1e-5)
        face = c_axis / safe
        face_half = half / np.abs(safe)
        square = np.maximum(1 - d_axis**2, 1e-9)
        middle = (d_centre - d_axis * c_axis) / square
        height_sq = middle**2 - (centre @ centre - c_axis**2 - self.radius_m**2) / square
        # Distance of the ray from the axis, for the outline.
        miss = np.sqrt(np.maximum(self.radius_m**2 - height_sq * square, 0)) - self.radius_m
        side_half = np.sqrt(np.maximum(height_sq, 0))
        entry = np.maximum(face - face_half, middle - side_half)
        leave = np.minimum(face + face_half, middle + side_half)
        per_px = np.maximum(d_centre, NEAREST_M) / focal_px
        # Past the rim of a face the overlap shrinks by the slope of the disc against the ray.
        depth_per_px = np.minimum(per_px * np.sqrt(square) / np.abs(safe), 0.2 * self.radius_m)
        coverage = np.minimum(0.5 - miss / per_px, 0.5 + (leave - entry) / depth_per_px)
        pixel = np.flatnonzero(coverage > 0)
        coverage = _between_0_and_1(coverage[pixel])
        return self._surface(rays[:, pixel], pixel, coverage, entry[pixel],
                             (face - face_half)[pixel], centre, axis)  # fmt: skip

    def _surface(self, rays, pixel, coverage, entry, face_entry, centre, axis) -> Hit:
        radial = entry * rays - centre[:, None]
        radial -= axis[:, None] * _dot(axis, radial)
        radius = np.maximum(np.sqrt(_dot(radial, radial)), 1e-9)
        is_face = entry <= face_entry + 1e-6
        normal = np.where(is_face, -np.sign(_dot(axis, rays)) * axis[:, None], radial / radius)
        limits = np.array([limit for limit, _ in self.rings[:-1]])
        ring = np.where(is_face, np.searchsorted(limits, radius / self.radius_m), len(limits))
        colours = np.array([colour for _, colour in self.rings], np.float32)
        facing = -_dot(normal, rays)
        return Hit(pixel, coverage, entry, normal, facing, np.ascontiguousarray(colours[ring].T))
