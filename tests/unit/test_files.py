"""lib.files: what killed runs left, and what others are still writing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lib.files import folder_aside, written_aside

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


def test_what_is_too_new_to_be_claimed_or_another_folders_stays(tmp_path):
    for name, age_s in ((".part-made-abcdefgh", 0), (".part-made-up-abcdefgh", 3600)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    write_both(tmp_path)
    assert len(leftovers(tmp_path)) == 2
