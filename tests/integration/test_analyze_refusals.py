"""R13: what tools/analyze.py says of files and flags that are not what they should be."""

import numpy as np
import pytest
from analysed import XYZ, refused, report_in, runner
from made_report import made_video
from moving_body import as_pose

from lib.errors import UserError
from lib.skeleton import indices


@pytest.fixture
def run(tmp_path, capsys):
    return runner(tmp_path, capsys)


@pytest.mark.parametrize(
    ("xyz", "said"),
    [
        (np.zeros((0, 17, 3)), "not detected"),
        (np.zeros((1, 17, 3)), "too short"),
        (np.full((90, 17, 3), np.nan), "not detected"),
        (np.full((90, 17, 3), np.inf), "not detected"),
        (np.ones((90, 17, 3), int), "no movement"),
        (XYZ[:20], "too short"),
    ],
)
def test_R13_nothing_to_count_is_a_report_of_none_with_the_reason(run, tmp_path, xyz, said):
    np.save(tmp_path / "X3D.npy", xyz)
    for flags in (["--exercise", "squat"], []):
        code, out, _ = run("X3D.npy", "--fps", "30", *flags)
        report = report_in(tmp_path / "out")
        assert code == 0 and report["sets"] == []
        assert said in out if flags else "warning: " in out
        assert not flags or report["rejected"]


def test_R13_other_arrays_and_rates_are_refused(run, tmp_path):
    shapes = {"18": (5, 18, 3), "25": (5, 25, 3), "133": (5, 133, 3), "2d": (5, 17, 2), "1": (51,)}
    for name, shape in shapes.items():
        np.save(tmp_path / f"{name}.npy", np.zeros(shape))
        outcome = run(f"{name}.npy", "--fps", "30")
        refused(outcome, tmp_path / "out", f"{name}.npy", str(shape), "(frames, 17, 3)")
    np.save(tmp_path / "text.npy", np.array(["a"]))
    np.save(tmp_path / "pickled.npy", np.array([None]), allow_pickle=True)
    np.save(tmp_path / "good.npy", XYZ)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "good.npy").read_bytes()[:5000])
    (tmp_path / "other.txt").write_text("no motion")
    out = tmp_path / "out"
    refused(run("text.npy", "--fps", "30"), out, "text.npy", "not numbers")
    refused(run("pickled.npy", "--fps", "30"), out, "pickled.npy", "pickled")
    refused(run("cut.npy", "--fps", "30"), out, "cut.npy", "damaged")
    refused(run("other.txt"), out, "other.txt", "pose3d.npz")
    refused(run("gone.npy", "--fps", "30"), out, "gone.npy", "No such file")
    refused(run(""), out, "is a folder", "joints3d_25")
    refused(run("good.npy"), out, "good.npy", "give --fps")
    for fps in ("0", "-5", "nan", "inf"):
        refused(run("good.npy", f"--fps={fps}"), out, "--fps")
    refused(run("good.npy", "--fps", "0.001"), out, "hours")
    refused(run("good.npy", "--fps", "1e9"), out, "good.npy", "1e+09 fps", "up to 1000", "--fps")


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        ({"fps": None}, ["has no fps", "--fps"]),
        ({"fps": np.array(0.0)}, ["fps is 0.0"]),
        ({"fps": np.array(np.nan)}, ["fps is nan"]),
        ({"unit": np.array("mm")}, ["'mm'"]),
        ({"joint_names": None}, ["joint_names"]),
        ({"xyz": np.zeros((4, 16, 3))}, ["xyz has shape"]),
        ({"xyz": np.full((4, 17, 3), "a")}, ["xyz", "no numbers"]),
        ({"time_s": np.zeros(len(XYZ))}, ["does not increase"]),
        ({"frame": np.array("room")}, ["'room'"]),
        ({"fps": np.array(1e9), "time_s": None}, ["1e+09 fps", "--fps"]),
        ({"scale_method": np.array("guess")}, ["'guess'", "user_height"]),
        ({"fps": np.array([30.0, 30.0])}, ["fps has shape (2,)"]),
        ({"source": np.array(["a", "b"])}, ["source has shape (2,)"]),
        ({"size_px": np.array(640)}, ["size_px has shape ()"]),
        ({"warnings": np.array("one")}, ["warnings has shape (), expected (None,)"]),
        ({"valid": np.array(True)}, ["valid has shape ()"]),
        ({"valid": np.full(len(XYZ), np.nan)}, ["valid has a value that is no finite number"]),
        ({"frame_id": np.full(len(XYZ), np.nan)}, ["frame_id has a value"]),
        ({"frame_id": np.arange(len(XYZ)) + 100}, ["frame_id is not 0, 1, 2 ..."]),
        ({"frame_id": np.arange(len(XYZ)) * 2}, ["frame_id is not 0, 1, 2 ..."]),
        ({"time_s": np.array(0.0)}, ["time_s has shape ()"]),
    ],
)
def test_R13_other_pose_files_are_refused(run, tmp_path, changes, texts):
    as_pose(XYZ).save(tmp_path / "pose3d.npz")
    with np.load(tmp_path / "pose3d.npz") as archive:
        content = {k: archive[k] for k in archive.files} | changes
    np.savez(tmp_path / "other.npz", **{k: v for k, v in content.items() if v is not None})
    refused(run("other.npz"), tmp_path / "out", "other.npz", *texts)
    if "fps" in changes:
        assert run("other.npz", "--fps", "30")[0] == 0


def test_a_number_in_a_list_of_one_is_that_number(run, tmp_path):
    as_pose(XYZ, up=np.array([0, -1.0, 0]), up_sigma_deg=2.0).save(tmp_path / "pose3d.npz")
    with np.load(tmp_path / "pose3d.npz") as archive:
        content = {k: archive[k] for k in archive.files}
    for name in ("fps", "unit", "up_sigma_deg", "focal_px", "height_m"):
        content[name] = content[name].reshape(1)
    np.savez(tmp_path / "other.npz", **content)
    assert run("other.npz")[0] == 0
    assert report_in(tmp_path / "out")["frame"]["up_sigma_deg"] == 2


@pytest.mark.parametrize(
    ("flags", "texts"),
    [
        (["--load-kg", "a"], ["--load-kg", "100,110,120"]),
        (["--load-kg", "nan"], ["--load-kg nan"]),
        (["--load-kg=-5"], ["--load-kg -5"]),
        (["--height", "3"], ["--height 3", "0.9 to 2.5"]),
        (["--recorded-at", "yesterday"], ["yesterday", "2026-03-14T18:30:00+01:00"]),
        (["--recorded-at", "2026-03-14"], ["zone"]),
        (["--recorded-at", "2026-03-14T18:30"], ["zone"]),
        (["--strictness", "3"], ["0.5 to 2"]),
        (["--strictness", "nan"], ["0.5 to 2"]),
        (["--exercise", "squatt"], ["squatt", "squat"]),
        (["--athlete", " "], ["--athlete"]),
        (["--plate-diameter", "0.45"], ["--plate-box"]),
        (["--plate-box", "3", "1", "1", "9", "9"], ["--plate-box", "picture"]),
        (["-v", "gone.mp4"], ["gone.mp4"]),
    ],
)
def test_a_wrong_flag_gets_one_line_and_leaves_nothing(run, tmp_path, flags, texts):
    as_pose(XYZ).save(tmp_path / "pose3d.npz")
    refused(run("pose3d.npz", *flags), tmp_path / "out", *texts)


def test_a_height_that_unseen_legs_cannot_use_names_the_file(run, tmp_path):
    upper = XYZ.copy()
    upper[:, indices("lknee", "rknee", "lankle", "rankle")] = np.nan
    as_pose(upper).save(tmp_path / "upper.npz")
    refused(
        run("upper.npz", "--height", "1.8"), tmp_path / "out", "upper.npz: ", "--height", "legs"
    )
    as_pose(XYZ, unit="metre").save(tmp_path / "true.npz")
    refused(run("true.npz", "--height", "1.8"), tmp_path / "out", "true.npz: ", "measured metres")
    for factor in (0.0, np.nan):
        odd = as_pose(XYZ, unit="metre", scale_method="user_height", m_per_unit=factor)
        odd.save(tmp_path / "odd.npz")
        refused(run("odd.npz", "--height", "1.8"), tmp_path / "out", "odd.npz: m_per_unit is")


def test_a_video_of_another_recording_is_told(run, tmp_path):
    as_pose(XYZ).save(tmp_path / "pose3d.npz")
    num = len(XYZ)
    for num_pictures in (num, num - 3, 20):
        made_video(tmp_path / "film.mp4", num_pictures)
        code, said, _ = run("pose3d.npz", "-v", str(tmp_path / "film.mp4"))
        is_told = f"warning: film.mp4 has {num_pictures} frames, the motion {num}" in said
        assert code == 0 and is_told == (num_pictures == 20)
    assert "other_video" in [w["code"] for w in report_in(tmp_path / "out")["warnings"]]


def test_an_unwritable_folder_is_named(run, tmp_path):
    as_pose(XYZ).save(tmp_path / "pose3d.npz")
    (tmp_path / "file").write_text("in the way")
    code, _, complaint = run("pose3d.npz", out="file")
    assert code == 2 and "file: cannot write there" in complaint and complaint.count("\n") == 1


def test_an_up_that_does_not_say_how_it_was_found_is_given(run, tmp_path):
    as_pose(XYZ, up=np.array([0, -1.0, 0])).save(tmp_path / "pose3d.npz")
    code, _, _ = run("pose3d.npz")
    assert code == 0 and report_in(tmp_path / "out")["frame"]["up_method"] == "given"


def test_nothing_is_left_where_the_page_cannot_be_made(run, tmp_path, monkeypatch):
    def fail(*_):
        raise UserError("no page")

    monkeypatch.setattr("tools.analyze.write_page", fail)
    as_pose(XYZ).save(tmp_path / "pose3d.npz")
    refused(run("pose3d.npz"), tmp_path / "out", "no page")
