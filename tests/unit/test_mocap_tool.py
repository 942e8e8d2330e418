"""prepare_mocap.py on folders of raw files: what is written, what is listed, and the exit code."""

import re
import tracemalloc
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from test_mocap import body_m, write_source

from lib.data.mocap import c3d, sources
from lib.data.mocap.knees import knee_bends_deg, knee_excess_deg, straightened
from lib.data.mocap.mapping import Mapping, shipped_mappings
from lib.data.store import open_store
from lib.skeleton import JOINT, JOINTS
from tools import prepare_mocap

MAPPING = "files: [trc]\nup: y\njoints:\n" + "".join(
    f"  {name}: {{mean: {{m_{name}: 1}}}}\n" for name in JOINTS
)


def write_trc(path, xyz_m, joints=JOINTS, fps=100):
    """A TRC file in millimetres, y up, with a marker m_<joint> on each joint; NaN = empty cells."""
    rows = xyz_m[:, [JOINT[name] for name in joints]][..., [0, 2, 1]] * [1000, 1000, -1000]
    lines = [
        "PathFileType\t4\t(X/Y/Z)\ta.trc",
        "DataRate\tNumFrames\tNumMarkers\tUnits",
        f"{fps}\t{len(rows)}\t{len(joints)}\tmm",
        "Frame#\tTime\t" + "\t\t\t".join(f"m_{name}" for name in joints),
        "\t\tX1",
    ]
    for i, row in enumerate(rows):
        cells = ["" if np.isnan(value) else f"{value:.3f}" for value in row.ravel()]
        lines.append("\t".join([str(i + 1), f"{i / fps:.4f}", *cells]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def prepare(tmp_path):
    """Runs the tool on a source; returns its exit code. The store is tmp_path/store."""
    mapping = tmp_path / "own.yaml"
    mapping.write_text(MAPPING)

    def run(source, *options):
        given = [] if "--mapping" in options else ["--mapping", str(mapping)]
        out = ["--out", str(tmp_path / "store")]
        return prepare_mocap.main(["--source", str(source), *out, *given, *options])

    return run


def test_folders_are_people_and_gaps_stay(tmp_path, prepare):
    gap = body_m(30)
    gap[10:14, JOINT["rwrist"]] = np.nan
    write_trc(tmp_path / "raw/anna/squat.trc", body_m(20))
    write_trc(tmp_path / "raw/bert/squat.trc", gap, fps=200)
    assert prepare(tmp_path / "raw") == 0
    store = open_store(tmp_path / "store")
    assert store.frame == "world"
    a, b = store.sequences
    assert (a.name, a.subject, a.group, a.action) == ("anna/squat", "anna", "anna", "squat")
    assert (b.name, b.subject, b.group, b.fps) == ("bert/squat", "bert", "bert", 200)
    np.testing.assert_allclose(store.xyz_of(0), body_m(20), atol=1e-5)
    np.testing.assert_allclose(store.xyz_of(1), gap, atol=1e-5)


@pytest.mark.parametrize(("fps", "num_frames"), [(50, 15), (100, 30), (120, 35), (250, 73)])
def test_all_rates_become_the_one_asked_for(tmp_path, prepare, fps, num_frames):
    gap = body_m(30)
    gap[10:14, JOINT["rwrist"]] = np.nan
    write_trc(tmp_path / "raw/anna/squat.trc", gap, fps=100)
    assert prepare(tmp_path / "raw", "--fps", str(fps)) == 0
    store = open_store(tmp_path / "store")
    assert store.sequences[0].fps == fps and store.sequences[0].num_frames == num_frames
    xyz = store.xyz_of(0)
    times = np.arange(num_frames) * 100 / fps
    for joint in (JOINT["head"], JOINT["rwrist"]):
        is_lost = np.isnan(xyz[:, joint, 0])
        if joint == JOINT["head"]:
            assert not is_lost.any()
        else:  # no frame lies between one that is known and one that is not
            assert (is_lost == (times > 9) & (times < 14)).all()
        straight = [np.interp(times, np.arange(30), gap[:, joint, k]) for k in range(3)]
        np.testing.assert_allclose(xyz[~is_lost, joint], np.array(straight).T[~is_lost], atol=1e-5)


def test_a_rate_that_is_none_is_refused(tmp_path, prepare, capsys):
    write_trc(tmp_path / "raw/x.trc", body_m(20))
    for wrong in ("0", "-5", "nan", "inf"):
        assert prepare(tmp_path / "raw", "--fps", wrong) == 2
        assert "--fps" in capsys.readouterr().err and not (tmp_path / "store").exists()


def test_what_is_said_takes_the_place_of_names(tmp_path, prepare):
    path = write_trc(tmp_path / "raw/x.trc", body_m(20))
    options = ["--subject", "anna", "--action", "squat", "--terms", "ours", "--group", "lab"]
    assert prepare(path, *options) == 0
    (sequence,) = open_store(tmp_path / "store").sequences
    assert (sequence.name, sequence.subject, sequence.group) == ("x", "anna", "lab")
    assert (sequence.action, sequence.terms) == ("squat", "ours")
    assert prepare(path, "--subject", "anna") == 0
    assert open_store(tmp_path / "store").sequences[0].group == "anna"


def test_group_may_be_said_of_a_motion17_folder(tmp_path):
    write_source(tmp_path, {"a": body_m(20)})
    out = str(tmp_path / "store")
    assert prepare_mocap.main(["--source", str(tmp_path), "--out", out, "--group", "lab"]) == 0
    (sequence,) = open_store(tmp_path / "store").sequences
    assert (sequence.subject, sequence.group) == ("of a", "lab")


def test_bad_files_are_listed_and_the_others_written(tmp_path, prepare, capsys):
    good = write_trc(tmp_path / "raw/good.trc", body_m(20))
    write_trc(tmp_path / "raw/giant.trc", body_m(20) * 2)
    write_trc(tmp_path / "raw/handless.trc", body_m(20), joints=JOINTS[:-1])
    write_trc(tmp_path / "raw/lying.trc", body_m(20)[..., [2, 1, 0]] * [1, 1, -1])
    (tmp_path / "raw/cut.trc").write_text("\n".join(good.read_text().splitlines()[:12]))
    (tmp_path / "raw/notes.txt").write_text("not motion capture")
    assert prepare(tmp_path / "raw") == 0
    assert [s.name for s in open_store(tmp_path / "store").sequences] == ["good"]
    skipped = [line for line in capsys.readouterr().out.splitlines() if "skipped" in line]
    for line, text in zip(
        skipped,
        ("cut: line 12: NumFrames is 20, there are 7 rows", "giant: lhip-lknee is 0.840 m long",
         "handless: the mapping needs m_rwrist, each once in the file",
         "lying: upright in 0% of frames"),
        strict=True,
    ):  # fmt: skip
        assert line.startswith(f"skipped {text}"), line


def test_lying_people_are_taken_when_said(tmp_path, prepare):
    path = write_trc(tmp_path / "raw/lying.trc", body_m(20)[..., [2, 1, 0]] * [1, 1, -1])
    assert prepare(path) == 2
    assert prepare(path, "--lying") == 0


@pytest.mark.parametrize("name", ["x.trc", "."])
def test_nothing_left_ends_with_2_and_writes_nothing(tmp_path, prepare, capsys, name):
    write_trc(tmp_path / "raw/x.trc", body_m(20) * 2)
    assert prepare(tmp_path / "raw" / name) == 2
    printed = capsys.readouterr()
    assert "skipped x: lhip-lknee is 0.840 m long" in printed.out
    assert "no sequence to write" in printed.err.splitlines()[-1]
    assert not (tmp_path / "store").exists()


def test_a_link_to_a_file_is_in_the_folder_that_the_link_is_in(tmp_path, prepare):
    """As git-annex and shared disks have it; a link to a folder is not entered."""
    kept = write_trc(tmp_path / "blobs/4f/1a", body_m(20))
    for who in ("anna", "bert"):
        (tmp_path / "raw" / who).mkdir(parents=True)
        (tmp_path / "raw" / who / "squat.trc").symlink_to(kept)
    (tmp_path / "raw/cora").symlink_to(tmp_path / "raw/anna")
    assert prepare(tmp_path / "raw") == 0
    found = [(s.name, s.subject, s.group) for s in open_store(tmp_path / "store").sequences]
    assert found == [("anna/squat", "anna", "anna"), ("bert/squat", "bert", "bert")]


def test_same_name_in_two_formats_stays_apart(tmp_path, prepare, capsys):
    write_trc(tmp_path / "raw/x.trc", body_m(20))
    (tmp_path / "raw/x.bvh").write_text("HIERARCHY\n")
    mapping = tmp_path / "own.yaml"
    mapping.write_text(MAPPING.replace("[trc]", "[bvh, trc]"))
    assert prepare(tmp_path / "raw") == 0
    assert "skipped x: line 1: ends without MOTION" in capsys.readouterr().out
    assert [s.name for s in open_store(tmp_path / "store").sequences] == ["x.trc"]


def test_ending_may_be_wrong_if_the_format_is_said(tmp_path, prepare, capsys):
    path = write_trc(tmp_path / "raw/x.trc", body_m(20)).rename(tmp_path / "raw/x.txt")
    assert prepare(path) == 2
    assert "expected an ending trc; say what it is with --format" in capsys.readouterr().out
    assert prepare(path, "--format", "trc") == 0


@pytest.mark.parametrize(
    ("source", "message"),
    [("nowhere", "nowhere: no such file or folder"), (".", "files ending in trc")],
)
def test_no_files_is_an_error(tmp_path, prepare, capsys, source, message):
    assert prepare(tmp_path / source) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_c3d_without_its_package_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(c3d, "ezc3d", None)
    (tmp_path / "a.c3d").write_bytes(b"\2\x50")
    out = ["--out", str(tmp_path / "store")]
    assert prepare_mocap.main(["--source", str(tmp_path / "a.c3d"), *out]) == 2
    assert "skipped a: reading C3D needs one more package: pip install ezc3d" in (
        capsys.readouterr().out
    )
    assert "c3d" in sources.READERS


def test_the_page_names_every_option_mapping_and_key():
    page = (Path(__file__).parents[2] / "docs/own_mocap.md").read_text()
    options = {f for a in prepare_mocap._parser()._actions for f in a.option_strings}
    rows = set(re.findall(r"^\| `([^`]+)` \|", page, re.M))
    assert options - {"-h", "--help", "--source", "--out"} <= rows
    assert {f"{name}.yaml" for name in shipped_mappings()} <= rows
    assert {field.name for field in fields(Mapping)} <= rows


def excess_deg(xyz_m):
    return knee_excess_deg([knee_bends_deg(xyz_m)])


def test_clips_are_not_kept_for_the_sake_of_knees(tmp_path):
    clip = body_m(20_000)
    write_source(tmp_path, {f"{i}": clip for i in range(6)})
    tracemalloc.start()
    try:
        prepare_mocap.excess_by_subject(tmp_path, sources.Selection(), True)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * clip.nbytes, "6 clips are read, one is looked at"


def test_straight_knees_are_a_matter_of_each_person(tmp_path, prepare, capsys):
    straight, bent = straightened(body_m(20), 180.0), straightened(body_m(20), 180.0)
    for side in "lr":
        bent[:, JOINT[side + "knee"], 1] += 0.04
    assert excess_deg(bent) > 3 and excess_deg(straight) == 0
    write_trc(tmp_path / "raw/anna/stand.trc", straight)
    write_trc(tmp_path / "raw/bert/stand.trc", bent)
    assert prepare(tmp_path / "raw", "--straight-knees") == 0
    said = capsys.readouterr().out
    assert "knees of bert" in said and "knees of anna" not in said
    store = open_store(tmp_path / "store")
    people = [sequence.subject for sequence in store.sequences]
    found = {name: store.world_of(i) for i, name in enumerate(people)}
    assert found["anna"] == pytest.approx(straight, abs=1e-3)
    assert excess_deg(np.array(found["bert"], float)) == pytest.approx(0.0, abs=0.1)
