"""Distance in the picture through the best fit of each frame: invariances, edges, gradients."""

import numpy as np
import pytest
import torch
from tiny_stores import swaying

from lib.alignment import fit_translation
from lib.model.losses import count
from lib.model.reprojection import perspective, reprojection, weak_perspective

B, T, J = 2, 3, 17


@pytest.fixture
def body():
    """Root-relative metres (B, T, 17, 3), x right, y down, z forward."""
    world = np.stack([swaying(T, np.random.default_rng(i)) for i in range(B)])
    turned = torch.from_numpy(world[..., [0, 2, 1]] * [1.0, -1.0, 1.0])
    return turned - turned[:, :, :1]


def everything(truth):
    return torch.ones_like(truth[..., 0]), torch.ones_like(truth[..., 0], dtype=torch.bool)


def rays_of(half_px=300.0, focal_px=(1100.0, 1050.0)):
    return (half_px / torch.tensor(focal_px, dtype=torch.float64)).expand(B, 2)


def test_a_scaled_and_shifted_truth_costs_nothing(body):
    truth = 1.2 * body[..., :2] + torch.tensor([0.3, -0.2])
    assert reprojection(body, truth, *everything(truth)) < 1e-9


def test_weak_perspective_does_not_see_size_and_place_of_the_prediction(body):
    truth = torch.from_numpy(np.random.default_rng(0).normal(size=(B, T, J, 2)))
    score = torch.rand(B, T, J, generator=torch.Generator().manual_seed(0)).double()
    valid = score > 0.2
    loss = reprojection(body, truth, score, valid)
    size = torch.tensor([0.5, 2.0, 7.0]).reshape(1, T, 1, 1)
    assert loss > 0.1
    assert torch.allclose(reprojection(size * body + 3, truth, score, valid), loss)


def test_the_fit_is_the_best_there_is(body):
    rng = np.random.default_rng(1)
    noise = torch.from_numpy(rng.normal(0, 0.1, (B, T, J, 2)))
    weight = torch.from_numpy(rng.uniform(0, 1, (B, T, J)))
    truth = body[..., :2] + noise
    placed = weak_perspective(body, truth, weight)

    def cost(xy):
        return (weight.unsqueeze(-1) * (xy - truth) ** 2).sum()

    best = cost(placed)
    for scale, shift in ((1.01, 0), (0.99, 0), (1, 0.01), (1, -0.01)):
        assert cost(scale * placed + shift) > best


def test_a_turned_round_prediction_still_learns(body):
    """The best scale would be negative or 0, and 0 leaves no gradient."""
    truth = -body[..., :2]
    pred = body.clone().requires_grad_()
    loss = reprojection(pred, truth, *everything(truth))
    (gradient,) = torch.autograd.grad(loss, pred)
    assert loss > 0.3 and gradient.abs().max() > 1e-4


def test_a_true_perspective_view_costs_nothing(body):
    moved = body + torch.tensor([0.4, -0.1, 3.0])
    rays = rays_of()
    truth = moved[..., :2] / moved[..., 2:] / rays[:, None, None]
    known = reprojection(body, truth, *everything(truth), rays)
    unknown = reprojection(body, truth, *everything(truth), torch.full_like(rays, torch.nan))
    assert known < 1e-9 < 1e-3 < unknown
    assert torch.equal(unknown, reprojection(body, truth, *everything(truth)))


def test_a_clip_without_camera_beside_one_with(body):
    truth = body[..., :2] * 0.9 + 0.05 * torch.sin(10 * body[..., 2:])
    score, valid = everything(truth)
    rays = rays_of().clone()
    rays[1] = torch.nan
    number = count("reprojection", valid)
    both = reprojection(body, truth, score, valid, rays, count=number)
    one = reprojection(body[:1], truth[:1], score[:1], valid[:1], rays[:1], count=number)
    other = reprojection(body[1:], truth[1:], score[1:], valid[1:], count=number)
    assert torch.allclose(both, one + other)


def test_perspective_places_as_the_geometry_does(body):
    rng = np.random.default_rng(2)
    moved = body + torch.tensor([0.4, -0.1, 3.0])
    ray = moved[..., :2] / moved[..., 2:] + torch.from_numpy(rng.normal(0, 0.003, (B, T, J, 2)))
    weight = torch.from_numpy(rng.uniform(0.1, 1, (B, T, J)))
    seen = perspective(body, ray, weight)
    for i in range(B):
        shift = fit_translation(body[i].numpy(), ray[i].numpy(), weight[i].numpy(), 1.0, 0.0)
        placed = body[i].numpy() + shift[:, None]
        assert np.allclose(seen[i], placed[..., :2] / placed[..., 2:], atol=1e-8)


@pytest.mark.parametrize("with_camera", [False, True])
@pytest.mark.parametrize("case", ["all hidden", "one joint", "collapsed", "one place", "noise"])
def test_nothing_to_fit_gives_finite_gradients(body, case, with_camera):
    truth = body[..., :2].clone()
    score, valid = everything(truth)
    pred = body.clone()
    if case == "all hidden":
        valid = torch.zeros_like(valid)
        truth = truth * torch.nan
    elif case == "one joint":
        valid = torch.zeros_like(valid)
        valid[..., 5] = True
    elif case == "collapsed":
        pred = torch.zeros_like(pred)
    elif case == "one place":
        truth = torch.zeros_like(truth)
    else:
        pred = 1e-4 * torch.randn(pred.shape, generator=torch.Generator().manual_seed(0)).double()
    pred.requires_grad_()
    rays = rays_of() if with_camera else None
    loss = reprojection(pred, truth, score, valid, rays)
    (gradient,) = torch.autograd.grad(loss, pred)
    assert torch.isfinite(loss) and torch.isfinite(gradient).all()
    assert gradient.abs().max() < 100
    if case in ("all hidden", "one joint"):
        assert loss.abs() < 1e-6


@pytest.mark.parametrize("with_camera", [False, True])
def test_gradients_are_those_of_the_formula(body, with_camera):
    rng = np.random.default_rng(3)
    truth = body[..., :2] + torch.from_numpy(rng.normal(0, 0.2, (B, T, J, 2)))
    score = torch.from_numpy(rng.uniform(0.2, 1, (B, T, J)))
    valid = score > 0.4
    rays = rays_of() if with_camera else None
    pred = (body + torch.from_numpy(rng.normal(0, 0.1, body.shape))).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: reprojection(p, truth, score, valid, rays), pred)


def test_confidence_weighs_and_what_does_not_count_is_not_seen(body):
    truth = body[..., :2].clone()
    score, valid = everything(truth)
    truth[..., 4, :] += 0.5
    full = reprojection(body, truth, score, valid)
    score[..., 4] = 0.01
    light = reprojection(body, truth, score, valid)
    valid = valid.clone()
    valid[..., 4] = False
    truth[..., 4, :] = torch.nan
    assert light < 0.05 * full and reprojection(body, truth, score, valid) < 1e-9
