"""Which clips make up which batch: fixed by seed and epoch, the same on any number of processes."""

from collections.abc import Iterator

import numpy as np

from lib.data.mix import PADDING, Draw, Mix, Part


def _main_batches(
    num_clips: int, size: int, least: int, rng: np.random.Generator
) -> list[list[int]]:
    order = rng.permutation(num_clips).tolist()
    batches = [order[i : i + size] for i in range(0, num_clips, size)]
    if len(batches) > 1 and len(batches[-1]) < least:
        batches.pop()
    return batches


_AGAIN = 1 << 20
"""What a draw's epoch is raised by for each round of its part since the epoch's first: a clip that
comes twice in an epoch is drawn anew."""


def _side_batches(
    part: Part, i_part: int, num_main: int, size: int, seed: int, epoch: int
) -> list[list[Draw]]:
    """Full batches of a part that is gone through round after round.

    An epoch goes on where the one before stopped, as if all had had batches of this size.
    """
    num_clips = len(part.clips)  # type: ignore
    needed = part.num_batches(num_main) * size
    first = (epoch - part.first_epoch) * needed
    first_round = first // num_clips
    draws: list[Draw] = []
    for i_round in range(first_round, -(-(first + needed) // num_clips)):
        order = np.random.default_rng((seed, i_part, i_round)).permutation(num_clips)
        left = first - i_round * num_clips
        number = epoch + (i_round - first_round) * _AGAIN
        clips = order[max(left, 0) : left + needed].tolist()
        draws += [(number, i_part, i_clip) for i_clip in clips]
    return [draws[i : i + size] for i in range(0, needed, size)]


def num_batches(mix: Mix, batch_size: int, epoch: int) -> int:
    """Batches of an epoch, without planning them."""
    num_clips = len(mix.parts[0].clips)  # type: ignore
    main = -(-num_clips // batch_size)
    if main > 1 and num_clips - (main - 1) * batch_size < mix.least:
        main -= 1
    side = [part.num_batches(main) for part in mix.parts[1:] if epoch >= part.first_epoch]
    return main + sum(side)


def plan_epoch(mix: Mix, batch_size: int, seed: int, epoch: int) -> list[list[Draw]]:
    """All batches of an epoch in their order, each of one part's clips."""
    rng = np.random.default_rng((seed, epoch))
    num_clips = len(mix.parts[0].clips)  # type: ignore
    main = _main_batches(num_clips, batch_size, mix.least, rng)
    plan = [[(epoch, 0, i_clip) for i_clip in batch] for batch in main]
    for i_part, part in enumerate(mix.parts[1:], start=1):
        if epoch >= part.first_epoch:
            plan += _side_batches(part, i_part, len(main), batch_size, seed, epoch)
    if len(plan) > len(main):
        plan = [plan[i] for i in rng.permutation(len(plan))]
    return plan


def share(batch: list[Draw], rank: int, world_size: int) -> list[Draw]:
    """Every world_size-th clip of a batch from `rank` on, padded so that all shares are as long."""
    own = batch[rank::world_size]
    epoch, i_part, _ = batch[0]
    return own + [(epoch, i_part, PADDING)] * (-(-len(batch) // world_size) - len(own))


class Batches:
    """The batches of an epoch from a position on, one process's share of each."""

    def __init__(self, plan: list[list[Draw]], first: int, rank: int, world_size: int) -> None:
        self.rank, self.world_size = rank, world_size
        self.restart(plan, first)

    def restart(self, plan: list[list[Draw]], first: int) -> None:
        """Give another epoch's batches from now on."""
        self.pending = [share(batch, self.rank, self.world_size) for batch in plan[first:]]

    def __iter__(self) -> Iterator[list[Draw]]:
        return iter(self.pending)

    def __len__(self) -> int:
        return len(self.pending)
