"""How far off a lifted joint is, from the evidence at hand; fitted to a checkpoint's own errors.

The error's length r of a joint is taken to be Nakagami distributed: r^2 follows a gamma
distribution of mean sigma^2 and a shape of the joint's own (shape 3/2 would be a normal error
alike in all directions). log sigma^2 is linear in the evidence. T frames, J = 17 joints.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import gammaincinv, gammaln

from lib.config import build, configclass
from lib.errors import UserError
from lib.infer.evidence import EVIDENCE
from lib.skeleton import JOINT, JOINTS

KEY = "calibration"
"""Where a lifting checkpoint's config holds it."""
_FARTHEST = 3.0
"""Evidence further from its mean than this many standard deviations counts as that far."""


@configclass
class Calibration:
    """What `lib.train.calibration.fit` found. Joints are all but the root, whose error is 0."""

    evidence: tuple[str, ...]
    mean: tuple[float, ...]
    """Of each kind of evidence where it was fitted."""
    std: tuple[float, ...]
    weights: dict[str, tuple[float, ...]]
    """Joint -> constant and a slope for each kind of evidence, standardised, of log sigma^2."""
    shape: dict[str, float]
    """Joint -> shape of the gamma distribution of r^2."""
    fitted_on: str = ""
    """What on, in words."""

    def __post_init__(self) -> None:
        if self.evidence != EVIDENCE:
            raise ValueError(f"made for other evidence than {', '.join(EVIDENCE)}")
        num, joints = len(EVIDENCE), sorted(set(JOINTS) - {"root"})
        sizes = {len(self.mean), len(self.std), *(len(w) - 1 for w in self.weights.values())}
        if sizes != {num} or sorted(self.weights) != joints or sorted(self.shape) != joints:
            raise ValueError(f"expected the 16 joints and {num} numbers of evidence for each")
        if min(*self.std, *self.shape.values()) <= 0:
            raise ValueError("std and shape must be above 0")

    def sigma(self, evidence_TJE: np.ndarray) -> np.ndarray:
        """(T, 17) root mean square of a joint's distance from the truth; the root's is 0.

        In the unit of the errors it was fitted to, root-relative. What is not known (NaN) counts
        as usual.
        """
        x_TJE = self.standardised(evidence_TJE)
        table = np.array([self.weights[name] for name in JOINTS if name != "root"])
        others = np.arange(len(JOINTS)) != JOINT["root"]
        sigma = np.zeros(evidence_TJE.shape[:2])
        log_square = (x_TJE[:, others] * table[:, 1:]).sum(-1) + table[:, 0]
        sigma[:, others] = np.exp(0.5 * log_square)
        return sigma

    def standardised(self, evidence_TJE: np.ndarray) -> np.ndarray:
        """Evidence in standard deviations from its mean, within limits, 0 where not known."""
        x = (evidence_TJE - np.array(self.mean)) / np.array(self.std)
        return np.nan_to_num(np.clip(x, -_FARTHEST, _FARTHEST))

    def shapes(self) -> np.ndarray:
        """(17,) shape by joint, NaN for the root."""
        return np.array([self.shape.get(name, np.nan) for name in JOINTS])


def quantile(sigma: np.ndarray, shape: np.ndarray, share: float) -> np.ndarray:
    """Length below which `share` of the errors lie; sigma (..., 17), shape (17,)."""
    return sigma * np.sqrt(gammaincinv(shape, share) / shape)


def log_likelihood(error: np.ndarray, sigma: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Log density of error lengths > 0 (Nakagami's), in 1 / unit of the error."""
    return (
        np.log(2) + shape * np.log(shape) - gammaln(shape) - 2 * shape * np.log(sigma)
        + (2 * shape - 1) * np.log(error) - shape * (error / sigma) ** 2
    )  # fmt: skip


def calibration_in(config: Mapping[str, Any], path: str | Path) -> Calibration | None:
    """What a checkpoint's config holds; None if nothing, or what was fitted to other evidence.

    sigma is then uncalibrated and says so (lib.infer.steps.notes_of). Raises UserError.
    """
    found = config.get(KEY)
    if found is None:
        return None
    kinds = found.get("evidence", ()) if isinstance(found, Mapping) else None
    if not isinstance(kinds, list | tuple):
        raise UserError(
            f"{path}: its config's {KEY} is damaged; give a checkpoint as a script here wrote it"
        )
    if tuple(kinds) != EVIDENCE:
        return None
    return build(Calibration, found, f"{path}: {KEY}")
