"""The table of lifting errors: what is shown, what is counted, what is written."""

from dataclasses import replace

import numpy as np
import orjson
import pytest
from tiny_models import save_lifter
from tiny_stores import swaying

from benchmarks import lifting_rows, lifting_table
from benchmarks.lifting_disturbances import (
    LostFrames,
    LostJoints,
    Never,
    behind_body,
    behind_held_plates,
    behind_rack,
    behind_shouldered_plates,
    runs,
)
from benchmarks.lifting_measure import (
    Seen,
    frames_of,
    knee_scores,
    lifted_by_truth,
    measured,
    scores_of,
)
from benchmarks.lifting_print import COLUMNS
from benchmarks.lifting_rows import Row, all_rows
from benchmarks.lifting_scenes import ROOT, Condition, TakeSet, look, read_takes
from lib.data.store import Sequence, write_store
from lib.data.windows import SourceConfig
from lib.errors import UserError
from lib.pose import Pose3D
from lib.skeleton import JOINT

FPS = 50.0
GROUPS = ("cmu_a", "cmu_dance", "deepmimic", "cmu_b", "cmu_c", "opencap_6", "nimble")
SQUATS = {"opencap_6": "squats", "cmu_b": "squatsAsym"}


def write_people(folder, num_frames=60):
    """A store of one sequence a group, walks but for SQUATS; cmu_b is not on the test side."""
    rng = np.random.default_rng(0)
    takes = (
        (Sequence(f"{g} 1", g, SQUATS.get(g, "walk"), g, 0, 0, FPS), swaying(num_frames, rng),
         None, None)
        for g in GROUPS
    )  # fmt: skip
    write_store(folder, "world", takes)
    return str(folder)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    return write_people(tmp_path_factory.mktemp("store") / "people")


@pytest.fixture(scope="module")
def take(people):
    return read_takes(TakeSet(SourceConfig(people, groups=["cmu_c"])))[0]


def seen_right(view) -> Seen:
    """As a lifter would that makes no error."""
    truth = view.scene.xyz_cam
    return Seen(
        view.scene.take, view,
        Pose3D(truth, view.scene.fps, "metre", "camera", np.ones(len(truth), bool)),
    )  # fmt: skip


ALL = np.ones(60, bool)


def test_no_error_reads_zero_and_perfect_2d_does_not_jitter(take):
    seen = seen_right(look(take, Condition("", None)))
    scores = scores_of(seen, ALL)
    for name in ("p_mpjpe_mm", "mpjpe_mm", "knee_error_deg", "trunk_error_deg"):
        assert scores[name] == pytest.approx(0, abs=1e-6), name
    assert np.abs(lifted_by_truth(seen.view) - seen.view.scene.truth).max() < 1e-6
    assert scores["input_acceleration_m_s2"] == pytest.approx(0, abs=1e-3)
    assert scores["bone_percent"] == scores["true_bone_percent"] > 0
    assert len(scores["hidden_mm"]) == 0


def test_the_inputs_jitter_is_that_of_its_noise(take):
    jitter = {}
    for noise in ("published", "fitted"):
        scores = scores_of(seen_right(look(take, Condition("", noise))), ALL)
        jitter[noise] = scores["input_acceleration_m_s2"].mean()
    assert 2 < jitter["published"] < jitter["fitted"] < 60


def test_a_knee_read_too_straight_has_a_negative_bias():
    truth = swaying(4, np.random.default_rng(0))
    truth[:, JOINT["lankle"]] = truth[:, JOINT["lknee"]] + [0, 0.4, 0.0]  # bent by 90
    pred = truth.copy()
    pred[:, JOINT["lankle"]] += [0, 0, -0.2]
    found = knee_scores(pred, truth)
    assert (found["knee_bias_80_deg"] < -15).all() and len(found["knee_bias_80_deg"]) == 4
    assert len(found["knee_bias_deg"]) == 8 and len(found["knee_bias_100_deg"]) == 0


def test_rows_see_the_same_person_from_the_same_place(take):
    one, two = (look(take, Condition("", noise)) for noise in (None, "fitted"))
    assert np.array_equal(one.scene.xyz_cam, two.scene.xyz_cam)
    assert not np.allclose(one.pose.xy_px, two.pose.xy_px)
    again = look(take, Condition("", "fitted"))
    assert np.array_equal(two.pose.xy_px, again.pose.xy_px)
    other = look(replace(take, name="other"), Condition("", None))
    assert not np.allclose(one.scene.xyz_cam, other.scene.xyz_cam)


def test_azimuth_is_the_one_meant_and_other_frames_do_not_count(take):
    for deg in (0.0, 90.0, 180.0):
        seen = seen_right(look(take, Condition("", None, azimuth_deg=deg)))
        away = (seen.view.scene.azimuth_deg - deg + 180) % 360 - 180
        assert np.abs(away).max() < 15
        assert frames_of(seen, "nominal", deg).all()
        assert not frames_of(seen, "nominal", deg + 90).any()


def test_frame_rate_changes_the_number_of_frames_alone(take):
    for fps, frames in ((10.0, 12), (60.0, 71)):
        view = look(take, Condition("", None, fps=fps))
        assert view.pose.fps == fps and len(view.pose.xy_px) == frames
    slow, fast = (look(take, Condition("", None, fps=fps)) for fps in (10.0, 50.0))
    assert np.allclose(slow.scene.xyz_cam, fast.scene.xyz_cam[:56:5], atol=1e-6)


@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize("length", [1, 10])
def test_runs_have_their_share_and_length(share, length):
    gone = runs(2000, 50, share, length, np.random.default_rng(0))
    assert gone.mean() == pytest.approx(share, rel=0.1)
    edges = np.diff(np.pad(gone, ((1, 1), (0, 0))).astype(int), axis=0)
    lengths = np.flatnonzero(edges.T == -1) - np.flatnonzero(edges.T == 1)
    assert np.median(lengths) >= length


@pytest.mark.parametrize(
    "thing",
    [LostFrames(0.3), LostFrames(0.3, 0.2), LostJoints(0.3), Never(("lwrist",)), behind_body,
     behind_held_plates, behind_shouldered_plates, behind_rack],
)  # fmt: skip
def test_disturbances_take_what_they_say_and_nothing_else(take, thing):
    azimuth_deg = (
        60.0 if thing is behind_rack else 90.0
    )  # from the side one looks between the posts
    clean = look(take, Condition("", None, azimuth_deg=azimuth_deg)).pose
    view = look(take, Condition("", None, azimuth_deg=azimuth_deg, disturbance=thing))
    changed = (view.pose.score != clean.score) | (view.pose.xy_px != clean.xy_px).any(-1)
    assert np.array_equal(changed & view.hidden, changed)
    assert 0 < view.hidden.mean() < 0.9
    assert (view.pose.score > 0).any()
    assert len(scores_of(seen_right(view), ALL)["hidden_mm"]) == view.hidden.sum()


def test_lost_frames_are_counted_apart(take):
    seen = seen_right(look(take, Condition("", None, disturbance=LostFrames(0.3, 0.1))))
    lost = frames_of(seen, "lost", None)
    assert 0 < lost.sum() < 60
    assert len(scores_of(seen, lost)["p_mpjpe_mm"]) == lost.sum()


def test_cells_are_means_over_frames_and_spread_over_sequences():
    row = Row("camera", "x", ())
    series = [{"p_mpjpe_mm": np.array([1.0, 1, 1])}, {"p_mpjpe_mm": np.array([5.0])}]
    found = measured(row, [*series, {"p_mpjpe_mm": np.zeros(0)}])
    assert (found.mean["p_mpjpe_mm"], found.spread["p_mpjpe_mm"]) == (2.0, 2.0)
    assert (found.frames, found.sequences) == (4, 2)
    nothing = measured(row, [])
    assert nothing.mean == {} and nothing.frames == 0


def test_only_the_test_side_is_shown(people):
    sets = lifting_rows.take_sets(people, "", is_quick=False)
    groups = {take.group for take in read_takes(sets["held out"])}
    assert groups == {"cmu_c", "opencap_6", "nimble"}
    assert {take.group for take in read_takes(sets["squats"])} == {"opencap_6"}
    assert len(read_takes(replace(sets["held out"], every=2))) == 2
    short = read_takes(replace(sets["held out"], max_frames=20))
    assert {len(take.xyz_world) for take in short} == {20}


def test_names_of_rows_are_their_own():
    names = [row.name for row in all_rows()]
    assert len(set(names)) == len(names)
    assert {row.section for row in all_rows()} == set(COLUMNS)


def test_chosen_rows_are_measured_printed_and_written(people, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    lifter = str(save_lifter(tmp_path / "lifter.pt"))
    flags = ["-c", lifter, "--mocap", people, "--quick", "--only", "squats: fitted noise, side"]
    assert lifting_table.main([*flags, "--out", str(tmp_path / "table")]) == 0
    printed = capsys.readouterr().out
    content = orjson.loads((tmp_path / "table.json").read_bytes())
    (row,) = content["rows"]
    assert (row["section"], row["sequences"], row["frames"]) == ("squats", 1, 60)
    line = f"| fitted noise, side | {row['mean']['p_mpjpe_mm']:.1f} |"
    assert line in printed and line in (tmp_path / "table.md").read_text()
    assert content["about"]["seed"] == 7001 and content["about"]["quick"]
    assert lifting_table.main([*flags, "--out", str(tmp_path / "again")]) == 0
    again = orjson.loads((tmp_path / "again.json").read_bytes())
    assert again["rows"] == content["rows"]


def test_a_row_that_is_not_there_and_a_store_that_is_not_there(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(UserError, match="no row has it; sections: behind things, camera"):
        lifting_table.choose_rows(["sqauts"])
    flags = ["-c", str(save_lifter(tmp_path / "lifter.pt")), "--mocap", str(tmp_path / "none")]
    assert lifting_table.main([*flags, "--only", "camera"]) == 2
    assert "none" in capsys.readouterr().err
