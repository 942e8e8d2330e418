"""A solid, clothed human figure around one frame of Fit3D-25 joints.

Joint positions are metres in any right-handed frame; the solids come back in the same one.
Thicknesses are for a stature of 1.75 m and scale with the person.
"""

from dataclasses import dataclass

import numpy as np

from lib.data.synthetic.shapes import RoundedCone, Solid, axes_squash
from lib.skeleton import FIT3D25

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """Colours in [0, 1] and girth of a figure."""

    skin: Colour = (0.80, 0.60, 0.48)
    shirt: Colour = (0.16, 0.34, 0.62)
    shorts: Colour = (0.13, 0.14, 0.17)
    shoes: Colour = (0.86, 0.86, 0.84)
    hair: Colour = (0.17, 0.11, 0.07)
    girth: float = 1.0
    """Factor on every thickness; 1 is an average trained adult."""


@dataclass(frozen=True)
class Frame:
    """One frame's joints by name, with the directions of pelvis and chest."""

    joints: dict[str, np.ndarray]
    scale: float

    def __getitem__(self, name: str) -> np.ndarray:
        return self.joints[name]

    def between(self, start: str, end: str, share: float) -> np.ndarray:
        return (1 - share) * self[start] + share * self[end]

    def axes(self, left: str, right: str, low: str, high: str) -> np.ndarray:
        """Rows left, up, forward of a body part, orthonormal."""
        up = unit(self[high] - self[low])
        forward = unit(np.cross(self[left] - self[right], up))
        return np.stack([np.cross(up, forward), up, forward])


def unit(v: np.ndarray) -> np.ndarray:
    return v / np.maximum(np.sqrt((v * v).sum(-1, keepdims=True)), 1e-9)


def face_m(joints: dict[str, np.ndarray], scale: float) -> dict[str, np.ndarray]:
    """Where eyes, ears, nose and the middle of the head are, from joints (..., 3).

    Adds 'axes' (..., 3, 3), rows left, up and forward of the head.
    """
    neck, nose, crown = joints["neck"], joints["nose"], joints["head"]
    up = unit(crown - neck)
    ahead = nose - neck
    forward = unit(ahead - (ahead * up).sum(-1, keepdims=True) * up)
    left = np.cross(up, forward)
    centre = crown + scale * (0.012 * forward - 0.118 * up)

    def place(x: float, y: float, z: float) -> np.ndarray:
        return centre + scale * (x * left + y * up + z * forward)

    return {
        "axes": np.stack([left, up, forward], -2), "centre": centre,
        "nose": place(0, -0.012, 0.111),
        "leye": place(0.031, 0.014, 0.088), "reye": place(-0.031, 0.014, 0.088),
        "lear": place(0.077, -0.005, -0.005), "rear": place(-0.077, -0.005, -0.005),
    }  # fmt: skip


def stature_m(xyz_25: np.ndarray) -> float:
    """Stature that thigh and shank of (25, 3) joints suggest.

    Both are about 0.245 of stature each (Drillis & Contini 1966).
    """
    joint = dict(zip(FIT3D25.joints, xyz_25, strict=True))
    bones = [(f"{s}{a}", f"{s}{b}") for s in "lr" for a, b in (("hip", "knee"), ("knee", "ankle"))]
    return sum(float(np.linalg.norm(joint[a] - joint[b])) for a, b in bones) / 2 / 0.491


def figure_solids(xyz_25: np.ndarray, look: Look, scale: float, has_fists: bool) -> list[Solid]:
    """Solids of a figure. xyz_25 (25, 3), scale = stature / 1.75 m; fists hold a bar."""
    frame = Frame(dict(zip(FIT3D25.joints, xyz_25, strict=True)), scale)
    build = _Build(frame, look)
    build.trunk()
    build.head()
    for side in "lr":
        build.leg(side)
        build.foot(side)
        build.arm(side)
        build.fist(side) if has_fists else build.hand(side)
    return build.solids


class _Build:
    """Adds solids of one frame to a list."""

    def __init__(self, frame: Frame, look: Look) -> None:
        self.frame, self.look, self.solids = frame, look, []
        self.pelvis = frame.axes("lhip", "rhip", "root", "spine")
        self.chest = frame.axes("lshoulder", "rshoulder", "spine", "neck")

    def cone(self, start, end, radius_start, radius_end, colour, squash=None) -> None:
        size = self.frame.scale * self.look.girth
        radii = (radius_start * size, radius_end * size)
        ends = np.stack([start, end])
        self.solids.append(RoundedCone(ends, radii, np.array(colour, np.float32), squash))

    def ball(self, centre, radius, colour, squash=None) -> None:
        self.cone(centre, centre, radius, radius, colour, squash)

    def trunk(self) -> None:
        frame, look, size = self.frame, self.look, self.frame.scale
        flat = axes_squash(self.chest, (1, 1, 0.68))
        high = frame.between("spine", "neck", 0.5)
        self.cone(frame["spine"], high, 0.138, 0.162, look.shirt, flat)
        waist = axes_squash(self.pelvis, (1, 1, 0.74))
        self.cone(frame.between("root", "spine", 0.3), frame["spine"], 0.145, 0.138, look.shirt,
                  waist)  # fmt: skip
        left, up, forward = self.pelvis * size
        hips = frame.between("lhip", "rhip", 0.5)
        self.cone(frame["lhip"] + 0.005 * up, frame["rhip"] + 0.005 * up, 0.1, 0.1, look.shorts)
        for sign in (1, -1):
            glute = hips + sign * 0.075 * left - 0.035 * forward - 0.02 * up
            self.ball(glute, 0.098, look.shorts)
        self._chest_front()
        for side in "lr":
            trap = frame.between("neck", f"{side}shoulder", 0.86)
            self.cone(frame["neck"], trap, 0.06, 0.056, look.shirt)
        self.cone(frame["neck"], frame.between("neck", "head", 0.5), 0.054, 0.05, look.skin)

    def _chest_front(self) -> None:
        left, _, forward = self.chest * self.frame.scale
        middle = self.frame.between("spine", "neck", 0.6)
        flat = axes_squash(self.chest, (1.25, 1, 0.55))
        for sign in (1, -1):
            pec = middle + sign * 0.066 * left + 0.055 * forward
            self.ball(pec, 0.088, self.look.shirt, flat)
            lat = [self.frame.between("spine", "neck", share) + sign * side * left
                   for share, side in ((0.0, 0.06), (0.62, 0.105))]  # fmt: skip
            self.cone(lat[0] - 0.01 * forward, lat[1] - 0.025 * forward, 0.075, 0.07,
                      self.look.shirt)  # fmt: skip

    def head(self) -> None:
        look, size = self.look, self.frame.scale
        face = face_m(self.frame.joints, size)
        axes = face["axes"]
        _, up, forward = axes * size
        centre, chin = face["centre"], face["centre"] - 0.07 * up + 0.03 * forward
        self.ball(centre, 0.12, look.skin, axes_squash(axes, (0.64, 1, 0.8)))
        self.cone(centre + 0.012 * forward, chin, 0.083, 0.056, look.skin,
                  axes_squash(axes, (0.88, 1, 1)))  # fmt: skip
        self.ball(centre + 0.026 * up - 0.018 * forward, 0.106, look.hair,
                  axes_squash(axes, (0.77, 1, 0.93)))  # fmt: skip
        nose = face["nose"] - 0.014 * forward
        self.cone(nose + 0.022 * up - 0.01 * forward, nose - 0.006 * up, 0.01, 0.016, look.skin)
        for side in "lr":
            self.ball(face[f"{side}eye"], 0.0105, (0.12, 0.09, 0.08))
            self.ball(face[f"{side}ear"], 0.028, look.skin, axes_squash(axes, (0.4, 1, 0.7)))

    def leg(self, side: str) -> None:
        frame, look = self.frame, self.look
        hip, knee, ankle = (frame[f"{side}{name}"] for name in ("hip", "knee", "ankle"))
        self.cone(hip, frame.between(f"{side}hip", f"{side}knee", 0.62), 0.098, 0.082, look.shorts)
        self.cone(frame.between(f"{side}hip", f"{side}knee", 0.4), knee, 0.078, 0.057, look.skin)
        self.cone(knee, ankle, 0.055, 0.037, look.skin)
        # The calf lies behind the shin: opposite to where the toes point, across the shank.
        down = unit(ankle - knee)
        ahead = frame[f"{side}toe"] - ankle
        ahead = unit(ahead - down * (down @ ahead))
        calf = frame.between(f"{side}knee", f"{side}ankle", 0.27) - 0.014 * frame.scale * ahead
        low = frame.between(f"{side}knee", f"{side}ankle", 0.62)
        self.cone(calf, low, 0.054, 0.04, look.skin)
        self.cone(knee, calf, 0.052, 0.054, look.skin)

    def foot(self, side: str) -> None:
        frame, look = self.frame, self.look
        ankle, heel, toe = (frame[f"{side}{name}"] for name in ("ankle", "heel", "toe"))
        along = unit(toe - heel)
        up = ankle - heel
        up = unit(up - along * (along @ up))
        axes = np.stack([np.cross(up, along), up, along])
        flat = axes_squash(axes, (1, 0.72, 1))
        lift = 0.012 * frame.scale
        self.cone(heel + lift * (up + along), toe + lift * (up - along), 0.041, 0.046, look.shoes,
                  flat)  # fmt: skip
        self.cone(ankle - 0.5 * lift * up, (heel + 2 * toe) / 3 + lift * up, 0.044, 0.036,
                  look.shoes)  # fmt: skip
        self.cone(ankle + 2.5 * lift * up, ankle, 0.04, 0.042, (0.9, 0.9, 0.9))

    def arm(self, side: str) -> None:
        frame, look = self.frame, self.look
        shoulder, elbow, wrist = (frame[f"{side}{name}"] for name in ("shoulder", "elbow", "wrist"))
        sleeve = frame.between(f"{side}shoulder", f"{side}elbow", 0.45)
        self.cone(shoulder, sleeve, 0.064, 0.055, look.shirt)
        self.cone(frame.between(f"{side}shoulder", f"{side}elbow", 0.3), elbow, 0.05, 0.04,
                  look.skin)  # fmt: skip
        belly = frame.between(f"{side}elbow", f"{side}wrist", 0.28)
        self.cone(elbow, belly, 0.04, 0.043, look.skin)
        self.cone(belly, wrist, 0.043, 0.028, look.skin)

    def hand(self, side: str) -> None:
        frame, look = self.frame, self.look
        wrist, tip, thumb = (frame[f"{side}{name}"] for name in ("wrist", "handtip", "thumb"))
        palm = 0.5 * (wrist + tip)
        self.cone(wrist, palm, 0.028, 0.038, look.skin)
        self.cone(palm, tip, 0.036, 0.02, look.skin)
        self.cone(0.6 * wrist + 0.4 * palm, thumb, 0.02, 0.013, look.skin)

    def fist(self, side: str) -> None:
        grip, look = grip_m(self.frame.joints, side), self.look
        self.cone(self.frame[f"{side}wrist"], grip, 0.029, 0.036, look.skin)
        self.ball(grip, 0.042, look.skin)


def grip_m(joints: dict[str, np.ndarray], side: str) -> np.ndarray:
    """(3,) where a hand holds a bar: the middle between wrist and fingertips."""
    return 0.5 * (joints[f"{side}wrist"] + joints[f"{side}handtip"])
