"""X3D.mp4: as many frames as the pose has, upright, of even size, in step with the source."""

import struct
from pathlib import Path

import av
import numpy as np
import pytest
from films import decode, squat_pose, write_grey_ramp
from made_report import made_rep, made_set

from lib.data.video import rgba_frames, upright_size_px
from lib.errors import UserError
from lib.report.footage import even, mp4_writer, rows_of, ticks_of
from lib.report.labels import counters_of
from lib.report.video import rep_labels, write_video


def turn_clockwise(path: Path) -> Path:
    """Do what a phone held upright does: mark the stored picture as lying on its side."""
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 4 + 40
    one = 1 << 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path


REPS = [
    {"index": i + 1, "start_frame": 2 + 4 * i, "end_frame": 4 + 4 * i, "quality": "full"}
    for i in (0, 1)
]
REPORT = {"frame": {"up": [0, -1, 0]}, "sets": [{"reps": REPS}]}


@pytest.mark.parametrize("num_frames", [1, 2, 31])
def test_one_film_frame_for_each_row_without_a_video(tmp_path, num_frames):
    write_video(squat_pose(num_frames), None, tmp_path / "X3D.mp4", REPORT)
    film = decode(tmp_path / "X3D.mp4")
    assert len(film) == num_frames
    assert film[0].shape == (640, 640, 3)
    assert film[0].std() > 5


def test_format_plays_in_browsers(tmp_path):
    out = tmp_path / "X3D.mp4"
    write_video(squat_pose(12, fps=25.0), None, out)
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert float(stream.average_rate) == pytest.approx(25.0, rel=0.02)
    content = out.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert [path.name for path in tmp_path.iterdir()] == ["X3D.mp4"]


def test_frames_are_in_step_with_the_source(tmp_path):
    video = write_grey_ramp(tmp_path / "in.mp4", 20)
    pose = squat_pose(20)
    hidden = np.full_like(pose.xy_px, np.nan)
    write_video(squat_pose(20, xy_px=hidden), video, tmp_path / "X3D.mp4")
    film = decode(tmp_path / "X3D.mp4")
    assert len(film) == 20 and film[0].shape[:2] == (360, 480 + 360)
    levels = [picture[200:340, 200:440].mean() for picture in film]
    assert np.allclose(levels, 8 * np.arange(20), atol=4)


def test_rows_may_outlast_the_video_or_end_before_it(tmp_path):
    video = write_grey_ramp(tmp_path / "in.mp4", 6)
    pictures = list(rows_of(video, 8, (16, 12)))
    frames = [None if p is None else round(p[8, 8, 0] / 8) for p in pictures]
    assert frames == [0, 1, 2, 3, 4, 5, None, None]
    assert len(list(rows_of(video, 4, (16, 12)))) == 4
    assert pictures[0].shape == (12, 16, 4)


def test_film_of_a_pose_longer_than_the_video(tmp_path):
    video = write_grey_ramp(tmp_path / "in.mp4", 4)
    write_video(squat_pose(9), video, tmp_path / "X3D.mp4")
    assert len(decode(tmp_path / "X3D.mp4")) == 9


def test_phone_video_is_turned_upright(tmp_path):
    video = turn_clockwise(write_grey_ramp(tmp_path / "in.mp4", 5))
    assert upright_size_px(video) == (120, 160)
    picture = next(rgba_frames(video, (60, 80)))
    assert picture.shape == (80, 60, 4)
    assert picture[4, -4, 0] > 240 and picture[4, 4, 0] < 20  # the mark is now top right
    write_video(squat_pose(5, size_px=(120, 160)), video, tmp_path / "X3D.mp4")
    assert decode(tmp_path / "X3D.mp4")[0].shape == (360, 270 + 360, 3)


def test_odd_sized_source_gives_an_even_film(tmp_path):
    video = write_grey_ramp(tmp_path / "in.mkv", 3, size_px=(161, 121), codec="ffv1")
    assert upright_size_px(video) == (161, 121)
    write_video(squat_pose(3), video, tmp_path / "X3D.mp4")
    height, width = decode(tmp_path / "X3D.mp4")[0].shape[:2]
    assert height % 2 == width % 2 == 0


@pytest.mark.parametrize("size_px", [(2000, 40), (40, 2000)])
def test_a_very_wide_or_tall_source_gives_a_film(tmp_path, size_px):
    video = write_grey_ramp(tmp_path / "in.mkv", 3, size_px=size_px, codec="ffv1")
    write_video(squat_pose(3), video, tmp_path / "X3D.mp4")
    height, width = decode(tmp_path / "X3D.mp4")[0].shape[:2]
    assert max(height, width) <= 3000
    assert (width - height) / height == pytest.approx(size_px[0] / size_px[1], rel=0.1)


def test_overlay_lies_on_the_keypoints_and_pales_when_filled(tmp_path):
    video = write_grey_ramp(tmp_path / "in.mp4", 2)
    valid = np.array([True, False])
    write_video(squat_pose(2, valid=valid), video, tmp_path / "X3D.mp4")
    seen, filled = decode(tmp_path / "X3D.mp4")
    scale = 360 / 120
    x, y = (np.array([80 + 0.15 * 50, 108 - 0.2 * 50]) * scale).astype(int)  # left shin
    assert seen[y, x, 2] > seen[y, x, 0] + 60
    assert seen[y, x - 40].max() < 30
    assert filled[y, x].min() > seen[y, x].min() + 50


def test_unreadable_video_is_one_line_and_leaves_nothing(tmp_path):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"not a video at all")
    for video in (bad, tmp_path / "missing.mp4"):
        with pytest.raises(UserError, match=video.name) as raised:
            write_video(squat_pose(2), video, tmp_path / "X3D.mp4")
        assert "\n" not in str(raised.value)
    assert not (tmp_path / "X3D.mp4").exists()
    with pytest.raises(UserError, match="no frames"):
        write_video(squat_pose(0), None, tmp_path / "X3D.mp4")


def test_failure_half_way_keeps_the_old_file(tmp_path):
    out = tmp_path / "X3D.mp4"
    out.write_bytes(b"good")
    with pytest.raises(RuntimeError), mp4_writer(out, (32, 32), 30.0) as write:
        write(np.zeros((32, 32, 4), np.uint8), 0)
        raise RuntimeError
    assert out.read_bytes() == b"good" and len(list(tmp_path.iterdir())) == 1


def test_ticks_follow_the_pose_clock_or_fall_back():
    uneven = squat_pose(3, time_s=np.array([5.0, 5.1, 5.5]))
    assert ticks_of(uneven).tolist() == [0, 9000, 45000]
    stuck = squat_pose(3, time_s=np.zeros(3))
    assert ticks_of(stuck).tolist() == [0, 3000, 6000]


def test_rep_labels():
    labels = rep_labels(REPORT, 10)
    assert labels[:2] == ["", ""]
    assert labels[2:4] == ["Rep 1 / 2"] * 2 and labels[4:6] == ["1 / 2"] * 2
    assert labels[8:] == ["2 / 2"] * 2
    assert rep_labels(None, 3) == [""] * 3
    assert rep_labels({"sets": []}, 2) == ["", ""]


def test_rep_labels_of_a_second_set_count_on():
    second = [{"index": 3, "start_frame": 6, "end_frame": 8, "quality": "full"}]
    report = REPORT | {"sets": [{"reps": REPS}, {"reps": second}]}
    assert rep_labels(report, 10)[6] == "Set 2   Rep 3 / 3"


def test_rep_labels_end_with_the_next_rep_and_with_the_film():
    reps = [REPS[0] | {"end_frame": 8}, REPS[1], REPS[1] | {"start_frame": 40, "end_frame": 50}]
    labels = rep_labels(REPORT | {"sets": [{"reps": reps}]}, 9)
    assert labels[2:] == ["Rep 1 / 3"] * 4 + ["Rep 2 / 3"] * 2 + ["2 / 3"]


def test_a_rep_that_is_not_counted_in_full_says_what_it_is():
    reps = [REPS[0], REPS[1] | {"quality": "suspect"}]
    labels = rep_labels(REPORT | {"sets": [{"reps": reps}]}, 10)
    assert labels[2:10:2] == ["Rep 1 / 1", "1 / 1", "Rep 2 (suspect)", "2 (suspect)"]


def test_what_is_not_counted_takes_no_place_among_what_is():
    kinds = ("full", "failed", "partial", "full", "suspect")
    reps = [made_rep(i + 1, quality=kind) for i, kind in enumerate(kinds)]
    sets = [made_set(1, reps), made_set(2, [made_rep(6)])]
    assert counters_of({"sets": sets}) == [
        ["1 / 3", "2 (failed)", "3, 2 / 3 (partial)", "4, 3 / 3", "5 (suspect)"], ["6, 4 / 4"],
    ]  # fmt: skip
    assert sets[0]["count"]["total"] == 3


def test_even():
    assert [even(x) for x in (0, 1.2, 359.4, 360, 361)] == [2, 2, 360, 360, 360]
