"""Counting repetitions: ids R.. are the cases of the analysis specification."""

import numpy as np
import pytest
from filmed_lifts import FIVE, NAMES, frames_of, pose_of, reasons
from moving_body import (
    LIFTS,
    Timing,
    as_pose,
    empty_rise,
    join,
    lift,
    noisy,
    phase_of,
    seen_by,
    walk,
)

from lib.analysis.drive import DriveSignal
from lib.analysis.rejection import side_correlation
from lib.analysis.report import analyse
from lib.analysis.reps import count_reps, guess_exercise, threshold_of


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("fps", "yaw", "num"), [(25, 0, 5), (30, 90, 1), (60, 180, 2), (50, 135, 5)]
)
def test_r03_to_r05_exact_counts_in_every_view_and_rate(name, fps, yaw, num):
    pose, marks = pose_of(name, FIVE[:num], fps, yaw)
    count = count_reps(pose, name)
    assert count.num_reps == num
    assert all(rep.quality == "full" for rep in count.reps)
    for rep, (start_s, _, end_s) in zip(count.reps, marks, strict=True):
        assert rep.start_frame / fps == pytest.approx(start_s, abs=0.2)
        assert rep.end_frame / fps == pytest.approx(end_s, abs=0.25)


@pytest.mark.parametrize("name", NAMES)
def test_r03_to_r05_exact_counts_under_noise(name):
    for seed in range(5):
        pose, _ = pose_of(name, FIVE[: 1 + seed], yaw=45 * seed, noise=1.0, seed=seed)
        assert count_reps(pose, name).num_reps == 1 + seed


@pytest.mark.parametrize("name", NAMES)
def test_r06_twenty(name):
    pose, _ = pose_of(name, FIVE * 4, noise=0.7)
    assert count_reps(pose, name).num_reps == 20


@pytest.mark.parametrize("name", NAMES)
def test_r01_holding_still_is_no_rep(name):
    pose, _ = pose_of(name, [], lead_s=5, tail_s=5)
    count = count_reps(pose, name)
    assert count.num_reps == 0
    assert reasons(count) == {"no_excursion"}


@pytest.mark.parametrize(("name", "level"), [("squat", 2), ("deadlift", 2), ("pushup", 1.5)])
def test_r01_holding_still_under_noise_is_no_rep(name, level):
    for seed in range(6):
        pose, _ = pose_of(name, [], yaw=30 * seed, noise=level, seed=seed, lead_s=5, tail_s=5)
        assert count_reps(pose, name).num_reps == 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("yaw", [0, 45, 90])
def test_r02_walking_is_no_rep(name, yaw):
    pose = as_pose(noisy(seen_by(walk(12, 30), yaw, 5), np.random.default_rng(0), 30, 0.5))
    assert count_reps(pose, name).num_reps == 0
    assert guess_exercise(pose)[0] == "unknown"


@pytest.mark.parametrize("fps", [30, 60])
def test_r07_walk_out_and_re_rack_do_not_count(fps):
    xyz, _ = lift("squat", FIVE, fps)
    xyz = join(walk(4, fps, with_bar=True), xyz, walk(3, fps, with_bar=True), fps=fps)
    count = count_reps(as_pose(seen_by(xyz, 35, 5), fps), "squat")
    assert count.num_reps == 5
    assert len(count.sets) == 1


def test_r08_tempo():
    fast = [Timing(0.45, 0.0, 0.45, 0.0)] * 8
    for name in NAMES:
        assert count_reps(pose_of(name, fast)[0], name).num_reps == 8
    slow, marks = pose_of("squat", [Timing(5.0, 0.5, 2.5)] * 3)
    count = count_reps(slow, "squat")
    assert [rep.start_frame / 30 for rep in count.reps] == pytest.approx(
        [start for start, _, _ in marks], abs=0.6
    )


def test_r09_rests_and_pauses_are_not_reps_and_long_rests_part_sets():
    pose, _ = pose_of("squat", [Timing(rest_s=7), Timing(rest_s=15), Timing()], noise=0.7)
    count = count_reps(pose, "squat")
    assert count.num_reps == 3
    assert [len(one_set) for one_set in count.sets] == [2, 1]
    assert [rep.set_index for rep in count.reps] == [1, 1, 2]


def test_r10_partials_count_and_say_so():
    depths = [1, 1, 0.55, 1, 0.5]
    count = count_reps(pose_of("squat", [Timing(depth=d) for d in depths])[0], "squat")
    assert count.num_reps == 5
    assert [rep.quality for rep in count.reps] == ["full", "full", "partial", "full", "partial"]
    assert "depth_below_full" in count.reps[2].partial_reasons


def test_r10_missed_lockout_counts_and_says_so():
    pose, _ = pose_of("squat", [Timing(lockout=0.42), Timing(), Timing()])
    count = count_reps(pose, "squat")
    assert [rep.quality for rep in count.reps] == ["partial", "full", "full"]
    assert count.reps[0].partial_reasons == ("lockout_missing",)


def test_r11_a_failed_attempt_is_no_rep():
    going_down_again = [Timing(), Timing(lockout=0.62), Timing()]
    count = count_reps(pose_of("squat", going_down_again)[0], "squat")
    assert [rep.quality for rep in count.reps] == ["full", "failed", "full"]
    assert count.num_reps == 2


def test_half_reps_at_the_edges_are_told_not_counted():
    xyz, marks = lift("squat", FIVE, 30)
    first, last = round(marks[0][1] * 30), round(marks[4][1] * 30)
    count = count_reps(as_pose(seen_by(xyz[first:last])), "squat")
    assert count.num_reps == 3
    assert [r.reason for r in count.rejected] == ["edge_of_video", "edge_of_video"]


def test_stand_ups_counted_from_the_chair_and_as_squats():
    """Seated at both ends: five stand-ups, four whole standing-seated-standing cycles."""
    pose, _ = pose_of("sit_to_stand", FIVE, noise=0.5)
    assert count_reps(pose, "sit_to_stand").num_reps == 5
    as_squats = count_reps(pose, "squat")
    assert as_squats.num_reps == 4
    assert [r.reason for r in as_squats.rejected] == ["edge_of_video", "edge_of_video"]


def test_a_last_stand_up_needs_no_way_back():
    phase, _ = phase_of([Timing()], 30)
    seated_first = LIFTS["sit_to_stand"](1 - phase[: round(30 * 2.8)])
    count = count_reps(as_pose(seen_by(seated_first)), "sit_to_stand")
    assert count.num_reps == 1


def test_standing_up_without_the_bar_is_suspect_not_counted():
    pulls, _ = lift("deadlift", FIVE[:3], 30, tail_s=0.5)
    away = empty_rise(36)
    pose = as_pose(seen_by(np.concatenate([pulls, away, np.repeat(away[-1:], 60, 0)])))
    count = count_reps(pose, "deadlift")
    assert [rep.quality for rep in count.reps] == ["full", "full", "full", "suspect"]
    assert count.num_reps == 3


@pytest.mark.parametrize(("up_s", "hold_s"), [(0.5, 0.2), (1.2, 6.0)])
def test_a_last_rep_may_be_fast_or_held_for_long(up_s, hold_s):
    """It goes the way the others went; the bar is dropped or the recording ends."""
    pulls, _ = lift("deadlift", FIVE[:3], 30, tail_s=0.5)
    up, _ = phase_of([Timing(down_s=up_s, hold_s=hold_s)], 30, lead_s=0.2)
    last = LIFTS["deadlift"](1 - up[: round(30 * (0.2 + up_s + hold_s))])
    count = count_reps(as_pose(seen_by(np.concatenate([pulls, last]))), "deadlift")
    assert [rep.quality for rep in count.reps] == ["full"] * 4


def test_a_deadlift_cut_at_lockout_counts():
    pulls, marks = lift("deadlift", FIVE[:3], 30)
    count = count_reps(as_pose(seen_by(pulls[: round(30 * marks[2][1]) + 6])), "deadlift")
    assert count.num_reps == 3


def even(seconds, fps=60, edge_s=0.3):
    """0 to 1 at an even speed but for the edges."""
    t = np.arange(round(seconds * fps)) / fps
    pace = np.clip(np.minimum(t, seconds - t) / edge_s, 0, 1)
    return np.cumsum(pace) / pace.sum()


@pytest.mark.parametrize(("down_s", "hold_s", "up_s"), [(3, 3, 1.5), (5, 0.5, 2), (2.5, 0.7, 2.5)])
def test_r09_tempo_of_who_moves_evenly(down_s, hold_s, up_s):
    """As if all moved with least jerk, each end was read 15 % of the time too far out."""
    still = np.zeros(90)
    rep = [even(down_s), np.ones(round(60 * hold_s)), 1 - even(up_s), still]
    pose = as_pose(seen_by(LIFTS["squat"](np.concatenate([still, *rep * 3])), 90), 60)
    for each in analyse(pose, exercise="squat")["sets"][0]["reps"]:
        tempo = each["tempo"]
        for part, true_s in (("eccentric", down_s), ("pause_bottom", hold_s), ("concentric", up_s)):
            away_s = tempo[f"{part}_s"] - true_s
            assert abs(away_s) < 0.02 + 0.09 * (down_s if part == "eccentric" else up_s)
            assert abs(away_s) < 2 * tempo[f"{part}_sigma_s"] + 0.02


def test_RS1_period_is_not_halved_or_doubled():
    """The most dissimilar lag was taken for the period."""
    for period_s in (1.0, 1.5, 3.0):
        timing = Timing(period_s / 2, 0.0, period_s / 2, 0.0)
        pose, _ = pose_of("squat", [timing] * 6)
        starts = frames_of(count_reps(pose, "squat"))[:, 0]
        assert np.diff(starts) == pytest.approx(30 * period_s, abs=2)


def test_RS2_the_count_is_estimated():
    """The number of repetitions was an input."""
    for num in (0, 1, 3, 7):
        pose, _ = pose_of("squat", [Timing()] * num, lead_s=2)
        assert count_reps(pose, "squat").num_reps == num


def test_RS3_reps_need_not_touch():
    """Each rep ended where the next began."""
    pose, _ = pose_of("squat", [Timing(rest_s=4), Timing()])
    first, second = count_reps(pose, "squat").reps
    assert second.start_frame - first.end_frame == pytest.approx(4 * 30, abs=6)


def test_RS4_short_and_long_recordings_end_in_time():
    """Cubic in the length, and a crash where the search range was empty."""
    for num_frames in range(0, 40, 3):
        pose, _ = pose_of("squat", FIVE)
        assert count_reps(as_pose(pose.xyz[:num_frames]), "squat").num_reps == 0


@pytest.mark.parametrize(
    ("amplitude_deg", "noise_deg", "expected"),
    [(60.0, 0.3, 30.0), (95.0, 0.3, 33.25), (130.0, 0.3, 35.0), (130.0, 10.0, 60.0),
     (110.0, 10.0, 55.0), (90.0, 10.0, 47.0), (50.0, 10.0, 60.0)],
)  # fmt: skip
def test_a_reversal_is_a_share_of_the_amplitude_within_limits_and_clear_of_noise(
    amplitude_deg, noise_deg, expected
):
    """Never more than is enough between deep squats, unless noise asks for it."""
    none, unseen = np.zeros(1), np.ones(1, bool)
    drive = DriveSignal(none, none, none, unseen, noise_deg)
    assert threshold_of(drive, 30.0, amplitude_deg) == pytest.approx(expected)


def test_a_few_frames_of_a_leg_do_not_tell_that_legs_move_in_turn():
    """A squat with the far leg hidden was refused for three frames of it at its end."""
    left = 90 - 90 * np.cos(np.linspace(0, 2 * np.pi, 61))
    right = np.full(61, np.nan)
    right[:4] = -left[:4]
    seen = np.ones(61, bool)
    assert np.isnan(side_correlation(DriveSignal(left, left, right, seen, 0.3), 0, 60))
    for share, sign in ((31, 1.0), (61, -1.0)):
        right[:share] = sign * left[:share]
        drive = DriveSignal(left, left, right, seen, 0.3)
        assert side_correlation(drive, 0, 60) == pytest.approx(sign)
