"""Ends of repetitions with and without lib.analysis.refine, on the synthetic suite.

    python benchmarks/refinement.py --stream shifted_dev

Seven cases of three or more repetitions, five views, 30 frames a second; median distance of starts
and ends to the truth in seconds, and mean overlap (intersection over union).
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.lift_suite import STREAMS, Film, film_of
from benchmarks.lift_suite.lifts import LIFTS
from benchmarks.reps import YAWS
from benchmarks.reps_score import Found, Score, score
from lib.analysis.records import RepCount
from lib.analysis.refine import refine
from lib.analysis.reps import count_reps

CASES = ("five", "twenty", "uneven_tempo", "slow_eccentric", "touch_and_go", "rests",
         "bottom_pause")  # fmt: skip


def _score(film: Film, count: RepCount) -> Score:
    fps = film.pose.fps
    true = [rep for rep in film.reps if rep.is_counted]
    kept = [rep for rep in count.reps if rep.quality in ("full", "partial")]
    return score(true, [Found(rep.start_frame / fps, rep.end_frame / fps) for rep in kept])


def _middle(scores: list[Score]) -> str:
    start, end, iou = (
        np.concatenate([getattr(s, name) for s in scores]) for name in ("start_s", "end_s", "iou")
    )
    return f"{np.median(start):8.3f} {np.median(end):8.3f} {iou.mean():8.3f}"


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stream", choices=STREAMS, default="shifted_dev")
    asked = parser.parse_args(argv)
    print(
        f"{'lift':12s} {'start s':>8s} {'end s':>8s} {'overlap':>8s}   refined: the same   ms a rep"
    )
    for lift in LIFTS:
        plain, refined, seconds, num = [], [], 0.0, 0
        for case in CASES:
            for yaw in YAWS:
                film = film_of(asked.stream, lift, case, yaw, 30)
                count = count_reps(film.pose, lift)
                start = time.process_time()
                better = refine(count)
                seconds += time.process_time() - start
                num += len(count.reps)
                plain.append(_score(film, count))
                refined.append(_score(film, better))
        print(f"{lift:12s} {_middle(plain)} {_middle(refined)} {1e3 * seconds / num:8.1f}")


if __name__ == "__main__":
    main()
