"""The made-up detector: format, ids, gaps, errors and their scores."""

import json

import numpy as np
import pytest

from lib.config import load_config
from lib.data.noise import NoiseConfig
from lib.data.synthetic.bodies import make_body
from lib.data.synthetic.cameras import fit3d_cameras
from lib.data.synthetic.detector import Habits, alphapose_records, detect, halpe_points
from lib.data.synthetic.passerby import walk_through
from lib.data.synthetic.writer import subject_sequence
from lib.geometry import project, world_to_camera
from lib.skeleton import FIT3D25, HALPE26, JOINT, LIMB_JOINTS, indices, to_working

NUM_FRAMES = 300
PERFECT = Habits(misses_per_s=0, dropped_share=0, burst_s=0)


@pytest.fixture(scope="module")
def noise() -> NoiseConfig:
    return load_config(NoiseConfig, "configs/noise/published.yaml")


@pytest.fixture(scope="module")
def camera():
    return fit3d_cameras(np.random.default_rng(0))["65906101"]


@pytest.fixture(scope="module")
def squat_m() -> np.ndarray:
    return subject_sequence(198, "s09", "squat", num_reps=5).xyz_m[150 : 150 + NUM_FRAMES]


@pytest.fixture(scope="module")
def passer_m(camera) -> np.ndarray:
    away = -camera.T[:2] / np.linalg.norm(camera.T[:2])
    across = np.array([-away[1], away[0]])
    rng = np.random.default_rng(1)
    return walk_through(make_body(rng), rng, NUM_FRAMES, start_frame=40,
                        start_m=2 * away - 2 * across, goal_m=2 * away + 2 * across)  # fmt: skip


def arrays(records, idx=1, num_frames=NUM_FRAMES):
    """(F, 26, 3) of one person, NaN where it has no record."""
    out = np.full((num_frames, 26, 3), np.nan)
    for record in records:
        if record["idx"] == idx:
            frame = int(record["image_id"].removesuffix(".jpg"))
            assert np.isnan(out[frame]).all(), "two records of one person in one image"
            out[frame] = np.reshape(record["keypoints"], (26, 3))
    return out


def true_px(xyz_m, camera):
    return project(world_to_camera(halpe_points(xyz_m), camera), camera)


def test_exact_without_noise(squat_m, camera, noise):
    found = detect(squat_m, camera, np.random.default_rng(0), noise, strength=0, habits=PERFECT)
    assert np.abs(arrays(found)[..., :2] - true_px(squat_m, camera)).max() <= 0.051


def test_halpe_points_become_the_working_skeleton(squat_m):
    """Ears, toes and heels are added; limbs stay where the truth has them."""
    ones = np.ones((NUM_FRAMES, 26))
    got, _ = to_working(halpe_points(squat_m), ones, HALPE26)
    wanted, _ = to_working(squat_m, ones[:, :25], FIT3D25)
    limbs = indices(*LIMB_JOINTS, "root", "neck", "head")
    np.testing.assert_allclose(got[:, limbs], wanted[:, limbs], atol=1e-9)
    nose = np.linalg.norm(got[:, JOINT["nose"]] - wanted[:, JOINT["nose"]], axis=-1)
    assert nose.max() < 0.03


def test_big_toes_lie_inside_small_toes(squat_m):
    points = dict(zip(HALPE26.joints, np.moveaxis(halpe_points(squat_m), 1, 0), strict=True))
    big = np.linalg.norm(points["lbigtoe"] - points["rbigtoe"], axis=-1)
    small = np.linalg.norm(points["lsmalltoe"] - points["rsmalltoe"], axis=-1)
    assert (big < small).all()
    ears = points["lear"] - points["rear"]
    shoulders = points["lshoulder"] - points["rshoulder"]
    assert ((ears * shoulders).sum(-1) > 0).all()


def test_records_are_alphapose(squat_m, camera, noise):
    found = detect(squat_m, camera, np.random.default_rng(0), noise)
    assert json.loads(json.dumps(found)) == found
    for record in found:
        assert set(record) == {"image_id", "category_id", "keypoints", "score", "box", "idx"}
        assert record["category_id"] == 1 and len(record["keypoints"]) == 78
        assert 0.5 < record["score"] < 3.3
        points = np.reshape(record["keypoints"], (26, 3))
        low, size = np.array(record["box"][:2]), np.array(record["box"][2:])
        assert (points[:, :2] >= low - 0.1).all() and (points[:, :2] <= low + size + 0.1).all()


def test_error_is_a_few_pixels_and_slow(squat_m, camera, noise):
    found = arrays(detect(squat_m, camera, np.random.default_rng(3), noise, habits=PERFECT))
    error = found[..., :2] - true_px(squat_m, camera)
    assert 0.5 < np.median(np.abs(error)) < 5
    step = np.linalg.norm(np.diff(error, axis=0), axis=-1)
    assert np.median(step) < 0.7 * np.median(np.linalg.norm(error, axis=-1))


def test_score_follows_the_error(squat_m, camera, noise):
    found = arrays(detect(squat_m, camera, np.random.default_rng(4), noise))
    seen = np.isfinite(found[..., 0])
    error = np.linalg.norm(found[..., :2] - true_px(squat_m, camera), axis=-1)[seen]
    score = found[..., 2][seen]
    assert np.corrcoef(error, score)[0, 1] < -0.4
    assert 0.6 < np.median(score) <= 1 and score.max() <= 1 and score.min() > 0


def test_misses_are_low_scored_and_far(squat_m, camera, noise):
    habits = Habits(misses_per_s=1.0, dropped_share=0, burst_s=0)
    found = arrays(detect(squat_m, camera, np.random.default_rng(5), noise, habits=habits))
    error = np.linalg.norm(found[..., :2] - true_px(squat_m, camera), axis=-1)
    half = np.median(np.ptp(true_px(squat_m, camera), axis=1).max(-1)) / 2
    far = error > 0.075 * half
    assert 0.02 < far.mean() < 0.3
    assert found[far, 2].max() <= habits.miss_score[1]


def test_dropped_frames_and_the_burst(squat_m, camera, noise):
    habits = Habits(dropped_share=0.03, burst_s=0.16)
    missing = np.isnan(
        arrays(detect(squat_m, camera, np.random.default_rng(6), noise, habits=habits))[:, 0, 0]
    )
    assert 8 <= missing.sum() < 40
    runs = "".join("x" if m else "." for m in missing).split(".")
    assert max(map(len, runs)) >= 8


def test_second_person_has_its_own_id_and_comes_and_goes(squat_m, passer_m, camera, noise):
    found = detect(squat_m, camera, np.random.default_rng(7), noise, others=[passer_m])
    assert {record["idx"] for record in found} == {1, 2}
    passer = np.isfinite(arrays(found, idx=2)[:, 0, 0])
    present = np.isfinite(passer_m[:, 0, 0])
    assert not passer[~present].any() and 30 < passer.sum() < present.sum()
    heights = [r["box"][3] for i in (1, 2) for r in found if r["idx"] == i and r["box"][3] > 0]
    assert len(heights) == len(found)
    order = [int(record["image_id"].split(".")[0]) for record in found]
    assert order == sorted(order)


def test_main_person_stays_id_1_when_the_other_is_nearer(squat_m, camera, noise):
    nearer = squat_m + 1.2 * camera.T * [1, 1, 0] / np.linalg.norm(camera.T[:2])
    found = detect(squat_m, camera, np.random.default_rng(8), noise, others=[nearer],
                   habits=PERFECT, strength=0)  # fmt: skip
    first = arrays(found, idx=1)
    seen = np.isfinite(first[:, 0, 0])
    assert 0 < seen.sum() < NUM_FRAMES  # hidden behind the other at times
    assert np.abs(first[seen][..., :2] - true_px(squat_m, camera)[seen]).max() <= 0.051


def test_same_seed_same_list(squat_m, passer_m, camera, noise):
    lists = [
        detect(squat_m, camera, np.random.default_rng(seed), noise, others=[passer_m])
        for seed in (9, 9, 10)
    ]
    assert lists[0] == lists[1] != lists[2]


@pytest.mark.parametrize("num_frames", [0, 1])
def test_hardly_any_frames(squat_m, camera, noise, num_frames):
    found = detect(squat_m[:num_frames], camera, np.random.default_rng(0), noise, habits=PERFECT)
    assert len(found) == num_frames


def test_out_of_the_picture_is_not_found(squat_m, camera, noise):
    aside = squat_m + np.array([-camera.T[1], camera.T[0], 0])
    assert detect(aside, camera, np.random.default_rng(0), noise) == []


def test_records_of_any_keypoints():
    xy = np.arange(3 * 17 * 2, dtype=float).reshape(3, 17, 2)
    score = np.full((3, 17), 0.8)
    score[1] = 0
    xy[2, 4] = np.nan
    records = alphapose_records(xy, score, idx=3, first_image=5)
    assert [r["image_id"] for r in records] == ["5.jpg", "7.jpg"]
    assert all(r["idx"] == 3 and len(r["keypoints"]) == 51 for r in records)
    points = np.reshape(records[1]["keypoints"], (17, 3))
    assert points[4, 2] == 0 and (np.delete(points[:, 2], 4) > 0).all()
    assert np.isfinite(points).all()
    assert alphapose_records(np.zeros((0, 26, 2)), np.zeros((0, 26))) == []
