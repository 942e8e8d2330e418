"""Count repetitions in real motion capture and print exact counts and false repetitions a minute.

    PERFECTREP_DATA=<folder> python benchmarks/reps_motion17.py
    PERFECTREP_DATA=<folder> python benchmarks/reps_motion17.py --seen lifted

Truth: the README beside the recordings names the squats and stand-ups; every other recording
(walking, running, jumping, dancing, ball games) holds none. Each is counted as the exercise the
gate recognises, with what it does not recognise counted where it repeats (`or unknown`) or not, and
as each exercise a person might wrongly name. `--seen` says what is counted:
`world`, the motion capture itself; `camera`, the same before five cameras 45 degrees apart around
the lifter; `lifted`, what the shipped lifter makes of detections simulated there (`--noise`).
Recordings without repetitions are seen from one of the five, each from the next.
"""

import argparse
import json
import os
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.analysis.exercises import UNKNOWN, exercise_names, load_exercise
from lib.analysis.records import COUNTED
from lib.analysis.reps import count_on, guess_on
from lib.analysis.track import Track, prepare
from lib.analysis.unknown import count_unknown
from lib.config import load_config
from lib.data.noise import NoiseConfig, as_detections
from lib.data.views import RandomCameraConfig, draw_camera, turned_to_x
from lib.errors import UserError, command_line
from lib.geometry import project, world_to_camera
from lib.infer.ground import SizeConfig, grounded
from lib.infer.lift import Lifter
from lib.pose import Pose3D

ROOT = Path(__file__).resolve().parents[1]
TRUTH = {
    "opencap6_squats1": ("squat", 5), "opencap6_squatsAsym1": ("squat", 5),
    "nimble_DetectMarkerFlip_squats1": ("squat", 6), "13_29": ("squat", 2),
    "opencap6_STS1": ("sit_to_stand", 5), "opencap6_STSAsym1": ("sit_to_stand", 5),
    "opencap6_STSFast1": ("sit_to_stand", 5), "opencap6_STSweakLegs1": ("sit_to_stand", 5),
}  # fmt: skip
GROUPS = {
    "walk": "walking", "run": "running", "jump": "jumping", "DJ": "drop jump", "danc": "dance",
    "salsa": "dance", "indian": "dance", "Dance": "dance", "basketball": "ball games",
    "soccer": "ball games", "skip": "skipping",
}  # fmt: skip
AZIMUTHS_DEG = (0.0, 45.0, 90.0, 135.0, 180.0)
"""Of the camera, from where the chest points."""
SEED = 8201
"""Of cameras and noise; nothing was trained or chosen with it."""


@dataclass(frozen=True)
class Recording:
    """One sequence of motion17."""

    name: str
    group: str
    fps: float
    xyz_m: np.ndarray
    """(T, 17, 3) world, Z up."""


def recordings(folder: Path) -> Iterator[Recording]:
    """All of them, in the order of sequences.json."""
    index = json.loads((folder / "sequences.json").read_text())
    xyz_m = np.load(folder / "xyz_m.npy", mmap_mode="r")
    for entry in index["sequences"]:
        text = entry["name"] + " ".join(entry["labels"])
        group = next((g for key, g in GROUPS.items() if key in text), "other")
        rows = np.array(xyz_m[entry["start"] : entry["stop"]], float)
        yield Recording(entry["name"], group, entry["fps"], rows)


Seen = Callable[[Recording, float], Pose3D]
"""A recording as it is counted, from an azimuth."""


def in_world(recording: Recording, _: float) -> Pose3D:
    """The motion capture itself, which no camera sees."""
    valid = np.ones(len(recording.xyz_m), bool)
    return Pose3D(recording.xyz_m, recording.fps, "metre", "world", valid)


def _looked_at(recording: Recording, azimuth_deg: float):
    """(T, 17, 3) camera metres, the camera and the generator that drew it."""
    rng = np.random.default_rng((SEED, zlib.crc32(recording.name.encode()), int(azimuth_deg)))
    ranges = replace(RandomCameraConfig(), azimuth_deg=(azimuth_deg, azimuth_deg))
    world = turned_to_x(recording.xyz_m)
    camera = draw_camera(world, ranges, rng)
    return world_to_camera(world, camera), camera, rng


def in_camera(recording: Recording, azimuth_deg: float) -> Pose3D:
    """True 3D in a camera's axes: up and the side it is seen from have to be found."""
    xyz_m, _, _ = _looked_at(recording, azimuth_deg)
    return Pose3D(xyz_m, recording.fps, "metre", "camera", np.ones(len(xyz_m), bool))


def lifted(lifter: Lifter, noise: NoiseConfig, recording: Recording, azimuth_deg: float) -> Pose3D:
    """Detected with simulated errors and lifted as infer_wild.py does."""
    xyz_m, camera, rng = _looked_at(recording, azimuth_deg)
    xy_px = project(xyz_m, camera)
    pose = as_detections(xy_px, recording.fps, camera.size_px, noise, rng, recording.name)
    return grounded(lifter.lift(pose), SizeConfig(), camera.size_px)


def counted(track: Track, exercise: str) -> int:
    """Full and partial repetitions."""
    if exercise == UNKNOWN:
        return count_unknown(track).num_reps
    return count_on(track, load_exercise(exercise)).num_reps


def _boundaries_s(track: Track, exercise: str) -> np.ndarray:
    """(reps, 2) seconds at which the counted repetitions begin and end."""
    reps = count_on(track, load_exercise(exercise)).reps
    done = [rep.cycle for rep in reps if rep.quality in COUNTED]
    clock = track.time_s
    return np.array([(clock[c.start], clock[c.end]) for c in done]).reshape(-1, 2)


def print_truth(found: Sequence[Recording], seen: Seen, azimuths_deg: Sequence[float]) -> None:
    """A line for each recording with repetitions: the count from each side. Then how far from
    those of the motion capture itself they begin and end, where the counts agree."""
    print(f"{'recording':34s} {'exercise':13s} truth  counted from each side (recognised as)")
    right, total, late_s = 0, 0, []
    for recording in found:
        exercise, truth = TRUTH[recording.name]
        own_s = _boundaries_s(prepare(in_world(recording, 0.0)), exercise)
        cells = []
        for azimuth_deg in azimuths_deg:
            track = prepare(seen(recording, azimuth_deg))
            guess, _ = guess_on(track)
            found_s = _boundaries_s(track, exercise)
            right, total = right + (len(found_s) == truth), total + 1
            late_s += [found_s - own_s] if len(found_s) == len(own_s) else []
            cells.append(f"{len(found_s)}" + ("" if guess == exercise else f" ({guess})"))
        print(f"{recording.name:34s} {exercise:13s} {truth:5d}  {', '.join(cells)}", flush=True)
    print(f"exact: {right} of {total}")
    off_s = np.abs(np.concatenate(late_s))
    for name, column in zip(("begin", "end"), off_s.T, strict=True):
        low, high = np.percentile(column, [50, 95])
        print(f"{name} against the motion capture's own: median {low:.2f} s, 95 % {high:.2f} s")


def print_false(found: Sequence[Recording], seen: Seen) -> None:
    """Repetitions a minute where there are none, by kind of motion."""
    ways = ["recognised", "or unknown", *exercise_names()]
    false: dict = defaultdict(lambda: defaultdict(int))
    minutes: dict = defaultdict(float)
    told = []
    for i, recording in enumerate(found):
        track = prepare(seen(recording, AZIMUTHS_DEG[i % len(AZIMUTHS_DEG)]))
        guess, _ = guess_on(track)
        minutes[recording.group] += len(track) / track.fps / 60
        named = {way: counted(track, way) for way in {*exercise_names(), guess}}
        named["or unknown"] = named[guess]
        named["recognised"] = 0 if guess == UNKNOWN else named[guess]
        for way in ways:
            false[recording.group][way] += named[way]
        if named[guess]:
            told.append(f"{recording.name}: {named[guess]} {guess}")
    print("\nfalse repetitions a minute, counted as")
    print(f"{'group':12s} {'minutes':>7s} " + " ".join(f"{way:>13s}" for way in ways))
    for group in sorted(minutes):
        rates = " ".join(f"{false[group][way] / minutes[group]:13.2f}" for way in ways)
        print(f"{group:12s} {minutes[group]:7.1f} {rates}")
    total = sum(minutes.values())
    rates = " ".join(f"{sum(f[way] for f in false.values()) / total:13.2f}" for way in ways)
    print(f"{'all':12s} {total:7.1f} {rates}")
    print("counted: " + ("; ".join(told) or "none"))


@command_line
def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seen", choices=("world", "camera", "lifted"), default="world")
    parser.add_argument("-c", "--checkpoint", default=str(ROOT / "checkpoint/lifter_swift.pt"))
    parser.add_argument("--noise", default="published", help="file in configs/noise (lifted)")
    parser.add_argument("--only", choices=("truth", "false"), help="one of the two tables")
    options = parser.parse_args(argv)
    folder = os.environ.get("PERFECTREP_DATA")
    if not folder:
        raise UserError("set PERFECTREP_DATA to the folder that holds motion17")
    seen: Seen = {"world": in_world, "camera": in_camera}.get(options.seen, in_world)
    if options.seen == "lifted":
        noise = load_config(NoiseConfig, ROOT / f"configs/noise/{options.noise}.yaml")
        seen = partial(lifted, Lifter.from_checkpoint(options.checkpoint), noise)
    every = list(recordings(Path(folder) / "motion17"))
    if options.only != "false":
        azimuths_deg = AZIMUTHS_DEG[:1] if options.seen == "world" else AZIMUTHS_DEG
        print_truth([r for r in every if r.name in TRUTH], seen, azimuths_deg)
    if options.only != "truth":
        print_false([r for r in every if r.name not in TRUTH], seen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
