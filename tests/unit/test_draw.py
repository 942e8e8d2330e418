"""Pictures: which bone is drawn where, in which colour, over which."""

import numpy as np
from standing_body import as_camera, standing

from lib.draw import COLOURS, Surface, compare_picture
from lib.scene import look
from lib.skeleton import JOINT, NUM_JOINTS, indices


def _share_of(rgba: np.ndarray, colour: str) -> float:
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return float((np.abs(rgba[..., :3].astype(int) - rgb).max(-1) < 12).mean())


def test_skeleton_has_both_sides_and_pales_when_not_seen():
    surface = Surface(200, 240)
    xy, depth = look(standing()[0], 30, 0)
    at = xy * (110, -110) + (100, 220)
    surface.fill("#ffffff")
    surface.skeleton(at, depth)
    seen = surface.rgba.copy()
    assert _share_of(seen, COLOURS["left"]) > 0.005 < _share_of(seen, COLOURS["right"])
    surface.fill(np.full((240, 200, 3), 255, np.uint8))
    surface.skeleton(at, depth, paleness=0.6)
    assert _share_of(surface.rgba, COLOURS["left"]) == 0
    assert (surface.rgba[..., :3] < 250).any()


def test_near_bones_cover_far_ones():
    surface = Surface(100, 100)
    at = np.full((NUM_JOINTS, 2), np.nan)
    at[indices("lelbow", "relbow")] = (10, 50)
    at[indices("lwrist", "rwrist")] = (90, 50)
    for near, side in ((JOINT["lwrist"], "left"), (JOINT["rwrist"], "right")):
        depth = np.zeros(NUM_JOINTS)
        depth[near] = -1
        surface.fill("#ffffff")
        surface.skeleton(at, depth)
        assert _share_of(surface.rgba[50:51, 45:55], COLOURS[side]) == 1


def test_text_and_nothing_to_draw():
    surface = Surface(120, 40)
    surface.fill("#ffffff")
    surface.skeleton(np.full((NUM_JOINTS, 2), np.nan))
    assert (surface.rgba == 255).all()
    surface.text(4, 4, "Rep 1")
    assert (surface.rgba[:25, :80, 0] < 100).any() and (surface.rgba[30:] == 255).all()


def test_compare_picture_shows_prediction_and_truth():
    truth = as_camera(standing()[0])
    same = compare_picture(truth, truth, truth[:, :2])
    assert same.dtype == np.uint8 and same.ndim == 3 and same.shape[2] == 3
    off = compare_picture(truth + 0.1, truth, truth[:, :2])
    assert off.shape == same.shape and (off != same).any()
    assert _share_of(off, COLOURS["left"]) > 0 and _share_of(off, "#000000") > 0


def test_compare_picture_with_missing_joints():
    truth = as_camera(standing()[0])
    truth[JOINT["head"]] = np.nan
    assert compare_picture(np.full((17, 3), np.nan), truth, np.zeros((17, 2))).shape[2] == 3


def test_compare_picture_stands_upright_in_all_views():
    pose = as_camera(standing()[0])
    pose[indices("lelbow", "relbow", "lwrist", "rwrist")] = np.nan
    picture = compare_picture(pose, pose * np.nan, pose[:, :2]).astype(int)
    third = picture.shape[1] // 3
    for i_view in range(3):
        view = picture[:, i_view * third : (i_view + 1) * third]
        rows = {}
        for part in ("centre", "left"):
            rgb = [int(COLOURS[part][i : i + 2], 16) for i in (1, 3, 5)]
            rows[part] = np.nonzero((np.abs(view - rgb).max(-1) < 12).any(1))[0].mean()
        assert rows["centre"] < rows["left"], f"view {i_view}: trunk below the legs"
