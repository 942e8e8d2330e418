"""What is known at inference about how wrong a lifted joint may be. T frames, J = 17 joints."""

import numpy as np

from lib.infer.bones import at_children, bone_lengths, bone_vectors
from lib.infer.raw import Finished
from lib.infer.track import is_seen, trusted
from lib.skeleton import JOINT

EVIDENCE = (
    "flip", "flip_body", "moved", "moved_body", "score", "strain", "strain_body", "depth",
    "unseen_s",
)  # fmt: skip
"""Its kinds; _body: the mean over the joints of the frame.

flip      log of how far the answers to the mirrored input and of other streams are off
moved     log of how far the second look and the steps have moved the joint since the first answer
score     the keypoint's, 0 where it is missing
strain    |log| of the lifted length of the bone that ends in the joint over its usual one
depth     share of that bone along the camera's axis
unseen_s  seconds to the nearest frame in which the joint was seen, 1 at most
"""
_FLOOR_M = 0.002
MOST_UNSEEN_S = 1.0
"""What is unseen for longer the network makes up, and no evidence tells how far off it is."""


def evidence(done: Finished) -> np.ndarray:
    """(T, 17, len(EVIDENCE)) of a lifted recording, NaN = not known."""
    raw, pose = done.raw, done.pose
    ok = trusted(pose)
    vectors, lifted = bone_vectors(done.xyz), np.linalg.norm(bone_vectors(raw.xyz), axis=-1)
    length = np.maximum(bone_lengths(raw.xyz, is_seen(pose)), 1e-3)
    strain = at_children(np.abs(np.log(np.maximum(lifted, 1e-3) / length)))
    flip = np.log(raw.flip_spread + _FLOOR_M)
    moved = np.log(np.linalg.norm(done.xyz - done.first.xyz, axis=-1) + _FLOOR_M)
    columns = (
        flip, _of_body(flip), moved, _of_body(moved),
        np.where(ok, np.clip(pose.score, 0, 1), 0.0), strain, _of_body(strain),
        at_children(np.abs(vectors[..., 2]) / length), unseen_s(ok, pose.time_s),
    )  # fmt: skip
    return np.stack(columns, -1)


def _of_body(x: np.ndarray) -> np.ndarray:
    others = np.arange(x.shape[1]) != JOINT["root"]
    return np.broadcast_to(x[:, others].mean(1, keepdims=True), x.shape)


def unseen_s(ok: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """(T, 17) seconds to the nearest frame in which a joint is ok, MOST_UNSEEN_S at most."""
    times = np.broadcast_to(time_s[:, None], ok.shape)
    before = np.maximum.accumulate(np.where(ok, times, -np.inf), axis=0)
    after = np.minimum.accumulate(np.where(ok, times, np.inf)[::-1], axis=0)[::-1]
    return np.minimum(np.minimum(times - before, after - times), MOST_UNSEEN_S)
