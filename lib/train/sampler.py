"""Which clips make up which batch: fixed by seed and epoch, the same on any number of processes."""

from collections.abc import Iterator

import numpy as np

from lib.data.mix import PADDING, Draw, Mix


def _main_batches(num_clips: int, size: int, rng: np.random.Generator) -> list[list[int]]:
    order = rng.permutation(num_clips).tolist()
    batches = [order[i : i + size] for i in range(0, num_clips, size)]
    # Batch norm cannot train on a single clip (defect T17).
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches.pop()
    return batches


def _side_batches(
    num_clips: int, num_batches: int, size: int, rng: np.random.Generator
) -> list[list[int]]:
    """Full batches of a part that is gone through as often as they need."""
    rounds = -(-num_batches * size // num_clips)
    order = [i_clip for _ in range(rounds) for i_clip in rng.permutation(num_clips).tolist()]
    return [order[i : i + size] for i in range(0, num_batches * size, size)]


def num_batches(mix: Mix, batch_size: int, epoch: int) -> int:
    """Batches of an epoch, without planning them."""
    num_clips = len(mix.parts[0].clips)  # type: ignore
    main = -(-num_clips // batch_size)
    if main > 1 and num_clips - (main - 1) * batch_size == 1:
        main -= 1
    side = [part.num_batches(main) for part in mix.parts[1:] if epoch >= part.first_epoch]
    return main + sum(side)


def plan_epoch(mix: Mix, batch_size: int, seed: int, epoch: int) -> list[list[Draw]]:
    """All batches of an epoch in their order, each of one part's clips."""
    rng = np.random.default_rng((seed, epoch))
    plan: list[list[Draw]] = []
    num_main = 0
    for i_part, part in enumerate(mix.parts):
        num_clips = len(part.clips)  # type: ignore
        if i_part == 0:
            batches = _main_batches(num_clips, batch_size, rng)
            num_main = len(batches)
        elif epoch < part.first_epoch:
            continue
        else:
            batches = _side_batches(num_clips, part.num_batches(num_main), batch_size, rng)
        plan += [[(epoch, i_part, i_clip) for i_clip in batch] for batch in batches]
    if len(plan) > num_main:
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
        self.total = len(plan)
        self.pending = [share(batch, self.rank, self.world_size) for batch in plan[first:]]

    def __iter__(self) -> Iterator[list[Draw]]:
        return iter(self.pending)

    def __len__(self) -> int:
        return len(self.pending)
