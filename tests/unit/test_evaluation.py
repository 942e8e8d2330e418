"""Scoring: every prediction meets its own truth."""

import numpy as np
import pytest
from tiny_stores import camera_store, world_store

from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.train.evaluation import EvalConfig, evaluate_lifter, evaluation_poses


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    sources = [
        SourceConfig(str(camera_store(folder / "fit3d")), subjects=["s09"]),
        SourceConfig(str(world_store(folder / "mocap"))),
    ]
    return EvalConfig(sources, with_noise=False)


class _Oracle:
    """Knows the truth of a pose by where the pose came from."""

    def __init__(self, config):
        poses = evaluation_poses(config, None, RandomCameraConfig())
        self.truth = {pose.source: truth for _, _, pose, truth in poses}

    def lift_relative(self, pose, *, flip_average):
        return np.nan_to_num(self.truth[pose.source])


def test_T2_each_prediction_is_scored_against_its_own_sequence(config):
    oracle = _Oracle(config)
    assert len(oracle.truth) == 5
    scores = evaluate_lifter(oracle, config, None, RandomCameraConfig())
    assert scores["mpjpe_mm"] == 0 and scores["coverage_ratio"] == 1
    first, second = list(oracle.truth)[:2]
    oracle.truth[first], oracle.truth[second] = oracle.truth[second], oracle.truth[first]
    assert evaluate_lifter(oracle, config, None, RandomCameraConfig())["mpjpe_mm"] > 1


def test_same_seed_same_sequences(config):
    poses = [list(evaluation_poses(config, None, RandomCameraConfig())) for _ in range(2)]
    for one, two in zip(*poses, strict=True):
        assert np.array_equal(one[2].xy_px, two[2].xy_px)


def test_fewer_sequences_are_spread_evenly(config):
    few = EvalConfig(config.sources, max_sequences=1, max_frames=10, with_noise=False)
    found = list(evaluation_poses(few, None, RandomCameraConfig()))
    assert len(found) == 2 and all(len(truth) == 10 for *_, truth in found)
