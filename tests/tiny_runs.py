"""Small trainings for tests of the loop."""

import torch

from lib.config import build, to_dict
from lib.train.lifting import LiftingConfig, LiftingTask
from lib.train.trainer import Trainer


def lifting_config(store, **train) -> LiftingConfig:
    """Train on s03 of a `tiny_stores.camera_store`, score on s09."""
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


def trainer_of(config, folder, task_class=LiftingTask) -> Trainer:
    """With weights of the config's seed."""
    torch.manual_seed(config.train.seed)
    return Trainer(task_class(config), config.train, config.optim, folder, to_dict(config))


def assert_same(one, two) -> None:
    """State dicts are equal to the last bit."""
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
