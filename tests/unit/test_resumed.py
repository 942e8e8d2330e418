"""A run resumed with another config: what goes on, and what begins anew."""

import math
from dataclasses import replace

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_runs import lifting_config, trainer_of
from tiny_stores import camera_store

from lib.config import build, read_yaml, to_dict
from lib.errors import UserError
from lib.model.checkpoint import load_checkpoint
from lib.train.lifting import LiftingConfig
from lib.train.optim import OptimConfig

PUBLISHED = read_yaml("configs/noise/published.yaml")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return str(camera_store(tmp_path_factory.mktemp("store") / "fit3d"))


@pytest.mark.parametrize(
    ("changes", "is_kept"),
    [
        ({}, True), ({"train": {"epochs": 3}}, True), ({"eval": {"max_frames": 50}}, False),
        ({"target": "metres", "data": {"fps": 50}}, False),
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
        content[key] = content[key] | value if isinstance(value, dict) else value
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


def _changed(config, **changes):
    content = to_dict(config)
    for key, value in changes.items():
        content[key] = (content[key] or {}) | value if isinstance(value, dict) else value
    return build(LiftingConfig, content, "test")


@pytest.mark.parametrize(
    ("changes", "name"), [({"model": {"num_heads": 1}}, "model"), ({"target": "image"}, "target")]
)
def test_weights_that_fit_another_network_by_their_shapes_are_refused(
    store, tmp_path, changes, name
):
    config = lifting_config(store, epochs=1)
    trainer_of(config, tmp_path).fit()
    other = trainer_of(_changed(config, **changes), tmp_path)
    with pytest.raises(UserError, match=rf"was trained with another {name}; resume with"):
        other.resume(tmp_path / "latest.pt")


@pytest.mark.parametrize(
    ("scoring", "is_kept"),
    [({"with_noise": False}, True), ({"noise": PUBLISHED}, True), ({}, False)],
)
def test_noise_of_the_training_counts_only_where_it_is_scored_with(
    store, tmp_path, scoring, is_kept
):
    config = _changed(lifting_config(store, epochs=1), eval={"with_noise": True} | scoring)
    trainer_of(config, tmp_path).fit()
    second = trainer_of(_changed(config, noise=PUBLISHED), tmp_path)
    second.resume(tmp_path / "latest.pt")
    assert math.isfinite(second.best) == is_kept


def test_weights_that_were_never_scored_are_no_best(store, tmp_path):
    for epochs, every in ((1, 1), (2, 0), (3, 1)):
        trainer = trainer_of(lifting_config(store, epochs=epochs, eval_every=every), tmp_path)
        if epochs > 1:
            trainer.resume(tmp_path / "latest.pt")
        trainer.fit()
    assert load_checkpoint(tmp_path / "best.pt").epoch == 3


def _points(run):
    board = EventAccumulator(str(run / "tb"), size_guidance={"scalars": 0})
    board.Reload()
    names = board.Tags()["scalars"]
    return {name: [(p.step, p.value) for p in board.Scalars(name)] for name in names}


def test_a_run_resumed_at_its_end_is_scored_once_on_the_board(store, tmp_path):
    config = lifting_config(store, epochs=1)
    trainer_of(config, tmp_path).fit()
    before = _points(tmp_path)
    second = trainer_of(config, tmp_path)
    second.resume(tmp_path / "latest.pt")
    assert second.fit()
    assert _points(tmp_path) == before
