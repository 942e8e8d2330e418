"""Keypoints, and the lifted pose from the camera and from its right, of single frames.

    python benchmarks/pictures.py docs/lifted.png "jump:out/skater/pose3d.npz:80" ...

One row for each TITLE:FILE:FRAME; FILE is a pose3d.npz of infer_wild.py. No picture of the video.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lib.draw import Surface
from lib.errors import UserError, command_line
from lib.pose_files import load_pose3d
from lib.skeleton import JOINT

TILE, MARGIN, HEAD = 170, 14, 24


COLUMNS = ("keypoints", "lifted, from the camera", "lifted, from its right")


def _heading(words: Sequence[str]) -> np.ndarray:
    """(HEAD, 3 TILE, 3) picture of words spread over the width."""
    surface = Surface(3 * TILE, HEAD)
    surface.fill("#ffffff")
    for i, text in enumerate(words):
        surface.text(6 + i * TILE, 4, text, size=10)
    return surface.rgba[..., :3].copy()


def _fitted(xy: np.ndarray) -> np.ndarray:
    """(17, 2) moved and scaled into a tile."""
    low, high = np.nanmin(xy, 0), np.nanmax(xy, 0)
    scale = (TILE - 2 * MARGIN) / max(float((high - low).max()), 1e-9)
    return (xy - (low + high) / 2) * scale + TILE / 2


def row(title: str, path: str, frame: int) -> np.ndarray:
    """(HEAD + TILE, 3 TILE, 3) picture of one frame. Raises UserError if the file has none such."""
    pose = load_pose3d(path)
    found = np.flatnonzero(pose.frame_id == frame)
    if not len(found):
        raise UserError(f"{path}: no frame {frame}")
    i = int(found[0])
    xyz = pose.xyz[i] - pose.xyz[i, JOINT["root"]]
    views = [
        (pose.xy_px[i], None),
        (xyz[:, :2], xyz[:, 2]),
        (np.stack([xyz[:, 2], xyz[:, 1]], -1), -xyz[:, 0]),
    ]
    tiles = []
    for xy, depth in views:
        surface = Surface(TILE, TILE)
        surface.fill("#ffffff")
        surface.skeleton(_fitted(xy), depth, width_px=4.0)
        tiles.append(surface.rgba[..., :3].copy())
    return np.concatenate([_heading([title]), np.concatenate(tiles, 1)])


@command_line
def main(argv: Sequence[str] | None = None) -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("rows", nargs="+", metavar="TITLE:FILE:FRAME")
    flags = parser.parse_args(argv)
    rows = [_heading(COLUMNS)]
    for spec in flags.rows:
        title, _, place = spec.partition(":")
        path, _, frame = place.rpartition(":")
        if not frame.isdigit():
            raise UserError(f"{spec}: write TITLE:FILE:FRAME")
        rows.append(row(title, path, int(frame)))
    Image.fromarray(np.concatenate(rows)).save(flags.out, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
