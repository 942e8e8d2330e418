"""lib.files: what killed runs left, what others are still writing, and files of strangers."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lib import files
from lib.config import read_yaml
from lib.data.detections import read_detections
from lib.data.motion import read_motion
from lib.errors import UserError
from lib.files import check_writable, folder_aside, written_aside
from lib.locks import claimed
from lib.pose import Pose2D, Pose3D
from lib.pose_files import load_pose2d, load_pose3d

ROOT = Path(__file__).parents[2]
KILLED = """
import sys
from pathlib import Path
from lib.files import folder_aside, written_aside
with folder_aside(Path("made"), "mark") as folder, written_aside("film.mp4") as film:
    (folder / "large.npy").write_bytes(b"half")
    film.write_bytes(b"half")
    print("writing", flush=True)
    sys.stdin.read()
"""
FORKED = """
import os, signal, sys
from pathlib import Path
from lib.locks import claimed
with claimed(Path(sys.argv[1])):
    if os.fork():
        signal.pause()
    print("forked", flush=True)
    sys.stdin.read()
"""


def write_both(place):
    with folder_aside(place / "made", "mark") as aside:
        (aside / "mark").write_text("")
    with written_aside(place / "film.mp4") as aside:
        aside.write_bytes(b"whole")


def leftovers(place):
    return sorted(path.name[:10] for path in place.glob(".part-*"))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks")
def test_leftovers_of_a_killed_run_go_and_those_of_a_running_one_stay(tmp_path):
    lines = [sys.executable, "-c", KILLED]
    other = subprocess.Popen(
        lines, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert other.stdout.readline() == b"writing\n"
    both = leftovers(tmp_path)
    assert len(both) == 2
    for path in tmp_path.glob(".part-*"):
        os.utime(path, (time.time() - 3600,) * 2)
    write_both(tmp_path)
    assert leftovers(tmp_path) == both
    other.send_signal(signal.SIGKILL)
    other.communicate()
    write_both(tmp_path)
    assert leftovers(tmp_path) == [] and (tmp_path / "film.mp4").read_bytes() == b"whole"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks")
def test_a_lock_ends_with_its_process_though_a_fork_of_it_lives_on(tmp_path):
    lines = [sys.executable, "-c", FORKED, str(tmp_path)]
    other = subprocess.Popen(
        lines, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert other.stdout.readline() == b"forked\n"
    with claimed(tmp_path) as is_mine:
        assert is_mine is False
    other.send_signal(signal.SIGKILL)
    other.wait()
    with claimed(tmp_path) as is_mine:
        assert is_mine
    other.communicate()  # ends the fork


def test_what_is_too_new_to_be_claimed_or_another_folders_stays(tmp_path):
    for name, age_s in ((".part-made-abcdefgh", 0), (".part-made-up-abcdefgh", 3600)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    write_both(tmp_path)
    assert len(leftovers(tmp_path)) == 2


def test_a_folder_that_a_killed_run_had_taken_out_is_put_back(tmp_path):
    old = tmp_path / ".old-made-abcdefgh"
    old.mkdir()
    (old / "mark").write_text("the old one")
    with pytest.raises(RuntimeError), folder_aside(tmp_path / "made", "mark"):
        raise RuntimeError("stopped again")
    assert (tmp_path / "made" / "mark").read_text() == "the old one" and not old.exists()


def test_a_folder_that_was_replaced_before_the_kill_goes(tmp_path):
    write_both(tmp_path)
    for name in (".old-made-abcdefgh", ".old-made-up-abcdefgh"):
        (tmp_path / name).mkdir()
    write_both(tmp_path)
    assert [path.name for path in tmp_path.glob(".old-*")] == [".old-made-up-abcdefgh"]


def pose3d(num_frames):
    xyz = np.random.default_rng(0).normal(size=(num_frames, 17, 3))
    return Pose3D(xyz, 50.0, "relative", "camera", np.ones(num_frames, bool))


@pytest.mark.parametrize("name", ["pose", "pose.dat", "pose.npz.old"])
def test_a_name_without_npz_is_written_too(tmp_path, name):
    in_2d = Pose2D(np.ones((4, 17, 2)), np.ones((4, 17)), 50.0, (640, 480))
    in_2d.save(tmp_path / name)
    assert len(load_pose2d(tmp_path / name).xy_px) == 4
    pose3d(9).save(tmp_path / name)
    np.testing.assert_array_equal(load_pose3d(tmp_path / name).xyz, pose3d(9).xyz)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_nobody_asked_for_is_not_unpacked(tmp_path):
    path = tmp_path / "pose3d.npz"
    pose3d(4).save(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("extra.npy", "w") as member:
            np.save(member, np.zeros(10**8, np.int8))
        archive.writestr("sigma", b"no array at all")
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="not a Pose3D in .npz form"):
            load_pose3d(path)
        assert tracemalloc.get_traced_memory()[1] < 10**7
    finally:
        tracemalloc.stop()


def test_arrays_too_large_for_any_recording_are_not_unpacked(tmp_path, monkeypatch):
    pose3d(400).save(tmp_path / "pose3d.npz")
    monkeypatch.setattr(files, "LARGEST_NPZ", 10**5)
    with pytest.raises(UserError, match=r"0\.0 GB of memory, 0\.0 would do for a Pose3D; cut"):
        load_pose3d(tmp_path / "pose3d.npz")


NUL = "a\0b"


@pytest.mark.parametrize(
    "use",
    [
        load_pose3d, load_pose2d, read_detections, read_yaml,
        pose3d(4).save, lambda path: check_writable(path, "--out_path"),
        lambda path: read_motion(path + ".json"), lambda path: read_motion(path + ".npy", 30),
    ],
)  # fmt: skip
def test_a_path_that_no_system_takes_is_refused_in_one_line(use):
    with pytest.raises(UserError, match="null byte") as caught:
        use(NUL)
    assert "\n" not in str(caught.value)


def test_a_base_that_no_system_takes_is_refused_in_one_line(tmp_path):
    (tmp_path / "a.yaml").write_text('base: "a\\0b"')
    with pytest.raises(UserError, match="cannot read config .*null byte"):
        read_yaml(tmp_path / "a.yaml")


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "real").mkdir()
    link, real = tmp_path / "a.txt", tmp_path / "real" / "b.txt"
    real.write_text("old")
    link.symlink_to(real)
    with written_aside(link) as aside:
        aside.write_text("new")
    assert link.is_symlink() and real.read_text() == "new"


def test_others_may_read_what_the_users_mask_lets_them(tmp_path):
    code = (
        "import os, sys; os.umask(0o077); from lib.files import written_aside\n"
        "with written_aside(sys.argv[1]) as aside: aside.write_text('mine')"
    )
    path = tmp_path / "report.json"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=root, check=True)
    assert path.stat().st_mode & 0o777 == 0o600
