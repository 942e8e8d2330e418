"""Lifting: windows without a seam, time that keeps still, gaps, flip, the root's place."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from tiny_models import save_lifter
from torch import nn

from lib.errors import UserError
from lib.geometry import Crop, fit_crop, mirror
from lib.infer import track
from lib.infer.lift import Lifter
from lib.infer.steps import NO_STEPS
from lib.infer.track import trusted
from lib.infer.windows import blend, blend_weights
from lib.model.dstformer import DSTformer, DSTformerConfig
from lib.model.pose_stream import PoseStreamConfig
from lib.pose import Pose2D
from lib.skeleton import JOINT, MIRROR

SIZE = (1280, 720)
CROP = Crop(np.array([640.0, 360.0]), 300.0)


def bare(model, **what):
    """A lifter without the steps around the network: its made-up networks know no bones."""
    return Lifter(model, steps=NO_STEPS, **what)


class Same(nn.Module):
    """Returns its input: x, y in crop units, and the score as depth."""

    def forward(self, x):
        return x


class PullsRight(nn.Module):
    """Not symmetric: adds 0.1 to every x but the root's."""

    def forward(self, x):
        shift = torch.full_like(x, 0.0)
        shift[..., 0] = 0.1
        shift[..., JOINT["root"], :] = 0
        return x + shift


def moving_pose(num_frames, fps=50.0, time_s=None, score=0.9):
    """A pose that sways smoothly inside a square marked by two joints that stand still."""
    times = np.arange(num_frames) / fps if time_s is None else np.asarray(time_s)
    phase = np.arange(17) * 0.7
    sway = np.stack([np.sin(2 * times[:, None] + phase), np.cos(3 * times[:, None] + phase)], -1)
    unit = 0.8 * sway
    unit[:, JOINT["head"]] = -1.0
    unit[:, JOINT["rankle"]] = 1.0
    xy = CROP.denormalise(unit)
    return Pose2D(xy, np.full(xy.shape[:2], score), fps, SIZE, time_s=times, source="test.json")


def expected(pose):
    unit = CROP.normalise(pose.xy_px)
    unit = unit - unit[:, JOINT["root"], None]
    return np.concatenate([unit, np.zeros_like(unit[..., :1])], -1)


@pytest.mark.parametrize("window", [27, 243])
@pytest.mark.parametrize("num_frames", [1, 2, 26, 27, 28, 81, 243, 244, 486, 1000])
def test_windows_leave_no_seam_I5_I13(num_frames, window):
    pose = moving_pose(num_frames)
    lifter = bare(Same(), window=window, fps=50)
    lifted = lifter.lift_relative(pose, flip_average=False)
    assert lifted.shape == (num_frames, 17, 3)
    np.testing.assert_allclose(lifted, expected(pose), atol=1e-5)


def test_blend_weights_are_low_at_the_ends_and_never_zero():
    weights = blend_weights(243)
    assert 0 < weights.min() == weights[0] < 0.01 and weights[121] > 0.9


def test_every_window_has_full_length_and_the_last_ends_with_the_sequence():
    seen = []

    def answer(frames_BL):
        seen.extend(frames_BL)
        return frames_BL[..., None].astype(float)

    np.testing.assert_allclose(blend(100, 27, answer)[:, 0], np.arange(100), atol=1e-9)
    assert {len(frames) for frames in seen} == {27}
    assert seen[0][0] == 0 and seen[-1][-1] == 99


def test_a_60_fps_video_gives_the_same_motion_as_its_50_fps_one_I7():
    at_50, at_60 = moving_pose(101, fps=50), moving_pose(121, fps=60)
    lifter = bare(Same(), window=27, fps=50)
    slow, fast = lifter.lift_relative(at_50), lifter.lift_relative(at_60)
    np.testing.assert_allclose(fast[::6], slow[::5], atol=2e-3)
    np.testing.assert_allclose(fast, expected(at_60), atol=5e-3)


def test_a_variable_frame_rate_keeps_its_times():
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.01, 0.03, 200))
    pose = moving_pose(200, time_s=times)
    lifted = bare(Same(), window=27, fps=50).lift(pose)
    np.testing.assert_allclose(lifted.xyz - lifted.xyz[:, :1], expected(pose), atol=2e-2)
    np.testing.assert_array_equal(lifted.time_s, times)


def test_flip_average_cancels_a_one_sided_model_and_is_optional_I8():
    pose = moving_pose(60)
    lifter = bare(PullsRight(), window=27, fps=50)
    with_flip = lifter.lift(pose, flip_average=True)
    without = lifter.lift(pose, flip_average=False)
    others = [j for j in range(17) if j != JOINT["root"]]
    relative = with_flip.xyz - with_flip.xyz[:, :1]
    np.testing.assert_allclose(relative, expected(pose), atol=1e-5)
    relative = (without.xyz - without.xyz[:, :1])[:, others, 0]
    np.testing.assert_allclose(relative, expected(pose)[:, others, 0] + 0.1, atol=1e-5)
    np.testing.assert_allclose(with_flip.sigma[:, others], 0.1, atol=1e-5)
    assert np.isnan(without.sigma).all()


def test_mirrored_keypoints_give_the_mirrored_pose():
    torch.manual_seed(0)

    class Random(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Linear(51, 51)

        def forward(self, x):
            return self.line(x.flatten(-2)).reshape(x.shape)

    pose = moving_pose(40)
    xy = pose.xy_px[:, MIRROR].copy()
    xy[..., 0] = SIZE[0] - xy[..., 0]
    lifter = bare(Random(), window=27, fps=50)
    straight = lifter.lift_relative(pose)
    mirrored = lifter.lift_relative(Pose2D(xy, pose.score[:, MIRROR], 50, SIZE))
    np.testing.assert_allclose(mirrored[:, MIRROR] * [-1, 1, 1], straight, atol=1e-5)


def test_a_short_gap_is_filled_and_flagged():
    pose = moving_pose(100)
    score = pose.score.copy()
    score[40:46] = 0
    gap = Pose2D(np.where(score[..., None] > 0, pose.xy_px, 0), score, 50, SIZE)
    lifted = bare(Same(), window=27, fps=50).lift(gap)
    assert np.flatnonzero(~lifted.valid).tolist() == list(range(40, 46))
    relative = lifted.xyz - lifted.xyz[:, :1]
    np.testing.assert_allclose(relative[..., :2], expected(pose)[..., :2], atol=0.05)
    assert np.isnan(lifted.sigma[42]).all() and np.isfinite(lifted.sigma[39]).all()
    assert np.isnan(lifted.xy_px[42]).all()


def test_a_long_gap_splits_the_track_and_no_window_sees_across_it():
    pose = moving_pose(200)
    score = pose.score.copy()
    score[60:140] = 0
    longest = []

    class Watch(nn.Module):
        def forward(self, x):
            longest.append(x.shape[1])
            assert (x[..., 2] > 0).all(), "an empty frame reached the network"
            return x

    lifted = bare(Watch(), window=243, fps=50).lift(Pose2D(pose.xy_px, score, 50, SIZE))
    assert max(longest) < 80
    assert not lifted.valid[60:140].any() and lifted.valid[:60].all() and lifted.valid[140:].all()
    assert np.isfinite(lifted.xyz).all()
    steps = np.diff(lifted.xyz[75:125] - lifted.xyz[75:125, :1], axis=0)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[:1], steps.shape), atol=1e-6)


def test_a_walk_towards_the_camera_is_cropped_window_by_window():
    scale = np.linspace(0.2, 1, 400)[:, None, None]
    pose = moving_pose(400)
    grown = Pose2D(360 + (pose.xy_px - 360) * scale, pose.score, 50, (720, 720))
    highest = []

    class Watch(nn.Module):
        def forward(self, x):
            highest.append(x[..., :2].abs().amax((1, 2, 3)))
            return x

    bare(Watch(), window=27, fps=50).lift_relative(grown, flip_average=False)
    peaks = torch.cat(highest)
    assert peaks.min() > 0.8 and peaks.max() < 1.5


def test_a_lifter_trained_with_panning_crops_pans(tmp_path):
    pose = moving_pose(120)
    pose = replace(pose, xy_px=pose.xy_px + 6.0 * np.arange(120)[:, None, None] * [1, 0])
    shown = bare(Same(), window=60, fps=50, pans=True).lift_relative(pose)
    still = bare(Same(), window=60, fps=50).lift_relative(pose)
    assert np.ptp(shown[..., 1], 1).mean() > 1.1 * np.ptp(still[..., 1], 1).mean()
    data = {"clip_len": 27, "fps": 50.0}
    for content, pans in ((data, False), (data | {"pan": True}, True)):
        path = save_lifter(tmp_path / "model.pt", data=content)
        assert Lifter.from_checkpoint(path).pans is pans


def test_many_gaps_cost_no_look_at_the_whole_recording_each(monkeypatch):
    pose, looks = moving_pose(400), []
    hidden = np.where(np.arange(400)[:, None] % 20 < 14, 0.0, pose.score)
    monkeypatch.setattr(track, "trusted", lambda pose: looks.append(1) or trusted(pose))
    assert len(track.segments(replace(pose, score=hidden), 50.0)) == 20
    assert len(looks) < 5


def test_nobody_seen_is_one_clear_line():
    pose = moving_pose(20, score=0.05)
    with pytest.raises(UserError, match="test.json: no frame has 6 keypoints"):
        bare(Same(), window=27, fps=50).lift(pose)


def test_a_single_detected_frame_is_lifted():
    pose = moving_pose(30)
    score = pose.score.copy()
    score[:17] = 0
    score[18:] = 0
    lifted = bare(Same(), window=27, fps=50).lift(Pose2D(pose.xy_px, score, 50, SIZE))
    assert lifted.valid.sum() == 1 and np.isfinite(lifted.xyz).all()


def person(times, depth):
    """A rigid figure in camera metres, walking sideways; (T, 17, 3)."""
    rng = np.random.default_rng(1)
    figure = rng.uniform(-0.8, 0.8, (17, 3)) * [0.5, 1, 0.3]
    figure -= figure[JOINT["root"]]
    root = np.stack([0.3 * np.sin(times), np.full_like(times, 0.1), depth], -1)
    return figure, figure + root[:, None]


class OwnAxes:
    """A target in the camera's own axes, for a network that knows them."""

    is_metric = True

    def in_camera(self, answer, crop, camera):
        return answer


@pytest.mark.parametrize("pans", [False, True])
@pytest.mark.parametrize("flip_average", [False, True])
def test_who_stands_beside_the_axis_is_turned_into_the_cameras_axes(flip_average, pans):
    figure = person(np.zeros(1), np.full(1, 4.0))[0]
    xyz = np.repeat(figure[None] + [1.5, 0.6, 3.0], 40, 0)
    xy = xyz[..., :2] / xyz[..., 2:] * 1000 + [640, 360]
    ray = (fit_crop(xy, np.ones(xy.shape[:2])).centre_px - [640, 360]) / 1000
    turn, _ = Rotation.align_vectors([0, 0, 1], [*ray, 1])
    seen = torch.from_numpy(turn.apply(figure)).float()

    class Knows(nn.Module):
        def forward(self, x):
            aside = x[0, 0, JOINT["head"], 0] - x[0, 0, JOINT["root"], 0]
            is_mirrored = aside * seen[JOINT["head"], 0] < 0
            shown = mirror(seen) if is_mirrored else seen
            return shown.expand(*x.shape[:2], 17, 3)

    pose = Pose2D(xy, np.ones(xy.shape[:2]), 50, SIZE)
    lifter = bare(Knows(), window=27, fps=50, pans=pans)
    raw = lifter.raw(pose, flip_average=flip_average, focal_px=1000)
    np.testing.assert_allclose(raw.xyz, np.broadcast_to(figure, raw.xyz.shape), atol=1e-6)
    assert np.abs(seen.numpy() - figure).max() > 0.1
    spread = raw.flip_spread
    assert (spread < 1e-6).all() if flip_average else np.isnan(spread).all()


def test_streams_that_differ_widen_the_spread():
    """Their mean is the answer, and how far they are from it is part of the evidence."""
    sizes = {"dim_feat": 8, "dim_rep": 8, "depth": 1, "num_heads": 2, "maxlen": 27}
    torch.manual_seed(0)
    net = DSTformer(DSTformerConfig(**sizes, pose_stream=PoseStreamConfig(32, 1, count=2)))
    with torch.no_grad():
        for stream, x_m in zip(net.streams, (0.0, 0.2), strict=True):
            stream.to_pose.weight.zero_()
            stream.to_pose.bias.zero_()
            stream.to_pose.bias.view(-1, 17, 3)[:, JOINT["rknee"]] = torch.tensor([0, x_m, 0])
    xy = np.random.default_rng(0).normal([640, 360], 40, (30, 17, 2))
    lifter = bare(net, window=27, fps=50, target=OwnAxes())
    raw = lifter.raw(Pose2D(xy, np.ones((30, 17)), 50, SIZE))
    # Mirrored, the knee is the other one, so each knee has two answers of 0, one of 0.2, one of 0.
    for knee in ("rknee", "lknee"):
        np.testing.assert_allclose(raw.xyz[:, JOINT[knee], 1], 0.05, atol=1e-6)
        np.testing.assert_allclose(raw.flip_spread[:, JOINT[knee]], 0.0866, atol=1e-4)
    assert raw.flip_spread[:, JOINT["rwrist"]].max() < 1e-6
    alone = lifter.raw(Pose2D(xy, np.ones((30, 17)), 50, SIZE), flip_average=False)
    np.testing.assert_allclose(alone.xyz[:, JOINT["rknee"], 1], 0.1, atol=1e-6)
    assert np.isnan(alone.flip_spread).all()


def test_the_root_is_placed_where_the_picture_puts_it():
    times = np.arange(200) / 50
    figure, xyz = person(times, np.full(200, 4.0))
    xy = xyz[..., :2] / xyz[..., 2:] * 1000 + [640, 360]

    class Knows(nn.Module):
        def forward(self, x):
            return torch.from_numpy(figure).float().expand(*x.shape[:2], 17, 3)

    pose = Pose2D(xy, np.ones(xy.shape[:2]), 50, SIZE)
    lifted = bare(Knows(), window=81, fps=50, target=OwnAxes()).lift(
        pose, focal_px=1000, flip_average=False
    )
    np.testing.assert_allclose(lifted.xyz, xyz, atol=0.01)
    np.testing.assert_allclose(lifted.xyz_image[..., :2], xy, atol=2.0)
    assert not lifted.focal_is_assumed and lifted.unit == "relative" and lifted.frame == "camera"
    assumed = bare(Knows(), window=81, fps=50, target=OwnAxes()).lift(pose, flip_average=False)
    assert assumed.focal_is_assumed and assumed.focal_px == 0.9 * 1280


def test_depth_noise_is_smoothed_away():
    times = np.arange(300) / 50
    figure, xyz = person(times, np.full(300, 4.0))
    noise = np.random.default_rng(2).normal(0, 4, (300, 17, 2))
    xy = xyz[..., :2] / xyz[..., 2:] * 1000 + [640, 360] + noise

    class Knows(nn.Module):
        def forward(self, x):
            return torch.from_numpy(figure).float().expand(*x.shape[:2], 17, 3)

    lifted = bare(Knows(), window=81, fps=50, target=OwnAxes()).lift(
        Pose2D(xy, np.ones(xy.shape[:2]), 50, SIZE), focal_px=1000, flip_average=False
    )
    depth = lifted.xyz[:, JOINT["root"], 2]
    assert abs(depth.mean() - 4) < 0.03 and np.abs(np.diff(depth)).max() < 0.005


@pytest.mark.parametrize("focal_px", [26, 1e5, 0, -900.0, float("nan"), float("inf")])
def test_what_is_no_focal_length_in_pixels_is_not_taken_for_one(focal_px):
    lifter = bare(Same(), window=27, fps=50)
    for use in (lifter.lift, lifter.lift_relative, lifter.raw):
        with pytest.raises(UserError, match=r"focal length .* 1280 px; give pixels, 35\.6"):
            use(moving_pose(20), focal_px=focal_px)


def test_training_mode_is_left_as_it_was():
    model = Same()
    model.train()
    bare(model, window=27, fps=50).lift_relative(moving_pose(5))
    assert model.training


@pytest.mark.gpu
def test_a_gpu_gives_the_cpus_answer(tmp_path):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    path = save_lifter(tmp_path / "lifter.pt")
    pose = moving_pose(100)
    on_gpu, on_cpu = (Lifter.from_checkpoint(path, d).lift(pose).xyz for d in ("cuda", "cpu"))
    np.testing.assert_allclose(on_gpu, on_cpu, atol=1e-3)


def test_I6_placing_moves_whole_frames_and_deforms_none(tmp_path):
    lifter = Lifter.from_checkpoint(save_lifter(tmp_path / "lifter.pt"))
    rng = np.random.default_rng(0)
    xy = 300 + 200 * rng.random((70, 17, 2))
    pose = Pose2D(xy, np.ones((70, 17)), 50.0, (640, 480))
    lifted, relative = lifter.lift(pose).xyz, lifter.lift_relative(pose)
    assert np.allclose(lifted - lifted[:, :1], relative - relative[:, :1], atol=1e-9)
