"""Learning rates by group and by step."""

import copy
import itertools

import pytest
import torch

from lib.errors import UserError
from lib.model.attention import Attention, Mlp
from lib.train.optim import (
    OptimConfig,
    ParameterGroup,
    freeze_others,
    make_optimizer,
    rate_factor,
    restore_optimizer,
    set_rates,
)


def _groups():
    one, two = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    return [
        ParameterGroup("backbone", list(one.parameters()), 0.1),
        ParameterGroup("head", list(two.parameters()), 1.0),
    ]


def test_backbone_learns_at_a_tenth():
    optimizer = make_optimizer(_groups(), OptimConfig(lr=2e-4), torch.nn.Module())
    set_rates(optimizer, 0.5)
    rates = {group["name"]: group["lr"] for group in optimizer.param_groups}
    assert rates["backbone"] == pytest.approx(1e-5) and rates["head"] == pytest.approx(1e-4)


def test_frozen_group_is_left_out():
    groups = _groups()
    frozen = [ParameterGroup("backbone", groups[0].parameters, 0.0), groups[1]]
    optimizer = make_optimizer(frozen, OptimConfig(), torch.nn.Module())
    assert [g["name"] for g in optimizer.param_groups] == ["head"]


class _Layers(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.mlp, self.attn = torch.nn.Linear(3, 8), Mlp(8, 16), Attention(8, 2)

    def loss(self):
        x = self.embed(torch.linspace(-1, 1, 60).reshape(4, 5, 1, 3))
        return self.attn(x + self.mlp(x)).square().mean()


def _muon(model, muon_lr=4e-3, factor=0.1):
    groups = [ParameterGroup("all", list(model.parameters()), factor)]
    return make_optimizer(groups, OptimConfig(lr=1e-3, muon_lr=muon_lr), model)


def _step(model, optimizer):
    optimizer.zero_grad()
    model.loss().backward()
    optimizer.step()


def test_muon_moves_the_matrices_of_attention_and_mlps_alone():
    model = _Layers()
    optimizer = _muon(model)
    groups = {g["name"]: (g["rate"], len(g["params"])) for g in optimizer.param_groups}
    assert groups == {"all matrices": (pytest.approx(4e-4), 4), "all": (pytest.approx(1e-4), 6)}
    assert isinstance(_muon(model, muon_lr=0), torch.optim.AdamW)
    set_rates(optimizer, 0.5)
    before, weight = model.attn.qkv.weight.detach().clone(), model.attn.qkv.weight
    for p in model.parameters():
        p.grad = torch.randn_like(p)
    turns, sizes = torch.linalg.qr(weight.grad.view(3, 8, 8)).Q, torch.tensor([1.0, 10.0, 0.1])
    weight.grad = (sizes[:, None, None] * turns * torch.logspace(0, -1.5, 8)).flatten(0, 1)
    optimizer.step()
    moved = (weight.detach() - before * (1 - 2e-4 * 0.01)) / (2e-4 * 0.2 * 8**0.5)
    # The singular values of q, k and v are about 1, whatever those of the gradients are.
    values = torch.linalg.svdvals(moved.view(3, 8, 8))
    assert values.min() > 0.7 and values.max() < 1.2


def test_two_optimisers_go_on_from_a_saved_state_as_one():
    straight, stopped = _Layers(), _Layers()
    first, second = _muon(straight), _muon(stopped)
    for _ in range(3):
        _step(straight, first)
        _step(stopped, second)
    anew = _muon(stopped)
    restore_optimizer(anew, copy.deepcopy(second.state_dict()), "latest.pt")
    for _ in range(3):
        _step(straight, first)
        _step(stopped, anew)
    for a, b in zip(straight.parameters(), stopped.parameters(), strict=True):
        assert torch.equal(a, b)
    assert len(anew.state_dict()["state"]) == 10


def test_a_rate_of_muon_that_moves_nothing_is_refused():
    with pytest.raises(UserError, match="muon_lr moves nothing"):
        _muon(torch.nn.Linear(2, 2))
    with pytest.raises(UserError, match="muon_lr moves nothing"):
        _muon(_Layers(), factor=0.0)


def test_a_state_of_adamw_is_not_one_of_muon():
    model = _Layers()
    with pytest.raises(UserError, match=r"moves all \(10 tensors\), the config's all matrices"):
        restore_optimizer(_muon(model), _muon(model, muon_lr=0).state_dict(), "latest.pt")


def test_exponential_falls_once_an_epoch():
    config = OptimConfig(decay=0.9)
    factors = [rate_factor(config, step, step // 10, 30) for step in (0, 9, 10, 29)]
    assert factors == pytest.approx([1, 1, 0.9, 0.81])


def test_cosine_warms_up_and_ends_at_zero():
    config = OptimConfig(schedule="cosine", warmup_steps=4)
    factors = [rate_factor(config, step, step // 10, 100) for step in range(101)]
    assert factors[0] == pytest.approx(0.25, rel=0.01) and max(factors) > 0.99
    assert factors[100] == pytest.approx(0, abs=1e-9)
    assert all(a >= b for a, b in itertools.pairwise(factors[5:]))


@pytest.mark.parametrize("schedule", ["exponential", "cosine"])
def test_a_warm_up_longer_than_the_run_rises_to_its_end(schedule):
    config = OptimConfig(schedule=schedule, warmup_steps=1000, decay=1.0)
    factors = [rate_factor(config, step, 0, 20) for step in range(20)]
    assert all(0 < factor <= 20 / 1000 for factor in factors)
    assert factors[0] == pytest.approx(1 / 1000)
    if schedule == "exponential":
        assert factors[-1] == pytest.approx(20 / 1000)


def test_a_run_of_one_step_has_a_rate():
    for schedule in ("exponential", "cosine"):
        assert rate_factor(OptimConfig(schedule=schedule), 0, 0, 1) == 1.0


def test_only_what_is_moved_needs_a_gradient():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    groups = [
        ParameterGroup("backbone", list(model[0].parameters()), 0.0),
        ParameterGroup("head", list(model[1].parameters()), 1.0),
    ]
    freeze_others(model, make_optimizer(groups, OptimConfig(), model))
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]
