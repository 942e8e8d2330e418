"""Forward and inverse kinematics of the Fit3D-25 skeleton, vectorised over frames.

The athlete's own frame: x forward, y to the left, z up, metres. F frames; S = 2 sides, left
first. Angles are degrees: yaw turns to the left, pitch bends forward, roll tips to the right.
"""

from dataclasses import dataclass

import numpy as np

from lib.data.synthetic.bodies import Body
from lib.skeleton import FIT3D25

SIDE_SIGN = np.array([1.0, -1.0])
"""y of the left and of the right side."""
STRAIGHTEST_DEG = 1.5
"""Knees and elbows never bend less; a straight chain would have no plane."""
MOST_BENT_DEG = 152.0
_SOLE_M = 0.012
_THUMB_DEG = 38.0
_THUMB_RATIO = 0.62


def unit(v: np.ndarray) -> np.ndarray:
    """(..., 3) to length 1."""
    return v / np.linalg.norm(v, axis=-1, keepdims=True)


def rotation(yaw_deg=0.0, pitch_deg=0.0, roll_deg=0.0) -> np.ndarray:
    """Rz(yaw) Ry(pitch) Rx(roll) of equal-shaped (or scalar) angles: (..., 3, 3)."""
    yaw, pitch, roll = np.broadcast_arrays(
        *(np.radians(np.asarray(a, float)) for a in (yaw_deg, pitch_deg, roll_deg))
    )
    cz, sz, cy, sy = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    cx, sx = np.cos(roll), np.sin(roll)
    rows = [
        [cz * cy, cz * sy * sx - sz * cx, cz * sy * cx + sz * sx],
        [sz * cy, sz * sy * sx + cz * cx, sz * sy * cx - cz * sx],
        [-sy, cy * sx, cy * cx],
    ]
    return np.stack([np.stack(row, -1) for row in rows], -2)


def apply(R: np.ndarray, v) -> np.ndarray:
    """Rotate v (..., 3) by R (..., 3, 3), broadcasting."""
    return (R @ np.asarray(v, float)[..., None])[..., 0]


def reach_m(first_m, second_m, flexion_deg) -> np.ndarray:
    """Distance between the ends of a two-bone chain bent by flexion_deg (0 = straight)."""
    cos = np.cos(np.radians(flexion_deg))
    return np.sqrt(first_m**2 + second_m**2 + 2 * first_m * second_m * cos)


def two_bone(start, end, first_m, second_m, pole) -> tuple[np.ndarray, np.ndarray]:
    """Closed-form two-bone chain from `start` towards `end`, its middle joint towards `pole`.

    start, end, pole (..., 3); pole is a direction; lengths scalar or (..., 1). Returns (middle,
    end); the end is pulled in or pushed out along the line where the chain cannot reach or fold.
    """
    line = end - start
    wanted = np.linalg.norm(line, axis=-1, keepdims=True)
    shortest = reach_m(first_m, second_m, MOST_BENT_DEG)
    longest = reach_m(first_m, second_m, STRAIGHTEST_DEG)
    distance = np.clip(wanted, shortest, longest)
    along = line / wanted
    foot = (first_m**2 - second_m**2 + distance**2) / (2 * distance)
    height = np.sqrt(np.maximum(first_m**2 - foot**2, 0.0))
    across = unit(pole - (pole * along).sum(-1, keepdims=True) * along)
    middle = start + along * foot + across * height
    return middle, start + along * distance


@dataclass(frozen=True)
class Feet:
    """Where the feet are. A heel-raised foot turns about its toe, which stays where it is."""

    toe_m: np.ndarray
    """(S, F, 3)"""
    yaw_deg: np.ndarray
    """(S, F) direction of the toes."""
    pitch_deg: np.ndarray
    """(S, F) heel raise."""

    def rotations(self) -> np.ndarray:
        """(S, F, 3, 3)"""
        return rotation(self.yaw_deg, self.pitch_deg)

    def ankles(self, body: Body) -> np.ndarray:
        """(S, F, 3)"""
        return self.toe_m + apply(self.rotations(), ankle_from_toe(body))

    def heels(self, body: Body) -> np.ndarray:
        """(S, F, 3)"""
        return self.toe_m + apply(self.rotations(), [-body.foot_m, 0, 0])


def ankle_from_toe(body: Body) -> np.ndarray:
    """(3,) ankle joint from the toe point in a flat foot that points forward."""
    return np.array([-0.76 * body.foot_m, 0, body.ankle_height_m - _SOLE_M])


def flat_toe_height() -> float:
    """Height of the toe point of a foot flat on the floor, metres."""
    return _SOLE_M


@dataclass(frozen=True)
class Trunk:
    """Pelvis to head, and the shoulders; what the limbs hang on."""

    joints: dict[str, np.ndarray]
    """root, spine, neck, nose, head: (F, 3)."""
    hips: np.ndarray
    """(S, F, 3)"""
    shoulders: np.ndarray
    """(S, F, 3)"""
    thorax_rot: np.ndarray
    """(F, 3, 3) thorax to athlete's frame."""


def hip_offsets(body: Body) -> np.ndarray:
    """(S, 3) hip joints from the pelvis point."""
    return np.array([[0, s * body.hip_half_m, -body.hip_drop_m] for s in SIDE_SIGN])


def pose_trunk(
    body: Body, pelvis_m, pelvis_R, thorax_rot, head_R, lift_deg=0.0, forward_deg=0.0
) -> Trunk:
    """Stack the trunk. pelvis_m (F, 3), rotations (F, 3, 3) into the athlete's frame.

    lift_deg, forward_deg: (S, F) or scalar shrug and protraction of the shoulder girdle.
    """
    spine = pelvis_m + apply(pelvis_R, [0, 0, body.lumbar_m])
    neck = spine + apply(thorax_rot, [0, 0, body.thorax_m])
    nose = neck + apply(head_R, [0.34 * body.head_m, 0, 0.50 * body.head_m])
    head = neck + apply(head_R, [0.06 * body.head_m, 0, body.head_m])
    hips = np.stack([pelvis_m + apply(pelvis_R, offset) for offset in hip_offsets(body)])
    forward, up = body.shoulder_offset_m
    girdle = np.stack([[forward, s * body.shoulder_half_m, up] for s in SIDE_SIGN])
    shape = (2, len(pelvis_m))
    sign = SIDE_SIGN[:, None]
    turn = rotation(-sign * np.broadcast_to(forward_deg, shape), 0.0,
                    sign * np.broadcast_to(lift_deg, shape))  # fmt: skip
    shoulders = neck + apply(thorax_rot, apply(turn, girdle[:, None]))
    joints = {"root": pelvis_m, "spine": spine, "neck": neck, "nose": nose, "head": head}
    return Trunk(joints, hips, shoulders, thorax_rot)


@dataclass(frozen=True)
class Arms:
    """Wanted wrists and which way the elbows point; the hands follow the forearm if not given."""

    wrist_m: np.ndarray
    """(S, F, 3)"""
    elbow_pole: np.ndarray
    """(S, F, 3) direction."""
    thumb_pole: np.ndarray
    """(S, F, 3) direction to the thumb's side."""
    hand_dir: np.ndarray | None = None
    """(S, F, 3) wrist to fingertips; None = in line with the forearm."""


def pose_legs(
    body: Body, trunk: Trunk, feet: Feet, knee_yaw_deg=0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Knees and ankles (S, F, 3). Knees point where the toes do, turned by knee_yaw_deg (S, F)."""
    toes = apply(feet.rotations(), [1.0, 0, 0])
    pole = apply(rotation(np.broadcast_to(knee_yaw_deg, feet.yaw_deg.shape)), toes)
    return two_bone(trunk.hips, feet.ankles(body), body.thigh_m, body.shank_m, pole)


def assemble(body: Body, trunk: Trunk, feet: Feet, arms: Arms, knee_yaw_deg=0.0) -> np.ndarray:
    """All 25 joints, (F, 25, 3); knees as of `pose_legs`."""
    knees, ankles = pose_legs(body, trunk, feet, knee_yaw_deg)
    moved = ankles - feet.ankles(body)  # only where a leg cannot reach
    elbows, wrists = two_bone(
        trunk.shoulders, arms.wrist_m, body.upper_arm_m, body.forearm_m, arms.elbow_pole
    )
    hand = unit(wrists - elbows) if arms.hand_dir is None else unit(arms.hand_dir)
    across = unit(arms.thumb_pole - (arms.thumb_pole * hand).sum(-1, keepdims=True) * hand)
    cos, sin = np.cos(np.radians(_THUMB_DEG)), np.sin(np.radians(_THUMB_DEG))
    joints = dict(trunk.joints)
    pairs = {
        "hip": trunk.hips, "knee": knees, "ankle": ankles, "heel": feet.heels(body) + moved,
        "toe": feet.toe_m + moved, "shoulder": trunk.shoulders, "elbow": elbows, "wrist": wrists,
        "handtip": wrists + body.hand_m * hand,
        "thumb": wrists + _THUMB_RATIO * body.hand_m * (cos * hand + sin * across),
    }  # fmt: skip
    for name, (left, right) in pairs.items():
        joints["l" + name], joints["r" + name] = left, right
    return np.stack([joints[name] for name in FIT3D25.joints], 1)


def lower_to_reach(body: Body, pelvis_m, pelvis_R, ankles) -> np.ndarray:
    """Lower the pelvis (F, 3) just enough that both legs reach their ankles (S, F, 3).

    Softly, and more so in a stride, where a leg that snaps straight would jerk the knee.
    """
    longest = reach_m(body.thigh_m, body.shank_m, STRAIGHTEST_DEG + 1.0)
    lowered = np.array(pelvis_m)
    for i_side, offset in enumerate(hip_offsets(body)):
        hip = apply(pelvis_R, offset)
        flat = np.linalg.norm((pelvis_m + hip - ankles[i_side])[:, :2], axis=-1)
        highest = ankles[i_side][:, 2] - hip[:, 2]
        highest = highest + np.sqrt(np.maximum(longest**2 - flat**2, 0.0))
        softness_m = 0.001 + 0.08 * flat**2
        lowered[:, 2] -= softness_m * np.logaddexp(0.0, (lowered[:, 2] - highest) / softness_m)
    return lowered
