"""The pose records, their files, and writing aside."""

import warnings
import zipfile

import numpy as np
import pytest

from lib.errors import UserError
from lib.pose import Detections, Pose2D, Pose3D, written_aside
from lib.pose_files import load_pose2d, load_pose3d
from lib.skeleton import JOINTS


def pose2d(num_frames=4, **changes):
    rng = np.random.default_rng(0)
    known = {
        "xy_px": rng.normal(size=(num_frames, 17, 2)), "score": np.ones((num_frames, 17)),
        "fps": 29.97, "size_px": (1920, 1080), "source": "a.json",
    }  # fmt: skip
    return Pose2D(**known | changes)


def pose3d(num_frames=4, **changes):
    rng = np.random.default_rng(0)
    known = {
        "xyz": rng.normal(size=(num_frames, 17, 3)), "fps": 50.0, "unit": "relative",
        "frame": "camera", "valid": np.arange(num_frames) != 1,
    }  # fmt: skip
    return Pose3D(**known | changes)


def assert_same_record(a, b):
    assert type(a) is type(b)
    for name in a.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


@pytest.mark.parametrize("num_frames", [0, 1, 4])
def test_poses_survive_their_files(tmp_path, num_frames):
    for pose, load in ((pose2d(num_frames), load_pose2d), (pose3d(num_frames), load_pose3d)):
        pose.save(tmp_path / "pose.npz")
        assert_same_record(load(tmp_path / "pose.npz"), pose)


def test_I10_pose3d_file_describes_itself(tmp_path):
    pose3d(frame="camera").save(tmp_path / "camera.npz")
    pose3d(frame="world").save(tmp_path / "world.npz")
    with np.load(tmp_path / "camera.npz") as stored:
        assert tuple(stored["joint_names"]) == JOINTS
        assert stored["axes"] == "x right, y down, z forward"
        assert {"unit", "fps", "frame_id", "time_s", "valid", "sigma"} <= set(stored.files)
    with np.load(tmp_path / "world.npz") as stored:
        assert stored["axes"] == "z up"


def test_defaults_of_a_pose3d():
    pose = pose3d()
    np.testing.assert_allclose(pose.time_s, [0, 0.02, 0.04, 0.06])
    assert pose.frame_id.tolist() == [0, 1, 2, 3]
    assert np.isnan(pose.sigma).all()
    assert pose.score[:, 0].tolist() == [1, 0, 1, 1]


@pytest.mark.parametrize("make", [pose2d, pose3d])
@pytest.mark.parametrize("fps", [0.0, -25.0, float("nan"), float("inf"), None, "50"])
def test_frame_rate_must_be_above_zero(make, fps):
    with warnings.catch_warnings(), pytest.raises(ValueError, match="fps is .* above 0"):
        warnings.simplefilter("error")
        make(fps=fps)


@pytest.mark.parametrize(
    ("make", "changes", "text"),
    [
        (pose2d, {"xy_px": np.zeros((4, 16, 2))}, r"xy_px has shape \(4, 16, 2\)"),
        (pose2d, {"score": np.zeros((3, 17))}, "score has shape"),
        (pose2d, {"time_s": np.zeros(5)}, "time_s has shape"),
        (pose2d, {"xy_px": np.zeros((4, 17, 2)).tolist()}, "xy_px is a list, expected an array"),
        (pose3d, {"xyz": np.zeros((4, 17, 3)).tolist()}, "xyz is a list, expected an array"),
        (pose3d, {"xyz": np.zeros((4, 17, 2))}, "xyz has shape"),
        (pose3d, {"valid": np.ones(3, bool)}, "valid has shape"),
        (pose3d, {"sigma": np.ones((4, 16))}, "sigma has shape"),
        (pose3d, {"unit": "mm"}, "unit 'mm'"),
        (pose3d, {"frame": "body"}, "frame 'body'"),
    ],
)
def test_records_check_their_shapes(make, changes, text):
    with pytest.raises(ValueError, match=text):
        make(**changes)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"time_s": [0, 0.1, 0.1, 0.2]}, "time_s does not increase after frame 1"),
        ({"time_s": [0, 0.1, np.nan, 0.2]}, "time_s does not increase after frame 1"),
        ({"time_s": [np.inf] * 4}, "time_s does not increase after frame 0"),
        ({"size_px": (0, 0)}, r"size_px is \(0, 0\)"),
        ({"size_px": (float("nan"), 480)}, r"size_px is \(nan, 480\)"),
        ({"size_px": (640, float("nan"))}, r"size_px is \(640, nan\)"),
        ({"num_frames": 20, "time_s": np.arange(20) * 40.0}, "steps of 40 at .* seconds"),
    ],
)
def test_times_are_increasing_seconds_and_pictures_have_a_size(changes, text):
    changes = {k: np.array(v, float) if k == "time_s" else v for k, v in changes.items()}
    with pytest.raises(ValueError, match=text):
        pose2d(**changes)


def test_a_pause_in_a_recording_is_no_other_unit():
    late = np.arange(20) / 50 + 60.0 * (np.arange(20) > 10)
    assert pose2d(20, time_s=late).time_s[-1] > 60
    assert pose2d(2, time_s=np.array([0, 60.0])).time_s[-1] == 60


def test_detections_check_their_shapes():
    arrays = {
        "frame_id": np.array([0, 0, 1]), "xy_px": np.zeros((3, 17, 2)),
        "score": np.ones((3, 17)), "score_raw": np.ones((3, 17)), "person_score": np.ones(3),
    }  # fmt: skip
    assert Detections(**arrays, person_id=None).person_id is None
    with pytest.raises(ValueError, match="person_id has shape"):
        Detections(**arrays, person_id=np.zeros(2))


def stored(tmp_path, **changes):
    """A pose3d.npz with entries changed, or left out where the change is None."""
    path = tmp_path / "pose3d.npz"
    pose3d().save(path)
    with np.load(path) as archive:
        content = {name: archive[name] for name in archive.files} | changes
    np.savez(path, **{name: value for name, value in content.items() if value is not None})
    return path


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"unit": None, "valid": None}, "has no unit, valid"),
        ({"joint_names": np.array(JOINTS[::-1])}, "another skeleton"),
        ({"joint_names": None}, "has no joint_names"),
        ({"xyz": np.zeros((4, 16, 3))}, "xyz has shape"),
        ({"xyz": np.zeros(())}, "pose3d.npz: "),
        ({"fps": np.array(0.0)}, "fps is 0.0"),
        ({"fps": np.array("fast")}, "pose3d.npz: "),
        ({"height_m": np.array(3.5)}, "height_m is 3.5, expected 0.9 to 2.5"),
        ({"xyz": np.array([None, 1], object)}, "not a Pose3D in .npz form"),
    ],
)
def test_files_of_other_content_are_refused_in_one_line(tmp_path, changes, text):
    with pytest.raises(UserError, match=text) as caught:
        load_pose3d(stored(tmp_path, **changes))
    assert "pose3d.npz" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"no npz", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "pose.npz").write_bytes(content)
    for load in (load_pose2d, load_pose3d):
        with pytest.raises(UserError, match="pose.npz: not a Pose"):
            load(tmp_path / "pose.npz")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_files_are_refused(tmp_path, share):
    path = tmp_path / "pose.npz"
    pose3d().save(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(UserError, match="damaged"):
        load_pose3d(path)


def test_a_damaged_member_is_refused(tmp_path):
    path = tmp_path / "pose.npz"
    pose3d().save(path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.getinfo("xyz.npy").header_offset
    content[start + 60 : start + 90] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        load_pose3d(path)


def test_missing_file_and_folder_are_refused(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        load_pose3d(tmp_path / "none.npz")
    with pytest.raises(UserError, match="directory"):
        load_pose3d(tmp_path)


def test_written_aside_makes_the_folder_and_the_file(tmp_path):
    target = tmp_path / "new" / "out.json"
    with written_aside(target) as aside:
        assert aside.suffix == ".json"
        aside.write_text("{}")
        assert not target.exists()
    assert target.read_text() == "{}"
    assert [p.name for p in target.parent.iterdir()] == ["out.json"]


def test_written_aside_leaves_the_old_file_on_an_error(tmp_path):
    target = tmp_path / "out.json"
    target.write_text("old")
    with pytest.raises(RuntimeError), written_aside(target) as aside:
        aside.write_text("half a n")
        raise RuntimeError
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


@pytest.mark.parametrize(
    "write", [np.savez, lambda a, x: x.tofile(a), lambda a, x: a.write_bytes(x.tobytes())]
)
def test_a_full_disk_is_one_line_and_leaves_the_old_file(tmp_path, write):
    resource = pytest.importorskip("resource")
    target = tmp_path / "out.npz"
    target.write_text("old")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, usual[1]))
    try:
        with (
            pytest.raises(UserError, match=r"out\.npz: cannot write all of it .*; make room"),
            written_aside(target) as aside,
        ):
            write(aside, np.zeros(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.npz"]


def test_an_unwritable_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file/out\.json: cannot write there"):  # noqa: SIM117
        with written_aside(tmp_path / "file" / "out.json"):
            pytest.fail("the block must not run")


def test_a_folder_in_the_files_place_is_named(tmp_path):
    (tmp_path / "out.json" / "sub").mkdir(parents=True)
    with (
        pytest.raises(UserError, match=r"out\.json: cannot write there"),
        written_aside(tmp_path / "out.json") as aside,
    ):
        aside.write_text("{}")
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]
