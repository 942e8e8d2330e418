"""Time a frame of the streaming counter on one core, and how soon it tells a repetition.

    python benchmarks/streaming_speed.py

Twenty repetitions of each lift of the synthetic suite (stream dev). Processor time of `push` alone:
`us each` is the mean over all frames, median of several runs; median and longest are of single
frames of one run; the longest are those in which the offline counter is asked (`>1ms`: how many).
Delay: from the true end of the way to the unloaded position to the frame that tells it; negative is
before.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.lift_suite import STARTS_LOADED, Film, film_of
from benchmarks.lift_suite.lifts import LIFTS
from lib.analysis.streaming import Counter

RATES, CASE = (30.0, 60.0), "twenty"


def _pushed(film: Film) -> tuple[np.ndarray, list]:
    """Seconds of each push, and (time_s, event)."""
    counter, seconds, told = Counter(film.lift, film.pose.fps), [], []
    clock = time.process_time_ns
    for xyz, time_s in zip(film.pose.xyz, film.pose.time_s, strict=True):
        start = clock()
        events = counter.push(xyz, time_s)
        seconds.append((clock() - start) * 1e-9)
        told += [(time_s, event) for event in events]
    return np.array(seconds), told


def _total_us(film: Film, runs: int) -> float:
    """Mean microseconds a frame without a clock in between, median of some runs."""
    totals = []
    frames = list(zip(film.pose.xyz, film.pose.time_s, strict=True))
    for _ in range(runs):
        counter = Counter(film.lift, film.pose.fps)
        start = time.process_time()
        for xyz, time_s in frames:
            counter.push(xyz, time_s)
        totals.append(time.process_time() - start)
    return float(np.median(totals)) / len(frames) * 1e6


def _delays_s(film: Film, told: list) -> list[float]:
    """Of each repetition told, to the nearest true lockout."""
    loaded = film.lift in STARTS_LOADED
    lockouts = np.array([rep.turn_start_s if loaded else rep.end_s for rep in film.reps])
    late = [time_s - lockouts for time_s, event in told if event.kind == "rep"]
    return [float(row[np.argmin(np.abs(row))]) for row in late]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args(argv)
    print(f"{'lift':12s} {'fps':>3s} {'frames':>6s} {'us each':>8s} {'median':>6s} {'longest':>7s}"
          f" {'>1ms':>5s} {'reps':>4s} {'delay s: median':>15s} {'largest':>7s}")  # fmt: skip
    for lift in LIFTS:
        for fps in RATES:
            film = film_of("dev", lift, CASE, 45.0, fps)
            mean_us = _total_us(film, asked.runs)
            seconds, told = _pushed(film)
            delays = _delays_s(film, told)
            print(f"{lift:12s} {fps:3.0f} {len(seconds):6d} {mean_us:8.1f} "
                  f"{np.median(seconds) * 1e6:6.1f} {seconds.max() * 1e6:7.0f} "
                  f"{(seconds > 1e-3).sum():5d} {len(delays):4d} "
                  f"{np.median(delays):15.2f} {max(delays):7.2f}")  # fmt: skip


if __name__ == "__main__":
    main()
