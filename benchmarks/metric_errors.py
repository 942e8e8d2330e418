"""Errors of a lifter in the report's metrics: lifted minus true, on people it never saw.

    python benchmarks/metric_errors.py -c checkpoint/lifter_swift.pt

Made-up athletes s08 and s09 from random views with phone-like noise; each metric is taken at the
true motion's repetitions. Needs data/motion3d/fit3d (checkpoint/README.md says how it is made).
Prints root mean square errors by view class; configs/lift_error.yaml keeps those of all views.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.analysis.exercises import Exercise, load_exercise
from lib.analysis.metrics import value_at
from lib.analysis.moments import Moments
from lib.analysis.records import RepCount
from lib.analysis.report import find_lifter, standing_frames
from lib.analysis.reps import count_on
from lib.analysis.scene import Scene, make_scene
from lib.analysis.track import prepare
from lib.config import load_config
from lib.data.noise import NoiseConfig
from lib.data.store import open_store, select
from lib.data.views import RandomCameraConfig, draw_camera
from lib.errors import command_line
from lib.geometry import project, world_to_camera
from lib.infer.lift import Lifter
from lib.pose import Pose3D
from lib.train.evaluation import as_detections

ROOT = Path(__file__).resolve().parents[1]
LIFTS = ["squat", "deadlift", "pushup"]
SUBJECTS = ["s08", "s09"]
SEED = 7002
"""Of cameras and noise; no training and no choice of recipe used it."""
VIEWS = ("front", "front_oblique", "side", "back_oblique", "back")

Key = tuple[str, str]
"""Measure and `MetricRule.moment`, the keys of configs/lift_error.yaml."""


def recordings(store_path: str, num_views: int) -> Iterator[tuple[str, float, np.ndarray, object]]:
    """Action, fps, true camera metres (T, 17, 3) and simulated detections of every view."""
    store = open_store(store_path)
    noise = load_config(NoiseConfig, ROOT / "configs/noise/phone.yaml")
    seen = set()
    for i in select(store, subjects=SUBJECTS, actions=LIFTS):
        sequence = store.sequences[i]
        if (sequence.subject, sequence.action) in seen:
            continue  # the other cameras of the same motion
        seen.add((sequence.subject, sequence.action))
        world = store.world_of(i)
        for i_view in range(num_views):
            rng = np.random.default_rng((SEED, i, i_view))
            camera = draw_camera(world, RandomCameraConfig(), rng)
            xyz = world_to_camera(world, camera)
            pose = as_detections(project(xyz, camera), sequence.fps, camera.size_px, noise, rng)
            yield sequence.action, sequence.fps, xyz, pose


def metric_errors(action: str, true: Pose3D, lifted: Pose3D) -> tuple[str, dict[Key, list[float]]]:
    """The view class that the report would name, and the errors of each metric."""
    exercise = load_exercise(action)
    count = count_on(prepare(true), exercise)
    own = count_on(prepare(lifted), exercise)
    scenes = _scene(lifted, own, exercise), _scene(true, count, exercise)
    found: dict[Key, list[float]] = defaultdict(list)
    for rep in count.reps:
        moments = [Moments(scene, rep.cycle) for scene in scenes]
        for rule in exercise.metrics.values():
            pair = (value_at(rule, s, m)[0] for s, m in zip(scenes, moments, strict=True))
            found[rule.measure, rule.moment].append(float(np.subtract(*pair)))
    return scenes[0].lifter.view, found


def _scene(pose: Pose3D, count: RepCount, exercise: Exercise) -> Scene:
    lifter = find_lifter(count, exercise)
    standing = standing_frames(count, exercise)
    return make_scene(pose, count.track, lifter, exercise.path, standing)


def gather(lifter: Lifter, store: str, num_views: int) -> dict[Key, dict[str, list[float]]]:
    """Errors of every measure by view class, 'all' being all of them."""
    found: dict = defaultdict(lambda: defaultdict(list))
    for action, fps, xyz, seen in recordings(store, num_views):
        true = Pose3D(xyz, fps, "relative", "camera", np.ones(len(xyz), bool))
        view, errors = metric_errors(action, true, lifter.lift(seen))
        for key, values in errors.items():
            for where in (view, "all"):
                found[key][where] += [value for value in values if np.isfinite(value)]
    return found


def _cell(values: Sequence[float]) -> str:
    """RMS, with the mean in brackets."""
    if not values:
        return ""
    return f"{np.sqrt(np.mean(np.square(values))):.2f} ({np.mean(values):+.2f})"


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default="checkpoint/lifter_swift.pt")
    parser.add_argument("--fit3d", default="data/motion3d/fit3d")
    parser.add_argument("--views", type=int, default=5, help="random views of each motion")
    flags = parser.parse_args(argv)
    found = gather(Lifter.from_checkpoint(flags.checkpoint), flags.fit3d, flags.views)
    print("RMS error (mean error); degrees, lengths in femur lengths")
    print("| measure | moment | all | " + " | ".join(VIEWS) + " | reps |")
    print("|---" * (len(VIEWS) + 4) + "|")
    for (measure, at), by_view in sorted(found.items()):
        cells = " | ".join(_cell(by_view.get(view, [])) for view in ("all", *VIEWS))
        print(f"| {measure} | {at} | {cells} | {len(by_view['all'])} |")


if __name__ == "__main__":
    sys.exit(main())
