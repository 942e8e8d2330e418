"""BlazePose's 33 points as an AlphaPose result, for videos that no AlphaPose has seen.

    python benchmarks/blazepose.py video.mp4 poses.json

needs an environment with mediapipe 0.10.14 (`pip install mediapipe==0.10.14`), which brings its
network along and finds one person. This project does not depend on it.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.errors import UserError, command_line
from lib.files import written_aside
from lib.skeleton import BLAZEPOSE33, HALPE26

_MADE = {
    "head": BLAZEPOSE33.recipe["head"],
    "neck": {"lshoulder": 0.5, "rshoulder": 0.5},
    "hip": {"lhip": 0.5, "rhip": 0.5},
    "lbigtoe": {"lfootindex": 1.0},
    "rbigtoe": {"rfootindex": 1.0},
    "lsmalltoe": {"lfootindex": 1.0},
    "rsmalltoe": {"rfootindex": 1.0},
}
"""Halpe-26 points that BlazePose has under another name or not at all: source -> weight."""


def write_halpe26(points: np.ndarray, path: Path) -> None:
    """(T, 33, 4) BlazePose points as an AlphaPose result with Halpe-26 keypoints."""
    weights = np.zeros((HALPE26.num_joints, BLAZEPOSE33.num_joints))
    for i, name in enumerate(HALPE26.joints):
        for source, weight in _MADE.get(name, {name: 1.0}).items():
            weights[i, BLAZEPOSE33.joints.index(source)] = weight
    seen = np.isfinite(points[..., :2]).all((1, 2))
    score = np.where(weights[None] != 0, points[:, None, :, 3], np.inf).min(-1)
    keypoints = np.concatenate([weights @ points[..., :2], score[..., None]], -1)
    content = [
        {
            "image_id": f"{i}.jpg", "category_id": 1, "idx": 1,
            "keypoints": keypoints[i].ravel().tolist(), "score": float(score[i].sum()),
        }
        for i in np.flatnonzero(seen)
    ]  # fmt: skip
    with written_aside(path) as aside:
        aside.write_text(json.dumps(content))


def detect(video: str) -> np.ndarray:
    """(T, 33, 4) x, y in pixels, z, visibility of every frame; NaN where nobody is found."""
    import cv2  # both are there with mediapipe alone
    import mediapipe

    capture, found = cv2.VideoCapture(video), []
    with mediapipe.solutions.pose.Pose(model_complexity=1) as network:
        while True:
            is_read, picture = capture.read()
            if not is_read:
                break
            height, width = picture.shape[:2]
            result = network.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).pose_landmarks
            points = [] if result is None else result.landmark
            rows = [(p.x * width, p.y * height, p.z * width, p.visibility) for p in points]
            found.append(rows or np.full((BLAZEPOSE33.num_joints, 4), np.nan))
    if not found:
        raise UserError(f"{video}: cannot be read as a video")
    return np.array(found, float)


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Detect and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("video")
    parser.add_argument("json", type=Path)
    flags = parser.parse_args(argv)
    write_halpe26(detect(flags.video), flags.json)


if __name__ == "__main__":
    sys.exit(main())
