"""Two processes under torchrun against one: the same losses, the same weights, one voice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_stores import camera_store

import train_action
import train_pretrain
from lib.model.checkpoint import load_checkpoint

ROOT = Path(__file__).parents[2]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
TOGETHER = str(ROOT / "tests/run_together.py")
TIMEOUT_S = 180


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A store of 9 clips (batches of 5 and 4: one is padded) and a config a task."""
    folder = tmp_path_factory.mktemp("together")
    store = str(camera_store(folder / "store", length=30))
    shared = {
        "model": {"dim_feat": 16, "dim_rep": 16, "depth": 1, "num_heads": 2, "maxlen": 27},
        "sources": [{"store": store, "subjects": ["s03"]}],
        "eval": {"sources": [{"store": store, "subjects": ["s09"]}]},
        "train": {"epochs": 2, "batch_size": 5, "device": "cpu", "log_every": 1},
    }
    lifting = {"data": {"clip_len": 9, "fps": 25}, "loss": {"angle": 0.1}}
    action = {
        "data": {"clip_len": 27, "frame_step": 3},
        "head": {"num_classes": 3, "hidden_dim": 8},
        "classes": ["squat", "deadlift", "pushup"],
        "backbone_factor": 1.0,
    }
    for name, own in {"lifting": lifting, "action": action}.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(shared | own))
    return folder


def environment():
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT / "tests")}


def together(*lines, timeout=TIMEOUT_S):
    return subprocess.run(
        [*TORCHRUN, TOGETHER, *lines], cwd=ROOT, env=environment(), timeout=timeout,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def curves(run):
    """{tag: {step: value}} of losses and scores."""
    board = EventAccumulator(str(run / "tb"))
    board.Reload()
    names = [tag for tag in board.Tags()["scalars"] if not tag.startswith("speed")]
    return {name: {e.step: e.value for e in board.Scalars(name)} for name in names}


def assert_same_run(one, two):
    first, second = curves(one), curves(two)
    assert first.keys() == second.keys() and len(first["loss/total"]) == 4
    for name, values in first.items():
        assert values.keys() == second[name].keys(), name
        if not name.startswith("metric"):
            np.testing.assert_allclose(
                list(values.values()), list(second[name].values()), rtol=1e-5, atol=1e-5
            )
    a, b = (load_checkpoint(run / "latest.pt") for run in (one, two))
    assert (a.step, a.epoch) == (b.step, b.epoch)
    # Batch norm takes out what the bias before it adds: a gradient of rounding, blown up by Adam.
    idle = {"head.fc1.bias", "head.bn.running_mean"}
    for name in a.model.keys() - idle:
        torch.testing.assert_close(a.model[name], b.model[name], rtol=0, atol=1e-5)


def test_two_processes_are_one(work):
    """Lifting, and the classifier with its batch norm and dropout; one batch in both is padded."""
    lifting = f"--config {work}/lifting.yaml"
    action = f"--config {work}/action.yaml"
    assert train_pretrain.main(f"{lifting} -c {work}/lifting1".split()) == 0
    assert train_action.main(f"{action} -c {work}/action1".split()) == 0
    found = together(
        f"train_pretrain {lifting} -c {work}/lifting2", f"train_action {action} -c {work}/action2"
    )
    assert found.returncode == 0, found.stderr
    assert_same_run(work / "lifting1", work / "lifting2")
    assert_same_run(work / "action1", work / "action2")
    assert found.stdout.count("epoch 2: ") == 2  # one for each task, not for each process
    assert not list(work.glob("*/.part-*"))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pretrain", "action"])
def test_what_a_training_would_be_is_told_by_one(work, name):
    config = work / ("action.yaml" if name == "action" else "lifting.yaml")
    found = together(f"train_{name} --config {config} --dry-run")
    assert found.returncode == 0, found.stderr
    assert found.stdout.count("data (batches of 5, 3 on each of 2 processes)") == 1


@pytest.mark.slow
def test_two_processes_go_on_with_the_run_of_one(work):
    flags, more = f"--config {work}/lifting.yaml", "train.accumulate=2 train.ema=0.9"
    assert train_pretrain.main(f"{flags} -c {work}/whole {more}".split()) == 0
    assert train_pretrain.main(f"{flags} -c {work}/parts {more} train.epochs=1".split()) == 0
    found = together(f"train_pretrain {flags} -c {work}/parts {more} --resume")
    assert found.returncode == 0, found.stderr
    assert_same_run(work / "whole", work / "parts")
    whole, parts = (load_checkpoint(work / name / "best.pt").model for name in ("whole", "parts"))
    for name in whole:
        torch.testing.assert_close(whole[name], parts[name], rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("wrong", ["model.dim_feat=17", "sources=[{store: nowhere}]"])
def test_a_mistake_is_said_once(work, wrong):
    lines = [*TORCHRUN, str(ROOT / "train_pretrain.py"), "--config", f"{work}/lifting.yaml"]
    found = subprocess.run(
        [*lines, "-c", f"{work}/wrong", wrong], cwd=ROOT, env=environment(), timeout=TIMEOUT_S,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found.returncode != 0
    assert found.stderr.count("\nerror: ") + found.stderr.startswith("error: ") == 1, found.stderr
    assert "exitcode  : 2" in found.stderr
    assert not (work / "wrong").exists()


def _processes_of(parent):
    """Numbers of its children, by rank."""
    children = {}
    for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        settings = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        children |= {int(s[5:]): int(pid) for s in settings if s.startswith(b"RANK=")}
    return children


def _started(work, name, *flags):
    """Two processes in a long run, past their first save."""
    lines = [*TORCHRUN, str(ROOT / "train_pretrain.py"), "--config", f"{work}/lifting.yaml"]
    run = subprocess.Popen(
        [*lines, "-c", f"{work}/{name}", "train.epochs=100000", "train.eval_every=0", *flags],
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + TIMEOUT_S
    while not (work / name / "latest.pt").exists() and time.monotonic() < deadline:
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.1)
    return run


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
@pytest.mark.parametrize("rank", [0, 1])
def test_a_signal_to_any_process_stops_all_at_the_same_step(work, rank):
    run = _started(work, f"stopped{rank}", "train.epochs=100000")
    os.kill(_processes_of(run.pid)[rank], signal.SIGTERM)
    _, said = run.communicate(timeout=TIMEOUT_S)
    assert said.count("is saved, --resume goes on from it") == 1, said
    saved = load_checkpoint(work / f"stopped{rank}" / "latest.pt")
    assert saved.step == saved.extra["optimizer"]["state"][0]["step"] > 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_does_not_leave_the_other_waiting(work, rank):
    run = _started(work, f"killed{rank}")
    started = time.monotonic()
    os.kill(_processes_of(run.pid)[rank], signal.SIGKILL)
    _, said = run.communicate(timeout=TIMEOUT_S)
    assert run.returncode != 0 and time.monotonic() - started < 60
    # torchrun may end the other one before it can say so; its own report names the killed one
    assert said.count("another process is gone") <= 1, said
    root_cause = said.partition("Root Cause")[2]
    assert f"rank      : {rank} " in root_cause and "SIGKILL" in root_cause, said
    load_checkpoint(work / f"killed{rank}" / "latest.pt")
