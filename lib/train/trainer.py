"""The loop: batches, steps, schedule, evaluation, TensorBoard, checkpoints, exact resume.

A Task says what the loss and the score are. A run folder holds config.yaml, best.pt, latest.pt
and tb/.
"""

import math
import signal
import time
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from lib.config import check_range, configclass
from lib.data.datasets import Batch, collate
from lib.data.mix import Draw, Mix
from lib.errors import UserError
from lib.model.checkpoint import Checkpoint, load_checkpoint, load_weights, save_checkpoint
from lib.train.optim import OptimConfig, ParameterGroup, make_optimizer, rate_factor, set_rates
from lib.train.sampler import Batches, plan_epoch


@configclass
class TrainConfig:
    """Length of the run and what surrounds a step."""

    epochs: int = 90
    batch_size: int = 64
    num_workers: int = 0
    """Loader processes; 0 loads in the main process."""
    seed: int = 0
    eval_every: int = 1
    """Epochs between evaluations; the last epoch is always evaluated. 0 = never (defect T3)."""
    save_every_steps: int = 0
    """Steps between extra saves of latest.pt within an epoch; 0 = at epoch ends only."""
    log_every: int = 10
    """Steps between TensorBoard points."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"

    def __post_init__(self) -> None:
        check_range(self, 1, math.inf, "epochs", "batch_size", "log_every")
        check_range(self, 0, math.inf, "num_workers", "seed", "eval_every", "save_every_steps")


class Task(Protocol):
    """What differs between trainings."""

    kind: str
    """Checkpoint kind."""
    model: torch.nn.Module
    train_data: Mix
    score_name: str
    """Metric that decides what is best."""
    is_lower_better: bool

    def groups(self) -> list[ParameterGroup]: ...
    def counts(self, batch: Batch, epoch: int) -> dict[str, torch.Tensor]:
        """What each loss term of this process's clips divides by, of the masks alone."""
        ...

    def losses(
        self, network: torch.nn.Module, batch: Batch, epoch: int, counts: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Weighted scalar loss terms; terms with weight 0 are absent.

        Sums over `counts`: of parts of a batch, with the counts of the whole, they add up to the
        terms of the whole. network is the model, or what wraps it.
        """
        ...

    def evaluate(self) -> dict[str, float]:
        """{metric_unit: value} on the evaluation data."""
        ...

    def pictures(self) -> dict[str, np.ndarray]:
        """{name: (H, W, 3) uint8} for TensorBoard."""
        ...


def pick_device(name: str) -> torch.device:
    """auto = CUDA if there is one, else the CPU."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError("train.device=cuda: this machine has no CUDA device; use auto or cpu")
    return torch.device(name)


def evaluate(task: Task, device: torch.device) -> dict[str, float]:
    """The task's scores, in evaluation mode."""
    task.model.to(device).eval()
    with torch.inference_mode():
        return task.evaluate()


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
        self.optimizer = make_optimizer(task.groups(), optim)
        self.epoch = self.step = self.first_batch = 0
        self.steps_per_epoch = len(self._plan(0))
        self.best = math.inf
        self.is_stopping = False

    def _plan(self, epoch: int) -> list[list[Draw]]:
        return plan_epoch(self.task.train_data, self.config.batch_size, self.config.seed, epoch)

    def resume(self, path: Path) -> None:
        """Go on from latest.pt as if the run had never stopped."""
        saved = load_checkpoint(path, self.device)
        if saved.kind != self.task.kind or "optimizer" not in saved.extra:
            raise UserError(
                f"{path}: not a latest.pt of a {self.task.kind} run; use -p for weights"
            )
        load_weights(self.task.model, saved.model, str(path))
        self.optimizer.load_state_dict(saved.extra["optimizer"])
        self.epoch, self.step = saved.epoch, saved.step
        self.first_batch, self.best = saved.extra["first_batch"], saved.extra["best"]
        torch.set_rng_state(saved.extra["rng_cpu"].cpu())
        if self.device.type == "cuda" and "rng_cuda" in saved.extra:
            torch.cuda.set_rng_state(saved.extra["rng_cuda"].cpu())

    def fit(self) -> dict[str, float]:
        """Train to the last epoch; returns the last scores. Ctrl-C and SIGTERM save and stop."""
        stops = (signal.SIGINT, signal.SIGTERM)
        previous = {number: signal.signal(number, self._ask_to_stop) for number in stops}
        scores: dict[str, float] = {}
        writer = SummaryWriter(str(self.folder / "tb"), purge_step=self.step)
        try:
            while self.epoch < self.config.epochs and not self.is_stopping:
                self._run_epoch(writer)
                if not self.is_stopping:
                    scores = self._finish_epoch(writer) or scores
        finally:
            writer.close()
            for number, handler in previous.items():
                signal.signal(number, handler)
        return scores

    def _ask_to_stop(self, *_: Any) -> None:
        self.is_stopping = True

    def _run_epoch(self, writer: SummaryWriter) -> None:
        data, config = self.task.train_data, self.config
        batches = Batches(self._plan(self.epoch), self.first_batch, 0, 1)
        loader = DataLoader(
            data, batch_sampler=batches, collate_fn=collate, num_workers=config.num_workers,
            pin_memory=self.device.type == "cuda",
            # Of its own: a loader draws a number whenever it starts, also in mid-epoch.
            generator=torch.Generator().manual_seed(config.seed + self.epoch),
        )  # fmt: skip
        bar = tqdm(
            loader, desc=f"epoch {self.epoch + 1}/{config.epochs}", leave=False,
            initial=self.first_batch, total=batches.total, disable=None,
        )  # fmt: skip
        self.task.model.train()
        started, num_clips = time.perf_counter(), 0
        for batch in bar:
            terms = self._train_step(batch.to(self.device))
            num_clips += len(batch.x)
            if self.step % config.log_every == 0:
                elapsed = time.perf_counter() - started
                bar.set_postfix_str(f"loss {sum(v.item() for v in terms.values()):.4f}")
                self._log_step(writer, terms, num_clips / elapsed)
            if self.is_stopping or (
                config.save_every_steps and self.step % config.save_every_steps == 0
            ):
                self._save("latest.pt")
            if self.is_stopping:
                return

    def _train_step(self, batch: Batch) -> dict[str, torch.Tensor]:
        factor = rate_factor(self.optim, self.step, self.steps_per_epoch, self.config.epochs)
        set_rates(self.optimizer, self.optim, factor)
        counts = self.task.counts(batch, self.epoch)
        terms = self.task.losses(self.task.model, batch, self.epoch, counts)
        total = torch.stack(list(terms.values())).sum()
        if not torch.isfinite(total):
            shown = ", ".join(f"{name} {value.item():g}" for name, value in terms.items())
            raise UserError(f"step {self.step}: loss is not finite ({shown}); lower optim.lr")
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        if self.optim.grad_clip:
            torch.nn.utils.clip_grad_norm_(self.task.model.parameters(), self.optim.grad_clip)
        self.optimizer.step()
        self.step += 1
        self.first_batch += 1
        return {name: value.detach() for name, value in terms.items()}

    def _log_step(self, writer: SummaryWriter, terms: dict, clips_per_s: float) -> None:
        for name, value in terms.items():
            writer.add_scalar(f"loss/{name}", value.item(), self.step)
        writer.add_scalar("loss/total", sum(v.item() for v in terms.values()), self.step)
        for group in self.optimizer.param_groups:
            writer.add_scalar(f"lr/{group['name']}", group["lr"], self.step)
        writer.add_scalar("speed/clips_per_s", clips_per_s, self.step)

    def _finish_epoch(self, writer: SummaryWriter) -> dict[str, float]:
        self.epoch, self.first_batch = self.epoch + 1, 0
        every, is_last = self.config.eval_every, self.epoch == self.config.epochs
        scores: dict[str, float] = {}
        if every and (self.epoch % every == 0 or is_last):
            scores = evaluate(self.task, self.device)
            for name, value in scores.items():
                writer.add_scalar(f"metric/{name}", value, self.step)
            for name, picture in self.task.pictures().items():
                writer.add_image(name, picture, self.step, dataformats="HWC")
            score = scores[self.task.score_name] * (1 if self.task.is_lower_better else -1)
            if score <= self.best:
                # Updated before anything is saved (defect T4); of equals the later, longer trained.
                self.best = score
                self._save("best.pt")
            shown = "  ".join(f"{name} {value:.4g}" for name, value in scores.items())
            tqdm.write(f"epoch {self.epoch}: {shown}")
        elif not every:
            self._save("best.pt")
        self._save("latest.pt")
        return scores

    def _save(self, name: str) -> None:
        extra: dict[str, Any] = {}
        if name == "latest.pt":
            extra = {
                "optimizer": self.optimizer.state_dict(), "first_batch": self.first_batch,
                "best": self.best, "rng_cpu": torch.get_rng_state(),
            }  # fmt: skip
            if self.device.type == "cuda":
                extra["rng_cuda"] = torch.cuda.get_rng_state()
        state = {k: v.detach() for k, v in self.task.model.state_dict().items()}
        save_checkpoint(
            self.folder / name,
            Checkpoint(self.task.kind, self.config_dict, state, self.step, self.epoch, extra),
        )
