"""Angles, degrees. A lean is measured from up, an inclination from level."""

from functools import partial

import numpy as np

from lib.analysis.form import limb_angle
from lib.analysis.measures.body import Body, Measure, limb
from lib.geometry import angle_deg, flexion_deg

UP = np.array([0.0, 0.0, 1.0])


def _lean(vector: np.ndarray) -> np.ndarray:
    return angle_deg(vector, np.broadcast_to(UP, vector.shape))


def _inclination(vector: np.ndarray) -> np.ndarray:
    return np.degrees(np.arctan2(vector[..., 2], np.linalg.norm(vector[..., :2], axis=-1)))


def _tilt(vector: np.ndarray) -> np.ndarray:
    """Of a line from left to right in the frontal plane; positive: the right end is higher."""
    return np.degrees(np.arctan2(vector[..., 2], np.abs(vector[..., 0])))


def _bend(parts: tuple[str, str, str], body: Body, side: str) -> np.ndarray:
    return flexion_deg(*limb(body, side, *parts))


def _from_trunk(parts: tuple[str, str], body: Body, side: str) -> np.ndarray:
    near, far, root, neck = limb(body, side, *parts, "root", "neck")
    return angle_deg(root - neck, far - near)


knee, elbow = (partial(_bend, parts) for parts in (("hip", "knee", "ankle"),
                                                   ("shoulder", "elbow", "wrist")))  # fmt: skip
hip, flare = (partial(_from_trunk, parts) for parts in (("hip", "knee"), ("shoulder", "elbow")))


def knee_or_hip(body: Body, side: str) -> np.ndarray:
    """The more bent of the two."""
    return np.maximum(knee(body, side), hip(body, side))


def trunk(body: Body, side: str) -> np.ndarray:
    """Lean of root -> neck."""
    return _lean(body.joint("neck") - body.joint("root"))


def lean_back(body: Body, side: str) -> np.ndarray:
    """Lean of the trunk backwards in the sagittal plane; negative: forwards."""
    vector = body.joint("neck") - body.part("hip")
    return np.degrees(np.arctan2(-vector[..., 1], vector[..., 2]))


def shank(body: Body, side: str) -> np.ndarray:
    """Lean of ankle -> knee forwards in the sagittal plane."""
    vector = body.part("knee", side) - body.part("ankle", side)
    return np.degrees(np.arctan2(vector[..., 1], vector[..., 2]))


def trunk_minus_shank(body: Body, side: str) -> np.ndarray:
    """How much more the trunk leans than the shanks: 0 = parallel."""
    return trunk(body, side) - _lean(body.part("knee") - body.part("ankle"))


def thigh(body: Body, side: str) -> np.ndarray:
    """Inclination of knee -> hip: 0 = level, positive = hip above knee."""
    return _inclination(body.part("hip", side) - body.part("knee", side))


def upper_arm(body: Body, side: str) -> np.ndarray:
    """Inclination of shoulder -> elbow; positive = elbow above shoulder."""
    shoulder, elbow_place = limb(body, side, "shoulder", "elbow")
    return _inclination(elbow_place - shoulder)


def sag(body: Body, side: str) -> np.ndarray:
    """Bend of shoulders-hips-ankles in the upright plane: positive = hips below the line.

    The sum of the two angles at the line's ends: unlike an unsigned bend it is not biased near 0.
    """
    shoulder, hip, ankle = (body.part(name, side) for name in ("shoulder", "hip", "ankle"))
    line = ankle - shoulder
    length = np.linalg.norm(line, axis=-1)
    line = line / length[..., None]
    upward = UP - line[..., 2:] * line
    upward = upward / np.linalg.norm(upward, axis=-1, keepdims=True)
    along = ((hip - shoulder) * line).sum(-1)
    below = -((hip - shoulder) * upward).sum(-1)
    return np.degrees(np.arctan2(below, along) + np.arctan2(below, length - along))


def body_line(body: Body, side: str) -> np.ndarray:
    """Inclination of ankles -> shoulders: 0 = level."""
    return _inclination(body.part("shoulder", side) - body.part("ankle", side))


def head_drop(body: Body, side: str) -> np.ndarray:
    """Nose below the line of the trunk, in the plane of trunk and up: positive = dropped."""
    line = body.joint("neck") - body.joint("root")
    head = body.joint("nose") - body.joint("neck")
    return _inclination(line) - _inclination(head)


def knee_difference(body: Body, side: str) -> np.ndarray:
    """Right minus left knee flexion."""
    return limb_angle(body.xyz, "knee", "r") - limb_angle(body.xyz, "knee", "l")


def knee_asymmetry(body: Body, side: str) -> np.ndarray:
    """Percent: the difference of the knees over the larger one."""
    right, left = (limb_angle(body.xyz, "knee", s) for s in "rl")
    return 100 * np.abs(right - left) / np.maximum(np.maximum(right, left), 1e-6)


def bar_tilt(body: Body, side: str) -> np.ndarray:
    """Right wrist above the left."""
    return _tilt(body.across("wrist"))


def bar_to_shoulders(body: Body, side: str) -> np.ndarray:
    """Tilt of the wrists against that of the shoulders, which lie on a level bench."""
    return _tilt(body.across("wrist")) - _tilt(body.across("shoulder"))


def pelvis_tilt(body: Body, side: str) -> np.ndarray:
    """Right hip above the left."""
    return _tilt(body.across("hip"))


ANGLES: dict[str, Measure] = {
    "knee": knee, "hip": hip, "elbow": elbow, "shoulder": flare,
    "knee_or_hip": knee_or_hip, "trunk": trunk, "lean_back": lean_back, "shank": shank,
    "trunk_minus_shank": trunk_minus_shank, "thigh": thigh, "upper_arm": upper_arm,
    "flare": flare, "sag": sag, "body_line": body_line, "head_drop": head_drop,
    "knee_difference": knee_difference, "knee_asymmetry": knee_asymmetry, "bar_tilt": bar_tilt,
    "bar_to_shoulders": bar_to_shoulders,
    "pelvis_tilt": pelvis_tilt,
}  # fmt: skip
