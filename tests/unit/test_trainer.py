"""The loop: exact resume, best before latest, stop on bad losses, what a checkpoint holds."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_stores import camera_store

from lib.config import build, to_dict
from lib.data.datasets import collate
from lib.errors import UserError
from lib.model.checkpoint import load_checkpoint
from lib.train.lifting import LiftingConfig, LiftingTask
from lib.train.trainer import Trainer, evaluate


def _config(store, **train) -> LiftingConfig:
    return build(
        LiftingConfig,
        {
            "model": {"dim_feat": 16, "dim_rep": 16, "depth": 1, "num_heads": 2, "maxlen": 9},
            "data": {"clip_len": 9, "fps": 25},
            "sources": [{"store": store, "subjects": ["s03"], "random_camera": 0.5}],
            "eval": {"sources": [{"store": store, "subjects": ["s09"]}], "with_noise": False},
            "augment": {"joint_mask": 0.1, "frame_mask": 0.1},
            "train": {"epochs": 2, "batch_size": 2, "log_every": 1, "device": "cpu", **train},
        },
        "test",
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return str(camera_store(tmp_path_factory.mktemp("store") / "fit3d"))


def _trainer(config, folder, task_class=LiftingTask):
    torch.manual_seed(config.train.seed)
    return Trainer(task_class(config), config.train, config.optim, folder, to_dict(config))


def _weights(path):
    return load_checkpoint(path).model


def _assert_same(one, two):
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("num_workers", [0, 1])
def test_T22_resumed_run_is_the_same_run(store, tmp_path, num_workers):
    config = _config(store, num_workers=num_workers)
    _trainer(config, tmp_path / "straight").fit()
    first = _trainer(config, tmp_path / "parts")
    first.config = replace(config.train, epochs=1)
    first.fit()
    torch.manual_seed(123)
    second = _trainer(config, tmp_path / "parts")
    second.resume(tmp_path / "parts" / "latest.pt")
    second.fit()
    straight, parts = (load_checkpoint(tmp_path / n / "latest.pt") for n in ("straight", "parts"))
    _assert_same(straight.model, parts.model)
    assert straight.step == parts.step and straight.extra["best"] == parts.extra["best"]
    _assert_same(_weights(tmp_path / "straight/best.pt"), _weights(tmp_path / "parts/best.pt"))


class _StopsInEpoch(LiftingTask):
    def losses(self, batch, epoch):
        self.count = getattr(self, "count", 0) + 1
        if self.count == 4:
            self.trainer._ask_to_stop()
        return super().losses(batch, epoch)


def test_interrupted_epoch_goes_on_where_it_was(store, tmp_path):
    config = _config(store, epochs=1, batch_size=1)
    _trainer(config, tmp_path / "straight").fit()
    first = _trainer(config, tmp_path / "parts", _StopsInEpoch)
    first.task.trainer = first
    first.fit()
    assert first.is_stopping and first.step == 4
    second = _trainer(config, tmp_path / "parts")
    second.resume(tmp_path / "parts" / "latest.pt")
    second.fit()
    _assert_same(_weights(tmp_path / "straight/latest.pt"), _weights(tmp_path / "parts/latest.pt"))


class _Diverges(LiftingTask):
    def losses(self, batch, epoch):
        return super().losses(batch, epoch) | {"limb_length": torch.tensor(float("nan"))}


def test_not_finite_loss_stops_with_step_and_terms(store, tmp_path):
    trainer = _trainer(_config(store), tmp_path, _Diverges)
    with pytest.raises(UserError, match=r"step 0: loss is not finite .*limb_length nan"):
        trainer.fit()
    assert not (tmp_path / "latest.pt").exists()


class _Scripted(LiftingTask):
    """Scores 3, then 5."""

    def evaluate(self):
        self.scores = getattr(self, "scores", [3.0, 5.0])
        return {"mpjpe_mm": self.scores.pop(0)}

    def pictures(self):
        return {}


def test_T4_best_is_known_before_latest_is_saved(store, tmp_path):
    _trainer(_config(store), tmp_path, _Scripted).fit()
    assert load_checkpoint(tmp_path / "best.pt").epoch == 1
    latest = load_checkpoint(tmp_path / "latest.pt")
    assert latest.epoch == 2 and latest.extra["best"] == 3.0


def test_T3_no_evaluation_still_logs_and_saves(store, tmp_path):
    assert _trainer(_config(store, eval_every=0, epochs=1), tmp_path).fit() == {}
    assert (tmp_path / "best.pt").exists() and list((tmp_path / "tb").iterdir())


def test_T15_checkpoint_is_self_describing_and_unwrapped(store, tmp_path):
    config = _config(store, epochs=1)
    _trainer(config, tmp_path).fit()
    saved = load_checkpoint(tmp_path / "best.pt")
    assert saved.kind == "lifting" and saved.config == to_dict(config)
    assert not any(name.startswith("module.") for name in saved.model)
    assert saved.extra == {}


def test_T12_terms_of_weight_zero_are_not_computed(store):
    task = LiftingTask(_config(store))
    terms = task.losses(collate([task.train_data[0, 0], task.train_data[0, 1]]), 0)
    assert set(terms) == {"position", "scale", "velocity"}


def test_evaluation_reports_coverage_and_millimetres(store):
    scores = evaluate(LiftingTask(_config(store)), torch.device("cpu"))
    assert scores["coverage_ratio"] == 1.0
    assert 50 < scores["mpjpe_mm"] < 1500 and scores["p_mpjpe_mm"] <= scores["mpjpe_mm"]
    assert {"mpjpe_mm/squat", "mpjpe_mm/pushup"} <= set(scores)


def test_T10_input_channels_come_from_the_config(store):
    model = {"dim_feat": 16, "dim_rep": 16, "depth": 1, "num_heads": 2, "dim_in": 2}
    config = build(LiftingConfig, to_dict(_config(store)) | {"model": model}, "test")
    assert LiftingTask(config).model.joints_embed.in_features == 2


def test_pictures_are_pictures(store):
    pictures = LiftingTask(_config(store)).pictures()
    assert len(pictures) == 3
    for picture in pictures.values():
        assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.std() > 5
