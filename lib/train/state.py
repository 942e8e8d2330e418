"""What a run folder keeps of a run: latest.pt to go on from, best.pt to use."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from tqdm import tqdm

from lib.config import changes
from lib.errors import UserError
from lib.model.checkpoint import Checkpoint, load_checkpoint, load_weights, save_checkpoint
from lib.train import parallel
from lib.train.ema import Average
from lib.train.optim import restore_optimizer

if TYPE_CHECKING:
    from lib.train.trainer import Trainer


def _check_finite(state: dict[str, Tensor], step: int) -> None:
    values = [v for v in state.values() if v.is_floating_point()]
    if not bool(torch.stack([v.isfinite().all() for v in values]).all()):
        name = next(n for n, v in state.items() if not bool(v.isfinite().all()))
        raise UserError(f"step {step}: weights are not finite ({name}); lower the rates in optim")


def _everything(trainer: Trainer) -> dict[str, Any]:
    """What the weights are not, and the run goes on from; plain containers and tensors."""
    extra: dict[str, Any] = {
        "optimizer": trainer.optimizer.state_dict(), "first_batch": trainer.first_batch,
        "best": trainer.best, "scaler": trainer.precision.state_dict(),
        "precision": trainer.precision.name, "rng_cpu": torch.get_rng_state(),
        "sums": trainer.meter.sums, "points": trainer.board.points_of(trainer.step),
    }  # fmt: skip
    if trainer.average is not None:
        extra["ema"] = trainer.average.values
    if trainer.device.type == "cuda":
        extra["rng_cuda"] = torch.cuda.get_rng_state()
    return extra


def save(trainer: Trainer, name: str) -> None:
    """Write latest.pt, or best.pt: the weights alone, averaged ones if there are.

    All processes call it and the first writes. Raises UserError, before anything is written, if
    a step since the last look or a weight is not finite.
    """
    trainer.meter.look()
    state = {k: v.detach() for k, v in trainer.task.model.state_dict().items()}
    _check_finite(state, trainer.step - 1)
    if not parallel.is_first():
        return
    is_best = name == "best.pt"
    if is_best and trainer.average is not None:
        state |= trainer.average.values
    # Points up to here are kept by the resumed run, so they must not be lost with this one.
    trainer.board.flush()
    extra = {} if is_best else _everything(trainer)
    progress = trainer.step, trainer.epoch
    ckpt = Checkpoint(trainer.task.kind, trainer.config_dict, state, *progress, extra)
    save_checkpoint(trainer.folder / name, ckpt)


_ORDER = ("seed", "batch_size")
_DATA = ("sources", "sources_2d", "start_2d_epoch", "more_clip_lens", "classes", "other")

_SCORED_ON = ("eval", "noise", "camera", "data", "target", "classes", "other")
"""What an evaluation takes from the config; all but the first are the training's as well."""
_IN_NO_SHAPE = ("model", "target", "classes")
"""What weights mean without its showing in their shapes, as the number of heads."""


def _check_same_order(now: dict, then: dict, path: Path) -> None:
    """In the middle of an epoch its remaining batches must be those planned at its start."""
    for key in _ORDER:
        old, new = then["train"][key], now["train"][key]
        if old != new:
            raise UserError(
                f"{path}: stopped in the middle of an epoch with train.{key}={old}, now {new}: "
                "clips would be skipped or repeated; change it at the end of an epoch"
            )
    changed = [key for key in _DATA if key in then and changes(then[key], now.get(key))]
    if changed:
        raise UserError(
            f"{path}: stopped in the middle of an epoch with other {' and '.join(changed)}; "
            "resume with the run's own"
        )


def _check_same_network(now: dict, then: dict, path: Path) -> None:
    """Weights that fit are of this network only if they are used as they were."""
    for key in _IN_NO_SHAPE:
        if key in then and changes(then[key], now.get(key)):
            raise UserError(
                f"{path}: was trained with another {key}; resume with the run's own, or start "
                "another run from it with -p"
            )


def _noise_of_scores(config: dict) -> Any:
    """What projected keypoints are spoilt by where it is scored (`EvalConfig.noise_used`)."""
    scoring = config.get("eval", {})
    used = scoring.get("noise") or config.get("noise")
    return used if scoring.get("with_noise", True) else None


def _comparable(best: float, now: dict, then: dict, path: Path) -> float:
    """The best score so far, or none where the next ones are of something else."""
    now, then = ({**c, "noise": _noise_of_scores(c)} for c in (now, then))
    changed = [key for key in _SCORED_ON if key in then and changes(then[key], now.get(key))]
    if not changed:
        return best
    if parallel.is_first():
        names = " and ".join(changed)
        tqdm.write(f"{path}: was scored with other {names}; best.pt is the best from here on")
    return math.inf


def restore(trainer: Trainer, path: Path) -> None:
    """Bring a fresh trainer to where latest.pt was written. Raises UserError if it does not fit."""
    saved = load_checkpoint(path)
    extra = saved.extra
    if saved.kind != trainer.task.kind or "optimizer" not in extra:
        raise UserError(f"{path}: not a latest.pt of a {trainer.task.kind} run; use -p for weights")
    num_batches = len(trainer.plan(saved.epoch))
    if extra["first_batch"]:
        _check_same_order(trainer.config_dict, saved.config, path)
    if extra["first_batch"] > num_batches:
        raise UserError(
            f"{path}: stopped after {extra['first_batch']} batches of an epoch that has "
            f"{num_batches} now; resume with the run's data and batch_size"
        )
    load_weights(trainer.task.model, saved.model, str(path))
    _check_same_network(trainer.config_dict, saved.config, path)
    restore_optimizer(trainer.optimizer, extra["optimizer"], str(path))
    trainer.precision.load_state_dict(extra.get("scaler", {}))
    before, now = extra.get("precision", trainer.precision.name), trainer.precision.name
    if before != now and parallel.is_first():
        tqdm.write(f"{path}: was trained in {before}, goes on in {now}")
    if trainer.config.ema:
        trainer.average = Average(trainer.task.model, trainer.config.ema)
        trainer.average.load(extra.get("ema", {}))
    trainer.epoch, trainer.step, trainer.config_before = saved.epoch, saved.step, saved.config
    if path.resolve() == (trainer.folder / "latest.pt").resolve():
        trainer.saved = (saved.epoch, saved.step)  # the file is this already
    trainer.first_batch = extra["first_batch"]
    trainer.meter.num_taught = float(trainer.first_batch)  # an epoch half done has taught something
    # Batches of another size make other numbers of steps: the schedule goes on from its epoch.
    trainer.shift = trainer.steps_of(saved.epoch) + extra["first_batch"] - saved.step
    if (trainer.folder / "best.pt").exists():  # else the run goes on in another folder
        trainer.best = _comparable(extra["best"], trainer.config_dict, saved.config, path)
    trainer.points, trainer.meter.sums = extra.get("points", {}), extra.get("sums", {})
    torch.set_rng_state(extra["rng_cpu"].cpu())
    if trainer.device.type == "cuda" and "rng_cuda" in extra:
        torch.cuda.set_rng_state(extra["rng_cuda"].cpu())
