"""The live counter: the same answers as offline, early, and without looking ahead."""

import sys
from pathlib import Path

import numpy as np
import pytest
from filmed_lifts import FIVE, NAMES, pose_of
from moving_body import Timing, as_pose, empty_rise, join, lift, seen_by, walk

from lib.analysis.exercises import load_exercise
from lib.analysis.reps import count_reps
from lib.analysis.streaming import Counter
from lib.errors import UserError
from lib.skeleton import indices

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def run(pose, exercise, num=None):
    """Counter, and (time_s, event) of every frame; the end is told at infinity."""
    counter = Counter(exercise, pose.fps)
    events = []
    for xyz, time_s in list(zip(pose.xyz, pose.time_s, strict=True))[:num]:
        events += [(time_s, event) for event in counter.push(xyz, time_s)]
    return counter, events


def finished(pose, exercise):
    counter, events = run(pose, exercise)
    return counter, events + [(np.inf, event) for event in counter.finish()]


def last_word(events):
    """The last event of each repetition that was not cancelled."""
    last = {event.index: event for _, event in events}
    return [event for event in last.values() if event.kind != "cancel"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("fps", "yaw", "num"), [(25, 0, 5), (30, 90, 1), (60, 180, 2)])
def test_exact_counts_and_moments_in_every_view_and_rate(name, fps, yaw, num):
    pose, marks = pose_of(name, FIVE[:num], fps, yaw)
    counter, events = finished(pose, name)
    assert counter.num_reps == num == len(last_word(events))
    for event, (start_s, turn_s, end_s) in zip(last_word(events), marks, strict=True):
        assert event.start_s == pytest.approx(start_s, abs=0.25)
        assert event.turn_s == pytest.approx(turn_s, abs=0.25)
        assert event.end_s == pytest.approx(end_s, abs=0.3)


@pytest.mark.parametrize("name", NAMES)
def test_a_repetition_is_told_within_0_3_s_of_lockout(name):
    for seed in range(3):
        pose, marks = pose_of(name, FIVE, yaw=60 * seed, noise=1.0, seed=seed)
        _, events = run(pose, name)
        told = [time_s for time_s, event in events if event.kind == "rep"]
        is_pull = load_exercise(name).drive.starts == "loaded"
        lockouts = [turn if is_pull else end for _, turn, end in marks]
        assert len(told) == 5
        assert np.max(np.subtract(told, lockouts)) <= 0.3


@pytest.mark.parametrize("name", NAMES)
def test_r17_more_frames_only_add_events(name):
    pose, _ = pose_of(name, FIVE[:3], noise=1.0)
    _, whole = run(pose, name)
    for num in (0, 1, 60, 150, 233, len(pose.xyz) - 1):
        _, part = run(pose, name, num)
        assert part == [(t, event) for t, event in whole if t < pose.time_s[num]]


@pytest.mark.parametrize("name", NAMES)
def test_r01_holding_still_is_no_rep(name):
    for seed in range(3):
        pose, _ = pose_of(name, [], noise=1.0, seed=seed, lead_s=5, tail_s=5)
        assert finished(pose, name)[1] == []


@pytest.mark.parametrize("name", NAMES)
def test_r02_walking_is_no_rep(name):
    for yaw in (0, 45, 90):
        assert finished(as_pose(seen_by(walk(12, 30), yaw, 5)), name)[0].num_reps == 0


def test_r07_walking_out_and_in_does_not_count():
    xyz = join(walk(4, 30, with_bar=True), lift("squat", FIVE, 30)[0], walk(3, 30, with_bar=True),
               fps=30)  # fmt: skip
    assert finished(as_pose(seen_by(xyz, 35, 5)), "squat")[0].num_reps == 5


def test_a_first_and_only_rep_needs_none_before_it():
    for name in NAMES:
        assert finished(pose_of(name, [Timing()], noise=0.7)[0], name)[0].num_reps == 1


@pytest.mark.parametrize(("depth", "num"), [(0.34, 6), (0.30, 3)])
def test_small_movements_after_large_ones_count_as_offline(depth, num):
    """Of 37 degrees and 33: more and less than the least 35, whatever was before."""
    dip = Timing(0.6, 0, 0.6, 0.6, depth=depth)
    pose, _ = pose_of("squat", [Timing()] * 3 + [dip] * 3)
    assert finished(pose, "squat")[0].num_reps == count_reps(pose, "squat").num_reps == num
    assert finished(pose_of("squat", [dip])[0], "squat")[0].num_reps == (num == 6)


def test_a_failed_attempt_is_no_rep():
    pose, _ = pose_of("squat", [Timing(), Timing(lockout=0.62), Timing()])
    assert finished(pose, "squat")[0].num_reps == count_reps(pose, "squat").num_reps == 2


def test_standing_up_without_the_bar_is_taken_back():
    pulls, _ = lift("deadlift", FIVE[:3], 30, tail_s=0.5)
    away = empty_rise(36)
    pose = as_pose(seen_by(np.concatenate([pulls, away, np.repeat(away[-1:], 60, 0)])))
    counter, events = run(pose, "deadlift")
    assert counter.num_reps == 3
    assert [event.reason for _, event in events if event.kind == "cancel"] == ["suspect"]


def test_a_rep_that_turns_out_none_is_cancelled_with_its_reason():
    """The legs go apart after three quarters of the way up."""
    pose, marks = pose_of("squat", [Timing(down_s=0.6, up_s=1.6)])
    at = round((marks[0][2] - 0.55) * 30)
    xyz = pose.xyz.copy()
    step = np.clip(np.arange(len(xyz) - at) / 8, 0, 1)[:, None, None] * [0.35, 0, 0]
    xyz[at:, indices("lankle")] += step
    xyz[at:, indices("lknee")] += step / 2
    counter, events = finished(as_pose(xyz), "squat")
    assert counter.num_reps == 0
    assert [(event.kind, event.reason) for _, event in events if event.kind == "cancel"] == [
        ("cancel", "feet_moved")
    ]


def test_gaps():
    pose, marks = pose_of("squat", FIVE, noise=0.5)
    at = round(marks[2][0] * 30) + 10
    short, long = pose.xyz.copy(), pose.xyz.copy()
    short[at : at + 30] = np.nan
    long[at : at + 90] = np.nan
    assert finished(as_pose(short), "squat")[0].num_reps == 5
    assert finished(as_pose(long), "squat")[0].num_reps in (3, 4)
    scattered = pose.xyz.copy()
    scattered[np.random.default_rng(0).random(scattered.shape[:2]) < 0.1] = np.nan
    assert finished(as_pose(scattered), "squat")[0].num_reps == 5
    one_side = pose.xyz.copy()
    one_side[:, indices("lhip", "lknee", "lankle")] = np.nan
    assert finished(as_pose(one_side), "squat")[0].num_reps == 5
    assert finished(as_pose(np.full((90, 17, 3), np.nan)), "squat")[1] == []
    assert Counter("squat", 30).finish() == []


def test_times_of_an_uneven_rate_are_the_recordings_own():
    pose, marks = pose_of("squat", FIVE, fps=60)
    kept = np.sort(
        np.random.default_rng(0).choice(len(pose.xyz), len(pose.xyz) // 2, replace=False)
    )
    _, events = finished(as_pose(pose.xyz[kept], 30.0, time_s=kept / 60), "squat")
    starts = [event.start_s for event in last_word(events)]
    assert starts == pytest.approx([start for start, _, _ in marks], abs=0.2)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="fps is nan"):
        Counter("squat", float("nan"))
    with pytest.raises(ValueError, match="fps is 0.7, expected a number from 2 up"):
        Counter("squat", 0.7)
    with pytest.raises(UserError, match="exercise 'sqat': there is none"):
        Counter("sqat", 30)
    counter = Counter("squat", 30)
    with pytest.raises(ValueError, match=r"xyz has shape \(16, 3\)"):
        counter.push(np.zeros((16, 3)), 0.0)
    counter.push(np.zeros((17, 3)), 0.0)
    with pytest.raises(UserError, match="time must increase"):
        counter.push(np.zeros((17, 3)), 0.0)


def test_r17_agrees_with_the_offline_counter_on_the_suite():
    from benchmarks.lift_suite import film_of

    agree = []
    for i, case in enumerate(("one", "five", "partials", "rests", "walking", "gaps")):
        for lift_name in ("squat", "deadlift", "bench_press"):
            film = film_of("shifted_dev", lift_name, case, 45.0 * i, 30.0)
            counter, _ = finished(film.pose, lift_name)
            agree.append(counter.num_reps == count_reps(film.pose, lift_name).num_reps)
    assert np.mean(agree) >= 0.94
