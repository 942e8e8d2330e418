"""kill -9 at random moments: the run resumes each time and ends as if nothing had happened."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_runs import assert_same
from tiny_stores import camera_store

import train_pose3d
import train_pretrain
from lib.model.checkpoint import load_checkpoint

ROOT = Path(__file__).parents[2]
NUM_KILLS = 20
TIMEOUT_S = 120


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """300 steps of a run that uses all there is to be saved, with a save after each."""
    folder = tmp_path_factory.mktemp("killed")
    store = str(camera_store(folder / "store", length=30))
    content = {
        "model": {"dim_feat": 16, "dim_rep": 16, "depth": 1, "num_heads": 2, "maxlen": 9},
        "data": {"clip_len": 9, "fps": 25},
        "sources": [{"store": store, "subjects": ["s03"]}],
        "eval": {"sources": [{"store": store, "subjects": ["s09"]}], "max_sequences": 1},
        "augment": {"joint_mask": 0.1},
        "optim": {"schedule": "cosine", "warmup_steps": 300},
        "train": {
            "epochs": 60, "batch_size": 2, "accumulate": 2, "ema": 0.9, "device": "cpu",
            "num_workers": 1, "log_every": 3, "save_every_steps": 1, "eval_every": 6,
        },
    }  # fmt: skip
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def start(config, run, *flags):
    lines = [sys.executable, str(ROOT / "train_pretrain.py"), "--config", str(config), "-c"]
    return subprocess.Popen(
        [*lines, str(run), *flags], cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def changed(path):
    return path.stat().st_mtime_ns if path.exists() else 0


def kill_after(process, sign, delay_s):
    """SIGKILL `delay_s` after the file `sign` has changed; whether it was still running."""
    before, deadline = changed(sign), time.monotonic() + TIMEOUT_S
    while changed(sign) == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(delay_s)
    was_running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    _, said = process.communicate(timeout=TIMEOUT_S)
    # A loader whose training was killed may complain about its end; a run that ended may not.
    assert was_running or ("Traceback" not in said and "error" not in said), said
    return was_running


def points(run):
    """{tag: [(step, value)]} as TensorBoard shows them."""
    board = EventAccumulator(str(run / "tb"), size_guidance={"scalars": 0})
    board.Reload()
    names = [tag for tag in board.Tags()["scalars"] if not tag.startswith("speed")]
    return {name: [(e.step, e.value) for e in board.Scalars(name)] for name in names}


def test_a_signal_to_the_whole_job_saves_and_stops(config, tmp_path):
    """As a scheduler sends it: loader processes get it too."""
    run = tmp_path / "run"
    lines = [sys.executable, str(ROOT / "train_pretrain.py"), "--config", str(config)]
    process = subprocess.Popen(
        [*lines, "-c", str(run), "train.epochs=2000"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + TIMEOUT_S
    while not (run / "latest.pt").exists() and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGTERM)
    _, said = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 2 and "Traceback" not in said
    assert said.strip().splitlines()[-1].startswith("error: stopped;")
    assert load_checkpoint(run / "latest.pt").step > 0


@pytest.mark.parametrize(
    ("script", "flags"),
    [("infer_wild.py", ["-j", "a.json", "-o", "out"]), ("train_pretrain.py", []),
     ("train_pose3d.py", []), ("train_action.py", [])],
)  # fmt: skip
def test_ctrl_c_while_a_script_is_loading_is_said_in_a_line(script, flags, tmp_path):
    (tmp_path / "torch.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    process = subprocess.run(
        [sys.executable, str(ROOT / script), *flags], cwd=tmp_path, text=True, capture_output=True,
        env=os.environ | {"PYTHONPATH": str(tmp_path)}, timeout=TIMEOUT_S, check=False,
        # A shell's background jobs, as these tests may be, ignore it and hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert (process.returncode, process.stderr) == (130, "stopped\n")


def test_a_run_killed_before_its_first_save_starts_again(config, tmp_path, capsys):
    (tmp_path / "run").mkdir()
    flags = ["--config", str(config), "-c", str(tmp_path / "run"), "train.epochs=1", "--resume"]
    assert train_pretrain.main(flags) == 2  # nothing was ever started there
    (tmp_path / "run" / "config.yaml").write_text("")
    (tmp_path / "run" / ".part-x.pt").write_bytes(b"half a file")
    assert train_pretrain.main(flags) == 0
    assert "stopped before its first save; starts from the beginning" in capsys.readouterr().out
    assert not list((tmp_path / "run").glob(".part-*"))


def test_T5_finetuning_goes_on_where_it_was(config, tmp_path):
    """Its own rates, optimiser and folder; not a fresh start, not the pretraining's."""
    flags, short = ["--config", str(config), "-c"], ["train.eval_every=0", "train.num_workers=0"]
    short += ["optim.schedule=exponential", "backbone_factor=0.1"]
    pretrained = tmp_path / "pretrained"
    first = ["train.epochs=1", "backbone_factor=1.0"]
    assert train_pretrain.main([*flags, str(pretrained), *short, *first]) == 0
    start_from = ["-p", str(pretrained / "latest.pt")]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    tune = train_pose3d.main
    assert tune([*flags, str(whole), *start_from, *short, "train.epochs=2"]) == 0
    assert tune([*flags, str(parts), *start_from, *short, "train.epochs=1"]) == 0
    assert tune([*flags, str(parts), *start_from, *short, "train.epochs=1"]) == 2  # not overwritten
    assert tune([*flags, str(parts), *short, "train.epochs=2", "--resume"]) == 0
    one, two = (load_checkpoint(run / "latest.pt") for run in (whole, parts))
    assert_same(one.model, two.model)
    assert one.step == two.step == 10


@pytest.mark.slow
def test_T22_killed_twenty_times_it_is_the_same_run(config, tmp_path):
    straight, killed = tmp_path / "straight", tmp_path / "killed"
    assert start(config, straight).wait(TIMEOUT_S) == 0
    rng, num_killed, steps = random.Random(5), 0, []
    assert kill_after(start(config, killed), killed / "config.yaml", 0.02)
    while num_killed < NUM_KILLS:
        # Most moments are within a save or two of the last one; some in an evaluation.
        delay_s = rng.choice([rng.uniform(0, 0.03), rng.uniform(0, 0.3)])
        was_running = kill_after(start(config, killed, "--resume"), killed / "latest.pt", delay_s)
        assert was_running, f"finished after {num_killed} kills: make the run longer"
        num_killed += 1
        steps.append(load_checkpoint(killed / "latest.pt").step)
    assert steps == sorted(steps) and len(set(steps)) > NUM_KILLS // 2
    assert start(config, killed, "--resume").wait(TIMEOUT_S) == 0
    for name in ("latest.pt", "best.pt"):
        one, two = load_checkpoint(straight / name), load_checkpoint(killed / name)
        assert (one.step, one.epoch) == (two.step, two.epoch)
        assert_same(one.model, two.model)
    one, two = (load_checkpoint(run / "latest.pt").extra for run in (straight, killed))
    assert_same(one["ema"], two["ema"])
    assert one["best"] == two["best"] and not list(killed.glob(".part-*"))
    shown = points(killed)
    assert shown == points(straight)
    for name, found in shown.items():
        assert max(Counter(step for step, _ in found).values()) == 1, name
