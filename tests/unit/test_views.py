"""Random cameras: height, lens, and the float32 path of training clips."""

import numpy as np
import pytest
from tiny_stores import swaying

from lib.config import build
from lib.data.views import (
    RandomCameraConfig,
    draw_camera,
    facing,
    planar,
    to_camera,
    to_world,
    turned_to_x,
)
from lib.errors import UserError
from lib.geometry import camera_to_world, fit_crop, network_input, project, world_to_camera
from lib.skeleton import JOINT


def draws(config, number=200, body=None):
    rng = np.random.default_rng(0)
    body = swaying(20, rng) if body is None else body
    return body, [draw_camera(body, config, rng) for _ in range(number)]


def test_height_is_over_the_lowest_point():
    body, cameras = draws(RandomCameraConfig(height_m=(0.5, 1.8)))
    above = np.array([camera.T[2] - body[..., 2].min() for camera in cameras])
    assert above.min() > 0.5 and above.max() < 1.8 and np.ptp(above) > 1
    distance = [np.linalg.norm(camera.T - body.mean((0, 1))) for camera in cameras]
    assert min(distance) > 2.4 and max(distance) < 6.6


def test_a_camera_too_high_for_its_distance_looks_steeply_down():
    config = RandomCameraConfig(height_m=(30, 40), distance_m=(3, 3))
    body, cameras = draws(config, 20)
    for camera in cameras:
        assert np.isfinite(camera.R).all()
        assert np.linalg.norm(camera.T - body.mean((0, 1))) == pytest.approx(3)


def seen(body, camera):
    xy = project(world_to_camera(body, camera), camera)
    score = np.ones(xy.shape[:2])
    return network_input(xy, score, fit_crop(xy, score))


def test_a_lens_cancels_in_the_crop_but_for_the_aim():
    """What the docs say of focal_px, held to the numbers."""
    body = swaying(20, np.random.default_rng(2))
    short = draws(RandomCameraConfig(aim_std_deg=0), 1, body)[1][0]
    long = draws(RandomCameraConfig(aim_std_deg=0, focal_px=(3000, 3000)), 1, body)[1][0]
    assert long.f[0] == 3 * short.f[0]
    assert np.allclose(seen(body, short), seen(body, long), atol=1e-5)
    rng = [np.random.default_rng(1) for _ in range(2)]
    short, long = (
        draw_camera(body, RandomCameraConfig(aim_std_deg=20, focal_px=(f, f)), one)
        for f, one in zip((1000, 4000), rng, strict=True)
    )
    assert np.abs(seen(body, short) - seen(body, long)).max() > 0.01
    # A body that is as many pixels aside is a smaller angle aside.
    aside = [np.abs(project(world_to_camera(body, c), c) - c.c).mean() for c in (short, long)]
    angle = [pixels / camera.f[0] for pixels, camera in zip(aside, (short, long), strict=True)]
    assert angle[1] < angle[0]


def test_focal_lengths_fill_their_range():
    _, cameras = draws(RandomCameraConfig(focal_px=(600, 2400)))
    focal = np.array([camera.f[0] for camera in cameras])
    assert 600 <= focal.min() < 700 and 2300 < focal.max() <= 2400


@pytest.mark.parametrize(
    "keys", [{"focal_px": [0, 10]}, {"height_m": [-1, 1]}, {"height_m": [2, 1]}]
)
def test_ranges_are_checked(keys):
    with pytest.raises(UserError, match=next(iter(keys))):
        build(RandomCameraConfig, keys, "test")


def test_missing_joints_do_not_move_the_camera_off_the_body():
    body = swaying(20, np.random.default_rng(0))
    body[:, 10] = np.nan
    body[3:6] = np.nan
    whole, (camera,) = draws(RandomCameraConfig(aim_std_deg=0), 1, body)
    middle = project(world_to_camera(np.nanmean(whole, (0, 1)), camera), camera)
    assert np.allclose(middle, camera.c, atol=1)
    nobody = np.full((4, 17, 3), np.nan)
    assert np.isfinite(draws(RandomCameraConfig(), 1, nobody)[1][0].R).all()


def test_planar_is_the_same_array_laid_out_by_channel():
    x = np.random.default_rng(0).normal(size=(5, 17, 3)).astype(np.float32)
    assert np.array_equal(planar(x), x) and planar(x)[..., 0].flags.c_contiguous
    x = planar(x)
    assert np.shares_memory(planar(x), x)


def test_float32_path_is_the_geometry():
    body, (camera,) = draws(RandomCameraConfig(), 1)
    there = to_camera(planar(body), camera)
    assert there.dtype == np.float32
    assert np.allclose(there, world_to_camera(body, camera), atol=3e-6)
    assert np.allclose(to_world(there, camera), body, atol=3e-6)
    assert np.allclose(camera_to_world(there.astype(float), camera), body, atol=3e-6)
    assert project(there, camera).dtype == np.float32
    exact = project(world_to_camera(body, camera), camera)
    assert np.allclose(project(there, camera), exact, atol=1e-2)


def test_a_person_looks_where_the_chest_points():
    body = swaying(30, np.random.default_rng(0))
    assert np.allclose(facing(body).mean(0), [0, -1], atol=0.05)
    turned = turned_to_x(body)
    assert np.allclose(facing(turned).mean(0), [1, 0], atol=0.01)
    assert np.allclose(turned[..., 2], body[..., 2])
    bones = [np.linalg.norm(each[:, 2] - each[:, 9], axis=-1) for each in (body, turned)]
    assert np.allclose(*bones)


@pytest.mark.parametrize(("azimuth_deg", "left_is"), [(0.0, 1), (180.0, -1)])
def test_azimuth_is_counted_from_the_front(azimuth_deg, left_is):
    body = turned_to_x(swaying(30, np.random.default_rng(0)))
    config = RandomCameraConfig(azimuth_deg=(azimuth_deg, azimuth_deg), roll_std_deg=0.0)
    seen_m = world_to_camera(body, draw_camera(body, config, np.random.default_rng(1)))
    left, right = (seen_m[:, JOINT[f"{side}shoulder"]].mean(0) for side in "lr")
    assert np.sign(left[0] - right[0]) == left_is  # facing people mirror us
    assert abs(left[2] - right[2]) < 0.1


def test_at_ninety_degrees_the_left_side_is_near():
    body = turned_to_x(swaying(30, np.random.default_rng(0)))
    config = RandomCameraConfig(azimuth_deg=(90.0, 90.0))
    seen_m = world_to_camera(body, draw_camera(body, config, np.random.default_rng(1)))
    assert seen_m[:, JOINT["lshoulder"], 2].mean() < seen_m[:, JOINT["rshoulder"], 2].mean() - 0.2


def test_the_camera_of_old_seeds_did_not_move():
    body = swaying(30, np.random.default_rng(0))
    rng = np.random.default_rng(3)
    camera = draw_camera(body, RandomCameraConfig(), np.random.default_rng(3))
    towards = camera.T - body.mean((0, 1))
    assert np.arctan2(towards[1], towards[0]) % (2 * np.pi) == pytest.approx(
        rng.uniform(0, 2 * np.pi)
    )
