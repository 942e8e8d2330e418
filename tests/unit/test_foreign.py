"""MotionBERT's files: where the weights are, their sizes, and starting a run from them."""

from collections import OrderedDict
from dataclasses import replace

import foreign_files
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lib.config import load_config, to_yaml
from lib.errors import UserError
from lib.model.action import ActionConfig
from lib.model.checkpoint import read_content
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.model.foreign import check_sizes, find_weights, infer_config, infer_head, load_trained
from lib.model.inspection import inspect_file
from lib.model.pose_stream import PoseStreamConfig


def read_foreign(path):
    return find_weights(read_content(path), path)


def small_state():
    return {"w": torch.ones(2, 3), "b": torch.zeros(3)}


@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize(
    ("wrap", "place"),
    [
        (lambda s: {"model_pos": s, "epoch": 3}, "model_pos"), (lambda s: {"model": s}, "model"),
        (lambda s: {"state_dict": s}, "state_dict"), (lambda s: s, ""), (OrderedDict, ""),
    ],
)  # fmt: skip
def test_T15_foreign_files_give_bare_names(tmp_path, wrap, place, prefix):
    state = small_state()
    torch.save(wrap({prefix + name: value for name, value in state.items()}), tmp_path / "f.bin")
    found = read_foreign(tmp_path / "f.bin")
    assert found.state.keys() == state.keys()
    assert (found.place, found.is_prefixed, found.kind) == (place, prefix != "", "lifting")
    assert found.others == (("epoch",) if place == "model_pos" else ())


NUMBERS = [np.float64(1.5), np.float32(1.5), np.float16(1.5), np.int64(3), np.int32(3), np.True_]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: type(number).__name__)
@pytest.mark.parametrize("zipped", [True, False])
def test_I12_a_numpy_score_beside_the_weights_is_allowed(tmp_path, zipped, number):
    content = {"model_pos": small_state(), "min_loss": number, "lr": [5e-4]}
    torch.save(content, tmp_path / "best.bin", _use_new_zipfile_serialization=zipped)
    assert "w" in read_foreign(tmp_path / "best.bin").state


@pytest.mark.parametrize("content", [{}, {"model": {}}, [torch.ones(1)], {"model": {"a": 1}}, 5])
def test_a_file_without_weights_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "f.bin")
    with pytest.raises(UserError, match=r"f\.bin: holds no weights under 'model_pos'"):
        read_foreign(tmp_path / "f.bin")


def config_of(**changes):
    return DSTformerConfig(**foreign_files.SIZES | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"dim_feat": 40, "mlp_ratio": 2.0}, {"depth": 1}, {"depth": 11}, {"att_fuse": False},
        {"dim_in": 2, "dim_out": 5}, {"num_joints": 5, "maxlen": 1},
    ],
)  # fmt: skip
def test_sizes_are_read_from_shapes(changes):
    config = config_of(**changes)
    assert infer_config(DSTformer(config).state_dict(), "f.bin") == config


def test_sizes_of_a_classifier_and_its_head(tmp_path):
    foreign_files.save_classifier(tmp_path / "a.bin", num_classes=60)
    found = read_foreign(tmp_path / "a.bin")
    assert found.kind == "action" and found.is_prefixed
    assert infer_config(found.state, "a.bin") == config_of()
    assert infer_head(found.state, "a.bin") == ActionConfig(num_classes=60, hidden_dim=8)


def test_heads_are_eight_unless_they_do_not_divide():
    with torch.device("meta"):
        states = [DSTformer(config_of(dim_feat=n, num_heads=1)).state_dict() for n in (24, 12)]
    assert [infer_config(state, "f").num_heads for state in states] == [8, 6]


@pytest.mark.parametrize("absent", ["pos_embed", "blocks_st.0.mlp_s.fc1.weight", "head.weight"])
def test_weights_of_another_network_are_refused_by_name(absent):
    state = DSTformer(config_of()).state_dict()
    del state[absent]
    with pytest.raises(UserError, match=rf"^f\.bin: not the weights of a DSTformer: no {absent}"):
        infer_config(state, "f.bin")


STREAM = PoseStreamConfig(dim=32, depth=1, frames=2)


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        (lambda s: {k: v for k, v in s.items() if "blocks" not in k}, "no blocks_st.0.mlp_s.fc1"),
        (lambda s: {k: v for k, v in s.items() if ".layers." not in k}, "pose_stream: every size"),
        (lambda s: s | {"pose_stream.embed.weight": torch.ones(32)}, "no pose_stream.embed.weight"),
        (lambda s: s | {"pose_stream.embed.weight": torch.ones(33, 204)}, "33 is no multiple of"),
        (lambda s: s | {"pos_embed": torch.ones(1, 17, 0)}, "no pos_embed of the usual shape"),
    ],
)
def test_weights_that_make_no_network_are_refused_in_one_line(tmp_path, changed, text):
    state = DSTformer(config_of(pose_stream=STREAM)).state_dict()
    infer_config(state | {"blocks_st.last.weight": torch.ones(1)}, "f.bin")
    torch.save(changed(state), tmp_path / "f.bin")
    with pytest.raises(UserError, match=rf"f\.bin: not the weights of a DSTformer: .*{text}") as e:
        load_trained(tmp_path / "f.bin")
    assert "\n" not in str(e.value)
    assert inspect_file(tmp_path / "f.bin").title.startswith("weights of another network")


def test_weights_fit_every_ratio_that_makes_as_many_hidden_features():
    has = config_of(mlp_ratio=1.3)  # 20 of 16 features
    state = DSTformer(has).state_dict()
    check_sizes(state, has, "f.bin")
    check_sizes(state, replace(has, mlp_ratio=1.25), "f.bin")
    with pytest.raises(UserError, match="model.mlp_ratio 1.25 .*the config has 1.2"):
        check_sizes(state, replace(has, mlp_ratio=1.2), "f.bin")


def test_a_ratio_that_is_read_makes_as_many_features_as_there_are():
    with torch.device("meta"):
        state = DSTformer(config_of(dim_feat=392, mlp_ratio=9 / 392)).state_dict()
        for hidden in range(1, 800):
            state["blocks_st.0.mlp_s.fc1.weight"] = torch.empty(hidden, 392)
            assert int(392 * infer_config(state, "f.bin").mlp_ratio) == hidden


def test_every_size_that_differs_is_named_with_what_to_set():
    state = DSTformer(config_of()).state_dict()
    check_sizes(state, config_of(), "f.bin")
    with pytest.raises(UserError) as caught:
        check_sizes(state, config_of(dim_feat=32, depth=5, maxlen=243, att_fuse=False), "f.bin")
    text = str(caught.value)
    for size in ("dim_feat 16 (the config has 32)", "depth 2 (the config has 5)", "maxlen 12"):
        assert f"model.{size}" in text
    assert text.endswith(
        "; set model.dim_feat=16 model.depth=2 model.maxlen=12 model.att_fuse=true"
    )
    assert "\n" not in text and "dim_rep" not in text and "num_heads" not in text


def test_what_to_set_for_a_pose_stream_is_what_sets_it(tmp_path):
    """Pasted behind the command it makes the sizes equal."""
    with_stream = config_of(pose_stream=PoseStreamConfig(dim=32, depth=1, frames=2))
    other = replace(with_stream, pose_stream=PoseStreamConfig(dim=64, depth=1))
    for has, wanted in ((with_stream, config_of()), (config_of(), other), (with_stream, other)):
        state = DSTformer(has).state_dict()
        with pytest.raises(UserError) as caught:
            check_sizes(state, wanted, "f.bin")
        fix = str(caught.value).partition("; set model.")[2].split(" model.")
        (tmp_path / "model.yaml").write_text(to_yaml(wanted))
        check_sizes(state, load_config(DSTformerConfig, tmp_path / "model.yaml", fix), "f.bin")


def test_the_lifting_heads_size_matters_only_if_it_is_kept():
    state = DSTformer(config_of(dim_out=5)).state_dict()
    check_sizes(state, config_of(), "f.bin", has_head=False)
    with pytest.raises(UserError, match="set model.dim_out=5$"):
        check_sizes(state, config_of(), "f.bin")


def test_a_classifiers_head_is_compared_too(tmp_path):
    state = foreign_files.save_classifier(tmp_path / "a.bin", num_classes=60)
    check_sizes(state, config_of(), "a.bin")
    with pytest.raises(UserError, match="head.num_classes 60 .*3.*set head.num_classes=60$"):
        check_sizes(state, config_of(), "a.bin", head=ActionConfig(**foreign_files.HEAD))
