"""Checkpoints: round trips, strict loading, damaged and malicious files."""

import hashlib
import pickle
import warnings

import pytest

torch = pytest.importorskip("torch")

from lib.errors import UserError
from lib.model.checkpoint import (
    Checkpoint,
    load_checkpoint,
    load_weights,
    read_content,
    save_checkpoint,
    sha256,
)


def make_model(seed=0, hidden=4):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(3, hidden), torch.nn.BatchNorm1d(hidden))


def make_checkpoint(**changes):
    state = make_model().state_dict()
    known = {"kind": "lifting", "config": {"model": {"depth": 4}}, "model": state, "step": 7}
    return Checkpoint(**known | changes)


def test_round_trip_keeps_everything(tmp_path):
    optimiser = torch.optim.AdamW(make_model().parameters())
    extra = {"optimizer": optimiser.state_dict(), "rng": torch.get_rng_state(), "list": [1, (2,)]}
    saved = make_checkpoint(epoch=3, extra=extra)
    save_checkpoint(tmp_path / "latest.pt", saved)
    loaded = load_checkpoint(tmp_path / "latest.pt")
    assert (loaded.kind, loaded.config, loaded.step, loaded.epoch) == (
        "lifting", {"model": {"depth": 4}}, 7, 3,
    )  # fmt: skip
    assert loaded.extra["optimizer"] == extra["optimizer"]
    assert torch.equal(loaded.extra["rng"], extra["rng"])
    assert loaded.model.keys() == saved.model.keys()
    assert all(torch.equal(loaded.model[name], value) for name, value in saved.model.items())


def test_small_on_disk_is_single_in_memory(tmp_path):
    state = {"w": torch.linspace(-1, 1, 4096), "steps": torch.tensor(5)}
    sizes = {}
    for small in (False, True):
        path = tmp_path / f"{small}.pt"
        save_checkpoint(path, make_checkpoint(model=state), is_small=small)
        sizes[small] = path.stat().st_size
    assert sizes[True] < 0.6 * sizes[False]
    loaded = load_checkpoint(tmp_path / "True.pt").model
    assert loaded["w"].dtype == torch.float32
    assert loaded["steps"].dtype == torch.int64
    assert (loaded["w"] - state["w"]).abs().max() < 1e-3


def test_T15_module_prefix_is_stripped_on_save(tmp_path):
    wrapped = {f"module.{name}": value for name, value in make_model().state_dict().items()}
    save_checkpoint(tmp_path / "a.pt", make_checkpoint(model=wrapped))
    content = torch.load(tmp_path / "a.pt", weights_only=True)
    assert not any(name.startswith("module.") for name in content["model"])
    load_weights(make_model(1), load_checkpoint(tmp_path / "a.pt").model, "a.pt")


@pytest.mark.parametrize("prefix", ["", "module."])
def test_T15_module_prefix_is_stripped_on_load(prefix):
    source, target = make_model(0), make_model(1)
    state = {prefix + name: value for name, value in source.state_dict().items()}
    load_weights(target, state, "weights.bin")
    assert torch.equal(source[0].weight, target[0].weight)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda state: state.pop("0.bias"), "missing: 0.bias"),
        (lambda state: state.update(new=torch.ones(1)), "not in the model: new"),
        (
            lambda state: state.update({"0.weight": torch.ones(5, 3)}),
            r"another shape: 0.weight \(5, 3\) \(the model has \(4, 3\)\)",
        ),
    ],
)
def test_weights_that_do_not_fit_are_named_and_nothing_is_copied(change, text):
    model, state = make_model(0), make_model(1).state_dict()
    before = model[0].weight.clone()
    change(state)
    with pytest.raises(UserError, match=f"^run/best.pt: .*{text}"):
        load_weights(model, state, "run/best.pt")
    assert torch.equal(model[0].weight, before)


def test_many_misfits_still_make_one_short_line():
    with pytest.raises(UserError, match="and 3 more") as caught:
        load_weights(make_model(), {}, "empty.pt")
    assert "\n" not in str(caught.value)


class Payload:
    """Runs code when unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemExit('ran code from a file')",)


@pytest.mark.parametrize("read", [load_checkpoint, read_content])
def test_I12_code_in_a_file_is_not_run(tmp_path, read):
    torch.save({"model": Payload()}, tmp_path / "evil.pt")
    with pytest.raises(UserError, match="not a checkpoint"):
        read(tmp_path / "evil.pt")


@pytest.mark.parametrize(
    "content",
    [b"", b"not a checkpoint at all", b"PK\x03\x04", pickle.dumps({"a": 1}), bytes(range(256))],
)
@pytest.mark.parametrize("read", [load_checkpoint, read_content])
def test_other_files_are_refused_in_one_line(tmp_path, read, content):
    path = tmp_path / "best.pt"
    path.write_bytes(content)
    with warnings.catch_warnings(), pytest.raises(UserError, match="best.pt: not a") as caught:
        warnings.simplefilter("error")
        read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_file_is_refused(tmp_path, share):
    path = tmp_path / "best.pt"
    save_checkpoint(path, make_checkpoint())
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(UserError, match="damaged"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"weights": 1}, "not a checkpoint of this project"),
        ([1, 2], "not a checkpoint of this project"),
        ({"format": 99, "kind": "lifting"}, "format 99, but this version reads 1 and 2"),
        ({"format": 1, "kind": "lifting"}, "without config, model"),
    ],
)
def test_torch_files_of_other_content_are_refused(tmp_path, content, text):
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(UserError, match=text):
        load_checkpoint(tmp_path / "x.pt")


def test_missing_file_and_folder_are_refused(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        load_checkpoint(tmp_path / "none.pt")
    with pytest.raises(UserError, match="directory"):
        load_checkpoint(tmp_path)
    with pytest.raises(UserError, match="cannot read checkpoint .*null byte"):
        load_checkpoint("a\0b")


def test_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="'lifter'.*lifting, action"):
        make_checkpoint(kind="lifter")


def test_failed_save_leaves_the_good_file(tmp_path):
    path = tmp_path / "best.pt"
    save_checkpoint(path, make_checkpoint())
    digest = sha256(path)
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
        save_checkpoint(path, make_checkpoint(extra={"file": lambda: None}))
    assert sha256(path) == digest
    assert [p.name for p in tmp_path.iterdir()] == ["best.pt"]


def test_sha256_is_the_files_digest(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256(tmp_path / "f") == hashlib.sha256(b"abc").hexdigest()


def test_a_full_disk_is_told_in_a_line_and_leaves_what_was_there(tmp_path, monkeypatch):
    """torch says it by an error of its own."""
    path = tmp_path / "latest.pt"
    path.write_bytes(b"before")

    def full(*_):
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 1 vs 2")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(UserError, match=r"latest.pt: cannot write all of it .*; make room") as told:
        save_checkpoint(path, Checkpoint("lifting", {}, {"a": torch.zeros(3)}, 0, 0, {}))
    assert "\n" not in str(told.value)
    assert [p.name for p in tmp_path.iterdir()] == ["latest.pt"] and path.read_bytes() == b"before"
