"""Reading Fit3D's tree: right joints, right pixels, and one line for everything that is wrong."""

import json
from pathlib import Path

import numpy as np
import pytest

from lib.config import build
from lib.data.fit3d import (
    ACTIONS,
    MADE_UP_TERMS,
    TERMS,
    TEST_SUBJECTS,
    TRAIN_SUBJECTS,
    find_takes,
    read_reps,
    read_take,
)
from lib.data.fit3d_checks import foot_side
from lib.data.splits import SIDES, Split, load_split, split_sequences
from lib.data.store import Sequence, open_store, select, write_store
from lib.errors import UserError
from lib.skeleton import FIT3D25, JOINT
from tools import prepare_fit3d

REPO = Path(__file__).resolve().parents[2]
NUM_FRAMES = 6
# A person of 1.75 m facing +x, so left is +y; metres, Z up, joints as the file lists them.
STANDING = {
    "root": (0, 0, 0.95), "lhip": (0, 0.1, 0.93), "lknee": (0.02, 0.1, 0.51),
    "lankle": (0, 0.1, 0.09), "rhip": (0, -0.1, 0.93), "rknee": (0.02, -0.1, 0.51),
    "rankle": (0, -0.1, 0.09), "spine": (0, 0, 1.2), "neck": (0, 0, 1.45), "nose": (0.1, 0, 1.6),
    "head": (0, 0, 1.75), "lshoulder": (0, 0.18, 1.42), "lelbow": (0, 0.25, 1.13),
    "lwrist": (0.1, 0.25, 0.9), "rshoulder": (0, -0.18, 1.42), "relbow": (0, -0.25, 1.13),
    "rwrist": (0.1, -0.25, 0.9), "lheel": (-0.05, 0.1, 0.03), "ltoe": (0.18, 0.12, 0.02),
    "rheel": (-0.05, -0.1, 0.03), "rtoe": (0.18, -0.12, 0.02), "lhandtip": (0.2, 0.25, 0.85),
    "lthumb": (0.15, 0.2, 0.85), "rhandtip": (0.2, -0.25, 0.85), "rthumb": (0.15, -0.2, 0.85),
}  # fmt: skip


def joints_m() -> np.ndarray:
    """(F, 25, 3): the standing person bobbing and drifting."""
    body = np.array([STANDING[name] for name in FIT3D25.joints])
    drift = np.linspace(0, 1, NUM_FRAMES)[:, None, None] * np.array([0.2, -0.1, 0.02])
    return body + drift


def camera_file() -> dict:
    """The published values of camera 65906101, turned towards the athlete; keys in odd order."""
    centre = np.array([3.9024, 2.1214, 1.4836])
    forward = np.array([0, 0, 1.0]) - centre
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    lens = {"p": [[-0.0072, 0.0062]], "k": [[-0.145, 0.112, 0.0034]], "c": [[476.4, 449.0]],
            "f": [[1039.0, 1035.0]]}  # fmt: skip
    return {
        "intrinsics_wo_distortion": {"c": [[1.0, 1.0]], "f": [[1.0, 1.0]]},
        "intrinsics_w_distortion": lens,
        "extrinsics": {"T": [centre.tolist()], "R": rotation.tolist()},
    }


def dump(path: Path, content) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


@pytest.fixture
def root(tmp_path):
    """Two subjects, two exercises, one camera."""
    actions = ["pushup", "diamond_pushup"]
    subjects = ["s03", "s08"]
    info = {"all_camera_names": ["65906101"], "train_subj_names": subjects,
            "subj_to_act": dict.fromkeys(subjects, actions)}  # fmt: skip
    dump(tmp_path / "fit3d" / "fit3d_info.json", info)
    for subject in subjects:
        folder = tmp_path / "fit3d" / "train" / subject
        dump(folder / "rep_ann.json", {"pushup": [0, 2, 5]})
        for action in actions:
            dump(folder / f"joints3d_25/{action}.json", {"joints3d_25": joints_m().tolist()})
            dump(folder / f"camera_parameters/65906101/{action}.json", camera_file())
    return tmp_path / "fit3d"


def prepared(root, *flags):
    out = root.parent / "store"
    assert prepare_fit3d.main(["--root", str(root), "--out", str(out), *flags]) == 0
    return open_store(out)


def strict(root) -> list[str]:
    return ["--root", str(root), "--out", str(root / "out"), "--strict"]


def change(path: Path, **keys) -> None:
    dump(path, json.loads(path.read_text()) | keys)


def official_projection(xyz_cam, lens):
    """The IMAR formula written out a second time, from its text (fit3d_format: Projection)."""
    f, c, k, p = (np.array(lens[key][0]) for key in "fckp")
    x = xyz_cam[:, :2] / xyz_cam[:, 2:]
    r2 = x[:, 0] ** 2 + x[:, 1] ** 2
    radial = 1 + k[0] * r2 + k[1] * r2**2 + k[2] * r2**3
    p = p[[1, 0]]
    tangential = x[:, 0] * p[0] + x[:, 1] * p[1]
    return f * (x * (tangential + radial)[:, None] + r2[:, None] * p) + c


def test_store_of_a_tree(root):
    store = prepared(root)
    names = [sequence.name for sequence in store.sequences]
    assert names == [
        f"{subject}/{action}/65906101"
        for subject in ("s03", "s08")
        for action in ("diamond_pushup", "pushup")
    ]
    for i, sequence in enumerate(store.sequences):
        assert sequence.group == sequence.subject
        assert sequence.fps == 50
        assert sequence.reps == ((0, 2, 5) if sequence.action == "pushup" else ())
        assert store.xyz_of(i).shape == (NUM_FRAMES, 17, 3)


def test_legs_are_not_swapped_and_feet_are_kept(root):
    """Defect D10: the file's legs come left first, the working skeleton's right first."""
    store = prepared(root)
    world = store.world_of(0)
    for name, index in JOINT.items():
        wanted = joints_m()[:, FIT3D25.joints.index(name)]
        np.testing.assert_allclose(world[:, index], wanted, atol=1e-6, err_msg=name)
    sequence = store.sequences[0]
    feet = store.extra_of(0).astype(float) @ sequence.camera.R + sequence.camera.T
    np.testing.assert_allclose(feet, joints_m()[:, 17:], atol=1e-6)


def test_pixels_follow_the_official_projection(root):
    """Defect D9: tangential coefficients swapped, keys by name, nothing clipped."""
    store = prepared(root)
    lens = camera_file()["intrinsics_w_distortion"]
    expected = official_projection(store.xyz_of(0).reshape(-1, 3).astype(float), lens)
    np.testing.assert_allclose(store.xy_of(0).reshape(-1, 2), expected, atol=1e-3)
    unswapped = lens | {"p": [lens["p"][0][::-1]]}
    wrong = official_projection(store.xyz_of(0).reshape(-1, 3).astype(float), unswapped)
    assert np.abs(wrong - expected).max() > 0.1
    assert (store.xy_of(0)[:, JOINT["lwrist"], 1] > store.xy_of(0)[:, JOINT["head"], 1]).all()


def test_actions_are_matched_whole(root):
    """Defect T20."""
    store = prepared(root, "--actions", "pushup", "--subjects", "s08")
    assert [(s.subject, s.action) for s in store.sequences] == [("s08", "pushup")]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--actions", "push"], "no action 'push'; known: diamond_pushup, pushup"),
        (["--subjects", "s0"], "no subject 's0'; known: s03, s08"),
        (["--subjects", "s02"], "3D truth is not published"),
        (["--cameras", "6590610"], "no camera '6590610'; known: 65906101"),
        (["--root", "nowhere"], "no Fit3D there"),
    ],
)
def test_unknown_names_are_refused(root, flags, message, capsys):
    arguments = ["--root", str(root), "--out", str(root.parent / "out"), *flags]
    assert prepare_fit3d.main(arguments) == 2
    assert message in capsys.readouterr().err
    assert not (root.parent / "out").exists()


@pytest.mark.parametrize("flags", [[], ["--cameras", "50591643"]], ids=["all", "by name"])
def test_a_camera_that_one_subject_lacks_is_counted_as_missing(root, flags, capsys):
    for action in ("pushup", "diamond_pushup"):
        dump(root / f"train/s03/camera_parameters/50591643/{action}.json", camera_file())
    store = prepared(root, *flags)
    wanted = {("s03", "50591643")}
    if not flags:
        wanted |= {("s03", "65906101"), ("s08", "65906101")}
    assert {(s.subject, s.camera_name) for s in store.sequences} == wanted
    told = capsys.readouterr().out
    assert "2 files listed but not there, first" in told
    assert "train/s08/camera_parameters/50591643/diamond_pushup.json" in told


def test_info_file_may_be_named_otherwise_or_lack(root):
    (root / "fit3d_info.json").rename(root / "info.json")
    assert len(find_takes(root)[0]) == 4
    change(root / "info.json", train_subj_names=["s08"])
    content = json.loads((root / "info.json").read_text())
    dump(root / "info.json", {k: v for k, v in content.items() if k != "subj_to_act"})
    assert [take.subject for take in find_takes(root)[0]] == ["s08", "s08"]
    (root / "info.json").unlink()
    assert len(find_takes(root)[0]) == 4


def test_made_up_data_is_not_called_fit3d(root):
    assert {s.terms for s in prepared(root).sequences} == {TERMS}
    change(root / "fit3d_info.json", synthetic={"seed": 0})
    assert {s.terms for s in prepared(root).sequences} == {MADE_UP_TERMS}


def test_missing_files_are_counted_and_skipped(root, capsys):
    (root / "train/s03/joints3d_25/pushup.json").unlink()
    (root / "train/s08/camera_parameters/65906101/pushup.json").unlink()
    (root / "train/s08/rep_ann.json").unlink()
    store = prepared(root)
    assert [s.action for s in store.sequences] == ["diamond_pushup"] * 2
    assert "2 files listed but not there" in capsys.readouterr().out


def test_where_all_takes_lack_files_the_first_is_named(root, capsys):
    for path in root.glob("train/*/camera_parameters/65906101/*.json"):
        path.unlink()
    out = root.parent / "out"
    assert prepare_fit3d.main(["--root", str(root), "--out", str(out)]) == 2
    first = root / "train/s03/camera_parameters/65906101/diamond_pushup.json"
    told = f"error: {root}: no take is whole, 4 files are listed but not there, first {first}\n"
    assert capsys.readouterr().err == told
    assert not out.exists()


def test_a_tree_of_test_subjects_alone_is_told_as_such(root, capsys):
    change(root / "fit3d_info.json", train_subj_names=[], test_subj_names=["s02"])
    for flags in ([], ["--subjects", "s02"]):
        arguments = ["--root", str(root), "--out", str(root.parent / "out"), *flags]
        assert prepare_fit3d.main(arguments) == 2
        path = root / "fit3d_info.json"
        assert f"error: {path}: lists no training subject, " in capsys.readouterr().err


def test_odd_takes_are_skipped_and_listed(root, capsys):
    bad = root / "train/s03/joints3d_25/pushup.json"
    dump(bad, {"joints3d_25": (joints_m() * 1000).tolist()})
    dump(root / "train/s08/rep_ann.json", {"pushup": [5, 2]})
    store = prepared(root)
    assert len(store.sequences) == 3 and not any(s.reps for s in store.sequences)
    out = capsys.readouterr().out
    assert f"skipped: {bad}: a person about" in out and "marks that do not increase" in out
    assert "1 takes skipped, 1 without their reps" in out


def test_nothing_usable_is_an_error(root, capsys):
    for path in root.glob("train/*/joints3d_25/*.json"):
        path.write_text("{")
    assert prepare_fit3d.main(["--root", str(root), "--out", str(root / "out")]) == 2
    shown = capsys.readouterr()
    assert shown.out.count("skipped: ") == 4 and "no sequence to write" in shown.err
    assert not (root / "out").exists()


def mirrored(xyz):
    """The file of somebody who listed the right side first."""
    names = FIT3D25.joints
    other = [names.index({"l": "r", "r": "l"}[n[0]] + n[1:])
             if n[0] in "lr" and n != "root" else i
             for i, n in enumerate(names)]  # fmt: skip
    other[names.index("root")] = names.index("root")
    return xyz[:, other]


def swapped(xyz, first, second):
    xyz = np.array(xyz)
    xyz[:, [*first, *second]] = xyz[:, [*second, *first]]
    return xyz


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (mirrored, "feet point backwards"),
        (lambda xyz: xyz * [1, -1, 1], "feet point backwards"),
        (lambda xyz: swapped(xyz, (11, 12, 13), (14, 15, 16)), "legs and arms disagree"),
        (lambda xyz: swapped(xyz, (17, 18), (19, 20)), "foot points lie at the other ankle"),
        (lambda xyz: xyz * 1000, "coordinates must be metres"),
        (lambda xyz: xyz * 0.4, "coordinates must be metres"),
        (lambda xyz: xyz[:, :17], "shape (6, 17, 3), expected (frames, 25, 3)"),
        (lambda xyz: xyz[:0], "expected (frames, 25, 3)"),
    ],
    ids=["sides", "reflected", "arms", "feet", "millimetres", "small", "17 joints", "no frame"],
)
def test_wrong_bodies_are_refused(root, spoil, message, capsys):
    path = root / "train/s08/joints3d_25/pushup.json"
    dump(path, {"joints3d_25": spoil(joints_m()).tolist()})
    assert prepare_fit3d.main(strict(root)) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert message in error
    assert str(path) in error
    assert not (root / "out").exists()


def test_side_holds_in_any_pose():
    """Lying on the front, toes tucked; bent over; turned: the side is read from shank and foot."""
    xyz = joints_m()
    prone = xyz @ np.array([[0, 0, -1.0], [0, 1, 0], [1, 0, 0]]) + [0, 0, 0.3]
    turned = xyz @ np.array([[0, 1.0, 0], [-1, 0, 0], [0, 0, 1]])
    bent = np.array(xyz)
    bent[:, 7:17] = bent[:, :1] + (bent[:, 7:17] - bent[:, :1]) @ np.array(
        [[0, 0, -1.0], [0, 1, 0], [1, 0, -0.2]]
    )
    for pose in (xyz, prone, turned, bent):
        assert foot_side(pose) > 0.3
        assert foot_side(mirrored(pose)) < -0.3


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"extrinsics": {"R": np.eye(3).tolist()}}, "has no key 'extrinsics.T'"),
        ({"intrinsics_w_distortion": None}, "has no key 'intrinsics_w_distortion.f'"),
        ({"extrinsics": {"R": np.eye(3)[:2].tolist(), "T": [[0, 0, 0]]}}, "must hold 9 finite"),
        ({"extrinsics": {"R": [["a"]], "T": [[0, 0, 0]]}}, "does not hold numbers"),
        ({"extrinsics": {"R": (2 * np.eye(3)).tolist(), "T": [[0, 0, 0]]}}, "is no rotation"),
        ({"extrinsics": {"R": np.diag([1, 1, -1]).tolist(), "T": [[0, 0, 0]]}}, "is no rotation"),
        ({"extrinsics": {"R": np.eye(3).tolist(), "T": [[0, 0, 9]]}}, "lies behind this camera"),
        ({"extrinsics": {"R": np.eye(3).tolist(), "T": [[9, 9, -1]]}}, "into this camera's pic"),
    ],
)
def test_wrong_cameras_are_refused(root, keys, message, capsys):
    path = root / "train/s03/camera_parameters/65906101/pushup.json"
    change(path, **keys)
    assert prepare_fit3d.main(strict(root)) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert message in error
    assert error.count(str(path)) == 1


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: c["extrinsics"]["T"][0].__setitem__(slice(None), [3902.4, 2121.4, 1483.6]),
         "the person stands 4.68e+03 m from this camera, expected 1 to 20"),
        (lambda c: c["intrinsics_w_distortion"]["f"][0].__setitem__(0, -1039.0),
         "'intrinsics_w_distortion.f' must be above 0"),
    ],
    ids=["place in millimetres", "mirrored picture"],
)  # fmt: skip
def test_cameras_that_still_see_the_person_but_not_so(root, spoil, message, capsys):
    path = root / "train/s03/camera_parameters/65906101/pushup.json"
    content = json.loads(path.read_text())
    spoil(content)
    dump(path, content)
    assert prepare_fit3d.main(strict(root)) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert message in error and str(path) in error


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("train/s03/joints3d_25/pushup.json", "", "empty, cut off or no JSON"),
        ("train/s03/joints3d_25/pushup.json", '{"joints3d_25": [[[0.1,', "cut off"),
        ("train/s03/joints3d_25/pushup.json", "[]", "has no key 'joints3d_25'"),
        ("train/s03/joints3d_25/pushup.json", '{"joints": []}', "has no key 'joints3d_25'"),
        ("train/s03/joints3d_25/pushup.json", '{"joints3d_25": [[1], 2]}', "no regular array"),
        ("train/s03/camera_parameters/65906101/pushup.json", "{", "cut off"),
        ("train/s03/rep_ann.json", "{", "cut off"),
        ("train/s03/rep_ann.json", "[]", "expected {action: [frames]}"),
        ("fit3d_info.json", "{", "cut off"),
        ("fit3d_info.json", "{}", "has no key 'train_subj_names'"),
        ("fit3d_info.json", '{"train_subj_names": "s03"}', "must be a list of names"),
        ("fit3d_info.json", '{"train_subj_names": ["s03"], "subj_to_act": 3}', "'subj_to_act.s03'"),
    ],
)
def test_damaged_files_are_named(root, file, text, message, capsys):
    (root / file).write_text(text)
    assert prepare_fit3d.main(strict(root)) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert message in error
    assert str(root / file) in error


def test_missing_coordinate_names_the_frame(root):
    frames = joints_m().tolist()
    frames[4][2][1] = None
    dump(root / "train/s03/joints3d_25/pushup.json", {"joints3d_25": frames})
    take = next(t for t in find_takes(root)[0] if t.action == "pushup")
    with pytest.raises(UserError, match="frame 4 has a missing coordinate"):
        next(read_take(take))


@pytest.mark.parametrize(
    ("marks", "reps"),
    [
        ([115, 244, 380], (115, 244, 380)),
        ([], ()),
        ([7], ()),
        ([0, 400], (0, 400)),
        ([0.0, 2e2], (0, 200)),
        ([0, 430], (0, 400)),  # the video runs on after the joints
        ([10, 100, 410, 440], (10, 100, 400)),  # and has one more repetition there
        ([410, 440], ()),
    ],
)
def test_rep_marks(tmp_path, marks, reps):
    dump(tmp_path / "rep_ann.json", {"squat": marks})
    assert read_reps(tmp_path / "rep_ann.json", "squat", 400) == reps
    assert read_reps(tmp_path / "rep_ann.json", "walk_the_box", 400) == ()
    assert read_reps(tmp_path / "none.json", "squat", 400) == ()


@pytest.mark.parametrize("marks", [[5, 5], [9, 3], [-1, 4], [0, 451], [0.5, 3], "3", [[1, 2]]])
def test_wrong_rep_marks_are_refused(tmp_path, marks):
    dump(tmp_path / "rep_ann.json", {"squat": marks})
    with pytest.raises(UserError, match=r"rep_ann\.json: 'squat'"):
        read_reps(tmp_path / "rep_ann.json", "squat", 400)


def test_marks_are_told_as_the_file_has_them(tmp_path):
    dump(tmp_path / "rep_ann.json", {"squat": [10, 440, 410]})
    with pytest.raises(UserError, match=r"do not increase: \[10, 440, 410\]"):
        read_reps(tmp_path / "rep_ann.json", "squat", 400)


def test_47_actions():
    assert len(ACTIONS) == len(set(ACTIONS)) == 47
    assert {"warmup_1", "warmup_19", "pushup", "diamond_pushup"} < set(ACTIONS)


def test_shipped_splits():
    official = load_split(str(REPO / "configs/splits/official.yaml"))
    assert official == Split(TRAIN_SUBJECTS, TEST_SUBJECTS, ACTIONS)
    ours = load_split(str(REPO / "configs/splits/perfectrep.yaml"))
    assert ours.test == ("s08", "s09")
    assert ours.actions is None
    assert set(ours.train) | set(ours.test) == set(TRAIN_SUBJECTS)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"test": ["s03"]}, "s03 in both train and test"),
        ({"development": ["s08"]}, "s08 in both development and test"),
        ({"test": []}, "test is empty"),
        ({"train": ["s03", "s03"]}, "names s03 twice"),
        ({"subjects": ["s03"]}, "unknown key"),
        ({"train": "s03"}, "train"),
        ({"train": ["s 03"]}, "no subject name: s 03"),
    ],
)
def test_wrong_splits_are_refused(keys, message):
    with pytest.raises(UserError, match=message):
        build(Split, {"train": ["s03"], "test": ["s08"], "actions": ["squat"]} | keys, "own.yaml")


def test_split_of_a_store(tmp_path):
    keys = [("s03", "pushup"), ("s03", "diamond_pushup"), ("s08", "pushup"), ("own1", "pushup")]
    sequences = (Sequence(f"{s}/{a}", s, a, s, 0, 0, 50.0) for s, a in keys)
    recordings = ((sequence, np.zeros((1, 17, 3)), None, None) for sequence in sequences)
    write_store(tmp_path / "store", "world", recordings)
    store = open_store(tmp_path / "store")
    split = Split(("s03", "s11"), ("s08",), ("pushup",))
    assert [split_sequences(store, split, side) for side in SIDES] == [[0], [], [2]]
    own = Split(("own1",), ("s02",))
    assert [split_sequences(store, own, side) for side in SIDES] == [[3], [], []]
    with pytest.raises(UserError, match="no subject 's30' of the split; it has own1, s03, s08"):
        split_sequences(store, Split(("s30",), ("s08",)), "train")
    assert select(store, actions=split.actions) == [0, 2, 3]
    for wrong, nearest in (("push-up", "pushup"), ("warmup_20", "warmup_2")):
        with pytest.raises(UserError, match=f"no sequence has '{wrong}'; nearest: .*{nearest}"):
            split_sequences(store, Split(("s03",), ("s08",), (wrong,)), "train")


def test_a_split_has_the_exercises_of_its_store_unless_it_names_some(tmp_path):
    keys = [("s03", "pushup"), ("s03", "lunge"), ("s08", "sit_to_stand")]
    sequences = (Sequence(f"{s}/{a}", s, a, s, 0, 0, 50.0) for s, a in keys)
    recordings = ((sequence, np.zeros((1, 17, 3)), None, None) for sequence in sequences)
    write_store(tmp_path / "store", "world", recordings)
    store = open_store(tmp_path / "store")
    ours = load_split(str(REPO / "configs/splits/perfectrep.yaml"))
    assert [split_sequences(store, ours, side) for side in SIDES] == [[0, 1], [], [2]]
    lunges = Split(("s03",), ("s08",), ("lunge",))
    assert [split_sequences(store, lunges, side) for side in SIDES] == [[1], [], []]
    official = load_split(str(REPO / "configs/splits/official.yaml"))
    assert split_sequences(store, official, "train") == [0]
