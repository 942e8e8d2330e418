"""--dry-run: figures against the formulas, nothing written, no evaluation data needed."""

import re

import foreign_files
import pytest

torch = pytest.importorskip("torch")

from tiny_stores import camera_store, image_store, world_store
from torch import nn

import train_action
import train_pose3d
import train_pretrain
from lib.config import build, to_yaml
from lib.train.action import ActionRunConfig, ActionTask
from lib.train.dry_run import _Probe, dry_run
from lib.train.lifting import LiftingConfig, LiftingTask

MODEL = {"dim_feat": 16, "dim_rep": 8, "depth": 1, "num_heads": 2, "maxlen": 9}


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    made = {"camera": camera_store, "world": world_store, "image": image_store}
    return {name: str(make(folder / name)) for name, make in made.items()}


def lifting(stores, train=None, **changes):
    config = {
        "model": MODEL, "data": {"clip_len": 9, "fps": 25},
        "sources": [{"store": stores["camera"], "subjects": ["s03"]}, {"store": stores["world"]}],
        "eval": {"sources": [{"store": "nowhere"}]},
        "train": {"epochs": 5, "batch_size": 4, "device": "cpu"} | (train or {}),
        "optim": {"lr": 1e-3}, "backbone_factor": 0.1,
    }  # fmt: skip
    return build(LiftingConfig, config | changes, "test")


def shown(config):
    torch.manual_seed(0)
    return dry_run(LiftingTask(config), config)


def figures(pattern, text):
    found = re.search(pattern, text)
    assert found, text
    return [float(group.replace(",", "")) for group in found.groups()]


def test_data_parameters_and_steps(stores):
    text = shown(lifting(stores))
    assert "backbone_factor: 0.1" in text  # the resolved config
    store, world = stores["camera"], stores["world"]
    assert figures(rf"{store}: (\d+) sequences, (\d+) windows", text) == [3, 9]
    assert figures(rf"{world}: (\d+) sequences, (\d+) windows", text)[0] == 2
    num_clips, num_batches = figures(r"  3d: (\d+) clips, (\d+) batches", text)
    assert num_batches == -(-num_clips // 4)
    assert "x (4, 9, 17, 3) float32, y (4, 9, 17, 3), valid (4, 9, 17)" in text
    with torch.device("meta"):
        network = LiftingTask(lifting(stores)).model
    head = sum(p.numel() for p in network.head.parameters())
    rest = sum(p.numel() for p in network.parameters()) - head
    assert f"backbone: {rest:,} at learning rate 0.0001" in text
    assert f"head: {head:,} at learning rate 0.001" in text
    assert figures(r"(\d+) steps an epoch; (\d+) in 5", text) == [num_batches, 5 * num_batches]


def test_what_is_other_is_counted_as_well(stores):
    store, world = stores["camera"], stores["world"]
    content = {
        "model": MODEL, "data": {"clip_len": 27, "frame_step": 9},
        "head": {"num_classes": 2, "hidden_dim": 8}, "classes": ["squat", "other"],
        "other": {"sources": [{"store": world}]}, "sources": [{"store": store}],
        "eval": {"sources": []}, "train": {"batch_size": 4, "device": "cpu"},
    }  # fmt: skip
    config = build(ActionRunConfig, content, "test")
    text = dry_run(ActionTask(config), config)
    assert figures(rf"{store}: (\d+) sequences, (\d+) windows", text) == [2, 6]
    assert figures(rf"{world}: (\d+) sequences, (\d+) windows", text) == [2, 5]


def test_2d_parts_come_in_later_with_their_own_clips(stores):
    source = {"store": stores["image"], "clip_len": 7, "ratio": 2.0}
    config = lifting(stores, sources_2d=[source], start_2d_epoch=3, loss={"reprojection": 1.0})
    text = shown(config)
    main = figures(r"3d: \d+ clips, (\d+) batches", text)[0]
    assert figures(r"clips, (\d+) batches an epoch from epoch (\d+) on", text) == [2 * main, 4]
    assert "x (4, 7, 17, 3)" in text
    steps = figures(r"(\d+) steps an epoch, (\d+) in the last epochs; (\d+) in", text)
    assert steps == [main, 3 * main, 5 * main + 2 * 2 * main]


def test_a_frozen_backbone_needs_no_gradients(stores):
    text = shown(lifting(stores, backbone_factor=0.0))
    assert re.search(r"not trained: [\d,]+", text) and "backbone:" not in text
    assert "gradients 0.0 MB, optimiser 0.0 MB" in text


class Two(nn.Module):
    """Saves its input for the first weight and the hidden layer for the second."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(3, 50), nn.Linear(50, 3)

    def forward(self, x):
        return self.second(self.first(x))


def test_bytes_kept_for_the_backward_pass_are_counted(stores):
    """Of two linear layers: the input, the hidden layer, and not their weights."""
    config = lifting(stores)
    task = LiftingTask(config)
    task.model = Two()
    task.groups = lambda: []
    task.losses = lambda network, batch, epoch, counts: {"sum": network(batch.x).sum()}
    probe = _Probe.__new__(_Probe)
    probe.task, probe.config, probe.device = task, config, torch.device("cpu")
    probe.network = task.model
    for num_clips in (1, 4):
        tokens = num_clips * 9 * 17
        assert probe.saved_bytes(probe.batch(0, num_clips), 0) == 4 * tokens * (3 + 50)


def test_memory_grows_with_the_clips_at_once_alone(stores):
    kept = {
        name: figures(r"backward pass ([\d.]+) MB: (\d+) clips at once, ([\d.]+) MB each",
                      shown(lifting(stores, train)))
        for name, train in (
            ("plain", {}), ("double", {"batch_size": 8}),
            ("parts", {"batch_size": 8, "accumulate": 4}),
        )
    }  # fmt: skip
    assert [kept[name][1] for name in ("plain", "double", "parts")] == [4, 8, 2]
    assert kept["double"][0] == pytest.approx(2 * kept["plain"][0], rel=0.05)
    assert kept["parts"][0] == pytest.approx(0.5 * kept["plain"][0], rel=0.05)


@pytest.mark.parametrize("script", [train_pretrain, train_pose3d, train_action])
def test_all_scripts_print_it_and_write_nothing(stores, script, tmp_path, monkeypatch, capsys):
    config = lifting(stores)
    if script is train_action:
        config = build(
            ActionRunConfig,
            {"model": MODEL, "head": {"num_classes": 2, "hidden_dim": 8}, "backbone_factor": 0.1,
             "classes": ["squat", "deadlift"], "sources": [{"store": stores["camera"]}],
             "data": {"clip_len": 27, "frame_step": 3}, "eval": {"sources": [{"store": "none"}]},
             "train": {"epochs": 2, "batch_size": 4, "device": "cpu"}},
            "test",
        )  # fmt: skip
    (tmp_path / "own.yaml").write_text(to_yaml(config))
    monkeypatch.chdir(tmp_path)
    assert script.main(["--config", "own.yaml", "--dry-run", "train.batch_size=3"]) == 0
    text = capsys.readouterr().out
    assert "batch_size: 3" in text and "data (batches of 3):" in text
    assert figures(r"([\d.]+) min on cpu", text)[0] >= 0
    assert [path.name for path in tmp_path.iterdir()] == ["own.yaml"]


def test_weights_to_start_from_are_tried(stores, tmp_path, capsys):
    sizes = foreign_files.SIZES
    foreign_files.save_lifter(tmp_path / "f.bin")
    (tmp_path / "own.yaml").write_text(to_yaml(lifting(stores, model=sizes)))
    flags = ["--config", str(tmp_path / "own.yaml"), "--dry-run", "-p", str(tmp_path / "f.bin")]
    assert train_pose3d.main(flags) == 0
    assert "starts anew" in capsys.readouterr().out
    assert train_pose3d.main([*flags, "model.depth=1"]) == 2
    assert "set model.depth=2" in capsys.readouterr().err


def test_missing_data_are_named(stores, capsys, tmp_path):
    (tmp_path / "own.yaml").write_text(to_yaml(lifting(stores, sources=[{"store": "nowhere"}])))
    assert train_pretrain.main(["--config", str(tmp_path / "own.yaml"), "--dry-run"]) == 2
    assert "nowhere" in capsys.readouterr().err
