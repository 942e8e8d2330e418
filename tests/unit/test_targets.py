"""The two lifting targets: what a network is taught, and what becomes of its answers."""

import numpy as np
import pytest
import tiny_models
from scipy.spatial.transform import Rotation
from test_noise import CONFIG as NOISE
from tiny_stores import camera_store, swaying, world_store

torch = pytest.importorskip("torch")

from torch import nn

from lib.alignment import procrustes
from lib.data.augment import AugmentConfig
from lib.data.cut import Look
from lib.data.datasets import ClipConfig, LiftingClips
from lib.data.store import open_store
from lib.data.targets import TARGETS, pixels_per_metre
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.geometry import Camera, fit_crop, project
from lib.infer.lift import Lifter
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.pose import Pose2D
from lib.skeleton import JOINT, NUM_JOINTS

ROOT, HEAD, KNEE = JOINT["root"], JOINT["head"], JOINT["lknee"]
METRES, IMAGE = TARGETS["metres"], TARGETS["image"]
PLAIN = AugmentConfig(flip=0.0)


def level_camera(focal_px=1000.0):
    return Camera(
        np.eye(3), np.zeros(3), np.full(2, focal_px), np.array([500.0, 400.0]), np.zeros(3),
        np.zeros(2), (1000, 800),
    )  # fmt: skip


def look_of(xyz_m, off_px=0.0, is_detected=False):
    camera = level_camera()
    px = project(xyz_m, camera) + off_px
    score = np.isfinite(px).all(-1).astype(np.float32)
    return Look(xyz_m, px, score, is_detected, camera)


def bodies(num_frames, distance_m=5.0):
    """(T, 17, 3) camera metres: x right, y down, z forward."""
    world = swaying(num_frames, np.random.default_rng(4))
    return np.stack([world[..., 0], 1 - world[..., 2], distance_m + world[..., 1]], -1)


@pytest.mark.parametrize("num_frames", [1, 5])
def test_image_target_is_the_projection_and_depth_to_its_scale(num_frames):
    xyz = bodies(num_frames)
    look = look_of(xyz)
    y, half = IMAGE.truth(look, look.crop), fit_crop(look.xy_px, look.score).half_px
    for t, (pose, px) in enumerate(zip(xyz, look.xy_px, strict=True)):
        np.testing.assert_allclose(y[t, :, :2], (px - px[ROOT]) / half, atol=1e-6)
        # Scale by an ordinary solver: px = s x + t, for both axes with one s.
        sides = [np.stack([pose[:, i], *(np.full(17, float(i == k)) for k in (0, 1))], -1)
                 for i in (0, 1)]  # fmt: skip
        scale = np.linalg.lstsq(np.concatenate(sides), px.T.ravel(), rcond=None)[0][0]
        assert scale == pytest.approx(1000 / 5, rel=0.05)  # focal length over distance, roughly
        depth = (pose[:, 2] - pose[ROOT, 2]) * scale / half
        np.testing.assert_allclose(y[t, :, 2], depth, atol=1e-6)


def test_far_away_the_scale_is_focal_length_over_depth():
    far = bodies(3, distance_m=500.0)
    assert pixels_per_metre(far, project(far, level_camera())) == pytest.approx(2.0, rel=1e-3)


def test_the_target_is_the_true_projection_not_the_detectors():
    xyz = bodies(4)
    shift = np.random.default_rng(0).normal(0, 8, (4, 17, 2))
    true, found = look_of(xyz), look_of(xyz, shift, is_detected=True)
    y = IMAGE.truth(found, found.crop)  # in the crop of what was detected
    half = fit_crop(found.xy_px, found.score).half_px
    px = true.xy_px
    np.testing.assert_allclose(y[..., :2], (px - px[:, [ROOT]]) / half, atol=1e-6)


def test_missing_joints_and_frames_are_no_image_target():
    xyz = bodies(4)
    whole = IMAGE.truth(look_of(xyz), look_of(xyz).crop)
    xyz[0, HEAD] = xyz[1, ROOT] = np.nan
    keep = np.isin(np.arange(17), [ROOT, KNEE])
    xyz[2, ~keep] = np.nan
    xyz[3, np.arange(17) != ROOT] = np.nan
    look = look_of(xyz)
    y = IMAGE.truth(look, look.crop)
    known = np.isfinite(y).all(-1)
    assert known[0].sum() == 16 and not known[0, HEAD]  # others stay
    assert not known[1].any()  # relative to what?
    assert np.flatnonzero(known[2]).tolist() == sorted([ROOT, KNEE])
    assert not known[3].any()  # one joint shows no size
    assert np.abs(y[0, KNEE, :2] - whole[0, KNEE, :2]).max() < 0.05


@pytest.mark.parametrize("pans", [False, True])
def test_metres_are_those_of_a_camera_that_looks_at_the_person(pans):
    xyz = bodies(9, 3.0)
    xyz[..., 0] += 1.0 + np.linspace(0, 0.4, 9)[:, None]  # walks, far to the right
    look = look_of(xyz)._replace(pans=pans)
    y, crop = METRES.truth(look, look.crop), look.crop
    relative = xyz - xyz[:, [ROOT]]
    for t, middle in enumerate(np.broadcast_to(crop.centre_px.reshape(-1, 2), (9, 2))):
        ray = [*(middle - look.camera.c) / look.camera.f, 1]
        turn, _ = Rotation.align_vectors([0, 0, 1], ray)
        np.testing.assert_allclose(y[t], turn.apply(relative[t]), atol=1e-9)
    np.testing.assert_allclose(METRES.in_camera(y, crop, look.camera), relative, atol=1e-9)
    both = METRES.in_camera(np.stack([y, 2 * y]), crop, look.camera)
    np.testing.assert_allclose(both[1], 2 * relative, atol=1e-9)
    assert np.abs(y - relative).max() > 0.1


def test_the_same_view_beside_the_axis_has_the_same_target():
    """A camera turned aside shows nearly the same crop; in its own axes the body leans."""
    xyz, turn = bodies(5, 4.0), Rotation.from_euler("xy", [6, 12], degrees=True)
    there = turn.apply(xyz.reshape(-1, 3)).reshape(xyz.shape)
    straight, aside = look_of(xyz), look_of(there)
    first, second = (METRES.truth(look, look.crop) for look in (straight, aside))
    away = np.linalg.norm(first - second, axis=-1).mean()
    own = np.linalg.norm((xyz - xyz[:, [ROOT]]) - (there - there[:, [ROOT]]), axis=-1).mean()
    assert away < 0.01 < 0.05 < own


def clips_of(store, target, augment=PLAIN, noise=None, **source):
    return LiftingClips(
        [SourceConfig(str(store), **source)], ClipConfig(30, 50), augment, noise,
        RandomCameraConfig(), 3, TARGETS[target],
    )  # fmt: skip


@pytest.mark.parametrize("source", [{}, {"random_camera": 1.0}])
def test_targets_share_input_masks_and_validity(tmp_path, source):
    store = camera_store(tmp_path / "store")
    augment = AugmentConfig(flip=0.5, joint_mask=0.1, frame_mask=0.1)
    metres, image = (clips_of(store, t, augment, NOISE, **source) for t in ("metres", "image"))
    for i_clip in range(6):
        one, other = metres[0, i_clip], image[0, i_clip]
        assert np.array_equal(one.x, other.x) and np.array_equal(one.valid, other.valid)
        # Flipped alike: the same joints lie on the same side of the root.
        sure = np.abs(one.y[..., 0]) > 0.1
        assert sure.any() and (np.sign(one.y[..., 0]) == np.sign(other.y[..., 0]))[sure].all()
        assert other.y.dtype == np.float32 and (other.y[:, ROOT] == 0).all()


def test_perfect_input_and_image_target_agree_in_x_and_y(tmp_path):
    clips = clips_of(camera_store(tmp_path / "store"), "image", AugmentConfig(flip=1.0))
    clip = clips[0, 0]
    relative = clip.x[..., :2] - clip.x[:, [ROOT], :2]
    np.testing.assert_allclose(clip.y[..., :2], relative, atol=1e-4)


def test_a_moved_head_moves_the_input_alone(tmp_path):
    store = world_store(tmp_path / "store")
    still, moved = (
        clips_of(store, "image", AugmentConfig(flip=0, head_jitter_m=j))[0, 0] for j in (1e-9, 0.2)
    )
    assert np.abs(still.x[:, HEAD] - moved.x[:, HEAD]).max() > 0.05
    # Another crop, the same proportions.
    heads, shins = (
        [np.linalg.norm(clip.y[:, joint] - clip.y[:, other], axis=-1) for clip in (still, moved)]
        for joint, other in ((HEAD, ROOT), (KNEE, JOINT["lankle"]))
    )
    np.testing.assert_allclose(heads[0] / shins[0], heads[1] / shins[1], rtol=1e-3)


class Answers(nn.Module):
    """Gives the image target of a rigid figure, whatever crop it is shown in."""

    def __init__(self, figure):
        super().__init__()
        self.figure = torch.from_numpy(figure).float()

    def forward(self, x):
        flat, seen = (v - v.mean(-2, keepdim=True) for v in (self.figure[:, :2], x[..., :2]))
        scale = (flat * seen).sum((-1, -2)) / (flat**2).sum()
        return torch.cat([x[..., :2], scale[..., None, None] * self.figure[..., 2:]
                          .expand(*x.shape[:3], 1)], -1)  # fmt: skip


def walking(num_frames=300):
    """A figure that comes nearer from far away: its true root-relative pose, pixels, keypoints."""
    figure = bodies(1, 0.0)[0]
    figure -= figure[ROOT]
    depth = np.linspace(200, 80, num_frames)
    px = project(figure + np.stack([0 * depth, 0 * depth, depth], -1)[:, None], level_camera(2e4))
    return figure, 2e4 / depth, Pose2D(px, np.ones(px.shape[:2]), 50, (1000, 800))


def test_windows_of_different_crops_come_together_in_pixels():
    figure, scale, pose = walking()
    lifter = Lifter(Answers(figure), window=27, fps=50, target=IMAGE)
    lifted = lifter.lift_relative(pose, flip_average=False)
    # One unit throughout: crops differ by 2.5 from the first window to the last.
    np.testing.assert_allclose(lifted, scale[:, None, None] * figure, rtol=0.01, atol=0.6)
    aligned = procrustes(lifted, np.broadcast_to(figure, lifted.shape))
    assert np.linalg.norm(aligned - figure, axis=-1).mean() < 2e-3  # metres
    assert not lifter.is_metric


def test_an_image_aligned_pose_is_placed_where_the_picture_has_it():
    figure, _, pose = walking(100)
    lifted = Lifter(Answers(figure), window=27, fps=50, target=IMAGE).lift(
        pose, focal_px=2e4, flip_average=True
    )
    assert lifted.unit == "relative" and np.isfinite(lifted.xyz).all()
    np.testing.assert_allclose(lifted.xyz_image[..., :2], pose.xy_px, atol=2.0)
    assert np.isfinite(lifted.sigma).all()


def test_the_skip_adds_what_is_seen_relative_to_the_root():
    torch.manual_seed(0)
    plain = DSTformer(DSTformerConfig(**tiny_models.MODEL))
    skip = DSTformer(DSTformerConfig(**tiny_models.MODEL, input_skip=True))
    skip.load_state_dict(plain.state_dict())
    x = torch.rand(2, 5, NUM_JOINTS, 3) * 0.5 + 0.3
    x[0, 0, KNEE] = x[1, 1, ROOT] = 0
    with torch.no_grad():
        added = skip(x) - plain(x)
    expected = x[..., :2] - x[:, :, [ROOT], :2]
    expected[0, 0, KNEE] = expected[1, 1] = 0
    assert torch.allclose(added[..., :2], expected, atol=1e-6)
    assert torch.allclose(added[..., 2], torch.zeros(2, 5, NUM_JOINTS), atol=1e-6)


def test_a_stored_view_is_projected_by_its_own_camera(tmp_path):
    store = open_store(camera_store(tmp_path / "store"))
    clip = clips_of(store.path, "image")
    look = clip.see(clip.windows[0], np.random.default_rng(0))
    np.testing.assert_allclose(look.true_px, look.xy_px, atol=1e-2)
