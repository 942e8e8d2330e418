"""Are injected faults found, and clean sets left alone? Fault by lift and view.

    python benchmarks/form.py --stream shifted_dev --sets 20

Sets of five repetitions of the suite's lifters (benchmarks/lift_suite) with noise at 1x, up not
known. A fault counts as fired if a metric that tells it is a warning or a fault of the set (its
mean). What is there is told by the same analysis of the true motion: its mean is beyond the warning
limit. So a lifter whose own style is at fault counts, and an injected fault that stays within the
limits does not; of metrics that tell the same fault (`fault` of the exercise's file) any will do.
`locked` is for the published table alone.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.lift_suite import STREAMS, Film
from benchmarks.lift_suite.style import NO_FAULTS, Faults
from benchmarks.metric_noise import VIEWS, film_set, metre_pose, true_pose
from lib.analysis.exercises import Exercise, load_exercise
from lib.analysis.findings import OFF, fault_of
from lib.analysis.report import analyse
from lib.analysis.rules import MetricRule, SetRule
from lib.analysis.severity import judge, severity_of
from lib.errors import command_line
from lib.pose import Pose3D

CASES: dict[str, tuple[str, Faults, tuple[str, ...]]] = {
    "clean squat": ("squat", NO_FAULTS, ()),
    "knee valgus 5 cm": ("squat", Faults(knee_valgus_m=0.05), ("SQ-06", "SQ-06d", "SQ-07")),
    "hip shift 4 cm": ("squat", Faults(hip_shift_m=0.04), ("SQ-08",)),
    "lean +8 deg": ("squat", Faults(trunk_lean_deg=8.0), ("SQ-05b",)),
    "hips first 15 deg": ("squat", Faults(hips_first_deg=15.0), ("SQ-09",)),
    "knee asymmetry 30 deg": ("squat", Faults(knee_asymmetry_deg=30.0), ("SQ-12",)),
    "shallow squat 60 %": ("squat", Faults(depth_share=0.6), ("SQ-01",)),
    "missed lockout 30 deg": ("squat", Faults(missed_lockout_deg=30.0), ("SQ-10",)),
    "double bounce 20 %": ("squat", Faults(bounce_share=0.2), ("SQ-15",)),
    "clean deadlift": ("deadlift", NO_FAULTS, ()),
    "hips shoot 15 deg": ("deadlift", Faults(hips_shoot_deg=15.0), ("DL-03",)),
    "bar drift 8 cm": ("deadlift", Faults(bar_drift_m=0.08), ("DL-07",)),
    "arms bent 40 deg": ("deadlift", Faults(arms_bent_deg=40.0), ("DL-10",)),
    "bar tilt 12 deg": ("deadlift", Faults(bar_tilt_deg=12.0), ("DL-09",)),
    "missed lockout 35 deg": ("deadlift", Faults(missed_lockout_deg=35.0), ("DL-05",)),
    "clean push-up": ("pushup", NO_FAULTS, ()),
    "sag 15 deg": ("pushup", Faults(sag_deg=15.0), ("PU-03",)),
    "pike 25 deg": ("pushup", Faults(sag_deg=-25.0), ("PU-03",)),
    "flare 100 deg": ("pushup", Faults(flare_deg=100.0), ("PU-06",)),
    "shallow push-up 70 %": ("pushup", Faults(depth_share=0.7), ("PU-01",)),
    "missed lockout, arms 45 deg": ("pushup", Faults(missed_lockout_deg=45.0), ("PU-04",)),
    "clean bench press": ("bench_press", NO_FAULTS, ()),
    "bench bar tilt 15 deg": ("bench_press", Faults(bar_tilt_deg=15.0), ("BP-04",)),
    "shallow bench 70 %": ("bench_press", Faults(depth_share=0.7), ("BP-01",)),
    "missed lockout, bench 45 deg": ("bench_press", Faults(missed_lockout_deg=45.0), ("BP-03",)),
}  # fmt: skip
"""Name -> lift, fault, ids of the metrics that tell it (SQ-07 stands for both its sides)."""


def is_one_of(metric: str, ids: Iterable[str]) -> bool:
    """Whether a metric, or one of its sides, is among those of a case."""
    return any(metric in (i, f"{i}_left", f"{i}_right", f"{i}c") for i in ids)


@dataclass
class Told:
    """What an analysis says of a set."""

    fired: set[str]
    """Metrics whose mean over the set is a warning or a fault."""
    of_a_rep: set[str]
    """Metrics that are a finding of any repetition."""
    beyond: set[str]
    """Metrics whose mean, taken as exact, is past the limit, however surely."""
    open_: set[str]
    """Metrics that are measured in most repetitions."""


def _is_beyond(rule: MetricRule | SetRule, part: dict) -> bool:
    """part: a metric of the summary. What is mere information is beyond nothing."""
    value = part.get("judged_mean", part.get("value"))
    if value is None or rule.threshold is None or part.get("severity") in (None, "info"):
        return False
    if isinstance(rule, MetricRule):
        return judge(rule, rule.threshold, value, 0.0).severity in OFF
    return severity_of(value, 0.0, rule.threshold).severity in OFF


def tell(report: dict, exercise: Exercise) -> Told | None:
    """None where the five repetitions were not found as one set."""
    if len(report["sets"]) != 1:
        return None
    one = report["sets"][0]
    parts = one["summary"]["metrics"] | one["summary"]["set_metrics"]
    fired = {name for name, part in parts.items() if part.get("severity") in OFF}
    rules = exercise.metrics | exercise.set_metrics
    beyond = {n for n, rule in rules.items() if n in parts and _is_beyond(rule, parts[n])}
    of_rep = {f["metric"] for rep in one["reps"] for f in rep["findings"]}
    num = len(one["reps"])
    known = {
        name for name in one["reps"][0]["metrics"]
        if sum(r["metrics"][name]["value"] is not None for r in one["reps"]) > num / 2
    }  # fmt: skip
    return Told(fired, of_rep, beyond, known)


@dataclass
class Cell:
    """Sets of one case and view."""

    sets: int = 0
    lost: int = 0
    """Repetitions not counted as one set."""
    present: int = 0
    found: int = 0
    closed: int = 0
    """The fault's metrics were not measurable."""
    false_alarms: int = 0
    """Sets with a finding whose true value is within the limits."""
    rep_alarms: int = 0
    """The same of any repetition's finding."""
    fired: Counter = field(default_factory=Counter)
    """Metric -> sets in which it fired."""
    wrong: Counter = field(default_factory=Counter)
    """and in which the true value is within the limits."""
    wrong_rep: Counter = field(default_factory=Counter)
    """The same of any repetition's finding."""


def _untrue(metrics: set[str], true: Told, exercise: Exercise) -> set[str]:
    """Those of metrics that have limits and whose fault the true motion does not have."""
    faults = {fault_of(exercise, name) for name in true.fired | true.of_a_rep | true.beyond}
    rules = exercise.metrics | exercise.set_metrics
    return {n for n in metrics if rules[n].threshold and fault_of(exercise, n) not in faults}


def watch(
    case: str, view: str, num: int, stream: str, see: Callable[[Film], Pose3D] = metre_pose
) -> Cell:
    """Analyse `num` sets. see: what is analysed of a film, beside the truth."""
    lift, faults, ids = CASES[case]
    exercise = load_exercise(lift)
    cell = Cell()
    for i_draw in range(num):
        one = film_set(stream, lift, view, i_draw, faults)
        seen, true = (
            tell(analyse(p, exercise=lift, exercise_source="user"), exercise)
            for p in (see(one), true_pose(one))
        )
        if seen is None or true is None:
            cell.lost += 1
            continue
        wrong = _untrue(seen.fired, true, exercise)
        cell.sets += 1
        cell.fired.update(seen.fired)
        cell.wrong.update(wrong)
        cell.false_alarms += bool(wrong)
        wrong_rep = _untrue(seen.of_a_rep, true, exercise)
        cell.wrong_rep.update(wrong_rep)
        cell.rep_alarms += bool(wrong_rep)
        is_open = any(is_one_of(name, ids) for name in seen.open_)
        cell.closed += bool(ids) and not is_open
        if is_open and any(is_one_of(name, ids) for name in true.fired):
            cell.present += 1
            cell.found += any(is_one_of(name, ids) for name in seen.fired)
    return cell


Table = dict[tuple[str, str], Cell]


def _ratio(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"


def recall_rows(table: Table) -> Iterator[str]:
    """One line a fault and view."""
    yield "| fault | view | sets | not measurable | there | fired | recall | precision (fired) |"
    yield "|---" * 8 + "|"
    for (case, view), cell in table.items():
        lift, _, ids = CASES[case]
        if not ids:
            continue
        alike = [c for (other, v), c in table.items() if CASES[other][0] == lift and v == view]
        fired = sum(n for c in alike for m, n in c.fired.items() if is_one_of(m, ids))
        wrong = sum(n for c in alike for m, n in c.wrong.items() if is_one_of(m, ids))
        yield (f"| {case} | {view} | {cell.sets} | {_ratio(cell.closed, cell.sets)} | "
               f"{cell.present} | {cell.found} | {_ratio(cell.found, cell.present)} | "
               f"{_ratio(fired - wrong, fired)} ({fired}) |")  # fmt: skip


def clean_rows(table: Table) -> Iterator[str]:
    """False alarms of the clean sets."""
    yield "| clean sets | view | sets | lost | false alarm | which | in any repetition | which |"
    yield "|---" * 8 + "|"
    for (case, view), cell in table.items():
        if CASES[case][2]:
            continue
        which, which_rep = (
            ", ".join(f"{m} {n}" for m, n in c.most_common()) for c in (cell.wrong, cell.wrong_rep)
        )
        of_set, of_rep = (_ratio(n, cell.sets) for n in (cell.false_alarms, cell.rep_alarms))
        cells = (case, view, cell.sets, cell.lost, of_set, which, of_rep, which_rep)
        yield "| " + " | ".join(map(str, cells)) + " |"


def confusion_rows(table: Table) -> Iterator[str]:
    """Injected by fired, all views: number of sets, in brackets those without truth to it."""
    for lift in dict.fromkeys(CASES[case][0] for case, _ in table):
        exercise = load_exercise(lift)
        rules = exercise.metrics | exercise.set_metrics
        metrics = [n for n, r in rules.items() if r.threshold]
        yield f"| {lift}: injected | sets | " + " | ".join(metrics) + " |"
        yield "|---" * (len(metrics) + 2) + "|"
        for case in (c for c in CASES if CASES[c][0] == lift):
            cells = [cell for (other, _), cell in table.items() if other == case]
            fired, wrong = (
                sum((getattr(c, k) for c in cells), Counter()) for k in ("fired", "wrong")
            )
            counts = [f"{fired[m]} ({wrong[m]})" if fired[m] else "" for m in metrics]
            yield f"| {case} | {sum(c.sets for c in cells)} | " + " | ".join(counts) + " |"
        yield ""


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Film, analyse and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stream", choices=tuple(STREAMS), default="shifted_dev")
    parser.add_argument("--sets", type=int, default=20, help="of each case and view")
    parser.add_argument("--view", choices=tuple(VIEWS), action="append")
    parser.add_argument("--lift", choices=sorted({c[0] for c in CASES.values()}), action="append")
    flags = parser.parse_args(argv)
    table: Table = defaultdict(Cell)
    for case, (lift, _, _) in CASES.items():
        if flags.lift and lift not in flags.lift:
            continue
        for view in flags.view or VIEWS:
            table[case, view] = watch(case, view, flags.sets, flags.stream)
    for part in (recall_rows, clean_rows, confusion_rows):
        print("\n".join(part(table)), "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
