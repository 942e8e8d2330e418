"""Cutting a clip: place and speed in the sequence, detections instead of projected joints."""

from dataclasses import replace

import numpy as np
import pytest
from test_clips_2d import detected_store
from test_noise import CONFIG as NOISE
from tiny_stores import STANDING, camera_store, track_store, world_store

from lib.data.augment import AugmentConfig, above_edge, at_times, warp_times
from lib.data.cut import Cut, Look, detected, draw_cut
from lib.data.datasets import ClipConfig, LiftingClips
from lib.data.proportions import scale_bones
from lib.data.store import open_store
from lib.data.targets import TARGETS
from lib.data.views import RandomCameraConfig, planar
from lib.data.windows import SourceConfig, Window
from lib.errors import UserError
from lib.geometry import fit_crop, network_input
from lib.infer.track import Segment
from lib.skeleton import JOINT, JOINTS, indices

PLAIN = AugmentConfig(flip=0.0)
SPEED = (0.8, 1.25)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return open_store(world_store(tmp_path_factory.mktemp("store") / "s", lengths=(200, 40)))


def window_of(store, i=0, start=60, stop=90, step=1):
    return Window(store, i, start, stop, step, 0.0, 0.0, -1)


@pytest.mark.parametrize("num_frames", [1, 2, 30, 243])
def test_speeds_stay_in_their_range_and_drift(num_frames):
    for seed in range(20):
        times = warp_times(num_frames, SPEED, np.random.default_rng(seed))
        assert times.shape == (num_frames,) and times[0] == 0
        steps = np.diff(times)
        assert ((steps >= 0.8) & (steps <= 1.25)).all()
        assert (np.diff(steps) >= 0).all() or (np.diff(steps) <= 0).all()


def test_velocity_of_a_warped_clip_is_its_speed():
    line = planar(np.arange(100.0)[:, None, None] * np.ones((1, 17, 3)))
    times = warp_times(50, SPEED, np.random.default_rng(0))
    assert np.allclose(np.diff(at_times(line, times)[:, 3, 1]), np.diff(times), atol=1e-4)


def test_nothing_lies_between_a_known_and_a_missing_frame():
    line = planar(np.arange(10.0)[:, None, None] * np.ones((1, 17, 3)))
    line[4, 5] = np.nan
    moved = at_times(line, np.array([2.5, 3.5, 4.5, 5.5]))
    assert np.isnan(moved[:, 5, 0]).tolist() == [False, True, True, False]
    assert np.isfinite(moved[:, 6]).all()


def test_a_clip_of_one_frame_has_no_speed():
    assert at_times(planar(np.ones((1, 17, 3))), np.zeros(1)).shape == (1, 17, 3)


def test_warped_clips_have_their_length_wherever_they_are(store):
    rng = np.random.default_rng(0)
    for start, stop in ((0, 30), (60, 90), (170, 200)):
        for _ in range(50):
            cut = draw_cut(window_of(store, start=start, stop=stop), 30, SPEED, rng)
            clip = cut.of(store.xyz_of(0))
            assert clip.shape == (30, 17, 3) and np.isfinite(clip).all()
            assert cut.rows.start >= 0 and cut.rows.stop <= 200


def test_a_sequence_just_long_enough_is_not_overrun(store):
    rng = np.random.default_rng(0)
    for _ in range(50):
        cut = draw_cut(window_of(store, 1, 0, 40), 40, (1.2, 1.25), rng)
        assert cut.of(store.xyz_of(1)).shape == (40, 17, 3) and cut.times[-1] <= 39


def there_and_back(num_rows, num_frames):
    """Numbers of rows, seen from the first to the last and back, over and over."""
    return np.resize([*range(num_rows), *range(num_rows - 2, 0, -1)], num_frames)


def cut_of(store, num_rows, num_frames, speed=(1.0, 1.0), seed=0, step=1):
    """A cut of a sequence of so many rows, and an array of it that numbers them."""
    short = replace(store, sequences=(replace(store.sequences[0], stop=num_rows),))
    window, rng = window_of(short, stop=num_rows, start=0, step=step), np.random.default_rng(seed)
    rows = np.arange(num_rows, dtype=np.float32)[:, None, None] * np.ones((17, 3), np.float32)
    return draw_cut(window, num_frames, speed, rng), rows


@pytest.mark.parametrize("num_rows", [1, 2, 3, 29, 30, 31])
def test_a_short_sequence_goes_there_and_back_until_the_clip_is_full(store, num_rows):
    cut, rows = cut_of(store, num_rows, 30)
    clip = cut.of(rows)[:, 3, 1] - cut.rows.start
    assert np.array_equal(clip, there_and_back(num_rows, 30))


@pytest.mark.parametrize("num_rows", [1, 2, 3, 29, 30, 31])
def test_a_short_sequence_at_another_speed(store, num_rows):
    for seed in range(20):
        cut, rows = cut_of(store, num_rows, 30, SPEED, seed)
        clip = cut.of(rows)[:, 3, 1] - cut.rows.start
        times = warp_times(30, SPEED, np.random.default_rng(seed))
        if num_rows >= 30:  # as ever: no faster than its length allows
            times *= min(1.0, (num_rows - 1) / times[-1])
        path = there_and_back(num_rows, 50)
        assert np.allclose(clip, np.interp(times, np.arange(50), path), atol=1e-4)


def test_every_third_row_of_a_short_sequence(store):
    for seed in range(5):
        cut, rows = cut_of(store, 41, 30, step=3, seed=seed)
        first = cut.rows.start
        assert first <= 1
        assert np.array_equal(cut.of(rows)[:, 0, 0], first + 3 * there_and_back(14, 30))


@pytest.mark.parametrize("num_rows", [2, 5, 29])
def test_gaps_of_a_short_sequence_stay_where_they_are(store, num_rows):
    cut, rows = cut_of(store, num_rows, 30)
    for gap in (0, 1, num_rows - 1):
        lame = rows.copy()
        lame[gap, 5] = np.nan
        clip = cut.of(lame)
        assert np.array_equal(np.isnan(clip[:, 5, 0]), there_and_back(num_rows, 30) == gap)
        assert np.isfinite(clip[:, 6]).all()


def test_detections_of_a_short_sequence_go_there_and_back(tmp_path):
    store = open_store(track_store(tmp_path / "s", lengths=(6, 40), length=10))
    px, score = (np.array(array) for array in store.detected_of(0))
    path = there_and_back(6, 10)
    shown, scored = detected(store, 0, draw_cut(window_of(store, 0, 0, 6), 10, (1, 1), None))
    assert np.array_equal(scored, score[path].astype(np.float32))
    assert (scored[:, JOINT["lwrist"]] == 0).all()
    assert np.array_equal(shown[scored > 0], px[path][scored > 0])


def test_input_and_target_are_warped_alike(store):
    """The projected target of a warped clip is the input, so both have one velocity."""
    source = [SourceConfig(str(store.path), groups=["g0"])]
    clips = LiftingClips(
        source, ClipConfig(30, 50), replace(PLAIN, time_warp=SPEED), None,
        RandomCameraConfig(distance_m=(400, 400), aim_std_deg=0), 3,
    )  # fmt: skip
    clip = clips[0, 0]
    # From far away the picture is the target's x and y, but for size and place.
    shown = (clip.x[..., :2] - clip.x[:, :1, :2]).reshape(30, -1)
    flat = (clip.y[..., :2] - clip.y[:, :1, :2]).reshape(30, -1)
    size = (shown * flat).sum() / (flat * flat).sum()
    assert np.abs(shown - size * flat).max() < 0.02
    assert clip.valid.all() and clip.x.shape == (30, 17, 3)


def test_bones_behind_a_missing_joint_are_missing():
    body = np.array([[STANDING[name] for name in JOINTS]])
    scaled = scale_bones(body, 0.1, 0.0, np.random.default_rng(0))
    body[:, JOINT["lelbow"]] = np.nan
    lame = scale_bones(body, 0.1, 0.0, np.random.default_rng(0))
    lost = {JOINTS[j] for j in np.flatnonzero(np.isnan(lame[0, :, 0]))}
    assert lost == {"lelbow", "lwrist"}
    known = np.isfinite(lame)
    assert np.allclose(lame[known], scaled[known])


def lifting(path, noise=None, augment=PLAIN, *, pan=False, **keys):
    sources, clip = [SourceConfig(path, **keys)], ClipConfig(30, 50, pan)
    return LiftingClips(sources, clip, augment, noise, RandomCameraConfig(), 3)


def by_sequence(clips, i):
    return next(n for n, window in enumerate(clips.windows) if window.i_sequence == i)


def test_a_detectors_keypoints_are_the_input_where_there_are_some(tmp_path):
    path = detected_store(tmp_path)
    store = open_store(path)
    projected, real = lifting(path), lifting(path, detected=1.0)
    first, second = by_sequence(real, 0), by_sequence(real, 1)
    px, score = (array[:30] for array in store.detected_of(0))
    assert np.allclose(real[0, first].x, network_input(px, score, fit_crop(px, score)), atol=2e-6)
    # The target is that of the crop the detector gave.
    look = Look(np.array(store.xyz_of(0)[:30]), px, score, True, store.sequences[0].camera)
    assert np.allclose(real[0, first].y, TARGETS["metres"].truth(look, look.crop), atol=1e-6)
    assert not np.array_equal(real[0, first].y, projected[0, first].y)
    # The other has no detections.
    assert np.array_equal(real[0, second].x, projected[0, second].x)


def test_detected_without_any_detection_is_refused(tmp_path):
    """Else the training would read projections, and nothing would say so."""
    path = str(camera_store(tmp_path / "own"))
    with pytest.raises(UserError, match=r"detected is 0.5, but .*tools/add_detections.py"):
        lifting(path, detected=0.5)


@pytest.mark.parametrize("num_joints", [0, 1, 5])
@pytest.mark.parametrize(("num_empty", "is_own"), [(15, True), (16, False), (30, False)])
def test_a_clip_in_which_hardly_anybody_was_detected_is_projected(
    tmp_path, num_joints, num_empty, is_own
):
    path = detected_store(tmp_path)
    score = np.load(tmp_path / "detected/detected_score.npy")
    score[:30, :] = 0.9
    score[:num_empty, num_joints:] = 0
    np.save(tmp_path / "detected/detected_score.npy", score)
    projected, real = (
        LiftingClips(
            [SourceConfig(path, detected=chance)], ClipConfig(30, 50), PLAIN, None,
            RandomCameraConfig(), 3, TARGETS["image"],
        )
        for chance in (0.0, 1.0)
    )  # fmt: skip
    first = by_sequence(real, 0)
    assert np.array_equal(real[0, first].x, projected[0, first].x) is not is_own
    assert is_own or np.array_equal(real[0, first].y, projected[0, first].y)
    assert np.abs(real[0, first].y).max() < 5 and real[0, first].valid.all()


def test_training_pans_as_lifting_does(tmp_path):
    path = detected_store(tmp_path)
    store, clips = open_store(path), lifting(path, detected=1.0, pan=True)
    px, score = (array[:30] for array in store.detected_of(0))
    segment = Segment(np.arange(30) / 50, px, score, slice(0, 30))
    shown = clips[0, by_sequence(clips, 0)].x
    assert np.allclose(shown, segment.clip(np.arange(30), pans=True), atol=2e-6)
    assert not np.allclose(shown, segment.clip(np.arange(30)), atol=1e-3)


@pytest.mark.parametrize("pan", [False, True])
@pytest.mark.parametrize("keys", [{}, {"detected": 1.0}, {"random_camera": 1.0}], ids=str)
def test_crops_pan_however_a_clip_is_seen(tmp_path, keys, pan):
    clips = lifting(detected_store(tmp_path), augment=replace(PLAIN, cut_off=0.5), pan=pan, **keys)
    looks = [clips.see(clips.windows[0], np.random.default_rng(i)) for i in range(6)]
    assert {look.pans for look in looks} == {pan}


def test_noise_is_not_added_to_a_real_detection_but_masks_are(tmp_path):
    path = detected_store(tmp_path)
    plain, noisy = lifting(path, detected=1.0), lifting(path, NOISE, detected=1.0)
    first, second = by_sequence(plain, 0), by_sequence(plain, 1)
    assert np.array_equal(plain[0, first].x, noisy[0, first].x)
    assert not np.array_equal(plain[0, second].x, noisy[0, second].x)
    masked = lifting(path, augment=replace(PLAIN, frame_mask=0.5), detected=1.0)[0, first]
    assert (masked.x == 0).all((1, 2)).any()


def test_a_share_of_the_clips_is_detected(tmp_path):
    path = detected_store(tmp_path)
    projected, half = lifting(path), lifting(path, detected=0.5)
    first = by_sequence(half, 0)
    real = [not np.array_equal(half[e, first].x, projected[e, first].x) for e in range(60)]
    assert 15 < sum(real) < 45


def test_a_random_camera_has_no_detector(tmp_path):
    path = detected_store(tmp_path)
    both = lifting(path, detected=1.0, random_camera=1.0)
    alone = lifting(path, random_camera=1.0)
    assert np.array_equal(both[0, 0].x, alone[0, 0].x)


def test_detections_are_warped_without_inventing_any(tmp_path):
    store = open_store(detected_store(tmp_path))
    cut = Cut(slice(0, 10, 1), np.array([0.0, 1.5, 3.0]))
    px, score = detected(store, 0, cut)
    raw, _ = store.detected_of(0)
    assert np.allclose(px[1], (raw[1] + raw[2]) / 2, atol=1e-3) and np.allclose(score, 0.9)


@pytest.mark.parametrize(("views", "seen"), [(1, 1), (3, 3), (0, 30)])
def test_fixed_views_are_the_only_ones_a_sequence_is_seen_from(store, views, seen):
    sources, camera = [SourceConfig(str(store.path))], RandomCameraConfig(views=views)
    clips = LiftingClips(sources, ClipConfig(10, 50), PLAIN, None, camera, 0)
    window = Window(store, 0, 60, 70, 1, 1.0, 0.0, -1)  # one place: what differs is the view
    looks = [clips.see(window, np.random.default_rng(i)).xyz_m for i in range(30)]
    assert len({look[0, JOINT["neck"]].tobytes() for look in looks}) == seen


def test_fixed_views_are_those_of_a_sequence_whatever_the_clips_length(store, tmp_path):
    """Each store's own; the same where a store is named twice."""
    other = open_store(world_store(tmp_path / "s", lengths=(200, 40)))
    sources = [SourceConfig(str(each.path)) for each in (store, other, store)]

    def directions(source, length, part):
        drawn = AugmentConfig(flip=0.0), None, RandomCameraConfig(views=2), 0
        clips = LiftingClips(sources, ClipConfig(length, 50), *drawn, part=part)
        window = Window(clips.windows.stores[source], 0, 60, 60 + length, 1, 1.0, 0.0, -1)
        looks = [clips.see(window, np.random.default_rng(i)).camera.R for i in range(20)]
        return {tuple(np.round(rotation, 6).ravel().tolist()) for rotation in looks}

    views = directions(0, 10, 0)
    assert len(views) == 2 and views == directions(0, 27, 1000) == directions(2, 10, 0)
    assert not views & directions(1, 10, 0)


def test_borrowed_arms_leave_the_rest_and_its_bones_as_they_are(store):
    sources, length = [SourceConfig(str(store.path))], ClipConfig(10, 50)
    window, looks = Window(store, 0, 60, 70, 1, 1.0, 0.0, -1), []
    for chance in (0.0, 1.0):
        augment = AugmentConfig(flip=0.0, borrowed_arms=chance)
        camera = RandomCameraConfig(views=1)  # the same whatever else is drawn
        clips = LiftingClips(sources, length, augment, None, camera, 0)
        xyz_m = clips.see(window, np.random.default_rng(5)).xyz_m
        looks.append(xyz_m - xyz_m[:, [JOINT["root"]]])
    arms = [JOINT[side + part] for side in "lr" for part in ("elbow", "wrist")]
    moved = np.abs(looks[1] - looks[0]).max((0, 2))
    assert (moved[arms] > 1e-3).all() and np.delete(moved, arms).max() < 1e-3
    bones = [np.linalg.norm(x[:, JOINT["lelbow"]] - x[:, JOINT["lwrist"]], axis=-1) for x in looks]
    assert np.allclose(*bones, atol=1e-4)


BODY = np.array([STANDING[name] for name in JOINTS])
UPRIGHT_PX = np.broadcast_to(1000 - 300 * BODY[:, [0, 2]], (5, 17, 2))


def test_what_a_picture_cuts_off_is_below_one_edge_in_the_legs():
    legs = indices("lknee", "lankle", "rknee", "rankle")
    numbers_lost = set()
    for seed in range(50):
        shown = above_edge(UPRIGHT_PX, np.random.default_rng(seed))
        assert shown.shape == (5, 17) and np.delete(shown, legs, 1).all()
        numbers_lost |= set((~shown).sum(1).tolist())
        y = UPRIGHT_PX[..., 1]
        assert (np.where(shown, y, -np.inf).max(1) < np.where(shown, np.inf, y).min(1)).all()
    assert numbers_lost == {2, 4}


@pytest.mark.parametrize("px", [-UPRIGHT_PX, np.full((5, 17, 2), np.nan)], ids=["down", "unknown"])
def test_feet_that_are_not_below_the_hips_are_not_cut_off(px):
    assert above_edge(px, np.random.default_rng(0)).all()


def test_a_joint_that_is_missing_in_one_frame_does_not_keep_the_rest_in_the_picture():
    px = UPRIGHT_PX.copy()
    px[1, indices("lhip", "rankle")] = np.nan
    shown, whole = (above_edge(xy, np.random.default_rng(3)) for xy in (px, UPRIGHT_PX))
    known = np.isfinite(px[..., 0])
    assert not whole.all()
    np.testing.assert_array_equal(shown[known], whole[known])


def test_a_clip_that_is_cut_off_is_cropped_around_the_rest_and_keeps_its_truth(store):
    whole, cut = (
        lifting(str(store.path), augment=replace(PLAIN, cut_off=chance), groups=["g0"])[0, 0]
        for chance in (0.0, 1.0)
    )
    feet = indices("lankle", "rankle")
    assert (whole.x[:, feet, 2] > 0).all() and (cut.x[:, feet] == 0).all()
    assert cut.valid.all()
    for clip in (whole, cut):  # the taller way fills the crop
        assert np.ptp(clip.x[..., :2], axis=(0, 1)).max() > 1.8


def test_what_a_detector_saw_is_not_cut_off(tmp_path):
    path = detected_store(tmp_path)
    plain, cut = (
        lifting(path, augment=replace(PLAIN, cut_off=chance), detected=1.0) for chance in (0.0, 1.0)
    )
    i = by_sequence(plain, 0)
    assert np.array_equal(plain[0, i].x, cut[0, i].x)
