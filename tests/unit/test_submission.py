"""Fit3D's challenge: reading the test side, writing an answer, checking its form."""

from pathlib import Path

import numpy as np
import orjson
import pytest

from lib.config import load_config
from lib.data.fit3d import read_camera
from lib.data.fit3d_challenge import (
    ANSWER_JOINTS,
    check_answer,
    read_template,
    read_test_camera,
)
from lib.data.noise import NoiseConfig
from lib.data.synthetic.detector import Habits, detect
from lib.data.synthetic.writer import subject_sequence, write_fit3d_tree
from lib.errors import UserError
from lib.geometry import Camera, project, unproject, world_to_camera
from lib.skeleton import FIT3D25, JOINT, JOINTS, NUM_JOINTS
from lib.train.submission import answer_sequence, entry_of, find_detections, write_answer
from tools.submit_fit3d import main

ROOT = Path(__file__).parents[2]
SUBJECT, ACTIONS = "s12", ("squat", "dumbbell_biceps_curls")
WORKING = [FIT3D25.joints.index(name) for name in JOINTS]


class _Oracle:
    """Lifts to what it was told."""

    def __init__(self, xyz_cam):
        self.relative = xyz_cam - xyz_cam[:, [JOINT["root"]]]

    def lift_relative(self, pose, *, flip_average, focal_px):
        assert focal_px > 0
        return self.relative[: len(pose.xy_px)]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    root = tmp_path_factory.mktemp("challenge") / "fit3d"
    write_fit3d_tree(root, [SUBJECT], ACTIONS, num_reps=1)
    noise = load_config(NoiseConfig, ROOT / "configs/noise/published.yaml")
    exact = Habits(misses_per_s=0, dropped_share=0, burst_s=0)
    for action in ACTIONS:
        motion = subject_sequence(0, SUBJECT, action, num_reps=1)
        camera = read_camera(root / "test" / SUBJECT / "camera_parameters" / f"{action}.json")
        rng = np.random.default_rng(0)
        records = detect(motion.xyz_m, camera, rng, noise, strength=0, habits=exact)
        path = root / "found" / SUBJECT / f"{action}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(orjson.dumps(records))
    return root


def truth_of(root: Path, asked):
    camera = read_test_camera(root, asked)
    motion = subject_sequence(0, SUBJECT, asked.action, num_reps=1)
    return world_to_camera(motion.xyz_m, camera), camera


@pytest.fixture
def good(tree, tmp_path):
    """(path, content, template) of an accepted answer, made from the truth."""
    template = tree / "template.json"
    entries = {}
    for asked in read_template(template):
        xyz, camera = truth_of(tree, asked)
        entries[SUBJECT, asked.action] = entry_of(asked, xyz[asked.frame_id][:, WORKING], camera)
    path = tmp_path / "answer.json"
    write_answer(path, entries)
    assert check_answer(path, template) == []
    return path, orjson.loads(path.read_bytes()), template


def test_an_answer_lies_where_the_body_is(tree):
    asked = read_template(tree / "template.json")[0]
    truth, camera = truth_of(tree, asked)
    detections = find_detections(tree / "found", [asked])[asked.name]
    answer = answer_sequence(_Oracle(truth[:, WORKING]), asked, camera, detections)
    person = answer.entry["persons"][0]
    xyz = person["joints3d"]["joints3d"]
    assert xyz.shape == (len(asked.frame_id), NUM_JOINTS, 3)
    # The first 17 of Fit3D's 25, in its own order: the left leg first.
    assert ANSWER_JOINTS[1:4] == ("lhip", "lknee", "lankle")
    error = np.linalg.norm(xyz - truth[asked.frame_id][:, :NUM_JOINTS], axis=-1)
    assert error.max() < 0.05
    assert answer.entry["other"]["video_fr_ids"].tolist() == asked.frame_id.tolist()
    box = person["bbox"]["bbox"]
    assert (box[:, 2:] - box[:, :2] > 20).all() and (box >= 0).all() and (box <= 900).all()


def test_frames_behind_the_last_detection_are_filled(tree, tmp_path):
    asked = read_template(tree / "template.json")[0]
    truth, camera = truth_of(tree, asked)
    records = orjson.loads((tree / "found" / SUBJECT / f"{asked.action}.json").read_bytes())
    early = tmp_path / "early.json"
    early.write_bytes(orjson.dumps([r for r in records if int(r["image_id"][:-4]) < 60]))
    answer = answer_sequence(_Oracle(truth[:, WORKING]), asked, camera, early)
    xyz = answer.entry["persons"][0]["joints3d"]["joints3d"]
    assert xyz.shape[0] == len(asked.frame_id) and np.isfinite(xyz).all()
    assert "without a person" in answer.notes[-1]


def test_the_tool_writes_what_it_accepts(tree, tmp_path, capsys):
    out = tmp_path / "submission.json"
    checkpoint = str(ROOT / "checkpoint" / "lifter_swift.pt")
    where = ["--root", str(tree), "--detections", str(tree / "found"), "--out", str(out)]
    assert main([*where, "-c", checkpoint]) == 0
    assert "has the template's form" in capsys.readouterr().out
    assert set(orjson.loads(out.read_bytes())[SUBJECT]) == set(ACTIONS)
    assert main(["--root", str(tree), "--check", str(out)]) == 0


@pytest.mark.parametrize(
    ("out", "text"), [("a.txt/b.json", "cannot write there"), ("", "is a folder; give --out")]
)
def test_an_out_that_cannot_be_is_refused_before_the_work(
    tree, tmp_path, monkeypatch, capsys, out, text
):
    (tmp_path / "a.txt").touch()
    monkeypatch.setattr("tools.submit_fit3d.answer_sequence", lambda *_, **__: pytest.fail("work"))
    checkpoint = str(ROOT / "checkpoint" / "lifter_swift.pt")
    where = ["--root", str(tree), "--detections", str(tree / "found"), "-c", checkpoint]
    assert main([*where, "--out", str(tmp_path / out)]) == 2
    error = capsys.readouterr().err
    assert text in error and "--out" in error and error.count("\n") == 1


def test_missing_detections_are_named_before_any_work(tree, tmp_path):
    with pytest.raises(UserError, match="s12/squat.json: no detections there; 2 of 2"):
        find_detections(tmp_path, read_template(tree / "template.json"))


def _joints(content, action="squat"):
    return content[SUBJECT][action]["persons"][0]["joints3d"]


def _swap_legs(content):
    xyz = np.array(_joints(content)["joints3d"])
    _joints(content)["joints3d"] = xyz[:, [0, 4, 5, 6, 1, 2, 3, *range(7, 17)]].tolist()


def _mirror_sides(content):
    xyz = np.array(_joints(content)["joints3d"])
    names = [{"l": "r", "r": "l"}.get(n[0], "") + n[1:] for n in ANSWER_JOINTS]
    order = [ANSWER_JOINTS.index(n) if n in ANSWER_JOINTS else i for i, n in enumerate(names)]
    order[ANSWER_JOINTS.index("root")] = ANSWER_JOINTS.index("root")
    _joints(content)["joints3d"] = xyz[:, order].tolist()


def _scaled(content, factor):
    _joints(content)["joints3d"] = (factor * np.array(_joints(content)["joints3d"])).tolist()


DAMAGE = {
    "squat: asked for, not given": lambda c: c[SUBJECT].pop("squat"),
    "warmup_1: given, not asked for": lambda c: c[SUBJECT].update(warmup_1={}),
    "s02: has no action": lambda c: c.update(s02={}),
    "video_fr_ids are not": lambda c: c[SUBJECT]["squat"]["other"]["video_fr_ids"].reverse(),
    "must hold one person": lambda c: c[SUBJECT]["squat"]["persons"].append({}),
    "has shape": lambda c: _joints(c)["joints3d"].pop(),
    "row 0 has a value": lambda c: _joints(c)["joints3d"][0][0].__setitem__(0, None),
    "no regular array": lambda c: _joints(c)["joints3d"][0].pop(),
    "must hold 'joints3d' alone": lambda c: _joints(c).update(more=1),
    "has smplx, which": lambda c: c[SUBJECT]["squat"]["persons"][0].update(smplx={}),
    "bbox has shape": lambda c: c[SUBJECT]["squat"]["persons"][0]["bbox"]["bbox"].pop(),
    "legs and arms disagree": _swap_legs,
    "knees bend backwards": _mirror_sides,
    "expected 1 to 20": lambda c: _scaled(c, 1000),
    "behind the camera": lambda c: _joints(c)["joints3d"][3][0].__setitem__(2, -1.0),
}


@pytest.mark.parametrize("problem", DAMAGE)
def test_each_fault_is_named(good, problem):
    path, content, template = good
    DAMAGE[problem](content)
    path.write_bytes(orjson.dumps(content))
    found = check_answer(path, template)
    assert any(problem in text for text in found), found


def test_D10_the_check_refuses_the_working_order(good, capsys):
    path, content, template = good
    _swap_legs(content)
    path.write_bytes(orjson.dumps(content))
    assert main(["--check", str(path), "--template", str(template)]) == 2
    printed = capsys.readouterr()
    assert "left leg first" in printed.out and "1 problems" in printed.err


def test_too_large_a_file_is_refused(good, monkeypatch):
    path, _, template = good
    monkeypatch.setattr("lib.data.fit3d_challenge.MAX_BYTES", 1000)
    assert "at most" in check_answer(path, template)[0]


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({}, "'s02.squat' has no 'other.video_fr_ids'"),
        ({"other": {"video_fr_ids": [3, 1]}, "persons": [{}]}, "must increase"),
        ({"other": {"video_fr_ids": "x"}, "persons": [{}]}, "list of frame numbers"),
        ({"other": {"video_fr_ids": [0]}, "persons": []}, "one person"),
        ({"other": {"video_fr_ids": [0]}, "persons": [{"smplx": {}}]}, "must hold 'joints3d'"),
    ],
)
def test_an_odd_template_names_file_and_key(tmp_path, entry, text):
    path = tmp_path / "template.json"
    path.write_bytes(orjson.dumps({"s02": {"squat": entry}}))
    with pytest.raises(UserError, match=f"template.json.*{text}"):
        read_template(path)


def test_camera_files_may_lie_one_folder_deeper(tree, tmp_path):
    asked = read_template(tree / "template.json")[0]
    source = tree / "test" / SUBJECT / "camera_parameters" / f"{asked.action}.json"
    folder = tmp_path / "test" / SUBJECT / "camera_parameters"
    with pytest.raises(UserError, match="no such camera file"):
        read_test_camera(tmp_path, asked)
    for camera in ("60457274", "65906101"):
        (folder / camera).mkdir(parents=True)
        (folder / camera / source.name).write_bytes(source.read_bytes())
        if camera == "60457274":
            assert np.array_equal(
                read_test_camera(tmp_path, asked).T, read_test_camera(tree, asked).T
            )
    with pytest.raises(UserError, match="2 cameras have one"):
        read_test_camera(tmp_path, asked)


def test_unproject_inverts_project_all_over_the_picture():
    camera = Camera(
        np.eye(3), np.zeros(3), np.array([1039.0, 1035.0]), np.array([476.4, 449.0]),
        np.array([-0.145, 0.112, 0.0034]), np.array([-0.0072, 0.0062]), (900, 900),
    )  # fmt: skip
    rays = np.stack(np.meshgrid(*[np.linspace(-0.45, 0.45, 7)] * 2), -1)
    px = project(np.concatenate([rays, np.ones((7, 7, 1))], -1) * 4.4, camera)
    assert np.abs(px - (rays * camera.f + camera.c)).max() > 5  # the lens does something
    assert np.allclose(unproject(px, camera), rays, atol=1e-9)
