"""Processes that train one model together: started by torchrun, one a GPU or a share of the CPU.

Without torchrun there is one process, and every function here does nothing.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn

from lib.errors import UserError

T = TypeVar("T")

TIMEOUT = timedelta(minutes=30)
"""How long a process waits for another that still lives; a dead one is noticed at once."""
_FAILED = "failed"
_is_alone = False


def _is_joined() -> bool:
    return not _is_alone and distributed.is_available() and distributed.is_initialized()


@contextmanager
def alone() -> Iterator[None]:
    """Inside the block this process is the only one: it waits for no other, whatever they do."""
    global _is_alone
    before, _is_alone = _is_alone, True
    try:
        yield
    finally:
        _is_alone = before


def rank() -> int:
    """Number of this process, 0-based. Only process 0 writes and speaks."""
    return distributed.get_rank() if _is_joined() else 0


def world_size() -> int:
    """How many processes there are."""
    return distributed.get_world_size() if _is_joined() else 1


def is_first() -> bool:
    """Whether this process writes files and speaks."""
    return rank() == 0


def local_size() -> int:
    """Processes of this run on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", 1)) if _is_joined() else 1


def pick_device(name: str) -> torch.device:
    """auto = CUDA if there is one, else the CPU; of several processes each takes its own GPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("train.device=cuda: this machine has no CUDA device; use auto or cpu")
    if name == "mps" and not torch.backends.mps.is_available():
        raise UserError("train.device=mps: this machine has no Apple GPU; use auto or cpu")
    if name != "cuda" or not _is_joined():
        return torch.device(name)
    own, most = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
    if own >= most:
        raise UserError(
            f"{local_size()} processes on a machine with {most} GPUs; start torchrun with "
            f"--nproc_per_node {most}, or train.device=cpu"
        )
    return torch.device("cuda", own)


@contextmanager
def joined() -> Iterator[None]:
    """Be one of torchrun's processes inside the block; nothing happens without torchrun.

    An error ends all processes: the first that fails lets it through, the others, which only
    notice that it is gone, leave with exit code 2 and no further words.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) < 2 or "RANK" not in os.environ or _is_joined():
        yield
        return
    store, number, size = next(distributed.rendezvous("env://", timeout=TIMEOUT))
    has_cuda = torch.cuda.is_available()
    if has_cuda:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count())
    distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if has_cuda else "gloo",
        store=store, rank=number, world_size=size, timeout=TIMEOUT,
    )  # fmt: skip
    try:
        # One that failed at once would take the store away while others still look for it there.
        distributed.all_reduce(torch.zeros(1))
        yield
    except Exception as error:
        if _has_been_told(store, error):
            raise SystemExit(2) from error
        if _is_of_a_lost_process(error):
            raise UserError(
                f"process {number} of {size}: another process is gone without an error "
                "(killed? out of memory?); --resume goes on from the last save"
            ) from error
        raise
    distributed.destroy_process_group()


def _has_been_told(store: distributed.Store, error: Exception) -> bool:
    """Whether another process has failed before this one; it says why."""
    try:
        return store.add(_FAILED, 1) > 1
    except RuntimeError:  # process 0, which keeps the store, is gone: after an error of its own?
        return not _is_of_a_lost_process(error)


def _is_of_a_lost_process(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, distributed.DistError) or (
        isinstance(error, RuntimeError) and any(name in text for name in ("gloo", "nccl"))
    )


def add_up(values: Tensor) -> Tensor:
    """Sum over the processes, elementwise; every process calls it with the same shape."""
    if _is_joined():
        values = values.clone()
        distributed.all_reduce(values)
    return values


def gathered(mine: list[T]) -> list[T]:
    """The lists of all processes one after another, the same in each; every process calls it."""
    if not _is_joined():
        return mine
    lists: list[Any] = [None] * world_size()
    distributed.all_gather_object(lists, mine)
    return [item for part in lists for item in part]


class _Gather(torch.autograd.Function):
    """All processes' rows; the gradient is the sum of what all of them did with the own rows."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        parts = [torch.empty_like(tensor) for _ in range(world_size())]
        distributed.all_gather(parts, tensor.contiguous())
        return torch.stack(parts, 1).flatten(0, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        grad = add_up(grads[0].contiguous())
        return grad[rank() :: world_size()]


@torch.compiler.disable
def gather_rows(tensor: Tensor, is_clip: Tensor | None = None) -> Tensor:
    """Rows of all processes in the order of the whole batch; differentiable.

    tensor (n, ...), as many rows in every process. is_clip (n,) bool leaves out the rows that are
    padding (see `lib.train.sampler.share`). One process gets its tensor back as it is.

    So a layer that looks across clips, the classifier's batch norm, sees the whole batch. Each
    process then holds the loss of the whole, but owes its share only: the action task divides it
    by world_size(), and takes the labels through here as well:

        logits = network(x, is_clip)  # whose pooled features went through here
        loss = cross_entropy(logits, gather_rows(label, is_clip), reduction="sum")
        term = loss / count / world_size()
    """
    if not _is_joined():
        return tensor
    rows = _Gather.apply(tensor) if tensor.requires_grad else _Gather.forward(None, tensor)
    return rows if is_clip is None else rows[_Gather.forward(None, is_clip)]


def share_gradients(model: nn.Module, device: torch.device) -> nn.Module:
    """The model wrapped so that a backward pass averages gradients over the processes.

    Its weights must be those to start from. One process gets the model back.
    """
    if not _is_joined():
        return model
    return nn.parallel.DistributedDataParallel(
        model, device_ids=[device.index] if device.type == "cuda" else None,
        forward_sync_buffers=False, gradient_as_bucket_view=True,
    )  # fmt: skip
