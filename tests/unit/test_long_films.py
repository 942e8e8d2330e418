"""A few repetitions in minutes of film: whoever films alone lets the camera run."""

import numpy as np
import pytest
from filmed_lifts import NAMES, pose_of
from moving_body import Timing, as_pose, join, lift, noisy, ramp, seen_by, walk
from nameless_lifts import curl, nameless_pose

from lib.analysis.reps import count_reps, guess_exercise

FPS = 30


def stands(seconds, phone=False):
    """Arms hanging; with a phone the elbows bend once."""
    time_s = np.arange(round(seconds * FPS)) / FPS
    return curl(phone * (ramp(time_s - 2) - ramp(time_s - seconds + 3)))


def filmed(*parts, yaw=60, noise=0.7, seed=0):
    xyz = join(*parts, fps=FPS, fade_s=1.0)
    return as_pose(noisy(seen_by(xyz, yaw, 5), np.random.default_rng(seed), FPS, noise), FPS)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("num", "total_s"), [(1, 30), (3, 90), (5, 180)])
def test_a_lift_is_named_however_long_somebody_rests_around_it(name, num, total_s):
    around_s = (total_s - 3 * num) / 2
    plan = {"lead_s": around_s, "tail_s": around_s, "noise": 0.7, "yaw": 60}
    pose, _ = pose_of(name, [Timing(rest_s=0.6)] * num, **plan)
    assert guess_exercise(pose)[0] == name
    assert count_reps(pose, name).num_reps == num


@pytest.mark.parametrize("between", ["stands", "phone", "walks"])
def test_a_squat_is_named_whatever_the_arms_do_before_and_after(between):
    away = {"stands": stands(40), "phone": stands(40, phone=True), "walks": walk(40, FPS)}[between]
    squats, _ = lift("squat", [Timing()] * 3, FPS)
    assert guess_exercise(filmed(away, squats, away))[0] == "squat"


@pytest.mark.parametrize("seed", range(3))
def test_standing_and_walking_for_minutes_are_no_lift(seed):
    for parts in (
        [stands(90)],
        [walk(90, FPS)],
        [stands(30), walk(30, FPS), stands(30, phone=True)],
    ):
        pose = filmed(*parts, yaw=45 * seed, noise=0.5 * (seed + 1), seed=seed)
        assert guess_exercise(pose)[0] == "unknown"


@pytest.mark.parametrize("name", ["curl", "overhead_press", "row"])
def test_noise_of_a_long_rest_is_no_repetition_of_an_unknown_exercise(name):
    pose, _ = nameless_pose(name, [Timing(rest_s=0.6)] * 5, noise=0.5, lead_s=80, tail_s=80)
    count = count_reps(pose, "unknown")
    assert count.num_reps == 5
    assert len(count.rejected) <= 2
