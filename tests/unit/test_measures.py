"""M01: every measure of a pose against poses whose answers are known in closed form."""

import numpy as np
import pytest
from moving_body import (
    FOREARM,
    HALF_HIPS,
    HALF_SHOULDERS,
    SHANK,
    THIGH,
    TRUNK,
    UPPER_ARM,
    bench_press,
    deadlift,
    pushup,
    squat,
)  # fmt: skip

from lib.analysis.measures import MEASURES, SIDED, Body
from lib.analysis.rules import MetricRule
from lib.skeleton import JOINT, LIMB_JOINTS, MIRROR

NO_CAMERA = np.zeros(3)


def body(pose, sight=NO_CAMERA):
    return Body(pose / THIGH, sight, UPPER_ARM / THIGH, (SHANK + THIGH) / THIGH)


def value(measure, pose, side="both", **more):
    return float(np.atleast_1d(MEASURES[measure](body(pose, **more), side))[0])


def moved(pose, **shifts):
    """A copy with joints displaced by metres (right, forward, up)."""
    pose = pose.copy()
    for name, shift in shifts.items():
        pose[:, JOINT[name]] += shift
    return pose


LOW, STAND = squat(np.ones(1)), squat(np.zeros(1))
SHANK_DEG, THIGH_DEG = 0.35 * 110, 0.65 * 110


@pytest.mark.parametrize(
    ("measure", "expected"),
    [("knee", 110), ("hip", 40 + THIGH_DEG), ("knee_or_hip", 40 + THIGH_DEG), ("trunk", 40),
     ("lean_back", -40), ("shank", SHANK_DEG), ("trunk_minus_shank", 40 - SHANK_DEG),
     ("thigh", 90 - THIGH_DEG), ("knee_difference", 0), ("knee_asymmetry", 0),
     ("pelvis_tilt", 0), ("bar_tilt", 0)],
)  # fmt: skip
def test_m01_angles_of_a_squat(measure, expected):
    assert value(measure, LOW) == pytest.approx(expected, abs=0.05)


def test_m01_places_of_a_squat():
    rise = np.cos(np.radians(THIGH_DEG))
    assert value("depth", LOW) == pytest.approx(-rise, abs=1e-6)
    shin = SHANK / THIGH * np.cos(np.radians(SHANK_DEG))
    assert value("hip_height", LOW) == pytest.approx(rise + shin, abs=1e-6)
    trunk = TRUNK / THIGH * np.cos(np.radians(40))
    assert value("hip_minus_shoulder", LOW) == pytest.approx(-trunk, abs=1e-6)
    assert value("start_height", LOW) == pytest.approx(rise / (rise + trunk), abs=1e-6)
    hips, shoulders = MEASURES["hip_and_shoulder_height"](body(LOW), "both")[0]
    assert shoulders - hips == pytest.approx(trunk, abs=1e-6)
    ahead = (
        SHANK * np.sin(np.radians(SHANK_DEG))
        - THIGH * np.sin(np.radians(THIGH_DEG))
        + TRUNK * np.sin(np.radians(40))
    )
    assert value("neck_forward", LOW) == pytest.approx(ahead / THIGH - 0.14, abs=1e-6)


def test_m01_frontal_plane():
    assert value("knee_separation", LOW) == pytest.approx(1)
    assert value("stance", LOW) == pytest.approx(0.26 / (2 * HALF_HIPS))
    knees_in = moved(LOW, lknee=(0.05, 0, 0), rknee=(-0.05, 0, 0))
    assert value("knee_separation", knees_in) == pytest.approx(0.16 / 0.26, abs=1e-6)
    for side in ("left", "right", "both"):
        assert value("knee_in", knees_in, side) == pytest.approx(0.05 / THIGH, abs=1e-6)
    shifted = moved(LOW, lhip=(0.04, 0, 0), rhip=(0.04, 0, 0))
    assert value("hip_shift", shifted) == pytest.approx(0.04 / THIGH, abs=1e-6)
    tilted = moved(LOW, rhip=(0, 0, 0.05))
    assert value("pelvis_tilt", tilted) == pytest.approx(
        np.degrees(np.arctan2(0.05, 2 * HALF_HIPS)), abs=1e-6
    )
    assert value("knee_asymmetry", moved(LOW, rankle=(0, -0.1, 0.05))) > 5


def test_m01_hands_of_a_deadlift():
    pose = deadlift(np.ones(1))
    assert value("shoulder_over_bar", pose) == pytest.approx(0, abs=1e-6)
    hands = moved(pose, lwrist=(0, 0.06, 0), rwrist=(0, 0.06, 0.1))
    assert value("shoulder_over_bar", hands) == pytest.approx(-0.06 / THIGH, abs=1e-6)
    away = value("wrist_forward", hands) - value("wrist_forward", pose)
    assert away == pytest.approx(0.06 / THIGH, abs=1e-6)
    tilt = np.degrees(np.arctan2(0.1, 2 * HALF_SHOULDERS))
    assert value("bar_tilt", hands) == pytest.approx(tilt, abs=1e-6)
    wide = 2 * HALF_SHOULDERS - 0.26
    assert value("hands_outside_feet", pose) == pytest.approx(wide / THIGH, abs=1e-6)
    up = value("wrist_height", deadlift(np.zeros(1))) - value("wrist_height", pose)
    assert 0.3 < up * THIGH < 0.9


def test_m01_pushup():
    pose = pushup(np.zeros(1), elbow_deg=100)
    assert value("sag", pose) == pytest.approx(0, abs=1e-6)
    line = np.radians(value("body_line", pose))
    for sign in (1, -1):
        below = sign * 0.1 * np.array([0, np.sin(line), -np.cos(line)])
        sagging = moved(pose, **dict.fromkeys(("lhip", "rhip", "root"), below))
        expected = np.degrees(np.arctan(0.1 / TRUNK) + np.arctan(0.1 / (SHANK + THIGH)))
        assert value("sag", sagging) == pytest.approx(sign * expected, abs=1e-6)
    assert value("hand_width", pose) == pytest.approx(1, abs=1e-6)
    length = SHANK + THIGH + TRUNK
    line = np.degrees(np.arcsin((UPPER_ARM + FOREARM - 0.08) / length))
    assert value("body_line", pose) == pytest.approx(line, abs=0.05)
    assert value("head_drop", moved(pose, nose=(0, 0, -0.1))) > value("head_drop", pose) + 10
    side = moved(pose, lelbow=(-1, 0, 0), relbow=(1, 0, 0))
    shoulder = pose[:, JOINT["rshoulder"]]
    level = pose.copy()
    level[:, JOINT["relbow"]] = shoulder + [0.3, 0, 0.1]
    expected = np.degrees(np.arctan2(0.1, 0.3))
    assert value("upper_arm", level, "right") == pytest.approx(expected, abs=1e-6)
    assert value("flare", side) > 60


def test_m01_bench_press():
    pose = bench_press(np.ones(1))
    elbow = pose[0, JOINT["lelbow"], 2]
    drop = (pose[0, JOINT["lshoulder"], 2] - elbow) / UPPER_ARM
    assert value("elbow_below_shoulder", pose) == pytest.approx(drop, abs=1e-6)
    assert value("wrist_along_body", pose) == pytest.approx(0, abs=1e-6)
    lower = moved(pose, lwrist=(0, 0.1, 0), rwrist=(0, 0.1, 0))
    assert value("wrist_along_body", lower) == pytest.approx(0.1 / THIGH, abs=1e-6)
    assert value("elbow", pose) == pytest.approx(105, abs=0.5)
    assert 0 <= value("shoulder", pose) <= 180


def test_feet_are_compared_across_the_line_of_sight():
    stepped = moved(STAND, rankle=(0, 0.2, 0))
    change = (0.2 / (SHANK + THIGH)) ** 2
    for sight, expected in ((NO_CAMERA, change), (np.array([0.0, 1, 0]), 0.0)):
        two = np.concatenate([STAND, stepped])
        apart = MEASURES["feet_apart"](body(two, sight), "both")
        assert ((apart[1] - apart[0]) ** 2).sum() == pytest.approx(expected, abs=1e-9)


SIGN_CHANGES = SIDED - {"knee_in", "knee_asymmetry"}


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_m04_mirrored_poses_exchange_the_sides(measure):
    pose = moved(LOW, lankle=(-0.03, 0.02, 0.01), rknee=(0.05, 0, 0), rwrist=(0.1, 0, 0.04),
                 relbow=(0.03, 0.1, 0), rhip=(0.02, 0, 0.03))  # fmt: skip
    mirror = (pose * [-1, 1, 1])[:, MIRROR]
    sign = -1.0 if measure in SIGN_CHANGES else 1.0
    for side, other in (("both", "both"), ("left", "right"), ("right", "left")):
        here = np.array(MEASURES[measure](body(pose), side))
        there = np.array(MEASURES[measure](body(mirror), other))
        if measure == "feet_apart":
            here, there = np.abs(here), np.abs(there)
        assert there == pytest.approx(sign * here, abs=1e-9), side


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_a_missing_side_is_missing_or_stood_in_for_but_never_zero(measure):
    pose = LOW.copy()
    pose[:, [JOINT[name] for name in LIMB_JOINTS if name[0] == "l"]] = np.nan
    found = np.array(MEASURES[measure](body(pose), "both"))
    whole = np.array(MEASURES[measure](body(LOW), "both"))
    assert np.isnan(found).all() or found == pytest.approx(whole, abs=0.6)
    assert np.isnan(MEASURES[measure](body(np.full((1, 17, 3), np.nan)), "both")).all()


def test_an_unknown_measure_is_named():
    with pytest.raises(ValueError, match="measure 'knees': there is none; known: knee, hip"):
        MetricRule(name="x", measure="knees", unit="deg")


@pytest.mark.parametrize(("measure", "near"), [("elbow", 0), ("knee", 0), ("hip", 0)])
def test_errors_of_two_limbs_cancel_before_the_angle_is_taken(measure, near):
    joints = {"elbow": ("lelbow", "relbow"), "knee": ("lknee", "rknee"), "hip": ("lknee", "rknee")}
    straight = squat(np.zeros(1), knee_deg=0.0, lean_deg=0.0)
    straight[:, JOINT["relbow"]] = (
        straight[:, JOINT["rshoulder"]] + straight[:, JOINT["rwrist"]]
    ) / 2
    straight[:, JOINT["lelbow"]] = (
        straight[:, JOINT["lshoulder"]] + straight[:, JOINT["lwrist"]]
    ) / 2
    left, right = joints[measure]
    opposite = moved(straight, **{left: (0, 0.03, 0), right: (0, -0.03, 0)})
    alike = moved(straight, **{left: (0, 0.03, 0), right: (0, 0.03, 0)})
    plain = value(measure, straight)
    assert value(measure, opposite) == pytest.approx(plain, abs=0.5)
    assert value(measure, opposite, "left") > near + 3
    assert value(measure, alike) == pytest.approx(value(measure, alike, "left"), abs=0.5)
