"""What a reader of raw motion capture gives: named points over time; and how chains of bones turn.

T frames, K points.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lib.errors import UserError

_UNITS = {
    1.0: "m meter meters metre metres",
    0.01: "cm centimeter centimeters centimetre centimetres",
    0.001: "mm millimeter millimeters millimetre millimetres",
    0.0254: "in inch inches",
}
_METRES = {word: metres for metres, words in _UNITS.items() for word in words.split()}


def metres_of(unit: str, where: str) -> float:
    """Metres in a unit; where: it stands, for the message. Raises UserError for an unknown one."""
    name = unit.strip().lower()
    if name not in _METRES:
        raise UserError(f"{where}: unit '{name}' is unknown; m, cm, mm or in would do")
    return _METRES[name]


@dataclass(frozen=True)
class Points:
    """Markers, or ends of bones, of one file, in the file's own axes and unit."""

    path: Path
    names: tuple[str, ...]
    """'' and names of several points are let through: those are of use to nobody."""
    xyz: np.ndarray
    """(T, K, 3) float64, NaN = missing."""
    fps: float | None
    """Frames a second; None if the file does not say."""
    metres_per_unit: float | None
    """None if the file does not say."""

    def of(self, name: str) -> np.ndarray:
        """(T, 3) of one point."""
        return self.xyz[:, self.names.index(name)]


def rotations(angles_deg: np.ndarray, axes: str) -> np.ndarray:
    """(..., n) angles about the n named axes to (..., 3, 3) R_axes[0] @ R_axes[1] @ ...

    Without an axis: the identity.
    """
    product = np.broadcast_to(np.eye(3), (*angles_deg.shape[:-1], 3, 3))
    for i, axis in enumerate(axes):
        angle = np.radians(angles_deg[..., i])
        a, b = [(1, 2), (2, 0), (0, 1)]["xyz".index(axis)]
        turn = np.zeros((*angle.shape, 3, 3))
        turn[..., "xyz".index(axis), "xyz".index(axis)] = 1
        turn[..., a, a] = turn[..., b, b] = np.cos(angle)
        turn[..., b, a] = np.sin(angle)
        turn[..., a, b] = -turn[..., b, a]
        product = product @ turn
    return product


def read_lines(path: Path) -> list[str]:
    """Lines of a text file. Raises UserError if it cannot be read or is not text."""
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise UserError(f"{path}: cannot read ({error.strerror})") from error
    if "\0" in text[:10000]:
        raise UserError(f"{path}: is no text file; expected ASF, AMC, BVH or TRC text")
    return text.splitlines()


def numbers(words: list[str], path: Path, line: int, what: str, count: int) -> list[float]:
    """`count` words as finite numbers. Raises UserError naming file and line."""
    try:
        values = [float(word) for word in words]
    except ValueError:
        values = []
    if len(values) != count or not np.isfinite(values).all():
        given = " ".join(words)[:60]
        raise UserError(f"{path}: line {line}: {what} takes {count} numbers, found '{given}'")
    return values


def check_finite(rows: np.ndarray, path: Path, what: str) -> None:
    """(T, n) holds numbers throughout. Raises UserError naming file and frame, counted from 1."""
    is_odd = ~np.isfinite(rows).all(-1)
    if is_odd.any():
        raise UserError(f"{path}: frame {is_odd.argmax() + 1}: {what} is no finite number")
