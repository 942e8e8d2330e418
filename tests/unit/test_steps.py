"""The steps around the network: in one place, in order, each can be left out."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from test_swaps import exchange, squatting
from tiny_models import save_lifter
from torch import nn

from lib.infer.bones import bone_vectors
from lib.infer.lift import Lifter
from lib.infer.steps import ALL_STEPS, NO_STEPS, Steps, notes_of
from lib.skeleton import JOINT


class Shaky(nn.Module):
    """Input x and y with a depth that shakes from frame to frame."""

    def forward(self, x):
        shake = 0.05 * torch.randn(x.shape[:3], generator=torch.Generator().manual_seed(0))
        return torch.stack([x[..., 0], x[..., 1], shake], -1)


def lifted(steps, pose=None):
    return Lifter(Shaky(), window=27, fps=30, steps=steps).lift(pose or squatting())


def relative(pose):
    return pose.xyz - pose.xyz[:, [JOINT["root"]]]


def shaking(pose):
    return np.linalg.norm(np.diff(relative(pose), n=2, axis=0), axis=-1).mean()


def variation(pose):
    length = np.linalg.norm(bone_vectors(pose.xyz), axis=-1)
    return (length.std(0) / length.mean(0)).max()


def test_each_step_does_its_own_and_all_do_both():
    plain = lifted(NO_STEPS)
    rays = lifted(replace(NO_STEPS, rays=True))
    assert not np.allclose(rays.xyz, plain.xyz) and np.isfinite(rays.xyz).all()
    bones, smooth = (lifted(replace(NO_STEPS, **{name: True})) for name in ("bones", "smooth"))
    both = lifted(ALL_STEPS)
    assert variation(plain) > 0.05 and variation(bones) < 1e-9 and variation(both) < 1e-9
    assert shaking(smooth) < 0.4 * shaking(plain) and shaking(both) < 0.4 * shaking(bones)
    assert variation(smooth) > 0.01


class Lazy(nn.Module):
    """A figure that goes only half of the way which the input goes; the depth of what is mirrored
    is another one, so that it is known to be unsure."""

    def __init__(self):
        super().__init__()
        self.num_asked = 0

    def forward(self, x):
        self.num_asked += 1
        middle = x[..., :2].mean(1, keepdim=True)
        depth = 0.01 * (self.num_asked % 2) * torch.arange(17.0)
        return torch.cat([(x[..., :2] + middle) / 2, depth.expand_as(x[..., 0])[..., None]], -1)


def test_a_second_look_is_nearer_to_what_was_seen():
    pose = squatting()
    found = {}
    for is_twice in (False, True):
        model = Lazy()
        steps = replace(NO_STEPS, second_look=is_twice)
        found[is_twice] = Lifter(model, window=200, fps=30, steps=steps).lift(pose)
        assert model.num_asked == (4 if is_twice else 2)  # as it is and mirrored
    off = [
        np.abs(relative_px(p.xyz_image) - relative_px(pose.xy_px)).mean() for p in found.values()
    ]
    assert off[1] < 0.8 * off[0]
    np.testing.assert_array_equal(found[True].xy_px, pose.xy_px)
    with_one_answer = Lifter(Lazy(), window=200, fps=30).lift(pose, flip_average=False)
    assert np.isfinite(with_one_answer.xyz).all()


def relative_px(xy):
    return xy[..., :2] - xy[..., [JOINT["root"]], :2]


def test_all_are_on_unless_said_otherwise():
    assert Lifter(Shaky(), window=27, fps=30).steps == Steps(True, True, True, True, True)


def test_the_repaired_keypoints_are_lifted_shipped_and_counted():
    pose = squatting()
    swapped = exchange(pose, range(40, 50))
    right, repaired = lifted(ALL_STEPS, pose), lifted(ALL_STEPS, swapped)
    assert np.flatnonzero(repaired.repaired).tolist() == list(range(40, 50))
    np.testing.assert_allclose(repaired.xyz, right.xyz)
    np.testing.assert_array_equal(repaired.xy_px, pose.xy_px)
    assert any("10 frames:" in note for note in notes_of(repaired))
    one = replace(repaired, repaired=np.arange(len(repaired.repaired)) == 40)
    assert any("1 frame:" in note for note in notes_of(one))
    left_alone = lifted(Steps(repair=False), swapped)
    assert not left_alone.repaired.any()
    np.testing.assert_array_equal(left_alone.xy_px, swapped.xy_px)


def test_what_is_scored_is_what_is_shipped():
    lifter = Lifter(Shaky(), window=27, fps=30)
    pose = exchange(squatting(), range(40, 50))
    np.testing.assert_allclose(lifter.lift_relative(pose), relative(lifter.lift(pose)), atol=1e-9)


@pytest.mark.parametrize("num_frames", [1, 2, 3, 30])
def test_short_recordings_pass_every_step(num_frames, tmp_path):
    pose = squatting()
    pose = replace(
        pose, xy_px=pose.xy_px[:num_frames], score=pose.score[:num_frames],
        time_s=pose.time_s[:num_frames],
    )  # fmt: skip
    found = Lifter.from_checkpoint(save_lifter(tmp_path / "lifter.pt")).lift(pose)
    assert found.xyz.shape == (num_frames, 17, 3) and np.isfinite(found.xyz).all()


def test_smoothing_does_not_reach_across_a_long_gap():
    pose = squatting()
    score = pose.score.copy()
    score[50:90] = 0
    gap = replace(pose, score=score)
    moved = gap.xy_px.copy()
    moved[90:] += 50.0
    before, after = (lifted(replace(NO_STEPS, smooth=True), p)
                     for p in (gap, replace(gap, xy_px=moved)))  # fmt: skip
    np.testing.assert_allclose(relative(before)[:50], relative(after)[:50], atol=1e-9)
    steps = np.diff(relative(before)[52:88], axis=0)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[:1], steps.shape), atol=1e-9)


def test_an_uncalibrated_sigma_is_the_disagreement_and_says_so():
    found = lifted(ALL_STEPS)
    assert not found.sigma_is_calibrated and np.isfinite(found.sigma).all()
    assert any("not calibrated" in note for note in notes_of(found))
