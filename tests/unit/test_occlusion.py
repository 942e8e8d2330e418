"""What stands between the camera and a joint hides it, what stands behind or beside does not."""

import numpy as np
import pytest
from tiny_stores import STANDING, swaying

from lib.data.occlusion import (
    PLATE_FROM_MIDDLE_M,
    behind_disc,
    behind_points,
    guessed,
    hidden_by_body,
    hidden_by_plates,
    hidden_by_rack,
)
from lib.data.views import facing
from lib.geometry import Camera, look_at, world_to_camera
from lib.skeleton import JOINT, JOINTS

BODY = np.array([STANDING[name] for name in JOINTS])[None]
"""Looks along -y, its left to +x."""


def seen_from(x: float, y: float, z: float = 1.0, body: np.ndarray = BODY):
    """Camera metres (T, 17, 3) and the camera that stands at x, y, z and looks at the body."""
    centre = np.array([x, y, z])
    camera = Camera(
        look_at(centre, np.array([0, 0, 1.0])), centre, np.full(2, 1000.0), np.full(2, 500.0),
        np.zeros(3), np.zeros(2), (1000, 1000),
    )  # fmt: skip
    return world_to_camera(body, camera), camera


def names(hidden: np.ndarray) -> set[str]:
    return {JOINTS[i] for i in np.flatnonzero(hidden.any(0))}


@pytest.mark.parametrize(
    ("point", "is_hidden"),
    [((0, 0, 2), True), ((0, 0, 4), False), ((0.2, 0, 2), False), ((0, 0, 2.99), False)],
)
def test_a_ball_hides_what_is_well_behind_it(point, is_hidden):
    joint = np.array([[[0.0, 0, 3]]])
    assert behind_points(joint, np.array([[point]], float), 0.1).item() is is_hidden


@pytest.mark.parametrize(
    ("centre", "normal", "is_hidden"),
    [
        ((0, 0.1, 2), (0, 0, 1), True), ((0, 0.3, 2), (0, 0, 1), False),
        ((0, 0, 4), (0, 0, 1), False), ((0, 0, 2), (1, 0, 0), False),
    ],
)  # fmt: skip
def test_a_disc_hides_what_is_behind_it_unless_seen_edge_on(centre, normal, is_hidden):
    joint = np.array([[[0.0, 0, 3]]])
    arrays = (np.array([values], float) for values in (centre, normal))
    assert behind_disc(joint, *arrays, 0.2).item() is is_hidden


def test_the_near_side_hides_the_far_one_from_the_side_alone():
    from_left = names(hidden_by_body(seen_from(4, 0)[0]))
    assert {"rknee", "relbow", "rwrist"} <= from_left
    assert not {name for name in from_left if name[0] == "l"}
    assert names(hidden_by_body(seen_from(-4, 0)[0])) >= {"lknee", "lelbow", "lwrist"}
    assert names(hidden_by_body(seen_from(0, -4)[0])) == set()


def test_plates_on_the_shoulders_hide_the_head_from_the_side():
    assert names(hidden_by_plates(seen_from(4, 0, 1.45)[0], "shoulder")) >= {"neck", "rshoulder"}
    assert names(hidden_by_plates(seen_from(0, -4, 1.45)[0], "shoulder")) == set()


def test_plates_lie_along_the_hands_or_the_shoulders_where_those_touch():
    body = BODY.copy()
    body[:, JOINT["lwrist"]] = body[:, JOINT["rwrist"]] = [0, -0.4, 1.0]
    xyz_cam, _ = seen_from(4, -0.4, 1.0, body)
    assert "rwrist" in names(hidden_by_plates(xyz_cam, "wrist"))
    wide = BODY.copy()
    wide[:, JOINT["lwrist"], 0] = PLATE_FROM_MIDDLE_M + 0.3
    wide[:, JOINT["rwrist"], 0] = -PLATE_FROM_MIDDLE_M - 0.3
    # The near hand holds the bar outside of the plate and stays in sight.
    assert names(hidden_by_plates(seen_from(4, -0.05, 0.9, wide)[0], "wrist")) >= {"rwrist"}
    assert "lwrist" not in names(hidden_by_plates(seen_from(4, -0.05, 0.9, wide)[0], "wrist"))


def test_a_rack_stands_still_and_its_posts_are_thin():
    body = swaying(50, np.random.default_rng(0))
    ahead = facing(BODY)[0]
    share = []
    for degrees in range(0, 360, 10):
        where = 4 * np.cos(np.radians(degrees)), 4 * np.sin(np.radians(degrees))
        xyz_cam, camera = seen_from(*where, body=body)
        share.append(hidden_by_rack(xyz_cam, body, ahead, camera).mean())
    assert 0.02 < np.mean(share) < 0.35 and min(share) < 0.02


def test_missing_joints_neither_hide_nor_are_hidden():
    xyz_cam = seen_from(4, 0)[0]
    xyz_cam[:, JOINT["lknee"]] = np.nan
    hidden = hidden_by_body(xyz_cam)
    assert not hidden[:, JOINT["lknee"]].any()
    assert "relbow" in names(hidden)


def test_a_guess_moves_hidden_joints_alone_and_scores_them_lower():
    rng = np.random.default_rng(0)
    xy_px, score = rng.uniform(0, 500, (200, 17, 2)), np.full((200, 17), 0.9)
    hidden = np.zeros((200, 17), bool)
    hidden[50:, JOINT["lwrist"]] = True
    half_px = np.full((200, 1, 1), 200.0)
    xy_new, score_new = guessed(xy_px, score, hidden, half_px, 50.0, rng)
    assert (xy_new[~hidden] == xy_px[~hidden]).all() and (score_new[~hidden] == 0.9).all()
    offset = np.linalg.norm((xy_new - xy_px)[hidden], axis=-1)
    assert 5 < np.median(offset) < 40
    assert (score_new[hidden] < 0.9).all() and score_new[hidden].std() > 0.05
    step = np.linalg.norm(np.diff((xy_new - xy_px)[50:, JOINT["lwrist"]], axis=0), axis=-1)
    assert np.median(step) < np.median(offset) / 3
    for few in (1, 2):
        guessed(xy_px[:few], score[:few], hidden[:few], half_px[:few], 50.0, rng)
