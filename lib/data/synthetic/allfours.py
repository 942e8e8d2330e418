"""Mule kick: on hands and knees, one leg kicks back and up, then the other."""

import numpy as np

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import (
    SIDE_SIGN,
    Feet,
    ankle_from_toe,
    apply,
    assemble,
    flat_toe_height,
    rotation,
)
from lib.data.synthetic.posture import make_sway, trunk_line, upright_trunk
from lib.data.synthetic.pushup import WRIST_HEIGHT_M, planted_hands
from lib.data.synthetic.rhythm import Tempo, drift, make_rhythm

_KNEE_HEIGHT_M = 0.055


def mule_kick(body: Body, rng: np.random.Generator, num_reps: int, fps: float):
    """Hands planted, the resting knee and toes on the floor. Returns xyz (F, 25, 3) and marks."""
    tempo = Tempo(rng.uniform(0.7, 1.2), rng.uniform(0.05, 0.4), rng.uniform(0.7, 1.2),
                  rng.uniform(0.1, 0.4))  # fmt: skip
    rhythm = make_rhythm(rng, tempo, num_reps, rng.uniform(0.8, 1.6), rng.uniform(0.8, 1.6), fps)
    num_frames = rhythm.num_frames
    hand_half = body.shoulder_half_m * rng.uniform(0.9, 1.15)
    shoulder_z = WRIST_HEIGHT_M + 0.985 * np.sqrt(
        body.arm_m**2 - (hand_half - body.shoulder_half_m) ** 2
    )
    thigh_tilt = rng.uniform(-4, 4)
    hip_z = _KNEE_HEIGHT_M + body.thigh_m * np.cos(np.radians(thigh_tilt))
    bend = 4.0
    length = trunk_line(body, bend)[0]
    lean = np.degrees(np.arccos((shoulder_z - hip_z) / length))
    hip = np.array([-length * np.sin(np.radians(lean)), 0.0, hip_z])
    hip = np.tile(hip, (num_frames, 1)) + drift(rng, num_frames, fps, np.full(3, 0.002)).T

    side = (np.arange(max(num_reps, 1)) // max(1, (num_reps + 1) // 2) + rng.integers(2)) % 2
    kick = np.zeros((2, num_frames))
    for i_side in range(2):
        kick[i_side] = rhythm.phase * (side[rhythm.rep] == i_side) * (rhythm.rep >= 0)
    feet = _feet(body, rng, hip, thigh_tilt, kick)
    sway = make_sway(rng, num_frames, fps, amount=0.0)
    roll = 4 * (kick[1] - kick[0])
    trunk = upright_trunk(body, hip, np.full(num_frames, lean), bend, sway, roll_deg=roll,
                          head_deg=lean - rng.uniform(0, 30))  # fmt: skip
    return assemble(body, trunk, feet, planted_hands(body, num_frames, hand_half, 30.0)), (
        rhythm.marks
    )


def _feet(body: Body, rng: np.random.Generator, hip, thigh_tilt, kick) -> Feet:
    """Feet of kneeling legs, carried by the kicking one. kick (S, F), 0 to 1."""
    flat = ankle_from_toe(body)
    kneel_pitch = rng.uniform(66, 76)
    ankle_height = flat_toe_height() + (rotation(0, kneel_pitch) @ flat)[2]
    kneel_shank = 90 + np.degrees(np.arcsin((ankle_height - _KNEE_HEIGHT_M) / body.shank_m))
    # Directions in the sagittal plane: 0 hangs down, 90 points back.
    thigh = thigh_tilt + (rng.uniform(78, 98) - thigh_tilt) * kick
    shank = kneel_shank + rng.uniform(0, 16) * kick
    shank = np.maximum(shank, thigh + 4)
    pitch = kneel_pitch + (rng.uniform(48, 90) - kneel_pitch + 20) * kick
    at_hip = np.stack([hip + [0, s * body.hip_half_m, 0] for s in SIDE_SIGN])
    still = np.stack([hip[:1] + [0, s * body.hip_half_m, 0] for s in SIDE_SIGN])
    away = body.thigh_m * _backward(thigh) + body.shank_m * _backward(shank)
    resting = (1 - np.minimum(kick / 0.1, 1))[..., None]
    ankle = resting * still + (1 - resting) * at_hip + away
    return Feet(ankle - apply(rotation(0, pitch), flat), np.zeros_like(pitch), pitch)


def _backward(angle_deg) -> np.ndarray:
    """Unit vectors (..., 3) in the sagittal plane; 0 hangs down, 90 points back."""
    angle = np.radians(angle_deg)
    return np.stack([-np.sin(angle), 0 * angle, -np.cos(angle)], -1)
