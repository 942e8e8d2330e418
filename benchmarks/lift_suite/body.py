"""The made-up lifter of the suite: sizes, controls, and the 17 joints that follow from them.

Positions in the gym's axes: x to the right of a lifter who faces y, z up, metres. Hips, feet and
hands are placed; knees and elbows follow as the corner of a triangle of two bones, so bones keep
their lengths and planted feet stay. T frames; sides in the order left, right.
"""

from dataclasses import dataclass, fields

import numpy as np

from lib.skeleton import JOINT, NUM_JOINTS

SIDES = (("l", -1.0), ("r", 1.0))
SIGN = np.array([-1.0, 1.0])[:, None]
X, Y, Z = np.eye(3)
ANKLE_M = 0.08
MIDFOOT_M = 0.05
"""Middle of the foot in front of the ankle."""


@dataclass(frozen=True)
class Body:
    """Lengths in metres, between joints."""

    shank: float
    thigh: float
    trunk: float
    """Hips to neck's base."""
    upper_arm: float
    forearm: float
    half_hips: float
    half_shoulders: float
    head: float
    """Neck's base to the head joint."""

    @property
    def arm(self) -> float:
        return self.upper_arm + self.forearm


def draw_body(rng: np.random.Generator, spread: float) -> Body:
    """A lifter of 1.6 to 1.95 m; lengths off the usual share of the height by up to `spread`."""
    height = rng.uniform(1.60, 1.95)
    shares = (0.246, 0.245, 0.288, 0.172, 0.150, 0.068, 0.105, 0.13)
    return Body(*(height * s * rng.uniform(1 - spread, 1 + spread) for s in shares))


@dataclass(frozen=True)
class Controls:
    """Where the placed parts of the body are, frame by frame."""

    root: np.ndarray
    """(T, 3) middle of the hips."""
    heading: np.ndarray
    """(T,) radians that the lifter is turned to the left of y."""
    lean: np.ndarray
    """(T,) radians of the trunk, forward."""
    shoulder_roll: np.ndarray
    """(T,) radians, right shoulder up."""
    pelvis_roll: np.ndarray
    """(T,) radians, right hip up."""
    ankles: np.ndarray
    """(T, 2, 3)"""
    knee_pole: np.ndarray
    """(T, 2, 3) side of the line hip to ankle on which the knee is, turning with the lifter."""
    wrists: np.ndarray
    """(T, 2, 3)"""
    elbow_pole: np.ndarray
    """(T, 2, 3) the same of the elbows."""

    def __len__(self) -> int:
        return len(self.root)

    def at(self, i_frame: int) -> "Controls":
        """One frame."""
        return Controls(*(getattr(self, f.name)[[i_frame]] for f in fields(self)))

    def moved(self, **changes: np.ndarray) -> "Controls":
        """With other values; each broadcast to its shape."""
        old = {f.name: getattr(self, f.name) for f in fields(self)}
        new = {k: np.broadcast_to(v, old[k].shape).copy() for k, v in changes.items()}
        return Controls(**old | new)


def make_controls(root, ankles, knee_pole, wrists, elbow_pole, lean, **more) -> Controls:
    """Fill in a heading and rolls of 0; everything is broadcast over the frames of `root`."""
    num = len(root)
    flat = {k: more.get(k, 0.0) for k in ("heading", "shoulder_roll", "pelvis_roll")}
    flat = {k: np.broadcast_to(v, (num,)).astype(float) for k, v in flat.items()}
    both = [np.broadcast_to(v, (num, 2, 3)).astype(float) for v in
            (ankles, knee_pole, wrists, elbow_pole)]  # fmt: skip
    return Controls(root, flat["heading"], np.broadcast_to(lean, (num,)).astype(float),
                    flat["shoulder_roll"], flat["pelvis_roll"], *both)  # fmt: skip


def join(*parts: Controls) -> Controls:
    """One after the other."""
    return Controls(
        *(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Controls))
    )


def ramp(t: np.ndarray) -> np.ndarray:
    """0 to 1 as a raised cosine over t in [0, 1], flat outside."""
    return 0.5 - 0.5 * np.cos(np.pi * np.clip(t, 0.0, 1.0))


def glide(a: Controls, b: Controls, num: int) -> Controls:
    """From one posture to the next in num frames, neither included."""
    share = ramp((np.arange(num) + 1) / (num + 1))
    parts = []
    for f in fields(Controls):
        first, last = getattr(a, f.name)[-1], getattr(b, f.name)[0]
        w = share.reshape(-1, *[1] * first.ndim)
        parts.append((1 - w) * first + w * last)
    return Controls(*parts)


def hold(a: Controls, num: int) -> Controls:
    """The first frame of a, num times."""
    return Controls(*(np.repeat(getattr(a, f.name)[:1], num, 0) for f in fields(a)))


def vec(*pairs: tuple[np.ndarray | float, np.ndarray]) -> np.ndarray:
    """Sum of numbers (...) times directions (3,) or (..., 3)."""
    return sum(np.asarray(number)[..., None] * direction for number, direction in pairs)


def chord(body: Body, knee_rad: np.ndarray) -> np.ndarray:
    """Hip to ankle for a knee bent this much."""
    a, b = body.thigh, body.shank
    return np.sqrt(a * a + b * b + 2 * a * b * np.cos(knee_rad))


def reach(body: Body, elbow_rad: np.ndarray) -> np.ndarray:
    """Shoulder to wrist for an elbow bent this much."""
    a, b = body.upper_arm, body.forearm
    return np.sqrt(a * a + b * b + 2 * a * b * np.cos(elbow_rad))


def corner(near, far, first_m, second_m, pole) -> tuple[np.ndarray, np.ndarray]:
    """The joint between two bones from `near` towards `far` (..., 3), and the end they reach.

    The end is `far` where the bones are long enough, else on the way to it.
    """
    line = far - near
    distance = np.linalg.norm(line, axis=-1, keepdims=True)
    along = line / np.maximum(distance, 1e-9)
    span = np.clip(distance, abs(first_m - second_m) * 1.02, (first_m + second_m) * 0.9999)
    foot = (first_m**2 - second_m**2 + span**2) / (2 * span)
    side = pole - (pole * along).sum(-1, keepdims=True) * along
    side = side / np.maximum(np.linalg.norm(side, axis=-1, keepdims=True), 1e-9)
    height = np.sqrt(np.maximum(first_m**2 - foot**2, 0.0))
    return near + foot * along + height * side, near + span * along


def trunk_axes(heading, lean) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Right, up along the trunk and out of the chest, each (T, 3)."""
    ahead = vec((-np.sin(heading), X), (np.cos(heading), Y))
    right = vec((np.cos(heading), X), (np.sin(heading), Y))
    along = vec((np.sin(lean), ahead), (np.cos(lean), Z))
    return right, along, vec((np.cos(lean), ahead), (-np.sin(lean), Z))


def shoulder_places(body: Body, c: Controls) -> np.ndarray:
    """(T, 2, 3) left and right shoulder."""
    right, along, _ = trunk_axes(c.heading, c.lean)
    neck = c.root + body.trunk * along
    tilted = vec((np.cos(c.shoulder_roll), right), (np.sin(c.shoulder_roll), Z))
    return neck[:, None] + body.half_shoulders * SIGN * tilted[:, None]


def _turned(pole: np.ndarray, heading: np.ndarray) -> np.ndarray:
    right, _, ahead = trunk_axes(heading, np.zeros(len(heading)))
    return pole[..., :1] * right[:, None] + pole[..., 1:2] * ahead[:, None] + pole[..., 2:] * Z


def place_joints(body: Body, c: Controls) -> np.ndarray:
    """(T, 17, 3) joints of the working skeleton."""
    xyz = np.zeros((len(c), NUM_JOINTS, 3))
    right, along, _ = trunk_axes(c.heading, c.lean)
    neck = c.root + body.trunk * along
    # The head turns back towards upright, for a lifter looks ahead, but lies on a bench.
    _, up_head, face = trunk_axes(c.heading, np.where(c.lean < 0, 1.0, 0.6) * c.lean)
    middle = {
        "root": c.root, "spine": (c.root + neck) / 2, "neck": neck,
        "nose": neck + body.head * (0.6 * up_head + 0.45 * face),
        "head": neck + body.head * up_head,
    }  # fmt: skip
    for name, place in middle.items():
        xyz[:, JOINT[name]] = place
    hips_right = vec((np.cos(c.pelvis_roll), right), (np.sin(c.pelvis_roll), Z))
    shoulders = shoulder_places(body, c)
    knee_pole, elbow_pole = (_turned(p, c.heading) for p in (c.knee_pole, c.elbow_pole))
    for i, (s, sign) in enumerate(SIDES):
        hip = c.root + sign * body.half_hips * hips_right
        knee, ankle = corner(hip, c.ankles[:, i], body.thigh, body.shank, knee_pole[:, i])
        elbow, wrist = corner(
            shoulders[:, i], c.wrists[:, i], body.upper_arm, body.forearm, elbow_pole[:, i]
        )
        places = {"hip": hip, "knee": knee, "ankle": ankle, "shoulder": shoulders[:, i],
                  "elbow": elbow, "wrist": wrist}  # fmt: skip
        for part, place in places.items():
            xyz[:, JOINT[s + part]] = place
    return xyz
