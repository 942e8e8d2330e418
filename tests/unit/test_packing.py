"""Weights in bytes."""

import re
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from lib.errors import UserError
from lib.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from lib.model.inspection import inspect_file
from lib.model.packing import is_packed, packed, unpacked


def weights():
    torch.manual_seed(0)
    return {
        "a.weight": torch.randn(64, 96) * torch.logspace(-6, 3, 64)[:, None],
        "narrow": torch.randn(64, 63),
        "bias": torch.randn(96),
        "steps": torch.tensor(5),
        "nothing": torch.zeros(64, 64),
    }


def test_large_matrices_are_bytes_within_half_a_step_of_their_row():
    state = weights()
    small = packed(state)
    assert is_packed(small) and not is_packed(state)
    assert {k: str(v.dtype) for k, v in small.items()} == {
        "a.weight": "torch.int8", "a.weight@scale": "torch.float32", "narrow": "torch.float16",
        "bias": "torch.float16", "steps": "torch.int64", "nothing": "torch.int8",
        "nothing@scale": "torch.float32",
    }  # fmt: skip
    again = unpacked(small)
    assert again.keys() == state.keys() and again["steps"] == 5
    step = state["a.weight"].abs().amax(1, keepdim=True) / 127
    assert ((again["a.weight"] - state["a.weight"]).abs() <= 0.501 * step).all()
    assert torch.equal(again["nothing"], state["nothing"])
    torch.testing.assert_close(again["bias"], state["bias"], rtol=1e-3, atol=1e-3)


def test_packing_again_changes_nothing():
    once = packed(weights())
    twice = packed(unpacked(once))
    assert torch.equal(once["a.weight"], twice["a.weight"])
    torch.testing.assert_close(once["a.weight@scale"], twice["a.weight@scale"], rtol=1e-6, atol=0)


def test_a_checkpoint_made_small_is_a_third_and_comes_back(tmp_path):
    state = {"w": torch.randn(256, 256)}
    sizes = []
    for small in (False, True):
        save_checkpoint(tmp_path / "x.pt", Checkpoint("lifting", {}, state), is_small=small)
        sizes.append((tmp_path / "x.pt").stat().st_size)
    assert sizes[1] < sizes[0] / 3
    loaded = load_checkpoint(tmp_path / "x.pt").model["w"]
    assert loaded.dtype == torch.float32 and (loaded - state["w"]).abs().max() < 0.02


BYTES, ONES = torch.ones(64, 64, dtype=torch.int8), torch.ones(64, 1)


@pytest.mark.parametrize(
    "state",
    [
        {"w": BYTES},
        {"w@scale": ONES},
        {"w": BYTES.float(), "w@scale": ONES},
        {"w": BYTES[0], "w@scale": ONES},
        {"w": BYTES[0, 0], "w@scale": ONES},
        {"w": BYTES.to_sparse(), "w@scale": ONES},
        *({"w": BYTES, "w@scale": scale} for scale in (ONES[1:], ONES[:, 0], ONES.T, ONES > 0)),
    ],
)
def test_bytes_without_their_scale_are_named(tmp_path, state):
    path = tmp_path / "x.pt"
    save_checkpoint(path, Checkpoint("lifting", {}, state))
    with pytest.raises(UserError, match=re.escape("x.pt: weights in bytes without their scale: w")):
        load_checkpoint(path)
    found = inspect_file(path)
    assert not found.is_checkpoint and "damaged: weights in bytes without" in found.title


def test_a_file_says_that_it_holds_bytes(tmp_path):
    """Also one that came from a checkpoint of the format before, which had none."""
    old = replace(Checkpoint("lifting", {}, {"w": torch.randn(64, 64)}), format=1)
    save_checkpoint(tmp_path / "x.pt", old, is_small=True)
    assert torch.load(tmp_path / "x.pt", weights_only=True)["format"] == 2
    facts = inspect_file(tmp_path / "x.pt").facts
    assert facts["parameters"] == "4,096" and facts["use"].startswith("shipped")
    assert is_packed(torch.load(tmp_path / "x.pt", weights_only=True)["model"])
