"""InstaVariety's two forms: clips kept together, confidences apart from coordinates."""

import json
import tracemalloc
from collections import Counter

import numpy as np
import pytest

from lib.data.instavariety import KEYS, PX_PER_UNIT, pair_clips, read_pair
from lib.data.pieces import Quality
from lib.data.store import open_store
from lib.skeleton import JOINT, JOINTS, indices
from tools import prepare_instavariety, slice_clips

ABSENT = indices("spine", "head")


def frames(num, seed=0, scale=100.0):
    """(T, 17, 3) as the pair holds them: spine and head are 0."""
    rng = np.random.default_rng(seed)
    values = np.concatenate(
        [rng.uniform(-scale, scale, (num, 17, 2)), rng.uniform(0.5, 0.9, (num, 17, 1))], -1
    )
    values[:, ABSENT] = 0
    return values


def write_pair(folder, clips, ids=None, dtype="f8"):
    folder.mkdir(exist_ok=True)
    np.save(folder / "motion_all.npy", np.concatenate(clips).astype(dtype))
    ids = np.arange(len(clips)) if ids is None else ids
    np.save(folder / "id_all.npy", np.repeat(ids, [len(c) for c in clips]).astype("f8"))
    return folder


def write_tracks(root, values, numbers=None, name="{:06d}.json", clip="jump/video1/0"):
    folder = root / clip
    folder.mkdir(parents=True)
    for number, frame in zip(numbers or range(len(values)), values, strict=True):
        content = {
            key: dict(zip(("x", "y", "logits"), joint.tolist(), strict=True))
            for key, joint in zip(KEYS, frame, strict=True)
            if key
        }
        (folder / name.format(number)).write_text(json.dumps(content))
    return folder


def prepare(source, *flags):
    out = source.parent / "store"
    code = prepare_instavariety.main(["--source", str(source), "--out", str(out), *flags])
    return open_store(out) if code == 0 else code


def test_pair_keeps_clips_apart_and_joints_in_place(tmp_path):
    clips = [frames(40, 0), frames(9, 1), frames(15, 2)]
    store = prepare(write_pair(tmp_path / "pair", clips, ids=[4, 5, 9]))
    assert [s.name for s in store.sequences] == ["4", "9"]  # 5 is too short
    for i, clip in ((0, clips[0]), (1, clips[2])):
        px, score = store.detected_of(i)
        np.testing.assert_allclose(px, clip[..., :2], rtol=1e-6)
        np.testing.assert_allclose(score, clip[..., 2], rtol=1e-6)
    assert slice_clips.main(["--store", str(store.path), "--length", "30", "--stride", "10"]) == 0
    assert open_store(store.path).clips.tolist() == [[0, 0, 30], [0, 10, 40], [1, 0, 15]]


def test_pair_in_box_coordinates_is_scaled_as_a_whole(tmp_path):
    clip = frames(20, scale=1.0)
    clip[0, JOINT["root"], :2] = 0  # MotionBERT puts the first root there: no missing joint
    store = prepare(write_pair(tmp_path / "pair", [clip], dtype="f4"))
    px, score = store.detected_of(0)
    np.testing.assert_allclose(px, PX_PER_UNIT * clip[..., :2], rtol=1e-4)
    assert score[0, JOINT["root"]] > 0


def test_an_id_that_returns_is_another_clip(tmp_path):
    store = prepare(write_pair(tmp_path / "pair", [frames(12, i) for i in range(3)], [7, 8, 7]))
    assert [(s.name, s.group) for s in store.sequences] == [
        ("7", "7"), ("8", "8"), ("7/again1", "7")
    ]  # fmt: skip


def test_D2_confidences_are_mapped_on_their_own(tmp_path, capsys):
    clip = frames(12)
    clip[:, JOINT["nose"], 2] = 1.4
    clip[:, JOINT["lknee"], 2] = -0.1
    clip[:, JOINT["rknee"], 2] = np.nan
    clip[:, JOINT["lwrist"], 0] = np.nan
    store = prepare(write_pair(tmp_path / "pair", [clip]))
    px, score = store.detected_of(0)
    assert (score[:, JOINT["nose"]] == 1).all()
    np.testing.assert_allclose(px[:, JOINT["nose"]], clip[:, JOINT["nose"], :2], rtol=1e-6)
    gone = [*ABSENT, *indices("lknee", "rknee", "lwrist")]
    assert (score[:, gone] == 0).all() and (px[:, gone] == 0).all()
    assert "12 confidences above 1 taken as 1" in capsys.readouterr().out


def test_a_place_that_no_picture_has_is_a_missing_joint(tmp_path):
    clip = frames(20)
    clip[3, JOINT["lwrist"], 0], clip[4, JOINT["rknee"], 1] = 1e300, -1e7
    store = prepare(write_pair(tmp_path / "pair", [clip]))
    xy, score = store.detected_of(0)
    assert score[3, JOINT["lwrist"]] == 0 == score[4, JOINT["rknee"]]
    assert score[3, JOINT["rwrist"]] > 0 and np.isfinite(xy).all() and np.abs(xy).max() < 1e6


def test_D17_spine_and_head_are_missing_whatever_the_file_says(tmp_path):
    clip = frames(12)
    clip[:, ABSENT] = 0.9
    _, score = prepare(write_pair(tmp_path / "pair", [clip])).detected_of(0)
    assert (score[:, ABSENT] == 0).all()


def test_D21_a_clip_is_judged_by_all_its_joints_and_frames(tmp_path, capsys):
    """A sure first joint saves no clip, and an unsure one condemns none."""
    poor, good = frames(40, 1), frames(40, 2)
    poor[:, 9:, 2] = 0.1  # 8 of 15 are seen in each frame: under 60 %
    good[0, 0, 2] = 0.1
    source = write_pair(tmp_path / "pair", [poor, good])
    assert [s.name for s in prepare(source).sequences] == ["1"]
    assert "40 frames in stretches that show under 60%" in capsys.readouterr().out
    assert len(prepare(source, "--min-share", "0.4").sequences) == 2


def test_memory_does_not_grow_with_the_pair(tmp_path):
    folder = write_pair(tmp_path / "pair", [frames(100, i) for i in range(300)], dtype="f4")
    clips = pair_clips(folder)
    tracemalloc.start()
    for of_clip in read_pair(folder, clips, 25.0, Quality(), Counter()):
        assert sum(len(r.detected_px) for r in of_clip) == 100
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 0.5 * (folder / "motion_all.npy").stat().st_size


def test_tracks_come_by_key_and_gaps_split(tmp_path):
    values = frames(30)
    root = tmp_path / "InstaVariety_tracks"
    write_tracks(root, values, numbers=[*range(5, 20), *range(40, 55)])
    store = prepare(tmp_path / "InstaVariety_tracks")
    assert [(s.name, s.action, s.group, s.num_frames) for s in store.sequences] == [
        ("jump/video1/0/0", "jump", "jump/video1", 15),
        ("jump/video1/0/1", "jump", "jump/video1", 15),
    ]
    px, score = store.detected_of(1)
    np.testing.assert_allclose(px, values[15:, :, :2], rtol=1e-6)
    np.testing.assert_allclose(score, values[15:, :, 2], rtol=1e-6)


def test_frames_are_ordered_by_number_not_by_name(tmp_path):
    values = frames(25)
    write_tracks(tmp_path / "tracks", values, name="frame{}.json")
    px, _ = prepare(tmp_path / "tracks").detected_of(0)
    np.testing.assert_allclose(px, values[..., :2], rtol=1e-6)


def test_keys_are_those_of_the_tracks():
    assert KEYS[JOINTS.index("root")] == "Hip" and KEYS[JOINTS.index("rwrist")] == "R Wrist"
    assert KEYS[JOINTS.index("neck")] == "Neck" and KEYS[JOINTS.index("nose")] == "Nose"
    assert [JOINTS[i] for i, key in enumerate(KEYS) if not key] == ["spine", "head"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", "cut off"), ("[]", "none of the joints"), ('{"nose": 1}', "none of the joints"),
        ('{"Nose": {"x": 1, "y": 2}}', "000003.json: 'Nose' lacks x, y or logits"),
        ('{"Nose": 1}', "'Nose' lacks x, y or logits"),
        ('{"Nose": {"x": "1", "y": 2, "logits": 1}}', "y or logits of 'Nose' is no number"),
        ('{"Nose": {"x": true, "y": 2, "logits": 1}}', "y or logits of 'Nose' is no number"),
    ],
)  # fmt: skip
def test_odd_clips_are_listed(tmp_path, capsys, content, text):
    write_tracks(tmp_path / "tracks", frames(12))
    bad = write_tracks(tmp_path / "tracks", frames(12), clip="jump/video1/1")
    (bad / "000003.json").write_text(content)
    assert len(prepare(tmp_path / "tracks").sequences) == 1
    printed = capsys.readouterr().out
    assert "skipped: " in printed and text in printed and "jump/video1/1" in printed
    assert prepare(tmp_path / "tracks", "--strict") == 2


@pytest.mark.parametrize(
    ("motion", "ids", "text"),
    [
        (np.zeros((4, 16, 3)), np.zeros(4), "shape (4, 16, 3), expected (frames, 17, 3)"),
        (np.zeros((4, 17, 3)), np.zeros(5), "id_all.npy: has shape (5,)"),
        (np.array([None]), np.zeros(1), "cannot read"),
        (np.zeros((4, 17, 3), int), np.zeros(4), "holds int64"),
    ],
)
def test_odd_pairs_are_refused(tmp_path, capsys, motion, ids, text):
    source = tmp_path / "pair"
    source.mkdir()
    np.save(source / "motion_all.npy", motion, allow_pickle=True)
    np.save(source / "id_all.npy", ids)
    assert prepare(source) == 2
    assert text in capsys.readouterr().err


def test_an_empty_source_is_refused(tmp_path, capsys):
    assert prepare(tmp_path) == 2
    assert "holds neither motion_all.npy nor" in capsys.readouterr().err
