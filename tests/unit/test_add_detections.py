"""Detections beside a 3D store: the right person, at the right frame, of the right video."""

import json

import numpy as np
import pytest
from tiny_stores import camera_store, world_store

from lib.data.matching import match
from lib.data.store import open_store
from lib.pose import Detections
from lib.skeleton import COCO17, JOINT
from tools import add_detections

ACTIONS = ("squat", "deadlift")
WORKING = {name: name for name in COCO17.joints if name in JOINT}


@pytest.fixture
def store_path(tmp_path):
    return camera_store(tmp_path / "motion3d", ACTIONS)


def keypoints(truth_px, noise_px=2.0, score=0.8, seed=0):
    """(T, 51) COCO keypoints at the projected joints, eyes and ears at the nose."""
    rng = np.random.default_rng(seed)
    order = [JOINT[WORKING.get(name, "nose")] for name in COCO17.joints]
    xy = truth_px[:, order] + rng.normal(0, noise_px, (len(truth_px), 17, 2))
    return np.concatenate([xy, np.full((*xy.shape[:2], 1), score)], -1).reshape(len(xy), -1)


def entries(flat, frames=None, first=0):
    frames = range(len(flat)) if frames is None else frames
    return [
        {"image_id": f"{f + first}.jpg", "keypoints": flat[f].tolist(), "score": 1.0}
        for f in frames
    ]


def write(folder, store, i, content):
    s = store.sequences[i]
    path = folder / s.subject / s.camera_name / f"{s.action}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def add(store_path, folder, *flags):
    argv = ["--store", str(store_path), "--detections", str(folder), *flags]
    return add_detections.main(argv)


def test_detections_stand_at_their_frames_beside_the_3d(store_path, tmp_path, capsys):
    before = open_store(store_path)
    truth = before.xy_of(1)
    frames = [f for f in range(len(truth)) if f not in (7, 8)]
    write(tmp_path / "json", before, 1, entries(keypoints(truth), frames))
    assert add(store_path, tmp_path / "json") == 0
    store = open_store(store_path)
    assert [store.has_detections(i) for i in range(4)] == [False, True, False, False]
    px, score = store.detected_of(1)
    assert (score[[7, 8]] == 0).all() and (px[[7, 8]] == 0).all()
    np.testing.assert_allclose(score[frames], 0.8, rtol=1e-6)
    off = np.linalg.norm(px[frames] - truth[frames], axis=-1)[:, JOINT["rknee"]]
    assert 0.5 < np.median(off) < 5
    assert np.isnan(store.detected_of(0)[1]).all()
    np.testing.assert_array_equal(store.xyz_m, before.xyz_m)
    np.testing.assert_array_equal(store.xy_px, before.xy_px)
    np.testing.assert_array_equal(store.clips, before.clips)
    assert [s.name for s in store.sequences] == [s.name for s in before.sequences]
    assert "1 of 4 sequences have detections" in capsys.readouterr().out


def test_the_person_nearest_to_the_projection_is_taken(store_path, tmp_path):
    store = open_store(store_path)
    truth = store.xy_of(0)
    far = entries(keypoints(truth + [400.0, 0.0], score=0.99))
    write(tmp_path / "json", store, 0, far[:20] + entries(keypoints(truth))[:-10] + far[20:])
    assert add(store_path, tmp_path / "json") == 0
    px, score = open_store(store_path).detected_of(0)
    np.testing.assert_allclose(score[:-10], 0.8, rtol=1e-6)
    assert (score[-10:] == 0).all()  # only somebody else is there
    knee = JOINT["lknee"]
    np.testing.assert_allclose(px[:-10, knee], truth[:-10, knee], atol=10)


def test_another_videos_file_is_refused_by_name_and_nothing_changes(store_path, tmp_path, capsys):
    store = open_store(store_path)
    write(tmp_path / "json", store, 0, entries(keypoints(store.xy_of(0) + [300.0, 100.0])))
    manifest = (store_path / "manifest.json").read_bytes()
    assert add(store_path, tmp_path / "json") == 2
    printed = capsys.readouterr()
    assert (
        "skipped:" in printed.out
        and "squat.json: its people are not those of 's03_squat'" in printed.out
    )
    assert "no file of it is of use" in printed.err
    assert (store_path / "manifest.json").read_bytes() == manifest
    write(tmp_path / "json", store, 1, entries(keypoints(store.xy_of(1))))
    assert add(store_path, tmp_path / "json", "--strict") == 2
    assert (store_path / "manifest.json").read_bytes() == manifest
    assert add(store_path, tmp_path / "json") == 0
    after = open_store(store_path)
    assert [after.has_detections(i) for i in range(4)] == [False, True, False, False]


def test_damaged_files_are_listed(store_path, tmp_path, capsys):
    store = open_store(store_path)
    write(tmp_path / "json", store, 0, [{"keypoints": []}])
    write(tmp_path / "json", store, 3, entries(keypoints(store.xy_of(3))))
    assert add(store_path, tmp_path / "json") == 0
    assert "skipped: " in capsys.readouterr().out


def test_nothing_to_do(store_path, tmp_path, capsys):
    assert add(store_path, tmp_path / "nowhere") == 2
    error = capsys.readouterr().err
    assert "has no file for any sequence" in error and "s03/60457274/squat.json" in error
    assert not (store_path / "detected_px.npy").exists()
    assert add(world_store(tmp_path / "mocap"), tmp_path) == 2
    assert "has no cameras" in capsys.readouterr().err


def test_detections_are_replaced_when_added_again(store_path, tmp_path):
    store = open_store(store_path)
    for i, folder in ((0, "a"), (2, "b")):
        write(tmp_path / folder, store, i, entries(keypoints(store.xy_of(i))))
        assert add(store_path, tmp_path / folder) == 0
    store = open_store(store_path)
    assert [store.has_detections(i) for i in range(4)] == [False, False, True, False]


def walking(num_frames=40, step_px=12.0):
    """A figure 200 px high that walks fast: (T, 17, 2)."""
    body = np.random.default_rng(2).uniform(0, 200, (17, 2))
    return body + np.arange(num_frames)[:, None, None] * [step_px, 0.0]


def detections(xy, frame_id):
    score = np.full(xy.shape[:2], 0.9)
    return Detections(np.asarray(frame_id), xy, score, score, score.mean(-1), None)


def test_a_file_that_is_late_is_told(store_path):
    truth = walking()
    _, _, fit = match(detections(truth, np.arange(40)), truth)
    assert (fit.shift, fit.error_px) == (0, 0)
    _, _, fit = match(detections(truth[:-3], np.arange(3, 40)), truth)
    assert fit.shift == -3 and fit.error_px == pytest.approx(36)


def test_a_count_from_1_is_seen_by_the_fit(tmp_path):
    truth = walking()
    path = tmp_path / "one.json"
    path.write_text(json.dumps(entries(keypoints(truth, 0.5), range(30), first=1)))
    px, score, fit = add_detections.read_match(path, truth, "walk")
    assert fit.shift == 0 and fit.error_px < 2
    assert (score[:30] > 0).all() and (score[30:] == 0).all()
    np.testing.assert_allclose(px[:30, JOINT["nose"]], truth[:30, JOINT["nose"]], atol=3)


def test_missing_joints_and_frames_beyond_the_end_do_no_harm():
    truth = walking(10)
    truth[:, JOINT["head"]] = np.nan
    truth[4] = np.nan
    found = detections(np.nan_to_num(walking(13)), np.arange(13))
    found.score[2, JOINT["nose"]] = 0
    px, score, fit = match(found, truth)
    assert fit.error_px == 0
    assert (score[4] == 0).all() and (score[[0, 9]] == np.float32(0.9)).all()
    assert score[2, JOINT["nose"]] == 0 and (px[2, JOINT["nose"]] == 0).all()
    _, score, fit = match(detections(walking(3), [50, 51, 52]), truth)
    assert not fit.share < np.inf and (score == 0).all()
