"""TRC: missing markers, units, gaps in time, and files that are damaged."""

import numpy as np
import pytest

from lib.data.mocap.trc import read_trc
from lib.errors import UserError

TRC = (
    "PathFileType\t4\t(X/Y/Z)\tsquat.trc\n"
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\n"
    "  100.0\t\t100\t3\t2\tmm\t100\n"
    "Frame#\tTime\tKNEE\t\t\tAnna:R.ASIS\t\t\n"
    "\t\tX1\tY1\tZ1\tX2\tY2\tZ2\n"
    "\n"
    "1\t0.00\t1\t2\t3\t4\t5\t6\n"
    "2\t0.01\t\t\t\t4\t5\t6\t\r\n"
    "3\t0.02\t1\t2\t3\t0\t0\t0.0\n"
)


def read(folder, text):
    path = folder / "a.trc"
    path.write_bytes(text.encode())
    return read_trc(path)


def test_markers_units_and_missing_ones(tmp_path):
    points = read(tmp_path, TRC)
    assert points.names == ("KNEE", "R.ASIS")
    assert points.fps == 100
    assert points.metres_per_unit == 0.001
    nan = [np.nan] * 3
    np.testing.assert_array_equal(points.of("KNEE"), [[1, 2, 3], nan, [1, 2, 3]])
    np.testing.assert_array_equal(points.of("R.ASIS"), [[4, 5, 6], [4, 5, 6], nan])


@pytest.mark.parametrize("odd", ["", "*", "Anna:R.ASIS"])
def test_markers_without_a_name_of_their_own_do_no_harm(tmp_path, odd):
    text = TRC.replace("KNEE\t\t\tAnna:R.ASIS", f"{odd}\t\t\t{odd}\t\t\tKNEE")
    text = text.replace("\t3\t2\tmm", "\t3\t3\tMillimeters")
    for row in (1, 2, 3):
        text = text.replace(f"\n{row}\t0.0{row - 1}\t", f"\n{row}\t0.0{row - 1}\t9\t9\t9\t")
    points = read(tmp_path, text)
    assert points.xyz.shape == (3, 3, 3) and points.metres_per_unit == 0.001
    np.testing.assert_array_equal(points.of("KNEE"), [[4, 5, 6], [4, 5, 6], [np.nan] * 3])


def test_names_that_are_not_above_their_columns_are_counted_off(tmp_path):
    assert read(tmp_path, TRC.replace("KNEE\t\t\t", "KNEE\t")).names == ("KNEE", "R.ASIS")


def test_lines_of_spaces_and_tabs_are_no_rows(tmp_path):
    assert read(tmp_path, TRC.replace("\n\n", "\n  \n") + " \t \n \n").xyz.shape == (3, 2, 3)


def test_one_cell_missing_is_a_marker_missing_and_one_zero_is_not(tmp_path):
    text = TRC.replace("1\t0.00\t1\t2\t3", "1\t0.00\t1\t\t3").replace("3\t0.02\t1", "3\t0.02\t0")
    knee = read(tmp_path, text).of("KNEE")
    assert np.isnan(knee[0]).all()
    np.testing.assert_array_equal(knee[2], [0, 2, 3])


def test_times_left_out_stay_a_gap(tmp_path):
    text = TRC.replace("3\t0.02", "7\t0.05").replace("\t3\t2\tmm", "\t4\t2\tmm")
    points = read(tmp_path, text + "8\t0.06\t1\t2\t3\t4\t5\t6\n")
    assert points.xyz.shape == (7, 2, 3)
    assert np.isnan(points.xyz[2:5]).all()
    np.testing.assert_array_equal(points.of("KNEE")[5:], [[1, 2, 3], [1, 2, 3]])


def test_times_that_jump_far_are_refused(tmp_path):
    text = TRC.replace("\t3\t2\tmm", "\t4\t2\tmm") + "4\t1e7\t1\t2\t3\t4\t5\t6\n"
    with pytest.raises(UserError, match=r"the times run to 1e\+07 s in 4 rows"):
        read(tmp_path, text)


def test_a_single_frame(tmp_path):
    lines = TRC.replace("\t3\t2\tmm", "\t1\t2\tm").splitlines(keepends=True)
    points = read(tmp_path, "".join(lines[:7]))
    assert points.xyz.shape == (1, 2, 3)
    assert points.metres_per_unit == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("PathFileType", "Marker file", "line 1: a TRC file starts with 'PathFileType'"),
        ("\tUnits\t", "\tUnit\t", "line 3: a value of 'Units' is missing"),
        ("\tmm\t", "\tfathoms\t", "line 3: unit 'fathoms' is unknown"),
        ("  100.0\t\t100", "fast\t\t100", "line 3: DataRate takes 1 numbers"),
        ("  100.0\t\t100", "0\t\t100", "line 3: DataRate must be above 0"),
        ("  100.0\t\t100", "50\t\t100", "line 3: DataRate 50, but the times are 0.01 s apart"),
        ("\t3\t2\tmm", "\t3\t1\tmm", "line 4: 2 marker names, NumMarkers is 1"),
        ("KNEE\t\t\tAnna:R.ASIS", "KNEE\tB\tC", "line 4: 3 marker names, NumMarkers is 2"),
        ("\t3\t2\tmm", "\t9\t2\tmm", "NumFrames is 9, there are 3 rows; is the file cut short?"),
        ("\t0\t0\t0.0\n", "\t0\t0", "line 9: has 7 cells, the markers need 8"),
        ("0.00\t1\t2\t3", "0.00\t1\ttwo\t3", "line 7: could not convert string to float: 'two'"),
        ("3\t0.02", "3\t0.01", "frame 3: the time does not increase"),
        ("3\t0.02", "3\t", "frame 3: the time does not increase"),
        ("1\t0.00", "\0\t0.00", "is no text file"),
    ],
)
def test_damaged_file_is_named(tmp_path, old, new, message):
    assert old in TRC
    with pytest.raises(UserError, match="a.trc: ") as caught:
        read(tmp_path, TRC.replace(old, new))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
