"""The motion store: what is written comes back, damage is named, nothing is half-written."""

import json
from dataclasses import replace

import numpy as np
import pytest

from lib.data.store import ARRAY_SHAPES, Sequence, open_store, select, write_store
from lib.errors import UserError
from lib.geometry import Camera, camera_to_world, project, world_to_camera


def rotation(azimuth_rad: float) -> np.ndarray:
    """A level camera's world-to-camera rotation: x right, y down, z forward."""
    c, s = np.cos(azimuth_rad), np.sin(azimuth_rad)
    return np.array([[-s, c, 0.0], [0.0, 0.0, -1.0], [-c, -s, 0.0]])


CAMERA = Camera(
    rotation(0.4), np.array([3.9024, 2.1214, 1.4836]), np.array([1039.0, 1035.0]),
    np.array([476.4, 449.0]), np.array([-0.145, 0.112, 0.0034]), np.array([-0.0072, 0.0062]),
    (900, 900),
)  # fmt: skip


def recording(name: str, num_frames: int, seed: int = 0, **changes):
    """One camera-frame recording with all three arrays."""
    rng = np.random.default_rng(seed)
    world = rng.normal(0, 0.3, (num_frames, 17, 3)) + [0, 0, 1]
    xyz = world_to_camera(world, CAMERA)
    reps = (0, min(num_frames, 4))
    sequence = replace(
        Sequence(name, "s03", "squat", "s03", 0, 0, 50.0, CAMERA, "65906101", reps), **changes
    )
    return sequence, xyz, project(xyz, CAMERA), rng.normal(size=(num_frames, 8, 3))


def world_recording(name: str, num_frames: int):
    sequence = Sequence(name, "cmu_01", "walking", "cmu_a", 0, 0, 60.0, terms="free")
    return sequence, np.full((num_frames, 17, 3), 0.5), None, None


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "motion3d" / "some"
    write_store(path, "camera", (recording(f"q{i}", n, i) for i, n in enumerate((5, 1, 300))))
    return path


def test_round_trip(folder):
    store = open_store(folder)
    assert [s.num_frames for s in store.sequences] == [5, 1, 300]
    assert isinstance(store.xyz_m, np.memmap)
    assert store.frame == "camera"
    assert store.clips is None
    for i, n in enumerate((5, 1, 300)):
        _, xyz, xy, extra = recording(f"q{i}", n, i)
        np.testing.assert_array_equal(store.xyz_of(i), xyz.astype(np.float32))
        np.testing.assert_array_equal(store.xy_of(i), xy.astype(np.float32))
        np.testing.assert_array_equal(store.extra_of(i), extra.astype(np.float32))
        stored = store.sequences[i]
        assert stored.reps == (0, min(n, 4))
        assert stored.fps == 50
        assert stored.camera_name == "65906101"
        for key in "RTfckp":  # exactly, not to some digits
            np.testing.assert_array_equal(getattr(stored.camera, key), getattr(CAMERA, key))
        assert stored.camera.size_px == (900, 900)


def test_a_transposed_rotation_is_stored_as_any_other(tmp_path):
    turned = replace(CAMERA, R=CAMERA.R.T, T=np.arange(6.0)[::2])
    write_store(tmp_path / "s", "camera", [recording("a", 2, camera=turned)])
    stored = open_store(tmp_path / "s").sequences[0].camera
    np.testing.assert_array_equal(stored.R, CAMERA.R.T)
    np.testing.assert_array_equal(stored.T, [0, 2, 4])


def test_stored_pixels_are_the_projection_of_stored_metres(folder):
    """Defects D7, D8: 3D and 2D belong together and carry their own unit."""
    store = open_store(folder)
    again = project(store.xyz_of(2).astype(float), store.sequences[2].camera)
    np.testing.assert_allclose(store.xy_of(2), again, atol=1e-3)


def test_world_to_camera_and_back(folder):
    store = open_store(folder)
    world = store.world_of(2)
    np.testing.assert_allclose(
        world, camera_to_world(recording("q2", 300, 2)[1], CAMERA), atol=1e-6
    )
    np.testing.assert_allclose(world_to_camera(world, CAMERA), store.xyz_of(2), atol=1e-9)


def test_world_store_has_no_pixels(tmp_path):
    xyz = np.full((3, 17, 3), 0.5)
    xyz[:, 10] = np.nan
    write_store(tmp_path / "w", "world", [(world_recording("a", 3)[0], xyz, None, None)])
    store = open_store(tmp_path / "w")
    np.testing.assert_array_equal(store.world_of(0), xyz)
    assert store.sequences[0].camera is None
    assert store.sequences[0].terms == "free"
    with pytest.raises(UserError, match=r"no xy_px\.npy"):
        store.xy_of(0)
    with pytest.raises(UserError, match=r"no extra_m\.npy"):
        store.extra_of(0)


def test_select_takes_whole_names_only(tmp_path):
    """Defect T20: 'pushup' is not 'diamond_pushup', 'warmup_1' is not 'warmup_10'."""
    actions = ["pushup", "diamond_pushup", "warmup_1", "warmup_10"]
    write_store(tmp_path / "s", "camera", (recording(a, 1, action=a, subject=a) for a in actions))
    store = open_store(tmp_path / "s")
    assert select(store) == [0, 1, 2, 3]
    assert select(store, actions=["pushup", "warmup_1"]) == [0, 2]
    assert select(store, actions=["up"]) == []
    assert select(store, subjects=["warmup_10"], actions=["warmup_10"]) == [3]
    assert select(store, groups=[]) == []
    with pytest.raises(TypeError, match="collection"):
        select(store, actions="warmup_10")


def test_interrupted_write_leaves_the_old_store(folder):
    def broken():
        yield recording("new", 7)
        raise KeyboardInterrupt

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(KeyboardInterrupt):
        write_store(folder, "camera", broken())
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["some"]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (FileNotFoundError(2, "No such file or directory", "take.c3d"), "take.c3d"),
        (OSError(28, "No space left on device"), "some: cannot write all of it .*; make room"),
    ],
)
def test_only_errors_of_writing_are_told_as_such(folder, error, text):
    def broken():
        yield recording("new", 7)
        raise error

    with pytest.raises(OSError if error.errno == 2 else UserError, match=text):
        write_store(folder, "camera", broken())
    assert [s.name for s in open_store(folder).sequences] == ["q0", "q1", "q2"]
    assert [path.name for path in folder.parent.iterdir()] == ["some"]


def test_failed_swap_puts_the_old_store_back(folder, monkeypatch):
    rename = type(folder).rename

    def disk_full(path, target):
        if path.name.startswith(".part-"):
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(type(folder), "rename", disk_full)
    with pytest.raises(UserError, match="cannot write there"):
        write_store(folder, "camera", [recording("new", 7)])
    assert [s.name for s in open_store(folder).sequences] == ["q0", "q1", "q2"]
    assert [path.name for path in folder.parent.iterdir()] == ["some"]


def test_new_store_replaces_the_old_one_and_its_clips(folder):
    np.save(folder / "clips.npy", np.array([[0, 0, 5]]))
    assert open_store(folder).clips.tolist() == [[0, 0, 5]]
    write_store(folder, "camera", [recording("only", 2)])
    store = open_store(folder)
    assert [s.name for s in store.sequences] == ["only"]
    assert store.clips is None
    assert [path.name for path in folder.parent.iterdir()] == ["some"]


@pytest.mark.parametrize("is_there", [True, False], ids=["old store", "nothing yet"])
def test_a_link_to_another_disk_stays_one_and_the_old_store_goes(tmp_path, is_there):
    disk, link = tmp_path / "disk" / "big", tmp_path / "motion3d" / "some"
    link.parent.mkdir()
    disk.parent.mkdir()
    if is_there:
        write_store(disk, "camera", [recording("old", 9)])
    link.symlink_to(disk)
    write_store(link, "camera", [recording("new", 7)])
    assert link.is_symlink()
    assert [s.name for s in open_store(disk).sequences] == ["new"]
    for place, name in ((disk, "big"), (link, "some")):
        assert [path.name for path in place.parent.iterdir()] == [name]


def test_foreign_folder_is_not_deleted(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "text").write_text("years of work")
    with pytest.raises(UserError, match="holds other things"):
        write_store(tmp_path / "thesis", "camera", [recording("a", 1)])
    with pytest.raises(UserError, match="holds other things"):
        write_store(tmp_path / "thesis" / "text", "camera", [recording("a", 1)])
    assert (tmp_path / "thesis" / "text").read_text() == "years of work"


def test_nothing_to_write_and_unwritable(tmp_path):
    with pytest.raises(UserError, match="no sequence to write"):
        write_store(tmp_path / "s", "camera", [])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write there"):
        write_store(tmp_path / "file" / "s", "camera", [recording("a", 1)])


@pytest.mark.parametrize(
    "bad",
    [
        (recording("a", 2)[0], np.zeros((2, 16, 3)), np.zeros((2, 17, 2)), np.zeros((2, 8, 3))),
        (recording("a", 2)[0], np.zeros((2, 17, 3)), np.zeros((3, 17, 2)), np.zeros((2, 8, 3))),
        (recording("a", 2)[0], np.zeros((0, 17, 3)), np.zeros((0, 17, 2)), np.zeros((0, 8, 3))),
        world_recording("a", 2),
    ],
    ids=["joints", "frames", "empty", "other arrays"],
)
def test_recordings_that_do_not_fit_are_refused(tmp_path, bad):
    with pytest.raises(ValueError, match="sequence 'a'"):
        write_store(tmp_path / "s", "camera", [recording("first", 2), bad])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"fps": 0.0}, "'bad' .* at 0.0 fps"), ({"fps": -50.0}, "'bad' .* at -50.0 fps"),
        ({"fps": float("nan")}, r"'bad' \(fps is None"), ({"subject": 3}, r"'bad' \(subject is 3"),
        ({"weight": -1.0}, "'bad' has weight -1"), ({"reps": (0, 9)}, r"'bad' \(reps is \[0, 9\]"),
        ({"camera": None}, "'bad' has no camera"),
        ({"camera": replace(CAMERA, f=np.array([np.nan, 1]))}, r"'bad' \(camera's f is"),
        ({"action": None}, r"'bad' \(action is None"),
    ],
    ids=str,
)  # fmt: skip
def test_a_record_that_could_not_be_read_again_leaves_the_old_store(folder, changes, text):
    bad = recording("bad", 5, **changes)
    with pytest.raises(UserError, match=f"some: not written: .*{text}") as caught:
        write_store(folder, "camera", [recording("new", 7), bad])
    assert "\n" not in str(caught.value) and "prepare" not in str(caught.value)
    assert [s.name for s in open_store(folder).sequences] == ["q0", "q1", "q2"]
    assert [path.name for path in folder.parent.iterdir()] == ["some"]


def change(path, **keys):
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps(manifest | keys))


def first_sequence(path, **keys):
    manifest = json.loads(path.read_text())
    manifest["sequences"][0] |= keys
    path.write_text(json.dumps(manifest))


def first_camera(path, **keys):
    camera = json.loads(path.read_text())["sequences"][0]["camera"]
    first_sequence(path, camera=camera | keys)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.unlink(), "no motion store there.*prepare_fit3d"),
        (lambda p: p.write_text(p.read_text()[:99]), "damaged"),
        (lambda p: p.write_text("[]"), "format None"),
        (lambda p: change(p, format=2), "format 2, this version reads 1"),
        (lambda p: change(p, unit="mm"), "'unit' metre"),
        (lambda p: change(p, frame="sideways"), "'frame' must be"),
        (lambda p: change(p, joints=["root"]), "another skeleton"),
        (lambda p: change(p, sequences=[]), "holds no sequence"),
        (lambda p: change(p, sequences=[{"name": "x"}]), "damaged sequence record"),
        (lambda p: first_sequence(p, camera=None), "'q0' has no camera"),
        (lambda p: first_sequence(p, stop=9), "expected rows from 9"),
        (lambda p: first_sequence(p, fps=0), "at 0 fps"),
        (lambda p: first_sequence(p, fps="50"), r"damaged sequence record of 'q0' \(fps is '50'\)"),
        (lambda p: first_sequence(p, start=None), "start is None"),
        (lambda p: first_sequence(p, subject=3), "subject is 3"),
        (lambda p: first_sequence(p, reps="all"), "reps is 'all'"),
        (lambda p: first_sequence(p, reps=7), "damaged sequence record"),
        (lambda p: change(p, joints=None), "another skeleton"),
        (lambda p: change(p, joints=17), "another skeleton"),
        (lambda p: change(p, arrays=3), "a store in frame 'camera' needs xyz_m"),
        (lambda p: first_sequence(p, reps=[4, 2]), r"reps is \[4, 2\], frames .* up to 5"),
        (lambda p: first_sequence(p, reps=[2, 2]), r"reps is \[2, 2\]"),
        (lambda p: first_sequence(p, reps=[-1, 2]), r"reps is \[-1, 2\]"),
        (lambda p: first_sequence(p, reps=[0, 6]), r"reps is \[0, 6\]"),
        (lambda p: first_sequence(p, reps=[False, 3]), r"reps is \[False, 3\]"),
        (lambda p: first_camera(p, R=[1]), r"camera's R has shape \(1,\), \(3, 3\) would do"),
        (lambda p: first_camera(p, T=[[1, 2, 3]]), r"camera's T has shape \(1, 3\)"),
        (lambda p: first_camera(p, k=[0]), r"camera's k has shape \(1,\)"),
        (lambda p: first_camera(p, size_px=[900]), r"camera's size_px has shape \(1,\)"),
        (lambda p: first_camera(p, f=[None, 900]), r"camera's f is \[None, 900\]"),
        (lambda p: first_sequence(p, camera=[1]), "damaged sequence record"),
        (lambda p: first_sequence(p, camera={}), "damaged sequence record"),
        (lambda p: first_sequence(p, weight=0), "'q0' has weight 0, above 0 and up"),
        (lambda p: first_sequence(p, weight=3), "'q0' has weight 3, above 0 and up"),
    ],
)
def test_damaged_manifest_is_named(folder, damage, message):
    damage(folder / "manifest.json")
    with pytest.raises(UserError, match=message) as caught:
        open_store(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["xyz_m", "xy_px", "extra_m"])
def test_damaged_array_is_named(folder, name):
    path = folder / f"{name}.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=rf"{name}\.npy: cannot read"):
        open_store(folder)
    np.save(path, np.zeros((306, *ARRAY_SHAPES[name])))
    with pytest.raises(UserError, match=r"float64.*the manifest says float32"):
        open_store(folder)
    path.unlink()
    with pytest.raises(UserError, match=rf"{name}\.npy"):
        open_store(folder)


@pytest.mark.parametrize("name", ["xyz_m", "clips"])
@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"PK\x03\x04 cut off"], ids=len)
def test_a_file_that_is_no_array_is_named(folder, name, content):
    """What a full disk or a broken copy leaves."""
    (folder / f"{name}.npy").write_bytes(content)
    with pytest.raises(UserError, match=rf"{name}\.npy: cannot read") as caught:
        open_store(folder)
    assert "\n" not in str(caught.value)


def test_an_archive_named_like_an_array_is_named(folder):
    with (folder / "xyz_m.npy").open("wb") as file:
        np.savez(file, xyz_m=np.zeros((306, 17, 3), np.float32))
    with pytest.raises(UserError, match=r"xyz_m\.npy: cannot read"):
        open_store(folder)


@pytest.mark.parametrize(
    "rows",
    [[[3, 0, 1]], [[-1, 0, 1]], [[0, 0, 6]], [[0, -1, 3]], [[0, 2, 2]], [0, 0, 1], [[0.0, 0, 1]]],
)
def test_clips_of_another_store_are_refused(folder, rows):
    np.save(folder / "clips.npy", np.array(rows))
    with pytest.raises(UserError, match="slice_clips"):
        open_store(folder)
    assert open_store(folder, with_clips=False).clips is None


def test_truncated_clips_are_refused(folder):
    (folder / "clips.npy").write_bytes(b"")
    with pytest.raises(UserError, match="slice_clips"):
        open_store(folder)
