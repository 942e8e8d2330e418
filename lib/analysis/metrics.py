"""The numbers of one repetition, as an exercise file asks for them.

Positions are averaged over a short window before an angle is taken: an unsigned angle near 0 is
biased upwards by noise if it is averaged after.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from lib.analysis.cycles import Cycle
from lib.analysis.exercises import Exercise, MetricRule, Threshold
from lib.analysis.form import femur_length, limb_angle, mid, trunk_lean_deg
from lib.analysis.gravity import LifterFrame
from lib.analysis.lift_error import lift_sigma
from lib.analysis.track import Track
from lib.pose import Pose3D

HALF_WINDOW_S = 0.10
MIN_MEASURED_SHARE = 0.70
MAX_UP_SIGMA_DEG = 6.0
"""A worse up vector measures nothing that leans on it by a degree a degree."""
STRAIGHTEST_PERCENT = 5.0
P_FAULT, P_WARN = 0.80, 0.70


@dataclass(frozen=True)
class Scene:
    """What every metric of a recording shares."""

    track: Track
    lifter: LifterFrame
    is_metric: bool
    is_lifted: bool
    scale_sigma: float
    """Of the pose's metres, relative; 0 where it has none."""
    femur: float
    """In the pose's unit."""
    standing_deg: float
    """The straightest the knees and hips were: what is left at every lockout for this body."""

    @property
    def up(self) -> np.ndarray:
        return self.lifter.up.vector

    @property
    def length_unit(self) -> str:
        return "m" if self.is_metric else "femur"


def make_scene(pose: Pose3D, track: Track, lifter: LifterFrame) -> Scene:
    """Gather them. A relative pose is a lifted one, and one that names its lifter."""
    bend = np.maximum(_mean_sides(track.xyz, "knee"), _mean_sides(track.xyz, "hip"))
    bend = bend[np.isfinite(bend)]
    straightest = float(np.percentile(bend, STRAIGHTEST_PERCENT)) if len(bend) else 0.0
    is_metric = pose.unit == "metre"
    is_lifted = not is_metric or bool(pose.checkpoint_sha256)
    scale_sigma = float(np.nan_to_num(pose.scale_sigma)) if is_metric else 0.0
    return Scene(track, lifter, is_metric, is_lifted, scale_sigma, femur_length(track), straightest)


def _not_measurable(unit: str, reason: str) -> dict:
    return {"value": None, "unit": unit, "sigma": None, "status": "not_measurable",
            "reason": reason, "severity": None}  # fmt: skip


def _mean_sides(pose: np.ndarray, part: str) -> np.ndarray:
    with warnings.catch_warnings():  # both sides missing: NaN is the answer
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean([limb_angle(pose, part, side) for side in "lr"], axis=0)


def _depth(pose: np.ndarray, scene: Scene) -> np.ndarray:
    """Hip joint below knee joint, femur lengths."""
    return (mid(pose, "knee") - mid(pose, "hip")) @ scene.up / scene.femur


def _evaluate(measure: str, pose: np.ndarray, scene: Scene) -> np.ndarray:
    """One measure of poses (..., 17, 3)."""
    if measure == "trunk":
        return trunk_lean_deg(pose, scene.up)
    if measure == "depth":
        return _depth(pose, scene)
    if measure == "knee_or_hip":
        return np.maximum(_mean_sides(pose, "knee"), _mean_sides(pose, "hip"))
    return _mean_sides(pose, measure)


def _window(scene: Scene, i_at: int) -> slice:
    half = max(1, round(HALF_WINDOW_S * scene.track.fps))
    return slice(max(0, i_at - half), i_at + half + 1)


def _measured(scene: Scene, span: slice) -> np.ndarray:
    """Poses of a span without what was only bridged for counting."""
    return np.where(scene.track.is_measured[span, :, None], scene.track.xyz[span], np.nan)


def _mean_pose(scene: Scene, i_at: int) -> np.ndarray:
    """(17, 3); NaN for a joint seen in less than MIN_MEASURED_SHARE of the window."""
    poses = _measured(scene, _window(scene, i_at))
    known = np.isfinite(poses).all(-1)
    total = np.where(known[..., None], poses, 0.0).sum(0)
    enough = known.mean(0) >= MIN_MEASURED_SHARE
    return np.where(enough[:, None], total / np.maximum(known.sum(0), 1)[:, None], np.nan)


def _hip_range(scene: Scene, cycle: Cycle) -> float:
    """Vertical travel of the hips over the ankles."""
    poses = _measured(scene, slice(cycle.start, cycle.end + 1))
    height = (mid(poses, "hip") - mid(poses, "ankle")) @ scene.up
    height = height[np.isfinite(height)]
    travel = float(np.ptp(height)) if len(height) else float("nan")
    return travel if scene.is_metric else travel / scene.femur


def _lockout_sample(cycle: Cycle) -> int:
    lift = cycle.unloading
    return lift.end if lift else cycle.end


def value_at(rule: MetricRule, scene: Scene, cycle: Cycle) -> tuple[float, int]:
    """The number, whether or not it is to be trusted, and the sample it was taken at."""
    if rule.measure == "rom":
        return _hip_range(scene, cycle), cycle.i_loaded
    if rule.at == "rep":
        poses = _measured(scene, slice(cycle.start, cycle.end + 1))
        values = _evaluate(rule.measure, poses, scene)
        if np.isfinite(values).mean() < MIN_MEASURED_SHARE:
            return float("nan"), cycle.start
        return float(np.nanmax(values)), cycle.start + int(np.nanargmax(values))
    i_at = cycle.i_loaded if rule.at == "loaded" else _lockout_sample(cycle)
    value = float(_evaluate(rule.measure, _mean_pose(scene, i_at), scene))
    if rule.over_standing_deg is not None:
        value = max(0.0, value - scene.standing_deg + rule.over_standing_deg)
    return value, i_at


def _gate(rule: MetricRule, scene: Scene) -> str | None:
    """Reason why this view, gravity or scale cannot give the metric."""
    lifter = scene.lifter
    if lifter.view != "not_applicable" and lifter.view not in rule.sigma:
        return "view"
    if rule.needs_up and rule.up_gain >= 1 and lifter.up.sigma_deg > MAX_UP_SIGMA_DEG:
        return "no_up"
    return None


def sigma_of(rule: MetricRule, scene: Scene) -> float:
    """One standard deviation in this view, with the up vector's share and the lifter's.

    Lengths in thigh lengths, as exercise files give them.
    """
    up, view = scene.lifter.up, scene.lifter.view
    own = rule.sigma.get(view, 0.0)  # type: ignore[call-overload]
    gravity = rule.up_gain * up.sigma_deg if rule.needs_up else 0.0
    lifted = lift_sigma(rule) if scene.is_lifted else 0.0
    return float(np.sqrt(own**2 + gravity**2 + rule.sigma_fit**2 + lifted**2))


def _sigma_of_value(rule: MetricRule, scene: Scene, value: float) -> float:
    """`sigma_of` in the unit of the value, with the scale's share where that is metres."""
    sigma = sigma_of(rule, scene)
    if rule.unit != "length" or not scene.is_metric:
        return sigma
    return float(np.hypot(sigma * scene.femur, value * scene.scale_sigma))


def _too_unsure(rule: MetricRule, scene: Scene) -> str | None:
    """Reason why a verdict would be a guess: sigma is wider than the way from ok to fault."""
    sigma, limits = sigma_of(rule, scene), rule.threshold
    if not np.isfinite(sigma):
        return "lifter"
    if limits is None or sigma <= (width := abs(limits.fault - limits.ok)):
        return None
    return "lifter" if scene.is_lifted and lift_sigma(rule) > width else "view"


def severity_of(value: float, sigma: float, threshold: Threshold) -> tuple[str, float]:
    """('ok' | 'warn' | 'fault', probability of a fault). The limits' order gives the direction."""
    sign = 1.0 if threshold.fault > threshold.ok else -1.0
    warn = threshold.ok if threshold.warn is None else threshold.warn
    p_fault = float(norm.cdf(sign * (value - threshold.fault) / sigma))
    p_warn = float(norm.cdf(sign * (value - warn) / sigma))
    if p_fault >= P_FAULT:
        return "fault", p_fault
    return ("warn" if p_warn >= P_WARN else "ok"), p_fault


def _judge(rule: MetricRule, value: float, sigma: float) -> tuple[str, float | None]:
    if rule.threshold is None:
        return "info", None
    severity, p_fault = severity_of(value, sigma, rule.threshold)
    return ("info" if rule.borderline_is_info and severity == "warn" else severity), p_fault


def measure(name: str, rule: MetricRule, scene: Scene, cycle: Cycle) -> dict:
    """One metric of one repetition as the schema's `measure`."""
    unit = scene.length_unit if rule.unit == "length" else rule.unit
    reason = _gate(rule, scene)
    if reason:
        return _not_measurable(unit, reason)
    value, i_at = value_at(rule, scene, cycle)
    if not np.isfinite(value):
        return _not_measurable(unit, "missing_joint")
    reason = _too_unsure(rule, scene)
    if reason:
        return _not_measurable(unit, reason)
    sigma = _sigma_of_value(rule, scene, value)
    severity, p_fault = _judge(rule, value, sigma)
    frame = int(scene.track.to_source(i_at))
    return {"value": value, "unit": unit, "sigma": sigma, "status": "measured", "reason": None,
            "severity": severity, "p_fault": p_fault, "frame": frame, "side": "both",
            "threshold_id": name if rule.threshold else None}  # fmt: skip


def measure_rep(exercise: Exercise, scene: Scene, cycle: Cycle) -> dict[str, dict]:
    """Every metric of the exercise for one repetition, those no skeleton gives included."""
    values = {name: measure(name, rule, scene, cycle) for name, rule in exercise.metrics.items()}
    for name, absent in exercise.not_in_skeleton.items():
        values[name] = _not_measurable(absent.unit, "not_in_skeleton")
    return values


def findings(exercise: Exercise, metrics: Mapping[str, dict]) -> list[dict]:
    """Warnings and faults of one repetition in words."""
    found = []
    for name, rule in exercise.metrics.items():
        metric = metrics[name]
        if metric["severity"] not in ("warn", "fault"):
            continue
        found.append(
            {"code": name, "severity": metric["severity"], "metric": name,
             "frames": [metric["frame"]], "joints": [], "text": rule.cue}
        )  # fmt: skip
    return found
