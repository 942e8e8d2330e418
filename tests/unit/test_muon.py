"""Matrices moved by their orthogonalised momentum."""

import copy

import pytest
import torch

from lib.model.attention import Attention, Mlp, hidden_matrices
from lib.train.muon import Muon, orthogonalize
from lib.train.optim import restore_optimizer


def _random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(16, 16), (64, 64), (32, 96), (96, 32)])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
@pytest.mark.parametrize("least", [1.0, 0.1, 0.01])
def test_what_is_orthogonalised_is_near_the_polar_factor(shape, scale, least):
    u, _, vh = torch.linalg.svd(_random(3, *shape), full_matrices=False)
    given = scale * torch.linspace(1, least, min(shape))
    found = orthogonalize((u * given) @ vh)
    assert found.dtype == torch.bfloat16
    values = torch.linalg.svdvals(found.float())
    assert values.min() > 0.8 and values.max() < 1.15
    error = torch.linalg.matrix_norm(found.float() - u @ vh) / min(shape) ** 0.5
    assert error.max() < 0.13


def test_a_thousandth_of_the_norm_is_drawn_to_1_and_less_is_not_magnified():
    values = torch.diag(torch.tensor([1.0, 1e-1, 1e-2, 1e-3, 1e-5, 0.0]))
    found = orthogonalize(values[None])[0].float()
    assert found.diag()[:4] == pytest.approx(1, abs=0.2)
    assert 0 < found[4, 4] < 0.02 and found[5, 5] == 0
    assert not orthogonalize(torch.zeros(2, 3, 4)).any()


def _with_gradients(*shapes):
    weights = [torch.nn.Parameter(_random(*shape, seed=i)) for i, shape in enumerate(shapes)]
    for i, weight in enumerate(weights):
        weight.grad = _random(*weight.shape, seed=100 + i)
    return weights


def _muon(weights, stacked=(), lr=0.1):
    group = {"params": weights, "name": "matrices"}
    return Muon([group], dict(stacked), lr=lr, weight_decay=0.01)


def test_q_k_and_v_move_as_three_matrices_would():
    (whole,) = _with_gradients((48, 16))
    parts = [torch.nn.Parameter(x.clone()) for x in whole.detach().chunk(3)]
    for part, grad, scale in zip(parts, whole.grad.chunk(3), (1.0, 1e3, 1e-2), strict=True):
        part.grad = grad.clone()
        # The step of each is the same, however large the gradients of the others are.
        grad *= scale
    _muon([whole], {whole: 3}).step()
    _muon(parts).step()
    assert torch.allclose(whole, torch.cat(parts), atol=2e-4)


def test_the_three_of_an_attention_are_known():
    model = torch.nn.Sequential(Attention(8, 2), Mlp(8, 16))
    names = {p: name for name, p in model.named_parameters()}
    assert {names[p]: num for p, num in hidden_matrices(model).items()} == {
        "0.qkv.weight": 3,
        "0.proj.weight": 1,
        "1.fc1.weight": 1,
        "1.fc2.weight": 1,
    }


def test_matrices_move_together_as_each_alone():
    shapes = [(16, 16), (48, 16), (16, 64), (64, 16), (16, 16), (16, 64)]
    together, alone = _with_gradients(*shapes), _with_gradients(*shapes)
    before = copy.deepcopy(together)
    optimizers = [_muon(together, {together[1]: 3})]
    optimizers += [_muon([weight], {alone[1]: 3}) for weight in alone]
    for _ in range(2):
        for optimizer in optimizers:
            optimizer.step()
    for a, b, was in zip(together, alone, before, strict=True):
        assert torch.allclose(a, b, atol=2e-4) and not torch.allclose(a, was, atol=1e-2)


@pytest.mark.parametrize("shape", [(32, 32), (16, 64), (64, 16)])
def test_a_matrix_moves_as_by_torchs(shape):
    (own,), (other,) = _with_gradients(shape), _with_gradients(shape)
    optimizers = [
        _muon([own]),
        torch.optim.Muon([other], lr=0.1, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"),
    ]
    for step in range(4):
        before = own.detach().clone(), other.detach().clone()
        own.grad, other.grad = (_random(*shape, seed=step) for _ in range(2))
        for optimizer in optimizers:
            optimizer.step()
        steps = [(w.detach() - was).flatten() for w, was in zip((own, other), before, strict=True)]
        assert torch.cosine_similarity(*steps, dim=0) > 0.95
        assert steps[0].norm() / steps[1].norm() == pytest.approx(1, abs=0.2)
    means = [o.state[w]["momentum_buffer"] for o, w in zip(optimizers, (own, other), strict=True)]
    assert torch.equal(*means)


def test_a_step_without_rotation_is_weight_decay():
    (weight,) = _with_gradients((4, 6))
    before = weight.detach().clone()
    weight.grad = torch.zeros_like(weight)
    _muon([weight]).step()
    assert torch.allclose(weight, before * (1 - 0.1 * 0.01))


def test_what_has_no_gradient_stays():
    weights = _with_gradients((8, 8), (8, 8))
    weights[0].grad = None
    before = copy.deepcopy(weights)
    optimizer = _muon(weights)
    optimizer.step()
    assert torch.equal(weights[0], before[0]) and not torch.equal(weights[1], before[1])
    assert list(optimizer.state_dict()["state"]) == [1]
    weights[1].grad = None
    optimizer.step()


def test_a_run_of_torchs_goes_on():
    """What was saved by torch.optim.Muon, which knew nothing of q, k and v."""
    (old,), (new,) = _with_gradients((24, 8)), _with_gradients((24, 8))
    before = torch.optim.Muon([{"params": [old], "name": "matrices"}], lr=0.3)
    before.step()
    optimizer = _muon([new], {new: 3})
    restore_optimizer(optimizer, copy.deepcopy(before.state_dict()), "latest.pt")
    own = optimizer.state[new]["momentum_buffer"]
    assert torch.equal(own, before.state[old]["momentum_buffer"])
    group = optimizer.param_groups[0]
    assert group["stacked"] == [3] and group["lr"] == 0.1
    optimizer.step()


def test_a_step_waits_for_no_value():
    """Tensors without values: a look at one, for which a GPU would be waited for, is an error."""
    weights = [torch.nn.Parameter(w.to("meta")) for w in _with_gradients((24, 8), (8, 16))]
    for weight in weights:
        weight.grad = torch.empty_like(weight)
    _muon(weights, {weights[0]: 3}).step()
