"""What benchmarks/gravity.py measures, on one motion, from true poses placed by noisy keypoints."""

import numpy as np
import pytest

from benchmarks.gravity import score
from benchmarks.tilted_takes import made_up, placed_truth, views


@pytest.mark.parametrize("action", ["squat", "pushup"])
def test_true_poses_give_up_travel_size_and_planted_feet(action):
    take = next(iter(made_up([action])))
    (view,) = views([take], 1)
    found = score(view, placed_truth(view))
    assert found.up_deg[1] < 5 and found.up_deg[1] == pytest.approx(found.own_up_deg)
    assert np.abs(found.travel[:, 1]).max() < 0.1 and len(found.travel) == 4
    assert np.median(found.drift_mm[:, 1]) < 15 < np.median(found.drift_mm[:, 0])
    assert abs(found.size) < 0.04
