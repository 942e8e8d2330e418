"""Exercise files: every shipped one is complete, a wrong one is named in a line."""

import json
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from made_motions import made
from moving_body import Timing, as_pose, lift, seen_by

from lib.analysis import exercises
from lib.analysis.exercises import (
    NAME,
    Feature,
    exercise_names,
    exercise_sha256,
    load_exercise,
)
from lib.analysis.features import Features
from lib.analysis.report import SCHEMA_FILE
from lib.analysis.reps import count_reps
from lib.config import to_dict
from lib.errors import UserError
from lib.skeleton import FIT3D25, to_working


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the shipped files that a test may change."""
    for name in exercise_names():
        (tmp_path / f"{name}.yaml").write_bytes((exercises.FOLDER / f"{name}.yaml").read_bytes())
    monkeypatch.setattr(exercises, "FOLDER", tmp_path)
    load_exercise.cache_clear()
    yield tmp_path
    load_exercise.cache_clear()


def test_the_shipped_ones():
    assert exercise_names() == ["bench_press", "deadlift", "pushup", "sit_to_stand", "squat"]
    starts = {name: load_exercise(name).drive.starts for name in exercise_names()}
    assert [name for name, start in starts.items() if start == "loaded"] == [
        "deadlift", "sit_to_stand",
    ]  # fmt: skip
    for name in exercise_names():
        exercise = load_exercise(name)
        assert exercise.drive.min_excursion_deg < exercise.drive.full_gate_deg
        assert exercise.drive.top_gate_deg < exercise.drive.full_gate_deg
        assert exercise.not_in_skeleton
        assert len(exercise_sha256(name)) == 64


NEVER_SHOWN = {
    "lumbar_flexion", "thoracic_position", "scapular_retraction", "heel_lift", "foot_turn_out",
    "toe_position", "grip_width", "wrist_extension", "bracing", "thigh_contact", "chest_touch",
    "elbow_knee_contact", "spotter_contact", "load",
}  # fmt: skip


def test_all_that_17_joints_never_show_is_named_by_some_exercise():
    named = set().union(*(load_exercise(name).not_in_skeleton for name in exercise_names()))
    assert named == NEVER_SHOWN | {"DL-11"}


def test_what_tells_exercises_apart_is_there():
    own = {key for key in vars(Features) if not key.startswith("_")}
    assert own == set(get_args(Feature))


def test_every_judged_metric_has_a_cue_and_a_sigma_for_some_view():
    for name in exercise_names():
        for metric, rule in load_exercise(name).metrics.items():
            assert rule.sigma, (name, metric)
            assert (rule.threshold is None) or rule.cue, (name, metric)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("starts: unloaded", "starts: middle", r"drive.starts: .*'loaded' or 'unloaded'"),
        ("top_gate_deg", "top_gate", r"top_gate: unknown key; did you mean 'top_gate_deg'\?"),
        ("name: squat", "name: skwat", "name is 'skwat', the file says 'squat'"),
        ("angle: knee", "angle: neck", "drive.angle"),
        ("min_excursion_deg: 35", "min_excursion_deg: .nan", "min_excursion_deg: .*finite number"),
        ("top_gate_deg: 35", "top_gate_deg: 80", "top_gate_deg 80 is above full_gate_deg 70"),
        ("full_gate_deg: 70", "full_gate_deg: .nan", "full_gate_deg: .*finite number"),
        ("title: ", "set_gap_s: -1\ntitle: ", "set_gap_s must be at least 0"),
        ("min_excursion_deg: 35", "min_excursion_deg: 0", "min_excursion_deg must be above 0"),
        ("starts:", "fold_share: 50\n  starts:", "fold_share must be at least 0 and at most 1"),
        ("angle: knee", "angle: hip\n  fold_share: 0.5", "fold_share goes with the knee"),
        ("checks:", "checks:\n  duration_s: [20, 1]", "duration_s must .* the smaller one first"),
        ("min: 20}", "min: 20, max: 2}", "posture.0: min 20 is above max 2"),
        ("knee_range_deg: {min: 50}", "knee_range_deg: {min: 50, max: 5}", "min 50 is above max 5"),
        ("knee_agreement:", "knees_agree:", "looks_like.knees_agree.*'knee_agreement'"),
    ],
)
def test_a_mistake_is_named(folder, old, new, text):
    file = folder / "squat.yaml"
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(UserError, match=text):
        load_exercise("squat")


@pytest.mark.parametrize("stem", ["Front Squat", "front-squat", "kniebeuge_ü", "squat.old"])
@pytest.mark.parametrize("ask", [exercise_names, lambda: load_exercise("squat")])
def test_a_file_that_no_report_could_name_is_refused(folder, stem, ask):
    """report.json would have broken its own schema."""
    text = (folder / "squat.yaml").read_text().replace("name: squat", f"name: {stem}", 1)
    (folder / f"{stem}.yaml").write_text(text)
    with pytest.raises(UserError, match=rf"{stem}.yaml: .* \^\[a-z0-9_\]\+\$.* rename the file"):
        ask()


def test_the_schema_takes_the_names_that_files_may_have():
    schema = json.loads(SCHEMA_FILE.read_text())
    assert schema["properties"]["exercise"]["properties"]["name"]["pattern"] == NAME


def test_a_new_exercise_is_a_file_alone(folder):
    text = (folder / "squat.yaml").read_text().replace("name: squat", "name: air_squat", 1)
    (folder / "air_squat.yaml").write_text(text)
    pose = as_pose(seen_by(lift("squat", [Timing()] * 3, 30)[0]))
    assert count_reps(pose, "air_squat").num_reps == 3


@pytest.mark.parametrize("name", exercise_names())
def test_names_of_metrics_mean_something_alone_and_name_one_side_at_most_once(name):
    rules = load_exercise(name).metrics
    names = [rule.name for rule in rules.values()]
    assert len(set(names)) == len(names)
    for rule in rules.values():
        words = re.findall(r"\w+", rule.name)
        assert "same" not in words, rule.name
        if rule.side in ("left", "right"):
            assert [w for w in words if w in ("left", "right")] == [rule.side]
        else:
            assert "flexion left" not in rule.name, rule.name


@pytest.mark.parametrize("name", exercise_names())
def test_left_and_right_have_the_same_numbers(name):
    """So that a mirrored recording has a mirrored report."""
    metrics = load_exercise(name).metrics
    for left in (key for key in metrics if key.endswith("_left")):
        one, other = (
            {k: v for k, v in to_dict(metrics[key]).items()
             if k not in ("name", "side", "needs", "joints", "cue")}
            for key in (left, left.replace("_left", "_right"))
        )  # fmt: skip
        assert one == other or not one["threshold"]
        assert all(one[key] == other[key] for key in ("sigma", "bias", "floor", "up_gain"))


def test_the_example_of_the_docs_counts(folder):
    """A whole exercise in a dozen lines."""
    docs = (Path(__file__).parents[2] / "docs/form_and_reps.md").read_text(encoding="utf-8")
    text = next(block for block in docs.split("```yaml\n")[1:] if block.startswith("name:"))
    (folder / "overhead_press.yaml").write_text(text.split("```")[0])
    press = made("dumbbell_overhead_shoulder_press", 3, num_reps=5)
    xyz, _ = to_working(press.xyz_m, np.ones(press.xyz_m.shape[:2]), FIT3D25)
    assert count_reps(as_pose(xyz, 50, frame="world"), "overhead_press").num_reps == 5
    squats = as_pose(lift("squat", [Timing()] * 3)[0], frame="world")
    assert count_reps(squats, "overhead_press").num_reps == 0
