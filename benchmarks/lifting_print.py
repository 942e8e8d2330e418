"""The table of lifting errors as markdown and as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from benchmarks.lifting_measure import Measured
from lib.pose import written_aside

HEADINGS = {
    "p_mpjpe_mm": "P-MPJPE mm", "mpjpe_mm": "MPJPE mm", "n_mpjpe_mm": "N-MPJPE mm",
    "knee_error_deg": "knee deg", "hip_error_deg": "hip deg", "elbow_error_deg": "elbow deg",
    "trunk_error_deg": "trunk deg", "bone_percent": "bones %",
    "acceleration_m_s2": "jitter m/s2", "input_acceleration_m_s2": "input's jitter",
    "true_bone_percent": "true bones %", "hidden_mm": "taken joints mm",
    "knee_bias_deg": "knee bias deg",
    "knee_bias_80_deg": "bias at 80+", "knee_bias_100_deg": "bias at 100+",
    "reps_exact_percent": "reps exact %",
    "knee_bias_0_30_deg": "bias 0-30", "knee_bias_30_60_deg": "30-60",
    "knee_bias_60_80_deg": "60-80", "knee_bias_80_100_deg": "80-100",
    "knee_bias_100_180_deg": "100+",
}  # fmt: skip
_POSE = ("p_mpjpe_mm", "mpjpe_mm")
_ANGLES = ("knee_error_deg", "hip_error_deg", "elbow_error_deg", "trunk_error_deg")
_STEADY = ("bone_percent", "acceleration_m_s2", "input_acceleration_m_s2")
_SHORT = (*_POSE, *_ANGLES, "bone_percent")
_DEPTHS = tuple(name for name in HEADINGS if name.startswith("knee_bias_") and name.count("_") == 4)
COLUMNS = {
    "held-out people": (*_POSE, "n_mpjpe_mm", *_ANGLES, *_STEADY, "true_bone_percent"),
    "camera": _SHORT,
    "frame rate": (*_SHORT, *_STEADY[1:]),
    "missing frames": (*_SHORT, "acceleration_m_s2"),
    "hidden joints": (*_SHORT, "hidden_mm"),
    "behind things": (*_SHORT, "hidden_mm"),
    "squats": ("p_mpjpe_mm", "mpjpe_mm", "knee_error_deg", "knee_bias_deg", "knee_bias_80_deg",
               "knee_bias_100_deg", "hip_error_deg", "trunk_error_deg", *_STEADY),
    "made-up lifts": (*_POSE, *_ANGLES, *_STEADY, "reps_exact_percent"),
    "phone": ("p_mpjpe_mm", "knee_error_deg", "knee_bias_deg", *_DEPTHS),
}  # fmt: skip
"""What each section shows."""


def _cell(row: Measured, name: str) -> str:
    if name not in row.mean:
        return ""
    if row.sequences < 2:
        return f"{row.mean[name]:.1f}"
    return f"{row.mean[name]:.1f} ({row.spread[name]:.1f})"


def markdown_head(section: str) -> Iterator[str]:
    """Heading and first lines of a section's table."""
    names = [HEADINGS[name] for name in COLUMNS[section]]
    yield f"\n| {section} | {' | '.join(names)} | sequences | frames |"
    yield "|---" * (len(names) + 3) + "|"


def markdown_row(row: Measured) -> str:
    """One line of it."""
    cells = [_cell(row, name) for name in COLUMNS[row.section]]
    return f"| {row.title} | {' | '.join(cells)} | {row.sequences} | {row.frames} |"


def markdown(rows: Sequence[Measured]) -> str:
    """All of it, a table a section."""
    lines: list[str] = []
    for i, row in enumerate(rows):
        if not i or rows[i - 1].section != row.section:
            lines += markdown_head(row.section)
        lines.append(markdown_row(row))
    return "\n".join(lines).lstrip("\n") + "\n"


def write(rows: Sequence[Measured], about: Mapping[str, Any], out: Path) -> None:
    """<out>.md and <out>.json, each aside and renamed."""
    facts = "\n".join(f"- {name}: {value}" for name, value in about.items())
    with written_aside(out.with_name(out.name + ".md")) as aside:
        aside.write_text(f"# Lifting errors\n\n{facts}\n\n{markdown(rows)}", encoding="utf-8")
    content = {"about": dict(about), "rows": [asdict(row) for row in rows]}
    with written_aside(out.with_name(out.name + ".json")) as aside:
        aside.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
