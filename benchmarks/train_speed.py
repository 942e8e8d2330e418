"""Forward pass and train step on the CPU against a plain restatement of the reference design.

    python benchmarks/train_speed.py --batch 1 8 --rounds 7

Both sides take turns in one process, with the same weights, clips, batch and threads; ratios are
taken round by round. Ours is the step of `lib.train` with configs/pretrain's losses, once with the
batch in one piece and once clip by clip (train.accumulate, the same gradient). bf16 is measured
only where the CPU computes in it.

On a machine that others use too, `--cpu-time --threads 1`: threads that wait for one that was put
aside make any wall time there a matter of luck.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.sides import SIZES, Ours, Reference, Setting, size_config, take_turns, write_batch
from lib.errors import command_line


def has_bf16() -> bool:
    """Whether the CPU has instructions for bf16; without, autocast is slower than float32."""
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16") or has.get("sve_bf16"))


def _spread(values: Sequence[float]) -> str:
    return f"{np.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def _table(found: dict[str, list[float]], batch: int) -> list[str]:
    """Rows: seconds of each side and the ratio reference / ours, paired by round."""
    rows = []
    for name, spent in found.items():
        if name.startswith("reference"):
            continue
        against = found["reference " + name.split()[-1]]
        ratio = [b / a for a, b in zip(spent, against, strict=True)]
        rows.append(
            f"| {batch} | {name} | {_spread(spent)} | {_spread(against)} | {_spread(ratio)} |"
        )
    return rows


def measure(
    setting: Setting, num_rounds: int, is_compiled: bool, clock: Callable[[], float]
) -> list[str]:
    """Rows of the table for one batch size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_batch(folder, setting)
        ours = Ours(setting, folder)
        sides = {"ours float32": ours}
        if has_bf16():
            sides["ours bf16"] = Ours(setting, folder, precision="bf16")
        if setting.batch > 1:
            for label, side in list(sides.items()):
                name = side.stepper.precision.name
                pieces = Ours(setting, folder, precision=name, micro_batch=1)
                sides[f"{label}, clip by clip"] = pieces
        if is_compiled:
            sides["ours float32, compiled"] = Ours(setting, folder, is_compiled=True)
        reference = Reference(setting, folder, ours.task.model.state_dict())
        works = {}
        for label, side in {**sides, "reference": reference}.items():
            if "clip by clip" not in label:
                works[f"{label} forward"] = side.forward
            works[f"{label} step"] = side.step
        return _table(take_turns(works, setting.device, num_rounds, clock), setting.batch)


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="lite")
    parser.add_argument("--batch", type=int, nargs="+", default=[1])
    parser.add_argument("--frames", type=int, default=243)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--compile", action="store_true", help="also with torch.compile")
    parser.add_argument("--cpu-time", action="store_true", help="processor time, not wall time")
    flags = parser.parse_args(argv)
    clock = time.process_time if flags.cpu_time else time.perf_counter
    torch.set_num_threads(flags.threads)
    print(
        f"{flags.size}, {flags.frames} frames, {flags.threads} threads, {flags.rounds} rounds, "
        f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, "
        f"load before {os.getloadavg()[0]:.1f}"
    )
    if not has_bf16():
        print("bf16: this CPU has no bf16 instructions (avx512_bf16, amx_bf16), not measured")
    print(f"{clock.__name__}, median (least to most), ratio = reference / ours\n")
    print("| clips | what | ours s | reference s | ratio |\n|---|---|---|---|---|")
    for batch in flags.batch:
        setting = Setting(size_config(flags.size), batch, flags.frames, torch.device("cpu"))
        print("\n".join(measure(setting, flags.rounds, flags.compile, clock)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
