"""Mistakes of MotionBERT and the first PerfectRep that no other test is about, and their list."""

import ast
import importlib
import io
import pickle
import pkgutil
import re
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tiny_stores import camera_store, world_store

import lib
from lib.config import build, load_config, to_dict
from lib.data.augment import AugmentConfig
from lib.data.clips import slice_store
from lib.data.datasets import ClipConfig, LiftingClips
from lib.data.mix import Mix, Part
from lib.data.store import open_store
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.errors import UserError
from lib.skeleton import JOINT
from lib.train.action import ActionRunConfig, ActionTask
from lib.train.lifting import LiftingConfig, LiftingTask
from lib.train.loader import Loader, count_workers
from lib.train.sampler import plan_epoch
from lib.train.trainer import Trainer

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = [*ROOT.glob("*.py"), *(ROOT / "tools").glob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
SCRIPTS = [path for path in SCRIPTS if path.name != "__init__.py"]
TRAINING = sorted(ROOT.glob("train_*.py"))
MODEL = {"dim_feat": 16, "dim_rep": 8, "depth": 1, "num_heads": 2, "maxlen": 9}


def lifting_clips(store, **source):
    sources = [SourceConfig(str(store), **source)]
    camera = RandomCameraConfig()
    return LiftingClips(sources, ClipConfig(9, 25), AugmentConfig(flip=0.5), None, camera, seed=0)


@pytest.mark.parametrize("random_camera", [0.0, 1.0])
def test_D4_the_root_is_at_zero_in_all_three_axes(tmp_path, random_camera):
    """Not at depth -1, whichever camera looks and wherever the person stands."""
    clips = lifting_clips(camera_store(tmp_path / "store"), random_camera=random_camera)
    for i_clip in range(len(clips)):
        y = clips[0, i_clip].y
        assert (y[:, JOINT["root"]] == 0).all() and np.abs(y[..., 2]).max() > 0.01


def test_D23_windows_are_views_of_one_copy_without_pickles(tmp_path):
    folder = world_store(tmp_path / "store", lengths=(600, 400))
    before = sum(path.stat().st_size for path in folder.iterdir())
    table = slice_store(open_store(folder), 243, 81)
    np.save(folder / "clips.npy", table)
    after = sum(path.stat().st_size for path in folder.iterdir())
    assert after - before < table.nbytes  # one table in place of another
    store = open_store(folder)
    windows = [store.xyz_of(i)[start:stop] for i, start, stop in table]
    assert len(windows) == 9
    assert all(np.shares_memory(window, store.xyz_m) for window in windows)
    for path in folder.glob("*.npy"):
        assert not np.load(path, allow_pickle=False).dtype.hasobject


@pytest.mark.parametrize("num_workers", [0, 1])
def test_T13_the_number_of_loaders_is_a_setting_and_none_will_do(tmp_path, num_workers):
    mix = Mix([Part("3d", lifting_clips(world_store(tmp_path / "store")))])
    plan = plan_epoch(mix, 2, 0, 0)
    loader = Loader(mix, num_workers, 0, torch.device("cpu"))
    try:
        drawn = list(loader.batches(plan, 0))
    finally:
        loader.close()
    assert [len(batch.x) for batch in drawn] == [len(draws) for draws in plan]
    assert np.array_equal(drawn[0].x[0], mix[plan[0][0]].x)
    assert count_workers(5, torch.device("cuda")) == 5
    assert count_workers("auto", torch.device("cpu")) == 0
    assert 0 <= count_workers("auto", torch.device("cuda")) <= 8


def is_harmless(node: ast.stmt) -> bool:
    """Whether running a top-level statement of a module does no work."""
    if isinstance(node, ast.Expr):
        call = node.value.func if isinstance(node.value, ast.Call) else None
        return call is None or ast.unparse(call) in ("sys.path.insert", "os.environ.update")
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "__name__ == '__main__'"
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    return isinstance(node, kinds)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_T14_importing_a_script_does_no_work(path):
    """Loader processes that are spawned import it again."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [ast.unparse(node) for node in tree.body if not is_harmless(node)] == []


def test_T14_a_script_that_works_at_import_would_be_found():
    tree = ast.parse("import sys\nfor i in range(3):\n    pass\nprint(3)\nif True:\n    x = 1")
    assert [is_harmless(node) for node in tree.body] == [True, False, False, False]


def test_T14_training_data_can_be_sent_to_a_spawned_loader(tmp_path):
    mix = Mix([Part("3d", lifting_clips(world_store(tmp_path / "store")))])
    sent = pickle.loads(pickle.dumps(mix))  # noqa: S301 - what a loader process does
    assert np.array_equal(sent[2, 0, 1].x, mix[2, 0, 1].x)


def test_T16_nothing_reaches_through_a_wrapper():
    """`model.module` is there or not, depending on how a model was wrapped."""
    reached = [
        f"{path.name}:{node.lineno}"
        for path in (ROOT / "lib").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "module"
    ]
    assert reached == []


def test_T16_parameter_groups_are_those_of_the_plain_model():
    config = {
        "model": MODEL, "head": {"num_classes": 2, "hidden_dim": 8}, "classes": ["a", "b"],
        "data": {"clip_len": 9}, "sources": [], "eval": {"sources": []},
    }  # fmt: skip
    task = ActionTask(build(ActionRunConfig, config, "test"))
    groups = {group.name: {id(p) for p in group.parameters} for group in task.groups()}
    assert groups["head"] == {id(p) for p in task.model.head.parameters()}
    assert groups["backbone"] < {id(p) for p in task.model.backbone.parameters()}


def test_T18_how_often_to_log_is_a_number(tmp_path):
    config = ROOT / "configs/pretrain/full.yaml"
    assert load_config(LiftingConfig, config, ["train.log_every=7"]).train.log_every == 7
    with pytest.raises(UserError, match=r"train\.log_every.*'often'"):
        load_config(LiftingConfig, config, ["train.log_every=often"])


def test_T18_progress_is_logged_within_an_epoch(tmp_path):
    store = str(camera_store(tmp_path / "store"))
    content = {
        "model": MODEL, "data": {"clip_len": 9, "fps": 25}, "sources": [{"store": store}],
        "eval": {"sources": [{"store": store}]},
        "train": {"epochs": 1, "batch_size": 3, "log_every": 2, "eval_every": 0, "device": "cpu"},
    }  # fmt: skip
    config = build(LiftingConfig, content, "test")
    Trainer(LiftingTask(config), config.train, config.optim, tmp_path, to_dict(config)).fit()
    events = EventAccumulator(str(tmp_path / "tb")).Reload()
    assert [point.step for point in events.Scalars("loss/total")] == [2, 4, 6]


@pytest.mark.parametrize("path", TRAINING, ids=lambda path: path.name)
def test_T21_the_default_config_exists(path):
    text = io.StringIO()
    with redirect_stdout(text), pytest.raises(SystemExit):
        importlib.import_module(path.stem).main(["--help"])
    named = re.search(r"\((configs/\S+\.yaml)\)", text.getvalue())
    assert named and (ROOT / named[1]).is_file()


def test_T21_every_module_can_be_imported():
    names = [module.name for module in pkgutil.walk_packages(lib.__path__, "lib.")]
    names += [f"tools.{path.stem}" for path in (ROOT / "tools").glob("[a-z]*.py")]
    assert len(names) > 80
    for name in names:
        importlib.import_module(name)


def ids_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![A-Za-z0-9])[DT]\d+(?![0-9])", text))


def test_the_list_is_complete_and_each_mistake_has_a_test():
    """docs/defects.md: D1 to D23 and T1 to T24; the other letters have tests beside their code."""
    text = (ROOT / "docs/defects.md").read_text(encoding="utf-8")
    rows = [row.strip("| ").split(" | ") for row in re.findall(r"^\| .*\|$", text, re.M)[1:]]
    assert all(len(row) == 3 and all(row) for row in rows), rows
    listed = set().union(*(ids_in(row[0]) for row in rows))
    wanted = {f"D{i}" for i in range(1, 24)} | {f"T{i}" for i in range(1, 25)}
    assert listed == wanted
    tested = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M):
            tested |= ids_in(name.replace("_", " "))
    assert not wanted - tested
