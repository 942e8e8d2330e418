"""Steps are skipped only while nothing they need has changed."""

import os

import pytest

from lib.errors import UserError
from lib.infer.stages import MANIFEST, Stage, Stages
from lib.model.checkpoint import sha256


class Step:
    """Counts how often it was made."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def run(self, need, options=None, redo=False):
        stages = Stages(self.folder, redo=redo)

        def make():
            self.count += 1
            stages.path("out.txt").write_text(str(self.count))
            return [f"note {self.count}"]

        return stages.run(Stage("step", ["out.txt"], [need, None], options or {}), make)


@pytest.fixture
def need(tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("one")
    return path


def test_done_once_and_its_notes_are_kept(tmp_path, need):
    step = Step(tmp_path / "out")
    assert step.run(need) == ["note 1"] and step.run(need) == ["note 1"]
    assert step.count == 1


def test_made_again_when_an_input_an_option_or_the_output_changes(tmp_path, need):
    step = Step(tmp_path / "out")
    step.run(need)
    need.write_text("two")
    assert step.run(need) == ["note 2"]
    assert step.run(need, {"fps": 30}) == ["note 3"]
    (tmp_path / "out" / "out.txt").unlink()
    assert step.run(need, {"fps": 30}) == ["note 4"]
    assert step.run(need, {"fps": 30}, redo=True) == ["note 5"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"step": 3}', '{"step": {"key": 1}}'])
def test_a_damaged_manifest_means_everything_again(tmp_path, need, content):
    step = Step(tmp_path / "out")
    step.run(need)
    (tmp_path / "out" / MANIFEST).write_text(content)
    assert step.run(need) == ["note 2"]


def test_a_step_that_broke_off_half_way_is_not_taken_for_the_one_before(tmp_path, need):
    """report.json of other options written, reps.csv open elsewhere: neither is the old one."""
    stages = Stages(tmp_path / "out")

    def run(load, breaks=False):
        def make():
            stages.path("out.txt").write_text(load)
            if breaks:
                raise UserError("the second file cannot be written")
            return []

        stages.run(Stage("step", ["out.txt"], [need], {"load": load}), make)
        return stages.path("out.txt").read_text()

    assert run("100 kg") == "100 kg"
    with pytest.raises(UserError):
        run("110 kg", breaks=True)
    assert run("100 kg") == "100 kg"


def test_a_failed_step_is_not_done(tmp_path, need):
    stages = Stages(tmp_path / "out")
    stages.path("out.txt").write_text("old")

    def fail():
        raise UserError("no")

    with pytest.raises(UserError):
        stages.run(Stage("step", ["out.txt"], [need]), fail)
    assert Step(tmp_path / "out").run(need) == ["note 1"]


def test_a_missing_input_and_an_unwritable_folder_are_named(tmp_path, need):
    with pytest.raises(UserError, match=r"gone\.txt: cannot read .*; give a file"):
        Step(tmp_path / "out").run(tmp_path / "gone.txt")
    with pytest.raises(UserError, match="cannot write there .* give another --out_path"):
        Stages(need / "below_a_file")


def at(path, seconds):
    os.utime(path, (seconds, seconds))
    return path


def test_an_input_is_read_once_however_many_steps_need_it(tmp_path, need, monkeypatch):
    read = []

    def counted(path):
        read.append(path)
        return sha256(path)

    monkeypatch.setattr("lib.infer.stages.sha256", counted)
    step = Step(tmp_path / "out")
    step.run(need)
    assert read.count(need) == 1  # though it has just been written, so that nothing is remembered
    at(need, 1e9)
    for fps in range(3):
        step.run(need, {"fps": fps})
    assert step.count == 4 and read.count(need) == 2
    need.write_text("two")
    at(need, 1e9 + 1)
    step.run(need, {"fps": 2})
    assert step.count == 5 and read.count(need) == 3


def test_what_changes_within_its_time_stamp_is_not_taken_for_the_same(tmp_path, need):
    step, written_ns = Step(tmp_path / "out"), need.stat().st_mtime_ns
    step.run(need)
    need.write_text("two")
    os.utime(need, ns=(written_ns, written_ns))
    assert step.run(need) == ["note 2"]


def test_of_an_input_that_changes_under_way_all_is_made_again(tmp_path, need):
    stages = Stages(tmp_path / "out")

    def make():
        need.write_text("of another length")
        stages.path("out.txt").write_text("of the input as it was")
        return []

    stage = Stage("step", ["out.txt"], [need])
    stages.run(stage, make)
    assert not stages.is_made(stage)
