"""Are injected faults found after lifting? `benchmarks/form.py` on what a phone would see.

    python benchmarks/form_lifted.py --sets 6

The same sets, seen by a phone's camera with simulated detections and lifted as infer_wild.py does,
size not known. A measure that the lifter tells too poorly is not measurable then.
"""

import argparse
import sys
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.form import CASES, Table, clean_rows, confusion_rows, recall_rows, watch
from benchmarks.lift_suite import Film
from benchmarks.metric_noise import VIEWS
from lib.config import load_config
from lib.data.noise import NoiseConfig, as_detections
from lib.errors import command_line
from lib.infer.ground import SizeConfig, grounded
from lib.infer.lift import Lifter
from lib.pose import Pose3D

SIZE_PX, FOCAL_PX = (1080, 1920), 1500.0
"""A phone held upright; its usual lens."""
SEED = 9101
"""Of the detections' errors."""


def lifted(lifter: Lifter, noise: NoiseConfig, one: Film) -> Pose3D:
    """The true motion through the film's camera, detections and the lifter."""
    xyz = one.camera.sees(one.xyz_m)
    xy_px = xyz[..., :2] / xyz[..., 2:] * FOCAL_PX + np.array(SIZE_PX) / 2
    rng = np.random.default_rng((SEED, zlib.crc32(xyz.tobytes())))
    seen = as_detections(xy_px, one.pose.fps, SIZE_PX, noise, rng)
    return grounded(lifter.lift(seen), SizeConfig(), SIZE_PX)


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Film, lift, analyse and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default=str(ROOT / "checkpoint/lifter_swift.pt"))
    parser.add_argument("--noise", default="published", help="file in configs/noise")
    parser.add_argument("--stream", choices=("shifted_dev", "opened", "locked"), default="opened")
    parser.add_argument("--sets", type=int, default=6, help="of each case and view")
    parser.add_argument("--lift", choices=sorted({c[0] for c in CASES.values()}), action="append")
    flags = parser.parse_args(argv)
    noise = load_config(NoiseConfig, ROOT / f"configs/noise/{flags.noise}.yaml")
    see = partial(lifted, Lifter.from_checkpoint(flags.checkpoint), noise)
    table: Table = {}
    for case in (c for c in CASES if not flags.lift or CASES[c][0] in flags.lift):
        for view in VIEWS:
            table[case, view] = watch(case, view, flags.sets, flags.stream, see)
    for part in (recall_rows, clean_rows, confusion_rows):
        print("\n".join(part(table)), "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
