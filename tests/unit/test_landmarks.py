"""Joints that a source puts elsewhere on the trunk."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from tiny_stores import STANDING

from lib.config import build
from lib.data.arms import trunk_axes
from lib.data.augment import AugmentConfig
from lib.data.landmarks import shift_landmarks
from lib.errors import UserError
from lib.skeleton import JOINT, JOINTS, indices

ON_TRUNK = indices("spine", "neck", "lshoulder", "rshoulder", "lhip", "rhip")


def turning(num_frames=5):
    """Somebody who stands and turns on the spot, (T, 17, 3)."""
    turns = Rotation.from_rotvec(np.linspace(0, 2, num_frames)[:, None] * [0, 0, 1]).as_matrix()
    return np.array([STANDING[name] for name in JOINTS]) @ turns.transpose(0, 2, 1)


def shifted(xyz, seed=0, most_m=0.05):
    return shift_landmarks(xyz, most_m, np.random.default_rng(seed))


@pytest.mark.parametrize("num_frames", [0, 1, 5])
def test_only_joints_of_the_trunk_move_and_not_far(num_frames):
    xyz = turning(num_frames)
    away = np.linalg.norm(shifted(xyz) - xyz, axis=-1)
    others = np.setdiff1d(np.arange(len(JOINTS)), ON_TRUNK)
    assert not away[:, others].any()
    assert (away[:, ON_TRUNK] > 0).all()
    assert (away < 0.5).all()


def test_they_sit_still_on_the_body():
    xyz = turning()
    in_body = np.einsum("tij,tkj->tki", trunk_axes(xyz), shifted(xyz) - xyz)
    np.testing.assert_allclose(in_body, np.broadcast_to(in_body[:1], in_body.shape), atol=1e-12)
    left, right = (in_body[0, indices(f"{side}shoulder", f"{side}hip")] for side in "lr")
    np.testing.assert_allclose(left * [-1, 1, 1], right, atol=1e-12)
    middle = in_body[0, indices("spine", "neck")]
    np.testing.assert_allclose(middle[:, 0], 0, atol=1e-12)
    assert np.abs(middle[:, 2]).min() > 0.001


def test_sources_differ_as_much_as_motion_capture_does():
    xyz = turning(1)
    many = np.concatenate([shifted(xyz, seed) for seed in range(300)])
    trunk_m = np.linalg.norm(many[:, JOINT["neck"]] - many[:, JOINT["root"]], axis=-1)
    assert 0.02 < trunk_m.std() < 0.08
    np.testing.assert_array_equal(shifted(xyz, most_m=0.0), xyz)


def test_where_the_trunk_is_not_known_nothing_moves():
    xyz = turning().astype(np.float32)
    xyz[2, JOINT["neck"]] = np.nan
    moved = shifted(xyz)
    assert moved.dtype == np.float32
    np.testing.assert_array_equal(moved[2], xyz[2])
    assert (moved[1] != xyz[1]).any()


def test_a_spread_below_zero_is_refused():
    with pytest.raises(UserError, match="landmark_shift_m"):
        build(AugmentConfig, {"landmark_shift_m": -0.1}, "a.yaml")
