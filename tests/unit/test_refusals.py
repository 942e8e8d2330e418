"""Mistakes in a training's config or command that would else end in a traceback, or in none."""

import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
import torch
import yaml
from tiny_runs import lifting_config, trainer_of
from tiny_stores import camera_store

import train_pretrain
from lib.config import build, read_yaml, to_dict
from lib.data.noise import NoiseConfig
from lib.errors import UserError, command_line
from lib.train import state
from lib.train.lifting import LossWeights
from lib.train.precision import LEAST_SCALE, Precision
from lib.train.run import _parse
from lib.train.run_folder import held

PUBLISHED = Path(__file__).parents[2] / "configs" / "noise" / "published.yaml"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return str(camera_store(tmp_path_factory.mktemp("store") / "fit3d"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"correlation_s": 0}, {"correlation_s": -1}, {"strength": [3, 1]}, {"white_std": -1},
        {"uniform_half_width": float("nan")}, {"bias_std": -0.1},
        {"other_share": 1.5},
    ],
    ids=str,
)  # fmt: skip
def test_noise_out_of_range_is_named(wrong):
    with pytest.raises(UserError, match=f"{next(iter(wrong))}(: .*finite number| must be)"):
        build(NoiseConfig, read_yaml(PUBLISHED) | wrong, "test")


def test_noise_of_a_joint_out_of_range_is_named():
    noise = read_yaml(PUBLISHED)
    noise["joints"] = noise["joints"] | {"lknee": [0, 0, 0.1, 0.1, 1.5]}
    with pytest.raises(UserError, match="joints.lknee"):
        build(NoiseConfig, noise, "test")


def test_loss_weights_are_not_negative_and_not_all_zero():
    with pytest.raises(UserError, match="position must be at least 0"):
        build(LossWeights, {"position": -1}, "test")
    with pytest.raises(UserError, match="every weight but that of reprojection is 0"):
        build(LossWeights, {"position": 0, "scale": 0, "velocity": 0}, "test")  # 0.5 is its default


@pytest.mark.parametrize("changes", [{"seed": 7}, {"batch_size": 1}])
def test_an_epoch_goes_on_with_the_batches_it_began_with(store, tmp_path, changes):
    first = trainer_of(lifting_config(store), tmp_path)
    first.first_batch = 1  # as if stopped after one
    first.board = _Silent()
    state.save(first, "latest.pt")
    other = trainer_of(lifting_config(store, **changes), tmp_path)
    with pytest.raises(UserError, match=f"middle of an epoch with train.{next(iter(changes))}="):
        other.resume(tmp_path / "latest.pt")


@pytest.mark.parametrize("changes", [{"more_clip_lens": [5]}, {"start_2d_epoch": 1}])
def test_an_epoch_goes_on_with_the_data_it_began_with(store, tmp_path, changes):
    config = lifting_config(store)
    first = trainer_of(config, tmp_path)
    first.first_batch = 1
    first.board = _Silent()
    state.save(first, "latest.pt")
    other = trainer_of(build(type(config), to_dict(config) | changes, "test"), tmp_path)
    with pytest.raises(UserError, match=f"with other {next(iter(changes))}; resume with"):
        other.resume(tmp_path / "latest.pt")


class _Silent:
    def flush(self):
        pass

    def points_of(self, step):
        return {}


def test_ctrl_c_is_one_line(capsys):
    @command_line
    def main(argv):
        raise KeyboardInterrupt

    assert main([]) == 130
    assert capsys.readouterr().err == "stopped\n"


def test_overrides_may_stand_around_flags():
    flags = _parse("", "c.yaml", ["a=1", "-c", "run", "b=2"])
    assert flags.overrides == ["a=1", "b=2"] and flags.checkpoint == "run"


def test_a_run_whose_name_looks_like_an_override_goes_on(tmp_path):
    path = tmp_path / "lr=0.1" / "latest.pt"
    path.parent.mkdir()
    assert _parse("", "c.yaml", ["--resume", str(path)]).overrides == [str(path)]
    path.touch()
    assert _parse("", "c.yaml", ["--resume", str(path)]).resume == str(path)


@pytest.mark.parametrize("flag", ["--resume", "-r", "--res"])
def test_an_override_behind_resume_keeps_its_place(flag):
    words = ["train.epochs=1", flag, "train.epochs=2", "-c", "run", "a=" + "b" * 999]
    flags = _parse("", "c.yaml", words)
    assert flags.overrides == ["train.epochs=1", "train.epochs=2", words[-1]]
    assert flags.resume == "" and flags.checkpoint == "run"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks")
@pytest.mark.parametrize("resume", [None, ""])
def test_a_folder_that_another_training_writes_to_is_refused(store, tmp_path, capsys, resume):
    path = tmp_path / "a.yaml"
    path.write_text(yaml.safe_dump(to_dict(lifting_config(store, epochs=1))))
    flags = ["--config", str(path), "-c", str(tmp_path / "run")]
    flags += [] if resume is None else ["--resume"]
    with held(tmp_path / "run", None):
        assert train_pretrain.main(flags) == 2
        shown = capsys.readouterr().err
        assert shown.count("\n") == 1 and "run: another training is writing there" in shown, shown
        assert train_pretrain.main([*flags[:4], "--dry-run"]) == 0
    assert not (tmp_path / "run").exists()  # nothing was written


def test_a_folder_without_locks_is_taken_and_checked_again(tmp_path, monkeypatch):
    monkeypatch.setattr("lib.train.run_folder.claimed", lambda path: nullcontext(None))
    with held(tmp_path / "run", None):
        (tmp_path / "run/latest.pt").touch()
    with pytest.raises(UserError, match="holds a run already"), held(tmp_path / "run", None):
        pass
    assert (tmp_path / "run/latest.pt").exists()


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["-e", "a.pt", "-p", "b.pt"], "leave -p out, or -e"),
        (["-e", "a.pt", "-r"], "leave --resume out, or -e"),
        (["-e", "a.pt", "--resume", "b.pt"], "leave --resume out, or -e"),
        (["-e", "a.pt", "--dry-run"], "leave --dry-run out, or -e"),
        (["-p", "a.pt", "--resume"], "give one of them"),
        (["--dry-run", "--resume"], "leave --resume out"),
        (["-e", "a.pt", "--seed", "5"], "eval.seed=N"),
        (["-e", "a.pt", "data.fps=25"], "data.fps=25: with -e the checkpoint brings its own"),
        (["-e", "a.pt", "train.seed=5"], "train.seed=5: -e does not ask for it"),
        # As a shell gives them where a variable is not set.
        (["-e", ""], "--evaluate '': names nothing"),
        (["-p", "", "--dry-run"], "--pretrained '': names nothing"),
        (["-c", ""], "--checkpoint '': names nothing"),
    ],
)
def test_flags_of_which_one_would_do_nothing_are_refused(capsys, flags, text):
    assert train_pretrain.main([*flags, "sources=[]"]) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and text in shown, shown


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("train.seed=99999999999999999999", "train: seed must be at least 0 and at most"),
        ("model.num_joints=16", "model.num_joints is 16"),
        ("sources=[{store: a, side: test}]", "side: test of no split"),
        ("noise={joints: {}, confidence: {a: 1, b: 0, mean: 0, std: 0}}",
         "noise: joints must be exactly the 17; check "),
    ],
)  # fmt: skip
def test_what_the_first_step_cannot_do_is_refused_at_once(store, tmp_path, capsys, change, text):
    path = tmp_path / "a.yaml"
    path.write_text(yaml.safe_dump(to_dict(lifting_config(store))))
    flags = ["--config", str(path), "-c", str(tmp_path / "run"), change]
    assert train_pretrain.main(flags) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and text in shown and "a.yaml" in shown, shown
    assert not (tmp_path / "run").exists()


def test_fp16_that_never_takes_a_step_stops():
    precision = Precision("float32", torch.device("cpu"))
    precision.check(3)  # no scale, nothing to say
    precision.scaler = torch.amp.GradScaler("cpu", init_scale=LEAST_SCALE / 2)
    precision.scaler.scale(torch.zeros(1))
    with pytest.raises(UserError, match="step 3: gradients overflow fp16"):
        precision.check(3)


def test_config_survives_a_round_trip(store):
    config = lifting_config(store)
    assert build(type(config), to_dict(config), "test") == config
