"""Averaged weights against the sum they stand for."""

from dataclasses import replace

import pytest
import tiny_models
import torch

from lib.config import build
from lib.infer.classify import Classifier
from lib.infer.lift import Lifter
from lib.model.checkpoint import load_checkpoint, save_checkpoint
from lib.train.ema import Average
from lib.train.lifting import LiftingConfig, LiftingTask
from lib.train.start import start_from
from tools import ship_checkpoint


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


def _latest(path, ema):
    """A run's latest.pt: last weights, and averaged ones beside them."""
    saved = load_checkpoint(path)
    save_checkpoint(path, replace(saved, extra={"ema": ema}))
    return path


def test_whoever_uses_a_latest_file_gets_the_weights_that_were_scored(tmp_path):
    """Lifting, classifying, starting from it and shipping it: the averaged ones, as -e does."""
    lifter = tiny_models.save_lifter(tmp_path / "lifter.pt")
    half = torch.full((3,), 0.5)
    _latest(lifter, {"head.bias": half})
    assert torch.equal(Lifter.from_checkpoint(lifter).model.head.bias, half)
    shipped = tmp_path / "shipped.pt"
    assert ship_checkpoint.main([str(lifter), str(shipped)]) == 0
    assert torch.equal(load_checkpoint(shipped).model["head.bias"], half)
    content = {"model": tiny_models.MODEL, "sources": [], "eval": {"sources": []}}
    config = build(LiftingConfig, content | {"data": {"clip_len": 9, "fps": 25}}, "test")
    task = LiftingTask(config)
    start_from(task, str(lifter))
    assert torch.equal(task.model.head.bias, half)
    classifier = _latest(tiny_models.save_classifier(tmp_path / "a.pt"), {"head.fc2.bias": half})
    assert torch.equal(Classifier.from_checkpoint(classifier).model.head.fc2.bias, half)
