"""The shipped weights: what the model card says of them holds."""

import re
from pathlib import Path

import numpy as np
import orjson
import pytest

import infer_wild
from benchmarks.blazepose import write_halpe26
from benchmarks.lifting_measure import Measurer
from benchmarks.lifting_rows import SQUATS
from benchmarks.lifting_scenes import TakeSet
from benchmarks.lifting_table import choose_rows
from benchmarks.opencap_sts import read_trial, score
from lib.data.mocap.motion17 import read_motion17
from lib.data.store import Recording, write_store
from lib.data.windows import SourceConfig
from lib.geometry import flexion_deg
from lib.infer.lift import Lifter
from lib.infer.recording import RecordingConfig, read_recording
from lib.model.checkpoint import load_checkpoint, sha256
from lib.pose_files import load_pose3d
from lib.skeleton import JOINT
from lib.train.metrics import mpjpe_mm, p_mpjpe_mm

ROOT = Path(__file__).parents[2]
LIFTER, CLASSIFIER = ROOT / "checkpoint/lifter_swift.pt", ROOT / "checkpoint/action_swift.pt"
CARD = (ROOT / "checkpoint/README.md").read_text(encoding="utf-8")
SAMPLE = ROOT / "data/sample"


def _figure(name: str) -> float:
    """A figure of the card's table of golden numbers: `| name | value |`."""
    found = re.search(rf"^\| {re.escape(name)} \| ([\d.]+) \|$", CARD, re.MULTILINE)
    assert found, f"the model card has no figure '{name}'"
    return float(found[1])


def test_both_together_are_small_and_named_by_their_hash():
    assert LIFTER.stat().st_size + CLASSIFIER.stat().st_size < 40_000_000
    for path in (LIFTER, CLASSIFIER):
        assert sha256(path) in CARD
        saved = load_checkpoint(path)
        assert saved.extra == {} and not any(name.startswith("module.") for name in saved.model)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    out = tmp_path_factory.mktemp("sample")
    flags = ["-j", str(SAMPLE / "squat.json"), "-v", str(SAMPLE / "squat.mp4"), "-o", str(out)]
    assert infer_wild.main([*flags, "--no-render"]) == 0
    return out


def test_sample_is_counted_and_named_right(sample):
    report = orjson.loads((sample / "report.json").read_bytes())
    with np.load(SAMPLE / "truth.npz") as truth:
        marks, action = truth["marks"], str(truth["action"])
    reps = [rep for part in report["sets"] for rep in part["reps"]]
    assert report["exercise"]["name"] == action
    assert len(reps) == len(marks) - 1
    for rep, start, stop in zip(reps, marks[:-1], marks[1:], strict=True):
        assert start <= (rep["start_frame"] + rep["end_frame"]) / 2 < stop


def test_sample_error_is_the_cards(sample):
    pose = load_pose3d(sample / "pose3d.npz")
    with np.load(SAMPLE / "truth.npz") as truth:
        true_m = truth["xyz_m"].astype(float)
    root = [JOINT["root"]]
    pred, true_m = pose.xyz - pose.xyz[:, root], true_m - true_m[:, root]
    seen = pose.valid
    found = {
        "sample MPJPE mm": mpjpe_mm(pred, true_m)[seen].mean(),
        "sample P-MPJPE mm": p_mpjpe_mm(pred, true_m)[seen].mean(),
        "sample knee error deg": _knee_error(pred, true_m)[seen].mean(),
    }
    for name, value in found.items():
        assert value == pytest.approx(_figure(name), abs=0.3), name


def _knee_error(pred, truth):
    legs = [[JOINT[f"{side}{part}"] for part in ("hip", "knee", "ankle")] for side in "lr"]
    bent = [[flexion_deg(*(xyz[:, j] for j in leg)) for leg in legs] for xyz in (pred, truth)]
    return np.abs(np.subtract(*bent)).mean(0)


@pytest.fixture(scope="module")
def stand_ups(data_folder, tmp_path_factory):
    """The phone video of five stand-ups, from its real detections: output folder, trial, JSON."""
    folder, out = data_folder / "opencap_sts", tmp_path_factory.mktemp("sts")
    trial = read_trial(folder)
    write_halpe26(trial.points, out / "halpe26.json")
    flags = ["-j", str(out / "halpe26.json"), "-v", str(folder / "video.mp4"), "-o", str(out)]
    assert infer_wild.main([*flags, "--no-render"]) == 0
    return out, trial, folder / "video.mp4"


@pytest.mark.data
def test_five_real_stand_ups_are_counted(stand_ups):
    out, _, _ = stand_ups
    report = orjson.loads((out / "report.json").read_bytes())
    assert sum(part["count"]["total"] for part in report["sets"]) == 5
    assert report["exercise"]["name"] == "sit_to_stand"


@pytest.mark.data
def test_error_on_the_phone_video_is_the_cards(stand_ups):
    out, trial, video = stand_ups
    pose, _ = read_recording(RecordingConfig(str(out / "halpe26.json"), str(video)))
    found = score(Lifter.from_checkpoint(LIFTER).lift(pose, focal_px=trial.focal_px).xyz, trial)
    assert found["p_mpjpe_mm"] == pytest.approx(_figure("phone P-MPJPE mm"), abs=0.5)
    assert found["knee_mean_abs_deg"] == pytest.approx(_figure("phone knee error deg"), abs=0.5)


@pytest.mark.data
def test_a_slice_of_the_robustness_table_is_the_cards(data_folder, tmp_path):
    squats = (
        Recording(sequence, xyz_m)
        for sequence, xyz_m in read_motion17(data_folder / "motion17")
        if sequence.action in SQUATS
    )
    assert write_store(tmp_path / "squats", "world", squats) == 3
    sets = {"squats": TakeSet(SourceConfig(str(tmp_path / "squats")), max_frames=400)}
    (row,) = choose_rows(["squats: fitted noise, side"])
    found = Measurer(Lifter.from_checkpoint(LIFTER), sets).measure(row).mean
    figures = {"p_mpjpe_mm": "squats P-MPJPE mm", "knee_error_deg": "squats knee error deg"}
    for name, figure in figures.items():
        assert found[name] == pytest.approx(_figure(figure), abs=0.5), figure
