"""Threads of one process that lift, measure and load at once leave it as it was."""

import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from tiny_models import save_lifter
from torch import nn

from lib.body import leg_length, stature
from lib.infer.lift import Lifter
from lib.infer.source import evaluating
from lib.model.checkpoint import load_checkpoint
from lib.pose import Pose2D
from lib.skeleton import indices


@pytest.fixture
def hurried():
    """Threads take turns far more often than usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def half_seen():
    """Sixty frames with the legs out of sight."""
    xy = np.random.default_rng(0).uniform(100, 500, (60, 17, 2))
    score = np.ones((60, 17))
    score[:, indices("lknee", "rknee", "lankle", "rankle")] = 0
    return Pose2D(xy, score, 50.0, (640, 640))


def legless():
    xyz = np.random.default_rng(0).normal(size=(60, 17, 3))
    xyz[:, indices("lknee", "rknee")] = np.nan
    return xyz


@pytest.mark.parametrize("work", ["lift", "measure", "load"])
def test_no_filter_of_warnings_stays_or_is_missed(tmp_path, monkeypatch, work):
    path = save_lifter(tmp_path / "lifter.pt")
    lifter = Lifter.from_checkpoint(path)
    todo = {
        "lift": lambda: lifter.lift(half_seen()),
        "measure": lambda: (stature(legless()), leg_length(legless())),
        "load": lambda: load_checkpoint(path),
    }[work]

    def refuse(*_, **__):
        raise AssertionError("filters are the process's, not the thread's")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with monkeypatch.context() as patched:
            patched.setattr(warnings, "catch_warnings", refuse)
            todo()


def test_what_torch_must_allow_is_allowed_for_good(tmp_path, hurried):
    path = tmp_path / "foreign.pt"
    torch.save({"format": 1, "kind": "lifting", "best": np.float64(1.5)}, path)

    def load(_):
        with pytest.raises(ValueError, match="without config"):
            load_checkpoint(path)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(load, range(40)))


def test_a_model_is_put_back_when_the_last_thread_has_done():
    model, inside, leave = nn.Dropout(), threading.Event(), threading.Event()

    def use():
        with evaluating(model):
            inside.set()
            leave.wait(10)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(use)
        inside.wait(10)
        with evaluating(model):
            leave.set()
            other.result()
            assert not model.training
    assert model.training


def test_modules_frozen_in_evaluation_stay_frozen():
    model = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(3)).train()
    model[1].eval()
    with evaluating(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == [True, True, False]
