"""report.html: complete in itself, safe with any string, right with no, one or many reps."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from films import decode, squat_pose, write_grey_ramp
from made_report import made_pose, not_measurable
from plain_report import rep, report

from lib.analysis import form
from lib.analysis.exercises import FOLDER
from lib.analysis.track import prepare
from lib.errors import UserError
from lib.pose import Pose3D
from lib.report import film as film_module
from lib.report import html, outcome
from lib.report.html import ASSETS, SLACK, _followed, _room, write_html
from lib.report.video import write_video
from lib.scene import make_scene

HOSTILE = "</script><script>alert(1)</script><img src=x onerror='a'>\"\u2028&amp;{{script}}\\1"
FORBIDDEN = r"\b(legal|injur(y|ies)|rpe|white lights?)\b"


def angles_of(pose: Pose3D) -> dict[str, np.ndarray]:
    wave = 60 + 50 * np.sin(np.arange(len(pose.xyz)) / 5)
    return {"trunk": wave / 5, "knee_l": wave, "knee_r": np.where(wave > 100, np.nan, wave)}


def page(tmp_path: Path, content: dict, pose: Pose3D | None = None, video=None) -> str:
    pose = squat_pose(90) if pose is None else pose
    write_html(content, pose, angles_of(pose), video, tmp_path / "report.html")
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def content_of(text: str) -> dict:
    """The one JSON element, found as a browser finds it: up to the first end tag."""
    return json.loads(
        re.search(r'<script type="application/json"[^>]*>(.*?)</script', text, re.S)[1]
    )


def test_page_is_valid_by_the_schema_it_is_made_from():
    jsonschema = pytest.importorskip("jsonschema")
    schema = Path(__file__).parents[2] / "lib" / "analysis" / "report_schema.json"
    jsonschema.validate(report([rep(1), rep(2)]), json.loads(schema.read_text()))


@pytest.mark.parametrize("with_video", [False, True])
def test_nothing_is_fetched_from_a_network(tmp_path, with_video):
    video = write_grey_ramp(tmp_path / "in.mp4", 10) if with_video else None
    text = page(tmp_path, report([rep(1)]), squat_pose(10), video)
    assert not re.search(
        r"(?:src|href|srcset|action|data|poster)\s*=\s*[\"']?\s*(?:https?:)?//", text
    )
    assert not re.search(r"url\(\s*[\"']?\s*(?:https?:)?//|@import|<link|<iframe|<base", text)
    assert "fetch(" not in text and "XMLHttpRequest" not in text and "WebSocket" not in text
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert (
        policy.startswith("default-src 'none'") and "unsafe" not in policy and "http" not in policy
    )


def test_content_policy_allows_exactly_the_script_and_style_there(tmp_path):
    text = page(tmp_path, report([rep(1)]))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    for found in (
        re.search(r"<style>(.*?)</style>", text, re.S),
        re.search(r"<script>(.*)</script>", text, re.S),
    ):
        digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_hostile_strings_stay_text(tmp_path):
    nasty = rep(1, partial_reasons=[HOSTILE], quality="partial")
    nasty["findings"] = [{"code": HOSTILE, "severity": "warn", "metric": HOSTILE, "text": HOSTILE}]
    nasty["metrics"][HOSTILE] = not_measurable(HOSTILE)
    content = report(
        [nasty], warnings=[{"code": "x", "message": HOSTILE}],
        source={"path": HOSTILE, "n_frames": 90, "fps": 30.0},
    )  # fmt: skip
    text = page(tmp_path, content)
    assert "alert(1)</script>" not in text and "<img" not in text
    assert text.count("</script>") == page(tmp_path, report([rep(1)])).count("</script>")
    words = content_of(text)["words"]
    assert words["warnings"][0]["text"] == HOSTILE
    assert words["findings"][0]["text"] == HOSTILE


def test_title_is_escaped(tmp_path):
    text = page(tmp_path, report([], exercise={"name": "<b>", "source": "user"}))
    assert "<title>&lt;b&gt;: No repetition found</title>" in text


def test_script_never_writes_markup():
    for path in ASSETS.glob("*.js"):
        if path.name.startswith("uPlot"):
            continue
        script = path.read_text(encoding="utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", script)


@pytest.mark.parametrize("sets", [[], [[]], [[rep(1)]], [[rep(1), rep(2)], [rep(1)]]])
def test_any_number_of_sets_and_reps(tmp_path, sets):
    words = content_of(page(tmp_path, report(*sets)))["words"]
    assert [len(of_set["reps"]) for of_set in words["sets"]] == [len(reps) for reps in sets]


@pytest.mark.parametrize("num_frames", [0, 1])
def test_pose_of_no_or_one_frame(tmp_path, num_frames):
    content = content_of(page(tmp_path, report(), squat_pose(num_frames)))
    assert len(base64.b64decode(content["motion"]["times"])) == 4 * num_frames


def unpacked(entry: dict) -> np.ndarray:
    whole = np.frombuffer(base64.b64decode(entry["packed"]), "<i2").astype(float)
    return np.where(whole == -32768, np.nan, whole * entry["step"])


def test_motion_and_curves_survive_the_packing(tmp_path):
    pose = replace(squat_pose(40, valid=np.arange(40) != 7), unit="metre")
    content = content_of(page(tmp_path, report([rep(1)]), pose))
    points = unpacked(content["motion"]["points"]).reshape(40, 17, 3)
    ankle_to_head = points[0, 10] - points[0, 3]
    assert np.allclose(ankle_to_head, [0.15, 0, 1.6], atol=0.002)
    assert content["motion"]["gaps"] == [[7, 8]]
    assert [chart["name"] for chart in content["charts"]] == ["Knee", "Trunk"]
    left, right = (unpacked(line["values"]) for line in content["charts"][0]["lines"])
    truth = angles_of(pose)
    assert np.allclose(left, truth["knee_l"], atol=0.051)
    assert np.allclose(right, truth["knee_r"], atol=0.051, equal_nan=True)


def test_a_page_cleans_its_pose_once(tmp_path, monkeypatch):
    cleaned = []
    for module in (form, html, outcome):
        monkeypatch.setattr(
            module, "prepare", lambda pose: cleaned.append(pose) or prepare(pose), raising=False
        )
    outcome.write_page(report([rep(1)]), pose := squat_pose(90), None, tmp_path / "report.html")
    assert len(cleaned) == 1 and cleaned[0] is pose


def test_ten_minutes_stay_small(tmp_path):
    text = page(tmp_path, report([rep(1)]), squat_pose(18_000))
    assert len(text) < 4e6


def test_video_is_carried_along_in_step(tmp_path):
    video = write_grey_ramp(tmp_path / "in.mp4", 6)
    text = page(tmp_path, report([rep(1)]), squat_pose(8), video)
    content = content_of(text)
    assert content["film"]["kind"] == "embedded" and content["film"]["size"] == [160, 120]
    film = tmp_path / "film.mp4"
    film.write_bytes(base64.b64decode(re.search(r'id="film-file">([^<]*)<', text)[1]))
    levels = [picture[60:, 80:].mean() for picture in decode(film)]
    assert len(levels) == 8 and np.allclose(levels[:6], 8 * np.arange(6), atol=5)
    points = unpacked(content["film"]["points"]).reshape(8, 17, 2)
    assert np.allclose(points, squat_pose(8).xy_px, atol=0.051)


def test_long_video_is_linked_if_its_film_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(film_module, "MAX_BYTES", 10)
    video, pose = write_grey_ramp(tmp_path / "in.mp4", 3), squat_pose(3)
    assert content_of(page(tmp_path, report(), pose, video))["film"]["kind"] == "none"
    write_video(pose, None, tmp_path / "X3D.mp4")
    text = page(tmp_path, report(), pose, video)
    assert content_of(text)["film"]["source"] == "X3D.mp4"
    assert re.search(r'id="film-file"></script>', text)


def test_a_motion_of_no_frames_has_no_video_that_is_too_long(tmp_path):
    video = write_grey_ramp(tmp_path / "in.mp4", 3)
    write_video(squat_pose(3), None, tmp_path / "X3D.mp4")  # of another run
    film = content_of(page(tmp_path, report(), squat_pose(0), video))["film"]
    assert film["kind"] == "none" and film["note"].startswith("The motion has no frames")


def test_unreadable_video_leaves_no_page(tmp_path):
    (tmp_path / "bad.mp4").write_bytes(b"nothing")
    with pytest.raises(UserError, match="bad.mp4"):
        page(tmp_path, report(), squat_pose(3), tmp_path / "bad.mp4")
    assert not (tmp_path / "report.html").exists()


def test_page_and_cues_avoid_words_they_have_no_right_to():
    sources = [*ASSETS.parent.glob("*.py"), *ASSETS.glob("*.js"), *ASSETS.glob("*.html")]
    for source in [*sources, *FOLDER.glob("*.yaml")]:
        if not source.name.startswith("uPlot"):
            said = source.read_text(encoding="utf-8")
            assert not re.search(FORBIDDEN, said, re.I), source


def test_the_view_follows_a_body_that_walks_in_and_shows_it_as_large():
    still = make_scene(made_pose(3))
    standing = _followed(still.xyz, 30)
    assert not standing.any()
    walked = still.xyz.copy()
    walked[:60, :, 0] -= np.linspace(4, 0, 60)[:, None]
    walked[5:9] = np.nan
    centre = _followed(walked, 30)
    assert np.isfinite(centre).all() and centre[0, 0] < -3 and not centre[100:].any()
    reach = _room(replace(still, xyz=walked), centre)["reach"]
    assert reach < _room(still, standing)["reach"] + SLACK + 0.1


@pytest.mark.parametrize("num", [0, 1])
def test_the_view_of_no_body_looks_at_the_floor(num):
    assert not _followed(np.full((num, 17, 3), np.nan), 30).any()
