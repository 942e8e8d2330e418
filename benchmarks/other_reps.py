"""Count the repetitions of two public data sets: MM-Fit (case R21) and REHAB24-6 (R22).

    python benchmarks/other_reps.py --mm-fit <folder with w00, w01, ...> --rehab24 <folder>

PERFECTREP_MMFIT and PERFECTREP_REHAB24 name the folders as well. Both are 3D poses, so no lifter
takes part. A data set that is not here is named, and nothing is measured on it.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import mmfit, rehab24
from benchmarks.counters import aifit, recognised, told
from benchmarks.counting import Case, count_scores, interval_scores, match
from lib.errors import command_line
from lib.pose import Pose3D

ABSENT = {
    "mm_fit": "R21: MM-Fit is not here, so nothing was measured; see benchmarks/mmfit.py",
    "rehab24": "R22: REHAB24-6 is not here, so nothing was measured; see benchmarks/rehab24.py",
}
REHAB_HEADER = (
    f"{'exercise':10s} {'method':12s} {'videos':>6s} {'reps':>5s} {'F1@.5':>6s} {'mIoU':>6s} "
    f"{'p50 s':>6s} {'correct':>8s} {'incorrect':>9s} (share of these found)"
)
Counter = Callable[[Pose3D], np.ndarray]


def ways(exercise: str) -> dict[str, Counter]:
    """The methods compared, for a set of `exercise`."""
    return {"told": lambda p: told(p, exercise), "recognised": recognised, "aifit": aifit}


def set_lines(workouts: Sequence[mmfit.Workout]) -> list[str]:
    """Counts of labelled sets, by activity; the commonest count as a constant beside."""
    lines = [
        f"{'activity':10s} {'method':12s} {'sets':>5s} {'exact':>6s} {'OBO':>6s} {'MAE_n':>6s}"
    ]
    for activity, exercise in mmfit.EXERCISES.items():
        places = [(w, i) for w in workouts for i, s in enumerate(w.sets) if s.activity == activity]
        truth = [w.sets[i].num_reps for w, i in places]
        if not truth:
            continue
        usual = int(np.bincount(truth).argmax())
        found = {
            name: [len(way(w.set_pose(i))) for w, i in places]
            for name, way in ways(exercise).items()
        }
        found[f"constant-{usual}"] = [usual] * len(truth)
        for name, counts in found.items():
            s = count_scores(counts, truth)
            lines.append(
                f"{activity:10s} {name:12s} {s.num:5d} {s.obz:6.3f} {s.obo:6.3f} {s.mae_n:6.3f}"
            )
    return lines


def pause_lines(workouts: Sequence[mmfit.Workout]) -> list[str]:
    """False repetitions a minute where no exercise is labelled."""
    poses = [pose for workout in workouts for pose in workout.pauses()]
    minutes = sum(len(pose.xyz) for pose in poses) / mmfit.FPS / 60
    if not minutes:
        return ["non_activity: none"]
    counters: dict[str, Counter] = {"recognised": recognised, "aifit": aifit}
    counters |= {f"told {e}": ways(e)["told"] for e in mmfit.EXERCISES.values()}
    rates = {
        name: sum(len(way(pose)) for pose in poses) / minutes for name, way in counters.items()
    }
    text = ", ".join(f"{name} {rate:.2f}" for name, rate in rates.items())
    return [f"non_activity: {minutes:.1f} minutes, false repetitions a minute: {text}"]


def rehab_lines(root: Path) -> list[str]:
    """Overlap with annotated repetitions, by exercise."""
    videos = rehab24.read_segmentation(root / "Segmentation.csv")
    lines = [REHAB_HEADER]
    for number, exercise in rehab24.EXERCISES.items():
        some = [video for video in videos if video.exercise_id == number]
        poses = [rehab24.read_pose(root, video) for video in some]
        for name, way in ways(exercise).items() if some else ():
            cases = [
                Case(v.frames / rehab24.FPS, way(p) / rehab24.FPS)
                for v, p in zip(some, poses, strict=True)
            ]
            scores = interval_scores(cases)
            good, bad = _hit_shares(cases, np.concatenate([v.is_correct for v in some]))
            num = sum(len(video.frames) for video in some)
            lines.append(
                f"{exercise:10s} {name:12s} {len(some):6d} {num:5d} {scores.f1_50:6.3f} "
                f"{scores.miou:6.3f} {scores.error_s(50):6.3f} {good:8.3f} {bad:9.3f}"
            )
    known = [video for video in videos if video.exercise_id in rehab24.EXERCISES]
    num_bad = sum(int(video.is_erroneous.sum()) for video in known)
    return [*lines, f"{num_bad} repetitions in which the motion capture failed are among them"]


def _hit_shares(cases: Sequence[Case], is_correct: np.ndarray) -> list[float]:
    """Share of correct and of incorrect repetitions that overlap with a found one by a half."""
    hits = [np.isin(np.arange(len(case.truth_s)), match(case, 0.5)[0]) for case in cases]
    hit = np.concatenate(hits)
    return [
        float(g.mean()) if len(g) else float("nan") for g in (hit[is_correct], hit[~is_correct])
    ]


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mm-fit", type=Path, default=os.environ.get("PERFECTREP_MMFIT"))
    parser.add_argument("--rehab24", type=Path, default=os.environ.get("PERFECTREP_REHAB24"))
    flags = parser.parse_args(argv)
    if flags.mm_fit is None:
        print(ABSENT["mm_fit"])
    else:
        workouts = [mmfit.read_workout(path) for path in mmfit.find_workouts(Path(flags.mm_fit))]
        print("\n".join([*set_lines(workouts), *pause_lines(workouts)]))
    if flags.rehab24 is None:
        print(ABSENT["rehab24"])
    else:
        print("\n".join(rehab_lines(Path(flags.rehab24))))


if __name__ == "__main__":
    sys.exit(main())
