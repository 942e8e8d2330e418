"""ASF and AMC: tiny skeletons with known angles, and files that are damaged."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lib.data.mocap.amc import read_amc
from lib.errors import UserError

ASF = """# a comment
:version 1.10
:units
  length 0.45
  angle deg
:documentation
   any text
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 1 2 3
   orientation 0 0 0
:bonedata
  begin
     id 1
     name hip
     direction 1 0 0
     length 2
     axis 0 0 0  XYZ
  end
  begin
     name femur
     direction 0 -1 0
     length 4
     axis 0 0 20  XYZ
    dof rx rz
    limits (-160.0 20.0)
           (-70.0 70.0)
  end
:hierarchy
  begin
    root hip
    hip femur
  end
"""
HEADER = ":FULLY-SPECIFIED\n:DEGREES\n"
FRAMES = "1\nroot 0 0 0 0 0 0\nfemur 0 0\n2\nroot 5 0 0 0 0 90\nfemur 0 90\n"


def write(folder, amc=HEADER + FRAMES, asf=ASF):
    (folder / "07.asf").write_text(asf)
    (folder / "07_01.amc").write_text(amc)
    return folder / "07_01.amc"


def test_known_angles_give_known_places(tmp_path):
    points = read_amc(write(tmp_path))
    assert points.names == ("root", "hip", "femur")
    assert points.fps is None
    assert points.metres_per_unit == pytest.approx(0.0254 / 0.45)
    np.testing.assert_allclose(points.of("root"), [[1, 2, 3], [6, 2, 3]])
    np.testing.assert_allclose(points.of("hip"), [[3, 2, 3], [6, 4, 3]], atol=1e-12)
    # Second frame: the thigh hangs down, turned by 90 about its z, then by 90 with the root.
    np.testing.assert_allclose(points.of("femur"), [[3, -2, 3], [6, 8, 3]], atol=1e-12)


def test_own_axes_turn_the_angles(tmp_path):
    """With z turned away by `axis`, rx bends about the bone's own x axis: C M C^-1."""
    asf = ASF.replace("axis 0 0 20  XYZ", "axis 10 -30 20  XYZ").replace("dof rx rz", "dof rx")
    asf = asf.replace("           (-70.0 70.0)\n", "")
    points = read_amc(write(tmp_path, "1\nroot 0 0 0 10 20 30\nfemur 50\n", asf))
    own = Rotation.from_euler("xyz", [10, -30, 20], degrees=True)
    turn = own * Rotation.from_euler("x", 50, degrees=True) * own.inv()
    root = Rotation.from_euler("xyz", [10, 20, 30], degrees=True)
    expected = [1, 2, 3] + root.apply([2, 0, 0]) + (root * turn).apply([0, -4, 0])
    np.testing.assert_allclose(points.of("femur")[0], expected, atol=1e-12)


def test_orders_of_axes_and_of_the_root(tmp_path):
    asf = ASF.replace("order TX TY TZ RX RY RZ", "order RZ TY RX TX TZ RY")
    asf = asf.replace("axis XYZ", "axis ZXY")
    points = read_amc(write(tmp_path, "1\nroot 30 5 10 4 6 20\nfemur 0 0\n", asf))
    root = Rotation.from_euler("zxy", [30, 10, 20], degrees=True)
    np.testing.assert_allclose(points.of("root")[0], [5, 7, 9])
    np.testing.assert_allclose(points.of("hip")[0], [5, 7, 9] + root.apply([2, 0, 0]), atol=1e-12)


def test_radians(tmp_path):
    in_degrees = read_amc(write(tmp_path))
    radians = FRAMES.replace("90", str(np.pi / 2))
    in_radians = read_amc(write(tmp_path, ":RADIANS\n" + radians))
    np.testing.assert_allclose(in_radians.xyz, in_degrees.xyz, atol=1e-12)
    asf = ASF.replace("angle deg", "angle rad").replace("0 0 20", f"0 0 {np.radians(20)}")
    np.testing.assert_allclose(
        read_amc(write(tmp_path, radians, asf)).xyz, in_degrees.xyz, atol=1e-9
    )


def test_numbers_may_start_anywhere(tmp_path):
    moved = FRAMES.replace("1\nroot", "17\nroot").replace("\n2\nroot", "\n18\nroot")
    np.testing.assert_array_equal(
        read_amc(write(tmp_path, moved)).xyz, read_amc(write(tmp_path)).xyz
    )


@pytest.mark.parametrize(
    ("amc", "message"),
    [
        ("", "holds no frame"),
        (HEADER + FRAMES[:-4], "line 8: 'femur' takes 2 numbers, found '0'"),
        (HEADER + FRAMES.replace("femur 0 90\n", ""), "frame 2 ends without 'femur'"),
        (HEADER + FRAMES.replace("femur 0 0\n", ""), "line 5: frame 1 ends without 'femur'"),
        (HEADER + FRAMES.replace("femur 0 0", "tibia 0 0"), "line 5: 'tibia' is unexpected"),
        (HEADER + FRAMES.replace("femur 0 0", "root 0 0 0 0 0 0"), "line 5: 'root' is unexpected"),
        (HEADER + "root 0 0 0 0 0 0\n", "line 3: 'root' is unexpected"),
        (HEADER + FRAMES.replace("femur 0 90", "femur 0 x"), "line 8: 'femur' takes 2 numbers"),
        (HEADER + FRAMES.replace("femur 0 90", "femur 0 nan"), "frame 2: 'femur' is no finite"),
        (HEADER + FRAMES.replace("\n2\n", "\n4\n"), "line 6: frame 4 follows 1"),
    ],
)
def test_damaged_motion_is_named(tmp_path, amc, message):
    with pytest.raises(UserError, match="07_01.amc: ") as caught:
        read_amc(write(tmp_path, amc))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("direction 0 -1 0", "direction 0 -1", "line 23: direction takes 3 numbers"),
        ("length 4", "length four", "line 24: length takes 1 numbers"),
        ("dof rx rz", "dof rx tz", "line 26: 'tz' of 'femur' is not read"),
        ("axis 0 0 20  XYZ", "axis 0 0 20  XXZ", "line 25: an axis order such as XYZ"),
        ("hip femur", "knee femur", "'knee femur': not a bone under a known one"),
        ("name femur", "name hip", "bone 'hip' has no name of its own"),
        ("  begin\n     id 1", "     id 1", "'id' outside of a bone"),
        ("order TX TY TZ RX RY RZ", "", "has no order under :root"),
        ("length 0.45", "length 0", "unit length must be positive"),
        (ASF[ASF.index(":hierarchy") :], "", "has no :hierarchy; is the file cut short?"),
    ],
)
def test_damaged_skeleton_is_named(tmp_path, old, new, message):
    assert old in ASF
    with pytest.raises(UserError, match="07.asf: ") as caught:
        read_amc(write(tmp_path, asf=ASF.replace(old, new)))
    assert message in str(caught.value)


def test_skeleton_is_found_beside_the_motion(tmp_path):
    path = write(tmp_path)
    expected = read_amc(path).xyz
    (tmp_path / "07.asf").rename(tmp_path / "anna.ASF")
    np.testing.assert_array_equal(read_amc(path).xyz, expected)
    (tmp_path / "berta.asf").write_text(ASF)
    with pytest.raises(UserError, match="needs its skeleton beside it as 07_01.asf or 07.asf; 2"):
        read_amc(path)
