"""The bar's path through a repetition, and where the floor is."""

from collections.abc import Sequence

import numpy as np

from lib.analysis.cycles import Cycle
from lib.analysis.measures.places import MIDFOOT
from lib.analysis.scene import Scene
from lib.body import ANKLE_HEIGHT, stature

ANKLE_OVER_FLOOR = 0.16
"""Thigh lengths, where no stature can be told (Drillis & Contini 1966: 0.039 of stature)."""
SHOWS_FORWARD = ("side", "front_oblique", "back_oblique", "not_applicable")
"""Views in which the way forward is not along the line of sight."""
MAX_SAMPLES_PER_S = 30.0


def ankle_height(scene: Scene) -> float:
    """Of the ankle joints over the floor, thigh lengths."""
    height = ANKLE_HEIGHT * stature(scene.track.xyz) / scene.femur
    return height if np.isfinite(height) else ANKLE_OVER_FLOOR


def bar_path(scene: Scene, cycles: Sequence[Cycle]) -> dict | None:
    """The schema's `bar_path`; None where feet do not stand or the view cannot show it."""
    if scene.path.over != "ankle" or scene.lifter.view not in SHOWS_FORWARD:
        return None
    step = max(1, int(scene.track.fps / MAX_SAMPLES_PER_S))
    floor, factor = ankle_height(scene), scene.length_per_femur
    reps = []
    for cycle in cycles:
        body = scene.body(cycle.start, cycle.end)
        bar = body.joint("neck") if scene.path.bar == "neck" else body.part("wrist")
        place = (bar - body.part("ankle"))[::step] * factor
        time_s = scene.track.time_s[cycle.start : cycle.end + 1 : step]
        reps.append({"t_s": time_s, "forward": place[:, 1] - MIDFOOT * factor,
                     "up": place[:, 2] + floor * factor})  # fmt: skip
    proxy = "neck" if scene.path.bar == "neck" else "wrist_mid"
    unit = "m" if scene.is_metric else "femur"
    return {"proxy": proxy, "unit": unit, "origin": "midfoot_floor", "reps": reps}
