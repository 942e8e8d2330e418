"""The rendered figure: where it is, what hides what, and the file it is written to."""

import av
import numpy as np
import pytest

from lib.data.synthetic.figure import Look
from lib.data.synthetic.render import Actor, render_frames, write_video
from lib.data.synthetic.room import camera_rays
from lib.data.synthetic.shapes import Plate, RoundedCone, axes_squash
from lib.data.synthetic.writer import subject_sequence
from lib.geometry import Camera, look_at, project, world_to_camera
from lib.skeleton import FIT3D25

SIZE_PX = 240
LIMBS = [
    FIT3D25.joints.index(side + part)
    for side in "lr"
    for part in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist")
]


def make_camera(size_px: int = SIZE_PX, azimuth_deg: float = 28.0) -> Camera:
    """A small picture of what a Fit3D camera sees, with its distortion."""
    azimuth = np.radians(azimuth_deg)
    centre = np.array([4.4 * np.cos(azimuth), 4.4 * np.sin(azimuth), 1.5])
    scale = size_px / 900
    return Camera(
        R=look_at(centre, np.array([0, 0, 0.95])), T=centre, f=scale * np.array([1039.0, 1035.0]),
        c=scale * np.array([462.0, 450.0]), k=np.array([-0.145, 0.112, 0.0034]),
        p=np.array([-0.0072, 0.0062]), size_px=(size_px, size_px),
    )  # fmt: skip


@pytest.fixture(scope="module")
def squat_m() -> np.ndarray:
    """(7, 25, 3) world metres: poses from standing to the bottom of a squat."""
    motion = subject_sequence(198, "s09", "squat", num_reps=1)
    start, stop = motion.marks
    return motion.xyz_m[np.linspace(start, (start + stop) // 2, 7).astype(int)]


def frames_of(xyz_m, camera, seed=0, **actor):
    return list(render_frames([Actor(xyz_m, Look(), **actor)], camera, np.random.default_rng(seed)))


def empty_room(camera):
    absent = np.full((1, 25, 3), np.nan)
    return frames_of(absent, camera)[0]


def test_rays_invert_the_projection():
    camera = make_camera()
    rays = camera_rays(camera)
    rows, columns = np.mgrid[0:SIZE_PX, 0:SIZE_PX]
    error = project(np.moveaxis(rays, 0, -1), camera) - np.stack([columns, rows], -1)
    assert np.abs(error).max() < 0.01


@pytest.mark.parametrize("azimuth_deg", [28.0, 157.0])
def test_figure_covers_its_joints(squat_m, azimuth_deg):
    camera = make_camera(azimuth_deg=azimuth_deg)
    room = empty_room(camera).astype(int)
    joints = project(world_to_camera(squat_m[:, LIMBS], camera), camera)
    columns, rows = np.moveaxis(np.round(joints).astype(int), -1, 0)
    # Shadow lies on the floor only, below the joints; a strong change is the figure itself.
    changed = np.stack([np.abs(f - room).sum(-1) > 30 for f in frames_of(squat_m, camera)])
    covered = changed[np.arange(len(squat_m))[:, None], rows, columns]
    assert covered.mean() > 0.95
    assert 0.02 < changed.mean() < 0.25


def test_nearer_hides_farther(squat_m):
    """A red person in front of a green one leaves no green where they overlap, in either order."""
    camera = make_camera()
    red, green = (Look((r, g, 0), (r, g, 0), (r, g, 0), (r, g, 0), (r, g, 0))
                  for r, g in ((1, 0), (0, 1)))  # fmt: skip
    away = -camera.T * [1, 1, 0] / np.linalg.norm(camera.T[:2])
    near, far = Actor(squat_m[:1], red), Actor(squat_m[:1] + away, green)
    one, other = (
        next(render_frames(actors, camera, np.random.default_rng(0)))
        for actors in ([near, far], [far, near])
    )
    np.testing.assert_array_equal(one, other)
    alone = frames_of(squat_m[:1], camera)[0].astype(int) - empty_room(camera)
    inside = np.abs(alone).sum(-1) > 60
    assert (one[inside, 0] > one[inside, 1]).mean() > 0.97


def test_barbell_is_as_wide_as_its_bar(squat_m):
    camera = make_camera(azimuth_deg=0.0)
    room = empty_room(camera).astype(int)
    bare, loaded = (
        np.abs(frames_of(squat_m[:1], camera, has_barbell=has)[0] - room).sum(-1) > 30
        for has in (False, True)
    )
    wrists = squat_m[0, [FIT3D25.joints.index(f"{s}wrist") for s in "lr"]]
    depth = world_to_camera(wrists.mean(0), camera)[2]
    height = int(project(world_to_camera(wrists.mean(0), camera), camera)[1])
    band = slice(height - 12, height + 12)
    width_px = np.ptp(np.flatnonzero(loaded[band].any(0)))
    assert width_px == pytest.approx(2.14 * camera.f[0] / depth, rel=0.08)
    assert width_px > 1.5 * np.ptp(np.flatnonzero(bare[band].any(0)))


def test_absent_actor_leaves_the_room_empty(squat_m):
    camera = make_camera()
    xyz = squat_m[:2].copy()
    xyz[1, 3] = np.nan
    with_person, without = frames_of(xyz, camera)
    assert (with_person != without).any()
    np.testing.assert_array_equal(without, empty_room(camera))


def test_person_out_of_view_and_behind_the_eye(squat_m):
    camera = make_camera()
    behind = squat_m[:1] + 2 * camera.T * [1, 1, 0]
    np.testing.assert_array_equal(frames_of(behind, camera)[0], empty_room(camera))


def test_same_seed_same_picture(squat_m):
    camera = make_camera()
    first, again = (frames_of(squat_m[:1], camera, seed=5)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("num_frames", [0, 1, 7])
def test_video_decodes_to_the_frames_it_was_given(tmp_path, squat_m, num_frames):
    camera, path = make_camera(), tmp_path / "squat.mp4"
    frames = frames_of(squat_m[:num_frames], camera)
    assert write_video(path, iter(frames), 50.0) == num_frames == len(frames)
    if not num_frames:
        assert path.exists()
        return
    with av.open(str(path)) as video:
        stream = video.streams.video[0]
        assert stream.codec_context.pix_fmt == "yuv420p" and stream.average_rate == 50
        decoded = [f.to_ndarray(format="rgb24") for f in video.decode(stream)]
    assert len(decoded) == num_frames
    for got, wanted in zip(decoded, frames, strict=True):
        assert got.shape == (SIZE_PX, SIZE_PX, 3)
        assert np.abs(got.astype(int) - wanted).mean() < 6


def test_failed_video_leaves_the_old_file(tmp_path, squat_m):
    path = tmp_path / "squat.mp4"
    path.write_bytes(b"earlier")

    def broken():
        yield np.zeros((64, 64, 3), np.uint8)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_video(path, broken(), 50.0)
    assert path.read_bytes() == b"earlier" and len(list(tmp_path.iterdir())) == 1


def unit_rays(x, y):
    rays = np.stack([x, y, np.ones_like(x)]).astype(np.float32)
    return rays / np.linalg.norm(rays, axis=0)


GREY = np.full(3, 0.5, np.float32)


@pytest.mark.parametrize("solid", [
    RoundedCone(np.array([[-0.1, 0.2, 3.0], [0.2, -0.3, 3.4]]), (0.12, 0.06), GREY),
    RoundedCone(np.array([[0.0, 0.0, 3.0], [0.02, 0.0, 3.5]]), (0.1, 0.1), GREY),
    RoundedCone(np.array([[0.1, 0.0, 3.0], [0.1, 0.01, 3.0]]), (0.1, 0.05), GREY),
])  # fmt: skip
def test_rounded_cone_is_the_hull_of_its_spheres(solid):
    """Against the nearest hit of many spheres along the axis."""
    rng = np.random.default_rng(3)
    rays = unit_rays(*rng.uniform(-0.12, 0.12, (2, 1500)))
    hit = solid.hit(rays, 1000.0)
    t = np.linspace(0, 1, 801)[:, None]
    centres = solid.ends_m[0] * (1 - t) + solid.ends_m[1] * t
    radii = solid.radii_m[0] * (1 - t) + solid.radii_m[1] * t
    along = centres @ rays.astype(float)
    height_sq = along**2 - (centres**2).sum(1, keepdims=True) + radii**2
    wanted = np.where(height_sq > 0, along - np.sqrt(np.maximum(height_sq, 0)), np.inf).min(0)
    inside = hit.pixel[hit.coverage > 0.99]
    assert np.isfinite(wanted[inside]).all() and len(inside) > 20
    got = hit.distance_m[hit.coverage > 0.99]
    assert np.quantile(np.abs(got - wanted[inside]), 0.98) < 2e-3
    assert set(np.flatnonzero(np.isfinite(wanted))) <= set(hit.pixel)
    np.testing.assert_allclose(np.linalg.norm(hit.normal, axis=0), 1, atol=1e-3)


def test_squash_makes_an_ellipsoid():
    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    centre = np.array([0.1, -0.05, 3.0])
    squash = axes_squash(axes, (1, 0.5, 0.25))
    solid = RoundedCone(np.stack([centre, centre]), (0.3, 0.3), GREY, squash)
    rays = unit_rays(*np.random.default_rng(1).uniform(-0.2, 0.2, (2, 2000)))
    hit = solid.hit(rays, 1000.0)
    sure = hit.coverage > 0.99
    points = (hit.distance_m * rays[:, hit.pixel])[:, sure].T - centre
    radius = np.linalg.norm(points @ axes.T / [0.3, 0.15, 0.075], axis=1)
    np.testing.assert_allclose(radius, 1, atol=2e-3)


@pytest.mark.parametrize("axis", [[0, 0, 1.0], [1.0, 0, 0], [0.6, 0, 0.8]])
def test_plate_covers_the_area_of_its_disc(axis):
    axis = np.array(axis) * 0.03
    plate = Plate(np.array([0, 0, 4.0]) + np.stack([-axis, axis]), 0.225, ((1.0, (1, 0, 0)),))
    x, y = np.meshgrid(np.linspace(-0.1, 0.1, 401), np.linspace(-0.1, 0.1, 401))
    hit = plate.hit(unit_rays(x.ravel(), y.ravel()), 2000.0)
    area = hit.coverage.sum() * (0.2 / 400) ** 2 * 16
    along, across = abs(axis[2]) / 0.03, abs(axis[0]) / 0.03
    disc = np.pi * 0.225**2 * along + 2 * 0.225 * 0.06 * across
    assert area == pytest.approx(disc, rel=0.06)


def test_same_frames_same_bytes(tmp_path, squat_m):
    frames = frames_of(squat_m[:2], make_camera(120))
    for name in ("one.mp4", "two.mp4"):
        write_video(tmp_path / name, iter(frames), 50.0)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
