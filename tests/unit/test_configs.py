"""Shipped configs: sizes, each fits the next stage; every key does something."""

import dataclasses
import sys
import typing
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from tiny_stores import camera_store, image_store, world_store

import train_action
import train_pose3d
import train_pretrain
from lib.config import build, load_config, to_dict, to_yaml
from lib.errors import UserError
from lib.model.action import ActionNet
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.model.pose_stream import PoseStreamConfig
from lib.train.action import ActionRunConfig
from lib.train.lifting import LiftingConfig

ROOT = Path(__file__).resolve().parents[2]
CLASS_OF = {"pretrain": LiftingConfig, "pose3d": LiftingConfig, "action": ActionRunConfig}
SIZES = {"full": 42_466_317, "lite": 16_001_549, "small": 4_035_853, "tiny": 2_172_683}
SHAPES = {
    "full": (512, 512, 5, 8, 2), "lite": (256, 512, 5, 8, 4), "small": (128, 256, 5, 8, 4),
    "tiny": (128, 128, 4, 8, 2),
}  # fmt: skip


def shipped(stage, size):
    return load_config(CLASS_OF[stage], ROOT / f"configs/{stage}/{size}.yaml")


@pytest.mark.parametrize("size", SIZES)
def test_sizes_of_the_backbones(size):
    model = shipped("pretrain", size).model
    names = ("dim_feat", "dim_rep", "depth", "num_heads", "mlp_ratio")
    assert tuple(getattr(model, name) for name in names) == SHAPES[size]
    with torch.device("meta"):
        count = sum(p.numel() for p in DSTformer(model).parameters())
    assert count == SIZES[size]


@pytest.mark.parametrize("size", SIZES)
def test_each_stage_starts_from_the_one_before(size):
    stages = {stage: shipped(stage, size) for stage in CLASS_OF}
    assert len({str(config.model) for config in stages.values()}) == 1
    assert len({config.run for config in stages.values()}) == 3
    assert [stages[s].backbone_factor for s in CLASS_OF] == [1.0, 0.1, 0.1]
    pose3d = stages["pose3d"].augment
    assert pose3d.joint_mask == pose3d.frame_mask == 0


@pytest.mark.parametrize(
    "path",
    sorted(ROOT.glob("configs/pretrain/*.yaml")) + sorted(ROOT.glob("configs/pose3d/*.yaml")),
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_people_with_cameras_are_scored_as_they_are(path):
    """Else a recipe stops at the stage that inherits other proportions from the one before."""
    config = load_config(LiftingConfig, path).eval
    is_filmed = all(source.cameras is not None for source in config.sources)
    assert not (is_filmed and config.part_scale_std), path


def test_reference_hyper_parameters_are_those_of_the_paper():
    pretrain, pose3d, action = (shipped(stage, "full") for stage in CLASS_OF)
    loss = pretrain.loss
    assert (loss.position, loss.scale, loss.velocity, loss.angle) == (1.0, 0.5, 20.0, 0.0)
    rates = [(c.optim.lr, c.train.batch_size, c.train.epochs) for c in (pretrain, pose3d, action)]
    assert rates == [(5e-4, 64, 90), (2e-4, 32, 60), (1e-3, 32, 300)]
    assert (pretrain.optim.weight_decay, pretrain.optim.decay) == (0.01, 0.99)
    assert (pretrain.augment.joint_mask, pretrain.augment.frame_mask) == (0.05, 0.1)
    assert (action.head.hidden_dim, action.head.dropout) == (2048, 0.5)
    assert pose3d.noise is None and pretrain.noise is not None


@pytest.mark.parametrize("size", ["small", "lite"])
@pytest.mark.parametrize("stage", CLASS_OF)
def test_smaller_configs_differ_from_full_in_size_and_folder_alone(stage, size):
    one, other = (to_dict(shipped(stage, name)) for name in ("full", size))
    assert {key for key in one if one[key] != other[key]} == {"model", "run"}


def config_classes(cls, found=None):
    """A config class and those inside it."""
    found = {} if found is None else found
    found.setdefault(cls, {f.name for f in dataclasses.fields(cls)})
    for hint in typing.get_type_hints(cls).values():
        for part in (hint, *typing.get_args(hint)):
            if dataclasses.is_dataclass(part) and part not in found:
                config_classes(part, found)
    return found


ALL = config_classes(LiftingConfig) | config_classes(ActionRunConfig)


def record_reads(monkeypatch):
    """{(class, field)} that lib reads from now on; checks of ranges and copies do not count."""
    read = set()

    def note(self, name):
        code = sys._getframe(1).f_code
        is_check = "check" in code.co_name or code.co_name == "__post_init__"
        where = Path(code.co_filename)
        if where.is_relative_to(ROOT / "lib") and where.name != "config.py" and not is_check:
            fields = ALL[type(self)]
            read.update(
                (type(self), f) for f in (fields if name == "__dict__" else {name} & fields)
            )
        return object.__getattribute__(self, name)

    for cls in ALL:
        monkeypatch.setattr(cls, "__getattribute__", note)
    return read


MODEL = {"dim_feat": 16, "dim_rep": 16, "depth": 1, "num_heads": 2, "maxlen": 27}
"""Everything else of the configs below is made of what the shipped ones have."""


def run_all(folder: Path) -> None:
    """One epoch of each script with everything switched on."""
    camera, world = str(camera_store(folder / "c")), str(world_store(folder / "w"))
    (folder / "split.yaml").write_text(f"base: {ROOT}/configs/splits/perfectrep.yaml\n")
    split = {"split": str(folder / "split.yaml")}
    train = {"epochs": 1, "batch_size": 4, "device": "cpu", "num_workers": 0}
    noise = to_dict(shipped("pretrain", "full"))["noise"]
    noise |= {"other": dict(noise), "other_share": 0.5}
    shared = {
        "model": MODEL | {"pose_stream": {"dim": 32, "depth": 1}}, "noise": noise, "train": train,
        "sources": [
            {"store": camera, **split, "random_camera": 0.5}, {"store": world},
        ],
        "eval": {"sources": [{"store": camera, **split, "side": "test"}, {"store": world}]},
        "augment": to_dict(shipped("pretrain", "tiny"))["augment"],
    }  # fmt: skip
    lifting = {
        "data": {"clip_len": 9, "fps": 25}, "loss": {"reprojection": 0.5},
        "sources_2d": [{"store": str(image_store(folder / "i")), "clip_len": 9, "noise": True}],
    }  # fmt: skip
    image = lifting | {
        "target": "image", "sources_2d": [], "model": shared["model"] | {"input_skip": True},
    }  # fmt: skip
    action = {
        "head": {"num_classes": 2, "hidden_dim": 8}, "classes": ["squat", "other"],
        "data": {"clip_len": 27, "frame_step": 3}, "backbone_factor": 1.0,
        "other": {"actions": ["deadlift"], "sources": [{"store": world}], "share": 0.5},
    }  # fmt: skip
    stages = (
        (train_pretrain, LiftingConfig, lifting, []),
        (train_pose3d, LiftingConfig, image, ["-p", str(folder / "train_pretrain/best.pt")]),
        (train_action, ActionRunConfig, action, []),
    )
    for script, cls, own, flags in stages:
        path = folder / f"{script.__name__}.yaml"
        path.write_text(to_yaml(build(cls, shared | own, "test")))
        run = ["-c", str(folder / script.__name__)]
        assert script.main(["--config", str(path), *run, *flags]) == 0
    last = str(folder / "train_action/best.pt")
    flags = ["--config", str(folder / "train_action.yaml"), "-c", str(folder / "again"), "-p", last]
    assert train_action.main(flags) == 0


def test_T7_T8_T9_every_config_field_is_read(tmp_path, monkeypatch):
    """A field that no code asks for is a key without effect."""
    read = record_reads(monkeypatch)
    run_all(tmp_path)
    unread = {f"{cls.__name__}.{name}" for cls in ALL for name in ALL[cls]} - {
        f"{cls.__name__}.{name}" for cls, name in read
    }
    assert unread == set()


def test_T7_epochs_and_batch_size_come_from_the_file(tmp_path):
    """No flag has a default that wins over the file, and the resolved values are kept."""
    store = str(camera_store(tmp_path / "c"))
    config = build(
        LiftingConfig,
        {"model": MODEL, "data": {"clip_len": 9, "fps": 25}, "sources": [{"store": store}],
         "eval": {"sources": [{"store": store}]},
         "train": {"epochs": 2, "batch_size": 5, "eval_every": 0, "device": "cpu"}},
        "test",
    )  # fmt: skip
    (tmp_path / "own.yaml").write_text(to_yaml(config))
    run = tmp_path / "run"
    flags = ["--config", str(tmp_path / "own.yaml"), "-c", str(run)]
    assert train_pretrain.main([*flags, "train.batch_size=6"]) == 0
    saved = load_config(LiftingConfig, run / "config.yaml")
    assert (saved.train.epochs, saved.train.batch_size) == (2, 6)
    assert saved.run == str(run) and saved.sources[0].store == store


@pytest.mark.parametrize("key", ["rootrel", "no_conf", "no_eval", "dropout", "mask"])
@pytest.mark.parametrize("stage", CLASS_OF)
def test_T8_keys_of_the_ancestors_that_nothing_reads_are_refused(stage, key):
    with pytest.raises(UserError, match=f"{key}: unknown key"):
        load_config(CLASS_OF[stage], ROOT / f"configs/{stage}/full.yaml", [f"{key}=true"])


CHANGES = {
    "dim_in": 2, "dim_out": 2, "dim_feat": 24, "dim_rep": 8, "depth": 2, "mlp_ratio": 3.0,
    "num_joints": 5, "maxlen": 9, "att_fuse": False, "num_heads": 4, "pos_embed_std": 0.5,
    "pose_stream": PoseStreamConfig(32, 1), "input_skip": True,
}  # fmt: skip


def spread_of(network):
    """Of the output x for joints all over the crop: small in a network that is not trained."""
    config = network.config
    x = torch.linspace(-1, 1, config.num_joints)[:, None].repeat(1, config.dim_in)
    x[:, 2:] = 1
    with torch.no_grad():
        return float(network(x[None, None])[..., 0].std())


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(DSTformerConfig)])
def test_T9_every_size_in_a_config_reaches_the_network(name):
    """Each changes the shapes, the number of heads, the first values or the output."""
    networks = []
    for changes in ({}, {name: CHANGES[name]}):
        torch.manual_seed(0)
        networks.append(DSTformer(DSTformerConfig(**MODEL | changes)))
    shown = [
        (
            {k: tuple(v.shape) for k, v in network.state_dict().items()},
            network.blocks_st[0].attn_s.num_heads,
            round(float(network.pos_embed.detach().std()), 1),
            round(spread_of(network), 1),
        )
        for network in networks
    ]
    assert shown[0] != shown[1]


def test_T9_every_size_of_the_head_reaches_it():
    config = shipped("action", "tiny")
    model = ActionNet(DSTformer(config.model), config.head)
    assert model.head.fc1.out_features == model.head.bn.num_features == config.head.hidden_dim
    assert model.head.fc2.out_features == config.head.num_classes == len(config.classes)
    assert model.head.dropout.p == config.head.dropout
