"""Judging whether joints can be a person's: bones, which way is up, left and right.

T frames, 17 joints, metres, world frame, Z up, NaN = missing.
"""

from dataclasses import dataclass

import numpy as np

from lib.data.manifest import Sequence
from lib.data.sides import has_lifted
from lib.skeleton import JOINT

LIMB_BONES = tuple(
    (f"{side}{upper}", f"{side}{lower}")
    for upper, lower in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"),
                         ("elbow", "wrist"))
    for side in "lr"
)  # fmt: skip
"""Left and right of each limb bone in turn, proximal joint first."""

# Thigh and shank are about 0.245 and upper arm and forearm 0.19 and 0.15 of stature (Drillis &
# Contini 1966); the range covers statures of 1.3 to 2.2 m with room for marker placement.
LENGTH_RANGE_M = {"hip": (0.25, 0.65), "knee": (0.25, 0.65), "shoulder": (0.17, 0.5),
                  "elbow": (0.13, 0.45)}  # fmt: skip
MAX_SPREAD = 0.2
"""Of a bone's length over a sequence (5th to 95th percentile, over the median): skin and marker
movement reach 0.16 in deep squats."""
MAX_SIDE_RATIO = 1.2
"""Of the longer to the shorter side's median; markers placed unevenly reach 1.13."""
GLITCH = 0.25
"""A bone this far off its median length in one frame has its outer joint taken out there."""
ODD_WEIGHT = 0.25
"""Weight of sequences whose proportions are a retargeted figure's, not a person's."""
THIGH_TO_SHANK = (0.85, 1.18)
SHOULDERS_TO_THIGH = (0.65, 1.15)
"""Distance of the shoulder joints over the thigh; about 0.85 in people."""
UPRIGHT = 0.5
"""Least height of the trunk's direction: leaning by at most 60 degrees."""
MOST = 0.5
"""Share of the frames that decides about 'up'."""
LEAST_BEND_M = 0.01
"""Mean distance of the knees from the line hip to ankle that tells forwards."""


@dataclass(frozen=True)
class Judgement:
    """What the check said about one sequence."""

    name: str
    reason: str
    """Why it was skipped; empty if it was kept."""
    weight: float = 1.0
    num_glitches: int = 0
    """Joints of single frames that were taken out."""


def _length_m(xyz_m: np.ndarray, a: str, b: str) -> np.ndarray:
    return np.linalg.norm(xyz_m[:, JOINT[a]] - xyz_m[:, JOINT[b]], axis=-1)


def _median(values: np.ndarray) -> float:
    values = values[np.isfinite(values)]
    return float(np.median(values)) if len(values) else float("nan")


def implausible(xyz_m: np.ndarray) -> str:
    """Why limbs of (T, 17, 3) metres cannot be one person's; '' if they can or are missing."""
    medians = {}
    for bone in LIMB_BONES:
        lengths = _length_m(xyz_m, *bone)
        lengths = lengths[np.isfinite(lengths)]
        if not len(lengths):
            continue
        name = "-".join(bone)
        low, high = LENGTH_RANGE_M[bone[0][1:]]
        median = medians[bone[0]] = _median(lengths)
        if not low <= median <= high:
            return f"{name} is {median:.3f} m long, expected {low} to {high}"
        spread = float(np.subtract(*np.percentile(lengths, [95, 5]))) / median
        if spread > MAX_SPREAD:
            return f"{name} changes its length by {spread:.0%}, at most {MAX_SPREAD:.0%} expected"
    for part in LENGTH_RANGE_M:
        sides = [medians[side + part] for side in "lr" if side + part in medians]
        if sides and max(sides) / min(sides) > MAX_SIDE_RATIO:
            return f"bones below l{part} and r{part} differ by {max(sides) / min(sides) - 1:.0%}"
    return ""


def proportion_weight(xyz_m: np.ndarray) -> float:
    """1 for human proportions (or unknown ones), ODD_WEIGHT for a retargeted figure's."""
    thigh = _median(_length_m(xyz_m, "lhip", "lknee"))
    shank = _median(_length_m(xyz_m, "lknee", "lankle"))
    shoulders = _median(_length_m(xyz_m, "lshoulder", "rshoulder"))
    checks = ((thigh / shank, THIGH_TO_SHANK), (shoulders / thigh, SHOULDERS_TO_THIGH))
    is_odd = any(value < low or value > high for value, (low, high) in checks)
    return ODD_WEIGHT if is_odd else 1.0


def without_glitches(xyz_m: np.ndarray) -> np.ndarray:
    """A copy with NaN for the outer joint of a limb bone that jumps off its median length."""
    clean = np.array(xyz_m)
    for inner, outer in LIMB_BONES:
        lengths = _length_m(xyz_m, inner, outer)
        is_off = np.abs(lengths / _median(lengths) - 1) > GLITCH
        clean[is_off, JOINT[outer]] = np.nan
    return clean


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-9)


def upright(xyz_m: np.ndarray) -> np.ndarray:
    """Height of the trunk's direction, hips to neck, in each frame that has it: 1 = standing
    straight, 0 = lying, -1 = on the head."""
    trunk = _unit(xyz_m[:, JOINT["neck"]] - xyz_m[:, JOINT["root"]])[:, 2]
    return trunk[np.isfinite(trunk)]


def wrong_up(xyz_m: np.ndarray, may_lie: bool) -> str:
    """Why (T, 17, 3) can hardly have Z up; '' if it can."""
    trunk = upright(xyz_m)
    if not len(trunk):
        return ""
    if np.mean(trunk < 0) > MOST:
        return f"the neck is below the hips in {np.mean(trunk < 0):.0%} of frames; another 'up'?"
    share = np.mean(trunk > UPRIGHT)
    if may_lie or share >= MOST:
        return ""
    return f"upright in {share:.0%} of frames; another 'up' in the mapping, or --lying"


def knee_side(xyz_m: np.ndarray) -> float:
    """-1 to 1: whether knees bend forwards, given left and right as named; NaN if they hardly bend.

    Forwards is right angles to the hips' left and the line ankle to hip. In 221 real recordings of
    all kinds, dance and cartwheels too, the least was 0.82.
    """
    left = _unit(xyz_m[:, JOINT["lhip"]] - xyz_m[:, JOINT["rhip"]])
    bends = []
    for side in "lr":
        hip, knee, ankle = (xyz_m[:, JOINT[side + part]] for part in ("hip", "knee", "ankle"))
        leg = _unit(hip - ankle)
        bends.append(((knee - ankle) * _unit(np.cross(left, leg))).sum(-1))
    bend_m = np.concatenate(bends)
    bend_m = bend_m[np.isfinite(bend_m)]
    if not len(bend_m) or np.abs(bend_m).mean() < LEAST_BEND_M:
        return float("nan")
    return float(bend_m.sum() / np.abs(bend_m).sum())


def wrong_side(xyz_m: np.ndarray) -> str:
    """Why left and right of (T, 17, 3) cannot be as named; '' if they can or nothing tells."""
    if knee_side(xyz_m) < 0:
        return "knees bend backwards: left and right, or the axes, are mirrored"
    hips = xyz_m[:, JOINT["lhip"]] - xyz_m[:, JOINT["rhip"]]
    shoulders = xyz_m[:, JOINT["lshoulder"]] - xyz_m[:, JOINT["rshoulder"]]
    if _median((hips * shoulders).sum(-1)) < 0:
        return "legs and arms disagree about left and right"
    return ""


def teaches_nothing(xyz_m: np.ndarray) -> str:
    """Why (T, 17, 3) is of no use to a lifter, which is taught joints relative to the root; ''
    if it is."""
    if has_lifted(xyz_m):
        return ""
    return "no frame has the root and another joint; the mapping, or the markers it needs?"


def judge(
    sequence: Sequence, xyz_m: np.ndarray, may_lie: bool = True
) -> tuple[Judgement, np.ndarray]:
    """Check one sequence. Returns the judgement and, if it is kept, joints without glitches.

    may_lie: False refuses recordings in which nobody stands for most of the time.
    """
    reason = (
        teaches_nothing(xyz_m) or implausible(xyz_m) or wrong_up(xyz_m, may_lie)
        or wrong_side(xyz_m)
    )  # fmt: skip
    if reason:
        return Judgement(sequence.name, reason), xyz_m
    clean = without_glitches(xyz_m)
    num_glitches = int((np.isnan(clean).any(-1) & ~np.isnan(xyz_m).any(-1)).sum())
    return Judgement(sequence.name, "", proportion_weight(xyz_m), num_glitches), clean
