"""How often the classifier calls people who do no exercise a lift, and whether it knows the lifts.

    PERFECTREP_DATA=../data python benchmarks/false_lifts.py -c checkpoint/action_tiny.pt

Windows of 243 frames at 50 fps, one every 81, of all of motion17 without squats (shorter recordings
whole), each recording from random cameras with simulated phone detections. Then the lifts: held-out
made-up athletes (data/motion3d/fit3d) and the real squats of motion17. `--only` with the name of a
part keeps to that part.
"""

import argparse
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.config import load_config
from lib.data.action_clips import shows_reps
from lib.data.clips import window_starts
from lib.data.noise import NoiseConfig
from lib.data.store import open_store
from lib.data.views import RandomCameraConfig, draw_camera
from lib.errors import UserError, command_line
from lib.geometry import project, world_to_camera
from lib.infer.classify import Classifier
from lib.pose import Pose2D
from lib.train.evaluation import as_detections

LENGTH, STRIDE = 243, 81
SEED = 8001
"""Of cameras and noise; no training used it."""
SQUATS = {
    "opencap6_squats1": 5, "opencap6_squatsAsym1": 5, "nimble_DetectMarkerFlip_squats1": 6,
    "13_29": 2,
}  # fmt: skip
"""Recordings with squats, from the README beside them. 13_29 has two among other exercises, so it
counts neither as a squat nor as none."""
PARTS = {
    "trained on": ("cmu_a", "cmu_b", "deepmimic"),
    "threshold chosen on": ("cmu_c",),
    "held out": ("cmu_dance", "opencap_6", "nimble"),
}
"""Groups of motion17 as in configs/action/tiny.yaml."""
STAND_UPS = (
    "opencap6_STS1", "opencap6_STSAsym1", "opencap6_STSFast1", "opencap6_STSweakLegs1",
)  # fmt: skip
"""Sitting down and standing up; counted as no squat, and shown apart as well."""
MEDLEYS = ("13_31", "14_20")
"""Of a group that was trained on, but left out of it for their label; exercises without a lift."""
LIFTS = ("squat", "deadlift", "pushup")
ATHLETES = ("s08", "s09")


@dataclass(frozen=True)
class Counts:
    """What came of some windows or recordings."""

    total: int = 0
    lifts: int = 0

    def plus(self, is_lift: np.ndarray) -> "Counts":
        return Counts(self.total + np.size(is_lift), self.lifts + int(np.sum(is_lift)))

    def __str__(self) -> str:
        return f"{self.lifts:6d} of {self.total:6d} {100 * self.lifts / max(self.total, 1):7.2f} %"


def part_of(entry: dict) -> str:
    """Which part a recording of sequences.json belongs to."""
    if entry["name"] in MEDLEYS:
        return "left out of training"
    return next(part for part, groups in PARTS.items() if entry["group"] in groups)


def recordings(folder: Path) -> Iterator[tuple[dict, np.ndarray]]:
    """Records of sequences.json and their world metres (T, 17, 3)."""
    index = json.loads((folder / "sequences.json").read_text())
    xyz_m = np.load(folder / "xyz_m.npy", mmap_mode="r")
    for entry in index["sequences"]:
        yield entry, np.array(xyz_m[entry["start"] : entry["stop"]], float)


def seen(xyz_m: np.ndarray, fps: float, noise: NoiseConfig, seed: tuple[int, ...]) -> Pose2D:
    """A recording as a phone would have detected it from a random side."""
    rng = np.random.default_rng(seed)
    camera = draw_camera(xyz_m, RandomCameraConfig(), rng)
    xy_px = project(world_to_camera(xyz_m, camera), camera)
    return as_detections(xy_px, fps, camera.size_px, noise, rng)


def cut(pose: Pose2D, start: int, stop: int) -> Pose2D:
    """Frames start to stop as a recording of their own."""
    return replace(
        pose, xy_px=pose.xy_px[start:stop], score=pose.score[start:stop],
        time_s=pose.time_s[start:stop],
    )  # fmt: skip


def windows(num_frames: int) -> list[tuple[int, int]]:
    """First and behind the last frame of each window."""
    length = min(LENGTH, num_frames)
    return [
        (int(s), int(s) + length) for s in window_starts(num_frames, length, min(STRIDE, length))
    ]


def named(classifier: Classifier, pose: Pose2D) -> tuple[str, np.ndarray]:
    """Class named for a recording, and the highest probability of each class in a window."""
    windows = classifier.windows(pose)
    return classifier.classes[classifier.named_overall(windows)], windows.probability.max(0)


class Report:
    """Counts by part and group, and every window that was called a lift."""

    def __init__(self) -> None:
        self.windows: dict = defaultdict(Counts)
        self.sequences: dict = defaultdict(Counts)
        self.called: dict = defaultdict(list)
        self.best: dict = defaultdict(list)

    def add(self, classifier: Classifier, entry: dict, pose: Pose2D) -> None:
        keys = [(part_of(entry), entry["group"]), (part_of(entry), "all"), ("all", "all")]
        if entry["name"] not in STAND_UPS:
            keys += [(key[0], "without sit-to-stand") for key in keys[1:]]
        lifts = [i for i, name in enumerate(classifier.classes) if name in LIFTS]
        is_lift = []
        for start, stop in windows(len(pose.xy_px)):
            name, probability = named(classifier, cut(pose, start, stop))
            is_lift.append(name in LIFTS)
            self.best[keys[1]].append(probability[lifts].max())
            if name in LIFTS:
                self.called[entry["name"]].append(name)
        whole = named(classifier, pose)[0] in LIFTS
        for key in keys:
            self.windows[key] = self.windows[key].plus(np.array(is_lift))
            self.sequences[key] = self.sequences[key].plus(np.array([whole]))

    def __str__(self) -> str:
        lines = [f"{'called a lift':38s} {'windows':>25s} {'recordings':>25s}"]
        for key in sorted(self.windows):
            title = f"{key[0]}: {key[1]}"
            lines.append(f"{title:38s} {self.windows[key]!s:>25s} {self.sequences[key]!s:>25s}")
        lines.append("share of windows with a lift's probability of at least")
        for key, values in sorted(self.best.items()):
            shares = [
                f"{t:g}: {100 * np.mean(np.array(values) >= t):.2f} %"
                for t in (0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98)
            ]
            lines.append(f"{key[0]:22s} " + "  ".join(shares))
        worst = sorted(self.called.items(), key=lambda item: -len(item[1]))[:12]
        lines += [f"  {name}: {len(v)} x {', '.join(sorted(set(v)))}" for name, v in worst]
        return "\n".join(lines)


def false_lifts(
    classifier: Classifier, folder: Path, noise: NoiseConfig, views: int, only: str | None
) -> Report:
    """Everything of motion17 without squats, from several views."""
    report = Report()
    for i, (entry, xyz_m) in enumerate(recordings(folder)):
        if entry["name"] in SQUATS or only not in (None, part_of(entry)):
            continue
        for view in range(views):
            report.add(classifier, entry, seen(xyz_m, entry["fps"], noise, (SEED, i, view)))
    return report


def real_squats(
    classifier: Classifier, folder: Path, noise: NoiseConfig, views: int
) -> Iterator[str]:
    """A line for each real recording of squats alone."""
    for i, (entry, xyz_m) in enumerate(recordings(folder)):
        if entry["name"] not in SQUATS or entry["name"] == "13_29":
            continue
        whole, single = Counts(), Counts()
        for view in range(views):
            pose = seen(xyz_m, entry["fps"], noise, (SEED, i, view))
            whole = whole.plus(np.array([named(classifier, pose)[0] == "squat"]))
            names = [named(classifier, cut(pose, *w))[0] for w in windows(len(pose.xy_px))]
            single = single.plus(np.array(names) == "squat")
        yield f"{entry['name']:38s} {single!s:>25s} {whole!s:>25s}"


def made_up_lifts(classifier: Classifier, store_path: str, noise: NoiseConfig, views: int
) -> Iterator[str]:  # fmt: skip
    """A line for each lift: held-out athletes, the stored cameras and random ones."""
    store = open_store(store_path)
    for lift in LIFTS:
        whole, single = Counts(), Counts()
        for i, sequence in enumerate(store.sequences):
            if sequence.subject not in ATHLETES or sequence.action != lift:
                continue
            assert sequence.camera is not None
            rng = np.random.default_rng((SEED, i))
            stored = np.array(store.xy_of(i), float)
            poses = [as_detections(stored, sequence.fps, sequence.camera.size_px, noise, rng)]
            if sequence.camera_name == "60457274":  # once for the four of it
                world = store.world_of(i)
                poses += [seen(world, sequence.fps, noise, (SEED, i, v)) for v in range(views)]
            spans = windows(sequence.num_frames)
            spans = [w for w in spans if shows_reps(sequence, *(np.array([v]) for v in w))[0]]
            for pose in poses:
                whole = whole.plus(np.array([named(classifier, pose)[0] == lift]))
                names = np.array([named(classifier, cut(pose, *span))[0] for span in spans])
                single = single.plus(names == lift)
        yield f"{'made-up ' + lift:38s} {single!s:>25s} {whole!s:>25s}"


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default="checkpoint/action_tiny.pt")
    parser.add_argument("--views", type=int, default=2, help="random cameras a recording (2)")
    parser.add_argument("--threshold", type=float, help="instead of the checkpoint's")
    parser.add_argument("--only", choices=(*PARTS, "lifts"), help="one part alone")
    parser.add_argument("--noise", default="phone")
    parser.add_argument("--fit3d", default="data/motion3d/fit3d")
    flags = parser.parse_args(argv)
    root = os.environ.get("PERFECTREP_DATA")
    if not root:
        raise UserError("set PERFECTREP_DATA to the folder that holds motion17")
    folder = Path(root) / "motion17"
    classifier = Classifier.from_checkpoint(flags.checkpoint)
    if flags.threshold is not None:
        classifier.threshold = flags.threshold
    noise = load_config(NoiseConfig, f"configs/noise/{flags.noise}.yaml")
    print(f"{flags.checkpoint}: {', '.join(classifier.classes)}; threshold {classifier.threshold}")
    if flags.only != "lifts":
        print(false_lifts(classifier, folder, noise, flags.views, flags.only))
    if flags.only in (None, "lifts"):
        print(f"\n{'called what it is':38s} {'windows':>25s} {'recordings':>25s}")
        for line in real_squats(classifier, folder, noise, flags.views):
            print(line)
        for line in made_up_lifts(classifier, flags.fit3d, noise, flags.views):
            print(line)


if __name__ == "__main__":
    sys.exit(main())
