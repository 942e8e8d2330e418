"""Whether a repetition's confidence tells right ones from wrong ones, on the synthetic suite.

    python benchmarks/confidence.py --stream shifted_dev --draws 1

Right: it overlaps a true repetition by 0.3 or more (intersection over union). A recording is judged
by its least sure repetition, right if its count is. AUC: probability that a right one is surer than
a wrong one; 0.5 is chance.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.counting import overlap
from benchmarks.lift_suite import STREAMS, film_of
from benchmarks.lift_suite.cases import CASES
from benchmarks.lift_suite.lifts import LIFTS
from benchmarks.reps import case_of, cells, rep_rows
from lib.analysis.records import COUNTED
from lib.analysis.reps import count_reps

LEAST_IOU, FPS = 0.3, 30


def auc(value: np.ndarray, is_right: np.ndarray) -> float:
    """NaN where all are right, or none."""
    num, other = int(is_right.sum()), int((~is_right).sum())
    rank = rankdata(value)[is_right].sum()
    return float((rank - num * (num + 1) / 2) / (num * other)) if num and other else float("nan")


def _told(title: str, value: list[float], is_right: list[bool]) -> None:
    value, right = np.array(value), np.array(is_right, bool)
    good, bad = (np.median(part) if len(part) else np.nan for part in (value[right], value[~right]))
    print(f"{title:12s} right {right.sum():5d} wrong {(~right).sum():4d}  "
          f"AUC {auc(value, right):.3f}  median confidence {good:.2f} and {bad:.2f}")  # fmt: skip


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stream", choices=STREAMS, default="shifted_dev")
    parser.add_argument("--draws", type=int, default=1)
    asked = parser.parse_args(argv)
    reps: tuple[list, list] = ([], [])
    films: tuple[list, list] = ([], [])
    for cell in cells(asked.stream, asked.draws, list(LIFTS), list(CASES)):
        if cell.fps != FPS:
            continue
        film = film_of(*cell)
        count = count_reps(film.pose, film.lift)
        sure = [rep.confidence for rep in count.reps if rep.quality in COUNTED]
        case = case_of(film, rep_rows(count, FPS))
        iou = overlap(case.truth_s, case.found_s).max(0, initial=0.0)
        reps[0].extend(sure)
        reps[1].extend(iou >= LEAST_IOU)
        if sure:
            films[0].append(min(sure))
            films[1].append(case.is_exact)
    _told("repetitions", *reps)
    _told("recordings", *films)


if __name__ == "__main__":
    main()
