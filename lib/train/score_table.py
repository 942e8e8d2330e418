"""An evaluation as plain text for the terminal, as scores.json and as a picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lib.draw import COLOURS
from lib.model.checkpoint import sha256
from lib.pose import written_aside
from lib.skeleton import JOINTS, mirror_name
from lib.train.scores import Evaluation

TITLES = {
    "mpjpe_mm": ("MPJPE", "mm"),
    "p_mpjpe_mm": ("P-MPJPE", "mm"),
    "n_mpjpe_mm": ("N-MPJPE", "mm"),
    "mpjve_mm_s": ("MPJVE", "mm/s"),
    "acceleration_mm_s2": ("accel", "mm/s2"),
    "pck150_percent": ("PCK150", "%"),
    "auc150_percent": ("AUC", "%"),
    "knee_error_deg": ("knee", "deg"),
    "hip_error_deg": ("hip", "deg"),
    "elbow_error_deg": ("elbow", "deg"),
    "trunk_error_deg": ("trunk", "deg"),
    "coverage_ratio": ("covered", "share"),
    "fit3d14_mpjpe_mm": ("14j", "mm"),
    "fit3d14_pa_mpjpe_mm": ("14j PA", "mm"),
    "fit3d14_root_mm": ("14j root", "mm"),
}
"""Metric -> head and unit of its column, in their order."""
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY
_SIDES = {"r": "right", "l": "left"}


def text_table(rows: Mapping[str, Mapping[str, Any]], heads: Mapping[str, str]) -> str:
    """Aligned text, a line a row: name on the left, then a right-aligned cell a column.

    heads: column -> its head, whose lines are stacked. Whole numbers stay whole, others are
    rounded; a missing or NaN value is a dash.
    """
    columns = [[name, *(_cell(row.get(name)) for row in rows.values())] for name in heads]
    heights = max((head.count("\n") for head in heads.values()), default=0) + 1
    titles = [head.split("\n") for head in heads.values()]
    titles = [[""] * (heights - len(lines)) + lines for lines in titles]
    widths = [
        max(len(text) for text in (*lines, *column[1:]))
        for lines, column in zip(titles, columns, strict=True)
    ]
    left = max((len(name) for name in rows), default=0)
    lines = [
        " " * left + "".join(f"  {t[i]:>{w}}" for t, w in zip(titles, widths, strict=True))
        for i in range(heights)
    ]
    for i, name in enumerate(rows, start=1):
        cells = (f"  {c[i]:>{w}}" for c, w in zip(columns, widths, strict=True))
        lines.append(f"{name:<{left}}{''.join(cells)}")
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return "-"
    if isinstance(value, int):
        return str(value)
    decimals = 3 if abs(value) < 2 else 1 if abs(value) < 1000 else 0
    return f"{value:.{decimals}f}"


def exercise_table(evaluation: Evaluation) -> str:
    """A row an exercise, the mean over exercises, and all frames together; a column a metric."""
    rows: dict[str, dict[str, Any]] = dict(evaluation.by_exercise())
    if len(rows) > 1:
        rows["mean of exercises"] = evaluation.exercise_mean()
    rows["all frames"] = dict(evaluation.overall())
    for name, count in evaluation.counts().items():
        row = rows["all frames" if name == "all" else name]
        row["frames"] = count["frames"]
    shown = [name for name in TITLES if any(name in row for row in rows.values())]
    heads = {name: "\n".join(TITLES[name]) for name in shown} | {"frames": "frames"}
    return text_table(rows, heads)


def joint_table(evaluation: Evaluation) -> str:
    """Mean error of each joint in mm: a row a body part, a column a side; '' without sizes."""
    rows: dict[str, dict[str, float]] = {}
    for joint, error in evaluation.by_joint().items():
        is_sided = mirror_name(joint) != joint
        part, side = (joint[1:], _SIDES[joint[0]]) if is_sided else (joint, "middle")
        rows.setdefault(part, {})[side] = error
    heads = {side: f"{side}\nmm" for side in (*_SIDES.values(), "middle")}
    return text_table(rows, heads) if rows else ""


def report_text(evaluation: Evaluation) -> str:
    """Both tables, as printed at the end of a training and of `-e`, and what was lifted."""
    parts = [exercise_table(evaluation), joint_table(evaluation), _input_of(evaluation)]
    return "\n\n".join(part for part in parts if part)


def _input_of(evaluation: Evaluation) -> str:
    count = evaluation.counts()["all"]
    num, total = count["detected_sequences"], count["sequences"]
    if not num:
        return ""
    others = "" if num == total else ", projected ones of the others"
    return f"lifted: a detector's keypoints of {num} of {total} sequences{others}"


@dataclass(frozen=True)
class Report:
    """What a run says at its end."""

    text: str
    """For the terminal."""
    content: dict[str, Any]
    """For scores.json, plain containers; a NaN becomes null."""


def score_lines(scores: Mapping[str, float]) -> str:
    """A line a score."""
    return "\n".join(f"{name:32s} {value:10.4g}" for name, value in scores.items())


def report_of(evaluation: Evaluation) -> Report:
    """An evaluation as text and as content of scores.json."""
    return Report(report_text(evaluation), evaluation.as_dict())


def write_scores(path: str | Path, report: Report, checkpoint: str | Path) -> None:
    """scores.json, aside and renamed, with the name and hash of the checkpoint it is about.

    Raises UserError if the folder cannot be written.
    """
    about = {"path": str(checkpoint), "sha256": sha256(checkpoint)}
    with written_aside(path) as aside:
        aside.write_bytes(orjson.dumps({"checkpoint": about} | report.content, option=_OPTIONS))


def is_scored(path: Path, checkpoint: Path) -> bool:
    """Whether a scores.json is about a checkpoint as it is."""
    try:
        about = orjson.loads(path.read_bytes())["checkpoint"]["sha256"]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return about == sha256(checkpoint)


def joint_picture(evaluation: Evaluation) -> np.ndarray:
    """(H, W, 3) uint8: mean error of each joint as bars, coloured by side."""
    errors = evaluation.by_joint()
    values = [errors.get(joint, np.nan) for joint in JOINTS]
    sides = [_SIDES.get(joint[0], "centre") if mirror_name(joint) != joint else "centre"
             for joint in JOINTS]  # fmt: skip
    figure = Figure((7.2, 3.6), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.bar(JOINTS, np.nan_to_num(values), color=[COLOURS[side] for side in sides])
    for i, value in enumerate(values):
        shown = f"{value:.0f}" if np.isfinite(value) else "?"
        axes.text(i, np.nan_to_num(value), shown, ha="center", va="bottom", fontsize=8)
    axes.margins(y=0.1)
    axes.tick_params(axis="x", rotation=60)
    axes.set_ylabel("mean error (mm)")
    axes.set_title("error by joint: blue left, orange right", fontsize=10)
    axes.grid(axis="y", alpha=0.25)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
