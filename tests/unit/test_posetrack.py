"""PoseTrack18's annotations: joints by name, frame numbers respected, nothing invisible made up."""

import json
from collections import Counter

import numpy as np
import pytest

from lib.data.pieces import Quality
from lib.data.posetrack import read_posetrack
from lib.data.store import open_store
from lib.errors import UserError
from lib.skeleton import JOINT
from tools import prepare_posetrack, slice_clips

SIDES = [
    f"{side}_{part}"
    for part in ("ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
]
NAMES = ["nose", "head_bottom", "head_top", *SIDES]


def points(frame, names=NAMES, hidden=("left_ear", "right_ear"), x=0.0):
    """Keypoint k of NAMES at (x + 10 k + 1, frame + 1), hidden ones as PoseTrack writes them."""
    triples = [
        (0, 0, 0) if name in hidden else (x + 10 * NAMES.index(name) + 1, frame + 1, 1)
        for name in names
    ]
    return [float(value) for triple in triples for value in triple]


def annotation(frame, track=0, image=None, **more):
    number = 1000 + frame if image is None else image
    return {"image_id": number, "track_id": track, "keypoints": points(frame), **more}


def write(path, annotations, frames=range(60), names=NAMES, video="v1", **more):
    images = [
        {"id": 1000 + f, "frame_id": 1000 + f, "file_name": f"images/val/{video}/{f:06d}.jpg"}
        for f in frames
    ]
    categories = [{"name": "person", "keypoints": list(names)}]
    content = {"images": images, "annotations": annotations, "categories": categories} | more
    path.write_text(json.dumps(content))
    return path


def read(path, tally=None, **quality):
    return list(
        read_posetrack(path, 25.0, Quality(**quality), Counter() if tally is None else tally)
    )


def x_of(name):
    return 10 * NAMES.index(name) + 1


def test_joints_are_mapped_by_name_whatever_their_order(tmp_path):
    straight = write(tmp_path / "a.json", [annotation(f) for f in range(12)])
    names = NAMES[::-1]
    turned = [annotation(f) | {"keypoints": points(f, names)} for f in range(12)]
    for path in (straight, write(tmp_path / "b.json", turned, names=names)):
        (found,) = read(path)
        px = found.detected_px
        assert px.shape == (12, 17, 2)
        np.testing.assert_allclose(px[:, JOINT["rknee"], 0], x_of("right_knee"))
        np.testing.assert_allclose(px[:, JOINT["head"], 0], x_of("head_top"))
        np.testing.assert_allclose(px[:, JOINT["neck"], 0], x_of("head_bottom"))
        hips = (x_of("left_hip") + x_of("right_hip")) / 2
        np.testing.assert_allclose(px[:, JOINT["root"], 0], hips)
        np.testing.assert_allclose(px[:, JOINT["nose"], 1], np.arange(12) + 1)
        assert (found.detected_score == 1).all()
        s = found.sequence
        assert (s.name, s.subject, s.group, s.action, s.fps) == ("v1/0", "0", "v1", "", 25)


def test_D11_gaps_split_a_track_and_all_of_it_is_used(tmp_path):
    frames = [*range(0, 40), *range(43, 58)]
    path = write(tmp_path / "a.json", [annotation(f) for f in reversed(frames)])
    first, second = read(path)
    np.testing.assert_allclose(first.detected_px[:, JOINT["nose"], 1], np.arange(40) + 1)
    np.testing.assert_allclose(second.detected_px[:, JOINT["nose"], 1], np.arange(43, 58) + 1)
    assert (first.sequence.name, second.sequence.name) == ("v1/0/0", "v1/0/1")
    out = tmp_path / "store"
    assert prepare_posetrack.main(["--source", str(path), "--out", str(out)]) == 0
    assert slice_clips.main(["--store", str(out), "--length", "30", "--stride", "10"]) == 0
    assert open_store(out).clips.tolist() == [[0, 0, 30], [0, 10, 40], [1, 0, 15]]


def test_D11_every_fourth_frame_is_a_quarter_of_the_rate_and_never_neighbours(tmp_path):
    dense, sparse = range(20, 32), [*range(0, 20, 4), *range(32, 60, 4)]
    path = write(tmp_path / "a.json", [annotation(f) for f in sorted([*dense, *sparse])])
    tally = Counter()
    (middle,) = read(path, tally)
    np.testing.assert_allclose(middle.detected_px[:, JOINT["nose"], 1], np.arange(20, 33) + 1)
    assert tally["frames in stretches of fewer than 10"] == len(sparse) - 1
    (whole,) = read(path, step=4)
    np.testing.assert_allclose(whole.detected_px[:, JOINT["nose"], 1], np.arange(0, 60, 4) + 1)
    assert whole.sequence.fps == 25 / 4


def test_D12_invisible_joints_stay_missing(tmp_path):
    hidden = annotation(0)["keypoints"]
    k = 3 * NAMES.index("right_hip")
    hidden[k : k + 3] = [0, 0, 1]  # flagged as seen, but at the origin
    k = 3 * NAMES.index("left_wrist")
    hidden[k + 2] = 0  # placed, but not seen
    path = write(tmp_path / "a.json", [annotation(f, keypoints=hidden) for f in range(12)])
    (found,) = read(path)
    missing = [JOINT[name] for name in ("rhip", "lwrist", "root", "spine")]
    assert (found.detected_score[:, missing] == 0).all()
    assert (found.detected_px[:, missing] == 0).all()
    assert (np.delete(found.detected_score, missing, 1) == 1).all()


def test_people_are_kept_apart_and_useless_annotations_counted(tmp_path):
    good = [annotation(f, track) for f in range(12) for track in (7, 3)]
    useless = [
        annotation(0, 1, iscrowd=True), annotation(1, 1, keypoints=[0] * 51),
        {"image_id": 1000, "track_id": 4}, annotation(2, None), annotation(3, 1, image=5),
        annotation(4, 7, keypoints=points(4, hidden=NAMES[:9])),  # a poorer one of person 7
    ]  # fmt: skip
    tally = Counter()
    found = read(write(tmp_path / "a.json", useless + good), tally)
    assert [r.sequence.subject for r in found] == ["3", "7"]
    assert all(len(r.detected_px) == 12 and (r.detected_score == 1).all() for r in found)
    assert {key: n for key, n in tally.items() if n} == {
        "crowds or ignored people": 1, "annotations without keypoints": 2,
        "annotations without a track": 1, "annotations of images that are not listed": 1,
        "annotations of a person already in the frame": 1, "images without people": 48,
    }  # fmt: skip


def test_D22_nothing_is_read_or_written_but_what_is_named(tmp_path, monkeypatch):
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    for folder in (elsewhere, here):
        folder.mkdir()
    source = write(elsewhere / "a.json", [annotation(f) for f in range(12)])
    monkeypatch.chdir(here)
    out = elsewhere / "stores" / "pt"
    assert prepare_posetrack.main(["--source", str(source), "--out", str(out)]) == 0
    assert not list(here.iterdir()) and {p.name for p in elsewhere.iterdir()} == {
        "a.json",
        "stores",
    }


def test_an_image_may_be_called_by_its_frame_id(tmp_path):
    path = write(tmp_path / "a.json", [annotation(f) for f in range(12)])
    content = json.loads(path.read_text())
    for image in content["images"]:
        image["id"] += 50_000
    path.write_text(json.dumps(content))
    assert len(read(path)[0].detected_px) == 12


def test_an_unlisted_image_is_not_taken_for_a_frame_number(tmp_path):
    path = write(tmp_path / "a.json", [annotation(f) for f in range(12)])
    content = json.loads(path.read_text())
    for image in content["images"]:
        image["frame_id"] -= 1000
    content["annotations"].append(annotation(0, 5, image=20))
    path.write_text(json.dumps(content))
    tally = Counter()
    assert len(read(path, tally)) == 1
    assert tally["annotations of images that are not listed"] == 1


def test_a_file_without_people_holds_nothing(tmp_path):
    tally = Counter()
    assert read(write(tmp_path / "a.json", []), tally) == []
    assert tally["images without people"] == 60


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"annotations": [annotation(0, keypoints=[1] * 48)]}, "annotation 0 has 48 numbers"),
        ({"annotations": [annotation(0, keypoints=["a"] * 51)]}, "keypoint 0 holds 'a'"),
        ({"annotations": [annotation(0), annotation(1, keypoints=[1] * 48 + [1, -1e300, 1])]},
         "annotation 1: keypoint 16 holds -1e+300, not a number below 1e+06; leave that "
         "annotation out"),
        ({"annotations": [annotation(0, keypoints=[[1e300, 1, 1]] * 51)]}, "0 holds [1e+300"),
        ({"annotations": [annotation(0, keypoints=["12"] * 51)]}, "keypoint 0 holds '12', not a"),
        ({"annotations": [annotation(0, keypoints=[1] * 50 + [True])]}, "keypoint 16 holds True"),
        ({"annotations": [annotation(0, keypoints=[None] + [1] * 50)]}, "0 holds None, not a"),
        ({"annotations": None}, "no list 'annotations'"),
        ({"images": [{"file_name": "x/0.jpg"}]}, "image 0 has no number"),
        ({"categories": [{"keypoints": ["left_eye", *NAMES[1:]]}]}, "'left_eye'"),
        ({"categories": [{"keypoints": NAMES[:16]}]}, "16 names"),
        ({"categories": [{"keypoints": 17}]}, "categories[0].keypoints"),
    ],
)  # fmt: skip
def test_other_files_are_refused_in_one_line(tmp_path, change, text):
    path = write(tmp_path / "a.json", **{"annotations": [annotation(0)]} | change)
    with pytest.raises(UserError) as caught:
        read(path)
    assert text in str(caught.value) and "a.json" in str(caught.value)


def test_odd_files_are_listed_and_a_video_is_read_once(tmp_path, capsys):
    source = tmp_path / "annotations"
    source.mkdir()
    good = [annotation(f) for f in range(12)]
    write(source / "a.json", good)
    write(source / "b.json", good)
    (source / "boxes.json").write_text('[{"bbox": [0, 0, 1, 1], "image_id": 1}]')
    (source / "cut.json").write_text("{")
    out = ["--out", str(tmp_path / "store")]
    assert prepare_posetrack.main(["--source", str(source), *out]) == 0
    printed = capsys.readouterr().out
    assert printed.count("skipped:") == 2 and "boxes.json" in printed
    assert "1 sequences of videos already read from another file" in printed
    assert [s.name for s in open_store(tmp_path / "store").sequences] == ["v1/0"]
    assert prepare_posetrack.main(["--source", str(source), *out, "--strict"]) == 2
    assert "error:" in capsys.readouterr().err
    assert len(open_store(tmp_path / "store").sequences) == 1


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["--min-joints", "18"], "--min-joints 18: must be 1 to 17"),
        (["--fps", "0"], "--fps 0"),
        (["--min-frames", "13"], "no sequence to write"),
        (["--source", "nowhere"], "nowhere"),
    ],
)
def test_wrong_options(tmp_path, capsys, flags, text):
    path = write(tmp_path / "a.json", [annotation(f) for f in range(12)])
    out = ["--source", str(path), "--out", str(tmp_path / "store"), *flags]
    assert prepare_posetrack.main(out) == 2
    assert text in capsys.readouterr().err
    assert not (tmp_path / "store").exists()
