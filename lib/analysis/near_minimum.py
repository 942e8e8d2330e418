"""How sure it is that a bar was as slow as with all that one can lift."""

from collections.abc import Mapping

import numpy as np
from scipy.special import ndtr

from lib.analysis.exercises import Exercise
from lib.analysis.scene import Scene
from lib.analysis.severity import not_measurable
from lib.analysis.timed import NEAR_MINIMUM_M_S


def with_odds(exercise: Exercise, scene: Scene, metrics: Mapping[str, dict]) -> dict[str, dict]:
    """The measures of a repetition, the yes or no as sure as the mean velocity that it is made of.

    Its sigma is that of a 0 or 1 with the odds the velocity (m/s) gives; of low confidence within
    one sigma of the limit, and not measurable where the velocity is not, for its reason: a true
    size would not help then.
    """
    rules, least = exercise.metrics, scene.path.min_velocity_m_s
    found = dict(metrics)
    speed = next((metrics[n] for n, r in rules.items() if r.measure == "mean_velocity"), None)
    for name, rule in rules.items():
        own = metrics[name]
        if rule.measure != "near_minimum_velocity" or speed is None or least is None:
            continue
        is_told = own["value"] is not None
        if speed["value"] is None and (is_told or own["reason"] == "no_scale"):
            found[name] = not_measurable(own["unit"], speed["reason"])
            continue
        if not is_told:
            continue
        sigmas_inside = (least + NEAR_MINIMUM_M_S - speed["value"]) / max(speed["sigma"], 1e-9)
        odds = float(ndtr(sigmas_inside))
        own = own | {"sigma": float(np.sqrt(odds * (1 - odds)))}
        if speed["status"] == "low_confidence":
            own |= {"status": speed["status"], "reason": speed["reason"]}
        elif abs(sigmas_inside) < 1:
            own |= {"status": "low_confidence", "reason": "wide_sigma"}
        found[name] = own
    return found
