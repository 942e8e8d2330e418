"""From a detector's file to one person's keypoints: what is said of the recording."""

from dataclasses import replace

import av
import numpy as np
import orjson
import pytest

from lib.data.video import probe_video
from lib.errors import UserError
from lib.infer import recording
from lib.infer.recording import RecordingConfig, picture_size, read_recording
from lib.pose import Detections
from lib.skeleton import COCO17

SIZE = (1280, 720)
FIGURE = np.random.default_rng(3).uniform(-1, 1, (17, 2)) * [80, 300]


@pytest.fixture
def notes_on(tmp_path):
    """The notes on a file of keypoints (T, 17, 2) given without its video."""

    def notes_on(xy, score=0.9, **given):
        path = tmp_path / "result.json"
        scores = np.broadcast_to(np.array(score)[..., None], (*xy.shape[:2], 1))
        points = np.concatenate([xy, scores], -1)
        content = [
            {"image_id": i, "keypoints": person.ravel().tolist(), "score": 1.0}
            for i, person in enumerate(points)
        ]
        path.write_bytes(orjson.dumps(content))
        return read_recording(RecordingConfig(str(path), fps=30, **given))[1]

    return notes_on


@pytest.mark.parametrize("x", [200, 640, 1240])
def test_a_person_in_the_picture_is_nothing_to_warn_of(notes_on, x):
    xy = np.repeat((FIGURE + [x, 360])[None], 20, 0)
    assert not any("warning" in note for note in notes_on(xy, size_px=SIZE))


def test_keypoints_that_are_all_outside_are_of_another_size(notes_on):
    xy = 3 * np.repeat((FIGURE + [640, 360])[None], 20, 0)
    with pytest.raises(UserError, match="as if found at another size.*the detector saw"):
        notes_on(xy, size_px=SIZE)


def test_a_wild_keypoint_does_not_make_the_picture_larger():
    xy, score = np.repeat((FIGURE + [640, 360])[None], 20, 0), np.full((20, 17), 0.9)
    own = Detections(np.arange(20), xy, score, score, np.ones(20), None, "a.json")
    wild = xy.copy()
    wild[7, 3] = [9000, 9000]
    assert picture_size(replace(own, xy_px=wild)) == picture_size(own)


@pytest.mark.parametrize("factor", [0.25, 0.5, 1.5])
def test_keypoints_of_a_video_of_another_size_are_warned_of(notes_on, factor):
    xy = factor * np.repeat((FIGURE + [640, 360])[None], 20, 0)
    (warning,) = (note for note in notes_on(xy, size_px=SIZE) if note.startswith("warning"))
    assert "result.json" in warning and "1280x720" in warning and "the detector saw" in warning
    assert not any("another size" in note for note in notes_on(xy))  # the picture is a guess then


@pytest.mark.parametrize(
    ("hidden", "text"),
    [
        (("ankle",), "ankles are"),
        (("knee", "ankle"), "knees, ankles are"),
        ((), ""),
        (("left",), ""),
    ],
)
def test_joints_that_are_hardly_ever_seen_are_named(notes_on, hidden, text):
    score = np.full((20, 17), 0.9)
    score[1:, [i for i, name in enumerate(COCO17.joints) if any(h in name for h in hidden)]] = 0.1
    notes = notes_on(np.repeat((FIGURE + [640, 360])[None], 20, 0), score, size_px=SIZE)
    found = [note for note in notes if "hardly ever seen" in note]
    assert len(found) == bool(text) and all(text in note for note in found), notes


@pytest.mark.parametrize(("every", "is_warned"), [(1, False), (7, False), (9, True)])
def test_detections_that_are_rare_are_warned_of(notes_on, every, is_warned):
    score = np.where(np.arange(60) % every, 0.0, 0.9)[:, None] * np.ones(17)
    notes = notes_on(np.repeat((FIGURE + [640, 360])[None], 60, 0), score, size_px=SIZE)
    assert any("only every" in note for note in notes) == is_warned, notes


@pytest.fixture
def read_film(tmp_path):
    """Pose and notes on a film of 12 frames at 30 fps with somebody in its first num_pictures."""

    def read_film(num_pictures=12, tag=None, fps=None):
        film, result = tmp_path / "clip.mp4", tmp_path / "result.json"
        with av.open(str(film), "w", options={"movflags": "use_metadata_tags"}) as container:
            container.metadata.update({"com.android.capture.fps": tag} if tag else {})
            stream = container.add_stream("libx264", rate=30)
            stream.width, stream.height, stream.pix_fmt = 128, 72, "yuv420p"
            for _ in range(12):
                picture = np.zeros((72, 128, 3), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
            container.mux(stream.encode())
        points = np.concatenate([FIGURE / 10 + [64, 36], np.full((17, 1), 0.9)], 1)
        person = {"keypoints": points.ravel().tolist(), "score": 1.0}
        entries = [{"image_id": i} | person for i in range(num_pictures)]
        result.write_bytes(orjson.dumps(entries))
        return read_recording(RecordingConfig(str(result), str(film), fps=fps))

    return read_film


@pytest.mark.parametrize(
    ("tag", "fps", "is_warned"),
    [
        ("240.000000", None, True), ("240.000000", 240, False), ("30.000000", None, False),
        ("fast", None, False), ("inf", None, False), (None, None, False),
    ],
)  # fmt: skip
def test_a_clip_that_a_phone_slowed_down_is_warned_of(read_film, tag, fps, is_warned):
    pose, notes = read_film(tag=tag, fps=fps)
    warned = [note for note in notes if note.startswith("warning: ") and "--fps 240" in note]
    assert len(warned) == is_warned and pose.fps == pytest.approx(fps or 30)


@pytest.mark.parametrize(("num_pictures", "is_warned"), [(12, False), (9, False), (6, True)])
def test_pictures_that_may_be_every_second_one_of_the_video_are_warned_of(
    read_film, num_pictures, is_warned
):
    notes = read_film(num_pictures)[1]
    warned = [note for note in notes if note.startswith("warning: ") and "every second" in note]
    assert len(warned) == is_warned


def test_a_damaged_video_is_used_up_to_the_damage(read_film, monkeypatch):
    def damaged(path):
        whole = probe_video(path)
        return replace(whole, time_s=whole.time_s[:7], is_damaged=True)

    monkeypatch.setattr(recording, "probe_video", damaged)
    pose, notes = read_film()
    assert len(pose.time_s) == 7 and pose.score.all()
    assert any(note.startswith("warning: ") and "after frame 6" in note for note in notes)


def test_bad_keypoints_are_refused_before_the_video_is_decoded(tmp_path):
    """That takes minutes for a long one; here there is not even a file to open."""
    result = tmp_path / "result.json"
    for content in (b"[{", b"[]", b'[{"image_id": "0.jpg", "keypoints": [1, 2, 3]}]'):
        result.write_bytes(content)
        with pytest.raises(UserError, match=f"^{result}: "):
            read_recording(RecordingConfig(str(result), str(tmp_path / "long.mp4")))


@pytest.mark.parametrize("video", ["long.mp4", None])
@pytest.mark.parametrize(
    ("fps", "text"),
    [
        (0, "--fps 0: give"), (-5, "--fps -5: give"), (float("nan"), "--fps nan: give"),
        (float("inf"), "--fps inf: give"), (1e6, ".*1e.06 fps; .* with --fps"),
    ],
)  # fmt: skip
def test_an_impossible_rate_is_refused_before_anything_is_read(tmp_path, video, fps, text):
    film = video and str(tmp_path / video)
    with pytest.raises(UserError, match=f"^{text}"):
        read_recording(RecordingConfig(str(tmp_path / "result.json"), film, fps=fps))


@pytest.mark.parametrize("size_px", [(0, 0), (0, 100), (100, -1)])
def test_a_picture_without_pixels_is_refused(notes_on, size_px):
    with pytest.raises(UserError, match=f"^--size {size_px[0]}x{size_px[1]}: "):
        notes_on(np.repeat((FIGURE + [640, 360])[None], 20, 0), size_px=size_px)
