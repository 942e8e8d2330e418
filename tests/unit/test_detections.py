"""AlphaPose files in all their forms, and every way they can be wrong."""

import json

import numpy as np
import orjson
import pytest

from lib.data.detections import in_video, read_detections
from lib.errors import UserError
from lib.skeleton import JOINT


def points(num=17, x=100.0, score=0.9):
    """Keypoints as a flat list; keypoint k at (x + k, 2 k)."""
    return [value for k in range(num) for value in (x + k, 2.0 * k, score)]


def entry(image="0.jpg", num=17, **more):
    return {
        "image_id": image, "category_id": 1, "keypoints": points(num), "score": 2.5, **more
    }  # fmt: skip


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "result.json"
        path.write_bytes(content if isinstance(content, bytes) else orjson.dumps(content))
        return path

    return write


def refused(path, text, **video):
    """The one line a wrong file gets: names the file and says `text`. video: for `in_video`."""
    with pytest.raises(UserError) as caught:
        found = read_detections(path)
        if video:
            in_video(found, **video)
    message = str(caught.value)
    assert text in message and "result.json" in message and "\n" not in message, message


@pytest.mark.parametrize(
    ("num", "layout"),
    [(17, "COCO-17"), (18, "COCO-18"), (26, "Halpe-26"), (133, "COCO-17"), (136, "Halpe-26")],
)
def test_layouts_are_told_by_their_number_of_keypoints(written, num, layout):
    found = read_detections(written([entry(num=num)]))
    assert found.layout == layout
    knee = {"COCO-17": 14, "COCO-18": 9, "Halpe-26": 14}[layout]
    np.testing.assert_allclose(found.xy_px[0, JOINT["rknee"]], [100 + knee, 2 * knee])


@pytest.mark.parametrize("num", [16, 25, 68, 33])
def test_other_numbers_of_keypoints_are_refused(written, num):
    refused(written([entry(num=num)]), f"has {num} keypoints")


def test_two_numbers_of_keypoints_in_one_file_are_refused(written):
    refused(written([entry(), entry("1.jpg", num=26)]), "detection 1 (image 1.jpg) has 26")


@pytest.mark.parametrize(
    ("people", "joints"), [("bodies", "joints"), ("people", "pose_keypoints_2d")]
)
def test_dict_forms_and_their_computed_neck(written, people, joints):
    content = {
        "3.jpg": {"version": "AlphaPose v0.3", people: [{joints: points(18)}]},
        "4.jpg": {"version": "AlphaPose v0.3", people: []},
    }
    found = read_detections(written(content))
    assert found.layout == "COCO-18" and found.frame_id.tolist() == [3]
    rshoulder, lshoulder = np.array([102, 4.0]), np.array([105, 10.0])
    np.testing.assert_allclose(found.xy_px[0, JOINT["neck"]], (rshoulder + lshoulder) / 2)
    np.testing.assert_allclose(found.person_score, 0.9)


def test_scores_above_one_are_clamped_for_use_and_kept_raw(written):
    keypoints = points(score=1.115)
    found = read_detections(written([entry(keypoints=keypoints) | {"keypoints": keypoints}]))
    assert found.score.max() == 1.0 and found.score_raw.max() == pytest.approx(1.115)
    assert found.person_score[0] == 2.5


def test_derived_joints_take_their_lower_parents_score_and_need_every_parent_D16_D17(written):
    keypoints = points()
    keypoints[3 * 11 + 2] = 0.3  # left hip
    keypoints[3 * 5 + 2] = 0.0  # left shoulder
    found = read_detections(written([entry() | {"keypoints": keypoints}]))
    assert found.score[0, JOINT["root"]] == pytest.approx(0.3)
    assert found.score[0, JOINT["neck"]] == 0 and found.score[0, JOINT["spine"]] == 0


@pytest.mark.parametrize(
    ("idx", "wanted"), [(3, 3), (3.0, 3), ([3], 3), ([[3.0]], 3), ([3, 9], 3), (-1, None)]
)
def test_idx_as_number_list_or_nested_list(written, idx, wanted):
    found = read_detections(written([entry(idx=idx)]))
    assert (None if found.person_id is None else found.person_id[0]) == wanted


def test_idx_0_of_several_people_in_a_picture_means_untracked(written):
    """AlphaPose without its tracker writes idx 0 for everybody."""
    alone = [entry(image, idx=[0.0]) for image in ("0.jpg", "1.jpg", "2.jpg")]
    assert read_detections(written(alone)).person_id.tolist() == [0, 0, 0]
    assert read_detections(written([*alone, entry("1.jpg", idx=[0.0])])).person_id is None
    tracked = [*alone, entry("1.jpg", idx=[3.0])]
    assert read_detections(written(tracked)).person_id.tolist() == [0, 0, 3, 0]


def test_a_missing_idx_anywhere_means_untracked(written):
    assert read_detections(written([entry(idx=1), entry("1.jpg")])).person_id is None
    assert read_detections(written([entry(idx=[])])).person_id is None


@pytest.mark.parametrize("idx", ["one", [["a"]], 1.5, True, 1e25])
def test_an_idx_that_is_no_number_is_refused(written, idx):
    refused(written([entry(idx=idx)]), "detection 0 (image 0.jpg): idx is")


@pytest.mark.parametrize(
    ("image", "number"),
    [("9.jpg", 9), ("out0000012.png", 12), ("cam2/frame_000123.png", 123), (7, 7),
     ("clip.mp4_0005.jpg", 5)],
)  # fmt: skip
def test_picture_numbers(written, image, number):
    assert read_detections(written([entry(image)])).frame_id.tolist() == [number]


@pytest.mark.parametrize("image", ["photo.jpg", None, -3, ["a"]])
def test_an_image_without_a_number_is_refused(written, image):
    refused(written([entry(image)]), "has no picture number")


def test_two_names_of_one_picture_are_refused(written):
    refused(written([entry("a/1.jpg"), entry("b/1.jpg")]), "would both be picture 1")


def test_frames_are_sorted_and_gaps_keep_their_time_I1(written):
    found = read_detections(written([entry("7.jpg"), entry("2.jpg"), entry("5.jpg")]))
    found = in_video(found, 10)
    assert found.frame_id.tolist() == [2, 5, 7] and found.first_number == 0


@pytest.mark.parametrize(
    ("numbers", "num_frames", "first"),
    [((0, 9), 10, 0), ((1, 10), 10, 1), ((5, 10), 10, 1), ((1, 9), 10, 0), ((1, 4), 10, 0)],
)  # fmt: skip
def test_counting_from_0_or_1_is_decided_by_the_decoded_length(written, numbers, num_frames, first):
    alone = read_detections(written([entry(n) for n in numbers]))
    assert alone.first_number == 0 and alone.frame_id.tolist() == list(numbers)
    found = in_video(alone, num_frames)
    assert found.first_number == first
    assert found.frame_id.tolist() == [n - first for n in numbers]


def by_picture(filled, empty=()):
    people = {number: [{"joints": points(18)}] for number in filled}
    people |= {number: [] for number in empty}
    return {f"{number}.jpg": {"bodies": people[number]} for number in sorted(people)}


@pytest.mark.parametrize(
    ("filled", "empty", "first"),
    [((5, 9), (1, 10), 1), ((5, 10), (1,), 1), ((5, 9), (0,), 0), ((5, 8), (1, 9), 0)],
)  # fmt: skip
def test_pictures_without_people_tell_the_count_as_well(written, filled, empty, first):
    found = in_video(read_detections(written(by_picture(filled, empty))), 10)
    assert found.first_number == first
    assert found.frame_id.tolist() == [number - first for number in filled]


def test_a_picture_without_people_that_the_video_lacks_is_another_videos(written):
    path = written(by_picture((1, 4), (0, 12)))
    refused(path, "names picture 12, but the video decodes to 10", num_frames=10)
    refused(written(by_picture((4, 10), (0,))), "names picture 10", num_frames=10)
    path = written(by_picture((1, 4), (0, 12)))
    found = in_video(read_detections(path), 10, is_damaged=True)
    assert found.frame_id.tolist() == [1, 4] and found.first_number == 0
    path = written(by_picture((10,), (1, 12)))
    refused(path, "beyond the damage", num_frames=10, is_damaged=True)


def test_frames_beyond_the_end_or_of_another_video_are_refused(written):
    refused(written([entry(0), entry(10)]), "names picture 10, but a.mp4 decodes to 10 frames",
            num_frames=10, video="a.mp4")  # fmt: skip
    refused(written([entry(0), entry(50)]), "names picture 50", num_frames=10)
    refused(written([entry(50), entry(60)]), "share none with the video", num_frames=10)


@pytest.mark.parametrize("first", [0, 1])
def test_of_a_damaged_video_the_pictures_before_the_damage_are_kept(written, first):
    ids = [{"idx": 1 + i % 2} for i in range(20)]
    whole = read_detections(written([entry(first + i) | ids[i] for i in range(20)]))
    part = in_video(whole, 8, "a.mp4", is_damaged=True)
    assert part.frame_id.tolist() == list(range(first, 8)) and part.first_number == 0
    assert part.person_id.tolist() == whole.person_id[: 8 - first].tolist()
    np.testing.assert_array_equal(part.xy_px, whole.xy_px[: 8 - first])


@pytest.mark.parametrize(("numbers", "first"), [((0, 9), 0), ((1, 10), 1)])
def test_pictures_that_a_damaged_video_does_hold_are_as_in_any_other(written, numbers, first):
    found = in_video(read_detections(written([entry(n) for n in numbers])), 10, is_damaged=True)
    assert found.first_number == first and found.frame_id.tolist() == [0 + numbers[0] - first, 9]


def test_pictures_all_beyond_the_damage_are_refused(written):
    refused(written([entry(50), entry(60)]), "pictures 50 to 60 are all beyond the damage of a.mp4",
            num_frames=10, video="a.mp4", is_damaged=True)  # fmt: skip


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"[]", "holds no detections"),
        (b"{}", "holds no detections"),
        (b'{"0.jpg": {"people": []}}', "holds no detections"),
        (b'[{"image_id": "0.jpg", "keypo', "not whole JSON (line 1"),
        (b"\x00\xff\x13 binary", "not whole JSON"),
        (b"3", "holds a int"),
        (b'"text"', "holds a str"),
        (b"[1, 2]", "detection 0 has no image_id and keypoints"),
        (b'[{"image_id": "0.jpg"}]', "detection 0 has no image_id and keypoints"),
        (b'{"0.jpg": {"faces": []}}', "has neither bodies nor people"),
        (b'{"0.jpg": [1]}', "has neither bodies nor people"),
        (b'{"0.jpg": {"people": [{}]}}', "a person in '0.jpg' has no pose_keypoints_2d"),
        (b'[{"image_id": 0, "keypoints": []}]', "keypoints must be x, y, score"),
        (b'[{"image_id": 0, "keypoints": [1, 2]}]', "keypoints must be x, y, score"),
        (b'[{"image_id": 0, "keypoints": "abc"}]', "keypoints must be x, y, score"),
    ],
)
def test_what_is_not_alphapose_is_refused(written, content, text):
    refused(written(content), text)


@pytest.mark.parametrize("wrong", ["NaN", "Infinity", "null", '"x"', "[1]", '"1"', "true"])
def test_a_keypoint_that_is_no_number_is_named(written, wrong):
    good = orjson.dumps(entry()).decode()
    bad = orjson.dumps(entry("8.jpg")).decode().replace("102.0", wrong)
    refused(
        written(f"[{good},{bad}]".encode()), "detection 1 (image 8.jpg): keypoint 2 (reye) holds"
    )


@pytest.mark.parametrize("wrong", ["1e400", "-" + "9" * 400, "9" * 5000, "1e9"])
def test_a_number_too_large_for_any_picture_is_named_with_its_place(written, wrong):
    found = float(wrong)
    text = orjson.dumps([entry(), entry("8.jpg")]).decode()
    bad = text.replace("102.0", wrong, 1).encode()
    refused(written(bad), f"detection 0 (image 0.jpg): keypoint 2 (reye) holds {found}, not")
    bad = text.replace("2.5", wrong, 1).encode()
    refused(written(bad), f"detection 0 (image 0.jpg): score is {found}, expected a number")


@pytest.mark.parametrize("wrong", ["1", True])
def test_text_and_truth_throughout_are_no_keypoints(written, wrong):
    refused(written([entry(keypoints=[wrong] * 51)]), f"keypoint 0 (nose) holds {wrong!r}, not")


def test_a_nan_in_nested_keypoints_is_refused(written):
    nested = [[1.0, 2.0, 0.5] for _ in range(18)]
    assert read_detections(written([entry(keypoints=nested)])).layout == "COCO-18"
    nested[3][1] = float("nan")
    refused(
        written(json.dumps([entry(keypoints=nested)]).encode()),
        "keypoint 3 (relbow) holds nan, not a number",
    )


@pytest.mark.parametrize("image", [True, 3.5, {"a": 3}, [3], None, "9" * 5000])
def test_an_image_id_that_is_neither_name_nor_whole_number_is_refused(written, image):
    refused(written([entry(image)]), "has no picture number")


def test_a_whole_float_is_a_picture_number(written):
    assert read_detections(written([entry(3.0), entry(4)])).frame_id.tolist() == [3, 4]


def test_a_score_that_is_no_number_is_refused(written):
    refused(written([entry() | {"score": "good"}]), "score is 'good'")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    refused(tmp_path / "result.json", "cannot read detections")


@pytest.mark.parametrize(("factor", "is_refused"), [(0.5, True), (1.0, True), (300.0, False)])
def test_shares_of_the_picture_are_no_pixels(tmp_path, factor, is_refused):
    rng = np.random.default_rng(0)
    points = np.concatenate([factor * rng.random((4, 17, 2)), np.full((4, 17, 1), 0.9)], -1)
    records = [{"image_id": f"{i}.jpg", "category_id": 1, "score": 2.0,
                "keypoints": each.ravel().tolist()} for i, each in enumerate(points)]  # fmt: skip
    path = tmp_path / "a.json"
    path.write_text(json.dumps(records))
    if is_refused:
        with pytest.raises(UserError, match="expected pixels, not shares of the picture"):
            read_detections(path)
    else:
        assert len(read_detections(path).frame_id) == 4
