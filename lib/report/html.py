"""report.html: one file that opens without a network and shows the whole analysis.

T frames, J = 17 joints. The page is put together from lib/report/assets; its numbers travel as
whole numbers in base64 so that ten minutes of motion stay a few megabytes.
"""

import base64
import hashlib
import html
import math
import re
from pathlib import Path

import numpy as np
import orjson
from scipy.ndimage import uniform_filter1d

from lib.analysis.form import depth_line, femur_length
from lib.analysis.track import Track, prepare
from lib.draw import BONE_SIDES, COLOURS
from lib.pose import Pose3D, written_aside
from lib.report.film import Film, small_copy
from lib.report.footage import TICKS_PER_S, ticks_of
from lib.report.labels import depth_metric
from lib.report.panels import depth_band
from lib.report.video import up_of
from lib.report.words import exercise_of, page_words
from lib.scene import Scene, make_scene
from lib.signals import fill_gaps, finite_runs
from lib.skeleton import BONE_INDEX, NUM_JOINTS, indices

ASSETS = Path(__file__).parent / "assets"
SCRIPTS = (
    "uPlot.iife.min.js", "dom.js", "player.js", "skeleton.js", "sketch.js", "curves.js", "depth.js",
    "bars.js", "repcurves.js", "poses.js", "table.js", "findings.js", "controls.js", "page.js",
)  # fmt: skip
STYLES = ("uPlot.min.css", "report.css", "table.css", "panels.css", "media.css")
FILM_NAME = "X3D.mp4"
"""The film to link to when the video is too long to carry along."""
SKELETON = {
    "bones": BONE_INDEX, "sides": BONE_SIDES, "joints": NUM_JOINTS, "filmColours": COLOURS,
    "feet": indices("lankle", "rankle"), "knees": indices("lknee", "rknee"),
}  # fmt: skip
CHART_ORDER = ("knee", "hip", "trunk", "elbow", "shoulder")
MISSING = -32768
SLACK = 0.3
"""How far the body may be from the middle of the 3D view, about metres."""
VIEWS = {"camera": "Camera", "front": "Front", "left": "Left side", "right": "Right side",
         "back": "Back", "top": "Top"}  # fmt: skip


def write_html(
    report: dict, pose: Pose3D, angles: dict[str, np.ndarray], video: Path | None, out: Path,
    track: Track | None = None,
) -> None:  # fmt: skip
    """Write the page to out.

    report: valid under report_schema.json; angles: name -> (T,) degrees, `_l` and `_r` for sides.
    video: the source video, carried along small; if it is too long, X3D.mp4 in out's folder is
    linked instead. track: the pose prepared, if it is already. Raises UserError for an unreadable
    video.
    """
    film = None if video is None else small_copy(pose, video)
    page = page_of(report, pose, angles, film, _film_entry(film, pose, video, out), track)
    with written_aside(out) as aside:
        aside.write_text(page, encoding="utf-8")


def page_of(
    report: dict, pose: Pose3D, angles: dict[str, np.ndarray], film: Film | None, entry: dict,
    track: Track | None = None,
) -> str:  # fmt: skip
    """The page's text. entry: what the page is told of its film; track as in `write_html`."""
    num_rows = len(pose.xyz)
    content = {
        "words": page_words(report, lambda f: _row_of(f, num_rows), is_lifted=pose.is_lifted),
        "film": entry,
        "motion": _motion(pose, make_scene(pose, up_of(report))),
        "skeleton": SKELETON,
        "charts": _charts(angles),
        "depth": _depth(report, pose, track),
    }
    style = "\n".join((ASSETS / name).read_text(encoding="utf-8") for name in STYLES)
    script = "\n".join([_licence(), *((ASSETS / n).read_text(encoding="utf-8") for n in SCRIPTS)])
    parts = {
        "title": html.escape(f"{content['words']['title']}: {content['words']['verdict']}"),
        "style": style,
        "script": script,
        "style_hash": _csp_hash(style),
        "script_hash": _csp_hash(script),
        "media": "'self' file:" if entry["kind"] == "linked" else "blob:",
        "content": _json_in_script(content),
        "film": base64.b64encode(film.content).decode() if film else "",
    }
    template = (ASSETS / "report.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def _licence() -> str:
    return f"/*! uPlot\n{(ASSETS / 'uPlot.LICENSE').read_text(encoding='utf-8')}\n*/"


def _csp_hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json_in_script(content: dict) -> str:
    """JSON that cannot end the script element it stands in, whatever strings it holds."""
    text = orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _row_of(frame: float, num_rows: int) -> int:
    """The first row at or after a source frame: there is a row for each."""
    return max(min(math.ceil(frame), num_rows - 1), 0)


def _film_entry(film: Film | None, pose: Pose3D, video: Path | None, out: Path) -> dict:
    if film:
        points = _packed(film.points_px, 0.1)
        return {"kind": "embedded", "size": film.size_px, "points": points, "note": ""}
    none: dict = {"kind": "none", "size": [1, 1]}
    if video is None:
        return none | {"note": ""}
    if not len(pose.xyz):
        return none | {"note": "The motion has no frames, so none of the video is shown."}
    if (out.parent / FILM_NAME).exists():
        note = f"The video is too long to carry along; this page plays {FILM_NAME} beside it."
        return {"kind": "linked", "size": [1000, 640], "source": FILM_NAME, "note": note}
    note = f"The video is too long to carry along and there is no {FILM_NAME} beside this page."
    return none | {"note": note}


def _packed(values: np.ndarray, step: float) -> dict:
    """Little-endian 16-bit multiples of step, base64; MISSING for what is not finite."""
    known = np.isfinite(values)
    whole = np.clip(np.round(np.where(known, values, 0) / step), MISSING + 1, -MISSING - 1)
    whole = np.where(known, whole, MISSING).astype("<i2")
    return {"packed": base64.b64encode(whole.tobytes()).decode(), "step": step}


def _motion(pose: Pose3D, scene: Scene) -> dict:
    centre = _followed(scene.xyz, pose.fps)
    seconds = (ticks_of(pose) / TICKS_PER_S).astype("<f4")
    views = VIEWS if pose.frame == "camera" else {k: v for k, v in VIEWS.items() if k != "camera"}
    return {
        "times": base64.b64encode(seconds.tobytes()).decode(),
        "points": _packed(scene.xyz, 0.001),
        "centre": _packed(centre, 0.001),
        "gaps": finite_runs(~scene.is_seen),
        "room": _room(scene, centre),
        "views": list(views.items()),
    }


def _followed(xyz: np.ndarray, fps: float) -> np.ndarray:
    """(T, 2) the place on the floor that the 3D view looks at: the middle of what the body rests
    on, and behind the body by SLACK once it has walked further away."""
    known = np.isfinite(xyz).all(-1, keepdims=True)
    if not known.any():
        return np.zeros((len(xyz), 2))
    middle = np.where(known, xyz, 0)[..., :2].sum(1) / np.where(known.any(1), known.sum(1), np.nan)
    middle = uniform_filter1d(fill_gaps(middle), max(1, round(fps)), axis=0, mode="nearest")
    away = np.linalg.norm(middle, axis=-1, keepdims=True)
    return middle * np.maximum(1 - SLACK / np.maximum(away, SLACK), 0)


def _room(scene: Scene, centre: np.ndarray) -> dict:
    """How far the body reaches sideways of the view's middle (T, 2), and up, in all but the wildest
    frames."""
    is_known = np.isfinite(scene.xyz).all(-1)
    points = scene.xyz[is_known]
    reach, top = 0.5, 1.0
    if len(points):
        level = (scene.xyz[..., :2] - centre[:, None])[is_known]
        reach = max(float(np.quantile(np.linalg.norm(level, axis=-1), 0.998)), 0.3)
        top = max(float(np.quantile(points[:, 2], 0.998)), 0.3)
    return {"reach": reach, "top": top, "yaw": scene.yaw_deg, "facing": scene.facing_deg}


def _depth(report: dict, pose: Pose3D, track: Track | None) -> dict | None:
    """The depth line, of an exercise that is judged by it."""
    exercise = exercise_of(report)
    if depth_metric(exercise) is None:
        return None
    track = prepare(pose) if track is None else track
    values = 100 * depth_line(pose, up_of(report), track)
    line = {"label": "", "colour": "depth", "values": _packed(values, 0.1)}
    is_metric = report["scale"]["metric"]
    thigh = round(100 * femur_length(track), 1) if is_metric else None
    return {"name": "Now", "lines": [line], "band": depth_band(report, exercise), "thighCm": thigh}


def _charts(angles: dict[str, np.ndarray]) -> list[dict]:
    """One chart a joint, with a line a side; the joint that moves most comes first."""
    charts: dict[str, list[dict]] = {}
    travel: dict[str, float] = {}
    for name, values in angles.items():
        joint, _, side = name.rpartition("_")
        if side not in ("l", "r"):
            joint, side = name, ""
        colour = {"l": "left", "r": "right", "": "centre"}[side]
        line = {"label": colour if side else "", "colour": colour, "values": _packed(values, 0.1)}
        charts.setdefault(joint, []).append(line)
        travel[joint] = max(travel.get(joint, 0.0), _travel(values))
    most = max(travel, key=travel.__getitem__, default="")
    known = {joint: place for place, joint in enumerate(CHART_ORDER)}
    joints = sorted(charts, key=lambda joint: (joint != most, known.get(joint, len(known))))
    return [{"name": j.replace("_", " ").capitalize(), "lines": charts[j]} for j in joints]


def _travel(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.ptp(np.quantile(known, (0.05, 0.95)))) if len(known) else 0.0
