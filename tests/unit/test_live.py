"""The parts of the live counter: what it remembers, what it takes for granted, what it looks at."""

from types import SimpleNamespace

import numpy as np
import pytest
from filmed_lifts import FIVE, pose_of
from moving_body import (
    Timing,
    as_pose,
    empty_rise,
    join,
    lift,
    ramp,
    seen_by,
    squat,
    walk,
)

from lib.analysis import live_judge
from lib.analysis.exercises import load_exercise
from lib.analysis.live_drive import LiveDrive
from lib.analysis.live_look import look
from lib.analysis.live_memory import Memory
from lib.analysis.live_usual import Shape, are_alike, is_like
from lib.analysis.reps import count_reps
from lib.analysis.streaming import Counter
from lib.skeleton import indices


def counted(pose, exercise: str) -> Counter:
    """The counter after the last frame, its end not told."""
    counter = Counter(exercise, pose.fps)
    for xyz, time_s in zip(pose.xyz, pose.time_s, strict=True):
        counter.push(xyz, time_s)
    return counter


@pytest.fixture
def num_looks(monkeypatch):
    """A list with one entry for each look."""
    looked: list[float] = []

    def counting(pose, *rules, **where):
        looked.append(pose.time_s[-1])
        return look(pose, *rules, **where)

    monkeypatch.setattr(live_judge, "look", counting)
    return looked


def test_memory_keeps_the_last_seconds_in_order():
    fps, seconds = 30, 2.0
    memory = Memory(fps, seconds, LiveDrive(load_exercise("squat").drive, fps))
    poses = np.random.default_rng(0).normal(size=(500, 17, 3))
    for i, xyz in enumerate(poses):
        memory.write(xyz, i / fps)
        kept = memory.since(-np.inf)
        assert len(kept.xyz) >= min(i + 1, 60)
        assert (kept.xyz == poses[i + 1 - len(kept.xyz) : i + 1]).all()
    part = memory.since(499 / fps - 1.0)
    assert len(part.xyz) == 31 and (np.diff(part.time_s) > 0).all()
    assert len(memory.since(1e9).xyz) == 0


def test_repetitions_like_the_last_are_not_looked_at(num_looks):
    pose, _ = pose_of("squat", [Timing()] * 12, noise=0.5)
    assert counted(pose, "squat").num_reps == 12
    assert 1 <= len(num_looks) <= 4


def test_a_repetition_unlike_the_last_is_looked_at(num_looks):
    """Alike in range and time, but a foot goes aside at the bottom of the fourth."""
    pose, marks = pose_of("squat", [Timing()] * 6)
    assert counted(pose, "squat").num_reps == 6
    num_before, xyz = len(num_looks), pose.xyz.copy()
    time_s = pose.time_s - marks[3][1]
    aside = (ramp(time_s / 0.3 + 0.5) - ramp((time_s - 1.6) / 0.3))[:, None, None] * [0.35, 0, 0]
    xyz[:, indices("lankle")] += aside
    xyz[:, indices("lknee")] += aside / 2
    stepped = as_pose(xyz)
    assert counted(stepped, "squat").num_reps == count_reps(stepped, "squat").num_reps == 5
    assert len(num_looks) > 2 * num_before


def test_a_rest_on_the_way_is_not_the_end():
    """A second at 50 degrees, below where the top counts as reached at all, then the rest."""
    part_s, fps = np.arange(0, 8, 1 / 30), 30
    phase = (
        ramp((part_s - 1.5) / 1.2) - 0.6 * ramp((part_s - 3) / 0.8) - 0.4 * ramp((part_s - 5) / 1)
    )
    pose = as_pose(seen_by(squat(phase), 40), fps)
    assert counted(pose, "squat").num_reps == count_reps(pose, "squat").num_reps == 1


@pytest.mark.parametrize(("stays_s", "num"), [(0.3, 3), (8.0, 3)])
def test_up_and_away_without_the_bar(stays_s, num):
    """Three pulls and a rise without one: whether the lifter walks off at once or stays."""
    pulls, _ = lift("deadlift", FIVE[:3], 30, tail_s=0.5)
    rise = empty_rise(36)
    rise = np.concatenate([rise, np.repeat(rise[-1:], round(stays_s * 30), 0)])
    pose = as_pose(seen_by(join(np.concatenate([pulls, rise]), walk(6, 30), fps=30), 45))
    counter = counted(pose, "deadlift")
    counter.finish()
    assert counter.num_reps == count_reps(pose, "deadlift").num_reps == num


def test_a_look_at_nothing_finds_nothing():
    empty = as_pose(np.full((60, 17, 3), np.nan))
    assert look(empty, load_exercise("squat"), 35.0, 0.0, is_last=True) == []


def test_poses_are_alike_until_a_joint_is_elsewhere():
    pose = squat(np.zeros(1))[0]
    pose = pose - pose[0]
    assert are_alike(pose, pose) and not are_alike(np.full((17, 3), np.nan), pose)
    trunk = np.linalg.norm(pose[indices("neck")])
    for step, expected in ((0.39, True), (0.41, False)):
        moved = pose.copy()
        moved[indices("rwrist")] += [0, 0, step * trunk]
        assert are_alike(moved, pose) is expected
    for num, expected in ((0, True), (6, True), (7, False)):
        some = pose.copy()
        some[indices("lwrist", "rwrist", "lknee", "rknee", "lankle", "rankle", "head")[:num]] = (
            np.nan
        )
        assert are_alike(some, pose) is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [({}, True), ({"excursion_deg": 130}, True), ({"excursion_deg": 140}, False),
     ({"excursion_deg": 70}, False), ({"seconds": 3.9}, True), ({"seconds": 4.1}, False),
     ({"speed": 5.9}, True), ({"speed": 6.1}, False), ({"speed": 0.1}, True),
     ({"seen_share": 0.7}, False), ({"seen_share": float("nan")}, False)],
)  # fmt: skip
def test_both_ends_of_what_is_alike(change, expected):
    pose = squat(np.zeros(1))[0]
    usual = {"loaded_pose": pose, "unloaded_pose": pose, "excursion_deg": 100.0, "seconds": 2.0,
             "speed": 3.0, "seen_share": 1.0}  # fmt: skip
    assert is_like(Shape(**usual | change), Shape(**usual)) is expected


@pytest.mark.parametrize("name", ["squat", "deadlift", "sit_to_stand"])
@pytest.mark.parametrize(("hold_s", "rest_s"), [(60.0, 0.6), (0.2, 90.0), (60.0, 60.0)])
def test_holds_and_rests_longer_than_the_memory(name, hold_s, rest_s):
    """A minute at the bottom is no squat; a minute between two repetitions changes nothing."""
    pose, _ = pose_of(name, [Timing(hold_s=hold_s, rest_s=rest_s), Timing()], noise=0.3)
    counter = counted(pose, name)
    counter.finish()
    assert counter.num_reps == count_reps(pose, name).num_reps


@pytest.mark.parametrize("hold_s", [25.0, 45.0, 60.0])
@pytest.mark.parametrize("goes_on_s", [0.0, 8.0])
def test_half_way_up_for_longer_than_the_memory(hold_s, goes_on_s):
    """Somebody who stays there does no squat; the one that follows is counted as ever."""
    up_s = 4 + hold_s
    time_s = np.arange(0, up_s + goes_on_s, 1 / 30)
    phase = ramp((time_s - 1.5) / 1.2) - 0.4 * ramp((time_s - 3) / 0.8)
    phase += ramp((time_s - up_s - 3) / 1.2) - 0.6 * ramp((time_s - up_s) / 1.2)
    phase -= ramp((time_s - up_s - 5) / 1.2)
    pose = as_pose(seen_by(squat(phase), 40))
    shaken = pose.xyz + np.random.default_rng(0).normal(0, 0.003, pose.xyz.shape)
    counter = counted(as_pose(shaken), "squat")
    counter.finish()
    assert counter.num_reps == (goes_on_s > 0)


@pytest.mark.parametrize("num", [1, 2])
def test_knees_that_bounce_after_a_squat_take_nothing_back(num):
    """For longer than the memory, and never at rest: the squat before was one."""
    time_s = np.arange(0, 75, 1 / 30)
    phase = ramp((time_s - 1.5) / 1.2) - ramp((time_s - 3) / 1.2)
    if num == 2:
        phase += ramp((time_s - 66) / 1.2) - ramp((time_s - 68) / 1.2)
    bounce = 0.03 + 0.06 * (1 - np.cos(2 * np.pi * 2.5 * (time_s - 4.3)))
    phase += bounce * ((time_s > 4.3) & (time_s < 60))
    pose = as_pose(seen_by(squat(phase), 40))
    counter = counted(pose, "squat")
    counter.finish()
    assert counter.num_reps == count_reps(pose, "squat").num_reps == num


def test_one_wild_sample_makes_no_fast_lift():
    speeds = []
    for wild_deg in (0.0, 12.0):
        drive = SimpleNamespace(delay_s=0.0, noise_deg=0.0, is_seen=True)
        memory = Memory(60, 5.0, drive)
        deg = 90 * (1 - ramp(np.arange(70) / 60))
        deg[35] -= wild_deg
        for i, one in enumerate(deg):
            drive.deg = one
            memory.write(np.zeros((17, 3)), i / 60)
        way = memory.way(0, 69)
        assert way.move.excursion_deg == pytest.approx(90)
        speeds.append(way.move.peak_speed)
    assert speeds[1] < 2 * speeds[0]
    assert speeds[0] == pytest.approx(90 * np.pi / 2 / 60, rel=0.03)
    assert memory.way(30, 31).end_s == pytest.approx(31 / 60)
