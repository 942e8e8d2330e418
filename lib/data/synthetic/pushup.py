"""Push-ups: hands and toes planted, shoulders, hips and ankles nearly in line.

A repetition starts with straight arms. Before and after the set the athlete is on hands and
knees and steps back into the plank, and forward out of it.
"""

from dataclasses import dataclass

import numpy as np

from lib.data.synthetic.bodies import Body
from lib.data.synthetic.chain import (
    SIDE_SIGN,
    Arms,
    Feet,
    ankle_from_toe,
    assemble,
    flat_toe_height,
    reach_m,
    rotation,
    two_bone,
)
from lib.data.synthetic.posture import make_sway, trunk_line, upright_trunk
from lib.data.synthetic.rhythm import Tempo, bump, draw_depth, drift, make_rhythm, ramp

WRIST_HEIGHT_M = 0.045
_KNEE_HEIGHT_M = 0.055
_LEG_DEG = 4.0
_STEP_S = 0.6
_DEPTH_DEG = {"shallow": (50, 65), "deep": (110, 140), "": (85, 112)}
"""Elbow flexion at the bottom, as asked for or not; at 140 the chest is nearly on the floor."""

_UNLOCKED_DEG = (12, 40)
"""More elbow flexion between repetitions, of those who do not straighten their arms."""


@dataclass(frozen=True)
class Plank:
    """Shape of an athlete's plank; lengths in the sagittal plane."""

    foot_half_m: float
    leg_m: float
    """Middle of the ankles to middle of the hips."""
    trunk_m: float
    """Middle of the hips to mid-shoulder."""

    def length_m(self, hip_deg) -> np.ndarray:
        """Ankles to shoulders with the hips bent by hip_deg."""
        return reach_m(self.leg_m, self.trunk_m, hip_deg)


def pushup(body, rng, num_reps, faults, fps):
    """Hands wider than the shoulders. Returns xyz (F, 25, 3) and the marks."""
    hand_half = body.shoulder_half_m * rng.uniform(1.0, 1.55)
    return _pushups(body, rng, num_reps, faults, fps, hand_half, rng.uniform(18, 72))


def diamond_pushup(body, rng, num_reps, faults, fps):
    """Hands together under the chest. Returns xyz (F, 25, 3) and the marks."""
    return _pushups(body, rng, num_reps, faults, fps, rng.uniform(0.06, 0.09), rng.uniform(20, 45))


def _pushups(body: Body, rng, num_reps: int, faults: frozenset, fps: float, hand_half, flare_deg):
    top = rng.uniform(6, 14)
    bottom = draw_depth(rng, _DEPTH_DEG, faults)
    tempo = Tempo(rng.uniform(0.6, 1.6), rng.choice([0.0, 0.3]) + rng.uniform(0, 0.15),
                  rng.uniform(0.5, 1.2), rng.uniform(0.08, 0.7), depth_spread=0.03)  # fmt: skip
    idle_s, settle_s = rng.uniform(0.4, 1.2), rng.uniform(0.4, 1.0)
    edge_s = idle_s + 2 * _STEP_S + settle_s
    rhythm = make_rhythm(rng, tempo, num_reps, edge_s, edge_s, fps)
    num_frames, phase = rhythm.num_frames, rhythm.phase
    foot_half = rng.uniform(0.03, 0.15)

    if "missed_lockout" in faults:
        top = top + rng.uniform(*_UNLOCKED_DEG) * rhythm.in_set()
    elbow = top + (bottom - top) * phase + np.abs(drift(rng, num_frames, fps, 0.8))
    shift = (rng.choice([-1, 1]) * rng.uniform(0.04, 0.07) if "asymmetric" in faults
             else rng.normal(0, 0.004))  # fmt: skip
    aside = shift * phase + drift(rng, num_frames, fps, 0.002)
    plank = _make_plank(body, foot_half, float(np.abs(aside).max()))
    ahead = rng.uniform(-3, 4) + rng.uniform(3, 12) * phase
    shoulder = _shoulders(body, elbow, ahead, hand_half, aside)
    sag = rng.uniform(-7, 4) + (rng.uniform(20, 28) * (0.35 + 0.65 * phase)
                                if "hip_sag" in faults else 3 * phase)  # fmt: skip
    sag = sag + drift(rng, num_frames, fps, 0.8)

    toe_x = _toe_place(body, plank, shoulder[0], sag[0], rng.uniform(68, 84))
    pitch, hip = _legs(body, plank, shoulder, sag, toe_x)
    line = shoulder - hip
    lean = np.degrees(np.arctan2(line[:, 0], line[:, 2]))
    feet, lean = _hands_and_knees(body, plank, rhythm, settle_s, shoulder, toe_x, pitch, lean, rng)
    angle = np.radians(lean)
    hip = shoulder - plank.trunk_m * np.stack([np.sin(angle), 0 * angle, np.cos(angle)], -1)

    sway = make_sway(rng, num_frames, fps, amount=0.0)
    head_pitch = lean - rng.uniform(0, 30) + drift(rng, num_frames, fps, 3.0)
    trunk = upright_trunk(body, hip, lean, 3.0, sway, head_deg=head_pitch)
    return assemble(body, trunk, feet, planted_hands(body, num_frames, hand_half, flare_deg)), (
        rhythm.marks
    )


def _make_plank(body: Body, foot_half_m: float, aside_m: float) -> Plank:
    """A plank in which both legs reach their feet with the hips up to aside_m off the middle."""
    across = abs(foot_half_m - body.hip_half_m) + aside_m
    leg = reach_m(body.thigh_m, body.shank_m, _LEG_DEG)
    return Plank(foot_half_m, float(np.sqrt(leg**2 - across**2)), trunk_line(body, 3.0)[0])


def _shoulders(body: Body, elbow_deg, ahead_deg, hand_half: float, aside_m) -> np.ndarray:
    """Mid-shoulder (F, 3) over wrists at x = 0, ahead_deg in front of the vertical."""
    reach = reach_m(body.upper_arm_m, body.forearm_m, elbow_deg)
    across = np.abs(hand_half - body.shoulder_half_m) + np.abs(aside_m)
    radius = np.sqrt(reach**2 - across**2)
    angle = np.radians(ahead_deg)
    return np.stack([radius * np.sin(angle), aside_m, WRIST_HEIGHT_M + radius * np.cos(angle)], -1)


def _toe_place(body: Body, plank: Plank, shoulder, sag_deg, pitch_deg) -> float:
    """x of the toes that gives feet raised by pitch_deg under the shoulders (3,) of the top."""
    ankle = rotation(0, pitch_deg) @ ankle_from_toe(body)
    drop = shoulder[2] - ankle[2] - flat_toe_height()
    return float(shoulder[0] - np.sqrt(plank.length_m(sag_deg) ** 2 - drop**2) - ankle[0])


def _legs(body: Body, plank: Plank, shoulder, sag_deg, toe_x) -> tuple[np.ndarray, np.ndarray]:
    """Heel raise (F,) and middle of the hips (F, 3) between planted toes and the shoulders."""
    flat = ankle_from_toe(body)
    start = np.stack([np.full(len(shoulder), toe_x), shoulder[:, 1],
                      np.full(len(shoulder), flat_toe_height())], -1)  # fmt: skip
    first = float(np.linalg.norm(flat))
    ankle = two_bone(start, shoulder, first, plank.length_m(sag_deg)[:, None], [0.0, 0, 1])[0]
    heel = ankle - start
    pitch = np.degrees(np.arctan2(flat[2], flat[0]) - np.arctan2(heel[:, 2], heel[:, 0]))
    line = shoulder - ankle
    angle = np.arctan2(line[:, 2], line[:, 0])
    length = np.hypot(line[:, 0], line[:, 2])
    down = np.arcsin(plank.trunk_m * np.sin(np.radians(sag_deg)) / length)
    hip = ankle + plank.leg_m * np.stack(
        [np.cos(angle - down), 0 * angle, np.sin(angle - down)], -1
    )
    return pitch, hip


def _hands_and_knees(body, plank, rhythm, settle_s, shoulder, toe_x, pitch, lean, rng):
    """Feet (planted in the set) and lean (F,) with the steps from and to hands and knees."""
    fps, num_frames, (start, stop) = rhythm.fps, rhythm.num_frames, rhythm.work
    step = _STEP_S * fps
    kneel_pitch = rng.uniform(62, 75)
    ankle = rotation(0, kneel_pitch) @ ankle_from_toe(body)
    ankle_height = ankle[2] + flat_toe_height()
    thigh_drop = np.sqrt(body.thigh_m**2 - (plank.foot_half_m - body.hip_half_m) ** 2)
    hip_height = _KNEE_HEIGHT_M + thigh_drop - 0.01
    kneel_lean = np.degrees(np.arccos((shoulder[0, 2] - hip_height) / plank.trunk_m))
    hip_x = shoulder[0, 0] - plank.trunk_m * np.sin(np.radians(kneel_lean))
    knee_x = hip_x - np.sqrt(max(thigh_drop**2 - (hip_height - _KNEE_HEIGHT_M) ** 2, 0))
    kneel_x = knee_x - np.sqrt(body.shank_m**2 - (ankle_height - _KNEE_HEIGHT_M) ** 2) - ankle[0]
    i_first = int(rng.integers(2))
    toe, raise_deg, plank_ness = np.zeros((2, num_frames, 3)), np.zeros((2, num_frames)), 0.0
    for i in range(2):
        i_side = (i_first + i) % 2
        into = start - settle_s * fps - (2 - i) * step
        out = stop + settle_s * fps + i * step
        back = ramp(num_frames, into, into + 0.9 * step)
        back = back - ramp(num_frames, out, out + 0.9 * step)
        flight = sum(bump((np.arange(num_frames) - t) / (0.9 * step)) for t in (into, out))
        toe[i_side] = np.stack([kneel_x + (toe_x - kneel_x) * back,
                                np.full(num_frames, SIDE_SIGN[i_side] * plank.foot_half_m),
                                flat_toe_height() + 0.05 * flight], -1)  # fmt: skip
        raise_deg[i_side] = kneel_pitch + (pitch - kneel_pitch) * back
        plank_ness = plank_ness + back / 2
    feet = Feet(toe, np.zeros((2, num_frames)), raise_deg)
    return feet, kneel_lean + (lean - kneel_lean) * plank_ness


def planted_hands(body: Body, num_frames: int, hand_half: float, flare_deg: float) -> Arms:
    """Palms on the floor at x = 0, fingers forward and a little inward."""
    shape = (2, num_frames, 3)
    sign = SIDE_SIGN[:, None, None]
    wrist = np.broadcast_to(sign * [0, hand_half, 0] + [0, 0, WRIST_HEIGHT_M], shape)
    flare = np.radians(flare_deg)
    pole = np.broadcast_to(sign * [0, np.sin(flare), 0] + [-np.cos(flare), 0, 0.0], shape)
    drop = (WRIST_HEIGHT_M - 0.012) / body.hand_m
    finger = np.broadcast_to(sign * [0, -0.12, 0] + [1.0, 0, -drop], shape)
    return Arms(wrist, pole, np.broadcast_to(sign * [0, -1.0, 0], shape), finger)
