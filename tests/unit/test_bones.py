"""Bones of one length: what stays, what changes."""

import numpy as np
import pytest
from moving_body import Timing, lift, noisy, seen_by

from lib.geometry import flexion_deg
from lib.infer.bones import at_children, bone_lengths, bone_vectors, hold_lengths, with_lengths
from lib.skeleton import BONES, JOINT, JOINTS, MIRROR, indices, mirror_name


def lifted():
    xyz = seen_by(lift("squat", [Timing()] * 2)[0], 40)
    noise = np.random.default_rng(0)
    xyz = noisy(xyz, noise, 30)
    return xyz - xyz[:, [JOINT["root"]]]


def held(xyz):
    return with_lengths(xyz, bone_lengths(xyz, np.ones(len(xyz), bool)))


def test_lengths_are_constant_and_alike_on_both_sides():
    length = np.linalg.norm(bone_vectors(held(lifted())), axis=-1)
    np.testing.assert_allclose(length, np.broadcast_to(length[:1], length.shape), atol=1e-12)
    for i, (parent, child) in enumerate(BONES):
        twin = BONES.index((mirror_name(parent), mirror_name(child)))
        assert length[0, i] == pytest.approx(length[0, twin], abs=1e-12)


def test_angles_and_the_root_stay():
    xyz = lifted()
    after = held(xyz)
    for side in "lr":
        for chain in (("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")):
            joints = indices(*(side + part for part in chain))
            before_deg, after_deg = (
                flexion_deg(*(pose[:, j] for j in joints)) for pose in (xyz, after)
            )
            np.testing.assert_allclose(after_deg, before_deg, atol=1e-6)
    np.testing.assert_array_equal(after[:, JOINT["root"]], xyz[:, JOINT["root"]])


def test_a_body_that_keeps_its_lengths_is_not_touched():
    once = held(lifted())
    np.testing.assert_allclose(held(once), once, atol=1e-12)


def test_mirrored_pose_gives_the_mirrored_result():
    xyz = lifted()
    mirrored = xyz[:, MIRROR] * [-1, 1, 1]
    np.testing.assert_allclose(held(mirrored), held(xyz)[:, MIRROR] * [-1, 1, 1], atol=1e-12)


def test_held_joints_keep_their_lengths_and_move_less_than_along_the_chain():
    xyz = lifted()
    length = bone_lengths(xyz, np.ones(len(xyz), bool))
    chain, kept = with_lengths(xyz, length), hold_lengths(xyz, length)
    np.testing.assert_allclose(np.linalg.norm(bone_vectors(kept), axis=-1),
                               np.broadcast_to(length, (len(xyz), len(BONES))))  # fmt: skip
    np.testing.assert_array_equal(kept[:, JOINT["root"]], xyz[:, JOINT["root"]])
    across = [np.linalg.norm((x - xyz)[..., :2], axis=-1).mean() for x in (chain, kept)]
    assert across[1] < 0.8 * across[0]
    mirrored = hold_lengths(xyz[:, MIRROR] * [-1, 1, 1], length)
    np.testing.assert_allclose(mirrored, kept[:, MIRROR] * [-1, 1, 1], atol=1e-12)


def test_wild_frames_and_unseen_ones_do_not_set_the_length():
    xyz = lifted()
    is_seen = np.ones(len(xyz), bool)
    right = bone_lengths(xyz, is_seen)
    wild = xyz.copy()
    wild[:10] *= 3
    assert np.abs(bone_lengths(wild, is_seen) / right - 1).max() < 0.05
    is_seen[:10] = False
    np.testing.assert_allclose(bone_lengths(wild, is_seen), bone_lengths(xyz[10:], is_seen[10:]))


def test_a_bone_without_length_stays_finite():
    xyz = lifted()
    xyz[5, JOINT["lwrist"]] = xyz[5, JOINT["lelbow"]]
    assert np.isfinite(held(xyz)).all()
    assert np.isfinite(hold_lengths(xyz, bone_lengths(xyz, np.ones(len(xyz), bool)))).all()


def test_a_bones_number_goes_to_the_joint_it_ends_in():
    numbers = at_children(np.arange(1.0, len(BONES) + 1))
    assert numbers[JOINT["root"]] == 0
    assert all(numbers[JOINTS.index(child)] == i for i, (_, child) in enumerate(BONES, start=1))
