"""Counting where something is hidden, noisy or nearly a repetition."""

from dataclasses import replace

import numpy as np
import pytest
from filmed_lifts import FIVE, pose_of
from moving_body import LIFTS, Timing, as_pose, lift, phase_of, seen_by

from lib.analysis.reps import count_reps, guess_exercise, reversal_threshold
from lib.skeleton import indices


def test_a_walk_after_the_last_rep_is_not_its_way_back():
    """Steps bend the hips by less than half of what the lift straightened."""
    pulls, marks = lift("deadlift", FIVE[:3], 30)
    up = round(30 * marks[2][1])
    nods, _ = phase_of([Timing(0.5, 0.0, 0.5, 0.1, depth=0.4)] * 3, 30, lead_s=0.4)
    pose = as_pose(seen_by(np.concatenate([pulls[:up], LIFTS["deadlift"](nods)])))
    last = count_reps(pose, "deadlift").reps[2]
    assert last.cycle.second is None
    assert last.end_frame == pytest.approx(up, abs=6)


@pytest.mark.parametrize("name", ["squat", "deadlift", "pushup"])
def test_a_turn_inside_a_gap_is_not_cut_off(name):
    pose, marks = pose_of(name, [Timing(0.9, 0.0, 0.9, 0.6)] * 4)
    middle = round(30 * marks[1][1])
    pose.xyz[middle - 15 : middle + 15] = np.nan
    count = count_reps(pose, name)
    assert [rep.quality for rep in count.reps] == ["full"] * 4


def test_a_small_movement_counts_only_where_it_is_clear_of_the_noise():
    shallow = [Timing(), Timing(), Timing(depth=0.45), Timing()]
    assert count_reps(pose_of("squat", shallow)[0], "squat").num_reps == 4
    drive = count_reps(pose_of("squat", shallow)[0], "squat").drive
    quiet, loud = (replace(drive, noise_deg=noise) for noise in (3.0, 9.0))
    assert reversal_threshold(quiet, 35) < 48 < reversal_threshold(loud, 35)
    assert reversal_threshold(replace(drive, noise_deg=25.0), 35) > np.nanmax(drive.u_deg)


def test_an_ankle_mistaken_for_something_else_moves_no_foot():
    """For 0.4 s, with a frame missing as it leaps."""
    pose, marks = pose_of("squat", FIVE[:3], noise=0.5)
    at = round(30 * marks[1][1])
    pose.xyz[at : at + 12, indices("lankle")] += [0.3, 0.1, 0.0]
    pose.xyz[at, indices("lankle")] = np.nan
    assert count_reps(pose, "squat").num_reps == 3


def test_a_rep_is_partial_against_its_set():
    """By height rather than by angle, and by where the others end."""
    plans = [Timing(), Timing(depth=0.72), Timing(), Timing(lockout=0.28), Timing(), Timing()]
    found = count_reps(pose_of("squat", plans)[0], "squat").reps
    assert [rep.partial_reasons for rep in found] == [
        (), ("depth_below_set",), (), ("lockout_missing",), (), (),
    ]  # fmt: skip


def test_hips_hidden_behind_a_bench():
    """The line from neck to knees stands for the trunk: the lift is named and counted."""
    pose, _ = pose_of("bench_press", FIVE)
    pose.xyz[:, indices("root", "lhip", "rhip")] = np.nan
    assert guess_exercise(pose)[0] == "bench_press"
    assert count_reps(pose, "bench_press").num_reps == 5
    pushups, _ = pose_of("pushup", FIVE)
    pushups.xyz[:, indices("root", "lhip", "rhip")] = np.nan
    assert guess_exercise(pushups)[0] != "bench_press"


def test_a_very_slow_deadlift_does_not_lie():
    timings = [Timing(down_s=6.0, up_s=5.0, hold_s=0.5, rest_s=3.0)] * 3
    xyz = lift("deadlift", timings, 30, lead_s=0.2, lean_deg=72.0)[0]
    assert guess_exercise(as_pose(xyz, frame="world"))[0] == "deadlift"
