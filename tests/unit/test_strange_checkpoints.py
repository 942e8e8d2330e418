"""Checkpoints of strangers and of diverged runs: refused in one line when they are loaded."""

import pytest
import torch
from tiny_models import save_classifier, save_lifter

from lib.errors import UserError
from lib.infer.classify import Classifier
from lib.infer.lift import Lifter


def changed(path, change):
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)
    return path


def refused(load, path, text):
    with pytest.raises(UserError, match=text) as caught:
        load(path)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(str(path))


def with_data(name, value):
    return lambda content: content["config"]["data"].update({name: value})


@pytest.mark.parametrize("value", ["x", 0, -5, float("nan"), float("inf"), True, None, 1e9])
def test_a_frame_rate_that_is_none(tmp_path, value):
    for save, kind in ((save_lifter, Lifter), (save_classifier, Classifier)):
        path = changed(save(tmp_path / "x.pt"), with_data("fps", value))
        refused(kind.from_checkpoint, path, f"data.fps is {value!r}, expected a number above 0")


@pytest.mark.parametrize("value", ["x", 0, -3, 27.0, True, None])
def test_numbers_of_frames_that_are_none(tmp_path, value):
    text = f"is {value!r}, expected a whole number above 0"
    lifter = changed(save_lifter(tmp_path / "l.pt"), with_data("clip_len", value))
    refused(Lifter.from_checkpoint, lifter, f"data.clip_len {text}")
    for name in ("clip_len", "frame_step"):
        action = changed(save_classifier(tmp_path / "a.pt"), with_data(name, value))
        refused(Classifier.from_checkpoint, action, f"data.{name} {text}")


@pytest.mark.parametrize("wrong", [float("nan"), float("-inf")])
def test_weights_of_a_run_that_diverged(tmp_path, wrong):
    for save, kind in ((save_lifter, Lifter), (save_classifier, Classifier)):
        path = changed(
            save(tmp_path / "x.pt"),
            lambda content: list(content["model"].values())[-2].fill_(wrong),
        )
        refused(kind.from_checkpoint, path, "not all finite.*diverged")


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("extra", None), ("extra", [1]), ("extra", {"ema": None}), ("extra", {"ema": {"a": 1}}),
        ("config", None), ("config", "x"), ("kind", ["lifting"]), ("kind", "a\nb"),
        ("format", "1\n"), ("format", torch.ones(2)), ("model", {1: torch.ones(2)}), ("step", "x"),
    ],
)  # fmt: skip
def test_parts_that_are_something_else(tmp_path, part, value):
    path = changed(save_lifter(tmp_path / "x.pt"), lambda content: content.update({part: value}))
    refused(Lifter.from_checkpoint, path, "checkpoint|kind")


@pytest.mark.parametrize(
    "value", [[1], "x", 3, {"evidence": 3}, {"evidence": "flip"}, {"evidence": {"flip": 1}}]
)
def test_a_calibration_that_is_something_else(tmp_path, value):
    path = save_lifter(tmp_path / "x.pt", calibration=value)
    refused(Lifter.from_checkpoint, path, "its config's calibration is damaged")


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ({"name": "pushup", "threshold": "high"}, "other.threshold is 'high', expected a number"),
        ({"name": "pushup", "threshold": None}, "other.threshold is None"),
        ({"name": "pushup", "threshold": float("nan")}, "other.threshold is nan"),
        ({"name": "pushup", "threshold": 1.5}, "other.threshold is 1.5"),
        ({"name": "pushup", "threshold": True}, "other.threshold is True"),
        ({"name": "a\nb", "threshold": 0.5}, r"other.name 'a\\nb' is none of its classes"),
        ({"name": ["pushup"], "threshold": 0.5}, "is none of its classes"),
        ({"threshold": 0.5}, "no other.name"), ({"name": "pushup"}, "no other.threshold"),
        ([1], "no other.name"), ("x", "no other.name"), (0, "no other.name"),
    ],
)  # fmt: skip
def test_another_class_that_is_something_else(tmp_path, other, text):
    refused(Classifier.from_checkpoint, save_classifier(tmp_path / "a.pt", other=other), text)


@pytest.mark.parametrize("classes", [[1, 2, 3], ["squat", None, "pushup"], "a\nb", {"a": 1}, None])
def test_names_of_classes_that_are_no_text(tmp_path, classes):
    path = save_classifier(tmp_path / "a.pt", classes=classes)
    refused(Classifier.from_checkpoint, path, r"names .* for 3 classes; train it again")


@pytest.mark.parametrize(
    ("save", "read"), [(save_lifter, Lifter), (save_classifier, Classifier)]
)  # fmt: skip
def test_nothing_of_a_network_is_left_as_it_lay_in_memory(tmp_path, save, read):
    """Networks are built empty; what is no part of their weights would stay so."""
    save(path := tmp_path / "a.pt")
    model = read.from_checkpoint(path).model
    assert set(dict(model.named_buffers())) <= set(model.state_dict())
