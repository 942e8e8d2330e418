"""The schema's `sets`: repetitions with their metrics, what the set says as a whole, curves."""

from dataclasses import dataclass, replace

import numpy as np

from lib.analysis.exercises import Exercise
from lib.analysis.form import mean_angle, mid, trunk_lean_deg
from lib.analysis.gravity import LifterFrame, find_lifter_frame
from lib.analysis.metrics import measure_rep
from lib.analysis.paths import bar_path
from lib.analysis.records import Rep, RepCount
from lib.analysis.rules import STRAIGHT_DEG
from lib.analysis.scene import Scene
from lib.analysis.setwise import counted_places
from lib.analysis.summary import rep_curves, summarise
from lib.analysis.tempo import cycle_cuts, events_of, tempo_of

CURVES = ("knee", "hip", "elbow")
AROUND_S = 2.0
"""Before the first and after the last rep of a set, in which it may stand."""
STANDING_PERCENT = 20.0
"""Frames whose drive is in this lowest share and under the top gate are at lockout,"""
STRAIGHTEST_PERCENT, NEAR_STRAIGHT_DEG = 2.0, 8.0
"""and this near to the straightest: lockouts that are missed do not show how the body stands."""


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


def standing_frames(
    count: RepCount, exercise: Exercise, within: slice = slice(None)
) -> np.ndarray | None:
    """(N,) frames at the unloaded position, of some of them (a set and around it); None where that
    says nothing."""
    if not exercise.upright or count.drive is None:
        return None
    u = count.drive.u_deg[within]
    known = u[np.isfinite(u)]
    if len(known) == 0:
        return None
    low, straightest = np.percentile(known, [STANDING_PERCENT, STRAIGHTEST_PERCENT])
    limit_deg = min(low, exercise.drive.top_gate_deg, straightest + NEAR_STRAIGHT_DEG)
    is_standing = np.zeros(len(count.track), bool)
    is_standing[within] = u <= limit_deg
    return is_standing


def scenes_of_sets(setting: Setting) -> list[Scene]:
    """By set the scene with the lifter's axes, and the frames they stand in, as they were in it.

    In a rest of minutes people stand straighter than under a bar. How straight limbs come is told
    in the axes of each set, and the least holds for all.
    """
    scenes, found = [], []
    for reps in setting.count.sets:
        around = round(AROUND_S * setting.scene.track.fps)
        within = slice(max(0, reps[0].cycle.start - around), reps[-1].cycle.end + around + 1)
        scenes.append(_scene_within(setting, within))
        found.append(scenes[-1].straightest(within))
    least = {name: min(each[name] for each in found) for name in STRAIGHT_DEG if found}
    return [replace(scene, straightest_deg=least) for scene in scenes]


def _scene_within(setting: Setting, within: slice) -> Scene:
    scene = setting.scene
    frames = np.zeros(len(scene.track), bool)
    frames[within] = True
    standing = standing_frames(setting.count, setting.exercise, within)
    if standing is None:
        standing = np.zeros_like(frames)
    lifter = find_lifter_frame(scene.track, standing if standing.any() else frames)
    return replace(scene, lifter=lifter, is_standing=standing)


def view_part(lifter: LifterFrame) -> dict:
    """The schema's `view`."""
    return {
        "azimuth_deg": lifter.azimuth_deg, "class": lifter.view, "camera_side": lifter.camera_side,
        "left_right_swap_suspected": lifter.is_swap_suspected,
    }  # fmt: skip


def set_part(setting: Setting, scene: Scene, reps: tuple[Rep, ...]) -> dict:
    """One set, in its own scene; its load is not known here."""
    cycles = [rep.cycle for rep in reps]
    parts = [
        _rep_part(setting, scene, rep, cut) for rep, cut in zip(reps, cycle_cuts(reps), strict=True)
    ]
    counted = counted_places(parts)
    curves = rep_curves(setting.signals, cycles, counted)
    ranges = [cycles[i].first.excursion_deg for i in counted]
    summary = summarise(setting.exercise, scene, parts, curves, ranges, setting.strictness)
    return {
        "index": reps[0].set_index, "load_kg": None, "view": view_part(scene.lifter),
        "count": _counts(reps), "reps": parts,
        "summary": summary, "curves": curves, "bar_path": bar_path(scene, cycles),
    }  # fmt: skip
