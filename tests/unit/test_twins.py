"""The same motion under two names is found, another one is not."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_stores import world_store

from lib.data import twins as module
from lib.data.mocap.motion17 import read_motion17
from lib.data.splits import SIDES, load_split
from lib.data.twins import angle_curves, find_twins
from lib.geometry import mirror
from lib.signals import resample
from lib.skeleton import NUM_JOINTS
from tools import check_split

ROOT = Path(__file__).parents[2]
FPS = 50.0


def moving_m(seed: int, num_frames: int = 300) -> np.ndarray:
    """(T, 17, 3) joints that swing about a random body."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(num_frames)[:, None, None] / FPS
    phase, speed = rng.uniform(0, 6, (2, 1, NUM_JOINTS, 3))
    return rng.normal(0, 0.4, (1, NUM_JOINTS, 3)) + 0.2 * np.sin((1 + speed / 2) * time_s + phase)


def twins(*poses_m: np.ndarray, fps=None, sides=("train", "test")):
    return find_twins(poses_m, fps or [FPS] * len(poses_m), sides)


def test_other_motions_are_no_twins_and_an_equal_one_is():
    assert twins(moving_m(0), moving_m(1)) == []
    (twin,) = twins(moving_m(0), moving_m(0))
    assert {twin.first, twin.second} == {0, 1} and twin.distance < 0.02
    assert twin.first_s == pytest.approx(twin.second_s, abs=0.06)


def test_turned_scaled_moved_cut_and_slowed_is_still_equal():
    whole = moving_m(2)
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    other = 1.3 * whole[80:220] @ turn.T + [1, 2, 3]
    (twin,) = twins(other, whole)
    starts = {twin.first: twin.first_s, twin.second: twin.second_s}
    assert starts[1] - starts[0] == pytest.approx(80 / FPS, abs=0.08)
    slow = resample(whole, np.arange(300) / FPS, np.arange(0, 299) / FPS / 1.2)
    assert len(twins(slow, whole)) == len(twins(whole, slow)) == 1
    assert len(twins(whole[::2], whole, fps=[FPS / 2, FPS])) == 1


def test_mirrored_is_equal():
    (twin,) = twins(mirror(moving_m(3)), moving_m(3))
    assert twin.distance < 0.05


def test_shorter_takes_are_compared_too_and_what_shows_nothing_is_not():
    whole = moving_m(4)
    assert len(twins(whole[100:160], whole)) == 1
    for nothing in (whole[:0], whole[:1], whole[:40], np.repeat(whole[:1], 200, 0)):
        assert twins(nothing, whole) == []
    gone = whole.copy()
    gone[::20] = np.nan
    assert twins(gone, whole) == []


@pytest.mark.parametrize("num_frames", [60, 61, 62, 63])
def test_takes_of_hardly_more_than_the_window_are_compared(num_frames):
    whole = moving_m(4, 200)
    assert len(twins(whole[:num_frames], whole, fps=[30.0, 30.0])) == 1


def test_the_tool_fails_where_two_sides_share_a_motion(tmp_path, monkeypatch, capsys):
    twin = check_split.Twin(0, 1, 0.0, 0.5, 1.0, 0.01)
    monkeypatch.setattr(check_split, "twins_of", lambda store, sides: [twin])
    monkeypatch.setattr(check_split, "sides_of", lambda store, split: ["train", "test"])
    store = world_store(tmp_path / "s", lengths=(60, 40))
    split = ROOT / "configs/splits/motion17.yaml"
    assert check_split.main(["--store", str(store), "--split", str(split)]) == 2
    assert "look at these motions" in capsys.readouterr().err


def test_only_different_sides_are_compared():
    same = moving_m(5)
    assert (
        twins(same, same, sides=("train", "train")) == twins(same, same, sides=("", "test")) == []
    )
    assert len(twins(same, same, same, sides=("train", "development", "test"))) == 3


def test_parts_of_a_large_store_are_held_one_at_a_time_and_nothing_is_lost(monkeypatch):
    poses = [moving_m(seed % 7, 200 + 20 * seed) for seed in range(14)]
    sides = [("a", "b", "c")[i % 3] for i in range(14)]
    whole, windows, held_s = twins(*poses, sides=sides), module._windows, []

    def watched(curves, fps, takes, window_s, step_s, *more):
        if step_s == module._BANK_STEP_S:
            held_s.append(sum(len(curves[i]) / fps[i] for i in takes))
        return windows(curves, fps, takes, window_s, step_s, *more)

    monkeypatch.setattr(module, "_windows", watched)
    monkeypatch.setattr(module, "_BANK_S", 12.0)
    assert len(whole) > 5 and set(twins(*poses, sides=sides)) == set(whole)
    assert max(held_s) <= 12


def test_angles_are_left_before_right():
    pose = moving_m(6, 4)
    swapped = angle_curves(mirror(pose))
    assert np.allclose(swapped[:, 0::2], angle_curves(pose)[:, 1::2])


@pytest.fixture(scope="module")
def recordings(data_folder):
    return list(read_motion17(data_folder / "motion17"))


@pytest.mark.data
def test_no_trial_of_motion17_is_on_two_sides(recordings):
    split = load_split(str(ROOT / "configs/splits/motion17.yaml"))
    side_of = {name: side for side in SIDES for name in getattr(split, side)}
    sides = [side_of[sequence.group] for sequence, _ in recordings]
    assert find_twins([m for _, m in recordings], [s.fps for s, _ in recordings], sides) == []


@pytest.mark.data
def test_the_trial_that_has_two_names_is_found(recordings):
    named = {sequence.name: xyz_m for sequence, xyz_m in recordings}
    names = ["02_01", "cmu8_train_walking_1", "cmu8_train_walking_2"]
    (twin,) = twins(*(named[name] for name in names), sides=("train", "test", "test"))
    assert {twin.first, twin.second} == {0, 1}


def test_a_motion_that_two_cameras_saw_is_compared_once():
    same = moving_m(6)
    sequences = [
        SimpleNamespace(name=f"{subject}/squat/{camera}", camera_name=camera, fps=30.0,
                        subject=subject, group=subject)
        for subject in ("s03", "s07") for camera in "ab"
    ]  # fmt: skip
    store = SimpleNamespace(sequences=sequences, xyz_of=lambda i: same, path=Path("fit3d"))
    found = check_split.twins_of(store, ["train", "train", "test", "test"])
    assert [(twin.first, twin.second) for twin in found] in ([(0, 2)], [(2, 0)])
