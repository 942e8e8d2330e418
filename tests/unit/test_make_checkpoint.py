"""The command that goes from raw folders to the shipped lifter."""

import shlex

import pytest

pytest.importorskip("torch")

from lib.config import load_config
from lib.train.lifting import LiftingConfig
from tools import make_checkpoint
from tools.make_checkpoint import RECIPES, ROOT, Step, steps


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_script_and_config_it_names_is_there(recipe):
    for step in steps("data/raw", recipe):
        words = shlex.split(step.command)
        named = [words[0], *(word for word in words if word.startswith("configs/"))]
        assert all((ROOT / name).exists() for name in named), step


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_stage_writes_where_its_config_says(recipe):
    for stage in RECIPES[recipe]:
        config = load_config(LiftingConfig, ROOT / stage.config)
        assert config.run == stage.run
        for source in (*config.sources, *config.eval.sources):
            assert any(step.result.startswith(source.store) for step in steps("x", recipe))


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_step_starts_from_what_one_before_it_leaves(recipe):
    made = {"data/raw/motion17"}
    for step in steps("data/raw", recipe):
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
    todo = steps("x")
    for step in todo[:-5]:
        (tmp_path / step.result).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / step.result).touch()
    assert make_checkpoint.main(["--data", str(tmp_path / "raw")]) == 0
    assert done == list(range(len(todo) - 4, len(todo) + 1))
    assert capsys.readouterr().out.count("is there") == len(todo) - 5


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_without_motion_capture_nothing_starts(tmp_path, capsys, folder):
    assert make_checkpoint.main(["--data", str(tmp_path / folder)]) == 2
    assert "motion17" in capsys.readouterr().err
