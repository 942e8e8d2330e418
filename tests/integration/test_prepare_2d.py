"""2D stores and detections by the commands a person types, on recordings of the real formats."""

import json

import numpy as np
import pytest

from lib.data.fit3d import CAMERAS
from lib.data.store import open_store
from lib.data.synthetic.writer import write_fit3d_tree
from lib.geometry import project
from lib.skeleton import COCO17, JOINT, JOINTS, indices
from tools import (
    add_detections,
    prepare_fit3d,
    prepare_instavariety,
    prepare_posetrack,
    slice_clips,
)


@pytest.mark.data
def test_posetrack18_as_it_is_given_out(data_folder, tmp_path, capsys):
    source = data_folder / "posetrack18" / "annotations"
    few = ["--min-frames", "1", "--min-joints", "5", "--min-share", "0.3"]
    out = tmp_path / "posetrack"
    assert prepare_posetrack.main(["--source", str(source), "--out", str(out), *few]) == 0
    printed = capsys.readouterr().out
    assert "human_detections.json: has a list" in printed
    assert "already read from another file" in printed
    store = open_store(out)
    videos = {p.stem for p in (source / "val").glob("*.json")}
    assert {s.group for s in store.sequences} == videos
    people = [
        entry
        for path in sorted((source / "val").glob("*.json"))
        for entry in json.loads(path.read_text())["annotations"]
    ]
    assert len(store.sequences) == len(people)  # one frame each
    names = json.loads(path_of_val(source).read_text())["categories"][0]["keypoints"]
    for sequence in store.sequences:
        i = store.sequences.index(sequence)
        px, score = store.detected_of(i)
        content = json.loads((source / "val" / f"{sequence.group}.json").read_text())
        (entry,) = [e for e in content["annotations"] if str(e["track_id"]) == sequence.subject]
        given = dict(zip(names, np.reshape(entry["keypoints"], (-1, 3)), strict=True))
        for ours, theirs in (("lknee", "left_knee"), ("head", "head_top"), ("nose", "nose")):
            x, y, flag = given[theirs]
            assert score[0, JOINT[ours]] == flag
            np.testing.assert_allclose(px[0, JOINT[ours]], (x, y), rtol=1e-5)


def path_of_val(source):
    return next((source / "val").glob("*.json"))


@pytest.mark.data
def test_real_detections_of_many_people_as_openpose_output(data_folder, tmp_path):
    """People of a real AlphaPose file, written in OpenPose's form, are followed the same way."""
    found = json.loads((data_folder / "alphapose" / "coco17_multi_person.json").read_text())
    order = [COCO17.joints.index(name) for name in COCO18_FROM_17]
    by_number: dict[int, list] = {}
    for entry in found:
        points = np.reshape(entry["keypoints"], (17, 3))
        neck = points[indices_of("lshoulder", "rshoulder")].mean(0)
        flat = np.insert(points[order], 1, neck, 0).ravel().tolist()
        number = int(entry["image_id"].split(".")[0])
        by_number.setdefault(number, []).append({"pose_keypoints_2d": flat})
    source = tmp_path / "openpose"
    source.mkdir()
    for number, people in by_number.items():
        (source / f"v_{number:012d}_keypoints.json").write_text(json.dumps({"people": people}))
    out = tmp_path / "store"
    assert prepare_instavariety.main(["--source", str(source), "--out", str(out)]) == 0
    assert slice_clips.main(["--store", str(out), "--length", "81", "--stride", "27"]) == 0
    store = open_store(out)
    num_frames = sum(s.num_frames for s in store.sequences)
    assert 0.5 * len(found) < num_frames <= len(found)
    for i in range(len(store.sequences)):
        px, score = store.detected_of(i)
        assert ((score >= 0) & (score <= 1)).all() and (px[score == 0] == 0).all()
        seen = (score[1:] > 0.3) & (score[:-1] > 0.3)
        assert np.median(np.linalg.norm(np.diff(px, axis=0), axis=-1)[seen]) < 20


COCO18_FROM_17 = (
    "nose", "rshoulder", "relbow", "rwrist", "lshoulder", "lelbow", "lwrist", "rhip", "rknee",
    "rankle", "lhip", "lknee", "lankle", "reye", "leye", "rear", "lear",
)  # fmt: skip


def indices_of(*names):
    return [COCO17.joints.index(name) for name in names]


def test_detections_beside_a_prepared_fit3d(tmp_path, capsys):
    """Prepared, sliced, detected in one view with people about, then trained on as it is."""
    write_fit3d_tree(tmp_path / "fit3d", ("s03",), ("squat",), 3, num_reps=1)
    path = tmp_path / "motion3d"
    assert prepare_fit3d.main(["--root", str(tmp_path / "fit3d"), "--out", str(path)]) == 0
    assert slice_clips.main(["--store", str(path), "--length", "81", "--stride", "40"]) == 0
    store = open_store(path)
    camera = store.sequences[0].camera_name
    truth = project(store.xyz_of(0).astype(float), store.sequences[0].camera)
    rng = np.random.default_rng(0)
    order = [JOINTS.index(name) if name in JOINTS else JOINT["nose"] for name in COCO17.joints]
    content = [
        {
            "image_id": f"{i}.jpg",
            "score": 1.0,
            "keypoints": np.insert(xy, 2, 0.7, 1).ravel().tolist(),
        }
        for i, pose in enumerate(truth[:, order])
        for xy in (pose + [250, 0], pose + rng.normal(0, 3, pose.shape))
    ]
    folder = tmp_path / "json" / "s03" / camera
    folder.mkdir(parents=True)
    (folder / "squat.json").write_text(json.dumps(content))
    argv = ["--store", str(path), "--detections", str(tmp_path / "json")]
    assert add_detections.main(argv) == 0
    assert f"1 of {len(CAMERAS)} sequences have detections" in capsys.readouterr().out
    again = open_store(path)
    px, score = again.detected_of(0)
    off = np.linalg.norm(px - truth, axis=-1)[:, indices("lknee", "rknee", "lwrist")]
    assert 2 < np.median(off) < 6 and np.allclose(score[:, JOINT["lknee"]], 0.7)
    np.testing.assert_array_equal(again.clips, store.clips)
    np.testing.assert_array_equal(again.extra_m, store.extra_m)
