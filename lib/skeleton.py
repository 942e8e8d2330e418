"""The 17-joint working skeleton (Human3.6M's order) and the maps into it from other layouts.

This is the only file that knows a joint number. Everything else says `JOINT["rknee"]`.

Shapes: K joints of the source layout, J = 17 working joints, D coordinates (2 or 3).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

JOINTS = (
    "root", "rhip", "rknee", "rankle", "lhip", "lknee", "lankle", "spine", "neck",
    "nose", "head", "lshoulder", "lelbow", "lwrist", "rshoulder", "relbow", "rwrist",
)  # fmt: skip
NUM_JOINTS = len(JOINTS)
JOINT = {name: i for i, name in enumerate(JOINTS)}

# (parent, child), in the order in which the losses list limbs.
BONES = (
    ("root", "rhip"), ("rhip", "rknee"), ("rknee", "rankle"),
    ("root", "lhip"), ("lhip", "lknee"), ("lknee", "lankle"),
    ("root", "spine"), ("spine", "neck"), ("neck", "nose"), ("nose", "head"),
    ("neck", "lshoulder"), ("lshoulder", "lelbow"), ("lelbow", "lwrist"),
    ("neck", "rshoulder"), ("rshoulder", "relbow"), ("relbow", "rwrist"),
)  # fmt: skip
BONE_INDEX = tuple((JOINT[parent], JOINT[child]) for parent, child in BONES)


def mirror_name(name: str) -> str:
    """The joint on the other side: rknee -> lknee; a joint on the midline is its own mirror."""
    other = {"r": "l", "l": "r"}.get(name[0], "") + name[1:]
    return other if other in JOINT else name


MIRROR = [JOINT[mirror_name(name)] for name in JOINTS]
"""Index list that exchanges left and right: `pose[..., MIRROR, :]`."""

LIMB_JOINTS = tuple(
    name for name in JOINTS if name[1:] in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
)
"""The 12 joints every source defines in nearly the same place."""


def indices(*names: str) -> list[int]:
    """Working-skeleton indices of joint names."""
    return [JOINT[name] for name in names]


@dataclass(frozen=True)
class Layout:
    """A keypoint layout and how each working joint is made from it."""

    name: str
    joints: tuple[str, ...]
    """Names of its K keypoints, in file order."""
    recipe: dict[str, dict[str, float]]
    """Working joint -> {source keypoint: weight}. Weights of a joint sum to 1."""

    @property
    def num_joints(self) -> int:
        return len(self.joints)

    @cached_property
    def weights_JK(self) -> np.ndarray:
        """(17, K) linear map; rows sum to 1, a row of zeros is a joint this layout lacks."""
        weights = np.zeros((NUM_JOINTS, self.num_joints))
        for joint, parents in self.recipe.items():
            for source, weight in parents.items():
                weights[JOINT[joint], self.joints.index(source)] = weight
        return weights


def to_working(xyz: np.ndarray, score: np.ndarray, layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """Map keypoints of any layout to the working skeleton.

    xyz (..., K, D) coordinates, score (..., K), 0 or NaN = keypoint missing (as is a
    non-finite coordinate). Returns xyz (..., 17, D) and score (..., 17). A derived joint takes
    the lower parent's score and is missing (coordinates and score 0) if any parent is.
    Raises ValueError if K is not the layout's.
    """
    xyz, score = np.asarray(xyz, float), np.asarray(score, float)
    if xyz.shape[-2] != layout.num_joints or score.shape != xyz.shape[:-1]:
        raise ValueError(
            f"{layout.name} has {layout.num_joints} keypoints, got coordinates {xyz.shape} "
            f"and scores {score.shape}"
        )
    ok = np.isfinite(xyz).all(-1) & np.isfinite(score) & (score > 0)
    weights = layout.weights_JK
    needs = weights != 0
    score = np.where(ok, score, 0.0)
    lowest = np.where(needs, score[..., None, :], np.inf).min(-1)
    lowest = np.where(needs.any(-1), lowest, 0.0)
    joints = weights @ np.where(ok[..., None], xyz, 0.0)
    return np.where(lowest[..., None] > 0, joints, 0.0), lowest


_SIDED = ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
_SAME = {f"{side}{part}": {f"{side}{part}": 1.0} for side in "lr" for part in _SIDED}
_MID_HIP = {"lhip": 0.5, "rhip": 0.5}
_MID_SHOULDER = {"lshoulder": 0.5, "rshoulder": 0.5}
_TORSO = {"lhip": 0.25, "rhip": 0.25, "lshoulder": 0.25, "rshoulder": 0.25}
# Ears sit near 0.93 and shoulders near 0.82 of stature (Drillis & Contini 1966), so the crown is
# about 0.6 of the shoulder-to-ear distance above the ears.
_CROWN = {"lear": 0.8, "rear": 0.8, "lshoulder": -0.3, "rshoulder": -0.3}
_FROM_SHOULDERS = {
    **_SAME, "root": _MID_HIP, "spine": _TORSO, "neck": _MID_SHOULDER, "nose": {"nose": 1.0},
    "head": _CROWN,
}  # fmt: skip

COCO17 = Layout(
    "COCO-17",
    ("nose", "leye", "reye", "lear", "rear", "lshoulder", "rshoulder", "lelbow", "relbow",
     "lwrist", "rwrist", "lhip", "rhip", "lknee", "rknee", "lankle", "rankle"),
    _FROM_SHOULDERS,
)  # fmt: skip
COCO18 = Layout(
    "COCO-18",
    ("nose", "neck", "rshoulder", "relbow", "rwrist", "lshoulder", "lelbow", "lwrist", "rhip",
     "rknee", "rankle", "lhip", "lknee", "lankle", "reye", "leye", "rear", "lear"),
    _FROM_SHOULDERS,
)  # fmt: skip
HALPE26 = Layout(
    "Halpe-26",
    COCO17.joints + ("head", "neck", "hip", "lbigtoe", "rbigtoe", "lsmalltoe", "rsmalltoe",
                     "lheel", "rheel"),
    {**_FROM_SHOULDERS, "root": {"hip": 1.0}, "spine": {"hip": 0.5, "neck": 0.5},
     "neck": {"neck": 1.0}, "head": {"head": 1.0}},
)  # fmt: skip
BODY25 = Layout(
    "BODY-25",
    ("nose", "neck", "rshoulder", "relbow", "rwrist", "lshoulder", "lelbow", "lwrist", "midhip",
     "rhip", "rknee", "rankle", "lhip", "lknee", "lankle", "reye", "leye", "rear", "lear",
     "lbigtoe", "lsmalltoe", "lheel", "rbigtoe", "rsmalltoe", "rheel"),
    {**_FROM_SHOULDERS, "root": {"midhip": 1.0}, "neck": {"neck": 1.0},
     "spine": {"midhip": 0.5, "neck": 0.5}},
)  # fmt: skip
BLAZEPOSE33 = Layout(
    "BlazePose-33",
    ("nose", "leyeinner", "leye", "leyeouter", "reyeinner", "reye", "reyeouter", "lear", "rear",
     "lmouth", "rmouth", "lshoulder", "rshoulder", "lelbow", "relbow", "lwrist", "rwrist",
     "lpinky", "rpinky", "lindex", "rindex", "lthumb", "rthumb", "lhip", "rhip", "lknee",
     "rknee", "lankle", "rankle", "lheel", "rheel", "lfootindex", "rfootindex"),
    _FROM_SHOULDERS,
)  # fmt: skip
POSETRACK17 = Layout(
    "PoseTrack-17",
    ("nose", "headbottom", "headtop", "lear", "rear", "lshoulder", "rshoulder", "lelbow",
     "relbow", "lwrist", "rwrist", "lhip", "rhip", "lknee", "rknee", "lankle", "rankle"),
    {**_FROM_SHOULDERS, "neck": {"headbottom": 1.0}, "head": {"headtop": 1.0}},
)  # fmt: skip
# Fit3D lists the left leg first (defect D10), then trunk, left arm, right arm, hands and feet.
FIT3D25 = Layout(
    "Fit3D-25",
    ("root", "lhip", "lknee", "lankle", "rhip", "rknee", "rankle", "spine", "neck", "nose",
     "head", "lshoulder", "lelbow", "lwrist", "rshoulder", "relbow", "rwrist",
     "lheel", "ltoe", "rheel", "rtoe", "lhandtip", "lthumb", "rhandtip", "rthumb"),
    {name: {name: 1.0} for name in JOINTS},
)  # fmt: skip

DETECTOR_LAYOUTS = (COCO17, COCO18, HALPE26, BODY25, BLAZEPOSE33)
LAYOUTS = {lay.name: lay for lay in (*DETECTOR_LAYOUTS, POSETRACK17, FIT3D25)}
