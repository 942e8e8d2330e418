"""Stores of detections: alone, or beside 3D."""

import json

import numpy as np
import pytest

from lib.data.store import Recording, Sequence, open_store, write_store
from lib.errors import UserError

SEQUENCE = Sequence("v/1", "1", "", "v", 0, 0, 25.0)


def detections(num_frames: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    return rng.uniform(0, 900, (num_frames, 17, 2)), rng.uniform(0, 1, (num_frames, 17))


def test_detections_alone_round_trip(tmp_path):
    write_store(
        tmp_path / "s",
        "image",
        (
            Recording(SEQUENCE, detected_px=px, detected_score=score)
            for px, score in (detections(4), detections(1, 1))
        ),
    )
    store = open_store(tmp_path / "s")
    assert store.frame == "image" and store.xyz_m is None
    for i, (px, score) in enumerate((detections(4), detections(1, 1))):
        assert store.has_detections(i)
        np.testing.assert_array_equal(store.detected_of(i)[0], px.astype(np.float32))
        np.testing.assert_array_equal(store.detected_of(i)[1], score.astype(np.float32))
    with pytest.raises(UserError, match="holds 2D alone"):
        store.xyz_of(0)


def test_sequences_of_a_3d_store_may_lack_detections(tmp_path):
    xyz = np.ones((3, 17, 3))
    px, score = detections(3)
    write_store(
        tmp_path / "s",
        "world",
        [
            Recording(SEQUENCE, xyz, detected_px=px, detected_score=score),
            Recording(SEQUENCE, xyz, detected_px=0 * px, detected_score=np.nan * score),
        ],
    )
    store = open_store(tmp_path / "s")
    assert [store.has_detections(i) for i in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (np.nan, "'v/1': detected_score is NaN in part; 0 = joint missing, NaN through"),
        (1.5, "'v/1': detected_score runs from .* to 1.5; 0 .* to 1 .* would do"),
        (-0.1, "'v/1': detected_score runs from -0.1 to"),
        (np.inf, "to inf"),
    ],
)
def test_scores_that_would_drop_a_sequence_later_are_refused(tmp_path, spoil, text):
    px, score = detections(3)
    score[0, 0] = spoil
    with pytest.raises(ValueError, match=text):
        write_store(
            tmp_path / "s", "image", [Recording(SEQUENCE, detected_px=px, detected_score=score)]
        )
    assert not (tmp_path / "s").exists()


def test_store_without_detections_says_what_adds_them(tmp_path):
    write_store(tmp_path / "s", "world", [Recording(SEQUENCE, np.ones((3, 17, 3)))])
    store = open_store(tmp_path / "s")
    assert not store.has_detections(0)
    with pytest.raises(UserError, match="add_detections"):
        store.detected_of(0)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"unit": "metre"}, "image: pixel"),
        ({"frame": "world", "unit": "metre"}, "frame 'world' needs xyz_m"),
        ({"arrays": {"detected_px": [2, 17, 2]}}, "frame 'image' needs detected_score"),
        ({"arrays": None}, "needs detected_px, detected_score"),
    ],
)
def test_manifest_must_name_the_arrays_of_its_frame(tmp_path, changes, text):
    px, score = detections(2)
    recording = Recording(SEQUENCE, detected_px=px, detected_score=score)
    write_store(tmp_path / "s", "image", [recording])
    path = tmp_path / "s" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(UserError, match=text):
        open_store(tmp_path / "s")
