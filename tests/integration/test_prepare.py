"""From a made-up Fit3D tree to a store with clips, by the commands a person types."""

from pathlib import Path

import numpy as np
import pytest

from lib.data.fit3d import CAMERAS, MADE_UP_TERMS
from lib.data.store import open_store
from lib.data.synthetic.writer import subject_cameras, subject_sequence, write_fit3d_tree
from lib.geometry import project
from lib.skeleton import FIT3D25, JOINTS
from tools import prepare_fit3d, slice_clips

ACTIONS = ("squat", "pushup")


@pytest.fixture(scope="module")
def store_path(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("prepare")
    write_fit3d_tree(folder / "fit3d", ("s03", "s12"), ACTIONS, 3, num_reps=2)
    out = folder / "motion3d" / "fit3d"
    assert prepare_fit3d.main(["--root", str(folder / "fit3d"), "--out", str(out)]) == 0
    assert slice_clips.main(["--store", str(out)]) == 0
    return out


def test_all_cameras_of_all_sequences(store_path):
    store = open_store(store_path)
    found = {(s.subject, s.action, s.camera_name) for s in store.sequences}
    assert found == {("s03", action, camera) for action in ACTIONS for camera in CAMERAS}
    assert len(store.sequences) == len(found)
    assert {s.terms for s in store.sequences} == {MADE_UP_TERMS}


def test_motion_and_marks_come_through(store_path):
    store = open_store(store_path)
    order = [FIT3D25.joints.index(name) for name in JOINTS]
    for i, sequence in enumerate(store.sequences):
        motion = subject_sequence(3, "s03", sequence.action, num_reps=2)
        assert sequence.reps == motion.marks
        assert len(motion.marks) == 3
        np.testing.assert_allclose(store.world_of(i), motion.xyz_m[:, order], atol=2e-6)


def test_pixels_are_those_of_the_cameras(store_path):
    store = open_store(store_path)
    cameras = subject_cameras(3, "s03")
    for i, sequence in enumerate(store.sequences):
        camera = cameras[sequence.camera_name]
        expected = project(store.xyz_of(i).astype(float), camera)
        np.testing.assert_allclose(store.xy_of(i), expected, atol=1e-3)
        assert ((store.xy_of(i) > 0) & (store.xy_of(i) < 900)).all(-1).mean() > 0.95


def test_clips_cover_every_frame(store_path):
    store = open_store(store_path)
    for i, sequence in enumerate(store.sequences):
        seen = np.zeros(sequence.num_frames, bool)
        for _, start, stop in store.clips[store.clips[:, 0] == i]:
            assert stop - start == min(243, sequence.num_frames)
            seen[start:stop] = True
        assert seen.all()
