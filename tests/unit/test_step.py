"""One step: micro-batches, number formats and recomputation change its cost, not its outcome."""

import functools

import pytest
import torch
from tiny_runs import assert_same, lifting_config, trainer_of
from tiny_stores import camera_store

from lib.data.datasets import collate
from lib.errors import UserError
from lib.train.optim import part_size
from lib.train.precision import Precision, fastest
from lib.train.step import Stepper, set_recompute


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return str(camera_store(tmp_path_factory.mktemp("store") / "fit3d"))


def _trained(store, folder, **settings):
    config = lifting_config(store, batch_size=5, epochs=1, eval_every=0, **settings)
    trainer = trainer_of(config, folder)
    trainer.fit()
    return trainer.task.model.state_dict()


def _assert_close(one, two, tolerance):
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=0, atol=tolerance)


@pytest.mark.parametrize("accumulate", [2, 4, 9])
def test_micro_batches_add_up_to_the_batch(store, tmp_path, accumulate):
    whole = _trained(store, tmp_path / "whole")
    parts = _trained(store, tmp_path / "parts", accumulate=accumulate)
    _assert_close(whole, parts, 1e-6)


@pytest.mark.parametrize("accumulate", [1, 2, 3, 4, 100])
@pytest.mark.parametrize("num_clips", range(1, 14))
@pytest.mark.parametrize("least", [1, 2])
def test_T17_no_part_is_a_single_clip_for_batch_norm(num_clips, accumulate, least):
    size = part_size(num_clips, accumulate, least)
    parts = [min(size, num_clips - i) for i in range(0, num_clips, size)]
    assert len(parts) <= accumulate and min(parts) >= min(least, num_clips)


def test_recomputed_activations_are_the_same(store, tmp_path):
    plain = _trained(store, tmp_path / "plain")
    assert_same(plain, _trained(store, tmp_path / "again", recompute=True))


def test_recompute_needs_a_model_that_can():
    with pytest.raises(UserError, match=r"train.recompute: this model cannot"):
        set_recompute(torch.nn.Linear(1, 1))


def _first_step(store, folder, precision):
    """Loss terms of a run's first batch, all gradients in a row, and the weights after it."""
    trainer = trainer_of(lifting_config(store, batch_size=5, precision=precision), folder)
    task, parts = trainer.task, {"accumulate": 1, "grad_clip": 0, "is_compiled": False}
    stepper = Stepper(task, trainer.optimizer, trainer.precision, **parts)
    batch = collate([task.train_data[draw] for draw in trainer.plan(0)[0]])
    for _ in range(20):  # fp16 skips steps until its scale is low enough
        terms, norm = stepper.step(batch, 0, task.counts(batch, 0))
        if norm.isfinite():
            break
    row = torch.cat([p.grad.flatten() for p in stepper.moved if p.grad is not None])
    return {name: float(term) for name, term in terms.items()}, row, task.model.state_dict()


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_is_near_and_its_weights_are_float32(store, tmp_path, precision):
    terms, row, _ = _first_step(store, tmp_path / "full", "float32")
    half_terms, half_row, weights = _first_step(store, tmp_path / "half", precision)
    assert {v.dtype for v in weights.values()} == {torch.float32}
    assert half_terms == pytest.approx(terms, rel=0.005)
    assert 0 < (half_row - row).norm() < 0.02 * row.norm()


def test_fp16_skips_a_step_that_overflows():
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=1.0)
    precision = Precision("fp16", torch.device("cpu"))
    scale = precision.state_dict()["scale"]
    precision.backward(weight.sum() * 1e38)
    precision.unscale(optimizer)
    precision.step(optimizer)
    assert torch.equal(weight, torch.ones(2)) and precision.state_dict()["scale"] < scale


def test_a_format_that_the_device_lacks_is_refused_in_one_line(monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("not implemented for 'Half'")

    monkeypatch.setattr(torch, "autocast", fails)
    with pytest.raises(UserError, match=r"^train.precision=fp16: cpu cannot do that; use float32$"):
        Precision("fp16", torch.device("cpu"))


@pytest.mark.parametrize(
    ("able", "name"),
    [
        ({}, "float32"),
        ({"avx512_bf16": False, "amx_bf16": False}, "float32"),
        ({"avx512_bf16": True}, "bf16"),
        ({"amx_bf16": True}, "bf16"),
    ],
)
def test_auto_is_bf16_where_a_cpu_multiplies_in_it(monkeypatch, able, name):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    assert Precision("auto", torch.device("cpu")).name == name
    assert Precision("bf16", torch.device("cpu")).name == "bf16"


@pytest.mark.parametrize(("is_supported", "name"), [(True, "bf16"), (False, "float32")])
def test_auto_is_bf16_on_a_gpu_that_has_it(monkeypatch, is_supported, name):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda _: is_supported)
    assert fastest(torch.device("cuda")) == name
    assert fastest(torch.device("mps")) == "float32"


def test_a_check_of_the_format_draws_no_random_numbers():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    Precision("bf16", torch.device("cpu"))
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.slow
def test_compiled_network_trains_the_same_and_keeps_its_names(store, tmp_path, monkeypatch):
    """Traced as ever, but the graph is run as it is: compiling it takes minutes."""
    plain = _trained(store, tmp_path / "plain")
    compile_fast = functools.partial(torch.compile, backend="aot_eager")
    monkeypatch.setattr(torch, "compile", compile_fast)
    compiled = _trained(store, tmp_path / "compiled", compile=True)
    assert plain.keys() == compiled.keys()
    _assert_close(plain, compiled, 1e-5)
