"""Fit how uncertain a lifter is to its own errors.

N joints of frames, J = 17 joints, E kinds of evidence.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from lib.config import check_range, configclass
from lib.data.noise import NoiseConfig
from lib.data.views import RandomCameraConfig
from lib.errors import UserError
from lib.infer.calibration import Calibration
from lib.infer.evidence import EVIDENCE, evidence
from lib.infer.lift import Lifter
from lib.infer.track import is_seen
from lib.pose import Pose2D
from lib.skeleton import JOINT, JOINTS
from lib.train.evaluation import EvalConfig, evaluation_poses

OTHERS = np.array([i for i in range(len(JOINTS)) if i != JOINT["root"]])
_STEPS = 25
_FOLDS = 5
_LEAST_RATIO = 1e-8


@configclass
class Recordings:
    """Some recordings with their truth, as an evaluation names them."""

    eval: EvalConfig
    noise: NoiseConfig | None = None
    camera: RandomCameraConfig = RandomCameraConfig()
    views: int = 1
    """How often each is seen, with other noise every time and, where it has no camera of its own,
    from another side: how far off a clip is depends on the side more than on the frame."""

    def __post_init__(self) -> None:
        check_range(self, 1, np.inf, "views")
        if self.eval.protocols:
            raise ValueError("eval.protocols are scores, of which none is taken: leave it out")
        if not self.eval.flip_average:
            raise ValueError(
                "eval.flip_average is false, but sigma is told from the mirror image: leave it out"
            )

    def poses(self) -> Iterator[tuple[int, Pose2D, np.ndarray]]:
        """Number of the recording, 2D input, true root-relative metres (T, 17, 3); by views."""
        for i_view in range(self.views):
            seen = replace(self.eval, seed=self.eval.seed + i_view)
            poses = evaluation_poses(seen, self.noise, self.camera)
            for number, (_, _, pose, truth) in enumerate(poses):
                yield number, pose, truth


@configclass
class CalibrationConfig:
    """What to fit and to check on. A group of people belongs to one of the two."""

    fit: dict[str, Recordings]
    check: dict[str, Recordings]
    every_s: float = 0.1
    """Seconds between the frames used: neighbours say the same."""
    pull: float = 5.0
    """How strongly a joint's slopes are held to those of all joints together."""
    ridge: float = 0.1
    """How strongly these are held to 0."""

    def __post_init__(self) -> None:
        check_range(self, 0, np.inf, "every_s", "pull", "ridge")
        if not self.fit:
            raise ValueError("fit names no recordings")


@dataclass(frozen=True)
class Samples:
    """Errors and what was known about them."""

    error_m: np.ndarray
    """(N, 17) lengths; NaN = no truth."""
    evidence: np.ndarray
    """(N, 17, E)"""
    recording: np.ndarray
    """(N,) number of the one a frame is from, the same in all its views."""
    people: np.ndarray | None = None
    """(N,) number of the people it is of, where there are several."""

    @staticmethod
    def joined(parts: Iterable["Samples"]) -> "Samples":
        """All of several, whose people and recordings are others in each."""
        parts = list(parts)
        ends = np.cumsum([0, *(part.recording.max(initial=-1) + 1 for part in parts)])
        return Samples(
            np.concatenate([part.error_m for part in parts]),
            np.concatenate([part.evidence for part in parts]),
            np.concatenate([p.recording + end for p, end in zip(parts, ends, strict=False)]),
            np.repeat(np.arange(len(parts)), [len(part.error_m) for part in parts]),
        )

    def only(self, chosen: np.ndarray) -> "Samples":
        """Those chosen, (N,) bool."""
        people = None if self.people is None else self.people[chosen]
        return Samples(self.error_m[chosen], self.evidence[chosen], self.recording[chosen], people)

    def folds(self) -> np.ndarray:
        """(N,) which part of a cross-validation: the people, or of one people the recording's."""
        if self.people is not None and len(np.unique(self.people)) > 1:
            return self.people
        return np.unique(self.recording, return_inverse=True)[1] % _FOLDS


def collect(lifter: Lifter, recordings: Recordings, every_s: float) -> Samples:
    """Lift recordings and compare them with their truth; those without anybody are left out.

    Raises UserError if nobody is seen in any.
    """
    found: dict[str, list[np.ndarray]] = {"error_m": [], "evidence": [], "recording": []}
    for number, pose, truth in recordings.poses():
        if not is_seen(pose).any():
            continue
        done = lifter.finished(pose)
        used = slice(None, None, max(round(every_s * pose.fps), 1))
        error = np.linalg.norm(done.xyz - truth, axis=-1)[used]
        found["error_m"].append(error)
        found["evidence"].append(evidence(done)[used])
        found["recording"].append(np.full(len(error), number))
    if not found["recording"]:
        raise UserError("no recording could be lifted: nothing to calibrate on")
    return Samples(**{name: np.concatenate(parts) for name, parts in found.items()})


def fit(samples: Samples, config: CalibrationConfig) -> Calibration:
    """Gamma regression of squared errors with a logarithmic link, on all recordings.

    A regression is too sure of people that it was not fitted to, and those are what it is for:
    each joint's level and shape come from what regressions without some people say of these
    (cross-validation), of one people without some recordings. With one recording they are the
    regression's own.
    """
    whole, ratios = _regression(samples, config), _unseen_ratios(samples, config)
    weights, shape = dict(whole.weights), dict(whole.shape)
    for name in weights:
        ratio = ratios[np.isfinite(ratios[:, JOINT[name]]), JOINT[name]]
        if len(ratio):
            level, *slopes = whole.weights[name]
            weights[name] = (level + float(np.log(ratio.mean())), *slopes)
            shape[name] = gamma_shape(ratio / ratio.mean())
    return replace(whole, weights=weights, shape=shape)


def _unseen_ratios(samples: Samples, config: CalibrationConfig) -> np.ndarray:
    """(N, 17) squared error over what regressions without its fold expect; NaN = unknown."""
    ratios, fold = np.full(samples.error_m.shape, np.nan), samples.folds()
    for i in np.unique(fold):
        rest, left_out = samples.only(fold != i), samples.only(fold == i)
        if not np.isfinite(rest.error_m[:, OTHERS]).any(0).all():
            continue
        sigma = _regression(rest, config).sigma(left_out.evidence)[:, OTHERS]
        ratios[np.ix_(fold == i, OTHERS)] = (left_out.error_m[:, OTHERS] / sigma) ** 2
    return ratios


def _regression(samples: Samples, config: CalibrationConfig) -> Calibration:
    """By Fisher scoring: slopes of all joints together first, then each one's own, held to them."""
    known = np.where(np.isfinite(samples.error_m)[..., None], samples.evidence, np.nan)
    known = known[:, OTHERS]
    mean, std = np.nanmean(known, (0, 1)), np.maximum(np.nanstd(known, (0, 1)), 1e-6)
    blank = {name: (0.0,) * (len(EVIDENCE) + 1) for name in JOINTS if name != "root"}
    scale = Calibration(EVIDENCE, tuple(mean), tuple(std), blank, dict.fromkeys(blank, 1.0))
    columns, squares = _columns(samples, scale)
    usual = [np.log(y.mean()) for y in squares]
    start = np.zeros(len(EVIDENCE) + 1)
    pooled = _scored(
        np.concatenate(columns),
        np.concatenate([y * np.exp(-c) for y, c in zip(squares, usual, strict=True)]),
        start, config.ridge,
    )  # fmt: skip
    weights, shape = {}, {}
    for name, x, y, c in zip(blank, columns, squares, usual, strict=True):
        own = _scored(x, y, pooled + np.concatenate([[c], start[1:]]), config.pull)
        weights[name] = tuple(own.tolist())
        shape[name] = gamma_shape(y * np.exp(-x @ own))
    return Calibration(
        EVIDENCE, tuple(mean.tolist()), tuple(std.tolist()), weights, shape,
        ", ".join(config.fit),
    )  # fmt: skip


def _columns(samples: Samples, scale: Calibration) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """By joint: constant and standardised evidence (n, 1 + E), and squared error (n,)."""
    x_NJE, columns, squares = scale.standardised(samples.evidence), [], []
    for joint in OTHERS:
        error = samples.error_m[:, joint]
        ok = np.isfinite(error)
        if not ok.any():
            raise UserError(f"calibration: no recording has a truth for {JOINTS[joint]}")
        columns.append(np.concatenate([np.ones((ok.sum(), 1)), x_NJE[ok, joint]], -1))
        squares.append(np.maximum(error[ok] ** 2, 1e-12))
    return columns, squares


def _scored(x: np.ndarray, y: np.ndarray, prior: np.ndarray, pull: float) -> np.ndarray:
    """Weights w of log E[y] = x w, whose slopes are pulled to the prior's."""
    penalty = np.full(len(prior), pull)
    penalty[0] = 0
    normal = x.T @ x / len(y) + np.diag(penalty)
    w = prior.copy()
    for _ in range(_STEPS):
        # A limit on the ratio keeps the first steps from a start far off small.
        excess = np.minimum(y * np.exp(-x @ w), 20.0) - 1
        w += np.linalg.solve(normal, x.T @ excess / len(y) - penalty * (w - prior))
    return w


def gamma_shape(ratio: np.ndarray) -> float:
    """Shape of a gamma distribution (Minka's approximation of the likeliest one)."""
    ratio = np.maximum(ratio, _LEAST_RATIO)
    s = max(float(np.log(ratio.mean()) - np.log(ratio).mean()), 1e-6)
    return float((3 - s + np.sqrt((s - 3) ** 2 + 24 * s)) / (12 * s))
