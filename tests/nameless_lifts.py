"""Exercises that configs/exercises does not know, as functions of a phase like moving_body's."""

import numpy as np
from moving_body import (
    FOREARM,
    HALF_HIPS,
    HALF_SHOULDERS,
    SHANK,
    THIGH,
    TRUNK,
    UPPER_ARM,
    X,
    Y,
    Z,
    _along,
    _body,
    _legs,
    as_pose,
    noisy,
    phase_of,
    seen_by,
)  # fmt: skip

SIDES = (("l", -1), ("r", 1))


def _standing(num, lean_deg=0.0, knee_deg=5.0):
    root, knees, ankles, _ = _legs(np.full(num, knee_deg), 0.26, 0.4)
    return root, np.full(num, np.radians(lean_deg)), knees, ankles


def overhead_press(phase):
    """Hands from beside the shoulders to overhead."""
    root, lean, knees, ankles = _standing(len(phase))
    reach = 0.18 + (UPPER_ARM + FOREARM - 0.19) * np.clip(phase, 0, 1)
    top = root + TRUNK * Z
    wrists = {s: top + _along((reach, Z)) + sign * (HALF_SHOULDERS + 0.05) * X + 0.08 * Y
              for s, sign in SIDES}  # fmt: skip
    return _body(root, lean, knees, ankles, wrists, {s: sign * X for s, sign in SIDES})


def curl(phase):
    """Upper arms still, elbows to 130 degrees."""
    root, lean, knees, ankles = _standing(len(phase))
    bend = np.radians(10 + 120 * phase)
    wrists = {}
    for s, sign in SIDES:
        elbow = root + (TRUNK - UPPER_ARM) * Z + sign * HALF_SHOULDERS * X
        wrists[s] = elbow + FOREARM * _along((np.sin(bend), Y), (-np.cos(bend), Z))
    return _body(root, lean, knees, ankles, wrists, -Y)


def row(phase):
    """Bent over, hands from hanging to the belly."""
    root, lean, knees, ankles = _standing(len(phase), 60.0, 25.0)
    neck = root + TRUNK * _along((np.sin(lean), Y), (np.cos(lean), Z))
    reach = UPPER_ARM + FOREARM - 0.01 - 0.38 * phase
    wrists = {s: neck - _along((reach, Z)) + sign * HALF_SHOULDERS * X - 0.05 * Y
              for s, sign in SIDES}  # fmt: skip
    return _body(root, lean, knees, ankles, wrists, {s: -Y + sign * 0.4 * X for s, sign in SIDES})


def split_squat(phase):
    """One foot 0.75 m before the other, both knees bending; the hips go down between them."""
    num = len(phase)
    root = _along((0.78 - 0.33 * phase, Z), (np.full(num, 0.375), Y))
    ankles = {"r": np.zeros((num, 3)) + 0.75 * Y + 0.08 * Z + HALF_HIPS * X,
              "l": np.zeros((num, 3)) + 0.08 * Z - HALF_HIPS * X}  # fmt: skip
    knees = {s: _knee(root + sign * HALF_HIPS * X, ankles[s]) for s, sign in SIDES}
    wrists = {s: root + 0.05 * Z + sign * 0.25 * X for s, sign in SIDES}
    return _body(root, np.full(num, 0.05), knees, ankles, wrists, -Y)


def _knee(hip, ankle):
    line = ankle - hip
    d = np.linalg.norm(line, axis=-1, keepdims=True)
    a = (THIGH**2 - SHANK**2 + d**2) / (2 * d)
    out = Y - (line @ Y)[:, None] / d**2 * line
    out = out / np.linalg.norm(out, axis=-1, keepdims=True)
    return hip + a / d * line + np.sqrt(np.maximum(THIGH**2 - a**2, 0)) * out


def jumping_jack(phase):
    """Feet and arms out and in."""
    num = len(phase)
    spread = np.radians(4 + 22 * phase)
    root = _along((0.08 + (SHANK + THIGH) * np.cos(spread), Z))
    raised = np.radians(8 + 150 * phase)
    knees, ankles, wrists = {}, {}, {}
    for s, sign in SIDES:
        leg = _along((sign * np.sin(spread), X), (-np.cos(spread), Z))
        knees[s] = root + sign * HALF_HIPS * X + THIGH * leg
        ankles[s] = knees[s] + SHANK * leg
        arm = _along((sign * np.sin(raised), X), (-np.cos(raised), Z))
        shoulder = root + TRUNK * Z + sign * HALF_SHOULDERS * X
        wrists[s] = shoulder + 0.999 * (UPPER_ARM + FOREARM) * arm
    return _body(root, np.zeros(num), knees, ankles, wrists, -Y)


def stiff_arm_raise(phase):
    """Straight arms out to the sides."""
    root, lean, knees, ankles = _standing(len(phase))
    raised = np.radians(8 + 80 * phase)
    wrists = {}
    for s, sign in SIDES:
        arm = _along((sign * np.sin(raised), X), (-np.cos(raised), Z))
        shoulder = root + TRUNK * Z + sign * HALF_SHOULDERS * X
        wrists[s] = shoulder + 0.999 * (UPPER_ARM + FOREARM) * arm
    return _body(root, lean, knees, ankles, wrists, -Y)


NAMELESS = {
    "overhead_press": overhead_press, "curl": curl, "row": row, "split_squat": split_squat,
    "jumping_jack": jumping_jack, "stiff_arm_raise": stiff_arm_raise,
}  # fmt: skip


def nameless_pose(name, timings, fps=30.0, yaw=40.0, noise=0.0, seed=0, lead_s=1.0, tail_s=1.0):
    """Pose3D before a camera, and (start_s, turn_s, end_s) of each repetition."""
    phase, marks = phase_of(timings, fps, lead_s, tail_s)
    xyz = seen_by(NAMELESS[name](phase), yaw, 6.0)
    xyz = noisy(xyz, np.random.default_rng(seed), fps, noise) if noise else xyz
    return as_pose(xyz, fps), marks
