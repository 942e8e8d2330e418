"""Batches: every clip once, in an order that seed and epoch fix, shared out among processes."""

import numpy as np
import pytest

from lib.data.mix import PADDING, Mix, Part
from lib.train.sampler import Batches, num_batches, plan_epoch, share


class Clips:
    def __init__(self, num_clips):
        self.num_clips = num_clips

    def __len__(self):
        return self.num_clips

    def __getitem__(self, index):
        return index

    def padding(self):
        return "nothing"


def mix(*numbers, ratio=0.5, first_epoch=0, least=1):
    side = [Part(f"side{i}", Clips(n), ratio, first_epoch) for i, n in enumerate(numbers[1:])]
    return Mix([Part("main", Clips(numbers[0])), *side], least)


def flat(plan):
    return [draw for batch in plan for draw in batch]


@pytest.mark.parametrize("num_clips", [1, 2, 7, 8, 9, 23])
def test_an_epoch_is_once_through_the_main_part(num_clips):
    plan = plan_epoch(mix(num_clips), 4, 0, 3)
    draws = flat(plan)
    assert {epoch for epoch, _, _ in draws} == {3}
    assert sorted(clip for _, _, clip in draws) == list(range(num_clips))
    assert all(len(batch) == 4 for batch in plan[:-1])


def test_T17_a_last_clip_alone_waits_for_another_epoch_where_batch_norm_needs_two():
    parts = mix(9, least=2)
    assert [len(batch) for batch in plan_epoch(parts, 4, 0, 0)] == [4, 4]
    assert num_batches(parts, 4, 0) == 2
    assert [len(batch) for batch in plan_epoch(mix(9), 4, 0, 0)] == [4, 4, 1]
    assert [len(batch) for batch in plan_epoch(mix(5), 1, 0, 0)] == [1] * 5
    assert [len(batch) for batch in plan_epoch(mix(1, least=2), 4, 0, 0)] == [1]


def test_order_changes_with_seed_and_epoch_alone():
    plans = [plan_epoch(mix(50, 9), 4, seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    assert plan_epoch(mix(50, 9), 4, 0, 0) == plans[0]
    clips = [[clip for _, _, clip in flat(plan)] for plan in plans]
    assert all(a != b for i, a in enumerate(clips) for b in clips[:i])


@pytest.mark.parametrize(
    ("ratio", "expected"), [(0.0, 0), (0.01, 1), (0.05, 1), (0.5, 5), (2.0, 20)]
)
def test_a_side_part_gives_its_ratio_of_batches(ratio, expected):
    plan = plan_epoch(mix(40, 3, ratio=ratio), 4, 0, 0)
    side = [batch for batch in plan if batch[0][1] == 1]
    assert len(plan) == 10 + expected and len(side) == expected
    assert num_batches(mix(40, 3, ratio=ratio), 4, 0) == len(plan)
    assert all({i_part for _, i_part, _ in batch} == {1} and len(batch) == 4 for batch in side)
    # A part of 3 clips is gone through again and again, evenly.
    times = np.bincount([clip for _, _, clip in flat(side)], minlength=3)
    assert times.max() - times.min() <= 1


def side_draws(parts, batch_size, epochs):
    plans = [plan_epoch(parts, batch_size, 0, epoch) for epoch in epochs]
    return [draw for plan in plans for draw in flat(plan) if draw[1] == 1]


def test_a_side_part_that_is_seen_again_is_drawn_anew():
    """Within an epoch, over epochs, and with batches of another size from an epoch on."""
    parts = mix(400, 7, ratio=0.4)
    draws = side_draws(parts, 4, range(3)) + side_draws(parts, 50, range(3, 6))
    assert len(draws) == len(set(draws)) == 3 * 160 + 3 * 150


def test_a_side_part_is_gone_through_before_any_of_it_comes_again():
    """Over epochs, wherever one ends; another part's rounds are in other orders."""
    parts = mix(400, 90, 90, ratio=0.1, first_epoch=2)
    for num_epochs, most in ((2, 1), (3, 2), (9, 4)):
        clips = [clip for _, _, clip in side_draws(parts, 4, range(2, 2 + num_epochs))]
        times = np.bincount(clips, minlength=90)
        assert times.sum() == 40 * num_epochs
        assert (times.min(), times.max()) == (40 * num_epochs // 90, most)
    order = [[clip for _, i, clip in flat(plan_epoch(parts, 4, 0, 2)) if i == k] for k in (1, 2)]
    assert order[0] != order[1] and plan_epoch(parts, 4, 1, 2) != plan_epoch(parts, 4, 0, 2)


def test_side_parts_leave_the_main_ones_batches_as_they_are():
    batches = [
        sorted(batch for batch in plan_epoch(parts, 4, 0, 5) if batch[0][1] == 0)
        for parts in (mix(50), mix(50, 9, 30))
    ]
    assert batches[0] == batches[1]


def test_side_batches_are_spread_over_the_epoch():
    kinds = [batch[0][1] for batch in plan_epoch(mix(400, 100, ratio=1.0), 4, 0, 0)]
    assert 0.3 < np.mean(kinds[:100]) < 0.7


def test_a_side_part_comes_in_at_its_epoch():
    parts = mix(40, 40, first_epoch=2)
    assert [len(plan_epoch(parts, 4, 0, epoch)) for epoch in range(4)] == [10, 10, 15, 15]


@pytest.mark.parametrize("world_size", [1, 2, 3, 8])
@pytest.mark.parametrize("size", [1, 5, 8])
def test_shares_are_as_long_and_hold_each_clip_once(size, world_size):
    batch = [(1, 0, clip) for clip in range(size)]
    shares = [share(batch, rank, world_size) for rank in range(world_size)]
    assert len({len(own) for own in shares}) == 1
    clips = [clip for own in shares for _, _, clip in own]
    assert sorted(clip for clip in clips if clip != PADDING) == list(range(size))
    assert clips.count(PADDING) == -(-size // world_size) * world_size - size


def test_a_position_goes_on_where_it_was():
    plan = plan_epoch(mix(23), 4, 0, 0)
    whole, rest = Batches(plan, 0, 1, 2), Batches(plan, 3, 1, 2)
    assert list(whole)[3:] == list(rest)
    assert len(rest) == len(plan) - 3


def test_mix_asks_the_part_and_pads():
    parts = mix(5, 3)
    assert parts[2, 0, 4] == (2, 4) and parts[2, 1, 0] == (2, 0)
    assert parts[2, 1, PADDING] == "nothing"
    assert len(parts) == 8
