"""Stopped after any step and resumed, a run is the same run; what is refused, and never saved."""

import re
from dataclasses import replace

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_runs import assert_same, lifting_config, trainer_of
from tiny_stores import camera_store

from lib.data.mix import Mix, Part
from lib.errors import UserError
from lib.model.checkpoint import load_checkpoint
from lib.train import state
from lib.train.lifting import LiftingTask


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return str(camera_store(tmp_path_factory.mktemp("store") / "fit3d"))


class _Mixed(LiftingTask):
    """Its clips a second time as another data set, from the second epoch on."""

    @property
    def train_data(self):
        clips = super().train_data.parts[0].clips
        return Mix([Part("main", clips), Part("side", clips, 0.5, 1)])

    def evaluate(self):
        return {"mpjpe_mm": sum(p.abs().sum().item() for p in self.model.parameters())}

    def pictures(self):
        return {}


class _Stops(_Mixed):
    at = 0

    def losses(self, *inputs):
        if self.trainer.step + 1 == self.at:
            self.trainer._ask_to_stop()
        return super().losses(*inputs)


def _curves(run):
    board = EventAccumulator(str(run / "tb"))
    board.Reload()
    names = [tag for tag in board.Tags()["scalars"] if not tag.startswith("speed")]
    return {name: [(e.step, e.value) for e in board.Scalars(name)] for name in names}


# An epoch is 5 steps, with its side part 7.
@pytest.mark.parametrize(
    ("stop", "settings"),
    [
        (1, {"ema": 0.9, "accumulate": 2}),
        (3, {"precision": "fp16", "log_every": 2}),
        (5, {"ema": 0.9, "precision": "bf16", "log_every": 3}),
        (8, {"num_workers": 2, "ema": 0.5, "save_every_steps": 3}),
        (12, {"num_workers": "auto", "log_every": 4}),
        (6, {"muon_lr": 1e-3, "ema": 0.9}),
        (6, {"save_every_epochs": 9}),
    ],
    ids=str,
)
def test_T22_a_run_stopped_anywhere_is_the_same_run(store, tmp_path, stop, settings):
    muon_lr = settings.get("muon_lr", 0.0)
    config = lifting_config(store, **{k: v for k, v in settings.items() if k != "muon_lr"})
    config = replace(config, optim=replace(config.optim, muon_lr=muon_lr))
    straight = trainer_of(config, tmp_path / "straight", _Mixed)
    names = [group["name"] for group in straight.optimizer.param_groups]
    assert names == (["backbone matrices"] if muon_lr else []) + ["backbone", "head"]
    straight.fit()
    first = trainer_of(config, tmp_path / "parts", _Stops)
    first.task.trainer, first.task.at = first, stop
    first.fit()
    assert first.is_stopping and first.step == stop
    torch.manual_seed(123)
    second = trainer_of(config, tmp_path / "parts", _Mixed)
    second.resume(tmp_path / "parts/latest.pt")
    assert second.step == stop
    second.fit()
    straight, parts = (load_checkpoint(tmp_path / n / "latest.pt") for n in ("straight", "parts"))
    assert_same(straight.model, parts.model)
    assert straight.step == parts.step == 12
    assert straight.extra["scaler"] == parts.extra["scaler"]
    assert ("scale" in parts.extra["scaler"]) == (settings.get("precision") == "fp16")
    if config.train.ema:
        assert_same(straight.extra["ema"], parts.extra["ema"])
    best = [load_checkpoint(tmp_path / name / "best.pt").model for name in ("straight", "parts")]
    assert_same(*best)
    assert _curves(tmp_path / "straight") == _curves(tmp_path / "parts")


@pytest.mark.parametrize(("every", "saved"), [(1, [5, 10, 15]), (2, [10, 15]), (9, [15])])
def test_latest_is_saved_every_so_many_epochs_and_at_the_end(
    store, tmp_path, monkeypatch, every, saved
):
    config = lifting_config(store, epochs=3, eval_every=0, save_every_epochs=every)
    trainer, steps, save = trainer_of(config, tmp_path), [], state.save
    note = {"latest.pt": lambda: steps.append(trainer.step)}
    monkeypatch.setattr(state, "save", lambda t, n: note.get(n, lambda: None)() or save(t, n))
    trainer.fit()
    assert steps == saved


def test_another_number_format_is_told(store, tmp_path, capsys):
    """auto is another one on another machine."""
    config = lifting_config(store, epochs=1, precision="bf16")
    trainer_of(config, tmp_path).fit()
    for precision, text in (("bf16", ""), ("float32", "was trained in bf16, goes on in float32")):
        capsys.readouterr()
        changed = lifting_config(store, epochs=2, precision=precision)
        trainer_of(changed, tmp_path).resume(tmp_path / "latest.pt")
        assert text in (out := capsys.readouterr().out) and bool(text) == ("goes on" in out)


@pytest.mark.parametrize("when", [1, 2])
def test_a_stop_between_two_epochs_is_saved(store, tmp_path, when):
    config = lifting_config(store, epochs=3, eval_every=0, save_every_epochs=9)
    trainer = trainer_of(config, tmp_path)
    finish = trainer.meter.epoch_loss
    trainer.meter.epoch_loss = lambda epoch: (
        (epoch == when and trainer._ask_to_stop()) or finish(epoch)
    )
    trainer.fit()
    assert load_checkpoint(tmp_path / "latest.pt").epoch == when


@pytest.mark.parametrize("is_moved", [False, True])
def test_what_was_read_is_not_written_again(store, tmp_path, monkeypatch, is_moved):
    """Resumed before its evaluation, a run saves once that is done; in a new folder at once."""
    config, old = lifting_config(store, epochs=1), tmp_path / "old"
    first = trainer_of(config, old)
    monkeypatch.setattr(first.task, "evaluate", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        first.fit()
    run = tmp_path / "new" if is_moved else old
    second = trainer_of(config, run, _Mixed)
    second.resume(old / "latest.pt")
    done, save, score = [], state.save, second.task.evaluate
    monkeypatch.setattr(second.task, "evaluate", lambda: done.append("evaluated") or score())
    monkeypatch.setattr(state, "save", lambda t, name: done.append(name) or save(t, name))
    second.fit()
    assert done == ["latest.pt"] * is_moved + ["evaluated", "best.pt", "latest.pt"]


def test_best_holds_the_averaged_weights_and_latest_both(store, tmp_path):
    trainer = trainer_of(lifting_config(store, ema=0.9, epochs=1), tmp_path)
    trainer.fit()
    best, latest = (load_checkpoint(tmp_path / name) for name in ("best.pt", "latest.pt"))
    averages = latest.extra["ema"]
    assert_same(best.model, latest.model | averages)
    assert any(not torch.equal(latest.model[name], averages[name]) for name in averages)
    assert_same(trainer.task.model.state_dict(), latest.model)


def test_points_are_means_over_the_interval(store, tmp_path):
    trainer_of(lifting_config(store, epochs=1), tmp_path / "each").fit()
    trainer_of(lifting_config(store, epochs=1, log_every=5), tmp_path / "five").fit()
    each, five = _curves(tmp_path / "each"), _curves(tmp_path / "five")
    for name in ("loss/position", "loss/total", "grad/norm"):
        values = [value for _, value in each[name]]
        ((step, mean),) = five[name]
        assert step == len(values) == 5 and mean == pytest.approx(sum(values) / 5, rel=1e-5)
    assert {"lr/backbone", "lr/head", "metric/of_ema_decay"} <= each.keys()


def test_an_epoch_prints_the_mean_loss_of_its_own_steps(store, tmp_path, capsys):
    """However few they are: with points further apart there was none, or one of an epoch before."""
    trainer_of(lifting_config(store, log_every=8), tmp_path / "far", _Mixed).fit()
    shown = re.findall(r"epoch \d: +loss ([\d.]+)", capsys.readouterr().out)
    trainer_of(lifting_config(store), tmp_path / "each", _Mixed).fit()
    losses = [value for _, value in _curves(tmp_path / "each")["loss/total"]]
    means = sum(losses[:5]) / 5, sum(losses[5:]) / 7
    assert [float(value) for value in shown] == pytest.approx(means, rel=1e-3)


def test_rates_and_decay_are_the_configs_after_a_resume(store, tmp_path):
    config = lifting_config(store, eval_every=0)
    trainer_of(config, tmp_path).fit()
    trainer = trainer_of(config, tmp_path)
    trainer.optimizer.param_groups[0]["weight_decay"] = 0.123
    trainer.resume(tmp_path / "latest.pt")
    assert trainer.optimizer.param_groups[0]["weight_decay"] == 0.123
    assert trainer.optimizer.state


@pytest.mark.parametrize(
    ("changes", "train", "text"),
    [
        ({"backbone_factor": 0.0}, {}, "its optimiser moves backbone .* the config's head"),
        ({}, {"batch_size": 8}, "middle of an epoch with train.batch_size=2, now 8"),
    ],
)
def test_what_does_not_fit_is_refused(store, tmp_path, changes, train, text):
    config = lifting_config(store, epochs=1)
    first = trainer_of(config, tmp_path, _Stops)
    first.task.trainer, first.task.at = first, 3
    first.fit()
    other = lifting_config(store, **{"epochs": 1, **train})
    object.__setattr__(other, "backbone_factor", changes.get("backbone_factor", 1.0))
    with pytest.raises(UserError, match=text):
        trainer_of(other, tmp_path).resume(tmp_path / "latest.pt")


class _TurnsBad(LiftingTask):
    """A loss, or a gradient, that is not a number in one step."""

    step, what = 0, "loss"

    def losses(self, *inputs):
        terms = super().losses(*inputs)
        self.step += 1
        if self.step == 3:
            weight = next(self.model.parameters())
            # The square root's slope at 0 is infinite, times 0 is no number; its value is 0.
            bad = {"loss": float("nan") * weight.sum(), "gradient": (0 * weight).sqrt().sum()}
            terms["velocity"] = terms["velocity"] + bad[self.what]
        return terms


@pytest.mark.parametrize("what", ["loss", "gradient"])
@pytest.mark.parametrize("settings", [{"log_every": 100}, {"save_every_steps": 4}, {}], ids=str)
def test_nothing_that_is_not_a_number_is_saved(store, tmp_path, what, settings):
    """The first bad step is named, however late anyone looks."""
    trainer = trainer_of(lifting_config(store, **{"log_every": 4, **settings}), tmp_path, _TurnsBad)
    trainer.task.what = what
    with pytest.raises(UserError, match=rf"^step 2: {what} is not finite.*\(position [\d.]+"):
        trainer.fit()
    assert not list(tmp_path.glob("*.pt"))


def test_weights_that_are_not_numbers_are_not_saved(store, tmp_path):
    trainer = trainer_of(lifting_config(store, epochs=1, eval_every=0), tmp_path)
    trainer.fit()
    before = (tmp_path / "latest.pt").read_bytes()
    with torch.no_grad():
        trainer.task.model.head.bias[0] = float("inf")
    trainer.saved = None
    with pytest.raises(UserError, match=r"step 4: weights are not finite \(head.bias\)"):
        trainer._save_latest()
    assert (tmp_path / "latest.pt").read_bytes() == before


def test_T12_steps_between_two_looks_wait_for_nothing(store, tmp_path, monkeypatch):
    waits = []
    for name in ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "nonzero"):
        original = getattr(torch.Tensor, name)

        def counted(self, *args, name=name, original=original, **kwargs):
            waits.append(name)
            return original(self, *args, **kwargs)

        monkeypatch.setattr(torch.Tensor, name, counted)
    trainer = trainer_of(lifting_config(store, epochs=1, log_every=100, eval_every=0), tmp_path)
    seen, step = [], trainer._train_step

    def watched(batch):
        before = len(waits)
        step(batch)
        seen.append(waits[before:])

    monkeypatch.setattr(trainer, "_train_step", watched)
    trainer.fit()
    # One look at what the processes agreed on, which never leaves the CPU.
    assert seen == [["__bool__"]] * 5
