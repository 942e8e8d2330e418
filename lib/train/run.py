"""From a command line to a finished run: flags, config, seed, run folder. Shared by the scripts."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import torch

from lib.config import load_config, to_dict, to_yaml
from lib.errors import UserError
from lib.model.checkpoint import load_checkpoint, load_weights
from lib.pose import written_aside
from lib.train.trainer import Trainer


def _parse(doc: str, default_config: str, argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", default=default_config, help=f"YAML file ({default_config})")
    parser.add_argument("-c", "--checkpoint", help="run folder (default: the config's `run`)")
    parser.add_argument("-p", "--pretrained", help="checkpoint whose weights to start from")
    parser.add_argument(
        "-r", "--resume", nargs="?", const="", help="go on from latest.pt of the run, or from a file"
    )
    parser.add_argument("-e", "--evaluate", metavar="FILE", help="score a checkpoint and stop")
    parser.add_argument("--seed", type=int, help="same as train.seed=N")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="change config values")
    return parser.parse_args(argv)


def _start_from(task: Any, path: str) -> None:
    saved = load_checkpoint(path)
    state = task.model.state_dict() if saved.kind == task.kind else None
    weights = saved.model if state is not None and task.kind == "action" else task.adopt(saved.model)
    load_weights(task.model, weights, path)


def _score(trainer: Trainer, path: str) -> dict[str, float]:
    saved = load_checkpoint(path, trainer.device)
    if saved.kind != trainer.task.kind:
        raise UserError(f"{path}: a checkpoint of kind '{saved.kind}', not '{trainer.task.kind}'")
    load_weights(trainer.task.model, saved.model, path)
    return trainer.evaluate()


def main(
    doc: str, default_config: str, config_class: type, make_task: Callable[[Any], Any],
    argv: Sequence[str] | None,
) -> dict[str, float]:  # fmt: skip
    """Run a training script; returns its last scores. Raises UserError."""
    flags = _parse(doc, default_config, argv)
    overrides = list(flags.overrides)
    if flags.seed is not None:
        overrides.append(f"train.seed={flags.seed}")
    if flags.checkpoint:
        overrides.append(f"run={flags.checkpoint}")
    config = load_config(config_class, flags.config, overrides)
    torch.manual_seed(config.train.seed)
    task, folder = make_task(config), Path(config.run)
    trainer = Trainer(task, config.train, config.optim, folder, to_dict(config))
    if flags.evaluate:
        scores = _score(trainer, flags.evaluate)
    else:
        if flags.resume is not None:
            trainer.resume(Path(flags.resume or folder / "latest.pt"))
        elif (folder / "latest.pt").exists():
            raise UserError(f"{folder}: holds a run already; --resume goes on, -c names another")
        elif flags.pretrained:
            _start_from(task, flags.pretrained)
        with written_aside(folder / "config.yaml") as aside:
            aside.write_text(to_yaml(config), encoding="utf-8")
        scores = trainer.fit()
        if trainer.is_stopping:
            raise UserError(f"stopped; {folder}/latest.pt is saved, --resume goes on from it")
    if scores and not flags.evaluate:
        with written_aside(folder / "scores.json") as aside:
            aside.write_bytes(orjson.dumps(scores, option=orjson.OPT_INDENT_2))
    for name, value in scores.items():
        print(f"{name:32s} {value:10.4g}")
    return scores
