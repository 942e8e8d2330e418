"""The bend of a limb that bends one way throughout, as arms do under a body or a bar.

An angle between two bones is never negative: noise bends a straight arm, by 20 degrees and more
where the depth of the elbow is uncertain, and a small movement drowns in that. Where the elbow
leaves the line from shoulder to wrist in one direction only, its distance along that direction
averages to nothing in a straight arm; and of all directions the one is taken in which a bent arm
stands out most from the noise (Fisher's discriminant), which is seldom the line of sight.
"""

import numpy as np
from scipy.ndimage import uniform_filter1d

BENT_PERCENT = 25.0
"""The direction is that of so many frames, those in which the limb is shortest (choice),"""
AROUND_S = 60.0
"""out of so long around: between two sets somebody may have turned round (choice)."""
ALIKE = 0.8
"""Their mean over the mean of their sizes, along that direction, at least: where bent arms point
this way and that, the plain angle is the better one (choice)."""
SURELY_SHORT = 0.85
"""A limb of less than this share of its bones is bent by 63 degrees or more, noise or not."""
LOCAL_S = 3.0
SURE_SHARE = 0.1
"""Over so long, about a repetition (choice), surely bent limbs have to be ALIKE as well, if they
are so much of it: the shortest may all be of a rest, in which the arms were bent another way."""
FLOOR_SHARE = 0.01
"""Noise of at least this share of the limb's length is reckoned with in each direction."""


def _off_line(limb: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of near, middle and far joint (N, 3, 3): (N, 3) from the line between the others to the
    middle one, (N,) how far along the line that is from the near one, and the line's length."""
    line, bone = limb[:, 2] - limb[:, 0], limb[:, 1] - limb[:, 0]
    length = np.linalg.norm(line, axis=-1)
    axis = line / np.where(length > 0, length, np.nan)[:, None]
    along = (bone * axis).sum(-1)
    return bone - along[:, None] * axis, along, length


def _towards(off: np.ndarray, is_bent: np.ndarray, noise: np.ndarray, size: int) -> np.ndarray:
    """(N, 3) along which `off` tells a bend best, noise (3,) being its variance, as the bent frames
    (N,) among the `size` around show it; NaN where there are none or those are not alike."""

    def around(values: np.ndarray) -> np.ndarray:
        bent = np.where(is_bent[:, None], values, 0.0)
        return uniform_filter1d(bent, size, axis=0, mode="constant")

    mean = around(off)
    squares = (mean**2 / noise).sum(-1)
    scale = np.linalg.norm(mean, axis=-1) / np.where(squares > 0, squares, np.inf)
    towards = mean / noise * scale[:, None]
    height = (off * towards).sum(-1, keepdims=True)
    is_alike = around(height) > ALIKE * around(np.abs(height))
    # The filter is a running sum: where it has left the last bent frame a residue stays.
    has_bent = around(np.ones((len(off), 1))) * size > 0.5
    return np.where(has_bent & is_alike, towards, np.nan)


def _is_astray(off: np.ndarray, towards: np.ndarray, is_sure: np.ndarray, size: int) -> np.ndarray:
    """(N,) where the limb is surely bent in some of the `size` frames around, but not `towards`."""

    def around(values: np.ndarray) -> np.ndarray:
        return uniform_filter1d(np.where(is_sure, values, 0.0), size, mode="constant")

    height = (off * np.nan_to_num(towards)).sum(-1)
    has_sure = around(np.ones(len(off))) > SURE_SHARE
    return has_sure & (around(height) < ALIKE * around(np.linalg.norm(off, axis=-1)))


def one_way_deg(limb: np.ndarray, raw: np.ndarray, fps: float) -> tuple[np.ndarray, np.ndarray]:
    """(N,) degrees of bend, 0 = straight, less = bent the other way; of both inputs.

    limb, raw: near, middle and far joint (N, 3, 3) after and before smoothing, NaN = unknown. NaN
    also where the limb has no one way to bend.
    """
    smooth, rough = _off_line(limb), _off_line(raw)
    off, _, length = smooth
    known = np.isfinite(off).all(-1) & np.isfinite(rough[0]).all(-1)
    if not known.any():
        return np.full(len(limb), np.nan), np.full(len(limb), np.nan)
    floor = FLOOR_SHARE * np.median(length[known])
    noise = (rough[0] - off)[known].var(axis=0) + floor**2
    is_bent = known & (length <= np.percentile(length[known], BENT_PERCENT))
    towards = _towards(np.nan_to_num(off), is_bent, noise, max(1, round(AROUND_S * fps)))
    bones = np.linalg.norm(np.diff(limb, axis=1), axis=-1).sum(-1)
    is_sure = known & (length < SURELY_SHORT * np.median(bones[known]))
    is_astray = _is_astray(np.nan_to_num(off), towards, is_sure, max(1, round(LOCAL_S * fps)))
    towards[~known | is_astray] = np.nan
    bends = []
    for aside, along, whole in (smooth, rough):
        height = (aside * towards).sum(-1)
        bends.append(np.degrees(np.arctan2(height, along) + np.arctan2(height, whole - along)))
    return bends[0], bends[1]
