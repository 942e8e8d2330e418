"""Count the synthetic lifts and print how often the count is right, and the moments.

    python benchmarks/reps.py --stream dev --draws 3 --jobs 2
    python benchmarks/reps.py --baselines --case still one two five twenty rests

18 cases x 4 lifts x yaw {0, 45, 90, 135, 180} x {25, 30, 60} frames a second x draws; and 30 s of
random movement, of which only false repetitions are told: with the lift named, and with none (the
gate's guess, benchmarks/reps_unasked.py). Then what the gate takes each lift for, and how often
partial and failed repetitions are flagged so. Streams: dev (ordinary lifters), shifted_dev, opened
to opened_5 (a wider range of everything), locked (that range, for the published table alone).
"""

import argparse
import itertools
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.counting import (
    SUMMARY_HEAD,
    Case,
    case_counts,
    exact_text,
    interval_scores,
    summary,
)
from benchmarks.lift_suite import STREAMS, Film, film_of
from benchmarks.lift_suite.cases import CASES
from benchmarks.lift_suite.lifts import LIFTS
from benchmarks.reps_unasked import Unasked, flag_lines, gate_lines, nameless_line, unasked
from lib.analysis.aifit import segment_aifit
from lib.analysis.records import COUNTED, RepCount
from lib.analysis.reps import count_reps
from lib.analysis.streaming import Counter

YAWS, RATES = (0, 45, 90, 135, 180), (25, 30, 60)
FEW = ("still", "walking", "one", "two", "five")
ALONE = (("deadlift", "walk_in_out"), ("deadlift", "partials"))
FLAIL_S = 30.0
IDLE = ("still", "walking", "flailing")
"""Cases without a repetition."""


class Cell(NamedTuple):
    """One recording of the suite."""

    stream: str
    lift: str
    case: str
    yaw: int
    fps: int
    draw: int


def rep_rows(count: RepCount, fps: float) -> np.ndarray:
    """(m, 3) start, end and turn in seconds of the repetitions that count, fps of the film."""
    rows = [
        (rep.start_frame / fps, rep.end_frame / fps, rep.cycle.first.i_to / count.track.fps)
        for rep in count.reps if rep.quality in COUNTED
    ]  # fmt: skip
    return np.array(rows).reshape(-1, 3)


def ours(film: Film) -> np.ndarray:
    """The offline counter, told the exercise."""
    return rep_rows(count_reps(film.pose, film.lift), film.pose.fps)


def aifit(film: Film) -> np.ndarray:
    """AIFit as it is, not tuned to the suite; it cleans the same recording in the same way."""
    return np.array(segment_aifit(film.pose)).reshape(-1, 2) / film.pose.fps


def always_five(film: Film) -> np.ndarray:
    """The constant answer: the recording cut into five."""
    edges_s = np.arange(6) * len(film.pose.xyz) / film.pose.fps / 5
    return np.stack([edges_s[:-1], edges_s[1:]], axis=1)


def live(film: Film) -> np.ndarray:
    """The streaming counter, frame by frame."""
    counter, last = Counter(film.lift, film.pose.fps), {}
    for xyz, time_s, valid in zip(film.pose.xyz, film.pose.time_s, film.pose.valid, strict=True):
        last |= {e.index: e for e in counter.push(xyz if valid else xyz * np.nan, time_s)}
    last |= {event.index: event for event in counter.finish()}
    kept = [event for event in last.values() if event.kind != "cancel"]
    return np.array([(e.start_s, e.end_s, e.turn_s) for e in kept], float).reshape(-1, 3)


COUNTERS: dict[str, Callable[[Film], np.ndarray]] = {
    "ours": ours, "live": live, "constant 5": always_five,
}  # fmt: skip
"""Name -> counter, film to (m, 2 or 3) start, end and turn in seconds; a table each."""
BASELINES = COUNTERS | {"AIFit": aifit}


def case_of(film: Film, found_s: np.ndarray) -> Case:
    """What was found beside what is to be counted."""
    true = [rep for rep in film.reps if rep.is_counted]
    rows = np.array([(rep.start_s, rep.end_s, rep.turn_start_s) for rep in true]).reshape(-1, 3)
    return Case(rows, found_s, np.array([rep.pause_s for rep in true]))


def answers(film: Film, names: Sequence[str]) -> dict[str, Case]:
    """Of these counters, keys of BASELINES."""
    return {name: case_of(film, BASELINES[name](film)) for name in names}


def run(cell: Cell, names: Sequence[str] = tuple(COUNTERS)) -> dict[str, Case]:
    """The answers of these counters, keys of BASELINES, to one recording."""
    return answers(film_of(*cell), names)


def look(cell: Cell, names: Sequence[str]) -> tuple[dict[str, Case], Unasked]:
    """`run`, and what is told beside."""
    film = film_of(*cell)
    return answers(film, names), unasked(film)


def cells(stream: str, draws: int, lifts: Sequence[str], cases: Sequence[str]) -> list[Cell]:
    """All recordings of a run."""
    return [
        Cell(stream, *one) for one in itertools.product(lifts, cases, YAWS, RATES, range(draws))
    ]


def _print_cells(scores: dict[tuple[str, str], list[Case]], lifts, cases) -> None:
    print(f"{'exact rate by case':20s} " + " ".join(f"{lift:>12s}" for lift in lifts))
    for case in cases:
        row = [scores[lift, case] for lift in lifts]
        rates = " ".join(f"{sum(s.is_exact for s in c) / len(c):12.3f}" for c in row)
        print(f"{case:20s} {rates}   n={len(row[0])} each")


def _print_tables(by_cell: dict[tuple[str, str], list[Case]], lifts, cases) -> None:
    _print_cells(by_cell, lifts, cases)
    print(f"\n{'':22s} {SUMMARY_HEAD}")

    def line(title: str, keep: Callable[[str, str], bool]) -> None:
        kept = [s for key, part in by_cell.items() if keep(*key) for s in part]
        if kept:
            print(f"{title:22s} {summary(kept)}")

    for lift in lifts:
        line(lift, lambda one, _, lift=lift: one == lift)
    for case in cases:
        line(case, lambda _, one, case=case: one == case)
    line("0, 1, 2 and 5 reps", lambda _, case: case in FEW)
    for pair in ALONE:
        line(" ".join(pair), lambda *key, pair=pair: key == pair)
    line("all", lambda *_: True)
    worst = min(by_cell, key=lambda k: sum(s.is_exact for s in by_cell[k]) / len(by_cell[k]))
    print(f"worst cell: {' '.join(worst)} {exact_text(by_cell[worst])}")


def _print_beside(found: Sequence[dict[str, Case]], todo: Sequence[Cell], cases) -> None:
    """The counters beside each other: exact, within one, overlap of intervals, by case."""
    names = list(found[0])
    print(f"\n{'exact OBO mIoU':18s} " + " ".join(f"{name:>20s}" for name in names))
    for case in (*cases, "flailing"):
        row = [scores for cell, scores in zip(todo, found, strict=True) if cell.case == case]
        texts = []
        for name in names:
            part = [scores[name] for scores in row]
            counts, miou = case_counts(part), interval_scores(part).miou
            overlap = f"{'-':>6s}" if np.isnan(miou) else f"{miou:6.3f}"
            texts.append(f"{counts.obz:6.3f} {counts.obo:6.3f} {overlap}")
        print(f"{case:18s} " + " ".join(texts) + f"   n={len(row)}")


def _print_counter(name: str, stream: str, todo: Sequence[Cell], found: Sequence[Case]) -> None:
    """Tables of one counter, and its false repetitions in random movement."""
    by_cell = _by_cell(todo, found)
    wild = [s for key in list(by_cell) if key[1] == "flailing" for s in by_cell.pop(key)]
    lifts, cases = (list(dict.fromkeys(part)) for part in zip(*by_cell, strict=True))
    print(f"\n== {name}, stream {stream}")
    _print_tables(by_cell, lifts, cases)
    false = sum(s.num_found for s in wild)
    print(f"random movement: {false} false in {len(wild)} x {FLAIL_S:.0f} s, "
          f"{false / max(len(wild), 1):.3f} each; exact {exact_text(wild)}")  # fmt: skip


def _by_cell(todo: Sequence[Cell], found: Sequence) -> dict[tuple[str, str], list]:
    by_cell: dict[tuple[str, str], list] = defaultdict(list)
    for cell, one in zip(todo, found, strict=True):
        by_cell[cell.lift, cell.case].append(one)
    return by_cell


def _print_unasked(todo: Sequence[Cell], told: Sequence[Unasked]) -> None:
    seen = _by_cell(todo, told)
    wild = [one for (_, case), part in seen.items() if case == "flailing" for one in part]
    print(nameless_line(wild))
    print("\n" + "\n".join(gate_lines(seen, IDLE)))
    lifts = {key: part for key, part in seen.items() if key[1] != "flailing"}
    print("\n" + "\n".join(flag_lines(lifts)))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stream", choices=STREAMS, default="dev")
    parser.add_argument("--draws", type=int, default=3, help="recordings of each setting")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--lift", nargs="+", choices=LIFTS, default=list(LIFTS))
    parser.add_argument("--case", nargs="+", choices=CASES, default=list(CASES))
    parser.add_argument("--baselines", action="store_true", help="AIFit too, all side by side")
    parser.add_argument("--failures", action="store_true", help="name each wrong count")
    asked = parser.parse_args(argv)
    todo = cells(asked.stream, asked.draws, asked.lift, [*asked.case, "flailing"])
    names = tuple(BASELINES if asked.baselines else COUNTERS)
    with ProcessPoolExecutor(asked.jobs) as pool:
        found, told = zip(*pool.map(partial(look, names=names), todo, chunksize=20), strict=True)
    if asked.baselines:
        _print_beside(found, todo, asked.case)
    for cell, cases in zip(todo, found, strict=True):
        if asked.failures and not cases["ours"].is_exact:
            print(*cell, f"true {cases['ours'].num_true} found {cases['ours'].num_found}")
    for name in names:
        _print_counter(name, asked.stream, todo, [cases[name] for cases in found])
        if name == "ours":
            _print_unasked(todo, told)
    alike = [
        one["ours"].num_found == one["live"].num_found
        for cell, one in zip(todo, found, strict=True)
        if cell.case != "flailing"
    ]
    print(f"\nlive counts as many as ours in {np.mean(alike):.4f} of {len(alike)} recordings")


if __name__ == "__main__":
    main()
