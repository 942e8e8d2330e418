"""How far metrics of a lifted pose are off, as measured; the numbers are configs/lift_error.yaml.

The sigmas in the exercise files are those of noisy but unbiased 3D. A lifter adds an error of its
own, which is part of every lifted pose's sigma.
"""

from functools import lru_cache
from pathlib import Path

from lib.analysis.rules import MetricRule
from lib.config import configclass, load_config

FILE = Path(__file__).resolve().parents[2] / "configs" / "lift_error.yaml"


@configclass
class LiftError:
    """The content of the file."""

    command: str
    """What measured the numbers."""
    lifter_sha256: str
    """Of the weights they were measured with."""
    rms: dict[str, dict[str, float]]
    """Root mean square error of a measure at a moment (`MetricRule.moment`): degrees, lengths in
    thigh lengths."""


@lru_cache
def load_lift_error() -> LiftError:
    """Read the file. Raises UserError."""
    return load_config(LiftError, FILE)


def lift_sigma(rule: MetricRule) -> float:
    """One standard deviation of the lifter in this metric; infinite where none was measured."""
    return load_lift_error().rms.get(rule.measure, {}).get(rule.moment, float("inf"))
