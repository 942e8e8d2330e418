"""The speed reference computes what the reference implementation computed, and what ours does."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks.reference_model import (
    WEIGHTS,
    ReferenceDSTformer,
    all_losses,
    train_step,
    write_clips,
)
from lib.model import losses
from lib.model.dstformer import DSTformer, DSTformerConfig

GOLDEN = Path(__file__).parents[1] / "golden"
GOLDEN_NAME = {
    "position": "loss_mpjpe", "scale": "n_mpjpe", "velocity": "velocity",
    "limb_variance": "limb_var", "limb_length": "limb_gt", "angle": "angle",
    "angular_velocity": "angle_velocity",
}  # fmt: skip
SMALL = DSTformerConfig(dim_feat=8, dim_rep=6, depth=2, num_heads=2, maxlen=9)


def load(name):
    with np.load(GOLDEN / name) as archive:
        return {key: torch.from_numpy(archive[key]) for key in archive.files}


@torch.no_grad()
def test_output_equals_the_golden_file_in_double():
    golden = load("dstformer_reference.npz")
    feat, rep, depth, heads, ratio, maxlen, _ = golden["cfg"].tolist()
    config = DSTformerConfig(
        dim_feat=feat, dim_rep=rep, depth=depth, num_heads=heads, mlp_ratio=ratio, maxlen=maxlen
    )
    model = ReferenceDSTformer(config).double()
    state = {k.removeprefix("sd/"): v for k, v in golden.items() if k.startswith("sd/")}
    model.load_state_dict(state, strict=True)
    assert (model(golden["x"]) - golden["y"]).abs().max() < 1e-9
    assert (model.get_representation(golden["x"]) - golden["rep"]).abs().max() < 1e-6


def test_losses_equal_the_golden_file():
    golden = load("losses_reference.npz")
    found = all_losses(golden["pred"], golden["gt"])
    assert set(found) == set(GOLDEN_NAME)
    for name, key in GOLDEN_NAME.items():
        assert found[name].item() == pytest.approx(golden[key].item(), abs=1e-9), name


def both_models():
    """The same weights in both networks, in double."""
    torch.manual_seed(0)
    ours = DSTformer(SMALL).double()
    with torch.no_grad():
        for parameter in ours.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    reference = ReferenceDSTformer(SMALL).double()
    reference.load_state_dict(ours.state_dict(), strict=True)
    return ours, reference


def test_gradients_equal_those_of_the_model():
    x = torch.randn(2, 5, 17, 3, dtype=torch.float64)
    models = both_models()
    for model in models:
        model(x).sin().sum().backward()
    ours, reference = (dict(model.named_parameters()) for model in models)
    for name, parameter in ours.items():
        torch.testing.assert_close(parameter.grad, reference[name].grad, atol=1e-10, rtol=1e-8)


def test_a_train_step_from_files_moves_the_weights_as_ours_does(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 3, 6, 17, 3))
    ours, reference = both_models()
    make = torch.optim.SGD
    found = train_step(reference, make(reference.parameters(), lr=0.1), write_clips(tmp_path, x, y))
    pred, truth = ours(torch.from_numpy(x)), torch.from_numpy(y)
    sum(w * getattr(losses, name)(pred, truth) for name, w in WEIGHTS.items() if w).backward()
    make(ours.parameters(), lr=0.1).step()
    assert len(found) == 7 and np.isfinite(list(found.values())).all()
    for name, value in ours.state_dict().items():
        torch.testing.assert_close(value, reference.state_dict()[name], atol=1e-10, rtol=1e-8)
