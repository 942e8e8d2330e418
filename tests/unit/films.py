"""Small films and a body that squats, for the tests of what is drawn and written."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from lib.pose import Pose3D
from lib.skeleton import JOINTS, NUM_JOINTS


def squat_pose(num_frames: int, fps: float = 30.0, size_px=(160, 120), **changed) -> Pose3D:
    """A body that bends its knees once a second, camera frame, with keypoints in the picture."""
    depth = 0.2 * (1 - np.cos(2 * np.pi * np.arange(num_frames) / fps))
    height = {"ankle": 0, "knee": 0.42, "hip": 0.85, "wrist": 0.9, "elbow": 1.1, "shoulder": 1.4}
    xyz = np.zeros((num_frames, NUM_JOINTS, 3))
    for i_joint, name in enumerate(JOINTS):
        side = {"l": 0.15, "r": -0.15}.get(name[0], 0.0) if name[1:] in height else 0.0
        up = height.get(name[1:], {"root": 0.85, "spine": 1.1, "neck": 1.4}.get(name, 1.6))
        moving = 0 if up == 0 else depth / (2 if name[1:] == "knee" else 1)
        xyz[:, i_joint, 0], xyz[:, i_joint, 1] = side, -(up - moving)
    xy = xyz[..., :2] * 50 + np.array(size_px) * (0.5, 0.9)
    fields = {"valid": np.ones(num_frames, bool), "xy_px": xy} | changed
    return Pose3D(xyz + (0, 1, 3), fps, "relative", "camera", **fields)


def write_grey_ramp(path: Path, num_frames: int, size_px=(160, 120), codec="libx264") -> Path:
    """A film whose frame i is grey level 8 i, with a white mark in the top left corner."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(30))
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p" if codec == "libx264" else "yuv444p"
        stream.options = {"crf": "5"} if codec == "libx264" else {}
        for i_frame in range(num_frames):
            picture = np.full((size_px[1], size_px[0], 3), 8 * i_frame, np.uint8)
            picture[: size_px[1] // 4, : size_px[0] // 4] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return path


def decode(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
