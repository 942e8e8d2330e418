"""How many training clips a second one core makes ready, out of a store.

    python benchmarks/data_speed.py
    python benchmarks/data_speed.py --store data/motion3d/fit3d --store data/motion3d/mocap

Without --store it makes itself a store of random walks: 20 takes of two minutes seen by a camera,
and the same in the world. Lines: random windows as views of the file, the same read, and clips as
pretraining feeds them (configs/pretrain/full.yaml: noise, joint and frame masks, flip, stacked to
batches of 64), by their stored camera or by one drawn for each clip. Rounds of the lines take
turns; printed are the best round and the median one, by the wall clock and by the core's own.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

# One core; read when numpy is loaded.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from lib.config import load_config
from lib.data.clips import slice_store
from lib.data.datasets import LiftingClips, collate
from lib.data.mix import Mix, Part
from lib.data.store import Recording, open_store, write_store
from lib.data.store import Sequence as Take
from lib.data.views import RandomCameraConfig, draw_camera
from lib.data.windows import SourceConfig
from lib.errors import command_line
from lib.geometry import project, world_to_camera
from lib.skeleton import NUM_JOINTS
from lib.train.lifting import LiftingConfig

ROOT = Path(__file__).resolve().parents[1]
BATCH = 64
NUM_TAKES, NUM_FRAMES, FPS = 20, 6000, 50.0


def _recordings(frame: str) -> Iterator[Recording]:
    rng = np.random.default_rng(0)
    for i in range(NUM_TAKES):
        body = rng.normal(0, 0.4, (1, NUM_JOINTS, 3)) + [0, 0, 1]
        sway = rng.normal(0, 0.01, (NUM_FRAMES, NUM_JOINTS, 3)).cumsum(0)
        world = body + np.sin(sway)
        camera = draw_camera(world, RandomCameraConfig(), rng)
        take = Take(f"take{i}", f"p{i}", "walk", f"p{i}", 0, 0, FPS)
        if frame == "world":
            yield Recording(take, world)
        else:
            xyz_m = world_to_camera(world, camera)
            yield Recording(replace(take, camera=camera), xyz_m, project(xyz_m, camera))


@contextmanager
def made_up() -> Iterator[list[str]]:
    """Two stores that are there for as long as the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / frame for frame in ("camera", "world")]
        for path in paths:
            write_store(path, path.name, _recordings(path.name))
            np.save(path / "clips.npy", slice_store(open_store(path), 243, 81))
        yield [str(path) for path in paths]


def windows_of(clips: LiftingClips, is_read: bool) -> Callable[[int], int]:
    """Take random windows out of the store; returns how many."""

    def run(seed: int) -> int:
        order = np.random.default_rng(seed).integers(len(clips), size=20 * BATCH).tolist()
        for i in order:
            window = clips.windows[i]
            xyz_m = window.store.xyz_of(window.i_sequence)[window.start : window.stop]
            if is_read:
                xyz_m.copy()
        return len(order)

    return run


def batches_of(clips: LiftingClips) -> Callable[[int], int]:
    """Make batches of random clips as the loader does; returns how many clips."""
    mix = Mix([Part("3d", clips)])

    def run(seed: int) -> int:
        order = np.random.default_rng(seed).integers(len(clips), size=BATCH).tolist()
        for i in range(0, len(order), BATCH):
            collate(mix.__getitems__([(seed, 0, j) for j in order[i : i + BATCH]]))
        return len(order)

    return run


def lines_of(path: str) -> dict[str, Callable[[int], int]]:
    """What is measured on one store."""
    full = load_config(LiftingConfig, ROOT / "configs/pretrain/full.yaml")
    name, frame = Path(path).name, open_store(path).frame

    def clips(random_camera: float) -> LiftingClips:
        source = SourceConfig(path, random_camera=random_camera)
        return LiftingClips([source], full.data, full.augment, full.noise, full.camera, 0)

    lines = {
        f"{name}: windows, views": windows_of(clips(0.0), False),
        f"{name}: windows, read": windows_of(clips(0.0), True),
        f"{name}: clips, camera drawn": batches_of(clips(1.0)),
    }
    if frame == "camera":
        lines[f"{name}: clips, stored camera"] = batches_of(clips(0.0))
    return lines


def measure(lines: dict[str, Callable[[int], int]], rounds: int) -> None:
    """Print a second's worth of every line."""
    rates: dict[str, list[tuple[float, float]]] = {name: [] for name in lines}
    for i_round in range(rounds + 1):
        for name, run in lines.items():
            wall, core = time.perf_counter(), time.process_time()
            number = run(i_round)
            spent = time.perf_counter() - wall, time.process_time() - core
            if i_round:  # the first one warms up
                rates[name].append((number / spent[0], number / spent[1]))
    print(f"{'a second, one core':38}{'best':>10}{'median':>10}{'best, core clock':>18}")
    for name, values in rates.items():
        wall, core = np.array(values).T
        print(f"{name:38}{wall.max():10,.0f}{np.median(wall):10,.0f}{core.max():18,.0f}")


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--store", action="append", help="prepared store with clips.npy")
    parser.add_argument("--rounds", type=int, default=40)
    flags = parser.parse_args(argv)
    with made_up() if not flags.store else nullcontext(flags.store) as paths:
        measure({k: v for path in paths for k, v in lines_of(path).items()}, flags.rounds)


if __name__ == "__main__":
    sys.exit(main())
