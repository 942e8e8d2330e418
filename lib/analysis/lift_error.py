"""How far metrics of a lifted pose are off, as measured; the numbers are configs/lift_error.yaml.

The sigmas in the exercise files are those of noisy but unbiased 3D. A lifter adds an error of its
own, which is part of every lifted pose's sigma.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from lib.analysis.rules import MetricRule
from lib.analysis.severity import width_of
from lib.config import configclass, content_sha256, load_config

ALL_VIEWS = "all"
FILE = Path(__file__).resolve().parents[2] / "configs" / "lift_error.yaml"


@configclass
class LiftError:
    """The content of the file."""

    command: str
    """What measured the numbers."""
    lifter_sha256: str
    """Of the weights they were measured with."""
    exercises: tuple[str, ...]
    """What it was measured on, or is alike. In any other a lifter may err by anything."""
    rms: dict[str, dict[str, dict[str, float]]]
    """Root mean square error of a measure at a moment (`MetricRule.moment`) by view class, and over
    ALL_VIEWS: degrees, lengths in thigh lengths."""


@lru_cache
def load_lift_error() -> LiftError:
    """Read the file. Raises UserError."""
    return load_config(LiftError, FILE)


@lru_cache
def lift_error_sha256() -> str:
    """`content_sha256` of the file, so that a report says which table it was judged by."""
    return content_sha256(FILE)


def is_known_lift(exercise: str) -> bool:
    """Whether the lifter's error in an exercise is known at all."""
    return exercise in load_lift_error().exercises


def lift_sigma(rule: MetricRule, view: str) -> float:
    """One standard deviation of the lifter in this metric in a view class (`LifterFrame.view`).

    Where that view was not measured that over all of them; infinite where nothing was.
    """
    measured = load_lift_error().rms.get(rule.measure, {}).get(rule.moment, {})
    return measured.get(view, measured.get(ALL_VIEWS, float("inf")))


def telling_views(rule: MetricRule, is_lifted: bool, is_known: bool) -> dict[str, float]:
    """View class -> one standard deviation there, of the views that are exact enough for a verdict.

    At the noise that the exercise files are for, up known. is_known: `is_known_lift` of the
    exercise; it matters only to a lifted pose.
    """
    sigmas = {}
    for view, own in rule.sigma.items():
        lifter = 0.0
        if is_lifted:
            lifter = lift_sigma(rule, view) if is_known else float("inf")
        sigmas[view] = float(np.sqrt(own**2 + rule.fit**2 + lifter**2))
    width = width_of(rule.threshold) if rule.threshold else np.finfo(float).max
    return {view: sigma for view, sigma in sigmas.items() if sigma <= width}
