"""What a video really holds: length, rate, stamps, rotation."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from lib.data.video import VideoInfo, probe_video, rgba_frames, with_fps
from lib.errors import UserError
from lib.report.footage import mp4_writer

WIDTH, HEIGHT = 64, 32


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """12 frames, red on the left and blue on the right, at uneven times."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:, : WIDTH // 2, 0] = picture[:, WIDTH // 2 :, 2] = 255
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for stamp in STAMPS_MS:
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


STAMPS_MS = [0, 33, 67, 100, 150, 170, 200, 233, 300, 333, 367, 400]


def turned(clip, path, matrix):
    """A copy whose track header asks players to turn the picture."""
    content = bytearray(clip.read_bytes())
    start = content.index(b"tkhd") + 44  # name, version 0, times, id, duration, layer, volume
    fixed = [int(v * 65536) & 0xFFFFFFFF for v in matrix]
    fixed[8] = 0x40000000
    content[start : start + 36] = b"".join(v.to_bytes(4, "big") for v in fixed)
    path.write_bytes(content)
    return path


def test_length_stamps_and_mean_rate(clip):
    info = probe_video(clip)
    assert info.num_frames == 12 and info.size_px == (WIDTH, HEIGHT) and not info.is_damaged
    np.testing.assert_allclose(info.time_s, np.array(STAMPS_MS) / 1000, atol=1e-3)
    assert info.fps == pytest.approx(11 / 0.4, rel=1e-3)


def test_frames_come_upright_in_colour(clip):
    frames = list(rgba_frames(clip, (WIDTH, HEIGHT)))
    assert len(frames) == 12 and frames[0].shape == (HEIGHT, WIDTH, 4)
    assert frames[0][16, 8, 0] > 200 and frames[0][16, 56, 2] > 200


def test_a_phone_held_upright_is_turned_as_players_turn_it(clip, tmp_path):
    # The matrix phones write: (x, y) -> (-y, x), a quarter turn clockwise; left becomes top.
    phone = turned(clip, tmp_path / "phone.mp4", [0, 1, 0, -1, 0, 0, HEIGHT, 0, 1])
    info = probe_video(phone)
    assert info.size_px == (HEIGHT, WIDTH)
    first = next(rgba_frames(phone, (HEIGHT, WIDTH)))
    assert first.shape == (WIDTH, HEIGHT, 4)
    assert first[8, 16, 0] > 200 and first[56, 16, 2] > 200


def test_upside_down(clip, tmp_path):
    path = turned(clip, tmp_path / "down.mp4", [-1, 0, 0, 0, -1, 0, WIDTH, HEIGHT, 1])
    first = next(rgba_frames(path, (WIDTH, HEIGHT)))
    assert first.shape == (HEIGHT, WIDTH, 4)
    assert first[16, 8, 2] > 200 and first[16, 56, 0] > 200


def test_a_given_rate_stretches_uneven_stamps_alike(clip):
    info = probe_video(clip)
    fast = with_fps(info, 240)
    assert fast.fps == 240 and fast.time_s[-1] == pytest.approx(11 / 240)
    np.testing.assert_allclose(fast.time_s * info.time_s[-1], info.time_s * fast.time_s[-1])


@pytest.mark.parametrize("fps", [0, -5, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(clip, fps):
    with pytest.raises(UserError, match="--fps"):
        with_fps(probe_video(clip), fps)


def test_a_video_that_says_no_rate_needs_one(tmp_path):
    silent = VideoInfo(tmp_path / "a.h264", float("nan"), (64, 32), np.arange(5.0), False)
    with pytest.raises(UserError, match="a.h264: says no frame rate; give it with --fps"):
        with_fps(silent, None)
    np.testing.assert_allclose(with_fps(silent, 25).time_s, np.arange(5) / 25)


@pytest.mark.parametrize("content", [None, b"", b"this is no video", b"\x00" * 2000])
def test_what_is_no_video_is_refused(tmp_path, content):
    path = tmp_path / "broken.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"broken\.mp4"):
        probe_video(path)


def test_sound_alone_is_refused(tmp_path):
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(UserError, match="has no picture track"):
        probe_video(path)


def test_a_clip_cut_short_gives_what_decodes(clip, tmp_path):
    with av.open(str(tmp_path / "whole.mkv"), "w") as out, av.open(str(clip)) as source:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    whole = (tmp_path / "whole.mkv").read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: int(len(whole) * 0.8)])
    assert 0 < probe_video(cut).num_frames <= 12


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    """100 noisy frames with the index in front, as files are that play while they load."""
    path = tmp_path_factory.mktemp("video") / "long.mp4"
    rng = np.random.default_rng(0)
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"g": "10"}
        for _ in range(100):
            picture = rng.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("share", "is_damaged"), [(0.3, True), (0.6, True), (0.9, True), (1, False)]
)
def test_a_clip_that_ends_before_its_index_does_is_damaged(long_clip, tmp_path, share, is_damaged):
    """The decoder just stops there, without an error."""
    content = long_clip.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: int(share * len(content))])
    info = probe_video(tmp_path / "cut.mp4")
    assert info.is_damaged is is_damaged and (info.num_frames == 100) is not is_damaged


def test_a_clip_trimmed_by_its_edit_list_is_not_damaged(long_clip, tmp_path):
    """Phones trim so: the index keeps naming the frames that are not shown."""
    content = bytearray(long_clip.read_bytes())
    place = content.index(b"elst") + 12  # name, version 0, number of edits
    content[place : place + 4] = (1500).to_bytes(4, "big")  # milliseconds
    (tmp_path / "trimmed.mp4").write_bytes(content)
    with av.open(str(tmp_path / "trimmed.mp4")) as container:
        assert container.streams.video[0].frames == 100
    info = probe_video(tmp_path / "trimmed.mp4")
    assert info.num_frames <= 50 and not info.is_damaged


def test_a_last_frame_that_stays_is_no_damage(clip, tmp_path):
    """As where a screen was recorded."""
    path = tmp_path / "screen.mp4"
    with av.open(str(path), "w") as out, av.open(str(clip)) as source:
        stream = out.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.dts is not None]
        packets[-1].duration *= 30
        for packet in packets:
            packet.stream = stream
            out.mux(packet)
    with av.open(str(path)) as container:
        assert float(container.streams.video[0].duration * container.streams.video[0].time_base) > 1
    info = probe_video(path)
    assert info.num_frames == 12 and not info.is_damaged


def test_a_colon_in_a_name_is_no_protocol(clip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "10:30.mp4").write_bytes(clip.read_bytes())
    assert probe_video("10:30.mp4").num_frames == 12
    with mp4_writer(Path("set:1", "copy.mp4"), (16, 16), 30) as write:
        write(np.zeros((16, 16, 4), np.uint8), 0)
    assert probe_video("set:1/copy.mp4").num_frames == 1


@pytest.mark.data
@pytest.mark.parametrize(("name", "num"), [("video/skater", 185), ("opencap_sts/video", 798)])
def test_a_container_that_lies_about_its_length(data_folder, name, num):
    info = probe_video(data_folder / f"{name}.mp4")
    assert info.num_frames == num and not info.is_damaged
