"""What -p starts from: own checkpoints, MotionBERT's lifters and classifiers; heads kept or not."""

import foreign_files
import pytest
import tiny_models

torch = pytest.importorskip("torch")

from tiny_stores import camera_store

import train_pose3d
from lib.config import build, to_yaml
from lib.errors import UserError
from lib.model.checkpoint import load_checkpoint
from lib.train.action import ActionRunConfig, ActionTask
from lib.train.lifting import LiftingConfig, LiftingTask
from lib.train.start import start_from

CLASSES = ["squat", "deadlift", "pushup"]


def lifting(model=foreign_files.SIZES, **changes):
    torch.manual_seed(5)
    config = {
        "model": model, "data": {"clip_len": 9, "fps": 25}, "sources": [{"store": "none"}],
        "eval": {"sources": [{"store": "none"}]},
    }  # fmt: skip
    return LiftingTask(build(LiftingConfig, config | changes, "test"))


def action(model=foreign_files.SIZES, head=foreign_files.HEAD, **changes):
    torch.manual_seed(5)
    config = {
        "model": model, "head": head, "classes": CLASSES, "sources": [{"store": "none"}],
        "data": {"clip_len": 9, "frame_step": 3}, "eval": {"sources": [{"store": "none"}]},
    }  # fmt: skip
    return ActionTask(build(ActionRunConfig, config | changes, "test"))


def same(state, other, prefix=""):
    """Names under which two states hold equal tensors, and those where they differ."""
    names = [name for name in state if name.startswith(prefix)]
    equal = {name for name in names if torch.equal(state[name], other[name])}
    return equal, set(names) - equal


@pytest.mark.parametrize("reset_head", [None, True])
def test_a_foreign_lifters_head_starts_anew_and_says_so(tmp_path, reset_head):
    state = foreign_files.save_lifter(tmp_path / "best_epoch.bin")
    task = lifting(reset_head=reset_head)
    remarks = start_from(task, str(tmp_path / "best_epoch.bin"))
    assert same(task.model.state_dict(), state)[1] == {"head.weight"}  # biases start at 0
    assert "starts anew" in remarks[0] and "model.num_heads = 8" in remarks[1]


def test_a_foreign_head_is_kept_on_demand_with_a_warning(tmp_path):
    state = foreign_files.save_lifter(tmp_path / "best_epoch.bin")
    task = lifting(reset_head=False)
    remarks = start_from(task, str(tmp_path / "best_epoch.bin"))
    assert not same(task.model.state_dict(), state)[1]
    assert "is kept" in remarks[0] and "not metres" in remarks[0]


def test_a_foreign_lifter_of_other_outputs_fits_if_its_head_starts_anew(tmp_path):
    foreign_files.save_lifter(tmp_path / "f.bin", dim_out=5)
    start_from(lifting(), str(tmp_path / "f.bin"))
    with pytest.raises(UserError, match=r"model\.dim_out"):
        start_from(lifting(reset_head=False), str(tmp_path / "f.bin"))


@pytest.mark.parametrize(("reset_head", "changed"), [(None, 0), (False, 0), (True, 1)])
def test_an_own_lifters_head_is_kept_unless_asked(tmp_path, reset_head, changed):
    path = tiny_models.save_lifter(tmp_path / "best.pt")
    task = lifting(tiny_models.MODEL, reset_head=reset_head)
    assert start_from(task, str(path)) == []
    assert len(same(task.model.state_dict(), load_checkpoint(path).model)[1]) == changed


def test_a_foreign_lifter_becomes_a_classifiers_backbone(tmp_path):
    state = foreign_files.save_lifter(tmp_path / "f.bin")
    task = action()
    before = {k: v.clone() for k, v in task.model.state_dict().items()}
    remarks = start_from(task, str(tmp_path / "f.bin"))
    assert not same({f"backbone.{k}": v for k, v in state.items()}, task.model.state_dict())[1]
    assert not same(before, task.model.state_dict(), "head.")[1]
    assert len(remarks) == 1


@pytest.mark.parametrize("reset_head", [False, True])
def test_a_foreign_classifier_brings_backbone_and_head(tmp_path, reset_head):
    state = foreign_files.save_classifier(tmp_path / "f.bin")
    task = action(reset_head=reset_head)
    remarks = start_from(task, str(tmp_path / "f.bin"))
    changed = same(task.model.state_dict(), state)[1]
    trained = {f"head.{layer}.{part}" for layer in ("fc1", "fc2") for part in ("weight", "bias")}
    assert changed == (trained if reset_head else set())
    assert any("squat, deadlift, pushup" in remark for remark in remarks) != reset_head


def test_a_classifier_of_sixty_classes_needs_a_new_head(tmp_path):
    foreign_files.save_classifier(tmp_path / "ntu.bin", num_classes=60, hidden_dim=4)
    with pytest.raises(UserError, match=r"head\.hidden_dim=4 head\.num_classes=60$"):
        start_from(action(), str(tmp_path / "ntu.bin"))
    start_from(action(reset_head=True), str(tmp_path / "ntu.bin"))


def test_own_classes_are_compared_by_name(tmp_path):
    path = str(tiny_models.save_classifier(tmp_path / "a.pt", classes=CLASSES[::-1]))
    own = {"model": tiny_models.MODEL, "head": tiny_models.HEAD}
    with pytest.raises(UserError, match="knows pushup, deadlift, squat, the config squat"):
        start_from(action(**own), path)
    assert start_from(action(**own, reset_head=True), path) == []


def test_what_cannot_be_started_from_is_refused_before_anything_is_copied(tmp_path):
    foreign_files.save_classifier(tmp_path / "a.bin")
    foreign_files.save_lifter(tmp_path / "f.bin", depth=3)
    task = lifting()
    before = {k: v.clone() for k, v in task.model.state_dict().items()}
    for name, text in (("a.bin", "kind 'action'"), ("f.bin", "depth 3.*set model.depth=3$")):
        with pytest.raises(UserError, match=text):
            start_from(task, str(tmp_path / name))
    assert not same(task.model.state_dict(), before)[1]


def test_heads_of_an_own_checkpoint_must_agree_though_every_shape_fits(tmp_path):
    path = tiny_models.save_lifter(tmp_path / "best.pt")
    with pytest.raises(UserError, match=r"num_heads 2 .*has 4\); set model\.num_heads=2"):
        start_from(lifting(tiny_models.MODEL | {"num_heads": 4}), str(path))


def test_train_pose3d_takes_a_foreign_file(tmp_path, capsys):
    state = foreign_files.save_lifter(tmp_path / "best_epoch.bin")
    store = str(camera_store(tmp_path / "store"))
    task = lifting(
        sources=[{"store": store, "subjects": ["s03"], "actions": ["squat"]}],
        eval={"sources": [{"store": store, "subjects": ["s09"], "actions": ["squat"]}]},
        train={"epochs": 1, "batch_size": 4, "device": "cpu"}, backbone_factor=0.0,
    )  # fmt: skip
    (tmp_path / "own.yaml").write_text(to_yaml(task.config))
    flags = ["--config", str(tmp_path / "own.yaml"), "-c", str(tmp_path / "run")]
    assert train_pose3d.main([*flags, "-p", str(tmp_path / "best_epoch.bin")]) == 0
    assert "starts anew" in capsys.readouterr().out
    trained = load_checkpoint(tmp_path / "run/latest.pt").model
    changed = same(trained, state)[1]  # a backbone at rate 0 is the file's own
    assert changed == {"head.weight", "head.bias"}
