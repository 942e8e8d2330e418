"""The table of windows: small, in order, the same for whoever reads it; batches made from it."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from test_noise import CONFIG as NOISE
from tiny_stores import camera_store, track_store, world_store
from torch.utils.data import DataLoader

from lib.data.augment import AugmentConfig
from lib.data.clips_2d import Clips2D, Source2D
from lib.data.datasets import Batch, ClipConfig, LiftingClips, collate
from lib.data.mix import PADDING, Mix, Part
from lib.data.store import open_store
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig, Windows, list_windows, table
from lib.errors import UserError

SPOILT = AugmentConfig(
    joint_mask=0.1, frame_mask=0.1, bone_scale_std=0.05, head_jitter_m=0.02, time_warp=(0.8, 1.25)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    camera_store(folder / "fit3d")
    world_store(folder / "mocap")
    track_store(folder / "posetrack")
    return folder


def fields_of(windows):
    return [(w.store.path.name, w.i_sequence, w.start, w.stop, w.random_camera) for w in windows]


def test_sources_follow_each_other_with_their_own_stores(folder):
    fit3d = SourceConfig(str(folder / "fit3d"), random_camera=0.25)
    mocap = SourceConfig(str(folder / "mocap"), repeat=2)
    both = list_windows([fit3d, mocap], 30, 50)
    apart = [list_windows([source], 30, 50) for source in (fit3d, mocap)]
    assert fields_of(both) == fields_of(apart[0]) + fields_of(apart[1])
    assert {w.random_camera for w in apart[0]} == {0.25}
    assert {w.random_camera for w in apart[1]} == {1.0}  # there is no other
    half = len(apart[1]) // 2
    assert fields_of(apart[1])[:half] == fields_of(apart[1])[half:]


def test_every_clip_of_the_store_is_a_window(folder):
    store = open_store(folder / "fit3d")
    windows = list_windows([SourceConfig(str(folder / "fit3d"))], 30, 50)
    assert [(w.i_sequence, w.start, w.stop) for w in windows] == [tuple(r) for r in store.clips]
    some = windows.where(np.arange(len(windows)) % 2 == 0)
    assert fields_of(some) == fields_of(windows)[::2]


def test_a_hundred_thousand_windows_take_few_megabytes(folder):
    store = open_store(folder / "fit3d")
    many = replace(store, clips=np.tile(store.clips, (100_000 // len(store.clips) + 1, 1)))
    windows = table(many, range(len(store.sequences)), 30, 50)
    assert len(windows) >= 100_000
    assert len(pickle.dumps(windows)) < 4e6


@pytest.mark.parametrize("repeat", [1, 2])
@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_every_nth_window_is_counted_within_its_take(tmp_path, n, repeat):
    """Over all takes together, one of few windows could have none left."""
    lengths = (30, 40, 200, 35, 60, 20)
    store = open_store(world_store(tmp_path / "s", lengths, length=30))
    light = tuple(replace(sequence, weight=1 / n) for sequence in store.sequences)
    light = (*light[:-1], store.sequences[-1])  # one of full weight beside them
    rows = table(replace(store, sequences=light), range(6), 30, 50, repeat).rows
    for i in range(6):
        every, own = (1 if i == 5 else n), store.clips[store.clips[:, 0] == i, 1]
        kept = rows["start"][rows["i_sequence"] == i]
        assert kept.tolist() == np.tile(own, repeat)[::every].tolist() and len(kept)


def test_2d_is_no_source_of_3d(folder):
    with pytest.raises(UserError, match="sources_2d"):
        list_windows([SourceConfig(str(folder / "posetrack"))], 10, 25)


def test_a_store_that_was_not_cut_names_the_tool(folder):
    store = replace(open_store(folder / "fit3d"), clips=None)
    with pytest.raises(UserError, match="slice_clips"):
        table(store, [0], 30, 50)


def test_no_windows_are_no_windows(folder):
    windows = list_windows([SourceConfig(str(folder / "fit3d"))], 30, 50)
    none = windows.where(np.zeros(len(windows), bool))
    assert len(none) == 0 and list(none) == [] and isinstance(none, Windows)


def mix_of(folder):
    sources = [SourceConfig(str(folder / n), random_camera=0.5) for n in ("fit3d", "mocap")]
    clips = LiftingClips(sources, ClipConfig(30, 50), SPOILT, NOISE, RandomCameraConfig(), 3)
    source = Source2D(str(folder / "posetrack"), clip_len=10, noise=True)
    return Mix([Part("3d", clips), Part("2d", Clips2D(source, SPOILT, NOISE, 3, 1))])


def assert_same(one: Batch, other: Batch):
    for name in ("x", "y", "valid", "score", "label"):
        assert torch.equal(getattr(one, name), getattr(other, name)), name
    assert one.is_2d == other.is_2d


@pytest.mark.parametrize("i_part", [0, 1])
def test_a_clip_is_the_same_in_any_batch(folder, i_part):
    mix = mix_of(folder)
    draws = [(2, i_part, i) for i in range(4)]
    batch = collate(mix.__getitems__(draws))
    for i, part in enumerate(batch.parts(1)):
        assert_same(part, collate([mix[draws[i]]]))
    backwards = collate(mix.__getitems__(draws[::-1]))
    assert torch.equal(batch.x.flip(0), backwards.x)
    assert batch.is_2d == bool(i_part)


def test_loader_processes_give_the_same_batches(folder):
    plan = [[(0, part, i) for i in (0, 3, PADDING)] for part in (0, 1, 0)]
    loaders = [
        DataLoader(mix_of(folder), batch_sampler=plan, collate_fn=collate, num_workers=number)
        for number in (0, 1)
    ]
    for one, other in zip(*loaders, strict=True):
        assert_same(one, other)
        assert not one.valid[-1].any() and (one.x[-1] == 0).all()


def test_the_layout_of_a_batch_does_not_depend_on_its_clips(folder):
    """torch.compile would compile again for another one."""
    mix = mix_of(folder)
    full = collate(mix.__getitems__([(0, 0, i) for i in range(3)]))
    padded = collate(mix.__getitems__([(0, 0, PADDING), (0, 0, 0), (0, 0, 1)]))
    assert full.x.stride() == padded.x.stride() and full.y.stride() == padded.y.stride()


def test_a_batch_moves_with_its_rays():
    x = torch.zeros(3, 4, 17, 3)
    one = torch.zeros(3, 4, 17)
    rays = torch.arange(6.0).reshape(3, 2)
    batch = Batch(x, x, one > 0, one, torch.zeros(3, dtype=int), True, rays)
    parts = list(batch.parts(2))
    assert [len(part.x) for part in parts] == [2, 1] and all(part.is_2d for part in parts)
    assert torch.equal(torch.cat([part.ray_per_unit for part in parts]), rays)
    assert batch.to(torch.device("meta")).ray_per_unit.device.type == "meta"
