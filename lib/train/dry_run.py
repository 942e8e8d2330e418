"""`--dry-run`: what a training would be, measured on a few of its clips. Nothing is written.

Data sets are opened and a few steps are taken with weights that are thrown away afterwards.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from lib.config import to_yaml
from lib.data.datasets import Batch, collate
from lib.data.mix import Mix, Part
from lib.model.cost import saved_bytes
from lib.train import parallel
from lib.train.loader import count_workers
from lib.train.optim import freeze_others, make_optimizer, part_size
from lib.train.precision import Precision
from lib.train.sampler import num_batches
from lib.train.step import set_recompute

_LONG_ENOUGH_S = 0.5
"""A step of this length is timed as it is; a shorter one is tried with more clips."""
_SLOW_S = 2.0
"""A first step of this length is not taken again to leave the warm-up out."""
_MEGA, _GIGA = 1e6, 1e9


@dataclass(frozen=True)
class _Cost:
    """What clips of one part cost on this device, in this process."""

    fixed_bytes: float
    """Kept for the backward pass whatever the number of clips."""
    clip_bytes: float
    """Kept for the backward pass for each clip."""
    clip_s: float
    """Seconds of both passes over their clips."""
    moved_s: float
    """Seconds of the optimiser's step."""
    draw_s: float
    """Seconds to read and draw a clip."""
    num_timed: int


class _Probe:
    """Takes steps of a task as the loop would, on batches of any size."""

    def __init__(self, task: Any, config: Any) -> None:
        self.task, self.config = task, config
        self.device = parallel.pick_device(config.train.device)
        task.model.to(self.device).train()
        self.optimizer = make_optimizer(task.groups(), config.optim, task.model)
        freeze_others(task.model, self.optimizer)
        if config.train.recompute:
            set_recompute(task.model)
        self.precision = Precision(config.train.precision, self.device)
        self.network = self.precision.wrap(task.model)
        norms = [m for m in task.model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
        self.least = 2 if norms else 1

    @property
    def share(self) -> int:
        """Clips of a batch that this process takes."""
        return math.ceil(self.config.train.batch_size / parallel.world_size())

    @property
    def at_once(self) -> int:
        """Clips that are in memory together."""
        return part_size(self.share, self.config.train.accumulate, self.least)

    def batch(self, i_part: int, num_clips: int) -> Batch:
        """The first clips of a part, from the first again where it has fewer."""
        mix = self.task.train_data
        part = mix.parts[i_part]
        have = len(part.clips)
        return collate([mix[part.first_epoch, i_part, i % have] for i in range(num_clips)])

    def loss(self, batch: Batch, epoch: int) -> torch.Tensor:
        counts = {k: v.float().to(self.device) for k, v in self.task.counts(batch, epoch).items()}
        with parallel.alone():  # the other processes do not take these steps
            terms = self.task.losses(self.network, batch.to(self.device), epoch, counts)
        return torch.stack(list(terms.values())).sum()

    def saved_bytes(self, batch: Batch, epoch: int) -> int:
        """Bytes that the forward pass of a batch keeps for the backward pass, beside weights."""
        return saved_bytes(self.task.model, lambda: self.loss(batch, epoch))

    def step_s(self, batch: Batch, epoch: int) -> tuple[float, float]:
        """Seconds of both passes and of the optimiser; the second of two steps, unless they are
        long."""
        passes_s = moved_s = 0.0
        for _ in range(2):
            self._wait()
            started = time.perf_counter()
            self.optimizer.zero_grad(set_to_none=True)
            self.precision.backward(self.loss(batch, epoch))
            self._wait()
            passes_s = time.perf_counter() - started
            self.precision.step(self.optimizer)
            self._wait()
            moved_s = time.perf_counter() - started - passes_s
            if passes_s + moved_s > _SLOW_S:
                break
        return passes_s, moved_s

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def _measure(probe: _Probe, i_part: int) -> _Cost:
    epoch, least = probe.task.train_data.parts[i_part].first_epoch, probe.least
    few, more = (probe.saved_bytes(probe.batch(i_part, least + i), epoch) for i in (0, 1))
    num_clips = min(least, probe.at_once)
    while True:
        started = time.perf_counter()
        batch = probe.batch(i_part, num_clips)
        draw_s = (time.perf_counter() - started) / num_clips
        passes_s, moved_s = probe.step_s(batch, epoch)
        if passes_s >= _LONG_ENOUGH_S or num_clips >= probe.at_once:
            break
        num_clips = min(4 * num_clips, probe.at_once)
    fixed = max(few - least * (more - few), 0)
    return _Cost(fixed, more - few, passes_s / num_clips, moved_s, draw_s, num_clips)


def _per_epoch(part: Part, mix: Mix, batch_size: int) -> int:
    """Batches of a part in an epoch that it takes part in."""
    main = num_batches(Mix(mix.parts[:1], mix.least), batch_size, 0)
    return main if part is mix.parts[0] else part.num_batches(main)


def _data_lines(probe: _Probe) -> Iterator[str]:
    mix, size = probe.task.train_data, probe.config.train.batch_size
    for i_part, part in enumerate(mix.parts):
        x = probe.batch(i_part, 1).x
        since = f" from epoch {part.first_epoch + 1} on" if part.first_epoch else ""
        yield (
            f"  {part.name}: {len(part.clips):,} clips, {_per_epoch(part, mix, size):,} "
            f"batches an epoch{since}"
        )
        shape = (min(size, len(part.clips)) if not i_part else size, *x.shape[1:])
        yield f"    x {shape} {str(x.dtype).removeprefix('torch.')}, y {shape}, valid {shape[:3]}"
        tables = [part.clips.windows, getattr(part.clips, "others", None)]  # a classifier's 'other'
        found = np.concatenate([table.rows for table in tables if table is not None])
        for i, store in enumerate(part.clips.windows.stores):
            rows = found[found["store"] == i]
            num = len(np.unique(rows["i_sequence"]))
            yield f"    {store.path}: {num:,} sequences, {len(rows):,} windows"


def _parameter_lines(probe: _Probe) -> Iterator[str]:
    moved = 0
    for group in probe.optimizer.param_groups:
        num = sum(p.numel() for p in group["params"])
        moved += num
        rate = group["rate"]
        yield f"  {group['name']}: {num:,} at learning rate {rate:g}"
    rest = sum(p.numel() for p in probe.task.model.parameters()) - moved
    if rest:
        yield f"  not trained: {rest:,}"


def _memory_lines(probe: _Probe, costs: list[_Cost]) -> Iterator[str]:
    weights = sum(t.nbytes for t in probe.task.model.state_dict().values())
    each = [(g, sum(p.nbytes for p in g["params"])) for g in probe.optimizer.param_groups]
    moved = sum(num for _, num in each)
    # Muon keeps one value of each weight, AdamW two.
    state = sum(num if "momentum" in group else 2 * num for group, num in each)
    average = weights if probe.config.train.ema else 0
    kept = max(cost.fixed_bytes + probe.at_once * cost.clip_bytes for cost in costs)
    total = weights + average + moved + state + kept
    yield f"  weights {weights / _MEGA:,.1f} MB, gradients {moved / _MEGA:,.1f} MB, " + (
        f"optimiser {state / _MEGA:,.1f} MB"
        + (f", moving average {average / _MEGA:,.1f} MB" if average else "")
    )
    most = max(cost.clip_bytes for cost in costs)
    yield (
        f"  kept for the backward pass {kept / _MEGA:,.1f} MB: {probe.at_once} clips at once, "
        f"{most / _MEGA:,.2f} MB each"
    )
    yield f"  together {total / _GIGA:.2f} GB, and passing needs of single layers on top"


def _time_lines(probe: _Probe, costs: list[_Cost]) -> Iterator[str]:
    train, mix = probe.config.train, probe.task.train_data
    steps = [num_batches(mix, train.batch_size, epoch) for epoch in range(train.epochs)]
    last = f", {steps[-1]:,} in the last epochs" if steps[-1] != steps[0] else ""
    yield f"  {steps[0]:,} steps an epoch{last}; {sum(steps):,} in {train.epochs} epochs"
    workers, total_s = count_workers(train.num_workers, probe.device), 0.0
    for part, cost in zip(mix.parts, costs, strict=True):
        compute_s = probe.share * cost.clip_s + cost.moved_s
        draw_s = probe.share * cost.draw_s
        step_s = max(compute_s, draw_s / workers) if workers else compute_s + draw_s
        epochs = max(train.epochs - part.first_epoch, 0)
        total_s += epochs * _per_epoch(part, mix, train.batch_size) * step_s
        yield (
            f"  {part.name}: {step_s:.2f} s a step ({compute_s:.2f} s network, {draw_s:.2f} s data"
            f"{f' over {workers} loaders' if workers else ''}), from {cost.num_timed} clips"
        )
    plain = ", without what torch.compile gains" if train.compile else ""
    shown = f"{total_s / 3600:,.1f} h" if total_s >= 3600 else f"{total_s / 60:.1f} min"
    yield f"  {shown} on {probe.device}, evaluation not counted{plain}"


def dry_run(task: Any, config: Any) -> str:
    """Resolved config, data, parameters, memory and time of a training, as text.

    Moves the task's weights a little. Raises UserError where the training would.
    """
    probe = _Probe(task, config)
    costs = [_measure(probe, i) for i in range(len(task.train_data.parts))]
    count, world = config.train.batch_size, parallel.world_size()
    of_each = f", {probe.share} on each of {world} processes" if world > 1 else ""
    sections = {
        "config": to_yaml(config).rstrip().splitlines(),
        f"data (batches of {count}{of_each})": _data_lines(probe),
        "parameters": _parameter_lines(probe), "memory (estimate)": _memory_lines(probe, costs),
        "time (estimate)": _time_lines(probe, costs),
    }  # fmt: skip
    return "\n".join(line for title, lines in sections.items() for line in (title + ":", *lines))
