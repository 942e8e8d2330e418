"""Skeleton pictures, shared by TensorBoard and the reports.

A `Scene` is a motion made ready for looking at: gravity up, floor at height 0, supports held still.
A `Surface` is a picture to draw bones on. T frames, J = 17 joints, K points of any kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.transforms import IdentityTransform

from lib.pose import Pose3D
from lib.signals import fill_gaps
from lib.skeleton import BONE_INDEX, BONES, JOINT, indices, mirror_name

# Blue against orange stays apart for every common kind of colour blindness (Okabe & Ito 2008).
COLOURS = {"left": "#0072b2", "right": "#d55e00", "centre": "#5b6470"}
BONE_SIDES = tuple(
    "centre" if mirror_name(child) == child else {"l": "left", "r": "right"}[child[0]]
    for _, child in BONES
)
ANKLE_HEIGHT_FEMURS = 0.16
"""Height of the ankle joint over the floor, in thigh lengths (Drillis & Contini 1966)."""
TURN_DEG = 40.0
"""How far the 3D view is turned away from the camera's: enough to see depth, still recognisable."""
OBLIQUE_DEG = 55.0
"""The view turned to, from straight in front: shows depth and trunk, keeps both sides apart."""

_DPI = 100


@dataclass(frozen=True)
class Scene:
    """A motion to look at. x to the right of the first view, y away from it, z up."""

    xyz: np.ndarray
    """(T, 17, 3) in the pose's unit, floor at z = 0, middle of the supports at x = y = 0."""
    is_seen: np.ndarray
    """(T,) False where the pose was filled without a detection."""
    facing_deg: float
    """Direction the lifter faces: 0 = to the right, -90 = towards the first view's eye."""
    yaw_deg: float
    """Turn that shows the lifter from an oblique angle, for `look`."""


def _upright(xyz: np.ndarray, frame: str, up) -> np.ndarray:
    """(..., 3) turned so that z points up, x stays as level and as near to x as it can be."""
    if up is None:
        up = (0.0, -1.0, 0.0) if frame == "camera" else (0.0, 0.0, 1.0)
    up = np.asarray(up, float) / np.linalg.norm(up)
    right = np.eye(3)[0] if abs(up[0]) < 0.9 else np.eye(3)[2]
    right = right - (right @ up) * up
    right /= np.linalg.norm(right)
    return xyz @ np.stack([right, np.cross(up, right), up]).T


def _mean_of(xyz_TJ3: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """(T, 3) middle of some joints, gaps filled; zeros if none of them was ever there."""
    joints = xyz_TJ3[:, indices(*names)]
    if len(joints):
        joints = fill_gaps(joints)
    there = np.isfinite(joints).all((0, 2))
    return joints[:, there].mean(1) if there.any() else np.zeros((len(joints), 3))


def _median(x: np.ndarray) -> float:
    known = x[np.isfinite(x)]
    return float(np.median(known)) if known.size else 0.0


def _supports(xyz_TJ3: np.ndarray) -> tuple[str, ...]:
    """Joints that rest on the floor: ankles, and wrists too for a body held level on its hands."""
    ankles, neck = _mean_of(xyz_TJ3, ("lankle", "rankle")), xyz_TJ3[:, JOINT["neck"]]
    body = neck - ankles
    wrists = _mean_of(xyz_TJ3, ("lwrist", "rwrist"))
    is_level = _median(np.abs(body[:, 2]) - np.linalg.norm(body[:, :2], axis=-1)) < 0
    is_on_hands = _median(neck[:, 2] - wrists[:, 2]) > 0
    ankle_names = ("lankle", "rankle")
    return (*ankle_names, "lwrist", "rwrist") if is_level and is_on_hands else ankle_names


def _facing_deg(xyz_TJ3: np.ndarray) -> float:
    """Mean horizontal direction of the chest and pelvis; -90 when it cannot be told."""
    joint = {name: xyz_TJ3[:, JOINT[name], :2] for name in JOINT}
    to_right = joint["rhip"] - joint["lhip"] + joint["rshoulder"] - joint["lshoulder"]
    to_right = to_right[np.isfinite(to_right).all(-1)].sum(0)
    if not np.any(to_right):
        return -90.0
    return float(np.degrees(np.arctan2(to_right[0], -to_right[1])))


def make_scene(pose: Pose3D, up=None) -> Scene:
    """Gravity-aligned motion with its supports held still, so that feet do not skate.

    up: (3,) direction in the pose's frame; default straight up in the picture (camera) or Z
    (world). A lifted pose knows its place only roughly, so the middle of the supports is pinned
    and the lower foot stays on the floor; a pose in the world frame was measured there and is only
    moved as a whole.
    """
    xyz = _upright(np.asarray(pose.xyz, float), pose.frame, up)
    supports = _supports(xyz)
    anchor = _mean_of(xyz, supports)
    if pose.frame == "world" and len(anchor):
        anchor = np.broadcast_to(np.median(anchor, 0), anchor.shape)
    elif len(supports) == 2:
        lower = np.fmin(*xyz[:, indices(*supports), 2].T)
        anchor[:, 2] = np.where(np.isfinite(lower), lower, anchor[:, 2])
    xyz = xyz - anchor[:, None]
    thigh = _median(np.linalg.norm(xyz[:, JOINT["lknee"]] - xyz[:, JOINT["lhip"]], axis=-1))
    lowest = min((_median(xyz[:, j, 2]) for j in indices(*supports)), default=0.0)
    xyz[..., 2] -= lowest - ANKLE_HEIGHT_FEMURS * thigh
    facing = _facing_deg(xyz)
    yaw = OBLIQUE_DEG - 90 - facing if pose.frame == "world" else _best_turn(facing)
    return Scene(xyz, np.asarray(pose.valid, bool), facing, float(yaw))


def _best_turn(facing_deg: float) -> float:
    """Which way to turn a camera's view to come nearest to an oblique one."""

    def off_oblique(turn: float) -> float:
        from_front = abs((facing_deg + turn + 90 + 180) % 360 - 180)
        return abs(from_front - OBLIQUE_DEG)

    return min((TURN_DEG, -TURN_DEG), key=off_oblique)


def look(xyz: np.ndarray, yaw_deg: float, pitch_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """Parallel projection of (..., 3) scene points: (..., 2) right and up, and (...) depth.

    The scene is turned by yaw about the vertical, then seen from pitch degrees above level.
    Parallel, because perspective would make an upright lifter lean towards the edges.
    """
    yaw, pitch = np.radians((yaw_deg, pitch_deg))
    x = xyz[..., 0] * np.cos(yaw) - xyz[..., 1] * np.sin(yaw)
    y = xyz[..., 0] * np.sin(yaw) + xyz[..., 1] * np.cos(yaw)
    up = xyz[..., 2] * np.cos(pitch) + y * np.sin(pitch)
    return np.stack([x, up], -1), y * np.cos(pitch) - xyz[..., 2] * np.sin(pitch)


class Surface:
    """An RGBA picture with antialiased bones and text; pixels, origin top left, y down."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self._figure = Figure((width_px / _DPI, height_px / _DPI), dpi=_DPI)
        canvas = FigureCanvasAgg(self._figure)
        self._renderer = canvas.get_renderer()
        self.size_px = (width_px, height_px)
        self.rgba = np.asarray(canvas.buffer_rgba())
        """(H, W, 4) uint8, written in place by everything below."""
        self._lines = LineCollection([], capstyle="round", transform=IdentityTransform())
        self._lines.set_figure(self._figure)
        self._text = self._figure.text(0, 0, "", transform=IdentityTransform(), va="top")

    def fill(self, picture: np.ndarray | str) -> None:
        """Cover everything with an (H, W, 4) uint8 picture (fast), an (H, W, 3) one or a colour."""
        if isinstance(picture, str):
            pixel = np.round(255 * np.array(to_rgba(picture))).astype(np.uint8)
            self.rgba.view(np.uint32)[:] = pixel.view(np.uint32)
        else:
            self.rgba[..., : picture.shape[-1]] = picture

    def lines(self, segments_K22: np.ndarray, colours, widths_px) -> None:
        """Draw K segments in order; segments with a coordinate that is not finite are left out."""
        keep = np.isfinite(segments_K22).all((1, 2))
        if not keep.any():
            return
        flipped = segments_K22[keep] * (1, -1) + (0, self.size_px[1])
        points_per_px = 72 / _DPI
        self._lines.set_segments(flipped)
        self._lines.set_color(np.asarray(colours)[keep])
        self._lines.set_linewidth(np.asarray(widths_px)[keep] * points_per_px)
        self._lines.draw(self._renderer)

    def skeleton(self, xy_J2, depth_J=None, *, width_px=6.0, paleness=0.0, edge="#ffffff") -> None:
        """Draw the 17 joints' bones, far ones first, each with an edge in another colour.

        paleness 0 to 1 mixes the bones with the edge colour: for frames nobody detected.
        """
        pairs = np.array(BONE_INDEX)
        order = np.arange(len(pairs))
        if depth_J is not None:
            order = np.argsort(-depth_J[pairs].mean(1), kind="stable")
        segments = np.repeat(xy_J2[pairs[order]], 2, axis=0)
        back = np.array(to_rgb(edge))
        bones = np.array([to_rgb(COLOURS[BONE_SIDES[i]]) for i in order])
        colours = np.stack([np.broadcast_to(back, bones.shape), bones], 1)
        colours[:, 1] += paleness * (back - colours[:, 1])
        widths = np.tile([width_px + 3.0, width_px], len(order))
        self.lines(segments, colours.reshape(-1, 3), widths)

    def text(self, x_px: float, y_px: float, words: str, *, size=13, colour="#1c2430") -> None:
        """Write words, top left corner at (x, y)."""
        self._text.set(text=words, x=x_px, y=self.size_px[1] - y_px, size=size, color=colour)
        self._text.draw(self._renderer)


def compare_picture(
    pred: np.ndarray, truth: np.ndarray, xy: np.ndarray, unit: str = "m"
) -> np.ndarray:
    """uint8 (H, W, 3): the 2D input, then prediction over truth from the camera and from its side.

    pred, truth (17, 3) in the camera frame (y down), xy (17, 2) any 2D unit with y down;
    a joint at exactly (0, 0) counts as missing. Truth is thin and black.
    """
    figure = Figure((9.6, 3.8), dpi=_DPI, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    views = figure.subplots(1, 3)
    seen = np.where((xy == 0).all(-1, keepdims=True), np.nan, xy)
    _bones_on(views[0], seen)
    views[2].sharey(views[1])
    titles = ("2D input", "3D as the camera sees it", "3D from the side")
    for axes, across in zip(views[1:], (0, 2), strict=True):
        _bones_on(axes, pred[:, [across, 1]])
        _bones_on(axes, truth[:, [across, 1]], colour="black")
        axes.set_xlabel(f"{'x right' if across == 0 else 'z away'} ({unit})")
        axes.set_ylabel(f"y down ({unit})")
    for axes, title in zip(views, titles, strict=True):
        axes.set_aspect("equal", adjustable="datalim")
        axes.invert_yaxis()
        axes.grid(alpha=0.25)
        axes.set_title(title, fontsize=10)
    error = np.linalg.norm(pred - truth, axis=-1)
    figure.supxlabel(
        f"colour: predicted (blue left, orange right), black: true; mean gap "
        f"{error[np.isfinite(error)].mean() if np.isfinite(error).any() else np.nan:.3f} {unit}",
        fontsize=9,
    )
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _bones_on(axes, xy_J2: np.ndarray, colour: str | None = None) -> None:
    """Bones as lines on matplotlib axes; coloured by side unless a colour is given."""
    for (start, stop), side in zip(BONE_INDEX, BONE_SIDES, strict=True):
        line = xy_J2[[start, stop]]
        axes.plot(*line.T, color=colour or COLOURS[side], linewidth=1 if colour else 3)
