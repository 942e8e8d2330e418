"""Human3.6M from MotionBERT's pickle: sizes, cameras, what is left out, what is refused."""

import os
import pickle
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from tiny_stores import swaying

from lib.config import load_config
from lib.data.h36m import CAMERAS, camera_of, read_side
from lib.data.plain_pickle import read_plain_pickle
from lib.data.splits import load_split, split_sequences
from lib.data.store import open_store
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.errors import UserError
from lib.geometry import project
from lib.skeleton import JOINT
from lib.train.evaluation import EvalConfig, score_lifter
from lib.train.lifting import LiftingConfig
from tools.prepare_h36m import main

ROOT = Path(__file__).parents[2]
SPLIT = str(ROOT / "configs" / "splits" / "h36m.yaml")
NAMES = ("54138969", "55011271", "58860488", "60457274")
TAKES = ("s_09_act_02_subact_01_ca_01", "s_09_act_05_subact_02_ca_02",
         "s_11_act_03_subact_01_ca_03")  # fmt: skip


def filmed(i: int, num_frames: int = 40) -> np.ndarray:
    """(T, 17, 3) camera metres of a standing body 5 m in front of the i-th camera."""
    world = swaying(num_frames, np.random.default_rng(i))
    level = np.stack([world[..., 0], -world[..., 2], world[..., 1]], -1)
    return level + np.array([0.3, 1.0, 5.0])


def side(takes=TAKES) -> dict:
    """What the file holds of these takes, by the definitions of its makers."""
    parts: dict[str, list] = {}
    for i, take in enumerate(takes):
        xyz, camera = filmed(i), camera_of(NAMES[i], "")
        depth_mm = 1000 * xyz[:, JOINT["root"], 2]
        factor = depth_mm / camera.f[0]
        behind_mm = 1000 * xyz[..., 2] - depth_mm[:, None]
        image = np.concatenate([project(xyz, camera), (behind_mm / factor[:, None])[..., None]], -1)
        rows = {
            "joint3d_image": image, "joints_2.5d_image": image * factor[:, None, None],
            "2.5d_factor": factor, "joint_2d": image[..., :2] + 1.5,
            "confidence": np.full(image.shape[:2], 0.7),
            "camera_name": [NAMES[i]] * len(xyz), "source": [take] * len(xyz),
            "action": [f"act{take[9:11]}"] * len(xyz),
        }  # fmt: skip
        for key, value in rows.items():
            parts.setdefault(key, []).append(value)
    return {
        key: np.concatenate(v) if isinstance(v[0], np.ndarray) else list(chain(*v))
        for key, v in parts.items()
    }


def write(path: Path, content) -> Path:
    path.write_bytes(pickle.dumps(content))
    return path


@pytest.fixture
def store(tmp_path):
    path = write(tmp_path / "h36m.pkl", {"test": side()})
    assert main(["--pickle", str(path), "--out", str(tmp_path / "h36m")]) == 0
    return open_store(tmp_path / "h36m")


def test_scores_and_factors_may_have_an_axis_of_one_at_the_end(store, tmp_path):
    content = side()
    for key in ("confidence", "2.5d_factor"):
        content[key] = content[key][..., None]
    path = write(tmp_path / "other.pkl", {"test": content})
    assert main(["--pickle", str(path), "--out", str(tmp_path / "other")]) == 0
    other = open_store(tmp_path / "other")
    assert np.array_equal(other.detected_score, store.detected_score)
    assert np.array_equal(other.xyz_m, store.xyz_m)


def test_the_truth_is_what_was_filmed(store):
    assert [s.subject for s in store.sequences] == ["S9", "S11"]
    assert [s.action for s in store.sequences] == ["act02", "act03"]
    assert [s.camera.size_px for s in store.sequences] == [(1000, 1002), (1000, 1000)]
    for i, number in enumerate((0, 2)):
        assert np.allclose(store.xyz_of(i), filmed(number), atol=1e-5)
        px, score = store.detected_of(i)
        assert np.allclose(px, store.xy_of(i) + 1.5, atol=1e-3) and np.allclose(score, 0.7)


def test_takes_with_wrong_truth_are_left_out(store):
    assert "s_09_act_05_subact_02_ca_02" not in [s.name for s in store.sequences]


def test_T23_the_factor_is_the_size_of_a_pixel_at_the_root(tmp_path):
    content = side()
    given = content.pop("2.5d_factor")
    computed = read_side({"test": content}, "test", "file").factor_mm
    assert np.allclose(computed, given)
    # 5 m away, 1145 px of focal length: 4.37 mm a pixel.
    assert computed[0] == pytest.approx(5000 / 1145, rel=0.01)
    content["2.5d_factor"] = given * 1.05
    with pytest.raises(UserError, match=r"frame 0: joints_2.5d_image is not joint3d_image x"):
        read_side({"test": content}, "test", "file")


def test_T23_without_factor_and_depth_there_is_no_size(tmp_path, capsys):
    train = side(("s_01_act_02_subact_01_ca_01",))
    for key in ("2.5d_factor", "joints_2.5d_image", "action"):
        train.pop(key)
    path = write(tmp_path / "both.pkl", {"train": train, "test": side()})
    assert main(["--pickle", str(path), "--out", str(tmp_path / "out")]) == 0
    assert "train: left out, its poses have no size" in capsys.readouterr().out
    path = write(tmp_path / "train.pkl", {"train": train})
    assert main(["--pickle", str(path), "--out", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()


def test_scaled_pixels_are_the_file_s_own_millimetres(tmp_path):
    content = side(TAKES[:1])
    path = write(tmp_path / "h36m.pkl", {"test": content})
    assert main(["--pickle", str(path), "--out", str(tmp_path / "s"), "--truth", "2.5d"]) == 0
    xyz = open_store(tmp_path / "s").xyz_of(0)
    mm = content["joints_2.5d_image"]
    assert np.allclose(1000 * (xyz - xyz[:, :1]), mm - mm[:, :1], atol=0.01)
    assert not np.allclose(xyz, filmed(0), atol=1e-2)


def test_protocols_1_and_2_are_scored_from_detections(store):
    split = load_split(SPLIT)
    assert split_sequences(store, split, "train") == []
    assert split_sequences(store, split, "test") == [0, 1]
    config = load_config(LiftingConfig, ROOT / "configs/pose3d/h36m.yaml")
    assert config.eval.sources[0].side == "test"
    seen = []

    class Off:
        is_metric = True

        def lift_relative(self, pose, *, flip_average, focal_px):
            seen.append(pose)
            truth = filmed(0 if "s_09" in pose.source else 2)
            error = 0.03 if "s_09" in pose.source else 0.05
            relative = truth - truth[:, [JOINT["root"]]]
            relative[:, 1:, 0] += error
            return relative

    eval_config = EvalConfig([SourceConfig(str(store.path), split=SPLIT, side="test")])
    found = score_lifter(Off(), eval_config, None, RandomCameraConfig())
    assert np.allclose(seen[0].score, 0.7)
    assert found.flat()["mpjpe_mm/act02"] == pytest.approx(30 * 16 / 17, abs=0.01)
    assert found.exercise_mean()["mpjpe_mm"] == pytest.approx(40 * 16 / 17, abs=0.01)


def _swap_legs(content):
    order = [0, 4, 5, 6, 1, 2, 3, *range(7, 17)]
    for key in ("joint3d_image", "joints_2.5d_image"):
        content[key] = content[key][:, order]


DAMAGE = {
    "legs and arms disagree": _swap_legs,
    "has no 'joint_2d'": lambda c: c.pop("joint_2d"),
    "unknown camera '7'": lambda c: c.update(camera_name=["7"] * len(c["source"])),
    "is not like s_09": lambda c: c.update(source=["walk"] * len(c["source"])),
    "has shape": lambda c: c.update(joint_2d=c["joint_2d"][:-1]),
    "must list 120 names": lambda c: c["source"].pop(),
    "measures": lambda c: c.update({"2.5d_factor": c["2.5d_factor"] / 1000,
                                    "joints_2.5d_image": c["joints_2.5d_image"] / 1000}),
    "no regular array": lambda c: c.update({"2.5d_factor": [10**400] * len(c["source"])}),
    "not finite": lambda c: c["joint3d_image"].__setitem__((3, 0, 0), np.nan),
}  # fmt: skip


@pytest.mark.parametrize("problem", DAMAGE)
def test_what_is_no_human36m_is_refused(tmp_path, capsys, problem):
    content = side()
    DAMAGE[problem](content)
    path = write(tmp_path / "odd.pkl", {"test": content})
    assert main(["--pickle", str(path), "--out", str(tmp_path / "out")]) == 2
    assert problem in capsys.readouterr().err and not (tmp_path / "out").exists()


class _Trap:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (os.mkdir, (str(self.target),))


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_that_would_run_something_does_not(tmp_path, protocol):
    mark, path = tmp_path / "ran", tmp_path / "trap.pkl"
    content = {"test": side(), "x": _Trap(mark)}
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    with pytest.raises(UserError, match="trap.pkl: holds (posix|nt).mkdir, which is neither"):
        read_plain_pickle(path)
    assert not mark.exists()
    pickle.loads(path.read_bytes())  # noqa: S301 - it is a real trap
    assert mark.exists()


@pytest.mark.parametrize("protocol", range(6))
def test_plain_content_comes_through(tmp_path, protocol):
    content = {"a": [np.arange(6.0).reshape(2, 3), np.float64(2)], "b": {"c": ("x", 1, None, b"z")},
               "d": np.array(["s1", "s2"]), "e": np.array([np.arange(2), "t"], object)}  # fmt: skip
    path = tmp_path / "plain.pkl"
    path.write_bytes(pickle.dumps(content, protocol=protocol))
    read = read_plain_pickle(path)
    assert np.array_equal(read["a"][0], content["a"][0]) and read["a"][1] == 2
    assert read["b"] == content["b"] and read["d"].tolist() == ["s1", "s2"]
    assert read["e"][1] == "t"


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x05]", b"cos\nsystem\n."])
def test_damaged_pickles_are_one_line(tmp_path, content):
    path = tmp_path / "bad.pkl"
    path.write_bytes(content)
    with pytest.raises(UserError, match="bad.pkl"):
        read_plain_pickle(path)


def test_cameras_have_their_own_pictures():
    assert {name: size for name, (_, _, size) in CAMERAS.items()} == {
        "54138969": (1000, 1002), "60457274": (1000, 1002),
        "55011271": (1000, 1000), "58860488": (1000, 1000),
    }  # fmt: skip
