"""Four lifts as closed forms of a phase p: 0 = unloaded position, 1 = loaded. See lift_suite.body.

Each builder takes a body, a lifter's style, a Script of T frames and faults, and gives Controls.
"""

import numpy as np

from benchmarks.lift_suite import body as make
from benchmarks.lift_suite.body import SIDES, SIGN, Body, Controls, X, Y, Z, chord, ramp, reach, vec
from benchmarks.lift_suite.style import Faults, Script, Style

BENCH_M, TOES_M, WRIST_M, PLATE_GRIP_M = 0.47, 0.12, 0.05, 0.29
"""Heights over the floor: hips on a bench, ankles on toes, wrists on flat hands, wrists at a bar
that lies on full plates."""


def _bump(share: np.ndarray, full: float, until: float, gone: float) -> np.ndarray:
    """0 at share 0, 1 from `full` to `until`, 0 from `gone` on."""
    return ramp(share / full) * (1 - ramp((share - until) / (gone - until)))


def _over_ankles(knee_m: np.ndarray, root_y: np.ndarray, aside_m: float) -> np.ndarray:
    """(T,) height of the hips for the wanted chord from hip to ankle."""
    return make.ANKLE_M + np.sqrt(np.maximum(knee_m**2 - root_y**2 - aside_m**2, 0.01))


def _feet(stance_m: float) -> np.ndarray:
    return SIGN * stance_m / 2 * X + make.ANKLE_M * Z


def _knee_pole(out_rad: np.ndarray) -> np.ndarray:
    """(T, 2, 3) both knees turned outwards by (T,) radians."""
    return np.stack([vec((np.cos(out_rad), Y), (s * np.sin(out_rad), X)) for _, s in SIDES], 1)


def _toes_out(style: Style) -> float:
    return float(np.radians(np.clip(10 + 60 * (style.stance_m - 0.3), 5, 40)))


def _valgus(body: Body, style: Style, knee_rad: np.ndarray, inwards_m: np.ndarray) -> np.ndarray:
    """(T, 2, 3) pole of knees that are inwards_m further inwards."""
    radius = body.shank * body.thigh * np.sin(knee_rad) / chord(body, knee_rad)
    toes = _toes_out(style)
    return _knee_pole(np.arcsin(np.clip(np.sin(toes) - inwards_m / np.maximum(radius, 0.05),
                                        -0.98, 0.98)))  # fmt: skip


def squat(body: Body, style: Style, script: Script, faults: Faults) -> Controls:
    """Bar on the back and over the middle of the foot; the knee bends by depth_deg."""
    p, dose = script.phase, script.dose
    knee = np.radians(style.top_deg + (style.depth_deg - style.top_deg) * p)
    shin = style.shin_share * knee
    bar_y = make.MIDFOOT_M + 0.01
    root_y = body.shank * np.sin(shin) - body.thigh * np.sin(knee - shin) + 0.02 * (1 - p)
    lean = np.arcsin(np.clip((bar_y + style.bar_back_m - root_y) / body.trunk, -0.2, 0.95))
    more = faults.trunk_lean_deg * p + faults.hips_first_deg * _bump(script.lifted, 0.3, 0.45, 0.85)
    lean = lean + np.radians(more) * dose
    root_y = bar_y + style.bar_back_m - body.trunk * np.sin(lean)
    aside = style.stance_m / 2 - body.half_hips
    root = vec((root_y, Y), (_over_ankles(chord(body, knee), root_y, aside), Z))
    root = root + vec((faults.hip_shift_m * dose * p, X))
    inwards = faults.knee_valgus_m * dose * _bump(script.lifted, 0.15, 0.5, 0.9)
    ankles, roll = _uneven(body, knee, faults.knee_asymmetry_deg * dose * p, style)
    _, along, front = make.trunk_axes(np.zeros(len(p)), lean)
    bar = root + vec((body.trunk - 0.03, along), (-style.bar_back_m, front))
    wrists = bar[:, None] + SIGN * style.grip_m / 2 * X
    elbows = np.stack([vec((-1.0, along), (-0.6, front), (0.2 * s, X)) for _, s in SIDES], 1)
    return make.make_controls(root, ankles, _valgus(body, style, knee, inwards), wrists, elbows,
                              lean, pelvis_roll=roll)  # fmt: skip


def _uneven(body, knee_rad, right_more_deg, style) -> tuple[np.ndarray, np.ndarray]:
    """Ankles (T, 2, 3) and roll of the pelvis (T,) that bend the right knee more than the left.

    Half by a pelvis that drops to the right, half by a right heel that comes up.
    """
    slope = body.shank * body.thigh * np.sin(knee_rad) / chord(body, knee_rad)
    rise = slope * np.radians(right_more_deg)
    roll = -np.arcsin(np.clip(rise / 2 / (2 * body.half_hips), -0.5, 0.5))
    ankles = np.repeat(_feet(style.stance_m)[None], len(rise), 0)
    ankles[:, 1, 2] += rise / 2
    return ankles, roll


def _hang(body: Body, aside_m: float, ahead_m: np.ndarray, elbow_rad: float) -> np.ndarray:
    """(T,) how far below the shoulders the wrists are."""
    return np.sqrt(np.maximum(reach(body, elbow_rad) ** 2 - aside_m**2 - ahead_m**2, 0.01))


def _start_knee(body: Body, style: Style, elbow_rad: float, aside: float) -> float:
    """Bend of the knees in radians with which straight arms reach the bar, by bisection."""
    lean = np.radians(style.lean_deg)
    root_y = make.MIDFOOT_M + 0.06 - body.trunk * np.sin(lean)
    hang = _hang(body, style.grip_m / 2 - body.half_shoulders, np.array(-0.03), elbow_rad)
    low, high = np.radians(10.0), np.radians(125.0)
    for _ in range(30):
        knee = (low + high) / 2
        hips = _over_ankles(chord(body, knee), root_y, aside)
        too_high = hips + body.trunk * np.cos(lean) - hang > style.bar_low_m
        low, high = (knee, high) if too_high else (low, knee)
    return knee


def _on_straight_legs(body: Body, lean, neck_z, shoulder_y, aside: float) -> np.ndarray:
    """(T,) lean, less where the hips would have to be higher than straight legs carry them."""
    for _ in range(4):
        root_y = shoulder_y - body.trunk * np.sin(lean)
        highest = _over_ankles(chord(body, np.radians(3.0)) + 0 * lean, root_y, aside)
        lean = np.minimum(lean, np.arccos(np.clip((neck_z - highest) / body.trunk, -1, 1)))
    return lean


def deadlift(body: Body, style: Style, script: Script, faults: Faults) -> Controls:
    """p 1 = bar on the floor; straight arms, knees first and then hips."""
    p, dose = script.phase, script.dose
    aside = style.stance_m / 2 - body.half_hips
    elbow = np.radians(2.0) + np.radians(faults.arms_bent_deg) * dose
    start = _start_knee(body, style, float(elbow.max()), aside)
    knee = np.radians(3.0) + (start - np.radians(3.0)) * p**1.5
    lean_0, lean_1 = np.radians([1.0, style.lean_deg])
    # By rounding p exceeds 1 here and there.
    lean = lean_0 + (lean_1 - lean_0) * (1 - (1 - np.minimum(p, 1)) ** 2.5)
    bar_y = make.MIDFOOT_M + 0.03
    shoulder_y = bar_y + 0.03 * p - 0.06 * (1 - p)
    root_y = shoulder_y - body.trunk * np.sin(lean)
    root_z = _over_ankles(chord(body, knee), root_y, aside)
    neck_z = root_z + body.trunk * np.cos(lean)
    if faults.hips_shoot_deg:  # counted from the lean at lift-off
        more = np.radians(faults.hips_shoot_deg) + lean_1 - lean
        lean = lean + more * dose * _bump(script.lifted, 0.2, 0.4, 0.85)
    lean = _on_straight_legs(body, lean, neck_z, shoulder_y, aside)
    root = vec((shoulder_y - body.trunk * np.sin(lean), Y), (neck_z - body.trunk * np.cos(lean), Z))
    drift = faults.bar_drift_m * dose * np.sin(np.pi * script.lifted)
    ahead = bar_y + drift - shoulder_y
    hang = _hang(body, style.grip_m / 2 - body.half_shoulders, ahead, elbow)
    tilt = np.tan(np.radians(faults.bar_tilt_deg)) * dose * ramp((1 - p) / 0.2)
    low_z = (neck_z - hang)[:, None] + SIGN[:, 0] * style.grip_m / 2 * tilt[:, None]
    wrists = vec((bar_y + drift, Y))[:, None] + SIGN * style.grip_m / 2 * X + vec((low_z, Z))
    roll = np.arcsin(np.clip(style.grip_m / 2 * tilt / body.half_shoulders, -0.7, 0.7))
    return make.make_controls(root, _feet(style.stance_m), _knee_pole(_toes_out(style) + 0 * p),
                              wrists, SIGN * 0.3 * X - Y, lean, shoulder_roll=roll)  # fmt: skip


def _flared(flare_rad: np.ndarray, to_hips: np.ndarray) -> np.ndarray:
    """(T, 2, 3) elbows out by an angle from the direction of the hips (3,)."""
    return np.stack([vec((np.sin(flare_rad), s * X), (np.cos(flare_rad), to_hips))
                     for _, s in SIDES], 1)  # fmt: skip


def _flare(style: Style, script: Script, faults: Faults) -> np.ndarray:
    wanted = style.flare_deg if faults.flare_deg is None else faults.flare_deg
    return np.radians(style.flare_deg + (wanted - style.flare_deg) * script.dose)


def pushup(body: Body, style: Style, script: Script, faults: Faults) -> Controls:
    """Toes and hands on the floor; the body turns about the toes as the elbows bend."""
    p, dose = script.phase, script.dose
    elbow = np.radians(style.top_deg + (style.depth_deg - style.top_deg) * p)
    flare = _flare(style, script, faults)
    aside = body.half_shoulders + 0.45 * body.upper_arm * np.sin(np.radians(style.flare_deg))
    arm = np.sqrt(reach(body, elbow) ** 2 - (aside - body.half_shoulders) ** 2)
    legs = np.sqrt(chord(body, np.radians(3.0)) ** 2 - (style.stance_m / 2 - body.half_hips) ** 2)
    sag = np.radians(style.sag_deg + faults.sag_deg * dose * ramp(2 * p))
    line = np.sqrt(legs**2 + body.trunk**2 + 2 * legs * body.trunk * np.cos(sag))
    top = np.sqrt((legs + body.trunk) ** 2 - (arm.max() + WRIST_M - TOES_M) ** 2)
    hands_y = top - 0.25 * body.upper_arm * np.cos(np.radians(style.flare_deg))
    toes, hands = np.array([0.0, TOES_M]), np.array([hands_y, WRIST_M])
    far = float(np.hypot(*(hands - toes)))
    turn = np.arccos(np.clip((line**2 + far**2 - arm**2) / (2 * line * far), -1, 1))
    rise = np.arctan2(*(hands - toes)[::-1]) + turn
    # The hips lie off the line from toes to shoulders by the sag: below it where it is positive.
    thigh_rise = rise - np.arcsin(np.clip(body.trunk * np.sin(sag) / line, -1, 1))
    trunk_rise = thigh_rise + sag
    root = vec((legs * np.cos(thigh_rise), Y), (TOES_M + legs * np.sin(thigh_rise), Z))
    ankles = SIGN * style.stance_m / 2 * X + TOES_M * Z
    wrists = SIGN * aside * X + hands_y * Y + WRIST_M * Z
    return make.make_controls(root, ankles, -Z + 0 * SIGN, wrists, _flared(flare, -Y + 0.4 * Z),
                         np.pi / 2 - trunk_rise)  # fmt: skip


def bench_press(body: Body, style: Style, script: Script, faults: Faults) -> Controls:
    """On the back, head towards -y; from over the shoulders to the lower chest."""
    p, dose = script.phase, script.dose
    elbow = np.radians(style.top_deg + (style.depth_deg - style.top_deg) * p)
    arch = np.radians(8.0)
    root = np.repeat((BENCH_M + 0.09) * Z[None], len(p), 0)
    neck = root[0] + body.trunk * (-np.cos(arch) * Y + 0.3 * np.sin(arch) * Z)
    lean = -np.arccos(0.3 * np.sin(arch)) * np.ones(len(p))
    aside = style.grip_m / 2 - body.half_shoulders
    towards_hips = 0.02 + 0.10 * p
    over = np.sqrt(np.maximum(reach(body, elbow) ** 2 - aside**2 - towards_hips**2, 0.0025))
    tilt = np.tan(np.radians(faults.bar_tilt_deg)) * dose * script.lifted * (1 - script.lifted) * 4
    bar = neck + vec((towards_hips, Y), (over, Z))
    rise = SIGN[:, 0] * style.grip_m / 2 * tilt[:, None]
    wrists = bar[:, None] + SIGN * style.grip_m / 2 * X + vec((rise, Z))
    apart = SIGN * max(style.stance_m / 2, 0.2) * X
    knee_line = (body.thigh * 0.96) * Y
    ankles = root[0] + knee_line + apart - 0.02 * Y
    ankles[:, 2] = make.ANKLE_M
    flare = _flare(style, script, faults)
    return make.make_controls(root, ankles, Y + 1.5 * Z + SIGN * 0.3 * X, wrists,
                         _flared(flare, Y) - 0.5 * Z, lean)  # fmt: skip


LIFTS = {"squat": squat, "deadlift": deadlift, "pushup": pushup, "bench_press": bench_press}
