"""Config files: merging, overrides, and errors that name what would do."""

import re
from typing import Literal

import pytest
import yaml

from lib.config import build, changes, configclass, load_config, read_yaml, to_dict, to_yaml
from lib.errors import UserError


@configclass
class Optim:
    lr: float = 1e-3
    name: Literal["adamw", "sgd"] = "adamw"
    decay: float | None = None


@configclass
class Config:
    epochs: int
    optim: Optim = Optim()
    subjects: tuple[str, ...] = ()
    resume: Optim | None = None

    def __post_init__(self) -> None:
        if self.epochs < 0:
            raise ValueError("epochs must not be negative")


@configclass
class Stages:
    stages: list[Optim]
    named: dict[str, Optim]


@pytest.fixture
def write(tmp_path):
    def write(text, name="run.yaml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


def refused(path, *overrides):
    with pytest.raises(UserError) as caught:
        load_config(Config, path, overrides)
    text = str(caught.value)
    assert str(path) in text or "override" in text
    assert "\n" not in text
    return text


def test_values_defaults_and_nesting(write):
    config = load_config(Config, write("epochs: 3\noptim: {lr: 0.5}\nsubjects: [s03, s04]\n"))
    assert config == Config(3, Optim(lr=0.5), ("s03", "s04"))


def test_scientific_notation_without_a_dot_is_a_number(write):
    """YAML reads 1e-4 as a string; the field's type says it is a number."""
    assert load_config(Config, write("epochs: 1\noptim: {lr: 1e-4}\n")).optim.lr == 1e-4
    assert load_config(Config, write("epochs: 1\n"), ["optim.lr=1e-4"]).optim.lr == 1e-4


def test_configs_are_frozen():
    with pytest.raises(AttributeError):
        Config(1).epochs = 2


def test_unknown_key_suggests_the_nearest(write):
    text = refused(write("epochs: 1\noptim: {learning: 1, nam: sgd}\n"))
    assert "optim.nam: unknown key; did you mean 'name'?" in text
    assert "optim.learning: unknown key; " in text  # both in one go
    assert "resume.dekay: unknown key; did you mean 'decay'" in refused(
        write("epochs: 1\nresume: {dekay: 1}\n")
    )


def test_unknown_keys_inside_lists_and_dicts_get_a_hint_too():
    content = {"stages": [{}, {"wait": 1, "nam": "sgd"}], "named": {"a": {"dekay": 1}}}
    with pytest.raises(UserError) as caught:
        build(Stages, content, "run.yaml")
    text = str(caught.value)
    assert "stages.1.wait: unknown key; known: lr, name, decay" in text
    assert "stages.1.nam: unknown key; did you mean 'name'?" in text
    assert "named.a.dekay: unknown key; did you mean 'decay'?" in text


def test_T8_no_key_is_ignored_in_silence(write):
    text = refused(write("epochs: 1\nno_eval: true\n"))
    assert "no_eval: unknown key; known: epochs, optim, subjects, resume" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("optim: {}\n", "epochs: missing"),
        ("epochs: many\n", "epochs: .*got 'many'"),
        ("epochs: 1\noptim: {name: adam}\n", "optim.name: .*'adamw' or 'sgd'.*got 'adam'"),
        ("epochs: -1\n", "epochs must not be negative"),
        ("epochs: 1.5\n", "epochs: .*got 1.5"),
        ("epochs: 1\nepochs: 2\n", "line 2: key 'epochs' is given twice"),
        ("epochs: 1\noptim:\n  lr: 1\n  lr: 2\n", "line 4: key 'lr' is given twice"),
        ("epochs: 1\noptim: {lr: .nan}\n", "optim.lr: .*finite number.*got nan"),
        ("epochs: 1\noptim: {lr: nan}\n", "optim.lr: .*finite number"),
        ("- 1\n- 2\n", "expected 'key: value' lines, got list"),
        ("just text", "expected 'key: value' lines, got str"),
        ("epochs: [1\n", "not YAML"),
        ("optim:\n  lr: 2026-13-45\n", "line 2: month must be in 1..12; put text in quotes"),
        (f"epochs: {'9' * 5000}\n", "line 1: Exceeds the limit"),
        ("epochs: !!timestamp 3\n", "line 1: "),
        ("optim:\n  ? [1, 2]\n  : 3\n", "line 2: unhashable type: 'list'"),
        ("epochs: " + "[" * 3000, "brackets in brackets"),
        ("epochs: !!python/object/apply:os.getcwd []\n", "not YAML"),
        ("", "epochs: missing"),
    ],
)
def test_wrong_files_say_what_is_wrong_in_one_line(write, text, message):
    assert re.search(message, refused(write(text)))


def test_a_contradiction_is_said_without_the_whole_config(write):
    assert refused(write("epochs: -1\n")).endswith(": epochs must not be negative")
    assert refused(write("epochs: many\n")).endswith("(got 'many')")


def test_missing_file_and_folder(tmp_path):
    assert "cannot read config (No such file" in refused(tmp_path / "none.yaml")
    assert "cannot read config" in refused(tmp_path)


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "run.yaml").write_bytes(b"\xff\xfe\x00epochs")
    assert "cannot read config" in refused(tmp_path / "run.yaml")


def test_base_files_merge_and_later_keys_win(write):
    write("epochs: 9\noptim: {lr: 0.1, name: sgd}\nsubjects: [s01, s02]\n", "base.yaml")
    write("base: base.yaml\noptim: {lr: 0.2}\n", "middle.yaml")
    config = load_config(Config, write("base: middle.yaml\nsubjects: [s05]\n"))
    assert config == Config(9, Optim(lr=0.2, name="sgd"), ("s05",))


def test_base_is_relative_to_its_file(write):
    write("epochs: 4\n", "deep/base.yaml")
    write("base: base.yaml\n", "deep/top.yaml")
    assert load_config(Config, write("base: deep/top.yaml\n")).epochs == 4


def test_a_base_that_is_not_there_is_named_with_the_file_that_asks_for_it(write):
    text = refused(write("base: gone.yaml\n"))
    assert "gone.yaml: cannot read config (No such file" in text
    assert text.endswith("the base of " + str(write("base: gone.yaml\n").resolve()))


def test_base_inside_a_mapping_merges_there(write):
    write("lr: 0.1\nname: sgd\n", "optim.yaml")
    config = load_config(Config, write("epochs: 1\noptim: {base: optim.yaml, lr: 0.2}\n"))
    assert config.optim == Optim(lr=0.2, name="sgd")


def test_base_inside_a_list_and_in_an_override(write, monkeypatch):
    file = write("lr: 0.1\nname: sgd\n", "optim.yaml")
    monkeypatch.chdir(file.parent)
    stages = load_config(Stages, write("stages: [{base: optim.yaml, lr: 0.2}]\nnamed: {}\n"))
    assert stages.stages == [Optim(lr=0.2, name="sgd")]
    config = load_config(Config, write("epochs: 1\n"), ["optim={base: optim.yaml, lr: 0.3}"])
    assert config.optim == Optim(lr=0.3, name="sgd")


def test_base_in_a_circle_is_named(write):
    write("base: run.yaml\n", "other.yaml")
    with pytest.raises(UserError, match=r"run\.yaml: 'base' goes round in a circle"):
        read_yaml(write("base: other.yaml\n"))


def test_base_that_is_missing_is_named(write):
    with pytest.raises(UserError, match=r"none\.yaml: cannot read config"):
        read_yaml(write("base: none.yaml\n"))


def test_T7_overrides_come_last_and_are_yaml(write):
    path = write("epochs: 1\noptim: {lr: 0.5, name: sgd}\n")
    config = load_config(Config, path, ["optim.lr=0.1", "epochs=7", "subjects=[s08, s09]"])
    assert config == Config(7, Optim(lr=0.1, name="sgd"), ("s08", "s09"))


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("epochs", "override 'epochs': write key.sub=value"),
        ("=3", "override '=3': write key.sub=value"),
        ("epochs=[1", "override 'epochs=[1': not YAML"),
        ("epoch=3", "epoch: unknown key; did you mean 'epochs'"),
        ("optim.lr.x=3", "optim.lr"),
        ("optim=3", "optim"),
    ],
)
def test_wrong_overrides_are_named(write, override, text):
    assert text in refused(write("epochs: 1\n"), override)


def test_a_config_survives_its_own_yaml(write):
    config = Config(2, Optim(lr=1e-4, decay=0.5), ("s03",))
    assert to_dict(config)["optim"] == {"lr": 1e-4, "name": "adamw", "decay": 0.5}
    assert yaml.safe_load(to_yaml(config)) == to_dict(config)
    assert load_config(Config, write(to_yaml(config))) == config


def test_changes_of_a_config_are_named_down_to_what_differs():
    then = {"a": 1, "b": {"c": [1, 2], "d": [{"e": 5}]}, "gone": 3, "none": None}
    now = {"a": 1, "b": {"c": [1, 2, 3], "d": [{"e": 6, "new": 1}]}, "new": 4}
    assert changes(then, now) == {
        "b.c": ([1, 2], [1, 2, 3]), "b.d.0.e": (5, 6), "gone": (3, None), "none": (None, None),
    }  # fmt: skip
    assert changes(then, then) == {}
