"""Where a move between two turning points begins and ends."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from moving_body import ramp

from lib.analysis.cycles import _one_after_another, find_moves
from lib.analysis.move import make_move


def move_of(u, noise=0.0):
    return make_move(u, np.gradient(u), noise, 0, len(u) - 1)


@pytest.mark.parametrize("seconds", [0.45, 1.2, 5.0])
def test_begin_and_end_of_a_smooth_move_between_rests(seconds):
    time_s = np.arange(0, 4 + seconds, 1 / 30)
    move = move_of(100 * ramp((time_s - 2) / seconds))
    assert move.start / 30 == pytest.approx(2, abs=0.08 * seconds + 0.05)
    assert move.end / 30 == pytest.approx(2 + seconds, abs=0.08 * seconds + 0.05)
    assert move.is_loading and move.excursion_deg == pytest.approx(100)


def test_the_way_back_is_the_mirror_image():
    time_s = np.arange(0, 5, 1 / 30)
    u = 100 * ramp((time_s - 2) / 1.5)
    there, back = move_of(u), move_of(u[::-1].copy())
    assert (len(u) - 1 - back.end, len(u) - 1 - back.start) == (there.start, there.end)
    assert not back.is_loading


def test_noise_does_not_shift_the_moments():
    rng, time_s = np.random.default_rng(0), np.arange(0, 9, 1 / 30)
    off = []
    for _ in range(60):
        noise = np.convolve(rng.normal(0, 6, len(time_s) + 8), np.ones(9) / 9, "valid")
        u = 100 * ramp((time_s - 2) / 4) + noise
        first, last = np.argmin(u[:60]), len(u) - 60 + np.argmax(u[-60:])
        move = make_move(u, np.gradient(u), 2.0, int(first), int(last))
        off.append((move.start / 30 - 2, move.end / 30 - 6))
    assert np.abs(np.median(off, axis=0)).max() < 0.45
    assert (np.array(off)[:, 0] < np.array(off)[:, 1] + 4).all()


def test_a_mean_is_taken_over_longer_the_more_noise_there_is():
    """A mean makes a beginning early: without noise there is none."""
    time_s = np.arange(0, 9, 1 / 60)
    starts = [move_of(100 * ramp((time_s - 2) / 5), noise).start for noise in (0, 6, 8, 80)]
    assert starts[0] > starts[1] >= starts[2] == starts[3]


def bounced(dip, at=0.0, sinks_to=0.0):
    """Degrees of a way up of 100 from 2 s on, at 30 fps: it rises by dip from a height, sinks to
    another, and goes on at 3.1 s. 0 = bottom."""
    time_s = np.arange(0, 7, 1 / 30)
    up = at * ramp((time_s - 1) / 0.5) + dip * ramp((time_s - 2) / 0.4)
    up -= (at + dip - sinks_to) * ramp((time_s - 2.5) / 0.4)
    return up + (100 - sinks_to) * ramp((time_s - 3.1) / 1.2)


def move_of_a_way_up(up):
    u = 100 - up
    ((move,),) = find_moves(u, np.gradient(u), 0.0, 30.0, 30)
    return move


def way_up(up, noise=0.0):
    """The ways down and up of a squat whose way up is that, 0 to 100."""
    down = 100 * ramp((np.arange(0, 4, 1 / 30) - 1) / 1.5)
    u = np.concatenate([down, 100 - up])
    (moves,) = find_moves(u, np.gradient(u), noise, 75.0, 30)
    assert [move.is_loading for move in moves] == [True, False]
    return [replace(m, start=m.start - 120, end=m.end - 120, i_left=m.i_left - 120)
            for m in moves]  # fmt: skip


@pytest.mark.parametrize("sinks_to", [0.0, 6.0, 11.0, -6.0])
@pytest.mark.parametrize("dip", [20.0, 45.0])
def test_a_way_up_begins_after_its_bounce_and_the_way_down_ends_before_it(dip, sinks_to):
    down, up = way_up(bounced(dip, sinks_to=sinks_to))
    assert up.start / 30 == pytest.approx(3.1, abs=0.15)
    assert up.end / 30 == pytest.approx(4.3, abs=0.15)
    assert up.i_left / 30 == pytest.approx(2.0, abs=0.15)
    assert down.end / 30 == pytest.approx(-1.5, abs=0.15)
    assert up.start < up.i_fastest - 120 < up.end
    assert up.excursion_deg == pytest.approx(100 - min(sinks_to, 0), abs=0.1)


@pytest.mark.parametrize(
    ("dip", "at", "sinks_to", "noise"),
    [(12, 0, 6, 0), (25, 40, 40, 0), (25, 0, 10, 8), (70, 0, 10, 0)],
)
def test_what_is_small_high_noise_or_a_try_of_its_own_is_no_bounce(dip, at, sinks_to, noise):
    (_, up) = way_up(bounced(dip, at, sinks_to), noise)[:2]
    assert up.start / 30 < 2.5 and up.i_left == up.start


def test_a_pull_from_the_floor_has_its_bounce_before_it_as_well():
    u = 100 - bounced(20.0)
    ((move,),) = find_moves(u, np.gradient(u), 0.0, 30.0, 30)
    assert move.start / 30 == pytest.approx(3.1, abs=0.15)


def test_a_small_way_down_before_a_bounce_is_left_alone():
    """As when somebody sinks onto a chair and stands up from it in two tries."""
    down = 15 * ramp((np.arange(0, 4, 1 / 30) - 1) / 1.5)
    u = np.concatenate([down + 85, 100 - bounced(12.0)])
    ((small, up),) = find_moves(u, np.gradient(u), 0.0, 14.0, 30)[:1]
    assert small.is_loading and small.end / 30 == pytest.approx(2.5, abs=0.15)
    assert up.start / 30 == pytest.approx(4 + 3.1, abs=0.15)


@pytest.mark.parametrize("rest_s", [1.5, 6.0])
@pytest.mark.parametrize("short", [8.0, 16.0, 30.0])
def test_who_rests_short_of_the_top_begins_and_ends_there(short, rest_s):
    """Knees unlocked before a squat; a lockout that is missed, and straightened later."""
    time_s = np.arange(0, 8 + rest_s, 1 / 30)
    up = (100 - short) * ramp((time_s - 1) / 1.2) + short * ramp((time_s - 2.2 - rest_s) / 0.6)
    move = move_of_a_way_up(up)
    assert move.start / 30 == pytest.approx(1.0, abs=0.15)
    assert move.end / 30 == pytest.approx(2.2, abs=0.15)
    assert move.excursion_deg == pytest.approx(100 - short, abs=0.5)


def test_the_way_down_begins_where_the_knees_were_unlocked():
    up = 84 * ramp((np.arange(240) / 30 - 1) / 1.2) + 16 * ramp((np.arange(240) / 30 - 5) / 0.6)
    u = 100 - up[::-1]
    ((move,),) = find_moves(u, np.gradient(u), 0.0, 30.0, 30)
    assert move.is_loading
    assert (239 - move.start) / 30 == pytest.approx(2.2, abs=0.15)
    assert (239 - move.end) / 30 == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("where", [0.3, 0.5, 0.7, 0.8, 0.9])
@pytest.mark.parametrize(("up_s", "stuck_s"), [(0.5, 0.5), (1.2, 0.3), (1.2, 0.8), (3.0, 1.0)])
def test_a_lift_that_sticks_goes_on(where, up_s, stuck_s):
    time_s = np.arange(0, 10, 1 / 30)
    up = 100 * where * ramp((time_s - 1) / up_s)
    up += 100 * (1 - where) * ramp((time_s - 1 - up_s - stuck_s) / 0.6)
    assert move_of_a_way_up(up).end / 30 > 1 + up_s + stuck_s + 0.3


def test_moves_of_any_signal_are_in_order():
    for seed in range(500):
        rng = np.random.default_rng(seed)
        marks = np.sort(rng.uniform(0, 400, rng.integers(2, 14)))
        levels = rng.uniform(0, 110, len(marks)) * rng.choice([0, 0.1, 0.7, 1], len(marks))
        u = np.interp(np.arange(400), marks, levels) + rng.normal(0, rng.choice([0, 0.3, 2]), 400)
        noise, least = float(rng.choice([0, 1, 3])), float(rng.choice([6, 20, 40]))
        for run in find_moves(u, np.gradient(u), noise, least, 30):
            for move in run:
                assert 0 <= move.start <= move.end < 400
                assert move.i_left <= move.start or move.is_loading
                assert move.start <= move.i_fastest <= move.end
            assert all(a.end <= b.i_left for a, b in pairwise(run))


def test_the_fastest_moment_is_in_the_movement_and_not_in_a_rest():
    u = 100 * ramp((np.arange(360) / 30 - 4) / 6)
    u[20] += 3.0  # one frame in the rest, faster than the slow movement
    move = make_move(u, np.gradient(u), 0.0, 0, 359)
    assert move.start < move.i_fastest < move.end


@pytest.mark.parametrize(("i_from", "i_to"), [(50, 110), (20, 140), (58, 100), (0, 159)])
def test_in_a_rest_the_turning_point_may_be_anywhere(i_from, i_to):
    u = 100 * ramp((np.arange(160) / 30 - 2) / 1.2)  # rests up to 60 and from 96 on
    move = make_move(u, np.gradient(u), 0.0, i_from, i_to)
    whole = move_of(u)
    assert abs(move.start - whole.start) <= 1 and abs(move.end - whole.end) <= 1
    assert (move.i_from, move.i_to) == (i_from, i_to)


def test_moves_come_one_after_another():
    """Three that overlap twice: each ends where the next begins, at the turning points."""
    first = move_of(100 * ramp(np.arange(60) / 30))
    spans = [(0, 110, 0, 100), (90, 210, 100, 200), (190, 300, 200, 300)]
    moves = [
        replace(first, start=start, end=end, i_from=i_from, i_to=i_to)
        for start, end, i_from, i_to in spans
    ]
    apart = _one_after_another(moves)
    assert [(move.start, move.end) for move in apart] == [(0, 100), (100, 200), (200, 300)]


@pytest.mark.parametrize("seed", range(40))
def test_a_jagged_move_never_ends_before_it_begins(seed):
    rng = np.random.default_rng(seed)
    u = np.cumsum(rng.normal(0, 1, rng.integers(2, 60)))
    u = np.clip(u, None, u[-1]) if u[-1] > u[0] else np.clip(u, u[-1], None)
    u[0] = min(u) - 0.1 if u[-1] > u[0] else max(u) + 0.1
    move = move_of(u)
    assert 0 <= move.start <= move.end <= len(u) - 1


def test_what_is_undone_at_once_is_before_the_move():
    """Nearly all the way, back again, and then all the way."""
    parts = [ramp(np.linspace(0, 1, 30)) * 0.97, 0.97 - 0.96 * ramp(np.linspace(0, 1, 30)),
             0.01 + 0.99 * ramp(np.linspace(0, 1, 30))]  # fmt: skip
    move = move_of(100 * np.concatenate(parts))
    assert move.start <= 66 and move.end >= 80
