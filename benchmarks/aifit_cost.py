"""Time and memory of both ways of finding repetitions in a long recording.

    OMP_NUM_THREADS=1 python benchmarks/aifit_cost.py --minutes 10 --fps 60

A made-up athlete squats again and again, with noise. Cleaning is timed apart, both share it. The
memory is what Python and numpy hold at most on top of the recording.
"""

import argparse
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.analysis.aifit import segment_on
from lib.analysis.exercises import load_exercise
from lib.analysis.reps import count_on
from lib.analysis.track import prepare
from lib.data.fit3d import FPS
from lib.data.synthetic.bodies import make_body
from lib.data.synthetic.motions import make_sequence
from lib.errors import command_line
from lib.pose import Pose3D
from lib.signals import resample
from lib.skeleton import FIT3D25, JOINTS

WORKING = [FIT3D25.joints.index(name) for name in JOINTS]
NOISE_M = 0.01


def long_recording(minutes: float, fps: float) -> Pose3D:
    """Sets of 20 squats, one after the other."""
    rng = np.random.default_rng(0)
    motion = make_sequence(make_body(0), "squat", rng, num_reps=20)
    xyz_m = motion.xyz_m[motion.marks[0] : motion.marks[-1], WORKING]
    time_s = np.arange(len(xyz_m)) / FPS
    once = resample(xyz_m, time_s, np.arange(0, time_s[-1], 1 / fps))
    num = round(60 * minutes * fps)
    whole = np.resize(once, (num, *once.shape[1:]))
    whole = whole + NOISE_M * rng.normal(size=whole.shape)
    return Pose3D(whole, fps, "metre", "world", np.ones(num, bool))


def cost(work: Callable[[], object]) -> tuple[object, float, float]:
    """What it gives; processor seconds of a run of its own; megabytes at most."""
    start = time.process_time()
    result = work()
    seconds = time.process_time() - start
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return result, seconds, peak / 1e6


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--fps", type=float, default=60.0)
    flags = parser.parse_args(argv)
    pose = long_recording(flags.minutes, flags.fps)
    print(f"{len(pose.xyz)} frames, {flags.minutes:g} minutes at {flags.fps:g} a second")
    track, seconds, memory_mb = cost(lambda: prepare(pose))
    print(f"{'cleaning':14s} {seconds:6.2f} s {memory_mb:7.1f} MB")
    squat = load_exercise("squat")
    count, seconds, memory_mb = cost(lambda: count_on(track, squat).num_reps)
    print(f"{'count_reps':14s} {seconds:6.2f} s {memory_mb:7.1f} MB, {count} repetitions")
    count, seconds, memory_mb = cost(lambda: len(segment_on(track)))
    print(f"{'segment_aifit':14s} {seconds:6.2f} s {memory_mb:7.1f} MB, {count} repetitions")


if __name__ == "__main__":
    sys.exit(main())
