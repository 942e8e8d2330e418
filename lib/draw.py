"""Skeleton pictures, shared by TensorBoard and the reports.

A `Surface` is a picture to draw bones on. J = 17 joints, K segments of any kind.
"""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.transforms import IdentityTransform

from lib.skeleton import BONE_INDEX, BONES, mirror_name

# Blue against orange stays apart for every common kind of colour blindness (Okabe & Ito 2008).
COLOURS = {"left": "#0072b2", "right": "#d55e00", "centre": "#5b6470"}
BONE_SIDES = tuple(
    "centre" if mirror_name(child) == child else {"l": "left", "r": "right"}[child[0]]
    for _, child in BONES
)
_DPI = 100


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
        if axes is not views[2]:  # it shares its y axis with views[1]
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
