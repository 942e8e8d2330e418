"""Small static charts as SVG text; colours come from the page's style sheet, so both themes and
print fit. Every string is escaped."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 360, 210
LEFT, RIGHT, TOP, BOTTOM = 46, 18, 10, 34
MARKS = (
    "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",  # circle
    "m-2.8-2.8h5.6v5.6h-5.6z",  # square
    "m0-3.8l3.8 6.6h-7.6z",  # triangle
    "m0-4.2l4.2 4.2l-4.2 4.2l-4.2-4.2z",  # diamond
    "m-3.4-3.4l6.8 6.8m0-6.8l-6.8 6.8",  # cross
    "m-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0-6.4 0z",  # ring, as the style sheet leaves it empty
)
"""A shape a colour, from its middle on: colours alone are not told apart by everybody."""
NUM_COLOURS = len(MARKS)
CHARACTER = 6.0
"""Width of a character of the labels, about that of the widest fonts."""


@dataclass(frozen=True)
class Dot:
    """A value at a place, one standard deviation (NaN = unknown), and what it is called."""

    x: float
    y: float
    sigma: float
    title: str


@dataclass(frozen=True)
class Series:
    """Dots of one colour and shape; is_joined: a line through them."""

    name: str
    dots: Sequence[Dot]
    is_joined: bool = True


@dataclass(frozen=True)
class Axis:
    """Range and marks, either of numbers or of names at 0, 1, 2, ..."""

    low: float
    high: float
    marks: Sequence[tuple[float, str]]


def number_axis(
    values: Sequence[float], *, zero: bool = False, whole: bool = False, num: int = 5
) -> Axis:
    """Round marks around the values; zero: 0 is on it; whole: of things that are counted."""
    known = [float(v) for v in values if np.isfinite(v)] + [0.0] * zero
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if high - low < 1e-9:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    raw = max((high - low) / (num - 1), float(whole))
    unit = 10.0 ** np.floor(np.log10(raw))
    steps = [m * unit for m in (1, 2, 2.5, 5, 10)]
    step = min(s for s in steps if s >= raw * 0.999 and (not whole or s == np.floor(s)))
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    at = np.arange(first, last + 1) * step
    digits = max(0, int(np.ceil(-np.log10(step) - 1e-9)) + (0 if step / unit != 2.5 else 1))
    marks = [(float(v), f"{v + 0.0:.{digits}f}".replace("-", "\u2212")) for v in at]
    return Axis(float(at[0]), float(at[-1]), marks)


def name_axis(names: Sequence[str]) -> Axis:
    """Names at whole places; so many are left out that those shown do not touch, nor stick out."""
    room = CHARACTER * (1 + max(map(len, names), default=0))
    every = max(1, int(np.ceil(len(names) * room / (WIDTH - LEFT - RIGHT))))
    shown = [i for i in range(0, len(names), every) if len(names) - i >= every / 2]
    marks = [(float(i), names[i]) for i in shown]
    return Axis(-0.5, max(len(names) - 0.5, 0.5), marks)


def mark(x: float, y: float, i_colour: int, title: str = "") -> str:
    """A shape of a series, in pixels."""
    i = i_colour % NUM_COLOURS
    inside = f"<title>{html.escape(title)}</title>" if title else ""
    return f'<path class="mark s{i}" d="M{x:.1f} {y:.1f}{MARKS[i]}">{inside}</path>'


def key(drawn: str, name: str) -> str:
    """An item of a legend: what is drawn around (0, 0), 6 pixels either way, and its name."""
    drawing = f'<svg class="key" viewBox="-6 -6 12 12" aria-hidden="true">{drawn}</svg>'
    return f"<li>{drawing}{html.escape(name)}</li>"


class Chart:
    """Collects drawn parts; `text` is the SVG."""

    def __init__(self, title: str, x: Axis, y: Axis, x_name: str = "") -> None:
        self._title, self._x, self._y = title, x, y
        self._parts: list[str] = []
        self._axes(x_name)

    def _px(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self._x.low) / (self._x.high - self._x.low)
        up = (y - self._y.low) / (self._y.high - self._y.low)
        inner = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM)
        return LEFT + across * inner[0], HEIGHT - BOTTOM - up * inner[1]

    def _axes(self, x_name: str) -> None:
        for value, name in self._y.marks:
            _, y = self._px(self._x.low, value)
            self.line("grid", LEFT, y, WIDTH - RIGHT, y)
            self.words(name, LEFT - 5, y + 4, "end")
        for value, name in self._x.marks:
            x, _ = self._px(value, self._y.low)
            self.words(name, x, HEIGHT - BOTTOM + 15, "middle")
        if x_name:
            self.words(x_name, WIDTH - RIGHT, HEIGHT - 4, "end")

    def line(self, kind: str, x1: float, y1: float, x2: float, y2: float) -> None:
        """In pixels."""
        self._parts.append(
            f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
        )

    def words(self, text: str, x: float, y: float, anchor: str) -> None:
        """In pixels."""
        self._parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'
        )

    def level(self, y: float) -> None:
        """A dashed line across; its name belongs below the chart, where no dot lies on it."""
        if self._y.low <= y <= self._y.high:
            _, at = self._px(0, y)
            self.line("level", LEFT, at, WIDTH - RIGHT, at)

    def segment(self, kind: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Between two values."""
        self.line(kind, *self._px(*start), *self._px(*end))

    def series(self, series: Series, i_colour: int) -> None:
        """Dots with their deviations as bars, on a line."""
        colour = f"s{i_colour % NUM_COLOURS}"
        places = [self._px(dot.x, dot.y) for dot in series.dots]
        if series.is_joined and len(places) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            self._parts.append(f'<polyline class="join {colour}" points="{path}"/>')
        for dot, (x, y) in zip(series.dots, places, strict=True):
            if np.isfinite(dot.sigma) and dot.sigma > 0:
                self._spread(dot, f"bar {colour}")
            self._parts.append(mark(x, y, i_colour, dot.title))

    def _spread(self, dot: Dot, kind: str) -> None:
        """One standard deviation up and down, as far as the axis goes."""
        low, high = np.clip([dot.y - dot.sigma, dot.y + dot.sigma], self._y.low, self._y.high)
        (x, bottom), (_, top) = self._px(dot.x, low), self._px(dot.x, high)
        self.line(kind, x, bottom, x, top)
        for end in (bottom, top):
            self.line(kind, x - 3, end, x + 3, end)

    def stack(self, x: float, parts: Sequence[tuple[str, float, str]], width: float = 0.6) -> None:
        """Bars on one another: (kind, height, what it is called)."""
        base = 0.0
        for kind, height, title in parts:
            if height > 0:
                left, top = self._px(x - width / 2, base + height)
                right, bottom = self._px(x + width / 2, base)
                self._parts.append(
                    f'<rect class="{kind}" x="{left:.1f}" y="{top:.1f}" '
                    f'width="{right - left:.1f}" height="{bottom - top:.1f}">'
                    f"<title>{html.escape(title)}</title></rect>"
                )
            base += height

    @property
    def text(self) -> str:
        """The drawing."""
        title = html.escape(self._title)
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
            + "".join(self._parts)
            + "</svg>"
        )
