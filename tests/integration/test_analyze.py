"""tools/analyze.py: any motion to a report without torch, the same as infer_wild.py's."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import orjson
import pytest
from analysed import MADE, XYZ, counts, refused, report_in, runner
from moving_body import as_pose
from pages import ROOT
from tiny_models import save_classifier, save_lifter

import infer_wild
from lib.infer.mirrored import mirrored_3d
from lib.pose_files import load_pose3d
from lib.skeleton import COCO17, JOINT, MIRROR
from tools import make_fit3d

SIDED = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")


@pytest.fixture
def run(tmp_path, capsys):
    return runner(tmp_path, capsys)


def test_torch_is_never_imported(tmp_path):
    as_pose(XYZ).save(tmp_path / "pose3d.npz")
    code = (
        "import sys; from tools import analyze; "
        f"code = analyze.main([{str(tmp_path / 'pose3d.npz')!r}, '-o', {str(tmp_path / 'o')!r}]); "
        "assert 'torch' not in sys.modules; sys.exit(code)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    assert counts(report_in(tmp_path / "o")) == [3]


def write_detections(path, *, is_mirrored=False):
    """AlphaPose's COCO-17 of a squat in a picture of 640 x 480, or of its mirror image."""
    px = 300 * XYZ[..., :2] / XYZ[..., 2:] + [320, 240]
    names = [name if name in JOINT else "nose" for name in COCO17.joints]
    if is_mirrored:
        px[..., 0] = 640 - px[..., 0]
        other = {"l": "r", "r": "l"}
        names = [other.get(n[0], n[0]) + n[1:] if n[1:] in SIDED else n for n in names]
    points = np.dstack([px[:, [JOINT[n] for n in names]], np.full((len(px), 17), 0.9)])
    path.write_bytes(orjson.dumps([
        {"image_id": f"{i}.jpg", "category_id": 1, "keypoints": p.ravel().tolist(), "score": 2.0}
        for i, p in enumerate(points)
    ]))  # fmt: skip


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return ["-c", str(save_lifter(folder / "lifter.pt")),
            "--classifier", str(save_classifier(folder / "action.pt"))]  # fmt: skip


def wild(folder, json_name, models, *flags, out="wild"):
    argv = ["-j", str(folder / json_name), "-o", str(folder / out), "--fps", "30", "--no-render"]
    assert infer_wild.main([*argv, *models, *flags]) == 0
    return folder / out


@pytest.mark.parametrize("more", [(), ("--mirrored", "--size", "640x480")])
def test_the_same_pose_gives_the_same_files_as_infer_wild(run, tmp_path, models, more):
    write_detections(tmp_path / "det.json")
    told = ["--exercise", "squat", "--load-kg", "100,110,120", "--athlete", "Åsa <b>",
            "--recorded-at", "2026-03-14T18:30+01:00", "--strictness", "1.5"]  # fmt: skip
    made = wild(tmp_path, "det.json", models, *told, "--height", "1.8", *more)
    code, said, _ = run("wild/pose3d.npz", *told)
    assert code == 0 and "warning: " in said
    for name in MADE:
        assert (tmp_path / "out" / name).read_bytes() == (made / name).read_bytes(), name
    athlete = report_in(tmp_path / "out")["athlete"]
    assert athlete == {"name": "Åsa <b>", "height_m": 1.8,
                       "recorded_at": "2026-03-14T18:30:00+01:00"}  # fmt: skip
    assert "<b>" not in (tmp_path / "out/report.html").read_text().split("<body>")[0]


def test_a_mirrored_video_gives_the_motion_of_the_straight_one(run, tmp_path, models):
    write_detections(tmp_path / "straight.json")
    write_detections(tmp_path / "mirror.json", is_mirrored=True)
    size = ["--size", "640x480", "--exercise", "squat"]
    straight = wild(tmp_path, "straight.json", models, *size, out="straight")
    mirror = wild(tmp_path, "mirror.json", models, *size, "--mirrored", out="mirror")
    was, is_now = (load_pose3d(folder / "pose3d.npz") for folder in (straight, mirror))
    np.testing.assert_allclose(is_now.xyz, was.xyz, atol=1e-4)
    np.testing.assert_allclose(is_now.sigma, was.sigma, atol=1e-4)
    assert is_now.is_mirrored and not was.is_mirrored
    # On the picture: the true left wrist is where the mirror image shows it.
    np.testing.assert_allclose(is_now.xy_px[..., 0], 640 - was.xy_px[..., 0], atol=1e-6)
    assert "mirrored_video" in [w["code"] for w in report_in(mirror)["warnings"]]
    # The same from a pose that nobody had put right.
    wild(tmp_path, "mirror.json", models, *size, out="wrong")
    assert run("wrong/pose3d.npz", "--exercise", "squat", "--mirrored")[0] == 0
    wrong = mirrored_3d(load_pose3d(tmp_path / "wrong/pose3d.npz"))
    np.testing.assert_allclose(wrong.xyz, was.xyz, atol=1e-4)
    np.testing.assert_allclose(wrong.xy_px, is_now.xy_px, atol=1e-6)
    np.testing.assert_allclose(wrong.xyz_image, was.xyz_image, atol=1e-2)
    assert counts(report_in(tmp_path / "out")) == counts(report_in(straight))
    refused(run("mirror/pose3d.npz", "--mirrored", out="no"), tmp_path / "no", "put right already")


def test_left_and_right_change_places_with_mirrored(run, tmp_path):
    xyz = XYZ.copy()
    as_pose(xyz).save(tmp_path / "straight.npz")
    as_pose(mirrored_3d(as_pose(xyz)).xyz).save(tmp_path / "mirror.npz")
    for name, flags in (("straight", []), ("mirror", ["--mirrored"])):
        run(f"{name}.npz", "--exercise", "squat", *flags, out=name)
    right, left = (report_in(tmp_path / n)["frame"] for n in ("straight", "mirror"))
    assert right["view"] == left["view"]
    np.testing.assert_allclose(right["ml"], left["ml"], atol=1e-6)
    pose = as_pose(xyz, size_px=(640, 480))
    again = mirrored_3d(mirrored_3d(pose))
    np.testing.assert_array_equal(again.xyz, pose.xyz)
    assert not np.array_equal(xyz[:, MIRROR], xyz)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int32"])
def test_arrays_of_any_numbers_and_scale(run, tmp_path, dtype):
    np.save(tmp_path / "X3D.npy", (1000 * XYZ).astype(dtype))
    code, said, _ = run("X3D.npy", "--fps", "30")
    report = report_in(tmp_path / "out")
    assert code == 0 and counts(report) == [3] and "set 1: 3 reps" in said
    assert report["exercise"]["name"] == "squat" and not report["scale"]["metric"]
    assert run("X3D.npy", "--fps", "30", "--height", "1.8")[0] == 0
    report = report_in(tmp_path / "out")
    assert report["scale"]["method"] == "user_height" and report["units"]["length"] == "m"
    assert report["athlete"] == {"height_m": 1.8}


def test_fit3d_is_read_in_metres_and_with_its_own_up(run, tmp_path):
    tree = ["--out", str(tmp_path), "--subjects", "s03", "--reps", "3"]
    assert make_fit3d.main([*tree, "--actions", "squat", "deadlift"]) == 0
    for action in ("squat", "deadlift"):
        name = f"train/s03/joints3d_25/{action}.json"
        assert run(name, out=action)[0] == 0
        report = report_in(tmp_path / action)
        assert counts(report) == [3] and report["exercise"]["name"] == action
        assert report["frame"]["up_method"] == "given" and report["source"]["fps"] == 50
        assert report["scale"]["method"] == "calibrated_camera"
        assert report["frame"]["view"]["class"] == "not_applicable"
    refused(run(name, "--height", "1.8", out="no"), tmp_path / "no", "measured metres")
    refused(run(name, "--mirrored", out="no"), tmp_path / "no", "world")


def test_another_rate_stretches_the_clock(run, tmp_path):
    as_pose(XYZ).save(tmp_path / "pose3d.npz")
    run("pose3d.npz")
    slow = report_in(tmp_path / "out")["sets"][0]["reps"][0]["tempo"]["eccentric_s"]
    assert run("pose3d.npz", "--fps", "60")[0] == 0
    report = report_in(tmp_path / "out")
    assert report["source"]["fps"] == 60
    quick = report["sets"][0]["reps"][0]["tempo"]["eccentric_s"]
    assert quick == pytest.approx(slow / 2, abs=0.1)


def test_a_plate_gives_metres_where_the_pose_knows_its_picture(run, tmp_path):
    pose = as_pose(XYZ, focal_px=600.0, size_px=(640, 480), source="a.json")
    i_frame = 5
    wrists = XYZ[i_frame, [13, 16]].mean(0)
    x, y = 600 * wrists[:2] / wrists[2] + [320, 240]
    wide = 600 * 0.45 / wrists[2]
    box = [str(v) for v in (i_frame, x - wide / 2, y - wide / 2, wide, wide)]
    pose.save(tmp_path / "pose3d.npz")
    assert run("pose3d.npz", "--plate-box", *box)[0] == 0
    straight = report_in(tmp_path / "out")["scale"]
    assert straight["method"] == "plate" and 0.7 < straight["m_per_unit"] < 1.4
    # The mirror image, in which the box is on the other side.
    mirror = replace(mirrored_3d(pose), is_mirrored=False)
    mirror.save(tmp_path / "mirror.npz")
    box[1] = str(640 - x - wide / 2)
    assert run("mirror.npz", "--mirrored", "--plate-box", *box)[0] == 0
    assert report_in(tmp_path / "out")["scale"] == pytest.approx(straight)
