"""Which clips the classifier is trained on: the exercises, and 'other' drawn to a share."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_stores import camera_store, world_store

from lib.config import build
from lib.data.action_clips import ActionClipConfig, ActionClips, OtherConfig, class_of, shows_reps
from lib.data.augment import AugmentConfig
from lib.data.manifest import Sequence
from lib.data.views import RandomCameraConfig
from lib.data.windows import SourceConfig
from lib.errors import UserError
from lib.skeleton import JOINT

CLASSES = ["squat", "pushup", "other"]
ACTIONS = ("squat", "pushup", "diamond_pushup", "drag_curl", "warmup_1", "warmup_10")


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    return str(camera_store(folder / "fit3d", ACTIONS)), str(
        world_store(folder / "mocap", (90, 60))
    )


def make_clips(stores, **changes):
    other = OtherConfig(
        actions=["drag_curl", "warmup_1"], sources=[SourceConfig(stores[1])], share=0.5
    )
    return ActionClips(
        [SourceConfig(stores[0])], ActionClipConfig(clip_len=30, frame_step=3), CLASSES,
        AugmentConfig(), None, RandomCameraConfig(), 3, replace(other, **changes),
    )  # fmt: skip


def actions_of(clips, epochs=20):
    found = [
        clips.window(epoch, i)
        for epoch in range(epochs)
        for i in range(len(clips.windows), len(clips))
    ]
    return {window.store.sequences[window.i_sequence].action for window in found}


def test_T20_other_is_listed_by_exact_names(stores):
    clips = make_clips(stores)
    # Not warmup_10, which begins like warmup_1, and no diamond push-up; all of the mocap.
    assert actions_of(clips) == {"drag_curl", "warmup_1", "walk"}
    assert {clips.windows[i].label for i in range(len(clips.windows))} == {0, 1}


@pytest.mark.parametrize(("share", "wanted"), [(0.0, 0.0), (0.25, 0.25), (0.5, 0.5), (0.8, 0.8)])
def test_other_has_its_share_of_an_epoch(stores, share, wanted):
    clips = make_clips(stores, share=share)
    labels = [clips[2, i].label for i in range(len(clips))]
    assert np.mean(np.array(labels) == 2) == pytest.approx(wanted, abs=0.03)


def test_every_window_of_other_has_its_turn_before_any_comes_twice(stores):
    clips = make_clips(stores, share=0.3)
    keys, epoch = [], 0
    while len(keys) < len(clips.others):
        for i in range(len(clips.windows), len(clips)):
            window = clips.window(epoch, i)
            keys.append((str(window.store.path), window.i_sequence, window.start))
        epoch += 1
    assert epoch > 1
    assert len(set(keys[: len(clips.others)])) == len(clips.others)


def test_a_clip_depends_on_seed_epoch_and_number_alone(stores):
    one, two = make_clips(stores), make_clips(stores)
    last = len(one) - 1
    two[5, last]  # asking for others before changes nothing
    assert np.array_equal(one[1, last].x, two[1, last].x)
    assert not np.array_equal(one[1, last].x, one[2, last].x)


def test_labels_of_other_sources_may_be_lifts_or_left_out(stores):
    clips = make_clips(stores, lifts={"walk": "squat"})
    assert "walk" not in actions_of(clips)
    is_squat = clips.windows.rows["label"] == 0
    assert len(clips.windows.stores) == 2 and set(clips.windows.rows["store"][is_squat]) == {0, 1}
    assert actions_of(make_clips(stores, left_out=["walk"])) == {"drag_curl", "warmup_1"}


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            {"lifts": {"walks": "squat"}},
            "other.lifts: no sequence has 'walks'; nearest: walk; correct",
        ),
        (
            {"left_out": ["walk", "medley"]},
            "other.left_out: no sequence has 'medley'; there is walk;",
        ),
        (
            {"lifts": {"drag_curl": "squat"}},
            "other.lifts: no sequence has 'drag_curl'",
        ),  # in sources alone
    ],
)
def test_a_misspelt_label_is_not_passed_over(stores, wrong, text):
    with pytest.raises(UserError, match=f"^{stores[1]}: {text}"):
        make_clips(stores, **wrong)


def test_a_misspelt_exercise_of_other_is_not_passed_over(stores):
    make_clips(stores, actions=["drag_curl", "sit_to_stand", "w_raise"])  # there or not
    with pytest.raises(UserError, match="other.actions: .* 'sit_stand'; nearest: sit_"):
        make_clips(stores, actions=["drag_curl", "sit_stand"])


def test_clips_with_borrowed_arms_are_cut_off_like_others(stores):
    clips = make_clips(stores, borrowed_arms={"squat": 1.0})
    clips.augment = AugmentConfig(cut_off=1.0)
    row = int(np.flatnonzero(clips.windows.rows["label"] == 0)[0])
    looks = [clips.see(clips.windows[row], np.random.default_rng(seed)) for seed in range(5)]
    assert any((look.score == 0).any() for look in looks)


def test_labels_without_other_sources_are_refused(stores):
    with pytest.raises(
        UserError, match="^other.sources: other.lifts: no sequence has 'walk'; there is none;"
    ):
        make_clips(stores, sources=[], lifts={"walk": "squat"})


def test_a_short_sequence_is_seen_to_the_clips_end(tmp_path, stores):
    """Ends of zeros would give away what comes in short recordings."""
    short = str(world_store(tmp_path / "short", (1, 2, 12), length=30))
    clips = make_clips(stores, sources=[SourceConfig(short)], actions=[])
    clips.augment = AugmentConfig(time_warp=(0.75, 1.35))
    others = [clips[0, i] for i in range(len(clips.windows), len(clips))]
    assert others and all((other.x[..., 2] > 0).any(1).all() for other in others)


def test_a_class_without_clips_is_an_error(stores):
    with pytest.raises(UserError, match="no clip of other in the data"):
        make_clips(stores, actions=["w_raise"], sources=[])


def test_a_sequence_belongs_to_one_class():
    other = OtherConfig(
        actions=["drag_curl"], sources=[SourceConfig("data/mocap")],
        lifts={"squats": "squat"}, left_out=["medley"],
    )  # fmt: skip
    found = {
        (action, store): class_of(action, store, CLASSES, other)
        for action in ("squat", "squats", "drag_curl", "medley", "burpees")
        for store in ("data/fit3d", "data/mocap")
    }
    assert found["squat", "data/fit3d"] == "squat" and found["squats", "data/fit3d"] is None
    assert found["squats", "data/mocap"] == "squat" and found["medley", "data/mocap"] is None
    assert found["drag_curl", "data/fit3d"] == found["burpees", "data/mocap"] == "other"
    assert found["burpees", "data/fit3d"] is None
    assert class_of("drag_curl", "data/fit3d", CLASSES, None) is None


@pytest.mark.parametrize("named", ["data/mocap", "data/../data/mocap", "link", "{absolute}"])
def test_a_store_of_other_is_known_by_any_path(tmp_path, monkeypatch, named):
    (tmp_path / "data/mocap").mkdir(parents=True)
    (tmp_path / "link").symlink_to("data/mocap")
    monkeypatch.chdir(tmp_path)
    other = OtherConfig(sources=[SourceConfig("data/mocap")])
    named = named.format(absolute=tmp_path / "data/mocap")
    assert class_of("walk", named, CLASSES, other) == "other"
    assert class_of("walk", "data", CLASSES, other) is None


def test_walking_up_to_the_bar_is_not_a_clip_of_the_lift():
    sequence = Sequence("a", "s03", "squat", "s03", 0, 400, 50.0, reps=(100, 200, 300))
    start = np.array([0, 49, 50, 150, 250, 251, 300])
    wanted = [False, False, True, True, True, False, False]
    assert shows_reps(sequence, start, start + 100).tolist() == wanted
    assert shows_reps(replace(sequence, reps=()), start, start + 100).all()


@pytest.mark.parametrize("wrong", [{"share": 1.0}, {"share": -0.1}, {"threshold": 1.5}])
def test_shares_and_thresholds_are_shares(wrong):
    with pytest.raises(UserError, match=next(iter(wrong))):
        build(OtherConfig, wrong, "a.yaml")


def test_borrowed_arms_change_the_arms_of_that_class_alone(stores):
    plain, mixed = make_clips(stores), make_clips(stores, borrowed_arms={"squat": 1.0})

    def arms_straight(clips, label):
        rows = np.flatnonzero(clips.windows.rows["label"] == label)
        look = clips.see(clips.windows[rows[0]], np.random.default_rng(0))
        upper, lower = (
            look.xyz_m[:, JOINT[b]] - look.xyz_m[:, JOINT[a]]
            for a, b in (("lshoulder", "lelbow"), ("lelbow", "lwrist"))
        )
        cosine = (upper * lower).sum(-1)
        return cosine / np.linalg.norm(upper, axis=-1) / np.linalg.norm(lower, axis=-1)

    assert not np.allclose(arms_straight(plain, 0), arms_straight(mixed, 0), atol=1e-3)
    assert np.array_equal(arms_straight(plain, 1), arms_straight(mixed, 1))
    with pytest.raises(UserError, match="borrowed_arms must be chances"):
        build(OtherConfig, {"borrowed_arms": {"squat": 1.5}}, "a.yaml")
