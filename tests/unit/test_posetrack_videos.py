"""Which pictures of PoseTrack's annotation files are one video."""

import numpy as np
import pytest
from test_posetrack import points, read, write, x_of

from lib.data.store import open_store
from lib.skeleton import JOINT
from tools import prepare_posetrack


def videos(path, *folders_and_ids, x=None):
    """A file of videos of 12 frames, one person in each, its pictures called as many phones do."""
    images, annotations = [], []
    for i, (folder, vid_id) in enumerate(folders_and_ids):
        for f in range(12):
            name, number = f"{folder}{f:06d}.jpg", 1000 * (i + 1) + f
            images.append({"id": number, "frame_id": f, "file_name": name, "vid_id": vid_id})
            found = points(f, x=500.0 * i if x is None else x)
            annotations.append({"image_id": number, "track_id": 0, "keypoints": found})
    return write(path, annotations, images=images)


@pytest.mark.parametrize(
    ("folders_and_ids", "groups"),
    [
        ([("anna/images/", None), ("bert/images/", None)], ["anna/images", "bert/images"]),
        ([("images/", "anna"), ("images/", "bert")], ["images/anna", "images/bert"]),
        ([("", "anna"), ("", "bert")], ["anna", "bert"]),
        ([("a/x/", "1"), ("b/x/", "1"), ("b/y/", "2")], ["a/x", "b/x", "y"]),
        ([("x/", None), ("b/x/", None)], ["x", "b/x"]),
        ([("", None)], ["own"]),
    ],
)
def test_videos_in_folders_of_one_name_stay_apart(tmp_path, folders_and_ids, groups):
    found = read(videos(tmp_path / "own.json", *folders_and_ids))
    assert [r.sequence.group for r in found] == groups
    for i, recording in enumerate(found):
        x = recording.detected_px[:, JOINT["nose"], 0]
        np.testing.assert_allclose(x, 500 * i + x_of("nose"))


def test_videos_in_folders_of_one_name_stay_apart_in_several_files(tmp_path, capsys):
    source = tmp_path / "annotations"
    source.mkdir()
    for name, folder, x in (("a", "anna", 0), ("b", "bert", 500), ("c", "anna", 900)):
        videos(source / f"{name}.json", (f"{folder}/images/", None), x=x)
    out = tmp_path / "store"
    assert prepare_posetrack.main(["--source", str(source), "--out", str(out)]) == 0
    store = open_store(out)
    assert [s.group for s in store.sequences] == ["images", "bert/images"]
    assert [store.detected_of(i)[0][0, JOINT["nose"], 0] for i in range(2)] == [1, 501]
    assert "1 sequences of videos already read from another file" in capsys.readouterr().out
