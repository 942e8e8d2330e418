"""The numbers of one repetition, as an exercise file asks for them, and what they are worth."""

import numpy as np

from lib.analysis.cycles import Cycle
from lib.analysis.exercises import Exercise
from lib.analysis.lift_error import lift_sigma, telling_views
from lib.analysis.measures import MEASURES, SIDED, Body, joints_of
from lib.analysis.moments import Moments, Stretch, take
from lib.analysis.near_minimum import with_odds
from lib.analysis.rules import INSTANTS, MetricRule, Threshold
from lib.analysis.scene import MIN_MEASURED_SHARE, Scene, least_score, seen_share
from lib.analysis.severity import judge, not_measurable, width_of, with_strictness
from lib.analysis.timed import TIMED, looked_at

MAX_UP_SIGMA_DEG, LEANS_ON_UP = 6.0, 0.5
"""A worse up vector measures nothing whose limits are closer than twice its share, and no
information that changes by this much per degree of it."""
BRIDGED_SHARE, LOUD, WIDE_SHARE = 0.10, 1.5, 0.5
"""Low confidence: more of the joints' samples not seen than this (bridged, or one side standing in
for the other), more noise than this times the reference, or sigma more than this share of the way
from ok to fault."""


def _of(body: Body, rule: MetricRule) -> np.ndarray:
    values = MEASURES[rule.measure](body, rule.side)
    if rule.needs:
        seen = np.all([np.isfinite(body.joint(name)).all(-1) for name in rule.needs], 0)
        values = np.where(seen if values.ndim == 1 else seen[:, None], values, np.nan)
    return values


def _same_height(rule: MetricRule, moments: Moments, values: np.ndarray) -> np.ndarray:
    """Values on the way up less those on the way down with the hips at the same height."""
    if moments["descent"] is None:
        return np.full_like(values, np.nan)
    height = MEASURES["hip_height"]
    down, up = moments.body("descent"), moments.body(rule.at)
    before, at = _of(down, rule), height(down, "both")
    known = np.isfinite(before) & np.isfinite(at)
    if known.mean() < MIN_MEASURED_SHARE:
        return np.full_like(values, np.nan)
    order = np.argsort(at[known], kind="stable")
    return values - np.interp(height(up, "both"), at[known][order], before[known][order])


def _subtracted(rule: MetricRule, scene: Scene, moments: Moments, values: np.ndarray) -> np.ndarray:
    if rule.minus is None:
        return values
    if rule.minus == "eccentric":
        return _same_height(rule, moments, values)
    if rule.minus == "standing":
        return values - _of(scene.standing, rule)[0]
    if moments[rule.minus] is None:
        return np.full_like(values, np.nan)
    return values - _of(moments.body(rule.minus), rule)[0]


def _without_bias(rule: MetricRule, scene: Scene, value: float) -> float:
    bias, floor = (
        scene.jitter * by_view.get(scene.lifter.view, 0.0)  # type: ignore[call-overload]
        for by_view in (rule.bias, rule.floor)
    )
    if rule.take == "largest":
        return float(np.copysign(max(abs(value) - bias, 0.0), value))
    return float(np.sqrt(max(value**2 - floor**2, 0.0))) if floor else value - bias


def value_at(rule: MetricRule, scene: Scene, moments: Moments) -> tuple[float, Stretch | None]:
    """The number in thigh lengths and degrees, whether or not it is to be trusted, and first and
    last sample it was taken at; NaN, None where its moment is not there."""
    if rule.measure in TIMED:
        value, i_at = TIMED[rule.measure](scene, moments.cycle)
        place = None if i_at is None else (i_at, i_at)
        return _without_bias(rule, scene, value) + rule.offset, place
    stretch = moments[rule.at]
    if stretch is None:
        return float("nan"), None
    is_mean = rule.take == "mean"
    body = moments.averaged(rule.at) if is_mean else moments.body(rule.at)
    values = _subtracted(rule, scene, moments, _of(body, rule))
    known = np.isfinite(values.reshape(len(values), -1)).all(-1)
    if known.mean() < MIN_MEASURED_SHARE:
        return float("nan"), stretch
    if rule.at in INSTANTS:
        value, place = float(values[0]), stretch
    elif is_mean:
        value, i_at = float(values[0]), sum(stretch) // 2
        place = (i_at, i_at)
    else:
        value, i_at = take(rule.take, values, rule.size * scene.noise)
        place = (stretch[0] + i_at, stretch[0] + i_at)
    if rule.over_straightest_deg is not None:
        value = max(0.0, value - scene.straightest_deg[rule.measure] + rule.over_straightest_deg)
    value = _without_bias(rule, scene, value) + rule.offset
    return max(value, 0.0) if rule.take == "falls" else value, place


def _lifter_sigma(rule: MetricRule, scene: Scene) -> float:
    if not scene.is_lifted:
        return 0.0
    return lift_sigma(rule, scene.lifter.view) if scene.is_known_lift else float("inf")


def sigma_parts(rule: MetricRule, scene: Scene) -> tuple[float, float]:
    """Standard deviations (steady over a set, changing from rep to rep) in this view.

    With the up vector's share and the lifter's. Lengths in thigh lengths, as exercise files give
    them.
    """
    own = scene.noise * rule.sigma.get(scene.lifter.view, 0.0)  # type: ignore[call-overload]
    gravity = rule.up_gain * scene.lifter.up.sigma_deg if rule.needs_up else 0.0
    lifted = _lifter_sigma(rule, scene)
    changing = rule.delta_share * own
    kept = own**2 - changing**2
    return float(np.sqrt(kept + gravity**2 + rule.fit**2 + lifted**2)), float(changing)


def _view_or_lifter(rule: MetricRule, scene: Scene) -> str:
    """Another view is no help where the lifter is exact enough in none."""
    is_hopeless = scene.is_lifted and not telling_views(rule, True, scene.is_known_lift)
    return "lifter" if is_hopeless else "view"


def _gate(rule: MetricRule, scene: Scene) -> str | None:
    """Reason why this view, gravity or scale cannot give the metric."""
    lifter = scene.lifter
    if lifter.view != "not_applicable" and lifter.view not in rule.sigma:
        return _view_or_lifter(rule, scene)
    is_sided = rule.side != "both" or rule.measure in SIDED
    if is_sided and lifter.is_swap_suspected:
        return "left_right_swap_suspected"
    if rule.measure == "near_minimum_velocity" and not scene.is_metric:
        return "no_scale"
    return None


def _too_unsure(
    rule: MetricRule, limits: Threshold | None, sigma: float, scene: Scene
) -> str | None:
    """Reason why a verdict would be a guess: sigma is wider than the way from ok to fault."""
    if not np.isfinite(sigma):
        return "lifter"
    up_share = rule.up_gain * scene.lifter.up.sigma_deg if rule.needs_up else 0.0
    is_lost = scene.lifter.up.sigma_deg > MAX_UP_SIGMA_DEG
    if limits is None:
        return "no_up" if is_lost and rule.needs_up and rule.up_gain >= LEANS_ON_UP else None
    width = width_of(limits)
    if is_lost and width < 2 * up_share:
        return "no_up"
    if sigma <= width:
        return None
    if _lifter_sigma(rule, scene) > width:
        return "lifter"
    return "noise" if sigma <= width * scene.noise else _view_or_lifter(rule, scene)


def _doubt(
    rule: MetricRule, limits: Threshold | None, sigma: float, scene: Scene, moments: Moments,
    place: Stretch,
) -> str | None:  # fmt: skip
    """Reason for low confidence, if there is one."""
    if rule.measure in TIMED:
        place, joints = looked_at(rule.measure, scene, moments.cycle, place[0])
    else:
        joints = joints_of(rule.measure, rule.side)
    joints = rule.needs or joints  # rule.joints are those that a finding lights up
    if joints and seen_share(scene, *place, joints) < 1 - BRIDGED_SHARE:
        return "interpolated"
    if scene.noise > LOUD:
        return "noise"
    width = abs(limits.end - limits.ok) if limits else float("inf")
    return "wide_sigma" if sigma > WIDE_SHARE * (width or float("inf")) else None


def unit_of(rule: MetricRule, scene: Scene) -> str:
    """The unit that is reported."""
    if rule.unit == "length":
        return scene.length_unit
    return f"{scene.length_unit}/s" if rule.unit == "velocity" else rule.unit


def reported(rule: MetricRule, scene: Scene, value: float, sigma: float) -> tuple[float, float]:
    """Value and sigma in the unit that is reported, the scale's share with the latter."""
    sigma = float(np.hypot(sigma, rule.sigma_relative * value))
    if rule.unit not in ("length", "velocity"):
        return value, sigma
    factor = scene.length_per_femur
    return factor * value, factor * float(np.hypot(sigma, value * scene.scale_sigma))


def limits_of(rule: MetricRule, moments: Moments) -> Threshold | None:
    """The file's limits if they hold for this repetition; None: the metric is information."""
    wanted = rule.judged_if
    if rule.threshold is None or wanted is None:
        return rule.threshold
    if moments[wanted.at] is None:
        return None
    found = float(MEASURES[wanted.measure](moments.body(wanted.at), "both")[0])
    return rule.threshold if wanted.min <= found <= wanted.max else None


def measure(
    name: str, rule: MetricRule, scene: Scene, moments: Moments, strictness: float = 1.0
) -> dict:
    """One metric of one repetition as the schema's `measure`."""
    unit = unit_of(rule, scene)
    reason = _gate(rule, scene)
    if reason:
        return not_measurable(unit, reason)
    raw, place = value_at(rule, scene, moments)
    if place is None or not np.isfinite(raw):
        return not_measurable(unit, "phase_missing" if place is None else "missing_joint")
    if rule.min_score and least_score(scene, *place, rule.needs) <= rule.min_score:
        return not_measurable(unit, "occlusion")
    usual = limits_of(rule, moments)  # what can be measured does not depend on strictness
    plain_sigma = float(np.hypot(*sigma_parts(rule, scene)))
    reason = _too_unsure(rule, usual, plain_sigma, scene)
    if reason:
        return not_measurable(unit, reason)
    doubt = _doubt(rule, usual, plain_sigma, scene, moments, place)
    limits = with_strictness(usual, strictness) if usual else None
    verdict = judge(rule, limits, raw, float(np.hypot(plain_sigma, rule.sigma_relative * raw)))
    value, sigma = reported(rule, scene, raw, plain_sigma)
    return {"value": value, "unit": unit, "sigma": sigma,
            "status": "low_confidence" if doubt else "measured", "reason": doubt,
            "severity": verdict.severity,
            "p_warn": verdict.p_warn, "p_fault": verdict.p_fault,
            "frame": int(scene.track.to_source(place[0])), "side": rule.side,
            "threshold_id": name if limits else None}  # fmt: skip


def measure_rep(
    exercise: Exercise,
    scene: Scene,
    cycle: Cycle,
    strictness: float = 1.0,
    variant: str | None = None,
) -> dict[str, dict]:
    """Every metric of the exercise for one repetition, those no skeleton gives included."""
    moments = Moments(scene, cycle)
    values = {}
    for name, rule in exercise.metrics.items():
        if variant and variant == rule.except_variant:
            values[name] = not_measurable(unit_of(rule, scene), "variant")
        else:
            values[name] = measure(name, rule, scene, moments, strictness)
    for name, absent in exercise.not_in_skeleton.items():
        values[name] = not_measurable(absent.unit, "not_in_skeleton")
    return with_odds(exercise, scene, values)
