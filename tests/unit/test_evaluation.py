"""Scoring: every prediction meets its own truth, and everybody gets the same numbers."""

import hashlib
import os
from types import SimpleNamespace

import numpy as np
import orjson
import pytest
import torch
import yaml
from tiny_stores import camera_store, swaying, world_store

from lib.config import build, to_dict
from lib.data.action_clips import OtherConfig
from lib.data.clips_2d import Source2D
from lib.data.noise import ConfidenceModel, NoiseConfig, as_detections
from lib.data.store import Recording, Sequence, write_store
from lib.data.views import RandomCameraConfig, draw_camera
from lib.data.windows import SourceConfig
from lib.errors import UserError
from lib.geometry import project, world_to_camera
from lib.skeleton import JOINT, JOINTS, NUM_JOINTS
from lib.train import evaluation
from lib.train.evaluation import (
    EvalConfig,
    check_sources,
    evaluation_poses,
    score_lifter,
)
from lib.train.overlap import scored_on_training, trained_on
from lib.train.score_table import joint_picture, report_of, report_text, text_table, write_scores

VIEWS = RandomCameraConfig()


def make_config(folder, **changes):
    sources = [
        SourceConfig(str(camera_store(folder / "fit3d")), subjects=["s09"]),
        SourceConfig(str(world_store(folder / "mocap"))),
    ]
    return EvalConfig(sources, with_noise=False, **changes)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return make_config(tmp_path_factory.mktemp("stores"))


class _Oracle:
    """Knows the truth of a pose by where the pose came from; wrong by as much as it is told."""

    is_metric = True

    def __init__(self, config, error_m=0.0):
        poses = evaluation_poses(config, None, VIEWS)
        self.truth = {pose.source: truth for _, _, pose, truth in poses}
        self.error_m, self.asked = error_m, []

    def lift_relative(self, pose, *, flip_average, focal_px):
        self.asked.append(pose)
        pred = np.nan_to_num(self.truth[pose.source])
        pred[:, JOINT["lwrist"], 0] += self.error_m
        return pred


def white_noise(std):
    """In which every joint stays visible."""
    still = dict.fromkeys(JOINTS, (0.0, 0.0, 0.0, 0.0, 1.0))
    return NoiseConfig(still, ConfidenceModel(1.0, 0.0, 0.0, 0.0), white_std=std)


def test_who_walks_through_the_picture_is_detected_as_well_as_who_stands():
    person = np.random.default_rng(0).uniform(-100, 100, (NUM_JOINTS, 2))
    stands = np.tile(person, (300, 1, 1)) + 1000
    to_and_fro_px = 900 * np.abs(np.linspace(-1, 1, 300))
    walks = stands + np.stack([to_and_fro_px, 0 * to_and_fro_px], -1)[:, None]
    comes_near = (stands - 1000) * np.linspace(1, 5, 300)[:, None, None] + 1000
    error = []
    for xy_px in (stands, walks, comes_near):
        seen = as_detections(xy_px, 25.0, (2000, 2000), white_noise(0.01), np.random.default_rng(1))
        error.append(np.abs(seen.xy_px - xy_px).mean((1, 2)))
    assert error[1] == pytest.approx(error[0], rel=1e-4)
    assert error[2][250:].mean() / error[2][:50].mean() == pytest.approx(2.6, abs=0.3)


def test_noise_of_the_scores_may_be_another_than_of_the_training(config):
    sources, training, own = config.sources, white_noise(0.01), white_noise(0.002)

    def seen(**changes):
        poses = evaluation_poses(EvalConfig(sources, **changes), training, VIEWS)
        return np.concatenate([pose.xy_px[pose.score > 0].ravel() for _, _, pose, _ in poses])

    clean, usual = seen(with_noise=False), seen()
    ratio = np.std(seen(noise=own) - clean) / np.std(usual - clean)
    assert ratio == pytest.approx(0.2, rel=0.05)
    scored = score_lifter(_Oracle(config), EvalConfig(sources, noise=own), training, VIEWS)
    assert scored.protocol["noise"]["white_std"] == 0.002
    with pytest.raises(UserError, match="with_noise is false, so noise does nothing"):
        build(EvalConfig, {"sources": [], "with_noise": False, "noise": to_dict(own)}, "a.yaml")


def test_people_without_cameras_get_other_proportions_if_asked(config):
    def thighs(**changes):
        poses = evaluation_poses(EvalConfig(config.sources, **changes), None, VIEWS)
        bones = [t[:, JOINT["lknee"]] - t[:, JOINT["lhip"]] for *_, t in poses]
        return np.array([np.linalg.norm(bone, axis=-1)[0] for bone in bones])

    usual, others = thighs(), thighs(part_scale_std=0.2)
    changed = ~np.isclose(usual, others)
    has_camera = [view.sequences[i].camera is not None for view, i, *_ in
                  evaluation_poses(config, None, VIEWS)]  # fmt: skip
    assert changed.tolist() == [not has for has in has_camera] and changed.any()
    assert np.array_equal(others, thighs(part_scale_std=0.2))
    assert not np.array_equal(others, thighs(part_scale_std=0.2, seed=7))


def test_other_proportions_where_nobody_could_have_them_are_refused(config):
    filmed = config.sources[:1]
    with pytest.raises(UserError, match="eval.part_scale_std changes nobody"):
        check_sources(EvalConfig(filmed, part_scale_std=0.2))
    check_sources(EvalConfig(filmed))


@pytest.mark.parametrize("key", ["repeat: 2", "random_camera: 1.0", "detected: 0.5"])
def test_what_does_nothing_in_scoring_is_refused(key):
    source = {"store": "a"} | yaml.safe_load(key)
    with pytest.raises(UserError, match=f"a.yaml.*{key.split(':')[0]} of a source is for training"):
        build(EvalConfig, {"sources": [source]}, "a.yaml")


def test_T2_each_prediction_is_scored_against_its_own_sequence(config):
    oracle = _Oracle(config)
    assert len(oracle.truth) == 5
    scores = score_lifter(oracle, config, None, VIEWS).flat()
    assert scores["mpjpe_mm"] == 0 and scores["coverage_ratio"] == 1
    first, second = list(oracle.truth)[:2]
    oracle.truth[first], oracle.truth[second] = oracle.truth[second], oracle.truth[first]
    assert score_lifter(oracle, config, None, VIEWS).flat()["mpjpe_mm"] > 1


def _trains_on(*sources, **more):
    return trained_on(SimpleNamespace(sources=list(sources), **more))


def test_scores_on_who_is_trained_on_are_remarked(config):
    store = config.sources[0].store
    alone = EvalConfig([SourceConfig(store, subjects=["s09"])])
    assert scored_on_training(_trains_on(SourceConfig(store, subjects=["s03"])), alone) == ""
    text = scored_on_training(_trains_on(SourceConfig(os.path.relpath(store))), alone)
    assert text.startswith("eval.sources: 3 of 3 sequences are trained on as well")
    assert scored_on_training([], alone) == ""
    others = OtherConfig(sources=[SourceConfig(store)])
    assert scored_on_training(_trains_on(other=others), alone) == text


def test_scores_on_keypoints_that_are_trained_on_are_remarked(tmp_path):
    rng = np.random.default_rng(0)

    def recordings():
        for who in ("s03", "s09"):
            camera = draw_camera(swaying(20, rng), VIEWS, rng)
            xyz = world_to_camera(swaying(20, rng), camera)
            sequence = Sequence(who, who, "squat", who, 0, 0, 50.0, camera, "c")
            px = project(xyz, camera)
            yield Recording(sequence, xyz, px, None, px, np.ones((20, 17)))

    write_store(tmp_path / "s", "camera", recordings())
    store, alone = str(tmp_path / "s"), EvalConfig([SourceConfig(str(tmp_path / "s"))])
    seen = Source2D(store, groups=["s09"])
    text = scored_on_training(_trains_on(sources_2d=[seen]), alone)
    assert text.startswith("eval.sources: 1 of 2 sequences are trained on as well")
    unused = Source2D(store, ratio=0.0)
    assert scored_on_training(_trains_on(sources_2d=[unused]), alone) == ""


def test_scores_on_takes_of_the_training_by_another_camera_are_remarked(tmp_path):
    rng, names = np.random.default_rng(0), ("1", "2", "3")

    def recordings():
        for who, take in (("s03", "squat"), ("s03", "lunge"), ("s09", "squat")):
            for name in names:
                camera = draw_camera(swaying(20, rng), VIEWS, rng)
                xyz = world_to_camera(swaying(20, rng), camera)
                sequence = Sequence(
                    f"{who}/{take}/{name}", who, take, who, 0, 0, 50.0, camera, name
                )
                yield Recording(sequence, xyz, project(xyz, camera))

    write_store(tmp_path / "s", "camera", recordings())

    def by(*cameras, **others):
        return SourceConfig(str(tmp_path / "s"), cameras=list(cameras), **others)

    trained = _trains_on(by("1", subjects=["s03"], actions=["squat"]))
    text = scored_on_training(trained, EvalConfig([by("1", "2", "3")]))
    same, other = text.splitlines()
    assert same.startswith("eval.sources: 1 of 9 sequences are trained on as well, so")
    assert other.startswith("eval.sources: 2 of 9 sequences are takes of the training seen by")
    assert scored_on_training(trained, EvalConfig([by("2")])).count("\n") == 0
    assert scored_on_training(trained, EvalConfig([by("2", subjects=["s09"])])) == ""


def test_same_seed_same_sequences(config):
    poses = [list(evaluation_poses(config, None, VIEWS)) for _ in range(2)]
    for one, two in zip(*poses, strict=True):
        assert np.array_equal(one[2].xy_px, two[2].xy_px)


def test_of_a_share_of_the_sequences_no_other_is_made(config, monkeypatch):
    whole = [pose.source for _, _, pose, _ in evaluation_poses(config, None, VIEWS)]
    take, made = evaluation._take, []
    monkeypatch.setattr(evaluation, "_take", lambda *given: made.append(given) or take(*given))
    poses = evaluation_poses(config, None, VIEWS, slice(1, None, 2))
    assert [pose.source for _, _, pose, _ in poses] == whole[1::2]
    assert len(made) == len(whole[1::2]) == 2


def test_fewer_sequences_are_spread_evenly(config):
    few = EvalConfig(config.sources, max_sequences=1, max_frames=10, with_noise=False)
    found = list(evaluation_poses(few, None, VIEWS))
    assert len(found) == 2 and all(len(truth) == 10 for *_, truth in found)


def test_by_exercise_by_joint_and_over_all(config):
    found = score_lifter(_Oracle(config, error_m=0.17), config, None, VIEWS)
    # One of 17 joints off by 170 mm; of the last walk's 40 frames 16 joints are known.
    assert found.actions == ["deadlift", "pushup", "squat", "walk"]
    assert found.by_exercise()["squat"]["mpjpe_mm"] == pytest.approx(10)
    walk = (60 * 10 + 40 * 170 / 16) / 100
    assert found.by_exercise()["walk"]["mpjpe_mm"] == pytest.approx(walk)
    assert found.overall()["mpjpe_mm"] == pytest.approx((3 * 60 * 10 + 100 * walk) / 280)
    assert found.exercise_mean()["mpjpe_mm"] == pytest.approx((30 + walk) / 4)
    joints = found.by_joint()
    assert joints["lwrist"] == pytest.approx(170)
    assert sum(joints[name] for name in JOINTS) == pytest.approx(170)
    flat = found.flat()
    assert flat["mpjpe_mm/walk"] == pytest.approx(walk)
    assert flat["exercise_mean_mpjpe_mm"] == pytest.approx((30 + walk) / 4)
    assert flat["pck150_percent"] == pytest.approx((240 * 100 * 13 / 14 + 40 * 100 * 12 / 13) / 280)


def test_own_recordings_in_the_world_frame_are_scored_by_exercise(tmp_path):
    rng = np.random.default_rng(0)

    def store(name, *actions):
        write_store(
            tmp_path / name, "world",
            (Recording(Sequence(f"anna/{i}", "anna", action, "anna", 0, 0, 50.0), swaying(4, rng))
             for i, action in enumerate(actions)),
        )  # fmt: skip
        return str(tmp_path / name)

    own = store("own", "squat", "deadlift", "squat", "")
    trials = store("trials", "squat", "jump", *(f"trial {i}" for i in range(60)))

    def scored(*sources):
        config = EvalConfig(list(sources), with_noise=False)
        return score_lifter(_Oracle(config), config, None, VIEWS).counts()

    numbers = {name: count["sequences"] for name, count in scored(SourceConfig(own)).items()}
    assert numbers == {"all": 4, "squat": 2, "deadlift": 1, "mocap": 1}
    # Motion capture with a label for nearly every trial is scored as one, unless some are named.
    assert set(scored(SourceConfig(trials))) == {"all", "mocap"}
    named = SourceConfig(trials, actions=["squat", "jump"])
    assert set(scored(named, SourceConfig(own))) == {"all", "squat", "jump", "deadlift", "mocap"}


def test_frames_without_truth_lower_the_coverage(tmp_path):
    rng = np.random.default_rng(0)
    world = swaying(20, rng)
    camera = draw_camera(world, VIEWS, rng)
    xyz = world_to_camera(world, camera)
    px = project(xyz, camera)
    xyz[:5] = np.nan
    score = np.full((20, 17), 0.8)
    sequence = Sequence("a", "s", "squat", "s", 0, 0, 50.0, camera, "c")
    write_store(tmp_path / "s", "camera", [Recording(sequence, xyz, px, None, px + 3, score)])
    config = EvalConfig([SourceConfig(str(tmp_path / "s"))], with_noise=False)
    oracle = _Oracle(config)
    scored = score_lifter(oracle, config, None, VIEWS)
    scores = scored.flat()
    assert "lifted: a detector's keypoints of 1 of 1 sequences" in report_text(scored)
    assert scores["coverage_ratio"] == 0.75 and scores["mpjpe_mm"] == 0
    assert "mpjpe_mm/squat" not in scores  # a single exercise: the same as all
    # The detector's keypoints, where the store has them.
    assert np.allclose(oracle.asked[0].xy_px, px + 3, atol=1e-3)
    without = EvalConfig(config.sources, with_noise=False, with_detections=False)
    assert np.allclose(next(evaluation_poses(without, None, VIEWS))[2].xy_px, px, atol=1e-3)
    assert "lifted" not in report_text(score_lifter(oracle, without, None, VIEWS))


def _store_with_one_unseen(folder):
    """Two squats of 20 frames; the keypoints of the first are NaN."""
    rng = np.random.default_rng(0)

    def recordings():
        for name in ("unseen", "seen"):
            world = swaying(20, rng)
            camera = draw_camera(world, VIEWS, rng)
            xyz = world_to_camera(world, camera)
            px = project(xyz, camera) * (np.nan if name == "unseen" else 1)
            yield Sequence(name, "s", "squat", "s", 0, 0, 50.0, camera, "c"), xyz, px, None

    write_store(folder, "camera", recordings())
    return EvalConfig([SourceConfig(str(folder))], with_noise=False)


def test_who_is_not_seen_is_not_covered_and_what_else_goes_wrong_is_told(tmp_path):
    config = _store_with_one_unseen(tmp_path / "s")
    oracle = _Oracle(config)
    scores = score_lifter(oracle, config, None, VIEWS).flat()
    assert scores["coverage_ratio"] == 0.5 and scores["mpjpe_mm"] == 0
    assert [pose.source.split(": ")[1] for pose in oracle.asked] == ["seen"]

    class Broken(_Oracle):
        def lift_relative(self, pose, *, flip_average, focal_px):
            raise UserError("another mistake")

    with pytest.raises(UserError, match="another mistake"):
        score_lifter(Broken(config), config, None, VIEWS)


def test_fit3d_protocol_averages_over_sequences(config):
    both = EvalConfig(config.sources, with_noise=False, protocols=("fit3d14",))
    found = score_lifter(_Oracle(both, error_m=0.14), both, None, VIEWS)
    # 14 joints known in four sequences, 13 in the fifth: each counts once, whatever its length.
    assert found.flat()["fit3d14_mpjpe_mm"] == pytest.approx((4 * 10 + 140 / 13) / 5)
    # Exact keypoints and an exact pose but for a wrist leave the pelvis nearly where it was.
    assert found.flat()["fit3d14_root_mm"] < 30
    assert "fit3d14_mpjpe_mm" not in score_lifter(_Oracle(config), config, None, VIEWS).flat()


def test_a_store_of_2d_cannot_be_scored(tmp_path):
    sequence = Sequence("v", "t", "", "v", 0, 0, 30.0)
    recording = Recording(
        sequence, detected_px=np.ones((4, 17, 2)), detected_score=np.ones((4, 17))
    )
    write_store(tmp_path / "flat", "image", [recording])
    config = EvalConfig([SourceConfig(str(tmp_path / "flat"))])
    with pytest.raises(UserError, match="flat: holds 2D alone; eval.sources needs"):
        score_lifter(_Oracle.__new__(_Oracle), config, None, VIEWS)


def _rank(rank, folder, size):
    os.environ.update(MASTER_ADDR="127.0.0.1", USE_LIBUV="0")
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=size
    )
    config = make_config(folder / f"own{rank}")
    oracle = _Oracle(config, error_m=0.17)
    scores = score_lifter(oracle, config, None, VIEWS).flat()
    (folder / f"{rank}.json").write_bytes(orjson.dumps([scores, len(oracle.asked)]))
    torch.distributed.destroy_process_group()


def test_processes_share_the_work_and_agree(config, tmp_path):
    torch.multiprocessing.spawn(_rank, (tmp_path, 2), nprocs=2)
    (one, num_one), (two, num_two) = (
        orjson.loads((tmp_path / f"{rank}.json").read_bytes()) for rank in range(2)
    )
    alone = score_lifter(_Oracle(config, error_m=0.17), config, None, VIEWS).flat()
    assert one == two == alone  # to the last bit
    assert (num_one, num_two) == (3, 2)


def test_scores_json_and_tables(config, tmp_path):
    found = score_lifter(_Oracle(config, error_m=0.17), config, None, VIEWS)
    (tmp_path / "best.pt").write_bytes(b"weights")
    write_scores(tmp_path / "scores.json", report_of(found), tmp_path / "best.pt")
    content = orjson.loads((tmp_path / "scores.json").read_bytes())
    assert content["checkpoint"]["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert content["num_sequences"] == 5 and content["num_frames"] == 280
    assert content["counts"]["walk"] == {
        "sequences": 2, "frames": 100, "detected_sequences": 0,
    }  # fmt: skip
    assert content["overall"]["mpjpe_mm"] == found.overall()["mpjpe_mm"]
    assert set(content["by_joint_mm"]) == set(JOINTS)
    assert content["protocol"]["eval"]["seed"] == 1000
    text = report_text(found)
    rows = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert rows["squat"].split()[1] == "10.0" and rows["squat"].split()[-1] == "60"
    assert rows["all"].split()[-1] == "280" and rows["wrist"].split()[1:3] == ["0.000", "170.0"]
    exercises = text.split("\n\n")[0].splitlines()
    assert len({len(line) for line in exercises}) == 1  # aligned
    picture = joint_picture(found)
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.std() > 10


def test_a_table_shows_what_is_missing_as_a_dash():
    rows = {"a": {"x": 1.5, "n": 3}, "long": {"x": float("nan")}}
    lines = text_table(rows, {"x": "X\nmm", "n": "n"}).splitlines()
    assert [line.split() for line in lines] == [
        ["X"], ["mm", "n"], ["a", "1.500", "3"], ["long", "-", "-"],
    ]  # fmt: skip
