"""A store that somebody made: axes, cameras and missing joints that cannot be right are told."""

from dataclasses import replace

import numpy as np
import pytest
from moving_body import Timing, lift, seen_by

from lib.data.store import Recording, Sequence, open_store, write_store
from lib.data.store_checks import doubts
from lib.geometry import Camera, project
from lib.skeleton import JOINT, MIRROR

SQUATS = lift("squat", [Timing()] * 3, 30)[0]
SEEN = seen_by(SQUATS, 40)
CAMERA = Camera(np.eye(3), np.zeros(3), np.full(2, 1000.0), np.full(2, 500.0), np.zeros(3),
                np.zeros(2), (1000, 1000))  # fmt: skip
PIXELS = project(SEEN, CAMERA)


def told(path, frame, xyz_m, xy_px=None, camera=None):
    sequence = Sequence("anna/1", "anna", "squat", "anna", 0, 0, 30.0, camera=camera)
    write_store(path / "own", frame, [Recording(sequence, xyz_m, xy_px)])
    return " ".join(doubts(open_store(path / "own")))


def without_a_joint(px):
    return np.where(np.arange(17)[:, None] == 3, np.nan, px)


def at_zero(xyz, num):
    xyz = xyz.copy()
    xyz[:num, JOINT["lknee"]] = 0
    return xyz


@pytest.mark.parametrize(
    ("frame", "xyz", "text"),
    [
        ("world", SQUATS, ""),
        ("world", SQUATS - SQUATS[:, :1], ""),
        ("world", SQUATS[..., [0, 2, 1]] * [1, 1, -1], "along +y; turn the axes (world: up is +z)"),
        ("world", SEEN, "along -y; turn the axes (world: up is +z)"),
        ("world", at_zero(SQUATS, 40), "lknee is at (0, 0, 0) in"),
        ("camera", SEEN, ""),
        ("camera", SEEN * [1, -1, 1], "knees bend backwards"),
        ("camera", SEEN * [-1, -1, 1], "along +y; turn the axes (camera: up is -y)"),
        ("camera", SEEN * [1, -1, -1], "behind the camera"),
    ],
    ids=["fine", "relative", "y up", "camera's", "zeros", "camera", "mirrored", "rolled", "opengl"],
)
def test_axes_and_missing_joints(tmp_path, frame, xyz, text):
    found = told(tmp_path, frame, xyz, camera=CAMERA if frame == "camera" else None)
    assert text in found and bool(text) == bool(found)


def test_who_lies_does_not_stand_along_another_axis(tmp_path):
    """People on their hands, each turned another way."""
    pushups = lift("pushup", [Timing()] * 3, 30)[0]
    quarters = [pushups @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]).T
                for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))]  # fmt: skip
    assert told(tmp_path, "world", np.concatenate(quarters)) == ""


@pytest.mark.parametrize(
    ("pixels", "camera", "is_told"),
    [
        (PIXELS, CAMERA, False),
        (PIXELS + np.random.default_rng(0).normal(0, 5, PIXELS.shape), CAMERA, False),
        (without_a_joint(PIXELS), CAMERA, False),
        (PIXELS / 1000, CAMERA, True),
        (without_a_joint(PIXELS / 1000), CAMERA, True),
        (np.roll(PIXELS, 45, 0), CAMERA, True),
        (PIXELS[:, MIRROR], CAMERA, True),
        (PIXELS, replace(CAMERA, f=np.full(2, 1500.0)), True),
    ],
    ids=["fine", "noise", "less", "units", "units-less", "frames", "sides", "focal"],
)
def test_pixels_lie_where_the_camera_has_the_joints(tmp_path, pixels, camera, is_told):
    found = told(tmp_path, "camera", SEEN, pixels, camera)
    assert ("px from where its camera has the joints" in found) == is_told == bool(found)
