"""Costs by formula against torch's own counts."""

import pytest

torch = pytest.importorskip("torch")

from torch.utils.flop_counter import FlopCounterMode

from lib.model.cost import TRAIN_OVER_FORWARD, count_parameters, forward_flops, saved_bytes
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.model.pose_stream import PoseStreamConfig

SIZES = [
    {"dim_feat": 32, "dim_rep": 24, "depth": 2, "num_heads": 4, "mlp_ratio": 4, "maxlen": 27},
    {"dim_feat": 16, "dim_rep": 48, "depth": 1, "num_heads": 2, "maxlen": 27, "att_fuse": False},
    {
        "dim_feat": 16,
        "dim_rep": 16,
        "depth": 1,
        "num_heads": 2,
        "maxlen": 27,
        "pose_stream": PoseStreamConfig(64, 2),
    },
]
SIZES.append(SIZES[2] | {"pose_stream": PoseStreamConfig(64, 2, count=3)})


def counted(config, num_frames, is_training):
    torch.manual_seed(0)
    model = DSTformer(config)
    # The explicit attention: torch counts nothing inside its flash kernel on the CPU.
    explicit = torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH)
    with explicit, FlopCounterMode(display=False) as counter:
        y = model(torch.randn(2, num_frames, 17, 3))
        if is_training:
            y.sum().backward()
    return counter.get_total_flops() / 2


@pytest.mark.parametrize("sizes", SIZES, ids=["fused", "mean", "pose stream", "streams"])
@pytest.mark.parametrize("num_frames", [1, 27])
def test_flops_are_what_torch_counts(sizes, num_frames):
    config = DSTformerConfig(**sizes)
    assert forward_flops(config, num_frames) == pytest.approx(
        counted(config, num_frames, False), rel=0.01
    )


def test_a_train_step_is_three_forward_passes():
    config = DSTformerConfig(**SIZES[0])
    by_formula = TRAIN_OVER_FORWARD * forward_flops(config, 27)
    assert by_formula == pytest.approx(counted(config, 27, True), rel=0.02)


def test_parameters():
    assert count_parameters(torch.nn.Linear(3, 4)) == 16


def test_saved_bytes_count_a_tensor_once_and_no_weights():
    layer = torch.nn.Linear(8, 8, bias=False)
    x = torch.randn(4, 8)
    assert saved_bytes(layer, lambda: layer(x)) == x.nbytes
    assert saved_bytes(layer, lambda: layer(x) + layer(x)) == x.nbytes
    assert saved_bytes(layer, lambda: layer(x).exp()) == 2 * x.nbytes


def test_saved_bytes_grow_with_the_clips():
    model = DSTformer(DSTformerConfig(**SIZES[0]))
    one, four = (saved_bytes(model, lambda n=n: model(torch.randn(n, 9, 17, 3))) for n in (1, 4))
    assert 3.5 < four / one < 4
