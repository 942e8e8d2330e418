"""A run resumed with another config: what goes on, and what begins anew."""

import math
from dataclasses import replace

import pytest
from tiny_runs import lifting_config, trainer_of
from tiny_stores import camera_store

from lib.config import build, read_yaml, to_dict
from lib.train.lifting import LiftingConfig
from lib.train.optim import OptimConfig


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return str(camera_store(tmp_path_factory.mktemp("store") / "fit3d"))


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [
        ({}, True), ({"train": {"epochs": 3}}, True), ({"eval": {"max_frames": 50}}, False),
        ({"noise": read_yaml("configs/noise/published.yaml")}, False),
    ],
)  # fmt: skip
def test_a_best_score_counts_as_long_as_it_is_scored_alike(
    store, tmp_path, capsys, changes, is_kept
):
    """Of fewer or easier sequences, it would never be reached again."""
    config = lifting_config(store, epochs=1)
    trainer_of(config, tmp_path).fit()
    content = to_dict(config)
    for key, value in changes.items():
        content[key] = (content[key] or {}) | value
    second = trainer_of(build(LiftingConfig, content, "test"), tmp_path)
    capsys.readouterr()
    second.resume(tmp_path / "latest.pt")
    assert math.isfinite(second.best) == is_kept
    assert ("best.pt is the best from here on" in capsys.readouterr().out) != is_kept


@pytest.mark.parametrize(("size", "steps"), [(2, 5), (4, 3), (1, 9)])
def test_the_schedule_goes_on_at_its_epoch_with_batches_of_another_size(
    store, tmp_path, size, steps
):
    """Half the run is done: half the rate, whatever the number of steps that took."""
    cosine = OptimConfig(lr=1.0, schedule="cosine")
    config = replace(lifting_config(store, eval_every=0, epochs=2), optim=cosine)
    first = trainer_of(config, tmp_path)
    first.config = replace(first.config, epochs=1)
    first.fit()
    changed = replace(config, train=replace(config.train, batch_size=size))
    trainer, rates = trainer_of(changed, tmp_path), []
    trainer.resume(tmp_path / "latest.pt")
    taken = trainer._train_step

    def watched(batch):
        taken(batch)
        rates.append(trainer.optimizer.param_groups[0]["lr"])

    trainer._train_step = watched
    trainer.fit()
    wanted = [0.5 * (1 + math.cos(math.pi * (0.5 + i / steps / 2))) for i in range(steps)]
    assert rates == pytest.approx(wanted)
