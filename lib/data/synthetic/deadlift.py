"""Conventional and sumo deadlift: feet planted, straight arms, the bar over the middle of the foot.

A repetition starts when the bar leaves the floor and ends when the next one does, so a pause on
the floor belongs to the repetition before it and the marks are contiguous as Fit3D's are.
"""

from dataclasses import dataclass

import numpy as np

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import SIDE_SIGN, Arms, Trunk, assemble, pose_legs, reach_m
from lib.data.synthetic.knees import knees_over_toes
from lib.data.synthetic.posture import (
    blend_arms,
    hands_on_thighs,
    hanging_arms,
    hips_over_ankles,
    make_sway,
    trunk_line,
    upright_trunk,
)
from lib.data.synthetic.rhythm import Rhythm, Tempo, make_rhythm, ramp, smooth_step
from lib.data.synthetic.setup import approach_and_leave, make_approach
from lib.data.synthetic.stance import carried_over

_BEND_S = 1.3
_RISE_S = 0.95
"""Getting up without the bar is quick."""
_GRIP_S = 0.6
_ARM_DEG = 3.5
_BENT_ARM_DEG = (12, 45)
_UNLOCKED_KNEE_DEG, _UNLOCKED_LEAN_DEG = (8, 25), (10, 25)
"""More of both at the top, of those who do not stand up straight."""
_BACK_BEND_DEG = 4.0


@dataclass(frozen=True)
class Pull:
    """One athlete's way to lift, in the sagittal plane from the middle of the ankles."""

    stance_m: float
    toe_out_deg: float
    grip_half_m: float
    """Sideways distance of a wrist from the middle."""
    bar_x: float
    shoulder_ahead_m: float
    """Shoulders in front of the bar at the floor."""
    knee_deg: float
    """Knee flexion at the floor."""
    lean_deg: float
    """Trunk lean at the floor."""
    top_knee_deg: float
    top_lean_deg: float
    unlocked_knee_deg: float
    unlocked_lean_deg: float
    """More of both with the bar in the hands."""
    arm_deg: float
    """Elbow flexion."""
    knee_power: float
    """Above 1 the knees straighten early."""
    lean_power: float
    """Above 1 the back rises late."""


def draw_pull(body: Body, rng: np.random.Generator, faults: frozenset) -> Pull:
    """Draw stance and grip, then find the bend that brings the hands down to the bar."""
    is_sumo = rng.random() < 0.25
    stance = rng.uniform(0.60, 0.80) if is_sumo else rng.uniform(0.24, 0.38)
    grip = rng.uniform(0.20, 0.24) if is_sumo else stance / 2 + rng.uniform(0.09, 0.13)
    bar_x, ahead = rng.uniform(0.055, 0.085), rng.uniform(0.0, 0.045)
    shank = rng.uniform(0, 5) if is_sumo else rng.uniform(4, 12)
    wrist_height = rng.uniform(0.27, 0.31)
    knee = np.linspace(25.0, 125.0, 401)
    hip_x, hip_z = hips_over_ankles(body, knee, shank, stance)
    length = trunk_line(body, _BACK_BEND_DEG)[0]
    lean = np.arcsin(np.clip((bar_x + ahead - hip_x) / length, -1, 1))
    shoulder_z = body.ankle_height_m + hip_z + length * np.cos(lean)
    arm = rng.uniform(*_BENT_ARM_DEG) if "arms_bent" in faults else _ARM_DEG
    height = shoulder_z - arm_drop(body, ahead, grip, arm)
    i_floor = int(np.argmin(np.abs(height - wrist_height)))
    is_shooting, is_unlocked = "hips_shoot_up" in faults, "missed_lockout" in faults
    return Pull(
        stance_m=stance, toe_out_deg=rng.uniform(28, 42) if is_sumo else rng.uniform(4, 18),
        grip_half_m=grip, bar_x=bar_x, shoulder_ahead_m=ahead, knee_deg=float(knee[i_floor]),
        lean_deg=float(np.degrees(lean[i_floor])), top_knee_deg=rng.uniform(4, 7),
        top_lean_deg=rng.uniform(-5, 1),
        knee_power=rng.uniform(3.0, 3.8) if is_shooting else rng.uniform(1.35, 1.7),
        lean_power=rng.uniform(2.4, 3.0) if is_shooting else rng.uniform(1.5, 1.9),
        unlocked_knee_deg=rng.uniform(*_UNLOCKED_KNEE_DEG) if is_unlocked else 0.0,
        unlocked_lean_deg=rng.uniform(*_UNLOCKED_LEAN_DEG) if is_unlocked else 0.0, arm_deg=arm,
    )  # fmt: skip


def arm_drop(body: Body, forward_m, grip_half_m: float, arm_deg: float = _ARM_DEG) -> np.ndarray:
    """How far below the shoulder the wrist of a nearly straight, or a bent, arm hangs."""
    reach = reach_m(body.upper_arm_m, body.forearm_m, arm_deg)
    aside = grip_half_m - body.shoulder_half_m
    return np.sqrt(reach**2 - np.square(forward_m) - aside**2)


def deadlift(body: Body, rng: np.random.Generator, num_reps: int, faults: frozenset, fps: float):
    """Returns xyz (F, 25, 3) in the athlete's frame and the marks."""
    pull = draw_pull(body, rng, faults)
    tempo = Tempo(rng.uniform(1.0, 1.8), rng.uniform(0.1, 0.8), rng.uniform(0.9, 1.7),
                  rng.choice([0.06, 0.5]) + rng.uniform(0, 0.6), depth_spread=0.0)  # fmt: skip
    approach = make_approach(rng, settle_s=0.4 + _BEND_S + _GRIP_S, leave_s=0.5 + _RISE_S)
    rhythm = make_rhythm(rng, tempo, num_reps, approach.lead_s, approach.tail_s, fps)
    feet = approach_and_leave(body, rhythm, approach, pull.stance_m, pull.toe_out_deg)
    gripping, up = _grip_and_height(rhythm, approach.leave_s)
    sway = make_sway(rng, rhythm.num_frames, fps, amount=0.6)
    shift = (rng.choice([-1, 1]) * rng.uniform(0.05, 0.08) if "asymmetric" in faults
             else rng.normal(0, 0.005))  # fmt: skip
    base = carried_over(body, feet, fps)
    hip, lean = _hips(body, pull, up, gripping, "hips_shoot_up" in faults)
    lean = lean + (1 - gripping) * up * (3 - pull.top_lean_deg)  # no leaning back while walking
    aside = shift * (1 - up)
    hip = hip + np.stack([base[:, 0] + sway.x_m, base[:, 1] + sway.y_m + aside, 0 * up], -1)
    trunk = upright_trunk(
        body, hip, lean, _BACK_BEND_DEG * (1 - 0.5 * up), sway, roll_deg=-50 * aside,
        head_deg=rng.uniform(-8, 5) + rng.uniform(0.25, 0.7) * lean, feet=feet,
    )  # fmt: skip
    bar_x = base[:, 0] + pull.bar_x + 0.035 * smooth_step(up)
    inward = rng.uniform(-3, 2)
    if "knees_in" in faults:
        inward = pull.toe_out_deg + rng.uniform(9, 14)
    knee_yaw = knees_over_toes(body, trunk, feet) - SIDE_SIGN[:, None] * inward * (1 - up)
    # They slide along the thighs as one bends down to the bar or gets up without it.
    on_thighs = hands_on_thighs(
        body, trunk, pose_legs(body, trunk, feet, knee_yaw)[0], 0.3 + 0.5 * (1 - up)
    )
    free = blend_arms(hanging_arms(body, trunk, feet), on_thighs, smooth_step((1 - up) / 0.35))
    arms = blend_arms(free, _on_bar(body, trunk, pull, bar_x), gripping)
    return assemble(body, trunk, feet, arms, knee_yaw), rhythm.marks


def _grip_and_height(rhythm: Rhythm, leave_s: float) -> tuple[np.ndarray, np.ndarray]:
    """(F,) hands on the bar 0 to 1; and how far up the athlete is, 0 at the floor, 1 standing."""
    (start, stop), fps, num_frames = rhythm.work, rhythm.fps, rhythm.num_frames
    down = start - _GRIP_S * fps
    rise = stop + 0.3 * fps
    up = rhythm.phase + 1 - ramp(num_frames, down - _BEND_S * fps, down)
    up = up + ramp(num_frames, rise, rise + _RISE_S * fps)
    gripping = ramp(num_frames, down - 0.45 * _BEND_S * fps, down)
    gripping = gripping * (1 - ramp(num_frames, rise - 0.2 * fps, rise + 0.4 * _RISE_S * fps))
    return gripping, up


def _hips(body: Body, pull: Pull, up: np.ndarray, gripping: np.ndarray, is_shooting: bool):
    """Middle of the hips (F, 3) from the middle of the ankles on the floor, and the lean (F,)."""
    left = 1 - np.clip(up, 0, 1)
    top_knee = pull.top_knee_deg + pull.unlocked_knee_deg * gripping
    knee = top_knee + (pull.knee_deg - top_knee) * left**pull.knee_power
    back = 1 - (1 - left) ** pull.lean_power
    top_lean = pull.top_lean_deg + pull.unlocked_lean_deg * gripping
    lean = top_lean + (pull.lean_deg - top_lean) * back
    if is_shooting:
        lean = lean + 16 * smooth_step(up / 0.3) * (1 - smooth_step((up - 0.3) / 0.6))
    length = trunk_line(body, _BACK_BEND_DEG * (1 - 0.5 * up))[0]
    shoulder_x = pull.bar_x + pull.shoulder_ahead_m * left - 0.045 * (1 - left)
    hip_x = shoulder_x - length * np.sin(np.radians(lean))
    flat_x, flat_z = hips_over_ankles(body, knee, 0.5 * knee, pull.stance_m)
    hip_z = np.sqrt(flat_x**2 + flat_z**2 - hip_x**2) + body.ankle_height_m
    return np.stack([hip_x, 0 * hip_x, hip_z], -1), lean


def _on_bar(body: Body, trunk: Trunk, pull: Pull, bar_x: np.ndarray) -> Arms:
    """Arms down to the bar, straight but for a fault."""
    y = SIDE_SIGN[:, None] * pull.grip_half_m + trunk.joints["neck"][:, 1]
    x = np.broadcast_to(bar_x, y.shape)
    flat = np.stack([x, y], -1) - trunk.shoulders[..., :2]
    reach = reach_m(body.upper_arm_m, body.forearm_m, pull.arm_deg)
    z = trunk.shoulders[..., 2] - np.sqrt(reach**2 - (flat**2).sum(-1))
    wrist = np.stack([x, y, z], -1)
    pole = np.zeros_like(wrist) + [-1.0, 0, 0] + 0.4 * SIDE_SIGN[:, None, None] * [0, 1.0, 0]
    thumb = np.zeros_like(wrist) - SIDE_SIGN[:, None, None] * [0, 1.0, 0]
    return Arms(wrist, pole, thumb)
