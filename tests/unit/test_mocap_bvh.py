"""BVH: a tiny tree with known angles, any order of channels, and files that are damaged."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lib.data.mocap.bvh import read_bvh
from lib.errors import UserError

BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 9 9 9
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Leg
  {
    OFFSET 1 0 0
    CHANNELS 3 Yrotation Zrotation Xrotation
    End Site
    {
      OFFSET 0 -2 0
    }
  }
  JOINT Tail
  {
    OFFSET 0 0 1
    CHANNELS 1 Xposition
  }
}
MOTION
Frames: 2
Frame Time: 0.00833333
0 0 0  0 0 0  0 0 0  5
1 2 3  90 0 0  0 90 0  5
"""


def read(folder, text):
    path = folder / "a.bvh"
    path.write_text(text)
    return read_bvh(path)


def test_known_angles_give_known_places(tmp_path):
    points = read(tmp_path, BVH)
    assert points.names == ("Hips", "Leg", "Leg_end", "Tail")
    assert points.fps == 120
    assert points.metres_per_unit is None
    # A position channel takes the place of the offset, of the root's as well.
    np.testing.assert_allclose(points.of("Hips"), [[0, 0, 0], [1, 2, 3]])
    np.testing.assert_allclose(points.of("Leg"), [[1, 0, 0], [1, 3, 3]], atol=1e-12)
    np.testing.assert_allclose(points.of("Leg_end"), [[1, -2, 0], [1, 5, 3]], atol=1e-12)
    np.testing.assert_allclose(points.of("Tail"), [[5, 0, 1], [1, 7, 4]], atol=1e-12)


@pytest.mark.parametrize("order", ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"])
def test_any_order_of_channels(tmp_path, order):
    angles = np.random.default_rng(0).uniform(-180, 180, (5, 6))
    channels = " ".join(f"{axis}rotation" for axis in order)
    text = BVH[: BVH.index("MOTION")].replace("Zrotation Xrotation Yrotation", channels)
    text = text.replace("Yrotation Zrotation Xrotation", channels)
    rows = "\n".join(f"0 0 0 {' '.join(map(str, row))} 0" for row in angles)
    points = read(tmp_path, f"{text}MOTION\nFrames: 5\nFrame Time: 0.02\n{rows}\n")
    hips = Rotation.from_euler(order, angles[:, :3], degrees=True)
    leg = hips * Rotation.from_euler(order, angles[:, 3:], degrees=True)
    expected = hips.apply([1, 0, 0]) + leg.apply([0, -2, 0])
    np.testing.assert_allclose(points.of("Leg_end"), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (BVH[BVH.index("MOTION") :], "", "line 20: ends without MOTION"),
        ("1 2 3  90 0 0  0 90 0  5\n", "", "'Frames:' says 2, there are 1; is the file cut short?"),
        ("0 90 0  5\n", "0 9", "line 25: a frame takes 10 numbers"),
        ("0 90 0  5", "0 90 0 up", "line 25: a frame takes 10 numbers"),
        ("0 90 0  5", "0 90 0 nan", "frame 2: a channel is no finite number"),
        ("Frame Time: 0.00833333", "Frame Time: 0", "'Frame Time:' above 0 expected"),
        ("Frames: 2\n", "", "'Frames:' and a 'Frame Time:'"),
        ("OFFSET 0 -2 0", "OFFSET 0 -2", "line 12: OFFSET takes 3 numbers, found '0 -2'"),
        ("CHANNELS 3", "CHANNELS 4", "line 9: CHANNELS takes a count and as many of"),
        ("Yrotation Zrotation", "Yrotation Wrotation", "line 9: CHANNELS"),
        ("JOINT Tail", "JOINT Leg", "line 15: 'JOINT Leg' is unexpected"),
        ("JOINT Tail", "ROOT Tail", "line 15: 'ROOT Tail' is unexpected"),
        ("OFFSET 1 0 0", "LENGTH 1", "line 8: 'LENGTH 1' is unexpected"),
        ("}\n}\nMOTION", "}\nMOTION", "the hierarchy ends before 'Hips' is closed"),
        (BVH[: BVH.index("MOTION")], "HIERARCHY\n", "the hierarchy ends without a ROOT"),
    ],
)
def test_damaged_file_is_named(tmp_path, old, new, message):
    assert old in BVH
    with pytest.raises(UserError, match="a.bvh: ") as caught:
        read(tmp_path, BVH.replace(old, new))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
