"""Tokens of whole poses beside the joint tokens."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from tiny_runs import assert_same, lifting_config, trainer_of
from tiny_stores import camera_store

from lib.config import build, to_dict
from lib.data.datasets import collate
from lib.errors import UserError
from lib.infer.lift import Lifter
from lib.model.checkpoint import Checkpoint, save_checkpoint
from lib.model.cost import saved_bytes
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.model.foreign import infer_config
from lib.model.pose_stream import PoseStream, PoseStreamConfig
from lib.train.lifting import LiftingConfig, LiftingTask
from lib.train.run import _score as score
from lib.train.start import start_from
from lib.train.step import set_recompute

SIZES = {"dim_feat": 16, "dim_rep": 8, "depth": 1, "num_heads": 2, "maxlen": 27}
STREAM = {"dim": 32, "depth": 2, "frames": 3}


def stream(frames=3):
    torch.manual_seed(0)
    return PoseStream(PoseStreamConfig(32, 2, frames), 17, (3, 4, 3), 27)


def model(count=1):
    torch.manual_seed(0)
    return DSTformer(DSTformerConfig(**SIZES, pose_stream=PoseStreamConfig(**STREAM, count=count)))


@pytest.mark.parametrize("is_alone", [True, False])
@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
def test_coordinates_are_not_rounded_to_half_precision(half, is_alone):
    """A step of 4 mm at 0.8 m would be most of what a body moves in a frame."""
    network = model(2)
    torch.nn.init.normal_(network.head.weight)
    network.stream_alone = is_alone
    x = torch.rand(2, 9, 17, 3)
    with torch.autocast("cpu", dtype=half):
        output = network(x)
    assert output.dtype == torch.float32
    assert (output != output.to(half).float()).float().mean() > 0.5


@pytest.mark.parametrize("num_frames", [1, 2, 3, 4, 27])
def test_every_length_keeps_its_frames(num_frames):
    tokens, pose = stream()(torch.randn(2, num_frames, 17, 3))
    assert tokens.shape == (2, num_frames, 17, 4) and pose.shape == (2, num_frames, 17, 3)


def test_frames_that_fill_up_a_token_are_frames_without_a_person():
    x = torch.randn(1, 4, 17, 3)
    whole = torch.cat([x, torch.zeros(1, 2, 17, 3)], 1)
    for short, long in zip(stream()(x), stream()(whole), strict=True):
        torch.testing.assert_close(short, long[:, :4])


def test_a_joint_knows_of_every_joint_and_frame():
    x = torch.randn(1, 9, 17, 3, requires_grad=True)
    stream()(x)[1][0, 0, 5].sum().backward()
    assert (x.grad.abs().sum(-1) > 0).all()


def test_joints_and_frames_stay_in_their_order():
    layer = stream(frames=2)
    with torch.no_grad():
        for parameter in layer.to_pose.parameters():
            parameter.zero_()
        layer.to_pose.bias[3 * (17 + 4) + 1] = 1.0  # second frame, joint 4, y
    pose = layer(torch.randn(1, 4, 17, 3))[1]
    assert pose.nonzero().tolist() == [[0, 1, 4, 1], [0, 3, 4, 1]]


def test_clips_never_mix():
    x = torch.randn(2, 6, 17, 3)
    changed = x.clone()
    changed[1] += 1
    assert torch.equal(model()(x)[0], model()(changed)[0])


def test_the_stream_alone_is_the_whole_at_first():
    net, x = model(), torch.randn(2, 7, 17, 3)
    whole = net(x)
    net.stream_alone = True
    assert torch.equal(net(x), whole)
    net(x).sum().backward()
    moved = {id(p) for p in net.parameters() if p.grad is not None}
    assert moved == {id(p) for p in net.parameters_of_guess()}
    with pytest.raises(ValueError, match="input has shape"):
        net(torch.randn(2, 7, 16, 3))


@pytest.mark.parametrize("alone", [True, False])
def test_of_several_streams_the_mean_counts_and_each_learns_by_itself(alone):
    net, x = model(3), torch.randn(2, 7, 17, 3)
    torch.nn.init.normal_(net.head.weight, std=0.1)
    net.stream_alone = alone
    by_each = net.train()(x)
    assert by_each.shape == (6, 7, 17, 3)
    first, second, third = by_each.split(2)
    assert not torch.allclose(first, second) and not torch.allclose(second, third)
    torch.testing.assert_close(net.eval()(x), torch.stack([first, second, third]).mean(0))
    rest = 0 if alone else net.head(net.get_representation(x))
    torch.testing.assert_close(second, net.more_streams[0](x)[1] + rest)


@pytest.mark.parametrize("alone", [True, False])
def test_recomputed_streams_learn_the_same_and_keep_less(alone):
    x, grads, kept = torch.randn(2, 9, 17, 3), [], []
    for is_recomputed in (False, True):
        net = model(2).train()
        torch.nn.init.constant_(net.head.weight, 0.1)
        net.stream_alone = alone
        if is_recomputed:
            set_recompute(net)
        kept.append(saved_bytes(net, partial(net, x)))
        net(x).square().sum().backward()
        grads.append({name: p.grad for name, p in net.named_parameters() if p.grad is not None})
    assert_same(*grads)
    assert 0 < kept[1] < 0.5 * kept[0]


def test_streams_learn_as_if_each_were_the_only_one(tmp_path):
    plain = to_dict(lifting_config(str(camera_store(tmp_path / "fit3d")), epochs=1))
    plain["model"]["pose_stream"] = STREAM | {"count": 2}
    both = LiftingTask(build(LiftingConfig, plain | {"stream_alone": True}, "test"))
    plain["model"]["pose_stream"] = STREAM
    one = LiftingTask(build(LiftingConfig, plain | {"stream_alone": True}, "test"))
    batch = collate([both.train_data[0, 0, i] for i in range(2)])
    counts, terms = both.counts(batch, 0), []
    assert set(both.losses(both.model, batch, 0, counts)) > {"position", "velocity"}
    sum(both.losses(both.model, batch, 0, counts).values()).backward()
    for stream in both.model.streams:
        one.model.pose_stream.load_state_dict(stream.state_dict())
        one.model.zero_grad()
        terms.append(one.losses(one.model, batch, 0, counts))
        sum(terms[-1].values()).backward()
        grads = dict(one.model.pose_stream.named_parameters())
        for name, parameter in stream.named_parameters():
            if not name.startswith("to_tokens"):
                torch.testing.assert_close(2 * parameter.grad, grads[name].grad)
    for name, value in both.losses(both.model, batch, 0, counts).items():
        torch.testing.assert_close(value, (terms[0][name] + terms[1][name]) / 2)


@pytest.mark.parametrize("count", [1, 2])
def test_a_stage_with_the_stream_alone_leaves_the_joint_tokens(tmp_path, count):
    store = str(camera_store(tmp_path / "fit3d"))
    plain = to_dict(lifting_config(store, epochs=1))
    plain["model"]["pose_stream"] = STREAM | {"count": count}
    config = build(LiftingConfig, plain | {"stream_alone": True}, "test")
    trainer = trainer_of(config, tmp_path / "run")
    before = {name: p.clone() for name, p in trainer.task.model.named_parameters()}
    guess = {id(p) for p in trainer.task.model.parameters_of_guess()}
    trainer.fit()
    for name, parameter in trainer.task.model.named_parameters():
        assert torch.equal(before[name], parameter) == (id(parameter) not in guess), name

    whole = LiftingTask(build(LiftingConfig, plain, "test"))
    start_from(whole, str(tmp_path / "run/best.pt"))
    x = torch.randn(1, 9, 17, 3)
    torch.testing.assert_close(whole.model.eval()(x), trainer.task.model.eval()(x))
    with pytest.raises(UserError, match="shorten the clips"):
        build(LiftingConfig, plain | {"more_clip_lens": [10]}, "test")
    with pytest.raises(UserError, match="stream_alone needs a stream"):
        build(LiftingConfig, plain | {"stream_alone": True, "model": SIZES}, "test")
    with pytest.raises(UserError, match="stream_alone has one rate: set backbone_factor=1"):
        build(LiftingConfig, plain | {"stream_alone": True, "backbone_factor": 0.1}, "test")


def test_trained_joint_tokens_are_neither_left_out_in_training_nor_in_scores(tmp_path):
    store = str(camera_store(tmp_path / "fit3d"))
    plain = to_dict(lifting_config(store, epochs=1))
    plain["model"]["pose_stream"] = STREAM
    whole = build(LiftingConfig, plain, "test")
    alone = build(LiftingConfig, plain | {"stream_alone": True, "more_clip_lens": [3]}, "test")
    task = LiftingTask(whole)
    torch.nn.init.normal_(task.model.head.weight)
    path = str(tmp_path / "whole.pt")
    save_checkpoint(Path(path), Checkpoint("lifting", plain, task.model.state_dict()))
    with pytest.raises(
        UserError, match=r"whole.pt: stream_alone would leave out its trained joint"
    ):
        start_from(LiftingTask(alone), path)
    start_from(LiftingTask(replace(alone, reset_head=True)), path)
    assert score(path, alone, LiftingTask) == score(path, whole, LiftingTask)


def test_without_a_stream_there_are_no_further_weights():
    plain, rich = DSTformer(DSTformerConfig(**SIZES)).state_dict(), model().state_dict()
    assert {name for name in rich if name not in plain} == {
        name for name in rich if name.startswith("pose_stream.")
    }


def test_the_representation_is_what_the_head_sees():
    net, x = model(), torch.randn(1, 6, 17, 3)
    torch.nn.init.normal_(net.head.weight)
    guess = net.pose_stream(x)[1]
    torch.testing.assert_close(net.head(net.get_representation(x)) + guess, net(x))


def test_sizes_are_read_from_the_weights():
    for count in (1, 2, 3):
        found = infer_config(model(count).state_dict(), "x.pt").pose_stream
        assert found == PoseStreamConfig(**STREAM, count=count)


def test_a_lifter_of_other_streams_starts_no_lifter(tmp_path):
    plain = to_dict(lifting_config(str(camera_store(tmp_path / "fit3d")), epochs=1))
    plain["model"] = SIZES | {"pose_stream": STREAM}
    path = str(tmp_path / "one.pt")
    save_checkpoint(Path(path), Checkpoint("lifting", plain, model().state_dict()))
    plain["model"] = SIZES | {"pose_stream": STREAM | {"count": 2}}
    with pytest.raises(UserError, match=r"one.pt: .* set model.pose_stream.count=1"):
        start_from(LiftingTask(build(LiftingConfig, plain, "test")), path)


def test_the_new_head_of_several_streams_is_that_of_all(tmp_path):
    plain = to_dict(lifting_config(str(camera_store(tmp_path / "fit3d")), epochs=1))
    plain["model"] = SIZES | {"pose_stream": STREAM | {"count": 2}}
    task = LiftingTask(build(LiftingConfig, plain | {"reset_head": True}, "test"))
    before = {k: v.clone() for k, v in task.model.state_dict().items()}
    torch.manual_seed(7)
    other = {k: torch.randn_like(v) for k, v in before.items()}
    save_checkpoint(tmp_path / "x.pt", Checkpoint("lifting", plain, other))
    start_from(task, str(tmp_path / "x.pt"))
    kept = {k for k, v in task.model.state_dict().items() if torch.equal(v, before[k])}
    ends = ("to_pose.weight", "to_pose.bias")
    assert kept == {"head.weight", "head.bias"} | {
        f"{stream}.{end}" for stream in ("pose_stream", "more_streams.0") for end in ends
    }
    head = next(group for group in task.groups() if group.name == "head")
    assert len(head.parameters) == len(kept)


def test_a_checkpoint_brings_its_stream_along(tmp_path):
    config = {"model": SIZES | {"pose_stream": STREAM}, "data": {"clip_len": 27, "fps": 50.0}}
    net = model()
    save_checkpoint(tmp_path / "x.pt", Checkpoint("lifting", config, net.state_dict()))
    x = torch.randn(1, 27, 17, 3)
    again = Lifter.from_checkpoint(tmp_path / "x.pt").model
    torch.testing.assert_close(again(x), net(x))


@pytest.mark.parametrize(
    "change", [{"dim": 33}, {"dim": 0}, {"depth": 0}, {"frames": 0}, {"count": 0}]
)
def test_sizes_that_do_not_fit(change):
    with pytest.raises(UserError, match="pose"):
        build(PoseStreamConfig, STREAM | change, "model.yaml")
