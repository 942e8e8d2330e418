"""Learning rates by group and by step."""

import itertools

import pytest
import torch

from lib.train.optim import (
    OptimConfig,
    ParameterGroup,
    freeze_others,
    make_optimizer,
    rate_factor,
    set_rates,
)


def _groups():
    one, two = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    return [
        ParameterGroup("backbone", list(one.parameters()), 0.1),
        ParameterGroup("head", list(two.parameters()), 1.0),
    ]


def test_backbone_learns_at_a_tenth():
    config = OptimConfig(lr=2e-4)
    optimizer = make_optimizer(_groups(), config)
    set_rates(optimizer, config, 0.5)
    rates = {group["name"]: group["lr"] for group in optimizer.param_groups}
    assert rates["backbone"] == pytest.approx(1e-5) and rates["head"] == pytest.approx(1e-4)


def test_frozen_group_is_left_out():
    groups = _groups()
    frozen = [ParameterGroup("backbone", groups[0].parameters, 0.0), groups[1]]
    assert [g["name"] for g in make_optimizer(frozen, OptimConfig()).param_groups] == ["head"]


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
    freeze_others(model, make_optimizer(groups, OptimConfig()))
    assert [p.requires_grad for p in model.parameters()] == [False, False, True, True]
