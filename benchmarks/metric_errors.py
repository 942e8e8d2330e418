"""Errors of a lifter in the report's metrics: lifted minus true, on people it never saw.

    python benchmarks/metric_errors.py --write configs/lift_error.yaml

Made-up athletes s08 and s09 with five bodies each from random views with phone-like noise; each
metric is taken at the true motion's repetitions. Needs stores that `make checkpoint` makes. Prints
root mean square errors by view class; --write keeps them.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.metric_noise import scene_of
from lib.analysis.exercises import load_exercise
from lib.analysis.lift_error import ALL_VIEWS
from lib.analysis.metrics import value_at
from lib.analysis.moments import Moments
from lib.analysis.reps import count_on
from lib.analysis.track import prepare
from lib.config import load_config
from lib.data.noise import NoiseConfig, as_detections
from lib.data.store import open_store, select
from lib.data.views import RandomCameraConfig, draw_camera
from lib.errors import command_line
from lib.geometry import project, world_to_camera
from lib.infer.lift import Lifter
from lib.pose import Pose2D, Pose3D, written_aside

ROOT = Path(__file__).resolve().parents[1]
LIFTS = ["squat", "deadlift", "pushup"]
ALIKE = ["sit_to_stand"]
"""It goes by the squat's measures, and the lifter has seen people sit down and stand up."""
SUBJECTS = ["s08", "s09"]
SEED = 7002
"""Of cameras and noise; no training and no choice of recipe used it."""
STORES = [f"data/motion3d/{name}" for name in ("fit3d", "more_6", "more_7", "more_8", "more_9")]
"""Their s08 and s09 were in no training, and no other person of more_6 to 9 in the lifter's."""
LEAST_TAKES = 4
"""Recordings of a view below which those of all views stand in."""
HEAD = """
Error of the shipped lifter in the report's metrics, root mean square: made-up athletes s08 and s09
with five bodies each, phone-like noise, {num} recordings from random views. They are no real
people: a lower bound for those. By measure, moment and view class; a view of fewer than {least}
recordings has that over all. Degrees; lengths and velocities in femur lengths. What is not here is
not measurable for a lifted pose.
"""
VIEWS = ("front", "front_oblique", "side", "back_oblique", "back")

Key = tuple[str, str]
"""Measure and `MetricRule.moment`, the keys of configs/lift_error.yaml."""


def recordings(
    store_path: str, num_views: int, seed: int
) -> Iterator[tuple[str, float, np.ndarray, Pose2D]]:
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
            rng = np.random.default_rng((SEED, seed, i, i_view))
            camera = draw_camera(world, RandomCameraConfig(), rng)
            xyz = world_to_camera(world, camera)
            pose = as_detections(project(xyz, camera), sequence.fps, camera.size_px, noise, rng)
            yield sequence.action, sequence.fps, xyz, pose


def metric_errors(action: str, true: Pose3D, lifted: Pose3D) -> tuple[str, dict[Key, list[float]]]:
    """The view class that the report would name, and the errors of each metric."""
    exercise = load_exercise(action)
    count = count_on(prepare(true), exercise)
    own = count_on(prepare(lifted), exercise)
    scenes = scene_of(lifted, own, exercise), scene_of(true, count, exercise)
    found: dict[Key, list[float]] = defaultdict(list)
    for rep in count.reps:
        moments = [Moments(scene, rep.cycle) for scene in scenes]
        for rule in exercise.metrics.values():
            pair = (value_at(rule, s, m)[0] for s, m in zip(scenes, moments, strict=True))
            found[rule.measure, rule.moment].append(float(np.subtract(*pair)))
    return scenes[0].lifter.view, found


Found = dict[Key, dict[str, list[np.ndarray]]]
"""Errors by view class, ALL_VIEWS being all of them: an array a recording."""


def gather(lifter: Lifter, stores: Sequence[str], num_views: int) -> Found:
    """Errors of every measure in every recording that has any."""
    found: Found = defaultdict(lambda: defaultdict(list))
    takes = (take for i, path in enumerate(stores) for take in recordings(path, num_views, i))
    for action, fps, xyz, seen in takes:
        true = Pose3D(xyz, fps, "relative", "camera", np.ones(len(xyz), bool))
        view, errors = metric_errors(action, true, lifter.lift(seen))
        for key, values in errors.items():
            known = np.array(values)[np.isfinite(values)]
            for where in (view, ALL_VIEWS):
                found[key][where] += [known] if len(known) else []
    return found


def _cell(takes: Sequence[np.ndarray]) -> str:
    """RMS, with the mean in brackets, and of how many recordings."""
    if not takes:
        return ""
    errors = np.concatenate(takes)
    return f"{_rms(takes):.2f} ({errors.mean():+.2f}) {len(takes)}"


def _rms(takes: Sequence[np.ndarray]) -> float:
    return float(np.sqrt(np.mean(np.square(np.concatenate(takes)))))


def as_yaml(found: Found, command: str, lifter_sha256: str, num: int) -> str:
    """The text of configs/lift_error.yaml."""
    rms: dict = defaultdict(dict)
    for (measure, moment), by_view in sorted(found.items()):
        if not by_view[ALL_VIEWS]:
            continue
        enough = {v: t for v, t in by_view.items() if len(t) >= LEAST_TAKES or v == ALL_VIEWS}
        rms[measure][moment] = {
            view: round(_rms(enough[view]), 3) for view in (ALL_VIEWS, *VIEWS) if view in enough
        }
    rms["near_minimum_velocity"] = {"rep": {ALL_VIEWS: 0.0}}  # yes or no: the velocity has its own
    content = {"command": command, "lifter_sha256": lifter_sha256,
               "exercises": LIFTS + ALIKE, "rms": dict(rms)}  # fmt: skip
    lines = HEAD.format(num=num, least=LEAST_TAKES).strip().splitlines()
    text = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100)
    return "\n".join(f"# {line}" for line in lines) + "\n" + text


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default="checkpoint/lifter_swift.pt")
    parser.add_argument("--stores", nargs="+", default=STORES, help="made-up people")
    parser.add_argument("--views", type=int, default=8, help="random views of each motion")
    parser.add_argument("--write", metavar="FILE", help="the numbers for configs/lift_error.yaml")
    flags = parser.parse_args(argv)
    lifter = Lifter.from_checkpoint(flags.checkpoint)
    found = gather(lifter, flags.stores, flags.views)
    print("RMS error (mean error) recordings; degrees, lengths in femur lengths")
    print("| measure | moment | all | " + " | ".join(VIEWS) + " | reps |")
    print("|---" * (len(VIEWS) + 4) + "|")
    for (measure, at), by_view in sorted(found.items()):
        cells = " | ".join(_cell(by_view[view]) for view in (ALL_VIEWS, *VIEWS))
        print(f"| {measure} | {at} | {cells} | {sum(map(len, by_view[ALL_VIEWS]))} |")
    if flags.write:
        command = f"python benchmarks/metric_errors.py --views {flags.views} --write {flags.write}"
        num = len(flags.stores) * len(LIFTS) * len(SUBJECTS) * flags.views
        with written_aside(Path(flags.write)) as aside:
            aside.write_text(as_yaml(found, command, lifter.sha256, num), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
