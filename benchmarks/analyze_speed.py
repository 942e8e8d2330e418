"""CPU seconds and memory of tools/analyze.py on ten minutes at 60 fps, by step.

    OMP_NUM_THREADS=1 python benchmarks/analyze_speed.py

Six sets of eight made-up squats with rests, seen by a camera, with noise; all files are written.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from lib.analysis.report import write_report
from lib.data.fit3d import CAMERAS
from lib.data.motion import read_motion
from lib.data.synthetic.bodies import make_body
from lib.data.synthetic.cameras import fit3d_cameras
from lib.data.synthetic.motions import make_sequence
from lib.errors import command_line
from lib.geometry import world_to_camera
from lib.pose import Pose3D
from lib.report.outcome import report_of, write_page
from lib.report.session import Session
from lib.skeleton import FIT3D25, JOINTS

FPS, MINUTES, NUM_SETS, NUM_REPS = 60.0, 10, 6, 8
NOISE_M = 0.01


def save_long_pose(seed: int, path: Path) -> None:
    """36,000 frames in the camera frame, as a pose3d.npz."""
    rng = np.random.default_rng(seed)
    kept = [FIT3D25.joints.index(name) for name in JOINTS]
    length = round(MINUTES * 60 * FPS / NUM_SETS)
    body = make_body(rng)
    one = make_sequence(body, "squat", rng, num_reps=NUM_REPS, fps=FPS).xyz_m[:length]
    rest = np.repeat(one[-1:], length - len(one), 0)
    world = np.concatenate([one, rest] * NUM_SETS)
    xyz = world_to_camera(world[:, kept], fit3d_cameras(rng)[CAMERAS[0]])
    xyz = xyz + rng.normal(scale=NOISE_M, size=xyz.shape)
    Pose3D(xyz, FPS, "relative", "camera", np.ones(len(xyz), bool)).save(path)


def timed(name: str, work: Callable):
    """What work() returns; prints its CPU seconds and the most memory so far."""
    start = time.process_time()
    outcome = work()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {name} | {time.process_time() - start:.2f} | {peak_mb:.0f} |")
    return outcome


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Make the pose in a file, then time each step of analyze.py."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    seed = parser.parse_args(argv).seed
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("| step | CPU s | MB so far |\n|---|---|---|")
        path = folder / "pose3d.npz"
        making = get_context("spawn").Process(target=save_long_pose, args=(seed, path))
        making.start()  # elsewhere, so that its memory does not count
        making.join()
        timed("imports", lambda: None)
        pose = timed("read pose3d.npz", lambda: read_motion(path))
        report = timed("analyse", lambda: report_of(pose, Session("squat")))
        timed("report.json, reps.csv", lambda: write_report(report, folder))
        timed("report.html", lambda: write_page(report, pose, None, folder / "report.html"))
        counts = [one_set["count"]["total"] for one_set in report["sets"]]
        sizes = {p.name: f"{p.stat().st_size / 1e6:.1f} MB" for p in sorted(folder.iterdir())}
    print(f"{len(pose.xyz)} frames, repetitions by set {counts}, {sizes}")


if __name__ == "__main__":
    sys.exit(main())
