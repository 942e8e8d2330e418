"""Seconds and memory of tools/prepare_fit3d.py on a made-up tree of Fit3D's size and format.

    python benchmarks/prepare_speed.py

30 and 90 sequences x 4 cameras x 1,200 frames, coordinates with all the digits of a float64. The
whole command is timed from outside, its start and its progress bar included; the two trees take
turns. Memory is the largest resident size of the command, page cache not counted.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lib.data.fit3d import JOINTS_KEY, TRAIN_SUBJECTS
from lib.data.synthetic.motions import ACTIONS
from lib.data.synthetic.writer import camera_record, subject_cameras, subject_sequence
from lib.errors import command_line

_PER_SUBJECT = 15
_MEGA = 1 << 20


@dataclass(frozen=True)
class Cost:
    """One run of the command."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def _write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY))


def _to_length(xyz_m: np.ndarray, num_frames: int) -> np.ndarray:
    """(F, 25, 3) played forwards and backwards until num_frames are full."""
    both = np.concatenate([xyz_m, xyz_m[::-1]])
    return both[np.arange(num_frames) % len(both)]


def write_tree(root: Path, num_sequences: int, num_frames: int) -> None:
    """Sequences of made-up athletes, up to 15 a subject, with camera files and rep marks."""
    actions = [ACTIONS[i % len(ACTIONS)] for i in range(_PER_SUBJECT)]
    taken: dict[str, dict[str, list[int]]] = {}
    for i in range(num_sequences):
        subject, place = TRAIN_SUBJECTS[i // _PER_SUBJECT], i % _PER_SUBJECT
        action = f"{actions[place]}_{place}"
        motion = subject_sequence(i, subject, actions[place])
        folder = root / "train" / subject
        joints = _to_length(motion.xyz_m, num_frames)
        _write_json(folder / JOINTS_KEY / f"{action}.json", {JOINTS_KEY: joints})
        for name, camera in subject_cameras(0, subject).items():
            path = folder / "camera_parameters" / name / f"{action}.json"
            _write_json(path, camera_record(camera))
        taken.setdefault(subject, {})[action] = [m for m in motion.marks if m <= num_frames]
    for subject, marks in taken.items():
        _write_json(root / "train" / subject / "rep_ann.json", marks)
    names = {subject: list(marks) for subject, marks in taken.items()}
    info = {"train_subj_names": list(names), "subj_to_act": names, "synthetic": {}}
    _write_json(root / "fit3d_info.json", info)


def run_command(tree: Path, out: Path) -> Cost:
    """One run of the tool, as a user starts it."""
    command = [sys.executable, str(ROOT / "tools/prepare_fit3d.py"), "--strict"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--root", str(tree), "--out", str(out)],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr
    said = process.stderr.read()  # the progress bar
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the command failed: {said.decode()[-500:]}")
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / _MEGA)


def _line(name: str, costs: list[Cost]) -> str:
    wall = [cost.wall_s for cost in costs]
    return (
        f"| {name} | {np.median(wall):.2f} | {min(wall):.2f} to {max(wall):.2f} "
        f"| {np.median([c.cpu_s for c in costs]):.2f} "
        f"| {max(c.peak_mib for c in costs):.0f} |"
    )


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Make the trees, run the command on each in turns, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=1200)
    parser.add_argument("--sequences", type=int, nargs="+", default=[30, 90])
    flags = parser.parse_args(argv)
    costs: dict[int, list[Cost]] = {num: [] for num in flags.sequences}
    with tempfile.TemporaryDirectory() as folder:
        for num in costs:
            write_tree(Path(folder) / f"{num}", num, flags.frames)
        for _ in range(flags.rounds):
            for num, found in costs.items():
                found.append(run_command(Path(folder) / f"{num}", Path(folder) / f"store-{num}"))
    print(f"{os.cpu_count()} cores, {flags.frames} frames, 4 cameras, {flags.rounds} rounds")
    print("| sequences | median s | spread s | CPU s | peak MiB |")
    print("|---|---|---|---|---|")
    for num, found in costs.items():
        print(_line(str(num), found))


if __name__ == "__main__":
    sys.exit(main())
