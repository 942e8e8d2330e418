"""How often the classifier calls people who do no exercise a lift, and whether it knows the lifts.

    PERFECTREP_DATA=../data python benchmarks/false_lifts.py -c checkpoint/action_swift.pt

Windows of 243 frames at 50 fps, one every 81, of all of motion17 without squats (shorter recordings
whole), each recording from random cameras with simulated phone detections. Held-out made-up people
who sit, where a store of `--made-up` has them, count apart. Then the lifts: held-out made-up
athletes and the real squats of motion17. `--only` with the name of a part keeps to that part.
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.sightings import SEED, cut, made_up, recordings, seen, windows
from lib.config import load_config
from lib.data.noise import NoiseConfig
from lib.errors import UserError, command_line
from lib.infer.classify import Classifier
from lib.pose import Pose2D

SQUATS = {
    "opencap6_squats1": 5, "opencap6_squatsAsym1": 5, "nimble_DetectMarkerFlip_squats1": 6,
    "13_29": 2,
}  # fmt: skip
"""Recordings with squats, from the README beside them. 13_29 has two among other exercises: its
part with them (`SQUATS_AT`) is a recording of squats, the rest counts neither as squats nor as
none."""
SQUATS_AT = {"13_29": (1585, 1913)}
"""Frames of a recording, at 50 fps, that hold its squats (raw/asf_amc/labels/13_29.txt)."""
PARTS = {
    "trained on": ("cmu_a", "cmu_dance", "deepmimic"),
    "threshold chosen on": ("cmu_b",),
    "held out": ("cmu_c", "opencap_6", "nimble"),
}
"""Groups of motion17 as in configs/action/swift.yaml."""
STAND_UPS = (
    "opencap6_STS1", "opencap6_STSAsym1", "opencap6_STSFast1", "opencap6_STSweakLegs1",
)  # fmt: skip
"""Sitting down and standing up; counted as no squat, and shown apart as well."""
MEDLEYS = ("13_31", "14_20")
"""Of a group that was trained on, but left out of it for their label; exercises without a lift."""
LIFTS = ("squat", "deadlift", "pushup")
CHAIRS = ("sit_to_stand", "sit")
MADE_UP_CHAIRS = "made-up, held out"
STORES = ("data/motion3d/fit3d", "data/motion3d/more_1")


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


def keys_of(entry: dict) -> list[tuple[str, str]]:
    """What a recording of sequences.json counts for: (part, group)."""
    part = part_of(entry)
    keys = [(part, entry["group"]), (part, "all"), ("all", "all")]
    is_chair = entry["name"] in STAND_UPS
    return keys if is_chair else keys + [(key[0], "without sit-to-stand") for key in keys[1:]]


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

    def add(self, classifier: Classifier, name: str, keys: list[tuple[str, str]], pose: Pose2D,
            spans: list[tuple[int, int]]) -> None:  # fmt: skip
        """A recording and its windows under all keys (part, group)."""
        lifts = [i for i, each in enumerate(classifier.classes) if each in LIFTS]
        is_lift = []
        for start, stop in spans:
            found, probability = named(classifier, cut(pose, start, stop))
            is_lift.append(found in LIFTS)
            self.best[keys[0][0]].append(probability[lifts].max())
            if found in LIFTS:
                self.called[name].append(found)
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
            lines.append(f"{key:22s} " + "  ".join(shares))
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
            pose = seen(xyz_m, entry["fps"], noise, (SEED, i, view))
            report.add(classifier, entry["name"], keys_of(entry), pose, windows(len(xyz_m)))
    return report


def real_squats(
    classifier: Classifier, folder: Path, noise: NoiseConfig, views: int
) -> Iterator[str]:
    """A line for each real recording of squats."""
    for i, (entry, xyz_m) in enumerate(recordings(folder)):
        if entry["name"] not in SQUATS:
            continue
        xyz_m = xyz_m[slice(*SQUATS_AT.get(entry["name"], (None,)))]
        whole, single = Counts(), Counts()
        for view in range(views):
            pose = seen(xyz_m, entry["fps"], noise, (SEED, i, view))
            whole = whole.plus(np.array([named(classifier, pose)[0] == "squat"]))
            names = [named(classifier, cut(pose, *w))[0] for w in windows(len(pose.xy_px))]
            single = single.plus(np.array(names) == "squat")
        yield f"{entry['name']:38s} {single!s:>25s} {whole!s:>25s}"


def made_up_lifts(classifier: Classifier, path: str, noise: NoiseConfig, views: int
) -> Iterator[str]:  # fmt: skip
    """A line for each lift of a store."""
    for lift in LIFTS:
        whole, single = Counts(), Counts()
        for pose, spans in made_up(path, lift, noise, views):
            whole = whole.plus(np.array([named(classifier, pose)[0] == lift]))
            names = np.array([named(classifier, cut(pose, *span))[0] for span in spans])
            single = single.plus(names == lift)
        yield f"{f'{Path(path).name}: {lift}':38s} {single!s:>25s} {whole!s:>25s}"


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default="checkpoint/action_swift.pt")
    parser.add_argument("--views", type=int, default=2, help="random cameras a recording (2)")
    parser.add_argument("--threshold", type=float, help="instead of the checkpoint's")
    parser.add_argument("--only", choices=(*PARTS, MADE_UP_CHAIRS, "lifts"), help="one part alone")
    parser.add_argument("--noise", default="phone")
    parser.add_argument("--made-up", nargs="*", default=STORES, help="stores of made-up athletes")
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
        report = false_lifts(classifier, folder, noise, flags.views, flags.only)
        for path, action in product(flags.made_up, CHAIRS):
            if flags.only in (None, MADE_UP_CHAIRS):
                for pose, spans in made_up(path, action, noise, flags.views):
                    report.add(classifier, action, [(MADE_UP_CHAIRS, action)], pose, spans)
        print(report)
    if flags.only in (None, "lifts"):
        print(f"\n{'called what it is':38s} {'windows':>25s} {'recordings':>25s}")
        for line in real_squats(classifier, folder, noise, flags.views):
            print(line)
        for path in flags.made_up:
            for line in made_up_lifts(classifier, path, noise, flags.views):
                print(line)


if __name__ == "__main__":
    sys.exit(main())
