"""One process changes nothing; several share rows, sums and gradients, and end together."""

import multiprocessing
import os
import socket
from types import SimpleNamespace

import pytest
import torch

from lib.errors import UserError
from lib.train import parallel
from lib.train.confusion import Tally


def _free_port():
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return found.getsockname()[1]


def _child(rank, size, port, work, answers):
    os.environ |= {
        "RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(size),
        "LOCAL_WORLD_SIZE": str(size), "MASTER_ADDR": "localhost", "MASTER_PORT": str(port),
    }  # fmt: skip
    try:
        with parallel.joined():
            answer = work(rank)
    except UserError as error:
        answer = str(error)
    except SystemExit as error:
        answer = error.code
    answers.put((rank, answer))


def _processes(size, work):
    """Answers of `work(rank)` in as many processes."""
    context = multiprocessing.get_context("fork")
    answers, port = context.Queue(), _free_port()
    children = [
        context.Process(target=_child, args=(rank, size, port, work, answers))
        for rank in range(size)
    ]
    for child in children:
        child.start()
    found = dict(answers.get(timeout=60) for _ in children)
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    return [found[rank] for rank in range(size)]


def test_one_process_gets_its_own_back(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "1")
    rows, model = torch.ones(2, 3), torch.nn.Linear(1, 1)
    with parallel.joined():
        assert (parallel.rank(), parallel.world_size(), parallel.is_first()) == (0, 1, True)
        assert parallel.gather_rows(rows, torch.tensor([True, False])) is rows
        assert parallel.add_up(rows) is rows
        assert parallel.share_gradients(model, torch.device("cpu")) is model


def _gathers(rank):
    """Five clips over three processes: the sixth row is padding."""
    own = torch.arange(6.0)[rank::3].unsqueeze(1).requires_grad_()
    is_clip = torch.arange(6)[rank::3] < 5
    rows = parallel.gather_rows(own, is_clip)
    (rows.flatten() * torch.arange(1.0, 6)).sum().backward()
    labels = parallel.gather_rows(torch.arange(6)[rank::3], is_clip)
    return rows.flatten().tolist(), labels.tolist(), own.grad.flatten().tolist()


def test_rows_come_in_the_order_of_the_batch_and_take_their_gradient_back():
    found = _processes(3, _gathers)
    for rank, (rows, labels, grad) in enumerate(found):
        assert rows == labels == [0, 1, 2, 3, 4]
        # Each of three processes used every row with the weights 1 to 5; the padding none.
        assert grad == [3 * w for w in [1, 2, 3, 4, 5, 0][rank::3]]


def _first_works_alone(rank):
    if rank:
        return parallel.world_size()
    with parallel.alone():
        found = parallel.gather_rows(torch.ones(1)).tolist(), parallel.world_size()
    return *found, parallel.world_size()


def test_who_works_alone_waits_for_nobody():
    assert _processes(2, _first_works_alone) == [([1], 1, 2), 2]


def _adds(rank):
    own = torch.tensor([1.0, rank])
    return parallel.add_up(own).tolist(), own.tolist()


def test_sums_leave_what_was_given_alone():
    assert _processes(2, _adds) == [([2, 1], [1, 0]), ([2, 1], [1, 1])]


def _tallied(rank, numbers=None):
    """Three sequences: two for process 0, one for process 1, or all for who is given them."""
    tally = Tally(SimpleNamespace(classes=["squat", "other"], other="other"))
    for i in [(0, 2), (1,)][rank] if numbers is None else numbers:
        tally.clips[i % 2, 0] += 1 + i
        tally.sequences[i % 2, i % 2] += 1
        tally._truth_probability.append([0.1, 0.2, 0.4][i])
    tally.join()
    return tally.clips.tolist(), tally.sequences.tolist(), tally.scores()


def test_counts_of_several_processes_are_those_of_one():
    alone = _tallied(0, (0, 1, 2))
    assert alone[:2] == ([[4, 0], [2, 0]], [[2, 0], [0, 1]])
    assert _processes(2, _tallied) == [alone, alone]  # to the last bit


def _all_fail(rank):
    raise UserError("wrong")


def _second_fails(rank):
    if rank == 1:
        raise UserError("wrong")
    parallel.add_up(torch.ones(1))


@pytest.mark.parametrize("work", [_all_fail, _second_fails])
def test_an_error_is_told_by_one_and_ends_all(work):
    found = _processes(2, work)
    assert sorted(found, key=str) == [2, "wrong"]
    assert work is _all_fail or found == [2, "wrong"]


@pytest.mark.parametrize(
    ("count", "own", "text"), [(1, 1, "2 processes on a machine with 1 GPUs.*--nproc_per_node 1")]
)
def test_more_processes_than_gpus_is_refused(monkeypatch, count, own, text):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(parallel, "_is_joined", lambda: True)
    monkeypatch.setenv("LOCAL_RANK", str(own))
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    with pytest.raises(UserError, match=text):
        parallel.pick_device("auto")
    assert parallel.pick_device("cpu") == torch.device("cpu")
    monkeypatch.setenv("LOCAL_RANK", "0")
    assert parallel.pick_device("cuda") == torch.device("cuda", 0)


def test_cuda_without_cuda_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="no CUDA device; use auto or cpu"):
        parallel.pick_device("cuda")
    assert parallel.pick_device("auto") == torch.device("cpu")


def test_a_machine_without_mps_is_told_so(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UserError, match="train.device=mps: this machine has no"):
        parallel.pick_device("mps")
