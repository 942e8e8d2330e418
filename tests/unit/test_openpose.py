"""OpenPose's folders: people followed, frame numbers from the file names, both layouts."""

import json
import tracemalloc
from collections import Counter

import numpy as np
import pytest

from lib.data.openpose import read_openpose, recordings_in
from lib.data.store import open_store
from lib.skeleton import BODY25, COCO18, JOINT
from tools import prepare_instavariety

FIGURE = np.random.default_rng(5).uniform(0, 1, (25, 2)) * [60, 180]


def person(layout, frame, x=100.0, score=0.8, **more):
    """A figure at x that walks 2 px a frame; keypoints in the layout's order."""
    figure = FIGURE[: layout.num_joints] + [x + 2.0 * frame, 50.0]
    flat = np.concatenate([figure, np.full((len(figure), 1), score)], 1).ravel().tolist()
    return {"pose_keypoints_2d": flat} | more


def write(folder, frames, people_of, name="clip_a"):
    folder.mkdir(parents=True, exist_ok=True)
    for frame in frames:
        content = {"version": 1.3, "people": people_of(frame)}
        (folder / f"{name}_{frame:012d}_keypoints.json").write_text(json.dumps(content))
    return folder


def prepare(source, *flags):
    out = source.parent / "store"
    code = prepare_instavariety.main(["--source", str(source), "--out", str(out), *flags])
    return open_store(out) if code == 0 else code


@pytest.mark.parametrize("layout", [BODY25, COCO18], ids=lambda layout: layout.name)
def test_joints_of_both_layouts(tmp_path, layout):
    write(tmp_path / "op", range(12), lambda f: [person(layout, f)])
    store = prepare(tmp_path / "op", "--fps", "30")
    px, score = store.detected_of(0)
    expected = FIGURE[layout.joints.index("rknee")] + [100, 50]
    np.testing.assert_allclose(px[0, JOINT["rknee"]], expected, rtol=1e-5)
    np.testing.assert_allclose(np.diff(px[..., 0], axis=0), 2, atol=1e-3)
    np.testing.assert_allclose(score, 0.8, rtol=1e-6)
    (sequence,) = store.sequences
    assert (sequence.group, sequence.fps) == ("clip_a", 30)


def test_people_are_followed_whatever_their_order(tmp_path):
    def people(frame):
        both = [person(BODY25, frame, 100), person(BODY25, frame, 700, score=0.6)]
        return both[:: 1 if frame % 2 else -1]

    store = prepare(write(tmp_path / "op", range(20), people))
    assert [s.num_frames for s in store.sequences] == [20, 20]
    assert len({s.subject for s in store.sequences}) == 2
    assert {s.group for s in store.sequences} == {"clip_a"}
    for i in range(2):
        px, score = store.detected_of(i)
        assert np.ptp(score) < 1e-6
        np.testing.assert_allclose(np.diff(px[..., 0], axis=0), 2, atol=1e-3)


def test_ids_of_openposes_own_tracking_are_kept(tmp_path):
    store = prepare(write(tmp_path / "op", range(12), lambda f: [person(BODY25, f, person_id=[6])]))
    assert store.sequences[0].name == "clip_a/6"


def test_faces_and_hands_are_not_kept(tmp_path):
    more = {f"{part}_keypoints_2d": [1.5] * 210 for part in ("face", "hand_left", "hand_right")}
    peaks = []
    for name, extra in (("bare", {}), ("full", more)):
        people = [person(BODY25, 0, **extra)]
        folder = write(tmp_path / name, range(200), lambda f, people=people: people)
        files = recordings_in(path.name for path in folder.iterdir())["clip_a"]
        tracemalloc.start()
        read_openpose(folder, files, Counter())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_frame_numbers_count_and_gaps_split(tmp_path):
    """A missing file and a file without people are gaps alike."""
    frames = [*range(100, 115), *range(118, 130), *range(130, 132), *range(132, 150)]
    write(tmp_path / "op", frames, lambda f: [] if 130 <= f < 132 else [person(BODY25, f)])
    store = prepare(tmp_path / "op")
    assert [s.num_frames for s in store.sequences] == [15, 12, 18]
    x = [store.detected_of(i)[0][0, JOINT["nose"], 0] for i in range(3)]
    np.testing.assert_allclose(np.diff(x), [2 * 18, 2 * 14], rtol=1e-4)


def test_several_recordings_in_one_folder_and_below(tmp_path):
    for folder, name in (("op", "a"), ("op", "b_1"), ("op/more", "a")):
        write(tmp_path / folder, range(12), lambda f: [person(COCO18, f)], name)
    groups = [s.group for s in prepare(tmp_path / "op").sequences]
    assert groups == ["a", "b_1", "more/a"]


@pytest.mark.parametrize("flags", [[], ["--strict"]])
def test_an_odd_recording_does_not_take_the_others_of_its_folder_along(tmp_path, capsys, flags):
    for name in ("a", "b", "empty", "z"):
        write(tmp_path / "op", range(12), lambda f: [person(COCO18, f)], name)
    write(tmp_path / "op", range(12), lambda f: [], "empty")
    write(tmp_path / "op", [3], lambda f: None, "b")
    store = prepare(tmp_path / "op", *flags)
    if flags:
        assert store == 2
        return
    assert [s.group for s in store.sequences] == ["a", "z"]
    told = capsys.readouterr().out
    assert "skipped: " in told and "b_000000000003_keypoints.json: has no list" in told
    assert f"{tmp_path / 'op' / 'empty'}: nobody in any of its 12 frames" in told


def test_names_are_those_of_openpose():
    names = ["a_000000000012_keypoints.json", "a_12_keypoints.json", "x.json",
             "b_c_000000000000_keypoints.json"]  # fmt: skip
    assert recordings_in(names) == {"a": {12: names[0]}, "b_c": {0: names[3]}}


def test_output_of_single_pictures_is_told_from_tracks(tmp_path, capsys):
    folder = write(tmp_path / "op", range(2), lambda f: [person(COCO18, f)])
    for path in folder.iterdir():
        path.rename(path.with_name(path.name.replace("00000000000", "")))
    assert prepare(folder) == 2
    error = capsys.readouterr().err.split("error: ")[1]
    assert "clip_a_0_keypoints.json" in error and "12 digits" in error


def test_D17_joints_with_a_missing_parent_are_missing(tmp_path):
    def people(frame):
        body = person(BODY25, frame)
        k = 3 * BODY25.joints.index("lear")
        body["pose_keypoints_2d"][k : k + 3] = [0, 0, 0]
        return [body]

    px, score = prepare(write(tmp_path / "op", range(12), people)).detected_of(0)
    assert (score[:, JOINT["head"]] == 0).all() and (px[:, JOINT["head"]] == 0).all()
    assert (np.delete(score, JOINT["head"], 1) > 0).all()


@pytest.mark.parametrize(
    ("people", "text"),
    [
        (lambda f: [{"pose_keypoints_2d": [1.0] * 45}], "has no pose_keypoints_2d: 25"),
        (lambda f: [person((BODY25, COCO18)[f], f)], "has 18 keypoints, people before 25"),
        (lambda f: [{"pose_keypoints_2d": [None] * 75}], "keypoint 0 holds None, not a number"),
        (lambda f: [{"pose_keypoints_2d": [1.0] * 73 + [-1e300, 1]}],
         "person 0: keypoint 24 holds -1e+300, not a number below 1e+06; leave that person out"),
        (lambda f: [{"pose_keypoints_2d": [[1e7]] * 75}], "keypoint 0 holds [10000000.0], not"),
        (lambda f: [{"pose_keypoints_2d": [2] + [[1]] * 74}], "keypoint 0 holds [1], not"),
        (lambda f: [{"pose_keypoints_2d": [[9, 9, 1]] * 75}], "keypoint 0 holds [9, 9, 1], not"),
        (lambda f: [{"pose_keypoints_2d": ["9"] * 75}], "keypoint 0 holds '9', not a number"),
        (lambda f: [{"pose_keypoints_2d": [9.0] * 74 + [True]}], "keypoint 24 holds True, not"),
        (lambda f: [{"pose_keypoints_2d": [0.5] * 75}], "not pixels"),
        (lambda f: [], "nobody in any of its 2 frames"),
        (lambda f: None, "no list 'people'"),
        (lambda f: [3], "person 0 has no pose_keypoints_2d"),
    ],
)  # fmt: skip
def test_other_output_is_refused_in_one_line(tmp_path, capsys, people, text):
    write(tmp_path / "op", range(2), people)
    assert prepare(tmp_path / "op") == 2
    error = capsys.readouterr().err.split("error: ")[1]
    assert text in error and "op" in error and error.count("\n") == 1
