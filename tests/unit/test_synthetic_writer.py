"""The Fit3D tree of made-up recordings: exact format, exact marks, the same bytes every time."""

import hashlib
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from lib.data.fit3d import CAMERAS, TEST_SUBJECTS, find_takes, read_camera, read_take
from lib.data.synthetic.cameras import fit3d_cameras
from lib.data.synthetic.writer import (
    subject_body,
    subject_cameras,
    subject_sequence,
    write_fit3d_tree,
)
from lib.errors import UserError
from lib.geometry import flexion_deg, look_at, project, world_to_camera
from lib.skeleton import BONES, FIT3D25, JOINT
from tools import make_fit3d

SUBJECTS, ACTIONS = ("s03", "s12"), ("squat", "walk_the_box")


def hashes(root: Path) -> dict[str, str]:
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def load(path: Path):
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("made") / "fit3d"
    write_fit3d_tree(root, SUBJECTS, ACTIONS, 3, num_reps=2)
    return root


def test_files_are_those_of_fit3d(tree):
    cameras = [f"train/s03/camera_parameters/{c}/{a}.json" for c in CAMERAS for a in ACTIONS]
    joints = [f"train/s03/joints3d_25/{a}.json" for a in ACTIONS]
    test_views = [f"test/s12/camera_parameters/{a}.json" for a in ACTIONS]
    single = ["fit3d_info.json", "template.json", "train/s03/rep_ann.json"]
    assert set(hashes(tree)) == {*cameras, *joints, *test_views, *single}


def test_info_and_marks(tree):
    info = load(tree / "fit3d_info.json")
    assert info["all_camera_names"] == list(CAMERAS)
    assert info["train_subj_names"] == ["s03"]
    assert info["test_subj_names"] == ["s12"]
    assert info["subj_to_act"] == {s: list(ACTIONS) for s in SUBJECTS}
    marks = load(tree / "train/s03/rep_ann.json")
    assert set(marks) == {"squat"}, "walk_the_box is not repeated"
    assert marks["squat"] == list(subject_sequence(3, "s03", "squat", num_reps=2).marks)
    assert all(type(mark) is int for mark in marks["squat"])


def test_joints_keep_bone_lengths_and_the_motion_through_rounding(tree):
    stored = np.array(load(tree / "train/s03/joints3d_25/squat.json")["joints3d_25"])
    motion = subject_sequence(3, "s03", "squat", num_reps=2)
    assert stored.shape == motion.xyz_m.shape == (motion.num_frames, 25, 3)
    assert np.abs(stored - motion.xyz_m).max() < 1e-7
    for parent, child in BONES:
        a, b = (stored[:, FIT3D25.joints.index(name)] for name in (parent, child))
        assert np.ptp(np.linalg.norm(a - b, axis=-1)) < 1e-6


def test_repetitions_lie_between_their_marks_in_the_file(tree):
    """The camera-frame reader sees one bottom in each interval and none outside."""
    takes, missing = find_takes(tree, actions=["squat"])
    assert not missing
    for sequence, xyz_cam, xy_px, extra, *_ in read_take(takes[0]):
        hip, knee, ankle = (xyz_cam[:, JOINT[name]] for name in ("lhip", "lknee", "lankle"))
        bend = flexion_deg(hip, knee, ankle)
        assert len(sequence.reps) == 3
        assert all(bend[start:stop].max() > 70 for start, stop in pairwise(sequence.reps))
        assert max(bend[list(sequence.reps)]) < 15
        assert extra.shape[1] == 8
        assert np.isfinite(xy_px).all()


def test_camera_file_has_the_keys_and_shapes_of_fit3d(tree):
    path = tree / "train/s03/camera_parameters/65906101/squat.json"
    record = load(path)
    shapes = {group: {key: np.shape(value) for key, value in content.items()}
              for group, content in record.items()}  # fmt: skip
    plain = {"f": (1, 2), "c": (1, 2)}
    assert shapes == {
        "extrinsics": {"R": (3, 3), "T": (1, 3)},
        "intrinsics_w_distortion": plain | {"k": (1, 3), "p": (1, 2)},
        "intrinsics_wo_distortion": plain,
    }
    camera, written = read_camera(path), subject_cameras(3, "s03")["65906101"]
    for name in ("R", "T", "f", "c", "k", "p"):
        assert np.array_equal(getattr(camera, name), getattr(written, name))


def test_test_subjects_have_one_view_and_a_template_but_no_truth(tree):
    assert not (tree / "test/s12/joints3d_25").exists()
    assert "extrinsics" in load(tree / "test/s12/camera_parameters/squat.json")
    template = load(tree / "template.json")
    assert set(template) == {"s12"}
    entry = template["s12"]["squat"]
    frames = entry["other"]["video_fr_ids"]
    person = entry["persons"][0]
    assert np.shape(person["joints3d"]["joints3d"]) == (len(frames), 25, 3)
    assert np.shape(person["bbox"]["bbox"]) == (len(frames), 4)
    assert frames[-1] < subject_sequence(3, "s12", "squat", num_reps=2).num_frames


def test_cameras_stand_where_fit3ds_stand():
    for seed in range(10):
        cameras = fit3d_cameras(np.random.default_rng(seed))
        assert tuple(cameras) == CAMERAS
        azimuths = []
        for camera in cameras.values():
            assert np.linalg.norm(camera.T[:2]) == pytest.approx(4.4, abs=0.15)
            assert 1.35 < camera.T[2] < 1.65
            assert np.allclose(camera.R @ camera.R.T, np.eye(3), atol=1e-12)
            assert np.linalg.det(camera.R) > 0
            assert (camera.R @ [0, 0, 1])[1] < -0.95, "y points down"
            azimuths.append(np.degrees(np.arctan2(camera.T[1], camera.T[0])))
            middle = world_to_camera(np.array([[0, 0, 0.95]]), camera)
            assert np.abs(project(middle, camera)[0] - 450).max() < 60
        assert sorted(abs(np.round(a)) for a in azimuths) == pytest.approx(
            [26, 27, 157, 157], abs=5
        )


def test_left_is_left_in_the_picture():
    """A camera in front of someone who faces it sees the left hand on the right."""
    camera = fit3d_cameras(np.random.default_rng(0))["65906101"]
    xy = project(world_to_camera(np.array([[0, 0.5, 1.0], [0, -0.5, 1.0]]), camera), camera)
    assert xy[0, 0] > xy[1, 0]


def test_look_at_puts_the_target_on_the_axis():
    centre, target = np.array([3.0, 1.0, 1.5]), np.array([0.1, 0.2, 0.9])
    cam = look_at(centre, target, 5.0) @ (target - centre)
    assert cam[:2] == pytest.approx([0, 0], abs=1e-12)
    assert cam[2] > 0


def test_everyone_is_in_the_picture(tmp_path):
    for subject in ("s04", "s08"):
        for action in ("dumbbell_overhead_shoulder_press", "pushup", "walk_the_box"):
            motion = subject_sequence(0, subject, action)
            for camera in subject_cameras(0, subject).values():
                xy = project(world_to_camera(motion.xyz_m, camera), camera)
                inside = ((xy >= 0) & (xy <= camera.size_px)).all(-1)
                assert inside.mean() > 0.93, (action, inside.mean())


def test_same_seed_same_bytes_and_another_seed_others(tree, tmp_path):
    write_fit3d_tree(tmp_path / "again", SUBJECTS, ACTIONS, 3, num_reps=2)
    assert hashes(tmp_path / "again") == hashes(tree)
    write_fit3d_tree(tmp_path / "other", SUBJECTS, ACTIONS, 4, num_reps=2)
    same = hashes(tree).items() & hashes(tmp_path / "other").items()
    assert not any("s03" in name and "rep_ann" not in name for name, _ in same)


def test_a_sequence_does_not_depend_on_what_else_is_made(tree, tmp_path):
    write_fit3d_tree(tmp_path / "alone", ["s03"], ["squat"], 3, num_reps=2)
    alone, together = hashes(tmp_path / "alone"), hashes(tree)
    for name in (n for n in alone if n.endswith("squat.json")):
        assert alone[name] == together[name]


def test_subjects_are_different_people():
    bodies = [subject_body(0, subject) for subject in ("s03", "s04", "s05", "s07", "s08")]
    assert len({body.thigh_m for body in bodies}) == 5
    assert subject_body(0, "s03") != subject_body(1, "s03")


def test_an_earlier_tree_is_replaced_and_anything_else_left_alone(tmp_path):
    root = tmp_path / "fit3d"
    write_fit3d_tree(root, ["s03"], ["deadlift"], num_reps=1)
    write_fit3d_tree(root, ["s04"], ["squat"], num_reps=1)
    assert [path.name for path in (root / "train").iterdir()] == ["s04"]
    real = tmp_path / "real"
    (real / "train").mkdir(parents=True)
    (real / "fit3d_info.json").write_text("{}")
    with pytest.raises(UserError, match="not made here"):
        write_fit3d_tree(real, ["s03"], ["squat"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fit3d", "real"]


def test_an_error_on_the_way_leaves_the_earlier_tree(tmp_path):
    root = tmp_path / "fit3d"
    write_fit3d_tree(root, ["s03"], ["squat"], num_reps=1)
    before = hashes(root)

    def broken(tasks):
        yield tasks[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_fit3d_tree(root, ["s04"], ["squat"], num_reps=1, watch=broken)
    assert hashes(root) == before
    assert [path.name for path in tmp_path.iterdir()] == ["fit3d"]


def test_a_swap_that_fails_leaves_the_earlier_tree_and_says_so(tmp_path, monkeypatch, capsys):
    root = tmp_path / "fit3d"
    write_fit3d_tree(root, ["s03"], ["squat"], num_reps=1)
    before, rename = hashes(root), Path.rename

    def busy(path, target):
        if path.name.startswith(".part-"):
            raise OSError(16, "Device or resource busy")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", busy)
    monkeypatch.setattr(Path, "replace", busy)
    assert make_fit3d.main(["--out", str(root), "--subjects", "s12", "--actions", "squat"]) == 2
    assert "Device or resource busy" in capsys.readouterr().err
    assert hashes(root) == before
    assert [path.name for path in tmp_path.iterdir()] == ["fit3d"]


def test_a_link_to_another_disk_is_written_through(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "fit3d").symlink_to(tmp_path / "disk")
    write_fit3d_tree(tmp_path / "fit3d", ["s03"], ["squat"], num_reps=1)
    assert (tmp_path / "fit3d").is_symlink() and (tmp_path / "disk" / "fit3d_info.json").exists()


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--subjects", "s3"], "subject 's3' is none of Fit3D's; choose from s03"),
        (["--actions", "push"], "action 'push' cannot be made; choose from squat"),
        (["--faults", "lazy"], "fault 'lazy' is unknown; choose from shallow"),
        (["--faults", "shallow", "deep"], "shallow and deep exclude each other; ask for one"),
        (["--actions", "squat", "walk_the_box", "--faults", "deep", "hip_sag"],
         "fault 'hip_sag' fits no action asked for; it fits pushup, diamond_pushup"),
        (["--reps", "-1"], "reps -1: 0 or more"),
        (["--seed", "-1"], "seed -1: 0 or more, below 2^64"),
        (["--subjects", "s12", "--actions", "sit", "--seed", str(2**64)],
         "seed 18446744073709551616: 0 or more, below 2^64"),
    ],
)  # fmt: skip
def test_bad_names_end_in_one_line_and_code_2(flags, text, tmp_path, capsys):
    assert make_fit3d.main(["--out", str(tmp_path / "x"), *flags]) == 2
    errors = capsys.readouterr().err
    assert text in errors
    assert errors.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what", ["subjects", "actions"])
def test_a_list_of_no_names_leaves_the_earlier_tree(what, tmp_path, capsys):
    root = tmp_path / "fit3d"
    write_fit3d_tree(root, ["s03"], ["squat"], num_reps=0)
    before = hashes(root)
    flags = {"subjects": "s03", "actions": "squat"} | {what: ","}
    given = [word for name, value in flags.items() for word in (f"--{name}", value)]
    assert make_fit3d.main(["--out", str(root), *given]) == 2
    assert f"error: no {what} named" in capsys.readouterr().err
    assert hashes(root) == before


def test_script_writes_the_tree(tmp_path, capsys):
    flags = ["--subjects", "s03,s02", "--actions", "squat", "--reps", "0", "--faults", "shallow"]
    assert make_fit3d.main(["--out", str(tmp_path / "x"), *flags]) == 0
    assert "2 made-up sequences of 2 subjects" in capsys.readouterr().out
    assert load(tmp_path / "x/train/s03/rep_ann.json") == {}
    assert set(load(tmp_path / "x/template.json")) <= set(TEST_SUBJECTS)


def test_a_fault_is_left_out_where_one_action_of_several_can_show_it(tmp_path):
    write_fit3d_tree(tmp_path / "x", ["s03"], ["squat", "pushup"], num_reps=1, faults=["hip_sag"])
    path = tmp_path / "x/train/s03/joints3d_25/squat.json"
    plain = subject_sequence(0, "s03", "squat", num_reps=1)
    assert np.allclose(load(path)["joints3d_25"], plain.xyz_m, atol=1e-7)


def test_what_fit3d_does_not_have_is_made_and_read_where_named(tmp_path):
    flags = ["--subjects", "s03", "--actions", "sit_to_stand", "sit", "--reps", "1"]
    assert make_fit3d.main(["--out", str(tmp_path / "x"), *flags]) == 0
    takes, missing = find_takes(tmp_path / "x")
    assert {take.action for take in takes} == {"sit_to_stand", "sit"} and not missing
    assert sum(len(list(read_take(take))) for take in takes) == 2 * len(CAMERAS)
    assert list(load(tmp_path / "x/train/s03/rep_ann.json")) == ["sit_to_stand"]
