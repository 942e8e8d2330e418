"""infer_wild.py from end to end, with random weights; and every wrong input in one line."""

import csv
import json

import av
import numpy as np
import orjson
import pytest
from tiny_models import save_classifier, save_lifter

import infer_wild
from lib.pose_files import load_pose3d

WIDTH, HEIGHT, NUM_FRAMES, FPS = 96, 64, 45, 30
FIGURE = np.random.default_rng(3).uniform(-1, 1, (17, 2)) * [10, 25]
WRITTEN = {"X3D.npy", "pose2d.npz", "pose3d.npz", "report.html", "report.json", "reps.csv"}


def detection(frame, x=48.0, **more):
    xy = FIGURE + [x, 32 + 3 * np.sin(frame / 5)]
    keypoints = np.concatenate([xy, np.full((17, 1), 0.9)], 1)
    return {
        "image_id": f"{frame}.jpg", "category_id": 1, "keypoints": keypoints.ravel().tolist(),
        "score": 2.0, **more,
    }  # fmt: skip


GOOD = [detection(f) for f in range(10)]


def one_line(outcome, *texts):
    code, _, complaint = outcome
    assert code == 2 and complaint.startswith("error: ") and complaint.count("\n") == 1, complaint
    assert "Traceback" not in complaint and all(text in complaint for text in texts), complaint


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Checkpoints and a video that any test may use but not change."""
    folder = tmp_path_factory.mktemp("files")
    save_lifter(folder / "lifter.pt")
    save_classifier(folder / "action.pt")
    with av.open(str(folder / "video.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for i_frame in range(NUM_FRAMES):
            picture = np.full((HEIGHT, WIDTH, 3), 3 * i_frame, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    return folder


@pytest.fixture
def wild(files, tmp_path, capsys):
    """Runs infer_wild.py; returns exit code, stdout and stderr."""

    def run(content, *flags, video="video.mp4", out="out", name="result.json"):
        json_path = tmp_path / name
        is_raw = isinstance(content, bytes)
        json_path.write_bytes(content if is_raw else orjson.dumps(content))
        argv = ["-j", str(json_path), "-o", str(tmp_path / out)]
        argv += ["-v", str(files / video)] if video else []
        argv += ["-c", str(files / "lifter.pt"), "--classifier", str(files / "action.pt")]
        code = infer_wild.main([*argv, *flags])
        return (code, *capsys.readouterr())

    return run


def test_video_and_json_to_report_with_frames_missing_I1_I9_I10_I12(wild, tmp_path):
    seen = [f for f in range(NUM_FRAMES) if f not in (7, 8, 9, 20)]
    code, said, _ = wild([detection(f) for f in seen])
    assert code == 0, said
    out = tmp_path / "out"
    assert {p.name for p in out.iterdir() if p.name[0] != "."} == WRITTEN | {"X3D.mp4"}
    assert str(out / "report.html") in said.splitlines()[-1] and "exercise: " in said
    pose = load_pose3d(out / "pose3d.npz")
    assert pose.xyz.shape == (NUM_FRAMES, 17, 3) and pose.unit == "relative"
    assert pose.frame_id.tolist() == list(range(NUM_FRAMES))
    assert np.flatnonzero(~pose.valid).tolist() == [7, 8, 9, 20]
    np.testing.assert_allclose(pose.time_s, np.arange(NUM_FRAMES) / FPS, atol=1e-6)
    x3d = np.load(out / "X3D.npy", allow_pickle=False)
    np.testing.assert_array_equal(x3d, pose.xyz)
    with np.load(out / "pose3d.npz", allow_pickle=False) as archive:
        assert {"joint_names", "axes", "unit", "fps", "xyz_image", "sigma"} <= set(archive.files)
    report = json.loads((out / "report.json").read_text())
    assert report["source"]["n_frames"] == NUM_FRAMES
    assert next(csv.reader((out / "reps.csv").open()))
    with av.open(str(out / "X3D.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == NUM_FRAMES


def test_steps_are_skipped_until_something_changes(wild, tmp_path):
    content = [detection(f) for f in range(NUM_FRAMES)]
    out = tmp_path / "out"

    def written():
        return {p.name: p.stat().st_mtime_ns for p in out.iterdir() if p.name in WRITTEN}

    first = (wild(content, "--no-render"), written())
    assert not (out / "X3D.mp4").exists()
    second = (wild(content, "--no-render"), written())
    assert first == second
    wild(content, "--no-render", "--exercise", "deadlift")
    third = written()
    changed = {name for name in WRITTEN if third[name] != first[1][name]}
    assert changed == {"report.json", "reps.csv", "report.html"}
    wild(content, "--no-render", "--exercise", "deadlift", "--redo")
    assert all(written()[name] != third[name] for name in WRITTEN)


def test_a_video_that_was_renamed_is_named_anew_in_the_report(wild, files, tmp_path):
    content = [detection(f) for f in range(NUM_FRAMES)]
    before, after = tmp_path / "video0042.mp4", tmp_path / "squats.mp4"
    before.write_bytes((files / "video.mp4").read_bytes())
    wild(content, "--no-render", video=before)
    before.rename(after)
    wild(content, "--no-render", video=after)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["source"]["path"] == str(after)


def test_a_film_of_an_earlier_run_is_named(wild):
    content = [detection(f) for f in range(NUM_FRAMES)]
    for flags, is_older in [
        ([], False),
        (["--no-render"], False),
        (["--no-render", "--exercise", "deadlift"], True),
    ]:
        code, said, _ = wild(content, *flags)
        assert code == 0 and ("X3D.mp4 is of an earlier run" in said) == is_older


def test_height_and_plate_give_metres_and_a_new_one_makes_them_again(wild, tmp_path):
    content = [detection(f) for f in range(NUM_FRAMES)]
    out = tmp_path / "out"

    def run(*flags):
        code, said, complaint = wild(content, "--no-render", *flags)
        assert code == 0, complaint
        report = json.loads((out / "report.json").read_text())
        written = {p.name: p.stat().st_mtime_ns for p in out.iterdir() if p.name in WRITTEN}
        return said, load_pose3d(out / "pose3d.npz"), report, written

    _, without, report, _ = run()
    assert without.unit == "relative" and report["scale"]["method"] == "none"
    said, tall, report, before = run("--height", "1.9")
    assert "a person 1.90 m tall" in said and tall.unit == "metre" and tall.height_m == 1.9
    assert report["scale"]["metric"] and report["units"]["length"] == "m"
    assert report["scale"]["rel_sigma"] == pytest.approx(tall.scale_sigma)
    assert report["athlete"] == {"height_m": 1.9}
    assert run("--height", "1.9")[3] == before
    _, small, _, after = run("--height", "1.2")
    assert {name for name in WRITTEN if after[name] == before[name]} == {"pose2d.npz"}
    assert tall.m_per_unit / small.m_per_unit == pytest.approx(1.9 / 1.2)
    np.testing.assert_allclose(report["frame"]["up"], tall.up, atol=1e-5)
    assert "grow with the person" not in said


def test_metres_of_a_lifter_whose_poses_grow_in_the_picture_come_with_a_word(wild, tmp_path):
    picture = str(save_lifter(tmp_path / "picture.pt", target="image"))
    content = [detection(f) for f in range(NUM_FRAMES)]
    code, said, _ = wild(content, "--no-render", "-c", picture, "--height", "1.8")
    assert code == 0 and "grow with the person" in said
    assert "grow with the person" not in wild(content, "--no-render", "-c", picture)[1]


def test_a_wrong_size_gets_one_line(wild):
    one_line(wild(GOOD, "--height", "180"), "--height 180", "0.9 to 2.5")
    box = ["--plate-box", "3", "10", "10", "9", "9"]
    one_line(wild(GOOD, "--height", "1.8", *box), "give one of them")
    one_line(wild(GOOD, "--plate-diameter", "0.45"), "--plate-box FRAME X Y W H")
    one_line(wild(GOOD, "--plate-diameter", "45", *box), "0.1 to 0.6")
    one_line(wild(GOOD, "--plate-box", "3", "90", "10", "9", "9"), "96 x 64")
    one_line(wild(GOOD, "--plate-box", "300", "10", "10", "9", "9"), "frame 300")


def test_a_json_without_a_video(wild, tmp_path):
    content = [detection(f) for f in range(3, 33)]
    code, said, _ = wild(content, "--fps", "25", "--no-render", video=None)
    assert code == 0 and said.count("picture size") == 1 and "--size" in said
    report = orjson.loads((tmp_path / "out" / "report.json").read_bytes())
    told = {warning["code"]: warning["message"] for warning in report["warnings"]}
    assert "picture size" in told["recording"] and "px assumed" in told["focal_assumed"]
    pose = load_pose3d(tmp_path / "out" / "pose3d.npz")
    assert len(pose.xyz) == 33 and pose.fps == 25 and not pose.valid[:3].any()
    _, said, _ = wild(content, "--fps", "25", "--size", "96x64", "--no-render", video=None)
    assert "picture size" not in said
    one_line(wild(content, "--size", "96x64", "--no-render"), "--size", "video.mp4")


def test_a_json_shorter_than_the_video_is_normal(wild, tmp_path):
    assert wild([detection(f) for f in range(10)], "--no-render")[0] == 0
    pose = load_pose3d(tmp_path / "out" / "pose3d.npz")
    assert len(pose.xyz) == NUM_FRAMES and pose.valid.sum() == 10


def test_fps_cures_slow_motion_and_pixel_and_focal_are_heard(wild, tmp_path):
    content = [detection(f) for f in range(NUM_FRAMES)]
    wild(content, "--no-render", "--fps", "240", "--pixel", "--focal", "100", "--no-flip")
    pose = load_pose3d(tmp_path / "out" / "pose3d.npz")
    assert pose.time_s[-1] == pytest.approx((NUM_FRAMES - 1) / 240) and pose.fps == 240
    assert pose.focal_px == 100 and not pose.focal_is_assumed and np.isnan(pose.sigma).all()
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "X3D.npy"), pose.xyz_image)


def test_focus_takes_the_other_person_I3(wild, tmp_path):
    content = [detection(f, x, idx=i) for f in range(20) for i, x in ((1, 30.0), (2, 66.0))]
    _, said, _ = wild(content, "--no-render")
    assert "warning: " in said and "persons " in said and "--focus" in said
    _, said, _ = wild(content, "--no-render", "--focus", "2")
    assert "--focus" not in said
    pose = load_pose3d(tmp_path / "out" / "pose3d.npz")
    np.testing.assert_allclose(np.nanmean(pose.xy_px[:20, :, 0], 0)[9], FIGURE[0, 0] + 66, atol=0.1)
    code, _, complaint = wild(content, "--no-render", "--focus", "5")
    assert (
        code == 2
        and "no person 5; --focus takes " in complaint
        and "1 (" in complaint
        and "2 (" in complaint
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is empty"),
        (b"[]", "no detections"),
        (orjson.dumps(GOOD)[:500], "not whole JSON"),
        (b'{"a": 1}', "AlphaPose"),
        ([{**GOOD[0], "keypoints": GOOD[0]["keypoints"][:48]}], "16 keypoints"),
        (orjson.dumps(GOOD).replace(b"0.9", b"NaN", 1), "not a number"),
        ([detection(100)], "share none"),
        ([*GOOD, detection(NUM_FRAMES + 1)], f"decodes to {NUM_FRAMES} frames"),
    ],
)
def test_a_wrong_json_gets_one_line_and_leaves_good_files_alone(wild, tmp_path, content, text):
    assert wild(GOOD, "--no-render")[0] == 0
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    one_line(wild(content, "--no-render"), "result.json", text)
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before


def test_a_wrong_video_rate_or_person_gets_one_line(wild, files):
    (files / "broken.mp4").write_bytes(b"no video at all")
    one_line(wild(GOOD, video="broken.mp4"), "broken.mp4", "cannot read video")
    one_line(wild(GOOD, video="gone.mp4"), "gone.mp4")
    one_line(wild(GOOD, "--fps", "0"), "--fps 0")
    one_line(wild(GOOD, "--fps", "0", video=None), "--fps 0")
    one_line(wild(GOOD, video=None), "result.json", "give --fps")
    dated = [{**GOOD[0], "image_id": f"{number}.jpg"} for number in (20260000, 20260009)]
    one_line(wild(dated, "--fps", "50", video=None), "20260000 to 20260009", "-v")
    one_line(wild(GOOD, "--exercise", "squatt"), "squatt", "squat")


@pytest.mark.parametrize("video", ["video.mp4", None])
@pytest.mark.parametrize("fps", ["1e6", "0.0005"])
def test_a_rate_no_camera_has_gets_one_line(wild, tmp_path, video, fps):
    one_line(wild(GOOD, "--no-render", "--fps", fps, video=video), video or "result.json", "--fps")
    assert not (tmp_path / "out" / "pose2d.npz").exists()


@pytest.mark.parametrize(
    ("flag", "text", "wanted"),
    [
        ("--focal", "wide", "above 0"),
        ("--focal", "0", "above 0"),
        ("--size", "\u00b2x3", "1920x1080"),
        ("--size", "1920x0", "1920x1080"),
        ("--size", f"{'9' * 23}x1080", "1920x1080"),
    ],
)
def test_a_flag_that_is_no_number_is_told_what_would_do(wild, capsys, flag, text, wanted):
    with pytest.raises(SystemExit):
        wild(GOOD, flag, text)
    last = capsys.readouterr().err.splitlines()[-1]
    assert wanted in last and text in last and "invalid" not in last


@pytest.mark.parametrize("focal", ["10", "1e-300", "1e300"])
def test_a_focal_length_in_millimetres_gets_one_line(wild, focal):
    one_line(wild(GOOD, "--focal", focal), "focal length 1", "96 px", "2.67 for each millimetre")


def test_an_input_that_a_result_would_overwrite_is_refused(wild, files, tmp_path):
    (tmp_path / "out").mkdir()
    content = orjson.dumps(GOOD)
    one_line(wild(content, name="out/report.json"), "report.json", "overwrite it", "--out_path")
    assert (tmp_path / "out" / "report.json").read_bytes() == content
    film = tmp_path / "out" / "X3D.mp4"
    film.write_bytes((files / "video.mp4").read_bytes())
    one_line(wild(GOOD, video=film), "X3D.mp4", "overwrite it")
    assert film.read_bytes() == (files / "video.mp4").read_bytes()


def test_a_wrong_checkpoint_gets_one_line(wild, tmp_path):
    (tmp_path / "text.pt").write_text("hello")
    one_line(wild(GOOD, "-c", str(tmp_path / "text.pt")), "text.pt", "not a checkpoint")
    one_line(wild(GOOD, "-c", str(tmp_path / "gone.pt")), "gone.pt")
    wide = {"dim_feat": 32, "dim_rep": 16, "depth": 1, "num_heads": 2, "maxlen": 27}
    save_lifter(tmp_path / "wide.pt", model=wide)
    one_line(wild(GOOD, "-c", str(tmp_path / "wide.pt")), "wide.pt", "shape")
    one_line(wild(GOOD, "--classifier", str(tmp_path / "wide.pt")), "wide.pt", "'lifting'")


def test_an_unwritable_folder_is_found_before_any_work(wild, tmp_path):
    (tmp_path / "file").write_text("in the way")
    one_line(wild(b"not even looked at", out="file"), "file", "cannot write")


def test_what_is_quick_to_check_is_told_before_weights_are_read(wild, tmp_path):
    for name in ("text.pt", "file"):
        (tmp_path / name).write_text("hello")
    weights = ["-c", str(tmp_path / "text.pt")]
    one_line(wild(GOOD, *weights, video="gone.mp4"), "gone.mp4", "give a file that is there")
    one_line(wild(GOOD, *weights, "--classifier", "gone.pt"), "gone.pt", "give a file that is")
    assert not (tmp_path / "out").exists()
    one_line(wild(GOOD, *weights, out="file"), "file: cannot write")
    (tmp_path / "out").mkdir()
    one_line(wild(GOOD, *weights, name="out/report.json"), "overwrite it")


@pytest.mark.data
def test_real_alphapose_with_four_people_and_frames_missing(wild, data_folder, tmp_path):
    content = (data_folder / "alphapose" / "coco17_multi_person.json").read_bytes()
    across = []
    for focus in ("4", "1"):
        code, said, _ = wild(
            content, "--fps", "30", "--no-render", "--focus", focus, video=None, out=focus
        )
        assert code == 0, said
        pose = load_pose3d(tmp_path / focus / "pose3d.npz")
        assert len(pose.xyz) == 736 and pose.valid.sum() > 650
        trusted = np.where(pose.score > 0.2, pose.xy_px[..., 0], np.nan)
        across.append(np.nanmedian(trusted[pose.valid], 1))
    # The two never change sides in this recording.
    assert across[0].min() > 650 > across[1].max()


@pytest.mark.data
def test_a_real_phone_video(wild, data_folder, tmp_path):
    from benchmarks.blazepose import write_halpe26
    from benchmarks.opencap_sts import read_trial

    folder = data_folder / "opencap_sts"
    write_halpe26(read_trial(folder).points, tmp_path / "halpe.json")
    content = (tmp_path / "halpe.json").read_bytes()
    code, said, _ = wild(content, "--no-render", video=str(folder / "video.mp4"))
    assert code == 0 and "Halpe-26" in said
    pose = load_pose3d(tmp_path / "out" / "pose3d.npz")
    assert len(pose.xyz) == 798 and pose.valid.mean() > 0.99
    assert pose.fps == pytest.approx(60, abs=0.1)
