"""Losses: agreement with the reference implementation, masks, time steps, finite gradients."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lib.model import losses

GOLDEN = Path(__file__).parents[1] / "golden" / "losses_reference.npz"
GOLDEN_NAME = {
    "position": "loss_mpjpe", "scale": "n_mpjpe", "velocity": "velocity",
    "limb_variance": "limb_var", "limb_length": "limb_gt", "angle": "angle",
    "angular_velocity": "angle_velocity",
}  # fmt: skip
ALONG_TIME = ("velocity", "limb_variance", "angular_velocity")


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


def weighted(pred, truth, valid=None, **count):
    return losses.weighted_2d(pred, truth, torch.ones_like(pred[..., 0]), valid, **count)


ALL = {name: getattr(losses, name) for name in GOLDEN_NAME} | {"weighted_2d": weighted}
each_loss = pytest.mark.parametrize("loss", ALL.values(), ids=ALL.keys())


def clips(num_clips=2, num_frames=5, seed=0):
    generator = torch.Generator().manual_seed(seed)
    shape = (2, num_clips, num_frames, 17, 3)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("name", GOLDEN_NAME)
def test_value_equals_the_reference(name, golden):
    value = getattr(losses, name)(golden["pred"], golden["gt"])
    assert value.item() == pytest.approx(golden[GOLDEN_NAME[name]].item(), abs=1e-12)


def test_weighted_2d_equals_the_reference(golden):
    value = losses.weighted_2d(golden["pred"], golden["gt"], golden["conf"][..., 0])
    assert value.item() == pytest.approx(golden["weighted_2d"].item(), abs=1e-12)


@each_loss
def test_a_full_mask_changes_nothing(loss):
    pred, truth = clips()
    everything = torch.ones(2, 5, 17, dtype=torch.bool)
    assert loss(pred, truth, everything).item() == pytest.approx(loss(pred, truth).item())


@each_loss
def test_masked_joints_count_neither_in_value_nor_gradient(loss):
    pred, truth = clips()
    valid = torch.rand(2, 5, 17, generator=torch.Generator().manual_seed(1)) > 0.2
    value = loss(pred, truth, valid)
    unseen = ~valid.unsqueeze(-1)
    moved = torch.where(unseen, pred + 7, pred).requires_grad_()
    again = loss(moved, torch.where(unseen, torch.nan, truth), valid)
    again.backward()
    assert again.item() == pytest.approx(value.item(), abs=1e-12)
    assert torch.isfinite(moved.grad).all()
    assert moved.grad[~valid].abs().max() == 0
    assert moved.grad[valid].abs().max() > 0


@each_loss
def test_nothing_to_count_gives_zero_in_the_graph(loss):
    pred, truth = clips()
    pred.requires_grad_()
    value = loss(pred, torch.full_like(truth, torch.nan), torch.zeros(2, 5, 17).bool())
    value.backward()
    assert value.item() == 0
    assert pred.grad.abs().max() == 0


@each_loss
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gradient_is_finite_where_all_joints_coincide(loss, dtype):
    pred = torch.zeros(1, 3, 17, 3, dtype=dtype, requires_grad=True)
    value = loss(pred, clips(1, 3)[1].to(dtype))
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(pred.grad).all()


@each_loss
def test_gradient_is_finite_at_a_perfect_prediction(loss):
    truth = clips()[1].float()
    pred = truth.clone().requires_grad_()
    loss(pred, truth).backward()
    assert torch.isfinite(pred.grad).all()


@pytest.mark.parametrize("name", ALONG_TIME)
def test_one_frame_gives_zero_in_the_graph(name):
    pred, truth = clips(num_frames=1)
    pred.requires_grad_()
    value = getattr(losses, name)(pred, truth)
    value.backward()
    assert value.item() == 0
    assert pred.grad.abs().max() == 0


def test_velocity_needs_both_frames():
    pred, truth = torch.zeros(2, 1, 3, 17, 3)
    pred[:, 2, 0, 0] = 1.0  # only the root's second step is wrong
    valid = torch.ones(1, 3, 17, dtype=torch.bool)
    assert losses.velocity(pred, truth, valid).item() == pytest.approx(1 / 34)
    valid[:, 1, 0] = False
    assert losses.velocity(pred, truth, valid).item() == 0


@pytest.mark.parametrize("name", ["velocity", "angular_velocity"])
def test_T24_a_motion_weighs_the_same_at_any_frame_rate(name):
    """The same smooth motion sampled at 50 and 25 fps: equal but for the curvature."""
    loss = getattr(losses, name)
    start, step = clips(1, 1)[0], 1e-3 * clips(1, 1, seed=3)[0]
    fast = start + step * torch.arange(41).view(1, -1, 1, 1)
    slow = fast[:, ::2]
    at_50 = loss(fast, start.expand_as(fast), dt=losses.frame_interval(50))
    at_25 = loss(slow, start.expand_as(slow), dt=losses.frame_interval(25))
    assert at_25.item() == pytest.approx(at_50.item(), rel=1e-2)
    assert loss(slow, start.expand_as(slow)).item() == pytest.approx(2 * at_50.item(), rel=1e-2)


def test_T24_a_batch_may_mix_frame_rates():
    pred, truth = clips()
    mixed = losses.velocity(pred, truth, dt=torch.tensor([1.0, 2.0], dtype=torch.float64))
    apart = [losses.velocity(pred[i : i + 1], truth[i : i + 1], dt=1.0 + i) for i in range(2)]
    assert mixed.item() == pytest.approx(sum(apart).item() / 2)


def test_scale_forgives_a_factor_per_frame_and_position_does_not():
    truth = clips()[1]
    pred = truth * torch.linspace(0.5, 2, 5, dtype=torch.float64).view(1, -1, 1, 1)
    assert losses.scale(pred, truth).item() == pytest.approx(0, abs=1e-12)
    assert losses.position(pred, truth).item() > 0.1


def test_limb_variance_of_a_rigid_body_is_zero():
    pose = clips(1, 1)[0]
    moving = pose + torch.linspace(0, 1, 6, dtype=torch.float64).view(1, -1, 1, 1)
    assert losses.limb_variance(moving, moving).item() == pytest.approx(0, abs=1e-20)


def test_weighted_2d_reads_x_and_y_only_and_weighs_by_score():
    pred, truth = torch.zeros(2, 1, 1, 17, 3)
    pred[..., 0], pred[..., 1], pred[..., 2] = 3.0, 4.0, 100.0
    half = torch.full((1, 1, 17), 0.5)
    assert losses.weighted_2d(pred, truth, half).item() == pytest.approx(2.5)


@pytest.mark.parametrize("name", [*GOLDEN_NAME, "weighted_2d"])
def test_parts_over_the_count_of_the_whole_add_up(name):
    pred, truth = clips(num_clips=5)
    valid = torch.rand(5, 5, 17, generator=torch.Generator().manual_seed(1)) > 0.3
    count = losses.count(name, valid)
    rows = (slice(0, 1), slice(1, 5), slice(5, 5))  # the last of them empty
    parts = [ALL[name](pred[r], truth[r], valid[r], count=count).item() for r in rows]
    assert sum(parts) == pytest.approx(ALL[name](pred, truth, valid).item())
    assert count == sum(losses.count(name, valid[r]) for r in rows)
