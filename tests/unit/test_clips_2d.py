"""2D clips: which windows there are, what is input and truth, cameras that are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from test_noise import CONFIG as NOISE
from tiny_stores import camera_store, track_store

from lib.data.augment import AugmentConfig
from lib.data.clips_2d import Clips2D, Source2D, list_windows_2d
from lib.data.cut import Look
from lib.data.datasets import collate
from lib.data.store import Recording, open_store, write_store
from lib.data.targets import TARGETS
from lib.errors import UserError
from lib.geometry import Camera, fit_crop, mirror, network_input, unproject
from lib.model.reprojection import reprojection
from lib.skeleton import JOINT

PLAIN = AugmentConfig(flip=0.0)


@pytest.fixture(scope="module")
def posetrack(tmp_path_factory):
    return str(track_store(tmp_path_factory.mktemp("store") / "posetrack"))


def clips_of(store, *, augment=PLAIN, noise=None, part=1, **keys):
    source = Source2D(str(store), **{"clip_len": 10, "noise": noise is not None, **keys})
    return Clips2D(source, augment, noise, 3, part)


def test_input_is_what_the_wild_gives_and_truth_the_same(posetrack):
    clip = clips_of(posetrack)[0, 0]
    px, score = (array[:10] for array in open_store(posetrack).detected_of(0))
    wild = network_input(px, score, fit_crop(px, score))
    assert np.allclose(clip.x, wild, atol=2e-6)
    assert np.array_equal(clip.y[..., :2], clip.x[..., :2]) and (clip.y[..., 2] == 0).all()
    assert np.array_equal(clip.score, clip.x[..., 2]) and clip.is_2d and clip.ray_per_unit is None


def test_D11_windows_reach_to_the_end_of_every_track(posetrack):
    windows = list_windows_2d(Source2D(posetrack, clip_len=10, min_seen=0.0))
    for i, num_frames in enumerate((40, 25)):
        own = windows.rows[windows.rows["i_sequence"] == i]
        seen = {frame for row in own for frame in range(row["start"], row["stop"])}
        assert seen == set(range(num_frames))


def test_D21_a_window_is_judged_by_all_its_frames_and_joints(posetrack):
    store = open_store(posetrack)

    def shares(windows):
        return [
            (store.detected_of(w.i_sequence)[1][w.start : w.stop] > 0.2).mean() for w in windows
        ]

    everything = shares(list_windows_2d(Source2D(posetrack, clip_len=10, min_seen=0.0)))
    strict = shares(list_windows_2d(Source2D(posetrack, clip_len=10, min_seen=0.6)))
    assert min(everything) == 0
    assert strict == [share for share in everything if share >= 0.6]
    assert 0 < len(strict) < len(everything)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (
            {"store": "nowhere"},
            r"prepare_posetrack.py or .*prepare_instavariety.py.*sources_2d=\[\]",
        ),
        ({"groups": ["v0", "w9"]}, "groups: no sequence has 'w9'; there is v0, v1; correct it"),
        (
            {"without_groups": ["v"]},
            "without_groups: no sequence has 'v'; nearest: v1, v0; correct it",
        ),
        ({"groups": ["v0"], "without_groups": ["v0"]}, "no sequence with 2D"),
        ({"min_seen": 0.99}, "lower min_seen"),
        ({"clip_len": 20}, "--length 20 --stride 6"),
        ({"fps": 20.0}, "25 frames a second"),
    ],
)
def test_nothing_to_use_is_an_error(posetrack, keys, text):
    with pytest.raises(UserError, match=text):
        list_windows_2d(Source2D(**{"store": posetrack, "clip_len": 10, **keys}))


def test_every_other_frame(posetrack):
    clip = clips_of(posetrack, clip_len=5, fps=12.5)[0, 0]
    px, score = open_store(posetrack).detected_of(0)
    thinned = [(px[start : start + 9 : 2], score[start : start + 9 : 2]) for start in range(2)]
    inputs = [network_input(*thin, fit_crop(*thin)) for thin in thinned]
    assert sum(np.allclose(clip.x, one, atol=1e-4) for one in inputs) == 1


def test_D12_masks_and_noise_spoil_the_input_alone(posetrack):
    augment = replace(PLAIN, joint_mask=0.3, frame_mask=0.2)
    clean, spoilt = (
        clips_of(posetrack)[4, 1],
        clips_of(posetrack, augment=augment, noise=NOISE)[4, 1],
    )
    for name in ("y", "valid", "score"):
        assert np.array_equal(getattr(clean, name), getattr(spoilt, name))
    hidden = spoilt.x[..., 2] == 0
    assert 0.2 < hidden.mean() < 0.8 and (spoilt.x[hidden] == 0).all()
    assert (spoilt.x[:, JOINT["lwrist"]] == 0).all()
    assert (spoilt.x[~hidden] != clean.x[~hidden]).mean() > 0.6
    assert (spoilt.x[..., 2] <= clean.x[..., 2]).all()


def test_noise_is_for_sources_that_ask_for_it(posetrack):
    source = Source2D(posetrack, clip_len=10)
    assert np.array_equal(Clips2D(source, PLAIN, NOISE, 3, 1)[0, 0].x, clips_of(posetrack)[0, 0].x)


def test_parts_draw_by_themselves(posetrack):
    one, other = (clips_of(posetrack, noise=NOISE, part=part) for part in (1, 2))
    assert not np.array_equal(one[0, 0].x, other[0, 0].x)
    assert np.array_equal(one[0, 0].x, clips_of(posetrack, noise=NOISE)[0, 0].x)


def test_a_short_track_goes_there_and_back_and_padding_counts_for_nothing(tmp_path):
    clips = clips_of(track_store(tmp_path / "s", lengths=(6, 40), length=10))
    clip = clips[0, 0]
    path = [0, 1, 2, 3, 4, 5, 4, 3, 2, 1]
    for array in (clip.x, clip.y, clip.valid, clip.score):
        assert len(array) == 10 and np.allclose(array, array[path], atol=1e-6)
    assert clip.valid.any(1).all()
    batch = collate([clip, clips.padding()])
    assert batch.is_2d and not batch.valid[1].any() and (batch.score[1] == 0).all()


def detected_store(folder, distortion=0.0, frame="camera"):
    """The 3D store of cameras with what a perfect detector saw."""
    made = open_store(camera_store(folder / "plain", ("squat",)))

    def recordings():
        for i, sequence in enumerate(made.sequences):
            old = sequence.camera
            camera = Camera(
                old.R, old.T, old.f, old.c, np.array([distortion, 0, 0]), old.p, old.size_px
            )
            score = np.full((60, 17), 0.9) * (np.nan if i else 1)
            yield Recording(
                replace(sequence, camera=camera), made.xyz_of(i), made.xy_of(i),
                detected_px=made.xy_of(i) + 3, detected_score=score,
            )  # fmt: skip

    write_store(folder / "detected", frame, recordings())
    np.save(folder / "detected/clips.npy", made.clips)
    return str(folder / "detected")


@pytest.mark.parametrize("flip", [0.0, 1.0])
@pytest.mark.parametrize("distortion", [0.0, -0.2])
def test_a_known_camera_gives_rays_of_one_that_looks_at_the_person(tmp_path, flip, distortion):
    store = open_store(detected_store(tmp_path, distortion))
    clips = clips_of(store.path, augment=AugmentConfig(flip=flip), clip_len=30)
    assert {window.i_sequence for window in clips.windows} == {0}  # the other has no detections
    clip = clips[0, 0]
    (px, score), camera = store.detected_of(0), store.sequences[0].camera
    ray = unproject(px[:30].astype(float), camera)
    middle = unproject(fit_crop(px[:30], score[:30]).centre_px, camera)
    turn, _ = Rotation.align_vectors([0, 0, 1], [*middle, 1])
    seen = turn.apply(np.concatenate([ray, np.ones((30, 17, 1))], -1).reshape(-1, 3))
    seen = (seen[:, :2] / seen[:, 2:]).reshape(30, 17, 2)
    seen = mirror(seen) if flip else seen
    assert np.abs(middle).max() > 0.01
    assert np.allclose(clip.y[..., :2] * clip.ray_per_unit, seen, atol=1e-5)


def test_the_true_pose_reprojects_to_its_detections(tmp_path):
    """Through batch and loss: 3 px off everywhere is a shift, which the fit takes up."""
    path = detected_store(tmp_path)
    clips = clips_of(path, clip_len=30)
    batch = collate([clips[0, 0], clips.padding()])
    store = open_store(path)
    (px, score), xyz = store.detected_of(0), np.array(store.xyz_of(0)[:30])
    look = Look(xyz, px[:30], score[:30], True, store.sequences[0].camera)
    xyz = torch.from_numpy(TARGETS["metres"].truth(look, look.crop))
    pred = torch.stack([xyz, torch.zeros_like(xyz)])
    through_camera = reprojection(pred, batch.y, batch.score, batch.valid, batch.ray_per_unit)
    without = reprojection(pred, batch.y, batch.score, batch.valid)
    assert batch.ray_per_unit.shape == (2, 2) and batch.ray_per_unit[1].isnan().all()
    assert through_camera < 1e-3 < without


def test_a_store_without_detections_is_no_2d_data(tmp_path):
    path = str(camera_store(tmp_path / "own"))
    with pytest.raises(UserError, match=r"no sequence has 2D keypoints .*tools/add_detections.py"):
        clips_of(path)
