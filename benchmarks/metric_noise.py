"""What noise of a lifted pose does to each metric: the sigmas of configs/exercises.

    python benchmarks/metric_noise.py --films 40

Films of the suite (benchmarks/lift_suite) on the shifted kinematics with noise at 1x, five
repetitions each, seen from five views with gravity known. Measured minus true, per repetition:
standard deviation, mean error, and the part of the deviation that changes from rep to rep
(`delta_share`). `up` is the change per degree of error of the up vector. Lengths in thigh lengths.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.lift_suite import STARTS_LOADED, Film, film, generator
from benchmarks.lift_suite.cases import draw_plan
from benchmarks.lift_suite.style import NO_FAULTS, Faults, draw_style
from lib.analysis.exercises import Exercise, load_exercise
from lib.analysis.metrics import value_at
from lib.analysis.moments import Moments
from lib.analysis.records import RepCount
from lib.analysis.report import find_lifter, standing_frames
from lib.analysis.reps import count_on
from lib.analysis.scene import Scene, make_scene
from lib.analysis.track import prepare
from lib.errors import command_line
from lib.pose import Pose3D

LIFTS = ("squat", "deadlift", "pushup", "bench_press")
VIEWS = {"front": 0, "front_oblique": 45, "side": 90, "back_oblique": 135, "back": 180}
NUM_REPS, FPS = 5, 30.0
UP_ERROR_DEG = 3.0


def film_set(stream: str, lift: str, view: str, i_draw: int, faults: Faults = NO_FAULTS) -> Film:
    """Five repetitions with these faults: shifted kinematics unless stream is dev, noise at 1x."""
    rng = generator(stream, "form", lift, view, repr(faults), i_draw)
    style = draw_style(lift, rng, stream != "dev")
    plans = [draw_plan(rng, lift in STARTS_LOADED) for _ in range(NUM_REPS)]
    return film(lift, plans, rng, VIEWS[view], FPS, faults=faults, style=style)


def metre_pose(one: Film) -> Pose3D:
    """As a calibrated camera would give it, its up unknown."""
    return replace(one.pose, unit="metre")


def true_pose(one: Film) -> Pose3D:
    """Without errors, in the gym."""
    return Pose3D(one.xyz_m, one.pose.fps, "metre", "world", np.ones(len(one.xyz_m), bool))


def scene_of(pose: Pose3D, count: RepCount, exercise: Exercise) -> Scene:
    """What metrics are taken from, of a pose whose repetitions were counted."""
    lifter = find_lifter(count, exercise)
    standing = standing_frames(count, exercise)
    return make_scene(pose, count.track, lifter, exercise.path, standing)


def values_of(pose: Pose3D, exercise: Exercise) -> tuple[int, dict[str, np.ndarray]]:
    """Number of repetitions, and of every metric its raw values (repetitions,)."""
    count = count_on(prepare(pose), exercise)
    scene = scene_of(pose, count, exercise)
    found = defaultdict(list)
    for rep in count.reps:
        moments = Moments(scene, rep.cycle)
        for name, rule in exercise.metrics.items():
            found[name].append(value_at(replace(rule, bias={}, floor={}), scene, moments)[0])
    return len(count.reps), {name: np.array(values) for name, values in found.items()}


def _tilted(pose: Pose3D, rng: np.random.Generator) -> Pose3D:
    axis = np.cross(pose.up, rng.normal(size=3))
    turn = Rotation.from_rotvec(np.radians(UP_ERROR_DEG) * axis / np.linalg.norm(axis))
    return replace(pose, up=turn.apply(pose.up))


Errors = dict[str, list[np.ndarray]]


def gather(lift: str, view: str, num: int, stream: str) -> tuple[Errors, Errors]:
    """Errors of each film by metric, and the changes that a tilted up vector makes."""
    exercise, errors, changes = load_exercise(lift), defaultdict(list), defaultdict(list)
    rng = np.random.default_rng(0)
    for i_draw in range(num):
        one = film_set(stream, lift, view, i_draw)
        pose = replace(metre_pose(one), up=one.up, up_method="given", up_sigma_deg=1.0)
        (num_true, true), (num_seen, seen) = (
            values_of(p, exercise) for p in (true_pose(one), pose)
        )
        num_off, off = values_of(_tilted(pose, rng), exercise)
        if num_true == num_seen == num_off == NUM_REPS:
            for name, values in seen.items():
                errors[name].append(values - true[name])
                changes[name].append((off[name] - values) / UP_ERROR_DEG)
    return errors, changes


def figures(errors: list[np.ndarray], changes: list[np.ndarray]) -> tuple[float, ...]:
    """Standard deviation, mean, share of the deviation that changes, gain of up, films."""
    table = np.array(errors)
    table = table[np.isfinite(table).all(1)]
    if len(table) < 2:
        return (float("nan"),) * 4 + (float(len(table)),)
    changing = float(np.sqrt(table.var(1, ddof=1).mean()))
    total = max(float(table.std()), 1e-9)
    gain = np.array(changes)
    gain = float(np.sqrt(np.nanmean(gain**2)))
    return total, float(table.mean()), min(changing / total, 1.0), gain, float(len(table))


def rows(num: int, stream: str, lifts: Sequence[str]) -> Iterator[tuple[str, str, str, tuple]]:
    """Lift, metric, view and its figures."""
    for lift in lifts:
        for view in VIEWS:
            errors, changes = gather(lift, view, num, stream)
            for name in load_exercise(lift).metrics:
                yield lift, name, view, figures(errors[name], changes[name])


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=40, help="of each lift and view")
    parser.add_argument("--lift", choices=LIFTS, action="append")
    parser.add_argument("--stream", choices=("dev", "shifted_dev"), default="shifted_dev")
    flags = parser.parse_args(argv)
    print("| lift | metric | view | sigma | mean | delta share | per degree of up | films |")
    print("|---" * 8 + "|")
    for lift, name, view, found in rows(flags.films, flags.stream, flags.lift or LIFTS):
        cells = " | ".join(f"{x:.3g}" for x in found)
        print(f"| {lift} | {name} | {view} | {cells} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
