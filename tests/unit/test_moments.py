"""When the bar leaves the floor, and how the body is then."""

from itertools import pairwise

import numpy as np
import pytest
from moving_body import Timing, as_pose, deadlift, lift, noisy, ramp, seen_by

from lib.analysis.exercises import load_exercise
from lib.analysis.measures import MEASURES
from lib.analysis.moments import Moments
from lib.analysis.report import find_lifter, standing_frames
from lib.analysis.reps import count_on
from lib.analysis.scene import make_scene
from lib.analysis.track import prepare
from lib.skeleton import JOINT

DEADLIFT = load_exercise("deadlift")
NUM_REPS = 6


def moments_of(xyz, fps):
    pose = as_pose(xyz, fps, up=np.array([0.0, -1.0, 0.0]), up_method="given", up_sigma_deg=1.0)
    count = count_on(prepare(pose), DEADLIFT)
    standing, lifter = standing_frames(count, DEADLIFT), find_lifter(count, DEADLIFT)
    scene = make_scene(pose, count.track, lifter, DEADLIFT.path, standing)
    assert len(count.reps) == NUM_REPS
    return scene, [Moments(scene, rep.cycle) for rep in count.reps]


def late_s(xyz, marks, fps):
    """(NUM_REPS,) lift-off found minus lift-off."""
    _, moments = moments_of(xyz, fps)
    return np.array([m["lift_off"][0] for m in moments]) / fps - [mark[0] for mark in marks]


@pytest.mark.parametrize(("up_s", "fps"), [(0.7, 25.0), (1.2, 30.0), (3.0, 60.0)])
def test_the_bar_leaves_the_floor_when_it_does(up_s, fps):
    xyz, marks = lift("deadlift", [Timing(down_s=up_s)] * NUM_REPS, fps)
    assert np.abs(late_s(seen_by(xyz, 180), marks, fps)).max() < 0.1


def test_noise_does_not_put_it_half_way_up():
    xyz, marks = lift("deadlift", [Timing(down_s=2.0)] * NUM_REPS)
    late = np.concatenate([
        late_s(noisy(seen_by(xyz, 180), np.random.default_rng(seed), 30, 1.5), marks, 30.0)
        for seed in range(4)
    ])  # fmt: skip
    assert np.mean(np.abs(late) < 0.2) > 0.9
    assert abs(np.median(late)) < 0.1


def test_the_pose_at_lift_off_is_that_of_the_rest_before_it():
    """A body that sways over the bar leans by what it leans on the whole."""
    xyz, _ = lift("deadlift", [Timing(down_s=2.0, rest_s=0.7)] * NUM_REPS)
    sway_m = 0.03 * np.sin(2 * np.pi * np.arange(len(xyz)) / 30 / 0.45)
    xyz[:, JOINT["neck"], 1] += sway_m
    scene, moments = moments_of(seen_by(xyz, 90), 30.0)
    lean, at_once = (
        np.array([float(MEASURES["trunk"](body, "both")[0]) for body in bodies])
        for bodies in (
            [m.body("lift_off") for m in moments],
            [scene.body(*m["lift_off"]) for m in moments],
        )
    )
    assert np.ptp(lean) < 0.6 * np.ptp(at_once)
    assert lean.mean() == pytest.approx(60.0, abs=1.0)


def pulled_in_two_parts(half_way: float, again: float, fps=30.0):
    """Six pulls that stop with the bar at half_way (1: floor) and go on from again; their starts
    in seconds."""
    knots, starts = [(0.0, 1.0), (1.0, 1.0)], []
    for _ in range(NUM_REPS):
        t = knots[-1][0]
        starts.append(t)
        knots += [(t + 1.5, half_way), (t + 2.0, again), (t + 2.6, 0.0), (t + 2.8, 0.0),
                  (t + 4.0, 1.0), (t + 4.5, 1.0)]  # fmt: skip
    knots.append((knots[-1][0] + 1.0, 1.0))
    time_s = np.arange(round(knots[-1][0] * fps)) / fps
    phase = np.zeros(len(time_s))
    for (t0, a), (t1, b) in pairwise(knots):
        inside = (time_s >= t0) & (time_s < t1)
        phase[inside] = a + (b - a) * ramp((time_s[inside] - t0) / (t1 - t0))
    return deadlift(phase), starts


@pytest.mark.parametrize(("half_way", "again"), [(0.4, 0.5), (0.6, 0.6)])
def test_a_bar_that_sinks_or_stands_still_on_the_way_has_left_the_floor_before(half_way, again):
    xyz, starts = pulled_in_two_parts(half_way, again)
    _, moments = moments_of(seen_by(xyz, 90), 30.0)
    assert np.abs(np.array([m["lift_off"][0] for m in moments]) / 30 - starts).max() < 0.2
    assert all(m["knee_pass"] and m["first_pull"] for m in moments)
