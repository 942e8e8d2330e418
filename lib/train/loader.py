"""Loader processes that stay for the whole run."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Literal

import torch
from torch.utils.data import DataLoader

from lib.data.datasets import Batch, collate
from lib.data.mix import Draw, Mix
from lib.errors import UserError
from lib.train import parallel
from lib.train.sampler import Batches
from lib.train.stops import STOPS

_MOST_WORKERS = 8


def count_cores() -> int:
    """Cores that this process may use."""
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def count_workers(setting: int | Literal["auto"], device: torch.device) -> int:
    """auto: on a GPU one for every core that this process has to itself, up to 8, less its own.

    On the CPU 0: loaders would take turns with the training on the same cores.
    """
    if setting != "auto":
        return setting
    if device.type == "cpu":
        return 0
    return max(0, min(_MOST_WORKERS, count_cores() // parallel.local_size() - 1))


def _start_worker(_: int) -> None:
    """Signals to a terminal or a job reach every process: the training stops, then its loaders."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """What starts inside the block never gets those signals; here they come after it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would let the signals through when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _context(num_workers: int) -> str | None:
    """Forking a process that others talk to, or that uses a GPU, may hang."""
    if not num_workers or (parallel.world_size() == 1 and not torch.cuda.is_initialized()):
        return None
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return "spawn"
    # Imported once, by the server: loaders start one after another, each by some seconds of torch.
    # It finds this module in the folder that the training is started in, or does without.
    multiprocessing.set_forkserver_preload([__name__])
    return "forkserver"


def _in_one_line(error: Exception) -> str:
    """A worker's UserError arrives with the worker's traceback; its own text is the last line."""
    return str(error).strip().splitlines()[-1].removeprefix(f"{UserError.__module__}.UserError: ")


class Loader:
    """Batches of a mix, an epoch at a time. `close` ends the loader processes."""

    def __init__(self, mix: Mix, num_workers: int, seed: int, device: torch.device) -> None:
        self.sampler = Batches([], 0, parallel.rank(), parallel.world_size())
        self.loader = DataLoader(
            mix, batch_sampler=self.sampler, collate_fn=collate, num_workers=num_workers,
            pin_memory=device.type == "cuda", persistent_workers=num_workers > 0,
            worker_init_fn=_start_worker, multiprocessing_context=_context(num_workers),
            # Of its own: a loader draws a number whenever it starts, also in mid-epoch.
            generator=torch.Generator().manual_seed(seed),
        )  # fmt: skip

    def batches(self, plan: list[list[Draw]], first: int) -> Iterator[Batch]:
        """This process's share of each batch of a plan, from a position on."""
        self.sampler.restart(plan, first)
        try:
            with _undisturbed():
                batches = iter(self.loader)
            yield from batches
        except UserError as error:
            raise UserError(_in_one_line(error)) from error
        except RuntimeError as error:
            if "DataLoader worker" not in str(error):
                raise
            raise UserError(
                f"a loader process is gone ({_in_one_line(error)}); out of memory? lower "
                "train.num_workers, 0 loads in the main process"
            ) from error

    def close(self) -> None:
        """End the loader processes now, wherever they are in an epoch."""
        iterator = self.loader._iterator
        self.loader._iterator = None
        if hasattr(iterator, "_shutdown_workers"):
            iterator._shutdown_workers()  # type: ignore[union-attr]
            for worker in iterator._workers:  # type: ignore[union-attr]
                worker.kill()  # nothing, if it has ended as it should
