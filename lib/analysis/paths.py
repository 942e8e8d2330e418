"""The bar's path through a repetition, and where the floor is."""

from collections.abc import Sequence

import numpy as np

from lib.analysis.cycles import Cycle
from lib.analysis.measures import Body
from lib.analysis.measures.places import MIDFOOT
from lib.analysis.scene import Scene
from lib.body import ANKLE_HEIGHT

ANKLE_OVER_FLOOR = 0.16
"""Thigh lengths, where no stature can be told (Drillis & Contini 1966: 0.039 of stature)."""
ORIGINS = {"ankle": "midfoot_floor", "shoulder": "shoulders"}
"""What the path is measured from, by what the bar is held over. Hands on the floor hold none."""
SHOWS_FORWARD = ("side", "front_oblique", "back_oblique", "not_applicable")
"""Views in which the way forward is not along the line of sight."""
MAX_SAMPLES_PER_S = 30.0


def ankle_height(scene: Scene) -> float:
    """Of the ankle joints over the floor, thigh lengths."""
    height = ANKLE_HEIGHT * scene.track.stature / scene.femur
    return height if np.isfinite(height) else ANKLE_OVER_FLOOR


def bar_path(scene: Scene, cycles: Sequence[Cycle]) -> dict | None:
    """The schema's `bar_path`; None where no bar is held over what stays, or in such a view.

    Of an upright lift ahead of the middle of the feet and over the floor; of one that lies (BP-05)
    from the shoulders towards the feet, and over the shoulders.
    """
    origin = ORIGINS.get(scene.path.over)
    if origin is None or scene.lifter.view not in SHOWS_FORWARD:
        return None
    step = max(1, int(scene.track.fps / MAX_SAMPLES_PER_S))
    factor = scene.length_per_femur
    to_midfoot, to_floor = (MIDFOOT, ankle_height(scene)) if origin == "midfoot_floor" else (0, 0)
    reps = []
    for cycle in cycles:
        body = scene.body(cycle.start, cycle.end)
        bar = body.joint("neck") if scene.path.bar == "neck" else body.part("wrist")
        place = bar - body.part(scene.path.over)
        forward = place[:, 1] if origin == "midfoot_floor" else _towards_feet(body, place)
        time_s = scene.track.time_s[cycle.start : cycle.end + 1 : step]
        reps.append({"t_s": time_s, "forward": (forward[::step] - to_midfoot) * factor,
                     "up": (place[::step, 2] + to_floor) * factor})  # fmt: skip
    proxy = "neck" if scene.path.bar == "neck" else "wrist_mid"
    unit = "m" if scene.is_metric else "femur"
    return {"proxy": proxy, "unit": unit, "origin": origin, "reps": reps}


def _towards_feet(body: Body, place: np.ndarray) -> np.ndarray:
    """(N,) of places (N, 3) along the level direction from neck to root."""
    line = (body.joint("root") - body.joint("neck"))[:, :2]
    line = line[np.isfinite(line).all(-1)]
    if not len(line):
        return np.full(len(place), np.nan)
    middle = np.median(line, 0)
    return place[:, :2] @ (middle / (np.linalg.norm(middle) or np.nan))
