"""Video of solid figures in a training room, frame by frame, from Fit3D-25 joints.

Frames are made one at a time, so a video of any length takes the memory of one frame.
F frames, H x W picture, (3, H, W) float32 planes while drawing, (H, W, 3) uint8 outside.
"""

import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from lib.data.synthetic.barbell import barbell_solids
from lib.data.synthetic.figure import Look, figure_solids, stature_m
from lib.data.synthetic.room import (
    SHADOW_STEP_PX,
    TO_LIGHT,
    Room,
    make_room,
    shadow_on_floor,
)
from lib.data.synthetic.shapes import NEAREST_M, Hit, Solid
from lib.geometry import Camera, camera_to_world, project, world_to_camera
from lib.pose import written_aside


@dataclass(frozen=True)
class Actor:
    """A person in the video."""

    xyz_m: np.ndarray
    """(F, 25, 3) world metres; a frame with NaN is one without this person."""
    look: Look
    has_barbell: bool = False
    """Whether the hands hold a loaded barbell."""


def render_frames(
    actors: Iterable[Actor], camera: Camera, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Yield (H, W, 3) uint8 frames, as many as the first actor has."""
    actors = list(actors)
    room = make_room(camera, rng)
    empty = _to_bytes(room.picture)
    scales = [_scale(actor.xyz_m) for actor in actors]
    for i_frame in range(len(actors[0].xyz_m)):
        groups = [
            _solids(actor, actor.xyz_m[i_frame], scale, camera)
            for actor, scale in zip(actors, scales, strict=True)
            if np.isfinite(actor.xyz_m[i_frame]).all()
        ]
        yield _draw(room, empty, groups)


def _scale(xyz_m: np.ndarray) -> float:
    """Stature over 1.75 m, from the first frame with the person in it."""
    present = np.flatnonzero(np.isfinite(xyz_m).all((1, 2)))
    return stature_m(xyz_m[present[0]]) / 1.75 if len(present) else 1.0


def _solids(actor: Actor, xyz_25: np.ndarray, scale: float, camera: Camera) -> list[Solid]:
    """Solids of one person, camera metres."""
    xyz_cam = world_to_camera(xyz_25, camera)
    solids = figure_solids(xyz_cam, actor.look, scale, actor.has_barbell)
    return solids + barbell_solids(xyz_cam) if actor.has_barbell else solids


def _draw(room: Room, empty: np.ndarray, groups: list[list[Solid]]) -> np.ndarray:
    """One frame: the room, its shadows, then the solids from far to near against a depth buffer."""
    frame = empty.copy()
    groups = [group for group in groups if group]
    boxes = [_boxes(group, room.camera) for group in groups]
    shade = _shadow(room, groups)
    window = _window(room, shade, boxes)
    if window is None:
        return frame
    canvas = Canvas(room, window)
    canvas.darken(shade)
    for solid, box in _far_to_near(groups, boxes):
        canvas.add(solid, box)
    top, bottom, left, right = window
    frame[top:bottom, left:right] = _to_bytes(canvas.picture)
    return frame


def _boxes(group: list[Solid], camera: Camera) -> np.ndarray:
    """(S, 4) int pixels top, bottom, left, right that hold each solid, clipped to the picture."""
    ends = np.stack([solid.ends_m for solid in group])
    reach = np.array([solid.reach_m for solid in group])[:, None]
    xy, z = project(ends, camera), np.maximum(ends[..., 2] - reach, NEAREST_M)
    # 1.15: lens distortion and perspective stretch a sphere's picture away from the centre.
    half = (1.15 * reach * camera.f.max() / z)[..., None] + 2
    low, high = (xy - half).min(1), (xy + half).max(1)
    low, high = np.nan_to_num(low, nan=0), np.nan_to_num(high, nan=0)
    width, height = camera.size_px
    columns = np.clip([low[:, 0], high[:, 0]], 0, width)
    rows = np.clip([low[:, 1], high[:, 1]], 0, height)
    return np.stack([rows[0], rows[1] + 0.999, columns[0], columns[1] + 0.999], 1).astype(int)


def _shadow(room: Room, groups: list[list[Solid]]) -> np.ndarray:
    """(h, w) share of light left on the coarse grid."""
    light = np.ones(room.floor_xy_m.shape[1:], np.float32)
    for group in groups:
        large = [solid for solid in group if solid.reach_m > 0.03]
        ends = camera_to_world(np.stack([solid.ends_m for solid in large]), room.camera)
        reach = np.array([solid.reach_m for solid in large])
        light = np.minimum(light, shadow_on_floor(room, ends, reach))
    return light


def _window(room: Room, shade: np.ndarray, boxes: list[np.ndarray]):
    """Top, bottom, left, right of the part of the picture that differs from the empty room."""
    height, width = room.distance_m.shape
    all_boxes = [box for group in boxes for box in group if box[0] < box[1] and box[2] < box[3]]
    rows, columns = np.nonzero(shade < 0.999)
    if len(rows):
        step = SHADOW_STEP_PX
        all_boxes.append([(rows.min() - 1) * step, (rows.max() + 2) * step,
                          (columns.min() - 1) * step, (columns.max() + 2) * step])  # fmt: skip
    if not all_boxes:
        return None
    table = np.array(all_boxes)
    top, left = np.maximum(table[:, [0, 2]].min(0), 0)
    bottom, right = np.minimum(table[:, [1, 3]].max(0), (height, width))
    return int(top), int(bottom), int(left), int(right)


def _far_to_near(groups: list[list[Solid]], boxes: list[np.ndarray]):
    pairs = zip(itertools.chain(*groups), itertools.chain(*boxes), strict=True)
    return sorted(pairs, key=lambda pair: -float(pair[0].ends_m[:, 2].mean()))


class Canvas:
    """The part of one frame that differs from the empty room, and its depth buffer."""

    def __init__(self, room: Room, window: tuple[int, int, int, int]) -> None:
        self.room, self.window = room, window
        top, bottom, left, right = window
        self.picture = room.picture[:, top:bottom, left:right].copy()
        self.depth_m = room.distance_m[top:bottom, left:right].copy()
        self.light = np.stack([room.camera.R[:, 2], room.camera.R @ TO_LIGHT]).astype(np.float32)

    def darken(self, shade: np.ndarray) -> None:
        """Multiply the floor by the shadow (h, w), interpolated between its grid points."""
        top, bottom, left, right = self.window
        light = _finer(_finer(shade, top, bottom).T, left, right).T
        light[~self.room.is_floor[top:bottom, left:right]] = 1
        self.picture *= light

    def add(self, solid: Solid, box: np.ndarray) -> None:
        """Blend a solid, held by the pixels of box, where it is nearer than what is there."""
        top, bottom, left, right = box
        if top >= bottom or left >= right or solid.ends_m[:, 2].min() < NEAREST_M:
            return
        rays = self.room.rays[:, top:bottom, left:right].reshape(3, -1)
        hit = solid.hit(rays, float(self.room.camera.f.mean()))
        row, column = np.divmod(hit.pixel, right - left)
        index = (row + top - self.window[0]) * self.depth_m.shape[1]
        index += column + left - self.window[2]
        behind_m = self.depth_m.take(index)
        alpha = np.where(hit.distance_m < behind_m, hit.coverage, 0)
        for plane, colour in zip(self.picture, self._shaded(hit), strict=True):
            old = plane.take(index)
            plane.put(index, old + alpha * (colour - old))
        self.depth_m.put(index, np.where(alpha > 0.5, hit.distance_m, behind_m))

    def _shaded(self, hit: Hit) -> Iterator[np.ndarray]:
        """Yield (P,) red, green, blue: lamp with soft terminator, sky and floor, fill, rim."""
        x, y, z = hit.normal
        up, lamp = (row[0] * x + row[1] * y + row[2] * z for row in self.light)
        facing = np.maximum(hit.facing, 0)
        light = 76 + 41 * up + 133 * np.maximum((lamp + 0.25) / 1.25, 0) + 56 * facing
        rim = 25 * (1 - facing) ** 3
        for colour in hit.colour:
            yield np.minimum(colour * light + rim, 255)


def _finer(grid: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Rows start to stop of the picture, interpolated from the rows of the coarse grid."""
    position = np.minimum(np.arange(start, stop) / SHADOW_STEP_PX, len(grid) - 1)
    low = position.astype(int)
    high = np.minimum(low + 1, len(grid) - 1)
    share = (position - low).astype(np.float32)[:, None]
    return grid[low] * (1 - share) + grid[high] * share


def _to_bytes(picture: np.ndarray) -> np.ndarray:
    """(3, H, W) in 0 to 255 to (H, W, 3) uint8."""
    return np.ascontiguousarray((picture + 0.5).astype(np.uint8).transpose(1, 2, 0))


def write_video(
    path: str | os.PathLike, frames: Iterable[np.ndarray], fps: float, crf: int = 28
) -> int:
    """Encode (H, W, 3) uint8 frames as a browser-playable H.264 MP4; returns their number.

    Sizes must be even (yuv420p); the file appears only when it is whole.
    """
    faststart = {"movflags": "+faststart"}
    with written_aside(path) as aside, av.open(aside, "w", "mp4", options=faststart) as out:
        stream = out.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "medium", "g": "100", "threads": "1"}
        count = 0
        for picture in frames:
            if not count:
                stream.height, stream.width = picture.shape[:2]
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            out.mux(stream.encode(frame))
            count += 1
        if count:
            out.mux(stream.encode(None))
    return count
