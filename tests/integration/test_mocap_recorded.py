"""Readers of raw motion capture on real files, against conversions that were made elsewhere."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from lib.analysis.reps import count_reps, guess_exercise
from lib.data.mocap.checks import judge
from lib.data.mocap.sources import Selection, Take, read_takes
from lib.data.store import open_store
from lib.pose import Pose3D
from lib.signals import resample
from lib.skeleton import JOINTS, indices
from tools import prepare_mocap

pytestmark = pytest.mark.data

LEGS = ("rhip", "rknee", "rankle", "lhip", "lknee", "lankle")
ALL = dict.fromkeys(JOINTS, 1.0)
# Millimetres (median over frames). The conversions of ASF/AMC define every joint alike; those of
# BVH root, trunk and nose otherwise; those of TRC take hips from functional centres, move knees
# along the hips and shoulders by a fixed 30 mm.
BVH = {name: 3.0 for name in JOINTS if name not in ("root", "spine", "neck", "nose")}
TRC = {name: 20.0 for name in JOINTS if name[1:] in ("knee", "ankle", "elbow", "wrist")}
TRC |= dict.fromkeys(("root", "spine", "neck"), 20.0)
TRC |= dict.fromkeys(("rhip", "lhip", "rshoulder", "lshoulder"), 35.0)
CONVERTED = {
    "02_01": ("asf_amc/02/02_01.amc", ALL), "02_05": ("asf_amc/02/02_05.amc", ALL),
    "13_29": ("asf_amc/13/13_29.amc", ALL), "13_31": ("asf_amc/13/13_31.amc", ALL),
    "14_20": ("asf_amc/14/14_20.amc", ALL),
    "cmu_new_ROM": ("bvh/vicon_zup_inches.bvh", BVH),
    "aclstm_indian_13": ("bvh/daz_yup_cm.bvh", BVH),
    "nimble_DetectMarkerFlip_squats1": ("trc/osim_DetectMarkerFlip_squats1.trc", TRC),
    "nimble_DetectMarkerFlip_DJ1": ("trc/osim_DetectMarkerFlip_DJ1.trc", TRC),
}  # fmt: skip
SQUATS = {
    "osim_DetectMarkerFlip_squats1": 6, "osim_KirstenTest_DLS01": 5,
    "osim_WeirdFormatTests_markers_Squat2": 1,
}  # fmt: skip


@cache
def take(path: Path) -> Take:
    (only,) = read_takes(path, Selection())
    assert only.xyz_m is not None, only.problem
    return only


def on_reference(xyz_m: np.ndarray, reference_m: np.ndarray) -> np.ndarray:
    """(T, 17, 3) turned about the vertical and shifted so that the legs lie on the reference's."""
    legs, target = (x[:, indices(*LEGS)].reshape(-1, 3) for x in (xyz_m, reference_m))
    a, b = legs - legs.mean(0), target - target.mean(0)
    angle = np.angle(((a[:, 0] - 1j * a[:, 1]) * (b[:, 0] + 1j * b[:, 1])).sum())
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return (xyz_m - legs.mean(0)) @ turn.T + target.mean(0)


@pytest.fixture(scope="module")
def references(data_folder):
    """Name -> (T, 17, 3) metres at 50 frames a second."""
    folder = data_folder / "motion17"
    index = json.loads((folder / "sequences.json").read_text())["sequences"]
    xyz_m = np.load(folder / "xyz_m.npy", mmap_mode="r")
    return {e["name"]: np.array(xyz_m[e["start"] : e["stop"]], float) for e in index}


@pytest.mark.parametrize("name", CONVERTED)
def test_joints_lie_where_others_found_them(data_folder, references, name):
    file_name, limits_mm = CONVERTED[name]
    found = take(data_folder / "raw" / file_name)
    fps, num_frames = found.sequence.fps, len(found.xyz_m)
    reference_m = references[name]
    assert abs(num_frames / fps * 50 - len(reference_m)) < 1.5
    count = min(len(reference_m), int((num_frames - 1) / fps * 50) + 1)
    at_50 = resample(found.xyz_m, np.arange(num_frames) / fps, np.arange(count) / 50)
    placed = on_reference(at_50, reference_m[:count])
    distance_mm = 1000 * np.linalg.norm(placed - reference_m[:count], axis=-1)
    seen = [joint for i, joint in enumerate(JOINTS) if np.isfinite(distance_mm[:, i]).any()]
    median_mm = dict(zip(seen, np.nanmedian(distance_mm[:, indices(*seen)], 0), strict=True))
    print(name, {joint: round(float(mm), 1) for joint, mm in median_mm.items()})
    for joint, limit_mm in limits_mm.items():
        assert median_mm[joint] <= limit_mm, (joint, median_mm[joint])


@pytest.mark.parametrize("name", SQUATS)
def test_squats_are_counted(data_folder, name):
    found = take(data_folder / "raw/trc" / f"{name}.trc")
    is_valid = np.ones(len(found.xyz_m), bool)
    pose = Pose3D(found.xyz_m, found.sequence.fps, "metre", "world", is_valid)
    assert guess_exercise(pose)[0] == "squat"
    assert count_reps(pose, "squat").num_reps == SQUATS[name]


def test_all_samples_become_a_store(data_folder, tmp_path, capsys):
    source = data_folder / "raw"
    assert prepare_mocap.main(["--source", str(source), "--out", str(tmp_path / "store")]) == 0
    store = open_store(tmp_path / "store")
    names = {s.name for s in store.sequences}
    raw = {p for kind in ("amc", "bvh", "trc") for p in source.rglob(f"*.{kind}")}
    without_knees = "trc/osim_HamnerMultipleTrials_run200"
    assert {p.relative_to(source).with_suffix("").as_posix() for p in raw} - names == {
        without_knees
    }
    assert f"skipped {without_knees}: no shipped mapping fits" in capsys.readouterr().out
    assert {s.group for s in store.sequences if s.name.startswith("asf_amc")} == {"02", "13", "14"}
    assert {s.fps for s in store.sequences if s.name.startswith("asf_amc")} == {120}


@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirrored_recording_is_refused(data_folder, axis):
    found = take(data_folder / "raw/trc/osim_KirstenTest_DLS01.trc")
    mirrored = found.xyz_m * np.where(np.arange(3) == axis, -1, 1)
    assert judge(found.sequence, mirrored)[0].reason.startswith("knees bend backwards")


def test_c3d_of_a_take_agrees_with_its_skeleton(data_folder):
    """Markers against the joint centres that others solved from them: definitions differ."""
    pytest.importorskip("ezc3d", reason="needs ezc3d")
    markers = take(data_folder / "raw/c3d/cmu_02_05.c3d").xyz_m
    bones = take(data_folder / "raw/asf_amc/02/02_05.amc").xyz_m
    distance_mm = 1000 * np.linalg.norm(on_reference(markers, bones) - bones, axis=-1)
    assert np.median(distance_mm, 0)[indices(*LEGS)].max() < 40
