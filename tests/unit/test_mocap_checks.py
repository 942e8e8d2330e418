"""Checks of motion capture that are not about bones: which way is up, left and right."""

import numpy as np
import pytest
from test_mocap import body_m

from lib.data.manifest import Sequence
from lib.data.mocap.checks import judge, knee_side, wrong_side, wrong_up
from lib.skeleton import JOINT, MIRROR, indices

SEQUENCE = Sequence("a", "s", "a", "g", 0, 0, 100.0)


def squatting_m() -> np.ndarray:
    """(T, 17, 3) knees 0.2 m in front of hips and ankles in every frame, facing x."""
    xyz = body_m(20)
    xyz[:, indices("lknee", "rknee"), 0] += 0.2
    return xyz


def turned(xyz: np.ndarray, order: str) -> np.ndarray:
    return xyz[..., ["xyz".index(axis) for axis in order]]


def test_a_person_in_order_passes():
    assert judge(SEQUENCE, squatting_m(), may_lie=False)[0].reason == ""
    assert knee_side(squatting_m()) == pytest.approx(1)


@pytest.mark.parametrize("angle", [0.3, 2.0, 4.0])
def test_whatever_way_they_face(angle):
    c, s = np.cos(angle), np.sin(angle)
    facing = squatting_m() @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    assert wrong_side(facing) == ""
    assert wrong_up(facing, may_lie=False) == ""


def test_wrong_up_axis_is_refused_unless_people_lie():
    lying = turned(squatting_m(), "yzx")
    reason = wrong_up(lying, may_lie=False)
    assert reason == "upright in 0% of frames; another 'up' in the mapping, or --lying"
    assert judge(SEQUENCE, lying, may_lie=False)[0].reason == reason
    assert wrong_up(lying, may_lie=True) == ""


def test_half_of_the_frames_upright_is_enough():
    both = np.concatenate([squatting_m(), turned(squatting_m(), "yzx")])
    assert wrong_up(both, may_lie=False) == ""
    assert wrong_up(both[2:], may_lie=False).startswith("upright in 47%")


@pytest.mark.parametrize("may_lie", [False, True])
def test_upside_down_is_refused_always(may_lie):
    fallen = squatting_m() * [1, -1, -1]
    assert wrong_up(fallen, may_lie).startswith("the neck is below the hips in 100% of frames")


def test_left_and_right_exchanged_is_refused():
    swapped = squatting_m()[:, MIRROR]
    assert wrong_side(swapped) == (
        "knees bend backwards: left and right, or the axes, are mirrored"
    )


def test_mirrored_axes_are_refused():
    assert wrong_side(squatting_m() * [1, -1, 1]).startswith("knees bend backwards")
    assert wrong_side(squatting_m() * [-1, 1, 1]).startswith("knees bend backwards")


def test_arms_exchanged_are_refused():
    arms = squatting_m()
    names = ("lshoulder", "lelbow", "lwrist"), ("rshoulder", "relbow", "rwrist")
    left, right = (indices(*side) for side in names)
    arms[:, left + right] = arms[:, right + left]
    assert wrong_side(arms) == "legs and arms disagree about left and right"


def test_a_recording_that_can_teach_nothing_is_refused():
    rootless, alone = squatting_m(), squatting_m()
    rootless[:, JOINT["root"]] = np.nan
    alone[:, 1:] = np.nan
    for xyz in (rootless, alone, np.full((3, 17, 3), np.nan)):
        reason = judge(SEQUENCE, xyz)[0].reason
        assert reason.startswith("no frame has the root and another joint")
    rootless[3] = squatting_m()[3]
    assert judge(SEQUENCE, rootless)[0].reason == ""


def test_nothing_to_tell_by_is_no_reason():
    assert np.isnan(knee_side(body_m(20)))
    assert wrong_side(body_m(20)) == ""
    legless = squatting_m()
    legless[:, indices("lknee", "rknee", "root")] = np.nan
    assert wrong_side(legless) == wrong_up(legless, may_lie=False) == ""
    some = squatting_m()
    some[1:, JOINT["lhip"]] = np.nan
    assert knee_side(some) == pytest.approx(1)
