"""Marker files (TRC): three lines of header, marker names, axes, then a row a frame.

A marker that was not seen has empty cells or zeros there. T frames, K markers.
"""

from pathlib import Path

import numpy as np

from lib.data.mocap.points import Points, metres_of, numbers, read_lines
from lib.errors import UserError

FIRST_COLUMNS = 2
"""Frame number and time."""
CLOCK_TOLERANCE = 0.05
"""How far the times may run from the data rate."""
MAX_STRETCH = 20
"""Frames that gaps in the times may add, relative to the rows there are."""


def _header(path: Path, lines: list[str]) -> dict[str, str]:
    """Keys and values of lines 2 and 3."""
    if len(lines) < 5 or not lines[0].startswith("PathFileType"):
        raise UserError(f"{path}: line 1: a TRC file starts with 'PathFileType' and has 5 lines")
    keys, values = lines[1].split(), lines[2].split()
    header = dict(zip(keys, values, strict=False))
    for key in ("DataRate", "NumFrames", "NumMarkers", "Units"):
        if key not in header:
            raise UserError(f"{path}: line 3: a value of '{key}' is missing")
    return header


def marker_names(path: Path, line: str, count: int) -> tuple[str, ...]:
    """Names in line 4, '' where there is none; what stands before a colon (the subject) goes."""
    cells = [cell.strip() for cell in line.split("\t")[FIRST_COLUMNS:]]
    names = [name for name in cells if name]
    if not any(cells[1::3] + cells[2::3] + cells[3 * count :]):  # each above its x
        names = (cells[::3] + [""] * count)[:count]
    if len(names) != count:
        raise UserError(f"{path}: line 4: {len(names)} marker names, NumMarkers is {count}")
    return tuple(name.rpartition(":")[2].strip() for name in names)


def _rows(path: Path, lines: list[str], width: int) -> np.ndarray:
    """(rows, width) numbers, NaN in empty cells, from the lines behind the header's five."""
    rows = []
    for line, text in enumerate(lines[5:], 6):
        cells = text.rstrip("\r\n").split("\t")
        if not text.strip():
            continue
        if len(cells) < width or "".join(cells[width:]).strip():
            raise UserError(
                f"{path}: line {line}: has {len(cells)} cells, the markers need {width}; "
                "is the file cut short?"
            )
        try:
            rows.append([float(cell) for cell in cells[:width]])
        except ValueError:
            cells = [cell.strip() or "nan" for cell in cells[:width]]
            try:
                rows.append([float(cell) for cell in cells])
            except ValueError as error:
                raise UserError(f"{path}: line {line}: {error}") from error
    return np.array(rows).reshape(-1, width)


def _on_clock(path: Path, time_s: np.ndarray, fps: float) -> np.ndarray:
    """Frame of each row by its time; rows that a gap left out leave their frames empty."""
    steps = np.diff(time_s)
    if not np.isfinite(time_s).all() or (steps <= 0).any():
        row = int(np.argmax(~(np.diff(time_s, prepend=-np.inf) > 0)))
        raise UserError(f"{path}: frame {row + 1}: the time does not increase")
    step = float(np.median(steps)) if len(steps) else 1 / fps
    if abs(step * fps - 1) > CLOCK_TOLERANCE:
        raise UserError(f"{path}: line 3: DataRate {fps:g}, but the times are {step:.4g} s apart")
    frames = np.concatenate([[0], np.cumsum(np.maximum(np.rint(steps / step), 1))]).astype(int)
    if frames[-1] > MAX_STRETCH * len(frames):
        raise UserError(f"{path}: the times run to {time_s[-1]:g} s in {len(frames)} rows")
    return frames


def read_trc(path: Path) -> Points:
    """Markers by name. Raises UserError naming file and line."""
    lines = read_lines(path)
    header = _header(path, lines)
    metres = metres_of(header["Units"], f"{path}: line 3")
    (fps,) = numbers([header["DataRate"]], path, 3, "DataRate", 1)
    num_frames, count = (
        int(numbers([header[key]], path, 3, key, 1)[0]) for key in ("NumFrames", "NumMarkers")
    )
    if fps <= 0:
        raise UserError(f"{path}: line 3: DataRate must be above 0")
    names = marker_names(path, lines[3], count)
    rows = _rows(path, lines, FIRST_COLUMNS + 3 * count)
    if len(rows) != num_frames or not num_frames:
        raise UserError(
            f"{path}: line {len(lines)}: NumFrames is {num_frames}, there are {len(rows)} rows; "
            "is the file cut short?"
        )
    frames = _on_clock(path, rows[:, 1], fps)
    seen = rows[:, FIRST_COLUMNS:].reshape(len(rows), count, 3)
    is_missing = ~np.isfinite(seen).all(-1) | (seen == 0).all(-1)
    xyz = np.full((frames[-1] + 1, count, 3), np.nan)
    xyz[frames] = np.where(is_missing[..., None], np.nan, seen)
    return Points(path, names, xyz, fps, metres)
