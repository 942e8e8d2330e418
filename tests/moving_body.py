"""A made-up lifter with known answers, for tests of the analysis. Independent of lib.data.

Joint angles follow closed forms of a phase p in [0, 1] (1 = loaded position), positions follow by
forward kinematics in the lifter's axes: x right, y forward, z up, metres.
"""

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from lib.pose import Pose3D
from lib.skeleton import JOINT, NUM_JOINTS

SHANK, THIGH, TRUNK, UPPER_ARM, FOREARM = 0.43, 0.43, 0.52, 0.31, 0.26
HALF_HIPS, HALF_SHOULDERS, HEAD = 0.13, 0.18, 0.22
X, Y, Z = np.eye(3)


def ramp(t: np.ndarray) -> np.ndarray:
    """0 to 1 as a raised cosine over t in [0, 1], flat outside."""
    return (1 - np.cos(np.pi * np.clip(t, 0, 1))) / 2


@dataclass(frozen=True)
class Timing:
    """One repetition in seconds, and how deep it goes."""

    down_s: float = 1.2
    hold_s: float = 0.2
    up_s: float = 1.0
    rest_s: float = 0.6
    depth: float = 1.0
    lockout: float = 0.0
    """Phase left at the top."""


def phase_of(timings, fps: float, lead_s: float = 1.0, tail_s: float = 1.0):
    """Phase (T,) of standing, repetitions, standing; and marks (start_s, bottom_s, end_s) each."""
    total = lead_s + tail_s + sum(t.down_s + t.hold_s + t.up_s + t.rest_s for t in timings)
    time_s = np.arange(round(total * fps)) / fps
    phase, marks, at, left = np.zeros(len(time_s)), [], lead_s, 0.0
    for t in timings:
        end = at + t.down_s + t.hold_s + t.up_s
        phase += (t.depth - left) * ramp((time_s - at) / t.down_s)
        phase -= (t.depth - t.lockout) * ramp((time_s - end + t.up_s) / t.up_s)
        marks.append((at, at + t.down_s + t.hold_s / 2, end))
        at, left = end + t.rest_s, t.lockout
    return phase, marks


def _along(*pairs) -> np.ndarray:
    return sum(np.multiply.outer(np.broadcast_to(w, np.shape(pairs[0][0])), v) for w, v in pairs)


def _body(root, lean, knees, ankles, wrists, elbow_out=-Y) -> np.ndarray:
    """Assemble (T, 17, 3). lean (T,) radians forward; knees, ankles, wrists {side: (T, 3)}."""
    xyz = np.zeros((len(root), NUM_JOINTS, 3))
    trunk = _along((np.sin(lean), Y), (np.cos(lean), Z))
    front = _along((np.cos(lean), Y), (-np.sin(lean), Z))
    neck = root + TRUNK * trunk
    middle = {"root": root, "spine": root + 0.5 * TRUNK * trunk, "neck": neck,
              "nose": neck + 0.15 * trunk + 0.1 * front, "head": neck + HEAD * trunk}  # fmt: skip
    for name, position in middle.items():
        xyz[:, JOINT[name]] = position
    for side, sign in (("l", -1), ("r", 1)):
        shoulder = neck + sign * HALF_SHOULDERS * X
        xyz[:, JOINT[side + "hip"]] = root + sign * HALF_HIPS * X
        xyz[:, JOINT[side + "knee"]], xyz[:, JOINT[side + "ankle"]] = knees[side], ankles[side]
        xyz[:, JOINT[side + "shoulder"]], xyz[:, JOINT[side + "wrist"]] = shoulder, wrists[side]
        out = elbow_out[side] if isinstance(elbow_out, dict) else elbow_out
        xyz[:, JOINT[side + "elbow"]] = _elbow(shoulder, wrists[side], out)
    return xyz


def _elbow(shoulder, wrist, out) -> np.ndarray:
    """The elbow between two points, on the side of `out`."""
    line = wrist - shoulder
    d = np.linalg.norm(line, axis=-1, keepdims=True)
    a = (UPPER_ARM**2 - FOREARM**2 + d**2) / (2 * d)
    height = np.sqrt(np.maximum(UPPER_ARM**2 - a**2, 0))
    away = out - (out * line).sum(-1, keepdims=True) / d**2 * line
    away = away / np.linalg.norm(away, axis=-1, keepdims=True)
    return shoulder + a / d * line + height * away


def _legs(knee_deg, stance_m, shin_share):
    """Hip mid-point and joints of planted feet. Shin leans by shin_share of the knee flexion."""
    shin = np.radians(knee_deg) * shin_share
    thigh = np.radians(knee_deg) - shin
    knees, ankles = {}, {}
    for side, sign in (("l", -1), ("r", 1)):
        ankle = np.zeros((len(knee_deg), 3)) + 0.08 * Z + sign * stance_m / 2 * X
        ankles[side] = ankle
        knees[side] = ankle + SHANK * _along((np.sin(shin), Y), (np.cos(shin), Z))
    rise = THIGH * _along((-np.sin(thigh), Y), (np.cos(thigh), Z))
    root = (knees["l"] + knees["r"]) / 2 + rise
    knees = {s: root - rise + (1 if s == "r" else -1) * stance_m / 2 * X for s in "lr"}
    return root, knees, ankles, thigh


def squat(phase, knee_deg=110.0, lean_deg=40.0, stance_m=0.26) -> np.ndarray:
    """Bar on the back; knee flexion = knee_deg * phase."""
    root, knees, ankles, _ = _legs(knee_deg * phase, stance_m, 0.35)
    lean = np.radians(lean_deg) * phase
    trunk = _along((np.sin(lean), Y), (np.cos(lean), Z))
    wrists = {s: root + 0.95 * TRUNK * trunk + sign * 0.35 * X for s, sign in (("l", -1), ("r", 1))}
    return _body(root, lean, knees, ankles, wrists, -Z)


def deadlift(phase, knee_deg=75.0, lean_deg=60.0, stance_m=0.26) -> np.ndarray:
    """phase 1 = bar on the floor; the arms hang."""
    root, knees, ankles, _ = _legs(knee_deg * phase, stance_m, 0.2)
    lean = np.radians(lean_deg) * phase
    trunk = _along((np.sin(lean), Y), (np.cos(lean), Z))
    reach = UPPER_ARM + FOREARM - 0.003
    wrists = {s: root + TRUNK * trunk - reach * Z + sign * HALF_SHOULDERS * X
              for s, sign in (("l", -1), ("r", 1))}  # fmt: skip
    return _body(root, lean, knees, ankles, wrists, -Y)


def empty_rise(num: int) -> np.ndarray:
    """From the bar on the floor to standing with empty hands: the trunk comes up first, as no
    bar has to get past the knees."""
    phase = 1 - ramp(np.linspace(0, 1, num))
    return deadlift(phase, knee_deg=75.0 * np.maximum(phase, 1e-3) ** -0.8, lean_deg=60.0 * phase)


def sit_to_stand(phase, knee_deg=95.0) -> np.ndarray:
    """phase 1 = seated; the trunk swings forward on the way; hands crossed before the chest."""
    root, knees, ankles, _ = _legs(knee_deg * phase, 0.26, 0.1)
    lean = np.radians(10 + 30 * np.sin(np.pi * np.clip(phase, 0, 1)))
    trunk = _along((np.sin(lean), Y), (np.cos(lean), Z))
    wrists = {s: root + 0.7 * TRUNK * trunk + 0.25 * Y + sign * 0.08 * X
              for s, sign in (("l", -1), ("r", 1))}  # fmt: skip
    return _body(root, lean, knees, ankles, wrists, -Z)


def _arm_reach(elbow_deg) -> np.ndarray:
    bend = np.radians(np.maximum(elbow_deg, 3.0))
    return np.sqrt(UPPER_ARM**2 + FOREARM**2 + 2 * UPPER_ARM * FOREARM * np.cos(bend))


def pushup(phase, elbow_deg=100.0, flare=0.6) -> np.ndarray:
    """Plank on straight legs, hands under the shoulders; elbow flexion = elbow_deg * phase."""
    reach = _arm_reach(elbow_deg * phase)
    length = SHANK + THIGH + TRUNK
    tilt = np.arcsin((reach - 0.08) / length)
    along = _along((np.cos(tilt), Y), (np.sin(tilt), Z))
    feet = np.zeros((len(phase), 3)) + 0.08 * Z
    root = feet + (SHANK + THIGH) * along
    shoulders = feet + length * along
    sides = (("l", -1), ("r", 1))
    knees = {s: feet + SHANK * along + sign * HALF_HIPS * X for s, sign in sides}
    ankles = {s: feet + sign * HALF_HIPS * X for s, sign in sides}
    wrists = {s: shoulders - reach[:, None] * Z + sign * HALF_SHOULDERS * X for s, sign in sides}
    out = {s: -Y + sign * flare * X for s, sign in sides}
    return _body(root, np.pi / 2 - tilt, knees, ankles, wrists, out)


def bench_press(phase, elbow_deg=105.0) -> np.ndarray:
    """On the back, head towards -y, hands over the shoulders."""
    reach = _arm_reach(elbow_deg * phase)
    num = len(phase)
    root = np.zeros((num, 3)) + 0.5 * Z
    lean = np.full(num, -np.pi / 2)
    sides = (("l", -1), ("r", 1))
    knees = {s: root + THIGH * Y + sign * 0.2 * X for s, sign in sides}
    ankles = {s: knees[s] - SHANK * Z for s, _ in sides}
    wrists = {s: root - TRUNK * Y + reach[:, None] * Z + sign * 0.2 * X for s, sign in sides}
    out = {s: sign * X + 0.5 * Y for s, sign in sides}
    return _body(root, lean, knees, ankles, wrists, out)


def walk(seconds: float, fps: float, speed_m_s=1.2, *, with_bar=False) -> np.ndarray:
    """0.9 strides a second, legs and arms in turn; with_bar: the hands at a bar on the back."""
    t = np.arange(round(seconds * fps)) / fps
    root = _along((speed_m_s * t, Y)) + (0.08 + SHANK + THIGH - 0.02) * Z
    knees, ankles, wrists = {}, {}, {}
    for side, sign, shift in (("l", -1, 0.0), ("r", 1, np.pi)):
        swing = 2 * np.pi * 0.9 * t + shift
        thigh = np.radians(5 + 22 * np.sin(swing))
        knee = np.radians(8 + 52 * np.maximum(np.sin(swing + 1.2), 0) ** 2)
        hip = root + sign * HALF_HIPS * X
        knees[side] = hip + THIGH * _along((np.sin(thigh), Y), (-np.cos(thigh), Z))
        ankles[side] = knees[side] + SHANK * _along(
            (np.sin(thigh - knee), Y), (-np.cos(thigh - knee), Z)
        )
        arm = np.radians(-20 * np.sin(swing))
        shoulder = root + TRUNK * Z + sign * HALF_SHOULDERS * X
        wrists[side] = shoulder + 0.55 * _along((np.sin(arm), Y), (-np.cos(arm), Z))
        if with_bar:
            wrists[side] = root + 0.95 * TRUNK * Z + sign * 0.35 * X
    return _body(root, np.full(len(t), 0.05), knees, ankles, wrists, -Y)


def join(*parts: np.ndarray, fps: float, fade_s: float = 0.4) -> np.ndarray:
    """Put motions one after the other, root continued, cross-faded."""
    whole = parts[0]
    num = round(fade_s * fps)
    for part in parts[1:]:
        step = whole[-1, 0] - part[num - 1, 0]
        part = part + step * [1, 1, 0]
        w = ramp(np.arange(num) / num)[:, None, None]
        blend = (1 - w) * whole[-num:] + w * part[:num]
        whole = np.concatenate([whole[:-num], blend, part[num:]])
    return whole


def seen_by(xyz, yaw_deg=0.0, pitch_deg=0.0, distance_m=4.0) -> np.ndarray:
    """Lifter's axes to a camera (x right, y down, z forward); yaw 0: front, 90: side."""
    yaw, pitch = np.radians([yaw_deg, pitch_deg])
    forward = np.array([-np.sin(yaw), -np.cos(yaw), 0.0])
    right = np.array([-np.cos(yaw), np.sin(yaw), 0.0])
    down = -Z * np.cos(pitch) + forward * -np.sin(pitch)
    forward = forward * np.cos(pitch) - Z * np.sin(pitch)
    centre = xyz[:, 0].mean(0)
    return (xyz - centre) @ np.stack([right, down, forward]).T + [0, 0, distance_m]


def noisy(xyz_cam, rng, fps: float, level=1.0, tau_s=0.15) -> np.ndarray:
    """AR(1) noise of 12 mm across and 35 mm in depth, and a fixed bias of 10 and 30 mm a joint."""
    shape, keep = xyz_cam.shape, np.exp(-1 / (fps * tau_s))
    fresh = rng.normal(size=shape) * np.sqrt(1 - keep**2)
    fresh[0] /= np.sqrt(1 - keep**2)
    noise = lfilter([1], [1, -keep], fresh, axis=0)
    bias = rng.normal(size=(1, *shape[1:])) * [0.010, 0.010, 0.030]
    return xyz_cam + level * (noise * [0.012, 0.012, 0.035] + bias)


def as_pose(xyz, fps=30.0, frame="camera", unit="relative", **more) -> Pose3D:
    """Every frame valid unless said otherwise."""
    more.setdefault("valid", np.ones(len(xyz), bool))
    return Pose3D(np.asarray(xyz), fps, unit, frame, **more)


LIFTS = {"squat": squat, "deadlift": deadlift, "pushup": pushup, "bench_press": bench_press,
         "sit_to_stand": sit_to_stand}  # fmt: skip


def lift(name: str, timings, fps=30.0, lead_s=1.0, tail_s=1.0, **shape):
    """(T, 17, 3) in the lifter's axes, marks. Deadlift and sit-to-stand begin and end loaded."""
    phase, marks = phase_of(timings, fps, lead_s, tail_s)
    phase = 1 - phase if name in ("deadlift", "sit_to_stand") else phase
    return LIFTS[name](phase, **shape), marks
