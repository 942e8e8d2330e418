"""What of a store with 3D is no person's joints in metres, in the axes that its frame says."""

import numpy as np

from lib.data.sides import order_problem
from lib.data.store import Store
from lib.geometry import project
from lib.skeleton import JOINT, JOINTS

LEAST_LOOKS = 100
"""Frames of a sequence that are looked at, evenly spread; all of a shorter one."""
UP = {"world": (2, 1.0), "camera": (1, -1.0)}
"""Axis and sign of up; a camera is held level more or less."""
STANDS, LIES = 0.6, 0.3
"""Mean height of the trunk's direction from which people stand along an axis, and below which they
do not (choice; a trunk that leans by 50 degrees has 0.64)."""
FAR_OFF = 0.1
"""Of the person's size in the picture: how far pixels may be from where the camera has the joints,
in the median (choice: detections of people are within 0.03)."""


def doubts(store: Store) -> list[str]:
    """A line on which way is up and one on the first sequence in doubt, as far as there are any."""
    if store.xyz_m is None:
        return []
    problems, trunks = {}, []
    for i in range(len(store.sequences)):
        chosen = slice(None, None, max(1, len(store.xyz_of(i)) // LEAST_LOOKS))
        xyz_m = store.xyz_of(i)[chosen]
        if text := order_problem(xyz_m) or _zeros(xyz_m) or _off_picture(store, i, chosen):
            problems[i] = text
        trunks.append(xyz_m[:, JOINT["neck"]] - xyz_m[:, JOINT["root"]])
    found = [text for text in [_wrong_up(np.concatenate(trunks), store.frame)] if text]
    if problems:
        first = min(problems)
        found.append(
            f"no person's joints in metres, or not where they are seen, in {len(problems)} of "
            f"{len(store.sequences)} sequences, first '{store.sequences[first].name}': "
            f"{problems[first]}"
        )
    return found


def _zeros(xyz_m: np.ndarray) -> str:
    """A root at 0 is no doubt: some keep poses relative to it."""
    share = (xyz_m == 0).all(-1).mean(0)
    share[JOINT["root"]] = 0
    i_joint = int(share.argmax())
    if share[i_joint] == 0:
        return ""
    return f"{JOINTS[i_joint]} is at (0, 0, 0) in {share[i_joint]:.0%} of frames; missing is NaN"


def _off_picture(store: Store, i_sequence: int, chosen: slice) -> str:
    camera, xyz_m = store.sequences[i_sequence].camera, store.xyz_of(i_sequence)[chosen]
    if store.frame != "camera":
        return ""
    depth_m = xyz_m[..., 2][np.isfinite(xyz_m[..., 2])]
    if len(depth_m) and np.median(depth_m) <= 0:
        return "behind the camera; expected x right, y down, z forward"
    if store.xy_px is None or camera is None:
        return ""
    seen_px = store.xy_of(i_sequence)[chosen]
    off_px = np.linalg.norm(project(xyz_m, camera) - seen_px, axis=-1)
    if not np.isfinite(off_px).any():
        return ""
    seen_px = np.where(np.isfinite(seen_px), seen_px, np.nan)
    some = seen_px[np.isfinite(seen_px).any((1, 2))]
    size_px = float(np.median((np.nanmax(some, 1) - np.nanmin(some, 1)).max(-1)))
    off = float(np.nanmedian(off_px))
    if off <= FAR_OFF * size_px:
        return ""
    return (
        f"its pixels are {off:.0f} px from where its camera has the joints, of a person of "
        f"{size_px:.0f} px; R, T (the camera's place), f, c, axes, or another order of frames?"
    )


def _wrong_up(trunk: np.ndarray, frame: str) -> str:
    trunk = trunk[np.isfinite(trunk).all(-1)]
    if not len(trunk):
        return ""
    mean = (trunk / np.maximum(np.linalg.norm(trunk, axis=-1, keepdims=True), 1e-9)).mean(0)
    axis, sign = UP[frame]
    i_most = int(np.abs(mean).argmax())
    if mean[axis] * sign >= LIES or abs(mean[i_most]) < STANDS:
        return ""
    most, up = (f"{'-' if s < 0 else '+'}{'xyz'[i]}" for i, s in
                ((i_most, mean[i_most]), (axis, sign)))  # fmt: skip
    return f"most trunks point along {most}; turn the axes ({frame}: up is {up}) unless all lie"
