"""Where a move between two turning points begins and ends."""

from dataclasses import replace

import numpy as np
import pytest
from moving_body import ramp

from lib.analysis.cycles import _one_after_another, make_move


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
