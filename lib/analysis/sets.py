"""The schema's `sets`: repetitions with their metrics, what the set says as a whole, curves."""

from dataclasses import dataclass

import numpy as np

from lib.analysis.exercises import Exercise
from lib.analysis.form import mean_angle, mid, trunk_lean_deg
from lib.analysis.gravity import find_lifter_frame
from lib.analysis.metrics import measure_rep
from lib.analysis.paths import bar_path
from lib.analysis.records import Rep, RepCount
from lib.analysis.scene import Scene, of_set
from lib.analysis.setwise import counted_places
from lib.analysis.summary import rep_curves, summarise
from lib.analysis.tempo import cycle_cuts, events_of, tempo_of

CURVES = ("knee", "hip", "elbow")
AROUND_S = 2.0
"""Before the first and after the last rep of a set, in which it may stand."""


@dataclass(frozen=True)
class Setting:
    """What the sets of a recording share."""

    count: RepCount
    exercise: Exercise
    scene: Scene
    signals: dict[str, tuple[str, np.ndarray]]
    """Name -> (unit, (N,)) of the curves."""
    strictness: float
    variant: str | None


def signals_of(scene: Scene, exercise: Exercise) -> dict[str, tuple[str, np.ndarray]]:
    """Joint angles, and for an upright exercise the depth, on the track's clock."""
    xyz, up = scene.track.xyz, scene.up
    signals = {part: ("deg", mean_angle(xyz, part)) for part in CURVES}
    signals["trunk"] = ("deg", trunk_lean_deg(xyz, up))
    if exercise.upright:
        signals["depth"] = ("femur", (mid(xyz, "knee") - mid(xyz, "hip")) @ up / scene.femur)
    return signals


def _rep_part(setting: Setting, scene: Scene, rep: Rep, cut: tuple[int, int]) -> dict:
    count = setting.count
    metrics = measure_rep(setting.exercise, scene, rep.cycle, setting.strictness, setting.variant)
    clock = count.track.time_s
    return {
        "index": rep.index, "start_frame": rep.start_frame, "end_frame": rep.end_frame,
        "start_s": clock[rep.cycle.start], "end_s": clock[rep.cycle.end],
        "cycle": {"start_frame": cut[0], "end_frame": cut[1]},
        "events": events_of(count, rep, scene), "tempo": tempo_of(count, rep),
        "quality": rep.quality, "partial_reasons": list(rep.partial_reasons),
        "confidence": rep.confidence, "interpolated_ratio": rep.interpolated_ratio,
        "metrics": metrics, "findings": [],
    }  # fmt: skip


def _counts(reps: tuple[Rep, ...]) -> dict:
    kinds = [rep.quality for rep in reps]
    each = {kind: kinds.count(kind) for kind in ("full", "partial", "failed", "suspect")}
    return each | {"total": each["full"] + each["partial"]}


def scene_of_set(scene: Scene, reps: tuple[Rep, ...]) -> Scene:
    """The scene with the lifter's axes as they were in this set."""
    around = round(AROUND_S * scene.track.fps)
    first = max(0, reps[0].cycle.start - around)
    last = min(len(scene.track) - 1, reps[-1].cycle.end + around)
    within = np.zeros(len(scene.track), bool)
    within[first : last + 1] = True
    standing = scene.is_standing & within
    lifter = find_lifter_frame(scene.track, standing if standing.any() else within)
    return of_set(scene, lifter, first, last)


def set_part(setting: Setting, reps: tuple[Rep, ...]) -> dict:
    """One set; its load is not known here."""
    scene, cycles = scene_of_set(setting.scene, reps), [rep.cycle for rep in reps]
    parts = [
        _rep_part(setting, scene, rep, cut) for rep, cut in zip(reps, cycle_cuts(reps), strict=True)
    ]
    counted = counted_places(parts)
    curves = rep_curves(setting.signals, cycles, counted)
    ranges = [cycles[i].first.excursion_deg for i in counted]
    summary = summarise(setting.exercise, scene, parts, curves, ranges, setting.strictness)
    return {
        "index": reps[0].set_index, "load_kg": None, "count": _counts(reps), "reps": parts,
        "summary": summary, "curves": curves, "bar_path": bar_path(scene, cycles),
    }  # fmt: skip
