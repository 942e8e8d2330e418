"""Action classifier: agreement with the reference implementation and its pooling."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lib.config import build
from lib.errors import UserError
from lib.model.action import ActionConfig, ActionNet
from lib.model.dstformer import DSTformer, DSTformerConfig

GOLDEN = Path(__file__).parents[1] / "golden" / "action_reference.npz"


def make_net(**head):
    config = DSTformerConfig(dim_feat=16, dim_rep=8, depth=1, num_heads=4, mlp_ratio=2, maxlen=81)
    torch.manual_seed(0)
    return ActionNet(DSTformer(config), ActionConfig(**{"num_classes": 3} | head))


@torch.no_grad()
def test_logits_equal_the_reference_in_double():
    with np.load(GOLDEN) as archive:
        golden = {name: torch.from_numpy(archive[name]) for name in archive.files}
    net = make_net(hidden_dim=2048, dropout=0.5)
    state = {k.removeprefix("sd/"): v for k, v in golden.items() if k.startswith("sd/")}
    net.load_state_dict(state, strict=True)
    assert (net.double().eval()(golden["x"]) - golden["y"]).abs().max() < 1e-9


def test_T9_hidden_dim_and_dropout_reach_the_head():
    net = make_net(hidden_dim=12, num_classes=5, dropout=0.25)
    assert net.head.fc1.out_features == net.head.bn.num_features == 12
    assert net.head.dropout.p == 0.25
    assert net(torch.randn(2, 1, 4, 17, 3)).shape == (2, 5)


def test_T11_head_reads_the_representation_not_the_features():
    assert make_net().head.fc1.in_features == 17 * 8


@torch.no_grad()
def test_persons_are_averaged_and_their_order_does_not_matter():
    net = make_net(hidden_dim=12).double().eval()
    x = torch.randn(2, 3, 4, 17, 3, dtype=torch.float64)
    torch.testing.assert_close(net(x), net(x.flip(1)), atol=1e-12, rtol=0)
    same_twice = x[:, :1].repeat(1, 2, 1, 1, 1)
    torch.testing.assert_close(net(same_twice), net(x[:, :1]), atol=1e-12, rtol=0)


@torch.no_grad()
def test_samples_do_not_see_each_other_in_evaluation():
    net = make_net(hidden_dim=12).double().eval()
    x = torch.randn(3, 2, 4, 17, 3, dtype=torch.float64)
    torch.testing.assert_close(net(x)[1:2], net(x[1:2]), atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ({"num_classes": 0}, "at least 1"),
        ({"num_classes": 3, "dropout": 1.0}, "dropout 1.0"),
        ({"num_classes": 3, "hidden": 3}, "did you mean 'hidden_dim'"),
        ({}, "num_classes: missing"),
    ],
)
def test_impossible_heads_are_refused(head, text):
    with pytest.raises(UserError, match=text):
        build(ActionConfig, head, "action.yaml")
