"""tools/inspect_checkpoint.py: own files, MotionBERT's, and all that is no checkpoint."""

import gzip
import json
import pickle
import re
import zipfile
from dataclasses import replace

import foreign_files
import numpy as np
import pytest
import tiny_models

torch = pytest.importorskip("torch")

from lib.errors import UserError
from lib.model.checkpoint import load_checkpoint, save_checkpoint, sha256
from lib.model.inspection import inspect_file
from tools.inspect_checkpoint import main


def as_latest(path, target, half=False):
    """A run's latest.pt out of a checkpoint, or a shipped file."""
    extra = {} if half else {"optimizer": {"state": {}}, "best": 41.5, "first_batch": 3}
    save_checkpoint(target, replace(load_checkpoint(path), extra=extra, step=9, epoch=2), half)
    return target


def test_own_latest_can_be_resumed_and_tells_its_best(tmp_path):
    path = as_latest(tiny_models.save_lifter(tmp_path / "best.pt"), tmp_path / "latest.pt")
    found = inspect_file(path)
    assert found.is_checkpoint and found.title == "lifter of this project"
    assert found.facts["trained"] == "2 epochs, 9 steps"
    assert found.facts["best score"] == "41.5"
    assert found.facts["use"] == "can be resumed: holds optimizer, best, first_batch"
    assert found.facts["clips"] == "27 frames at 50 a second"
    assert "dim_feat 16" in found.facts["model"] and found.facts["precision"] == "float32"
    assert found.facts["sha256"] == sha256(path)
    assert found.facts["size"] == f"{path.stat().st_size:,} bytes"


def test_a_classifiers_best_is_shown_as_it_was_scored(tmp_path):
    path = tiny_models.save_classifier(tmp_path / "best.pt")
    save_checkpoint(path, replace(load_checkpoint(path), extra={"best": -87.5}))
    assert inspect_file(path).facts["best score"] == "87.5"


def test_own_shipped_classifier_names_its_classes(tmp_path):
    path = tiny_models.save_classifier(tmp_path / "a.pt")
    facts = inspect_file(as_latest(path, tmp_path / "shipped.pt", half=True)).facts
    assert facts["classes"] == "squat, deadlift, pushup" and facts["kind"] == "action"
    assert facts["use"].startswith("shipped") and facts["precision"] == "float16, int64"
    assert "best score" not in facts
    state = load_checkpoint(path).model
    running = sum(v.numel() for k, v in state.items() if ".bn." in k and "weight" not in k) - 8
    trained = sum(value.numel() for value in state.values()) - running
    assert facts["parameters"] == f"{trained:,}"


@pytest.mark.parametrize("name", ["scores.json", "best_scores.json"])
def test_scores_are_pointed_at_by_the_weights_they_are_of(tmp_path, name):
    """Those of a run's end are latest.pt's: best.pt may be of an earlier epoch."""
    path = tiny_models.save_lifter(tmp_path / "best.pt")
    for content in ("{", "[]", '{"checkpoint": "a.pt"}', '{"checkpoint": {"sha256": "0"}}'):
        (tmp_path / name).write_text(content)
        assert "best score" not in inspect_file(path).facts
    (tmp_path / name).write_text(json.dumps({"checkpoint": {"sha256": sha256(path)}}))
    assert inspect_file(path).facts["best score"] == f"see {tmp_path / name}"


def test_a_run_that_was_never_scored_has_no_best_score(tmp_path):
    path = tiny_models.save_lifter(tmp_path / "latest.pt")
    save_checkpoint(path, replace(load_checkpoint(path), extra={"best": float("inf")}))
    assert "best score" not in inspect_file(path).facts


def test_a_format_of_another_version_is_named(tmp_path):
    torch.save({"format": 99, "kind": "lifting"}, tmp_path / "new.pt")
    found = inspect_file(tmp_path / "new.pt")
    assert not found.is_checkpoint and "format 99; 1 and 2 can be read" in found.title


def test_a_foreign_lifter(tmp_path):
    foreign_files.save_lifter(tmp_path / "best_epoch.bin")
    found = inspect_file(tmp_path / "best_epoch.bin")
    assert found.is_checkpoint and found.title.startswith("lifter as MotionBERT's")
    assert found.facts["weights"] == "under 'model_pos'"
    assert found.facts["prefix"].startswith("module.")
    assert found.facts["beside"] == "epoch, lr, optimizer, min_loss"
    assert found.facts["best score"] == "min_loss 37.6" and found.facts["trained"] == "7 epochs"
    assert "dim_rep 24" in found.facts["model"] and "assumed" in found.facts["heads"]


def test_a_foreign_classifier_and_bare_weights(tmp_path):
    state = foreign_files.save_classifier(tmp_path / "a.bin", num_classes=60)
    found = inspect_file(tmp_path / "a.bin")
    assert found.title.startswith("classifier as") and "num_classes 60" in found.facts["head"]
    torch.save(state, tmp_path / "bare.pth")
    found = inspect_file(tmp_path / "bare.pth")
    assert found.title == "classifier with MotionBERT's parameter names"
    assert found.facts["weights"] == "at the file's top" and found.facts["prefix"] == "none"


def test_another_networks_weights_are_no_checkpoint(tmp_path):
    torch.save({"model": {"conv.weight": torch.ones(3)}}, tmp_path / "other.pt")
    found = inspect_file(tmp_path / "other.pt")
    assert not found.is_checkpoint and "another network" in found.title
    assert found.facts["names"] == "conv.weight"


BOM = b"\xef\xbb\xbf"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 169999999\n"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "empty file"), (bytes(4096), "nothing but blanks"),
        (LFS, "LFS pointer .* 169,999,999 bytes.*git lfs pull"),
        (b"\n<!DOCTYPE html><html>", "web page"), (b'{"a": 1}', "JSON text"),
        (b"[1, 2]", "JSON text"), (b"lr: 1\n", "text file.*'lr: 1'"),
        (b"PK\x03\x04 and no end", "broken off: download it again"),
        (b"\x89HDF\r\n\x1a\n....", "HDF5"), (gzip.compress(b"a"), "gzip archive: unpack"),
        (bytes(range(1, 256)), "unknown bytes"), (pickle.dumps({"a": 1}), "pickle of plain values"),
        (b"\x30\0\0\0\0\0\0\0" + b'{"w":{"dtype":"F32"}}', "safetensors"),
        (b"x" * 257 + b"ustar" + bytes(99), "tar archive"),
        (BOM, "nothing but blanks"), (b" " + BOM + b"\r\n", "nothing but blanks"),
        (BOM + b"lr: 1\n", "text file.*'lr: 1'"),
        # Bytes of which there is to be an exabyte.
        (b"\x80\x04\x8e" + (1 << 60).to_bytes(8, "little") + b"x.", "pickle of plain values"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_no_checkpoint_is_told_apart(tmp_path, capsys, content, text):
    path = tmp_path / "best.bin"
    path.write_bytes(content)
    assert main([str(path)]) == 2
    captured = capsys.readouterr()

    assert re.search(f"best.bin: .*{text}", captured.out), captured.out
    assert captured.err == f"error: no checkpoint: {path}\n"


def test_archives_of_other_things(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones(2))
    assert "numpy archive (.npz) of x.npy" in inspect_file(tmp_path / "a.npz").title
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("MB/best_epoch.bin", b"x")
    assert "zip archive of MB/best_epoch.bin" in inspect_file(tmp_path / "a.zip").title
    torch.save({"epoch": 3}, tmp_path / "a.pt")
    assert "without weights (dict: epoch)" in inspect_file(tmp_path / "a.pt").title


class Payload:
    """Leaves a file behind when unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return eval, (f"open({str(self.path)!r}, 'w').close()",)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("how", ["plain", "old", "zip"])
def test_I12_code_in_a_file_is_named_and_not_run(tmp_path, how, protocol):
    trace, path = tmp_path / "ran", tmp_path / "evil.bin"
    content = {"model_pos": {"w": torch.ones(2)}, "extra": Payload(trace)}
    if how == "plain":
        path.write_bytes(pickle.dumps(content["extra"], protocol=protocol))
    else:
        is_zip = how == "zip"
        torch.save(content, path, pickle_protocol=protocol, _use_new_zipfile_serialization=is_zip)
    found = inspect_file(path)
    assert not trace.exists()
    assert not found.is_checkpoint and "could run code" in found.title
    assert "builtins.eval" in found.facts["asks for"].replace("__builtin__", "builtins")


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
@pytest.mark.parametrize("zipped", [True, False])
def test_a_download_broken_off_is_no_checkpoint(tmp_path, zipped, share):
    path = tmp_path / "best.bin"
    torch.save({"model": {"w": torch.ones(999)}}, path, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    found = inspect_file(path)
    assert not found.is_checkpoint and ("broken off" in found.title or "damaged" in found.title)


def test_a_damaged_part_of_a_compressed_file_is_no_checkpoint(tmp_path):
    torch.save({"w": torch.ones(3)}, tmp_path / "a.pt")
    with (
        zipfile.ZipFile(tmp_path / "a.pt") as plain,
        zipfile.ZipFile(tmp_path / "b.pt", "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in plain.namelist():
            archive.writestr(name, plain.read(name))
    content = bytearray((tmp_path / "b.pt").read_bytes())
    start = content.index(b"data.pkl") + len(b"data.pkl")
    content[start] = 7  # a block of a kind that there is none of
    (tmp_path / "b.pt").write_bytes(content)
    found = inspect_file(tmp_path / "b.pt")
    assert not found.is_checkpoint and "broken off: download it again" in found.title


def test_several_files_are_all_described_and_a_missing_one_is_named(tmp_path, capsys):
    path = tiny_models.save_lifter(tmp_path / "a.pt")
    assert main([str(path), str(path)]) == 0
    assert capsys.readouterr().out.count("lifter of this project") == 2
    assert main([str(tmp_path / "none.pt")]) == 2
    assert "none.pt: cannot read file (No such file" in capsys.readouterr().err
    with pytest.raises(UserError, match="Is a directory"):
        inspect_file(tmp_path)
