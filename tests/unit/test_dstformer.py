"""DSTformer: agreement with the reference implementation, shapes, sizes, errors."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lib.config import build
from lib.errors import UserError
from lib.model.cost import saved_bytes
from lib.model.dstformer import Attention, DSTformer, DSTformerConfig, fuse

GOLDEN = Path(__file__).parents[1] / "golden" / "dstformer_reference.npz"
SMALL = {"dim_feat": 8, "dim_rep": 6, "depth": 2, "num_heads": 2, "maxlen": 9}


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


@pytest.fixture
def reference_model(golden):
    feat, rep, depth, heads, ratio, maxlen, att_fuse = golden["cfg"].tolist()
    config = DSTformerConfig(
        dim_feat=feat, dim_rep=rep, depth=depth, num_heads=heads, mlp_ratio=ratio,
        maxlen=maxlen, att_fuse=bool(att_fuse),
    )  # fmt: skip
    model = DSTformer(config).eval()
    state = {k.removeprefix("sd/"): v for k, v in golden.items() if k.startswith("sd/")}
    model.load_state_dict(state, strict=True)
    return model


def small(seed=0, **changes):
    torch.manual_seed(seed)
    return DSTformer(DSTformerConfig(**SMALL | changes))


@torch.no_grad()
def test_output_and_representation_equal_the_reference_in_double(reference_model, golden):
    model = reference_model.double()
    assert (model(golden["x"]) - golden["y"]).abs().max() < 1e-9
    assert (model.get_representation(golden["x"]) - golden["rep"]).abs().max() < 1e-6


@torch.no_grad()
def test_output_equals_the_reference_in_single(reference_model, golden):
    assert (reference_model(golden["x"].float()) - golden["y"]).abs().max() < 2e-5


def explicit_attention(module, x_NLGC):
    """softmax(Q K^T / sqrt(E)) V written out, from the one qkv product of the definition."""
    num, length, groups, dim = x_NLGC.shape
    heads = module.num_heads
    qkv = module.qkv(x_NLGC).view(num, length, groups, 3, heads, dim // heads)
    q, k, v = qkv.permute(3, 0, 2, 4, 1, 5)  # each (N, G, H, L, E)
    weights = (q @ k.mT / (dim // heads) ** 0.5).softmax(-1)
    return module.proj((weights @ v).permute(0, 3, 1, 2, 4).reshape(x_NLGC.shape))


@pytest.mark.parametrize("shape", [(6, 17, 1, 8), (2, 5, 17, 8), (1, 1, 3, 8)])
def test_attention_and_its_gradients_equal_the_formula(shape):
    torch.manual_seed(1)
    module = Attention(8, 2).double()
    outcome = []
    for attend in (module, lambda x: explicit_attention(module, x)):
        x = torch.linspace(-1, 1, int(np.prod(shape)), dtype=torch.float64).sin().view(shape)
        x.requires_grad_()
        y = attend(x)
        grads = torch.autograd.grad((y * y.detach().cos()).sum(), [x, *module.parameters()])
        outcome.append([y, *grads])
    for ours, formula in zip(*outcome, strict=True):
        torch.testing.assert_close(ours, formula, atol=1e-12, rtol=1e-10)


def test_groups_of_attention_never_mix():
    torch.manual_seed(1)
    module = Attention(8, 2)
    x = torch.randn(1, 4, 3, 8)
    changed = x.clone()
    changed[:, :, 1] += 1
    difference = (module(changed) - module(x)).abs().amax((0, 1, 3))
    assert difference[1] > 1e-4
    assert difference[0] == difference[2] == 0


def test_fusion_is_the_softmax_of_the_gate():
    torch.manual_seed(2)
    gate = torch.nn.Linear(8, 2)
    st, ts = torch.randn(2, 3, 5, 4)
    share = gate(torch.cat([st, ts], -1)).softmax(-1)
    torch.testing.assert_close(fuse(gate, st, ts), st * share[..., :1] + ts * share[..., 1:])


def test_fusion_starts_at_equal_shares():
    model = small()
    st, ts = torch.randn(2, 3, 8)
    torch.testing.assert_close(fuse(model.ts_attn[0], st, ts), (st + ts) / 2)


def test_T9_att_fuse_reaches_the_model():
    fused, mean = small(), small(att_fuse=False)
    assert not any("ts_attn" in name for name in mean.state_dict())
    mean.load_state_dict({k: v for k, v in fused.state_dict().items() if "ts_attn" not in k})
    x = torch.randn(1, 3, 17, 3)
    torch.testing.assert_close(fused(x), mean(x))  # equal only while the gates are untouched
    with torch.no_grad():
        fused.ts_attn[0].bias[0] += 1
    assert (fused(x) - mean(x)).abs().max() > 1e-6


@pytest.mark.parametrize(
    ("sizes", "millions"),
    [
        ({"dim_feat": 512, "dim_rep": 512, "depth": 5, "mlp_ratio": 2}, 42.5),
        ({"dim_feat": 256, "dim_rep": 512, "depth": 5, "mlp_ratio": 4}, 16.0),
        ({"dim_feat": 128, "dim_rep": 256, "depth": 5, "mlp_ratio": 4}, 4.0),
        ({"dim_feat": 128, "dim_rep": 128, "depth": 4, "mlp_ratio": 2}, 2.2),
    ],
    ids=["full", "lite", "small", "tiny"],
)
def test_parameter_counts_of_the_reference_sizes(sizes, millions):
    with torch.device("meta"):
        model = DSTformer(DSTformerConfig(**sizes))
    assert round(sum(p.numel() for p in model.parameters()) / 1e6, 1) == millions


@pytest.mark.parametrize("num_frames", [1, 2, 9])
def test_any_length_up_to_maxlen(num_frames):
    model = small()
    x = torch.randn(2, num_frames, 17, 3)
    assert model(x).shape == (2, num_frames, 17, 3)
    assert model.get_representation(x).shape == (2, num_frames, 17, 6)


def test_clips_of_a_batch_are_independent():
    model = small().double()
    x = torch.randn(3, 5, 17, 3, dtype=torch.float64)
    torch.testing.assert_close(model(x)[1:2], model(x[1:2]), atol=1e-12, rtol=0)


def test_too_long_a_clip_names_both_lengths():
    with pytest.raises(UserError, match="10 frames.* maxlen = 9"):
        small()(torch.zeros(1, 10, 17, 3))


@pytest.mark.parametrize("shape", [(1, 3, 16, 3), (1, 3, 17, 2), (3, 17, 3)])
def test_input_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"expected \(clips, frames, 17, 3\)"):
        small()(torch.zeros(shape))


def test_T10_input_channels_come_from_the_config():
    assert small(dim_in=2)(torch.randn(1, 3, 17, 2)).shape == (1, 3, 17, 3)


def test_joint_codes_start_at_the_configured_spread():
    spread = {std: small(pos_embed_std=std, dim_feat=64).pos_embed.std() for std in (0.02, 1.0)}
    assert 0.015 < spread[0.02] < 0.02  # truncation at two deviations narrows it to 0.88
    assert 0.8 < spread[1.0] < 0.95


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"num_heads": 3}, "dim_feat 8 does not divide into num_heads 3"),
        ({"depth": 0}, "at least 1"),
        ({"dim_feature": 8}, "did you mean 'dim_feat'"),
        ({"pos_embed_std": 0.0}, "pos_embed_std must be above 0, not 0.0"),
        ({"pos_embed_std": -0.02}, "pos_embed_std must be above 0"),
    ],
)
def test_impossible_sizes_are_refused(change, text):
    with pytest.raises(UserError, match=text):
        build(DSTformerConfig, SMALL | change, "model.yaml")


def test_every_parameter_gets_a_gradient():
    model = small()
    with torch.no_grad():
        for gate in model.ts_attn:
            gate.weight.normal_()
    model(torch.randn(2, 4, 17, 3)).square().sum().backward()
    still = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []


def gradients(model, x):
    model.zero_grad(set_to_none=True)
    y = model(x)
    y.float().square().sum().backward()
    return y, {name: p.grad for name, p in model.named_parameters()}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_recomputed_blocks_give_the_same_gradients(dtype):
    model, x = small(), torch.randn(2, 4, 17, 3)
    with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
        y, plain = gradients(model, x)
        model.recompute = True
        y_again, recomputed = gradients(model, x)
    assert torch.equal(y, y_again)
    for name, gradient in plain.items():
        assert torch.equal(gradient, recomputed[name]), name


def test_recomputing_keeps_a_fraction_of_the_memory():
    model, x = small(depth=4), torch.randn(2, 9, 17, 3)
    plain = saved_bytes(model, lambda: model(x))
    model.recompute = True
    kept = saved_bytes(model, lambda: model(x))
    assert 0 < kept < 0.3 * plain
    with torch.no_grad():
        assert saved_bytes(model, lambda: model(x)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("recompute", [False, True])
def test_a_compiled_model_computes_the_same(recompute):
    model, x = small(), torch.randn(2, 5, 17, 3)
    model.recompute = recompute
    y, plain = gradients(model, x)
    y_compiled, compiled = gradients(torch.compile(model), x)
    torch.testing.assert_close(y_compiled, y, atol=1e-5, rtol=0)
    for name, gradient in plain.items():
        found = compiled[f"_orig_mod.{name}"]
        torch.testing.assert_close(found, gradient, atol=1e-4, rtol=1e-4)
