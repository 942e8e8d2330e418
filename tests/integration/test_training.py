"""The three scripts from their command lines, on a small store."""

import orjson
import pytest
import torch
import yaml
from tiny_stores import camera_store

import train_action
import train_pose3d
import train_pretrain
from lib.infer.classify import Classifier
from lib.infer.lift import Lifter
from lib.model.checkpoint import load_checkpoint, sha256
from lib.train.run_folder import changed_since

MODEL = {"dim_feat": 16, "dim_rep": 16, "depth": 1, "num_heads": 2, "maxlen": 27}


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """A folder with a store and a config a script, and a pretrained run in run/pretrain."""
    folder = tmp_path_factory.mktemp("work")
    store = str(camera_store(folder / "store", length=45))
    shared = {
        "model": MODEL,
        "sources": [{"store": store, "subjects": ["s03"]}],
        "eval": {"sources": [{"store": store, "subjects": ["s09"]}]},
        "train": {"epochs": 1, "batch_size": 4, "device": "cpu", "log_every": 1},
    }
    lifting = shared | {"data": {"clip_len": 9, "fps": 25}}
    action = shared | {
        "data": {"clip_len": 45, "frame_step": 5},
        "head": {"num_classes": 3, "hidden_dim": 8},
        "classes": ["squat", "deadlift", "pushup"],
    }
    for name, content in {"pretrain": lifting, "pose3d": lifting, "action": action}.items():
        config = content | {"run": str(folder / "run" / name)}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config))
    assert train_pretrain.main(["--config", str(folder / "pretrain.yaml")]) == 0
    return folder


def test_run_folder_holds_all_there_is_to_know(work, capsys):
    run = work / "run" / "pretrain"
    assert {"config.yaml", "best.pt", "latest.pt", "tb", "scores.json"} <= {
        path.name for path in run.iterdir()
    }
    scores = orjson.loads((run / "scores.json").read_bytes())
    assert scores["overall"]["mpjpe_mm"] > 0 and len(scores["by_joint_mm"]) == 17
    assert scores["checkpoint"]["sha256"] == sha256(run / "latest.pt")
    # The resolved config is a config: it starts the same run again.
    assert train_pretrain.main(["--config", str(run / "config.yaml"), "-c", str(work / "re")]) == 0
    again = orjson.loads((work / "re" / "scores.json").read_bytes())
    assert again["overall"] == scores["overall"] and again["by_exercise"] == scores["by_exercise"]


@pytest.mark.parametrize("log_every", [1, 99])
def test_every_epoch_says_its_loss_for_log_files(work, tmp_path, capsys, log_every):
    changes = ["train.epochs=3", "train.eval_every=2", f"train.log_every={log_every}"]
    flags = ["--config", str(work / "pretrain.yaml"), "-c", str(tmp_path), *changes]
    assert train_pretrain.main(flags) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if line.startswith("epoch ")]
    assert [line.partition(":")[0] for line in told] == ["epoch 1", "epoch 2", "epoch 3"]
    assert ["loss" in line.split() for line in told] == [True] * 3
    assert ["mpjpe_mm" in line.split() for line in told] == [False, True, True]


def test_T6_finetuning_starts_from_weights_alone(work, capsys):
    pretrained = str(work / "run/pretrain/best.pt")
    flags = ["--config", str(work / "pose3d.yaml"), "-p", pretrained, "backbone_factor=0.1"]
    assert train_pose3d.main([*flags, "optim.lr=0.0"]) == 0
    before, after = load_checkpoint(pretrained), load_checkpoint(work / "run/pose3d/latest.pt")
    assert all(torch.equal(before.model[name], after.model[name]) for name in before.model)
    rates = [group["lr"] for group in after.extra["optimizer"]["param_groups"]]
    assert rates == [0, 0] and after.step < 10
    assert Lifter.from_checkpoint(work / "run/pose3d/best.pt").window == 9


def test_head_can_start_anew(work, capsys):
    pretrained = str(work / "run/pretrain/best.pt")
    flags = ["--config", str(work / "pose3d.yaml"), "-p", pretrained, "-c", str(work / "anew")]
    assert train_pose3d.main([*flags, "reset_head=true", "optim.lr=0.0"]) == 0
    before, after = load_checkpoint(pretrained).model, load_checkpoint(work / "anew/best.pt").model
    assert not torch.equal(before["head.weight"], after["head.weight"])
    assert torch.equal(before["joints_embed.weight"], after["joints_embed.weight"])


def test_T19_classifier_trains_on_the_pretrained_backbone(work, capsys):
    pretrained = str(work / "run/pretrain/best.pt")
    assert train_action.main(["--config", str(work / "action.yaml"), "-p", pretrained]) == 0
    assert "sequence_top1_percent" in capsys.readouterr().out
    classifier = Classifier.from_checkpoint(work / "run/action/best.pt")
    assert classifier.classes == ["squat", "deadlift", "pushup"]


def test_evaluate_takes_the_size_from_the_checkpoint(work, capsys):
    best = str(work / "run/pretrain/best.pt")
    other = work / "other_size.yaml"
    other.write_text("base: pose3d.yaml\nmodel: {dim_feat: 32}\n")
    assert train_pose3d.main(["--config", str(other), "-e", best]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    shown = next(float(row[2]) for row in rows if row[:2] == ["all", "frames"])
    stored, again = (
        orjson.loads((work / f"run/pretrain/{name}.json").read_bytes())["overall"]["mpjpe_mm"]
        for name in ("scores", "best_scores")
    )
    assert again == pytest.approx(stored, rel=1e-6) and shown == pytest.approx(stored, abs=0.06)


def test_T5_resume_by_flag_and_no_overwriting_without(work, capsys):
    config = str(work / "pretrain.yaml")
    assert train_pretrain.main(["--config", config]) == 2
    assert "holds a run already" in capsys.readouterr().err
    assert train_pretrain.main(["--config", config, "--resume", "train.epochs=2"]) == 0
    assert load_checkpoint(work / "run/pretrain/latest.pt").epoch == 2


def test_scores_of_a_checkpoint_go_to_the_folder_that_is_named(work):
    best, folder = work / "run/pretrain/best.pt", work / "scored"
    before = (best.parent / "best_scores.json").exists()
    asked = ["--config", str(work / "pretrain.yaml"), "-e", str(best), "-c", str(folder)]
    assert train_pretrain.main(asked) == 0
    assert [path.name for path in folder.iterdir()] == ["best_scores.json"]
    assert (best.parent / "best_scores.json").exists() == before


def test_what_a_resumed_run_is_trained_with_unlike_before_is_told_and_kept(work, capsys):
    run = ["--config", str(work / "pretrain.yaml"), "-c", str(work / "changed")]
    own = ["optim.lr=0.001", "loss.angle=0.5"]
    assert train_pretrain.main([*run, *own]) == 0
    first = (work / "changed" / "config.yaml").read_text()
    capsys.readouterr()
    assert train_pretrain.main([*run, *own, "train.epochs=2", "--resume"]) == 0
    assert "goes on with" not in "".join(capsys.readouterr())
    assert train_pretrain.main([*run, own[0], "train.epochs=3", "--resume"]) == 0
    told = "".join(capsys.readouterr())
    assert "goes on with loss.angle 0.0 (was 0.5); overrides hold for one call" in told
    kept = yaml.safe_load((work / "changed" / "config_until_epoch_2.yaml").read_text())
    assert kept == yaml.safe_load(first) | {"train": kept["train"]}
    assert kept["loss"]["angle"] == 0.5 and kept["train"]["epochs"] == 2
    # Nothing that was kept is lost.
    for kind in ("", "_2", "_3"):
        line = changed_since(work / "changed", {"a": 1}, {"a": 2}, 7)
        assert f"config_until_epoch_7{kind}.yaml" in line


def test_another_run_is_not_overwritten_by_resuming_a_file(work, capsys):
    config = ["--config", str(work / "pretrain.yaml")]
    for name in ("one", "two"):
        assert train_pretrain.main([*config, "-c", str(work / name)]) == 0
    before = (work / "two/latest.pt").read_bytes()
    onto = [*config, "-c", str(work / "two"), "train.epochs=2"]
    capsys.readouterr()
    assert train_pretrain.main([*onto, "--resume", str(work / "one/latest.pt")]) == 2
    assert "holds a run already" in capsys.readouterr().err
    assert (work / "two/latest.pt").read_bytes() == before
    # A copy that the run's own folder keeps is the run's.
    (work / "two/older.pt").write_bytes(before)
    assert train_pretrain.main([*onto, "--resume", str(work / "two/older.pt")]) == 0


def test_weights_without_their_latest_are_not_overwritten(work, capsys):
    (work / "given").mkdir()
    (work / "given/best.pt").write_bytes((work / "run/pretrain/best.pt").read_bytes())
    run = ["--config", str(work / "pretrain.yaml"), "-c", str(work / "given")]
    assert train_pretrain.main(run) == 2
    assert "given: holds best.pt already; -c names another" in capsys.readouterr().err
    assert [path.name for path in (work / "given").iterdir()] == ["best.pt"]


def test_a_run_that_goes_on_elsewhere_has_a_best_there(work):
    """Also if it never again gets as good as it was."""
    run = ["--config", str(work / "pretrain.yaml"), "-c", str(work / "moved"), "train.epochs=3"]
    latest = str(work / "run/pretrain/latest.pt")
    assert train_pretrain.main([*run, "optim.lr=0.5", "--resume", latest]) == 0
    assert (work / "moved/best.pt").exists()


def test_a_latest_with_averaged_weights_is_scored_by_them(work):
    of = ["--config", str(work / "pretrain.yaml")]
    run = [*of, "-c", str(work / "averaged")]
    assert train_pretrain.main([*run, "train.ema=0.9", "optim.lr=0.01"]) == 0
    assert train_pretrain.main([*of, "-e", str(work / "averaged/latest.pt")]) == 0
    in_training, alone = (
        orjson.loads((work / f"averaged/{name}.json").read_bytes())
        for name in ("scores", "latest_scores")
    )
    assert alone["checkpoint"] == in_training["checkpoint"]
    assert alone["overall"] == pytest.approx(in_training["overall"], nan_ok=True)


@pytest.mark.parametrize("name", ["20241126", "2024-11-26", "on", "a: b"])
def test_a_run_folder_may_have_any_name(work, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = ["--config", str(work / "pretrain.yaml"), "-c", name, "train.eval_every=0"]
    assert train_pretrain.main(run) == 0
    assert (tmp_path / name / "latest.pt").exists()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ("sources=[]", "sources is empty"),
        ("eval.sources=[]", "eval.sources is empty"),
        ("eval.sources=[{store: nowhere}]", "nowhere: no motion store there"),
    ],
)
def test_data_that_are_not_there_are_named_before_any_work(work, capsys, change, text):
    run = ["--config", str(work / "pretrain.yaml"), "-c", str(work / "without")]
    assert train_pretrain.main([*run, change]) == 2
    assert text in capsys.readouterr().err
    assert not (work / "without").exists()


def test_resuming_a_finished_run_leaves_it_as_it_is(work, capsys):
    run = ["--config", str(work / "pretrain.yaml"), "-c", str(work / "finished")]
    assert train_pretrain.main(run) == 0
    before = {path: path.read_bytes() for path in (work / "finished").glob("*.*")}
    assert {path.name for path in before} == {"config.yaml", "scores.json", "best.pt", "latest.pt"}
    assert train_pretrain.main([*run, "--resume"]) == 2
    assert "already at epoch 1; raise train.epochs" in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in (work / "finished").glob("*.*")}


def test_a_run_killed_before_its_scores_gets_them(work, capsys):
    run = ["--config", str(work / "pretrain.yaml"), "-c", str(work / "scored")]
    assert train_pretrain.main(run) == 0
    scores = work / "scored" / "scores.json"
    before = scores.read_bytes()
    scores.unlink()
    assert train_pretrain.main([*run, "--resume"]) == 0
    assert scores.read_bytes() == before
    # Those of a shorter run are not its own.
    assert train_pretrain.main([*run, "--resume", "train.epochs=2"]) == 0
    longer = scores.read_bytes()
    scores.write_bytes(before)
    assert train_pretrain.main([*run, "--resume", "train.epochs=2"]) == 0
    assert scores.read_bytes() == longer != before


def test_a_run_without_scores_writes_none(work, capsys):
    run = ["--config", str(work / "pretrain.yaml"), "-c", str(work / "unscored")]
    assert train_pretrain.main([*run, "train.eval_every=0"]) == 0
    assert not (work / "unscored" / "scores.json").exists()


@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (["train.epoch=3"], "did you mean 'epochs'"),
        (["model.dim_feat=17"], "17"),
        (["optim.schedule=linear"], "optim.schedule"),
        (["-p", "nowhere.pt"], "nowhere.pt"),
        (["--resume", "nowhere.pt"], "nowhere.pt"),
        (["-e", "{action}"], "kind 'action'"),
        (["-p", "{action}"], "kind 'action'"),
        (["-p", "{action}", "--resume"], "give one of them"),
        (["backbone_factor=0.1"], "give -p CHECKPOINT, or backbone_factor=1.0 to train from"),
        (["train"], "write key.sub=value"),
    ],
)
def test_T8_mistakes_get_one_line_and_exit_code_2(work, capsys, flags, text):
    if not (work / "other").exists():
        other = ["--config", str(work / "action.yaml"), "-c", str(work / "other")]
        assert train_action.main([*other, "backbone_factor=1.0"]) == 0
    flags = [flag.format(action=work / "other/best.pt") for flag in flags]
    run = ["--config", str(work / "pretrain.yaml")]
    run += [] if "-e" in flags else ["-c", str(work / "mistake")]
    capsys.readouterr()
    assert train_pretrain.main([*run, *flags]) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1 and text in shown, shown
    assert not (work / "mistake" / "latest.pt").exists()
