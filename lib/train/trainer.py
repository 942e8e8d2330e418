"""The loop: batches, steps, schedule, evaluation, TensorBoard, checkpoints, exact resume.

A Task says what the loss and the score are. A run folder holds config.yaml, best.pt, latest.pt
and tb/. Any number of processes run the same loop and write once (`lib.train.parallel`).
"""

import math
from contextlib import closing, nullcontext
from pathlib import Path
from typing import Any, Literal

import torch
from tqdm import tqdm

from lib.config import check_range, configclass
from lib.data.datasets import Batch
from lib.data.mix import Draw
from lib.train import parallel, state
from lib.train.board import Board, Clock
from lib.train.ema import Average
from lib.train.loader import Loader, count_workers
from lib.train.meter import TOTAL, Meter
from lib.train.optim import (
    OptimConfig,
    freeze_others,
    make_optimizer,
    rate_factor,
    set_rates,
)
from lib.train.parallel import pick_device
from lib.train.precision import Precision, PrecisionName
from lib.train.sampler import num_batches, plan_epoch
from lib.train.step import Stepper, set_recompute
from lib.train.stops import listening
from lib.train.task import Task, evaluate


@configclass
class TrainConfig:
    """Length of the run and what surrounds a step."""

    epochs: int = 90
    batch_size: int = 64
    """Clips of an optimiser step, over all processes and micro-batches together."""
    accumulate: int = 1
    """Micro-batches a process takes its share of a batch in, to save memory."""
    precision: PrecisionName = "float32"
    """Of the forward and backward pass; weights and losses are float32 in any case. auto: bf16 on
    hardware that multiplies in it, else float32."""
    ema: float = 0.0
    """Decay of the weights' moving average, which is then scored and kept in best.pt; 0 = none."""
    compile: bool = False
    """Compile the network with torch.compile: slow first steps, then faster ones."""
    recompute: bool = False
    """Activation checkpointing: less memory, about a third more time."""
    num_workers: int | Literal["auto"] = 0
    """Loader processes; 0 loads in the main process, auto fits them to cores and GPUs."""
    seed: int = 0
    eval_every: int = 1
    """Epochs between evaluations; the last epoch is always evaluated. 0 = never (defect T3)."""
    save_every_steps: int = 0
    """Steps between extra saves of latest.pt within an epoch; 0 = at epoch ends only."""
    save_every_epochs: int = 1
    """Epochs between saves of latest.pt at their ends; a scored epoch is always saved. More than
    one where an epoch takes seconds and whatever a kill may cost is less than the saving."""
    log_every: int = 10
    """Steps between TensorBoard points, which are means over them."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"

    def __post_init__(self) -> None:
        check_range(
            self, 1, math.inf, "epochs", "batch_size", "log_every", "accumulate",
            "save_every_epochs",
        )  # fmt: skip
        check_range(self, 0, math.inf, "eval_every", "save_every_steps")
        check_range(self, 0, 2**63 - 1, "seed")
        check_range(self, 0, 0.99999, "ema")
        if self.num_workers != "auto":
            check_range(self, 0, math.inf, "num_workers")


class Trainer:
    """Runs a Task. `config_dict` is the resolved config, kept in every checkpoint."""

    def __init__(
        self, task: Task, train: TrainConfig, optim: OptimConfig, folder: Path,
        config_dict: dict[str, Any],
    ) -> None:  # fmt: skip
        self.task, self.config, self.optim, self.folder = task, train, optim, folder
        self.config_dict = config_dict
        self.device = pick_device(train.device)
        task.model.to(self.device)
        self.optimizer = make_optimizer(task.groups(), optim, task.model)
        freeze_others(task.model, self.optimizer)
        if train.recompute:
            set_recompute(task.model)
        self.precision = Precision(train.precision, self.device)
        self.meter = Meter(self.precision.may_overflow)
        self.epoch = self.step = self.first_batch = 0
        self.saved = (-1, -1)
        self.num_steps = self.steps_of(train.epochs)
        self.shift = 0
        """From a step's number to its place in the schedule, where a resume changed the epochs'."""
        self.best, self.config_before = math.inf, dict[str, Any]()
        self.points: dict[str, float] = {}
        self.average: Average | None = None
        self.is_asked = self.is_stopping = False

    def plan(self, epoch: int) -> list[list[Draw]]:
        return plan_epoch(self.task.train_data, self.config.batch_size, self.config.seed, epoch)

    def steps_of(self, epochs: int) -> int:
        """Steps of the first so many epochs, as the config and the data are now."""
        size = self.config.batch_size
        return sum(num_batches(self.task.train_data, size, epoch) for epoch in range(epochs))

    def resume(self, path: Path) -> None:
        """Go on from latest.pt as if the run had never stopped, on any number of processes."""
        state.restore(self, path)

    def fit(self) -> dict[str, float]:
        """Train to the last epoch; returns the last scores. Ctrl-C and SIGTERM save and stop."""
        config, scores = self.config, dict[str, float]()
        if config.ema and self.average is None:
            self.average = Average(self.task.model, config.ema)
        self.stepper = Stepper(
            self.task, self.optimizer, self.precision, accumulate=config.accumulate,
            grad_clip=self.optim.grad_clip, is_compiled=config.compile,
        )  # fmt: skip
        num_workers = count_workers(config.num_workers, self.device)
        self.loader = Loader(self.task.train_data, num_workers, config.seed, self.device)
        self.board, self.clock = self._open_board(), Clock()
        with listening(self._ask_to_stop), closing(self.board), closing(self.loader):
            while self.epoch < config.epochs and not self.is_stopping:
                self._run_epoch()
                if not self.is_stopping:
                    scores = self._finish_epoch() or scores
            is_over = self.epoch == config.epochs and not scores  # resumed at its end
            return self._evaluate() if is_over and config.eval_every else scores

    def _open_board(self) -> Board:
        """Hides points of steps that are taken again, and of an evaluation that comes again."""
        is_trained = 0 < self.first_batch == len(self.plan(self.epoch))
        is_unscored = is_trained or self.epoch == self.config.epochs
        board = Board(self.folder / "tb", self.step + (self.step > 0 and not is_unscored))
        if is_unscored:
            board.add({k: v for k, v in self.points.items() if k[:7] != "metric/"}, self.step)
        return board

    def _ask_to_stop(self, *_: Any) -> None:
        self.is_asked = True

    def _run_epoch(self) -> None:
        config, plan = self.config, self.plan(self.epoch)
        bar = tqdm(
            self.loader.batches(plan, self.first_batch), initial=self.first_batch,
            desc=f"epoch {self.epoch + 1}/{config.epochs}", leave=False, total=len(plan),
            disable=None if parallel.is_first() else True,
        )  # fmt: skip
        self.task.model.train()
        self.clock.start()
        for batch in bar:
            self.clock.count(len(plan[self.first_batch]))
            self._train_step(batch)
            if self.step % config.log_every == 0:
                self._log(bar)
            is_due = config.save_every_steps and self.step % config.save_every_steps == 0
            if self.is_stopping or is_due:
                self._save_latest()
            if self.is_stopping:
                return

    def _train_step(self, batch: Batch) -> None:
        factor = rate_factor(self.optim, self.step + self.shift, self.epoch, self.num_steps)
        set_rates(self.optimizer, factor)
        counts = self._agree(self.task.counts(batch, self.epoch))
        terms, norm = self.stepper.step(batch.to(self.device), self.epoch, counts)
        if self.average is not None:
            self.average.update(self.step)
        self.meter.add(self.step, terms, norm)
        self.step += 1
        self.first_batch += 1
        if parallel.world_size() == 1:
            self.is_stopping = self.is_asked

    def _agree(self, counts: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Counts over all processes, and whether any was asked to stop; nothing waits for a GPU."""
        mine = [*counts.values(), torch.tensor(self.is_asked)]
        *totals, asked = parallel.add_up(torch.stack([value.double() for value in mine]))
        self.is_stopping = bool(asked)
        self.meter.num_taught += sum(totals)  # not looked at before the epoch's end
        # One copy to the device, whatever the number of terms.
        found = torch.stack(totals).float().to(self.device, non_blocking=True) if totals else ()
        return dict(zip(counts, found, strict=True))

    def _log(self, bar: tqdm) -> None:
        means = self.meter.means()
        self.precision.check(self.step)
        rates = {f"lr/{group['name']}": group["lr"] for group in self.optimizer.param_groups}
        self.board.add(means | rates | self.clock.look(self.device), self.step)
        bar.set_postfix_str(f"loss {means[TOTAL]:.4f}")

    def _save_latest(self) -> None:
        if self.saved != (self.epoch, self.step):
            state.save(self, "latest.pt")
            self.saved = (self.epoch, self.step)

    def _finish_epoch(self) -> dict[str, float]:
        self.meter.check_taught(self.epoch + 1)
        every = self.config.eval_every
        is_scored = every and (
            (self.epoch + 1) % every == 0 or self.epoch + 1 == self.config.epochs
        )
        if is_scored:
            self._save_latest()  # a long evaluation that is killed costs no training
        self.epoch, self.first_batch = self.epoch + 1, 0
        scores = self._evaluate() if is_scored else {}
        loss = self.meter.epoch_loss(self.epoch)
        if parallel.is_first():
            # Each epoch, as the bar is not in a log file: a loss that rises is seen the same day.
            shown = [loss, *(f"{name} {value:.4g}" for name, value in scores.items())]
            tqdm.write(f"epoch {self.epoch}: {'  '.join(filter(None, shown))}")
        is_last = self.epoch == self.config.epochs
        if self.epoch % self.config.save_every_epochs == 0 or is_scored or is_last:
            if not every:
                self.best = math.inf  # any score is better than none
                state.save(self, "best.pt")
            self._save_latest()
        if not is_last:
            self._agree({})
        if self.is_stopping:
            self._save_latest()
        return scores

    def _evaluate(self) -> dict[str, float]:
        """Scores for the board; best.pt if they are the best."""
        with self.average.in_place() if self.average is not None else nullcontext():
            scores = evaluate(self.task, self.device)
            if parallel.is_first():
                self.board.show(self.task.pictures(), self.step)
        points = {f"metric/{name}": value for name, value in scores.items()}
        self.board.add(points | {"metric/of_ema_decay": self.config.ema}, self.step)
        score = scores[self.task.score_name] * (1 if self.task.is_lower_better else -1)
        # Without a number there is still a best.pt, of the last, until there is one.
        score = math.inf if math.isnan(score) else score
        if score <= self.best:
            # Updated before anything is saved (defect T4); of equals the later, longer trained.
            self.best = score
            state.save(self, "best.pt")
        return scores
