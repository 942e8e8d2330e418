"""One length for each bone of a recording: people do not stretch.

T frames, J = 17 joints, K = 16 bones in the order of lib.skeleton.BONES.
"""

import numpy as np

from lib.skeleton import BONE_INDEX, BONES, JOINT, NUM_JOINTS, mirror_name

ROUNDS = 20
"""Of giving way. What is left after them goes along the chain."""
_GIVE = np.array([1.0, 1.0, 9.0])
"""How readily a joint gives way along x, y and z, the camera's axis. This and the next were chosen
on development data by benchmarks/choose_steps.py."""
_SINE_POWER = 4
_PARENT, _CHILD = np.array(BONE_INDEX).T
_TWIN = [BONES.index((mirror_name(parent), mirror_name(child))) for parent, child in BONES]
"""Bone -> the same bone of the other side, or itself."""


def _ways() -> np.ndarray:
    """(17, 16) 1 where a bone lies on the way from the root to a joint."""
    ways = np.zeros((NUM_JOINTS, len(BONES)))
    for i_bone, (parent, child) in enumerate(BONE_INDEX):  # a parent's own bone comes earlier
        ways[child] = ways[parent]
        ways[child, i_bone] = 1
    return ways


def _pull() -> np.ndarray:
    """(17, 16): what each joint gets of the way by which a bone is too long, half at either end."""
    pull = np.zeros((NUM_JOINTS, len(BONES)))
    pull[_PARENT, range(len(BONES))] = 0.5
    pull[_CHILD, range(len(BONES))] = -0.5
    return pull / np.abs(pull).sum(1, keepdims=True) * 0.5


_WAYS = _ways()
_PULL = _pull()


def bone_vectors(xyz: np.ndarray) -> np.ndarray:
    """(..., 16, 3) from parent to child, of joints (..., 17, 3)."""
    return xyz[..., _CHILD, :] - xyz[..., _PARENT, :]


def at_children(x: np.ndarray) -> np.ndarray:
    """A number a bone (..., 16) as one a joint (..., 17), that of the bone it ends; root: 0."""
    joints = np.zeros((*x.shape[:-1], NUM_JOINTS))
    joints[..., _CHILD] = x
    return joints


def bone_lengths(xyz: np.ndarray, is_seen: np.ndarray) -> np.ndarray:
    """(16,) one length a bone, the same left and right, in the unit of xyz (T, 17, 3).

    The median over both sides in the frames is_seen (T,), of which there is one at least. A frame
    counts the more, the more the bone lies across the camera's axis, with the fourth power of the
    sine: what points at the camera is lifted too short.
    """
    vectors = bone_vectors(xyz[is_seen])
    length = np.maximum(np.linalg.norm(vectors, axis=-1), 1e-9)
    weight = (np.linalg.norm(vectors[..., :2], axis=-1) / length) ** _SINE_POWER + 1e-9
    length, weight = (np.concatenate([x, x[:, _TWIN]]) for x in (length, weight))
    order = length.argsort(0)
    length, weight = (np.take_along_axis(x, order, 0) for x in (length, weight))
    share = weight.cumsum(0) / weight.sum(0)
    return np.take_along_axis(length, (share >= 0.5).argmax(0)[None], 0)[0]


def hold_lengths(xyz: np.ndarray, length: np.ndarray) -> np.ndarray:
    """(T, 17, 3) with bones of the lengths (16,), all joints moved as little as that takes.

    Both ends of every bone give way at once, each joint by the mean of what its bones ask
    (position-based dynamics, Mueller et al. 2007), in depth more readily than across: depth is what
    is known least. The root stays.
    """
    joints = xyz
    for _ in range(ROUNDS):
        vectors = bone_vectors(joints)
        give = _GIVE * vectors
        own = np.maximum(np.linalg.norm(vectors, axis=-1), 1e-9)
        share = (own - length) * own / np.maximum((give * vectors).sum(-1), 1e-12)
        joints = joints + _PULL @ (share[..., None] * give)
    return with_lengths(joints - joints[:, [JOINT["root"]]] + xyz[:, [JOINT["root"]]], length)


def with_lengths(xyz: np.ndarray, length: np.ndarray) -> np.ndarray:
    """(T, 17, 3) with bones of the lengths (16,), each in its own direction: no angle changes.

    Joints move along the chain from the root, which stays.
    """
    vectors = bone_vectors(xyz)
    own = np.linalg.norm(vectors, axis=-1, keepdims=True)
    vectors = vectors * (length[:, None] / np.maximum(own, 1e-9))
    return xyz[:, [JOINT["root"]]] + _WAYS @ vectors
