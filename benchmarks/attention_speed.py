"""Attention on this CPU: PyTorch's fused kernel against the two products written out.

    python benchmarks/attention_speed.py

Milliseconds of a forward pass and of forward and backward, in turns, medians; the layouts are those
of a 243-frame clip in the lite model (8 heads of 32 features). `lib.model.attention` follows them.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.errors import command_line

HEADS, FEATURES = 8, 32
LAYOUTS = {"spatial, 243 x 17 tokens": (243, 17, 1), "temporal, 17 x 243 tokens": (1, 243, 17)}
"""Sequences, tokens of one, groups."""


def written_out(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(E)) v, the scores kept."""
    score = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
    return score.softmax(dim=-1) @ v


SIDES: dict[str, Callable[..., Tensor]] = {
    "fused": functional.scaled_dot_product_attention, "written out": written_out,
}  # fmt: skip


def milliseconds(work: Callable[[], object]) -> float:
    """Of one call."""
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)


def measure(layout: tuple[int, int, int], dtype: torch.dtype, num_rounds: int) -> dict[str, tuple]:
    """Side -> medians of forward, and of forward and backward."""
    num, length, groups = layout
    shape = (num, length, groups * HEADS, FEATURES)
    qkv = [torch.randn(shape).to(dtype).transpose(1, 2).requires_grad_() for _ in range(3)]

    def step(attend: Callable[..., Tensor]) -> None:
        out = attend(*qkv)
        torch.autograd.grad(out, qkv, torch.ones_like(out))

    found: dict[str, list] = {name: [] for name in SIDES}
    for i_round in range(num_rounds + 1):
        for name, attend in SIDES.items():
            with torch.no_grad():
                forward = milliseconds(lambda attend=attend: attend(*qkv))
            both = milliseconds(lambda attend=attend: step(attend))
            if i_round:  # the first one warms up
                found[name].append((forward, both))
    return {name: tuple(np.median(times, 0)) for name, times in found.items()}


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    flags = parser.parse_args(argv)
    torch.set_num_threads(flags.threads)
    torch.manual_seed(0)
    machine = f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}"
    print(f"{machine}, {flags.threads} threads, {flags.rounds} rounds")
    print("milliseconds of forward / of forward and backward\n")
    print("| layout | format | fused | written out |\n|---|---|---|---|")
    for name, layout in LAYOUTS.items():
        for dtype in (torch.float32, torch.bfloat16):
            found = measure(layout, dtype, flags.rounds)
            cells = " | ".join(f"{a:.1f} / {b:.1f}" for a, b in found.values())
            print(f"| {name} | {str(dtype).removeprefix('torch.')} | {cells} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
