"""Pretraining on 3D and two 2D stores with clip lengths of their own."""

from pathlib import Path

import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_stores import camera_store, track_store

import train_pretrain
from lib.model.checkpoint import load_checkpoint
from lib.train.trainer import Trainer

STEPS_3D, STEPS_2D = 3, 2 + 3  # 9 windows in batches of 4; ratios 0.7 and 1
FIRST_2D_EPOCH = 1


@pytest.fixture(scope="module")
def config_path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    store = str(camera_store(folder / "fit3d"))
    noise = Path(__file__).parents[2] / "configs/noise/published.yaml"
    config = {
        "model": {"dim_feat": 16, "dim_rep": 16, "depth": 1, "num_heads": 2, "maxlen": 30},
        "data": {"clip_len": 9, "fps": 25},
        "sources": [{"store": store, "subjects": ["s03"], "random_camera": 0.5}],
        "sources_2d": [
            {"store": str(track_store(folder / "posetrack")), "clip_len": 10, "ratio": 0.7,
             "noise": True},
            {"store": str(track_store(folder / "insta", (50, 60), 20)), "clip_len": 20, "ratio": 1},
        ],
        "start_2d_epoch": FIRST_2D_EPOCH,
        "eval": {"sources": [{"store": store, "subjects": ["s09"]}], "max_sequences": 1},
        "augment": {"joint_mask": 0.05, "frame_mask": 0.1, "time_warp": [0.8, 1.25]},
        "noise": yaml.safe_load(noise.read_text(encoding="utf-8")),
        "loss": {"reprojection": 0.5},
        "train": {"epochs": 2, "batch_size": 4, "device": "cpu", "log_every": 1},
    }  # fmt: skip
    path = folder / "mixed.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def run(config_path, folder, *overrides):
    return train_pretrain.main(["--config", str(config_path), "-c", str(folder), *overrides])


@pytest.fixture(scope="module")
def straight(config_path):
    folder = config_path.parent / "straight"
    assert run(config_path, folder) == 0
    return folder


def points(folder) -> dict[str, dict[int, float]]:
    """Tag -> step -> value, of the scalars of all sittings."""
    reader = EventAccumulator(str(folder / "tb"))
    reader.Reload()
    return {
        tag: {event.step: event.value for event in reader.Scalars(tag)}
        for tag in reader.Tags()["scalars"]
    }


def test_2d_data_come_in_at_their_epoch(straight):
    tags = points(straight)
    steps_2d, steps_3d = set(tags["loss/reprojection"]), set(tags["loss/position"])
    assert min(steps_2d) > STEPS_3D * FIRST_2D_EPOCH
    assert len(steps_2d) == STEPS_2D and len(steps_3d) == 2 * STEPS_3D
    assert not steps_2d & steps_3d  # a batch is of one kind
    assert all(value > 0 for value in tags["loss/reprojection"].values())


@pytest.mark.parametrize("num_workers", [0, 1])
def test_mixed_epoch_stopped_halfway_goes_on_bit_for_bit(
    config_path, straight, tmp_path, monkeypatch, num_workers
):
    step = Trainer._train_step

    def stop_in_the_mixed_epoch(self, *args, **kwargs):
        terms = step(self, *args, **kwargs)
        self.is_stopping = self.is_stopping or self.step == STEPS_3D + 3
        return terms

    workers = f"train.num_workers={num_workers}"
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_train_step", stop_in_the_mixed_epoch)
        run(config_path, tmp_path / "run", workers)
    stopped = load_checkpoint(tmp_path / "run/latest.pt")
    assert (stopped.epoch, stopped.step) == (1, STEPS_3D + 3)
    assert run(config_path, tmp_path / "run", workers, "--resume") == 0
    one, other = (load_checkpoint(path / "latest.pt") for path in (straight, tmp_path / "run"))
    assert one.step == other.step == 2 * STEPS_3D + STEPS_2D
    assert all(torch.equal(one.model[name], other.model[name]) for name in one.model)


def test_a_missing_2d_store_says_how_to_go_on(config_path, tmp_path, capsys):
    source = '[{"store": "data/motion2d/nowhere"}]'
    assert run(config_path, tmp_path, f"sources_2d={source}") == 2
    assert "sources_2d=[]" in capsys.readouterr().err
    assert run(config_path, tmp_path / "3d", "sources_2d=[]", "train.epochs=1") == 0


@pytest.mark.parametrize(
    ("override", "text"),
    [
        ("loss.reprojection=0", "teach nothing"),
        ("model.maxlen=12", "clips of 20 frames"),
        ("start_2d_epoch=-1", "start_2d_epoch"),
    ],
)
def test_2d_that_could_not_be_trained_on_is_refused(config_path, tmp_path, capsys, override, text):
    assert run(config_path, tmp_path, override) == 2
    assert text in capsys.readouterr().err
