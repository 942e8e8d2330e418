"""Arms of one body on another."""

import numpy as np
from scipy.spatial.transform import Rotation
from tiny_stores import swaying

from lib.data.arms import trunk_axes, with_arms_of, with_legs_of
from lib.geometry import flexion_deg
from lib.skeleton import JOINT, JOINTS, indices

ARMS = indices("lelbow", "lwrist", "relbow", "rwrist")


def body(num_frames=40, seed=0):
    return swaying(num_frames, np.random.default_rng(seed))


def raised(xyz):
    """The same body with straight arms to the left and right."""
    out = xyz.copy()
    for side, sign in (("l", 1), ("r", -1)):
        shoulder = out[:, JOINT[f"{side}shoulder"]]
        out[:, JOINT[f"{side}elbow"]] = shoulder + [0.3 * sign, 0, 0]
        out[:, JOINT[f"{side}wrist"]] = shoulder + [0.55 * sign, 0, 0]
    return out


def bone(xyz, upper, lower):
    return np.linalg.norm(xyz[:, JOINT[lower]] - xyz[:, JOINT[upper]], axis=-1)


def test_only_the_arms_change_and_they_keep_their_lengths():
    given = body()
    mixed = with_arms_of(given, raised(body(seed=1)))
    others = [i for i in range(len(JOINTS)) if i not in ARMS]
    assert np.array_equal(mixed[:, others], given[:, others])
    assert np.abs(mixed[:, ARMS] - given[:, ARMS]).min() > 0
    for upper, lower in (("lshoulder", "lelbow"), ("relbow", "rwrist")):
        np.testing.assert_allclose(bone(mixed, upper, lower), bone(given, upper, lower), rtol=1e-9)


def test_they_take_the_donors_posture_wherever_it_stands_and_looks():
    given, donor = body(), raised(body(seed=1))
    turned = Rotation.from_euler("zyx", [130, 20, -70], degrees=True).apply(donor.reshape(-1, 3))
    mixed = with_arms_of(given, turned.reshape(donor.shape) + [5, -3, 2])
    np.testing.assert_allclose(mixed, with_arms_of(given, donor), atol=1e-9)
    for side in "lr":
        joints = [mixed[:, JOINT[f"{side}{name}"]] for name in ("shoulder", "elbow", "wrist")]
        assert flexion_deg(*joints).max() < 1e-3


def test_left_stays_left_and_up_stays_up():
    mixed = with_arms_of(body(), raised(body(seed=1)))
    aside = mixed[:, JOINT["lwrist"]] - mixed[:, JOINT["lshoulder"]]
    assert (aside[:, 0] > 0.4 * np.linalg.norm(aside, axis=-1)).all()
    # The body looks along -y.
    np.testing.assert_allclose(trunk_axes(body())[:, 1] @ [0, -1, 0], 1, atol=0.1)
    np.testing.assert_allclose(with_arms_of(body(), body()), body(), atol=1e-9)


def test_what_the_donor_lacks_is_missing():
    donor = body()
    donor[:, JOINT["lwrist"]] = np.nan
    donor[5, JOINT["neck"]] = np.nan
    mixed = with_arms_of(body(), donor)
    missing = np.isnan(mixed).all(-1)
    assert missing[:, JOINT["lwrist"]].all() and missing[5, ARMS].all()
    assert missing.sum() == 40 + 3


def test_borrowed_legs_leave_everything_above_them_and_their_own_lengths():
    given, donor = body(), body(seed=1)
    hips = [donor[:, JOINT[f"{side}hip"]] for side in "lr"]
    for hip, side, sign in zip(hips, "lr", (1, -1), strict=True):
        donor[:, JOINT[f"{side}knee"]] = hip + [0.4 * sign, 0, 0]
        donor[:, JOINT[f"{side}ankle"]] = hip + [0.8 * sign, 0, 0]
    mixed = with_legs_of(given, donor)
    legs = indices(*(side + name for side in "lr" for name in ("knee", "ankle")))
    others = np.setdiff1d(np.arange(len(JOINTS)), legs)
    np.testing.assert_array_equal(mixed[:, others], given[:, others])
    for side, sign in (("l", 1), ("r", -1)):
        leg = [mixed[:, JOINT[side + name]] for name in ("hip", "knee", "ankle")]
        assert flexion_deg(*leg).max() < 1e-3
        assert ((leg[2] - leg[0])[:, 0] * sign > 0.5).all()
    for upper, lower in (("lhip", "lknee"), ("rknee", "rankle")):
        np.testing.assert_allclose(bone(mixed, upper, lower), bone(given, upper, lower), rtol=1e-9)
    np.testing.assert_allclose(with_legs_of(given, given), given, atol=1e-9)
