"""Errors of a lifter on people it never saw, under many conditions: the robustness table.

    PERFECTREP_DATA=<folder> python benchmarks/lifting_table.py -c checkpoint/lifter_swift.pt

Needs data/motion3d/fit3d and data/motion3d/mocap (checkpoint/README.md says how they are made) and
for the phone video the folder PERFECTREP_DATA. Prints markdown: means over frames, in brackets the
spread over sequences; docs/evaluation.md defines the columns. `--out NAME` writes NAME.md and
NAME.json, `--only TEXT` measures the rows whose name has the text, `--quick` a part of each.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.lifting_measure import Measured, Measurer, measured
from benchmarks.lifting_print import markdown_head, markdown_row, write
from benchmarks.lifting_rows import PHONE, Row, all_rows, take_sets
from benchmarks.lifting_scenes import SEED
from benchmarks.opencap_sts import data_folder, frame_scores, lift_trial
from lib.errors import UserError, command_line
from lib.infer.lift import Lifter


def choose_rows(texts: Sequence[str]) -> list[Row]:
    """Rows whose name has one of the texts, all without any. Raises UserError if none has."""
    rows = [row for row in all_rows() if not texts or any(text in row.name for text in texts)]
    if not rows:
        names = ", ".join(sorted({row.section for row in all_rows()}))
        raise UserError(f"--only {' '.join(texts)}: no row has it; sections: {names}")
    return rows


def measure_phone(lifter: Lifter) -> Measured:
    """The row of the phone video. Raises UserError without PERFECTREP_DATA."""
    lifted, trial = lift_trial(lifter, data_folder())
    return measured(PHONE, [frame_scores(lifted.xyz, trial)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default="checkpoint/lifter_swift.pt")
    parser.add_argument("--fit3d", default="data/motion3d/fit3d")
    parser.add_argument("--mocap", default="data/motion3d/mocap")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, metavar="NAME")
    return parser


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    flags = _parser().parse_args(argv)
    rows, lifter = choose_rows(flags.only), Lifter.from_checkpoint(flags.checkpoint)
    if not lifter.is_metric:
        raise UserError(f"{flags.checkpoint}: its target has no size; the table is in millimetres")
    measurer = Measurer(lifter, take_sets(flags.mocap, flags.fit3d, flags.quick))
    started, core_s = time.perf_counter(), time.process_time()
    results: list[Measured] = []
    for row in rows:
        if row is PHONE and not os.environ.get("PERFECTREP_DATA"):
            print("\nphone: left out, PERFECTREP_DATA is not set")
            continue
        results.append(measure_phone(lifter) if row is PHONE else measurer.measure(row))
        if len(results) == 1 or results[-2].section != row.section:
            print("\n".join(markdown_head(row.section)))
        print(markdown_row(results[-1]), flush=True)
    about = {
        "checkpoint": flags.checkpoint, "sha256": lifter.sha256,
        "window": f"{lifter.window} frames at {lifter.fps:g} fps", "seed": SEED,
        "quick": flags.quick, "only": flags.only,
        "seconds": round(time.perf_counter() - started),
        "core seconds": round(time.process_time() - core_s),
    }  # fmt: skip
    print("\n" + ", ".join(f"{name} {value}" for name, value in about.items()))
    if flags.out:
        write(results, about, flags.out)


if __name__ == "__main__":
    sys.exit(main())
