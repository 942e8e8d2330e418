"""README and docs/ as their tests see them: pages, code blocks, commands."""

import re
import shlex
from pathlib import Path

from lib.train.action import ActionRunConfig
from lib.train.lifting import LiftingConfig

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OTHER_PAGES = [ROOT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "data/README.md")]
CONFIG_OF = {
    "train_pretrain.py": LiftingConfig, "train_pose3d.py": LiftingConfig,
    "train_action.py": ActionRunConfig,
}  # fmt: skip


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def fenced(text: str, language: str) -> list[str]:
    """Code blocks of a language, lines ended by a backslash joined with the next."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)
    return [block.replace("\\\n", " ") for block in blocks]


def commands(*pages: Path) -> list[tuple[str, list[str]]]:
    """(page, words) of every `python`, `make` and `tensorboard` line in code blocks and spans."""
    found = []
    for page in pages:
        text = read(page)
        lines = "\n".join(fenced(text, "bash")).splitlines()
        lines += re.findall(r"^ {4}((?:python|make) .+)$", text, re.M)
        lines += list(re.findall(r"`((?:python|make|tensorboard) [^`]+)`", text))
        found += [(page.name, shlex.split(line, comments=True)) for line in lines if line.strip()]
    return found
