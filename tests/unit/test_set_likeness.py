"""How alike the repetitions of a set are, where a joint was hidden in one of them."""

from dataclasses import replace

import numpy as np
import pytest
from test_setwise import PUSHUP, SCENE, reps_of

from lib.analysis.setwise import distances_to_mean, set_measures


def curves_of(reps, num_counted, unit="deg"):
    counted = reps[:num_counted]
    return {"unit": unit, "reps": reps, "mean": counted.mean(0), "sd": counted.std(0, ddof=1)}


def test_a_curve_that_an_uncounted_rep_lacks_takes_nothing_from_the_others():
    """A wrist hidden in a failed rep; a depth is no angle."""
    knee, elbow, depth = np.random.default_rng(0).normal(size=(3, 4, 101))
    elbow[3] = np.nan
    reps = reps_of([1, 1, 1, 1], ["full", "full", "full", "failed"])
    curves = {"knee": curves_of(knee, 3), "elbow": curves_of(elbow, 3),
              "depth": curves_of(100 * depth, 3, "femur")}  # fmt: skip
    away = np.stack([x[:3] - x[:3].mean(0) for x in (knee, elbow)])
    found = distances_to_mean(curves, 4)
    assert found[:3] == pytest.approx(np.sqrt((away**2).mean((0, 2))))
    assert np.isnan(found[3])
    rules = replace(PUSHUP, set_metrics={"TV-06": PUSHUP.set_metrics["TV-06"]})
    of_set, of_rep = set_measures(rules, SCENE, reps, curves, 1.0)
    assert of_set["TV-06"]["value"] is not None
    assert [of_rep["TV-06"][i]["reason"] for i in range(4)] == [None] * 3 + ["missing_joint"]


def test_a_curve_that_a_counted_rep_lacks_is_compared_in_none():
    knee, elbow = np.random.default_rng(0).normal(size=(2, 3, 101))
    elbow[1] = np.nan
    both = {"knee": curves_of(knee, 3), "elbow": curves_of(elbow, 3)}
    alone = distances_to_mean({"knee": both["knee"]}, 3)
    assert distances_to_mean(both, 3) == pytest.approx(alone) and np.isfinite(alone).all()
