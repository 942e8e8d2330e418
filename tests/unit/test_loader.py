"""Loader processes: as many as fit, kept over epochs, gone when the run is over."""

import multiprocessing
import os
import pickle
import signal
import time
from itertools import product

import pytest
import torch
from tiny_runs import lifting_config, trainer_of
from tiny_stores import camera_store

from lib.data.mix import Mix, Part
from lib.errors import UserError
from lib.train import loader as loader_module
from lib.train.lifting import LiftingTask
from lib.train.loader import Loader, count_workers
from lib.train.sampler import num_batches, plan_epoch


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    store = str(camera_store(tmp_path_factory.mktemp("store") / "fit3d"))
    return LiftingTask(lifting_config(store))


@pytest.mark.parametrize(
    ("cores", "processes", "expected"), [(1, 1, 0), (2, 1, 1), (8, 2, 3), (8, 8, 0), (64, 1, 8)]
)
def test_T13_auto_fits_the_machine(monkeypatch, cores, processes, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.setattr("lib.train.parallel.local_size", lambda: processes)
    assert count_workers("auto", torch.device("cuda")) == expected
    assert count_workers("auto", torch.device("cpu")) == 0
    assert count_workers(5, torch.device("cpu")) == 5


def _epoch(loader, task, epoch, first=0):
    plan = plan_epoch(task.train_data, 3, 0, epoch)
    return [batch.x for batch in loader.batches(plan, first)]


@pytest.mark.parametrize("num_workers", [1, 2])
def test_T13_any_number_of_workers_gives_the_same_and_stays(task, num_workers):
    plain = Loader(task.train_data, 0, 0, torch.device("cpu"))
    loader = Loader(task.train_data, num_workers, 0, torch.device("cpu"))
    workers = set()
    for epoch, first in ((0, 0), (1, 2), (2, 0)):
        found, expected = (_epoch(one, task, epoch, first) for one in (loader, plain))
        assert len(found) == len(expected) == 3 - first
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
        workers |= {process.pid for process in multiprocessing.active_children()}
    assert len(workers) == num_workers
    loader.close()
    _assert_no_children()


@pytest.mark.parametrize("has_gpu", [False, True])
def test_workers_leave_signals_to_the_training(task, monkeypatch, has_gpu):
    """Also while they start; a terminal and a cluster signal every process there is."""
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: has_gpu)
    loader = Loader(task.train_data, 1, 0, torch.device("cpu"))
    found = loader.batches(plan_epoch(task.train_data, 3, 0, 0), 0)
    for i, _ in enumerate(found):
        for process in multiprocessing.active_children():
            os.kill(process.pid, (signal.SIGINT, signal.SIGTERM)[i % 2])
    assert i == 2
    loader.close()
    _assert_no_children()


def test_beside_a_gpu_workers_come_from_a_server_that_knows_torch(monkeypatch):
    """Otherwise each imports it, one after another: 15 took over a minute."""
    preloaded = []
    monkeypatch.setattr(multiprocessing, "set_forkserver_preload", preloaded.extend)
    assert loader_module._context(2) is None
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    assert loader_module._context(0) is None
    assert not preloaded
    assert loader_module._context(2) == "forkserver"
    assert preloaded == ["lib.train.loader"]


def test_a_worker_is_sent_everything_before_it_opens_the_stores(task):
    """Who sends it waits until it is read, and starts the next worker after that."""
    clips = task.train_data.parts[0].clips
    sent = pickle.dumps(task.train_data)
    table = sent.index(clips.windows.rows.tobytes())
    assert table < sent.index(b"open_store")


def _assert_no_children():
    deadline = time.monotonic() + 10
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not multiprocessing.active_children()


class _Fails(LiftingTask):
    def losses(self, *inputs):
        raise ZeroDivisionError


def test_T13_workers_end_with_a_run_that_fails(task, tmp_path):
    config = lifting_config(task.config.sources[0].store, num_workers=2)
    with pytest.raises(ZeroDivisionError):
        trainer_of(config, tmp_path, _Fails).fit()
    _assert_no_children()


class _Broken:
    def __len__(self):
        return 4

    def __getitem__(self, index):
        raise UserError("store/xyz_m.npy: ends too early; make it again")


class _Dies(_Broken):
    def __getitem__(self, index):
        os._exit(9)


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_workers_error_is_one_line(num_workers):
    mix = Mix([Part("broken", _Broken())])
    loader = Loader(mix, num_workers, 0, torch.device("cpu"))
    with pytest.raises(UserError, match=r"^store/xyz_m.npy: ends too early; make it again$"):
        list(loader.batches(plan_epoch(mix, 2, 0, 0), 0))
    loader.close()


def test_a_worker_that_dies_is_told_in_one_line():
    mix = Mix([Part("dies", _Dies())])
    loader = Loader(mix, 1, 0, torch.device("cpu"))
    with pytest.raises(UserError, match=r"^a loader process is gone .*lower train.num_workers.*$"):
        list(loader.batches(plan_epoch(mix, 2, 0, 0), 0))
    loader.close()


@pytest.mark.parametrize("batch_size", [1, 2, 4, 9, 20])
def test_number_of_batches_is_that_of_the_plan(task, batch_size):
    clips = task.train_data.parts[0].clips
    parts = [Part("main", clips), Part("side", clips, 0.5, 2)]
    for epoch, mix in product(range(4), (Mix(parts), Mix(parts, least=2))):
        assert num_batches(mix, batch_size, epoch) == len(plan_epoch(mix, batch_size, 0, epoch))
