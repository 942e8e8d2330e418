"""Cameras, the one normalisation, angles and alignment."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.alignment import fit_translation, procrustes
from lib.geometry import (
    Camera,
    Crop,
    angle_deg,
    camera_to_world,
    fit_crop,
    flexion_deg,
    mirror,
    network_input,
    project,
    world_to_camera,
)
from lib.skeleton import JOINT

GOLDEN = Path(__file__).parents[1] / "golden"


def make_camera(**changes):
    known = {
        "R": np.eye(3), "T": np.zeros(3), "f": np.array([1000.0, 1000.0]), "c": np.zeros(2),
        "k": np.zeros(3), "p": np.zeros(2), "size_px": (900, 900),
    }  # fmt: skip
    return Camera(**known | changes)


def rotation_of(seed):
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return q * np.sign(np.linalg.det(q))


def walker(num_frames=40, height_px=400.0, seed=0):
    """A body of 17 points about (500, 300) px that sways a little; score 0.9 everywhere."""
    rng = np.random.default_rng(seed)
    body = np.stack([rng.uniform(-60, 60, 17), np.linspace(-0.5, 0.5, 17) * height_px], -1)
    sway = 3 * np.sin(np.arange(num_frames) / 5)[:, None, None]
    return body + sway + [500.0, 300.0], np.full((num_frames, 17), 0.9)


def test_world_to_camera_and_back():
    camera = make_camera(R=rotation_of(1), T=np.array([3.9, 2.1, 1.5]))
    xyz = np.random.default_rng(0).normal(size=(4, 17, 3))
    np.testing.assert_allclose(camera_to_world(world_to_camera(xyz, camera), camera), xyz)
    np.testing.assert_allclose(world_to_camera(camera.T, camera), np.zeros(3))


def test_D9_tangential_coefficients_are_swapped():
    """By hand: x = (0.1, 0.2), r2 = 0.05, p' = (0.02, 0.01), t = 0.004."""
    camera = make_camera(p=np.array([0.01, 0.02]))
    pixel = project(np.array([0.2, 0.4, 2.0]), camera)
    np.testing.assert_allclose(pixel, [101.4, 201.3])


def test_radial_distortion_by_hand():
    camera = make_camera(k=np.array([-0.1, 0.2, 1.0]), c=np.array([10.0, 20.0]))
    radial = 1 - 0.1 * 0.05 + 0.2 * 0.05**2 + 0.05**3
    pixel = project(np.array([0.1, 0.2, 1.0]), camera)
    np.testing.assert_allclose(pixel, [100 * radial + 10, 200 * radial + 20])


def test_D9_nothing_is_clipped_and_points_behind_are_missing():
    camera = make_camera()
    np.testing.assert_allclose(project(np.array([3.0, -2.0, 1.0]), camera), [3000, -2000])
    behind = project(np.array([[1.0, 1.0, -1.0], [1.0, 1.0, 0.0]]), camera)
    assert np.isnan(behind).all()


@settings(max_examples=30, deadline=None)
@given(st.floats(-5e3, 5e3), st.floats(-5e3, 5e3), st.floats(1e-3, 1e4))
def test_normalise_and_denormalise_undo_each_other(x, y, half):
    crop = Crop(np.array([x, y]), half)
    xy = np.array([[0.0, 0.0], [1920.0, -300.0]])
    np.testing.assert_allclose(crop.denormalise(crop.normalise(xy)), xy, atol=1e-6)


def test_D1_D2_nothing_is_clipped_and_scores_are_clamped_explicitly():
    xy, score = walker()
    score[:] = 1.7
    xy[3, 0] = [9000, 300]  # one wild joint stays where it is, outside the square
    x = network_input(xy, score, fit_crop(xy, score))
    assert x.dtype == np.float32
    assert x[3, 0, 0] > 10
    assert (x[..., 2] == 1).all()


def test_D1_a_smaller_box_enlarges_the_body_by_just_that():
    xy, score = walker()
    crop = fit_crop(xy, score, quantile=0)
    half = Crop(crop.centre_px, crop.half_px / 2)
    np.testing.assert_allclose(half.normalise(xy), 2 * crop.normalise(xy))


def test_D3_a_stray_low_scored_keypoint_does_not_shrink_the_body():
    xy, score = walker()
    clean = fit_crop(xy, score)
    xy[:, JOINT["lwrist"]], score[:, JOINT["lwrist"]] = [5000.0, -4000.0], 0.05
    other = np.delete(np.arange(17), JOINT["lwrist"])
    stray, without = fit_crop(xy, score), fit_crop(xy[:, other], score[:, other])
    np.testing.assert_array_equal(stray.centre_px, without.centre_px)
    assert stray.half_px == without.half_px == pytest.approx(clean.half_px, rel=0.05)


def test_D3_a_few_wild_frames_do_not_shrink_the_body():
    xy, score = walker(num_frames=100)
    clean = fit_crop(xy, score)
    xy[::34] += 3000  # three frames of somebody else, trusted
    assert fit_crop(xy, score).half_px == pytest.approx(clean.half_px, rel=0.05)


def test_the_body_spans_about_two_units():
    xy, score = walker()
    y = fit_crop(xy, score).normalise(xy)[..., 1]
    assert np.ptp(y) == pytest.approx(2, rel=0.05)


def crossing(num_frames=81, px_per_frame=9.0):
    """The walker carried across the picture, and as it would be on the spot."""
    xy, score = walker(num_frames=num_frames)
    xy -= xy[:, [0]] * [1, 0]  # on the spot
    away = np.stack([px_per_frame * np.arange(num_frames), np.zeros(num_frames)], -1)
    return xy + away[:, None], xy, score


@pytest.mark.parametrize("num_frames", [1, 2, 81])
@pytest.mark.parametrize("px_per_frame", [-9.0, 0.0, 9.0])
def test_a_panning_crop_shows_who_crosses_the_picture_like_who_stays(num_frames, px_per_frame):
    xy, on_spot, score = crossing(num_frames, px_per_frame)
    follows, stays = fit_crop(xy, score, pans=True), fit_crop(on_spot, score, pans=True)
    assert follows.half_px == pytest.approx(stays.half_px)
    shown = network_input(xy, score, follows)
    np.testing.assert_allclose(shown, network_input(on_spot, score, stays), atol=1e-5)
    if num_frames == 81 and px_per_frame:
        assert follows.half_px < 0.6 * fit_crop(xy, score).half_px


def test_a_panning_crop_stays_for_a_squat_and_never_goes_down_with_it():
    xy, score = crossing(px_per_frame=0.0)[1:]
    xy[..., 1] += np.linspace(0, 300, len(xy))[:, None]
    pans, still = fit_crop(xy, score, pans=True), fit_crop(xy, score)
    assert np.ptp(pans.centre_px[:, 0, 1]) == 0
    assert np.ptp(pans.centre_px[:, 0, 0]) < 0.1 * still.half_px
    assert pans.half_px == pytest.approx(still.half_px, rel=0.05)


def test_a_few_wild_frames_and_gaps_do_not_turn_a_pan():
    xy, _, score = crossing(100)
    clean = fit_crop(xy, score, pans=True)
    wild, lost = xy.copy(), score.copy()
    wild[::34] += 3000
    turned = fit_crop(wild, score, pans=True)
    assert np.abs(turned.centre_px - clean.centre_px).max() < 0.1 * clean.half_px
    lost[20:50] = 0
    gappy = fit_crop(xy, lost, pans=True)
    assert gappy.centre_px.shape == (100, 1, 2)
    assert np.abs(gappy.centre_px - clean.centre_px).max() < 0.1 * clean.half_px


@pytest.mark.parametrize("pans", [False, True])
@pytest.mark.parametrize("num_frames", [0, 1])
def test_clip_without_trusted_joints_gives_zeros(num_frames, pans):
    xy = np.full((num_frames, 17, 2), np.nan)
    score = np.zeros((num_frames, 17))
    x = network_input(xy, score, fit_crop(xy, score, pans=pans))
    assert x.shape == (num_frames, 17, 3)
    assert not x.any()


def test_D18_missing_joints_are_all_zeros():
    xy, score = walker()
    score[0, 0], score[1, 1], xy[2, 2] = 0.0, np.nan, np.nan
    x = network_input(xy, score, fit_crop(xy, score))
    assert not x[[0, 1, 2], [0, 1, 2]].any()
    assert np.isfinite(x).all()
    assert (x[..., 2] == 0).sum() == 3


def test_a_body_of_one_point_has_a_crop():
    crop = fit_crop(np.full((2, 17, 2), 7.0), np.ones((2, 17)))
    assert np.isfinite(crop.normalise(np.array([7.0, 7.0]))).all()


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "normalize_reference.npz") as archive:
        return {name: archive[name] for name in archive.files}


def test_network_input_equals_the_reference_crop(golden):
    motion, expected = golden["motion"], golden["crop_scale"]
    seen = motion[..., 2] > 0
    assert not seen.all()
    crop = fit_crop(motion[..., :2], motion[..., 2], min_score=0, quantile=0)
    np.testing.assert_allclose(crop.normalise(motion[..., :2])[seen], expected[seen][:, :2])
    x = network_input(motion[..., :2], motion[..., 2], crop, min_score=0)
    np.testing.assert_allclose(x[seen], expected[seen], atol=1e-6)
    assert not x[~seen].any()


def test_mirror_equals_the_reference_flip(golden):
    motion = golden["motion"]
    before = motion.copy()
    np.testing.assert_array_equal(mirror(motion), golden["flip"])
    np.testing.assert_array_equal(motion, before)
    np.testing.assert_array_equal(mirror(mirror(motion)), motion)


def test_mirror_takes_tensors_too(golden):
    torch = pytest.importorskip("torch")
    flipped = mirror(torch.from_numpy(golden["motion"]))
    np.testing.assert_array_equal(flipped.numpy(), golden["flip"])


@pytest.mark.parametrize(("end", "bend"), [((0, 2), 0), ((1, 1), 90), ((0, 0), 180)])
def test_flexion_of_a_chain(end, bend):
    chain = np.array([[0, 0, 0], [0, 1, 0], [*end, 0]], float)
    assert flexion_deg(*chain) == pytest.approx(bend)


def test_angle_of_a_null_vector_is_not_an_error():
    assert angle_deg(np.zeros(3), np.ones(3)) == 0
    assert angle_deg(np.array([[1.0, 0, 0]]), np.array([[0, 0, -2.0]])) == pytest.approx([90])


def test_procrustes_undoes_a_similarity():
    truth = np.random.default_rng(0).normal(size=(5, 17, 3))
    pred = 0.3 * truth @ rotation_of(2).T + [1.0, -2.0, 4.0]
    np.testing.assert_allclose(procrustes(pred, truth), truth, atol=1e-12)


def test_procrustes_does_not_reflect():
    truth = np.random.default_rng(0).normal(size=(17, 3))
    assert np.linalg.norm(procrustes(truth * [-1, 1, 1], truth) - truth, axis=-1).mean() > 0.1


def test_procrustes_of_one_point_is_its_mean():
    truth = np.random.default_rng(0).normal(size=(17, 3))
    aligned = procrustes(np.zeros((17, 3)), truth)
    np.testing.assert_allclose(aligned, np.broadcast_to(truth.mean(0), (17, 3)))


def test_procrustes_error_equals_the_reference():
    with np.load(GOLDEN / "losses_reference.npz") as archive:
        pred, truth, expected = archive["pred"][0], archive["gt"][0], archive["p_mpjpe"]
        plain = archive["mpjpe"]
    error = np.linalg.norm(procrustes(pred, truth) - truth, axis=-1).mean(-1)
    np.testing.assert_allclose(error, expected, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(pred - truth, axis=-1).mean(-1), plain)


def standing(num_frames=3):
    rng = np.random.default_rng(3)
    xyz_rel = rng.normal(scale=0.4, size=(num_frames, 17, 3))
    place = np.array([0.5, -0.2, 4.0]) + rng.normal(scale=0.1, size=(num_frames, 3))
    camera = make_camera(f=np.array([1100.0, 1100.0]), c=np.array([640.0, 360.0]))
    return xyz_rel, place, project(xyz_rel + place[:, None], camera)


def test_fit_translation_finds_where_the_body_stands():
    xyz_rel, place, xy_px = standing()
    found = fit_translation(xyz_rel, xy_px, np.ones((3, 17)), 1100.0, (640.0, 360.0))
    np.testing.assert_allclose(found, place, atol=1e-6)


def test_fit_translation_ignores_joints_without_weight():
    xyz_rel, place, xy_px = standing()
    weight = np.ones((3, 17))
    weight[:, 4], xy_px[:, 4] = 0, np.nan
    found = fit_translation(xyz_rel, xy_px, weight, 1100.0, (640.0, 360.0))
    np.testing.assert_allclose(found, place, atol=1e-6)


def test_fit_translation_of_a_frame_with_one_joint_is_missing():
    xyz_rel, place, xy_px = standing()
    weight = np.ones((3, 17))
    weight[1, 1:] = 0
    found = fit_translation(xyz_rel, xy_px, weight, 1100.0, (640.0, 360.0))
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(found[[0, 2]], place[[0, 2]], atol=1e-6)
