"""Are the parts of a tempo as unsure as their sigmas say?

    python benchmarks/tempo_noise.py --films 4

Films of the suite on the shifted kinematics, from five views, against the same analysis of the true
motion: root mean square error in seconds, and in sigmas (1 is right, less is cautious).
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.metric_noise import LIFTS, VIEWS, film_set, metre_pose, true_pose
from lib.analysis.exercises import load_exercise
from lib.analysis.reps import count_on
from lib.analysis.tempo import tempo_of
from lib.analysis.track import prepare
from lib.errors import command_line

PARTS = ("eccentric", "pause_bottom", "concentric", "pause_top")


def gather(lift: str, num: int, stream: str) -> dict[str, np.ndarray]:
    """Part -> (M, 2) error and sigma, seconds, of the films whose repetitions were all found."""
    exercise, found = load_exercise(lift), defaultdict(list)
    for view in VIEWS:
        for i_draw in range(num):
            one = film_set(stream, lift, view, i_draw)
            counts = [
                count_on(prepare(pose), exercise) for pose in (metre_pose(one), true_pose(one))
            ]
            if len({tuple(len(reps) for reps in count.sets) for count in counts}) > 1:
                continue
            for pair in zip(*(count.reps for count in counts), strict=True):
                seen, true = (tempo_of(c, rep) for c, rep in zip(counts, pair, strict=True))
                for part in PARTS:
                    value, truth = seen[f"{part}_s"], true[f"{part}_s"]
                    if value is not None and truth is not None:
                        found[part].append((value - truth, seen[f"{part}_sigma_s"]))
    return {part: np.array(values) for part, values in found.items()}


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", type=int, default=4, help="of each lift and view")
    parser.add_argument("--lift", choices=LIFTS, action="append")
    parser.add_argument("--stream", choices=("dev", "shifted_dev", "opened"), default="opened")
    flags = parser.parse_args(argv)
    print("| lift | part | parts | error s | error in sigmas |")
    print("|---" * 5 + "|")
    for lift in flags.lift or LIFTS:
        for part, values in gather(lift, flags.films, flags.stream).items():
            error_s, in_sigmas = (
                np.sqrt(np.mean(np.square(x))) for x in (values[:, 0], values[:, 0] / values[:, 1])
            )
            print(f"| {lift} | {part} | {len(values)} | {error_s:.2f} | {in_sigmas:.2f} |")


if __name__ == "__main__":
    sys.exit(main())
