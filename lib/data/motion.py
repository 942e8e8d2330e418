"""3D motion from any file that holds one: pose3d.npz, an array like X3D.npy, Fit3D's truth.

T frames, J = 17 joints.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from lib.data.fit3d import FPS as FIT3D_FPS
from lib.data.fit3d import read_joints
from lib.data.fit3d_checks import check_body
from lib.errors import UserError
from lib.files import read_npy
from lib.pose import Pose3D
from lib.pose_files import load_pose3d
from lib.skeleton import FIT3D25, JOINTS, NUM_JOINTS

MAX_HOURS = 3.0
"""A longer recording is a mistake in its frame rate or its time stamps."""
MAX_FPS = 1000.0
"""A faster one is a mistake too: no phone records more."""
FORMS = "pose3d.npz, X3D.npy, or joints3d_25/<action>.json of Fit3D"


def read_motion(path: str | Path, fps: float | None = None) -> Pose3D:
    """One person's motion, told by the file's ending. Raises UserError.

    .npz: as infer_wild.py writes it. .npy: (T, 17, 3) in the camera frame (x right, y down), unit
    'relative', NaN = missing; needs fps. .json: Fit3D's (T, 25, 3), of which 17 joints are kept,
    world metres, 50 fps. fps: frames a second as recorded, instead of the file's.
    """
    path = Path(path)
    if fps is not None and not (np.isfinite(fps) and fps > 0):
        raise UserError(f"--fps {fps:g}: give the frames a second that were recorded, above 0")
    readers = {".npz": load_pose3d, ".npy": _from_array, ".json": _from_fit3d}
    if path.is_dir():
        raise UserError(f"{path}: is a folder; give a file in it: {FORMS}")
    if path.suffix.lower() not in readers:
        raise UserError(f"{path}: no motion in a form that is known; give {FORMS}")
    pose = readers[path.suffix.lower()](path, fps)
    if pose.fps > MAX_FPS:
        raise UserError(
            f"{path}: {pose.fps:g} fps; frame rates up to {MAX_FPS:g} do; give the right one with "
            "--fps"
        )
    if not (np.diff(pose.time_s) > 0).all():
        raise UserError(f"{path}: time_s does not increase throughout; give the rate with --fps")
    if not np.array_equal(pose.frame_id, np.arange(len(pose.xyz))):
        raise UserError(
            f"{path}: frame_id is not 0, 1, 2 ...: a row for every frame is wanted, from the first "
            "on; leave frame_id away if the recording was cut, and cut its video alike"
        )
    hours = float(np.ptp(pose.time_s)) / 3600 if len(pose.time_s) else 0.0
    if hours > MAX_HOURS:
        raise UserError(
            f"{path}: {len(pose.time_s)} frames at {pose.fps:g} fps would last {hours:.0f} hours; "
            "give the right rate with --fps"
        )
    is_known = np.isfinite(pose.xyz).all(-1, keepdims=True)
    xyz = np.where(is_known, pose.xyz, np.nan)
    return replace(pose, xyz=xyz, source=pose.source or str(path))


def _from_array(path: Path, fps: float | None) -> Pose3D:
    xyz = read_npy(path, "3D motion")
    if xyz.dtype.kind not in "iuf":
        raise UserError(f"{path}: holds {xyz.dtype}, not numbers; give an array of floats")
    if xyz.ndim != 3 or xyz.shape[1:] != (NUM_JOINTS, 3):
        raise UserError(f"{path}: has shape {xyz.shape}{_about_shape(xyz.shape)}")
    if fps is None:
        raise UserError(f"{path}: a .npy file does not say its frame rate; give --fps")
    xyz = xyz.astype(float)
    valid = np.isfinite(xyz).all(-1).any(-1)
    return Pose3D(xyz, fps, "relative", "camera", valid, source=str(path))


def _about_shape(shape: tuple[int, ...]) -> str:
    wanted = f"expected (frames, {NUM_JOINTS}, 3)"
    if len(shape) == 3 and shape[2] == 3:
        return f": another skeleton of {shape[1]} joints; {wanted}, joints {' '.join(JOINTS)}"
    if len(shape) == 3 and shape[2] == 2:
        return f": 2D points; {wanted}, lift them with infer_wild.py"
    return f"; {wanted}"


def _from_fit3d(path: Path, fps: float | None) -> Pose3D:
    xyz_m = read_joints(path)
    check_body(xyz_m, path)
    kept = [FIT3D25.joints.index(name) for name in JOINTS]
    valid = np.ones(len(xyz_m), bool)
    return Pose3D(xyz_m[:, kept], fps or FIT3D_FPS, "metre", "world", valid, source=str(path))
