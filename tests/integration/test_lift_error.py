"""The printed uncertainty of a lifted recording holds its truth, and no fault is made up."""

from pathlib import Path

import numpy as np
import pytest

from lib.analysis.report import analyse
from lib.infer.lift import Lifter
from lib.infer.recording import RecordingConfig, read_recording
from lib.pose import Pose3D

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data/sample"


def reps_of(pose):
    report = analyse(pose, exercise="squat", exercise_source="user")
    return [rep for part in report["sets"] for rep in part["reps"]]


@pytest.fixture(scope="module")
def pairs():
    """(lifted, true) repetitions of the sample."""
    recording = RecordingConfig(str(SAMPLE / "squat.json"), str(SAMPLE / "squat.mp4"))
    lifted = Lifter.from_checkpoint(ROOT / "checkpoint/lifter_swift.pt").lift(
        read_recording(recording)[0]
    )
    with np.load(SAMPLE / "truth.npz") as truth:
        xyz = truth["xyz_m"].astype(float)
    true = Pose3D(xyz, lifted.fps, "relative", "camera", np.ones(len(xyz), bool))
    return list(zip(reps_of(lifted), reps_of(true), strict=True))


def test_truth_lies_within_two_sigma(pairs):
    assert len(pairs) == 5
    num_compared = 0
    for lifted, true in pairs:
        for name, metric in lifted["metrics"].items():
            known = true["metrics"][name]
            if metric["value"] is None or known["value"] is None:
                continue
            num_compared += 1
            assert abs(metric["value"] - known["value"]) <= 2 * metric["sigma"], name
    assert num_compared >= 5


def test_no_fault_that_truth_has_not(pairs):
    for lifted, true in pairs:
        faults = [
            {found["code"] for found in rep["findings"] if found["severity"] == "fault"}
            for rep in (lifted, true)
        ]
        assert faults[0] <= faults[1]
