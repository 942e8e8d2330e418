"""What the pages say about exercises and data is what the code does (defect RS5)."""

import re
from pathlib import Path

import pytest

from benchmarks import aifit_cost
from lib.analysis.exercises import exercise_names, load_exercise
from lib.data.fit3d import TEST_SUBJECTS, TRAIN_SUBJECTS
from lib.data.splits import load_split

ROOT = Path(__file__).resolve().parents[2]


def rows(page: str) -> list[list[str]]:
    """Cells of every table row of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [[cell.strip(" `") for cell in line.strip("|").split("|")]
            for line in re.findall(r"^\|.*\|$", text, re.M)]  # fmt: skip


def test_RS5_readme_names_the_exercises_that_have_files():
    """README named one set of exercises, the code another."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    sentence = re.search(r"one file an exercise: ([^.]*)\.", text)[1].replace("\n", " ")
    plain = {re.sub("[ _-]", "", name) for name in re.split(", | and ", sentence)}
    assert plain == {name.replace("_", "") for name in exercise_names()}


def test_RS5_metrics_of_the_page_are_those_of_the_files():
    found = 0
    for cells in rows("docs/form_and_reps.md"):
        names = cells[1].split(", ") if len(cells) > 1 else []
        if re.fullmatch(r"[A-Z]{2}-\d+\w*", cells[0]) and set(names) <= set(exercise_names()):
            files = [load_exercise(name) for name in names]
            assert all(cells[0] in f.metrics | f.set_metrics for f in files), cells
            found += 1
    assert found


@pytest.mark.parametrize("name", ["official", "perfectrep"])
def test_RS5_subjects_of_the_page_are_those_of_the_splits(name):
    """The page told of three test subjects, the code held out two others."""
    path = f"configs/splits/{name}.yaml"
    split = load_split(str(ROOT / path))
    _, train, test = next(row for row in rows("README.md") if row[0] == path)
    assert tuple(train.split()) == split.train
    assert tuple(re.sub(r"\(.*\)", "", test).split()) == split.test
    assert set(split.train) <= set(TRAIN_SUBJECTS)
    assert set(split.test) <= {*TRAIN_SUBJECTS, *TEST_SUBJECTS}


def test_cost_of_a_long_recording_is_printed(capsys):
    assert aifit_cost.main(["--minutes", "0.5", "--fps", "30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("900 frames")
    assert [line.split()[0] for line in lines[1:]] == ["cleaning", "count_reps", "segment_aifit"]
    assert all(float(line.split()[3]) > 0 for line in lines[1:])
