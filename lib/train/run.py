"""From a command line to a finished run: flags, config, seed, run folder. Shared by the scripts."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import torch
from tqdm import tqdm

from lib.config import build, load_config, to_dict, to_yaml
from lib.errors import UserError
from lib.model.checkpoint import load_checkpoint, load_weights
from lib.pose import written_aside
from lib.train.start import start_from
from lib.train.trainer import Trainer, evaluate, pick_device


def _parse(doc: str, default_config: str, argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", default=default_config, help=f"YAML file ({default_config})")
    parser.add_argument("-c", "--checkpoint", help="run folder (default: the config's `run`)")
    parser.add_argument(
        "-p", "--pretrained", help="weights to start from: a checkpoint, or MotionBERT's"
    )
    parser.add_argument(
        "-r",
        "--resume",
        nargs="?",
        const="",
        help="go on from latest.pt of the run, or from a file",
    )
    parser.add_argument("-e", "--evaluate", metavar="FILE", help="score a checkpoint and stop")
    parser.add_argument("--seed", type=int, help="same as train.seed=N")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="change config values")
    flags = parser.parse_args(argv)
    if flags.resume and "=" in flags.resume:
        # `--resume key=value` means the run's own latest.pt and an override.
        flags.overrides.insert(0, flags.resume)
        flags.resume = ""
    return flags


_OF_THE_CHECKPOINT = ("model", "data", "head", "classes")
"""Parts of a config that a checkpoint brings along when it is scored."""


def _score(path: str, config: Any, make_task: Callable[[Any], Any]) -> dict[str, float]:
    """Evaluate a checkpoint, whatever its size, on the config's evaluation data."""
    saved, kind = load_checkpoint(path), make_task(config).kind
    if saved.kind != kind:
        raise UserError(f"{path}: a checkpoint of kind '{saved.kind}', not '{kind}'")
    own = {key: saved.config[key] for key in _OF_THE_CHECKPOINT if key in saved.config}
    if "classes" in own:  # a checkpoint from before there was an 'other' has none
        own["other"] = saved.config.get("other")
    task = make_task(build(type(config), to_dict(config) | own, path))
    load_weights(task.model, saved.model, path)
    return evaluate(task, pick_device(config.train.device))


def _check_start(flags: argparse.Namespace, config: Any) -> None:
    """What a training starts from is one thing, and fits its learning rates."""
    if flags.pretrained and flags.resume is not None:
        raise UserError("-p starts a run, --resume goes on with one: give one of them")
    if config.backbone_factor < 1 and not flags.pretrained and flags.resume is None:
        raise UserError(
            f"backbone_factor is {config.backbone_factor:g} but the backbone is untrained: give "
            "-p CHECKPOINT, or backbone_factor=1.0 to train from scratch"
        )


def _resume(trainer: Trainer, path: Path) -> None:
    trainer.resume(path)
    if trainer.epoch >= trainer.config.epochs:
        raise UserError(f"{path}: already at epoch {trainer.epoch}; raise train.epochs")


def _train(flags: argparse.Namespace, config: Any, task: Any) -> dict[str, float]:
    folder = Path(config.run)
    trainer = Trainer(task, config.train, config.optim, folder, to_dict(config))
    if flags.resume is not None:
        _resume(trainer, Path(flags.resume or folder / "latest.pt"))
    elif (folder / "latest.pt").exists():
        raise UserError(f"{folder}: holds a run already; --resume goes on, -c names another")
    elif flags.pretrained:
        for remark in start_from(task, flags.pretrained):
            tqdm.write(remark)
    with written_aside(folder / "config.yaml") as aside:
        aside.write_text(to_yaml(config), encoding="utf-8")
    scores = trainer.fit()
    if trainer.is_stopping:
        raise UserError(f"stopped; {folder}/latest.pt is saved, --resume goes on from it")
    if scores:
        with written_aside(folder / "scores.json") as aside:
            aside.write_bytes(orjson.dumps(scores, option=orjson.OPT_INDENT_2))
    return scores


def main(
    doc: str, default_config: str, config_class: type, make_task: Callable[[Any], Any],
    argv: Sequence[str] | None,
) -> str:  # fmt: skip
    """Run a training script; returns its last scores, a line each. Raises UserError."""
    flags = _parse(doc, default_config, argv)
    overrides = list(flags.overrides)
    if flags.seed is not None:
        overrides.append(f"train.seed={flags.seed}")
    if flags.checkpoint:
        overrides.append(f"run={flags.checkpoint}")
    config = load_config(config_class, flags.config, overrides)
    torch.manual_seed(config.train.seed)
    if flags.evaluate:
        scores = _score(flags.evaluate, config, make_task)
    else:
        _check_start(flags, config)
        scores = _train(flags, config, make_task(config))
    return "\n".join(f"{name:32s} {value:10.4g}" for name, value in scores.items())
