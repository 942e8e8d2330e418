"""README and docs/ against the code: commands, flags, configs, links, tables, examples."""

import importlib
import io
import re
from contextlib import redirect_stdout
from dataclasses import fields
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from pages import CONFIG_OF, OTHER_PAGES, PAGES, ROOT, commands, fenced, read

import infer_wild
from lib.analysis.exercises import exercise_names, load_exercise
from lib.config import load_config
from lib.data.noise import NoiseConfig
from lib.data.splits import Split
from lib.data.store import open_store
from lib.errors import UserError
from lib.model.action import ActionNet
from lib.model.dstformer import DSTformer
from lib.pose import Pose3D
from lib.skeleton import LAYOUTS
from lib.train.action import ActionRunConfig
from lib.train.lifting import LiftingConfig

CLASS_OF = {
    "pretrain": LiftingConfig, "pose3d": LiftingConfig, "action": ActionRunConfig,
    "splits": Split, "noise": NoiseConfig,
}  # fmt: skip
CONFIGS = [path for name in CLASS_OF for path in sorted((ROOT / "configs" / name).glob("*.yaml"))]


COMMANDS = commands(*PAGES, *OTHER_PAGES)
SCRIPT_COMMANDS = [(page, words) for page, words in COMMANDS if words[0] == "python"]


def shown(value) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)


@cache
def help_of(script: str) -> str:
    """What `python <script> --help` prints; asked of its main(), so nothing is started."""
    source = read(ROOT / script)
    assert "ArgumentParser" in source or "lib.train.run" in source, f"{script} takes no flags"
    module = importlib.import_module(script.removesuffix(".py").replace("/", "."))
    text = io.StringIO()
    with redirect_stdout(text), pytest.raises(SystemExit):
        module.main(["--help"])
    return text.getvalue()


def anchors(path: Path) -> set[str]:
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```", "", read(path), flags=re.M | re.S), re.M
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_table_has_a_head(page):
    """A row behind an empty line is text to a browser."""
    text = re.sub(r"^```.*?^```", "", read(page), flags=re.M | re.S)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        assert re.match(r"\|.*\n\|[-| :]+\|\n", table), table


def test_there_is_something_to_check():
    assert len(SCRIPT_COMMANDS) > 30 and len(CONFIGS) > 12 and len(PAGES) >= 7


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=shown)
def test_command_names_something_that_exists(page, words):
    if words[0] == "make":
        makefile = read(ROOT / "Makefile")
        known = {*re.findall(r"^([a-z]+):", makefile, re.M), *re.findall(r"\$\((\w+)\)", makefile)}
        assert {word.partition("=")[0] for word in words[1:]} <= known
    elif words[0] == "python":
        assert (ROOT / words[1]).is_file(), words[1]
    else:
        assert words[0] in ("tensorboard", "torchrun", "source", ".ci/run"), words


@pytest.mark.parametrize(("page", "words"), SCRIPT_COMMANDS, ids=shown)
def test_flags_and_configs_of_a_command_are_accepted(page, words):
    script, *rest = words[1:]
    for flag in [word for word in rest if re.match(r"--?[a-z]", word)]:
        assert re.search(rf"(?<![\w-]){flag}(?![\w-])", help_of(script)), flag
    if script in CONFIG_OF and "--config" in rest:
        overrides = [word for word in rest if re.match(r"[\w.]+=", word)]
        load_config(CONFIG_OF[script], ROOT / rest[rest.index("--config") + 1], overrides)
    if "--resume" in rest:  # it would take a word behind it for its file
        assert rest[-1] == "--resume"


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_config_loads(path):
    config = load_config(CLASS_OF[path.parent.name], path)
    for source in [*config.sources, *config.eval.sources] if hasattr(config, "sources") else []:
        assert source.split is None or load_config(Split, ROOT / source.split)


def test_overrides_in_the_text_are_config_values():
    spans = {
        s for page in PAGES for s in re.findall(r"`([a-z_]+(?:\.[a-z_]+)*=[^` ]+)`", read(page))
    }
    assert len(spans) > 4
    for span in spans - {"key=value"}:
        problems = []
        for name in ("pretrain", "action"):
            try:
                load_config(CLASS_OF[name], ROOT / f"configs/{name}/full.yaml", [span])
            except UserError as error:
                problems.append(str(error))
        assert len(problems) < 2, problems


def test_config_keys_in_the_tables_exist():
    rows = re.findall(
        r"^\| (`.+?) \|", read(ROOT / "docs/pretraining.md").split("### Config keys")[1], re.M
    )
    keys = [key for row in rows for key in re.findall(r"`([a-z0-9_.]+)`", row) if key != "base"]
    assert len(keys) > 15
    for key in keys:
        group, _, name = key.partition(".")
        parts = {f.name: f.type for f in fields(LiftingConfig)}
        assert group in parts, key
        assert not name or name in {f.name for f in fields(parts[group])}, key


@pytest.mark.parametrize("page", PAGES + OTHER_PAGES, ids=lambda page: page.name)
def test_links_pictures_and_paths_resolve(page):
    text = read(page)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", target):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target
    spans = re.findall(r"`((?:lib|tools|configs|tests|docs|benchmarks)/[\w./*-]+)`", text)
    for span in spans:
        assert list(ROOT.glob(span.rstrip("/"))), span


def test_layout_and_tools_are_complete():
    listed = set(
        re.findall(r"^([\w./]+) {2,}\S", read(ROOT / "README.md").split("## Layout")[1], re.M)
    )
    assert all((ROOT / name).exists() for name in listed), listed
    lib = {
        f"lib/{p.name}{'/' * p.is_dir()}" for p in (ROOT / "lib").iterdir() if p.name[0] not in "_."
    }
    scripts = {p.name for p in ROOT.glob("*.py")}
    assert lib | scripts <= listed, (lib | scripts) - listed
    tools = {p.name for p in (ROOT / "tools").glob("*.py")} - {"__init__.py"}
    assert tools == set(re.findall(r"^\| `(\w+\.py)` \|", read(ROOT / "docs/data.md"), re.M))


def test_sizes_are_those_of_the_networks():
    lifters, heads = read(ROOT / "docs/pretraining.md"), read(ROOT / "docs/classification.md")
    with torch.device("meta"):
        for size in ("full", "lite", "small", "tiny", "swift", "demo"):
            config = load_config(LiftingConfig, ROOT / f"configs/pretrain/{size}.yaml")
            count = sum(p.numel() for p in DSTformer(config.model).parameters())
            assert re.search(rf"^\| {size} \|.*\| {count:,} \|$", lifters, re.M), (size, count)
        for size in ("full", "lite", "small", "tiny"):
            config = load_config(ActionRunConfig, ROOT / f"configs/action/{size}.yaml")
            head = ActionNet(DSTformer(config.model), config.head).head
            count = sum(p.numel() for p in head.parameters())
            length = f"{config.train.batch_size}, {config.train.epochs}"
            row = rf"^\| {size} .*\| {count:,} \|.*\| {length} \|$"
            assert re.search(row, heads, re.M), (size, count, length)


def test_infer_page_names_every_option_and_every_array():
    text = read(ROOT / "docs/infer.md")
    options = {f for a in infer_wild._parser()._actions for f in a.option_strings} - {
        "-h",
        "--help",
    }
    assert options == set(
        re.findall(r"`(--?[a-z_-]+)`", text.split("## Options")[1].split("##")[0])
    )
    keys = {f.name for f in fields(Pose3D)} | {"joint_names", "axes", "format"}
    table = text.split("### pose3d.npz")[1].split("\n## ")[0]
    assert keys == set(re.findall(r"^\| `(\w+)` \|", table, re.M))


def test_layouts_are_all_named():
    table = read(ROOT / "docs/data.md").split("## Skeleton and joint maps")[1]
    assert all(re.search(rf"^\| .*{name}[ ,]", table, re.M) for name in LAYOUTS)


@pytest.mark.parametrize("name", exercise_names())
def test_limits_of_the_drive_are_those_of_the_exercise_files(name):
    text = read(ROOT / "docs/form_and_reps.md")
    exercise = load_exercise(name)
    drive = exercise.drive
    limits = (drive.min_excursion_deg, drive.top_gate_deg, drive.full_gate_deg)
    row = "".join(f" {value:g} |" for value in limits)
    assert re.search(rf"^\| {name} \| {drive.angle} \| .*{re.escape(row)}$", text, re.M), row


def test_drawing_is_well_formed():
    drawing = ElementTree.parse(ROOT / "docs/img/dstformer.svg").getroot()
    assert drawing.get("viewBox") and len(list(drawing)) > 40


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples_in_python_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for example in fenced(read(page), "python"):
        exec(compile(example, page.name, "exec"), {"__name__": "example"})  # noqa: S102 - our own text
    if page.name == "data.md":
        assert np.isfinite(open_store("data/motion3d/own").xyz_of(0)).all()
