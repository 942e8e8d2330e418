"""The live counter across frames that never came, and the times that it takes and tells."""

from dataclasses import replace

import numpy as np
import pytest
from filmed_lifts import FIVE, NAMES, pose_of

from lib.analysis import live_judge
from lib.analysis.live_look import look
from lib.analysis.reps import count_reps
from lib.analysis.streaming import Counter
from lib.errors import UserError


def told(xyz, time_s, exercise="squat", fps=30):
    """Repetitions left at the end, and all events."""
    counter = Counter(exercise, fps)
    events = [e for one, at_s in zip(xyz, time_s, strict=True) for e in counter.push(one, at_s)]
    events += counter.finish()
    return counter.num_reps, events


def with_hole(name, where, hole_s):
    """A recording whose frames stop in its third repetition, or after it, for hole_s."""
    pose, marks = pose_of(name, FIVE, noise=0.5)
    start_s, turn_s, end_s = marks[2]
    at = np.searchsorted(pose.time_s, {"under way": start_s + 0.5, "turn": turn_s, "rest": end_s +
                                       0.2}[where])  # fmt: skip
    time_s = pose.time_s.copy()
    time_s[at:] += hole_s
    return replace(pose, time_s=time_s), at


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", ["under way", "turn", "rest"])
def test_absent_frames_count_as_unseen_ones_do(name, where):
    pose, at = with_hole(name, where, 2.0)
    unseen_s = np.arange(pose.time_s[at - 1] + 1 / 30, pose.time_s[at] - 0.01, 1 / 30)
    time_s = np.insert(pose.time_s, at, unseen_s)
    xyz = np.insert(pose.xyz, np.full(len(unseen_s), at), np.nan, axis=0)
    num, _ = told(pose.xyz, pose.time_s, name)
    assert num == told(xyz, time_s, name)[0] == count_reps(pose, name).num_reps


@pytest.mark.parametrize("nobody", [0.0, 1.7, np.nan])
@pytest.mark.parametrize("num", [1, 20])
def test_frames_of_nobody_at_the_start_do_not_blind_it(nobody, num):
    """All joints at one point: bones without a length."""
    pose, _ = pose_of("squat", FIVE)
    pose.xyz[:num] = nobody
    assert told(pose.xyz, pose.time_s)[0] == count_reps(pose, "squat").num_reps == 5


@pytest.mark.parametrize("hole_s", [3600.0, 1e6])
def test_a_look_does_not_reach_over_a_pause(monkeypatch, hole_s):
    looked_s = []

    def timing(pose, *rules, **where):
        looked_s.append(np.ptp(pose.time_s))
        return look(pose, *rules, **where)

    monkeypatch.setattr(live_judge, "look", timing)
    pose, _ = with_hole("squat", "turn", hole_s)
    assert told(pose.xyz, pose.time_s)[0] == 4
    assert max(looked_s) < 20


def test_a_time_that_is_none_changes_nothing():
    pose, _ = pose_of("squat", FIVE[:1])
    counter = Counter("squat", 30)
    counter.push(pose.xyz[0], 0.0)
    for time_s in (np.inf, np.nan, -np.inf):
        with pytest.raises(UserError, match=f"frame at {time_s} s"):
            counter.push(pose.xyz[1], time_s)
    assert counter.push(pose.xyz[1], 1 / 30) == []


def test_events_hold_plain_numbers():
    pose, _ = pose_of("squat", FIVE[:2])
    _, events = told(pose.xyz, pose.time_s, fps=np.float64(30))
    assert events
    for event in events:
        assert {type(t) for t in (event.start_s, event.turn_s, event.end_s)} == {float}
