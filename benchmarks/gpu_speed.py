"""Training on a GPU: clips a second, share of its matrix peak, memory against the reference.

    python benchmarks/gpu_speed.py --size full --batch 16

Share of peak = clips/s x FLOPs a clip / FLOP/s of the fastest large bf16 matrix product measured
here, just before. FLOPs of a train step are 3 times those of a forward pass, which are counted by
formula (`lib.model.cost.forward_flops`: linear layers and attention, 2 for each multiply-add);
what recomputing adds does not count. Sides take turns in one process; memory is the largest that
tensors took during a step, weights and optimiser included.
"""

import argparse
import gc
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.sides import (
    SIZES,
    Ours,
    Reference,
    Setting,
    seconds,
    size_config,
    take_turns,
    write_batch,
)
from lib.errors import UserError, command_line
from lib.model.cost import TRAIN_OVER_FORWARD, forward_flops

OURS = {
    "ours bf16": {"precision": "bf16"},
    "ours bf16, compiled": {"precision": "bf16", "is_compiled": True},
    "ours bf16, recompute": {"precision": "bf16", "recompute": True},
    "ours float32": {},
}


@dataclass(frozen=True)
class Speed:
    """A side's train step."""

    step_s: list[float]
    peak_gib: float


def matmul_peak(device: torch.device, size: int = 8192, num_rounds: int = 20) -> float:
    """FLOP/s of the fastest of num_rounds bf16 products of (size, size) matrices."""
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in "ab")
    spent = [seconds(lambda: a @ b, device) for _ in range(num_rounds)]
    return 2 * size**3 / min(spent)


def step_flops(setting: Setting) -> int:
    """Of one clip in a train step."""
    return TRAIN_OVER_FORWARD * forward_flops(setting.model, setting.num_frames)


def _peak_gib(side: Ours | Reference, device: torch.device) -> float:
    """Most memory that tensors take during two steps; 0 where nobody counts it."""
    if device.type != "cuda":
        return 0.0
    side.step()
    torch.cuda.reset_peak_memory_stats(device)
    side.step()
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device) / (1 << 30)


def _make(name: str, setting: Setting, folder: Path) -> Ours | Reference:
    if name != "reference":
        return Ours(setting, folder, **OURS[name])
    return Reference(setting, folder, Ours(setting, folder).task.model.state_dict())


def measure(setting: Setting, names: Sequence[str], num_rounds: int) -> dict[str, Speed]:
    """Memory of each side alone, then the seconds of all in turns."""
    device, peak = setting.device, {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_batch(folder, setting)
        for label in names:
            side = _make(label, setting, folder)
            peak[label] = _peak_gib(side, device)
            del side
            gc.collect()
        sides = {label: _make(label, setting, folder) for label in names}
        found = take_turns({k: v.step for k, v in sides.items()}, device, num_rounds)
    return {label: Speed(found[label], peak[label]) for label in names}


def table(speeds: dict[str, Speed], setting: Setting, peak: float) -> list[str]:
    """A row a side; ratios are the medians of the rounds' ratios."""
    against = speeds["reference"]
    rows = []
    for label, speed in speeds.items():
        rate = setting.batch / np.array(speed.step_s)
        share = np.median(rate) * step_flops(setting) / peak
        faster = np.median(np.divide(against.step_s, speed.step_s))
        rows.append(
            f"| {label} | {np.median(rate):.1f} ({rate.min():.1f} to {rate.max():.1f}) "
            f"| {share:.1%} | {faster:.2f} | {speed.peak_gib:.2f} |"
        )
    return rows


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--frames", type=int, default=243)
    parser.add_argument("--rounds", type=int, default=10)
    flags = parser.parse_args(argv)
    if not torch.cuda.is_available():
        raise UserError("no CUDA device here: nothing to measure; see benchmarks/train_speed.py")
    device = torch.device("cuda")
    setting = Setting(size_config(flags.size), flags.batch, flags.frames, device)
    peak = matmul_peak(device)
    print(
        f"{torch.cuda.get_device_name(device)}, torch {torch.__version__}, {flags.size}, "
        f"{flags.batch} clips of {flags.frames} frames, {flags.rounds} rounds\n"
        f"matrix peak measured: {peak / 1e12:.0f} TFLOP/s bf16; "
        f"a clip's train step: {step_flops(setting) / 1e9:.1f} GFLOP by formula\n"
    )
    print("| step | clips/s, median (range) | share of peak | x reference | peak GiB |")
    print("|---|---|---|---|---|")
    print("\n".join(table(measure(setting, [*OURS, "reference"], flags.rounds), setting, peak)))


if __name__ == "__main__":
    sys.exit(main())
