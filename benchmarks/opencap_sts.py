"""Lift a real phone video of five sit-to-stands and compare it with motion capture.

    PERFECTREP_DATA=../data python benchmarks/opencap_sts.py --checkpoint checkpoint/lifter_swift.pt

Prints P-MPJPE over the 12 limb joints and the mean knee-angle error beside published figures.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.blazepose import write_halpe26
from lib.alignment import procrustes
from lib.errors import UserError, command_line
from lib.geometry import flexion_deg
from lib.infer.lift import Lifter
from lib.infer.recording import RecordingConfig, read_recording
from lib.pose import Pose3D
from lib.skeleton import indices

PUBLISHED = {"WHAM": (37.7, 5.9), "OpenCap Monocular": (39.3, 4.2)}
"""P-MPJPE in mm and mean knee-angle error in degrees on this trial, from the data's README."""
DEPTHS_DEG = (0, 30, 60, 80, 100, 180)
"""Bounds of the bend in which the knee's error is told apart."""


@dataclass(frozen=True)
class Trial:
    """The recording: T frames at 60 fps."""

    points: np.ndarray
    """(T, 33, 4): BlazePose x, y in pixels, z, visibility."""
    joints: tuple[str, ...]
    """Names of the 12 limb joints."""
    xyz_m: np.ndarray
    """(T, 12, 3) motion capture in the camera frame."""
    valid: np.ndarray
    """(T,) frames with both."""
    focal_px: float


def read_trial(folder: Path) -> Trial:
    """Read opencap_sts/mediapipe2d_mocap3d.npz."""
    with np.load(folder / "mediapipe2d_mocap3d.npz", allow_pickle=False) as archive:
        names = tuple(str(name).replace("_", "") for name in archive["joints"])
        return Trial(
            archive["mediapipe33_px"].astype(float), names, archive["mocap_cam_m"].astype(float),
            archive["valid"], float(archive["K"][0, 0]),
        )  # fmt: skip


def frame_scores(xyz: np.ndarray, trial: Trial) -> dict[str, np.ndarray]:
    """xyz (T, 17, 3) lifted at the trial's frames -> errors in its valid frames.

    Those of the knees hold both, one after the other. knee_bias_<least>_<most>_deg: of frames in
    which the true bend of that knee is in between.
    """
    ok = trial.valid & np.isfinite(trial.xyz_m).all((1, 2))
    pred = xyz[ok][:, indices(*trial.joints)]
    truth = trial.xyz_m[ok]
    each = 1000 * np.linalg.norm(procrustes(pred, truth) - truth, axis=-1)
    true_deg = np.concatenate([_knee(truth, trial, side) for side in "lr"])
    bias = np.concatenate([_knee(pred, trial, side) for side in "lr"]) - true_deg
    depths = {
        f"knee_bias_{low}_{high}_deg": bias[(true_deg >= low) & (true_deg < high)]
        for low, high in pairwise(DEPTHS_DEG)
    }
    joints = {f"{name}_mm": each[:, i] for i, name in enumerate(trial.joints)}
    errors = {"p_mpjpe_mm": each.mean(-1), "knee_error_deg": np.abs(bias), "knee_bias_deg": bias}
    return errors | depths | joints


def score(xyz: np.ndarray, trial: Trial) -> dict[str, float]:
    """Means of `frame_scores`; NaN for a depth that the trial does not reach."""
    found = frame_scores(xyz, trial)
    means = {name: float(v.mean()) if len(v) else float("nan") for name, v in found.items()}
    return means | {"knee_mean_abs_deg": means["knee_error_deg"]}


def data_folder() -> Path:
    """The folder of the trial. Raises UserError if PERFECTREP_DATA does not name it."""
    root = os.environ.get("PERFECTREP_DATA")
    if not root:
        raise UserError("set PERFECTREP_DATA to the folder that holds opencap_sts")
    return Path(root) / "opencap_sts"


def lift_trial(lifter: Lifter, folder: Path, *, flip_average: bool = True) -> tuple[Pose3D, Trial]:
    """The video's detections lifted as infer_wild.py does."""
    trial = read_trial(folder)
    with tempfile.TemporaryDirectory() as aside:
        json_path = Path(aside) / "halpe26.json"
        write_halpe26(trial.points, json_path)
        pose, _ = read_recording(RecordingConfig(str(json_path), str(folder / "video.mp4")))
    lifted = lifter.lift(pose, flip_average=flip_average, focal_px=trial.focal_px)
    return lifted, trial


def _knee(xyz: np.ndarray, trial: Trial, side: str) -> np.ndarray:
    places = [trial.joints.index(f"{side}{part}") for part in ("hip", "knee", "ankle")]
    return flexion_deg(*(xyz[:, place] for place in places))


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Lift and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-c", "--checkpoint", default="checkpoint/lifter_swift.pt")
    parser.add_argument("--no-flip", action="store_true")
    flags = parser.parse_args(argv)
    lifter = Lifter.from_checkpoint(flags.checkpoint)
    lifted, trial = lift_trial(lifter, data_folder(), flip_average=not flags.no_flip)
    found = score(lifted.xyz, trial)
    print(f"{'':24}P-MPJPE mm   knee error deg")
    rows = {flags.checkpoint: (found["p_mpjpe_mm"], found["knee_mean_abs_deg"])} | PUBLISHED
    for name, (mm, deg) in rows.items():
        print(f"{name[-24:]:24}{mm:10.1f}{deg:17.1f}")
    print(", ".join(f"{name} {value:.1f}" for name, value in found.items()))


if __name__ == "__main__":
    sys.exit(main())
