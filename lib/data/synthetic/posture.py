"""Postures both squats and hinges are made of: planar legs, trunk line, balance, held bars.

Angles in degrees; lean is that of the line hips to mid-shoulder from the vertical, forward
positive. Arrays are (F,) unless said otherwise.
"""

from dataclasses import dataclass, fields

import numpy as np

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import (
    SIDE_SIGN,
    Arms,
    Feet,
    Trunk,
    apply,
    lower_to_reach,
    pose_trunk,
    reach_m,
    rotation,
    unit,
)
from lib.data.synthetic.rhythm import drift

# Shares of body mass with the joint-to-joint place of their centre (Winter's table, rounded).
_UPPER_MASS, _THIGH_MASS, _SHANK_MASS = 0.68, 0.20, 0.12
_UPPER_CENTRE = 0.62
_LOOSE_DEG = 12.0
"""Elbow flexion that free arms keep. Their bend goes with the root of what is left of their reach:
where that runs out, an elbow would snap."""
_THIGH_THICK_M = 0.08


def hips_over_ankles(body: Body, knee_deg, shank_deg, stance_m) -> tuple[np.ndarray, np.ndarray]:
    """Middle of the hips from the middle of the ankles in the sagittal plane: (forward, up), m.

    The leg is bent by knee_deg with its shank shank_deg forward; a stance unlike the hips' width
    brings the hips down.
    """
    knee, shank = np.radians(knee_deg), np.radians(shank_deg)
    forward = body.shank_m * np.sin(shank) - body.thigh_m * np.sin(knee - shank)
    up = body.shank_m * np.cos(shank) + body.thigh_m * np.cos(knee - shank)
    aside = stance_m / 2 - body.hip_half_m
    ratio = np.sqrt(1 - (aside / np.hypot(forward, up)) ** 2)
    return forward * ratio, up * ratio


def balanced_lean(body: Body, hip_x, shank_deg, load, middle_x, bar_x=-0.04) -> np.ndarray:
    """Trunk lean that brings body and bar over middle_x (metres in front of the ankles).

    hip_x as of `hips_over_ankles`; load: bar mass / body mass; bar_x: the bar in front of the
    shoulders. Clipped to what a trunk can do.
    """
    knee_x = body.shank_m * np.sin(np.radians(shank_deg))
    length = trunk_line(body, 0.0)[0]
    legs = _THIGH_MASS * (knee_x + hip_x) / 2 + _SHANK_MASS * knee_x / 2
    rest = (1 + load) * middle_x - legs - _UPPER_MASS * hip_x - load * (hip_x + bar_x)
    sine = rest / (length * (_UPPER_MASS * _UPPER_CENTRE + load))
    return np.degrees(np.arcsin(np.clip(sine, -0.06, 0.94)))


def balanced_shank(body: Body, knee_deg, lean_deg, load, middle_x) -> np.ndarray:
    """The inverse of `balanced_lean`: the shank's lean that brings all over middle_x (Newton)."""
    knee, lean = np.broadcast_arrays(np.radians(knee_deg), np.radians(lean_deg))
    length = trunk_line(body, 0.0)[0]
    above = (_UPPER_MASS * _UPPER_CENTRE + load) * length * np.sin(lean) - (1 + load) * middle_x
    at_hip, at_knee = _UPPER_MASS + load + _THIGH_MASS / 2, (_THIGH_MASS + _SHANK_MASS) / 2
    shank = 0.3 * knee
    for _ in range(4):
        knee_x, thigh_x = body.shank_m * np.sin(shank), body.thigh_m * np.sin(knee - shank)
        over = at_hip * (knee_x - thigh_x) + at_knee * knee_x + above
        knee_dx, thigh_dx = body.shank_m * np.cos(shank), -body.thigh_m * np.cos(knee - shank)
        shank = shank - over / (at_hip * (knee_dx - thigh_dx) + at_knee * knee_dx)
    return np.degrees(shank)


def trunk_line(body: Body, bend_deg) -> tuple[np.ndarray, np.ndarray]:
    """Hips to mid-shoulder with the spine flexed by bend_deg: (length_m, angle past the pelvis)."""
    forward, up = body.shoulder_offset_m
    lower = body.lumbar_m + body.hip_drop_m
    upper = np.hypot(forward, body.thorax_m + up)
    bend = np.radians(bend_deg) + np.arctan2(forward, body.thorax_m + up)
    x, z = upper * np.sin(bend), lower + upper * np.cos(bend)
    return np.hypot(x, z), np.degrees(np.arctan2(x, z))


@dataclass(frozen=True)
class Sway:
    """Small wander no one can keep out of a movement; (F,) each."""

    x_m: np.ndarray
    y_m: np.ndarray
    yaw_deg: np.ndarray
    roll_deg: np.ndarray
    lean_deg: np.ndarray
    bend_deg: np.ndarray
    twist_deg: np.ndarray
    head_yaw_deg: np.ndarray
    head_pitch_deg: np.ndarray
    breath: np.ndarray
    """-1 to 1."""


def make_sway(rng: np.random.Generator, num_frames: int, fps: float, amount: float = 1.0) -> Sway:
    """Draw the wander of one sequence."""
    size = amount * np.array([0.004, 0.005, 0.8, 0.6, 0.8, 0.8, 0.8, 4.0, 2.5])
    names = [field.name for field in fields(Sway)][:-1]
    slow = dict(zip(names, drift(rng, num_frames, fps, size, period_s=4.0), strict=True))
    rate, phase = rng.uniform(0.22, 0.38), rng.uniform(0, 2 * np.pi)
    breath = np.sin(2 * np.pi * rate * np.arange(num_frames) / fps + phase)
    return Sway(**slow, breath=breath)


def upright_trunk(
    body: Body, hip_m, lean_deg, bend_deg, sway: Sway, *, head_deg=0.0, yaw_deg=0.0,
    twist_deg=0.0, roll_deg=0.0, side_deg=0.0, lift_deg=0.0, forward_deg=0.0,
    feet: Feet | None = None,
) -> Trunk:  # fmt: skip
    """A trunk on hips whose middle is hip_m (F, 3), leaning as asked plus its sway.

    head_deg: pitch of the head against the vertical; yaw, roll: of the pelvis; twist: of the
    thorax on it; side: bend to the right; lift, forward: shoulder girdle (S, F). With feet, the
    pelvis is lowered where a leg would not reach its foot.
    """
    bend = bend_deg + sway.bend_deg
    pelvis_pitch = lean_deg + sway.lean_deg - trunk_line(body, bend)[1]
    yaw = yaw_deg + sway.yaw_deg
    roll = roll_deg + sway.roll_deg
    pelvis_R = rotation(yaw, pelvis_pitch, roll)
    thorax_rot = rotation(yaw, pelvis_pitch + bend, roll + side_deg) @ rotation(
        twist_deg + sway.twist_deg
    )
    head_R = rotation(
        yaw + 0.6 * np.asarray(twist_deg) + sway.head_yaw_deg,
        head_deg + sway.head_pitch_deg,
        0.4 * np.asarray(side_deg),
    )
    pelvis = hip_m + apply(pelvis_R, [0, 0, body.hip_drop_m])
    if feet is not None:
        pelvis = lower_to_reach(body, pelvis, pelvis_R, feet.ankles(body))
    lift = np.broadcast_to(lift_deg, (2, len(hip_m))) + 0.7 * sway.breath
    return pose_trunk(body, pelvis, pelvis_R, thorax_rot, head_R, lift, forward_deg)


def hold(trunk: Trunk, wrist_m, elbow_pole, thumb_pole) -> Arms:
    """Hands kept in place on the thorax: the left side's (3,), from the neck base, in its frame."""
    mirror = np.stack([np.ones(2), SIDE_SIGN, np.ones(2)], -1)  # (S, 3)
    place = [apply(trunk.thorax_rot, (mirror * np.asarray(v, float))[:, None])
             for v in (wrist_m, elbow_pole, thumb_pole)]  # fmt: skip
    return Arms(trunk.joints["neck"] + place[0], place[1], place[2])


def raised(raise_deg, plane_deg) -> np.ndarray:
    """Directions of a left-side limb in the thorax frame, (..., 3).

    raise_deg: 0 hangs down, 90 level, 180 up. plane_deg: in which vertical plane it was raised,
    0 sideways, 90 forward, 180 across the body, -90 backward.
    """
    up, plane = np.broadcast_arrays(np.radians(raise_deg), np.radians(plane_deg))
    return np.stack([np.sin(up) * np.sin(plane), np.sin(up) * np.cos(plane), -np.cos(up)], -1)


def arms_along(body: Body, trunk: Trunk, upper_dir, fore_dir, thumb_pole) -> Arms:
    """Arms given by bone directions (S, F, 3) of the left-side kind, in the thorax frame.

    The right side is mirrored here. The elbow's plane follows from the two directions.
    """
    mirror = np.stack([np.ones(2), SIDE_SIGN, np.ones(2)], -1)[:, None]
    shape = (2, len(trunk.thorax_rot), 3)
    upper, fore, thumb = (
        apply(trunk.thorax_rot, np.broadcast_to(v, shape) * mirror)
        for v in (unit(upper_dir), unit(fore_dir), thumb_pole)
    )
    wrist = trunk.shoulders + body.upper_arm_m * upper + body.forearm_m * fore
    # A straight arm has no plane of its own: its elbow points backward, out and down.
    elbow = apply(trunk.thorax_rot, [-1.0, 0.3, -0.3] * mirror)
    return Arms(wrist, upper - fore + 0.06 * elbow, thumb)


def blend_arms(first: Arms, second: Arms, weight: np.ndarray) -> Arms:
    """first where weight (F,) is 0, second where it is 1."""
    w = weight[:, None]
    return Arms(
        *(
            (1 - w) * getattr(first, name) + w * getattr(second, name)
            for name in ("wrist_m", "elbow_pole", "thumb_pole")
        )
    )


def hands_on_thighs(body: Body, trunk: Trunk, knees: np.ndarray, share: np.ndarray) -> Arms:
    """Hands on the thighs, `share` (F,) of the way to the knees (S, F, 3) or where they reach."""
    thigh = knees - trunk.hips
    along = unit(thigh)
    hip = trunk.hips + _THIGH_THICK_M * unit(np.cross(thigh, [0.0, 1.0, 0]))
    shoulder = trunk.shoulders - hip
    nearest = (shoulder * along).sum(-1)
    off = (shoulder**2).sum(-1) - nearest**2
    reached = nearest + np.sqrt(np.maximum(_loose_reach_m(body) ** 2 - off, 0.0))
    place = soft_min(share * np.linalg.norm(thigh, axis=-1), reached, 0.04)
    wrist = hip + place[..., None] * along
    pole = np.zeros_like(wrist) + [-1.0, 0, 0] + SIDE_SIGN[:, None, None] * [0, 0.7, 0]
    thumb = np.zeros_like(wrist) - SIDE_SIGN[:, None, None] * [0, 1.0, 0]
    return Arms(wrist, pole, thumb)


def hanging_arms(body: Body, trunk: Trunk, feet: Feet, swing_ratio: float = 0.35) -> Arms:
    """Arms that hang down and swing against the legs by a ratio of these' distance."""
    ankles = feet.ankles(body)[..., 0]
    swing = swing_ratio * (ankles[::-1] - ankles)
    aside = SIDE_SIGN[:, None] * np.ones_like(swing)
    down = np.stack([0.05 + swing, 0.055 * aside, np.full_like(swing, -0.975 * body.arm_m)], -1)
    length = np.linalg.norm(down, axis=-1, keepdims=True)
    down *= soft_min(length, _loose_reach_m(body), 0.004) / length
    pole = np.stack([-np.ones_like(swing), 0.25 * aside, 0 * aside], -1)
    thumb = np.stack([np.ones_like(swing), -0.5 * aside, 0 * aside], -1)
    return Arms(trunk.shoulders + down, pole, thumb)


def _loose_reach_m(body: Body) -> float:
    return float(reach_m(body.upper_arm_m, body.forearm_m, _LOOSE_DEG))


def soft_min(a_m: np.ndarray, b_m, softness_m: float) -> np.ndarray:
    """The smaller one, less by softness_m * ln 2 where they are alike."""
    return -softness_m * np.logaddexp(-a_m / softness_m, -b_m / softness_m)
