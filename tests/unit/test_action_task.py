"""The classification task: frozen and trained backbones, scores by clip and by sequence."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from tiny_models import MODEL, save_classifier
from tiny_stores import camera_store, world_store

import train_action
from lib.config import build, load_config, to_dict
from lib.data.datasets import collate
from lib.data.manifest import Sequence
from lib.errors import UserError
from lib.infer.classify import Classifier
from lib.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.pose import Pose2D
from lib.train import action
from lib.train.action import ActionRunConfig, ActionTask
from lib.train.confusion import Tally
from lib.train.sampler import plan_epoch
from lib.train.start import start_from
from lib.train.trainer import Trainer
from tools import ship_checkpoint

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    fit3d = str(camera_store(folder / "fit3d", ("squat", "pushup", "drag_curl"), 27))
    mocap = str(world_store(folder / "mocap", (60, 40), 27))
    return {
        "model": MODEL, "head": {"num_classes": 3, "hidden_dim": 8},
        "classes": ["squat", "pushup", "other"], "data": {"clip_len": 27, "frame_step": 9},
        "other": {"actions": ["drag_curl"], "sources": [{"store": mocap}]},
        "sources": [{"store": fit3d, "subjects": ["s03"]}],
        "eval": {"sources": [{"store": fit3d, "subjects": ["s09"]}, {"store": mocap}]},
        "train": {"epochs": 1, "batch_size": 8, "device": "cpu"},
    }  # fmt: skip


def train(config, folder, **changes):
    config = build(ActionRunConfig, config | changes, "test")
    torch.manual_seed(0)
    task = ActionTask(config)
    before = {k: v.clone() for k, v in task.model.state_dict().items()}
    Trainer(task, config.train, config.optim, folder, to_dict(config)).fit()
    after = load_checkpoint(folder / "latest.pt")
    moved = {k for k, v in after.model.items() if not torch.equal(v, before[k])}
    return task, moved, after


def test_a_frozen_backbone_does_not_move_and_has_no_optimiser_state(config, tmp_path):
    task, moved, saved = train(config, tmp_path, backbone_factor=0.0)
    assert moved and all(name.startswith("head.") for name in moved)
    assert not any(p.requires_grad for p in task.model.backbone.parameters())
    num_head = len(list(task.model.head.parameters()))
    assert len(saved.extra["optimizer"]["state"]) == num_head
    task.model.train()
    assert task.model.head.training and not task.model.backbone.training


def test_T17_no_batch_is_a_single_clip(config):
    mix = ActionTask(build(ActionRunConfig, config, "test")).train_data
    size = len(mix.parts[0].clips) - 1
    assert [len(batch) for batch in plan_epoch(mix, size, 0, 0)] == [size]


def test_otherwise_it_moves(config, tmp_path):
    _, moved, _ = train(config, tmp_path, backbone_factor=0.1)
    assert any(name.startswith("backbone.") for name in moved)


def test_backbone_learns_at_its_part_of_the_heads_rate(config):
    for factor in (0.1, 1.0):
        task = ActionTask(build(ActionRunConfig, config | {"backbone_factor": factor}, "test"))
        assert {g.name: g.factor for g in task.groups()} == {"backbone": factor, "head": 1.0}


@pytest.mark.parametrize(("name", "factor"), [("tiny_probe", 0.0), ("tiny_scratch", 1.0)])
def test_variants_of_the_shipped_classifier(name, factor):
    variant = load_config(ActionRunConfig, ROOT / f"configs/action/{name}.yaml")
    assert variant.backbone_factor == factor and "other" in variant.classes


@pytest.mark.parametrize(
    "stream", [None, {"dim": 32, "depth": 1}, {"dim": 32, "depth": 1, "count": 2}]
)
def test_all_that_is_moved_has_a_part_in_the_loss(config, stream):
    """Several processes wait for the gradient of each."""
    model = {"model": MODEL | {"pose_stream": stream}}
    task = ActionTask(build(ActionRunConfig, config | model, "test"))
    batch = collate([task.train_data[0, 0, i] for i in range(3)])
    sum(task.losses(task.model, batch, 0, task.counts(batch, 0)).values()).backward()
    moved = {id(p) for group in task.groups() for p in group.parameters}
    idle = [n for n, p in task.model.named_parameters() if id(p) in moved and p.grad is None]
    assert not idle


@pytest.mark.parametrize("count", [1, 2])
def test_a_lifters_first_streams_start_a_classifier_of_fewer(config, tmp_path, count):
    stream = {"dim": 32, "depth": 1}
    sizes = MODEL | {"pose_stream": stream | {"count": 3}}
    lifter = DSTformer(build(DSTformerConfig, sizes, "test"))
    saved = Checkpoint("lifting", {"model": sizes}, lifter.state_dict())
    save_checkpoint(tmp_path / "three.pt", saved)
    model = {"model": MODEL | {"pose_stream": stream | {"count": count}}}
    task = ActionTask(build(ActionRunConfig, config | model, "test"))
    assert start_from(task, str(tmp_path / "three.pt")) == []
    for found, wanted in zip(task.model.backbone.streams, lifter.streams[:count], strict=True):
        assert torch.equal(found.embed.weight, wanted.embed.weight)
    model["model"]["pose_stream"] = stream | {"count": 4}
    task = ActionTask(build(ActionRunConfig, config | model, "test"))
    with pytest.raises(UserError, match=r"set model.pose_stream.count=3"):
        start_from(task, str(tmp_path / "three.pt"))


def test_class_names_and_other_are_in_the_checkpoint(config, tmp_path):
    train(config, tmp_path, other=config["other"] | {"threshold": 0.8})
    classifier = Classifier.from_checkpoint(tmp_path / "best.pt")
    assert classifier.classes == ["squat", "pushup", "other"]
    assert (classifier.other, classifier.threshold) == ("other", 0.8)


def test_evaluation_scores_clips_and_sequences_of_every_class(config):
    task = ActionTask(build(ActionRunConfig, config, "test"))
    task.model.eval()
    scores = task.evaluate()
    kinds = {f"{kind}_recall_{name}_percent" for kind in ("clip", "sequence")
             for name in config["classes"]}  # fmt: skip
    assert kinds | {"false_lift_percent", "false_lift_sequences_percent", "clip_top1_percent",
                    "sequence_top1_percent", task.score_name} <= set(scores)  # fmt: skip
    assert task.confusion["sequences"].sum(1).tolist() == [1, 1, 3]  # of mocap 2, and a curl
    assert task.confusion["clips"].sum() > 5
    pictures = task.pictures()
    assert set(pictures) == {"confusion/clips", "confusion/sequences"}
    assert all(p.dtype == np.uint8 and p.ndim == 3 for p in pictures.values())


def test_processes_share_the_evaluation(config, monkeypatch):
    task = ActionTask(build(ActionRunConfig, config, "test"))
    task.model.eval()
    task.evaluate()
    whole, parts = task.confusion, []
    monkeypatch.setattr(action, "world_size", lambda: 2)
    for number in range(2):
        monkeypatch.setattr(action, "rank", lambda number=number: number)
        task.evaluate()
        parts.append(task.confusion)
    for kind, counts in whole.items():
        assert (parts[0][kind] + parts[1][kind]).tolist() == counts.tolist()
    assert [part["sequences"].sum() for part in parts] == [3, 2]


def test_eval_without_any_class_is_an_error(config):
    none = {"sources": [config["eval"]["sources"][0] | {"actions": ["drag_curl"]}]}
    plain = config | {"other": None, "classes": ["a", "b", "c"], "eval": none}
    with pytest.raises(UserError, match="eval: no sequence of the classes"):
        ActionTask(build(ActionRunConfig, plain, "test")).evaluate()


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ({"name": "rest"}, "other.name is 'rest'"),
        ({"actions": ["squat"]}, "other.actions lists squat"),
        ({"lifts": {"squats": "squatting"}}, "other.lifts names squatting"),
        ({"borrowed_arms": {"squatting": 0.5}}, "other.borrowed_arms names squatting"),
    ],
)
def test_contradicting_classes_are_refused(config, other, text):
    with pytest.raises(UserError, match=text):
        build(ActionRunConfig, config | {"other": other}, "test")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"train": {"batch_size": 1}}, "train.batch_size is 1.* at least 2"),
        ({"classes": ["squat", "squat", "other"]}, "classes names squat twice"),
        ({"eval": {"sources": [], "protocols": ["fit3d14"]}}, "eval.protocols .*lifters"),
        ({"eval": {"sources": [], "flip_average": False}}, "eval.flip_average is for lifters"),
        ({"augment": {"borrowed_legs": 0.1}}, "borrowed_legs .*; other.borrowed_arms is for"),
    ],
)
def test_what_no_classifier_can_have_is_refused_at_once(config, changes, text):
    with pytest.raises(UserError, match=text):
        build(ActionRunConfig, config | changes, "test")


class _ByPlace(torch.nn.Module):
    """Class 0, 1 or 2 by the thirds of the picture that the neck is in, with probability ~0.7."""

    def forward(self, x):
        place = (x[:, 0, :, 8, 0].mean(-1) * 1.5).round().clamp(-1, 1).long() + 1
        return 1.5 * torch.nn.functional.one_hot(place, 3).float()


def moving(places):
    """A body whose neck jumps from place to place of the crop, 100 frames each."""
    xy = np.zeros((100 * len(places), 17, 2))
    xy[:, 0], xy[:, 1] = (0, 0), (600, 600)
    xy[:, 2:] = 300
    xy[:, 8, 0] = np.repeat(300 + 290 * np.array(places), 100)
    return Pose2D(xy, np.ones(xy.shape[:2]), 50.0, (600, 600))


def tally_of(places, name, reps=(), threshold=0.5):
    classifier = Classifier(
        _ByPlace(), ["squat", "pushup", "other"], clip_len=50, frame_step=1, fps=50, other="other",
        threshold=threshold,
    )  # fmt: skip
    tally = Tally(classifier)
    pose = moving(places)
    tally.add(name, pose, Sequence("a", "s", name, "g", 0, len(pose.xy_px), 50.0, reps=reps))
    return tally


def test_clips_outside_the_rep_marks_are_not_counted():
    whole = tally_of((1, -1, -1, 1), "squat")
    marked = tally_of((1, -1, -1, 1), "squat", reps=(100, 200, 300))
    assert whole.clips[0, 2] > 2 and whole.clips[0].sum() > marked.clips[0].sum()
    assert marked.clips[0, 0] >= 7 and marked.clips[0, 2] <= 2
    assert whole.sequences.tolist() == marked.sequences.tolist()


def test_what_is_other_and_called_a_lift_is_a_false_lift():
    tally = tally_of((1, 1, 1, -1), "other")
    scores = tally.scores()
    share = 100 * tally.clips[2, :2].sum() / tally.clips[2].sum()
    assert scores["false_lift_percent"] == pytest.approx(share) and 15 < share < 40
    assert scores["false_lift_sequences_percent"] == 0
    assert scores["clip_recall_other_percent"] == pytest.approx(100 - share)
    assert "clip_recall_squat_percent" not in scores


def test_below_the_threshold_it_is_other():
    assert tally_of((0, 0), "pushup").sequences[1, 1] == 1
    assert tally_of((0, 0), "pushup", threshold=0.9).sequences[1, 2] == 1


def test_a_checkpoint_is_scored_with_its_own_classes(config, tmp_path, capsys):
    plain = {"classes": ["squat", "pushup"], "head": {"num_classes": 2, "hidden_dim": 8}}
    train(config, tmp_path / "old", other=None, **plain)
    train(config, tmp_path / "new")
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(config))
    for run, has_other in (("old", False), ("new", True)):
        flags = ["--config", str(tmp_path / "a.yaml"), "-e", str(tmp_path / run / "best.pt")]
        capsys.readouterr()
        assert train_action.main(flags) == 0
        said = capsys.readouterr().out
        assert "recall_squat" in said and ("false_lift_percent" in said) == has_other


def test_shipping_sets_the_threshold_chosen_after_training(config, tmp_path, capsys):
    train(config, tmp_path)
    trained, shipped = str(tmp_path / "best.pt"), tmp_path / "small.pt"
    assert ship_checkpoint.main([trained, str(shipped), "--threshold", "0.9"]) == 0
    assert Classifier.from_checkpoint(shipped).threshold == 0.9
    assert Classifier.from_checkpoint(trained).threshold == 0.5
    old = save_classifier(tmp_path / "old.pt")
    for path, value, text in ((old, "0.9", "no class 'other'"), (trained, "1.5", "from 0 to 1")):
        assert ship_checkpoint.main([str(path), str(shipped), "--threshold", value]) != 0
        assert text in capsys.readouterr().err
