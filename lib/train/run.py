"""From a command line to a finished run: flags, config, seed, run folder. Shared by the scripts."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from lib.config import build, load_config, to_dict, to_yaml
from lib.errors import UserError
from lib.model.checkpoint import load_weights
from lib.model.foreign import load_trained
from lib.pose import written_aside
from lib.train import parallel
from lib.train.dry_run import dry_run
from lib.train.evaluation import check_sources
from lib.train.overlap import scored_on_training, trained_on
from lib.train.run_folder import changed_since, check_folder, held
from lib.train.score_table import is_scored, write_scores
from lib.train.start import start_from
from lib.train.task import evaluate
from lib.train.trainer import Trainer


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
    parser.add_argument(
        "-e", "--evaluate", metavar="FILE", help="score a checkpoint and stop; -c: where to"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print config, data, parameters, memory and time of a training; write nothing",
    )
    parser.add_argument("--seed", type=int, help="same as train.seed=N")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="change config values")
    return parser.parse_intermixed_args(_with_own_latest(sys.argv[1:] if argv is None else argv))


def _with_own_latest(argv: Sequence[str]) -> list[str]:
    """`--resume key=value` means the run's own latest.pt, and an override in its place."""
    words: list[str] = []
    for word in argv:
        asks = words[-1] if words else ""
        is_resume = asks == "-r" or (len(asks) > 2 and "--resume".startswith(asks))
        # os.path says of a name too long for any file that there is none.
        if is_resume and "=" in word and word[0] != "-" and not os.path.exists(word):
            words[-1] = "--resume="
        words.append(word)
    return words


_OF_THE_CHECKPOINT = ("model", "data", "head", "classes", "other", "target")
"""Parts of a config that a checkpoint brings along when it is scored."""
_OF_A_SCORE = ("eval", "noise", "camera")
"""Parts that matter to a score beside them."""
_BEFORE = {"other": None, "target": "metres"}
"""Those that older checkpoints do not name, and what they have."""


def _score(
    path: str, config: Any, make_task: Callable[[Any], Any], folder: str | None = None
) -> str:
    """Evaluate a checkpoint, whatever its size, on the config's evaluation data.

    Writes <its name>_scores.json to a folder, beside it if None; returns the text to print.
    """
    saved, kind = load_trained(path), make_task(config).kind
    if saved.kind != kind:
        raise UserError(f"{path}: a checkpoint of kind '{saved.kind}', not '{kind}'")
    content = _BEFORE | saved.config
    wanted = [key for key in _OF_THE_CHECKPOINT if hasattr(config, key)]
    own = {key: content[key] for key in wanted if key in content}
    training_alone = {"sources_2d": [], "more_clip_lens": [], "stream_alone": False}
    own |= {key: value for key, value in training_alone.items() if hasattr(config, key)}
    task = make_task(build(type(config), to_dict(config) | own, path))
    load_weights(task.model, saved.weights, path)
    evaluate(task, parallel.pick_device(config.train.device))
    if not parallel.is_first():
        return ""
    report = task.report()
    try:
        where = Path(path).parent if folder is None else Path(folder)
        write_scores(where / f"{Path(path).stem}_scores.json", report, path)
    except UserError as error:  # a folder of somebody else's; the scores are what was asked for
        return f"{report.text}\n\n{error}"
    return report.text


def _check_flags(flags: argparse.Namespace) -> None:
    """None of them would do nothing. Raises UserError."""
    for name in ("checkpoint", "evaluate", "pretrained"):
        if getattr(flags, name) == "":  # of a shell's variable that is not set
            raise UserError(f"--{name} '': names nothing; give a path or leave it out")
    if flags.pretrained and flags.resume is not None:
        raise UserError("-p starts a run, --resume goes on with one: give one of them")
    others = {
        "-p": flags.pretrained, "--resume": flags.resume is not None, "--dry-run": flags.dry_run,
    }  # fmt: skip
    given = [name for name, is_given in others.items() if is_given]
    if flags.evaluate and given:
        raise UserError(f"-e scores a checkpoint and stops: leave {given[0]} out, or -e to train")
    if flags.dry_run and flags.resume is not None:
        raise UserError("--dry-run forecasts a training from its start: leave --resume out")
    if flags.evaluate:
        _check_score_flags(flags)


def _check_score_flags(flags: argparse.Namespace) -> None:
    """Nothing is asked for beside -e that does nothing there. Raises UserError."""
    if flags.seed is not None:
        raise UserError("--seed is of a training; for the views and noise of -e set eval.seed=N")
    for override in flags.overrides:
        key = override.partition("=")[0]
        if key.partition(".")[0] in _OF_THE_CHECKPOINT:
            raise UserError(f"{override}: with -e the checkpoint brings its own; leave it out")
        if key != "train.device" and key.partition(".")[0] not in _OF_A_SCORE:
            raise UserError(f"{override}: -e does not ask for it; leave it out")


def _check_start(flags: argparse.Namespace, config: Any) -> None:
    """What a training starts from fits its learning rates. Raises UserError."""
    if config.backbone_factor < 1 and not flags.pretrained and flags.resume is None:
        raise UserError(
            f"backbone_factor is {config.backbone_factor:g} but the backbone is untrained: give "
            "-p CHECKPOINT, or backbone_factor=1.0 to train from scratch"
        )


def _resume(trainer: Trainer, config: Any, path: Path) -> None:
    folder = Path(config.run)
    if path == folder / "latest.pt" and not path.exists() and (folder / "config.yaml").exists():
        if config.backbone_factor < 1:
            raise UserError(f"{folder}: stopped before its first save; start it again with -p")
        if parallel.is_first():
            tqdm.write(f"{folder}: stopped before its first save; starts from the beginning")
        return
    trainer.resume(path)
    # A run that was killed between its last save and its scores has these still to come.
    is_its_own = path == folder / "latest.pt"
    lacks_scores = config.train.eval_every and not is_scored(folder / "scores.json", path)
    if trainer.epoch >= trainer.config.epochs and not (is_its_own and lacks_scores):
        raise UserError(f"{path}: already at epoch {trainer.epoch}; raise train.epochs")


def _train(flags: argparse.Namespace, config: Any, task: Any) -> str:
    folder = Path(config.run)
    check_folder(folder, flags.resume)
    if config.train.eval_every:
        check_sources(config.eval)  # not after an epoch of hours
        remark = scored_on_training(trained_on(config), config.eval)
        if remark and parallel.is_first():
            tqdm.write(remark)
    with held(folder, flags.resume):
        return _train_in(folder, flags, config, task)


def _train_in(folder: Path, flags: argparse.Namespace, config: Any, task: Any) -> str:
    trainer = Trainer(task, config.train, config.optim, folder, to_dict(config))
    if flags.resume is not None:
        _resume(trainer, config, Path(flags.resume or folder / "latest.pt"))
    elif flags.pretrained:
        for remark in start_from(task, flags.pretrained):
            if parallel.is_first():
                tqdm.write(remark)
    if parallel.is_first():
        told = changed_since(folder, trainer.config_before, to_dict(config), trainer.epoch)
        if told:
            tqdm.write(told)
        with written_aside(folder / "config.yaml") as aside:
            aside.write_text(to_yaml(config), encoding="utf-8")
    scores = trainer.fit()
    if trainer.is_stopping:
        raise UserError(f"stopped; {folder}/latest.pt is saved, --resume goes on from it")
    if not scores or not parallel.is_first():
        return ""
    report = task.report()
    write_scores(folder / "scores.json", report, folder / "latest.pt")
    return report.text


def _dry_run(flags: argparse.Namespace, config: Any, task: Any) -> str:
    if not parallel.is_first():
        return ""
    remarks = start_from(task, flags.pretrained) if flags.pretrained else []
    return "\n".join([*remarks, dry_run(task, config)])


def main(
    doc: str, default_config: str, config_class: type, make_task: Callable[[Any], Any],
    argv: Sequence[str] | None,
) -> str:  # fmt: skip
    """Run a training script, in one process or as one of torchrun's.

    Returns its last scores as text, nothing but in the first process. Raises UserError.
    """
    flags = _parse(doc, default_config, argv)
    with parallel.joined():
        return _run(flags, config_class, make_task)


def _run(flags: argparse.Namespace, config_class: type, make_task: Callable[[Any], Any]) -> str:
    _check_flags(flags)
    overrides = list(flags.overrides)
    if flags.seed is not None:
        overrides.append(f"train.seed={flags.seed}")
    if flags.checkpoint:
        # Quoted: YAML would take the folder 2024-11-26 for a date.
        overrides.append(f"run={json.dumps(flags.checkpoint, ensure_ascii=False)}")
    config = load_config(config_class, flags.config, overrides)
    torch.manual_seed(config.train.seed)
    if flags.evaluate:
        return _score(flags.evaluate, config, make_task, flags.checkpoint)
    if flags.dry_run:
        return _dry_run(flags, config, make_task(config))
    _check_start(flags, config)
    return _train(flags, config, make_task(config))
