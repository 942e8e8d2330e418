"""Clips for training: seeded per sample, normalised as in the wild, masked."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from test_noise import CONFIG as NOISE
from tiny_stores import camera_store, world_store

from lib.data import windows
from lib.data.action_clips import ActionClipConfig, ActionClips
from lib.data.augment import AugmentConfig
from lib.data.datasets import ClipConfig, LiftingClips, collate
from lib.data.noise import NoiseConfig
from lib.data.store import open_store
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.errors import UserError
from lib.geometry import fit_crop, network_input, unproject
from lib.skeleton import JOINT

PLAIN = AugmentConfig(flip=0.0)


def _clips(*sources, clip_len=30, fps=50, augment=PLAIN, noise: NoiseConfig | None = None):
    return LiftingClips(
        sources, ClipConfig(clip_len, fps), augment, noise, RandomCameraConfig(), seed=3
    )


@pytest.fixture(scope="module")
def fit3d(tmp_path_factory):
    return str(camera_store(tmp_path_factory.mktemp("store") / "fit3d"))


@pytest.fixture(scope="module")
def mocap(tmp_path_factory):
    return str(world_store(tmp_path_factory.mktemp("store") / "mocap"))


@pytest.mark.parametrize("key", ["bone_scale_std", "limb_turn_deg", "borrowed_legs"])
def test_other_bodies_that_no_camera_would_see_are_refused(fit3d, mocap, key):
    other = AugmentConfig(flip=0.0, **{key: 0.1})
    with pytest.raises(UserError, match=f"augment.{key} changes nobody: .*random_camera"):
        _clips(SourceConfig(fit3d), augment=other)
    _clips(SourceConfig(fit3d, random_camera=0.1), augment=other)
    _clips(SourceConfig(fit3d), SourceConfig(mocap), augment=other)


def test_D6_training_input_is_the_wild_input(fit3d):
    clips = _clips(SourceConfig(fit3d))
    window, (x, _, valid, *_) = clips.windows[0], clips[0, 0]
    store = open_store(fit3d)
    xy = np.asarray(store.xy_of(0)[window.start : window.stop], float)
    score = np.ones(xy.shape[:2])
    wild = network_input(xy, score, fit_crop(xy, score))
    assert np.allclose(x, wild, rtol=0, atol=2e-6)  # float32 pixels
    assert valid.all()


def in_sight(store, rows=slice(None, None)):
    """Root-relative metres of the first sequence's rows, as a camera that looks at it has them."""
    sequence, xyz = store.sequences[0], np.asarray(store.xyz_of(0)[rows], float)
    px = np.asarray(store.xy_of(0)[rows], float)
    crop = fit_crop(px, np.ones(px.shape[:2]))
    turn, _ = Rotation.align_vectors([0, 0, 1], [*unproject(crop.centre_px, sequence.camera), 1])
    return turn.apply((xyz - xyz[:, [JOINT["root"]]]).reshape(-1, 3)).reshape(xyz.shape)


def test_D7_D8_target_is_root_relative_metres(fit3d):
    _, y, _, *_ = _clips(SourceConfig(fit3d))[0, 0]
    assert np.allclose(y, in_sight(open_store(fit3d), slice(0, 30)), atol=1e-5)
    thigh = np.linalg.norm(y[:, JOINT["rknee"]] - y[:, JOINT["rhip"]], axis=-1)
    assert 0.3 < thigh.mean() < 0.6


def test_a_sample_depends_on_seed_epoch_and_clip_alone(mocap):
    augment = AugmentConfig(joint_mask=0.1, frame_mask=0.1, bone_scale_std=0.05)
    clips = _clips(SourceConfig(mocap), augment=augment, noise=NOISE)
    again = _clips(SourceConfig(mocap), augment=augment, noise=NOISE)
    again[0, 1]
    assert np.array_equal(clips[5, 2][0], again[5, 2][0])
    assert not np.array_equal(clips[5, 2][0], clips[6, 2][0])


def test_missing_markers_are_no_target_and_no_input(mocap):
    clips = _clips(SourceConfig(mocap, groups=["g1"]))
    x, y, valid, *_ = clips[0, 0]
    head = JOINT["head"]
    assert not valid[:, head].any() and (x[:, head] == 0).all() and (y[:, head] == 0).all()
    assert valid[:, JOINT["neck"]].all() and np.isfinite(x).all()


def test_D13_frame_masks_differ_between_clips_of_a_batch(mocap):
    clips = _clips(SourceConfig(mocap), augment=AugmentConfig(flip=0, frame_mask=0.5))
    batch = collate([clips[0, 0], clips[0, 1]])
    hidden = (batch.x[..., 2] == 0).all(-1)
    assert hidden.any() and not np.array_equal(hidden[0], hidden[1])


@pytest.mark.parametrize("num_frames", [1, 2, 12, 29])
def test_a_short_sequence_goes_there_and_back(tmp_path, num_frames):
    store = str(world_store(tmp_path / "short", lengths=(num_frames, 10), length=30))
    x, y, valid, *_ = _clips(SourceConfig(store))[0, 0]
    assert valid.all() and (x[..., 2] == 1).all()
    path = np.resize([*range(num_frames), *range(num_frames - 2, 0, -1)], 30)
    assert np.allclose(x, x[path], atol=1e-5) and np.allclose(y, y[path], atol=1e-5)
    assert num_frames == 1 or np.abs(x[1:] - x[:-1]).max((1, 2)).min() > 1e-4  # it never stops


def test_noise_and_masks_are_drawn_over_all_of_a_short_sequences_clip(tmp_path):
    """What is spoilt on the way there is not what is spoilt on the way back."""
    source = SourceConfig(str(world_store(tmp_path / "short", lengths=(10, 10), length=30)))
    noisy = _clips(source, noise=NOISE)[0, 0].x
    assert not np.allclose(noisy[:10], noisy[18:28], atol=1e-3)
    masked = _clips(source, augment=replace(PLAIN, frame_mask=0.5))[0, 0].x
    hidden = (masked == 0).all((1, 2))
    assert hidden.any() and not np.array_equal(hidden[:10], hidden[18:28])


def test_donors_of_arms_and_legs_may_be_short(tmp_path):
    source = SourceConfig(str(world_store(tmp_path / "short", lengths=(3, 60, 60), length=30)))
    clips = _clips(source, augment=replace(PLAIN, borrowed_arms=1.0, borrowed_legs=1.0))
    assert all(clips[0, i].valid[:, JOINT["lwrist"]].all() for i in range(len(clips)))


def test_lower_frame_rate_takes_every_other_frame(fit3d):
    store = open_store(fit3d)
    _, y, *_ = _clips(SourceConfig(fit3d), clip_len=15, fps=25)[0, 0]
    shown = [in_sight(store, slice(s, s + 29, 2)) for s in range(32)]
    starts = [s for s, xyz in enumerate(shown) if np.allclose(xyz, y, atol=1e-5)]
    assert len(starts) == 1


@pytest.mark.parametrize(("clip_len", "fps"), [(15, 25), (15, 24.6), (10, 16.6), (30, 50)])
def test_windows_of_30_frames_just_suffice(fit3d, clip_len, fps):
    assert _clips(SourceConfig(fit3d), clip_len=clip_len, fps=fps)[0, 0][2].all()


@pytest.mark.parametrize(
    ("clip_len", "fps", "needed"), [(16, 25, 31), (11, 50 / 3, 31), (31, 50, 31), (30, 25, 59)]
)
def test_windows_span_the_thinned_clip(fit3d, clip_len, fps, needed):
    with pytest.raises(
        UserError, match=rf"--store {fit3d} --length {needed} --stride {needed // 3}$"
    ):
        _clips(SourceConfig(fit3d), clip_len=clip_len, fps=fps)


@pytest.mark.parametrize("fps", [20, 30, 60, 100, 24.4])
def test_a_rate_that_the_store_cannot_give_is_refused(fit3d, fps):
    with pytest.raises(UserError, match=rf"50 frames a second.*makes {fps}.*change data.fps"):
        _clips(SourceConfig(fit3d), clip_len=2, fps=fps)


def test_classifier_windows_span_the_frames_fed(fit3d):
    def clips(clip_len, fps=50.0):
        config = ActionClipConfig(clip_len=clip_len, frame_step=9, fps=fps)
        return ActionClips(
            [SourceConfig(fit3d)], config, ["squat"], PLAIN, None, RandomCameraConfig(), 0
        )

    assert clips(36)[0, 0][0].shape[0] == 4  # frames 0, 9, 18, 27 of 30
    with pytest.raises(UserError, match=r"slice_clips.py .*--length 37"):
        clips(37)
    assert clips(18, fps=30)[0, 0][0].shape[0] == 2  # every 15th, 30 / 9 a second


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ({"subjects": ["s03", "s09x"]}, "subjects: no sequence has 's09x'; nearest: s09"),
        ({"actions": ["squat", "push"]}, "actions: no sequence has 'push'; nearest: pushup"),
        ({"groups": ["s03", "g1"]}, "groups: no sequence has 'g1'; there is s03, s09"),
        (
            {"cameras": ["60457274", "60457247"]},
            "cameras: no sequence has '60457247'; nearest: 60457274",
        ),
        ({"without_groups": ["s9"]}, "without_groups: no sequence has 's9'; nearest: s09"),
    ],
)
def test_a_name_that_the_store_lacks_is_refused(fit3d, source, text):
    """It would be passed over in silence where another name of the list is there."""
    with pytest.raises(UserError, match=rf"^{fit3d}: {text}; correct it or leave it out$"):
        _clips(SourceConfig(fit3d, **source))


def test_a_store_without_cameras_says_so(mocap):
    with pytest.raises(UserError, match="there is none;"):
        _clips(SourceConfig(mocap, cameras=["60457274"]))


def test_of_many_names_a_few_are_listed(tmp_path):
    store = str(camera_store(tmp_path / "s", [f"lift_{i}" for i in range(10)]))
    with pytest.raises(UserError, match="there is lift_0, .*, lift_7 and 2 more;"):
        _clips(SourceConfig(store, actions=["squat"]))


@pytest.mark.parametrize(
    "source", [{"subjects": []}, {"groups": ["s03"], "without_groups": ["s03"]}]
)
def test_nothing_selected_is_an_error(fit3d, source):
    with pytest.raises(UserError, match="no sequence has"):
        _clips(SourceConfig(fit3d, **source))


def test_loader_processes_are_sent_the_path_not_the_arrays(tmp_path):
    store = str(world_store(tmp_path / "large", lengths=(5000,), length=2500))
    clips = _clips(SourceConfig(store))
    sent = pickle.dumps(clips)
    assert len(sent) < 5000 < clips.windows[0].store.xyz_m.nbytes / 100
    again = pickle.loads(sent)  # noqa: S301 - our own bytes
    for one, two in zip(clips[0, 1], again[0, 1], strict=True):
        assert np.array_equal(one, two)


def _subjects(clips):
    return {window.store.sequences[window.i_sequence].subject for window in clips.windows}


def test_split_decides_which_windows_there_are(fit3d, tmp_path):
    split = tmp_path / "own.yaml"
    split.write_text("{train: [s03], test: [s09], actions: [squat, pushup]}")
    train, test = (SourceConfig(fit3d, split=str(split), side=side) for side in ("train", "test"))
    assert _subjects(_clips(train)) == {"s03"} and _subjects(_clips(test)) == {"s09"}
    both = len(_clips(train))
    assert len(_clips(replace(train, actions=["squat", "deadlift"]))) == both // 2
    split.write_text("{train: [s09], test: [s03], actions: [squat]}")
    assert _subjects(_clips(train)) == {"s09"} and len(_clips(train)) == both // 2


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"split": "nowhere.yaml"}, "nowhere.yaml: cannot read"),
        ({"split": "{own}", "side": "test"}, r"no sequence has .* on the test side of .*own.yaml"),
        ({"split": "{own}", "subjects": ["s09"]}, "no sequence has"),
    ],
)
def test_split_that_leaves_nothing_is_an_error(fit3d, tmp_path, keys, text):
    (tmp_path / "own.yaml").write_text("{train: [s03], test: [s12]}")
    keys = keys | {"split": keys["split"].format(own=tmp_path / "own.yaml")}
    with pytest.raises(UserError, match=text):
        _clips(SourceConfig(fit3d, **keys))


def test_too_short_windows_name_the_command(fit3d):
    with pytest.raises(UserError, match=r"slice_clips.py .*--length 55"):
        _clips(SourceConfig(fit3d), clip_len=55)


def test_weights_thin_out_windows(mocap, monkeypatch):
    def count(weight):
        store = open_store(mocap)
        light = tuple(replace(sequence, weight=weight) for sequence in store.sequences)
        monkeypatch.setattr(windows, "open_store", lambda path: replace(store, sequences=light))
        return len(_clips(SourceConfig(mocap, repeat=4)))

    assert count(0.25) == count(1.0) // 4


def test_T20_labels_are_exact_names(tmp_path):
    store = str(camera_store(tmp_path / "fit3d", ("pushup", "diamond_pushup", "squat")))
    config = ActionClipConfig(clip_len=30, frame_step=3)
    clips = ActionClips(
        [SourceConfig(store)], config, ["squat", "pushup"], PLAIN, None, RandomCameraConfig(), 0
    )
    actions = {window.store.sequences[window.i_sequence].action for window in clips.windows}
    assert actions == {"pushup", "squat"}
    clip = clips[0, 0]
    assert clip.x.shape == (10, 17, 3) and clip.label in (0, 1)
    with pytest.raises(UserError, match="no clip of deadlift"):
        ActionClips(
            [SourceConfig(store)], config, ["deadlift"], PLAIN, None, RandomCameraConfig(), 0
        )


def test_D5_each_clip_is_normalised_by_itself(mocap):
    def half_height(distance_m):
        clips = LiftingClips(
            [SourceConfig(mocap)], ClipConfig(30, 50), PLAIN, None,
            RandomCameraConfig(distance_m=(distance_m, distance_m), aim_std_deg=0), 3,
        )  # fmt: skip
        return np.ptp(clips[0, 0][0][..., 1], axis=1).mean() / 2

    assert half_height(3.0) == pytest.approx(1, abs=0.05)
    assert half_height(9.0) == pytest.approx(1, abs=0.05)
