"""Windows over sequences (defects D19, D20)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_mocap import body_m

from lib.data.clips import slice_store, window_starts
from lib.data.store import Recording, Sequence, open_store, write_store
from lib.skeleton import JOINT, MIRROR
from tools import slice_clips

LENGTHS = (1, 242, 243, 244, 600)


@pytest.fixture
def store(tmp_path):
    sequences = [Sequence(f"n{n}", "s03", "squat", "s03", 0, 0, 50.0) for n in LENGTHS]
    arrays = [np.zeros((n, 17, 3)) for n in LENGTHS]
    recordings = ((s, xyz, None, None) for s, xyz in zip(sequences, arrays, strict=True))
    write_store(tmp_path / "store", "world", recordings)
    return open_store(tmp_path / "store")


@pytest.mark.parametrize(
    ("num_frames", "starts"),
    [(1, [0]), (242, [0]), (243, [0]), (244, [0, 1]), (324, [0, 81]), (325, [0, 81, 82]),
     (600, [0, 81, 162, 243, 324, 357])],
)  # fmt: skip
def test_starts(num_frames, starts):
    assert window_starts(num_frames, 243, 81).tolist() == starts


@given(st.integers(1, 700), st.integers(1, 300), st.integers(1, 300))
def test_D19_every_frame_is_in_a_window(num_frames, length, stride):
    """No tail and no short sequence is lost."""
    if stride > length:
        with pytest.raises(ValueError, match="stride"):
            window_starts(num_frames, length, stride)
        return
    starts = window_starts(num_frames, length, stride)
    seen = np.zeros(num_frames, bool)
    for start in starts:
        seen[start : start + length] = True
    assert seen.all()
    assert (np.diff(starts) > 0).all()
    assert (np.diff(starts) <= stride).all()
    assert starts[-1] == max(num_frames - length, 0)


@pytest.mark.parametrize("wrong", [(0, 243, 81), (5, 243, 0), (5, 0, 0), (5, 3, 4)])
def test_impossible_windows_are_refused(wrong):
    with pytest.raises(ValueError, match="1 <= stride <= length"):
        window_starts(*wrong)


def test_table_covers_the_store(store):
    clips = slice_store(store, 243, 81)
    assert clips.dtype == np.int64
    assert clips.shape[1] == 3
    for i_sequence, num_frames in enumerate(LENGTHS):
        of_sequence = clips[clips[:, 0] == i_sequence]
        assert of_sequence[0, 1] == 0
        assert of_sequence[-1, 2] == num_frames
        assert ((of_sequence[:, 2] - of_sequence[:, 1]) == min(243, num_frames)).all()


def test_D20_table_is_deterministic(store):
    """Nothing about a clip is drawn."""
    np.testing.assert_array_equal(slice_store(store, 243, 81), slice_store(store, 243, 81))


def test_tool_writes_the_table_and_replaces_a_stale_one(store, capsys):
    np.save(store.path / "clips.npy", np.array([[99, 0, 1]]))
    assert slice_clips.main(["--store", str(store.path)]) == 0
    np.testing.assert_array_equal(open_store(store.path).clips, slice_store(store, 243, 81))
    assert "11 clips of 5 sequences, 2 shorter than 243 frames" in capsys.readouterr().out
    assert slice_clips.main(["--store", str(store.path), "--length", "27", "--stride", "9"]) == 0
    np.testing.assert_array_equal(open_store(store.path).clips, slice_store(store, 27, 9))


@pytest.mark.parametrize("stride", ["0", "244", "-1"])
def test_tool_refuses_strides_that_skip_frames(store, stride, capsys):
    assert slice_clips.main(["--store", str(store.path), "--stride", stride]) == 2
    assert "frames would be skipped" in capsys.readouterr().err
    assert not (store.path / "clips.npy").exists()


def test_tool_names_a_missing_store(tmp_path, capsys):
    assert slice_clips.main(["--store", str(tmp_path / "none")]) == 2
    assert "no motion store there" in capsys.readouterr().err


def without(xyz, joint):
    xyz = xyz.copy()
    xyz[:, [JOINT[joint], JOINT["head"]]] = np.inf
    return xyz


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda xyz: 1000 * xyz, "to rhip measures 102 m, expected 0.02 to 0.7"),
        (lambda xyz: xyz[:, MIRROR], "the knees bend backwards"),
        (lambda xyz: 0 * xyz + np.nan, "'anna/1': no frame has the root and another joint"),
        (lambda xyz: without(xyz, "root"), "'anna/1': no frame has the root and another joint"),
        (lambda xyz: without(xyz, "lwrist"), ""),
        (lambda xyz: xyz, ""),
    ],
    ids=["millimetres", "sides", "nothing", "no root", "no wrist", "fine"],
)
@pytest.mark.filterwarnings("error")  # of inf - inf
def test_joints_that_are_no_persons_in_metres_are_warned_of(tmp_path, capsys, change, text):
    body = body_m(60)
    body[:, [JOINT["lknee"], JOINT["rknee"]], 0] += 0.1
    sequence = Sequence("anna/1", "anna", "squat", "anna", 0, 0, 50.0)
    takes = [(sequence, change(body), None, None), (sequence, body[:9])]
    write_store(tmp_path / "own", "world", (Recording(*take) for take in takes))
    assert slice_clips.main(["--store", str(tmp_path / "own")]) == 0
    told = capsys.readouterr().out
    assert text in told and ("1 of 2 sequences, first 'anna/1'" in told) == bool(text)
