"""Ends of repetitions with and without lib.analysis.refine, on the synthetic suite.

    python benchmarks/refinement.py --stream shifted_dev

Seven cases of three or more repetitions, five views, 30 frames a second; median distance of starts
and ends to the truth in seconds, and mean overlap (intersection over union).
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.counting import Case, interval_scores
from benchmarks.lift_suite import STREAMS, film_of
from benchmarks.lift_suite.lifts import LIFTS
from benchmarks.reps import YAWS, case_of, rep_rows
from lib.analysis.refine import refine
from lib.analysis.reps import count_reps

CASES = ("five", "twenty", "uneven_tempo", "slow_eccentric", "touch_and_go", "rests",
         "bottom_pause")  # fmt: skip


def _middle(cases: list[Case]) -> str:
    scores = interval_scores(cases)
    return f"{scores.error_s(50, 0):8.3f} {scores.error_s(50, 1):8.3f} {scores.miou:8.3f}"


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
                plain.append(case_of(film, rep_rows(count, film.pose.fps)))
                refined.append(case_of(film, rep_rows(better, film.pose.fps)))
        print(f"{lift:12s} {_middle(plain)} {_middle(refined)} {1e3 * seconds / num:8.1f}")


if __name__ == "__main__":
    main()
