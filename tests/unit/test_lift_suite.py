"""The synthetic lifts that the counter is examined on are lifts."""

import numpy as np
import pytest

from benchmarks.lift_suite import Faults, film, film_of
from benchmarks.lift_suite.body import draw_body, place_joints
from benchmarks.lift_suite.cases import CASES, MORE_CASES
from benchmarks.lift_suite.lifts import LIFTS
from benchmarks.lift_suite.rhythm import Plan
from benchmarks.lift_suite.style import NO_FAULTS, Script, draw_style
from lib.geometry import angle_deg, flexion_deg
from lib.skeleton import BONE_INDEX, JOINT

ONE = [Plan(1.2, 0.2, 1.0, 0.6)]


def at(xyz, name):
    return xyz[:, JOINT[name]]


def mid(xyz, part):
    return (at(xyz, "l" + part) + at(xyz, "r" + part)) / 2


def lean_deg(xyz):
    trunk = at(xyz, "neck") - at(xyz, "root")
    return np.degrees(np.arctan2(trunk[:, 1], trunk[:, 2]))


def with_fault(lift, **faults):
    """One repetition with a fault: joints (T, 17, 3) and frames of start, turn and end."""
    one = film(lift, ONE, np.random.default_rng(3), 0, 60, faults=Faults(**faults))
    rep = one.reps[0]
    return one.xyz_m, [round(60 * s) for s in (rep.start_s, rep.turn_start_s, rep.end_s)]


@pytest.mark.parametrize("lift", LIFTS)
@pytest.mark.parametrize("stream", ["dev", "shifted_dev"])
def test_bones_are_constant_and_feet_planted(lift, stream):
    for case in (*CASES, "flailing"):
        one = film_of(stream, lift, case, 45, 30)
        bones = [np.linalg.norm(one.xyz_m[:, a] - one.xyz_m[:, b], axis=-1) for a, b in BONE_INDEX]
        assert np.ptp(bones, axis=1).max() < 1e-9, case
        lifting = np.isfinite(one.phase)
        for foot in ("lankle", "rankle") if lifting.any() else ():
            assert np.ptp(at(one.xyz_m, foot)[lifting], axis=0).max() < 0.005, case


@pytest.mark.parametrize("lift", LIFTS)
def test_a_phase_that_rounding_carries_past_its_end_is_a_pose(lift):
    rng = np.random.default_rng(0)
    body, style = draw_body(rng, 0.0), draw_style(lift, rng, False)
    phase, zero = np.array([0.0, 0.5, 1.0, 1 + 1e-15]), np.zeros(4)
    controls = LIFTS[lift](body, style, Script(phase, zero, zero), NO_FAULTS)
    xyz = place_joints(body, controls)
    assert np.isfinite(xyz).all()
    np.testing.assert_allclose(xyz[3], xyz[2], atol=1e-9)


@pytest.mark.parametrize("lift", LIFTS)
def test_a_lift_is_what_its_name_says(lift):
    xyz, (start, turn, end) = with_fault(lift)
    knee, elbow = (
        flexion_deg(*(at(xyz, "l" + part) for part in chain))
        for chain in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist"))
    )
    hip = angle_deg(at(xyz, "root") - at(xyz, "neck"), at(xyz, "lknee") - at(xyz, "lhip"))
    drive = {"squat": knee, "deadlift": hip}.get(lift, elbow)
    loaded, unloaded = (start, turn) if lift == "deadlift" else (turn, start)
    assert (
        drive[unloaded] < 12
        and drive[loaded] > 90
        and drive[end] == pytest.approx(drive[start], abs=2)
    )
    if lift in ("squat", "deadlift"):
        bar = mid(xyz, "wrist") - mid(xyz, "ankle")
        assert np.abs(bar[start:end, 1] - 0.06).max() < 0.06  # over the middle of the foot
    if lift == "pushup":
        assert np.ptp(at(xyz, "lwrist"), axis=0).max() < 1e-9
    knees_ahead = (at(xyz, "lknee") - mid(xyz, "ankle"))[loaded, 1]
    assert knees_ahead > (-0.1 if lift == "bench_press" else 0)


def test_faults_have_their_size():
    clean, (_, turn, end) = with_fault("squat")
    caved, _ = with_fault("squat", knee_valgus_m=0.05)
    moved_m = (at(caved, "rknee") - at(clean, "rknee"))[turn:end, 0].min()
    assert moved_m == pytest.approx(-0.05, abs=0.01)
    assert mid(with_fault("squat", hip_shift_m=0.04)[0], "hip")[turn, 0] == pytest.approx(
        0.04, rel=0.01
    )
    more = lean_deg(with_fault("squat", hips_first_deg=15)[0]) - lean_deg(clean)
    assert more[turn:end].max() == pytest.approx(15, abs=1) and abs(more[turn]) < 1
    pull, (start, turn, _) = with_fault("deadlift", hips_shoot_deg=15)
    assert 10 < (lean_deg(pull) - lean_deg(pull)[start])[start:turn].max() < 15.1
    drifted, _ = with_fault("deadlift", bar_drift_m=0.08)
    assert np.ptp(mid(drifted, "wrist")[start:turn, 1]) == pytest.approx(0.08, abs=0.015)
    sagging, (_, turn, _) = with_fault("pushup", sag_deg=15)
    straight, _ = with_fault("pushup")
    sags = [flexion_deg(mid(x, "shoulder"), mid(x, "hip"), mid(x, "ankle"))[turn] for x in
            (sagging, straight)]  # fmt: skip
    assert 10 < sags[0] - sags[1] < 20 or 10 < sags[0] + sags[1] < 20


def test_the_same_cell_is_the_same_film_and_streams_share_none():
    films = [film_of(stream, "squat", "two", 0, 30, i) for stream, i in
             [("dev", 0), ("dev", 0), ("dev", 1), ("shifted_dev", 0)]]  # fmt: skip
    first, again, *others = (one.pose.xyz for one in films)
    assert np.array_equal(first, again)
    for other in others:
        assert first.shape != other.shape or not np.allclose(first, other)


@pytest.mark.parametrize("yaw", [0, 45, 90, 135, 180])
def test_the_camera_stands_where_it_should(yaw):
    one = film_of("dev", "squat", "one", yaw, 30)
    ahead = one.camera.R_world_to_cam @ [0.0, 1.0, 0.0]  # the lifter faces y
    assert ahead[2] == pytest.approx(-np.cos(np.radians(yaw)), abs=0.15)
    assert one.up[1] < -0.95
    error = one.pose.xyz - one.camera.sees(one.xyz_m)
    assert np.linalg.norm(error, axis=-1).mean() == pytest.approx(0.05, abs=0.02)


def test_every_case_is_filmed_with_its_repetitions():
    expected = {"still": 0, "walking": 0, "flailing": 0, "one": 1, "two": 2, "five": 5,
                "twenty": 20, "ten_minutes": 48}  # fmt: skip
    for case in (*CASES, *MORE_CASES):
        one = film_of("shifted_dev", "deadlift", case, 90, 25)
        assert one.num_counted == expected.get(case, one.num_counted)
        times = [t for rep in one.reps for t in (rep.start_s, rep.turn_s, rep.end_s)]
        assert times == sorted(times)
        assert not times or times[-1] < len(one.pose.xyz) / 25
