"""Motion capture: joints by name, bones that cannot be, and damaged folders."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from lib.data.mocap.checks import ODD_WEIGHT, implausible, proportion_weight, without_glitches
from lib.data.store import open_store
from lib.skeleton import JOINT, JOINTS
from tools import prepare_mocap

BODY = {
    "root": (0, 0, 0.95), "rhip": (0, -0.1, 0.93), "rknee": (0, -0.1, 0.51),
    "rankle": (0, -0.1, 0.09), "lhip": (0, 0.1, 0.93), "lknee": (0, 0.1, 0.51),
    "lankle": (0, 0.1, 0.09), "spine": (0, 0, 1.2), "neck": (0, 0, 1.45), "nose": (0.1, 0, 1.6),
    "head": (0, 0, 1.75), "lshoulder": (0, 0.18, 1.42), "lelbow": (0, 0.18, 1.13),
    "lwrist": (0, 0.18, 0.87), "rshoulder": (0, -0.18, 1.42), "relbow": (0, -0.18, 1.13),
    "rwrist": (0, -0.18, 0.87),
}  # fmt: skip


def body_m(num_frames: int = 100) -> np.ndarray:
    """(T, 17, 3) a standing person walking along x."""
    walk = np.arange(num_frames)[:, None, None] * [0.02, 0, 0]
    return np.array([BODY[name] for name in JOINTS]) + walk


def write_source(folder: Path, bodies: dict[str, np.ndarray], joints=JOINTS, **keys) -> Path:
    """A motion17 folder of the given sequences, its joints in the order of `joints`."""
    rows = np.cumsum([0, *(len(xyz) for xyz in bodies.values())]).tolist()
    records = [
        {"name": name, "start": start, "stop": stop, "fps": 50.0, "subject": f"of {name}",
         "group": "g", "labels": ["squats"] if name == "a" else [], "terms": "free"}
        for name, start, stop in zip(bodies, rows[:-1], rows[1:], strict=True)
    ]  # fmt: skip
    order = [JOINT[name] for name in joints]
    np.save(folder / "xyz_m.npy", np.concatenate(list(bodies.values()))[:, order].astype("f4"))
    index = {"unit": "metre", "up": "+z", "joints": joints, "sequences": records} | keys
    (folder / "sequences.json").write_text(json.dumps(index))
    return folder


def change(folder: Path, **keys) -> None:
    """Put something else into the record of the first sequence."""
    index = json.loads((folder / "sequences.json").read_text())
    index["sequences"][0] |= keys
    (folder / "sequences.json").write_text(json.dumps(index))


def write_joints(folder: Path, joints) -> None:
    """Put something else in the place of the joints' names."""
    index = json.loads((folder / "sequences.json").read_text()) | {"joints": joints}
    (folder / "sequences.json").write_text(json.dumps(index))


def prepare(source: Path) -> int:
    return prepare_mocap.main(["--source", str(source), "--out", str(source / "store")])


def test_joints_are_matched_by_name_and_nan_stays(tmp_path):
    headless = body_m(50)
    headless[:, JOINT["head"]] = np.nan
    write_source(tmp_path, {"a": body_m(60), "b": headless}, joints=JOINTS[::-1])
    assert prepare(tmp_path) == 0
    store = open_store(tmp_path / "store")
    assert store.frame == "world"
    np.testing.assert_array_equal(store.xyz_of(0), body_m(60).astype("f4"))
    np.testing.assert_array_equal(store.xyz_of(1), headless.astype("f4"))
    a, b = store.sequences
    assert (a.action, b.action) == ("squats", "b")
    assert a.subject == "of a"
    assert a.group == "g"
    assert a.terms == "free"
    assert a.fps == 50
    assert a.weight == b.weight == 1


def test_impossible_sequences_are_listed_and_left_out(tmp_path, capsys):
    stretched = body_m()
    stretched[:, JOINT["lwrist"], 2] -= np.linspace(0, 0.15, 100)
    write_source(tmp_path, {"good": body_m(), "rubber": stretched, "giant": body_m() * 2})
    assert prepare(tmp_path) == 0
    printed = capsys.readouterr().out
    assert [s.name for s in open_store(tmp_path / "store").sequences] == ["good"]
    assert "skipped rubber: lelbow-lwrist changes its length by" in printed
    assert "skipped giant: lhip-lknee is 0.840 m long" in printed
    assert "1 of 3" in printed


def test_plausible_bodies():
    assert implausible(body_m(1)) == ""
    assert implausible(np.full((3, 17, 3), np.nan)) == ""
    one_sided = body_m()
    one_sided[:, JOINT["rwrist"]] = np.nan
    assert implausible(one_sided) == ""


def test_unequal_sides_are_implausible():
    lame = body_m()
    lame[:, JOINT["rankle"], 2] += 0.1
    assert implausible(lame) == "bones below lknee and rknee differ by 31%"


def test_narrow_or_short_thighed_figures_weigh_less():
    assert proportion_weight(body_m()) == 1
    narrow = body_m()
    narrow[:, [JOINT["lshoulder"], JOINT["rshoulder"]], 1] *= 0.6
    assert proportion_weight(narrow) == ODD_WEIGHT
    short = body_m()
    short[:, [JOINT["lknee"], JOINT["rknee"]], 2] += 0.06
    assert proportion_weight(short) == ODD_WEIGHT
    shoulderless = body_m()
    shoulderless[:, JOINT["lshoulder"]] = np.nan
    assert proportion_weight(shoulderless) == 1


def test_glitches_are_taken_out_and_nothing_else():
    xyz = body_m()
    xyz[7, JOINT["lwrist"]] += [0.3, 0, 0]
    clean = without_glitches(xyz)
    assert np.argwhere(np.isnan(clean).any(-1)).tolist() == [[7, JOINT["lwrist"]]]
    np.testing.assert_array_equal(clean[~np.isnan(clean)], xyz[~np.isnan(clean)])
    assert np.isfinite(xyz).all()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: (p / "sequences.json").unlink(), "--source takes a folder"),
        (lambda p: (p / "sequences.json").write_text("{"), "damaged JSON"),
        (lambda p: (p / "sequences.json").write_text("[]"), "'unit' must be 'metre'"),
        (lambda p: write_source(p, {"a": body_m()}, unit="mm"), "'unit' must be 'metre'"),
        (lambda p: write_source(p, {"a": body_m()}, up="+y"), "'up' must be '+z'"),
        (lambda p: write_source(p, {"a": body_m()}, sequences=[]), "no sequence to write"),
        (lambda p: write_source(p, {"a": body_m()}, sequences=[{"name": "z"}]), "'z': missing"),
        (lambda p: np.save(p / "xyz_m.npy", np.zeros((9, 16, 3))), "shape (9, 16, 3)"),
        (lambda p: np.save(p / "xyz_m.npy", np.zeros((9, 17, 3))), "rows 0 to 100"),
        (lambda p: np.save(p / "xyz_m.npy", np.zeros((100, 17, 3))), "no sequence to write"),
        (lambda p: write_source(p, {"a": body_m()}, sequences=None), "'sequences' must be a list"),
        (lambda p: change(p, labels="squat"), "'a': missing or wrong labels 'squat'"),
        (lambda p: change(p, labels=[3]), "'a': missing or wrong labels [3]"),
        (lambda p: change(p, subject=7), "'a': missing or wrong subject 7"),
        (lambda p: change(p, start=0.5), "'a': missing or wrong start 0.5"),
        (lambda p: (p / "xyz_m.npy").write_bytes(b""), "cannot read the array"),
        (
            lambda p: np.savez(p / "a") or (p / "a.npz").replace(p / "xyz_m.npy"),
            "cannot read the array",
        ),
        (lambda p: np.save(p / "xyz_m.npy", np.full((100, 17, 3), "a")), "holds <U1, expected"),
        (lambda p: write_joints(p, 5), "'joints' must be these 17 names"),
        (lambda p: write_joints(p, ["a", 1]), "'joints' must be these 17 names"),
        (lambda p: write_joints(p, None), "'joints' must be these 17 names"),
    ],
)
def test_damaged_sources_are_named(tmp_path, spoil, message, capsys):
    write_source(tmp_path, {"a": body_m()})
    spoil(tmp_path)
    assert prepare(tmp_path) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert message in error
    assert str(tmp_path) in error
    assert not (tmp_path / "store").exists()


def test_joints_that_all_lie_in_one_place_are_told_without_a_warning(tmp_path, capsys, recwarn):
    write_source(tmp_path, {"zeros": 0 * body_m(), "good": body_m()})
    assert prepare(tmp_path) == 0
    assert "skipped zeros: lhip-lknee is 0.000 m long" in capsys.readouterr().out
    assert not [w for w in recwarn if issubclass(w.category, RuntimeWarning)]


def test_missing_joint_name_is_refused(tmp_path, capsys):
    write_source(tmp_path, {"a": body_m()}, joints=JOINTS[:16])
    assert prepare(tmp_path) == 2
    assert "17 names" in capsys.readouterr().err


@pytest.mark.data
@pytest.mark.skipif("PERFECTREP_DATA" not in os.environ, reason="PERFECTREP_DATA is not set")
def test_real_recordings(tmp_path):
    source = Path(os.environ["PERFECTREP_DATA"]) / "motion17"
    assert prepare_mocap.main(["--source", str(source), "--out", str(tmp_path / "store")]) == 0
    store = open_store(tmp_path / "store")
    assert len(store.sequences) > 200
    assert len({s.group for s in store.sequences}) == 7
    dance = {s.weight for s in store.sequences if s.subject == "cmu_60_61"}
    others = [s.weight for s in store.sequences if s.subject in ("cmu_01", "opencap_6")]
    assert dance == {ODD_WEIGHT}
    assert set(others) == {1.0}
