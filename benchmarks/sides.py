"""The two that are timed against each other: the training of this project and the reference.

Same weights to start from, same clips from the disk, same batch, same device and threads.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.reference_model import ReferenceDSTformer, train_step, write_clips
from lib.config import load_config
from lib.data.datasets import Batch
from lib.model.dstformer import DSTformerConfig
from lib.train.lifting import LiftingConfig, LiftingTask
from lib.train.optim import make_optimizer
from lib.train.precision import Precision, PrecisionName
from lib.train.step import Stepper

ROOT = Path(__file__).resolve().parents[1]
SIZES = ("full", "lite", "small", "tiny")


@dataclass(frozen=True)
class Setting:
    """What is timed."""

    model: DSTformerConfig
    batch: int
    num_frames: int
    device: torch.device
    seed: int = 0


def size_config(size: str) -> DSTformerConfig:
    """Architecture of a size of the pretraining configs."""
    return load_config(LiftingConfig, ROOT / f"configs/pretrain/{size}.yaml").model


class Ours:
    """The step of `lib.train` on windows of memory-mapped arrays."""

    def __init__(
        self, setting: Setting, folder: Path, *, precision: PrecisionName = "float32",
        micro_batch: int | None = None, recompute: bool = False, is_compiled: bool = False,
    ) -> None:  # fmt: skip
        """micro_batch: clips in memory together (train.accumulate); None = the whole batch."""
        torch.manual_seed(setting.seed)
        self.setting = setting
        config = load_config(LiftingConfig, ROOT / "configs/pretrain/full.yaml")
        length = replace(config.data, clip_len=setting.num_frames)
        config = replace(config, model=setting.model, data=length, sources_2d=[])
        self.task = LiftingTask(config)
        self.task.model.to(setting.device).train().recompute = recompute
        self.arrays = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in "xy"]
        optimizer = make_optimizer(self.task.groups(), config.optim, self.task.model)
        self.stepper = Stepper(
            self.task, optimizer, Precision(precision, setting.device),
            accumulate=setting.batch // (micro_batch or setting.batch),
            grad_clip=0.0, is_compiled=is_compiled,  # the reference clips nothing
        )  # fmt: skip

    def _batch(self) -> Batch:
        size = self.setting.batch
        x, y = (torch.from_numpy(np.array(array[:size])) for array in self.arrays)
        score = torch.ones(x.shape[:3])
        label = torch.full((size,), -1)
        return Batch(x, y, score.bool(), score, label).to(self.setting.device)

    @torch.no_grad()
    def forward(self) -> None:
        """Lift a batch."""
        self.stepper.network(self._batch().x)

    def step(self) -> dict[str, torch.Tensor]:
        """Take a training step; returns the loss terms."""
        batch = self._batch()
        return self.stepper.step(batch, 0, self.task.counts(batch, 0))[0]


class Reference:
    """The reference design on a file a clip."""

    def __init__(self, setting: Setting, folder: Path, weights: dict[str, torch.Tensor]) -> None:
        self.device = setting.device
        self.model = ReferenceDSTformer(setting.model).to(setting.device).train()
        self.model.load_state_dict(weights, strict=True)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=5e-4, weight_decay=0.01)
        self.paths = sorted((folder / "clips").glob("*.npy"))[: setting.batch]

    @torch.no_grad()
    def forward(self) -> None:
        """Lift a batch."""
        x = np.stack([np.load(path)[0] for path in self.paths])
        self.model(torch.from_numpy(x).to(self.device))

    def step(self) -> dict[str, float]:
        """Take a training step; returns the seven losses."""
        return train_step(self.model, self.optimizer, self.paths)


def write_batch(folder: Path, setting: Setting) -> None:
    """Smooth random clips for both: arrays in one piece, and a file a clip."""
    rng = np.random.default_rng(setting.seed)
    shape = (2, setting.batch, setting.num_frames, 17, 3)
    x, y = (0.01 * rng.normal(size=shape).cumsum(2)).astype(np.float32)
    for name, array in (("x", x), ("y", y)):
        np.save(folder / f"{name}.npy", array)
    (folder / "clips").mkdir()
    write_clips(folder / "clips", x, y)


def wait(device: torch.device) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(
    work: Callable[[], object], device: torch.device, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Time of one piece of work, to its end; `time.process_time` leaves out other programs'."""
    wait(device)
    started = clock()
    work()
    wait(device)
    return clock() - started


def take_turns(
    works: dict[str, Callable[[], object]], device: torch.device, num_rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:  # fmt: skip
    """Seconds of each piece of work in each round, after a round to warm up.

    Every other round runs backwards, so that none always comes after the same one.
    """
    found: dict[str, list[float]] = {name: [] for name in works}
    for i_round in range(num_rounds + 1):
        for name in list(works) if i_round % 2 else list(works)[::-1]:
            spent = seconds(works[name], device, clock)
            if i_round:
                found[name].append(spent)
    return found
