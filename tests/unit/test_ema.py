"""Averaged weights against the sum they stand for."""

import pytest
import torch

from lib.train.ema import Average


def _moved(model, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_()


@pytest.mark.parametrize("decay", [0.5, 0.999])
def test_average_is_the_weighted_sum_of_all_weights(decay):
    model = torch.nn.Linear(3, 2)
    average = Average(model, decay)
    expected = model.weight.detach().clone()
    for step in range(20):
        _moved(model, step)
        average.update(step)
        now = min(decay, (1 + step) / (10 + step))
        expected = now * expected + (1 - now) * model.weight.detach()
    torch.testing.assert_close(average.values["weight"], expected)


def test_first_weights_are_forgotten_soon():
    model = torch.nn.Linear(3, 2)
    average = Average(model, 0.9999)
    _moved(model, 0)
    for step in range(50):
        average.update(step)
    torch.testing.assert_close(average.values["weight"], model.weight.detach(), rtol=0, atol=1e-4)


def test_a_frozen_weight_stays_to_the_last_bit():
    model = torch.nn.Linear(3, 2)
    model.weight.requires_grad_(False)
    average = Average(model, 0.9)
    for step in range(30):
        average.update(step)
    assert torch.equal(average.values["weight"], model.weight)


def test_in_place_inside_the_block_alone_also_after_an_error():
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    average = Average(model, 0.9)
    _moved(model, 1)
    model[1].running_mean.fill_(7)
    own = model[0].weight.detach().clone()
    with pytest.raises(KeyError), average.in_place():
        assert torch.equal(model[0].weight, average.values["0.weight"])
        assert not torch.equal(model[0].weight, own)
        assert (model[1].running_mean == 7).all()  # buffers are the model's own
        raise KeyError
    assert torch.equal(model[0].weight, own)


def test_load_takes_what_there_is():
    model = torch.nn.Linear(3, 2)
    average = Average(model, 0.9)
    average.load({"weight": torch.full((2, 3), 5.0)})
    assert (average.values["weight"] == 5).all()
    assert torch.equal(average.values["bias"], model.bias)
    assert not (model.weight == 5).any()
