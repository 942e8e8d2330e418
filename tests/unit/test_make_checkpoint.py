"""The command that goes from raw folders to the shipped lifter."""

import shlex

import pytest

from tools import make_checkpoint
from tools.make_checkpoint import ROOT, Step, steps


def test_every_script_and_config_it_names_is_there():
    for step in steps("data/raw"):
        words = shlex.split(step.command)
        named = [words[0], *(word for word in words if word.startswith("configs/"))]
        assert all((ROOT / name).exists() for name in named), step


def test_each_step_starts_from_what_one_before_it_leaves():
    made = {"data/raw/motion17"}
    for step in steps("data/raw"):
        words = shlex.split(step.command)
        needs = [
            words[i + 1]
            for i, w in enumerate(words)
            if w in ("--root", "--source", "-p", "--store")
        ]
        assert all(any(path.startswith(there) for there in made) for path in needs), step
        made |= {step.result.rpartition("/")[0]} if step.result else set()


def test_a_training_that_was_stopped_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(make_checkpoint, "ROOT", tmp_path)
    step = Step("", "train_pose3d.py --config c.yaml -p first.pt", "run/scores.json", "run")
    assert step.next_command() == step.command
    (tmp_path / "run").mkdir()
    (tmp_path / "run/latest.pt").touch()
    assert step.next_command() == "train_pose3d.py --config c.yaml --resume"


def test_only_what_is_missing_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_checkpoint, "ROOT", tmp_path)
    done = []
    monkeypatch.setattr(
        make_checkpoint, "run_step", lambda n, total, title, command: done.append(n)
    )
    (tmp_path / "raw/motion17").mkdir(parents=True)
    for step in steps("x")[:-5]:
        (tmp_path / step.result).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / step.result).touch()
    assert make_checkpoint.main(["--data", str(tmp_path / "raw")]) == 0
    left = len(steps("x"))
    assert done == list(range(left - 4, left + 1))
    assert capsys.readouterr().out.count("is there") == left - 5


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_without_motion_capture_nothing_starts(tmp_path, capsys, folder):
    assert make_checkpoint.main(["--data", str(tmp_path / folder)]) == 2
    assert "motion17" in capsys.readouterr().err
