"""Counting through gaps, seams, other rates and bad input: ids R.. as in test_reps.py."""

import time
from dataclasses import replace

import numpy as np
import pytest
from filmed_lifts import FIVE, NAMES, frames_of, pose_of, reasons
from moving_body import Timing, as_pose, lift, seen_by

from lib.analysis.reps import count_reps, guess_exercise
from lib.analysis.tempo import tempo_of
from lib.errors import UserError
from lib.skeleton import indices


@pytest.mark.parametrize("name", NAMES)
def test_r12_missing_joints(name):
    rng = np.random.default_rng(0)
    pose, _ = pose_of(name, FIVE, noise=0.5)
    scattered = pose.xyz.copy()
    scattered[rng.random(scattered.shape[:2]) < 0.1] = np.nan
    assert count_reps(as_pose(scattered), name).num_reps == 5
    one_side = pose.xyz.copy()
    one_side[:, indices("lhip", "lknee", "lankle", "lshoulder", "lelbow", "lwrist")] = np.nan
    assert count_reps(as_pose(one_side), name).num_reps == 5


def test_r12_a_gap_of_a_second_is_counted_across_and_told():
    pose, marks = pose_of("squat", FIVE)
    at = round(marks[2][0] * 30) + 10
    valid = np.ones(len(pose.xyz), bool)
    valid[at : at + 30] = False
    count = count_reps(as_pose(pose.xyz, valid=valid), "squat")
    assert count.num_reps == 5
    assert count.reps[2].interpolated_ratio > 0.3
    assert count.reps[0].interpolated_ratio == 0


def test_r12_a_gap_of_three_seconds_loses_the_rep_in_it_with_a_reason():
    """It ends when the knees of the next have bent by 33 of 110 degrees, which counts."""
    pose, marks = pose_of("squat", FIVE)
    at = round(marks[2][0] * 30) + 10
    xyz = pose.xyz.copy()
    xyz[at : at + 90] = np.nan
    count = count_reps(as_pose(xyz), "squat")
    turns_s = [rep.cycle.i_loaded / count.track.fps for rep in count.reps]
    assert turns_s == pytest.approx([marks[i][1] for i in (0, 1, 3, 4)], abs=0.3)
    assert [(r.start_frame, r.end_frame, r.reason) for r in count.rejected] == [
        (at, at + 90, "missing_data")
    ]


def test_a_half_rep_is_lost_where_its_other_half_would_be():
    """The only movement of its run: half a squat beside a gap, or at an end of the recording."""
    pose, marks = pose_of("squat", [Timing(2.0, 1.0, 2.0, 1.0)], tail_s=4.0)
    bottom, gap = round(marks[0][1] * 30), np.full((60, 17, 3), np.nan)
    way_down, way_up, stands = pose.xyz[:bottom], pose.xyz[bottom:], pose.xyz[-30:]
    for parts, expected in (
        ((way_down, gap, stands), "missing_data"),
        ((stands, gap, way_up), "missing_data"),
        ((gap, way_down), "edge_of_video"),
        ((way_up, gap), "edge_of_video"),
    ):
        count = count_reps(as_pose(np.concatenate(parts)), "squat")
        half = [r.reason for r in count.rejected if r.end_frame - r.start_frame != len(gap)]
        assert half == [expected] and count.num_reps == 0


@pytest.mark.parametrize("part", ["way down", "way up"])
def test_a_rep_that_a_hole_cuts_is_missing_data(part):
    """Unseen for two seconds: from standing to half-way down, or from half-way up to standing."""
    pose, marks = pose_of("squat", [Timing(2.0, 1.0, 2.0, 1.0)], lead_s=4.0, tail_s=4.0)
    start_s, _, end_s = marks[0]
    begin = round(30 * (start_s - 0.9 if part == "way down" else end_s - 1.1))
    xyz = pose.xyz.copy()
    xyz[begin : begin + 60] = np.nan
    count = count_reps(as_pose(xyz), "squat")
    cut = [r.reason for r in count.rejected if r.end_frame - r.start_frame != 60]
    assert count.num_reps == 0 and cut == ["missing_data"]


@pytest.mark.parametrize(
    ("xyz", "reason"),
    [
        (np.zeros((0, 17, 3)), "missing_data"),
        (np.zeros((1, 17, 3)), "duration"),
        (np.full((300, 17, 3), np.nan), "missing_data"),
        (np.zeros((300, 17, 3)), "no_excursion"),
        (np.ones((20, 17, 3), np.float16), "duration"),
        (np.ones((90, 17, 3), int), "no_excursion"),
    ],
)
def test_r13_bad_input_gives_no_rep_and_a_reason(xyz, reason):
    count = count_reps(as_pose(xyz), "squat")
    assert count.num_reps == 0
    assert reasons(count) == {reason}


def test_r13_what_is_not_a_pose_is_an_error():
    with pytest.raises(ValueError, match="fps is 0"):
        as_pose(np.zeros((10, 17, 3)), fps=0)
    with pytest.raises(ValueError, match="fps is nan"):
        as_pose(np.zeros((10, 17, 3)), fps=float("nan"))
    with pytest.raises(ValueError, match="xyz has shape"):
        as_pose(np.zeros((10, 16, 3)))
    with pytest.raises(ValueError, match="time_s does not increase after frame 4"):
        count_reps(as_pose(np.zeros((9, 17, 3)), time_s=np.array([0, 1, 2, 3, 4, 4, 5, 6, 7.0])),
                   "squat")  # fmt: skip
    with pytest.raises(UserError, match="exercise 'sqat': there is none; known: bench_press, "):
        count_reps(as_pose(np.zeros((9, 17, 3))), "sqat")


@pytest.mark.parametrize("name", NAMES)
def test_r14_depth_seams_scale_and_rotation_change_nothing(name):
    pose, _ = pose_of(name, FIVE, noise=0.5)
    truth = frames_of(count_reps(pose, name))
    steps = (np.arange(len(pose.xyz)) // 243)[:, None, None] * [0, 0, 0.15]
    shaken = np.random.default_rng(1).normal(0, 0.05, (len(pose.xyz), 1, 3))
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    for xyz in (pose.xyz + steps, pose.xyz + shaken, 0.3 * pose.xyz, 3 * pose.xyz):
        assert np.abs(frames_of(count_reps(as_pose(xyz), name)) - truth).max() <= 1
    clean, _ = pose_of(name, FIVE)
    turned = frames_of(count_reps(as_pose(clean.xyz @ turn), name))
    assert np.abs(turned - frames_of(count_reps(clean, name))).max() <= 1


def test_r15_from_behind_and_with_sides_exchanged():
    pose, _ = pose_of("squat", FIVE, yaw=180)
    assert count_reps(pose, "squat").num_reps == 5
    mirrored = pose.xyz[:, [0, 4, 5, 6, 1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 11, 12, 13]]
    assert count_reps(as_pose(mirrored), "squat").num_reps == 5


def test_r16_ten_minutes_at_60_fps_in_a_second():
    one_set = [Timing(rest_s=1.0)] * 7 + [Timing(rest_s=76.0)]
    xyz = np.tile(pose_of("squat", one_set, fps=60, noise=0.3)[0].xyz, (6, 1, 1))
    pose = as_pose(xyz, 60)
    assert len(xyz) > 36_000
    seconds = []
    for _ in range(2):
        start = time.process_time()
        count = count_reps(pose, "squat")
        seconds.append(time.process_time() - start)
    assert (count.num_reps, len(count.sets)) == (48, 6)
    assert min(seconds) < 1.0 * len(xyz) / 36_000


def test_r16_what_is_told_of_a_repetition_does_not_cost_more_in_a_longer_recording():
    pose, _ = pose_of("squat", FIVE)
    count = count_reps(pose, "squat")
    num_reps, num_samples = 2000, 600_000
    reps = [replace(count.reps[i % 5], index=i + 1, set_index=1 + i // 10) for i in range(num_reps)]
    xyz = np.broadcast_to(pose.xyz[:1], (num_samples, 17, 3))
    track = replace(count.track, xyz=xyz, source_frame=np.arange(float(num_samples)))
    long = replace(count, reps=tuple(reps), track=track)
    start = time.process_time()
    tempi = [tempo_of(long, rep) for rep in long.reps]
    spans = [track.source_span(rep.cycle.start, rep.cycle.end) for rep in long.reps]
    assert time.process_time() - start < 2
    assert tempi[0] == tempi[10] == tempo_of(count, count.reps[0])
    assert spans[0] == (count.reps[0].start_frame, count.reps[0].end_frame)


def test_a_pause_in_which_something_else_was_done_is_none():
    """A squat in which a foot goes aside and comes back, which is refused; a bend of 30 degrees
    leaves the unloaded position no more than a rest does."""
    xyz, marks = lift("squat", [Timing(rest_s=1.0)] * 4 + [Timing(depth=0.27), Timing()], 30)
    second = slice(round(30 * marks[1][0]), round(30 * marks[1][2]))
    aside = 0.3 * np.sin(np.linspace(0, np.pi, second.stop - second.start))
    xyz[second, indices("rknee", "rankle"), 0] += aside[:, None]
    count = count_reps(as_pose(seen_by(xyz)), "squat")
    assert [r.reason for r in count.rejected] == ["feet_moved", "amplitude"]
    tempi = [tempo_of(count, rep) for rep in count.reps]
    assert tempi[0]["pause_top_s"] is None and tempi[0]["pause_top_sigma_s"] is None
    rests_s = [1.0, marks[5][0] - marks[3][2]]
    assert [t["pause_top_s"] for t in tempi[1:3]] == pytest.approx(rests_s, abs=0.3)


def test_a_pull_that_stopped_half_way_is_no_pause_on_the_floor():
    pose, _ = pose_of("deadlift", [Timing(), Timing(depth=0.5), Timing(), Timing()])
    count = count_reps(pose, "deadlift")
    assert [r.reason for r in count.rejected] == ["never_locked_out"]
    pauses = [tempo_of(count, rep)["pause_bottom_s"] for rep in count.reps]
    assert pauses == [None, None, pytest.approx(0.6, abs=0.3)]


@pytest.mark.parametrize("name", NAMES)
def test_r18_the_gate_names_the_lift(name):
    for seed in range(5):
        pose, _ = pose_of(name, FIVE[:3], yaw=45 * seed, noise=1.0, seed=seed)
        guess, confidence = guess_exercise(pose)
        assert guess == name
        assert 0.4 < confidence <= 1


@pytest.mark.parametrize("name", NAMES)
def test_r19_same_answer_twice_and_at_half_the_rate(name):
    pose, _ = pose_of(name, FIVE, fps=60)
    full = frames_of(count_reps(pose, name))
    assert (frames_of(count_reps(pose, name)) == full).all()
    half = frames_of(count_reps(as_pose(pose.xyz[::2], fps=30), name))
    first_and_last = [0, 1]  # the end is exclusive: one frame is longer at half the rate
    late = (half - first_and_last) / 30 - (full - first_and_last) / 60
    assert np.abs(late).max() <= 1 / 30 + 1e-9


def test_uneven_frame_rate_is_taken_from_the_time_stamps():
    pose, marks = pose_of("squat", FIVE, fps=60)
    rng = np.random.default_rng(0)
    kept = np.sort(rng.choice(len(pose.xyz), len(pose.xyz) // 2, replace=False))
    uneven = as_pose(pose.xyz[kept], 30.0, time_s=kept / 60)
    count = count_reps(uneven, "squat")
    starts = uneven.time_s[[rep.start_frame for rep in count.reps]]
    assert starts == pytest.approx([start for start, _, _ in marks], abs=0.15)


def jumps(fps=30.0):
    """Two squats with a jump after each: 0.4 s in the air, 20 cm high."""
    timings = [Timing(down_s=0.6, hold_s=0.0, up_s=0.4, rest_s=1.0)] * 2
    xyz, marks = lift("squat", timings, fps)
    time_s = np.arange(len(xyz)) / fps
    for _, _, end_s in marks:
        flight = np.clip((time_s - end_s) / 0.4, 0, 1)
        xyz[:, :, 2] += (0.2 * 4 * flight * (1 - flight))[:, None]
    return xyz


@pytest.mark.parametrize("yaw", [0, 90, 180])
def test_jumps_are_no_squats(yaw):
    count = count_reps(as_pose(seen_by(jumps(), yaw, pitch_deg=10)), "squat")
    assert count.num_reps == 0
    assert [r.reason for r in count.rejected] == ["feet_moved"] * 2


def test_a_jump_cannot_be_told_where_the_root_is_held():
    xyz = jumps()
    count = count_reps(as_pose(xyz - xyz[:, :1]), "squat")
    assert count.num_reps == 2
