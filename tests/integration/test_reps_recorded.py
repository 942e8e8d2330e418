"""Repetitions in motion not made for these tests: motion capture, and the data generator."""

import json

import numpy as np
import pytest

from lib.analysis.reps import count_reps, guess_exercise
from lib.data.synthetic.bodies import make_body
from lib.data.synthetic.motions import make_sequence
from lib.pose import Pose3D
from lib.skeleton import FIT3D25, to_working

SQUATS = {"opencap6_squats1": 5, "opencap6_squatsAsym1": 5, "nimble_DetectMarkerFlip_squats1": 6}
STAND_UPS = {"opencap6_STS1": 5, "opencap6_STSAsym1": 5, "opencap6_STSFast1": 5,
             "opencap6_STSweakLegs1": 5}  # fmt: skip


def world_pose(xyz_m, fps=50.0):
    return Pose3D(xyz_m, fps, "metre", "world", np.ones(len(xyz_m), bool))


@pytest.fixture(scope="module")
def recordings(data_folder):
    """(index entries by name, rows)."""
    folder = data_folder / "motion17"
    index = json.loads((folder / "sequences.json").read_text())["sequences"]
    return {e["name"]: e for e in index}, np.load(folder / "xyz_m.npy", mmap_mode="r")


def recording(recordings, name):
    entries, xyz_m = recordings
    return world_pose(np.array(xyz_m[entries[name]["start"] : entries[name]["stop"]], float))


@pytest.mark.data
@pytest.mark.parametrize("name", SQUATS)
def test_squats(recordings, name):
    pose = recording(recordings, name)
    assert guess_exercise(pose)[0] == "squat"
    assert count_reps(pose, "squat").num_reps == SQUATS[name]


@pytest.mark.data
def test_two_squats_in_a_medley_of_exercises(recordings):
    count = count_reps(recording(recordings, "13_29"), "squat")
    assert count.num_reps == 2
    assert "antiphase_legs" in {r.reason for r in count.rejected}


@pytest.mark.data
@pytest.mark.parametrize("name", STAND_UPS)
def test_stand_ups_from_a_chair(recordings, name):
    pose = recording(recordings, name)
    assert guess_exercise(pose)[0] == "sit_to_stand"
    assert count_reps(pose, "sit_to_stand").num_reps == STAND_UPS[name]
    assert count_reps(pose, "squat").num_reps == STAND_UPS[name] - 1


@pytest.mark.data
def test_walking_and_running_hold_no_rep(recordings):
    for name, entry in recordings[0].items():
        if {"walking", "running"} & set(entry["labels"]) or "long_walk" in name:
            pose = recording(recordings, name)
            assert guess_exercise(pose)[0] == "unknown", name
            for exercise in ("squat", "deadlift", "sit_to_stand"):
                assert count_reps(pose, exercise).num_reps == 0, (name, exercise)


@pytest.mark.parametrize("action", ["squat", "deadlift", "pushup"])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_generated_fit3d_lifts_against_their_marks(action, seed):
    """Fit3D marks are contiguous: one a rep begins at, one more where the last cycle ends."""
    rng = np.random.default_rng(seed)
    motion = make_sequence(make_body(rng), action, rng, num_reps=[5, 1, 2, 6][seed - 1])
    xyz_m, _ = to_working(motion.xyz_m, np.ones(motion.xyz_m.shape[:2]), FIT3D25)
    pose = world_pose(xyz_m, motion.fps)
    count = count_reps(pose, action)
    reps = [rep for rep in count.reps if rep.quality in ("full", "partial")]
    assert len(reps) == len(motion.marks) - 1
    assert guess_exercise(pose)[0] in (action, "unknown")
    late_s = [(r.start_frame - m) / motion.fps for r, m in zip(reps, motion.marks, strict=False)]
    assert np.median(np.abs(late_s)) <= 0.25
    for rep, begin, end in zip(reps, motion.marks[:-1], motion.marks[1:], strict=True):
        assert begin - 0.1 * motion.fps <= rep.start_frame < rep.end_frame <= end
