"""Exercises without a file are counted where they repeat; what is no exercise is not."""

import json

import jsonschema
import numpy as np
import pytest
from filmed_lifts import FIVE, frames_of, reasons
from moving_body import Timing, as_pose, join, noisy, seen_by, walk
from nameless_lifts import NAMELESS, nameless_pose

from benchmarks.reps_motion17 import counted, in_world, recordings
from lib.analysis.report import SCHEMA_FILE, analyse
from lib.analysis.reps import count_reps, guess_exercise, guess_on
from lib.analysis.track import prepare


@pytest.mark.parametrize("name", NAMELESS)
@pytest.mark.parametrize(("num", "fps", "yaw"), [(2, 25, 0), (5, 30, 90), (12, 60, 150)])
def test_counted_in_every_view_and_rate(name, num, fps, yaw):
    pose, marks = nameless_pose(name, (FIVE * 3)[:num], fps, yaw, noise=0.5, seed=num)
    assert guess_exercise(pose)[0] == "unknown"
    count = count_reps(pose, "unknown")
    assert count.num_reps == num
    for rep, (start_s, _, end_s) in zip(count.reps, marks, strict=True):
        assert rep.start_frame / fps == pytest.approx(start_s, abs=0.25)
        assert rep.end_frame / fps == pytest.approx(end_s, abs=0.3)
        assert 0 < rep.confidence <= 1
        assert np.isnan(rep.cycle.first.excursion_deg)  # the drive is no angle


@pytest.mark.parametrize("name", NAMELESS)
def test_counted_under_noise(name):
    for seed in range(3):
        pose, _ = nameless_pose(name, FIVE, yaw=45 * seed, noise=1.0, seed=seed)
        assert count_reps(pose, "unknown").num_reps == 5


@pytest.mark.parametrize("num", [0, 1])
def test_one_or_none_do_not_repeat(num):
    for name in NAMELESS:
        pose, _ = nameless_pose(name, FIVE[:num], noise=0.5, lead_s=3, tail_s=3)
        count = count_reps(pose, "unknown")
        assert count.num_reps == 0
        assert reasons(count) == {"not_periodic"}


@pytest.mark.parametrize("yaw", [0, 45, 90, 180])
@pytest.mark.parametrize("with_bar", [False, True])
def test_walking_repeats_and_is_refused(yaw, with_bar):
    for seed in range(4):
        xyz = seen_by(walk(12, 30, with_bar=with_bar), yaw, 5)
        pose = as_pose(noisy(xyz, np.random.default_rng(seed), 30, 0.3 * seed))
        count = count_reps(pose, "unknown")
        assert count.num_reps == 0
        assert reasons(count) & {"feet_moved", "antiphase_legs"}


def test_walking_in_and_out_does_not_count():
    body = nameless_pose("overhead_press", FIVE)[0].xyz
    steps = seen_by(walk(3, 30), 40, 6)
    xyz = join(steps, body, steps, fps=30)
    count = count_reps(as_pose(xyz), "unknown")
    assert count.num_reps == 5
    assert "feet_moved" in reasons(count)


def test_odd_movements_between_are_told():
    timings = [Timing(), Timing(), Timing(depth=0.5), Timing(), Timing()]
    count = count_reps(nameless_pose("curl", timings)[0], "unknown")
    assert count.num_reps == 4
    assert reasons(count) == {"not_periodic"}


def test_rests_part_sets():
    pose, _ = nameless_pose("row", [Timing(), Timing(rest_s=15), Timing(), Timing()])
    assert [len(one_set) for one_set in count_reps(pose, "unknown").sets] == [2, 2]


@pytest.mark.parametrize("with_bar", [False, True])
@pytest.mark.parametrize("name", ["curl", "overhead_press"])
def test_a_walk_parts_sets_as_it_does_of_known_exercises(name, with_bar):
    """Two sets with less than a set's gap between them."""
    body = nameless_pose(name, FIVE[:3])[0].xyz
    xyz = join(body, seen_by(walk(4, 30, with_bar=with_bar), 40, 6), body, fps=30)
    count = count_reps(as_pose(xyz), "unknown")
    assert [len(one_set) for one_set in count.sets] == [3, 3]
    apart = count.reps[3].start_frame - count.reps[2].end_frame
    assert apart < 12 * 30


def test_a_rest_without_a_walk_keeps_a_set_together():
    body = nameless_pose("curl", FIVE[:3])[0].xyz
    xyz = np.concatenate([body, np.repeat(body[-1:], 120, 0), body])
    assert [len(one_set) for one_set in count_reps(as_pose(xyz), "unknown").sets] == [6]


@pytest.mark.parametrize(
    ("xyz", "reason"),
    [
        (np.zeros((0, 17, 3)), "missing_data"),
        (np.zeros((300, 17, 3)), "missing_data"),
        (np.full((300, 17, 3), np.nan), "missing_data"),
        (np.random.default_rng(0).normal(size=(1, 17, 3)), "duration"),
        (np.random.default_rng(0).normal(size=(18, 17, 3)), "duration"),
        (np.tile(np.random.default_rng(0).normal(size=(17, 3)), (300, 1, 1)), "not_periodic"),
    ],
)
def test_r13_bad_input_gives_a_reason(xyz, reason):
    count = count_reps(as_pose(xyz), "unknown")
    assert count.num_reps == 0
    assert reasons(count) == {reason}


def test_r14_seams_scale_and_missing_joints_change_nothing():
    pose, _ = nameless_pose("overhead_press", FIVE, noise=0.3)
    truth = frames_of(count_reps(pose, "unknown"))
    assert len(truth) == 5
    steps = (np.arange(len(pose.xyz)) // 243)[:, None, None] * [0, 0, 0.15]
    for xyz in (pose.xyz + steps, 3 * pose.xyz, 0.3 * pose.xyz):
        assert np.abs(frames_of(count_reps(as_pose(xyz), "unknown")) - truth).max() <= 1
    holes = pose.xyz.copy()
    holes[np.random.default_rng(0).random(holes.shape[:2]) < 0.1] = np.nan
    holes[:, [4, 5, 6, 11, 12, 13]] = np.nan  # the whole left side
    assert len(count_reps(as_pose(holes), "unknown").reps) == 5


def test_the_report_holds_the_count_and_no_metrics():
    report = analyse(nameless_pose("curl", FIVE)[0])
    jsonschema.Draft202012Validator(json.loads(SCHEMA_FILE.read_text())).validate(report)
    assert report["exercise"]["name"] == "unknown"
    (one_set,) = report["sets"]
    assert one_set["count"]["total"] == 5
    assert all(rep["metrics"] == {} and rep["findings"] == [] for rep in one_set["reps"])
    (warning,) = [w for w in report["warnings"] if w["code"] == "exercise_unknown"]
    assert "what repeats was counted" in warning["message"]


@pytest.mark.parametrize("name", ["curl", "overhead_press", "split_squat"])
def test_eccentric_is_the_way_out_and_concentric_the_way_back(name):
    """Up and down in the first two, down and up in the last."""
    timing = Timing(down_s=2.0, hold_s=1.0, up_s=0.8, rest_s=1.5)
    report = analyse(nameless_pose(name, [timing] * 4)[0], exercise="unknown")
    tempo = report["sets"][0]["reps"][1]["tempo"]
    parts = ("eccentric_s", "pause_bottom_s", "concentric_s", "pause_top_s")
    assert [tempo[part] for part in parts] == pytest.approx([2.0, 1.0, 0.8, 1.5], abs=0.4)


@pytest.mark.parametrize(
    ("xyz", "exercise", "said"),
    [
        (np.full((90, 17, 3), np.nan), None, "Nobody was seen"),
        (np.full((90, 17, 3), np.nan), "unknown", "Nobody was seen"),
        (np.random.default_rng(0).normal(size=(18, 17, 3)), None, "lasts 0.6 s, too short"),
        (nameless_pose("curl", FIVE)[0].xyz, "unknown", "as asked"),
        (nameless_pose("curl", FIVE)[0].xyz, None, "none of the known exercises"),
    ],
)
def test_the_report_says_why_the_exercise_is_unknown(xyz, exercise, said):
    source = "heuristic" if exercise is None else "user"
    report = analyse(as_pose(xyz), exercise=exercise, exercise_source=source)
    (warning,) = [w for w in report["warnings"] if w["code"] == "exercise_unknown"]
    assert said in warning["message"]
    assert ("name it" in warning["message"]) == ("none of" in said)


def test_who_was_seen_in_too_few_frames_a_second_is_not_nobody():
    pose = as_pose(nameless_pose("curl", FIVE)[0].xyz[::30], fps=1.0)
    said = [w["message"] for w in analyse(pose)["warnings"]]
    assert any(text.startswith("The body was not seen for long enough") for text in said)
    assert not any("Nobody" in text for text in said)


def test_a_named_exercise_in_too_short_a_clip_is_told_too():
    report = analyse(as_pose(nameless_pose("curl", FIVE)[0].xyz[:18]), exercise="squat")
    (warning,) = [w for w in report["warnings"] if w["code"] == "too_short"]
    assert "0.6 s" in warning["message"]


@pytest.mark.data
def test_real_walking_dancing_running_and_jumping_hold_none(data_folder):
    minutes = false = 0.0
    for recording in recordings(data_folder / "motion17"):
        if recording.group in ("walking", "running", "dance", "jumping", "skipping", "ball games"):
            track = prepare(in_world(recording, 0.0))
            minutes += len(track) / track.fps / 60
            false += counted(track, guess_on(track)[0])
    assert minutes > 30
    assert false / minutes <= 0.2
