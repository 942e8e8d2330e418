"""README's commands, really executed in a copy of the project, on very little made-up data."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pages import CONFIG_OF, PAGES, ROOT, fenced, read

from tools.demo import STEPS


@pytest.fixture(scope="module")
def copy_after_demo(tmp_path_factory) -> Path:
    """A copy of the project in which the demo's data and trainings, made very small, are there."""
    folder = tmp_path_factory.mktemp("clone") / "perfectrep"
    big = {str(ROOT / name) for name in ("data/fit3d", "data/motion3d", "out")}

    def left_out(inside: str, names: list[str]) -> set[str]:
        runs = {n for n in names if Path(inside) == ROOT / "checkpoint" and "." not in n}
        return runs | {n for n in names if n[0] == "." or str(Path(inside) / n) in big}

    shutil.copytree(ROOT, folder, ignore=left_out)
    for _, command in STEPS:
        if "-e" not in command.split() and "infer_wild" not in command:
            run_small(shlex.split(command), folder)
    return folder


def run_small(words: list[str], folder: Path) -> None:
    """Run a script; made-up data of two repetitions, trainings of one epoch, scores of two."""
    if words[0] in CONFIG_OF:
        words = words + ["eval.max_sequences=2"] + ["train.epochs=1"] * ("-e" not in words)
    words = words + ["--reps", "2"] * (words[0] == "tools/make_fit3d.py")
    done = subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-2000:])


@pytest.mark.slow
def test_readme_commands_run_one_after_the_other(copy_after_demo):
    """Those that need nothing but the demo's data, the sample and the shipped weights."""
    runnable = [
        words[1:]
        for words in (shlex.split(line) for block in fenced(read(PAGES[0]), "bash")
                      for line in block.splitlines())
        if words[0] == "python" and any(re.match("out/|data/sample/", word) for word in words)
    ]  # fmt: skip
    assert {words[0] for words in runnable} >= {*CONFIG_OF, "infer_wild.py"}
    for words in runnable:
        run_small(words, copy_after_demo)
    made = copy_after_demo / "out" / "mine"
    for name in ("pretrain/best.pt", "pose3d/best.pt", "action/best.pt", "squat/report.html"):
        assert (made / name).is_file(), name
