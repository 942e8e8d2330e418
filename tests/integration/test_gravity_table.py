"""What benchmarks/gravity.py measures, on one motion, from true poses placed by noisy keypoints."""

import numpy as np
import pytest

from benchmarks.gravity import score
from benchmarks.tilted_takes import Take, made_up, placed_truth, views, with_stiff_bones
from lib.body import middle
from lib.infer.bones import bone_vectors
from lib.skeleton import JOINT


@pytest.mark.parametrize("action", ["squat", "pushup"])
def test_true_poses_give_up_travel_size_and_planted_feet(action):
    take = next(iter(made_up([action])))
    (view,) = views([take], 1)
    found = score(view, placed_truth(view))
    assert found.up_deg[1] < 5 and found.up_deg[1] == pytest.approx(found.own_up_deg)
    assert np.abs(found.travel[:, 1]).max() < 0.1 and len(found.travel) == 4
    assert np.median(found.drift_mm[:, 1]) < 15 < np.median(found.drift_mm[:, 0])
    assert abs(found.size) < 0.04


def test_stiff_bones_keep_directions_and_the_feet_and_leave_unknown_joints_unknown():
    rng = np.random.default_rng(3)
    world = next(iter(made_up(["squat"]))).world_m[:90].copy()
    world[:, JOINT["lhip"]] += 0.02 * rng.standard_normal((90, 1))  # a joint that wanders
    world[:, JOINT["nose"]] = np.nan
    take = Take("squat", world, 30.0, [(0, 89)], 1.7)
    stiff = with_stiff_bones(take)
    bones, before = bone_vectors(stiff.world_m), bone_vectors(world)
    length, old = (np.linalg.norm(x, axis=-1) for x in (bones, before))
    assert np.nanmax(np.ptp(old, 0)) > 0.01 > 1e-9 > np.nanmax(np.ptp(length, 0))
    np.testing.assert_allclose(bones / length[..., None], before / old[..., None], atol=1e-9)
    np.testing.assert_allclose(middle(stiff.world_m, "ankle"), middle(world, "ankle"), atol=1e-9)
    assert np.isnan(stiff.world_m[:, JOINT["nose"]]).all() and stiff.kind == "squat, stiff"
