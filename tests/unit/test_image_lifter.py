"""An image-aligned lifter as a run, a file and a config; MotionBERT's files as one."""

import foreign_files
import numpy as np
import pytest
import tiny_models
from test_targets import IMAGE, walking
from tiny_stores import camera_store

torch = pytest.importorskip("torch")

from tiny_runs import lifting_config, trainer_of

from benchmarks import ablate
from lib.config import build, to_dict
from lib.errors import UserError
from lib.infer.lift import Lifter
from lib.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from lib.model.dstformer import DSTformerConfig
from lib.model.foreign import load_trained
from lib.train.action import ActionRunConfig
from lib.train.lifting import LiftingConfig, LiftingTask
from lib.train.run import _score
from lib.train.start import start_from


def image_config(store, *, model=(), **changes):
    config = to_dict(lifting_config(str(store), epochs=1))
    return config | {"target": "image", "model": config["model"] | dict(model)} | changes


def test_a_run_is_scored_without_millimetres_and_its_checkpoint_knows_its_target(tmp_path):
    store = camera_store(tmp_path / "store")
    config = build(LiftingConfig, image_config(store, model={"input_skip": True}), "test")
    trainer = trainer_of(config, tmp_path / "run")
    scores = trainer.fit()
    angles = {f"{part}_error_deg" for part in ("knee", "hip", "elbow", "trunk")}
    means = {"p_mpjpe_mm", "n_mpjpe_mm", "exercise_mean_p_mpjpe_mm", "coverage_ratio"}
    assert set(scores) == means | angles
    assert trainer.best == scores["p_mpjpe_mm"] and scores["coverage_ratio"] == 1
    assert "error_by_joint" not in trainer.task.pictures()
    assert trainer.task.report().content["by_joint_mm"] == {}
    best = tmp_path / "run/best.pt"
    lifter = Lifter.from_checkpoint(best)
    assert lifter.target is IMAGE and lifter.model.config.input_skip
    # Scored under a config of metres, it stays what it is.
    assert "MPJVE" not in _score(str(best), lifting_config(str(store)), LiftingTask)


def test_a_checkpoint_that_names_no_target_is_of_metres(tmp_path):
    path = tiny_models.save_lifter(tmp_path / "old.pt")
    assert Lifter.from_checkpoint(path).is_metric
    tiny = load_checkpoint(path).config["model"]
    task = LiftingTask(build(LiftingConfig, image_config("none", model=tiny), "test"))
    remark = start_from(task, str(path))
    assert "predicts metres, not picture-aligned coordinates, and starts anew" in remark[0]
    strange = tiny_models.save_lifter(tmp_path / "new.pt", target="spheres")
    with pytest.raises(UserError, match=r"new.pt: its target is 'spheres'; metres or image"):
        Lifter.from_checkpoint(strange)


def test_motionberts_weights_lift_as_they_are(tmp_path):
    state = foreign_files.save_lifter(tmp_path / "best_epoch.bin")
    lifter = Lifter.from_checkpoint(tmp_path / "best_epoch.bin")
    assert (lifter.target, lifter.window, lifter.fps) == (IMAGE, 12, 50.0)
    loaded = lifter.model.state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[name], state[name]) for name in state)
    _, _, pose = walking(30)
    assert np.isfinite(lifter.lift(pose).xyz).all()
    store = camera_store(tmp_path / "store")
    text = _score(str(tmp_path / "best_epoch.bin"), lifting_config(str(store)), LiftingTask)
    assert "P-MPJPE" in text and "accel" not in text
    foreign_files.save_classifier(tmp_path / "a.bin")
    with pytest.raises(UserError, match="another project's classifier"):
        load_trained(tmp_path / "a.bin")


def test_motionberts_head_is_kept_for_its_own_target(tmp_path):
    state = foreign_files.save_lifter(tmp_path / "f.bin")
    content = image_config("none", model=foreign_files.SIZES)
    task = LiftingTask(build(LiftingConfig, content, "test"))
    remarks = start_from(task, str(tmp_path / "f.bin"))
    assert torch.equal(task.model.head.weight, state["head.weight"])
    assert len(remarks) == 1 and "num_heads" in remarks[0]
    skip = content | {"model": content["model"] | {"input_skip": True}}
    task = LiftingTask(build(LiftingConfig, skip, "test"))
    with pytest.raises(UserError, match=r"input_skip=false or reset_head=true"):
        start_from(task, str(tmp_path / "f.bin"))
    task = LiftingTask(build(LiftingConfig, skip | {"reset_head": True}, "test"))
    start_from(task, str(tmp_path / "f.bin"))
    assert not torch.equal(task.model.head.weight, state["head.weight"])


def test_another_target_starts_both_guesses_of_the_pose_anew(tmp_path):
    """The head's and the pose stream's; what the stream adds to the tokens is kept."""
    content = image_config("none", model={"pose_stream": {"dim": 32, "depth": 1}})
    torch.manual_seed(1)
    first = LiftingTask(build(LiftingConfig, content, "test"))
    torch.nn.init.normal_(first.model.head.weight)
    state = first.model.state_dict()
    save_checkpoint(tmp_path / "image.pt", Checkpoint("lifting", content, state))
    task = LiftingTask(build(LiftingConfig, content | {"target": "metres"}, "test"))
    start_from(task, str(tmp_path / "image.pt"))
    now = task.model.state_dict()
    changed = {name for name in state if not torch.equal(state[name], now[name])}
    assert changed == {"head.weight", "pose_stream.to_pose.weight"}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"target": "metres", "skip": True}, "input_skip adds crop units to metres"),
        (
            {"sources_2d": [{"store": "s", "clip_len": 9}]},
            "sources_2d needs metres: set sources_2d",
        ),
        ({"protocols": ["fit3d14"]}, r"eval.protocols needs metres"),
        ({"target": "pixels"}, "target"),
    ],
)
def test_what_a_target_cannot_have_is_refused(changes, text):
    changes = dict(changes)
    model = {"input_skip": changes.pop("skip", False)}
    config = image_config("none", model=model)
    config["eval"]["protocols"] = changes.pop("protocols", [])
    with pytest.raises(UserError, match=text):
        build(LiftingConfig, config | changes, "test")


def test_a_skip_needs_coordinates_and_a_lifter():
    for changes in ({"dim_in": 2}, {"dim_out": 1}):
        with pytest.raises(UserError, match="input_skip needs"):
            build(DSTformerConfig, tiny_models.MODEL | changes | {"input_skip": True}, "test")
    content = {
        "model": tiny_models.MODEL | {"input_skip": True}, "head": tiny_models.HEAD,
        "classes": tiny_models.CLASSES, "data": {"clip_len": 9, "frame_step": 3},
        "sources": [], "eval": {"sources": []},
    }  # fmt: skip
    with pytest.raises(UserError, match="input_skip does nothing to a classifier"):
        build(ActionRunConfig, content, "test")


def test_the_ablation_shows_a_dash_for_a_size_that_is_not_known():
    scores = {"p_mpjpe_mm": 60.0, "knee_error_deg": 8.0}
    runs = [{"mocap": scores, "squat": scores, "minutes": 2.0}] * 2
    assert ablate.line("image", runs) == (
        "| image | 60.0 (0.0) | - | 8.0 (0.0) | 60.0 (0.0) | - | 8.0 (0.0) | 2 | 2.0 |"
    )
