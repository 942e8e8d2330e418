"""The command that goes from raw folders to the shipped lifter."""

import shlex
from threading import Event
from time import sleep

import pytest

pytest.importorskip("torch")

from lib.config import load_config
from lib.data.fit3d import TRAIN_SUBJECTS
from lib.data.synthetic.writer import GENERATION, write_fit3d_tree
from lib.errors import UserError
from lib.train.action import ActionRunConfig
from lib.train.lifting import LiftingConfig
from tools import make_checkpoint, prepare_fit3d
from tools.make_checkpoint import RECIPES, ROOT, Step, steps


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_script_and_config_it_names_is_there(recipe):
    for step in steps("data/raw", recipe):
        words = shlex.split(step.command)
        named = [words[0], *(word for word in words if word.startswith("configs/"))]
        assert all((ROOT / name).exists() for name in named), step


@pytest.mark.parametrize("data", ["/home/me/My Data", "/home/anna's/raw", 'a "b" $c'])
def test_the_data_folder_may_have_any_name(data):
    commands = [shlex.split(step.command) for step in steps(data)]
    sources = [words[2] for words in commands if words[0] == "tools/prepare_mocap.py"]
    assert sources == [f"{data}/motion17"] * 2


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_stage_writes_where_its_config_says(recipe):
    *lifter, classifier = RECIPES[recipe]
    assert load_config(ActionRunConfig, ROOT / classifier.config).run == classifier.run
    for stage in lifter:
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
    monkeypatch.setattr(make_checkpoint.People, "check", lambda self, path: None)
    (tmp_path / "raw/motion17").mkdir(parents=True)
    todo = steps("x")
    for step in todo[:-5]:
        (tmp_path / step.result).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / step.result).touch()
    assert make_checkpoint.main(["--data", str(tmp_path / "raw")]) == 0
    assert done == list(range(len(todo) - 4, len(todo) + 1))
    assert capsys.readouterr().out.count("is there") == len(todo) - 5


def test_a_store_that_fails_ends_it_before_other_steps_begin(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_checkpoint, "ROOT", tmp_path)
    monkeypatch.setattr(make_checkpoint, "count_cores", lambda: 2)
    (tmp_path / "motion17").mkdir()
    failed, begun = Event(), []

    def run_step(number, total, title, command):
        begun.append(number)
        if number == 4:
            failed.set()
            raise UserError("step 4 failed")
        assert failed.wait(10)
        sleep(0.2)

    monkeypatch.setattr(make_checkpoint, "run_step", run_step)
    assert make_checkpoint.main(["--data", str(tmp_path)]) == 2
    assert "step 4 failed" in capsys.readouterr().err
    assert len(begun) <= 3 and set(begun) <= {1, 4, 7}  # what another had begun meanwhile


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_without_motion_capture_nothing_starts(tmp_path, capsys, folder):
    assert make_checkpoint.main(["--data", str(tmp_path / folder)]) == 2
    assert "motion17" in capsys.readouterr().err


def test_other_recordings_in_its_folders_are_not_taken_for_its_own(tmp_path, monkeypatch, capsys):
    raw, store = tmp_path / "data/fit3d", tmp_path / "data/motion3d/fit3d"
    people = make_checkpoint.People(0, ("squat", "deadlift"))
    write_fit3d_tree(raw, TRAIN_SUBJECTS, people.actions, 0, num_reps=0)
    info = raw / "fit3d_info.json"
    with pytest.raises(UserError, match="holds other recordings"):  # their number was chosen
        people.check(info)
    info.write_text(info.read_text().replace('"num_reps":0', '"num_reps":null'))
    made = info.read_text()
    info.write_text(made.replace(f'"generation":{GENERATION}', f'"generation":{GENERATION - 1}'))
    with pytest.raises(UserError, match="an older generator's"):
        people.check(info)
    info.write_text(made)
    prepare = ["--root", str(raw), "--out", str(store)]
    assert prepare_fit3d.main(prepare) == 0
    people.check(info)
    people.check(store / "manifest.json")
    for part in (["--actions", "squat"], ["--cameras", "50591643"], ["--subjects", "s03"]):
        assert prepare_fit3d.main([*prepare, *part]) == 0
        with pytest.raises(UserError, match="manifest.json: its folder holds other"):
            people.check(store / "manifest.json")
    with pytest.raises(UserError, match="holds other recordings"):
        make_checkpoint.People(0, people.actions, ("deep",)).check(info)
    # A take that preparation refuses, as it does one in two of ten stores, is none of these.
    (raw / "train/s07/joints3d_25/squat.json").write_text('{"joints3d_25": []}')
    assert prepare_fit3d.main(prepare) == 0
    assert "1 takes skipped" in capsys.readouterr().out
    people.check(store / "manifest.json")
    monkeypatch.setattr(make_checkpoint, "ROOT", tmp_path)
    (tmp_path / "motion17").mkdir()
    assert make_checkpoint.main(["--data", str(tmp_path)]) == 2
    assert "fit3d_info.json: its folder holds other" in capsys.readouterr().err
