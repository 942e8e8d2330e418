"""TensorBoard: curves without gaps or doubled points, however often a run was interrupted."""

import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

from lib.files import filling
from lib.train import parallel


class Board:
    """Writes points and pictures, in the first process; the others' are dropped.

    All of it raises UserError where the disk is full.
    """

    def __init__(self, folder: Path, first_step: int) -> None:
        """Points at first_step and later, which an earlier, killed process left, are hidden."""
        self.folder = folder
        is_first = parallel.is_first()
        with filling(folder):
            self.writer = SummaryWriter(str(folder), purge_step=first_step) if is_first else None
        self.points: dict[str, float] = {}
        """Those of the last step that has any."""
        self.step = first_step

    def add(self, values: Mapping[str, float], step: int) -> None:
        """A point of each name."""
        if step != self.step:
            self.step, self.points = step, {}
        self.points |= values
        if self.writer is not None:
            with filling(self.folder):
                for name, value in values.items():
                    self.writer.add_scalar(name, value, step)

    def points_of(self, step: int) -> dict[str, float]:
        """The points there are at a step, the last that has any."""
        return self.points if step == self.step else {}

    def show(self, pictures: Mapping[str, np.ndarray], step: int) -> None:
        """(H, W, 3) uint8 each."""
        if self.writer is not None:
            with filling(self.folder):
                for name, picture in pictures.items():
                    self.writer.add_image(name, picture, step, dataformats="HWC")

    def flush(self) -> None:
        """After this a killed process leaves its points behind."""
        if self.writer is not None:
            with filling(self.folder):
                self.writer.flush()

    def close(self) -> None:
        if self.writer is not None:
            with filling(self.folder):
                self.writer.close()


class Clock:
    """Clips a second since the last look; what lies between a pause and a start does not count."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        self.since, self.num_clips = time.perf_counter(), 0

    def count(self, num_clips: int) -> None:
        self.num_clips += num_clips

    def look(self, device: torch.device) -> dict[str, float]:
        """Speed and, on a GPU, the most memory used, as points."""
        elapsed, num_clips = time.perf_counter() - self.since, self.num_clips
        self.start()
        points = {"speed/clips_per_s": num_clips / elapsed}
        if device.type == "cuda":
            points["memory/peak_GiB"] = torch.cuda.max_memory_allocated(device) / 2**30
        return points
