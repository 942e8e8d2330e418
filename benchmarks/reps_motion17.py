"""Count repetitions in real motion capture and print exact counts and false repetitions a minute.

    PERFECTREP_DATA=<folder> python benchmarks/reps_motion17.py

Truth: the README beside the recordings names the squats and stand-ups; every other recording
(walking, running, jumping, dancing, ball games) holds none. Each is counted as the exercise the
gate recognises, with what it does not recognise counted where it repeats (`or unknown`) or not,
and as each exercise a person might wrongly name.
"""

import json
import os
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.analysis.exercises import UNKNOWN, exercise_names, load_exercise
from lib.analysis.reps import count_on, guess_on
from lib.analysis.track import Track, prepare
from lib.analysis.unknown import count_unknown
from lib.pose import Pose3D

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


def recordings(folder: Path):
    """Yields (name, group, Track)."""
    index = json.loads((folder / "sequences.json").read_text())
    xyz_m = np.load(folder / "xyz_m.npy", mmap_mode="r")
    for entry in index["sequences"]:
        rows = np.array(xyz_m[entry["start"] : entry["stop"]], float)
        pose = Pose3D(rows, entry["fps"], "metre", "world", np.ones(len(rows), bool))
        text = entry["name"] + " ".join(entry["labels"])
        group = next((g for key, g in GROUPS.items() if key in text), "other")
        yield entry["name"], group, prepare(pose)


def counted(track: Track, exercise: str) -> int:
    """Full and partial repetitions."""
    if exercise == UNKNOWN:
        return count_unknown(track).num_reps
    return count_on(track, load_exercise(exercise)).num_reps


def main() -> None:
    root = os.environ.get("PERFECTREP_DATA")
    if not root:
        print("set PERFECTREP_DATA to the folder that holds motion17")
        raise SystemExit(2)
    ways = ["recognised", "or unknown", *exercise_names()]
    false: dict = defaultdict(lambda: defaultdict(int))
    minutes: dict = defaultdict(float)
    unnamed = []
    print(f"{'recording':34s} {'exercise':13s} truth counted recognised as")
    for name, group, track in recordings(Path(root) / "motion17"):
        guess, confidence = guess_on(track)
        if name in TRUTH:
            exercise, truth = TRUTH[name]
            num = counted(track, exercise)
            print(f"{name:34s} {exercise:13s} {truth:5d} {num:7d} {guess} {confidence:.2f}")
            continue
        minutes[group] += len(track) / track.fps / 60
        named = {way: counted(track, way) for way in (*exercise_names(), UNKNOWN)}
        named["recognised"] = 0 if guess == UNKNOWN else named[guess]
        named["or unknown"] = named[guess]
        for way in ways:
            false[group][way] += named[way]
        if guess == UNKNOWN and named[UNKNOWN]:
            unnamed.append(f"{name}: {named[UNKNOWN]}")
    print("\nfalse repetitions a minute, counted as")
    print(f"{'group':12s} {'minutes':>7s} " + " ".join(f"{way:>13s}" for way in ways))
    for group in sorted(minutes):
        rates = " ".join(f"{false[group][way] / minutes[group]:13.2f}" for way in ways)
        print(f"{group:12s} {minutes[group]:7.1f} {rates}")
    total = sum(minutes.values())
    rates = " ".join(f"{sum(f[way] for f in false.values()) / total:13.2f}" for way in ways)
    print(f"{'all':12s} {total:7.1f} {rates}")
    print("\ncounted though not recognised:", ", ".join(unnamed) or "none")


if __name__ == "__main__":
    main()
