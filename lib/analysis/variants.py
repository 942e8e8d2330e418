"""Which variant of its exercise a recording shows: sumo or conventional, on the knees or not."""

from collections.abc import Sequence

import numpy as np

from lib.analysis.cycles import Cycle
from lib.analysis.exercises import Exercise
from lib.analysis.measures import MEASURES
from lib.analysis.moments import Moments
from lib.analysis.scene import Scene


def find_variant(exercise: Exercise, scene: Scene, cycles: Sequence[Cycle]) -> str | None:
    """The variant; 'unknown' if it cannot be told; None if the exercise has none."""
    rule, view = exercise.variant, scene.lifter.view
    if rule is None or not cycles:
        return None
    if view != "not_applicable" and view not in rule.sigma:
        return "unknown"
    moments = [Moments(scene, cycle) for cycle in cycles]
    bodies = [m.body(rule.at) for m in moments if m[rule.at] is not None]
    values = np.array([MEASURES[rule.measure](body, "both")[0] for body in bodies])
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return "unknown"
    value = float(values.min() if rule.every_rep else np.median(values))
    sigma = rule.sigma.get(view, 0.0) * scene.noise  # type: ignore[call-overload]
    if abs(value - rule.limit) < sigma and not rule.every_rep:
        return "unknown"
    return rule.above if value > rule.limit else rule.below
