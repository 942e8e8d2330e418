"""What an epoch's line says of its loss."""

import pytest
import torch

from lib.train.meter import Meter


def of_epoch(meter: Meter, epoch: int, *losses: float) -> str:
    for step, loss in enumerate(losses):
        meter.add(step, {"position": torch.tensor(loss)}, torch.tensor(1.0))
    return meter.epoch_loss(epoch)


def test_an_epoch_has_the_mean_of_its_own_steps():
    meter = Meter(may_overflow=False)
    assert of_epoch(meter, 1, 0.2, 0.4) == "loss 0.3"
    assert of_epoch(meter, 2, 0.1) == "loss 0.1"


def test_an_epoch_without_steps_says_nothing():
    meter = Meter(may_overflow=False)
    assert of_epoch(meter, 1) == ""
    assert of_epoch(meter, 2, 0.5) == "loss 0.5"
    assert of_epoch(meter, 3) == ""


@pytest.mark.parametrize(
    ("then", "shown"),
    [(0.109, "loss 0.109"), (0.111, "loss 0.111 (lowest 0.1, epoch 2)"), (0.05, "loss 0.05")],
)
def test_a_loss_that_has_risen_is_told_with_the_lowest(then, shown):
    meter = Meter(may_overflow=False)
    of_epoch(meter, 1, 0.3)
    of_epoch(meter, 2, 0.1)
    assert of_epoch(meter, 3, then) == shown


def test_after_the_loss_came_down_again_nothing_is_told():
    meter = Meter(may_overflow=False)
    lines = [of_epoch(meter, i, loss) for i, loss in enumerate([0.1, 0.2, 0.09, 0.095])]
    assert lines[1:] == ["loss 0.2 (lowest 0.1, epoch 0)", "loss 0.09", "loss 0.095"]
