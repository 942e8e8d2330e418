"""Heights, and places ahead of the feet; thigh lengths unless named."""

import numpy as np

from lib.analysis.measures.body import Body, Measure

MIDFOOT = 0.14
"""The middle of the foot is this far before the ankle, thigh lengths (0.035 of stature)."""
_LEAST = 1e-6


def _height(body: Body, part: str, over: str, side: str = "both") -> np.ndarray:
    return (body.part(part, side) - body.part(over, side))[..., 2]


def depth(body: Body, side: str) -> np.ndarray:
    """Hip joint below knee joint."""
    return -_height(body, "hip", "knee", side)


def hip_height(body: Body, side: str) -> np.ndarray:
    """Hips over ankles."""
    return _height(body, "hip", "ankle")


def wrist_height(body: Body, side: str) -> np.ndarray:
    """Wrists over ankles."""
    return _height(body, "wrist", "ankle")


def hip_and_shoulder_height(body: Body, side: str) -> np.ndarray:
    """(..., 2) of hips and shoulders over the ankles."""
    return np.stack([_height(body, part, "ankle") for part in ("hip", "shoulder")], -1)


def hip_minus_shoulder(body: Body, side: str) -> np.ndarray:
    """Height of the hips minus that of the shoulders."""
    return _height(body, "hip", "shoulder")


def start_height(body: Body, side: str) -> np.ndarray:
    """Hips between knees (0) and shoulders (1)."""
    reach = _height(body, "shoulder", "knee")
    return _height(body, "hip", "knee") / np.where(np.abs(reach) > _LEAST, reach, np.nan)


def _ahead_of_midfoot(body: Body, point: np.ndarray) -> np.ndarray:
    return (point - body.part("ankle"))[..., 1] - MIDFOOT


def neck_forward(body: Body, side: str) -> np.ndarray:
    """Neck, where a bar on the back is, ahead of the middle of the feet."""
    return _ahead_of_midfoot(body, body.joint("neck"))


def wrist_forward(body: Body, side: str) -> np.ndarray:
    """Wrists ahead of the middle of the feet."""
    return _ahead_of_midfoot(body, body.part("wrist"))


def shoulder_over_bar(body: Body, side: str) -> np.ndarray:
    """Shoulders ahead of the wrists."""
    return (body.part("shoulder") - body.part("wrist"))[..., 1]


def elbow_below_shoulder(body: Body, side: str) -> np.ndarray:
    """In upper arm lengths."""
    return _height(body, "shoulder", "elbow", side) / body.upper_arm


def wrist_along_body(body: Body, side: str) -> np.ndarray:
    """Wrists from the shoulders towards the hips, along the trunk."""
    line = body.joint("root") - body.joint("neck")
    line = line / np.linalg.norm(line, axis=-1, keepdims=True)
    return ((body.part("wrist") - body.part("shoulder")) * line).sum(-1)


PLACES: dict[str, Measure] = {
    "depth": depth, "hip_height": hip_height, "wrist_height": wrist_height,
    "hip_and_shoulder_height": hip_and_shoulder_height, "hip_minus_shoulder": hip_minus_shoulder,
    "start_height": start_height, "neck_forward": neck_forward, "wrist_forward": wrist_forward,
    "shoulder_over_bar": shoulder_over_bar, "elbow_below_shoulder": elbow_below_shoulder,
    "wrist_along_body": wrist_along_body,
}  # fmt: skip
