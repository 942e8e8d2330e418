"""The loop: exact resume, best before latest, stop on bad losses, what a checkpoint holds."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_runs import assert_same, lifting_config, trainer_of
from tiny_stores import camera_store

from lib.config import build, to_dict
from lib.data.action_clips import ActionClipConfig
from lib.data.augment import AugmentConfig
from lib.data.datasets import ClipConfig, collate
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.errors import UserError
from lib.model.checkpoint import load_checkpoint
from lib.train.action import ActionRunConfig, ActionTask
from lib.train.evaluation import EvalConfig
from lib.train.lifting import LiftingConfig, LiftingTask
from lib.train.optim import OptimConfig
from lib.train.sampler import plan_epoch
from lib.train.trainer import TrainConfig, evaluate


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return str(camera_store(tmp_path_factory.mktemp("store") / "fit3d"))


def _weights(path):
    return load_checkpoint(path).model


@pytest.mark.parametrize("num_workers", [0, 1])
def test_T22_resumed_run_is_the_same_run(store, tmp_path, num_workers):
    config = lifting_config(store, num_workers=num_workers)
    trainer_of(config, tmp_path / "straight").fit()
    first = trainer_of(config, tmp_path / "parts")
    first.config = replace(config.train, epochs=1)
    first.fit()
    torch.manual_seed(123)
    second = trainer_of(config, tmp_path / "parts")
    second.resume(tmp_path / "parts" / "latest.pt")
    second.fit()
    straight, parts = (load_checkpoint(tmp_path / n / "latest.pt") for n in ("straight", "parts"))
    assert_same(straight.model, parts.model)
    assert straight.step == parts.step and straight.extra["best"] == parts.extra["best"]
    assert_same(_weights(tmp_path / "straight/best.pt"), _weights(tmp_path / "parts/best.pt"))


class _StopsInEpoch(LiftingTask):
    def losses(self, *inputs):
        self.count = getattr(self, "count", 0) + 1
        if self.count == 4:
            self.trainer._ask_to_stop()
        return super().losses(*inputs)


def test_interrupted_epoch_goes_on_where_it_was(store, tmp_path):
    config = lifting_config(store, epochs=1, batch_size=1)
    trainer_of(config, tmp_path / "straight").fit()
    first = trainer_of(config, tmp_path / "parts", _StopsInEpoch)
    first.task.trainer = first
    first.fit()
    assert first.is_stopping and first.step == 4
    second = trainer_of(config, tmp_path / "parts")
    second.resume(tmp_path / "parts" / "latest.pt")
    second.fit()
    assert_same(_weights(tmp_path / "straight/latest.pt"), _weights(tmp_path / "parts/latest.pt"))


def _action_config(store) -> ActionRunConfig:
    lifting = to_dict(lifting_config(store))
    keys = ("model", "sources", "eval", "train")
    return build(
        ActionRunConfig,
        {key: lifting[key] for key in keys}
        | {"data": {"clip_len": 27, "frame_step": 9}, "classes": ["squat", "deadlift"],
           "head": {"num_classes": 2, "hidden_dim": 8, "dropout": 0.5}},
        "test",
    )  # fmt: skip


class _StopsAtTwo(ActionTask):
    def losses(self, *inputs):
        self.count = getattr(self, "count", 0) + 1
        if self.count == 2:
            self.trainer._ask_to_stop()
        return super().losses(*inputs)


def test_interrupted_classifier_drops_the_same_features(store, tmp_path):
    config = _action_config(store)
    trainer_of(config, tmp_path / "straight", ActionTask).fit()
    first = trainer_of(config, tmp_path / "parts", _StopsAtTwo)
    first.task.trainer = first
    first.fit()
    assert first.is_stopping and 0 < first.first_batch < len(first.plan(0))
    torch.manual_seed(123)
    second = trainer_of(config, tmp_path / "parts", ActionTask)
    second.resume(tmp_path / "parts" / "latest.pt")
    second.fit()
    assert_same(_weights(tmp_path / "straight/latest.pt"), _weights(tmp_path / "parts/latest.pt"))


class _Diverges(LiftingTask):
    def losses(self, *inputs):
        return super().losses(*inputs) | {"limb_length": torch.tensor(float("nan"))}


def test_not_finite_loss_stops_with_step_and_terms(store, tmp_path):
    trainer = trainer_of(lifting_config(store), tmp_path, _Diverges)
    with pytest.raises(UserError, match=r"step 0: loss is not finite .*limb_length nan"):
        trainer.fit()
    assert not (tmp_path / "latest.pt").exists()


class _KnowsNothing(LiftingTask):
    def counts(self, batch, epoch):
        return super().counts(replace(batch, valid=torch.zeros_like(batch.valid)), epoch)


def test_an_epoch_that_teaches_nothing_is_refused(store, tmp_path):
    """As of a store whose 3D is NaN throughout."""
    with pytest.raises(UserError, match="epoch 1: no clip had anything to learn from"):
        trainer_of(lifting_config(store), tmp_path, _KnowsNothing).fit()
    assert not (tmp_path / "best.pt").exists()


class _Scripted(LiftingTask):
    """Scores 3, then 5."""

    scores = (3.0, 5.0)

    def evaluate(self):
        self.left = getattr(self, "left", list(self.scores))
        return {"mpjpe_mm": self.left.pop(0)}

    def pictures(self):
        return {}


def test_T4_best_is_known_before_latest_is_saved(store, tmp_path):
    trainer_of(lifting_config(store), tmp_path, _Scripted).fit()
    assert load_checkpoint(tmp_path / "best.pt").epoch == 1
    latest = load_checkpoint(tmp_path / "latest.pt")
    assert latest.epoch == 2 and latest.extra["best"] == 3.0


@pytest.mark.parametrize(
    ("scores", "best"), [((np.nan, np.nan), 2), ((np.nan, 4.0), 2), ((4.0, np.nan), 1)]
)
def test_scores_that_are_none_leave_the_last_weights_until_one_is(store, tmp_path, scores, best):
    scripted = type("Scripted", (_Scripted,), {"scores": scores})
    trainer_of(lifting_config(store), tmp_path, scripted).fit()
    assert load_checkpoint(tmp_path / "best.pt").epoch == best


def test_T3_no_evaluation_still_logs_and_saves(store, tmp_path):
    assert trainer_of(lifting_config(store, eval_every=0, epochs=1), tmp_path).fit() == {}
    assert (tmp_path / "best.pt").exists() and list((tmp_path / "tb").iterdir())


def test_T15_checkpoint_is_self_describing_and_unwrapped(store, tmp_path):
    config = lifting_config(store, epochs=1)
    trainer_of(config, tmp_path).fit()
    saved = load_checkpoint(tmp_path / "best.pt")
    assert saved.kind == "lifting" and saved.config == to_dict(config)
    assert not any(name.startswith("module.") for name in saved.model)
    assert saved.extra == {}


def test_T12_terms_of_weight_zero_are_not_computed(store):
    task = LiftingTask(lifting_config(store))
    batch = collate([task.train_data[0, 0, 0], task.train_data[0, 0, 1]])
    terms = task.losses(task.model, batch, 0, task.counts(batch, 0))
    assert set(terms) == {"position", "scale", "velocity"}


def test_evaluation_reports_coverage_and_millimetres(store):
    scores = evaluate(LiftingTask(lifting_config(store)), torch.device("cpu"))
    assert scores["coverage_ratio"] == 1.0
    assert 50 < scores["mpjpe_mm"] < 1500 and scores["p_mpjpe_mm"] <= scores["mpjpe_mm"]
    assert {"mpjpe_mm/squat", "mpjpe_mm/pushup"} <= set(scores)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"dim_in": 2}, "model.dim_in is 2, .* must be 3"),
        ({"dim_out": 2}, "model.dim_out is 2, .* must be 3"),
        ({"maxlen": 8}, "clips of 9 frames, but model.maxlen is 8"),
    ],
)
def test_T10_a_network_that_clips_do_not_fit_is_refused(store, changes, text):
    """At once, by name; not by an error out of the first batch."""
    config = to_dict(lifting_config(store))
    with pytest.raises(UserError, match=text):
        build(LiftingConfig, config | {"model": config["model"] | changes}, "test")


def test_2d_data_and_a_panning_crop_are_refused(store):
    config = to_dict(lifting_config(store))
    config["data"]["pan"] = True
    build(LiftingConfig, config, "test")
    sources = [{"store": "s", "clip_len": 9}]
    with pytest.raises(UserError, match="sources_2d come in crops that stand still.*data.pan"):
        build(LiftingConfig, config | {"sources_2d": sources}, "test")


def test_2d_data_that_would_never_come_in_are_refused(store):
    config = to_dict(lifting_config(store))
    config |= {"start_2d_epoch": 2, "train": config["train"] | {"epochs": 2}}
    build(LiftingConfig, config, "test")  # nothing is left out
    config["sources_2d"] = [{"store": "s", "clip_len": 9}]
    with pytest.raises(UserError, match="never come in: set start_2d_epoch below train.epochs"):
        build(LiftingConfig, config, "test")
    build(LiftingConfig, config | {"start_2d_epoch": 1}, "test")


def test_classifier_must_take_the_frames_fed(store):
    config = to_dict(_action_config(store))
    data = {"clip_len": 27, "frame_step": 3}
    build(ActionRunConfig, config | {"data": data}, "test")
    with pytest.raises(UserError, match="clips of 10 frames, but model.maxlen is 9"):
        build(ActionRunConfig, config | {"data": data | {"clip_len": 28}}, "test")


@pytest.mark.parametrize(
    ("cls", "wrong"),
    [
        (TrainConfig, {"batch_size": 0}), (TrainConfig, {"epochs": 0}),
        (TrainConfig, {"num_workers": -1}), (TrainConfig, {"seed": -1}),
        (TrainConfig, {"log_every": 0}), (OptimConfig, {"lr": -1e-3}),
        (OptimConfig, {"decay": 0}), (OptimConfig, {"decay": 1.1}),
        (OptimConfig, {"warmup_steps": -1}), (OptimConfig, {"grad_clip": -1}),
        (ClipConfig, {"clip_len": 0}), (ClipConfig, {"fps": 0}),
        (ActionClipConfig, {"frame_step": 0}), (ActionClipConfig, {"scale": [3, 1]}),
        (ActionClipConfig, {"scale": [0, 1]}), (ActionClipConfig, {"shift": -0.1}),
        (AugmentConfig, {"flip": 1.5}), (AugmentConfig, {"joint_mask": -0.1}),
        (AugmentConfig, {"joint_mask": 1}), (AugmentConfig, {"frame_mask": 1}),
        (AugmentConfig, {"head_jitter_m": -1}), (RandomCameraConfig, {"distance_m": [0, 1]}),
        (RandomCameraConfig, {"elevation_deg": [30, -12]}),
        (RandomCameraConfig, {"aim_std_deg": 90}), (EvalConfig, {"sources": [], "seed": -1}),
        (SourceConfig, {"store": "a", "random_camera": 2}),
        (SourceConfig, {"store": "a", "repeat": 0}),
    ],
    ids=str,
)  # fmt: skip
def test_values_out_of_range_are_named(cls, wrong):
    name = list(wrong)[-1]
    with pytest.raises(UserError, match=rf"{name} must be (at least|above) \S+.*, not"):
        build(cls, wrong, "test")


def test_pictures_are_pictures(store):
    pictures = LiftingTask(lifting_config(store)).pictures()
    assert len(pictures) == 3
    for picture in pictures.values():
        assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.std() > 5


def test_clips_of_several_lengths_take_turns(store, tmp_path):
    config = to_dict(lifting_config(store, epochs=1, batch_size=4))
    config = build(LiftingConfig, config | {"more_clip_lens": [3, 5]}, "test")
    trainer = trainer_of(config, tmp_path / "run")
    data = trainer.task.train_data
    plan = plan_epoch(data, 4, 0, 0)
    frames = [data[batch[0]].x.shape[0] for batch in plan]
    assert sorted(set(frames)) == [3, 5, 9]
    assert len({frames.count(n) for n in (3, 5, 9)}) == 1
    trainer.fit()
    assert trainer.task.lifter().window == 9
    with pytest.raises(UserError, match="clips of 10 frames, but model.maxlen is 9"):
        build(LiftingConfig, to_dict(config) | {"more_clip_lens": [10]}, "test")


class _StopsInEvaluation(LiftingTask):
    def evaluate(self):
        self.trainer._ask_to_stop()
        return super().evaluate()


def test_a_run_asked_to_stop_in_its_evaluation_stops_right_after_it(store, tmp_path):
    """docs/training.md, "Stop and go on"."""
    trainer = trainer_of(lifting_config(store), tmp_path, _StopsInEvaluation)
    trainer.task.trainer = trainer
    trainer.fit()
    assert trainer.is_stopping
    saved = load_checkpoint(tmp_path / "latest.pt")
    assert saved.epoch == 1 and saved.step == len(trainer.plan(0))


def test_an_evaluation_goes_on_where_nobody_is_seen_in_a_sequence(tmp_path):
    folder = camera_store(tmp_path / "fit3d")
    for name in ("xyz_m.npy", "xy_px.npy"):
        array = np.load(folder / name, mmap_mode="r+")
        array[180:240] = np.nan  # s09's squat
    lifting = LiftingTask(lifting_config(str(folder)))
    assert lifting.evaluate()["coverage_ratio"] == pytest.approx(2 / 3)
    assert {"pose/0", "pose/1"} == {name for name in lifting.pictures() if "pose" in name}
    action = ActionTask(_action_config(str(folder)))
    assert "sequence_recall_squat_percent" not in action.evaluate()
    assert action.confusion["sequences"].sum() == 1
