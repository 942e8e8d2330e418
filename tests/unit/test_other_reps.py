"""MM-Fit and REHAB24-6: files in their formats are read, and what is not as described is named."""

import csv

import numpy as np
import pytest
from moving_body import Timing, join, lift, walk

from benchmarks import mmfit, other_reps, rehab24
from benchmarks.foreign_axes import turned_up
from lib.analysis.form import joint_angles
from lib.errors import UserError
from lib.skeleton import JOINT, JOINTS

SIX = [Timing(1.0, 0.1, 0.9, 0.3)] * 6
Y_UP = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
"""x, y forward, z up to x, y up, z backward: a rotation."""


@pytest.fixture(scope="module")
def workout_xyz():
    """(T, 17, 3) millimetres: 6 s of walking, six squats, 6 s of walking; and the set's frames."""
    squats, _ = lift("squat", SIX, 30)
    xyz = 1000 * join(walk(6, 30), squats, walk(6, 30), fps=30)
    return xyz, (170, 170 + len(squats) - 10)


def write_mmfit(root, xyz, span, axes=None, first_id=0):
    folder = root / "w07"
    folder.mkdir(parents=True)
    xyz = xyz if axes is None else xyz @ axes.T
    content = np.zeros((3, len(xyz), 18))
    content[:, :, 0] = first_id + np.arange(len(xyz))
    content[:, :, 1:] = np.moveaxis(xyz, -1, 0)
    np.save(folder / "w07_pose_3d.npy", content)
    row = f"{first_id + span[0]},{first_id + span[1]},6,squats\n"
    (folder / "w07_labels.csv").write_text(row)
    return folder


@pytest.mark.parametrize("axes", [None, Y_UP, Y_UP @ Y_UP @ Y_UP])
def test_mmfit_whichever_axis_is_up(tmp_path, workout_xyz, axes):
    xyz, span = workout_xyz
    workout = mmfit.read_workout(write_mmfit(tmp_path, xyz, span, axes, first_id=400))
    assert workout.xyz[:, JOINT["head"], 2].mean() > workout.xyz[:, JOINT["lankle"], 2].mean() + 900
    pose = workout.set_pose(0)
    assert pose.frame_id[0] == 400 + span[0] - mmfit.MARGIN
    before = workout.between(400, 400 + len(xyz))
    knees = joint_angles(before)["knee_l"]
    assert np.nanmax(knees) == pytest.approx(110, abs=3)


def test_mmfit_table(tmp_path, workout_xyz, capsys):
    write_mmfit(tmp_path, *workout_xyz)
    assert other_reps.main(["--mm-fit", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = next(row.split() for row in lines if row.startswith("squats     told"))
    assert told[2:] == ["1", "1.000", "1.000", "0.000"]
    assert any("constant-6" in row for row in lines)
    pause = next(row for row in lines if row.startswith("non_activity"))
    assert "recognised 0.00" in pause and "told squat 0.00" in pause
    assert "R22: REHAB24-6 is not here" in lines[-1]


def test_mmfit_frames_left_out_are_time_that_passed(tmp_path, workout_xyz):
    xyz, span = workout_xyz
    folder = write_mmfit(tmp_path, xyz, span)
    path = folder / "w07_pose_3d.npy"
    content = np.load(path)
    np.save(path, np.delete(content, np.s_[200:210], axis=1))
    pose = mmfit.read_workout(folder).set_pose(0)
    assert np.diff(pose.time_s).max() == pytest.approx(11 / 30)


def test_mmfit_neighbours_do_not_reach_into_each_other(tmp_path, workout_xyz):
    xyz, _ = workout_xyz
    folder = write_mmfit(tmp_path, xyz, (100, 200))
    (folder / "w07_labels.csv").write_text("210,300,3,squats\n100,200,3,lunges\n")
    first, second = (mmfit.read_workout(folder).set_pose(i) for i in (0, 1))
    assert first.frame_id[-1] == 209 and second.frame_id[0] == 201
    assert [len(pose.xyz) for pose in mmfit.read_workout(folder).pauses()] == [len(xyz) - 301]


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ("1,2,3\n", "labels.csv:1: expected start_frame"),
        ("1,2,3,squats\n5,x,3,squats\n", "labels.csv:2: expected"),
        ("9,2,3,squats\n", "labels.csv:1: "),
        ("1,20,3,yoga\n", "is no set of squats"),
        ("start,end,reps,activity\n", "labels.csv:1"),
    ],
)
def test_mmfit_labels_that_are_none(tmp_path, workout_xyz, labels, what):
    folder = write_mmfit(tmp_path, *workout_xyz)
    (folder / "w07_labels.csv").write_text(labels)
    with pytest.raises(UserError, match=what):
        mmfit.read_workout(folder)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda c: c[:, :, 1:], r"has shape \(3, \d+, 17\), expected \(3, frames, 18\)"),
        (lambda c: np.moveaxis(c, 0, -1), "has shape"),
        (lambda c: c + 0.5, "expected frame numbers"),
        (lambda c: c[:, ::-1], "do not increase"),
        (lambda c: c * np.array([-1, 1, 1])[:, None, None] * np.r_[-1, np.ones(17)], "exchanged"),
    ],
)
def test_mmfit_arrays_that_are_not_as_described(tmp_path, workout_xyz, change, what):
    folder = write_mmfit(tmp_path, *workout_xyz)
    path = folder / "w07_pose_3d.npy"
    np.save(path, change(np.load(path)))
    with pytest.raises(UserError, match=what):
        mmfit.read_workout(folder)


def test_axes_that_no_one_stands_along():
    xyz, _ = lift("squat", SIX, 30)
    slanted = np.linalg.qr(np.array([[1.0, -1, 0], [1, 1, -2], [1, 1, 1]]).T)[0]
    slanted *= np.sign(np.linalg.det(slanted))
    with pytest.raises(UserError, match="file: no axis is vertical"):
        turned_up(xyz @ slanted.T, "file")
    with pytest.raises(UserError, match="no frame has a neck"):
        turned_up(np.full_like(xyz, np.nan), "file")
    assert np.allclose(turned_up(xyz, "file")[..., 2], xyz[..., 2])


def write_rehab(root, name="PM_001"):
    xyz, marks = lift("squat", SIX, 30)
    xyz = xyz @ Y_UP.T
    content = np.ones((len(xyz), 26, 4))
    content[..., :3] = xyz[:, [JOINT["root"]]]
    content[:, rehab24.WORKING, :3] = xyz
    (root / "3d_joints/Ex6").mkdir(parents=True)
    np.save(root / f"3d_joints/Ex6/{name}-30fps.npy", content)
    columns = ["video_id", "repetition_number", "exercise_id", "person_id", "first_frame"]
    columns += ["last_frame", "cam17_orientation", "mocap_erroneous", "correctness"]
    with (root / "Segmentation.csv").open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(columns)
        for i, (start_s, _, end_s) in reversed(list(enumerate(marks))):
            frames = round(30 * start_s) + 1, round(30 * end_s) + 6
            writer.writerow([name, i + 1, 6, 1, *frames, "front", int(i == 2), int(i > 1)])
    return xyz, marks


def test_rehab24_reads_repetitions_and_pose(tmp_path):
    xyz, marks = write_rehab(tmp_path)
    (video,) = rehab24.read_segmentation(tmp_path / "Segmentation.csv")
    assert video.frames[0].tolist() == [round(30 * marks[0][0]), round(30 * marks[0][2]) + 6]
    assert video.is_correct.tolist() == [False] * 2 + [True] * 4
    assert video.is_erroneous.sum() == 1
    pose = rehab24.read_pose(tmp_path, video)
    assert pose.xyz.shape == (len(xyz), len(JOINTS), 3)
    assert pose.xyz[:, JOINT["head"], 2] == pytest.approx(xyz[:, JOINT["head"], 1])


def test_rehab24_joints_are_found_by_name():
    place = dict(zip(JOINTS, rehab24.WORKING, strict=True))
    names = {name: rehab24.FILE_JOINTS[i] for name, i in place.items()}
    assert len(rehab24.FILE_JOINTS) == 26 and len(set(rehab24.WORKING)) == len(JOINTS)
    assert (names["lshoulder"], names["rwrist"]) == ("LeftArm", "RightHand")
    assert (names["lhip"], names["rankle"], names["root"]) == ("LeftUpLeg", "RightFoot", "Hips")


def test_rehab24_table(tmp_path, capsys):
    write_rehab(tmp_path)
    assert other_reps.main(["--rehab24", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = next(row.split() for row in lines if row.startswith("squat      told"))
    assert told[2:5] == ["1", "6", "1.000"] and told[-2:] == ["1.000", "1.000"]
    assert lines[-1].startswith("1 repetitions in which")


def test_rehab24_files_that_are_not_as_described(tmp_path):
    write_rehab(tmp_path)
    table, array = tmp_path / "Segmentation.csv", tmp_path / "3d_joints/Ex6/PM_001-30fps.npy"
    (video,) = rehab24.read_segmentation(table)
    content = np.load(array)
    changes = {
        "expected .frames, 26, 4.": content[..., :3],
        "fourth coordinate": content * 2,
        "is it in metres": content * [100, 100, 100, 1],
        "exchanged": content * [-1, 1, 1, 1],
        "has 50 frames, Segmentation.csv goes to": content[:50],
    }
    for what, changed in changes.items():
        np.save(array, changed)
        with pytest.raises(UserError, match=what):
            rehab24.read_pose(tmp_path, video)
    array.unlink()
    with pytest.raises(UserError, match="cannot read"):
        rehab24.read_pose(tmp_path, video)
    text = table.read_text()
    for changed, what in {
        text.replace(";", ","): "not video_id",
        text.replace("PM_001;6;6", "PM_001;6;x"): "Segmentation.csv:2: no whole numbers",
    }.items():
        table.write_text(changed)
        with pytest.raises(UserError, match=what):
            rehab24.read_segmentation(table)


def test_without_data_it_says_so(monkeypatch, capsys, tmp_path):
    monkeypatch.delenv("PERFECTREP_MMFIT", raising=False)
    monkeypatch.delenv("PERFECTREP_REHAB24", raising=False)
    assert other_reps.main([]) == 0
    assert capsys.readouterr().out.count("is not here, so nothing was measured") == 2
    assert other_reps.main(["--mm-fit", str(tmp_path)]) == 2
    assert "no MM-Fit there" in capsys.readouterr().err
    assert other_reps.main(["--rehab24", str(tmp_path)]) == 2
