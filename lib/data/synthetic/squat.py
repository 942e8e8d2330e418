"""Squat: feet planted, bar over the middle of the foot; a repetition starts standing."""


import numpy as np

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import (
    SIDE_SIGN,
    Arms,
    Trunk,
    assemble,
)
from lib.data.synthetic.posture import (
    arms_along,
    balanced_lean,
    hips_over_ankles,
    hold,
    make_sway,
    raised,
    upright_trunk,
)
from lib.data.synthetic.rhythm import Rhythm, Tempo, bump, make_rhythm, ramp, smooth_step
from lib.data.synthetic.setup import approach_and_leave, make_approach
from lib.data.synthetic.stance import carried_over

# Left-side places from the neck base in the thorax frame, as ratios of stature where lengths.
_HOLDS = {
    # name: (wrist forward, sideways, up; elbow pole; thumb pole; bar in front of the shoulders)
    "high bar": ((-0.030, 0.190, -0.018), (-0.5, 0.2, -1.0), (0.2, -1.0, 0.0), -0.045),
    "low bar": ((-0.042, 0.215, -0.042), (-0.8, 0.3, -0.8), (0.2, -1.0, 0.0), -0.075),
    "front": ((0.085, 0.112, 0.012), (1.0, 0.2, -0.3), (0.0, -1.0, 0.2), 0.06),
    "goblet": ((0.120, 0.030, -0.045), (-0.2, 0.5, -1.0), (1.0, 0.0, 0.3), 0.16),
}  # fmt: skip
_HOLD_CHANCE = {"high bar": 0.42, "low bar": 0.25, "front": 0.1, "goblet": 0.1, "none": 0.13}


def squat(body: Body, rng: np.random.Generator, num_reps: int, faults: frozenset, fps: float):
    """Returns xyz (F, 25, 3) in the athlete's frame and the marks."""
    held = str(rng.choice(list(_HOLD_CHANCE), p=list(_HOLD_CHANCE.values())))
    depth = rng.uniform(45, 62) if "shallow" in faults else rng.uniform(82, 122)
    stance = rng.uniform(0.26, 0.52) if held != "low bar" else rng.uniform(0.34, 0.62)
    toe_out = float(np.clip(rng.normal(12 + 28 * (stance - 0.3), 6), 0, 38))
    tempo = Tempo(rng.uniform(0.9, 2.2), rng.choice([0.0, 0.1, 0.4]) + rng.uniform(0.04, 0.2),
                  rng.uniform(0.8, 1.6), rng.uniform(0.2, 1.2), depth_spread=0.015)  # fmt: skip
    approach = make_approach(rng, backwards_in=True)
    rhythm = make_rhythm(rng, tempo, num_reps, approach.lead_s, approach.tail_s, fps)
    feet = approach_and_leave(body, rhythm, approach, stance, toe_out)
    num_frames = rhythm.num_frames

    rising = rhythm.phase * bump(np.clip(rhythm.back / 0.85, 0, 1)) if num_reps else rhythm.phase
    early = rising if "hips_shoot_up" in faults else 0 * rising
    standing_knee = rng.uniform(4, 8)
    under_rack = 14 * (1 - ramp(num_frames, 0.1 * fps, 0.7 * fps))
    under_rack += 14 * ramp(num_frames, num_frames - 0.7 * fps, num_frames - 0.1 * fps)
    knee = standing_knee + (depth - standing_knee) * rhythm.phase * (1 - 0.22 * early)
    knee = knee + (under_rack if "bar" in held else 0.0)
    bent = np.clip((knee - standing_knee) / (depth - standing_knee), 0, 1.1)
    most_shank = np.clip(rng.normal(27, 4), 18, 36) + 0.12 * (depth - 90)
    shank = 3.5 + (most_shank - 3.5) * (1 - (1 - np.minimum(bent, 1)) ** 1.7)
    shank = shank * (1 - 0.55 * early)
    hip_x, hip_z = hips_over_ankles(body, knee, shank, stance)
    load = 0.0 if held == "none" else rng.uniform(0.1, 0.25) if held == "goblet" else (
        rng.uniform(0.3, 1.1))  # fmt: skip
    bar_x = _HOLDS[held][3] if held in _HOLDS else 0.0
    # Unloaded, the arms go forward and take part in the balance.
    load, bar_x = (load, bar_x) if held != "none" else (0.06, 0.45 * 1.0)
    lean = balanced_lean(body, hip_x, shank, load, 0.035, bar_x) + 6 * early

    sway = make_sway(rng, num_frames, fps)
    shift = (rng.choice([-1, 1]) * rng.uniform(0.05, 0.08) if "asymmetric" in faults
             else rng.normal(0, 0.006))  # fmt: skip
    base = carried_over(body, feet, fps)
    hip = np.stack([
        base[:, 0] + hip_x + sway.x_m,
        base[:, 1] + sway.y_m + shift * rhythm.phase,
        hip_z + body.ankle_height_m,
    ], -1)  # fmt: skip
    roll = -40 * shift * rhythm.phase
    bend = rng.uniform(-4, 4) + rng.uniform(0, 8) * rhythm.phase
    trunk = upright_trunk(body, hip, lean, bend, sway, roll_deg=roll, feet=feet,
                          head_deg=rng.uniform(-6, 6) + rng.uniform(0.0, 0.5) * lean)  # fmt: skip
    if held == "none":
        arms = _reach_forward(body, trunk, rhythm)
    else:
        arms = hold(trunk, np.multiply(_HOLDS[held][0], body.stature_m), *_HOLDS[held][1:3])
    inward = rng.uniform(20, 30) if "knees_in" in faults else rng.uniform(-4, 2)
    caving = rhythm.phase * (1 + 0.5 * rising)
    knee_yaw = -SIDE_SIGN[:, None] * inward * caving
    return assemble(body, trunk, feet, arms, knee_yaw), rhythm.marks


def _reach_forward(body: Body, trunk: Trunk, rhythm: Rhythm) -> Arms:
    up = 8 + 78 * smooth_step(rhythm.phase / 0.8)
    upper = raised(up, 30 + 50 * smooth_step(rhythm.phase / 0.5))
    fore = raised(up + 10, 60 + 28 * smooth_step(rhythm.phase / 0.5))
    return arms_along(body, trunk, upper, fore, [0.3, -0.6, 0.7])
