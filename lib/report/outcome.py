"""A 3D motion to report.json, reps.csv and report.html: one code for lifted poses and all others.

Shared by infer_wild.py and tools/analyze.py. No torch.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lib.analysis.form import joint_angles
from lib.analysis.report import analyse
from lib.analysis.track import prepare
from lib.pose import Pose3D
from lib.report.html import write_html
from lib.report.labels import WHY_REJECTED, counted
from lib.report.session import Session

MIRROR_NOTE = (
    "The video is a mirror image. Left and right are named as they are in truth, so the skeleton "
    "in space moves the other way than the picture."
)


def cautions_of(pose: Pose3D) -> list[dict]:
    """What the report's reader should know of the steps that made the pose."""
    found = [{"code": "recording", "message": str(text)} for text in pose.warnings]
    if np.isfinite(pose.focal_px) and pose.focal_is_assumed:
        text = f"Focal length {pose.focal_px:.0f} px assumed; --focal corrects it."
        found.append({"code": "focal_assumed", "message": text})
    if pose.is_mirrored:
        found.append({"code": "mirrored_video", "message": MIRROR_NOTE})
    return found


def report_of(
    pose: Pose3D,
    session: Session,
    *,
    video: Path | None = None,
    recognised: tuple[str | None, str, float] | None = None,
    doubts: Sequence[dict] = (),
) -> dict:
    """The content of report.json.

    recognised: exercise, source and confidence where the session names none; a name of None, or
    no answer, leaves it to the rules of the analysis. doubts: more warnings. Raises UserError.
    """
    name, source, confidence = recognised or (None, "heuristic", 1.0)
    if session.exercise is not None:
        name, source, confidence = session.exercise, "user", 1.0
    return analyse(
        pose, exercise=name, exercise_source=source, exercise_confidence=confidence,
        source=str(video or pose.source), athlete=session.about_athlete(pose.height_m),
        loads_kg=session.loads_kg, cautions=[*cautions_of(pose), *doubts],
        strictness=session.strictness,
    )  # fmt: skip


def write_page(report: dict, pose: Pose3D, video: Path | None, out: Path) -> None:
    """report.html, with the video in it where there is one. Raises UserError."""
    track = prepare(pose)
    write_html(report, pose, joint_angles(pose, track), video, out, track)


def summary(report: dict, page: Path) -> str:
    """What came out, in a few words and numbers, and where to look."""
    exercise = report["exercise"]
    lines = [f"exercise: {exercise['name']} (by {exercise['source']})"]
    for part in report["sets"]:
        count = part["count"]
        partial, other = _kinds(count, "partial"), _kinds(count, "failed", "suspect")
        lines.append(
            f"set {part['index']}: {counted(count['total'], 'rep')}"
            + (f" ({partial})" if partial else "")
            + (f"; not counted: {other}" if other else "")
        )
    if not report["sets"] and report["rejected"]:
        reasons = dict.fromkeys(WHY_REJECTED[part["reason"]] for part in report["rejected"])
        lines.append(f"no repetition: {'; '.join(reasons)}")
    return "\n".join([*lines, f"report: {page}"])


def _kinds(count: dict, *kinds: str) -> str:
    return ", ".join(f"{count[kind]} {kind}" for kind in kinds if count[kind])
