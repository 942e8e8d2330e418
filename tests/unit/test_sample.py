"""The committed sample agrees with itself: video, detections and truth."""

import itertools
from pathlib import Path

import av
import numpy as np
import orjson
import pytest

from lib.geometry import Camera, project
from lib.skeleton import HALPE26, JOINTS, LIMB_JOINTS, indices, to_working
from tools import make_sample

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def truth():
    with np.load(SAMPLE / "truth.npz") as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture(scope="module")
def records():
    return orjson.loads((SAMPLE / "squat.json").read_bytes())


def test_small_enough_to_commit():
    sizes = {path.suffix: path.stat().st_size for path in SAMPLE.iterdir()}
    assert sizes[".mp4"] + sizes[".json"] < 2e6 and sizes[".npz"] < 3e5


def test_video_has_the_frames_of_the_truth(truth):
    with av.open(str(SAMPLE / "squat.mp4")) as video:
        stream = video.streams.video[0]
        assert (stream.width, stream.height) == tuple(truth["size_px"]) == (900, 900)
        assert stream.average_rate == truth["fps"] == 50
        first = next(video.decode(stream)).to_ndarray(format="rgb24")
        video.seek(0)
        assert sum(packet.size > 0 for packet in video.demux(stream)) == len(truth["xyz_m"])
    assert first.std() > 20


def test_truth_is_five_deep_squats(truth):
    assert tuple(truth["joint_names"]) == JOINTS and truth["action"] == "squat"
    height = -truth["xyz_m"][:, JOINTS.index("root"), 1]
    marks = truth["marks"]
    assert len(marks) == 6 and marks[0] > 0 and marks[-1] < len(height)
    for start, stop in itertools.pairwise(marks):
        assert height[start:stop].min() < min(height[start], height[stop]) - 0.3


def test_detections_lie_on_the_true_joints(truth, records):
    camera = Camera(**{k: truth[k] for k in ("R", "T", "f", "c", "k", "p")}, size_px=(900, 900))
    mine = [record for record in records if record["idx"] == 1]
    frames = [int(record["image_id"].removesuffix(".jpg")) for record in mine]
    points = np.array([record["keypoints"] for record in mine]).reshape(-1, 26, 3)
    xy, score = to_working(points[..., :2], points[..., 2], HALPE26)
    limbs = indices(*LIMB_JOINTS)
    wanted = project(truth["xyz_m"][frames], camera)
    error = np.linalg.norm(xy - wanted, axis=-1)[:, limbs]
    assert np.median(error) < 4
    assert np.quantile(error[score[:, limbs] > 0.5], 0.99) < 15


def test_detections_are_as_awkward_as_real_ones(truth, records):
    by_person = {
        idx: {int(r["image_id"].split(".")[0]) for r in records if r["idx"] == idx}
        for idx in (1, 2)
    }
    everything = set(range(len(truth["xyz_m"])))
    assert {record["idx"] for record in records} == {1, 2}
    assert 10 < len(everything - by_person[1]) < 0.1 * len(everything)
    assert 50 < len(by_person[2]) < 0.5 * len(everything)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_that_is_none_is_refused_in_one_line(seed, tmp_path, capsys):
    assert make_sample.main(["--out", str(tmp_path / "x"), "--seed", str(seed)]) == 2
    assert capsys.readouterr().err == f"error: seed {seed}: 0 or more, below 2^64, would do\n"
    assert not list(tmp_path.iterdir())
