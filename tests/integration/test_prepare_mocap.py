"""Raw motion capture by the command a person types, against recordings converted elsewhere."""

import json

import numpy as np
import pytest

from lib.analysis.exercises import load_exercise
from lib.analysis.reps import count_on
from lib.analysis.track import prepare
from lib.data.store import open_store
from lib.pose import Pose3D
from lib.skeleton import JOINT
from tools import prepare_mocap

pytestmark = pytest.mark.data
SQUATS = {
    "osim_DetectMarkerFlip_squats1": 6,
    "osim_KirstenTest_DLS01": 5,
    "osim_WeirdFormatTests_markers_Squat2": 1,
}


def prepared(source, out):
    assert prepare_mocap.main(["--source", str(source), "--out", str(out)]) == 0
    store = open_store(out)
    return {sequence.name: (store, i) for i, sequence in enumerate(store.sequences)}


@pytest.fixture(scope="module")
def converted(data_folder):
    """Name -> (T, 17, 3) world metres at 50 fps of the recordings converted elsewhere."""
    folder = data_folder / "motion17"
    index = json.loads((folder / "sequences.json").read_text())
    xyz_m = np.load(folder / "xyz_m.npy", mmap_mode="r")
    return {s["name"]: np.array(xyz_m[s["start"] : s["stop"]], float) for s in index["sequences"]}


def off_mm(store, i, truth_m):
    """(17,) median distance from the root-relative truth, at its 50 frames a second."""
    own_m, fps = np.asarray(store.xyz_of(i), float), store.sequences[i].fps
    own_s = np.arange(len(own_m)) / fps
    time_s = np.arange(min(len(truth_m), int(own_s[-1] * 50))) / 50
    left = np.minimum((time_s * fps).astype(int), len(own_m) - 2)
    w = (time_s * fps - left)[:, None, None]
    at_50 = (1 - w) * own_m[left] + w * own_m[left + 1]
    truth_m = truth_m[: len(time_s)]
    root = [JOINT["root"]]
    error = np.linalg.norm((at_50 - at_50[:, root]) - (truth_m - truth_m[:, root]), axis=-1)
    return 1000 * np.median(error, axis=0)


@pytest.mark.parametrize("take", ["02_01", "02_05", "13_29", "13_31", "14_20"])
def test_asf_amc_is_the_conversion_made_elsewhere(data_folder, tmp_path, converted, take):
    folder = data_folder / "raw" / "asf_amc" / take[:2]
    store, i = prepared(folder, tmp_path / "store")[take]
    assert store.sequences[i].fps == 120
    assert off_mm(store, i, converted[take]).max() < 1


@pytest.mark.parametrize("take", ["DJ1", "squats1"])
def test_trc_agrees_with_a_conversion_by_other_joint_centres(
    data_folder, tmp_path, converted, take
):
    source = data_folder / "raw" / "trc" / f"osim_DetectMarkerFlip_{take}.trc"
    ((store, i),) = prepared(source, tmp_path / "store").values()
    off = off_mm(store, i, converted[f"nimble_DetectMarkerFlip_{take}"])
    assert np.isnan(off[[JOINT["nose"], JOINT["head"]]]).all()  # no markers on the head
    assert np.nanmax(off) < 35 and np.nanmedian(off) < 20


def test_squats_of_marker_files_are_counted(data_folder, tmp_path, capsys):
    stores = prepared(data_folder / "raw" / "trc", tmp_path / "store")
    assert "skipped osim_HamnerMultipleTrials_run200: no shipped mapping" in capsys.readouterr().out
    counts = {}
    for name in SQUATS:
        store, i = stores[name]
        world_m = store.world_of(i)
        fps = store.sequences[i].fps
        pose = Pose3D(world_m, fps, "metre", "world", np.ones(len(world_m), bool))
        counts[name] = count_on(prepare(pose), load_exercise("squat")).num_reps
    assert counts == SQUATS


@pytest.mark.parametrize("name", ["vicon_zup_inches", "daz_yup_cm"])
def test_bvh_stands_on_the_floor_in_metres(data_folder, tmp_path, name):
    source = data_folder / "raw" / "bvh" / f"{name}.bvh"
    ((store, i),) = prepared(source, tmp_path / "store").values()
    xyz_m = np.asarray(store.xyz_of(i))
    feet_m = xyz_m[:, [JOINT["lankle"], JOINT["rankle"]], 2].min(1)
    trunk_m = xyz_m[:, JOINT["neck"], 2] - xyz_m[:, JOINT["root"], 2]
    assert abs(np.percentile(feet_m, 5)) < 0.25
    assert 0.3 < np.median(trunk_m) < 0.75
